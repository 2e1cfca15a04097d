"""Integers of sections improved one section at a time, by the fit's own sum.

With all other sections as they are, and a denominator A of the lattice around the present one, the sum is quadratic in
the section's numerator b(z):

    Σ_k C_ll |P/A|² |b|² + 2 Re Σ_k (b P/A)* g + ...,      g = Σ_m C_lm e_m,

P the rest of the driver's cascade and e the errors without the driver's own response. The matrix of the square is Toeplitz, 3
by 3. Nearest plane and the steps of ±1 around it give the best integers of each A, and the best of all is taken if
the sum falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from designer.arrays import Complex, Real
from designer.realization.cascade import Cascade, section_responses
from designer.realization.coefficient_lattice import Lattice
from designer.realization.section_problem import SectionProblem

SWEEPS = 12
"""Rounds over all sections, at most."""
ENOUGH = 1e-3
"""A relative fall over one sweep that is too small to go on for."""
AROUND = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def descend(
    filters: Sequence[Cascade], problem: SectionProblem, lattice: Lattice, sweeps: int = SWEEPS
) -> list[Cascade]:
    """Cascades on the lattice with no larger a sum."""
    now = list(filters)
    errors = problem.errors(now)
    cost = problem.sum(errors)
    for _ in range(sweeps):
        before = cost
        for l in range(len(now)):
            for s in range(len(now[l].b)):
                tried = _best_section(now[l], l, s, errors, problem, lattice)
                changed = errors.copy()
                changed[:, l] = tried.response(problem.turn) - problem.wanted[:, l]
                new = problem.sum(changed)
                if new < cost:
                    now[l], errors, cost = tried, changed, new
        if before - cost <= ENOUGH * before:
            break
    return now


def _best_section(f: Cascade, l: int, s: int, errors: Complex, problem: SectionProblem, lattice: Lattice) -> Cascade:
    turn, C = problem.turn, problem.symbol
    powers = turn[None] ** np.arange(3)[:, None]
    others = np.arange(len(f.b)) != s
    P = turn**f.delay_samples * np.prod(section_responses(f.b[others], f.a[others], turn), axis=0)
    rest = errors.copy()
    rest[:, l] = -problem.wanted[:, l]
    g = np.einsum("km,km->k", C[:, l], rest)
    denominators = lattice.near(f.a[s])
    part = P / (1 + denominators @ powers[1:])
    lags = ((C[:, l, l].real * np.abs(part) ** 2) @ powers.T).real
    matrix = lags[:, [[0, 1, 2], [1, 0, 1], [2, 1, 0]]] + 1e-13 * lags[:, :1, None] * np.eye(3)
    right = -((part.conj() * g) @ powers.conj().T).real
    gain = float(np.broadcast_to(f.gain, len(f.b))[s])
    plane = _nearest_plane(matrix, right, lattice, gain)
    tried = lattice.rounded(plane[:, None] + lattice.step * gain * AROUND, gain)
    sums = np.einsum("nti,nij,ntj->nt", tried, matrix, tried) - 2 * np.einsum("nti,ni->nt", tried, right)
    n, t = np.unravel_index(int(np.argmin(sums)), sums.shape)
    b, a = f.b.copy(), f.a.copy()
    b[s], a[s] = tried[n, t], denominators[n]
    return replace(f, b=b, a=a)


def _nearest_plane(matrix: Real, right: Real, lattice: Lattice, gain: float) -> Real:
    """Numerators (n, 3) on the lattice, coefficient by coefficient from the last, each after what the later ones left."""
    best = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    factor = np.linalg.cholesky(matrix).swapaxes(1, 2)
    d = np.zeros_like(best)
    for i in (2, 1, 0):
        carried = np.einsum("nj,nj->n", factor[:, i, i + 1 :], d[:, i + 1 :]) / factor[:, i, i]
        d[:, i] = lattice.rounded(best[:, i] - carried, gain) - best[:, i]
    return best + d
