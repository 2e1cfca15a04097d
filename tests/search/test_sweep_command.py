"""`designer sweep` as a user runs it: the table, what goes on after a stop, what is refused, and the winner's file."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import run
from toml_text import pair, toml

import designer
from designer.search import sweep_point as local
from designer.search.sweep_point import Outcome, Task, measure

VARY = ["--vary", "drivers.right.position_m[1]=0.06:0.1:0.02", "--vary", "designs.left.max_effort_db=3,9", "--mirror"]


def problem(folder: Path, **changed: Any) -> str:
    path = folder / "pair.toml"
    path.write_text(toml(pair() | changed), encoding="utf-8")
    return str(path)


def one_after_the_other(tasks: Iterable[Task], processes: int) -> Iterator[tuple[Task, Outcome]]:
    return ((task, measure(task)) for task in tasks)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process: to begin one takes longer than the points."""
    monkeypatch.setattr(local, "in_processes", one_after_the_other)


def numbers(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=["seconds", "error"])


@pytest.mark.usefixtures("here")
def test_the_table_is_what_single_designs_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row has the numbers of the same file edited by hand; a point that fails is a row with its error, and the rest goes on."""
    file, out = problem(tmp_path), tmp_path / "sweep"
    value = [
        "sweep",
        file,
        "--vary",
        "drivers.right.position_m[1]=0.06,-0.08,0.1",
        "--vary",
        "designs.*.max_effort_db=9",
        "-o",
        str(out),
    ]
    ended = run(capsys, monkeypatch, *value)
    assert (ended.code, ended.out) == (0, f"3 points: 2 done, 1 failed\nwrote {out / 'sweep.csv'}\n")
    assert (
        ended.err == f"warning: 1 points failed; their errors are in {out / 'sweep.csv'}\n"
        or "sits on the" in ended.err
    )
    table = pd.read_csv(out / "sweep.csv")
    assert table.status.tolist() == ["done", "failed", "done"]
    assert list(table.columns[:2]) == ["drivers.right.position_m[1]", "designs.*.max_effort_db"]
    assert table.error[1].startswith("drivers[1].position_m: ")
    assert (table.seconds > 0).all()
    tables = pair()
    tables["drivers"][1]["position_m"][1] = 0.1
    tables["designs"][0]["max_effort_db"] = 9
    by_hand = designer.design(designer.loads(toml(tables))).scalars["left"].values
    assert {key.removeprefix("left."): table[key][2] for key in table.columns if key.startswith("left.")} == by_hand


@pytest.mark.usefixtures("here")
def test_the_winner_is_a_problem_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It meets its requirements under the limit, has the most gain to half a dB, and of those the least effort; `designer design`
    takes it, and it designs to the row's numbers; a sweep's own folder
    is enough to pick from again.
    """
    file, out = problem(tmp_path), tmp_path / "sweep"
    ended = run(
        capsys,
        monkeypatch,
        "sweep",
        file,
        *VARY,
        "-o",
        str(out),
        "--best",
        "cancellation_gain_db",
        "--subject-to",
        "effort_db<5",
    )
    assert ended.code == 0
    table = pd.read_csv(out / "sweep.csv")
    able = table[table["left.largest_effort_db"] < 5]
    assert 1 <= len(able) < len(table) == 6
    able_and_met = able[able.status == "done"]
    gain = able_and_met["left.mean_cancellation_gain_db"]
    first = able_and_met[gain >= gain.max() - 0.5].sort_values("left.largest_effort_db").iloc[0]
    message = ended.out.splitlines()[2:]
    assert message[0] == (
        f"best of {len(able)} points with largest_effort_db<5: drivers.right.position_m[1] ="
        f" {first['drivers.right.position_m[1]']:g}, designs.left.max_effort_db = {first['designs.left.max_effort_db']:g}"
    )
    assert message[-2:] == [f"wrote {out / 'best.toml'}", f"wrote {out / 'trade-off.svg'}"]
    best = designer.load(out / "best.toml")
    assert best.drivers[0].position_m == [0.0, -first["drivers.right.position_m[1]"], 0.0]
    assert best.title == (
        f"Pair, drivers.right.position_m[1] = {first['drivers.right.position_m[1]']:g}, designs.left.max_effort_db ="
        f" {first['designs.left.max_effort_db']:g}"
    )
    again = designer.design(best).scalars["left"].values
    assert again == {key: first[f"left.{key}"] for key in again}
    ended = run(capsys, monkeypatch, "sweep", "-o", str(out), "--best", "left.effort_db")
    assert ended.code == 0
    done = table[table.status == "done"].sort_values("left.largest_effort_db")
    assert designer.load(out / "best.toml").designs[0].max_effort_db == done["designs.left.max_effort_db"].iloc[0]
    assert (out / "trade-off.svg").read_text(encoding="utf-8").count("designs.left.max_effort_db = ") >= 2


@pytest.mark.usefixtures("here")
def test_data_files_are_found_from_the_winner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver's response beside the problem file is named from the sweep's folder, and a changed one is another problem."""
    (tmp_path / "set").mkdir()
    for angle in (0, 90, 180):
        lines = [f"{f} {80 - angle / 30} 0" for f in np.geomspace(20, 8000, 60).round(2)]
        (tmp_path / "set" / f"d {angle}.frd").write_text("\n".join(lines))
    tables = pair()
    tables["drivers"][1]["response"] = "set/d *.frd"
    file, out = problem(tmp_path, drivers=tables["drivers"]), tmp_path / "deep" / "sweep"
    value = ["sweep", file, "--vary", "designs.left.max_effort_db=6", "-o", str(out), "--best", "effort_db"]
    ended = run(capsys, monkeypatch, *value)
    assert ended.code == 0, ended.err
    best = designer.load(out / "best.toml")
    assert best.drivers[1].response == "../../set/d *.frd"
    assert designer.design(best).scalars["left"].values["largest_effort_db"] == pytest.approx(
        pd.read_csv(out / "sweep.csv")["left.largest_effort_db"][0], rel=1e-12
    )
    (tmp_path / "set" / "d 90.frd").write_text((tmp_path / "set" / "d 180.frd").read_text())
    ended = run(capsys, monkeypatch, *value)
    assert (ended.code, "(a data file that it names is another)" in ended.err) == (2, True)


@pytest.mark.usefixtures("here")
def test_what_is_there_is_not_computed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More values of the same keys add their rows, in the plan's order; a changed file, other keys and other judging are refused."""
    file, out = problem(tmp_path), tmp_path / "sweep"
    effort = "designs.left.max_effort_db"
    assert run(capsys, monkeypatch, "sweep", file, "--vary", f"{effort}=3,9", "-o", str(out)).code == 0
    before = pd.read_csv(out / "sweep.csv")
    ended = run(capsys, monkeypatch, "sweep", file, "--vary", f"{effort}=3,6,9", "-o", str(out))
    assert ended.out.splitlines()[0].startswith("3 points (2 were there before): ")
    after = pd.read_csv(out / "sweep.csv")
    assert after[effort].tolist() == [3, 6, 9]
    pd.testing.assert_frame_equal(after.iloc[[0, 2]].reset_index(drop=True), before)
    opened = (out / "sweep.sqlite").read_bytes()
    for value, message in (
        (["--vary", "grid.frequencies=33,65"],
         f"holds a sweep of the keys {effort}; got grid.frequencies; expected the same keys, whose values may differ; choose another folder"
         " with -o"),
        (["--vary", f"{effort}=3", "--robust"],
         "holds a sweep without --robust; got one with; expected the same; leave it out, or choose another folder with -o"),
    ):  # fmt: skip
        ended = run(capsys, monkeypatch, "sweep", file, *value, "-o", str(out))
        assert (ended.code, ended.err) == (2, f"error: {out}: {message}\n")
    problem(tmp_path, speed_of_sound_m_s=340)
    ended = run(capsys, monkeypatch, "sweep", file, "--vary", f"{effort}=3", "-o", str(out))
    assert (ended.code, ended.err) == (
        2,
        f"error: {out}: holds a sweep of {file} as it was before it changed (speed_of_sound_m_s was 343 (default), and is 340); expected"
        " the same problem; undo the change, or choose another folder with -o\n",
    )
    assert (out / "sweep.sqlite").read_bytes() == opened


def test_a_killed_sweep_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed with SIGKILL on one process and ended in this one: no point is computed twice, none is missing, no process is left, and all
    numbers, those of the other process too, are what this one makes of every point, to 1e-9.
    """
    file, out = problem(tmp_path, grid={"frequencies": 129, "azimuth_step_deg": 30.0}), tmp_path / "sweep"
    vary = [
        "--vary",
        "drivers.right.position_m[1]=0.05:0.09:0.01",
        "--vary",
        "designs.left.max_effort_db=3,9",
        "--mirror",
    ]
    command = [sys.executable, "-m", "designer.cli", "sweep", file, *vary, "-o", str(out), "--processes", "1"]
    begun = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    wait_for_rows(out / "sweep.sqlite", 3)
    os.kill(begun.pid, signal.SIGKILL)
    begun.communicate()
    early = rows_of(out / "sweep.sqlite")
    assert 3 <= len(early) < 10
    wait_for_end(begun.pid)
    monkeypatch.setattr(local, "in_processes", one_after_the_other)
    ended = run(capsys, monkeypatch, "sweep", file, *vary, "-o", str(out))
    assert ended.out.startswith(f"10 points ({len(early)} were there before): ")
    late = rows_of(out / "sweep.sqlite")
    assert len(late) == 10
    assert {point: late[point] for point in early} == early
    table = pd.read_csv(out / "sweep.csv")
    assert run(capsys, monkeypatch, "sweep", file, *vary, "-o", str(tmp_path / "plain")).code == 0
    plain = pd.read_csv(tmp_path / "plain" / "sweep.csv")
    pd.testing.assert_frame_equal(numbers(table), numbers(plain), rtol=1e-9, atol=0)


def rows_of(file: Path) -> dict[str, tuple[Any, ...]]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:  # does not make one
        rows = connection.execute("select point, rowid, numbers, seconds from points").fetchall()
    connection.close()
    return {point: tuple(remainder) for point, *remainder in rows}


def wait_for_rows(file: Path, count: int) -> None:
    for _ in range(1200):
        try:
            if len(rows_of(file)) >= count:
                return
        except sqlite3.Error:
            pass
        time.sleep(0.02)
    raise AssertionError("no rows came")


def wait_for_end(group: int) -> None:
    """Until no process of a killed one's group is left; a process that nobody waited for is no longer running."""
    for _ in range(500):
        running = [line for line in _states(group) if not line.startswith("Z")]
        if not running:
            return
        time.sleep(0.02)
    raise AssertionError(f"left over: {running}")


def _states(group: int) -> list[str]:
    actual = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, own, *_ = stat.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if int(own) == group:
            actual.append(f"{state} {stat}")
    return actual


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (["-o", "x"], 2, "error: got neither a problem file nor --best; expected PROBLEM.toml with --vary, --best of a sweep, or both"),
        (["{file}", "-o", "x"], 2,
         "error: --vary: got no keys; expected one or more; give a key and its values, as designs.left.max_effort_db=6,12"),
        (["--vary", "a=1", "--best", "effort_db", "-o", "x"], 2, "error: --vary: got no problem file; expected PROBLEM.toml beside it"),
        (["{file}", "--vary", "grid.frequencies=33", "--subject-to", "effort_db<1", "-o", "x"], 2,
         "error: --subject-to: got no --best; expected the two together, as --best cancellation_gain_db"),
        (["{file}", "--vary", "grid.frequencies=33", "--best", "cancelation_gain_db", "-o", "x"], 2,
         'nearest known: "cancellation_gain_db"'),
        (["{file}", "--vary", "grid.frequencies=33", "--best", "effort_db", "--subject-to", "effort_db=<6", "-o", "x"], 2,
         "expected a number's name, < <= > or >=, and a limit, as effort_db<12"),
        (["{file}", "--vary", "drivers.*.position_m[1]=0.05,0.08", "--mirror", "-o", "x"], 2,
         "with --mirror one driver of the pair, whose image takes the other sign; name one of them"),
        (["{file}", "--vary", "grid.frequencis=33", "-o", "x"], 2, "nearest known: grid.frequencies"),
        (["{file}", "--vary", "grid.frequencies=2", "-o", "x"], 3, "grid.frequencies: got 2; expected a whole number from 3 to 65537"),
        (["--best", "effort_db", "-o", "x"], 3,
         "error: x: no such folder; expected a folder that `designer sweep` wrote; mend the path, or run `designer sweep` first"),
        (["{file}", "--vary", "grid.frequencies=33", "--processes", "2", "--scheduler", "tcp://a:1", "-o", "x"], 2,
         "error: got --scheduler and --processes; expected one of them; the cluster's workers are its processes"),
    ],
)  # fmt: skip
def test_what_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    code: int,
    message: str,
) -> None:
    """Each message says what was found, what is allowed and the remedy; nothing is written."""
    file = problem(tmp_path)
    monkeypatch.chdir(tmp_path)
    ended = run(capsys, monkeypatch, "sweep", *(one.format(file=file) for one in given))
    assert ended.code == code
    assert re.search(f"{re.escape(message)}$", ended.err, re.MULTILINE)
    assert [path.name for path in tmp_path.iterdir()] == ["pair.toml"]


def test_an_interruption(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends with exit code 130 and says that the same command goes on; what came before is kept."""

    def interrupted(tasks: Iterable[Task], processes: int) -> Iterator[tuple[Task, Outcome]]:
        yield from list(one_after_the_other(tasks, processes))[:1]
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "in_processes", interrupted)
    out = tmp_path / "sweep"
    ended = run(
        capsys, monkeypatch, "sweep", problem(tmp_path), "--vary", "designs.left.max_effort_db=3,9", "-o", str(out)
    )
    assert (ended.code, ended.err) == (
        130,
        f"stopped; what is computed is kept in {out}, and the same command goes on from there\n",
    )
    assert len(rows_of(out / "sweep.sqlite")) == 1
