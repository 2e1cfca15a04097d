"""The report on the true box: a part of its tables is computed again, its page follows from its tables, and its claims hold."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parents[1] / "reports" / "box"


@pytest.fixture(scope="module")
def make() -> ModuleType:
    """The script that made the folder."""
    spec = importlib.util.spec_from_file_location("box_make", HERE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["box_make"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def kept(make: ModuleType, kind: str, name: str) -> list[Any]:
    """The rows of a table of the folder."""
    return list(make.read(getattr(make, kind), (HERE / name).read_text("utf-8")))


def test_what_is_promised_is_what_is_measured(make: ModuleType) -> None:
    """What the designs for free field and for a baffle promise comes out again to 0.1 dB; what the box makes of them needs `--long`."""
    printed = {(row.case, row.designed_in): row for row in kept(make, "Row", "gains.csv")}
    for case, enclosure in (("canceller, ends", make.FREE), ("canceller, front drivers", make.BAFFLE)):
        design = make.designer.design(make.problem_of(case, enclosure))
        numbers = design.evaluation.metrics_of(*design.channels)
        band = (numbers["frequency_hz"] >= make.BAND_HZ[0]) & (numbers["frequency_hz"] <= make.BAND_HZ[1])
        promised_db = numbers["cancellation_gain_db"][band].mean()
        assert promised_db == pytest.approx(printed[case, enclosure].promised_db, abs=0.1)


@pytest.mark.long
@pytest.mark.parametrize(
    "case",
    [
        "beam, front drivers",
        "beam, front and ends",
        "canceller, front drivers",
        "canceller, ends",
        "canceller, front and ends",
    ],
)
def test_the_gains_are_what_is_measured(make: ModuleType, case: str) -> None:
    """The rows of a case come out again to 0.1 dB, deep nulls to 0.5 (two designs and a box, 3 s)."""
    printed = {(row.case, row.designed_in): row for row in kept(make, "Row", "gains.csv")}
    assert len(printed) == 12
    rows = [one.row for one in make.measured((case,))]
    assert {row.designed_in for row in rows} == {enclosure for name, enclosure in printed if name == case}
    for row in rows:
        other = printed[row.case, row.designed_in]
        for name in ("promised_db", "mean_db", "least_db", "line_db"):
            tolerance_db = 0.1 if getattr(other, name) < 35 else 0.5
            assert getattr(row, name) == pytest.approx(getattr(other, name), abs=tolerance_db), name


@pytest.mark.long
def test_the_levels_are_what_is_measured(make: ModuleType) -> None:
    """The levels at three directions, and what is left at the listener, come out again to 0.05 dB (one box, 2 s)."""
    listener_m = make.np.array([make.BAR.listener.position_m])
    now = make.levels(make.pressures(None)), make.nulls(make.nulls_db(make.pressures(listener_m)))
    for rows, (kind, name) in zip(now, (("Level", "levels.csv"), ("Null", "nulls.csv")), strict=True):
        printed = kept(make, kind, name)
        assert len(rows) == len(printed) > 0
        for row, other in zip(rows, printed, strict=True):
            *key, value = vars(row).values()
            *other_key, other_value = vars(other).values()
            assert key == other_key
            assert value == pytest.approx(other_value, abs=0.05)


def test_the_page_is_drawn_from_the_tables(make: ModuleType) -> None:
    """The page made again from the tables is the same text."""
    tables = kept(make, "Row", "gains.csv"), kept(make, "Level", "levels.csv"), kept(make, "Null", "nulls.csv")
    assert make.page(*tables) == (HERE / "README.md").read_text("utf-8")


def test_the_true_body_is_worth_it(make: ModuleType) -> None:
    """In the box no design is better than its own by more than taps scatter, and where front and ends play together others lose most; a
    baffle is as free field is; ends are worth having by the box's design alone; in a product line the order stays.
    """
    rows = {(row.case, row.designed_in): row for row in kept(make, "Row", "gains.csv")}
    lost = {key: rows[key[0], make.BOX].mean_db - row.mean_db for key, row in rows.items() if key[1] != make.BOX}
    assert min(lost.values()) > 0.5
    assert lost["canceller, front and ends", make.FREE] == max(lost.values()) > 20
    assert lost["beam, front and ends", make.FREE] > 2 * lost["beam, front drivers", make.FREE]
    for case in ("beam, front drivers", "canceller, front drivers"):
        assert rows[case, make.BAFFLE].mean_db == pytest.approx(rows[case, make.FREE].mean_db, abs=0.5)
    beams = {
        (case, e): rows[f"beam, {case}", e].mean_db
        for case in ("front drivers", "front and ends")
        for e in (make.FREE, make.BOX)
    }
    assert beams["front and ends", make.BOX] > beams["front drivers", make.BOX] + 5
    assert beams["front and ends", make.FREE] < beams["front drivers", make.FREE]
    for (case, enclosure), row in rows.items():
        assert row.line_db < rows[case, make.BOX].line_db + 0.1, (case, enclosure)


def test_free_field_has_no_baffle_step(make: ModuleType) -> None:
    """A driver is too soft before its own face, and too loud behind; a neighbour's null holds below -15 dB, an end's does not."""
    over = {(row.driver, row.azimuth_deg, row.frequency_hz): row.over_db for row in kept(make, "Level", "levels.csv")}
    for hz in make.TABLE_HZ[1:]:
        assert over["on the front", 0.0, hz] < -4
        assert abs(over["on the front", 90.0, hz]) < 1
        assert over["on the front", 180.0, hz] > 0.3
        assert over["at an end", 90.0, hz] < -2
        assert abs(over["at an end", 0.0, hz]) < 1.5
    left = {(row.pair, row.frequency_hz): row.left_db for row in kept(make, "Null", "nulls.csv")}
    first, second = make.PAIRS
    assert max(left[first, hz] for hz in make.TABLE_HZ) < -15
    assert min(left[second, hz] for hz in make.TABLE_HZ) > -6
