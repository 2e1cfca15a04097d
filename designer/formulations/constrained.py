"""The constrained form: masks, window, driver gains, effort and white-noise gain together, as second-order cones.

    minimise    mean |h_q w|² over the dark points + ε w^H P w + σ Σ s        (levels scaled to 1)
    subject to  h_c w = 1                                               the point whose phase is kept
                |h_p w| + ε_d ||h_p ∘ w|| <= m_p (1 + s_i)               mask line i
                |h_p w - d_p| + ε_d ||h_p ∘ w|| <= r (1 + s_window)      listening window, r = 1 - 10^(-ripple/20)
                ||B^(1/2) w|| <= γ^(-1/2) (1 + s_curve)                  power ratio: the numerator is fixed
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain)
                s >= 0

Every line is a norm, or a sum of two, below an affine function: convex. With the slacks s nothing but the hard limits on
w can collide with the first line; where they do, the level is lowered to what they allow (`share_of_level`) before
anything is solved, so there is always an answer. σ is large, so that a slack is used only where the requirements cannot hold
together, and then Σ s is the smallest that lets them. For an ear channel the dark points are those of the cancelled
ear; for a beam all that is outside the window. The white-noise gain of an ear channel, whose look point is the head's
centre, is anchored to the phase φ that the strongest driver has there: a little stricter than asked.

**Spread.** ε_d is the standard deviation of the drivers' independent relative errors: the response at a point then has
the standard deviation ε_d ||h_p ∘ w||, so masks and window hold at one deviation beyond the mean. The quiet power and
B, which are means, take the variance as a diagonal instead.

**The window's lower bound.** A level of at least 1 - r is not convex in complex w. d_p = 1, the on-axis response delayed
as a source at the origin would be, makes it so: what is lost is every design whose level fits and whose phase does not.
So before anything is called missed, passes free it: | |z| - 1 | <= |z - u| for any |u| = 1, with equality at u = z/|z|, so the
disc about the phase u that the last answer has majorises what is required, holds that answer with no more slack, and its optimum is
no worse. They are made where a requirement has slack in the band, until none has or a pass gains nothing (`with_phase_passes`): in the
fades nothing is called missed. The file's `window_phase_passes` asks for so many at least, everywhere. A few are enough; they end in a
local optimum, not in the best of all, so what is still missed may be within reach of other weights: only `out_of_reach` says that it is
not.

A cloud's mean power differs from its centre's by tenths of a dB, so one more pass is solved with the level of the
first. Frequencies are solved in chunks, so that memory does not grow with their number, on as many threads as there are
cores: Clarabel and LAPACK release the interpreter's lock. Points far from their limit at a few of a chunk's frequencies are
left out at the others, and all are looked at afterwards (`designer.solvers.cone_program`). A
frequency whose certificate is not good enough is solved again by the cvxpy statement and marked.

Source: Betlehem and Teal (ICASSP 2011) for the constraints; Lobo et al., Applications of second-order cone
programming (1998). Truth: with nothing but slack in the objective a mask is a minimax design, and a half-wave line
gives Dolph-Chebyshev's weights.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.measures import amplitude_db, mean_power
from designer.problem.methods import ALL_REQUIREMENTS, Formulation
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.requirements.target import WINDOW_LABEL, ChannelTarget
from designer.solvers import cones
from designer.solvers.cone_program import ConeProgram
from designer.solvers.constrained_cones import Plane, in_weights, least_white_noise_slack, program_of, solve_data
from designer.solvers.constrained_data import ConstrainedData, Family, data_of
from designer.solvers.parts import in_parts, solve_in_parts, with_reference
from designer.solvers.solution import Solution

Statement = Callable[[ConstrainedData, int], Any]
ProgramOf = Callable[[ConstrainedData], ConeProgram]
MOST_PHASE_PASSES = 20
SIDELOBES = "sidelobes"
"""The family that a minimax design lowers: its slack is its level."""
MET_DB = 0.01
"""A requirement with less slack is met: no pass is made for it."""
LEAST_GAIN_DB, LEAST_SHARE = 0.002, 0.01
"""A pass that takes less of the slack, or a smaller share of it, is the last."""
TINY_PRICE = 1e-9
"""The price of ||w||² where slacks alone are looked at."""
LEAST_SLACK = 10 ** (SLACK_TOLERANCE_DB / 20) - 1
"""The sum of slacks that counts as out of reach."""


def solve(target: ChannelTarget) -> Solution:
    """The constrained weights at every frequency of the target.

    Raises
    ------
    SolverError : where the certificate confirms no answer, not even the reference's

    """
    return solve_in_parts(target, lambda part, _: solve_part(part, limited_data_of, certified))


def solve_part(
    target: ChannelTarget,
    data_of: Callable[[ChannelTarget, Real], ConstrainedData],
    certified: Callable[[ConstrainedData], tuple[Complex, cones.ConeSolution, Bool]],
) -> Solution:
    """A target's frequencies solved together: a cloud in two passes, then the passes that free the window's phase.

    Parameters
    ----------
    data_of : callable, the data of a target, and of the cloud's mean power over its centre's
    certified : callable, the weights of data, their certificate, and which of them the reference solved

    """
    rise = np.ones(target.frequency_hz.size)  # mean power over the bright points, over the centre's
    for _ in range(1 if target.bright.shape[1] == 1 else 2):
        data = data_of(target, rise)
        w, answer, by_reference = certified(data)
        on_centre = np.abs(np.einsum("fl,fl->f", target.centre, w)) ** 2
        rise = mean_power(target.bright, w) / np.maximum(on_centre, 1e-30)
    w, answer, by_reference = with_phase_passes(target, data, (w, answer, by_reference), certified)
    level = np.ones(len(w)) if data.level is None else data.level
    return Solution(
        weights=w * level[:, None],
        violation=answer.violation,
        gap=np.maximum(answer.gap, 0.0),
        level=level,
        value=answer.primal,
        bound=answer.dual,
        by_reference=by_reference,
    )


def with_phase_passes(
    target: ChannelTarget,
    data: ConstrainedData,
    first_pass: tuple[Complex, cones.ConeSolution, Bool],
    certified: Callable[[ConstrainedData], tuple[Complex, cones.ConeSolution, Bool]],
) -> tuple[Complex, cones.ConeSolution, Bool]:
    """The answer after the passes that free the window's phase: as many as are asked for, and more where the band misses a requirement."""
    if target.window is None:
        return first_pass
    w, answer, by_reference = first_pass
    largest_slack = _largest_slack_db(data, answer)
    unsettled = np.ones(len(w), dtype=bool)
    for number in range(MOST_PHASE_PASSES):
        missed = target.in_band & (largest_slack > MET_DB)
        again = unsettled & missed if number >= target.window.phase_passes else unsettled
        at = np.flatnonzero(again)
        if not at.size:
            break
        freed, freed_answer, freed_by_reference = certified(with_free_phase(data.at(at), w[at]))
        w, by_reference = _replaced(w, at, freed), _replaced(by_reference, at, by_reference[at] | freed_by_reference)
        names = ("x", "violation", "primal", "dual", "gap")
        answer = cones.ConeSolution(
            *(_replaced(getattr(answer, name), at, getattr(freed_answer, name)) for name in names)
        )
        slack = _largest_slack_db(data, freed_answer)
        if number >= target.window.phase_passes:
            unsettled[at] = slack < largest_slack[at] - np.maximum(LEAST_GAIN_DB, LEAST_SHARE * largest_slack[at])
        largest_slack[at] = slack
    return w, answer, by_reference


def _largest_slack_db(data: ConstrainedData, answer: cones.ConeSolution) -> Real:
    """Largest slack of any requirement in dB (F,): a window that is met in level by weights that were held to its phase has slack too."""
    requirements = [i for i, name in enumerate(data.requirements) if name != SIDELOBES]
    slacks = answer.x[:, 2 * data.centre.shape[1] :][:, requirements]
    return amplitude_db(1 + np.maximum(slacks.max(axis=1), 0.0))


def _replaced(values: Any, at: Index, by: Any) -> Any:
    out = values.copy()
    out[at] = by
    return out


def out_of_reach(target: ChannelTarget) -> Bool:
    """Where (F,) no weights at all meet the window, the masks and the curve within the limits: a bound, whatever their phases.

    The window's upper half alone, |h_p w| <= 1 + r, holds for every w that meets the window, and is convex. Where not even that
    goes together with the rest, the dual value of the smallest sum of slacks is above 0, and no weights do. Which weights meet the
    curve is convex where there is one bright point; over a cloud this bound is not known.
    """
    if target.bright.shape[1] > 1:
        return np.zeros(target.frequency_hz.size, dtype=bool)

    def bound(part: ChannelTarget, _: slice) -> Real:
        data = limited_data_of(part, np.ones(part.frequency_hz.size))
        families = tuple(
            (name, points, 1 + limit, 0.0) if name == WINDOW_LABEL else (name, points, limit, pressure)
            for name, points, limit, pressure in data.families
        )
        size = data.centre.shape[1]
        tiny_price = np.tile(TINY_PRICE * np.eye(size), (len(data.centre), 1, 1)).astype(complex)
        return solve_data(replace(data, families=families, quadratic=tiny_price, slack_price=1.0))[1].dual

    # A dual value bounds whatever its solver left open: where that stopped early, it is only lower.
    return np.asarray(np.concatenate(in_parts(target, bound)) > LEAST_SLACK)


def limited_data_of(target: ChannelTarget, rise: Real) -> ConstrainedData:
    """The target's data, a floor of white-noise gain lowered to what the other hard limits allow."""
    return with_white_noise_slack(data_of(target, rise))


def with_white_noise_slack(data: ConstrainedData) -> ConstrainedData:
    """The data, a floor of white-noise gain lowered to what the other hard limits allow."""
    return data if data.white_noise is None else replace(data, white_noise_slack=least_white_noise_slack(data))


def with_free_phase(data: ConstrainedData, w: Complex) -> ConstrainedData:
    """The window's discs moved to the phases that w has at its points: a pass of majorisation and minimisation."""

    def freed(family: Family) -> Family:
        name, points, limit, _ = family
        if name != "window":
            return family
        response = (points @ w[:, :, None])[:, :, 0]
        size = np.abs(response)
        phase = np.asarray(np.where(size > 0, response, 1.0) / np.where(size > 0, size, 1.0), dtype=complex)
        return name, points, limit, phase

    return replace(data, families=tuple(freed(family) for family in data.families))


def certified(data: ConstrainedData) -> tuple[Complex, cones.ConeSolution, Bool]:
    """Weights (F, L), their certificate, and which of them the reference solved (F,)."""
    return with_reference(data, *solve_data(data), by_statement)


def statement(data: ConstrainedData, f: int) -> Any:
    """One frequency as a cvxpy problem: the readable reference, with nothing of the conic data."""
    import cvxpy as cp

    size = data.centre.shape[1]
    w = cp.Variable(size, complex=True, name="w")
    s = cp.Variable(len(data.requirements), nonneg=True, name="s")
    root = np.linalg.cholesky(data.quadratic[f]).conj().T
    objective = cp.sum_squares(root @ w) + data.slack_prices @ s
    return cp.Problem(cp.Minimize(objective), constraints(data, f, w, s))


def constraints(data: ConstrainedData, f: int, w: Any, s: Any) -> list[Any]:
    """The cvxpy constraints on weights w (L,) with slacks s, at one frequency."""
    import cvxpy as cp

    constraints = [data.centre[f] @ w == 1]
    for i, (_, points, limit, pressure) in enumerate(data.families):
        aimed = pressure if np.ndim(pressure) == 0 else np.asarray(pressure)[f]
        response = cp.abs(points[f] @ w - aimed)
        if data.spreads:
            alone = [cp.norm(cp.multiply(spread, w)) for spread in data.spreads[i][f]]
            response = response + cp.hstack(alone)
        constraints.append(response <= limit[f] * (1 + s[i]))
    for c, (_, factor, limit) in enumerate(data.curves):
        constraints.append(cp.norm(factor[f] @ w) <= limit[f] * (1 + s[len(data.families) + c]))
    limited = np.flatnonzero(np.isfinite(data.max_gain[f]))
    if limited.size:
        constraints.append(cp.abs(w[limited]) <= data.max_gain[f, limited])
    if np.isfinite(data.max_norm[f]):
        constraints.append(cp.norm(w) <= data.max_norm[f])
    if data.white_noise is not None:
        slack = np.broadcast_to(data.white_noise_slack, len(data.centre))[f]
        constraints.append(cp.norm(w) <= cp.real(data.white_noise[f] @ w) + slack)
    return constraints


def by_statement(
    data: ConstrainedData, f: int, statement: Statement = statement, program_of: ProgramOf = program_of
) -> tuple[Complex, cones.ConeSolution] | None:
    """One frequency solved by its statement, with the certificate of the conic data; None where cvxpy has no answer either.

    The multipliers are those of the cone program's own dual, solved in its turn: what a modelling language hands back
    for a norm is one number, and its direction, rebuilt from the weights, is too coarse where a quadratic price is small.

    Parameters
    ----------
    statement : Statement, of data at a frequency, with variables named "w" and "s" (the slacks)
    program_of : ProgramOf, the conic data of the same

    """
    problem = statement(data, f)
    if not _solved(problem):
        return None
    values = {variable.name(): variable.value for variable in problem.variables()}
    w = np.asarray(values["w"])
    slacks = np.maximum(np.asarray(values.get("s", [])), 0.0)
    alone = data.at(np.array([f]))
    program = program_of(alone)
    dual, z = dual_statement(program)
    if not _solved(dual):
        return None
    # A bound between two norms is the first of them.
    bounds = [np.abs(points[0] @ w - pressure) for _, points, _, pressure in alone.families] if alone.spreads else []
    u = Plane.of(alone.centre).coordinates(w[None])[0]
    x = np.concatenate([u, slacks, *[np.ravel(bound) for bound in bounds]])
    certificate = cones.certify(program, x[None], np.asarray(z.value)[None])
    return w, in_weights(w[None], slacks[None], certificate)


def dual_statement(program: ConeProgram) -> tuple[Any, Any]:
    """The dual of a cone program of one frequency as a cvxpy problem, and its multipliers z:

        maximise    -½ |ρ|² - bᵀz
        subject to  R ρ = q + Aᵀz where P sees,  0 = q + Aᵀz elsewhere,  z in K*,     P = R Rᵀ

    R ρ keeps the scales of a small P apart from those of the multipliers.
    """
    import cvxpy as cp

    P, q, A, b = program.P[0], program.q[0], program.A[0], program.b[0]
    in_objective = (P != 0).any(axis=0)
    z = cp.Variable(b.size)
    slope = q + A.T @ z
    constraints: list[Any] = []
    value = -b @ z
    if in_objective.any():  # one driver leaves nothing but slacks
        rho = cp.Variable(int(in_objective.sum()))
        constraints.append(
            np.linalg.cholesky(P[np.ix_(in_objective, in_objective)]) @ rho == slope[np.flatnonzero(in_objective)]
        )
        value = value - 0.5 * cp.sum_squares(rho)
    if not in_objective.all():
        constraints.append(slope[np.flatnonzero(~in_objective)] == 0)
    start = 0
    for kind, size in program.cones:
        stop = start + size
        constraints.append(z[start:stop] >= 0 if kind == "nonnegative" else cp.SOC(z[start], z[start + 1 : stop]))
        start = stop
    return cp.Problem(cp.Maximize(value), constraints), z


def _solved(problem: Any) -> bool:
    """Whether cvxpy has an answer: how good it is, the certificate says."""
    import cvxpy as cp

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.error.SolverError:
            return False
    return all(variable.value is not None for variable in problem.variables())


METHOD = Formulation(
    name="constrained",
    solve=solve,
    statement=statement,
    looks_at=ALL_REQUIREMENTS,
)
