"""Where an exported file comes from, in its own comments; README.txt and filters.csv beside files that hold none.

`filters.csv` says which filter is which file, and what a number in it is worth:

channel, driver     as the problem names them
file                in the same folder; empty where the filter is a pure delay
kind                "taps", "sections" or "delay"
delay_samples       ahead of what the file holds, the channel's own wait included
bits, log2_step     of integers: their word, and the exponent of two that an integer 1 is worth; empty for floats
layout              how the file orders its numbers; a target's own word
"""

from __future__ import annotations

import csv
import io
import re
import shlex
import textwrap
from collections.abc import Iterable
from pathlib import PurePosixPath, PureWindowsPath
from typing import NamedTuple

from designer.export.filter_set import FilterSet
from designer.problem.toml_text import set_options

README, TABLE = "README.txt", "filters.csv"
UPMIX = "the upmix of upmix.json, which makes these channels from stereo; left and right alone are not their input"


class Row(NamedTuple):
    """One filter of the table."""

    channel: str
    driver: str
    file: str
    kind: str
    delay_samples: int
    bits: int | str = ""
    log2_step: int | str = ""
    layout: str = ""


def provenance(filters: FilterSet, target: str, scaling: str, mark: str = "") -> list[str]:
    """Lines behind a comment's mark: the same for the same problem, on any day and in any folder."""
    versions = ", ".join(f"{name} {version}" for name, version in filters.versions.items())
    late = ", ".join(str(member.bulk_delay_samples) for member in filters.at_rates or (filters,))
    lines = [
        f"title: {filters.title}",
        f"problem: {filters.problem_file}, SHA-256 {filters.problem_sha256}",
        f"versions: {versions}",
        f"sample rate: {filters.sample_rate_hz:.17g} Hz"
        if not filters.at_rates
        else f"sample rates: {', '.join(f'{member.sample_rate_hz:.17g}' for member in filters.at_rates)} Hz",
        f"channels: {', '.join(filters.channels)}",
        f"drivers: {', '.join(filters.drivers)}",
        f"form: {filters.form}; bulk delay: {late} samples",
        *((f"fed by: {UPMIX}",) if filters.fed_by_upmix else ()),
        f"scaling: {scaling}",
        f"headroom: {filters.headroom.text}; no preamp is applied",
        f"regenerate: {command(filters, target)}",
    ]
    return [mark + one_line(line) for line in lines]


def command(filters: FilterSet, target: str) -> str:
    """Command that makes the export again from the problem file; of a path on the machine that made it, the name alone."""
    out = filters.made_into or f"out/{filters.name}"
    problem = [filters.problem_file, *set_options(filters.problem_changes)]
    design = shlex.join(["designer", "design", *problem, "-o", out])
    if filters.imported_from:
        kinds = (PurePosixPath(filters.imported_from), PureWindowsPath(filters.imported_from))
        file = next((kind.name for kind in kinds if kind.is_absolute() or kind.anchor), filters.imported_from)
        design = shlex.join(["designer", "import-coefficients", file, "--problem", *problem, "-o", out])
    design = filters.made_by or design
    options = [text for flag, value in filters.options.items() if value for text in (f"--{flag}", value)]
    rates = (
        ["--rates", ",".join(f"{member.sample_rate_hz:.17g}" for member in filters.at_rates)]
        if filters.at_rates
        else []
    )
    return f"{design} && {shlex.join(['designer', 'export', out, '--target', target, *options, *rates])}"


def one_line(text: str) -> str:
    """A title or a name as a comment may hold it: without line breaks, and without the signs that end a C comment."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text).replace("\\", "/")
    # One pass is enough: a space is put between two signs, and none come together by it. ??/ is C99's other backslash.
    return re.sub(r"/(?=\*)|\*(?=/)|\?(?=\?/)", lambda sign: f"{sign[0]} ", printable)


def text_file(lines: Iterable[str]) -> bytes:
    """Lines as a file."""
    return ("\n".join(lines) + "\n").encode()


def filter_table(filters: FilterSet, target: str, scaling: str, rows: Iterable[Row]) -> bytes:
    """`filters.csv`."""
    stream = io.StringIO()
    stream.writelines(f"{line}\n" for line in provenance(filters, target, scaling, "# "))
    csv.writer(stream, lineterminator="\n").writerows([Row._fields, *rows])
    return stream.getvalue().encode()


def readme(filters: FilterSet, target: str, scaling: str, text: str, rows: Iterable[tuple[str, ...]] = ()) -> bytes:
    """`README.txt`.

    Parameters
    ----------
    text : str, how to use the files; paragraphs are parted by an empty line, and indented ones, code, are kept as they
        are
    rows : iterable of tuple of str, a table, by columns

    """
    lines = [*provenance(filters, target, scaling), ""]
    for paragraph in text.strip("\n").split("\n\n"):
        as_it_is = all(line.startswith("    ") for line in paragraph.splitlines())
        lines += paragraph.splitlines() if as_it_is else textwrap.wrap(" ".join(paragraph.split()), 100)
        lines.append("")
    table = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return ("\n".join(lines).rstrip() + "\n").encode()


def delays_text(filters: FilterSet) -> str:
    """The delays of the channels, a paragraph each."""
    return "\n\n".join(
        f"channel {one_line(name)} waits {delay} samples ahead of its filters"
        for name, delay in filters.delays.items()
        if delay
    )
