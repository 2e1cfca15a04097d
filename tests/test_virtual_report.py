"""The report on virtual loudspeakers: a part of its table is computed again, its page is drawn from its table, and its claims hold."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import astuple
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parents[1] / "reports" / "virtual"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("virtual_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["virtual_make"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_is_measured(make: ModuleType) -> None:
    """The smart speaker's default chain and its convex best come out again: to 2 µs, half a degree and 0.1 dB (one design, 3 s)."""
    printed = {(row.problem, row.chain): row for row in make.read((HERE / "virtual.csv").read_text("utf-8"))}
    assert len(printed) == (len(make.KEYS) + 2) * len(make.PROBLEMS)
    rows = [one.row for one in make.measured(["smart-speaker"], [make.TIME])]
    assert {row.chain for row in rows} == {make.TIME, make.BEST, make.PLAIN}
    for row in rows:
        tolerances = (2.0, 2.0, 0.01, 0.5, 0.1, 0.1, 0.1)
        for ours, other, tolerance in zip(
            astuple(row)[2:], astuple(printed[row.problem, row.chain])[2:], tolerances, strict=True
        ):
            assert ours == pytest.approx(other, abs=tolerance, nan_ok=True)


def test_the_page_is_drawn_from_the_table(make: ModuleType) -> None:
    """Drawn again from the table, it is the same text."""
    assert make.page(make.read((HERE / "virtual.csv").read_text("utf-8"))) == (HERE / "README.md").read_text("utf-8")


def test_matching_is_the_convex_best(make: ModuleType) -> None:
    """Realised, the default chain keeps 90 % of every interaural time and is within 1 dB of the loudest exact weights; combined is not."""
    rows = {(row.problem, row.chain): row for row in make.read((HERE / "virtual.csv").read_text("utf-8"))}
    for problem in make.PROBLEMS:
        matched, best = rows[problem, make.TIME], rows[problem, make.BEST]
        assert matched.least_time_share > 0.9
        assert matched.least_level_db > best.least_level_db - 1.0
        assert abs(matched.angle_deg - make.ANGLE_DEG) < 1.0
    assert rows["smart-speaker", make.COMBINED].least_time_share < 0.6
