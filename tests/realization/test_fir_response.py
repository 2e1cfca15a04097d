"""The response of taps, against the sum that defines it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.realization import response


def naive(taps: Real, frequency_hz: Real, rate: float) -> Complex:
    """Σ x[n] e^{-jωn}, term by term."""
    out = np.zeros((frequency_hz.size, len(taps)), dtype=complex)
    for l, x in enumerate(taps):
        for n, value in enumerate(x):
            out[:, l] += value * np.exp(-2j * np.pi * frequency_hz / rate * n)
    return out


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 40), taps=st.integers(1, 100), uniform=st.booleans())
def test_the_response_is_the_sum(seed: int, count: int, taps: int, uniform: bool) -> None:
    """On equal steps from 0 to Nyquist, where taps longer than the grid fold, and at any other frequencies."""
    rng = np.random.default_rng(seed)
    rate = 44_100.0
    frequency_hz = np.linspace(0.0, rate / 2, count) if uniform else rng.uniform(0.0, rate / 2, count)
    x = rng.normal(size=(2, taps))
    actual = response(x, frequency_hz, rate)
    assert actual.shape == (count, 2)
    np.testing.assert_allclose(actual, naive(x, frequency_hz, rate), atol=1e-10 * max(1, taps))


def test_no_driver_has_no_response() -> None:
    """A channel of one driver leaves none to be fitted beside its reference."""
    assert response(np.zeros((0, 64)), np.linspace(0.0, 24_000.0, 33), 48_000.0).shape == (33, 0)


def test_no_tap_is_silence() -> None:
    """An empty sum is 0, on equal steps and at one frequency."""
    for frequency_hz in (np.linspace(0.0, 24_000.0, 33), np.array([1000.0])):
        np.testing.assert_array_equal(
            response(np.zeros((2, 0)), frequency_hz, 48_000.0), np.zeros((frequency_hz.size, 2))
        )


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(3, 300),
    taps=st.integers(1, 400),
    first=st.floats(-1.0, 3.0),
    beside=st.lists(st.floats(0.0, 24_000.0), max_size=3),
)
def test_equal_steps_from_any_first_frequency_are_the_sum(
    seed: int, size: int, taps: int, first: float, beside: list[float]
) -> None:
    """Steps of an N-th of the rate, N odd too, with the ends of bands among them, as a design's grid has them; in any order."""
    rate, rng = 48_000.0, np.random.default_rng(seed)
    steps_hz = (first + np.arange(rng.integers(2, size + 2))) * rate / size
    frequency_hz = np.sort(np.concatenate([steps_hz, beside]))
    x = rng.normal(size=(2, taps))
    for order in (frequency_hz, frequency_hz[::-1], rng.permutation(frequency_hz)):
        np.testing.assert_allclose(response(x, order, rate), naive(x, order, rate), atol=1e-10 * max(1, taps))


def test_steps_that_are_no_part_of_the_rate_are_the_sum() -> None:
    """Steps of 100.00001 Hz at 48 kHz, and of a 480.3rd, with 5,000 taps: a small difference turns the last ones far."""
    x = np.random.default_rng(2).normal(size=(1, 5_000))
    for step_hz in (100.00001, 48_000 / 480.3):
        frequency_hz = step_hz * np.arange(1, 40)
        np.testing.assert_allclose(response(x, frequency_hz, 48_000.0), naive(x, frequency_hz, 48_000.0), atol=1e-7)


def test_many_frequencies_are_worked_through_in_parts() -> None:
    """3,000 frequencies that are not equally spaced: more than one part holds."""
    rng = np.random.default_rng(0)
    frequency_hz, x = np.geomspace(10.0, 20_000.0, 3000), rng.normal(size=(3, 16))
    np.testing.assert_allclose(response(x, frequency_hz, 48_000.0), naive(x, frequency_hz, 48_000.0), atol=1e-10)


@pytest.mark.parametrize("delay", [0, 1, 7])
def test_a_delay_is_a_falling_phase(delay: int) -> None:
    """A tap of 1 at n is e^{-jωn}: magnitude 1, at 1 kHz a phase of -2π n/48."""
    x = np.zeros((1, 8))
    x[0, delay] = 1.0
    actual = response(x, np.array([1000.0]), 48_000.0)[0, 0]
    assert actual == pytest.approx(np.exp(-2j * np.pi * delay / 48), abs=1e-12)
