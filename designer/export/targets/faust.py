"""`faust`: a program of the Faust language, channels in and drivers' feeds out, with each filter named in the comment above it.

After the Faust manual and its `filters.lib`: `fi.fir((h0, h1, ...))`; `fi.tf2(b0, b1, b2, a1, a2)` has the signs of
H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2); `@(d)` waits d samples, and `:` goes from one to the next. The compiler
unrolls the taps, in a time of about the cube of their number: 0.4 s for a filter of 256 taps, 18 s for 1,024 (version 2.54.9).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import MAX_TEXT_BYTES, Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import identifiers, joined
from designer.export.provenance import provenance, text_file
from designer.export.runners.bench import Bench, called, program
from designer.export.runners.machines import HOST, SOURCES, compiler, defined
from designer.export.target import Export, Target, at_most

SCALING = "none: 17 digits, which faust -double keeps; without it 24 bits of mantissa"
FILE = "filters.dsp"
MAX_FIR_TAPS = 1024
PATIENCE_S = 1200.0
"""How long its compiler may take."""
DEFINITION = re.compile(r'^// (\[".{1,2000}"\])\nfilter_\w{1,99} = (.*);$', re.MULTILINE)
STEP = re.compile(r"(_)|@\((\d{1,9})\)|fi\.fir\(\(([^()]+)\)\)|fi\.tf2\(([^()]+)\)")


def write_faust(filters: FilterSet) -> Export:
    """`filters.dsp`: a definition of each filter, and `process`.

    Raises UsageError: there are more taps than its compiler unrolls.
    """
    longest = max((filter_.taps.size for filter_ in filters.filters if filter_.has_taps), default=0)
    at_most("faust", longest, MAX_FIR_TAPS, "taps", "design with fewer ([realization] taps), or export c")
    names = identifiers(f"filter {joined(filter_)}" for filter_ in filters.filters)
    total = sum(filter_.taps.size for filter_ in filters.filters if filter_.has_taps)
    slow = (
        f"the Faust compiler unrolls {total:,} taps, for minutes; run it with -t 0, design with fewer taps, or export c"
    )
    room_db = filters.headroom.tones_db
    lines = [
        *(f"// {line}" for line in provenance(filters, "faust", SCALING)),
        "// Inputs are the channels and outputs the drivers, in the order above: faust -t 0 -double filters.dsp",
        f"// Steady tones of full scale need a preamp of {-room_db:z.2f} dB: put *({10 ** (-room_db / 20):.4f}) after each input.",
        'import("stdfaust.lib");',
    ]
    feeds: dict[str, list[str]] = {driver: [] for driver in filters.drivers}
    for filter_ in filters.filters:
        name = names[f"filter {joined(filter_)}"]
        lines += [
            f"// {json.dumps([filter_.channel, filter_.driver])}",
            f"{name} = {' : '.join(_steps(filters, filter_))};",
        ]
        feeds[filter_.driver].append(f"(in_{filters.channels.index(filter_.channel) + 1} : {name})")
    inputs = ", ".join(f"in_{number}" for number in range(1, len(filters.channels) + 1))
    outputs = ", ".join(" + ".join(terms) or "0.0" for terms in feeds.values())
    lines.append(f"process({inputs}) = {outputs};")
    return Export.of_words(
        {FILE: text_file(lines)},
        filters.memory(),
        8,
        SCALING,
        notes=(slow,) if total > MAX_FIR_TAPS else (),
        preamp=f"a factor after each input of process in {FILE}",
    )


def _steps(filters: FilterSet, filter_: Filter) -> Iterable[str]:
    delay = filters.delay(filter_)
    if delay or filter_.delay_samples is not None:
        yield f"@({delay})" if delay else "_"
    if filter_.has_taps:
        yield f"fi.fir(({_numbers(filter_.taps.tolist())}))"
    if filter_.cascade is not None:
        for row in np.hstack([filter_.cascade.b, filter_.cascade.a]).tolist():
            yield f"fi.tf2({_numbers(row)})"


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.17g}" for value in values)


def read_faust(coefficients: Coefficients) -> None:
    """The definitions of a file that `write_faust` wrote; `process` is not read.

    Raises DataError: it holds none, or another step than a wait, taps or a section.
    """
    text = coefficients.text(MAX_TEXT_BYTES)
    coefficients.check_stated_rate(coefficients.comments(text, "//"))
    definitions = DEFINITION.findall(text)
    if not definitions:
        raise coefficients.refusal("no filter", "a file of `designer export --target faust`")
    for names, body in definitions:
        _read(coefficients, coefficients.place_of(names), body)


def _read(coefficients: Coefficients, place: tuple[str, str], body: str) -> None:
    delay, taps, sections = 0, list[float](), list[list[float]]()
    for text in body.split(" : "):
        step = STEP.fullmatch(text)
        if step is None:
            raise coefficients.refusal(
                f"the step {shown(text)}", "@(d), fi.fir((h0, ...)) or fi.tf2(b0, b1, b2, a1, a2)"
            )
        _, wait, fir, tf2 = step.groups()
        numbers = [coefficients.number(part, "a coefficient") for part in (fir or tf2 or "").split(",") if part.strip()]
        delay += int(wait or 0)
        if fir is not None and not taps:
            taps = numbers
        elif tf2 is not None and len(numbers) == 5:
            sections.append(numbers)
        elif fir is not None or tf2 is not None:
            raise coefficients.refusal(f"the step {shown(text)}", "one fi.fir, and five numbers of a section")
    coefficients.check_length(delay + 1, f"{place[0]!r}, {place[1]!r}")
    if taps and sections:
        raise coefficients.refusal("taps and sections in a filter", "one or the other")
    if sections:
        table = np.array(sections)
        coefficients.add_sections(place, table[:, :3], table[:, 3:], delay)
    elif taps:
        coefficients.add_taps(place, np.array(taps), delay)
    else:
        coefficients.add_delay(place, delay)


def run_faust(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels), by the program that the Faust compiler makes in double precision.

    Raises ProgramError: faust or a C compiler is missing or fails.
    """
    faust = program("faust", "faust")
    compile_c = [faust, "-t", "0", "-double", "-lang", "c", "filters.dsp", "-o", "faust.c"]
    called(compile_c, folder, patience_s=PATIENCE_S)
    sizes = defined(INPUTS=len(filters.channels), OUTPUTS=len(filters.drivers), RATE_HZ=round(filters.sample_rate_hz))
    options = ["-O1", "-w", "-DFAUSTFLOAT=double", *sizes, f"-I{folder}"]
    called([compiler(HOST), *options, SOURCES / "play_faust.c", "-lm", "-o", "play"], folder, patience_s=PATIENCE_S)
    signals.astype("<f8").tofile(folder / "in.bin")
    called([folder / "play"], folder)
    return np.fromfile(folder / "out.bin", "<f8").reshape(-1, len(filters.drivers))


FAUST = Target(
    place=165,
    name="faust",
    summary="Faust: a program with fi.fir and fi.tf2",
    write=write_faust,
    files="Faust",
    read=read_faust,
    endings=(".dsp",),
    in_folders=(FILE,),
    run=run_faust,
)
