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
RIDGE = 1e-11
"""Of the largest diagonal number of a matrix: poles that lie together leave their numerators undetermined."""


@dataclass(frozen=True)
class PlaceFit:
    """What the filters of one channel are fitted to at a place.

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
    """Numerators of all places, and the poles, with no larger a sum."""
    radius, drivers, sections = problems[0].radius, len(a), a.shape[1]

    def errors_of(xs: Sequence[Real], a: Real) -> list[Complex]:
        pairs = zip(xs, places, problems, strict=True)
        return [responses(x, a, place.delay_samples, p.turn) - p.weights for x, place, p in pairs]

    def total(errors: Sequence[Complex]) -> float:
        return sum(p.sum(e) for p, e in zip(problems, errors, strict=True))

    errors = errors_of(xs, a)
    cost, damping = total(errors), 1e-3
    for _ in range(steps):
        parts = [_equations(x, a, *each, poles=poles) for x, *each in zip(xs, places, problems, errors, strict=True)]
        reduced = [_Reduced.of(*part, drivers * (1 + 2 * sections)) for part in parts]
        before = cost
        while damping < MOST_DAMPING and cost == before:
            step = np.zeros(0)
            if poles:
                matrix = np.sum([r.matrix for r in reduced], axis=0)
                scale = np.diag(matrix) + 1e-9 * np.abs(np.diag(matrix)).max()
                factor = cho_factor(matrix + np.diag(damping * scale + RIDGE * scale.max()))
                step = -cho_solve(factor, np.sum([r.gradient for r in reduced], axis=0))
            moves = [r.numerators(step) for r in reduced]
            share = 1.0 if poles else 1 / (1 + damping)
            new_xs = [x + share * move.reshape(x.shape) for x, move in zip(xs, moves, strict=True)]
            new_a = a
            if poles:
                free = [free_parameters(each, radius) for each in a]
                new_a = np.stack(
                    [denominators(u + d, radius) for u, d in zip(free, step.reshape(drivers, sections, 2), strict=True)]
                )
            new_errors = errors_of(new_xs, new_a)
            new_cost = total(new_errors)
            if new_cost < cost:
                xs, a, errors, cost = new_xs, new_a, new_errors, new_cost
                damping = max(damping / 5, LEAST_DAMPING)
            else:
                damping *= 4
        if before - cost <= MIN_RELATIVE_FALL * before:
            break
    return xs, a


def _bases(a: Real, delay_samples: Real, turn: Complex) -> list[Complex]:
    """Each driver's slopes over its numerators (K, 1 + 2S), its delay included."""
    return [basis(each, turn) * (turn**delay)[:, None] for each, delay in zip(a, delay_samples, strict=True)]


def _solve(matrix: Real, right: Real) -> Real:
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / scale[:, None] / scale + RIDGE * np.eye(len(matrix))
    shape = (-1,) + (1,) * (right.ndim - 1)
    return np.asarray(cho_solve(cho_factor(scaled), right / scale.reshape(shape)) / scale.reshape(shape))


def _equations(
    x: Real, a: Real, place: PlaceFit, problem: SectionProblem, errors: Complex, *, poles: bool
) -> tuple[Real, Real]:
    """Matrix and gradient of a place, numerators of all drivers first, then their poles."""
    turn = problem.turn
    bases = _bases(a, place.delay_samples, turn)
    slopes = bases
    if poles:
        slopes = []
        for each, upper, own in zip(bases, x, a, strict=True):
            late, lower = each[:, :1], each[:, 1::2]  # z^-τ and z^-τ / A_s
            falls = -(upper[1::2] + turn[:, None] * upper[2::2]) * lower * (lower / late)
            over_a = falls[:, :, None] * np.stack([turn, turn**2], axis=1)[:, None, :]
            chain = denominator_slopes(free_parameters(own, problem.radius), problem.radius)
            over_free = np.einsum("ksj,sji->ksi", over_a, chain).reshape(turn.size, -1)
            slopes.append(np.concatenate([each, over_free], axis=1))
    matrix, gradient = normal_equations(slopes, *problem.quadratic(errors))
    if not poles:
        return matrix, gradient
    count, width = bases[0].shape[1], slopes[0].shape[1]
    index = np.arange(len(gradient)).reshape(len(a), width)
    order = np.concatenate([index[:, :count].ravel(), index[:, count:].ravel()])
    return matrix[np.ix_(order, order)], gradient[order]


@dataclass(frozen=True)
class _Reduced:
    """A place's equations with its numerators eliminated."""

    matrix: Real
    gradient: Real
    to_numerators: Real
    rest: Real

    @classmethod
    def of(cls, matrix: Real, gradient: Real, count: int) -> _Reduced:
        cross = matrix[:count, count:]
        solved = _solve(matrix[:count, :count], np.concatenate([cross, gradient[:count, None]], axis=1))
        to_numerators, rest = solved[:, :-1], solved[:, -1]
        return cls(
            matrix[count:, count:] - cross.T @ to_numerators, gradient[count:] - cross.T @ rest, to_numerators, rest
        )

    def numerators(self, step: Real) -> Real:
        """Step of the numerators beside one of the poles."""
        return np.asarray(-(self.rest + self.to_numerators @ step))
