"""`camilladsp`: a configuration for CamillaDSP 3 and 4, with the responses in WAV files beside it.

After its README and `src/config.rs` of those versions (5 renames the delay's `unit`): a mixer takes the channels to one
way for each filter, the filters run way by way, and a second mixer sums the ways into the drivers. `Free` biquads have
the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2). File names are relative to the configuration.
A gain named `preamp` on the captured channels is bypassed: taken out of the bypass it makes room for steady tones of full scale.
The devices are a stub: ALSA's default without a sample format, which those versions choose themselves.

Read back is what a pipeline of mixers and of Conv, Biquad (Free), Delay and Gain filters does, in whatever order of steps a user
has made of it (see `program_paths.py`). Filters that are computed from a frequency or that are not linear are refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import changed, file_names, filter_files
from designer.export.program_paths import Program, Signal, Way, amplitude
from designer.export.provenance import one_line, provenance, text_file
from designer.export.target import Export, Target, whole_rate
from designer.export.wave import Responses, channel_waves, loud_note

SCALING = "none; responses in 32-bit float, 24 bits of mantissa; sections in double precision"
CHUNK_SIZE = 1024
KEYS = ("b0", "b1", "b2", "a1", "a2")
UNITS = {"samples": None, "ms": 1e-3, "s": 1.0, "us": 1e-6, "mm": 1e-3 / 343.0}
MAX_BYTES = 2_000_000
"""A configuration is short; long filters are files of their own."""
MAX_PORTS = 1024
MAX_DEPTH = 100
EXPECTED = "a CamillaDSP configuration"


def write_camilladsp(filters: FilterSet) -> Export:
    """`camilladsp.yml` and a WAV a channel that has taps, a track a driver.

    Raises UsageError: the sample rate is no whole number.
    """
    rate = whole_rate(filters, "camilladsp")
    stems, ways = file_names(filters.channels), filter_files(filters)
    undelayed, comments = replace(filters, delays={}), provenance(filters, "camilladsp", SCALING)
    with_taps = dict.fromkeys(filter_.channel for filter_ in filters.filters if filter_.has_taps)
    waves = channel_waves(undelayed, stems, with_taps, "\n".join(comments))
    delays = [(f"{stems[name]} channel", filters.delays.get(name, 0)) for name in filters.channels]
    lines = [
        *(f"# {line}" for line in comments),
        "# Set the devices to yours. The first mixer's channels and the second's drivers are in the order above.",
        f"title: {_quoted(filters.title)}",
        *_devices(rate, len(filters.channels), len(filters.drivers)),
        *_mixers(filters),
        "filters:",
        *("  preamp:", "    type: Gain", "    parameters:", f"      gain: {-filters.headroom.tones_db:z.2f}"),
        *("      inverted: false", "      mute: false", "      scale: dB"),
        *(line for filter_ in filters.filters for line in _filter(filters, filter_, ways, stems)),
        *(line for name, delay in delays for line in _delay(name, delay)),
        *_pipeline(filters, ways, delays),
    ]
    memory = filters.memory()
    return Export(
        {"camilladsp.yml": text_file(lines), **waves},
        (4 if waves else 8) * memory.coefficients,
        8 * memory.state,
        memory.multiply_adds,
        SCALING,
        notes=(
            "the devices in camilladsp.yml are a stub: set them to yours",
            *loud_note(waves, (filter_.taps for filter_ in filters.filters)),
        ),
        names=changed(stems) | changed(ways),
        preamp="the pipeline's first step, preamp, in camilladsp.yml: set bypassed to false",
        word_bytes=4 if waves else 8,
    )


def _devices(rate: int, channels: int, drivers: int) -> Iterable[str]:
    yield from ("devices:", f"  samplerate: {rate}", f"  chunksize: {CHUNK_SIZE}")
    for side, count in (("capture", channels), ("playback", drivers)):
        yield from (f"  {side}:", "    type: Alsa", f"    channels: {count}", '    device: "default"')


def _mixers(filters: FilterSet) -> Iterable[str]:
    ways, channels, drivers = filters.filters, filters.channels, filters.drivers
    yield "mixers:"
    yield from _mixer("channels to ways", len(channels), [[channels.index(filter_.channel)] for filter_ in ways])
    to_drivers = [[way for way, filter_ in enumerate(ways) if filter_.driver == driver] for driver in drivers]
    yield from _mixer("ways to drivers", len(ways), to_drivers)


def _mixer(name: str, inputs: int, outputs: list[list[int]]) -> Iterable[str]:
    yield from (f"  {name}:", "    channels:", f"      in: {inputs}", f"      out: {len(outputs)}", "    mapping:")
    for destination, sources in enumerate(outputs):
        yield f"      - dest: {destination}"
        yield "        sources:" if sources else "        sources: []"
        for source in sources:
            yield from (f"          - channel: {source}", "            gain: 0", "            scale: dB")


def _filter(
    filters: FilterSet, filter_: Filter, ways: dict[tuple[str, str], str], stems: dict[str, str]
) -> Iterable[str]:
    name = ways[filter_.channel, filter_.driver]
    if filter_.has_taps:
        yield from (f"  {_quoted(name)}:", "    type: Conv", "    parameters:", "      type: Wav")
        yield f'      filename: "{stems[filter_.channel]}.wav"'
        yield f"      channel: {filters.drivers.index(filter_.driver)}"
        return
    yield from _delay(name, filter_.wait)
    if filter_.cascade is not None:
        for s, (b, a) in enumerate(zip(filter_.cascade.b.tolist(), filter_.cascade.a.tolist(), strict=True), 1):
            yield from (
                f"  {_quoted(f'{name} section {s}')}:",
                "    type: Biquad",
                "    parameters:",
                "      type: Free",
            )
            yield from (f"      {key}: {_real(value)}" for key, value in zip(KEYS, (*b, *a), strict=True))


def _delay(name: str, samples: int) -> Iterable[str]:
    if samples:
        yield from (f"  {_quoted(f'{name} delay')}:", "    type: Delay", "    parameters:")
        yield from (f"      delay: {samples}", "      unit: samples", "      subsample: false")


def _pipeline(filters: FilterSet, ways: dict[tuple[str, str], str], delays: list[tuple[str, int]]) -> Iterable[str]:
    yield from ("pipeline:", "  - type: Filter", f"    channels: [{', '.join(map(str, range(len(filters.channels))))}]")
    yield from ('    names: ["preamp"]', "    bypassed: true # false applies the headroom's preamp")
    for channel, (name, delay) in enumerate(delays):
        yield from _step(channel, [f"{name} delay"] if delay else [])
    yield from ("  - type: Mixer", '    name: "channels to ways"')
    for way, filter_ in enumerate(filters.filters):
        name = ways[filter_.channel, filter_.driver]
        names = [name] if filter_.has_taps else [f"{name} delay"] if filter_.wait else []
        names += [f"{name} section {s + 1}" for s in range(len(filter_.cascade.b) if filter_.cascade else 0)]
        yield from _step(way, names)
    yield from ("  - type: Mixer", '    name: "ways to drivers"')


def _step(channel: int, names: list[str]) -> Iterable[str]:
    if names:
        yield from ("  - type: Filter", f"    channels: [{channel}]", f"    names: [{', '.join(map(_quoted, names))}]")


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar: JSON's escapes are among YAML's."""
    return json.dumps(one_line(text), ensure_ascii=False)


def _real(value: float) -> str:
    """17 digits, with the point that YAML 1.1 wants in a float: 1.0e-05."""
    text = repr(value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def read_camilladsp(coefficients: Coefficients) -> None:
    """The filters of a configuration, capture channels in the order of the problem's channels, outputs in that of its drivers.

    Raises DataError: it is no such configuration, does something that is no filter's, or does not fit the problem.
    """
    text = coefficients.text(MAX_BYTES)
    pipeline = _Pipeline(coefficients, _parsed(coefficients, text))
    channels, drivers = coefficients.order(coefficients.comments(text))
    devices = pipeline.table(pipeline.whole, "devices")
    coefficients.check_rate(pipeline.number(devices.get("samplerate"), "devices.samplerate"))
    captured = pipeline.table(devices, "capture").get("channels", len(channels))
    inputs = pipeline.count(captured, "devices.capture.channels")
    coefficients.check_ports("capture channels", inputs, channels, " channels")
    outputs = pipeline.run(inputs)
    coefficients.check_ports("outputs", len(outputs), drivers, " drivers")
    pipeline.program.collect(outputs, channels, drivers)


def _parsed(coefficients: Coefficients, text: str) -> Any:
    import yaml

    depth = 0
    for sign in re.finditer(r"[][{}]", text):  # deep brackets cost the parser the square of their number
        depth += 1 if sign[0] in "[{" else -1
        if depth > MAX_DEPTH:
            break
    try:
        if depth > MAX_DEPTH or re.search(rf"^[ -]{{{2 * MAX_DEPTH}}}", text, re.MULTILINE):
            raise RecursionError
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OverflowError, TypeError, AttributeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise coefficients.refusal(f"no YAML ({first[:100]})", EXPECTED, "save it again") from None
    except RecursionError:
        raise coefficients.refusal("a deeply nested file", EXPECTED, "save it again") from None
    if not isinstance(content, dict) or not {"devices", "pipeline"} <= set(content):
        raise coefficients.refusal("no devices and pipeline", EXPECTED, "name its .yml file")
    return content


class _Pipeline:
    """A configuration's mixers and filters, as functions of signals."""

    def __init__(self, coefficients: Coefficients, content: dict[str, Any]) -> None:
        self.coefficients, self.whole, self.number = coefficients, content, coefficients.number
        self.program, self.responses = Program(coefficients), Responses(coefficients)

    def run(self, inputs: int) -> list[Signal]:
        """Meaning of each output of the pipeline."""
        signals: list[Signal] = [(Way(channel),) for channel in range(inputs)]
        for place, step in enumerate(self.items(self.whole, "pipeline")):
            location = f"pipeline[{place}]"
            if not isinstance(step, dict):
                raise self.broken(location, step, "a table")
            if step.get("bypassed"):
                continue
            if step.get("type") == "Mixer":
                mixer = self.table(self.table(self.whole, "mixers"), step.get("name"))
                signals = self._mixed(mixer, signals, f"mixers.{step.get('name')}")
            elif step.get("type") == "Filter":
                ports = step.get("channels", [step["channel"]] if "channel" in step else list(range(len(signals))))
                if not isinstance(ports, list):
                    raise self.broken(f"{location}.channels", ports, "a list")
                for entry in ports:
                    channel = self.index(entry, len(signals), f"{location}.channels")
                    for name in self.items(step, "names"):
                        signals[channel] = self._filtered(name, signals[channel])
            else:
                raise self.refused(f"a step of type {shown(step.get('type'))}")
        return signals

    def _mixed(self, mixer: dict[str, Any], signals: list[Signal], location: str) -> list[Signal]:
        ports, at, count = self.table(mixer, "channels"), f"{location}.mapping", len(signals)
        if self.count(ports.get("in", count), f"{location}.channels.in") != count:
            raise self.broken(f"{location}.channels.in", ports.get("in"), f"{count}, what the step before it has")
        outputs: list[Signal] = [()] * self.count(ports.get("out"), f"{location}.channels.out")
        for mapping in self.items(mixer, "mapping"):
            if not isinstance(mapping, dict):
                raise self.broken(at, mapping, "tables")
            to = self.index(mapping.get("dest"), len(outputs), f"{at}.dest")
            terms = [(1.0, outputs[to])]
            for source in [] if mapping.get("mute") else self.items(mapping, "sources"):
                if not isinstance(source, dict):
                    raise self.broken(f"{at}.sources", source, "tables")
                if not source.get("mute"):
                    channel = self.index(source.get("channel"), count, f"{at}.sources.channel")
                    terms.append((self._gain(source, location), signals[channel]))
            outputs[to] = self.program.mixed(terms)
        return outputs

    def _filtered(self, name: object, signal: Signal) -> Signal:
        table = self.table(self.table(self.whole, "filters"), name)
        kind, p, location = table.get("type"), self.table(table, "parameters"), f"filters.{name}"
        if kind == "Conv":
            return self.program.convolved(signal, self._taps(p, location))
        if kind == "Biquad" and p.get("type") == "Free":
            return self.program.filtered(signal, tuple(self.number(p.get(key), f"{location}.{key}") for key in KEYS))
        if kind == "Delay":
            return self.program.delayed(signal, self._delay(p, location))
        if kind == "Gain":
            return self.program.gained(signal, 0.0 if p.get("mute") else self._gain(p, location))
        suffix = f" {shown(p.get('type'))}" if kind == "Biquad" else ""
        raise self.refused(f"filter {shown(name)} of type {shown(kind)}{suffix}")

    def _delay(self, p: dict[str, Any], location: str) -> int:
        if p.get("subsample"):
            raise self.refused("a delay of less than a sample")
        unit = p.get("unit") or p.get("delay_unit") or "ms"
        if not isinstance(unit, str) or unit not in UNITS:
            raise self.broken(f"{location}.unit", unit, ", ".join(UNITS))
        factor = 1.0 if (seconds := UNITS[unit]) is None else seconds * self.coefficients.problem.sample_rate_hz
        samples = float(np.rint(self.number(p.get("delay"), f"{location}.delay") * factor))
        return self.coefficients.whole(samples, f"{location}.delay in samples")

    def _taps(self, p: dict[str, Any], location: str) -> Real:
        if p.get("type") == "Values":
            values = [self.number(value, f"{location}.values") for value in self.items(p, "values")]
            return self.coefficients.checked(np.array(values), f"{location}.values")
        if p.get("type") != "Wav":
            name = shown(location.removeprefix("filters."))
            actual = f"filter {name} of type 'Conv' {shown(p.get('type'))}"
            raise self.coefficients.refusal(actual, "'Wav' or 'Values'", "store it as WAV")
        track = 0 if p.get("channel") is None else self.count(p["channel"], f"{location}.channel", least=0)
        return self.responses.track(p.get("filename"), track)

    def _gain(self, table: dict[str, Any], location: str) -> float:
        """A linear gain; in dB where no scale is given."""
        gain = 0.0 if table.get("gain") is None else self.number(table["gain"], f"{location}.gain")
        linear = gain if table.get("scale") == "linear" else amplitude(gain)
        return -linear if table.get("inverted") else linear

    def table(self, parent: dict[Any, Any], key: object) -> dict[str, Any]:
        """A table within a table, whose keys need not be text."""
        value = parent.get(key) if isinstance(key, (str, int, float)) else None
        if not isinstance(value, dict):
            raise self.broken(str(key)[:100], value, "a table")
        return value

    def items(self, parent: dict[str, Any], key: str) -> list[Any]:
        """A list within a table."""
        value = parent.get(key)
        if not isinstance(value, list):
            raise self.broken(key, value, "a list")
        return value

    def count(self, value: object, location: str, *, least: int = 1) -> int:
        """How many channels, or which one of a file's."""
        return self.coefficients.whole(value, location, most=MAX_PORTS, least=least)

    def index(self, value: object, count: int, location: str) -> int:
        """One of so many channels."""
        return self.coefficients.whole(value, location, most=count - 1)

    def broken(self, location: str, value: object, expected: str) -> DataError:
        """The error of a configuration that is not whole."""
        return self.coefficients.refusal(
            f"{shown(value)} for {location}", expected, "check the configuration with camilladsp --check"
        )

    def refused(self, actual: str) -> DataError:
        """The error of a step that is no filter's."""
        expected = "mixers, and filters Conv, Biquad of type Free, Delay and Gain"
        return self.coefficients.refusal(actual, expected, "take it out of the pipeline")


CAMILLADSP = Target(
    place=90,
    name="camilladsp",
    summary="CamillaDSP 3 and 4: configuration and WAVs",
    write=write_camilladsp,
    files="CamillaDSP",
    read=read_camilladsp,
    endings=(".yml", ".yaml"),
    in_folders=("camilladsp.yml", "*.yml", "*.yaml"),
    block_samples=CHUNK_SIZE,
    to_play="CamillaDSP: no Debian or pip package has it; install the program of its releases, make the stimulus its capture device"
    " (type WavFile) and a file of 32-bit floats its playback device (type File), run it",
)
