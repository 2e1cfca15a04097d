"""A newcomer's own shape: the file that is written, and the messages about it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from command import Command
from toml_text import pair, toml

from designer import errors
from designer.search import starter


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_met_on_paper_alone_ends_with_7(here: Path, designer_command: Command) -> None:
    """Of 16 taps, whose metrics fall short of the curve by decibels, the verdict says it, with a number of taps that meets it."""
    problem = pair()
    problem["realization"] = {"taps": 16}
    (here / "short.toml").write_text(toml(problem), encoding="utf-8")
    ended = designer_command("design", "short.toml")
    table = pd.read_csv(here / "out" / "short" / "metrics.csv")
    missed_db = (table.target_db - table.cancellation_gain_db).max()
    assert ended.code == errors.EXIT_MISSED
    (message,) = [line for line in ended.out.splitlines() if line.startswith("left: ")]
    match = re.search(
        r"met on paper, and these filters miss the curve by up to (\d+\.\d+) dB .*; remedy: \[realization\] taps = (\d+)(?:,|;|\.|$)",
        message,
    )
    assert match is not None
    assert float(match[1]) == pytest.approx(missed_db, abs=0.051)
    assert ended.err.count("met on paper, and missed by these filters") == 1
    problem["realization"] = {"taps": int(match[2])}
    (here / "longer.toml").write_text(toml(problem), encoding="utf-8")
    longer = designer_command("design", "longer.toml")
    assert longer.code == errors.EXIT_DONE
    assert "left: 6 dB asked from 500 Hz to 4 kHz, at the listener's one place; met at every frequency" in longer.out


@pytest.mark.parametrize(("shape", "drivers"), [("bar", 2), ("sphere", 2), ("box", 3), ("laptop", 2), ("pair", 2)])
def test_every_shape_needs_no_number_of_drivers(
    shape: str, drivers: int, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`designer new` with a shape alone writes a file of as few drivers as the shape can have; only the pair's is worked out here."""
    if shape != "pair":
        monkeypatch.setattr(starter, "new_problem", lambda geometry: ("[[drivers]]\n" * geometry.drivers, []))
    ended = designer_command("new", "mine.toml", "--shape", shape)
    assert ended.code == 0, ended.err
    assert (here / "mine.toml").read_text(encoding="utf-8").count("[[drivers]]") == drivers
