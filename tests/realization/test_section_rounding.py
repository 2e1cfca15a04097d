"""Sections as integers: on the lattice, stable, never worse than plain rounding, far better where low frequencies suffer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from designer.arrays import Real
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, node_bounds
from designer.realization.section_fit import SectionProblem
from designer.realization.section_rounding import Lattice, descend, plainly_rounded, round_sections
from designer.realization.words import LowEnds
from realization.section_cases import RATE, coupled, equaliser, turn_of

seeds = st.integers(0, 2**32 - 1)
BAND_HZ = np.geomspace(300.0, 6000.0, 25)


def any_points(seed: int, drivers: int) -> LowEnds:
    """One random bright point and one to cancel."""
    rng = np.random.default_rng(seed)
    H = rng.normal(size=(2, 1, 1, drivers)) + 1j * rng.normal(size=(2, 1, 1, drivers))
    bright, dark = (np.repeat(each, BAND_HZ.size, axis=0) for each in H)
    return LowEnds(BAND_HZ, bright, dark, RATE)


def integers(filters: list[Cascade], lattice: Lattice) -> NDArray[np.int64]:
    """The integers (L, S, 5) of cascades on the lattice: b0, b1, b2, a1, a2."""
    values = np.stack([np.concatenate([f.b / f.gain[:, None], f.a], axis=1) for f in filters])
    return np.rint(values / lattice.step).astype(np.int64)


def low_pair(seed: int) -> tuple[list[Cascade], SectionProblem]:
    """Two drivers, three sections from 40 Hz on, and a point where their sum is heard a thousandfold."""
    known = [equaliser(seed, 3), equaliser(seed + 1, 3)]
    return known, coupled(known, seed, np.geomspace(15.0, 24_000.0, 150), radius=0.9999)


@settings(max_examples=4)
@given(seed=seeds, bits=st.integers(6, 18))
def test_rounded_sections_are_whole_stable_and_no_worse(seed: int, bits: int) -> None:
    """Whole numbers within the word, no root beyond the radius, no inner node beyond full scale, and a sum that is not above
    plain rounding's.
    """
    known, problem = low_pair(seed % 10_000)
    lattice = Lattice.of(Word(1, bits - 1), problem.radius)
    actual, _ = round_sections(known, problem, lattice, any_points(seed, 2))
    whole = integers(actual, lattice)
    assert whole.min() >= -(2 ** (bits - 1))
    assert whole.max() < 2 ** (bits - 1)
    for f, q in zip(actual, whole, strict=True):
        np.testing.assert_array_equal(f.b / f.gain[:, None], q[:, :3] * lattice.step)
        np.testing.assert_array_equal(f.a, q[:, 3:] * lattice.step)
        assert max(np.abs(np.roots([1.0, *a])).max() for a in f.a) <= problem.radius * (1 + 1e-6)
        assert node_bounds(f)[:-1].max() <= 1.0
    assert problem.cost(actual) <= problem.cost(plainly_rounded(known, lattice)) * (1 + 1e-9)


@pytest.mark.parametrize("bits", [12, 16])
def test_the_search_wins_decibels_at_low_frequencies(bits: int) -> None:
    """Sections from 40 Hz: at least 6 dB below plain rounding in the weighted error, 11 in the mean over two pairs."""
    won = []
    for seed in range(2):
        known, problem = low_pair(100 + 7 * seed)
        lattice = Lattice.of(Word(1, bits - 1), problem.radius)
        plain = plainly_rounded(known, lattice)
        won.append(10 * np.log10(problem.cost(plain) / problem.cost(descend(plain, problem, lattice))))
    assert min(won) > 6.0
    assert np.mean(won) > 11.0


def exact_impulse_response(q: list[list[int]], gain: Real, step: float, delay: int, length: int) -> list[Fraction]:
    """Sections of integers run in exact arithmetic: no float is rounded anywhere."""
    signal = [Fraction(int(n == delay)) for n in range(length)]
    unit = Fraction(step)
    for (b0, b1, b2, a1, a2), each in zip(q, gain.tolist(), strict=True):
        out: list[Fraction] = []
        for n in range(length):
            past = [signal[n - i] if n >= i else Fraction(0) for i in range(3)]
            own = [out[n - i] if n >= i else Fraction(0) for i in (1, 2)]
            out.append(
                Fraction(each) * unit * (b0 * past[0] + b1 * past[1] + b2 * past[2])
                - unit * (a1 * own[0] + a2 * own[1])
            )
        signal = out
    return signal


def test_the_response_is_that_of_the_integers() -> None:
    """A naive loop over integers, in exact fractions, is the impulse response to 1e-12 of its peak, and its sum the response."""
    known = [equaliser(11, 2, 3000.0)]
    problem = coupled(known, 3, np.geomspace(15.0, 24_000.0, 100))
    lattice = Lattice.of(Word.of("q15"), 0.98)
    (actual,), _ = round_sections(known, problem, lattice, any_points(0, 1))
    (q,) = integers([actual], lattice)
    exact = np.array([float(y) for y in exact_impulse_response(q.tolist(), actual.gain, lattice.step, 0, 300)])
    np.testing.assert_allclose(actual.impulse_response(300), exact, atol=1e-12 * np.abs(exact).max())
    turn = turn_of(np.array([100.0, 5000.0]))
    naive = [sum(y * each**n for n, y in enumerate(exact)) for each in turn]
    np.testing.assert_allclose(actual.response(turn), naive, atol=1e-6)


def test_the_lattice_always_has_a_point() -> None:
    """Denominators at the triangle's corners, in words of 3 bits to 16: what is found is within the radius."""
    for bits in (3, 4, 8, 16):
        lattice = Lattice.of(Word(1, bits - 1), 0.9)
        for a in ([-2.0, 1.0], [2.0, 1.0], [0.0, -1.0], [0.3, 0.2], [1.79, 0.8]):
            points = lattice.near(np.array(a))
            assert len(points) > 0
            assert all(np.abs(np.roots([1.0, *point])).max() <= 0.9 * (1 + 1e-9) for point in points)


def ends_db(filters: list[Cascade], judged: LowEnds) -> Real:
    """5th percentile and worst, each frequency by itself."""
    gains = []
    for hz, bright, dark in zip(BAND_HZ, judged.bright[:, 0], judged.dark[:, 0], strict=True):
        w = [f.response(turn_of(np.array([hz])))[0] for f in filters]
        gains.append(20 * np.log10(abs(bright[0] * w[0] + bright[1] * w[1]) / abs(dark[0] * w[0] + dark[1] * w[1])))
    return np.array([np.percentile(gains, 5), min(gains)])


@pytest.mark.parametrize("seed", range(6))
def test_what_is_told_is_what_is_missing(seed: int) -> None:
    """By so much the lower of both ends stays below plain rounding's or the unrounded's, whichever is less, beyond 0.1 dB."""
    known, judged = [equaliser(seed, 2, 200.0), equaliser(seed + 1, 2, 200.0)], any_points(seed, 2)
    problem = coupled(known, seed, np.geomspace(15.0, 24_000.0, 80))
    lattice = Lattice.of(Word(1, 8), problem.radius)
    actual, missing_db = round_sections(known, problem, lattice, judged)
    goal = np.minimum(ends_db(known, judged), ends_db(plainly_rounded(known, lattice), judged)) - 0.1
    assert missing_db == pytest.approx(max(0.0, float((goal - ends_db(actual, judged)).max())), abs=1e-9)
