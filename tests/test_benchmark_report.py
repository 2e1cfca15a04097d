"""The benchmark's report: a part of its table is computed again, and its page is drawn from its table."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parents[1] / "reports" / "benchmark"
CHEAP = ["crosstalk-pair", "dolph-line"]


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("benchmark_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["benchmark_make"] = module
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_is_measured(make: ModuleType) -> None:
    """Two problems' rows of every method and every rival that is installed come out again to 0.01 dB."""
    printed = {
        (row.by, row.design, row.frequency_hz): row for row in make.read((HERE / "benchmark.csv").read_text("utf-8"))
    }
    rows = make.measured(CHEAP)
    if importlib.util.find_spec("pyroomacoustics") is not None:
        assert len(rows) == sum(row.design in CHEAP for row in printed.values())
    for row in rows:
        other = printed[row.by, row.design, row.frequency_hz]
        assert (row.score_db, row.missed_db) == pytest.approx((other.score_db, other.missed_db), abs=0.01)
        assert row.missed == other.missed


def test_the_page_is_drawn_from_the_table(make: ModuleType) -> None:
    """Drawn again from the table, it is the same text."""
    assert make.page(make.read((HERE / "benchmark.csv").read_text("utf-8"))) == (HERE / "README.md").read_text("utf-8")


def test_tables_are_narrow(make: ModuleType) -> None:
    """At most four columns, and no word of more than twelve letters in a method's name but at a place to break: 420 px hold that."""
    rows = [
        line.strip("|").split("|") for line in (HERE / "README.md").read_text("utf-8").splitlines() if line[:1] == "|"
    ]
    assert max(map(len, rows)) == 1 + make.ACROSS == 4
    words = [word for name, *_ in rows for word in name.replace("&shy;", "-").replace("-", " ").split()]
    assert max(map(len, words)) <= 12


def test_no_row_passes_the_best_known_value(make: ModuleType) -> None:
    """Of all methods and rivals, none that keeps the limits is above it by more than the problem's tolerance."""
    tolerance_db = {entry.name: entry.tolerance_db for entry in make.benchmark().problems}
    rows = make.read((HERE / "benchmark.csv").read_text("utf-8"))
    assert {row.design for row in rows} == set(tolerance_db)
    assert [row for row in rows if row.gap_db < -tolerance_db[row.design]] == []
