"""A sweep's folder: `sweep.sqlite`, a row a point, committed as it comes, so that what is computed outlives a stopped program and a
full disk; and `sweep.csv`, made of it.

about     one row: the problem's text and what the sweep is of, as JSON
points    point (its name), plan (which had it last), number (its place in that plan), varied and changes (JSON), status, numbers
          (JSON), error, seconds

Rows of an earlier plan, of other values of the same keys, stay in the database for when they are in a plan again. The table and `--best`
are of the plan of today alone.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from designer.comparison.key_differences import key_differences
from designer.errors import DataError, DesignerError, OutputError, UsageError
from designer.problem.key_places import Change
from designer.search.sweep_plan import Plan, base_of
from designer.search.sweep_point import FAILED, Outcome, Task
from designer.versions import versions
from designer.writing import (
    SWEEP,
    Staging,
    check_folder,
    check_update,
    lack,
    output_errors,
    parents_made,
    reserve,
    turn,
    update_folder,
)

FILE = "sweep.sqlite"
TABLE_FILE, PROBLEM_FILE, FIGURE_FILE = MADE_ANEW = "sweep.csv", "best.toml", "trade-off.svg"
APPLICATION_ID = 0x4C464453
"""Application id of the database, by which it is known as this tool's before it holds a row."""
PATIENCE_S = 30.0
"""How long another program may hold the file."""
TABLES = f"""
pragma application_id = {APPLICATION_ID};
pragma journal_mode = wal;
create table about (facts text not null);
create table points (
    point text primary key, plan text not null, number integer not null, varied text not null, changes text not null,
    status text not null, numbers text not null, error text not null, seconds real not null
);
"""  # the file remembers both pragmas
COLUMNS = "point, plan, number, varied, changes, status, numbers, error, seconds"

Engine = Callable[[Iterable[Task]], Iterator[tuple[Task, Outcome]]]
Progress = Callable[[int, int, int], None]
"""Called with how many points were there before, how many came, and how many there are to be."""


class Row(NamedTuple):
    """One point that is computed, failed or not: as its task, with its outcome."""

    point: str
    number: int
    varied: Mapping[str, Any]
    changes: tuple[Change, ...]
    outcome: Outcome


class Store(AbstractContextManager["Store"]):
    """The rows of one folder; to be closed, as a file is.

    Whatever writes raises `OutputError` where it cannot, as on a full disk; the rows that are there stay.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._plan = str(self.facts.get("plan", ""))

    def __exit__(self, *_: object) -> None:
        """Close the file; each row is committed already."""
        self._connection.close()

    @property
    def facts(self) -> dict[str, Any]:
        """Facts of the sweep; empty at first."""
        row = self._connection.execute("select facts from about").fetchone()
        return {} if row is None else dict(json.loads(row[0]))

    def say(self, facts: Mapping[str, Any]) -> None:
        """Keep what the sweep is of; the rows that are read from now on are those of its plan."""
        self._plan = str(facts.get("plan", ""))
        self._write("insert or replace into about (rowid, facts) values (1, ?)", json.dumps(facts))

    def points(self) -> dict[str, tuple[str, int, str]]:
        """The points that are there: the plan that had each last, its place in it, and its status."""
        rows = self._connection.execute("select point, plan, number, status from points")
        return {point: (plan, number, status) for point, plan, number, status in rows}

    @property
    def others(self) -> int:
        """How many points are those of other plans."""
        return int(self._connection.execute("select count(*) from points where plan != ?", (self._plan,)).fetchone()[0])

    def add(self, task: Task, outcome: Outcome) -> None:
        """Keep one point."""
        texts = (json.dumps(task.varied), json.dumps(task.changes), outcome.status, json.dumps(outcome.numbers))
        sql = f"insert or replace into points ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._write(sql, task.point, self._plan, task.number, *texts, outcome.error, outcome.seconds)

    def place(self, point: str, number: int) -> None:
        """Give a point that is there its place in the plan of today."""
        self._write("update points set plan = ?, number = ? where point = ?", self._plan, number, point)

    def rows(self) -> Iterator[Row]:
        """All points of the plan, by their place in it."""
        for point, _, number, varied, changes, status, numbers, error, seconds in self._connection.execute(
            f"select {COLUMNS} from points where plan = ? order by number, rowid", (self._plan,)
        ):
            changed = tuple((tuple(place), value) for place, value in json.loads(changes))
            yield Row(point, number, json.loads(varied), changed, Outcome(status, json.loads(numbers), error, seconds))

    def _write(self, sql: str, *values: object) -> None:
        try:
            with self._connection:  # committed, or taken back
                self._connection.execute(sql, values)
        except sqlite3.Error as error:
            try:
                stored = f"{self._connection.execute('select count(*) from points').fetchone()[0]} points"
            except sqlite3.Error:
                stored = "the points committed before"
            raise OutputError(
                f"{self.folder / FILE}: cannot be written: {error}; {stored} are kept in it; make room, and the same"
                " command goes on from there"
            ) from None


def check_free(folder: Path, *, force: bool = False) -> None:
    """Refuse a folder that is not empty and holds no sweep of this tool, and tables of it that were edited.

    Raises
    ------
    UsageError : naming the folder and the remedy
    OutputError : no room there, or a folder that is read-only
    DataError : its database is no sweep of this tool

    """
    check_update(folder, SWEEP, MADE_ANEW, force=force)
    if os.path.lexists(folder / FILE):
        with opened(folder):
            pass
    elif folder.is_dir() and any(folder.iterdir()):
        check_folder(folder, SWEEP)  # what lies there belongs to no sweep
    reserve(folder / FILE)


def begun(folder: Path, *, force: bool = False) -> Store:
    """The store of a folder, made if it is not there: the database appears with its tables, in one step; errors as `check_free`."""
    check_free(folder, force=force)
    if not (folder / FILE).exists():
        try:
            with output_errors(folder), parents_made(folder / FILE) as at, Staging(at.parent, FILE) as staging:
                connection = sqlite3.connect(staging.new / FILE)
                connection.executescript(TABLES)
                connection.close()
                with turn(at.parent):
                    if not at.exists():  # another process may have begun the same sweep
                        (staging.new / FILE).replace(at)
        except sqlite3.Error as error:
            raise OutputError(f"{folder}: cannot be written: {error}; make room, or choose another place") from None
    return opened(folder)


def opened(folder: Path) -> Store:
    """The store of a folder that a sweep was written into.

    Raises
    ------
    DataError : there is none

    """
    file = folder / FILE
    if file.is_symlink() or not file.is_file():
        raise DataError(lack(folder, f"{FILE} of this tool", "designer sweep"))
    connection = sqlite3.connect(file, timeout=PATIENCE_S)
    try:
        ours = connection.execute("pragma application_id").fetchone()[0] == APPLICATION_ID
        connection.execute(f"select {COLUMNS} from points limit 1")
    except sqlite3.Error as error:
        connection.close()
        raise DataError(
            f"{file}: got no sweep of this tool: {error}; expected one that `designer sweep` wrote; choose another with -o"
        ) from None
    if not ours:
        connection.close()
        raise DataError(
            f"{file}: got a file of another program; expected one that `designer sweep` wrote; choose another with -o"
        )
    # The log reaches the disk when the system likes, and is kept short: under half a megabyte.
    connection.executescript("pragma synchronous = normal; pragma wal_autocheckpoint = 100")
    return Store(folder, connection)


def write_table(store: Store, *, force: bool = False) -> Path:
    """Write `sweep.csv` of what a store has, whole or not at all: one row a point, by its place in the plan.

    Raises
    ------
    UsageError : the table that is there was edited, and `force` is not given
    OutputError : it cannot be written; what the store has stays

    """
    path = store.folder / TABLE_FILE

    def fill(folder: Path) -> None:
        numbers = dict.fromkeys(name for row in store.rows() for name in row.outcome.numbers)
        columns = [*store.facts["keys"], *numbers, "status", "error", "seconds"]
        with (folder / TABLE_FILE).open("w", encoding="utf-8", newline="") as out:
            table = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\n")
            table.writeheader()
            for row in store.rows():  # one after the other: none is held
                cells = {key: _cell(value) for key, value in {**row.varied, **row.outcome.numbers}.items()}
                ending = (row.outcome.status, row.outcome.error, f"{row.outcome.seconds:.4f}")
                table.writerow(cells | dict(zip(columns[-3:], ending, strict=True)))

    try:
        update_folder(store.folder, SWEEP, fill, force=force)
    except OutputError as error:
        raise OutputError(f"{path}: {str(error).partition(': ')[2]}; all points are kept in {store.folder}") from None
    return path


def _cell(value: Any) -> str:
    """As TOML has it, text without quotes; a float in the digits that give it back."""
    return value if isinstance(value, str) else json.dumps(value)


def sweep(
    plan: Plan,
    folder: Path,
    engine: Engine,
    *,
    command: str = "",
    progress: Progress = lambda _before, _computed, _all: None,
    retry_failed: bool = False,
    force: bool = False,
) -> tuple[Counter[str], int]:
    """Compute what the folder does not have of a plan, row by row, then write the table.

    Parameters
    ----------
    retry_failed : bool, compute failed points again

    Returns
    -------
    counts, before : how many points of each status there are, and how many of them were there before

    Raises
    ------
    UsageError : the folder holds something else, or a sweep of another problem or of other keys
    OutputError : it cannot be written; what is computed is kept
    DataError : the folder's file is no sweep

    """
    with begun(folder, force=force) as store:
        _check_same(store, plan)
        store.say({"command": command, **plan.facts, "versions": versions()})
        stored = store.points()
        before = computed = 0

        def missing() -> Iterator[Task]:
            nonlocal before
            for task in plan.tasks():
                *place, status = stored.get(task.point, ("", -1, ""))
                if not status or (retry_failed and status == FAILED):
                    yield task
                    continue
                before += 1
                if place != [plan.digest, task.number]:
                    store.place(task.point, task.number)
                progress(before, computed, len(plan))

        for computed, (task, outcome) in enumerate(engine(missing()), start=1):
            store.add(task, outcome)
            progress(before, computed, len(plan))
        counts = Counter(row.outcome.status for row in store.rows())
        write_table(store, force=force)
    return counts, before


def _check_same(store: Store, plan: Plan) -> None:
    """Refuse to mix what was computed from another problem, by other keys, or judged otherwise."""
    was, now = store.facts, plan.facts
    if not was:
        return
    remedy = "choose another folder with -o"
    if was["content"] != now["content"]:
        raise UsageError(
            f"{store.folder}: holds a sweep of {was['source']} as it was before it changed ({_what_changed(was, plan)}); expected"
            f" the same problem; undo the change, or {remedy}"
        )
    if was["keys"] != now["keys"]:
        raise UsageError(
            f"{store.folder}: holds a sweep of the keys {', '.join(was['keys'])}; got {', '.join(now['keys'])}; expected the same"
            f" keys, whose values may differ; {remedy}"
        )
    for fact, option in (("images", "--mirror"), ("robust", "--robust")):
        if was[fact] != now[fact]:
            before, after, change = ("with", "without", "give it") if was[fact] else ("without", "with", "leave it out")
            raise UsageError(
                f"{store.folder}: holds a sweep {before} {option}; got one {after}; expected the same; {change}, or {remedy}"
            )


def _what_changed(was: dict[str, Any], plan: Plan) -> str:
    try:
        old = base_of(was)
    except DesignerError:
        return "a file that it names is gone"
    rows = [f"{key} was {before}, and is {now}" for key, (before, now) in key_differences([old, plan.problem])]
    more = f", and {len(rows) - 2} keys more" if len(rows) > 2 else ""
    return "; ".join(rows[:2]) + more if rows else "a data file that it names is another"
