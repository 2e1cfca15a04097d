"""Rows outlive a full disk: what is committed stays, the message says how much and what to do, and the sweep goes on."""

from __future__ import annotations

import csv
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from toml_text import pair, toml

import designer
from designer.errors import DataError, OutputError, UsageError
from designer.search import sweep_store
from designer.search.sweep_plan import Plan, variations
from designer.search.sweep_point import DONE, FAILED, Outcome, Task
from designer.search.sweep_store import FILE, begun, opened, write_table
from search.stub import square, task

FACTS = {"keys": ["n"], "content": "", "text": ""}
FULL = """
import resource, sys
from pathlib import Path
from search.stub import square, task
from designer.search.sweep_store import begun
with begun(Path(sys.argv[1])) as store:
    store.say({"keys": ["n"]})
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
    for n in range(10_000):
        store.add(task(n), square(task(n)))
"""


def test_rows_come_back(tmp_path: Path) -> None:
    """What is put in comes out, by number, whatever order it came in; the same point again replaces its row."""
    rows = [
        (task(n, key=value), Outcome(DONE, {"a.b": 0.1 * n}, seconds=1.5)) for n, value in enumerate([0.1, "ä", [1, 2]])
    ]
    with begun(tmp_path / "new" / "folder") as store:
        store.say(FACTS)
        for input_value, outcome in [*reversed(rows), rows[0]]:
            store.add(input_value, outcome)
    with opened(tmp_path / "new" / "folder") as store:
        assert [(row.point, row.number, row.varied, row.changes, row.outcome) for row in store.rows()] == [
            (input_value.point, input_value.number, input_value.varied, input_value.changes, outcome)
            for input_value, outcome in rows
        ]


def test_a_row_is_there_for_others_at_once(tmp_path: Path) -> None:
    """Each row is committed as it comes: another connection reads it while the store is open."""
    with begun(tmp_path) as store:
        for n in range(3):
            store.add(task(n), square(task(n)))
            with sqlite3.connect(tmp_path / FILE) as other:
                assert other.execute("select count(*) from points").fetchone() == (n + 1,)
            other.close()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The system refuses to let the file grow: the rows before are whole, the message counts them, and with room it goes on."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], env={"PYTHONPATH": ":".join(sys.path)},
                          capture_output=True, text=True, check=False)  # fmt: skip
    message = re.search(
        r"OutputError: (.*): cannot be written: (.*); (\d+) points are kept in it; make room, and the same", done.stderr
    )
    assert message is not None, done.stderr
    with opened(tmp_path) as store:
        assert len(list(store.rows())) == int(message[3]) > 10
        assert store._connection.execute("pragma integrity_check").fetchone() == ("ok",)
        store.add(task(10_000), square(task(10_000)))
        assert len(list(store.rows())) == int(message[3]) + 1
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] in (-1, resource.RLIM_INFINITY)


def test_sqlites_own_word_for_it(tmp_path: Path) -> None:
    """A database that may have no more pages says that the disk is full, and so does the message."""
    with begun(tmp_path) as store:
        store.say(FACTS)
        pages = store._connection.execute("pragma page_count").fetchone()[0]
        store._connection.execute(f"pragma max_page_count = {pages + 1}")
        with pytest.raises(
            OutputError, match=r"sweep.sqlite: cannot be written: database or disk is full; \d+ points are kept in it;"
        ):
            for n in range(1000):
                store.add(task(n), square(task(n)))


def test_a_table_that_finds_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table before stays as it was, nothing half-written is left, and the message says where the points are."""

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    with begun(tmp_path) as store:
        store.say(FACTS)
        store.add(task(1), square(task(1)))
        before = write_table(store).read_bytes()
        store.add(task(2), square(task(2)))
        monkeypatch.setattr(sweep_store, "_cell", full)
        with pytest.raises(
            OutputError, match=r"sweep.csv: cannot be written: no space left on device; .*; all points are kept in"
        ):
            write_table(store)
    assert (tmp_path / "sweep.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["designer-manifest.json", "sweep.csv", FILE]


def test_the_table(tmp_path: Path) -> None:
    """One row a point, in order: varied keys, numbers, status, error, seconds; what a point has not is empty, quotes as CSV has them."""
    with begun(tmp_path) as store:
        store.say({**FACTS, "keys": ["a", "b"]})
        store.add(task(1, a=0.1, b="x, y"), Outcome(FAILED, error='got "1"', seconds=0.25))
        store.add(task(0, a=True, b=[1, 2]), Outcome(DONE, {"left.gain_db": 0.1 + 0.2}, seconds=1.0))
        text = write_table(store).read_text(encoding="utf-8")
    assert text == (
        "a,b,left.gain_db,status,error,seconds\n"
        'true,"[1, 2]",0.30000000000000004,done,,1.0000\n'
        '0.1,"x, y",,failed,"got ""1""",0.2500\n'
    )


def test_plans_are_kept_apart_and_failures_tried_again(tmp_path: Path) -> None:
    """Of two plans in one folder the table has the last one's points, what both have is computed once, and what the first alone had is
    there for a third. Failed points are computed again where that is wanted, and others never.
    """
    base = designer.loads(toml(pair()))
    computed: list[float] = []

    def engine(tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        for point in tasks:
            effort = point.varied["designs.left.max_effort_db"]
            failed = effort == 6 and computed.count(6) == 0
            computed.append(effort)
            yield (
                point,
                Outcome(FAILED, error="no room") if failed else Outcome(DONE, {"left.largest_effort_db": effort}),
            )

    def table(values: str, *, retry_failed: bool = False) -> tuple[list[float], list[str]]:
        plan = Plan(base, variations(base, [f"designs.left.max_effort_db={values}"]))
        sweep_store.sweep(plan, tmp_path / "s", engine, retry_failed=retry_failed)
        lines = (tmp_path / "s" / "sweep.csv").read_text().splitlines()
        rows = list(csv.DictReader(lines))
        return [float(row["designs.left.max_effort_db"]) for row in rows], [row["status"] for row in rows]

    assert table("3,6") == ([3, 6], [DONE, FAILED])
    assert table("12,6") == ([12, 6], [DONE, FAILED])
    assert computed == [3, 6, 12]
    with opened(tmp_path / "s") as store:
        assert store.others == 1
    assert table("12,6", retry_failed=True) == ([12, 6], [DONE, DONE])
    assert table("3,12", retry_failed=True) == ([3, 12], [DONE, DONE])
    assert computed == [3, 6, 12, 6]


def test_folders_of_others(tmp_path: Path) -> None:
    """Other files, a file in the folder's place, and a database of something else are refused, and left as they are."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    with pytest.raises(
        UsageError, match=r"notes: a folder with other files in it \(a\.txt\), and no .*, or a sweep of this version"
    ):
        begun(tmp_path / "notes")
    with pytest.raises(
        UsageError, match=r"a\.txt: file exists; expected a new or empty folder, or a sweep; choose another with -o$"
    ):
        begun(tmp_path / "notes" / "a.txt")
    with pytest.raises(
        DataError,
        match=r"notes: got no sweep\.sqlite of this tool; expected a folder that `designer sweep` wrote; choose another",
    ):
        opened(tmp_path / "notes")
    (tmp_path / "notes" / FILE).write_text("not a database at all")
    with pytest.raises(
        DataError,
        match=r"sweep\.sqlite: got no sweep of this tool: file is not a database; expected one that `designer sweep` wrote; choose",
    ):
        begun(tmp_path / "notes")
    assert (tmp_path / "notes" / FILE).read_text() == "not a database at all"
