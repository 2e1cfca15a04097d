"""Taps as integers: their response, and what their outputs can reach, by loops over integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.problem.word_format import Word
from designer.realization import response
from designer.realization.fixed_point import LEAST_SHIFT, common_shift, output_bound, own_shift, rounded, scale

seeds = st.integers(0, 2**32 - 1)


def integer_filter(q: list[int], x: list[int]) -> list[int]:
    """y[n] = Σ q[k] x[n - k] in Python's own integers, which have no limit."""
    return [sum(q[k] * x[n - k] for k in range(len(q)) if 0 <= n - k < len(x)) for n in range(len(x))]


@settings(max_examples=20, deadline=None)
@given(seed=seeds, bits=st.integers(4, 32), size=st.floats(0.1, 6.0))
def test_the_response_is_that_of_the_integer_filter(seed: int, bits: int, size: float) -> None:
    """A unit impulse through integers, transformed term by term, is the response of the rounded taps times the step."""
    rng = np.random.default_rng(seed)
    x, word = rng.uniform(-size, size, (1, 12)), Word(1, bits - 1)
    shift = common_shift(x, word)
    q = rounded(x, word, shift)
    out = integer_filter([int(v) for v in q[0]], [1] + [0] * 11)
    frequency_hz = np.array([0.0, 100.0, 7000.0, 24_000.0])
    turn = np.exp(-2j * np.pi * frequency_hz / 48_000.0)
    naive = sum(value * turn**n for n, value in enumerate(out)) * 2.0 ** (shift - bits + 1)
    found = response(q * scale(word, shift), frequency_hz, 48_000.0)[:, 0]
    np.testing.assert_allclose(found, naive, rtol=0, atol=1e-13 * size * 12)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, size=st.floats(1e-3, 50.0), name=st.sampled_from(["q15", "q7", "5.23", "8.24", "2.6"]))
def test_the_shift_is_the_smallest_that_holds(seed: int, size: float, name: str) -> None:
    """With it every value is within half a step of its integer's worth; with one less some value is out of range."""
    x, word = np.random.default_rng(seed).uniform(-size, size, 20), Word.of(name)
    shift = common_shift(x, word)
    assert np.abs(rounded(x, word, shift) * scale(word, shift) - x).max() <= 0.5 * scale(word, shift) * (1 + 1e-9)
    if shift > 0:
        largest = max(x.max() / (word.greatest + 0.5), x.min() / (word.least - 0.5)) / scale(word, shift - 1)
        assert largest >= 1.0


@settings(max_examples=40, deadline=None)
@given(seed=seeds, size=st.floats(-18.0, 6.0), name=st.sampled_from(["q15", "q7", "q3", "5.23", "8.24", "q31"]))
def test_a_drivers_own_shift_fills_the_word(seed: int, size: float, name: str) -> None:
    """The largest integer is within the word, and beyond a half of its range: one shift less and it would not fit."""
    x, word = np.random.default_rng(seed).uniform(-1, 1, 20) * 2.0**size, Word.of(name)
    shift = own_shift(x, word)
    q = np.rint(x * 2.0 ** (word.fraction_bits - shift))
    assert word.least <= q.min() <= q.max() <= word.greatest
    if shift > LEAST_SHIFT:
        finer = np.rint(x * 2.0 ** (word.fraction_bits - shift + 1))
        assert finer.max() > word.greatest or finer.min() < word.least


def test_a_silent_driver_has_no_shift() -> None:
    """Nor has one that is scaled by 2^24 already: -24 is the least."""
    assert own_shift(np.zeros(5), Word.of("q15")) == 0
    assert own_shift(np.full(5, 1e-12), Word.of("q15")) == -24


@settings(max_examples=30, deadline=None)
@given(seed=seeds, taps=st.integers(1, 30))
def test_no_input_passes_the_l1_norm_and_one_reaches_it(seed: int, taps: int) -> None:
    """Random inputs of at most full scale stay below the bound; the signs of the taps, turned round in time, reach it."""
    rng = np.random.default_rng(seed)
    h = rng.normal(size=(2, taps))
    bound = output_bound(h)
    assert bound.shape == (2,)
    for l in range(2):
        for x in (*rng.uniform(-1, 1, (5, 60)), *rng.choice([-1.0, 1.0], (5, 60))):
            assert np.abs(np.convolve(h[l], x)).max() <= bound[l] * (1 + 1e-12)
        assert np.convolve(h[l], np.sign(h[l, ::-1])).max() == pytest.approx(bound[l], rel=1e-12)
