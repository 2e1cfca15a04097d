"""`tas58xx`: I2C writes of the equaliser's sections for Texas Instruments' TAS5805M and TAS5825M, one filter an output.

After the data sheets (coefficients in book 0xAA; on page 0 register 0x7F chooses the book, register 0x00 of each page the page; five
coefficients in a row, the highest byte first) and the public drivers esphome-tas58xx and airplay-esp32 (15 sections of 20 bytes an
output; b0, b1, b2, a1, a2 of 5.27, the feedback added). The first section lies at page 0x24, register 0x18 of the TAS5805M, at page
0x01, register 0x30 of the TAS5825M; a page's registers 0x08 to 0x7F hold 30 coefficients, and the next page follows.

A line `w ADDRESS REGISTER BYTES` is one write, in hexadecimal, as the vendor's tool lists them. The equaliser mixes nothing and does
not delay: a delay takes a section for two samples. The arithmetic inside is not published: filters are judged on samples of 5.27.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np

from designer.arrays import Real
from designer.export.arithmetic import ArithmeticModel, Whole, section_route, word_model, word_route
from designer.export.coefficients import Coefficients
from designer.export.filter_set import Filter, FilterSet
from designer.export.provenance import README, provenance, readme, text_file
from designer.export.target import Export, Target, at_most, refuse
from designer.problem.word_format import Word
from designer.realization.cascade import pole_radii

NAME, WORD = "tas58xx", Word(5, 27)
DEVICES = {"tas5805m": (0x58, 0x24, 0x18), "tas5825m": (0x98, 0x01, 0x30)}
"""Device -> address of its writes (the pin ADR may choose another), page and register of the first section."""
MAX_SECTIONS, OUTPUTS, WIDTH = 15, 2, 4
SECTION_BYTES, PAGE_BYTES, FIRST_REGISTER, BOOK = 20, 120, 0x08, 0xAA
SCALING = "coefficients of 5.27"
FLAT, LATE_BY_ONE, LATE_BY_TWO = [1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]
MAX_BYTES = 1_000_000
WRITE = re.compile(r"^w ([0-9a-f]{2}) ([0-9a-f]{2}) ((?:[0-9a-f]{2} ?)+)$", re.MULTILINE)
PATH = re.compile(r"^# output \d: (\[.{1,2000}\])$", re.MULTILINE)
EXPECTED = "an export of designer's for the TAS5805M or the TAS5825M"
USAGE = """tas5805m.txt and tas5825m.txt hold the same coefficients at each device's addresses. Output 1 is the left one and takes the left
input, output 2 the right; the table names the channel that each has to be fed with. A channel of both outputs goes to both inputs.

Write the lines in order, after the device plays (clocks run), with the equaliser switched on and its bands not tied to each other. The
address of a write is {addresses}; change it where the pin ADR says another.

Steady tones of full scale need {room:z.2f} dB of headroom: lower the volume by as much.
"""


def write_tas58xx(filters: FilterSet) -> Export:
    """`tas5805m.txt`, `tas5825m.txt` and `README.txt`.

    Raises UsageError: an output has another number of filters than one, or a filter has taps, too many sections, or a coefficient that is
    too large.
    """
    tables = _tables(filters)
    paths = [(filter_.channel, filter_.driver) for filter_ in filters.filters]
    order = sorted(range(len(paths)), key=lambda n: filters.drivers.index(paths[n][1]))
    files = {}
    for device, (address, page, register) in DEVICES.items():
        lines = provenance(filters, NAME, SCALING, "# ")
        lines += [f"# output {output + 1}: {json.dumps(paths[n])}" for output, n in enumerate(order)]
        lines += [f"w {address:02x} 00 00", f"w {address:02x} 7f {BOOK:02x}"]
        content = b"".join(_bytes(tables[n]) for n in order)
        lines += _writes(address, page, register, content)
        files[f"{device}.txt"] = text_file([*lines, f"w {address:02x} 00 00", f"w {address:02x} 7f 00"])
    room_db = filters.headroom.tones_db
    addresses = " and ".join(f"0x{address:02x} of the {device.upper()}" for device, (address, _, _) in DEVICES.items())
    rows = [("output", "channel", "driver", "sections", "delay in samples")]
    rows += [
        (str(o + 1), *paths[n], str(len(tables[n])), str(filters.delay(filters.filters[n])))
        for o, n in enumerate(order)
    ]
    sections = sum(map(len, tables))
    return Export(
        files={**files, README: readme(filters, NAME, SCALING, USAGE.format(addresses=addresses, room=room_db), rows)},
        coefficient_bytes=SECTION_BYTES * MAX_SECTIONS * len(order),
        state_bytes=WIDTH * 4 * sections,
        multiply_adds=5 * sections,
        scaling=SCALING,
        preamp="the device's volume",
    )


def _tables(filters: FilterSet) -> list[Whole]:
    """Integers b0, b1, b2, a1, a2 (S, 5) of each filter, the feedback added, its delay ahead."""
    at_most(NAME, len(filters.drivers), OUTPUTS, "drivers", "use a device each two drivers, or export c")
    taps = [filter_ for filter_ in filters.filters if filter_.has_taps]
    if taps:
        actual = f"{taps[0].taps.size} taps in {taps[0].path}"
        raise refuse(NAME, actual, "sections, because it has no taps", 'set [realization] form = "biquad"')
    if mixed := filters.mixed:
        expected = "one filter a driver, because its equaliser mixes nothing"
        raise refuse(NAME, mixed, expected, "design one channel, or export c")
    tables = [_table(filters, filter_) for filter_ in filters.filters]
    longest, path = max((len(table), filter_.path) for table, filter_ in zip(tables, filters.filters, strict=True))
    counted = f"sections in {path}, one for two samples of delay included"
    at_most(NAME, longest, MAX_SECTIONS, counted, "choose fewer [realization] sections")
    return tables


def _table(filters: FilterSet, filter_: Filter) -> Whole:
    wait = filters.delay(filter_)
    rows = [LATE_BY_TWO] * (wait // 2) + [LATE_BY_ONE] * (wait % 2)
    if filter_.cascade is not None:
        rows += np.hstack([filter_.cascade.b, -filter_.cascade.a]).tolist()
    whole = np.rint(np.array(rows or [FLAT]) / WORD.step)
    largest, radius = float(np.abs(whole).max()) * WORD.step, float(pole_radii(-whole[:, 3:] * WORD.step).max())
    if largest >= 16.0 or radius >= 1.0:
        actual = f"a coefficient of {largest:.6g} and a pole of magnitude {radius:.6f} in {filter_.path}"
        expected = "a coefficient below 16 and a pole of magnitude below 1"
        raise refuse(NAME, actual, expected, "limit the drivers' gains ([[drivers]] max_gain_db)")
    return np.asarray(whole, dtype=np.int64)


def _bytes(table: Whole) -> bytes:
    """Coefficients of an output's sections; those that are not used are flat."""
    flat = np.rint(np.array([FLAT] * (MAX_SECTIONS - len(table))).reshape(-1, 5) / WORD.step)
    return np.concatenate([table, flat]).astype(">i4").tobytes()


def _writes(address: int, page: int, register: int, content: bytes) -> Iterator[str]:
    """Lines, a section each; one that passes the end of its page is two, with the choice of the next page between."""
    chosen = -1
    for start in range(0, len(content), SECTION_BYTES):
        part, place = content[start : start + SECTION_BYTES], register - FIRST_REGISTER + start
        while part:
            now, at = page + place // PAGE_BYTES, FIRST_REGISTER + place % PAGE_BYTES
            if now != chosen:
                yield f"w {address:02x} 00 {now:02x}"
                chosen = now
            count = min(len(part), FIRST_REGISTER + PAGE_BYTES - at)
            yield f"w {address:02x} {at:02x} {part[:count].hex(' ')}"
            part, place = part[count:], place + count


def arithmetics(filters: FilterSet) -> dict[str, ArithmeticModel]:
    """Arithmetic model of the words."""
    routes = []
    for filter_, table in zip(filters.filters, _tables(filters), strict=True):
        if filter_.cascade is None:
            routes.append(word_route(filter_, WORD))
        else:
            table = table[-len(filter_.cascade.b) :]
            routes.append(
                section_route(filter_, WORD, table[:, :3], -table[:, 3:], np.zeros(len(table), dtype=np.int64))
            )
    return {NAME: word_model(WORD, WORD, routes)}


def is_own(text: str) -> bool:
    """Whether a text is a list of writes that chooses the book of coefficients."""
    return re.search(rf"^w [0-9a-f]{{2}} 7f {BOOK:02x}$", text, re.MULTILINE) is not None


def read_tas58xx(coefficients: Coefficients) -> None:
    """The sections that the writes leave in the book of coefficients.

    Raises DataError: a write is none of these devices', a coefficient is missing, or the comments state no channels.
    """
    text = coefficients.text(MAX_BYTES)
    comments = coefficients.comments(text)
    coefficients.check_stated_rate(comments)
    memory, book, page = dict[tuple[int, int], int](), 0, 0
    for _, register_text, data in WRITE.findall(text):
        register, values = int(register_text, 16), bytes.fromhex(data)
        if register == 0 and len(values) == 1:
            page = values[0]
        elif register == 0x7F and page == 0:
            book = values[0]
        elif book == BOOK:
            memory |= {(page, register + n): value for n, value in enumerate(values)}
    start = next(((p, r) for _, p, r in DEVICES.values() if (p, r) in memory), None)
    paths = PATH.findall(text)
    if start is None or not paths:
        raise coefficients.refusal("other writes, or no comments of the outputs", EXPECTED)
    for output, names in enumerate(paths):
        _add(coefficients, coefficients.place_of(names), _sections(coefficients, memory, start, output))


def _sections(
    coefficients: Coefficients, memory: dict[tuple[int, int], int], start: tuple[int, int], output: int
) -> Real:
    count = MAX_SECTIONS * SECTION_BYTES
    offset = start[1] - FIRST_REGISTER + output * count
    places = [(start[0] + at // PAGE_BYTES, FIRST_REGISTER + at % PAGE_BYTES) for at in range(offset, offset + count)]
    if missing := [place for place in places if place not in memory]:
        actual = f"no byte at page 0x{missing[0][0]:02x}, register 0x{missing[0][1]:02x}"
        raise coefficients.refusal(actual, f"{MAX_SECTIONS} sections of output {output + 1}")
    return np.frombuffer(bytes(memory[place] for place in places), dtype=">i4").reshape(-1, 5) * WORD.step


def _add(coefficients: Coefficients, place: tuple[str, str], table: Real) -> None:
    rows, delay = [row for row in table.tolist() if row != FLAT], 0
    while rows and rows[0] in (LATE_BY_ONE, LATE_BY_TWO):
        delay += 1 + (rows.pop(0) == LATE_BY_TWO)
    if not rows:
        coefficients.add_delay(place, delay)
        return
    values = np.array(rows)
    coefficients.add_sections(place, values[:, :3], -values[:, 3:], delay)


TAS58XX = Target(
    place=142,
    name="tas58xx",
    to_play="TAS58xx: the amplifier alone runs it, and no program; write the registers to one, play the stimulus, set its serial output"
    " (SDOUT) to what comes after the processing",
    summary="TAS5805M and TAS5825M: I2C writes of their equaliser",
    write=write_tas58xx,
    arithmetics=arithmetics,
    files="TAS58xx",
    read=read_tas58xx,
    endings=(".txt",),
    is_own=is_own,
    in_folders=("tas5805m.txt",),
)
