"""The power ratio against its semidefinite relaxation, against random weights, and in a case worked by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Complex
from designer.formulations import constrained, power_ratio
from formulations.random_targets import Wanted, gaussian, random_target

seeds = st.integers(0, 2**32 - 1)


def naive_matrix(points: Complex) -> Complex:
    """The mean of h^H h over points (M, L), one product at a time."""
    size = points.shape[1]
    out = np.zeros((size, size), dtype=complex)
    for h in points:
        for i in range(size):
            for j in range(size):
                out[i, j] += h[i].conjugate() * h[j] / len(points)
    return out


def form(A: Complex, w: Complex) -> float:
    return float((w.conj() @ A @ w).real)


@pytest.mark.parametrize(
    ("seed", "drivers", "dark", "gain_db", "bounded"),
    [(0, 2, 1, 10, False), (3, 3, 2, 25, False), (0, 3, 5, 2, True), (5, 4, 3, 12, True), (0, 4, 8, 3, False), (9, 5, 8, 3, True)],
)  # fmt: skip
def test_the_value_is_that_of_the_semidefinite_relaxation(
    seed: int, drivers: int, dark: int, gain_db: float, bounded: bool
) -> None:
    """Cvxpy's value over all positive semidefinite X equals the efficiency of one vector: the relaxation is tight, to 1e-6.

    The seeds are some at which Clarabel calls its own answer accurate.
    """
    target = random_target(
        seed, Wanted(frequencies=1, drivers=drivers, bright=2, dark=dark, gain_db=gain_db, bounded_drivers=bounded)
    )
    w = power_ratio.solve(target).weights[0]
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    problem = power_ratio.statement(A, B, target.cost[0], 10 ** (gain_db / 10))
    value = problem.solve(solver="CLARABEL")
    assert problem.status == "optimal"
    assert form(A, w) / float(target.cost[0] @ np.abs(w) ** 2) == pytest.approx(value, rel=1e-6)
    assert form(A, w) >= 10 ** (gain_db / 10) * form(B, w) * (1 - 1e-6)


@pytest.mark.parametrize(
    ("seed", "status"), [(0, "infeasible"), (5, "infeasible"), (19, "infeasible"), (3, "optimal"), (9, "optimal")]
)
def test_what_the_relaxation_calls_infeasible_is_not_reached(seed: int, status: str) -> None:
    """Where cvxpy finds no X the weights fall short of the ratio, and where it finds one they meet it."""
    target = random_target(seed, Wanted(frequencies=1, drivers=3, bright=2, dark=5, gain_db=6.0))
    w = power_ratio.solve(target).weights[0]
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    problem = power_ratio.statement(A, B, target.cost[0], 10**0.6)
    problem.solve(solver="CLARABEL")
    assert problem.status == status
    reached = form(A, w) / form(B, w) / 10**0.6
    assert reached > 1 - 1e-9 if status == "optimal" else reached < 0.9


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(2, 5), gain_db=st.floats(-5.0, 15.0))
def test_no_random_weights_that_meet_the_ratio_are_more_efficient(seed: int, drivers: int, gain_db: float) -> None:
    """2,000 vectors, half of them near the answer: none meets the ratio with a larger w^H A w / w^H P w."""
    target = random_target(
        seed, Wanted(frequencies=1, drivers=drivers, bright=2, dark=2, gain_db=gain_db, bounded_drivers=True)
    )
    w = power_ratio.solve(target).weights
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    rng = np.random.default_rng(seed)
    near = w / np.linalg.norm(w) + 10 ** rng.uniform(-4, 0, (1000, 1)) * gaussian(rng, 1000, drivers)
    tried = np.concatenate([gaussian(rng, 1000, drivers) / np.sqrt(target.cost), near])
    bright, dark = (np.einsum("ni,ij,nj->n", tried.conj(), M, tried).real for M in (A, B))
    efficient = bright / (np.abs(tried) ** 2 @ target.cost[0])
    own = form(A, w[0]) / float(np.abs(w[0]) ** 2 @ target.cost[0])
    if form(A, w[0]) >= 10 ** (gain_db / 10) * form(B, w[0]) * (1 - 1e-7):
        meets = bright >= 10 ** (gain_db / 10) * dark
        assert efficient[meets].max(initial=0.0) <= own * (1 + 1e-7)
    else:  # no vector may meet what the search calls infeasible
        assert not (bright >= 10 ** (gain_db / 10) * dark).any()


def test_a_jump_of_the_top_eigenvector() -> None:
    """A = diag(2, 1), B = diag(1, 0.1), γ = 3: neither eigenvector touches the ratio; by hand the efficiency is 24/17.

    2x² + y² = 3 (x² + 0.1 y²) gives x² = 0.7 y², hence v² = (0.7, 1)/1.7, and (2·0.7 + 1)/1.7 = 24/17.
    """
    bright = np.sqrt(2) * np.diag([math.sqrt(2), 1.0]).astype(complex)[None]
    dark = np.sqrt(2) * np.diag([1.0, math.sqrt(0.1)]).astype(complex)[None]
    A, B = measures.mean_power_matrix(bright), measures.mean_power_matrix(dark)
    w, gap = power_ratio.most_efficient_weights(A, B, np.ones((1, 2)), np.array([3.0]))
    w = w / np.linalg.norm(w)
    np.testing.assert_allclose(np.abs(w[0]) ** 2, [0.7 / 1.7, 1 / 1.7], rtol=1e-9)
    assert form(A[0], w[0]) == pytest.approx(24 / 17, rel=1e-9)
    assert abs(gap[0]) < 1e-9


def test_a_dear_driver_is_left_to_the_others() -> None:
    """A cost of 1e8 (80 dB) on one driver leaves it 30 dB below the others, with the ratio still met by these."""
    target = random_target(7, Wanted(frequencies=4, drivers=4, dark=2, gain_db=15.0))
    cost = np.ones((4, 4))
    cost[:, 2] = 1e8
    w = np.abs(power_ratio.solve(replace(target, cost=cost)).weights)
    assert (20 * np.log10(w[:, 2] / w.max(axis=1)) < -30).all()
    free = np.abs(power_ratio.solve(target).weights)
    assert (20 * np.log10(free[:, 2] / free.max(axis=1)) > -20).any()


@settings(max_examples=20)
@given(seed=seeds, limit_db=st.floats(-8.0, 2.0))
def test_drivers_within_their_limits_are_feasible_for_the_cones_too(seed: int, limit_db: float) -> None:
    """The ratio is met whatever the limits on |w| are; where dearer drivers keep within them, the cones need no slack either."""
    target = random_target(seed, Wanted(frequencies=2, drivers=4, gain_db=6.0, max_gain_db=limit_db))
    w = power_ratio.solve(target).weights
    gain = measures.cancellation_gain(target.bright, target.dark, w)
    assert (10 * np.log10(gain) > 6.0 - 1e-6).all()
    level = target.plain_level / np.sqrt(measures.mean_power(target.bright, w))
    remaining = (np.abs(w) * level[:, None]).max(axis=1) <= 10 ** (limit_db / 20)
    cones = constrained.solve(target)
    gain = measures.cancellation_gain(target.bright, target.dark, cones.weights)
    assert (10 * np.log10(gain[remaining]) > 6.0 - 1e-4).all()
    assert (cones.level[remaining] == 1.0).all()


@settings(max_examples=25)
@given(seed=seeds, drivers=st.integers(2, 5), limit_db=st.floats(0.0, 6.0))
def test_an_effort_limited_compromise_is_the_best_that_fits(seed: int, drivers: int, limit_db: float) -> None:
    """Where 40 dB do not fit, the weights keep to the limit, and no random weights within it have a larger ratio."""
    target = random_target(
        seed, Wanted(frequencies=1, drivers=drivers, bright=2, dark=4, gain_db=40.0, max_effort_db=limit_db)
    )
    w = power_ratio.solve(target).weights
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    rng = np.random.default_rng(seed)
    near = w / np.linalg.norm(w) + 10 ** rng.uniform(-4, 0, (1000, 1)) * gaussian(rng, 1000, drivers)
    tried = np.concatenate([w, gaussian(rng, 1000, drivers), near])
    bright, dark = (np.einsum("ni,ij,nj->n", tried.conj(), M, tried).real for M in (A, B))
    spent = np.sum(np.abs(tried) ** 2, axis=1) * np.diagonal(A).real.max() / bright
    assert spent[0] <= 10 ** (limit_db / 10) * (1 + 1e-8)
    assume(bright[0] < 1e4 * dark[0] * (1 - 1e-6))  # else 40 dB were reached
    fits = spent <= 10 ** (limit_db / 10)
    assert (bright / dark)[fits].max(initial=0.0) <= bright[0] / dark[0] * (1 + 1e-4)


def test_an_unlimited_compromise_stops_a_tenth_of_a_decibel_below_the_best() -> None:
    """Without an effort limit an infeasible ratio gets the best one less 0.1 dB, at the least effort for that."""
    target = random_target(1, Wanted(frequencies=3, drivers=3, bright=2, dark=8, gain_db=40.0))
    gain = 10 * np.log10(measures.cancellation_gain(target.bright, target.dark, power_ratio.solve(target).weights))
    for f in range(3):
        A, B = naive_matrix(target.bright[f]), naive_matrix(target.dark[f])
        best = 10 * np.log10(scipy.linalg.eigh(A, B, eigvals_only=True)[-1])
        assert gain[f] == pytest.approx(best - 0.1, abs=1e-6)
