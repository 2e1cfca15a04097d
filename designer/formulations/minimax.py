"""Minimax: the smallest largest sidelobe, within the limits.

    minimise    s + ε w^H P w + σ Σ e                                     (levels scaled to 1)
    subject to  h_c w = 1                                            the point whose phase is kept
                |h_p w| + ε_d ||h_p ∘ w|| <= m_p (floor + s)         the sidelobes: of a mask line m_p its limit, else 1
                |h_p w - 1| + ε_d ||h_p ∘ w|| <= r (1 + e_window)    listening window
                ||B^(1/2) w|| <= γ^(-1/2) (1 + e_curve)              power ratio
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain)
                s, e >= 0

The sidelobes are the masks' points, all of them lowered together by the same dB; without a mask the dark points (a
beam's nulls, or what is outside its window; the contralateral ear at each displacement: there it is the worst that is made
small, where the power ratio looks at the mean). Below the floor, -60 dB, nothing is gained, and the cheapest weights are
taken. The window and the curve are kept before any sidelobe is lowered: σ is large. ε_d is the drivers' spread. Every line
is a norm, or a sum of two, below an affine function: convex, second-order cones, and but for their objective those of the
constrained form. Where the hard limits leave no level of 1 it is lowered first; where window and curve are infeasible their
slack is the least there is.

Certificate: primal violation, and the gap to the dual value of the cone program, whatever solved it. A frequency whose
certificate is not good enough is solved again by the cvxpy statement and marked.

Source: Lebret and Boyd, Antenna array pattern synthesis via convex optimization (IEEE Trans. Signal Processing 45,
1997). Truth: a half-wave line gives Dolph-Chebyshev's weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.formulations import constrained
from designer.problem.methods import ALL_REQUIREMENTS, Formulation
from designer.requirements.target import ChannelTarget, Mask
from designer.solvers import cones, constrained_cones
from designer.solvers.cone_program import ConeProgram
from designer.solvers.constrained_data import SLACK_PRICE, ConstrainedData, Family
from designer.solvers.parts import solve_in_parts, with_reference
from designer.solvers.solution import Solution

EFFORT_PRICE = 1e-6
"""ε: 10 dB of effort weigh as much as a sidelobe of -100 dB; it decides only among weights of one largest sidelobe."""
FLOOR = 1e-3
"""Sidelobes this low, -60 dB, are low enough."""


def solve(target: ChannelTarget) -> Solution:
    """The weights of the smallest largest sidelobe at every frequency.

    Raises
    ------
    SolverError : where the certificate confirms no answer

    """
    return solve_in_parts(target, lambda part, _: constrained.solve_part(part, data_of, _certified))


def _certified(data: ConstrainedData) -> tuple[Complex, cones.ConeSolution, Bool]:
    return with_reference(data, *solve_data(data), by_statement)


def by_statement(data: ConstrainedData, f: int) -> tuple[Complex, cones.ConeSolution] | None:
    """One frequency solved by the reference, certified by the conic data."""
    return constrained.by_statement(data, f, statement, program_of)


def for_passes(target: ChannelTarget) -> ChannelTarget:
    """A target without masks with the dark points as sidelobes, each held by its own norm: the passes are for the curve alone."""
    if target.masks:
        return target
    sidelobes = Mask("cancelled", target.dark, np.ones(len(target.dark)), np.zeros(target.dark.shape[1]))
    return replace(target, masks=(sidelobes,))


def data_of(target: ChannelTarget, rise: Real) -> ConstrainedData:
    """The constrained form's data with the sidelobes as the first family, in the place of its masks, and ε P as its objective."""
    data = constrained.limited_data_of(target, rise)
    lines = [
        points * np.where(np.isfinite(mask.limit), 1 / mask.limit, 0.0)[:, None, None]
        for mask, (_, points, _, _) in zip(target.masks, data.families[: len(target.masks)], strict=True)
    ]
    if not lines:
        lines = [target.dark * (np.sqrt(rise) / target.plain_level)[:, None, None]]
    louder = target.plain_level / target.single_level
    price = EFFORT_PRICE * target.cost / louder[:, None] ** 2
    return with_sidelobes(replace(data, families=data.families[len(target.masks) :]), lines, price, target.point_spread)


def with_sidelobes(data: ConstrainedData, lines: list[Complex], price: Real, spread: float = 0.0) -> ConstrainedData:
    """The data with sidelobes, each (F, M, L) over its m_p, before its families, and the objective's ε P (F, L)."""
    sidelobes = np.concatenate(lines, axis=1)
    first: Family = (constrained.SIDELOBES, sidelobes, np.full(len(sidelobes), FLOOR), 0.0)
    families = (first, *data.families)
    deviation = np.sqrt(spread)
    return replace(
        data,
        families=families,
        quadratic=(price[:, :, None] * np.eye(price.shape[1])).astype(complex),
        spreads=tuple(deviation * np.abs(points) for _, points, _, _ in families) if spread else (),
    )


def solve_data(data: ConstrainedData) -> tuple[Complex, cones.ConeSolution]:
    """Weights (F, L) and the certified solution; repeated points are left out, and a mirror-symmetric problem is solved by its half."""
    return constrained_cones.solve_data(data, program_of)


def program_of(data: ConstrainedData) -> ConeProgram:
    """The constrained form's cones with the sidelobes' slack, the first, as a level: floor (1 + s) becomes floor + s."""
    program = constrained_cones.program_of(replace(data, slack_price=SLACK_PRICE))
    first = 2 * (data.centre.shape[1] - 1)  # after the plane's coordinates
    A, q = program.A.copy(), program.q.copy()
    A[:, :, first] /= FLOOR
    A[:, 0, first] = -1.0  # its own row, the first: s >= 0
    q[:, first] = 1.0
    return replace(program, A=A, q=q)


def statement(data: ConstrainedData, f: int) -> Any:
    """One frequency as a cvxpy problem: the readable reference, with nothing of the conic data above."""
    import cvxpy as cp

    w = cp.Variable(data.centre.shape[1], complex=True, name="w")
    s = cp.Variable(len(data.requirements), nonneg=True, name="s")  # the first is the sidelobes' level above the floor
    root = np.linalg.cholesky(data.quadratic[f]).conj().T
    level = cp.hstack([s[0] / FLOOR, s[1:]])  # FLOOR (1 + level) is the sidelobes' limit
    objective = s[0] + cp.sum_squares(root @ w) + SLACK_PRICE * cp.sum(s[1:])
    return cp.Problem(cp.Minimize(objective), constrained.constraints(data, f, w, level))


METHOD = Formulation(
    name="minimax",
    solve=solve,
    statement=statement,
    looks_at=ALL_REQUIREMENTS,
    for_passes=for_passes,
)
