"""The power ratio against its semidefinite relaxation, written in cvxpy and solved by a solver of other people.

    maximise w^H A w / w^H P w   subject to   w^H A w >= γ w^H B w

With X = w w^H and X's rank let go it is a semidefinite program. Two homogeneous quadratic forms over the complex numbers
leave no gap (Huang and Zhang, Complex matrix decomposition and quadratic programming, Math. Oper. Res. 32, 2007).
"""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.formulations.power_ratio import most_efficient_weights, statement
from designer.solvers.ratio_search import best_ratio, best_ratio_at_efficiency, most_efficient

SAME = 1e-6


def gram(rng: np.random.Generator, points: int, size: int) -> Complex:
    """The mean of h^H h over random points (L, L): rank as many as the points."""
    h = rng.standard_normal((points, size)) + 1j * rng.standard_normal((points, size))
    return np.asarray(h.conj().T @ h / points)


def power(M: Complex, w: Complex) -> float:
    return float((w.conj() @ M @ w).real)


def solved(problem: Any) -> float:
    """The value by SCS, which is certain here to more digits than an interior point and shares nothing with the search."""
    value = problem.solve(solver=cp.SCS, eps_abs=1e-9, eps_rel=1e-9, max_iters=200_000)
    assert problem.status == "optimal"
    return float(value)


def found(A: Complex, B: Complex, cost: Real, gamma: float) -> tuple[float, float]:
    """Efficiency w^H A w / w^H P w of the search, and w^H A w / (γ w^H B w)."""
    weights, gap = most_efficient_weights(A[None], B[None], cost[None], np.array([gamma]))
    w = weights[0]
    assert abs(gap[0]) < 1e-8
    return power(A, w) / power(np.diag(cost), w), power(A, w) / (gamma * power(B, w))


@given(
    size=st.integers(2, 6),
    bright=st.integers(1, 6),
    dark=st.integers(1, 7),
    ask=st.floats(0.05, 0.95),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40)
def test_value_of_the_relaxation(size: int, bright: int, dark: int, ask: float, seed: int) -> None:
    """Random feasible problems: the efficiency is the relaxation's within 1e-6, and the ratio is met."""
    rng = np.random.default_rng(seed)
    A, B, cost = gram(rng, bright, size), gram(rng, dark, size), rng.uniform(0.3, 3.0, size)
    best = float(best_ratio(A[None], B[None])[0])
    gamma = ask * best if np.isfinite(best) and best < 1e4 else ask * 1e3
    efficiency, ratio = found(A, B, cost, gamma)
    assert ratio > 1 - 1e-9
    assert efficiency == pytest.approx(solved(statement(A, B, cost, gamma)), rel=SAME)


def test_a_target_met_for_free() -> None:
    """Where the most efficient weights meet the ratio anyway, they are the answer: the largest eigenvalue, no multiplier."""
    rng = np.random.default_rng(5)
    A, B = gram(rng, 2, 4), gram(rng, 4, 4)
    values, vectors = np.linalg.eigh(A)
    gamma = 0.9 * power(A, vectors[:, -1]) / power(B, vectors[:, -1])
    assert most_efficient(A[None], B[None], np.array([gamma])).multiplier[0] == 0.0
    efficiency, ratio = found(A, B, np.ones(4), gamma)
    assert efficiency == pytest.approx(values[-1], rel=1e-12)
    assert ratio == pytest.approx(1 / 0.9, rel=1e-12)
    assert solved(statement(A, B, np.ones(4), gamma)) == pytest.approx(values[-1], rel=SAME)


@pytest.mark.parametrize("seed", range(5))
def test_an_infeasible_ratio_is_flagged(seed: int) -> None:
    """A ratio 0.1 % above the best is infeasible, one 0.1 % below is not, and the relaxation agrees 5 % away."""
    rng = np.random.default_rng(seed)
    A, B = gram(rng, 2, 4), gram(rng, 5, 4)
    best = best_ratio(A[None], B[None])
    assert not most_efficient(A[None], B[None], best * 1.001).feasible[0]
    assert most_efficient(A[None], B[None], best * 0.999).feasible[0]
    problem = statement(A, B, np.ones(4), float(best[0]) * 1.05)
    problem.solve(solver=cp.SCS)
    assert problem.status == "infeasible"


def unitary(rng: np.random.Generator, size: int) -> Complex:
    q, _ = np.linalg.qr(rng.standard_normal((size, size)) + 1j * rng.standard_normal((size, size)))
    return np.asarray(q)


def degenerate(name: str) -> tuple[Complex, Complex, float]:
    """Problems whose largest eigenvalue is double where the ratio is met."""
    rng = np.random.default_rng(9)
    if name == "two eigenvectors cross":
        A, B, gamma = np.diag([1.0, 0.5]), np.diag([1.0, 0.01]), 2.0
    elif name == "two pairs cross":
        A, B, gamma = np.diag([1.0, 0.5, 1.0, 0.5]), np.diag([1.0, 0.01, 1.0, 0.01]), 2.0
    else:  # every eigenvalue is double
        A, B = np.kron(np.eye(2), gram(rng, 2, 3)), np.kron(np.eye(2), gram(rng, 3, 3))
        gamma = 0.8 * float(best_ratio(A[None], B[None])[0])
    U = unitary(rng, len(A))  # so that no axis is an eigenvector
    return np.asarray(U @ A @ U.conj().T), np.asarray(U @ B @ U.conj().T), gamma


@pytest.mark.parametrize("name", ["two eigenvectors cross", "two pairs cross", "identical blocks"])
def test_a_double_eigenvalue(name: str) -> None:
    """The combination of its eigenvectors meets the ratio with equality and has the relaxation's value.

    In the first, |a|² + |b|²/2 is largest, |a|² + |b|² = 1, where |a|² + |b|²/2 = 2 (|a|² + |b|²/100): 1 - 0.5/1.48.
    """
    A, B, gamma = degenerate(name)
    efficiency, ratio = found(A, B, np.ones(len(A)), gamma)
    assert ratio == pytest.approx(1.0, abs=1e-9)
    assert efficiency == pytest.approx(solved(statement(A, B, np.ones(len(A)), gamma)), rel=SAME)
    if name != "identical blocks":
        assert efficiency == pytest.approx(1 - 0.5 / 1.48, rel=1e-9)


@given(size=st.integers(2, 6), bright=st.integers(1, 4), ask=st.floats(0.1, 0.9), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_best_compromise_at_an_efficiency(size: int, bright: int, ask: float, seed: int) -> None:
    """The largest ratio whose efficiency fits is that of its relaxation, maximise tr AX / tr BX with tr AX >= e tr X."""
    rng = np.random.default_rng(seed)
    A, B = gram(rng, bright, size), gram(rng, size + 2, size)
    least = ask * float(np.diagonal(A).real.max())
    v = best_ratio_at_efficiency(A[None], B[None], np.ones((1, size)), np.array([least]))[0]
    assert power(A, v) > least * (1 - 1e-9)

    X = cp.Variable((size, size), hermitian=True)
    constraints = [X >> 0, cp.real(cp.trace(B @ X)) == 1, cp.real(cp.trace((A - least * np.eye(size)) @ X)) >= 0]
    value = solved(cp.Problem(cp.Maximize(cp.real(cp.trace(A @ X))), constraints))
    assert power(A, v) / power(B, v) == pytest.approx(value, rel=1e-5)  # its bisection ends at 1e-5
