"""Alignment: energy's arrival is that of a delay, and the faster path waits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.stereo.chain import arrival_samples, at_the_ears, waiting_samples

RATE_HZ = 48_000.0
BAND_HZ = (250.0, 1200.0)


def impulses(*delays: int, length: int = 200) -> np.ndarray:
    taps = np.zeros((len(delays), length))
    taps[np.arange(len(delays)), delays] = 1.0
    return taps


@given(st.integers(0, 150), st.integers(0, 150), st.floats(0.1, 10.0))
def test_arrival_of_two_pulses(first: int, second: int, gain: float) -> None:
    """Two pulses on two ears arrive at the mean of their times, weighted by their energies."""
    signals = impulses(first, second) * np.array([[1.0], [gain]])
    expected = (first + gain**2 * second) / (1 + gain**2)
    assert arrival_samples(signals, BAND_HZ, RATE_HZ) == pytest.approx(expected, abs=1e-9)


def test_arrival_of_an_all_pass_is_its_group_delay() -> None:
    """A first-order all-pass with p = -0.9 delays low frequencies by (1 - p)/(1 + p) = 19 samples, and a narrow band there so."""
    n = np.arange(400)
    p = -0.9
    all_pass = np.where(n == 0, p, (1 - p * p) * (-p) ** (n - 1.0))[None]
    assert arrival_samples(all_pass, (0.0, 60.0), RATE_HZ) == pytest.approx(19.0, abs=0.1)


def test_silence_arrives_at_no_time() -> None:
    """No energy in the band is no delay, and no division by zero."""
    assert arrival_samples(np.zeros((2, 64)), BAND_HZ, RATE_HZ) == 0.0


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_faster_path_waits(sides: int, centre: int) -> None:
    """Sides and centre that are pure delays end up together, and one of them never waits."""
    ears = np.stack([impulses(3, 5, 9, length=32), impulses(9, 5, 3, length=32)])
    left, right = impulses(sides, sides, sides, length=64), impulses(sides, sides, sides, length=64)
    waits = waiting_samples(ears, (left, right), impulses(centre, centre, centre, length=80), BAND_HZ, RATE_HZ)
    assert min(waits) == 0
    assert sides + waits[0] == centre + waits[1]


def test_signals_at_the_ears_are_the_sum_of_convolutions() -> None:
    """Σ_l ear_l * taps_l, by numpy's own convolution."""
    rng = np.random.default_rng(3)
    ears, taps = rng.standard_normal((2, 3, 40)), rng.standard_normal((3, 25))
    for ear, actual in zip(ears, at_the_ears(ears, taps), strict=True):
        expected = sum(np.convolve(one, own) for one, own in zip(ear, taps, strict=True))
        np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-12)
