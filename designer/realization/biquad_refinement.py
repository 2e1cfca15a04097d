"""The sections of all a channel's drivers refined together, by what their error does at the points.

    minimise over all sections   Σ_k e_k^H C_k e_k,     e_l = H_l(z_k) - wanted_l

with the fit's own C (see `fir.py`): an error of one driver may undo another's. Gauss-Newton steps, damped as Levenberg
and Marquardt do, over the numerators and the parameters in which no denominator leaves its triangle. A cascade's slopes are

    ∂H/∂b_sj = z^-j / A_s · z^-d Π_{t≠s} B_t / A_t,      ∂H/∂a_sj = -z^-j / A_s · H,

and the normal matrix is put together driver by driver: Re Σ_k J_l^H C_lm J_m.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from designer.arrays import Complex, Real
from designer.realization.cascade import (
    Cascade,
    denominator_slopes,
    denominators,
    free_parameters,
    section_responses,
)

STEPS = 60
ENOUGH = 1e-5
"""A relative fall of the sum that is too small to go on for."""


def refine(
    filters: Sequence[Cascade],
    wanted: Complex,
    symbol: Complex,
    turn: Complex,
    radius: float,
    *,
    steps: int = STEPS,
    enough: float = ENOUGH,
) -> list[Cascade]:
    """Cascades with a smaller weighted error, their delays as they were, every pole within the radius.

    Parameters
    ----------
    filters : L cascades of S sections each
    wanted : (K, L) at z^-1 = `turn` (K,); the cascades' delays count against it
    symbol : C (K, L, L), Hermitian, times the weight of each frequency
    steps, enough : when to stop: after so many steps, or at so small a relative fall

    """
    b = np.stack([f.b for f in filters])
    free = np.stack([free_parameters(f.a, radius) for f in filters])
    late = np.stack([turn**f.delay_samples for f in filters])

    def errors(b: Real, free: Real) -> Complex:
        return np.stack(
            [
                late[l] * np.prod(section_responses(b[l], denominators(free[l], radius), turn), axis=0)
                for l in range(len(b))
            ],
            axis=1,
        ) - wanted  # fmt: skip

    e = errors(b, free)
    cost = weighted_sum(e, symbol)
    damping = 1e-3
    for _ in range(steps):
        slopes = [_slopes(b[l], free[l], late[l], turn, radius) for l in range(len(b))]
        matrix, gradient = normal_equations(slopes, e, symbol)
        scale = np.diag(matrix) + 1e-12 * np.max(np.diag(matrix))
        fell = False
        while damping < 1e8:
            step = -cho_solve(cho_factor(matrix + np.diag(damping * scale)), gradient)
            step = step.reshape(len(b), -1)
            new_b = b + step[:, : b[0].size].reshape(b.shape)
            new_free = free + step[:, b[0].size :].reshape(free.shape)
            new_e = errors(new_b, new_free)
            new_cost = weighted_sum(new_e, symbol)
            if new_cost < cost:
                fell = True
                break
            damping *= 4
        if not fell:
            break
        small = cost - new_cost < enough * cost
        b, free, e, cost = new_b, new_free, new_e, new_cost
        damping = max(damping / 5, 1e-12)
        if small:
            break
    return [Cascade(b[l], denominators(free[l], radius), f.delay_samples) for l, f in enumerate(filters)]


def weighted_sum(e: Complex, symbol: Complex) -> float:
    """Σ_k e^H C e of errors (K, L)."""
    return float(np.einsum("kl,klm,km->", e.conj(), symbol, e, optimize=True).real)


def normal_equations(slopes: Sequence[Complex], e: Complex, symbol: Complex) -> tuple[Real, Real]:
    """Gauss and Newton's matrix (n, n) and the gradient (n,), halved, from each driver's slopes (K, n_l)."""
    edges = np.cumsum([0, *(J.shape[1] for J in slopes)])
    matrix, gradient = np.empty((edges[-1], edges[-1])), np.empty(edges[-1])
    heard = np.einsum("klm,km->kl", symbol, e)
    for l, J in enumerate(slopes):
        rows = slice(edges[l], edges[l + 1])
        gradient[rows] = (J.conj().T @ heard[:, l]).real
        for m in range(l + 1):
            block = (J.conj().T @ (symbol[:, l, m, None] * slopes[m])).real
            columns = slice(edges[m], edges[m + 1])
            matrix[rows, columns] = block
            matrix[columns, rows] = block.T
    return matrix, gradient


def coefficient_slopes(b: Real, a: Real, late: Complex, turn: Complex) -> tuple[Complex, Complex]:
    """∂H/∂b (K, S, 3) and ∂H/∂a (K, S, 2) of one cascade whose delay is `late` (K,)."""
    own = section_responses(b, a, turn)
    before = np.cumprod(np.concatenate([late[None], own[:-1]]), axis=0)
    after = np.cumprod(np.concatenate([np.ones_like(late)[None], own[:0:-1]]), axis=0)[::-1]
    powers = turn[None] ** np.arange(3)[:, None]
    under = 1 / (1 + a[:, :1] * turn + a[:, 1:] * turn**2)
    upper = before * after * under
    lower = -before * after * own * under
    return (
        np.einsum("sk,jk->ksj", upper, powers),
        np.einsum("sk,jk->ksj", lower, powers[1:]),
    )


def _slopes(b: Real, free: Real, late: Complex, turn: Complex, radius: float) -> Complex:
    """∂H over the numerators and u, v (K, 5S)."""
    upper, lower = coefficient_slopes(b, denominators(free, radius), late, turn)
    inner = np.einsum("ksj,sji->ksi", lower, denominator_slopes(free, radius))
    return np.concatenate([upper.reshape(turn.size, -1), inner.reshape(turn.size, -1)], axis=1)
