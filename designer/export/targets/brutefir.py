"""`brutefir`: a configuration for BruteFIR, with each filter's taps as raw 64-bit floats beside it.

After BruteFIR's documentation: `filter_length: <block>,<blocks>` with a block of a power of two; a filter's own `delay`
counts in blocks, so a pure delay is written as taps; an input's `delay` counts in samples and carries the channel's.
Every setting stands in the file, so that `-nodefault` leaves nothing to a file in the user's home.

Read back is what the filters do: `coeff` names a file of raw floats and an attenuation in dB; a `filter` takes inputs, each as
`"name"/attenuation/multiplier`, through a coeff, behind a delay of whole blocks, to outputs with attenuations of their own;
inputs and outputs have delays in samples. Filters that feed filters are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.export.coefficients import Coefficients, read_bytes, shown
from designer.export.filter_set import FilterSet
from designer.export.names import changed, filter_files
from designer.export.program_paths import Program, Signal, Way, amplitude
from designer.export.provenance import provenance, text_file
from designer.export.runners.convolvers import run_brutefir
from designer.export.target import Export, Target, at_most_ports, whole_rate
from designer.problem.schema import MAX_TAPS

SCALING = "none; double precision"
BLOCK = 1024
MAX_CHANNELS = 256
SETTINGS = """overflow_warnings: true;
show_progress: false;
max_dither_table_size: 0;
allow_poll_mode: false;
modules_path: ".";
powersave: false;
monitor_rate: false;
lock_memory: false;
sdf_length: -1;
convolver_config: ".brutefir_convolver";"""
MAX_BYTES = 10_000_000
FORMATS = {"FLOAT64_LE": "<f8", "FLOAT_LE": "<f4", "FLOAT64_BE": ">f8", "FLOAT_BE": ">f4"}
TEXT = r'"[^"\n]*"'
COMMENT = re.compile(rf"({TEXT})|#[^\n]*")
INNER = rf'\{{(?:{TEXT}|[^{{}}"])*\}}'
PART = re.compile(rf'\b(input|output|coeff|filter)\s((?:{TEXT}|[\s,])+)\{{((?:{TEXT}|[^{{}}"]|{INNER})*)\}}\s*;')
SETTING = re.compile(rf'\b(\w+)\s*:((?:{TEXT}|[^:;{{}}"])*)(?:{INNER}\s*)?;')
VALUE = re.compile(rf'({TEXT})|([^\s,/"]+)|(,)')
Settings = dict[str, list[list[Any]]]
CHECK = "check the configuration with brutefir"


def write_brutefir(filters: FilterSet) -> Export:
    """`brutefir.conf`, which filters `input.raw` into `output.raw`, and NAME.f64 of each filter.

    Raises UsageError: the sample rate is no whole number, or there are more than 256 channels or drivers.
    """
    rate = whole_rate(filters, "brutefir")
    at_most_ports("brutefir", filters, MAX_CHANNELS, "export camilladsp")
    stems, room = filter_files(filters), filters.headroom.tones_db
    lines = [
        *provenance(filters, "brutefir", SCALING, "# "),
        "# Start it in this folder: brutefir -nodefault brutefir.conf",
        "# It filters input.raw into output.raw, both 64-bit floats, interleaved; set the devices to yours.",
        f"# A preamp of {-room:z.2f} dB, which steady tones of full scale need, is an attenuation behind each input:",
        f'# from_inputs: "input 1"/{room:.2f};',
        "float_bits: 64;",
        f"sampling_rate: {rate};",
        f"filter_length: {BLOCK},{-(-filters.taps // BLOCK)};",
        SETTINGS,
        *_end("input", filters.channels, [filters.delays.get(name, 0) for name in filters.channels]),
        *_end("output", filters.drivers, [0] * len(filters.drivers)),
        *_filters(filters, stems),
    ]
    files = {
        f"{stems[filter_.channel, filter_.driver]}.f64": filter_.taps.astype("<f8").tobytes()
        for filter_ in filters.filters
    }
    memory = replace(filters, delays={}).memory(sections=False, delays=False)
    return Export.of_words(
        {"brutefir.conf": text_file(lines), **files},
        memory._replace(state=memory.state + sum(filters.delays.values())),
        8,
        SCALING,
        notes=filters.cut_note(),
        names=changed(stems),
        preamp="an attenuation behind the inputs of each filter of brutefir.conf",
    )


def _end(kind: str, names: tuple[str, ...], delays: list[int]) -> Iterable[str]:
    count = len(names)
    printable = ("".join(sign if sign.isprintable() else " " for sign in name) for name in names)
    yield f"{kind} {', '.join(_label(kind, n) for n in range(count))} {{ # {', '.join(printable)}"
    yield f'  device: "file" {{ path: "{kind}.raw"; }};'
    yield '  sample: "FLOAT64_LE";'
    yield f"  channels: {count}/{','.join(map(str, range(count)))};"
    yield f"  delay: {','.join(map(str, delays))};"
    yield "  maxdelay: -1;"
    yield f"  mute: {','.join(['false'] * count)};"
    if kind == "output":
        yield from ("  dither: false;", "  merge: false;")
    yield "};"


def _filters(filters: FilterSet, stems: dict[tuple[str, str], str]) -> Iterable[str]:
    for stem in stems.values():
        yield f'coeff "{stem}" {{ filename: "{stem}.f64"; format: "FLOAT64_LE"; attenuation: 0.0; blocks: -1; skip: 0;'
        yield "  shared_mem: false; };"
    for (channel, driver), stem in stems.items():
        yield f'filter "{stem}" {{ from_inputs: {_label("input", filters.channels.index(channel))};'
        yield f"  to_outputs: {_label('output', filters.drivers.index(driver))};"
        yield f'  process: -1; coeff: "{stem}"; delay: 0; crossfade: false; }};'


def _label(kind: str, number: int) -> str:
    return f'"{kind} {number + 1}"'


def read_brutefir(coefficients: Coefficients) -> None:
    """The filters of a configuration, inputs in the order of the problem's channels, outputs in that of its drivers.

    Raises DataError: it is no such configuration, does something that is no filter's, or does not fit the problem.
    """
    text = coefficients.text(MAX_BYTES)
    conf = _Configuration(coefficients, text)
    coefficients.check_rate(coefficients.number(_setting(conf.settings, "sampling_rate"), "sampling_rate"))
    channels, drivers = coefficients.order(coefficients.comments(text))
    coefficients.check_ports("inputs", len(conf.ports["input"]), channels)
    coefficients.check_ports("outputs", len(conf.ports["output"]), drivers)
    conf.program.collect(conf.run(), channels, drivers)


def _setting(settings: Settings, key: str, default: object = None) -> Any:
    """The value of a setting that has one."""
    return settings[key][0][0] if settings.get(key) else default


class _Configuration:
    """Settings, ports with their delays, coefficients and filters of a configuration."""

    def __init__(self, coefficients: Coefficients, text: str) -> None:
        self.coefficients, self.program = coefficients, Program(coefficients)
        self.ports: dict[str, dict[str, int]] = {"input": {}, "output": {}}
        self.coeffs: dict[str, Settings] = {}
        self.filters: list[Settings] = []
        self.loaded: dict[str, Real] = {}
        uncommented = COMMENT.sub(lambda sign: sign[1] or "", text)
        for kind, names, inside in PART.findall(uncommented):
            self._add(kind, [name for (name,) in self._values(names)], self._settings(inside))
        remainder = PART.sub("", uncommented)
        self.settings = self._settings(remainder)
        if unknown := SETTING.sub("", remainder).strip():
            raise self.refused(shown(unknown[:20]), "a BruteFIR configuration")
        self.block = coefficients.whole(_setting(self.settings, "filter_length", 0), "filter_length", most=2**20)

    def run(self) -> list[Signal]:
        """Meaning of each output."""
        outputs: dict[str, Signal] = dict.fromkeys(self.ports["output"], ())
        ports = enumerate(self.ports["input"].items())
        inputs = {name: self.program.delayed((Way(index),), delay) for index, (name, delay) in ports}
        for filter_ in self.filters:
            if {"from_filters", "to_filters"} & set(filter_):
                raise self.coefficients.refusal(
                    "a filter that feeds a filter", "filters from inputs to outputs", "join them"
                )
            signal = self.program.mixed(
                (gain, inputs[name]) for name, gain in self._ends(filter_, "from_inputs", inputs)
            )
            blocks = self.coefficients.whole(_setting(filter_, "delay", 0), "delay", most=MAX_TAPS)
            signal = self.program.delayed(signal, self.block * blocks)
            coeff = _setting(filter_, "coeff", -1)
            if coeff != -1:
                signal = self.program.convolved(signal, self._taps(coeff))
            for name, gain in self._ends(filter_, "to_outputs", outputs):
                outputs[name] = self.program.added(outputs[name], signal, gain)
        return [self.program.delayed(outputs[name], delay) for name, delay in self.ports["output"].items()]

    def _ends(self, settings: Settings, key: str, signals: dict[str, Signal]) -> Iterator[tuple[str, float]]:
        for name, *scales in settings.get(key, []):
            if name not in signals:
                raise self.refused(f"{shown(name)} for {key}", ", ".join(map(repr, signals)))
            attenuation_db, factor = (*scales, 0.0, 1.0)[:2] if len(scales) != 1 else (scales[0], 1.0)
            factor = self.coefficients.number(factor, f"the multiplier of {name}")
            yield name, factor * self._attenuation(attenuation_db, name)

    def _attenuation(self, decibels: object, subject: str) -> float:
        return amplitude(-self.coefficients.number(decibels, f"the attenuation of {subject}"))

    def _taps(self, coeff: object) -> Real:
        names = list(self.coeffs)
        name = names[coeff] if isinstance(coeff, int) and 0 <= coeff < len(names) else coeff
        if not isinstance(name, str) or name not in self.coeffs:
            raise self.refused(f"coeff {shown(coeff)}", "one that the file defines")
        if name not in self.loaded:
            settings = self.coeffs[name]
            form, file = _setting(settings, "format"), self.coefficients.beside(_setting(settings, "filename"))
            if form not in FORMATS:
                actual = f"format {shown(form)} of coeff {name!r}"
                raise self.coefficients.refusal(actual, ", ".join(FORMATS), "store it as one of these")
            skip = self.coefficients.whole(_setting(settings, "skip", 0), "skip", most=10**6)
            content, kind = read_bytes(file, 8 * MAX_TAPS + 10**6)[skip:], np.dtype(FORMATS[form])
            if not content or len(content) % kind.itemsize:
                raise self.coefficients.refusal(f"{len(content)} bytes", f"{kind.itemsize} a tap", path=file)
            gain = self._attenuation(_setting(settings, "attenuation", 0.0), f"coeff {name!r}")
            taps = np.frombuffer(content, kind).astype(float) * gain
            self.loaded[name] = self.coefficients.checked(taps, f"coeff {name!r}", file)
        return self.loaded[name]

    def _add(self, kind: str, names: list[Any], inside: Settings) -> None:
        if not names or not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            raise self.refused(f"the names {shown(names)} of {kind}", "texts that differ")
        if kind == "filter":
            self.filters.append(inside)
        elif kind == "coeff":
            self.coeffs[names[0]] = inside
        else:
            delays = [value[0] for value in inside.get("delay", [])] or [0] * len(names)
            if len(delays) != len(names) or len(self.ports[kind]) + len(names) > MAX_CHANNELS:
                actual = f"{len(delays)} delays of {len(names)} {kind}s"
                raise self.coefficients.refusal(actual, f"one each, at most {MAX_CHANNELS}", "check them")
            for name, delay in zip(names, delays, strict=True):
                self.ports[kind][name] = self.coefficients.whole(delay, f"the delay of {kind} {name!r}")

    def _settings(self, text: str) -> Settings:
        return {key: values for key, value in SETTING.findall(text) if (values := self._values(value))}

    def _values(self, text: str) -> list[list[Any]]:
        """Values by commas and then by slashes: texts and words as they are, numbers as numbers."""
        values: list[list[Any]] = [[]]
        for quoted, word, comma in VALUE.findall(text):
            if comma:
                values.append([])
            elif quoted or not re.match(r"[-+.\d]", word):
                values[-1].append(quoted[1:-1] if quoted else word)
            else:
                number = self.coefficients.number(word, "a setting")
                values[-1].append(int(number) if re.fullmatch(r"[-+]?\d{1,15}", word) else number)
        return [value for value in values if value]

    def refused(self, actual: str, expected: str) -> DataError:
        """The error of a configuration that is not whole."""
        return self.coefficients.refusal(actual, expected, CHECK)


BRUTEFIR = Target(
    place=100,
    name="brutefir",
    summary="BruteFIR: configuration and raw taps",
    write=write_brutefir,
    files="BruteFIR",
    read=read_brutefir,
    endings=(".conf",),
    in_folders=("brutefir.conf", "*.conf"),
    block_samples=BLOCK,
    run=run_brutefir,
)
