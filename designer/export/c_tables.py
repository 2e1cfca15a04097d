"""Arrays and tables of the dependency-free C: the coefficients of each filter, their scale, and its delay."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.export.c_partition import weights
from designer.export.c_plan import FLOAT, SUM_BITS, Plan, Sections, Taps
from designer.export.c_text import LINES, literals, rows_of, table
from designer.export.c_upmix import Tables, frames_and_bands, sines
from designer.export.filter_set import Filter
from designer.export.provenance import one_line

FIRS, DELAYS, CASCADES, TAILS = "fir", "delay", "cascade", "tail"
SIGNED = "shift"
Rows = list[tuple[int, ...]]


def tables(plan: Plan) -> dict[str, tuple[str, Rows]]:
    """Kind of row -> names of its numbers, and the rows; an empty table is not written."""
    fixed, listed = plan.word is not FLOAT, dict[str, tuple[str, Rows]]()
    places = _places([history + plan.block for history in plan.histories])
    listed["line"] = ("first history", [(*row,) for row in zip(places, plan.histories, strict=True)])
    if plan.delays:
        listed[DELAYS] = ("channel driver delay", [(r.channel, r.driver, r.delay) for r in plan.delays])
    if plan.taps:
        places = _places([route.values.size for route in plan.taps])
        rows = [
            (r.channel, r.driver, r.delay, place, r.values.size) + ((_shift(plan, r),) if fixed else ())
            for r, place in zip(plan.taps, places, strict=True)
        ]
        listed[FIRS] = ("channel driver delay first count" + " shift" * fixed, rows)
    if plan.sections:
        places = _places([len(route.values) for route in plan.sections])
        rows = [
            (r.channel, r.driver, r.delay, place, len(r.values))
            + ((31 - r.post_shift, SUM_BITS - 31 + r.raised) if fixed else ())
            for r, place in zip(plan.sections, places, strict=True)
        ]
        listed[CASCADES] = ("channel driver delay first count" + " lower shift" * fixed, rows)
    if plan.tails:
        places = _places([tail.spectra.size for tail in plan.tails])
        rows = [
            (t.channel, t.driver, t.first, len(t.spectra), place) for t, place in zip(plan.tails, places, strict=True)
        ]
        listed[TAILS] = ("channel driver part count first", rows)
    return listed


def _places(sizes: list[int]) -> list[int]:
    """Places at which the parts of an array begin."""
    return [int(place) for place in np.cumsum([0, *sizes[:-1]])]


def _shift(plan: Plan, route: Taps) -> int:
    """From the point of a sum of products to that of a driver's sum."""
    return SUM_BITS - 2 * plan.word.fixed.fraction_bits + route.shift


def row_bytes(plan: Plan) -> int:
    """Memory of the tables, and of the turns, sines, windows and bands of transforms."""
    rows = sum(4 * len(row) for _, listed in tables(plan).values() for row in listed)
    rows += 8 * plan.block if plan.tails else 0
    return rows + 4 * plan.points + 4 * sum(len(values) for _, _, values in _of_upmix(plan))


NOTES = {
    "line": LINES,
    DELAYS: "pure delays: a driver plays a channel, delay samples late",
    FIRS: "filters in taps: delay in samples, place and number of the taps",
    CASCADES: "filters in sections: delay in samples, place and number of the sections",
    TAILS: "partitions that follow the beginnings above: number of the first, their count, place of their spectra",
}
SHIFTS = {FIRS: ", shift of the sum", CASCADES: ", bits by which a section's sum is lowered, shift of the output"}


def tables_text(plan: Plan) -> list[list[str]]:
    """Definitions, each as lines."""
    prefix, kind = plan.names.prefix, plan.word.c_type
    pieces: list[list[str]] = []
    if plan.taps:
        blocks = [(_of(r.source, _taps_note(plan, r)), r.values[::-1]) for r in plan.taps]
        pieces.append(_array(f"static const {kind} {prefix}_taps", blocks))
    if plan.sections:
        blocks = [(_of(r.source, _sections_note(plan, r)), r.values.ravel()) for r in plan.sections]
        pieces.append(_array(f"static const {'float' if plan.word is FLOAT else 'int32_t'} {prefix}_sections", blocks))
    if plan.tails:
        note = "{} spectra from partition {} on, real parts, then imaginary ones"
        blocks = [(_of(t.source, note.format(len(t.spectra), t.first)), t.spectra.ravel()) for t in plan.tails]
        pieces.append(_array(f"static const float {prefix}_spectra", blocks))
        turn = weights(plan.block)
        blocks = [("e^(i pi n / (2 BLOCK)): real parts, then imaginary ones", np.concatenate([turn.real, turn.imag]))]
        pieces.append(_array(f"static const float {prefix}_turn", [(note, v.astype(np.float32)) for note, v in blocks]))
    waves = sines(prefix, plan.points) if plan.points else []
    pieces += [_array(head, [(note, values)]) for head, note, values in (*waves, *_of_upmix(plan))]
    return pieces + [_table(plan, kind, words.split(), rows) for kind, (words, rows) in tables(plan).items()]


def _of_upmix(plan: Plan) -> Tables:
    upmix = plan.filters.upmix
    return frames_and_bands(plan.names.prefix, upmix) if upmix else []


def _table(plan: Plan, kind: str, words: list[str], rows: Rows) -> list[str]:
    note = NOTES[kind] + ("" if plan.word is FLOAT else SHIFTS.get(kind, ""))
    cells = [", ".join(f"{v}" if w == SIGNED else f"{v}U" for w, v in zip(words, row, strict=True)) for row in rows]
    fields = [f"{'int32_t' if word == SIGNED else 'uint32_t'} {word}" for word in words]
    count = "" if kind == "line" else f"{kind.upper()}S"
    return table(plan.names.prefix, kind, note, fields, [f"{{{text}}}," for text in cells], count)


def _taps_note(plan: Plan, route: Taps) -> str:
    unit = (
        "" if plan.word is FLOAT else f"; a number q is the tap q 2^({route.shift} - {plan.word.fixed.fraction_bits})"
    )
    return f"{route.values.size} taps, the last first{unit}"


def _sections_note(plan: Plan, route: Sections) -> str:
    unit = f"; a number c is the coefficient c 2^({route.post_shift} - 31); the output is the last node times 2^{route.raised}"
    text = f"{len(route.values)} sections of b0, b1, b2, a1, a2, feedback added"
    return text if plan.word is FLOAT else text + unit


def _of(source: Filter, text: str) -> str:
    return f"{one_line(source.channel)} -> {one_line(source.driver)}: {text}"


def _array(head: str, blocks: list[tuple[str, Any]]) -> list[str]:
    """An array in parts, each behind its comment."""
    lines = [f"{head}[{sum(values.size for _, values in blocks)}] = {{"]
    for note, values in blocks:
        lines += [f"    /* {note} */", *rows_of(literals(values))]
    return [*lines, "};"]
