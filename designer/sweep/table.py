"""`sweep.csv`: one row a point, with the varied keys, the numbers, status, error and seconds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from designer.errors import OutputError
from designer.sweep.store import TABLE_FILE, Row, Store
from designer.writing import SWEEP, update_folder

LAST = ("status", "error", "seconds")


def write_table(store: Store, *, force: bool = False) -> Path:
    """Write the table of what a store has, whole or not at all.

    Parameters
    ----------
    force : replace a table that was edited since it was written

    Raises
    ------
    UsageError : the table that is there was edited
    OutputError : it cannot be written; what the store has stays

    """

    def fill(folder: Path) -> None:
        with (folder / TABLE_FILE).open("w", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows(lines(store.rows, store.facts["keys"]))

    path = store.folder / TABLE_FILE
    try:
        update_folder(store.folder, SWEEP, fill, force=force)
    except OutputError as error:
        raise OutputError(f"{path}: {str(error).partition(': ')[2]}; all points are kept in {store.folder}") from None
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
