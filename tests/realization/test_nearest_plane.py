"""Rounding by nearest plane: against the lattice's own bounds, plain rounding, and the far ear of the eight-driver case."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.problem.word_format import Word
from designer.realization import nearest_plane as planes
from designer.realization.nearest_plane import nearest_plane, weighted_error
from realization.rounding_cases import eight_driver_taps, normal_matrix, random_case
from realization.test_realized_channels import gains_db

seeds = st.integers(0, 2**32 - 1)


def plain(taps: Real, word: Word) -> Real:
    """Each tap to its nearest integer."""
    out = np.empty_like(taps)
    for place, value in np.ndenumerate(taps):
        out[place] = min(max(round(value / word.step), word.least), word.greatest)
    return out


@settings(max_examples=20, deadline=None)
@given(seed=seeds, drivers=st.integers(1, 3), taps=st.integers(2, 12), bits=st.integers(3, 16))
def test_it_is_never_worse_than_plain_rounding(seed: int, drivers: int, taps: int, bits: int) -> None:
    """In the weighted error, written out with the normal matrix; and every integer is in the word's range."""
    x, symbol = random_case(seed, drivers, taps)
    word, N = Word(1, bits - 1), normal_matrix(symbol, taps)
    q = nearest_plane(x, symbol, word.step, word.least, word.greatest)
    assert (q == np.rint(q)).all()
    assert q.min() >= word.least
    assert q.max() <= word.greatest
    errors = [(each * word.step - x).T.ravel() for each in (q, plain(x, word))]
    assert errors[0] @ N @ errors[0] <= errors[1] @ N @ errors[1] * (1 + 1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, drivers=st.integers(1, 3), taps=st.integers(2, 10))
def test_it_keeps_babais_bound(seed: int, drivers: int, taps: int) -> None:
    """A bound of the single path, which the best of many keeps: dᵀ N d <= Δ²/4 Σ G_ii², G the dense Cholesky factor (Babai 1986)."""
    x, symbol = random_case(seed, drivers, taps)
    N = normal_matrix(symbol, taps)
    d = (nearest_plane(x, symbol, 0.25, -100, 100) * 0.25 - x).T.ravel()
    assert d @ N @ d <= 0.25**2 / 4 * np.sum(np.diag(np.linalg.cholesky(N)) ** 2) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_near_the_best_of_all_integers(seed: int) -> None:
    """Five taps: within 1 dB of the least of all 4⁵ lattice points around them, and at no less than it."""
    x, symbol = random_case(seed, 1, 5)
    N = normal_matrix(symbol, 5)
    low = np.floor(x[0] / 0.1) - 1
    least = min(
        float(d @ N @ d) for d in ((low + np.array(n)) * 0.1 - x[0] for n in itertools.product(range(4), repeat=5))
    )
    d = nearest_plane(x, symbol, 0.1, -100, 100)[0] * 0.1 - x[0]
    assert least * (1 - 1e-9) <= d @ N @ d <= 1.26 * least


@settings(max_examples=10, deadline=None)
@given(seed=seeds, taps=st.integers(1, 20))
def test_a_flat_weighting_rounds_plainly(seed: int, taps: int) -> None:
    """Where every error is heard alike and alone, the nearest integers are the best."""
    x = np.random.default_rng(seed).uniform(-0.9, 0.9, (2, taps))
    symbol = np.tile(np.diag([1.0, 3.0]).astype(complex), (2 * taps + 1, 1, 1))
    word = Word(1, 7)
    np.testing.assert_array_equal(nearest_plane(x, symbol, word.step, -128, 127), plain(x, word))


@settings(max_examples=20, deadline=None)
@given(seed=seeds, drivers=st.integers(1, 3), taps=st.integers(1, 12))
def test_the_weighted_error_is_the_quadratic_form(seed: int, drivers: int, taps: int) -> None:
    """By Fourier transform as by the matrix."""
    d, symbol = random_case(seed, drivers, taps)
    expected = d.T.ravel() @ normal_matrix(symbol, taps) @ d.T.ravel()
    assert weighted_error(d, symbol) == pytest.approx(expected, rel=1e-9)


def test_rows_beyond_the_bound_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The factor's rows settle: half of those of 512 taps computed, and the rest shifted, the error is within 0.5 dB."""
    x, symbol, _, _ = eight_driver_taps(512)
    errors = []
    for rows in (4096, 2048):
        monkeypatch.setattr(planes, "EXACT_ROWS", rows)
        errors.append(weighted_error(nearest_plane(x, symbol, 2.0**-9, -512, 511) * 2.0**-9 - x, symbol))
    assert abs(10 * np.log10(errors[1] / errors[0])) < 0.5


@pytest.mark.parametrize("bits", range(6, 17))
@pytest.mark.parametrize("taps", [96, 128])
def test_it_lowers_the_weighted_error_by_12_db(bits: int, taps: int) -> None:
    """Eight drivers with one scale, every word length from 6 to 16 bits."""
    x, symbol, _, _ = eight_driver_taps(taps)
    word = Word(1, bits - 1)
    q = nearest_plane(x, symbol, word.step, word.least, word.greatest)
    errors = [weighted_error(each * word.step - x, symbol) for each in (plain(x, word), q)]
    assert 10 * np.log10(errors[0] / errors[1]) > 12.0


@pytest.mark.parametrize("bits", [4, 5])
@pytest.mark.parametrize("taps", [96, 128])
def test_so_few_bits_have_less_to_win(bits: int, taps: int) -> None:
    """With one scale, 4 and 5 bits make most taps 0 in plain rounding. What any rounding may win is bounded, in the mean over
    where the taps fall in their cell: no point of a lattice is nearer than a ball of its cell's volume has it, n Δ² det(N)^(1/n) / (2πe).
    That bound is below 14.1 dB, and 10 are won.
    """
    x, symbol, _, _ = eight_driver_taps(taps)
    word = Word(1, bits - 1)
    q = nearest_plane(x, symbol, word.step, word.least, word.greatest)
    errors = [weighted_error(each * word.step - x, symbol) for each in (plain(x, word), q)]
    volume = np.exp(np.linalg.slogdet(normal_matrix(symbol, taps)).logabsdet / x.size)
    ball = x.size * word.step**2 * volume / (2 * np.pi * np.e)
    assert 10 * np.log10(errors[0] / errors[1]) > 10.0
    assert 10 * np.log10(errors[0] / ball) < 14.1


@pytest.mark.parametrize(("fraction_bits", "plain_loses"), [(7, 5.0), (9, 0.5), (15, -0.05)])
@pytest.mark.parametrize("taps", [96, 128])
def test_short_words_keep_the_null(fraction_bits: int, plain_loses: float, taps: int) -> None:
    """Eight drivers, 40 heads within 3 cm: the 5th percentile stays within 0.3 dB of the unquantised; plain rounding
    loses decibels at 7 and 9 fraction bits, and nothing at 15.
    """
    x, symbol, off_grid, _ = eight_driver_taps(taps)
    word = Word(1, fraction_bits)
    q = nearest_plane(x, symbol, word.step, word.least, word.greatest)
    ideal, spared, rounded = (
        np.percentile(gains_db(each, off_grid, 48_000.0), 5) for each in (x, q * word.step, plain(x, word) * word.step)
    )
    assert spared > ideal - 0.3
    assert ideal - rounded > plain_loses
    if fraction_bits == 15:
        assert abs(ideal - rounded) < 0.05
