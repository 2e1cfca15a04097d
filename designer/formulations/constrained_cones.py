"""The constrained form as conic data, all frequencies at once, and its solution.

The variables are x = [Re w; Im w; slacks; bounds]. A `bound` t_p stands between the two norms of a point where the
drivers have a spread,

    |h_p w - d_p| <= t_p,   ||ε h_p ∘ w|| <= m (1 + s) - t_p,

and carries a price too small to matter (BOUND_PRICE), so that the objective sees it and the certificate stays simple.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations.constrained_data import NO_LIMIT, ConstrainedData
from designer.formulations.mirror_symmetry import find_mirror
from designer.formulations.repeated_points import without_repeats
from designer.solvers import cones

BOUND_PRICE = 1e-8


def solve_data(data: ConstrainedData) -> tuple[Complex, cones.ConeSolution]:
    """Weights (F, L) and the certified solution x = [Re w; Im w; slacks].

    Repeated points are left out, and a mirror-symmetric problem is solved by its half: neither changes the answer.
    """
    data = without_repeats(data)
    mirror = find_mirror(data)
    if mirror is None:
        return _solve(data)
    half, answer = _solve(mirror.half(data))
    w = mirror.whole(half)
    slacks = answer.x[:, 2 * half.shape[1] :][:, list(mirror.wish)]
    x = np.concatenate([w.real, w.imag, slacks], axis=1)
    return w, cones.ConeSolution(x, answer.violation, answer.primal, answer.dual, answer.gap)


def _solve(data: ConstrainedData) -> tuple[Complex, cones.ConeSolution]:
    size = data.centre.shape[1]
    answer = cones.solve(program_of(data))
    x = answer.x[:, : 2 * size + len(data.wishes)]
    w = x[:, :size] + 1j * x[:, size : 2 * size]
    return w, cones.ConeSolution(x, answer.violation, answer.primal, answer.dual, answer.gap)


def program_of(data: ConstrainedData) -> cones.ConeProgram:
    """The conic data of all frequencies."""
    count, size = data.centre.shape
    wishes = len(data.wishes)
    bounds = sum(spread.shape[1] for spread in data.spreads)
    extra = wishes + bounds
    n = 2 * size + extra
    rows = cones.ConeRows(count, n)

    rows.add("zero", cones.real_rows(data.centre[:, None], extra)[:, 0], np.array([-1.0, 0.0]))
    if wishes:
        slacks = np.zeros((count, wishes, n))
        slacks[:, np.arange(wishes), 2 * size + np.arange(wishes)] = 1.0
        rows.add("nonnegative", slacks, np.zeros(wishes))
    bound = 2 * size + wishes
    for i, (_, points, limit, wanted) in enumerate(data.families):
        number = points.shape[1]
        allowed = np.zeros((count, number, n))  # limit (1 + s), less its constant
        allowed[:, :, 2 * size + i] = limit[:, None]
        aimed = np.broadcast_to(np.asarray(wanted, dtype=complex), (count, number))
        response = np.zeros((count, number, 3))
        response[:, :, 1], response[:, :, 2] = -aimed.real, -aimed.imag
        vectors = cones.real_rows(points, extra)
        if data.spreads:
            own = np.zeros((count, number, n))
            own[:, np.arange(number), bound + np.arange(number)] = 1.0
            bound += number
            rows.add_norms(np.concatenate([own[:, :, None], vectors], axis=2), response)
            spread = np.zeros((count, number, 2 * size, n))
            each = np.arange(size)
            spread[:, :, each, each] = spread[:, :, size + each, size + each] = data.spreads[i]
            constant = np.zeros((count, number, 2 * size + 1))
            constant[:, :, 0] = limit[:, None]
            rows.add_norms(np.concatenate([(allowed - own)[:, :, None], spread], axis=2), constant)
        else:
            response[:, :, 0] = limit[:, None]
            rows.add_norms(np.concatenate([allowed[:, :, None], vectors], axis=2), response)
    if data.curve is not None:
        factor, limit = data.curve
        vectors = cones.real_rows(factor, extra).reshape(count, -1, n)
        linear = np.concatenate([np.zeros((count, 1, n)), vectors], axis=1)
        linear[:, 0, 2 * size + len(data.families)] = limit
        rows.add("second-order", linear, _first(limit, linear.shape[1]))
    _add_limits(rows, data, n)
    if data.white_noise is not None:
        first = cones.real_rows(data.white_noise[:, None], extra)[:, 0, :1]
        slack = np.broadcast_to(data.white_noise_slack, count)
        rows.add("second-order", np.concatenate([first, _weights(data, n)], axis=1), _first(slack, 2 * size + 1))

    price = np.zeros((count, n))
    price[:, 2 * size : 2 * size + wishes] = data.slack_prices
    quadratic = cones.real_quadratic(data.quadratic, extra)
    seen = np.arange(2 * size + wishes, n)
    quadratic[:, seen, seen] = BOUND_PRICE
    return cones.assemble(quadratic, price, rows)


def least_white_noise_slack(data: ConstrainedData) -> Real:
    """How much the floor of white-noise gain must give (F,) for the hard limits to hold together: 0 nearly always.

    A cone program of its own: the hard limits alone, with the norm's excess over its bound to be minimised.
    """
    count, size = data.centre.shape
    assert data.white_noise is not None
    n = 2 * size + 1
    rows = cones.ConeRows(count, n)
    rows.add("zero", cones.real_rows(data.centre[:, None], 1)[:, 0], np.array([-1.0, 0.0]))
    last = np.zeros((count, 1, n))
    last[:, 0, -1] = 1.0
    rows.add("nonnegative", last, np.zeros(1))
    first = cones.real_rows(data.white_noise[:, None], 1)[:, 0, :1] + last
    rows.add("second-order", np.concatenate([first, _weights(data, n)], axis=1), np.zeros(2 * size + 1))
    _add_limits(rows, data, n)
    price = np.zeros((count, n))
    price[:, -1] = 1.0
    tiny = cones.real_quadratic(np.tile(1e-9 * np.eye(size, dtype=complex), (count, 1, 1)), 1)
    needed = cones.solve(cones.assemble(tiny, price, rows)).x[:, -1]
    return np.where(needed > 1e-6, needed * (1 + 1e-6) + 1e-8, 0.0)


def _add_limits(rows: cones.ConeRows, data: ConstrainedData, n: int) -> None:
    """|w_l| <= gain_l and ||w|| <= effort."""
    count, size = data.centre.shape
    limited = np.flatnonzero(np.isfinite(data.max_gain).any(axis=0))
    if limited.size:
        linear = np.zeros((count, limited.size, 3, n))
        each = np.arange(limited.size)
        linear[:, each, 1, limited] = linear[:, each, 2, size + limited] = 1.0
        constant = np.zeros((count, limited.size, 3))
        constant[:, :, 0] = np.minimum(data.max_gain[:, limited], NO_LIMIT)
        rows.add_norms(linear, constant)
    if np.isfinite(data.max_norm).any():
        linear = np.concatenate([np.zeros((count, 1, n)), _weights(data, n)], axis=1)
        rows.add("second-order", linear, _first(np.minimum(data.max_norm, NO_LIMIT), 2 * size + 1))


def _weights(data: ConstrainedData, n: int) -> Real:
    """The rows (F, 2L, n) that pick the weights out of the variables."""
    count, size = data.centre.shape
    return np.tile(np.eye(2 * size, n), (count, 1, 1))


def _first(value: Real, size: int) -> Real:
    """(F, size): the value, then zeros."""
    out = np.zeros((value.size, size))
    out[:, 0] = value
    return out
