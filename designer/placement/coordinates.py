"""Places of a layout as functions of free coordinates: y and z (or x) on a bar or plane, on a sphere or cylinder azimuth, as an arc
length, and elevation or height.

A unit of two has the coordinates of one of them; the other is the mirror image. A unit in the middle stays there with mirror symmetry.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.placement.candidates import Candidates
from designer.placement.layouts import Layout

LEAST_APART_M = 0.002
"""Distance of two point sources below which they are one for a device, whatever spacing is asked for."""


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

    def along_m(self, q: Real) -> Real:
        """Change of each driver's place with each coordinate of its unit (D, 3), coordinate by coordinate, driver by driver."""
        at = self.start_m.copy()
        at[self.varied[:, 0], self.varied[:, 1]] = q
        table, body = self.candidates.table, self.candidates.problem.body
        parts: list[Real] = []
        for unit, axis in self.varied:
            along = np.zeros(3)
            if table.on != "surface":
                along[table.axes[axis]] = 1.0
            else:
                angle, up = at[unit] / body.radius_m  # type: ignore[attr-defined] # as in `_rolled`
                is_sphere = body.model_name == "sphere"
                if axis == 0:
                    along[:2] = np.array([-np.sin(angle), np.cos(angle)]) * (np.cos(up) if is_sphere else 1.0)
                elif is_sphere:
                    along[:] = -np.sin(up) * np.cos(angle), -np.sin(up) * np.sin(angle), np.cos(up)
                else:
                    along[2] = 1.0
            parts += [along * [1, -1, 1], along] if self.mirrored[unit] else [along]
        return np.array(parts).reshape(-1, 3)

    def owners(self) -> list[list[int]]:
        """Drivers of each unit, in the order of `places_m`."""
        ends = np.cumsum([0, *(2 if image else 1 for image in self.mirrored)])
        return [list(range(a, b)) for a, b in itertools.pairwise(ends)]

    def clearances_m(self, q: Real) -> Real:
        """By how much centres are farther apart, and farther from keep-outs, than they must be (K,)."""
        table, like = self.candidates.table, self.candidates.like
        places = self.places_m(q)
        first, second = np.triu_indices(len(places), 1)
        least_m = max(self.candidates.least_m, LEAST_APART_M)
        parts = [np.linalg.norm(places[first] - places[second], axis=1) - least_m]
        for driver in self.candidates.fixed:
            least_m = max(table.spacing_m, (like.radius_m or 0.0) + (driver.radius_m or 0.0), LEAST_APART_M)
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
