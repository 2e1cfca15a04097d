"""Bounds on all weights: the largest ratio of powers at a given effort, and whether any meet what a channel misses.

**Every place.** A curve may hold at every place, and for all errors of the drivers in a ball. Weights of a guaranteed ratio t or more
(`designer.requirements.worst_case`) have, at each place g,

    ||A_g^½ w|| >= √t (a + b) + c,     a = ||B_g^½ w||,  b = ε ||D^½ w||,  c = ε ||E^½ w||,

and squared, without the products of two norms, which are not negative, a quadratic form that is not negative:

    w^H (A_g - t B_g - t ε² D - ε² E) w >= 0.

So are the forms with these products bounded from below: by Cauchy and Schwarz ||X w|| ||Y w|| >= Re (x^H X w)^* (y^H Y w) for any unit
vectors x and y, with equality where they point along X w and Y w; they are taken from weights that came near. With a limit E on effort
w^H (E A/s² - I) w is not negative either, s the single best driver's level. Where all of these forms exclude each other
(`exclude_each_other`) no weights reach t. The least such t is halved into, between what weights reach and the largest ratio
of mean powers. What is left out (window, masks, drivers' gains) only makes it the larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.formulations import constrained
from designer.measures import db
from designer.requirements.slacks import SLACK_TOLERANCE_DB, drawn_of, expected_gain
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import (
    next_pass,
    places,
    settled,
    uniform_shares,
    worst_gain,
)
from designer.solvers import ratio_search

TOLERATED = 10 ** (-SLACK_TOLERANCE_DB / 10)
UNLIMITED = 1e6
"""Stand-in for no limit on effort: 60 dB."""
FORM_STEPS = 300
TARGET = -1e-3
"""Value that the steps aim at, of forms of norm 1."""
CERTAIN = -1e-9
"""A largest eigenvalue below it is negative, rounding or not."""
LEAST_FORM = 1e-300
STEEPEST = 20.0
"""Largest exponent of a step."""
HALVINGS = 7
MOST_ABOVE_DB = 60.0
"""Largest excess of the bound over the gain that weights reach, where drivers outnumber dark points and mean powers give no bound."""
LEAST_NORM = 1e-150


def reachable_gain(target: ChannelTarget) -> Real:
    """The largest ratio of powers (F,), the channel's other requirements and the drivers' own limits left aside; inf without a bound."""
    target = target.over_regions()
    if target.over_a_ball:
        return expected_gain(target, worst_case_weights(target))
    A, B = target.bright_power, target.dark_power
    best = ratio_search.best_ratio(A, B)
    limited = np.isfinite(target.max_effort)
    if limited.any():
        limited_target = target.at(limited)
        single = np.diagonal(A[limited], axis1=1, axis2=2).real.max(axis=1)
        w = ratio_search.best_ratio_at_efficiency(
            A[limited], B[limited], np.ones(limited_target.cost.shape), single / limited_target.max_effort
        )
        best[limited] = expected_gain(limited_target, w)
    return best


def bounds(target: ChannelTarget, slacks_db: Mapping[str, Real], w: Complex) -> tuple[Real, Bool]:
    """The largest gain in dB (F,) where the curve is missed, NaN elsewhere; and where no weights meet what is missed (F,).

    Both are of all weights: the closed form of the largest ratio for the curve alone, a cone program's dual value for all
    requirements of a beam together, a relaxation (`worst_place_bound`) for several places and all errors in a ball. A
    percentile over drawn devices has none: which of the devices fall below it is free, and with it every form that could be summed.

    Parameters
    ----------
    w : (F, L) complex array, the channel's weights

    """
    count = target.frequency_hz.size
    gain_db, unreachable = np.full(count, np.nan), np.zeros(count, dtype=bool)
    short_of_curve = slacks_db.get("cancellation_gain_db", np.zeros(count)) > SLACK_TOLERANCE_DB
    at = np.flatnonzero(short_of_curve)
    if at.size and target.percentile is None:
        short_target = target.at(at).of_curve_alone
        gain_db[at] = db(_bound(short_target, w[at]))
        assert short_target.gamma is not None
        unreachable[at] = gain_db[at] < db(short_target.gamma) - SLACK_TOLERANCE_DB
    over_azimuth = [slack for name, slack in slacks_db.items() if name != "cancellation_gain_db"]
    short = np.max([*over_azimuth, np.zeros(count)], axis=0) > SLACK_TOLERANCE_DB
    for group in target.held_groups:
        at = np.flatnonzero(slacks_db[group.label] > SLACK_TOLERANCE_DB)
        if at.size and target.percentile is None and group.gamma is not None:
            unreachable[at] |= _bound(target.of_dark_curve(group).at(at), w[at]) < group.gamma[at] * TOLERATED
    at = np.flatnonzero((short | short_of_curve) & ~unreachable)
    if at.size and over_azimuth and has_bound(target):
        unreachable[at] = constrained.out_of_reach(target.at(at))
    return gain_db, unreachable


def _bound(target: ChannelTarget, w: Complex) -> Real:
    """The largest ratio of powers (F,) of one curve that any weights reach; w (F, L) are near it."""
    if has_bound(target):
        return reachable_gain(target)
    return worst_place_bound(target, w, reachable_gain(of_means(target)))


def has_bound(target: ChannelTarget) -> bool:
    """Whether `reachable_gain` is a bound on all weights.

    It is, but for a percentile, for several places, for a ball of errors over several bright points, and for several curves over a ball:
    there the passes end at weights that nothing shows to be the best.
    """
    if target.percentile is not None:
        return False
    has_places = (target.each_place and target.own_dark.shape[1] > 1) or bool(target.dark_curves)
    return not target.worst_case or (target.bright.shape[1] == 1 and not has_places)


def worst_case_weights(target: ChannelTarget) -> Complex:
    """The weights (F, L) of the largest ratio in the worst case within the effort limit: by passes, each of which
    looks at mean powers, until none gains more than SETTLED_DB.
    """
    target = replace(target.over_regions(), gamma=None)
    A = target.bright_power
    w = np.linalg.eigh(A)[1][:, :, -1]
    effort = np.where(np.isfinite(target.max_effort), target.max_effort, UNLIMITED)
    least = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1) / effort

    def again(last: tuple[Complex, Real, Real]) -> tuple[Complex, Real, Real]:
        w, share, gain = last
        harder, share = next_pass(target, w, share, drawn_of(target, gain))
        w = ratio_search.best_ratio_at_efficiency(A, harder.dark_power, np.ones(target.cost.shape), least)
        return w, share, expected_gain(target, w)

    return settled((w, uniform_shares(target), expected_gain(target, w)), again, lambda last: db(last[2]))[0]


def worst_place_bound(target: ChannelTarget, w: Complex, largest: Real) -> Real:
    """Upper bound (F,) of the ratio of powers that weights reach at all places and for all errors.

    Parameters
    ----------
    w : (F, L) complex array, weights near the bound
    largest : (F,) float array, the largest ratio of mean powers of drivers without errors, which is a bound too; inf where there is none

    """
    target = target.over_regions()
    low = np.minimum(db(np.maximum(worst_gain(target, w), 1e-30)), db(largest))
    highest = np.minimum(db(largest), low + MOST_ABOVE_DB)
    high = highest
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        excluded = exclude_each_other(necessary_forms(target, w, 10 ** (middle / 10)))
        low, high = np.where(excluded, low, middle), np.where(excluded, middle, high)
    return np.where(high < highest, 10 ** (high / 10), largest)


def necessary_forms(target: ChannelTarget, w: Complex, ratio: Real) -> Complex:
    """Forms (F, G, L, L) that are not negative at any weights of such a ratio (F,), taken at weights (F, L)."""
    bright, dark = (points / np.sqrt(points.shape[2]) for points in places(target))
    t, size = ratio[:, None, None, None], w.shape[1]
    A, B = (points.conj().swapaxes(2, 3) @ points for points in (bright, dark))
    forms = [A - t * B]
    if target.spread:
        root = np.sqrt(ratio)[:, None, None]
        spread = [np.sqrt(target.spread) * np.linalg.norm(points, axis=2) for points in (dark, bright)]
        b, c = (diagonal[..., None] * np.eye(size) for diagonal in spread)
        squares = A - t * B - t * b**2 - c**2
        rows = [toward(points, w) for points in (root[..., None] * dark, root[..., None] * b, c)]
        products = sum(
            x[..., :, None] * y.conj()[..., None, :] + y[..., :, None] * x.conj()[..., None, :]
            for x, y in ((rows[0], rows[1]), (rows[0], rows[2]), (rows[1], rows[2]))
        )
        forms = [squares, squares - products]
    if np.isfinite(target.max_effort).all():
        effort = target.bright_power * (target.max_effort / target.single_level**2)[:, None, None] - np.eye(size)
        forms.append(effort[:, None])
    return np.concatenate(forms, axis=1)


def toward(rows: Complex, w: Complex) -> Complex:
    """X^H x of rows X (F, G, M, L), x the unit vector along X w (F, G, L)."""
    p = np.einsum("fgml,fl->fgm", rows, w)
    p = p / np.maximum(np.linalg.norm(p, axis=2, keepdims=True), LEAST_NORM)
    return np.asarray(np.einsum("fgml,fgm->fgl", rows.conj(), p))


def of_means(target: ChannelTarget) -> ChannelTarget:
    """The target of mean powers without errors: no weights have a larger ratio at their worst place than in these."""
    return replace(target, worst_case=False, each_place=False, joint_places=None, spread_in_powers=False)


def exclude_each_other(forms: Complex) -> Bool:
    """Where no vector makes all Hermitian forms (F, G, L, L) non-negative, as far as a certificate was found (F,).

        Σ_g ν_g M_g negative definite for some ν >= 0   implies   no v != 0 has v^H M_g v >= 0 for every g,

    because the sum would be non-negative there. The ν is looked for as the one of the least largest eigenvalue λ(ν) of the sum, a
    convex function over the simplex, whose gradient is v^H M_g v at the top eigenvector v: by exponentiated gradient steps of Polyak's
    length towards a value just below 0. For one or two forms there always is such a ν where there is no such v; for more a gap may be
    left, the relaxation's, so that without a certificate nothing is shown.

    Source: B. T. Polyak, Minimization of unsmooth functionals (1969) for the step; J. Kivinen and M. K. Warmuth, Exponentiated
    gradient versus gradient descent for linear predictors (1997).
    """
    norm = np.linalg.norm(forms, axis=(2, 3), keepdims=True)
    forms = forms / np.maximum(norm, LEAST_FORM)
    certified = np.zeros(len(forms), dtype=bool)
    at, log_share = np.arange(len(forms)), np.zeros(forms.shape[:2])
    for _ in range(FORM_STEPS):
        share = np.exp(log_share - log_share.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(np.einsum("fg,fgij->fij", share, forms[at]))
        top, v = values[:, -1], vectors[:, :, -1]
        slope = np.einsum("fi,fgij,fj->fg", v.conj(), forms[at], v, optimize=True).real
        certified[at[top < CERTAIN]] = True
        left = (top >= CERTAIN) & (slope.min(axis=1) < 0)  # else v itself makes them all non-negative
        at, top, slope = at[left], top[left], slope[left]
        if not at.size:
            break
        slope -= np.sum(share[left] * slope, axis=1, keepdims=True)
        step = (top - TARGET) / np.maximum(np.sum(share[left] * slope**2, axis=1), LEAST_FORM)
        step = np.minimum(step, STEEPEST / np.maximum(np.abs(slope).max(axis=1), LEAST_FORM))
        log_share = log_share[left] - step[:, None] * slope
        log_share -= log_share.max(axis=1, keepdims=True)
    return certified
