"""A comparison against the pages of its designs, and the page's own work against the drawing, each in one run."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from comparison.two_designs import made

import designer
from designer.report.grids import drawn_tables
from designer.search.compare import compare

ROOT = Path(__file__).parents[2]
METHODS = ("delay-and-sum", "matrix", "least-squares", "power-ratio", "constrained", "acoustic-contrast")


def processor_s() -> float:
    """Of this process and the copies of it that draw: what else runs here does not count."""
    return sum(os.times()[:4])


@pytest.mark.long
def test_six_designs_take_no_longer_than_six_pages(tmp_path: Path) -> None:
    """Six methods designed, drawn and written in at most 1.1 x one design with its page, times six; the page in a fifth of the drawing."""
    file = str(ROOT / "problems" / "laptop-pair.toml")
    _ = drawn_tables(made("warm").result)  # what is imported once is nobody's
    begin = time.perf_counter()
    designer.design(designer.load(file)).save(tmp_path / "one")
    one = time.perf_counter() - begin
    begin = time.perf_counter()
    comparison = compare([file], methods=METHODS)
    spent = [processor_s()]
    drawn = comparison.draw()
    spent.append(processor_s())
    drawn.save(tmp_path / "six")
    end = time.perf_counter()
    drawing, page = spent[1] - spent[0], processor_s() - spent[1]
    print(f"six: {(end - begin) / one / 6:.2f} x six pages; page {page / drawing:.3f} of the drawing")
    assert end - begin < 1.1 * 6 * one
    assert page < drawing / 5
