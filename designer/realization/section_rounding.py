"""Sections to integers, jointly at the points: denominators first, then numerators, what is left fitted anew each time.

A cascade is not linear in its coefficients, and a step of a1 = -2 cos θ moves a pole far at low frequencies: 14 fraction
bits know nothing between 0 and 60 Hz at 48 kHz. So nearest plane (see `nearest_plane.py`) goes section by section, on the
Gauss-Newton matrix M of the fit's sum at the place reached so far. With the coefficients c to be rounded and r those still
free, the sum's rise for an error d of c, once r has followed, is

    (d - m)ᵀ (M_cc - M_cr M_rr⁻¹ M_rc) (d - m),

m its least place; the pair a1, a2 of each driver takes the best of the lattice points around it whose poles are
within the radius. Then r is refined. The numerators follow, and at last section after section takes its best integers
(see `section_descent.py`), from here and from plain rounding: the better of the two is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from designer.arrays import Bool, Index, Real
from designer.realization.biquad_refinement import coefficient_slopes, normal_equations, refine, stacked
from designer.realization.cascade import Cascade, denominator_slopes, free_parameters, pole_radii
from designer.realization.coefficient_lattice import Lattice
from designer.realization.section_descent import SWEEPS, descend
from designer.realization.section_problem import SectionProblem
from designer.realization.section_scaling import cleared, level, scaled, with_gains

REFITS = 4
QUICK_SWEEPS = 4
TRUSTED = 0.03
"""How far coefficients may go before M is not believed: this far costs as much as the sum itself."""


def round_sections(
    filters: Sequence[Cascade], problem: SectionProblem, lattice: Lattice, *, quick: bool = False
) -> list[Cascade]:
    """Cascades on the lattice, no inner node beyond full scale, their sum never above that of `plainly_rounded`.

    Parameters
    ----------
    filters : L cascades of S sections, refined
    problem : what they follow
    lattice : the values that coefficients may take
    quick : a third of the time: few rounds of descent, and none from plain rounding, which stays the bound

    """
    ready = [with_gains(scaled(f), lattice.greatest) for f in filters]
    plain = plainly_rounded(ready, lattice)
    sweeps = QUICK_SWEEPS if quick else SWEEPS
    found = [descend(_one_by_one(ready, problem, lattice), problem, lattice, sweeps)]
    found.append(plain if quick else descend(plain, problem, lattice))
    best = min(found, key=problem.cost)
    return [cleared(f) for f in best]


def plainly_rounded(filters: Sequence[Cascade], lattice: Lattice) -> list[Cascade]:
    """Each coefficient to the nearest of its lattice; a denominator to the nearest whose poles are within the radius.

    The filters are scaled and have their gains.
    """
    return [
        replace(f, b=lattice.rounded(f.b, f.gain[:, None]), a=np.stack([lattice.near(a)[0] for a in f.a]))
        for f in filters
    ]


def integers(filters: Sequence[Cascade], lattice: Lattice) -> NDArray[np.int64]:
    """The integers (L, S, 5) of cascades on the lattice: b0, b1, b2, a1, a2."""
    values = np.stack([np.concatenate([f.b / f.gain[:, None], f.a], axis=1) for f in filters])
    return np.rint(values / lattice.step).astype(np.int64)


def _one_by_one(filters: Sequence[Cascade], problem: SectionProblem, lattice: Lattice) -> list[Cascade]:
    """Sections rounded in turn, the most resonant denominators first, what is free refined after each."""
    now = list(filters)
    sections = len(now[0].b)
    held_b, held_a = np.zeros((len(now), sections, 3), dtype=bool), np.zeros((len(now), sections), dtype=bool)
    resonant_first = np.argsort(-np.mean([pole_radii(f.a) for f in now], axis=0))
    for lower, order in ((True, resonant_first), (False, np.arange(sections))):
        for s in order:
            now = _rounded_section(now, problem, lattice, held_b, held_a, int(s), lower=lower)
            (held_a if lower else held_b)[:, s] = True
            now = refine(now, problem, steps=REFITS, held_b=held_b, held_a=held_a)
        if lower:
            now = [with_gains(level(f), lattice.greatest) for f in now]
    return now


def _rounded_section(
    filters: list[Cascade],
    problem: SectionProblem,
    lattice: Lattice,
    held_b: Bool,
    held_a: Bool,
    s: int,
    *,
    lower: bool,
) -> list[Cascade]:
    """Section s of all drivers: its denominators, or its numerators, rounded."""
    sections, width, size = len(filters[0].b), 5 * len(filters[0].b), 2 if lower else 3
    held = np.concatenate([held_b.reshape(len(filters), -1), np.repeat(held_a, 2, axis=1)], axis=1)
    first = 3 * sections + 2 * s if lower else 3 * s
    chosen = (np.arange(len(filters))[:, None] * width + first + np.arange(size)).ravel()
    matrix, gradient = _without_the_rest(filters, problem, s, chosen, np.setdiff1d(np.flatnonzero(~held), chosen))
    factor = np.linalg.cholesky(matrix).T  # dᵀ M d = |R d|²
    aims = np.stack([(f.a if lower else f.b)[s] for f in filters])
    aims = aims - np.linalg.solve(matrix, gradient).reshape(aims.shape)
    d, out = np.zeros(chosen.size), list(filters)
    for l in range(len(filters) - 1, -1, -1):
        block = slice(l * size, (l + 1) * size)
        corner = factor[block, block]
        carried = factor[block, block.stop :] @ d[block.stop :]
        if lower:
            points = lattice.near(aims[l] - np.linalg.solve(corner, carried))
            heard = np.sum((corner @ (points - aims[l]).T + carried[:, None]) ** 2, axis=0)
            chosen_point = points[int(np.argmin(heard))]
        else:
            chosen_point = _plane(corner, carried, aims[l], lattice, float(filters[l].gain[s]))
        d[block] = chosen_point - aims[l]
        part = (filters[l].a if lower else filters[l].b).copy()
        part[s] = chosen_point
        out[l] = replace(filters[l], a=part) if lower else replace(filters[l], b=part)
    return out


def _without_the_rest(
    filters: Sequence[Cascade], problem: SectionProblem, s: int, chosen: Index, rest: Index
) -> tuple[Real, Real]:
    """M and the gradient of the chosen coefficients once the rest has followed, each as far as M is believed.

    The parameters are each driver's numerators, then a1, a2 of section s and u, v of the others: in these they cannot
    leave the radius, so that nothing is expected of them that they cannot give.
    """
    slopes = []
    for f in filters:
        upper, lower = coefficient_slopes(f, problem.turn)
        chain = denominator_slopes(free_parameters(f.a, problem.radius), problem.radius)
        chain[s] = np.eye(2)
        slopes.append(stacked(upper, np.einsum("ksj,sji->ksi", lower, chain)))
    errors = problem.errors(filters)
    matrix, gradient = normal_equations(slopes, *problem.quadratic(errors))
    diagonal = np.diag(matrix)
    believed = problem.sum(errors) / TRUSTED**2 + 1e-12 * diagonal + 1e-14 * diagonal.max()
    matrix = matrix + np.diag(believed)
    own, own_gradient = matrix[np.ix_(chosen, chosen)], gradient[chosen]
    if rest.size:
        across = matrix[np.ix_(rest, chosen)]
        solved = cho_solve(cho_factor(matrix[np.ix_(rest, rest)]), np.column_stack([across, gradient[rest]]))
        own = own - across.T @ solved[:, :-1]
        own_gradient = own_gradient - across.T @ solved[:, -1]
    return (own + own.T) / 2, own_gradient


def _plane(corner: Real, carried: Real, aim: Real, lattice: Lattice, gain: float) -> Real:
    """One numerator's coefficients one after the other, from the last."""
    d = np.zeros(aim.size)
    for i in range(aim.size - 1, -1, -1):
        left = (carried[i] + corner[i, i + 1 :] @ d[i + 1 :]) / corner[i, i]
        d[i] = lattice.rounded(aim[i] - left, gain) - aim[i]
    return np.asarray(aim + d)
