"""The report on heads: numbers of its table are computed again, and its page follows from its table."""

from __future__ import annotations

import csv
import importlib.util
import io
from pathlib import Path
from types import ModuleType

import pytest

import designer

HERE = Path(__file__).parents[1] / "reports" / "population"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("population_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines() -> list[dict[str, str]]:
    """Lines of the table."""
    return list(csv.DictReader(io.StringIO((HERE / "heads.csv").read_text("utf-8"))))


def test_the_numbers_are_what_is_measured(make: ModuleType) -> None:
    """A sphere by filters for itself comes out again to 0.05 dB (a design, 1 s)."""
    (name,) = (name for name, head in make.HEADS.items() if head == "sphere")
    printed = next(line for line in lines() if (line["designed_for"], line["head"]) == (make.MATCHED, name))
    design = designer.design(make.problem(["sphere"]))
    assert make.gains_db(design, "sphere") == pytest.approx(float(printed["mean_gain_db"]), abs=0.05)


def test_the_page_is_of_the_table(make: ModuleType) -> None:
    """Four ways by five heads; filters for another head alone are the worst, and README.md follows."""
    table = lines()
    assert len(table) == 4 * len(make.HEADS)
    least = {words: min(float(line["least_gain_db"]) for line in table if line["designed_for"] == words)
             for words in (make.MATCHED, make.MISMATCHED, make.MEAN, make.POPULATION)}  # fmt: skip
    assert least[make.MISMATCHED] == min(least.values())
    assert least[make.POPULATION] >= least[make.MEAN]
    assert make.page(table) == (HERE / "README.md").read_text("utf-8")
