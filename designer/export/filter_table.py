"""`filters.csv`: beside files that hold bare numbers, which filter is which file, and what a number in it is worth.

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
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from designer.export.filter_set import FilterSet
from designer.export.provenance import provenance

NAME = "filters.csv"
COLUMNS = ("channel", "driver", "file", "kind", "delay_samples", "bits", "log2_step", "layout")


@dataclass(frozen=True)
class Row:
    """One filter of the table."""

    channel: str
    driver: str
    file: str
    kind: str
    delay_samples: int
    bits: int | str = ""
    log2_step: int | str = ""
    layout: str = ""


def filter_table(filters: FilterSet, target: str, scaling: str, rows: Iterable[Row]) -> bytes:
    """The file."""
    stream = io.StringIO()
    stream.writelines(f"# {line}\n" for line in provenance(filters, target, scaling))
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(row) for row in rows)
    return stream.getvalue().encode()
