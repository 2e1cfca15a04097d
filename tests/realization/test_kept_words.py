"""Rounding that is judged at the low ends of the gain: never below plain rounding, which is taken where nothing else helps."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import load, pair
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.arrays import Complex, Real
from designer.designs import design_channel
from designer.problem.schema import Realization
from designer.problem.word_format import Word
from designer.realization import realize_form
from designer.realization.kept_words import LowEnds, kept_words, low_ends
from designer.realization.realized import TapsFit
from realization.rounding_cases import random_case

seeds = st.integers(0, 2**32 - 1)
RATE = 48_000.0


def heard_at(seed: int, drivers: int) -> LowEnds:
    """Two random points to reach and two to cancel, at seven frequencies."""
    rng = np.random.default_rng(seed)
    H = rng.normal(size=(2, 7, 2, drivers)) + 1j * rng.normal(size=(2, 7, 2, drivers))
    return LowEnds(np.linspace(3000.0, 9000.0, 7), H[0], H[1], RATE)


def naive_gains_db(taps: Real, ends: LowEnds) -> Real:
    """Term by term."""
    out = np.empty(ends.reach.shape[:2])
    for f, m in np.ndindex(*out.shape):
        turn = np.exp(-2j * np.pi * ends.frequency_hz[f] / RATE)
        w = [sum(value * turn**n for n, value in enumerate(own)) for own in taps.tolist()]
        reach, cancel = (
            abs(sum(h * each for h, each in zip(H[f, m], w, strict=True))) ** 2 for H in (ends.reach, ends.cancel)
        )
        out[f, m] = 10 * np.log10(reach / cancel)
    return out


@settings(max_examples=20, deadline=None)
@given(seed=seeds, drivers=st.integers(2, 3), bits=st.integers(4, 10), by_driver=st.booleans(), quick=st.booleans())
def test_low_ends_are_never_below_plain_rounding(
    seed: int, drivers: int, bits: int, *, by_driver: bool, quick: bool
) -> None:
    """5th percentile and worst, by a naive sum: at least what plain rounding keeps, or the unrounded taps if that is less, to
    0.1 dB. The weighting is random, so that it knows nothing of the points.
    """
    x, symbol = random_case(seed, drivers, 10)
    ends = heard_at(seed, drivers)
    kept = kept_words(x, symbol, Word(1, bits - 1), ends, by_driver=by_driver, quick=quick)
    one_step = 2.0 ** (kept.shifts - bits + 1)[:, None]
    plain_step = one_step if kept.plain or not by_driver else np.array([[smallest_step(own, bits)] for own in x])
    top = 2 ** (bits - 1)
    plain = np.clip(np.rint(x / plain_step), -top, top - 1) * plain_step
    if kept.plain:
        np.testing.assert_array_equal(kept.taps, plain)
    found, exact, rounded = (naive_gains_db(each, ends) for each in (kept.taps, x, plain))
    for end in (lambda g: np.percentile(g, 5), np.min):
        assert end(found) >= min(end(exact), end(rounded)) - 0.1 - 1e-6


def smallest_step(own: Real, bits: int) -> float:
    step = 2.0**-30
    while round(own.max() / step) > 2 ** (bits - 1) - 1 or round(own.min() / step) < -(2 ** (bits - 1)):
        step *= 2
    return step


def deaf(symbol: Complex) -> Complex:
    """A weighting that hears the mean of the taps alone, over almost nothing else: rounding by it is wild elsewhere."""
    out = np.tile(1e-6 * np.eye(symbol.shape[1]) + 0j, (len(symbol), 1, 1))
    out[:3] = 1e3 * np.eye(symbol.shape[1])
    return out


def test_plain_rounding_is_the_last_resort() -> None:
    """Where the weighting is deaf in the band and no weight at the losing frequencies makes up for it, plain rounding is kept."""
    ends = heard_at(3, 2)
    found = []
    for seed in range(12):
        x, symbol = random_case(seed, 2, 10)
        found.append(kept_words(x, deaf(symbol), Word(1, 3), ends))
    assert any(kept.plain for kept in found)


def test_the_weights_follow_what_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair of 24 taps at 6 bits: the first rounding loses more of the lowest gains than plain rounding does, a later one, weighed
    where they fell, does not.
    """
    scene = designer.scene(load(pair()))
    found = design_channel(scene.problem.designs[0], scene)
    made = realize_form([found], scene, Realization(taps=24))
    fit, ends = made.fits[0], LowEnds.of(found, scene)
    assert isinstance(fit, TapsFit)
    kept = []
    for passes in (1, 4):
        monkeypatch.setattr("designer.realization.kept_words.PASSES", passes)
        kept.append(kept_words(made.taps[0], fit.symbol, Word(1, 5), ends))
    assert [one.plain for one in kept] == [True, False]


def test_low_ends_are_the_percentile_and_the_least() -> None:
    """Of 0 to 100: 5 and 0."""
    np.testing.assert_allclose(low_ends(np.arange(101.0)), [5.0, 0.0])
