"""The rivals report: a part of its table is computed again, its page is drawn from its table, and it says where it is not better."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parents[1] / "reports" / "rivals"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("rivals_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rivals_make"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_is_measured(make: ModuleType) -> None:
    """The laptop pair's rows against every rival come out again to 0.1 dB."""
    printed = {(row.rival, row.asked, row.problem): row for row in make.read((HERE / "rivals.csv").read_text("utf-8"))}
    for row in [*make.measured(["laptop-pair"]), *make.free_rows(["laptop-pair"])]:
        other = printed[row.rival, row.asked, row.problem]
        for column in make.COLUMNS[3:]:
            assert getattr(row, column) == pytest.approx(getattr(other, column), abs=0.1), (row, column)


def test_the_page_is_drawn_from_the_table(make: ModuleType) -> None:
    """Drawn again from the table, it is the same text."""
    assert make.page(make.read((HERE / "rivals.csv").read_text("utf-8"))) == (HERE / "README.md").read_text("utf-8")


def test_where_it_is_better_and_where_not(make: ModuleType) -> None:
    """Over the whole library: better in both numbers than a window and the rake; than least squares in time in one, asked for the
    curve, for more where that is cheap, or for the most; refined taps in all three than the joint fit, in two than it.
    """
    rows = {
        (row.rival, row.asked): row
        for row in make.read((HERE / "rivals.csv").read_text("utf-8"))
        if row.problem == make.ALL
    }
    for rival, asked in ((make.WINDOW, make.CURVE), (make.RAKE, make.CURVE)):
        assert rows[rival, asked].median_db > rows[rival, asked].rival_median_db
        assert rows[rival, asked].fifth_percentile_db > rows[rival, asked].rival_fifth_percentile_db
    curve, deepest = rows[make.TIME, make.CURVE], rows[make.TIME, make.DEEPEST]
    assert curve.first_percentile_db > curve.rival_first_percentile_db
    assert deepest.median_db > deepest.rival_median_db
    assert rows[make.TIME, make.CHEAP].median_db > rows[make.TIME, make.CHEAP].rival_median_db
    fit = rows[make.FIT, make.REFINED]
    assert fit.fifth_percentile_db > fit.rival_fifth_percentile_db
    for rival in (make.FIT, make.TIME):
        row = rows[rival, make.REFINED]
        assert row.median_db > row.rival_median_db
        assert row.first_percentile_db > row.rival_first_percentile_db
