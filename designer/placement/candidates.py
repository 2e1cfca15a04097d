"""Candidate places: where drivers may be, in units that come and go together, and which units exclude each other.

A unit is a place in the middle, a place and its mirror image (y negated), or without mirror symmetry any one place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import Bool, Index, Real
from designer.errors import Fault, ProblemError
from designer.problem.enclosures import ENCLOSURES
from designer.problem.enclosures.enclosure import millimetres
from designer.problem.enclosures.round_body import RoundBody
from designer.problem.enclosures.solved_body import SolvedBody
from designer.problem.messages import enumeration, nearest, number, shown
from designer.problem.placement_table import Placement
from designer.problem.schema import Driver, Problem

MAX_CANDIDATES = 400
"""Candidate places: their Gram matrices have as many rows and columns at each frequency."""
CONTOUR_DEG, LEAST_SHORT = 0.1, 0.02
"""Steps of azimuth in which a body's contour is followed, and the share of a step by which a length may exceed whole steps."""
MIDDLE_M = 1e-6
"""A place nearer to the plane y = 0 is its own mirror image."""
SAME_M = 1e-9


@dataclass(frozen=True)
class Candidates:
    """Places that drivers may be put at.

    Attributes
    ----------
    problem : Problem, of the file
    table : Placement, of the file
    like : Driver, whose other keys placed drivers have
    fixed : tuple of Driver, that stay
    places_m : (N, 3) float array
    units : tuple of tuple of int, places that come and go together, by index
    least_m : float, least distance of two placed centres

    """

    problem: Problem
    table: Placement
    like: Driver
    fixed: tuple[Driver, ...]
    places_m: Real
    units: tuple[tuple[int, ...], ...]
    least_m: float

    @cached_property
    def sizes(self) -> Index:
        """How many drivers each unit has (U,)."""
        return np.array([len(unit) for unit in self.units])

    @cached_property
    def excludes(self) -> Bool:
        """Which two units cannot be in one layout (U, U): pistons overlap, or centres are too near; a unit excludes itself."""
        apart_m = np.linalg.norm(self.places_m[:, None] - self.places_m, axis=-1)
        near = apart_m < self.least_m - SAME_M
        excluded = [[bool(near[np.ix_(a, b)].any()) for b in self.units] for a in self.units]
        return np.asarray(np.array(excluded) | np.eye(len(self.units), dtype=bool))

    def half_width_m(self) -> Real:
        """Largest distance of each unit from the middle of the bounds along y (U,)."""
        aside_m = np.abs(self.places_m[:, 1] - self.table.centre_m[1])
        return np.array([aside_m[list(unit)].max() for unit in self.units])

    def placed(self, places_m: Real) -> list[Driver]:
        """Drivers (fixed ones first) with the others at places (n, 3), named from the listener's left to right."""
        order = np.lexsort((places_m[:, 2], places_m[:, 0], places_m[:, 1]))
        taken = {driver.name for driver in self.fixed}
        names = [name for n in range(1, len(places_m) + len(taken) + 1) if (name := f"placed {n}") not in taken]
        places = (self.problem.body.on_surface(place) for place in np.round(places_m[order], 6) + 0.0)
        drivers = [
            self.like.model_copy(update={"name": name, "position_m": [float(x) for x in place]})
            for name, place in zip(names, places, strict=False)
        ]
        return [*self.fixed, *drivers]


def candidates_of(problem: Problem) -> Candidates:
    """The candidates of a problem's `[placement]`.

    Raises
    ------
    ProblemError : no table, a key that does not fit the enclosure, an unknown driver, no place left, or fewer places than drivers

    """
    table = problem.placement
    if table is not None and table.free and table.on == "surface" and not isinstance(problem.body, RoundBody):
        raise key_fault(problem, "placement.free", f"got true on the surface of a {problem.body.model_name}", "free = false",
                     'take a smaller step_m, or on = "bar" or "plane" along one face')  # fmt: skip
    if table is None:
        raise key_fault(problem, "placement", "got no table", "[placement] with drivers, on and width_m",
                     "`designer schema` lists its keys")  # fmt: skip
    if problem.measured_device is not None:
        raise key_fault(problem, "scene.transfer", "got a measured device, whose drivers are where they were measured",
                     "an enclosure and drivers as models", "leave scene.transfer out")  # fmt: skip
    names = list(problem.driver_names)
    for key, values in (("fixed", table.fixed), ("like", [table.like] if table.like else [])):
        for name in values:
            if name not in names:
                raise key_fault(
                    problem,
                    f"placement.{key}",
                    f"got {shown(name)}",
                    f"one of {', '.join(names)}",
                    nearest(name, names) or "`designer check` lists them",
                )
    fixed = tuple(driver for driver in problem.drivers if driver.name in table.fixed)
    others = [driver for driver in problem.drivers if driver.name not in table.fixed]
    if not others and table.like is None:
        raise key_fault(problem, "placement.fixed", "got all drivers", "one that is not fixed, whose keys the placed ones have",
                     "name it in placement.like")  # fmt: skip
    like = next(driver for driver in problem.drivers if driver.name == table.like) if table.like else others[0]
    least_m = max(table.spacing_m, 2 * (like.radius_m or 0.0), MIDDLE_M)
    places_m = _places_m(problem, table)
    if len(places_m) > MAX_CANDIDATES:
        raise key_fault(problem, "placement.step_m", f"got {number(table.step_m)}, which makes {len(places_m)} places",
                     f"at most {MAX_CANDIDATES} places", "take a larger step")  # fmt: skip
    free = _free(problem, table, like, fixed, places_m)
    if not free.any():
        raise key_fault(problem, "placement.keep_outs", f"got no place left of {len(places_m)}: {_reason(problem, like, places_m)}",
                     "places outside of keep_outs, of fixed drivers and of the body",
                     "shrink keep_outs, widen the bounds, or take a smaller step_m")  # fmt: skip
    places_m = places_m[free]
    units = _units(places_m, least_m) if table.mirror else tuple((n,) for n in range(len(places_m)))
    candidates = Candidates(problem, table, like, fixed, places_m, units, least_m)
    _check_room(candidates)
    return candidates


def key_fault(problem: Problem, path: str, actual: str, expected: str, remedy: str) -> ProblemError:
    """Error of one key of the problem file that no search of layouts can take."""
    return ProblemError(problem.source, [Fault(path, actual, expected, remedy, "placement-search")])


def _steps(half: float, step: float) -> Real:
    """The middle, both ends at +/- half, and between them the fewest equal steps that are no longer than `step`."""
    count = math.ceil(half / step - LEAST_SHORT)
    return np.linspace(-half, half, 2 * max(count, 1) + 1) if half > 0 else np.zeros(1)


def _places_m(problem: Problem, table: Placement) -> Real:
    centre = np.array(table.centre_m, dtype=float)
    if table.mirror and abs(centre[1]) > MIDDLE_M:
        raise key_fault(problem, "placement.centre_m", f"got y = {number(centre[1])} with mirror = true", "y = 0",
                     "write mirror = false for bounds beside the middle")  # fmt: skip
    if table.on == "surface":
        return _surface_m(problem, table, centre)
    if table.width_m is None:
        raise key_fault(problem, "placement.width_m", f'got none with on = "{table.on}"', "a width in metres",
                     "the distance of the outermost centres, as 0.8")  # fmt: skip
    if table.height_m and table.depth_m:
        raise key_fault(problem, "placement.depth_m", "got a depth and a height", "one of them, because a plane stands or lies",
                     "leave one of them out")  # fmt: skip
    across = _steps(table.width_m / 2, table.step_m)
    second = _steps((table.depth_m or table.height_m) / 2, table.step_m) if table.on == "plane" else np.zeros(1)
    sides = np.meshgrid(across, second)
    places_m = np.tile(centre, (sides[0].size, 1))
    places_m[:, table.axes] += np.stack([side.ravel() for side in sides], axis=1)
    return places_m


def _surface_m(problem: Problem, table: Placement, centre: Real) -> Real:
    """Places on a body's surface, from azimuth 0 (or the middle of the arc) to both sides."""
    body = problem.body
    if not body.has_surface:
        surfaces = enumeration([shown(name) for name, kind in ENCLOSURES.items() if kind.has_surface], "or")
        raise key_fault(problem, "placement.on", f'got "surface" with enclosure.model = {shown(body.model_name)}',
                     '"bar" or "plane"', f"write one of them, or an enclosure with a surface: {surfaces}")  # fmt: skip
    low, high = table.azimuth_deg
    width = (high - low) % 360.0 or 360.0
    middle = low + width / 2
    if table.mirror and abs((middle + 90.0) % 180.0 - 90.0) > 1e-6:
        raise key_fault(problem, "placement.azimuth_deg", f"got {shown(table.azimuth_deg)} with mirror = true",
                     "an arc about 0 or 180 degrees", "write mirror = false for one side alone")  # fmt: skip
    if not isinstance(body, RoundBody):
        rows = centre[2] + _steps(table.height_m / 2, table.step_m)
        assert isinstance(body, SolvedBody)
        return np.concatenate([_around(problem, body, middle, width, row, table.step_m) for row in rows])
    radius = body.radius_m
    is_sphere = body.model_name == "sphere"
    rows = (
        np.radians(
            np.mean(table.elevation_deg)
            + _steps(abs(np.ptp(table.elevation_deg)) / 2, np.degrees(table.step_m / radius))
        )
        if is_sphere
        else centre[2] + _steps(table.height_m / 2, table.step_m)
    )
    places = []
    for row in rows:
        across = radius * (math.cos(row) if is_sphere else 1.0)
        azimuth = _steps(width / 2, math.degrees(table.step_m / across)) if across > MIDDLE_M else np.zeros(1)
        if azimuth[-1] - azimuth[0] > 360.0 - 1e-6:  # both ends are one place
            azimuth = azimuth[1:]
        angle = np.radians(middle + azimuth)
        z = radius * math.sin(row) if is_sphere else row
        places.append(np.stack([across * np.cos(angle), across * np.sin(angle), np.full(angle.size, z)], axis=1))
    return np.concatenate(places)


def _around(problem: Problem, body: SolvedBody, middle: float, width: float, height_m: float, step_m: float) -> Real:
    """Places in equal steps along a body's contour at a height (n, 3), from the middle of an arc to both sides."""
    azimuth = middle + np.linspace(-width / 2, width / 2, 1 + 2 * math.ceil(width / 2 / CONTOUR_DEG))
    contour = body.contour_m(azimuth, height_m)
    if not np.isfinite(contour).all():
        raise key_fault(problem, "placement.height_m", f"got a row of places at z = {number(height_m)}, where the body has no surface",
                     "rows within the body", "take a smaller height_m, or another centre_m")  # fmt: skip
    way_m = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(contour, axis=0), axis=1)))
    middle_m = way_m[len(way_m) // 2]
    before_m, behind_m = (_steps(end, step_m) for end in (middle_m, way_m[-1] - middle_m))
    ways_m = middle_m + np.concatenate([before_m[before_m < 0], behind_m[behind_m >= 0]])
    if width >= 360.0 - 1e-6:  # both ends are one place
        ways_m = ways_m[1:]
    return body.contour_m(np.interp(ways_m, way_m, azimuth), height_m)


def _free(problem: Problem, table: Placement, like: Driver, fixed: Sequence[Driver], places_m: Real) -> Bool:
    """The places that no keep-out, no fixed driver and no fault of the enclosure takes away."""
    free = np.ones(len(places_m), dtype=bool)
    for ball in table.keep_outs:
        free &= np.linalg.norm(places_m - np.array(ball.centre_m), axis=1) > ball.radius_m
    for driver in fixed:
        least_m = max(table.spacing_m, (like.radius_m or 0.0) + (driver.radius_m or 0.0), MIDDLE_M)
        free &= np.linalg.norm(places_m - np.array(driver.position_m), axis=1) >= least_m - SAME_M
    for n in np.flatnonzero(free):
        free[n] = not _faults(problem, like, places_m[n])
    return free


def _faults(problem: Problem, like: Driver, place_m: Real) -> list[Fault]:
    driver = like.model_copy(update={"position_m": [float(x) for x in problem.body.on_surface(place_m)]})
    return [*problem.body.place_faults("placement", driver), *problem.body.piston_faults("placement", driver)]


def _reason(problem: Problem, like: Driver, places_m: Real) -> str:
    faults = _faults(problem, like, places_m[len(places_m) // 2])
    return f"a driver there {faults[0].actual}" if faults else "all lie in keep_outs or on fixed drivers"


def _units(places_m: Real, least_m: float) -> tuple[tuple[int, ...], ...]:
    """Places with their mirror images; those whose image is missing, or overlaps them, are left out."""
    units: list[tuple[int, ...]] = []
    for n, (x, y, z) in enumerate(places_m):
        if abs(y) < MIDDLE_M:
            units.append((n,))
        elif y > 0 and 2 * y >= least_m - SAME_M:
            image = np.flatnonzero(np.linalg.norm(places_m - [x, -y, z], axis=1) < MIDDLE_M)
            if image.size:
                units.append((int(image[0]), n))
    return tuple(units)


def _check_room(candidates: Candidates) -> None:
    """As many drivers as are to be placed are left, and on a bar fit at all."""
    problem, table, sizes = candidates.problem, candidates.table, candidates.sizes
    most = max(table.counts)
    if sizes.sum() < most:
        raise key_fault(problem, "placement.drivers", f"got {most}, more than the {int(sizes.sum())} places that are left",
                     f"at most {int(sizes.sum())}", "take a smaller step_m, wider bounds, or fewer drivers")  # fmt: skip
    if table.on == "bar" and packed(candidates) < most:
        raise no_layout(candidates, most, f"at most {packed(candidates)}")
    for count in table.counts:
        if not (sizes == 1).any() and count % 2:
            raise key_fault(problem, "placement.drivers", f"got {count} with mirror = true, and no place in the middle is left",
                         "an even number", "free a place at y = 0, or write mirror = false")  # fmt: skip


def no_layout(candidates: Candidates, count: int, expected: str = "fewer") -> ProblemError:
    """The error of so many drivers whose centres, or pistons, are too near to each other wherever they are."""
    near = f"got {count}, whose centres cannot all be {millimetres(candidates.least_m)} apart in these bounds"
    remedy = "take smaller drivers, a smaller spacing_m, wider bounds, or fewer drivers"
    return key_fault(candidates.problem, "placement.drivers", near, expected, remedy)


def packed(candidates: Candidates) -> int:
    """How many drivers fit on a bar: pairs from its ends inwards, single places from one end on."""
    order = -candidates.half_width_m() if candidates.table.mirror else candidates.places_m[:, 1]
    taken: list[int] = []
    for unit in np.argsort(order, kind="stable"):
        if not candidates.excludes[unit, taken].any():
            taken.append(int(unit))
    return int(candidates.sizes[taken].sum())
