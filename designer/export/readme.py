"""A text beside files that hold no comments: where they come from, and what each is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from designer.export.filter_set import FilterSet
from designer.export.provenance import one_line, provenance

README = "README.txt"


def readme(filters: FilterSet, target: str, scaling: str, text: str, rows: Iterable[tuple[str, ...]] = ()) -> bytes:
    """The file.

    Parameters
    ----------
    text : how to use the files; paragraphs are parted by an empty line, and indented ones are kept as they are
    rows : a table, by columns

    """
    lines = [*provenance(filters, target, scaling), ""]
    for paragraph in text.strip("\n").split("\n\n"):
        as_it_is = all(
            line.startswith("    ") for line in paragraph.splitlines()
        )  # code, which no line may be broken of
        wrapped = paragraph.splitlines() if as_it_is else textwrap.wrap(" ".join(paragraph.split()), 100)
        lines += [*wrapped, ""]
    table = [tuple(map(one_line, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return ("\n".join(lines).rstrip() + "\n").encode()


def delays_text(filters: FilterSet) -> list[str]:
    """The delays of the channels, one a line; none where there are none."""
    return [
        f"channel {one_line(name)} waits {delay} samples ahead of its filters"
        for name, delay in filters.delays.items()
        if delay
    ]
