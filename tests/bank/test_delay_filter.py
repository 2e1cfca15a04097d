"""Delays by parts of a sample are those of the ideal delay, and pass whole samples without a step."""

from __future__ import annotations

import numpy as np
import pytest

from designer.bank.delay_filter import DELAY_LATENCY, DELAY_TAPS, delayed_taps


@pytest.mark.parametrize("delay", [0.0, 0.25, 0.5, 3.003, 7.999])
def test_a_delay_is_the_ideal_one(delay: float) -> None:
    """e^{-jω(d + latency)} within -60 dB up to 0.7 of Nyquist, where the docstring ends it."""
    taps = delayed_taps(np.ones((1, 1)), np.array([delay]), 32)[0]
    omega = np.linspace(0, 0.7 * np.pi, 200)
    response = np.exp(-1j * np.outer(omega, np.arange(32))) @ taps
    assert np.abs(response - np.exp(-1j * omega * (delay + DELAY_LATENCY))).max() < 1e-3


def test_a_delay_that_grows_has_no_step() -> None:
    """From just below a whole sample to it the numbers move as little as anywhere."""
    around = np.linspace(1.99, 2.01, 21)
    taps = np.array([delayed_taps(np.ones((1, 1)), np.array([delay]), 32)[0] for delay in around])
    moved = np.abs(np.diff(taps, axis=0)).max(axis=1)
    assert moved.max() < 1.2 * moved[0]
    assert moved.max() < 2e-3


def test_a_delay_of_whole_samples_moves_taps() -> None:
    """No tap is changed."""
    taps = np.random.default_rng(1).normal(size=(2, 5))
    moved = delayed_taps(taps, np.array([0.0, 3.0]), 5 + 3 + DELAY_TAPS - 1)
    np.testing.assert_allclose(moved[0, DELAY_LATENCY : DELAY_LATENCY + 5], taps[0], atol=1e-15)
    np.testing.assert_allclose(moved[1, DELAY_LATENCY + 3 : DELAY_LATENCY + 8], taps[1], atol=1e-15)


def test_a_filter_that_is_too_short_is_refused() -> None:
    """The message has both numbers."""
    with pytest.raises(ValueError, match="a delay of 9 samples; expected filters of at most 20 taps"):
        delayed_taps(np.ones((1, 1)), np.array([9.0]), 20)
