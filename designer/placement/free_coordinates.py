"""Free coordinates within the bounds: from the best candidates on, along the slopes of the value.

Coordinates of a place are y and z (or x) on a bar or plane, azimuth (as an arc length) and elevation or height on a sphere or
cylinder. A unit of two has those of one of them; the other is the mirror image. H at other places comes from the scene itself: its
slopes are five-point differences of columns, each of which depends on one driver's place alone, so that one scene of a few drivers has
them all,

    H'(q) = (H(q - 2h) - 8 H(q - h) + 8 H(q + h) - H(q + 2h)) / 12h + O(k⁵h⁴/30),

1e-7 of k at 8 kHz. All else is analytic (`slopes`). Sequential quadratic programming (scipy) goes up from there, the distances of
centres and keep-outs as inequalities. What it ends with is taken only where its true percentile is higher.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.placement.candidates import MIDDLE_M, Candidates
from designer.placement.layouts import Judge, Layout, value_of
from designer.placement.slopes import Slope, smooth_value, soft_least
from designer.placement.system import System, system_of

STEP_M = 2.5e-4
ITERATIONS = 25
DIGITS = 4
"""Decimals of the coordinates that are written, in metres."""
SHIFTS = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
"""Steps of the five-point difference, and their weights over h."""


@dataclass(frozen=True)
class Coordinates:
    """Places of a layout as functions of free coordinates q (Q,), in metres.

    Attributes
    ----------
    start_m : (n, 2) float array, both coordinates of the first place of each unit
    mirrored : tuple of bool, whether a unit has a mirror image
    varied : (Q, 2) int array, unit and coordinate of each free one

    """

    candidates: Candidates
    start_m: Real
    mirrored: tuple[bool, ...]
    varied: Real

    @classmethod
    def of(cls, candidates: Candidates, layout: Layout) -> Coordinates:
        """Coordinates of a layout of candidates."""
        table = candidates.table
        firsts = np.array([candidates.places_m[candidates.units[unit][-1]] for unit in layout])
        mirrored = tuple(len(candidates.units[unit]) == 2 for unit in layout)
        flat = table.on != "surface"
        start_m = firsts[:, table.axes] if flat else _unrolled(candidates, firsts)
        both = (table.on != "bar", np.ptp(_bounds(candidates)[:, 1]) > 0)
        varied = [
            (unit, axis)
            for unit in range(len(layout))
            for axis in (0, 1)
            if (axis == 0 or all(both)) and (axis == 1 or not table.mirror or mirrored[unit])
        ]
        return cls(candidates, start_m, mirrored, np.array(varied, dtype=int).reshape(-1, 2))

    @property
    def start(self) -> Real:
        """Q of the candidates (Q,)."""
        return np.asarray(self.start_m[self.varied[:, 0], self.varied[:, 1]])

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Least and largest of each coordinate."""
        low, high = _bounds(self.candidates)
        least = 0.0 if self.candidates.table.mirror else -np.inf
        return [(max(low[axis], least) if axis == 0 else low[axis], high[axis]) for _, axis in self.varied]

    def places_m(self, q: Real) -> Real:
        """Places (n, 3) of all drivers, unit by unit."""
        at = self.start_m.copy()
        at[self.varied[:, 0], self.varied[:, 1]] = q
        firsts = self._rolled(at)
        return np.concatenate([
            np.stack([place * [1, -1, 1], place]) if image else place[None]
            for place, image in zip(firsts, self.mirrored, strict=True)
        ])  # fmt: skip

    def _rolled(self, at: Real) -> Real:
        table, body = self.candidates.table, self.candidates.problem.body
        if table.on != "surface":
            places_m = np.tile(np.array(table.centre_m, dtype=float), (len(at), 1))
            places_m[:, table.axes] = at
            return places_m
        radius_m = body.radius_m  # type: ignore[attr-defined] # candidates on a surface are on a round body's
        angle, up = at[:, 0] / radius_m, at[:, 1] / radius_m
        across, z = (np.cos(up), radius_m * np.sin(up)) if body.model_name == "sphere" else (np.ones(len(at)), at[:, 1])
        return np.column_stack([radius_m * across * np.cos(angle), radius_m * across * np.sin(angle), z])

    def owners(self) -> list[list[int]]:
        """Drivers of each unit, in the order of `places_m`."""
        ends = np.cumsum([0, *(2 if image else 1 for image in self.mirrored)])
        return [list(range(a, b)) for a, b in itertools.pairwise(ends)]

    def clearances_m(self, q: Real) -> Real:
        """By how much centres are farther apart, and farther from keep-outs, than they must be (K,)."""
        table, like = self.candidates.table, self.candidates.like
        places = self.places_m(q)
        first, second = np.triu_indices(len(places), 1)
        parts = [np.linalg.norm(places[first] - places[second], axis=1) - self.candidates.least_m]
        for driver in self.candidates.fixed:
            least_m = max(table.spacing_m, (like.radius_m or 0.0) + (driver.radius_m or 0.0), MIDDLE_M)
            parts.append(np.linalg.norm(places - np.array(driver.position_m), axis=1) - least_m)
        parts += [np.linalg.norm(places - np.array(ball.centre_m), axis=1) - ball.radius_m for ball in table.keep_outs]
        return np.concatenate(parts)


def _unrolled(candidates: Candidates, places_m: Real) -> Real:
    radius_m = candidates.problem.body.radius_m  # type: ignore[attr-defined] # as in `_rolled`
    angle = np.arctan2(places_m[:, 1], places_m[:, 0])
    is_sphere = candidates.problem.body.model_name == "sphere"
    up = radius_m * np.arcsin(np.clip(places_m[:, 2] / radius_m, -1, 1)) if is_sphere else places_m[:, 2]
    return np.stack([radius_m * angle, up], axis=1)


def _bounds(candidates: Candidates) -> Real:
    """Least and largest of both coordinates (2, 2), from the candidates that are left."""
    places = candidates.places_m
    flat = places[:, candidates.table.axes] if candidates.table.on != "surface" else _unrolled(candidates, places)
    return np.stack([flat.min(axis=0), flat.max(axis=0)])


@dataclass(frozen=True)
class FreeLayout:
    """Places (n, 3) and their value in dB, and how often the slopes were computed."""

    places_m: Real
    value_db: float
    steps: int


def value_and_slopes(coordinates: Coordinates, q: Real, reference: System) -> tuple[float, Real]:
    """Smooth value in dB at q, and its slopes in dB/m (Q,)."""
    candidates = coordinates.candidates
    owners, places = coordinates.owners(), [*coordinates.places_m(q)]
    fixed, count = reference.fixed, len(places)
    for n, (unit, _) in enumerate(coordinates.varied):
        for shift, _weight in SHIFTS:
            moved = q.copy()
            moved[n] += shift * STEP_M
            places += [*coordinates.places_m(moved)[owners[unit]]]
    system = _system(candidates, np.array(places), fixed + count, reference)
    columns = np.arange(fixed + count)
    values, gradients = [], []
    for channel in system.channels:
        slopes, at = [], fixed + count
        for unit, _ in coordinates.varied:
            size = len(owners[unit])
            blocks = [
                (weight / STEP_M, slice(at + m * size, at + (m + 1) * size)) for m, (_, weight) in enumerate(SHIFTS)
            ]
            H, bright, dark = (
                np.sum([share * tensor[..., block] for share, block in blocks], axis=0)
                for tensor in (channel.H, channel.judged_bright, channel.judged_dark)
            )
            slopes.append(Slope(fixed + np.array(owners[unit]), H, bright, dark))
            at += len(SHIFTS) * size
        value, gradient = smooth_value(channel, columns, system.percentile, slopes)
        values.append(value)
        gradients.append(gradient)
    return soft_least(np.array(values), np.array(gradients))


def _system(candidates: Candidates, places_m: Real, most: int, reference: System) -> System:
    drivers = [
        candidates.like.model_copy(update={"name": f"place {n}", "position_m": [float(x) for x in place]})
        for n, place in enumerate(places_m)
    ]
    return system_of(candidates.problem, [*candidates.fixed, *drivers], len(candidates.fixed), most, reference)


def true_value(candidates: Candidates, places_m: Real, reference: System) -> float:
    """Percentile in dB of drivers at places (n, 3), by the reference's d and scale; drivers of a unit of candidates in their order."""
    order = np.lexsort((places_m[:, 1], places_m[:, 2]))
    count = len(candidates.fixed) + len(places_m)
    return value_of(_system(candidates, places_m[order], count, reference), np.arange(count))


def refined(judge: Judge, candidates: Candidates, layout: Layout) -> FreeLayout:
    """A layout with its coordinates freed; the layout itself where nothing better is near."""
    from scipy.optimize import minimize

    coordinates = Coordinates.of(candidates, layout)
    begin_m = coordinates.places_m(coordinates.start)
    begin = FreeLayout(begin_m, true_value(candidates, begin_m, judge.system), 0)
    if not len(coordinates.varied):
        return begin
    steps = 0

    def cost(q: Real) -> tuple[float, Any]:
        nonlocal steps
        steps += 1
        value, gradient = value_and_slopes(coordinates, q, judge.system)
        return -value, -gradient

    climb: Any = minimize  # its stubs know no method by name with such constraints
    ended = climb(
        cost,
        np.array(coordinates.start, dtype=np.float64),
        jac=True,
        method="SLSQP",
        bounds=coordinates.bounds,
        constraints=[{"type": "ineq", "fun": coordinates.clearances_m}],
        options={"maxiter": ITERATIONS, "ftol": 1e-3},
    )
    for q in _rounded(coordinates, np.asarray(ended.x)):
        places_m = coordinates.places_m(q)
        value = true_value(candidates, places_m, judge.system)
        if value > begin.value_db:
            return FreeLayout(places_m, value, steps)
    return FreeLayout(begin_m, begin.value_db, steps)


def _rounded(coordinates: Coordinates, q: Real) -> Sequence[Real]:
    """The coordinates to a tenth of a millimetre, where that keeps the distances."""
    whole = np.round(q, DIGITS)
    return [end for end in (whole, q) if coordinates.clearances_m(end).min(initial=0.0) >= -1e-6]
