"""Sections side by side whose denominators all places of a bank share, while numerators are a place's own.

    H_il(z) = z^-τ_il ( x_l0 + Σ_s (x_s1 + x_s2 z^-1) / A_ls(z) ),     A_ls(z) = 1 + a_ls1 z^-1 + a_ls2 z^-2

of driver l at place i. A cascade of S sections of different poles is such a sum, by partial fractions, and the other way round: nothing is
lost by standing side by side. What it gains is that a filter is linear in x. With the poles at rest, the fit

    minimise over x_i    Σ_k e_k^H C_ik e_k,      e_l = H_il(z_k) - W_il(z_k)

has one minimum, so that places next to each other end next to each other, without a pairing of poles and whatever they are ordered by.
A mean of two places' numerators has the mean of their responses, as taps have. And it is stable, because its denominators are.

**Poles.** Common ones of the filters at several places come of vector fitting (`vector_fitting.common_poles`). Gauss-Newton steps over
poles and numerators of all these places follow. With g, G of the sum at place i, in its numerators (x) and the shared poles (p),

    (Σ_i G_pp - G_px G_xx^-1 G_xp) Δp = -Σ_i (g_p - G_px G_xx^-1 g_x),       Δx_i = -G_xx^-1 (g_x + G_xp Δp)

damped as Levenberg and Marquardt do. Poles move in the parameters u, v in which no denominator leaves its triangle (`cascade`), with

    ∂H/∂x = z^-τ (1, 1/A_s, z^-1/A_s),      ∂H/∂a_sj = -z^-τ z^-j (x_s1 + x_s2 z^-1) / A_s²

**Requirements** are held by a penalty that grows, as those of cascades are (`held_sections`): at the places of the poles' fit over poles
and numerators, at all others over numerators alone.

Source: Y. Haneda, S. Makino, Y. Kaneda and N. Kitawaki, Common-acoustical-pole and zero modeling of head-related transfer functions, IEEE
Trans. Speech and Audio Processing 7(2), 1999, and, for residues interpolated between places, 7(6), 1999; B. Bank, Direct design of
parallel second-order filters for instrument body modeling, Proc. ICMC 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from designer.arrays import Complex, Real
from designer.realization.cascade import denominator_slopes, denominators, free_parameters
from designer.realization.held_requirements import HELD_DB, MARGIN_DB, Held
from designer.realization.held_sections import GROWTH, STAGES, HeldSections, Pull
from designer.realization.section_fit import LEAST_DAMPING, MOST_DAMPING, SectionProblem, normal_equations

POLE_STEPS, STAGE_STEPS = 40, 8
MIN_RELATIVE_FALL = 1e-4
RIDGE = 1e-10
"""Share of the diagonal that a matrix is raised by: poles that lie together leave their numerators undetermined."""


@dataclass(frozen=True)
class PlaceFit:
    """Weights and requirements that the filters of one channel are fitted to at a place.

    Attributes
    ----------
    problem : SectionProblem, weights (K, L) and C
    delay_samples : (L,) float array, of each driver, taken off before the sections
    requirements : tuple of Held

    """

    problem: SectionProblem
    delay_samples: Real
    requirements: tuple[Held, ...] = ()


def basis(a: Real, turn: Complex) -> Complex:
    """1, 1/A_s and z^-1/A_s (K, 1 + 2S) of denominators (S, 2) at z^-1 = `turn` (K,)."""
    lower = 1 / (1 + turn[:, None] * a[:, 0] + turn[:, None] ** 2 * a[:, 1])
    pairs = np.stack([lower, turn[:, None] * lower], axis=2).reshape(turn.size, -1)
    return np.concatenate([np.ones((turn.size, 1)), pairs], axis=1)


def responses(numerators: Real, a: Real, delay_samples: Real, turn: Complex) -> Complex:
    """H (K, L) of numerators (L, 1 + 2S), denominators (L, S, 2) and delays (L,)."""
    return np.stack([b @ x for b, x in zip(_bases(a, delay_samples, turn), numerators, strict=True)], axis=1)


def least_squares(place: PlaceFit, a: Real) -> Real:
    """Numerators (L, 1 + 2S) of the least sum at a place."""
    bases = _bases(a, place.delay_samples, place.problem.turn)
    matrix, gradient = normal_equations(bases, *place.problem.quadratic(-place.problem.weights))
    return -_solve(matrix, gradient).reshape(len(a), -1)


def least_sum(place: PlaceFit, a: Real) -> float:
    """The least sum at a place."""
    w = responses(least_squares(place, a), a, place.delay_samples, place.problem.turn)
    return place.problem.sum(w - place.problem.weights)


def fitted_numerators(place: PlaceFit, a: Real) -> Real:
    """Numerators (L, 1 + 2S) at a place, of the least sum, or near it where the requirements ask for more."""
    return _held([least_squares(place, a)], a, [place], poles=False)[0][0]


def fitted_poles(a: Real, places: Sequence[PlaceFit]) -> tuple[Real, float]:
    """Denominators (L, S, 2) that serve all places of one channel, begun at others, and their largest excess in dB over a requirement."""
    xs = [least_squares(place, a) for place in places]
    xs, a = _refined(xs, a, places, [place.problem for place in places], steps=POLE_STEPS, poles=True)
    xs, a = _held(xs, a, places, poles=True)
    return a, _excess_db(xs, a, places)


def _held(xs: list[Real], a: Real, places: Sequence[PlaceFit], *, poles: bool) -> tuple[list[Real], Real]:
    """Numerators and denominators that hold the requirements of all places, or come as near as was found."""
    best, least = (xs, a), _excess_db(xs, a, places)
    weights = [[h.symbol_weight(p.problem.symbol) for h in p.requirements] for p in places]
    margin = 10 ** (-MARGIN_DB / 20)
    for _ in range(STAGES):
        if least <= HELD_DB:
            break
        problems = []
        for x, place, pulled in zip(xs, places, weights, strict=True):
            p = place.problem
            w = responses(x, a, place.delay_samples, p.turn)
            radii = [margin * h.limit * h.level_now(w) for h in place.requirements]
            pulls = tuple(Pull(*parts) for parts in zip(place.requirements, radii, pulled, strict=True))
            problems.append(HeldSections(p.weights, p.symbol, p.turn, p.radius, pulls))
        xs, a = _refined(xs, a, places, problems, steps=STAGE_STEPS, poles=poles)
        excess_db = _excess_db(xs, a, places)
        if excess_db < least:
            best, least = (xs, a), excess_db
        weights = [[GROWTH * weight for weight in pulled] for pulled in weights]
    return best


def excesses_db(x: Real, a: Real, place: PlaceFit) -> dict[str, float]:
    """Requirement -> by how much filters of numerators (L, 1 + 2S) exceed it, at its worst frequency."""
    w = responses(x, a, place.delay_samples, place.problem.turn)
    return {requirement.label: requirement.excess_db(w) for requirement in place.requirements}


def _excess_db(xs: Sequence[Real], a: Real, places: Sequence[PlaceFit]) -> float:
    """By how much filters exceed the requirement that they hold least, at its worst place and frequency."""
    return max(max(excesses_db(x, a, place).values(), default=0.0) for x, place in zip(xs, places, strict=True))


def _refined(
    xs: list[Real], a: Real, places: Sequence[PlaceFit], problems: Sequence[SectionProblem], *, steps: int, poles: bool
) -> tuple[list[Real], Real]:
    """Numerators of all places, and the poles where they are asked for, with no larger a sum."""
    errors = _errors(xs, a, places, problems)
    cost, damping = _total(errors, problems), 1e-3
    for _ in range(steps):
        rows = zip(xs, places, problems, errors, strict=True)
        reduced = [_reduced(x, a, place, problem, error, poles=poles) for x, place, problem, error in rows]
        before = cost
        while damping < MOST_DAMPING and cost == before:
            moved: Real = a
            step: Real = np.zeros(0)
            if poles:
                moved, step = _moved_poles(a, reduced, damping, problems[0].radius)
            moves = [place.numerators(step) / (1.0 if poles else 1 + damping) for place in reduced]
            candidate = [x + move.reshape(x.shape) for x, move in zip(xs, moves, strict=True)]
            candidate_errors = _errors(candidate, moved, places, problems)
            candidate_cost = _total(candidate_errors, problems)
            if candidate_cost < cost:
                xs, a, errors, cost = candidate, moved, candidate_errors, candidate_cost
                damping = max(damping / 5, LEAST_DAMPING)
            else:
                damping *= 4
        if before - cost <= MIN_RELATIVE_FALL * before:
            break
    return xs, a


def _errors(
    xs: Sequence[Real], a: Real, places: Sequence[PlaceFit], problems: Sequence[SectionProblem]
) -> list[Complex]:
    rows = zip(xs, places, problems, strict=True)
    return [responses(x, a, place.delay_samples, problem.turn) - problem.weights for x, place, problem in rows]


def _total(errors: Sequence[Complex], problems: Sequence[SectionProblem]) -> float:
    return sum(problem.sum(error) for problem, error in zip(problems, errors, strict=True))


def _moved_poles(a: Real, reduced: Sequence[_Reduced], damping: float, radius: float) -> tuple[Real, Real]:
    """Denominators one damped step on, and the step in u and v."""
    matrix, gradient = (np.sum(parts, axis=0) for parts in zip(*((r.matrix, r.gradient) for r in reduced), strict=True))
    scale = np.diag(matrix) + RIDGE * np.abs(np.diag(matrix)).max()
    step = -_solve(matrix + np.diag(damping * scale), gradient)
    free = np.stack([free_parameters(driver, radius) for driver in a]) + step.reshape(a.shape)
    return np.stack([denominators(driver, radius) for driver in free]), step


def _bases(a: Real, delay_samples: Real, turn: Complex) -> list[Complex]:
    """Each driver's slopes over its numerators (K, 1 + 2S), its delay included."""
    return [basis(driver, turn) * (turn**delay)[:, None] for driver, delay in zip(a, delay_samples, strict=True)]


def _solve(matrix: Real, right: Real) -> Real:
    """Solution (n,) or (n, m) with a positive matrix (n, n), its diagonal scaled to 1 and raised by RIDGE."""
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300)).reshape(-1, *(1,) * (right.ndim - 1))
    scaled = matrix / np.outer(scale, scale) + RIDGE * np.eye(len(matrix))
    return np.asarray(cho_solve(cho_factor(scaled), right / scale) / scale)


@dataclass(frozen=True)
class _Reduced:
    """A place's equations with its numerators eliminated: matrix (p, p) and gradient (p,) of the poles, and how numerators follow."""

    matrix: Real
    gradient: Real
    slopes: Real  # G_xx^-1 G_xp (n, p)
    alone: Real  # G_xx^-1 g_x (n,)

    def numerators(self, step: Real) -> Real:
        """Step (n,) of the numerators beside one (p,) of the poles."""
        return np.asarray(-(self.alone + self.slopes @ step))


def _reduced(x: Real, a: Real, place: PlaceFit, problem: SectionProblem, errors: Complex, *, poles: bool) -> _Reduced:
    """Gauss and Newton's equations of a place."""
    turn = problem.turn
    slopes = _bases(a, place.delay_samples, turn)
    count = slopes[0].shape[1]
    if poles:
        slopes = [
            np.concatenate([bases, _pole_slopes(upper, lower, bases, problem)], axis=1)
            for upper, lower, bases in zip(x, a, slopes, strict=True)
        ]
    matrix, gradient = normal_equations(slopes, *problem.quadratic(errors))
    index = np.arange(gradient.size).reshape(len(a), -1)
    n, p = index[:, :count].ravel(), index[:, count:].ravel()
    cross = matrix[np.ix_(n, p)]
    solved = _solve(matrix[np.ix_(n, n)], np.concatenate([cross, gradient[n, None]], axis=1))
    follow, alone = solved[:, :-1], solved[:, -1]
    return _Reduced(matrix[np.ix_(p, p)] - cross.T @ follow, gradient[p] - cross.T @ alone, follow, alone)


def _pole_slopes(x: Real, a: Real, bases: Complex, problem: SectionProblem) -> Complex:
    """∂H over u and v (K, 2S) of one driver's numerators (1 + 2S,), denominators (S, 2) and slopes over its numerators (K, 1 + 2S)."""
    turn = problem.turn
    late, lower = bases[:, :1], bases[:, 1::2]  # z^-τ and z^-τ / A_s
    falls = -(x[1::2] + turn[:, None] * x[2::2]) * lower * (lower / late)
    over_a = falls[:, :, None] * np.stack([turn, turn**2], axis=1)[:, None, :]
    chain = denominator_slopes(free_parameters(a, problem.radius), problem.radius)
    return np.asarray(np.einsum("ksj,sji->ksi", over_a, chain).reshape(turn.size, -1))
