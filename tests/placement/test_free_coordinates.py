"""Slopes against differences of the value, and free coordinates against their bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from designer.placement.free_coordinates import Coordinates, refined, value_and_slopes
from designer.placement.slopes import order_weights

from .problems import candidates, judge


@pytest.mark.parametrize(("name", "layout"), [("bar", (0, 7, 20)), ("beside", (1, 6, 14)), ("sphere", (10, 14))])
def test_slopes_are_those_of_the_value(name: str, layout: tuple[int, ...]) -> None:
    """Central differences of the value, 20 µm apart, agree to 0.1 % of the largest slope. Seconds: scenes at other places."""
    coordinates = Coordinates.of(candidates(name), layout)
    assert len(coordinates.varied) == {"bar": 2, "beside": 3, "sphere": 4}[name]
    q = coordinates.start + 0.002 * np.arange(1, len(coordinates.start) + 1)
    _, slopes = value_and_slopes(coordinates, q, judge(name).system)

    def value(q: np.ndarray) -> float:
        """Without a free coordinate there are no slopes to compute."""
        at = coordinates.start_m.copy()
        at[tuple(coordinates.varied.T)] = q
        fixed = replace(coordinates, start_m=at, varied=coordinates.varied[:0])
        return value_and_slopes(fixed, np.zeros(0), judge(name).system)[0]

    for n, slope in enumerate(slopes):
        ends = [value(q + sign * 1e-5 * np.eye(len(q))[n]) for sign in (1, -1)]
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3, abs=1e-3 * np.abs(slopes).max())


def test_freed_coordinates_are_better_and_within_bounds() -> None:
    """From a poor layout the true percentile rises, centres stay 60 mm apart, and none leaves the bar. Seconds: scenes at other places."""
    choices, layout = candidates("beside"), (2, 8, 13)
    freed = refined(judge("beside"), choices, layout)
    assert freed.value_db > judge("beside")(layout) + 0.2
    y = np.sort(freed.places_m[:, 1])
    assert np.diff(y).min() >= 0.06 - 1e-5
    assert np.abs(y).max() <= 0.4 + 1e-9


def test_order_weights_are_a_percentile_in_the_limit() -> None:
    """They sum to 1, and of many rising numbers from 0 to 1 their mean is the percentile."""
    weights = order_weights(4001, 5.0)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ np.linspace(0, 1, 4001) == pytest.approx(0.05, abs=1e-3)
