"""`minidsp`: biquads as the plug-ins' advanced mode takes them, FIR taps as their file and manual modes do.

After miniDSP's manuals: `biquad1,` then b0, b1, b2, a1, a2, each `=` its value and a comma, the last without; a1 and a2 with
their signs turned, because the processor adds what it feeds back. FIR files hold single-precision floats and nothing else,
manual mode takes `b0 = 1,` a line. An output has one FIR block and ten parametric equalisers, each a section in advanced mode. In
every model the matrix mixer lies ahead of the outputs' blocks, and nothing sums behind them: an output plays one filter of a
mixture of inputs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError
from designer.export.coefficients import Coefficients, read_bytes, shown
from designer.export.filter_set import FilterSet
from designer.export.integers import MAX_BYTES
from designer.export.names import changed, filter_files
from designer.export.provenance import README, TABLE, Row, filter_table, one_line, readme
from designer.export.target import BareFile, Export, Option, Target, at_most, refuse
from designer.problem.schema import MAX_TAPS
from designer.realization.cascade import Cascade

MODELS = {
    "2x4-hd": (96000, 2, 4, 2048, 4096),
    "flex": (96000, 2, 4, 2048, 4096),
    "nanosharc": (96000, 2, 4, 2048, 3400),
    "minisharc-4x8": (96000, 4, 8, 2048, 9600),
    "opendrc": (48000, 2, 2, 6144, 12288),
    "ddrc-88bm": (48000, 8, 8, 0, 0),
}
"""Name -> rate in Hz, inputs and outputs of the matrix mixer, taps of one output's FIR block, 0 without, and of all together."""
MIN_TAPS, MAX_SECTIONS = 6, 10
TAPS = ("taps with their delays", "design with fewer ([realization] taps)")
SCALING = "none; single precision, 24 bits of mantissa, in the FIR files, 17 digits in the biquads"
KEYS = ("b0", "b1", "b2", "a1", "a2")
USAGE = """NAME.bin goes to an FIR block in file mode, NAME-fir.txt into its manual mode, NAME-biquads.txt into the parametric
equalisers of an output in advanced mode (import). a1 and a2 have the signs that the processor wants, which are the opposite
of those of sections.csv. There is a file for each of these blocks, because they are filled one by one; where one processor has too few,
several share the files, and each takes the channels that its own are fed from.

The matrix mixer lies ahead of the outputs' blocks, and nothing sums behind them: each filter takes an output of its own,
fed from its channel alone. Where several outputs play one driver, they are summed outside, by a mixer or a summing
amplifier. The table says which filter is which file, its output, and the delay in samples that the output has to be set to.
"""
MODEL = Option(
    place=3,
    flag="model",
    key="minidsp_model",
    about="the miniDSP processor whose blocks are filled",
    help="With minidsp: the processor, such as 2x4-hd, for its sample rate and its filter blocks.",
    names=MODELS,
)


class Model(NamedTuple):
    """One processor, as the table above has it."""

    name: str
    rate_hz: int
    inputs: int
    outputs: int
    taps: int
    all_taps: int


def write_minidsp(filters: FilterSet) -> Export:
    """NAME.bin and NAME-fir.txt of each filter in taps, NAME-biquads.txt of each in sections, filters.csv and README.txt.

    Delays are zeros among the taps; behind biquads they stand in README.txt, to be set at the output.

    Raises UsageError: the model runs at another rate, or holds fewer taps, sections, inputs or outputs; without a model, every one does.
    """
    stems, model = filter_files(filters), filters.options.get("model", "")
    files, table, rows = {}, [], [("channel", "driver", "output", "file", "delay to set in samples")]
    taps: list[int] = []
    for output, filter_ in enumerate(filters.filters, 1):
        stem, delay = stems[filter_.channel, filter_.driver], 0
        if filter_.cascade is not None:
            remedy = "design with fewer ([realization] sections)"
            at_most("minidsp", len(filter_.cascade.b), MAX_SECTIONS, "sections", remedy)
            files[file := f"{stem}-biquads.txt"] = biquad_text(filter_.cascade).encode()
            delay = filters.delay(filter_)
            table.append(Row(filter_.channel, filter_.driver, file, "sections", delay, layout="biquads"))
        else:
            values = filters.delayed_taps(filter_)
            values = np.concatenate([values, np.zeros(max(MIN_TAPS - values.size, 0))])
            files[file := f"{stem}.bin"] = values.astype("<f4").tobytes()
            files[f"{stem}-fir.txt"] = "".join(f"b{n} = {tap!r},\n" for n, tap in enumerate(values.tolist())).encode()
            taps.append(values.size)
            table.append(Row(filter_.channel, filter_.driver, file, "taps", 0))
        rows.append((filter_.channel, filter_.driver, str(output), file, str(delay)))
    return Export.of_words(
        {
            **files,
            README: readme(filters, "minidsp", SCALING, USAGE, rows),
            TABLE: filter_table(filters, "minidsp", SCALING, table),
        },
        filters.memory(delays=not taps),
        4,
        SCALING,
        notes=_notes(filters, taps, model),
        names=changed(stems),
        facts={"output_delays_samples": [list(row) for row in rows[1:] if row[-1] != "0"], "model": model or None},
    )


def _notes(filters: FilterSet, taps: list[int], name: str) -> tuple[str, ...]:
    """Refuse what the model does not hold, or without one what none of its makers' does; else what is to be said."""
    models = [Model(key, *numbers) for key, numbers in MODELS.items() if not name or key == name]
    rates = sorted({model.rate_hz for model in models})
    if filters.sample_rate_hz not in rates:
        raise refuse(
            "minidsp",
            f"a sample rate of {filters.sample_rate_hz:.17g} Hz",
            f"{' or '.join(map(str, rates))}, which {f'the {name} runs' if name else 'its plug-ins run'} at",
            "design at that rate" if len(rates) == 1 else "design at one of these",
        )
    at_most("minidsp", max(taps, default=0), max(numbers[3] for numbers in MODELS.values()), *TAPS)
    refusals = {m.name: _refusal(filters, taps, m) for m in models if m.rate_hz == filters.sample_rate_hz}
    notes = []
    if name and (refusal := refusals[name]):
        raise refusal
    if not name:
        holding = ", ".join(key for key, refusal in refusals.items() if refusal is None)
        none = _split(filters, taps, [model for model in models if model.name in refusals])
        note = f"{holding} can hold these filters" if holding else none
        notes.append(f"no model is named ([export] minidsp_model, or --model): {note}")
    shared = [driver for driver in filters.drivers if sum(filter_.driver == driver for filter_ in filters.filters) > 1]
    if shared:
        names = ", ".join(map(one_line, shared))
        notes.append(f"a miniDSP sums nothing behind its filters: sum the outputs of {names} outside the device")
    return tuple(notes)


def _split(filters: FilterSet, taps: list[int], models: list[Model]) -> str:
    """Clause on filters that no one model holds: how many of which model do, whose FIR blocks are as long, a filter an output."""
    none = f"none of {', '.join(model.name for model in models)} holds all of these filters alone"
    needed = {
        model.name: max(-(-len(filters.filters) // model.outputs), -(-sum(taps) // max(model.all_taps, 1)))
        for model in models
        if max(taps, default=0) <= model.taps or not taps
    }
    if not needed:
        return f"{none}, and none has FIR blocks as long; --model NAME tells what it lacks"
    fewest = min(needed, key=lambda name: needed[name])
    return f"{none}; {needed[fewest]} of the {fewest} do, each file in the block of one output; --model NAME tells what it lacks"


def _refusal(filters: FilterSet, taps: list[int], model: Model) -> UsageError | None:
    """Why a model does not hold the filters."""
    of, (quantity, fewer) = f"of the {model.name}", TAPS
    for count, most, named, remedy in (
        (len(filters.channels), model.inputs, f"channels for the inputs {of}", "export camilladsp or brutefir"),
        (len(filters.filters), model.outputs, f"filters for the outputs {of}", "export camilladsp or brutefir"),
        (max(taps, default=0), model.taps, f"{quantity}, in one FIR block {of}", fewer),
        (sum(taps), model.all_taps, f"{quantity}, in all FIR blocks {of}", fewer),
    ):
        if count > most:
            return refuse("minidsp", f"{count:,} {named}", f"at most {most:,}", remedy)
    return None


def biquad_text(cascade: Cascade) -> str:
    """The sections of a filter, feedback signs turned."""
    lines = []
    for s, (b, a) in enumerate(zip(cascade.b.tolist(), (-cascade.a).tolist(), strict=True), 1):
        lines += [f"biquad{s}", *(f"{key}={value!r}" for key, value in zip(KEYS, (*b, *a), strict=True))]
    return ",\n".join(lines) + "\n"


def decode(coefficients: Coefficients, file: BareFile) -> tuple[Real, Real | None]:
    """Single-precision floats and nothing else; or `biquad1,` and b0 to a2 of each section, the feedback added."""
    if file.row.layout != "biquads":
        content = read_bytes(file.path, 4 * MAX_TAPS)
        if len(content) % 4:
            raise coefficients.refusal(f"{len(content)} bytes", "four a tap", path=file.path)
        return np.frombuffer(content, "<f4").astype(float), None
    values: list[float] = []
    for line in coefficients.text(MAX_BYTES, file.path).splitlines():
        key, sign, value = line.strip().rstrip(",").partition("=")
        expected = KEYS[len(values) % 5] if sign else f"biquad{len(values) // 5 + 1}"
        if key.strip() != expected:
            raise coefficients.refusal(f"the line {shown(line)}", expected, path=file.path)
        if sign:
            values.append(coefficients.number(value, expected, file.path) * (1 if key.strip().startswith("b") else -1))
    return np.array(values), None


MINIDSP = Target(
    place=130,
    name="minidsp",
    summary="miniDSP: biquad text, FIR files",
    write=write_minidsp,
    options=(MODEL,),
    decode=decode,
    bare=((".bin", ""), (".txt", "biquads")),
)
