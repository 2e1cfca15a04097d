"""Taps that hold the requirements themselves: masks, window, curve and limits as constraints on the taps' own responses.

    minimise over x    E(x) = Σ_f (x̂ - Ŵ)^H C (x̂ - Ŵ)     subject to  |p_g(f)| <= a_g(f) d(f),     p_g = H_g x̂ e^{jωD}

at each point: for a mask H are its points, a its limit, d the level on axis; for a window H are its points less the
axis, a the ripple. For the curve the root mean square of p over the dark points is below γ^(-1/2) d, d the same over
the bright points. Limits are balls around 0 of linear functions of w as well:

    effort:             Σ_l |w_l|² <= E |d|² / s²,      s the level of the best single driver fed with 1, d the level reached
    white-noise gain:   Σ_l |w_l|² <= |h_look w|² r² / G
    a driver's gain:    |w_l| <= g

d is taken from the taps of the round before, where it is below that of the weights, so that each set is convex. What the
formulation itself could not meet is asked only as far as it did.

Each round solves the least-squares problem, finds by how much the taps leave the sets, and pulls them back (alternating
directions, ADMM): with z the projection of p + u on the sets and u the sum of what was left so far,

    x <- argmin E(x) + Σ_g,f r_g(f) ||H_g x̂ e^{jωD} - z + u||²,     z <- proj(p + u),     u <- u + p - z

The matrix of the first step is the same through a stage of rounds: C plus r H^H H; then r grows, so that limits that can
just be held are held in the end, at a little more error than the least. Where the taps are too few for any solution, x goes
to the least violation of all, and what is left is reported.

Source: S. Boyd et al., Distributed optimization and statistical learning via ADMM (2011), sections 3.4.3 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.measures import amplitude_db, mean_power_matrix, pressure
from designer.realization.toeplitz_fit import NormalEquations, delayed
from designer.requirements.target import ChannelTarget

ROUNDS, STAGE = 240, 60
SETTLED = 1e-2
"""The rounds end where the requirements are held and the error changes by less than this from round to round."""
HELD_DB = 0.01
"""A requirement that is exceeded by less is held."""
MARGIN_DB = 0.02
"""The taps aim at limits that are tighter by this, so that they arrive in finitely many rounds."""
PULL, GROWTH = 10.0, 4.0
"""The constraints' weight r at first, over that of the same points in C, and what it grows by from stage to stage."""
ROUNDING = 1e-24
"""A power so much smaller than the largest of its kind is what rounding left of 0."""
RUN_AWAY = 1e12
"""An error so much larger than the best one's will not come back."""
RAISED_STAGE, RAISED_PATIENCE = 15, 60
"""Shorter stages where the levels are projected too, and how many rounds their excess may take to begin to fall."""
OVER = 1.8
"""Over-relaxation: p counts this much, less what was projected last; two to three times fewer rounds than 1."""
TONE_BAND_HZ = (100.0, 16_000.0)


@dataclass(frozen=True)
class Rows:
    """Pressures that are linear in the fitted drivers' weights: H (J, M, L) of these, and what the other drivers add (J, M)."""

    points: Complex
    offset: Complex

    def pressure(self, w: Complex) -> Complex:
        """(J, M) for weights (J, L)."""
        return self.offset + pressure(self.points, w)

    @classmethod
    def of(cls, points: Complex, weights: Complex, fitted: Index) -> Rows:
        """Rows for the fitted ones of all drivers; the others play their wanted weights (J, all)."""
        unfitted = weights.copy()
        unfitted[:, fitted] = 0
        return cls(points[:, :, fitted], pressure(points, unfitted))


@dataclass(frozen=True)
class Held:
    """One requirement on the frequencies where it holds: pressures at its points that stay within a limit times a level.

    With `by_level` the rows are points less the level's, and how far their levels are apart is judged, whatever their phases.
    """

    label: str
    index: Index  # (J,) of the fit's frequencies
    rows: Rows
    level_rows: Rows
    level: Real  # (J,) that the weights reach
    limit: Real  # (J,) relative to the level
    together: bool  # the root mean square over the points is limited, else each point
    by_level: bool = False

    def level_now(self, w: Complex) -> Real:
        """The level (J,) that weights (K, L) reach."""
        return root_mean_square(self.level_rows.pressure(w[self.index]))

    def reached(self, w: Complex) -> Real:
        """Level, at most that of the wanted ones."""
        return np.minimum(self.level_now(w), self.level)

    def size(self, p: Complex) -> Real:
        """Limited quantity (J,) of pressures (J, M)."""
        return root_mean_square(p) if self.together else np.asarray(np.abs(p).max(axis=1))

    @cached_property
    def form(self) -> Complex:
        """G (J, L + 1, L + 1) with mean |p|² = x^H G x, x = [w; 1]: the points, however many, as one matrix."""
        return mean_power_matrix(np.concatenate([self.rows.points, self.rows.offset[:, :, None]], axis=2))

    def least_size(self, radius: Real) -> Real:
        """The least root mean square (J,) that is allowed beside a radius (J,): any."""
        return np.zeros_like(radius)

    def nearest_size(self, size: Real, radius: Real) -> Real:
        """The nearest size within a radius (J,) of the root mean square's (J,)."""
        return np.clip(size, self.least_size(radius), radius)

    def projected(self, p: Complex, radius: Real) -> Complex:
        """The nearest pressures (J, M) within a radius (J,)."""
        if self.together:
            size = self.size(p)
            return np.asarray(p * (self.nearest_size(size, radius) / np.maximum(size, 1e-300))[:, None])
        return np.asarray(p * np.minimum(1.0, radius[:, None] / np.maximum(np.abs(p), 1e-300)))

    def scaled_levels(self, limit: Real) -> Rows:
        """The level's own pressures (J, M or their own number), times the limit: a copy for each point that is limited by itself."""
        copies = 1 if self.together else self.rows.points.shape[1]
        rows = self.level_rows
        return Rows(
            np.repeat(rows.points * limit[:, None, None], copies, axis=1),
            np.repeat(rows.offset * limit[:, None], copies, axis=1),
        )

    def projected_together(self, p: Complex, level: Complex) -> list[Complex]:
        """The nearest pressures (J, M) and scaled levels of which no pressure exceeds its level; a level that is given stays."""
        size, bound = (
            (root_mean_square(values)[:, None] if self.together else np.abs(values)) for values in (p, level)
        )
        over, share = np.maximum(size - bound, 0.0), 0.5 if self.level_rows.points.any() else 0.0
        return [
            p * (1 - (1 - share) * over / np.maximum(size, 1e-300)),
            level * (1 + share * over / np.maximum(bound, 1e-300)),
        ]

    def excess_db(self, w: Complex) -> float:
        """By how much weights (K, L) exceed the limit, at the worst frequency; 0 where they hold it."""
        level = self.level_now(w)
        p = self.rows.pressure(w[self.index])
        if self.by_level:
            p = (np.abs(p + self.level_rows.pressure(w[self.index])) - level[:, None]).astype(complex)
        size = self.size(p)
        return float(np.maximum(amplitude_db(size / np.maximum(self.limit * level, 1e-150)), 0.0).max(initial=0.0))

    def symbol_weight(self, symbol: Complex) -> Real:
        """The mean weight that C (K, L, L) gives a point of the requirement (J,): trace of C over that of the points' own matrix.

        0 where that matrix is rounding alone, as that of a level against itself at 0 Hz: no filter moves anything there.
        """
        points = self.rows.points
        ours = np.einsum("jml,jml->j", points.conj(), points).real / points.shape[1]
        counts = ours > ROUNDING * ours.max(initial=0.0)
        traces = np.einsum("jll->j", symbol[self.index]).real
        return np.asarray(np.divide(traces, ours, out=np.zeros_like(ours), where=counts))

    def within(self, keep: Bool) -> Held:
        """The requirement on those of its frequencies that are kept (K,) alone."""
        on = keep[self.index]
        rows, level_rows = (Rows(side.points[on], side.offset[on]) for side in (self.rows, self.level_rows))
        return replace(
            self, index=self.index[on], rows=rows, level_rows=level_rows, level=self.level[on], limit=self.limit[on]
        )


def root_mean_square(p: Complex) -> Real:
    """Over the points: (J,) of pressures (J, M)."""
    return np.asarray(np.sqrt(np.mean(np.abs(p) ** 2, axis=1)))


def joined(parts: Sequence[tuple[slice, Sequence[Held]]]) -> tuple[Held, ...]:
    """The requirements of all parts of the frequencies as if they had been taken at once."""
    by_label: dict[str, list[Held]] = {}
    for part, requirements in parts:
        for requirement in requirements:
            by_label.setdefault(requirement.label, []).append(
                replace(requirement, index=requirement.index + part.start)
            )

    def rows(blocks: Sequence[Rows]) -> Rows:
        return Rows(
            np.concatenate([block.points for block in blocks]), np.concatenate([block.offset for block in blocks])
        )

    return tuple(
        replace(
            pieces[0],
            index=np.concatenate([piece.index for piece in pieces]),
            rows=rows([piece.rows for piece in pieces]),
            level_rows=rows([piece.level_rows for piece in pieces]),
            level=np.concatenate([piece.level for piece in pieces]),
            limit=np.concatenate([piece.limit for piece in pieces]),
        )
        for pieces in by_label.values()
    )


def requirements_of(
    target: ChannelTarget,
    weights: Complex,
    slacks_db: Mapping[str, Real],
    *,
    fitted: Index | None = None,
    drivers: Sequence[str] = (),
) -> list[Held]:
    """Every requirement and limit of a channel in its band, as far as its formulation could meet it, on the frequencies of the fit (K,).

    Parameters
    ----------
    weights : (K, L) complex array, W without the bulk delay
    slacks_db : mapping of str to float array, requirement or limit -> (K,) dB by which the formulation fell short of it; its limit is
        wider by that
    fitted : int array, optional, which drivers have taps to find, all by default; the others play their weights exactly
    drivers : sequence of str, the channel's own, by name; ratios of weights, which have no gains to limit, have none

    """
    count = weights.shape[1]
    fitted = np.arange(count) if fitted is None else fitted
    inside = np.flatnonzero(target.in_band)
    axis = target.centre[:, None, :]
    identity = np.broadcast_to(np.eye(count, dtype=complex), (len(weights), count, count))
    requirements: list[Held] = []

    def wider(label: str, limit: Real, at: Index) -> Real:
        return limit * 10 ** (slacks_db[label][at] / 20) if label in slacks_db else limit

    def add(label: str, points: Complex, levels: Complex, limit: Real, at: Index = inside, **judged: bool) -> None:
        rows, level_rows = (Rows.of(tensor[at], weights[at], fitted) for tensor in (points, levels))
        level = root_mean_square(level_rows.pressure(weights[at][:, fitted]))
        requirements.append(
            Held(label, at, rows, level_rows, level, wider(label, limit, at), **({"together": True} | judged))
        )

    over = target.over_regions()
    for label, dark, gamma in over.curves:
        add(label, dark, over.bright, gamma[inside] ** -0.5)
    for mask in target.masks:
        at = inside[np.isfinite(mask.limit[inside])]
        add(mask.label, mask.points, axis, mask.limit[at], at, together=False)
    if target.window is not None:
        ripple, points = np.full(inside.size, target.window.ripple), target.window.points
        # The level alone counts: each point is turned by what the weights turn it.
        turned = pressure(points, weights) * pressure(axis, weights).conj()
        points = points * np.exp(-1j * np.angle(turned))[:, :, None]
        add(target.window.label, points - axis, axis, ripple, together=False, by_level=True)
    if np.isfinite(target.effort_limit).any():
        limit = np.sqrt(target.effort_limit[inside] / count) / target.single_level[inside]
        add("max_effort_db", identity, target.bright, limit)
    if target.min_white_noise_gain > 0:
        distance = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
        limit = np.full(inside.size, (target.min_white_noise_gain * count) ** -0.5)
        add("min_white_noise_gain_db", identity, target.look[:, None, :] * distance, limit)
    for l in np.flatnonzero(np.isfinite(target.max_gain)).tolist() if drivers else ():
        label = f'max_gain_db of "{drivers[l]}"'
        requirements.append(
            feed_within(label, l, count, inside, wider(label, np.full(inside.size, target.max_gain[l]), inside))
        )
    return requirements


def bands_of(target: ChannelTarget, drivers: Sequence[str]) -> list[Held]:
    """The drivers' bands, at all frequencies outside them."""
    if target.band_gain is None:
        return []
    bands = []
    for l, name in enumerate(drivers):
        at = np.flatnonzero(np.isfinite(target.band_gain[:, l]))
        bands.append(feed_within(f'band_hz of "{name}"', l, len(drivers), at, target.band_feed[at, l]))
    return [band for band in bands if band.index.size]


def feed_within(label: str, driver: int, count: int, at: Index, limit: Real) -> Held:
    """One of the drivers, fed at most `limit` (J,) at frequencies `at` (J,)."""
    rows = np.broadcast_to(np.eye(count, dtype=complex)[driver], (at.size, 1, count))
    unit_level = Rows(np.zeros_like(rows), np.ones((at.size, 1), dtype=complex))
    unfed = Rows(rows, np.zeros((at.size, 1), dtype=complex))
    return Held(label, at, unfed, unit_level, np.ones(at.size), limit, together=True)


def hold(
    requirements: Sequence[Held], weights: Complex, symbol: Complex, taps: int, delay: int, penalty: Real | None
) -> Real:
    """Taps (L, T) that hold the requirements on the frequencies of the fit, or come as near as so many can; the rest is as in `fit`."""
    merit, x = _rounds(requirements, weights, symbol, taps, delay, penalty, raised=False)
    if merit[0] > HELD_DB:
        merit, x = min(
            (merit, x),
            _rounds(requirements, weights, symbol, taps, delay, penalty, raised=True),
            key=lambda outcome: outcome[0],
        )
    return x


def _rounds(
    requirements: Sequence[Held],
    weights: Complex,
    symbol: Complex,
    taps: int,
    delay: int,
    penalty: Real | None,
    *,
    raised: bool,
) -> tuple[tuple[float, float], Real]:
    """The largest excess (dB, at least HELD_DB) and the error of the best taps of all rounds, and these taps (L, T)."""
    stage = RAISED_STAGE if raised else STAGE
    weighted = (symbol @ weights[:, :, None])[:, :, 0]
    limits = [10 ** (-MARGIN_DB / 20) * requirement.limit for requirement in requirements]
    equations = NormalEquations(symbol, taps, penalty)
    x = equations.solve(equations.cut(delayed(weighted, delay)), equations.cut(delayed(weights, delay)))
    sides = [
        [requirement.rows, *([requirement.scaled_levels(limit)] if raised else [])]
        for requirement, limit in zip(requirements, limits, strict=True)
    ]
    residuals = [[np.zeros_like(rows.offset) for rows in side] for side in sides]
    pulls = [np.maximum(requirement.symbol_weight(symbol), 1e-12) * PULL / GROWTH for requirement in requirements]
    w = delayed(equations.spectra(x), -delay)
    near = [
        [rows.pressure(w[requirement.index]) for rows in side]
        for requirement, side in zip(requirements, sides, strict=True)
    ]
    best, merit, before, stage_began = x, (np.inf, np.inf), np.inf, (np.inf, np.inf)
    for number in range(ROUNDS):
        w = delayed(equations.spectra(x), -delay)
        worst, error = (
            max(requirement.excess_db(w) for requirement in requirements),
            _total(symbol, w - weights, x, penalty),
        )
        if (max(worst, HELD_DB), error) < merit:
            best, merit = x, (max(worst, HELD_DB), error)
        if not error <= RUN_AWAY * max(
            merit[1], 1e-300
        ):  # the matrix is nearly singular, and the rounds feed on its rounding
            break
        if worst <= HELD_DB and abs(error - before) <= SETTLED * error:
            break
        before = error
        if number % stage == 0 and number:
            # A whole stage found nothing better: what is left stays. With the levels the excess first grows, and then falls steadily.
            if number >= RAISED_PATIENCE and worst > stage_began[0] if raised else merit == stage_began:
                break
            stage_began = (worst, error) if raised else merit
        if number % stage == 0 and merit[0] > HELD_DB:  # u is what was left times r
            pulls = [pull * GROWTH for pull in pulls]
            residuals = [[residual / GROWTH for residual in side_residuals] for side_residuals in residuals]
            matrices = symbol.copy()
            for requirement, side, pull in zip(requirements, sides, pulls, strict=True):
                matrices[requirement.index] += (
                    sum(mean_power_matrix(rows.points) for rows in side) * pull[:, None, None]
                )
            equations = NormalEquations(matrices, taps, penalty)
        right = weighted.copy()
        for i, (requirement, side, pull, limit) in enumerate(zip(requirements, sides, pulls, limits, strict=True)):
            p = [
                OVER * rows.pressure(w[requirement.index]) + (1 - OVER) * z
                for rows, z in zip(side, near[i], strict=True)
            ]
            aim = [values + residual for values, residual in zip(p, residuals[i], strict=True)]
            near[i] = (
                requirement.projected_together(*aim)
                if raised
                else [requirement.projected(aim[0], limit * requirement.reached(w))]
            )
            residuals[i] = [values - z for values, z in zip(aim, near[i], strict=True)]
            for rows, z, residual in zip(side, near[i], residuals[i], strict=True):
                goal = (z - residual - rows.offset) * (pull / z.shape[1])[:, None]
                right[requirement.index] += np.einsum("jml,jm->jl", rows.points.conj(), goal)
        try:
            x = equations.solve_again(equations.cut(delayed(right, delay)), x)
        except np.linalg.LinAlgError:  # r has grown beyond what its factor can take
            break
    return merit, best


def _total(symbol: Complex, error: Complex, x: Real, penalty: Real | None) -> float:
    """E(x), prices of the taps included, over the frequencies from 0 to Nyquist."""
    heard = float(np.mean(np.einsum("ki,kij,kj->k", error.conj(), symbol, error).real))
    return heard if penalty is None else heard + float(np.sum(penalty * x**2))
