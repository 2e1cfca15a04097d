"""A newcomer's own shape: the file that is written, and the messages about it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from command import Ended, run
from toml_text import pair, toml

from designer.search import starter

Command = Callable[..., Ended]


@pytest.fixture
def designer_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return functools.partial(run, capsys, monkeypatch)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_realisation_loses_is_said_with_the_verdict(here: Path, designer_command: Command) -> None:
    """Of 32 taps, whose metrics fall short of the curve, the terminal does not say "met at every frequency." and stop there."""
    problem = pair()
    problem["realization"] = {"taps": 32}
    (here / "short.toml").write_text(toml(problem), encoding="utf-8")
    ended = designer_command("design", "short.toml")
    assert "short" in set(pd.read_csv(here / "out" / "short" / "metrics.csv")["status"])
    (message,) = [line for line in ended.out.splitlines() if line.startswith("left: ")]
    assert re.search(r"; but realisation misses cancellation_gain_db by \d+\.\d\d dB at \d+ k?Hz", message)


@pytest.mark.parametrize(("shape", "drivers"), [("bar", 2), ("sphere", 2), ("box", 3), ("pair", 2)])
def test_every_shape_needs_no_number_of_drivers(
    shape: str, drivers: int, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`designer new` with a shape alone writes a file of as few drivers as the shape can have; only the pair's is worked out here."""
    if shape != "pair":
        monkeypatch.setattr(starter, "new_problem", lambda geometry: ("[[drivers]]\n" * geometry.drivers, []))
    ended = designer_command("new", "mine.toml", "--shape", shape)
    assert ended.code == 0, ended.err
    assert (here / "mine.toml").read_text(encoding="utf-8").count("[[drivers]]") == drivers
