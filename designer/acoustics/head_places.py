"""The driver-to-ear responses at thousands of places of the head, without a series at each of them.

A driver's field at an ear is e^{-jkr}/r of a point source at its place, times how its enclosure and cone differ from
that, times what the head adds (`Scene.ears` says the same):

    H = e^{-jkr}/r · G(φ, 1/R) · D(θ, 1/ρ)

r from driver to ear, φ and R the ear's azimuth and distance from the device's centre at the head's height, θ the angle
at the head's centre between ear and driver, ρ the head's distance from the driver. G and D are smooth, because the
phase that turns fastest is taken out: each is a surface of few evaluations. On frequencies in equal steps,
e^{-jkr} of F frequencies is a product of two short series of about √F.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from designer.acoustics.chebyshev_surface import ChebyshevSurface, fitted
from designer.acoustics.heads import Head, Points, Sphere
from designer.acoustics.scene import Scene, driver_places_m
from designer.arrays import Complex, Real
from designer.problem import geometry

CHUNK_NUMBERS = 400_000
"""Complex numbers of a chunk of places: they stay in the processor's cache."""


@dataclass(frozen=True)
class _Heads:
    """The geometry of some places (P)."""

    centres_m: Real  # (P, 3)
    ears_m: Real  # (P, 2, 3)


def ears_at(scene: Scene, displacements_m: Real, turn_deg: Real, head: Head | None = None) -> Iterator[Complex]:
    """H in chunks of consecutive places: (places of the chunk, 2 ears, L, F), within 1e-4 of `Scene.ears`.

    Parameters
    ----------
    scene : whose device and frequencies; a measured whole device knows its own places only, and is refused
    displacements_m : (P, 3) of the head's centre along the device's axes
    turn_deg : (P,) of the head, beyond the listener's own
    head : one of the scene's; the first by default

    Raises
    ------
    ValueError : the scene is a measured device

    """
    if scene.is_measured:
        raise ValueError("a measured device has no responses but at its own receivers")
    head = scene.heads[0] if head is None else head
    sources_m, drivers_m = scene.device.source_places_m(), driver_places_m(scene.problem)
    places = _places(scene, displacements_m, turn_deg, head.radius_m)
    shape = _shapes(scene, places.ears_m, drivers_m)
    shadow = _shadow(scene, head, places, sources_m)
    step = max(1, CHUNK_NUMBERS // (2 * len(drivers_m) * scene.k.size))
    for start in range(0, len(displacements_m), step):
        part = slice(start, start + step)
        if shape is None or shadow is None:
            yield _exactly(scene, displacements_m[part], turn_deg[part], head)
            continue
        ears_m, centres_m = places.ears_m[part], places.centres_m[part]
        distance_m = np.linalg.norm(ears_m[:, :, None, :] - drivers_m, axis=-1)  # (p, 2, L)
        H = turning(scene.k, distance_m)
        H /= distance_m[..., None]
        if shape:
            azimuth, nearness = _about_the_device(ears_m)
            for l, surface in enumerate(shape):
                H[:, :, l] *= surface(azimuth, nearness)
        if isinstance(shadow, ChebyshevSurface):
            H *= shadow(*_about_the_head(ears_m, centres_m, sources_m, head.radius_m))
        yield H


def _places(scene: Scene, displacements_m: Real, turn_deg: Real, radius_m: float) -> _Heads:
    listener = scene.problem.listener
    centres_m = geometry.head_centres_m(listener, displacements_m)
    left = geometry.head_axes(listener)[1]
    turn = np.radians(turn_deg)
    sides = np.stack(
        [
            left[0] * np.cos(turn) - left[1] * np.sin(turn),
            left[0] * np.sin(turn) + left[1] * np.cos(turn),
            np.full_like(turn, left[2]),
        ],
        axis=-1,
    )
    return _Heads(centres_m, centres_m[:, None, :] + radius_m * np.stack([sides, -sides], axis=1))


def _about_the_device(ears_m: Real) -> tuple[Real, Real]:
    """Azimuth and 1/R of the ears (..., 3), R along the horizontal."""
    across_m = np.hypot(ears_m[..., 0], ears_m[..., 1])
    return np.arctan2(ears_m[..., 1], ears_m[..., 0]), 1 / np.maximum(across_m, 1e-6)


def _about_the_head(ears_m: Real, centres_m: Real, sources_m: Real, radius_m: float) -> tuple[Real, Real]:
    """θ and 1/ρ of each ear and source (P, 2, S)."""
    towards = sources_m[None] - centres_m[:, None, :]  # (P, S, 3)
    distance_m = np.linalg.norm(towards, axis=-1)
    outward = (ears_m - centres_m[:, None, :]) / radius_m
    cosine = np.einsum("psx,pkx->pks", towards / distance_m[..., None], outward)
    nearness = np.broadcast_to(1 / distance_m[:, None, :], cosine.shape)
    return np.arccos(np.clip(cosine, -1.0, 1.0)), nearness


def turning(k: Real, distance_m: Real) -> Complex:
    """e^{-jkr} (..., F), for k (F,) and r of any shape (...): on equal steps a product of two short series."""
    step = float(k[1] - k[0]) if k.size > 1 else 0.0
    if k.size < 9 or not np.allclose(np.diff(k), step, rtol=1e-9, atol=0):
        return np.asarray(np.exp(-1j * distance_m[..., None] * k))
    short = int(np.ceil(np.sqrt(k.size)))
    coarse = np.exp(-1j * distance_m[..., None] * (k[0] + step * short * np.arange(-(-k.size // short))))
    fine = np.exp(-1j * distance_m[..., None] * (step * np.arange(short)))
    whole = (coarse[..., :, None] * fine[..., None, :]).reshape(*distance_m.shape, -1)
    return np.ascontiguousarray(whole[..., : k.size])


def _shapes(scene: Scene, ears_m: Real, drivers_m: Real) -> list[ChebyshevSurface] | None:
    """G of each driver; none for point sources, None where a surface does not do."""
    height_m = float(ears_m[0, 0, 2])

    def relative(azimuth: Real, nearness: Real) -> Complex:
        """Field over that of a point source at the driver's place (N, L, F)."""
        points_m = np.stack(
            [np.cos(azimuth) / nearness, np.sin(azimuth) / nearness, np.full_like(azimuth, height_m)], -1
        )
        distance_m = np.linalg.norm(points_m[:, None] - drivers_m, axis=-1)
        field = scene.field(points_m).transpose(1, 2, 0)
        return np.asarray(field * distance_m[..., None] * np.exp(1j * scene.k * distance_m[..., None]))

    azimuth, nearness = _about_the_device(ears_m)
    corner = relative(azimuth.ravel()[:3], nearness.ravel()[:3])
    if _is_of_points(scene):
        assert np.allclose(corner, 1.0, atol=1e-9)
        return []
    surface = fitted(lambda x, y: relative(x, y).reshape(x.size, -1), azimuth, nearness)
    if surface is None:
        return None
    pieces = surface.coefficients.reshape(*surface.coefficients.shape[:2], len(drivers_m), scene.k.size)
    return [ChebyshevSurface(surface.low, surface.high, pieces[:, :, l], surface.error) for l in range(len(drivers_m))]


def _is_of_points(scene: Scene) -> bool:
    """Whether every driver is a point source in free field, with nothing around it."""
    problem = scene.problem
    free = problem.enclosure is None or (problem.enclosure.model == "free-field" and not problem.enclosure.box_front_m)
    air = problem.scene is not None and problem.scene.air_absorption
    return free and not air and all(not d.radius_m and not d.response for d in problem.drivers)


def _shadow(scene: Scene, head: Head, places: _Heads, sources_m: Real) -> ChebyshevSurface | bool | None:
    """D; True where there is no head, None where a surface does not do."""
    if isinstance(head, Points):
        return True
    if not isinstance(head, Sphere):
        return None

    def added(angle: Real, nearness: Real) -> Complex:
        """Of a source at each angle from the left ear, in the horizontal plane (N, F)."""
        ahead = np.stack([np.sin(angle) / nearness, np.cos(angle) / nearness, np.zeros_like(angle)], axis=-1)
        return head.diffraction(scene.k, np.zeros((1, 3)), ahead, np.eye(3))[:, 0, 0].T

    return fitted(added, *_about_the_head(places.ears_m, places.centres_m, sources_m, head.radius_m))


def _exactly(scene: Scene, displacements_m: Real, turn_deg: Real, head: Head) -> Complex:
    """As `Scene.ears` has it, turn by turn."""
    H = np.empty((len(displacements_m), 2, len(scene.drivers), scene.k.size), dtype=complex)
    listener = scene.problem.listener
    for turn in np.unique(turn_deg):
        at = turn_deg == turn
        turned = listener.model_copy(update={"turn_deg": listener.turn_deg + float(turn)})
        there = Scene(
            scene.problem.model_copy(update={"listener": turned}), scene.frequency_hz, displacements_m[at]
        ).with_heads((head,))
        for key in ("_device", "_responses"):
            if key in scene.__dict__:
                there.__dict__[key] = scene.__dict__[key]
        H[at] = there.ears().reshape(scene.k.size, -1, 2, len(scene.drivers)).transpose(1, 2, 3, 0)
    return H
