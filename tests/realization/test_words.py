"""Taps as integers: response and output bound by loops over integers; rounding by what is heard against plain rounding, and the far
ear of the eight-driver case.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.problem.word_format import Word
from designer.realization import response
from designer.realization.words import (
    LEAST_SHIFT,
    LowEnds,
    chosen_words,
    common_shift,
    driver_shift,
    in_words,
    output_bound,
    rounded,
    scale,
)
from realization.rounding_cases import eight_driver_taps, normal_matrix, random_case
from realization.test_realized_channels import gains_db

seeds = st.integers(0, 2**32 - 1)
RATE = 48_000.0


def integer_filter(q: list[int], x: list[int]) -> list[int]:
    """y[n] = Σ q[k] x[n - k] in Python's own integers, which have no limit."""
    return [sum(q[k] * x[n - k] for k in range(len(q)) if 0 <= n - k < len(x)) for n in range(len(x))]


@settings(max_examples=20)
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
    actual = response(q * scale(word, shift), frequency_hz, 48_000.0)[:, 0]
    np.testing.assert_allclose(actual, naive, rtol=0, atol=1e-13 * size * 12)


@settings(max_examples=30)
@given(seed=seeds, size=st.floats(1e-3, 50.0), name=st.sampled_from(["q15", "q7", "5.23", "8.24", "2.6"]))
def test_the_shift_is_the_smallest_that_holds(seed: int, size: float, name: str) -> None:
    """With it every value is within half a step of its integer's worth; with one less some value is out of range."""
    x, word = np.random.default_rng(seed).uniform(-size, size, 20), Word.of(name)
    shift = common_shift(x, word)
    assert np.abs(rounded(x, word, shift) * scale(word, shift) - x).max() <= 0.5 * scale(word, shift) * (1 + 1e-9)
    if shift > 0:
        largest = max(x.max() / (word.greatest + 0.5), x.min() / (word.least - 0.5)) / scale(word, shift - 1)
        assert largest >= 1.0


@settings(max_examples=40)
@given(seed=seeds, size=st.floats(-18.0, 6.0), name=st.sampled_from(["q15", "q7", "q3", "5.23", "8.24", "q31"]))
def test_a_drivers_own_shift_fills_the_word(seed: int, size: float, name: str) -> None:
    """The largest integer is within the word, and beyond a half of its range: one shift less and it would not fit."""
    x, word = np.random.default_rng(seed).uniform(-1, 1, 20) * 2.0**size, Word.of(name)
    shift = driver_shift(x, word)
    q = np.rint(x * 2.0 ** (word.fraction_bits - shift))
    assert word.least <= q.min() <= q.max() <= word.greatest
    if shift > LEAST_SHIFT:
        finer = np.rint(x * 2.0 ** (word.fraction_bits - shift + 1))
        assert finer.max() > word.greatest or finer.min() < word.least


def test_a_silent_driver_has_no_shift() -> None:
    """Nor has one that is scaled by 2^24 already: -24 is the least."""
    assert driver_shift(np.zeros(5), Word.of("q15")) == 0
    assert driver_shift(np.full(5, 1e-12), Word.of("q15")) == -24


@settings(max_examples=30)
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


def plain_steps(taps: Real, bits: int, *, by_driver: bool) -> Real:
    """Smallest power for each driver (L, 1) of two with which its taps, or all drivers', rounded, fit a word of so many bits."""
    groups = taps if by_driver else np.repeat(taps.reshape(1, -1), len(taps), axis=0)
    steps = []
    for own in groups:
        step = 2.0**-60 if by_driver else 2.0 ** (1 - bits)
        while round(own.max() / step) > 2 ** (bits - 1) - 1 or round(own.min() / step) < -(2 ** (bits - 1)):
            step *= 2
        steps.append(step)
    return np.array(steps)[:, None]


def plainly(taps: Real, bits: int, *, by_driver: bool) -> Real:
    """Each tap to its nearest whole number of steps."""
    steps, top = plain_steps(taps, bits, by_driver=by_driver), 2 ** (bits - 1)
    return np.asarray(np.clip(np.rint(taps / steps), -top, top - 1) * steps)


@settings(max_examples=25)
@given(seed=seeds, drivers=st.integers(1, 3), taps=st.integers(1, 12), bits=st.integers(3, 16), by_driver=st.booleans())
def test_moves_lower_the_heard_error_until_none_does(
    seed: int, drivers: int, taps: int, bits: int, *, by_driver: bool
) -> None:
    """In the quadratic form of the normal matrix written out: no worse than plain rounding; every integer is in the word's range;
    and no step of any one of them by ±1 within it lowers the error.
    """
    x, symbol = random_case(seed, drivers, taps)
    x = x * 4.0 ** -np.arange(drivers)[:, None]
    actual, shifts = in_words(x, symbol, Word(1, bits - 1), by_driver=by_driver)
    steps = 2.0 ** (shifts[:, None] - bits + 1)
    np.testing.assert_array_equal(steps, plain_steps(x, bits, by_driver=by_driver))
    q, N, top = actual / steps, normal_matrix(symbol, taps), 2 ** (bits - 1)
    assert (q == np.rint(q)).all()
    assert -top <= q.min() <= q.max() < top

    def heard(these: Real) -> float:
        d = (these - x).T.ravel()
        return float(d @ N @ d)

    assert heard(actual) <= heard(plainly(x, bits, by_driver=by_driver)) * (1 + 1e-9)
    for place in np.ndindex(q.shape):
        for move in (-1, 1):
            if -top <= q[place] + move < top:
                other = actual.copy()
                other[place] += move * steps[place[0], 0]
                assert heard(other) >= heard(actual) * (1 - 1e-9)


@settings(max_examples=10)
@given(seed=seeds, taps=st.integers(1, 20))
def test_a_flat_weighting_rounds_plainly(seed: int, taps: int) -> None:
    """Where every error is heard alike and alone, the nearest integers are the best."""
    x = np.random.default_rng(seed).uniform(-0.9, 0.9, (2, taps))
    symbol = np.tile(np.diag([1.0, 3.0]).astype(complex), (2 * taps + 1, 1, 1))
    np.testing.assert_array_equal(in_words(x, symbol, Word(1, 7))[0], plainly(x, 8, by_driver=False))


def test_a_pure_delay_stays() -> None:
    """A single tap of 1, which a word of one bit before the point does not hold, beside a filter that is rounded."""
    x, symbol = random_case(1, 2, 8)
    x[0] = np.arange(8) == 3
    actual, shifts = in_words(x, symbol, Word(1, 7))
    np.testing.assert_array_equal(actual[0], x[0])
    np.testing.assert_array_equal(shifts, [0, 0])
    assert np.abs(actual[1] - x[1]).max() < 0.1


@pytest.mark.parametrize(("bits", "by_driver", "plain_loses", "loses"), [
    (6, False, 20.0, 4.0), (8, False, 5.0, 1.2), (10, False, 0.5, 0.2), (16, False, -0.05, 0.05),
    (4, True, 10.0, 0.6), (6, True, 8.0, 0.1), (8, True, 1.0, 0.1), (16, True, -0.05, 0.05),
])  # fmt: skip
def test_short_words_keep_the_null(bits: int, plain_loses: float, loses: float, *, by_driver: bool) -> None:
    """Eight drivers, 40 heads within 3 cm: what is lost of the 5th percentile by plain rounding and by what is heard, in dB."""
    x, symbol, off_grid, _ = eight_driver_taps(128)
    actual, _ = in_words(x, symbol, Word(1, bits - 1), by_driver=by_driver)
    ideal, spared, plain = (
        np.percentile(gains_db(each, off_grid, RATE), 5) for each in (x, actual, plainly(x, bits, by_driver=by_driver))
    )
    assert spared > ideal - loses
    assert ideal - plain > plain_loses


def heard_at(seed: int, drivers: int) -> LowEnds:
    """Two random bright points and two to cancel, at seven frequencies."""
    rng = np.random.default_rng(seed)
    H = rng.normal(size=(2, 7, 2, drivers)) + 1j * rng.normal(size=(2, 7, 2, drivers))
    return LowEnds(np.linspace(3000.0, 9000.0, 7), H[0], H[1], RATE)


def naive_gains_db(taps: Real, ends: LowEnds) -> Real:
    """Term by term."""
    out = np.empty(ends.bright.shape[:2])
    for f, m in np.ndindex(*out.shape):
        turn = np.exp(-2j * np.pi * ends.frequency_hz[f] / RATE)
        w = [sum(value * turn**n for n, value in enumerate(own)) for own in taps.tolist()]
        bright, dark = (
            abs(sum(h * each for h, each in zip(H[f, m], w, strict=True))) ** 2 for H in (ends.bright, ends.dark)
        )
        out[f, m] = 10 * np.log10(bright / dark)
    return out


@settings(max_examples=20)
@given(seed=seeds, drivers=st.integers(2, 3), bits=st.integers(4, 10), by_driver=st.booleans())
def test_low_ends_are_never_below_plain_rounding(seed: int, drivers: int, bits: int, *, by_driver: bool) -> None:
    """5th percentile and worst, by a naive sum: at least what plain rounding keeps, or the unrounded taps if that is less, to
    0.1 dB. The weighting is random, so that it knows nothing of the points.
    """
    x, symbol = random_case(seed, drivers, 10)
    ends = heard_at(seed, drivers)
    remaining, _, is_plain = chosen_words(x, symbol, Word(1, bits - 1), ends, by_driver=by_driver)
    plain = plainly(x, bits, by_driver=by_driver)
    if is_plain:
        np.testing.assert_array_equal(remaining, plain)
    actual, exact, rounded_db = (naive_gains_db(each, ends) for each in (remaining, x, plain))
    for end in (lambda g: np.percentile(g, 5), np.min):
        assert end(actual) >= min(end(exact), end(rounded_db)) - 0.1 - 1e-6


def deaf(symbol: Complex) -> Complex:
    """A weighting that hears the mean of the taps alone, over almost nothing else: rounding by it is wild elsewhere."""
    out = np.tile(1e-6 * np.eye(symbol.shape[1]) + 0j, (len(symbol), 1, 1))
    out[:3] = 1e3 * np.eye(symbol.shape[1])
    return out


def test_plain_rounding_is_the_last_resort() -> None:
    """Where the weighting is deaf in the band, plain rounding is kept for some taps, and not for all."""
    cases = [random_case(seed, 2, 10) for seed in range(12)]
    plain = [chosen_words(x, deaf(symbol), Word(1, 3), heard_at(3, 2))[2] for x, symbol in cases]
    assert any(plain)
    assert not all(plain)
