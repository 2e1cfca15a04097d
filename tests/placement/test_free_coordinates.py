"""Slopes against differences of the value, and free coordinates against their bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from designer.acoustics.enclosures.factored import FACTORIZATIONS, JUDGED_BYTES
from designer.acoustics.measured.head import MeasuredHead
from designer.placement import column_slopes
from designer.placement.candidates import candidates_of
from designer.placement.coordinates import Coordinates
from designer.placement.exchange import exhaustive, search
from designer.placement.free_coordinates import refined, value_and_slopes
from designer.placement.layouts import Judge
from designer.placement.slopes import order_weights
from designer.problem import loads

from .problems import BAR, TEXTS, candidates, judge, of_text, space, value_of


@pytest.mark.parametrize(("name", "layout"), [("bar", (0, 7, 20)), ("beside", (1, 6, 14)), ("sphere", (11, 14))])
def test_slopes_are_those_of_the_value(name: str, layout: tuple[int, ...]) -> None:
    """Central differences of the value, 20 µm apart, agree to 0.1 % of the largest slope. Seconds: scenes at other places."""
    coordinates = Coordinates.of(candidates(name), layout)
    assert len(coordinates.varied) == {"bar": 2, "beside": 3, "sphere": 4}[name]
    q = coordinates.start + 0.002 * np.arange(1, len(coordinates.start) + 1)
    _, slopes = value_and_slopes(coordinates, q, judge(name).system)

    for n, slope in enumerate(slopes):
        ends = [value_of(coordinates, q + sign * 1e-5 * np.eye(len(q))[n], judge(name).system) for sign in (1, -1)]
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3, abs=1e-3 * np.abs(slopes).max())


@pytest.mark.parametrize(("name", "layout"), [("bar", (0, 7, 20)), ("sphere", (11, 15)), ("cylinder", (2, 11))])
def test_slopes_of_columns_are_their_differences(name: str, layout: tuple[int, ...]) -> None:
    """What is known in closed form is what five-point differences have, of the design's points and of those judged, to 1e-5.

    Seconds: scenes at other places.
    """
    coordinates = Coordinates.of(candidates(name), layout)
    q = coordinates.start + 0.002 * np.arange(1, len(coordinates.start) + 1)
    system = judge(name).system
    assert column_slopes.slope_scene(coordinates, q) is not None
    closed, differences = (
        column_slopes.slopes_of(coordinates, q, system)[1],
        column_slopes.by_differences(coordinates, q, system)[1],
    )
    for of_channel in zip(closed, differences, strict=True):
        for one, other in zip(*of_channel, strict=True):
            np.testing.assert_array_equal(one.columns, other.columns)
            for tensor in ("H", "bright", "dark"):
                expected = getattr(other, tensor)
                np.testing.assert_allclose(getattr(one, tensor), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_a_head_that_is_measured_is_differenced() -> None:
    """Drivers in free field move before it, and its directions are interpolated: no closed form."""
    text = BAR.replace("[1.6, 0.0, 0.0]", '[1.6, 0.0, 0.0]\nhead = ["points", "sphere"]')
    coordinates = Coordinates.of(candidates_of(loads(text)), (0, 7, 20))
    scene = column_slopes.slope_scene(coordinates, coordinates.start)
    assert scene is not None
    measured = MeasuredHead.__new__(MeasuredHead)
    assert not replace(scene, chosen_heads=(measured,)).is_known


@pytest.mark.long
def test_a_solved_body_is_differenced() -> None:
    """The slope of one coordinate on a box is that of its value, 0.4 mm apart, to 1 %: its equations are kept. Seconds: a box is solved."""
    coordinates, system = Coordinates.of(candidates("box"), (1, 6, 11)), judge("box").system
    q = coordinates.start + 0.004
    assert column_slopes.slope_scene(coordinates, q) is None
    with FACTORIZATIONS.keeping(JUDGED_BYTES):
        _, slopes = value_and_slopes(coordinates, q, system)
        still = replace(coordinates, varied=coordinates.varied[:0])
        ends = []
        for sign in (1, -1):
            at = np.column_stack([q + sign * 2e-4 * np.eye(3)[2], coordinates.start_m[:, 1]])
            ends.append(value_and_slopes(replace(still, start_m=at), np.zeros(0), system)[0])
    assert slopes[2] == pytest.approx((ends[0] - ends[1]) / 4e-4, rel=0.01)


def test_freed_coordinates_are_better_and_within_bounds() -> None:
    """From a poor layout the true percentile rises, centres stay 60 mm apart, and none leaves the bar. Seconds: scenes at other places."""
    choices, layout = candidates("beside"), (2, 8, 13)
    freed = refined(judge("beside"), choices, layout)
    assert freed.value_db > judge("beside")(layout) + 0.2
    y = np.sort(freed.places_m[:, 1])
    assert np.diff(y).min() >= 0.06 - 1e-5
    assert np.abs(y).max() <= 0.4 + 1e-9


@pytest.mark.parametrize(
    ("name", "finer"), [("bar", "step_m = 0.01"), pytest.param("beside", "step_m = 0.025", marks=pytest.mark.long)]
)
def test_slopes_end_near_all_layouts_of_a_finer_grid(name: str, finer: str) -> None:
    """From the search's layout they reach within 0.1 dB of the best of all layouts in half the steps, with at most 2 % of its evaluations.

    Seconds: all 780 and 3654 layouts of the finer grids are valued.
    """
    text = TEXTS[name].replace("step_m = 0.05", finer) if "step_m" in TEXTS[name] else f"{TEXTS[name]}{finer}\n"
    fine, fine_judge = of_text(text)
    best = exhaustive(fine_judge, space(fine))
    few = Judge(judge(name).system, candidates(name).units)
    chosen = search(few, space(candidates(name)))
    assert best is not None and chosen is not None
    freed = refined(few, candidates(name), chosen)
    assert freed.value_db > fine_judge(best) - 0.1
    assert few.evaluations + freed.steps <= 0.02 * fine_judge.evaluations


def test_order_weights_are_a_percentile_in_the_limit() -> None:
    """They sum to 1, and of many rising numbers from 0 to 1 their mean is the percentile."""
    weights = order_weights(4001, 5.0)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ np.linspace(0, 1, 4001) == pytest.approx(0.05, abs=1e-3)
