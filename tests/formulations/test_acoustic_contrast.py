"""Acoustic contrast against its semidefinite relaxation, against random weights, and as the power ratio's limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex
from designer.formulations import acoustic_contrast, power_ratio
from designer.requirements.target import ChannelTarget
from formulations.random_targets import Wanted, gaussian, random_target
from formulations.reference import solved

seeds = st.integers(0, 2**32 - 1)


def naive_matrix(points: Complex) -> Complex:
    """The mean of h^H h over points (M, L), one product at a time."""
    return np.asarray(sum(np.outer(h.conj(), h) for h in points) / len(points))


def form(M: Complex, w: Complex) -> float:
    return float((w.conj() @ M @ w).real)


def efficiency_of(target: ChannelTarget, f: int, w: Complex) -> float:
    return form(naive_matrix(target.bright[f]), w) / float(np.sum(np.abs(w) ** 2))


@settings(max_examples=30)
@given(
    seed=seeds,
    drivers=st.integers(2, 5),
    bright=st.integers(1, 3),
    limit_db=st.sampled_from([None, -1.0, 2.0, 6.0]),
)
def test_the_ratio_is_that_of_the_relaxation(seed: int, drivers: int, bright: int, limit_db: float | None) -> None:
    """Cvxpy's value over all positive semidefinite X is one vector's, within 1e-5, and the effort is kept."""
    expected = Wanted(frequencies=1, drivers=drivers, bright=bright, dark=drivers + 2, max_effort_db=limit_db)
    target = random_target(seed, expected)
    solution = acoustic_contrast.solve(target)
    w = solution.weights[0]
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    single = max(np.diagonal(A).real)
    e = 0.0 if limit_db is None else single / 10 ** (limit_db / 10)
    largest = np.linalg.eigvalsh(A)[-1]
    if e > largest * (1 - 1e-6):  # not even the most efficient weights keep to it
        assert efficiency_of(target, 0, w) == pytest.approx(largest, rel=1e-5)
        assert solution.violation[0] == pytest.approx(max(e / largest - 1, 0.0), abs=1e-5)
        return
    assert efficiency_of(target, 0, w) >= e * (1 - 1e-9)
    value = solved(acoustic_contrast.statement(A / single, B, e / single))
    assert form(B, w) / form(A, w) * single == pytest.approx(value, rel=1e-5)


@settings(max_examples=30)
@given(
    seed=seeds,
    drivers=st.integers(2, 5),
    dark=st.integers(1, 6),
    bright=st.integers(1, 3),
    limit_db=st.floats(0.0, 6.0),
)
def test_no_random_weights_within_the_effort_have_more_contrast(
    seed: int, drivers: int, dark: int, bright: int, limit_db: float
) -> None:
    """2,000 vectors, half of them near the answer: none keeps to the effort with a larger ratio, unless it is beyond 80 dB."""
    target = random_target(
        seed, Wanted(frequencies=1, drivers=drivers, bright=bright, dark=dark, max_effort_db=limit_db)
    )
    solution = acoustic_contrast.solve(target)
    w = solution.weights
    assert np.abs(solution.gap[0]) < 1e-6
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    rng = np.random.default_rng(seed)
    near = w / np.linalg.norm(w) + 10 ** rng.uniform(-4, 0, (1000, 1)) * gaussian(rng, 1000, drivers)
    tried = np.concatenate([w, gaussian(rng, 1000, drivers), near])
    reached, leaked = (np.einsum("ni,ij,nj->n", tried.conj(), M, tried).real for M in (A, B))
    spent = np.sum(np.abs(tried) ** 2, axis=1) * np.diagonal(A).real.max() / reached
    assert spent[0] <= 10 ** (limit_db / 10) * (1 + 1e-9)
    fits = spent <= 10 ** (limit_db / 10)
    ratio = reached / np.maximum(leaked, 1e-8 * reached)
    assert ratio[fits].max(initial=0.0) <= ratio[0] * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_limit_of_the_power_ratio(seed: int) -> None:
    """As γ comes near to the largest ratio the power ratio's weights turn into these; beyond it nothing is feasible."""
    target = random_target(seed, Wanted(frequencies=2, drivers=4, bright=3, dark=6))
    w = acoustic_contrast.solve(target).weights
    A, B = (np.stack([naive_matrix(points) for points in H]) for H in (target.bright, target.dark))
    best = np.array([scipy.linalg.eigh(a, b, eigvals_only=True)[-1] for a, b in zip(A, B, strict=True)])
    ratio = [form(a, x) / form(b, x) for a, b, x in zip(A, B, w, strict=True)]
    np.testing.assert_allclose(ratio, best, rtol=1e-7)
    apart = []
    for short in (1e-2, 1e-4, 1e-6):
        v = power_ratio.solve(replace(target, gamma=best * (1 - short))).weights
        along = np.abs(np.sum(v.conj() * w, axis=1)) / np.linalg.norm(v, axis=1) / np.linalg.norm(w, axis=1)
        apart.append(np.sqrt(np.maximum(1 - along**2, 0.0)).max())
    assert apart[0] > 5 * apart[1] > 25 * apart[2]
    assert apart[2] < 3e-3


def test_a_driver_out_of_its_band_is_left_to_the_others() -> None:
    """At a cost of 1e8 one of four drivers plays 30 dB below the loudest, and the ratio of two dark points is still 60 dB."""
    target = random_target(7, Wanted(frequencies=4, drivers=4, dark=2))
    cost = np.ones((4, 4))
    cost[:, 2] = 1e8
    w = acoustic_contrast.solve(replace(target, cost=cost)).weights
    assert (20 * np.log10(np.abs(w[:, 2]) / np.abs(w).max(axis=1)) < -30).all()
    for f in range(4):
        assert form(naive_matrix(target.bright[f]), w[f]) > 1e6 * form(naive_matrix(target.dark[f]), w[f])
