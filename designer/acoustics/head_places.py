"""The driver-to-ear responses at thousands of places of the head, without a series at each of them.

A driver's sound at an ear is e^{-jkr}/r of a point source at its place, times what differs from that: smooth, because the phase that
turns fastest is taken out, and a surface of few evaluations of the scene's own ears (`Scene.ears_of`). r is from driver to ear.

    H = e^{-jkr}/r · S_l(φ, 1/R)              of any device: φ and R azimuth and distance of the head's centre from the device's, along
                                              the horizontal, a surface for each ear and each turn of the head
    H = e^{-jkr}/r · G_l(φ, 1/R) · D(θ, 1/ρ)  of drivers that are points: G what is around them (a box, air) at the ear's φ and R, D what
                                              a head adds, θ the angle at its centre between ear and driver, ρ its distance from the
                                              driver: one surface for all drivers, ears and turns

On frequencies in equal steps, e^{-jkr} of F frequencies is a product of two short series of about √F.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.chebyshev import SIZES, ChebyshevSurface, fitted
from designer.acoustics.head_models import Head, Points
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.scene import Scene, driver_places_m
from designer.acoustics.turning import phase, turning
from designer.arrays import Complex, Real
from designer.problem import geometry

MAX_CHUNK_NUMBERS = 400_000
"""Complex numbers of a chunk of places: they stay in the processor's cache."""
EDGE_PLACES = 9
"""Azimuths and distances at which a surface of places is tried before it is built."""
MIN_PLACES = 100
"""Fewest places of one turn for a surface, which costs about as many evaluations."""
TOLERANCE_OF_EARS = 3e-5
"""Largest error of ears, over the louder one: the other may be 45 dB down, and is within 0.05 dB then."""

Ratio = Callable[[Complex, slice], None]
"""Multiplies e^{-jkr}/r (p, 2, L, F) of a part of the places by what differs from it, in place."""


@dataclass(frozen=True)
class _Heads:
    """The geometry of some places (P)."""

    centres_m: Real  # (P, 3)
    ears_m: Real  # (P, 2, 3)
    turn_rad: Real  # (P,) beyond the listener's own
    own_axes: Real  # (3, 3) of the head without that turn

    def axes(self, turn_rad: float) -> Real:
        """The axes (3, 3) of a head with that turn, counter-clockwise seen from above."""
        cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
        return np.asarray(self.own_axes @ np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]]))


def ears_at(scene: Scene, displacements_m: Real, turn_deg: Real) -> Iterator[Complex]:
    """H of the first head in chunks of consecutive places: (places of the chunk, 2 ears, L, F), within 1e-4 of `Scene.ears`.

    Parameters
    ----------
    scene : Scene, whose device and frequencies; a measured whole device knows its own places only, and is refused
    displacements_m : (P, 3) float array, of the head's centre along the device's axes
    turn_deg : (P,) float array, of the head, beyond the listener's own

    Raises
    ------
    ValueError : the scene is a measured device

    """
    if scene.is_measured:
        raise ValueError("a measured device has no responses but at its own receivers")
    head = scene.heads[0]
    drivers_m = driver_places_m(scene.problem)
    places = _places(scene, displacements_m, turn_deg, head.radius_m)
    are_points = not scene.device.source_extent_m().any()  # each driver's sound comes from its place alone
    surfaces = _of_points if are_points and not isinstance(head, MeasuredHead) else _of_any
    ratio = surfaces(scene, head, places, drivers_m)
    step = max(1, MAX_CHUNK_NUMBERS // (2 * len(drivers_m) * scene.k.size))
    for start in range(0, len(displacements_m), step):
        part = slice(start, start + step)
        distance_m = np.linalg.norm(places.ears_m[part, :, None] - drivers_m, axis=-1)  # (p, 2, L)
        H = turning(scene.k, distance_m)
        H /= distance_m[..., None]
        ratio(H, part)
        yield H


def _places(scene: Scene, displacements_m: Real, turn_deg: Real, radius_m: float) -> _Heads:
    listener = scene.problem.listener
    centres_m = geometry.head_centres_m(listener, displacements_m)
    heads = _Heads(centres_m, centres_m[:, None], np.radians(turn_deg), geometry.head_axes(listener))
    turns, inverse = np.unique(heads.turn_rad, return_inverse=True)
    left = np.stack([heads.axes(turn)[1] for turn in turns.tolist()])[inverse]
    return replace(heads, ears_m=centres_m[:, None] + radius_m * np.stack([left, -left], axis=1))


def _about_the_device(points_m: Real) -> tuple[Real, Real]:
    """Azimuth and 1/R of points (..., 3), R along the horizontal."""
    across_m = np.hypot(points_m[..., 0], points_m[..., 1])
    return np.arctan2(points_m[..., 1], points_m[..., 0]), 1 / np.maximum(across_m, 1e-6)


def _around_device_m(azimuth: Real, nearness: Real, height_m: float) -> Real:
    """The points (N, 3) at azimuths and 1/R."""
    return np.stack([np.cos(azimuth) / nearness, np.sin(azimuth) / nearness, np.full_like(azimuth, height_m)], axis=-1)


def _about_the_head(ears_m: Real, centres_m: Real, sources_m: Real, radius_m: float) -> tuple[Real, Real]:
    """θ and 1/ρ of each ear and source (P, 2, S)."""
    rays = sources_m[None] - centres_m[:, None, :]  # (P, S, 3)
    distance_m = np.linalg.norm(rays, axis=-1)
    outward = (ears_m - centres_m[:, None, :]) / radius_m
    cosine = np.einsum("psx,pkx->pks", rays / distance_m[..., None], outward)
    nearness = np.broadcast_to(1 / distance_m[:, None, :], cosine.shape)
    return np.arccos(np.clip(cosine, -1.0, 1.0)), nearness


def _of_any(scene: Scene, head: Head, places: _Heads, drivers_m: Real) -> Ratio:
    """S: from the scene itself where few places share a turn of the head, or where a surface does not do."""
    surfaces: dict[float, ChebyshevSurface | None] = {}

    def ears(centres_m: Real, turn_rad: float) -> Complex:
        """H r e^{jkr} (N, 2, L, F)."""
        axes = places.axes(turn_rad)
        ears_m = centres_m[:, None] + head.radius_m * np.stack([axes[1], -axes[1]])
        distance_m = np.linalg.norm(ears_m[:, :, None] - drivers_m, axis=-1)
        H = scene.ears_of(head, centres_m, axes, among_m=places.centres_m).transpose(1, 2, 3, 0)
        return np.asarray(H * turning(-scene.k, distance_m) * distance_m[..., None])

    def surface_of(turn_rad: float) -> ChebyshevSurface | None:
        centres_m = places.centres_m[places.turn_rad == turn_rad]
        if len(centres_m) < MIN_PLACES or np.ptp(centres_m[:, 2]) > 0 or isinstance(head, MeasuredHead):
            return None

        def relative(azimuth: Real, nearness: Real) -> Complex:
            return ears(_around_device_m(azimuth, nearness, float(centres_m[0, 2])), turn_rad).reshape(azimuth.size, -1)

        around = _about_the_device(centres_m)
        turns, ends = (np.linspace(part.min(), part.max(), EDGE_PLACES) for part in around)
        edge_m = _around_device_m(np.tile(turns, EDGE_PLACES), np.repeat(ends, EDGE_PLACES), float(centres_m[0, 2]))
        if (scene.problem.body.clearance_m(edge_m) < head.radius_m).any():
            return None  # its places would put heads into the device
        sizes = tuple(size for size in SIZES if math.prod(size) < len(centres_m))
        return fitted(relative, *around, TOLERANCE_OF_EARS, sizes, alike=2)

    def ratio(H: Complex, part: slice) -> None:
        for turn_rad in np.unique(places.turn_rad[part]).tolist():
            if turn_rad not in surfaces:
                surfaces[turn_rad] = surface_of(turn_rad)
            mask = places.turn_rad[part] == turn_rad
            centres_m, surface = places.centres_m[part][mask], surfaces[turn_rad]
            if surface is None:
                H[mask] *= ears(centres_m, turn_rad)
            else:
                H[mask] *= surface(*_about_the_device(centres_m)).reshape(-1, *H.shape[1:])

    return ratio


def _of_points(scene: Scene, head: Head, places: _Heads, drivers_m: Real) -> Ratio:
    """G and D of drivers that are points in free field or on a baffle."""
    around = _around(scene, places.ears_m, drivers_m)
    shadow = None if isinstance(head, Points) else _shadow(scene, head, places, drivers_m)
    if around is None or (shadow is None and not isinstance(head, Points)):
        return _of_any(scene, head, places, drivers_m)

    def ratio(H: Complex, part: slice) -> None:
        for l, surface in enumerate(around):
            H[:, :, l] *= surface(*_about_the_device(places.ears_m[part]))
        if shadow is not None:
            H *= shadow(*_about_the_head(places.ears_m[part], places.centres_m[part], drivers_m, head.radius_m))

    return ratio


def _around(scene: Scene, ears_m: Real, drivers_m: Real) -> list[ChebyshevSurface] | None:
    """G of each driver; none where nothing is around it, None where a surface does not do."""

    def relative(azimuth: Real, nearness: Real) -> Complex:
        """Field over that of a point source at the driver's place (N, L F)."""
        points_m = _around_device_m(azimuth, nearness, float(ears_m[0, 0, 2]))
        distance_m = np.linalg.norm(points_m[:, None] - drivers_m, axis=-1)
        field = scene.field(points_m).transpose(1, 2, 0) * distance_m[..., None] * turning(-scene.k, distance_m)
        return np.asarray(field.reshape(azimuth.size, -1))

    azimuth, nearness = _about_the_device(ears_m)
    if np.allclose(relative(azimuth.ravel()[:3], nearness.ravel()[:3]), 1.0, atol=1e-9):
        return []
    surface = None if np.ptp(ears_m[..., 2]) > 0 else fitted(relative, azimuth, nearness)
    if surface is None:
        return None
    pieces = surface.coefficients.reshape(*surface.coefficients.shape[:2], len(drivers_m), scene.k.size)
    return [ChebyshevSurface(surface.low, surface.high, pieces[:, :, l], surface.error) for l in range(len(drivers_m))]


def _shadow(scene: Scene, head: Head, places: _Heads, drivers_m: Real) -> ChebyshevSurface | None:
    """D; None where a surface does not do."""

    def added(angle: Real, nearness: Real) -> Complex:
        """Pressure (N, F) of a source at each angle from the left ear, in the horizontal plane, over the free field at the ear."""
        rays = np.stack([np.sin(angle), np.cos(angle), np.zeros_like(angle)], axis=-1)
        distance_m = 1 / nearness
        to_ear_m = np.sqrt(distance_m**2 + head.radius_m**2 - 2 * distance_m * head.radius_m * np.cos(angle))
        pressure = head.pressure(scene.k, distance_m, rays[:, None])[:, :, 0, 0].T
        return np.asarray(pressure * phase(to_ear_m[:, None] * scene.k) * to_ear_m[:, None])

    return fitted(added, *_about_the_head(places.ears_m, places.centres_m, drivers_m, head.radius_m))
