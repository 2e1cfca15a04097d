"""`sweep.sqlite`: a row a point, committed as it comes, so that what is computed outlives a stopped program and a full disk.

about     one row: the problem's text and what the sweep is of, as JSON
points    point (its name), number (its place in the plan), varied and changes (JSON), status, numbers (JSON), error, seconds
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from designer.acoustics.writers.sofa_text import WRITER
from designer.errors import DataError, UsageError
from designer.sweep.point import Outcome, Task

FILE = "sweep.sqlite"
PATIENCE_S = 30.0
"""How long another program may hold the file."""
TABLES = """
create table about (facts text not null);
create table points (
    point text primary key, number integer not null, varied text not null, changes text not null,
    status text not null, numbers text not null, error text not null, seconds real not null
);
"""
COLUMNS = "point, number, varied, changes, status, numbers, error, seconds"


@dataclass(frozen=True)
class Row:
    """One point that is computed, failed or not: as its task, with its outcome."""

    point: str
    number: int
    varied: Mapping[str, Any]
    changes: tuple[tuple[tuple[int | str, ...], Any], ...]
    outcome: Outcome


class Store:
    """The rows of one folder; to be closed, as a file is."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection

    def __enter__(self) -> Store:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the file; each row is committed already."""
        self._connection.close()

    @property
    def facts(self) -> dict[str, Any]:
        """What the sweep is of; empty before anything is said."""
        row = self._connection.execute("select facts from about").fetchone()
        return {} if row is None else dict(json.loads(row[0]))

    def say(self, facts: Mapping[str, Any]) -> None:
        """Keep what the sweep is of."""
        with self._writing():
            self._connection.execute("delete from about")
            self._connection.execute("insert into about values (?)", (json.dumps({**facts, "writer": WRITER}),))

    def points(self) -> dict[str, int]:
        """The points that are there, and their places in the plan."""
        return dict(self._connection.execute("select point, number from points"))

    def add(self, task: Task, outcome: Outcome) -> None:
        """Keep one point.

        Raises
        ------
        UsageError : it cannot be written, as on a full disk; the rows that are there stay

        """
        values = (
            task.point,
            task.number,
            json.dumps(task.varied),
            json.dumps(task.changes),
            outcome.status,
            json.dumps(outcome.numbers),
            outcome.error,
            outcome.seconds,
        )
        with self._writing():
            self._connection.execute("insert or replace into points values (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def rows(self) -> Iterator[Row]:
        """All points, by their place in the plan."""
        for point, number, varied, changes, status, numbers, error, seconds in self._connection.execute(
            f"select {COLUMNS} from points order by number, rowid"
        ):
            changed = tuple((tuple(place), value) for place, value in json.loads(changes))
            yield Row(point, number, json.loads(varied), changed, Outcome(status, json.loads(numbers), error, seconds))

    def place(self, point: str, number: int) -> None:
        """Give a point that is there its place in the plan of today."""
        with self._writing():
            self._connection.execute("update points set number = ? where point = ?", (number, point))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that is committed whole, or taken back."""
        try:
            yield
            self._connection.commit()
        except sqlite3.Error as error:
            raise UsageError(
                f"{self.folder / FILE}: cannot be written: {error}; {self._kept()} are kept in it; make room, and the same"
                " command goes on from there"
            ) from None

    def _kept(self) -> str:
        try:
            self._connection.rollback()
            count = self._connection.execute("select count(*) from points").fetchone()[0]
        except sqlite3.Error:
            return "the points committed before"
        return f"{count} points"


def check_free(folder: Path) -> None:
    """Refuse a folder that is not empty and holds no sweep of this tool.

    Raises
    ------
    UsageError : naming the folder and the remedy

    """
    may_be = "allowed: a folder that is new, empty, or a sweep; choose another with -o"
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: found a file; {may_be}")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).is_file():
        raise UsageError(f"{folder}: found a folder with other files in it; {may_be}")


def begun(folder: Path) -> Store:
    """The store of a folder, made if it is not there.

    Raises
    ------
    UsageError : the folder holds something else, or cannot be written
    DataError : what is there is no sweep of this tool

    """
    check_free(folder)
    if (folder / FILE).is_file() and (folder / FILE).stat().st_size:
        return kept(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(folder / FILE, timeout=PATIENCE_S)
        connection.execute("pragma journal_mode = wal")  # remembered in the file
        connection.executescript(TABLES)
    except (OSError, sqlite3.Error) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(f"{folder}: cannot be written there: {reason}; choose another with -o") from None
    return _quick(Store(folder, connection), connection)


def kept(folder: Path) -> Store:
    """The store of a folder that a sweep was written into.

    Raises
    ------
    DataError : there is none

    """
    file = folder / FILE
    if not file.is_file():
        raise DataError(f"{folder}: found no {FILE} of this tool; allowed: a folder that `designer sweep` wrote")
    connection = sqlite3.connect(file, timeout=PATIENCE_S)
    store = Store(folder, connection)
    try:
        ours = not store.facts or store.facts.get("writer") == WRITER
        connection.execute(f"select {COLUMNS} from points limit 1")
    except (sqlite3.Error, ValueError) as error:
        connection.close()
        raise DataError(f"{file}: found no sweep of this tool: {error}; choose another with -o") from None
    if not ours:
        connection.close()
        raise DataError(f"{file}: found another program's; allowed: a folder that `designer sweep` wrote")
    return _quick(store, connection)


def _quick(store: Store, connection: sqlite3.Connection) -> Store:
    """Let the log reach the disk when the system likes, and keep it short: under half a megabyte."""
    connection.execute("pragma synchronous = normal")
    connection.execute("pragma wal_autocheckpoint = 100")
    return store
