"""`sweep.csv`: one row a point, with the varied keys, the numbers, status, error and seconds."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from designer.errors import UsageError
from designer.sweep.store import Row, Store

FILE = "sweep.csv"
LAST = ("status", "error", "seconds")


def write_table(store: Store) -> Path:
    """Write the table of what a store has, whole or not at all.

    Raises
    ------
    UsageError : it cannot be written; what the store has stays

    """
    path = store.folder / FILE
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(lines(store.rows, store.facts["keys"]))
        partial.replace(path)
    except OSError as error:
        reason = (error.strerror or "it cannot be made").lower()
        raise UsageError(
            f"{path}: cannot be written: {reason}; all points are kept in {store.folder}; make room, and the same command"
            " writes it"
        ) from None
    finally:
        partial.unlink(missing_ok=True)
    return path


def lines(rows: Any, keys: Iterable[str]) -> Iterator[list[str]]:
    """The table's lines, its header first.

    Parameters
    ----------
    rows : gives the rows each time it is called: once for what numbers there are, and once for the table, so that none is held

    """
    varied = list(keys)
    numbers = list(dict.fromkeys(name for row in rows() for name in row.outcome.numbers))
    yield [*varied, *numbers, *LAST]
    for row in rows():
        yield [*(_cell(row.varied.get(key)) for key in varied), *_numbers(row, numbers), *_ending(row)]


def _numbers(row: Row, names: Iterable[str]) -> Iterator[str]:
    return (_cell(row.outcome.numbers.get(name)) for name in names)


def _ending(row: Row) -> list[str]:
    return [row.outcome.status, row.outcome.error, f"{row.outcome.seconds:.4f}"]


def _cell(value: Any) -> str:
    """As TOML has it, text without quotes; a float in the digits that give it back."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
