"""The report on robust designs: a part of its table is computed again, its page is drawn from its table, and its claim holds."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import designer
from designer.problem.library import library

HERE = Path(__file__).parents[1] / "reports" / "robust"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("robust_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["robust_make"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_is_measured(make: ModuleType) -> None:
    """The laptop pair's rows come out again to 0.1 dB."""
    printed = {(row.problem, row.design): row for row in make.read((HERE / "robust.csv").read_text("utf-8"))}
    rows = make.measured(["laptop-pair"])
    assert len(rows) == 3
    for row in rows:
        other = printed[row.problem, row.design]
        assert row.effort_db == other.effort_db
        assert row.median_db == pytest.approx(other.median_db, abs=0.1)
        assert row.fifth_percentile_db == pytest.approx(other.fifth_percentile_db, abs=0.1)


def test_the_page_is_drawn_from_the_table(make: ModuleType) -> None:
    """Drawn again from the table, it is the same text."""
    assert make.page(make.read((HERE / "robust.csv").read_text("utf-8"))) == (HERE / "README.md").read_text("utf-8")


def test_a_robust_design_is_worth_it(make: ModuleType) -> None:
    """At equal effort the 5th percentile of cloud and spread is above that of one place wherever taps are fitted.

    Four short sections a driver do not keep what the spread gains: the page names that problem with its numbers.
    """
    rows = {(row.problem, row.design): row for row in make.read((HERE / "robust.csv").read_text("utf-8"))}
    problems = {name: designer.load(path) for name, (path, _) in library().items()}
    problems = {name: problem for name, problem in problems.items() if make.left_ear(problem) is not None}
    assert {problem for problem, _ in rows} == set(problems)
    page = (HERE / "README.md").read_text("utf-8")
    for problem, loaded in problems.items():
        low = {design: rows[problem, design].fifth_percentile_db for design in (make.PLAIN, make.ROBUST)}
        if loaded.realization.form == "biquad":
            assert (low[make.ROBUST] > low[make.PLAIN]) != (f"but `{problem}`" in page)
        else:
            assert low[make.ROBUST] > low[make.PLAIN], problem
