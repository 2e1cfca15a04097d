"""C arrays of coefficients as the cmsis targets write them: a comment a filter, and one array of literals.

    /* left -> front: 512 taps, the last first; a tap is q 2^(1 - 31) */
    static const q31_t NAME[512] = { ... };
    /* left -> front: 4 sections of b0, b1, b2, a1, a2, feedback added; postShift 1, output shift 0 */

Taps are stored time-reversed; in sections a1 and a2 have the opposite of scipy's signs, Q15's have a zero behind b0, and a
coefficient is q 2^(postShift - f). Where the file also has the functions, their calls say more: which input waits how long
in front of which filter, by its place in the line of late samples, and which filters are pure delays.

    memmove(state->history_X, state->history_X + BLOCK, H * ...);     H samples of history
    arm_fir_q31(&state->fir_NAME, state->history_X + OFFSET, ...);     H - OFFSET samples late
    add(state->sum[1], state->history_X + OFFSET, FACTOR);             a pure delay, or what a filter made
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.provenance import one_line
from designer.importing.coefficients import (
    Coefficients,
    Collected,
    check_stated_rate,
    check_values,
    known,
    stated_bulk_delay,
    stated_order,
    whole,
)
from designer.importing.files import read_text, refusal
from designer.problem.schema import Problem

FRACTION_BITS = {"q31": 31, "q15": 15, "float32": 0}
HEAD = re.compile(
    r"\s*(?:static\s+)?const\s+(?P<type>q31|q15|float32)_t\s+(?P<name>\w{1,200})\s*\[(?P<count>\d{1,9})\]\s*=\s*\{"
)
NOTE = re.compile(r"(?P<names>.*): (?P<rest>\d{1,9} (?:taps|sections)\b.*)", re.DOTALL)
EXPECTED = "name the .c file of a cmsis export"
HISTORY = re.compile(r"memmove\(state->history_(\w{1,200}),[^;\n]{0,500}?, (\d{1,9}) \* sizeof")
INIT = re.compile(r"_init_\w{1,20}\(&state->(\w{1,200}), \d{1,9}, (\w{1,200}),")
SIGNAL = r"(?P<signal>state->lowered|in\[\d{1,9}\]|state->history_\w{1,200}(?: \+ \d{1,9})?)"
PURE = re.compile(r"\badd\s*\(\s*(?:out|state->sum)\s*\[\s*\d{1,9}\s*\]\s*,\s*(?:in\s*\[|state->history_)")
CALLS = "the functions of a cmsis export as it wrote them"
MAX_C_BYTES = 100_000_000


@dataclass(frozen=True)
class _Array:
    """One filter's array: its names, its values in time order or by sections, and what multiplies the output."""

    channel: str
    driver: str
    name: str
    taps: Real | None
    sections: Real | None
    scale: float


def read_c(path: Path, problem: Problem) -> Coefficients:
    """The filters of an exported C source, named by their comments.

    Raises
    ------
    DataError : there is no such array, an array and its comment or its size disagree, or the names do not fit

    """
    text = read_text(path, MAX_C_BYTES)
    check_stated_rate(path, text[: (text.find("*/") + 1) or None], problem)
    comments = list(_comments(text))
    arrays = _arrays(path, text, comments, Collected(path, problem))
    if not arrays:
        raise refusal(
            path,
            "no array of float32_t, q31_t or q15_t behind a comment that names its channel and driver",
            "/* CHANNEL -> DRIVER: N taps, the last first */ static const q31_t NAME[N] = {...};",
            EXPECTED,
        )
    found = Collected(path, problem)
    drivers = stated_order(path, text[: text.find("*/")], "drivers", problem.driver_names)
    late, pure = _calls(path, text, comments, found.channels, drivers)
    _check_calls(path, text, [one.name for one in arrays], late, pure)
    for one in arrays:
        place, delay = found.place(one.channel, one.driver), late.get(one.name, 0)
        if one.taps is not None:
            found.add_taps(place, one.taps, delay)
        elif one.sections is not None:
            b = one.sections[:, :3].copy()
            b[-1] *= one.scale
            found.add_sections(place, b, -one.sections[:, 3:], delay)
    for channel, driver, delay in pure:
        found.add_delay(found.place(channel, driver), delay)
    return found.coefficients(stated_bulk_delay(text[: text.find("*/")]))


def _comments(text: str) -> Iterator[tuple[str, int, int]]:
    """Content of each comment, and where it begins and ends."""
    start = text.find("/*")
    while start >= 0:
        end = text.find("*/", start + 2)
        if end < 0:
            return
        yield text[start + 2 : end], start, end + 2
        start = text.find("/*", end + 2)


def _arrays(path: Path, text: str, comments: list[tuple[str, int, int]], found: Collected) -> list[_Array]:
    """The arrays that stand behind comments with an arrow."""
    arrays = []
    for note, _, end in comments:
        head = HEAD.match(text, end) if "->" in note else None
        if head is not None:
            close = text.find("}", head.end())
            body = text[head.end() : close if close >= 0 else None]
            arrays.append(_array(path, note, head, body, found))
    return arrays


def _array(path: Path, comment: str, found: re.Match[str], body: str, known_names: Collected) -> _Array:
    note = NOTE.fullmatch(comment.strip())
    if note is None:
        raise refusal(
            path,
            f"a comment that is not understood at {found['name']}",
            "CHANNEL -> DRIVER: N taps, the last first",
            EXPECTED,
        )
    channel, driver = _names(path, note["names"], known_names.channels, known_names.problem.driver_names)
    rest = note["rest"]
    values = _literals(path, found["name"], body)
    if values.size != int(found["count"]):
        raise refusal(
            path, f"{values.size} numbers in {found['name']}", f"{found['count']}, as it declares", "export it again"
        )
    bits = FRACTION_BITS[found["type"]]
    if "sections" not in rest:
        shift = re.search(r"a tap is q 2\^\((\d{1,2}) - \d+\)", rest)
        taps = values[::-1] * 2.0 ** ((int(shift[1]) if shift else 0) - bits)
        return _Array(channel, driver, found["name"], check_values(path, taps, found["name"]), None, 1.0)
    width = 6 if found["type"] == "q15" else 5
    if values.size % width:
        raise refusal(path, f"{values.size} numbers in {found['name']}", f"{width} a section", "export it again")
    table = values.reshape(-1, width)
    table = np.delete(table, 1, axis=1) if width == 6 else table
    post, out = re.search(r"postShift (\d{1,2})\b", rest), re.search(r"output shift (\d{1,2})\b", rest)
    sections = table * 2.0 ** ((int(post[1]) if post else 0) - bits)
    return _Array(channel, driver, found["name"], None, sections, 2.0 ** (int(out[1]) if out else 0))


def _names(path: Path, text: str, channels: list[str], drivers: tuple[str, ...]) -> tuple[str, str]:
    """The problem's channel and driver of "CHANNEL -> DRIVER", also where a name holds an arrow itself."""
    parts = text.split(" -> ")
    for n in range(1, len(parts)):
        first, last = " -> ".join(parts[:n]), " -> ".join(parts[n:])
        if first in map(one_line, channels) and last in map(one_line, drivers):
            return known(path, first, channels, "channel"), known(path, last, drivers, "driver")
    return known(path, parts[0], channels, "channel"), known(path, " -> ".join(parts[1:]), drivers, "driver")


def _literals(path: Path, name: str, body: str) -> Real:
    """C99 literals: decimal or hexadecimal, integers with u and l, floats with f; INT32_MIN as (-2147483647 - 1)."""
    for comment, *_ in list(_comments(body)):
        body = body.replace(f"/*{comment}*/", "", 1)
    values = []
    for item in filter(None, (part.strip() for part in body.split(","))):
        least = re.fullmatch(r"\(?\s*(-\d+)[lLuU]*\s*-\s*1[lLuU]*\s*\)?", item)
        try:
            if least:
                values.append(float(int(least[1]) - 1))
            elif re.fullmatch(r"[-+]?(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*", item):
                values.append(float(int(item.rstrip("uUlL"), 0)))
            elif "x" in item.lower():
                values.append(float.fromhex(item.rstrip("fF") if "p" in item.lower() else item))
            else:
                values.append(float(item.rstrip("fFlL")))
        except (ValueError, OverflowError):
            raise refusal(path, f"{item[:40]!r} in {name}", "numbers", "export it again") from None
    return np.array(values)


def _calls(
    path: Path, text: str, comments: list[tuple[str, int, int]], channels: list[str], drivers: list[str]
) -> tuple[dict[str, int], list[tuple[str, str, int]]]:
    """Array -> samples that its input is late; and the pure delays: channel, driver, samples."""
    history = {found[1]: int(found[2]) for found in HISTORY.finditer(text)}
    arrays = {found[1]: found[2] for found in INIT.finditer(text)}
    as_written = {one_line(name): name for name in channels}
    late: dict[str, int] = {}
    pure: list[tuple[str, str, int]] = []
    begin = text.find("_process(")
    ends = [start for _, start, _ in comments[1:]] + [len(text)]
    for (note, start, end), until in zip(comments, ends, strict=True):
        channel = as_written.get(note[1:-1]) if start > begin >= 0 else None
        if channel is None:
            continue
        lowered = 0
        for line in text[end:until].removeprefix("\n").splitlines():
            if not line.strip():
                break
            if found := re.search(rf"lower\({SIGNAL}, state->lowered", line):
                lowered = _lateness(path, found["signal"], history)
            elif found := re.search(rf"arm_\w+\(&state->(\w+), {SIGNAL}, state->part", line):
                signal = found["signal"]
                delay = lowered if signal == "state->lowered" else _lateness(path, signal, history)
                late[arrays.get(found[1], "")] = delay
            elif found := re.search(rf"add\((?:out|state->sum)\[(\d{{1,9}})\], {SIGNAL}", line):
                driver = whole(path, found[1], "the output of an add", most=len(drivers) - 1)
                pure.append((channel, drivers[driver], _lateness(path, found["signal"], history)))
    return late, pure


def _check_calls(
    path: Path, text: str, arrays: list[str], late: dict[str, int], pure: list[tuple[str, str, int]]
) -> None:
    """Refuse functions that were laid out anew, of which the delays ahead of the arrays would be lost."""
    begin = text.find("_process(")
    if begin < 0:  # arrays alone
        return
    uncalled = next((name for name in arrays if name not in late), None)
    if uncalled is not None:
        raise refusal(path, f"no call that takes {uncalled} behind its channel's comment", CALLS, EXPECTED)
    count = len(PURE.findall(text, begin))
    if count != len(pure):
        raise refusal(
            path, f"{count} inputs added as they are, {len(pure)} of them behind a channel's comment", CALLS, EXPECTED
        )


def _lateness(path: Path, signal: str, history: dict[str, int]) -> int:
    found = re.fullmatch(r"state->history_(\w+)(?: \+ (\d+))?", signal)
    if found is None:
        return 0
    if found[1] not in history:
        raise refusal(path, f"history_{found[1][:60]} without its memmove", "the functions of a cmsis export", EXPECTED)
    return whole(path, history[found[1]] - int(found[2] or 0), f"the delay of history_{found[1][:60]}")
