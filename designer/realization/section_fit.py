"""The sections of all a channel's drivers fitted together, by what their error does at the points.

    minimise  Σ_k e_k^H C_k e_k,      e_l = H_l(z_k) - wanted_l

An error of one driver may undo another's (see `dense_targets.py` for C). Gauss-Newton steps, damped as Levenberg and
Marquardt do, go over the numerators and the parameters in which no denominator leaves its triangle. A cascade's slopes are

    ∂H/∂b_sj = z^-j / A_s · z^-d Π_{t≠s} B_t / A_t,      ∂H/∂a_sj = -z^-j / A_s · H,

and the normal matrix is put together driver by driver: Re Σ_k J_l^H C_lm J_m.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Complex, Real
from designer.realization.cascade import (
    Cascade,
    denominator_slopes,
    denominators,
    free_parameters,
    section_responses,
)

STEPS = 150
MIN_RELATIVE_FALL = 1e-6
"""A relative fall of the sum that is too small to go on for."""
MOST_DAMPING, LEAST_DAMPING = 1e8, 1e-12
BLOCK = 48
"""Rows and columns of a block of Cholesky's factor."""
MAX_ROWS = 64
"""Frequencies of one product: no threads share it, so that sums are the same bytes with any number of threads."""


@dataclass(frozen=True)
class SectionProblem:
    """The sum to minimise over all drivers' sections."""

    weights: Complex  # (K, L); the cascades' delays count against it
    symbol: Complex  # C (K, L, L), Hermitian
    turn: Complex  # z^-1 (K,)
    radius: float  # no pole is farther from 0

    def errors(self, filters: Sequence[Cascade]) -> Complex:
        """Errors e (K, L) of L cascades."""
        return np.stack([f.response(self.turn) for f in filters], axis=1) - self.weights

    def sum(self, errors: Complex) -> float:
        """Σ e^H C e of errors (K, L)."""
        return float(np.vdot(errors, self._heard(errors)).real)

    def cost(self, filters: Sequence[Cascade]) -> float:
        """The sum of L cascades."""
        return self.sum(self.errors(filters))

    def thinned(self, stride: int) -> SectionProblem:
        """The sum over every `stride`-th frequency."""
        return SectionProblem(self.weights[::stride], self.symbol[::stride], self.turn[::stride], self.radius)

    def quadratic(self, errors: Complex) -> tuple[Complex, Complex]:
        """The matrices C (K, L, L) of the sum near errors (K, L), and half its slopes C e (K, L)."""
        return self.symbol, self._heard(errors)

    def _heard(self, errors: Complex) -> Complex:
        return np.asarray(np.matmul(self.symbol, errors[:, :, None])[:, :, 0])


def refine(
    filters: Sequence[Cascade], problem: SectionProblem, *, steps: int = STEPS, min_fall: float = MIN_RELATIVE_FALL
) -> list[Cascade]:
    """L cascades with no larger a sum, delays and gains as they were, poles within the radius; a relative fall below `min_fall` ends it."""
    late = np.stack([problem.turn**f.delay_samples for f in filters])  # (L, K)
    b, a = np.stack([f.b for f in filters]), np.stack([f.a for f in filters])
    responses = section_responses(b, a, problem.turn)
    errors = _errors(responses, late, problem)
    cost, damping = problem.sum(errors), 1e-3
    for _ in range(steps):
        matrix, gradient = normal_equations(list(_free_slopes(a, responses, late, problem)), *problem.quadratic(errors))
        scale = np.diag(matrix) + 1e-12 * np.max(np.diag(matrix))
        free, before = free_parameters(a, problem.radius), cost
        while damping < MOST_DAMPING and cost == before:
            step = -solved(matrix + np.diag(damping * scale), gradient).reshape(len(b), -1)
            new_b = b + step[:, : b[0].size].reshape(b.shape)
            new_a = denominators(free + step[:, b[0].size :].reshape(a.shape), problem.radius)
            new_responses = section_responses(new_b, new_a, problem.turn)
            new_errors = _errors(new_responses, late, problem)
            new_cost = problem.sum(new_errors)
            if new_cost < cost:
                b, a, responses, errors, cost = new_b, new_a, new_responses, new_errors, new_cost
                damping = max(damping / 5, LEAST_DAMPING)
            else:
                damping *= 4
        if before - cost <= min_fall * before:
            break
    return [replace(f, b=b[l], a=a[l]) for l, f in enumerate(filters)]


def _errors(responses: Complex, late: Complex, problem: SectionProblem) -> Complex:
    """Errors (K, L) of sections' responses (L, S, K) behind delays (L, K)."""
    return np.ascontiguousarray((np.prod(responses, axis=1) * late).T) - problem.weights


def solved(matrix: Real, right: Real) -> Real:
    """Unknowns (n,) of a positive definite matrix (n, n) and a right side (n,), by Cholesky's factor in blocks of BLOCK rows and columns.

    No library shares a block among threads, which on a busy machine wait for each other longer than all blocks take. Raises LinAlgError:
    the matrix is not positive definite.
    """
    L, x = matrix.copy(), right.astype(float)
    blocks = [slice(start, start + BLOCK) for start in range(0, len(x), BLOCK)]
    for k, at in enumerate(blocks):
        inverse = np.linalg.inv(np.linalg.cholesky(L[at, at]))
        x[at] = inverse @ x[at]
        L[at, at] = inverse
        for i, below in enumerate(blocks[k + 1 :], start=k + 1):
            L[below, at] = L[below, at] @ inverse.T
            x[below] -= L[below, at] @ x[at]
            for before in blocks[k + 1 : i + 1]:
                L[below, before] -= L[below, at] @ L[before, at].T
    for k, at in reversed(list(enumerate(blocks))):
        for below in blocks[k + 1 :]:
            x[at] -= L[below, at].T @ x[below]
        x[at] = L[at, at].T @ x[at]
    return x


def _free_slopes(a: Real, responses: Complex, late: Complex, problem: SectionProblem) -> Complex:
    """∂H over the numerators and u, v (L, K, 5S), those of the numerators first."""
    upper, lower = coefficient_slopes(a, responses, late, problem.turn)
    chain = denominator_slopes(free_parameters(a, problem.radius), problem.radius)
    lower = np.einsum("lksj,lsji->lksi", lower, chain)
    return np.concatenate([part.reshape(*part.shape[:2], -1) for part in (upper, lower)], axis=2)


def coefficient_slopes(a: Real, responses: Complex, late: Complex, turn: Complex) -> tuple[Complex, Complex]:
    """∂H/∂b (L, K, S, 3) and ∂H/∂a (L, K, S, 2) of denominators (L, S, 2), sections' responses (L, S, K) and delays (L, K).

    At z^-1 = `turn` (K,).
    """
    before = np.cumprod(np.concatenate([late[:, None], responses[:, :-1]], axis=1), axis=1)
    after = np.cumprod(np.concatenate([np.ones_like(late)[:, None], responses[:, :0:-1]], axis=1), axis=1)[:, ::-1]
    powers = turn[None] ** np.arange(3)[:, None]
    upper = before * after / (1 + a @ powers[1:])
    return np.einsum("lsk,jk->lksj", upper, powers), np.einsum("lsk,jk->lksj", -upper * responses, powers[1:])


def normal_equations(slopes: Sequence[Complex], symbol: Complex, heard: Complex) -> tuple[Real, Real]:
    """Gauss and Newton's matrix (n, n) and the gradient (n,), halved, from each driver's slopes (K, n_l), C and C e.

    Re(x^H y) is the product of real and imaginary parts side by side, in half the multiplications of a complex one.
    """
    edges = np.cumsum([0, *(J.shape[1] for J in slopes)])
    matrix, gradient = np.empty((edges[-1], edges[-1])), np.empty(edges[-1])
    left = [_side_by_side(J) for J in slopes]
    for l, J in enumerate(slopes):
        rows = slice(edges[l], edges[l + 1])
        gradient[rows] = np.einsum("kn,k->n", J.real, heard[:, l].real) + np.einsum("kn,k->n", J.imag, heard[:, l].imag)
        for m in range(l + 1):
            right = _side_by_side(symbol[:, l, m, None] * slopes[m])
            block = np.matmul(left[l].swapaxes(1, 2), right).sum(axis=0)
            columns = slice(edges[m], edges[m + 1])
            matrix[rows, columns] = block
            matrix[columns, rows] = block.T
    return matrix, gradient


def _side_by_side(values: Complex) -> Real:
    """Real and imaginary parts of rows (K, n) in parts of MAX_ROWS of them: (parts, 2 MAX_ROWS, n), zeros behind the last."""
    count, width = values.shape
    parts = -(-count // MAX_ROWS)
    out = np.zeros((parts * MAX_ROWS, 2, width))
    out[:count, 0], out[:count, 1] = values.real, values.imag
    return out.reshape(parts, 2 * MAX_ROWS, width)
