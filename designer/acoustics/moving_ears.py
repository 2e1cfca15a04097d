"""Slopes of H as each driver moves along a vector: a scene whose tensors are these.

The ears' answer is linear in a driver's field, for sources that stay where they are (`heads`). So the slopes that are heard are the ears'
answer to the slopes of the field, wherever the sound of an enclosure comes from its centre or its axis. A driver in free field is its own
source, which moves. At (r, u) from the centre of a rigid head, r its distance and u the cosine to an ear, a point source is heard as

    p = Σ T_n(r) P_n(u),     T_n = -(2n+1)/(ka²) h_n(kr)/h_n'(ka)                                                   (1)

and, as it moves along t, with d its direction and y the ear's,

    ∂p = t·d Σ k T_n [h_n'/h_n](kr) P_n(u) + (t·y - u t·d)/r Σ T_n P_n'(u)                                           (2)

h_n'/h_n = n/x - q_{n+1}, q_n = h_n/h_{n-1} as in (4) of `sphere_series`. A disc is the sum over its quadrature's nodes. The air
leaves e^{-αs} of the pressure, s from the driver to the point: its slope is -α ∂s times it.

Drivers and free-field heads that are measured, and bodies that are solved, have no such slopes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from designer.acoustics.cache import Array
from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.enclosures.free_field import MovingDiscs
from designer.acoustics.head_models import Head, Points, Sphere
from designer.acoustics.scene import Scene, air_of, driver_places_m
from designer.acoustics.sphere_series import HEAD_TOLERANCE, MIN_KA, legendre_slopes, legendre_table, radial_terms
from designer.arrays import Complex, Real
from designer.problem.schema import Problem

MAX_NUMBERS = 20_000
"""Frequencies times distances whose terms are held at once."""


def head_slopes(k: Real, head_radius_m: float, way_m: Real, ear: Real, along_m: Real) -> Complex:
    """Equation (2) at one ear of a rigid sphere (F, D).

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m
    way_m : (D, 3) float array, from the head's centre to point sources
    ear : (3,) float array, unit vector from there to the ear
    along_m : (3,) float array, along which the sources move

    """
    k = np.maximum(k, MIN_KA / head_radius_m)
    distance_m = np.linalg.norm(way_m, axis=1)
    u = np.clip(way_m @ ear / distance_m, -1.0, 1.0)
    outward = way_m @ along_m / distance_m
    slopes = np.empty((k.size, len(way_m)), dtype=complex)
    step = max(1, MAX_NUMBERS // k.size)
    for part in (slice(start, start + step) for start in range(0, len(way_m), step)):
        r = distance_m[part]
        terms = radial_terms(k * head_radius_m, r / head_radius_m, tolerance=HEAD_TOLERANCE / 100) / head_radius_m
        kr = np.multiply.outer(k, r)
        log_slope = np.empty(terms.shape, dtype=complex)
        q = 1 / kr + 1j
        for n in range(len(terms)):
            log_slope[n] = n / kr - q
            q = (2 * n + 3) / kr - 1 / q
        around = np.asarray((along_m @ ear - u[part] * outward[part]) / r)
        angular = legendre_table(u[part], len(terms)), legendre_slopes(u[part], len(terms))
        slopes[:, part] = k[:, None] * outward[part] * np.einsum("nfd,nfd,nd->fd", terms, log_slope, angular[0])
        slopes[:, part] += around * np.einsum("nfd,nd->fd", terms, angular[1])
    return slopes


@dataclass(frozen=True, eq=False, repr=False)
class SlopeScene(Scene):
    """Scene whose tensors are the slopes of a scene's, as each driver moves along a vector; powers are those of the scene itself.

    Attributes
    ----------
    along_m : (L, 3) float array

    """

    along_m: Real = field(default_factory=lambda: np.zeros((0, 3)))

    @property
    def still(self) -> Scene:
        """The scene whose slopes these are."""
        names = ("problem", "frequency_hz", "displacements_m", "chosen_heads", "read_for", "coarse", "cache")
        return Scene(**{name: getattr(self, name) for name in names})

    @property
    def is_known(self) -> bool:
        """Whether every tensor has a slope in closed form."""
        device = self.still.device
        moving = device.moving(self.along_m) if isinstance(device, EnclosedDrivers) else None
        if moving is None or self.is_measured:
            return False
        return not isinstance(moving, MovingDiscs) or all(isinstance(head, Sphere | Points) for head in self.heads)

    @property
    def device(self) -> Device:
        """The device of the slopes."""

        def make() -> Device:
            device = self.still.device
            assert isinstance(device, EnclosedDrivers)
            moving = device.moving(self.along_m)
            assert moving is not None
            return moving

        return self.cache.model(self._slope_key("device"), make)

    def _slope_key(self, kind: str) -> Hashable:
        return "slopes", kind, self._device_key, self.along_m.tobytes()

    def tensor(self, kind: str, make: Callable[[], Array], *depends: Hashable, stored: bool = True) -> Array:
        """As a scene has it, with a key of its own, and not on disk."""
        return super().tensor(kind, make, "slopes", self.along_m.tobytes(), *depends, stored=False)

    def with_problem(self, problem: Problem) -> SlopeScene:
        """Slopes in another air, or of another listener."""
        read_for = self.read_for or self.problem
        return replace(self, problem=problem, chosen_heads=None, whole_device=None, read_for=read_for, whole=None)

    def field(self, points_m: Real) -> Complex:
        """Slopes of the field (F, M, L) at points (M, 3)."""
        slopes = self._through_air(self.device.field(self.k, points_m), points_m)
        decay = self._decay(points_m)
        return slopes if decay is None else np.asarray(slopes + decay * self.still.field(points_m))

    def _ears_of(self, head: Head, centres_m: Real, axes: Real, among_m: Real | None = None) -> Complex:
        ears_m = (centres_m[:, None] + head.radius_m * np.stack([axes[1], -axes[1]])).reshape(-1, 3)
        if isinstance(self.device, MovingDiscs) and isinstance(head, Sphere):
            slopes = self._through_air(self._ears_of_discs(self.device, head, centres_m, axes), ears_m)
        else:
            slopes = super()._ears_of(head, centres_m, axes, among_m)
        decay = self._decay(ears_m)
        if decay is None:
            return slopes
        return np.asarray(
            slopes + decay.reshape(slopes.shape) * self.still.ears_of(head, centres_m, axes, among_m=among_m)
        )

    def _ears_of_discs(self, moving: MovingDiscs, head: Sphere, centres_m: Real, axes: Real) -> Complex:
        """Equation (2) (F, D, 2, L), summed over each disc's nodes."""
        k, places = self.k, len(centres_m)
        slopes = np.empty((k.size, places, 2, len(moving.discs)), dtype=complex)
        for l, along_m in enumerate(self.along_m):
            nodes_m, weights = moving.nodes(l, float(k.max()))
            way_m = (nodes_m - centres_m[:, None]).reshape(-1, 3)
            for side, ear in enumerate((axes[1], -axes[1])):
                of_nodes = head_slopes(k, head.radius_m, way_m, ear, along_m)
                slopes[:, :, side, l] = of_nodes.reshape(k.size, places, -1) @ weights
        return slopes

    def _decay(self, points_m: Real) -> Real | None:
        """Relative slope of what the air leaves (F, M, L); None where it absorbs nothing."""
        air = air_of(self.problem)
        if air is None:
            return None
        way_m = points_m[:, None] - driver_places_m(self.problem)
        nearer = np.einsum("mlx,lx->ml", way_m, self.along_m) / np.linalg.norm(way_m, axis=-1)
        nepers = air.attenuation_db_per_m(self.frequency_hz) * np.log(10) / 20
        return np.asarray(nepers[:, None, None] * nearer)

    def radiated_power_to(self, distance_m: float) -> Complex:
        """Q (F, L, L) of the scene itself."""
        return self.still.radiated_power_to(distance_m)
