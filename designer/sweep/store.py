"""`sweep.sqlite`: a row a point, committed as it comes, so that what is computed outlives a stopped program and a full disk.

about     one row: the problem's text and what the sweep is of, as JSON
points    point (its name), number (its place in the plan), varied and changes (JSON), status, numbers (JSON), error, seconds
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from designer.errors import DataError, OutputError
from designer.sweep.point import Outcome, Task
from designer.versions import WRITER
from designer.writing import (
    SWEEP,
    Staging,
    check_folder,
    check_update,
    output_errors,
    parents_made,
    reserve,
    turn,
)

FILE = "sweep.sqlite"
TABLE_FILE, PROBLEM_FILE, FIGURE_FILE = TABLES_OF_ALL = "sweep.csv", "best.toml", "trade-off.svg"
"""What is made of the rows, and made anew."""
APPLICATION_ID = 0x4C464453
"""Of the database, by which it is known as this tool's before it holds a row."""
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
        """Close it."""
        self.close()

    def close(self) -> None:
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
        OutputError : it cannot be written, as on a full disk; the rows that are there stay

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
            raise OutputError(
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


def check_free(folder: Path, *, force: bool = False) -> None:
    """Refuse a folder that is not empty and holds no sweep of this tool, and tables of it that were edited.

    Raises
    ------
    UsageError : naming the folder and the remedy
    OutputError : no room there, or a folder that is read-only
    DataError : its database is no sweep of this tool

    """
    check_update(folder, SWEEP, TABLES_OF_ALL, force=force)
    if folder.is_dir():
        if os.path.lexists(folder / FILE):
            kept(folder).close()
        elif any(folder.iterdir()):
            check_folder(folder, SWEEP)  # what lies there belongs to no sweep
    reserve(folder / FILE)


def begun(folder: Path, *, force: bool = False) -> Store:
    """The store of a folder, made if it is not there: the database appears with its tables, in one step.

    Raises
    ------
    UsageError : the folder holds something else
    OutputError : it cannot be written
    DataError : what is there is no sweep of this tool

    """
    check_free(folder, force=force)
    if not (folder / FILE).exists():
        try:
            with output_errors(folder), parents_made(folder / FILE) as at, Staging(at.parent, FILE) as staging:
                connection = sqlite3.connect(staging.new / FILE)
                connection.execute(f"pragma application_id = {APPLICATION_ID}")
                connection.execute("pragma journal_mode = wal")  # remembered in the file
                connection.executescript(TABLES)
                connection.close()
                with turn(at.parent):
                    if not at.exists():  # another process may have begun the same sweep
                        (staging.new / FILE).replace(at)
        except sqlite3.Error as error:
            raise OutputError(f"{folder}: cannot be written: {error}; make room, or choose another place") from None
    return kept(folder)


def kept(folder: Path) -> Store:
    """The store of a folder that a sweep was written into.

    Raises
    ------
    DataError : there is none

    """
    file = folder / FILE
    if file.is_symlink() or not file.is_file():
        raise DataError(f"{folder}: found no {FILE} of this tool; allowed: a folder that `designer sweep` wrote")
    connection = sqlite3.connect(file, timeout=PATIENCE_S)
    store = Store(folder, connection)
    try:
        application_id = connection.execute("pragma application_id").fetchone()[0]
        ours = application_id == APPLICATION_ID or store.facts.get("writer") == WRITER
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
