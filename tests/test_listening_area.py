"""The listening-area report: its table is computed again, its page is drawn from its table, and it says what it says for a reason."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parents[1] / "reports" / "listening-area"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("listening_area_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["listening_area_make"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("number", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (0, 2))])
def test_the_table_is_what_is_measured(make: ModuleType, number: int) -> None:
    """The rows of a case come out again: levels to 0.1 dB, areas to 0.05 m²."""
    case = make.CASES[number]
    printed = {(row.case, row.plays): row for row in make.read((HERE / "areas.csv").read_text("utf-8"))}
    assert len(printed) == 3 * len(make.CASES)
    for row in (one.row for one in make.measured((case,))):
        other = printed.pop((row.case, row.plays))
        assert row.aside_db == pytest.approx(other.aside_db, abs=0.1)
        assert row.holds_m2 == pytest.approx(other.holds_m2, abs=0.05)
        assert row.image_m2 == pytest.approx(other.image_m2, abs=0.05, nan_ok=True)
        assert math.isnan(row.image_m2) == (row.plays == make.SIDES)
    assert not any(name == case for name, _ in printed)


def test_the_page_is_drawn_from_the_table(make: ModuleType) -> None:
    """Drawn again from the table, it is the same text."""
    assert make.page(make.read((HERE / "areas.csv").read_text("utf-8"))) == (HERE / "README.md").read_text("utf-8")


def test_a_single_driver_holds_everywhere(make: ModuleType) -> None:
    """What plays from the driver in the middle alone deviates from it nowhere."""
    made = make.design_of(make.CASES[0])
    places = make.places_m(make.X_M[::5], make.Y_M[::10])
    single = 0.5 * make.np.eye(made.taps["centre"].shape[1])[:1] * (make.np.array(made.drivers) == "front")[:, None]
    (tone,) = make.tones_db([single], 2 * single, made.even_scene, places)
    assert make.np.abs(tone).max() < 1e-9


def test_the_compromise(make: ModuleType) -> None:
    """Cancellation holds over less than a tenth of what the middle does; the beam widens it, but on the bar only with the front driver."""
    rows = {(row.case, row.plays): row.holds_m2 for row in make.read((HERE / "areas.csv").read_text("utf-8"))}
    smart, bar, front = make.CASES
    assert 10 * rows[smart, make.SIDES] < rows[smart, make.WITHOUT] < rows[smart, make.WITH] / 2
    assert rows[bar, make.WITH] < rows[bar, make.WITHOUT] < rows[front, make.WITH] / 2
