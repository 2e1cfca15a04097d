"""Text that every exported C is made of: comments, arrays, tables, macros, enumerations, the state's members, a header's frame, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from designer.export.filter_set import FilterSet
from designer.export.names import FirmwareNames
from designer.export.provenance import one_line

A_LINE = 8
"""Numbers in a line."""
MIN_INT32 = "(-2147483647 - 1)"
"""-2147483648, which in C is minus a number that no int holds."""
CMSIS_DSP = (
    '#include "arm_math.h"',
    "",
    "#if (defined(ARM_MATH_MVEI) || defined(ARM_MATH_MVEF)) && !defined(ARM_MATH_AUTOVECTORIZE)",
    '#error "Helium wants longer states and padded coefficients: build CMSIS-DSP and this with ARM_MATH_AUTOVECTORIZE"',
    "#endif",
)
SIGN_KEPT = ("#if ((-1) >> 1) != -1", '#error "a right shift must keep the sign"', "#endif", "")
ROOM = "no feed exceeds full scale if the peaks of all inputs are this far below it"
"""Note on the headroom."""
LINES = "a row a channel: its beginning in state->line, and the past samples that are kept"
"""Note on the table of the lines of samples."""
SEARCH = '; set [realization] word = "q15" to let the design search for better integers'
"""Remedy of a `rounding_note` on taps."""
Macro = tuple[str, str, str]
"""Name, value and note."""


class Member(NamedTuple):
    """A member of a struct: its text, its bytes, whether it lasts from call to call, and the alignment that it wants."""

    text: str
    bytes: int
    lasts: bool = True
    alignment: int = 4


def size_of(members: Iterable[Member]) -> int:
    """Bytes of members among which no compiler puts gaps."""
    return sum(member.bytes for member in members)


def struct(name: str, members: Iterable[Member]) -> list[str]:
    """A type with these members."""
    return ["typedef struct {", *(f"    {member.text};" for member in members), f"}} {name};"]


def literals(values: Any) -> list[str]:
    """Each value exactly: integers as they are, float32 by its shortest digits that read back the same."""
    if values.dtype == np.float32:
        return [f"{value!s}F" for value in values]
    return [MIN_INT32 if value == -(2**31) else str(value) for value in values.tolist()]


def rows_of(texts: Sequence[str]) -> list[str]:
    """Numbers in lines."""
    return [f"    {', '.join(texts[start : start + A_LINE])}," for start in range(0, len(texts), A_LINE)]


def array(head: str, values: Any, behind: str = "", suffix: str = "") -> list[str]:
    """Lines of a definition: `head` is ahead of the size, `behind` is behind it, and each number ends with `suffix`."""
    return [f"{head}[{values.size}]{behind} = {{", *rows_of([f"{text}{suffix}" for text in literals(values)]), "};"]


def table(prefix: str, kind: str, note: str, fields: Iterable[str], rows: Sequence[str], count: str = "") -> list[str]:
    """Type of a row and the array of all; with `count`, the macro of their number."""
    return [
        f"/* {note} */",
        "typedef struct {",
        *(f"    {field};" for field in fields),
        f"}} {prefix}_{kind};",
        *([f"#define {prefix.upper()}_{count} {len(rows)}U"] if count else []),
        f"static const {prefix}_{kind} {prefix}_{kind}s[{len(rows)}] = {{",
        *(f"    {row}" for row in rows),
        "};",
    ]


def comment(lines: Iterable[str]) -> list[str]:
    """One comment of several lines; ??/ at a line's end would be C99's trigraph of a backslash."""
    first, *others = (line.replace("??/", "? ?/") for line in lines)
    return [f"/* {first}", *(f" * {line}".rstrip() for line in others), " */"]


def macros(prefix: str, values: Iterable[Macro]) -> list[str]:
    """Definitions of macros."""
    notes = ((f"#define {prefix.upper()}_{name} {value}", note) for name, value, note in values)
    return [line + (f" /* {note} */" if note else "") for line, note in notes]


def port_macros(filters: FilterSet) -> list[Macro]:
    """Macros of the rate and of how many inputs and outputs there are."""
    rate = filters.sample_rate_hz
    return [
        ("SAMPLE_RATE_HZ", f"{rate:.0f}" if rate == round(rate) else repr(rate), ""),
        ("CHANNELS", f"{len(filters.channels)}U", "inputs"),
        ("DRIVERS", f"{len(filters.drivers)}U", "outputs"),
    ]


def memory_macros(prefix: str, flash: int, ram: int, state: int, where: str = "") -> list[Macro]:
    """Macros of the memory in bytes."""
    return [
        ("FLASH_BYTES", f"{flash}U", "constants, without the code"),
        ("RAM_BYTES", f"{ram}U", f"sizeof({prefix}_state){where}, without a few words of stack"),
        ("STATE_BYTES", f"{state}U", "part of RAM_BYTES that lasts from call to call; the rest is scratch"),
    ]


def enumerations(names: FirmwareNames, filters: FilterSet) -> list[str]:
    """Numbers of the channels and of the drivers by their names."""
    big, lines = names.prefix.upper(), list[str]()
    for kind, word, ports in (("channel", "IN", filters.channels), ("driver", "OUT", filters.drivers)):
        lines.append("typedef enum {")
        for index, name in enumerate(ports):
            identifier, comma = names.identifiers[name], "," if index + 1 < len(ports) else ""
            note = "" if identifier == name else f" /* {one_line(name)} */"
            lines.append(f"    {big}_{word}_{identifier.upper()} = {index}{comma}{note}")
        lines += [f"}} {names.prefix}_{kind};", ""]
    return lines


def state_struct(prefix: str, members: Iterable[Member]) -> list[str]:
    """The state, with what its owner has to know."""
    note = (
        "/* All that changes while the filters run. The caller allocates it, in any memory that is aligned for it. */"
    )
    return [note, *struct(f"{prefix}_state", members), ""]


def process_calls(prefix: str, c_type: str) -> list[str]:
    """The calls for any number of frames."""
    big = prefix.upper()
    return [
        f"/* Processes frames: in[{big}_CHANNELS] and out[{big}_DRIVERS] each point to `frames` samples. No buffers may overlap. */",
        f"void {prefix}_process({prefix}_state *state, const {c_type} *const *in, {c_type} *const *out, uint32_t frames);",
        "",
        f"/* Processes interleaved frames: {big}_CHANNELS input samples and {big}_DRIVERS output samples a frame. */",
        f"void {prefix}_process_interleaved({prefix}_state *state, const {c_type} *in, {c_type} *out, uint32_t frames);",
        "",
    ]


def header(prefix: str, includes: Iterable[str], body: Iterable[str]) -> list[str]:
    """A header that is included once, by C and by C++."""
    big = prefix.upper()
    return [
        *(f"#ifndef {big}_H", f"#define {big}_H", "", *includes, ""),
        *("#ifdef __cplusplus", 'extern "C" {', "#endif", ""),
        *body,
        *("#ifdef __cplusplus", "}", "#endif", "", "#endif"),
    ]


def rounding_note(largest_error: float, remedy: str = "") -> str:
    """Note on coefficients that were rounded to q15."""
    return f"each coefficient was rounded to the nearest number of q15, by at most {largest_error:.2g}{remedy}"


def quiet_note(target: str, paths: Iterable[str]) -> str:
    """Note on filters of which nothing is left in the target's word."""
    return f"filters too quiet for {target}, whose coefficients are all zero: {', '.join(paths)}"


def asserted_size(prefix: str, state: str, macro: str, unless: str = "") -> str:
    """Type that compiles only where the size of a state is that of its macro, or where the condition `unless` holds."""
    size = f"(sizeof({prefix}_{state}) == {prefix.upper()}_{macro})"
    size = f"({size} || {unless})" if unless else size
    return f"typedef char {prefix}_{state}_size_matches_header[{size} ? 1 : -1];"
