"""Stacked searches over pencils: the same one by one, and never beaten by random vectors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from formulations.random_targets import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.solvers import ratio_search

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 6)


def pencils(seed: int, count: int, size: int, *, bright: int = 2, dark: int = 3) -> tuple[Complex, Complex, Real]:
    """A, B (F, L, L), semidefinite of the ranks given, and ratios of which some are free, some costly, some out of reach."""
    rng = np.random.default_rng(seed)
    h, g = gaussian(rng, count, bright, size), gaussian(rng, count, dark, size)
    A = np.einsum("fml,fmk->flk", h.conj(), h) / bright
    B = np.einsum("fml,fmk->flk", g.conj(), g) / dark
    return A, B, 10 ** rng.uniform(-1.0, 2.0, count)


def forms(A: Complex, v: Complex) -> Real:
    """v^H A v for vectors (N, L)."""
    return np.asarray(np.einsum("ni,ij,nj->n", v.conj(), A, v).real)


@settings(max_examples=15)
@given(seed=seeds, size=sizes)
def test_all_frequencies_at_once_equal_one_by_one(seed: int, size: int) -> None:
    """What converges early or late among the others changes no frequency's result."""
    A, B, gamma = pencils(seed, 12, size, dark=size + 1)
    together = ratio_search.most_efficient(A, B, gamma)
    ratios = ratio_search.best_ratio(A, B)
    efficiency = np.linalg.eigvalsh(A)[:, -1] * np.linspace(0.1, 0.9, 12)
    P = np.ones((12, size))
    limited = ratio_search.best_ratio_at_efficiency(A, B, P, efficiency)
    for f in range(12):
        one = slice(f, f + 1)
        alone = ratio_search.most_efficient(A[one], B[one], gamma[one])
        assert alone.feasible[0] == together.feasible[f]
        np.testing.assert_allclose(forms(A[f], alone.v), forms(A[f], together.v[one]), rtol=1e-9)
        np.testing.assert_allclose(forms(B[f], alone.v), forms(B[f], together.v[one]), rtol=1e-9)
        np.testing.assert_allclose(ratio_search.best_ratio(A[one], B[one]), ratios[one], rtol=1e-9)
        v = ratio_search.best_ratio_at_efficiency(A[one], B[one], P[one], efficiency[one])
        # Bisection stops when the widest bracket of all is narrow enough.
        alone_ratio, ratio = (forms(A[f], u) / forms(B[f], u) for u in (v, limited[one]))
        np.testing.assert_allclose(alone_ratio, ratio, rtol=1e-4)


@settings(max_examples=25)
@given(seed=seeds, size=sizes, dark=st.integers(1, 7))
def test_the_most_efficient_vector(seed: int, size: int, dark: int) -> None:
    """It meets the ratio, or none does; no random vector that meets it is more efficient; its multiplier bounds them all."""
    A, B, gamma = pencils(seed, 4, size, dark=dark)
    actual = ratio_search.most_efficient(A, B, gamma)
    rng = np.random.default_rng(seed)
    for f in range(4):
        v = actual.v[f]
        near = v + 10 ** rng.uniform(-4, 0, (500, 1)) * gaussian(rng, 500, size)
        tried = np.concatenate([gaussian(rng, 500, size), near])
        tried /= np.linalg.norm(tried, axis=1, keepdims=True)
        meets = forms(A[f], tried) >= gamma[f] * forms(B[f], tried)
        own = float(forms(A[f], v[None])[0])
        assert np.linalg.norm(v) == pytest.approx(1.0, rel=1e-12)
        if not actual.feasible[f]:
            assert not meets.any()
            continue
        assert own >= gamma[f] * forms(B[f], v[None])[0] * (1 - 1e-8)
        assert forms(A[f], tried[meets]).max(initial=0.0) <= own * (1 + 1e-8)
        multiplier = actual.multiplier[f]
        bound = np.linalg.eigvalsh(A[f] + multiplier * (A[f] - gamma[f] * B[f]))[-1]
        assert own <= bound * (1 + 1e-9)
        assert own == pytest.approx(bound, rel=1e-6)


@settings(max_examples=25)
@given(seed=seeds, size=sizes)
def test_the_best_ratio_is_the_largest_generalised_eigenvalue(seed: int, size: int) -> None:
    """Scipy's generalised eigenproblem has the same value, to 1e-9, where B is regular."""
    A, B, _ = pencils(seed, 3, size, dark=2 * size)
    best = ratio_search.best_ratio(A, B)
    for f in range(3):
        assert best[f] == pytest.approx(scipy.linalg.eigh(A[f], B[f], eigvals_only=True)[-1], rel=1e-9)


@settings(max_examples=15)
@given(seed=seeds, size=sizes)
def test_the_best_ratio_has_no_bound_where_points_are_fewer_than_drivers(seed: int, size: int) -> None:
    """B of rank L - 1 leaves a direction that A hears; the value is infinite, and finite where A does not hear it."""
    A, B, _ = pencils(seed, 3, size, dark=size - 1)
    assert np.isinf(ratio_search.best_ratio(A, B)).all()
    np.testing.assert_allclose(ratio_search.best_ratio(3.0 * B, B), 3.0, rtol=1e-6)


@settings(max_examples=25)
@given(seed=seeds, size=sizes, dark=st.integers(1, 7), share=st.floats(0.05, 0.95), bounded=st.booleans())
def test_the_best_ratio_at_an_efficiency(seed: int, size: int, dark: int, share: float, bounded: bool) -> None:
    """The vector is as efficient as asked, and with equal costs no random vector that is has a larger ratio."""
    A, B, _ = pencils(seed, 2, size, dark=dark)
    P = 10 ** np.random.default_rng(seed).uniform(0, 2, (2, size)) if bounded else np.ones((2, size))
    single = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1)
    actual = ratio_search.best_ratio_at_efficiency(A, B, P, share * single)
    rng = np.random.default_rng(seed)
    for f in range(2):
        v = actual[f]
        own_efficiency = float(forms(A[f], v[None])[0])
        assert np.linalg.norm(v) == pytest.approx(1.0, rel=1e-12)
        if bounded:  # dear drivers may leave less than the efficiency asked
            continue
        assert own_efficiency >= share * single[f] * (1 - 1e-9)
        near = v + 10 ** rng.uniform(-4, 0, (500, 1)) * gaussian(rng, 500, size)
        tried = np.concatenate([gaussian(rng, 500, size), near])
        tried /= np.linalg.norm(tried, axis=1, keepdims=True)
        fits = forms(A[f], tried) >= share * single[f]
        # What is left over what is reached: 0 where points are fewer than drivers, so up to rounding.
        left, own = forms(B[f], tried) / forms(A[f], tried), float(forms(B[f], v[None])[0]) / own_efficiency
        assert left[fits].min(initial=np.inf) >= own * (1 - 1e-4) - 1e-9
