"""The certificate of a cone program: it flags what is wrong, and its dual value is a lower bound whatever the multipliers are."""

from __future__ import annotations

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from formulations.random_targets import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.solvers import cones
from designer.solvers.cone_program import ConeProgram, ConeRows, assemble

seeds = st.integers(0, 2**32 - 1)
SIZE, SLACKS, FREQUENCIES = 4, 2, 3


def program(seed: int) -> ConeProgram:
    """Three frequencies of: a quadratic, one equality, two norms below limits that slacks may widen, one hard norm.

    minimise    ½ yᵀQy + cᵀy + 2 Σ s
    subject to  e·y = 1,   ||V_i y - o_i|| <= m_i (1 + s_i),   ||y|| <= 3,   s >= 0
    """
    rng = np.random.default_rng(seed)
    n = SIZE + SLACKS
    rows = ConeRows(FREQUENCIES, n)
    one = np.zeros((FREQUENCIES, 1, n))
    one[:, 0, :SIZE] = rng.normal(size=(FREQUENCIES, SIZE))
    one /= np.linalg.norm(one, axis=2, keepdims=True)
    rows.add("zero", one, np.array([-1.0]))
    slack = np.zeros((FREQUENCIES, SLACKS, n))
    slack[:, np.arange(SLACKS), SIZE + np.arange(SLACKS)] = 1.0
    rows.add("nonnegative", slack, np.zeros(SLACKS))
    for i in range(SLACKS):
        linear = np.zeros((FREQUENCIES, 3, n))
        limit = rng.uniform(0.05, 0.5, FREQUENCIES)
        linear[:, 0, SIZE + i] = limit
        linear[:, 1:, :SIZE] = rng.normal(size=(FREQUENCIES, 2, SIZE))
        constant = np.concatenate([limit[:, None], rng.normal(size=(FREQUENCIES, 2))], axis=1)
        rows.add("second-order", linear, constant)
    linear = np.zeros((FREQUENCIES, SIZE + 1, n))
    linear[:, 1:, :SIZE] = np.eye(SIZE)
    rows.add("second-order", linear, np.array([3.0, *[0.0] * SIZE]))
    root = rng.normal(size=(FREQUENCIES, SIZE, SIZE))
    P = np.zeros((FREQUENCIES, n, n))
    P[:, :SIZE, :SIZE] = root @ root.swapaxes(1, 2) + 0.1 * np.eye(SIZE)
    q = np.concatenate([rng.normal(size=(FREQUENCIES, SIZE)), np.full((FREQUENCIES, SLACKS), 2.0)], axis=1)
    return assemble(P, q, rows)


def in_cvxpy(program: ConeProgram, f: int) -> tuple[cp.Problem, cp.Variable, list[cp.Constraint]]:
    """The same frequency written again in cvxpy."""
    x = cp.Variable(program.q.shape[1])
    s = program.b[f] - program.A[f] @ x
    lines: list[cp.Constraint] = []
    for kind, size in program.cones:
        start = sum(line.size for line in lines)
        block = s[start : start + size]
        if kind == "second-order":
            lines.append(cp.SOC(block[0], block[1:]))
        else:
            lines.append(block == 0 if kind == "zero" else block >= 0)
    objective = 0.5 * cp.quad_form(x, cp.psd_wrap(program.P[f])) + program.q[f] @ x
    return cp.Problem(cp.Minimize(objective), lines), x, lines


def multipliers(program: ConeProgram) -> Real:
    """Those of the optimum, as cvxpy has them; it counts an equality's in the other direction."""
    z = np.zeros(program.b.shape)
    for f in range(len(z)):
        problem, _, lines = in_cvxpy(program, f)
        problem.solve(solver="CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10)
        duals = [line.dual_value if isinstance(line.dual_value, list) else [line.dual_value] for line in lines]
        parts = [np.concatenate([np.ravel(part) for part in dual]) for dual in duals]
        z[f] = np.concatenate([-parts[0], *parts[1:]])
    return z


@settings(max_examples=15)
@given(seed=seeds)
def test_the_solution_is_that_of_cvxpy(seed: int) -> None:
    """Value and variables agree, and the certificate says so: violation and gap below 1e-7."""
    stacked = program(seed)
    actual = cones.solve(stacked)
    assert (actual.violation < 1e-7).all()
    assert (np.abs(actual.gap) < 1e-7).all()
    for f in range(FREQUENCIES):
        problem, x, _ = in_cvxpy(stacked, f)
        problem.solve(solver="CLARABEL")
        assert problem.status == "optimal"
        assert actual.primal[f] == pytest.approx(problem.value, rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(actual.x[f, :SIZE], x.value[:SIZE], atol=1e-3)


@settings(max_examples=50)
@given(seed=seeds, size=st.floats(-3.0, 3.0))
def test_weak_duality_for_any_multipliers(seed: int, size: float) -> None:
    """Whatever multipliers are given, even ones outside the dual cone, the dual value never exceeds the optimum."""
    stacked = program(seed % 50)
    best = cones.solve(stacked)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        z = 10**size * rng.normal(size=stacked.b.shape)
        judged = cones.certify(stacked, best.x, z)
        assert np.isfinite(judged.dual).all()
        assert (judged.dual <= best.primal + 1e-7 * np.maximum(1.0, np.abs(best.primal))).all()
        np.testing.assert_allclose(judged.gap, (best.primal - judged.dual) / np.maximum(1.0, np.abs(best.primal)))


def test_weak_duality_for_multipliers_of_dearer_slacks() -> None:
    """Multipliers of the same program with slacks a thousand times as dear certify a larger value there, and not here.

    They are not dual feasible here: what a slack costs bounds the multipliers of its lines.
    """
    dearer_ones = 0
    for seed in range(6):
        stacked = program(seed)
        q = stacked.q.copy()
        q[:, SIZE:] *= 1000.0
        dear = replace(stacked, q=q)
        best, z = cones.solve(stacked), multipliers(dear)
        assert (cones.certify(stacked, best.x, z).dual <= best.primal + 1e-6 * np.maximum(1.0, best.primal)).all()
        dearer_ones += int((cones.solve(dear).primal > best.primal + 1.0).sum())
    assert dearer_ones > 5


@settings(max_examples=30)
@given(seed=seeds, step=st.floats(1e-3, 1.0))
def test_a_wrong_answer_is_flagged(seed: int, step: float) -> None:
    """A point moved off the optimum breaks its equality, and the violation is the worst of all lines, computed one by one."""
    stacked = program(seed % 50)
    rng = np.random.default_rng(seed)
    x = cones.solve(stacked).x
    x = x + step * rng.normal(size=x.shape)
    judged = cones.certify(stacked, x, np.zeros(stacked.b.shape))
    for f in range(FREQUENCIES):
        s = stacked.b[f] - stacked.A[f] @ x[f]
        broken = [abs(s[0]), *(-s[1 : 1 + SLACKS])]
        for block in (s[3:6], s[6:9], s[9:]):
            broken.append(float(np.linalg.norm(block[1:]) - block[0]))
        assert judged.violation[f] == pytest.approx(max(broken), rel=1e-9)
        assert judged.violation[f] > 0


def test_multipliers_of_another_solver_certify_the_same_optimum() -> None:
    """With cvxpy's multipliers and this solver's x the gap is below 1e-6: the certificate needs neither's word."""
    stacked = program(3)
    judged = cones.certify(stacked, cones.solve(stacked).x, multipliers(stacked))
    assert (np.abs(judged.gap) < 1e-6).all()
    assert (judged.violation < 1e-7).all()


@pytest.mark.parametrize("share", [1e-4, 0.01, 1.0])
def test_a_feasible_but_suboptimal_answer_leaves_its_gap(share: float) -> None:
    """The gap of a feasible point is what its value exceeds the optimum by, to 1e-5."""
    stacked = program(3)
    best = cones.solve(stacked)
    aside = np.zeros_like(best.x)  # the least norm that keeps the equality, with wide slacks
    for f in range(FREQUENCIES):
        e = -stacked.A[f, 0, :SIZE]
        aside[f, :SIZE] = e / (e @ e)
    aside[:, SIZE:] = 200.0
    x = (1 - share) * best.x + share * aside
    judged = cones.certify(stacked, x, multipliers(stacked))
    assert (judged.violation < 1e-7).all()
    for f in range(FREQUENCIES):
        value = 0.5 * x[f] @ stacked.P[f] @ x[f] + stacked.q[f] @ x[f]
        excess = value - best.primal[f]
        assert excess > 0.01 * share
        assert judged.gap[f] * max(1.0, abs(value)) == pytest.approx(excess, abs=1e-5 * max(1.0, excess))


@pytest.mark.parametrize("kind", ["equality", "slack", "mask", "norm"])
def test_each_kind_of_line_is_watched(kind: str) -> None:
    """One broken line of each cone is seen, and its size is its distance from the cone's edge."""
    stacked = program(4)
    x = cones.solve(stacked).x
    e = -stacked.A[:, 0, :SIZE]
    free = np.linalg.svd(e[:, None, :])[2][:, -1]  # a direction that keeps the equality
    if kind == "equality":
        x[:, :SIZE] += 0.5 * e / np.sum(e**2, axis=1, keepdims=True)
        x[:, SIZE:] = 100.0
        expected = np.full(FREQUENCIES, 0.5)
        if (np.linalg.norm(x[:, :SIZE], axis=1) > 3).any():
            expected = np.maximum(expected, np.linalg.norm(x[:, :SIZE], axis=1) - 3)
    elif kind == "slack":
        x[:, SIZE] = -7.0
        s = stacked.b - np.einsum("frn,fn->fr", stacked.A, x)
        expected = np.maximum(7.0, np.linalg.norm(s[:, 4:6], axis=1) - s[:, 3])
    elif kind == "mask":
        x[:, SIZE:] = 0.0
        x[:, :SIZE] += 0.1 * free
        s = stacked.b - np.einsum("frn,fn->fr", stacked.A, x)
        expected = np.max([np.linalg.norm(s[:, at + 1 : at + 3], axis=1) - s[:, at] for at in (3, 6)], axis=0)
        assert (expected > 0.01).all()
    else:
        x[:, :SIZE] += 50 * free
        x[:, SIZE:] = 1e6
        expected = np.linalg.norm(x[:, :SIZE], axis=1) - 3
    violation = cones.certify(stacked, x, np.zeros(stacked.b.shape)).violation
    np.testing.assert_allclose(violation, expected, rtol=1e-6)


def test_real_rows_are_the_complex_products() -> None:
    """Re(h w) and Im(h w), and w^H M w, from the real variables."""
    rng = np.random.default_rng(0)
    h, w, root = gaussian(rng, 2, 3, 4), gaussian(rng, 2, 4), gaussian(rng, 2, 4, 4)
    M = root.conj().swapaxes(1, 2) @ root
    x = np.concatenate([w.real, w.imag, rng.normal(size=(2, 2))], axis=1)
    rows = np.einsum("fmcn,fn->fmc", cones.real_rows(h, 2), x)
    value = 0.5 * np.einsum("fi,fij,fj->f", x, cones.real_quadratic(M, 2), x)
    for f in range(2):
        for m in range(3):
            product = sum(h[f, m, l] * w[f, l] for l in range(4))
            np.testing.assert_allclose(rows[f, m], [product.real, product.imag], rtol=1e-12)
        assert value[f] == pytest.approx((w[f].conj() @ M[f] @ w[f]).real, rel=1e-12)


def test_some_of_the_frequencies_are_the_same_program() -> None:
    """`at` picks frequencies; their answers are those of the whole."""
    stacked = program(5)
    whole, part = cones.solve(stacked), cones.solve(stacked.at(np.array([2, 0])))
    np.testing.assert_allclose(part.primal, whole.primal[[2, 0]], rtol=1e-9)
    assert replace(stacked).cones == stacked.cones
