"""Curves over frequency, and the band with its fades, against what the conventions say in words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from designer.requirements.curves import band_share, curve_db, driver_cost, in_band

hertz = st.floats(20.0, 20_000.0)
decibels = st.floats(-40.0, 40.0)


@settings(max_examples=100)
@given(low=hertz, high=hertz, first=decibels, last=decibels, share=st.floats(0.0, 1.0))
def test_a_curve_is_straight_in_decibels_over_log_frequency(
    low: float, high: float, first: float, last: float, share: float
) -> None:
    """At the frequency that divides the octaves between two points in a ratio, the dB are divided in that ratio."""
    assume(high > low * 1.01)
    at = low * (high / low) ** share
    value = curve_db([[low, first], [high, last]], np.array([at]))[0]
    assert value == pytest.approx(first + share * (last - first), abs=1e-9)


@settings(max_examples=50)
@given(points=st.lists(st.tuples(hertz, decibels), min_size=1, max_size=5, unique_by=lambda p: round(p[0])), f=hertz)
def test_a_curve_goes_through_its_points_and_keeps_its_end_values(points: list[tuple[float, float]], f: float) -> None:
    """Every point is met, values between lie between, and below the first and above the last the end values hold, at 0 Hz too."""
    curve = [list(point) for point in sorted(points)]
    np.testing.assert_allclose(curve_db(curve, np.array([p[0] for p in curve])), [p[1] for p in curve], atol=1e-9)
    below, above = curve_db(curve, np.array([0.0, curve[0][0] / 3])), curve_db(curve, np.array([curve[-1][0] * 2, 1e6]))
    np.testing.assert_array_equal(below, curve[0][1])
    np.testing.assert_array_equal(above, curve[-1][1])
    values = [p[1] for p in curve]
    assert min(values) - 1e-9 <= curve_db(curve, np.array([f]))[0] <= max(values) + 1e-9


def test_a_curve_by_hand() -> None:
    """From 4 dB at 500 Hz to 12 dB at 2 kHz an octave is 4 dB."""
    curve = [[500.0, 4.0], [2000.0, 12.0]]
    actual = curve_db(curve, np.array([250.0, 500.0, 1000.0, 1414.2135623731, 2000.0, 8000.0]))
    np.testing.assert_allclose(actual, [4, 4, 8, 10, 12, 12], atol=1e-9)


@settings(max_examples=100)
@given(low=hertz, width=st.floats(0.01, 5.0), fade=st.floats(0.01, 3.0))
def test_the_share_of_the_design(low: float, width: float, fade: float) -> None:
    """1 in the band, 0 from a fade's width outside it, half in the middle of a fade, falling without a jump."""
    high = low * 2**width
    band = [low, high]

    def at(frequency_hz: float) -> float:
        return float(band_share(np.array([frequency_hz]), band, fade)[0])

    assert at(low) == at(high) == at(math.sqrt(low * high)) == 1.0
    assert at(low * 2**-fade) == pytest.approx(0.0, abs=1e-9)
    assert at(high * 2**fade) == pytest.approx(0.0, abs=1e-9)
    assert at(0.0) == 0.0
    assert at(high * 2 ** (fade * 1.01)) == 0.0
    assert at(low * 2 ** (-fade / 2)) == pytest.approx(0.5, abs=1e-9)
    assert at(high * 2 ** (fade / 2)) == pytest.approx(0.5, abs=1e-9)
    below = band_share(np.geomspace(low * 2 ** (-1.2 * fade), low, 400), band, fade)
    above = band_share(np.geomspace(high, high * 2 ** (1.2 * fade), 400), band, fade)
    for steps in (np.diff(below), -np.diff(above)):
        assert (steps >= -1e-12).all()
        assert steps.max() < 0.005  # half a cosine in 333 steps climbs by at most π/2/333 a step


def test_without_a_fade_the_share_is_the_band() -> None:
    """fade_octaves = 0 ends the design with the band, ends included."""
    f = np.array([0.0, 499.0, 500.0, 700.0, 1000.0, 1001.0])
    np.testing.assert_array_equal(band_share(f, [500.0, 1000.0], 0.0), [0, 0, 1, 1, 1, 0])


def test_a_band_that_begins_at_0_hz_has_no_lower_fade() -> None:
    """From 0 Hz on the design is whole."""
    share = band_share(np.array([0.0, 1e-6, 100.0, 1000.0, 1500.0]), [0.0, 1000.0], 0.5)
    np.testing.assert_array_equal(share[:4], 1.0)
    assert share[4] == 0.0


@pytest.mark.parametrize("rate", [44_100.0, 48_000.0, 16_000.0])
def test_a_bands_ends_belong_to_it(rate: float) -> None:
    """Grid frequencies at the ends of the band are in it, in spite of rounding: 257 of them, i·rate/512."""
    grid = np.linspace(0.0, rate / 2, 257)
    for first, last in ((1, 255), (7, 91), (33, 200)):
        inside = in_band(grid, [first * rate / 512, last * rate / 512])
        np.testing.assert_array_equal(np.flatnonzero(inside), np.arange(first, last + 1))


def test_what_a_driver_costs() -> None:
    """1 in its band, 24 dB an octave outside it, never more than 80 dB; 1 everywhere without a band."""
    f = np.array([0.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0])
    cost = 10 * np.log10(driver_cost(f, [200.0, 400.0]))
    np.testing.assert_allclose(cost, [80, 48, 24, 0, 0, 24, 48], atol=1e-9)
    np.testing.assert_array_equal(driver_cost(f, None), 1.0)
