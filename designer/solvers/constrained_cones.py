"""The constrained form as conic data, all frequencies at once, and its solution.

The first line, h_c w = 1, leaves a plane of weights. With e = h_c^H / |h_c| and N (L, L-1) orthonormal and orthogonal to e
(the other columns of the Householder reflection that has e as its first),

    w = w_0 + N u,   w_0 = e / |h_c|,   ||w||² = ||w_0||² + ||u||²,

so the equality is gone, and two real variables with it. The variables are x = [Re u; Im u; slacks; bounds]. A bound t_p
stands between the two norms of a point where the drivers have a spread,

    |h_p w - d_p| <= t_p,   ||ε h_p ∘ w|| <= m (1 + s) - t_p,

and carries a price too small to matter (BOUND_PRICE), so that the objective sees it and the certificate stays simple.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real
from designer.solvers import cones
from designer.solvers.cone_program import ConeProgram, ConeRows, assemble
from designer.solvers.constrained_data import NO_LIMIT, ConstrainedData, without_repeats
from designer.solvers.mirror_symmetry import find_mirror

BOUND_PRICE = 1e-8


@dataclass(frozen=True)
class Plane:
    """The weights with h_c w = 1: w = origin + across u; (F, L) and (F, L, L-1)."""

    origin: Complex
    across: Complex

    @classmethod
    def of(cls, centre: Complex) -> Plane:
        """The plane of a point's response (F, L)."""
        size = np.maximum(np.linalg.norm(centre, axis=1, keepdims=True), 1e-300)
        e = centre.conj() / size
        phase = np.where(np.abs(e[:, :1]) > 0, e[:, :1] / np.maximum(np.abs(e[:, :1]), 1e-300), 1.0)
        v = e.copy()
        v[:, :1] += phase
        v = v / np.linalg.norm(v, axis=1, keepdims=True)
        reflection = np.eye(e.shape[1]) - 2 * v[:, :, None] * v[:, None, :].conj()
        return cls(e / size, reflection[:, :, 1:])

    def weights(self, x: Real) -> Complex:
        """Weights (F, L) of variables that begin with [Re u; Im u]."""
        size = self.across.shape[2]
        u = x[:, :size] + 1j * x[:, size : 2 * size]
        return np.asarray(self.origin + (self.across @ u[:, :, None])[:, :, 0])

    def coordinates(self, w: Complex) -> Real:
        """[Re u; Im u] of weights in the plane."""
        u = (self.across.conj().swapaxes(1, 2) @ (w - self.origin)[:, :, None])[:, :, 0]
        return np.concatenate([u.real, u.imag], axis=1)

    def in_plane(self, points: Complex) -> tuple[Complex, Complex]:
        """Rows (F, M, L) as functions of u: their part (F, M, L-1), and their value at the origin (F, M)."""
        return points @ self.across, (points @ self.origin[:, :, None])[:, :, 0]


def solve_data(
    data: ConstrainedData, program: Callable[[ConstrainedData], ConeProgram] | None = None
) -> tuple[Complex, cones.ConeSolution]:
    """Weights (F, L) and the certified solution x = [Re w; Im w; slacks].

    Repeated points are left out, and a mirror-symmetric problem is solved by its half: neither changes the answer.

    Parameters
    ----------
    program : callable, optional, another objective on the same variables; by default `program_of`

    """
    data = without_repeats(data)
    mirror = find_mirror(data)
    half = data if mirror is None else mirror.half(data)
    plane = Plane.of(half.centre)
    answer = cones.solve((program or program_of)(half))
    w = plane.weights(answer.x)
    free = 2 * plane.across.shape[2]
    slacks = answer.x[:, free : free + len(half.requirements)]
    if mirror is not None:
        w, slacks = mirror.unfolded(w), slacks[:, list(mirror.requirement)]
    return w, in_weights(w, slacks, answer)


def in_weights(w: Complex, slacks: Real, answer: cones.ConeSolution) -> cones.ConeSolution:
    """Solution in x = [Re w; Im w; slacks]."""
    x = np.concatenate([w.real, w.imag, slacks], axis=1)
    return cones.ConeSolution(x, answer.violation, answer.primal, answer.dual, answer.gap)


def program_of(data: ConstrainedData) -> ConeProgram:
    """The conic data of all frequencies."""
    plane = Plane.of(data.centre)
    count, size = data.centre.shape
    requirements = len(data.requirements)
    extra = requirements + sum(spread.shape[1] for spread in data.spreads)
    first = 2 * (size - 1)  # where the slacks begin
    n = first + extra
    rows = ConeRows(count, n)
    if requirements:
        slacks = np.zeros((count, requirements, n))
        slacks[:, np.arange(requirements), first + np.arange(requirements)] = 1.0
        rows.add("nonnegative", slacks, np.zeros(requirements))

    def norms(vectors: Complex, offset: Complex, limit: Real, slack: int | None, bound: Real | None = None) -> None:
        """||vectors u + offset|| <= limit (1 + s_slack) - bound x: (F, M, R, L-1), (F, M, R), (F, M), (F, M, n)."""
        number, inner = vectors.shape[1:3]
        linear = np.zeros((count, number, 1 + 2 * inner, n))
        constant = np.zeros(linear.shape[:3])
        linear[:, :, 1:] = cones.real_rows(vectors.reshape(count, number * inner, -1), extra).reshape(
            count, number, 2 * inner, n
        )
        constant[:, :, 1::2], constant[:, :, 2::2] = offset.real, offset.imag
        constant[:, :, 0] = limit
        if slack is not None:
            linear[:, :, 0, first + slack] = limit
        if bound is not None:
            linear[:, :, 0] -= bound
        rows.add_norms(linear, constant)

    start = first + requirements
    for i, (_, points, limit, pressure) in enumerate(data.families):
        part, value = plane.in_plane(points)
        value = value - pressure
        number = points.shape[1]
        limits = np.broadcast_to(limit[:, None], (count, number))
        if data.spreads:
            bound_rows = np.zeros((count, number, n))
            bound_rows[:, np.arange(number), start + np.arange(number)] = 1.0
            start += number
            norms(part[:, :, None], value[:, :, None], np.zeros((count, number)), None, -bound_rows)
            alone = data.spreads[i]
            vectors, offset = alone[..., None] * plane.across[:, None], alone * plane.origin[:, None]
            norms(vectors, offset, limits, i, bound_rows)
        else:
            norms(part[:, :, None], value[:, :, None], limits, i)
    for c, (_, factor, limit) in enumerate(data.curves):
        part, value = plane.in_plane(factor)
        norms(part[:, None], value[:, None], limit[:, None], len(data.families) + c)
    _add_limits(rows, data, plane, extra)
    if data.white_noise is not None:
        part, value = plane.in_plane(data.white_noise[:, None])
        linear = np.concatenate([cones.real_rows(part, extra)[:, 0, :1], _weights(plane, extra)], axis=1)
        constant = np.concatenate([value.real, _origin(plane)], axis=1)
        constant[:, 0] += np.broadcast_to(data.white_noise_slack, count)
        rows.add("second-order", linear, constant)

    across = plane.across.conj().swapaxes(1, 2) @ data.quadratic
    quadratic = cones.real_quadratic(across @ plane.across, extra)
    bounds_at = np.arange(first + requirements, n)
    quadratic[:, bounds_at, bounds_at] = BOUND_PRICE
    slope = 2 * (across @ plane.origin[:, :, None])[:, :, 0]
    price = np.zeros((count, n))
    price[:, : first // 2], price[:, first // 2 : first] = slope.real, slope.imag
    price[:, first : first + requirements] = data.slack_prices
    at_origin = np.einsum("fl,flk,fk->f", plane.origin.conj(), data.quadratic, plane.origin).real
    return assemble(quadratic, price, rows, at_origin)


def least_white_noise_slack(data: ConstrainedData) -> Real:
    """Decrease of the floor of white-noise gain (F,) that lets the hard limits hold together: 0 nearly always.

    A cone program of its own: the hard limits alone, with the norm's excess over its bound to be minimised.
    """
    assert data.white_noise is not None
    plane = Plane.of(data.centre)
    count, size = data.centre.shape
    n = 2 * size - 1
    rows = ConeRows(count, n)
    last = np.zeros((count, 1, n))
    last[:, 0, -1] = 1.0
    rows.add("nonnegative", last, np.zeros(1))
    part, value = plane.in_plane(data.white_noise[:, None])
    first = cones.real_rows(part, 1)[:, 0, :1] + last
    rows.add(
        "second-order",
        np.concatenate([first, _weights(plane, 1)], axis=1),
        np.concatenate([value.real, _origin(plane)], axis=1),
    )
    _add_limits(rows, data, plane, 1)
    price = np.zeros((count, n))
    price[:, -1] = 1.0
    tiny = cones.real_quadratic(np.tile(1e-9 * np.eye(size - 1, dtype=complex), (count, 1, 1)), 1)
    needed = cones.solve(assemble(tiny, price, rows)).x[:, -1]
    return np.where(needed > 1e-6, needed * (1 + 1e-6) + 1e-8, 0.0)


def _add_limits(rows: ConeRows, data: ConstrainedData, plane: Plane, extra: int) -> None:
    """|w_l| <= gain_l and ||w|| <= effort."""
    count, size = data.centre.shape
    limited = np.flatnonzero(np.isfinite(data.max_gain).any(axis=0))
    if limited.size:
        linear = np.zeros((count, limited.size, 3, rows.n))
        linear[:, :, 1:] = cones.real_rows(plane.across[:, limited], extra)
        origin = plane.origin[:, limited]
        limit = np.minimum(data.max_gain[:, limited], NO_LIMIT)
        rows.add_norms(linear, np.stack([limit, origin.real, origin.imag], axis=2))
    if np.isfinite(data.max_norm).any():
        squared_radius = np.minimum(data.max_norm, NO_LIMIT) ** 2 - np.linalg.norm(plane.origin, axis=1) ** 2
        linear = np.concatenate([np.zeros((count, 1, rows.n)), np.tile(np.eye(2 * size - 2, rows.n), (count, 1, 1))], 1)
        constant = np.zeros(linear.shape[:2])
        constant[:, 0] = np.sqrt(np.maximum(squared_radius, 0.0))
        rows.add("second-order", linear, constant)


def _weights(plane: Plane, extra: int) -> Real:
    """The rows (F, 2L, n) that make [Re w, Im w] of each driver from the variables, less their value at the origin."""
    both = cones.real_rows(plane.across, extra)
    return both.reshape(len(both), -1, both.shape[3])


def _origin(plane: Plane) -> Real:
    """[Re w, Im w] of each driver at the origin (F, 2L)."""
    return np.stack([plane.origin.real, plane.origin.imag], axis=2).reshape(len(plane.origin), -1)
