"""A solver that stops at one channel: what the folder keeps of it, and what the commands that read the folder or design it say."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command import run
from toml_text import pair, toml

import designer
from designer import errors
from designer.designs import ChannelDesign, all_channels, channel
from designer.search import sweep_point as local
from designer.search.sweep_point import Outcome, Task, measure
from writing.killed import contents

WHY = 'design "left": the cone solver stopped'


def two_channels(**of_left: Any) -> dict[str, Any]:
    tables = pair()
    other = {**tables["designs"][0], "name": "right", "ear": "right"}
    return {**tables, "designs": [tables["designs"][0] | of_left, other]}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder; the solver stops at every channel "left" with an effort of 9 dB."""

    def stops(table: Any, scene: Any) -> ChannelDesign:
        if table.name == "left" and table.max_effort_db == 9.0:
            raise errors.SolverError(WHY)
        return channel.design_channel(table, scene)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(all_channels, "design_channel", stops)
    for name, effort_db in (("good", 12.0), ("bad", 9.0)):
        (tmp_path / f"{name}.toml").write_text(toml(two_channels(max_effort_db=effort_db)), encoding="utf-8")
    return tmp_path


def test_a_folder_that_misses_a_channel_says_so_for_good(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Opened and saved again it is the same, byte for byte; exports of it and sound through it say what is missing."""
    command = functools.partial(run, capsys, monkeypatch)
    assert command("design", "bad.toml", "-o", "out").code == errors.EXIT_SOLVER
    again = designer.open("out")
    assert (again.status, again.failures, list(again.channels)) == (errors.EXIT_SOLVER, {"left": WHY}, ["right"])
    (here / "beside").mkdir()
    monkeypatch.chdir(here / "beside")
    again.save("out")
    monkeypatch.chdir(here)
    assert contents(here / "beside/out") == contents(here / "out")
    ended = command("export", "out", "--target", "csv")
    assert (ended.code, ended.err.splitlines()[0]) == (
        errors.EXIT_DONE,
        f'warning: the channel "left" is missing: {WHY}',
    )
    ended = command("compare", "out", "good.toml", "-o", "side")
    notes = [
        f'note: the channel "left" of out is missing: {WHY}',
        'note: the channel "left" is in good alone, so it is not compared',
    ]
    assert (ended.code, ended.err.splitlines()) == (errors.EXIT_DONE, notes)


def test_compare_goes_on_without_a_channel_and_without_a_design(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A channel, or a whole design, at which the solver stops is named on the page and left out; with one design left it is exit code 5."""
    command = functools.partial(run, capsys, monkeypatch)
    alone = two_channels(max_effort_db=9.0)
    (here / "none.toml").write_text(toml({**alone, "designs": alone["designs"][:1]}), encoding="utf-8")
    ended = command("compare", "good.toml", "bad.toml", "none.toml", "-o", "side")
    notes = [f'the channel "left" of bad is missing: {WHY}', f"left out: none: {WHY}"]
    notes.append('the channel "left" is in good alone, so it is not compared')
    assert (ended.code, ended.err.splitlines()) == (errors.EXIT_DONE, [f"note: {note}" for note in notes])
    assert json.loads((here / "side/comparison.json").read_text(encoding="utf-8"))["notes"] == notes
    table = pd.read_csv(here / "side/comparison.csv")
    assert {tuple(key) for key in table[["design", "channel"]].drop_duplicates().to_numpy()} == {
        ("good", "right"), ("bad", "right"),
    }  # fmt: skip
    before = contents(here)
    ended = command("compare", "good.toml", "none.toml", "-o", "side")
    assert (ended.code, ended.err) == (errors.EXIT_SOLVER, f"error: none: {WHY}\n")
    assert contents(here) == before


def test_a_sweeps_point_keeps_what_was_designed(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A point with a channel that stopped has failed, says which, is never the best, and keeps the other channel's numbers."""

    def here_and_now(tasks: Iterable[Task], processes: int) -> Iterator[tuple[Task, Outcome]]:
        return ((task, measure(task)) for task in tasks)

    monkeypatch.setattr(local, "in_processes", here_and_now)
    command = functools.partial(run, capsys, monkeypatch)
    vary = ["--vary", "designs.left.max_effort_db=9,12"]
    ended = command("sweep", "good.toml", *vary, "-o", "swept", "--best", "right.mean_cancellation_gain_db")
    assert ended.code == errors.EXIT_DONE and "2 points: 1 done, 1 failed" in ended.out
    assert "best of 1 points: designs.left.max_effort_db = 12" in ended.out
    table = pd.read_csv(here / "swept/sweep.csv").set_index("designs.left.max_effort_db")
    assert (table.loc[9, "status"], table.loc[9, "error"]) == ("failed", f"left: {WHY}")
    numbers = table.filter(like="right.")
    assert numbers.size and (numbers.loc[9] == numbers.loc[12]).all()
    assert table.loc[9].filter(like="left.").isna().all() and table.loc[12].filter(like="left.").notna().all()
