"""Drivers in a rigid box: each in an endless wall, and what the box makes of that, solved on its surface.

p = p_b + p_s: the field of `box_pistons` and that of the surface (`box_field`), which `box_equations` answers at the frequencies of
`box_solution`. Both are read between frequencies together, over the wave of a point source at the driver's place.

**Where the sound comes from.** From the face, and from every edge that it passes: for the head that it meets, from the box's centre and
half of its diagonal around it.

**Power.** At the frequencies solved Q is the mean of the far fields' products (`box_field`). It is even in k, and read between
frequencies likewise; at 0 Hz every driver is the same point source, and Q = 1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.enclosures.box_field import Surface, mean_products
from designer.acoustics.enclosures.box_grid import MIRRORS, BoxGrid, images_of
from designer.acoustics.enclosures.box_pistons import Piston
from designer.acoustics.enclosures.box_solution import LATE, between, read_between, solved
from designer.acoustics.turning import phase
from designer.arrays import Complex, Index, Real
from designer.problem.enclosures.box import Box, steps
from designer.problem.schema import Driver

MAX_BYTES = 64e6
"""Size of a field at the frequencies solved that is held at once."""


@dataclass(frozen=True)
class BoxedDrivers(EnclosedDrivers):
    """Pistons and points on the faces of a box.

    Attributes
    ----------
    centre_m : (3,) float array, of the box
    grid : BoxGrid
    pistons : tuple of Piston (L), their places from the box's centre
    highest_k : float

    """

    centre_m: Real
    grid: BoxGrid
    pistons: tuple[Piston, ...]
    highest_k: float

    @cached_property
    def surface(self) -> Surface:
        """The solution, from disk or solved now."""
        return solved(self.grid, self.pistons, self.highest_k)

    def prepare(self, progress: Callable[[str], None]) -> None:
        """Solve now, and say how far it is and how long it will take."""
        begin, before = time.perf_counter(), -1

        def say(done: int, count: int) -> None:
            nonlocal before
            before = done - 1 if before < 0 else before
            left_s = (time.perf_counter() - begin) / (done - before) * (count - done)
            progress(f"solving the box: {done} of {count} frequencies, {left_s:.0f} s left")

        if "surface" not in self.__dict__:
            self.__dict__["surface"] = solved(self.grid, self.pistons, self.highest_k, say)

    @property
    def _places_m(self) -> Real:
        return np.array([piston.place_m for piston in self.pistons])

    def driver_places_m(self) -> Real:
        """The drivers' own places (L, 3)."""
        return np.asarray(self.centre_m + self._places_m)

    @property
    def _half_diagonal_m(self) -> float:
        return float(np.linalg.norm(self.grid.size_m)) / 2

    def source_places_m(self) -> Real:
        """The box's centre, around which all of its surface is (L, 3)."""
        return np.tile(self.centre_m, (len(self.pistons), 1))

    def source_extent_m(self) -> Real:
        """Half of the box's diagonal (L,)."""
        return np.full(len(self.pistons), self._half_diagonal_m)

    def extent_m(self, drivers: Sequence[int]) -> float:
        """Radius of the sphere around the origin that holds the box."""
        return float(np.linalg.norm(np.abs(self.centre_m) + np.array(self.grid.size_m) / 2))

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3) outside the box."""
        from_centre_m = points_m - self.centre_m
        out = np.empty((k.size, len(points_m), len(self.pistons)), dtype=complex)
        size = max(1, int(MAX_BYTES / (16 * len(self.pistons) * max(k.size, len(self.surface.values)))))
        for start in range(0, len(points_m), size):
            some_m = from_centre_m[start : start + size]
            distance_m = np.linalg.norm(some_m[:, None] - self._places_m, axis=-1)

            def at_nodes(nodes: Index, k_nodes: Real, some_m: Real = some_m) -> Complex:
                walls = np.stack([piston.field(k_nodes, some_m) for piston in self.pistons], axis=-1)
                return walls + self.surface.field(nodes, some_m)

            out[:, start : start + size] = self._between(k, -distance_m, at_nodes)
        return out

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""

        def at_nodes(nodes: Index, k_nodes: Real) -> Complex:
            walls = np.stack([piston.far_field(k_nodes, directions) for piston in self.pistons], axis=-1)
            return walls + self.surface.far_field(nodes, directions)

        values = self._between(k, directions @ self._places_m.T, at_nodes)
        return np.asarray(values * phase(np.multiply.outer(k, directions @ self.centre_m))[..., None])

    def _between(self, k: Real, way_m: Real, at_nodes: Callable[[Index, Real], Complex]) -> Complex:
        """A field (F, M, L) that turns as e^{jk way_m} (M, L), from its values at wave numbers solved, by index and number."""
        solved_k = np.minimum(k, self.highest_k)
        few_k, place = np.unique(solved_k, return_inverse=True)
        nodes, plain, conjugate = between(few_k, self.surface.k_step, len(self.surface.values))
        k_nodes = nodes * self.surface.k_step
        late_m = way_m - 2 * LATE * self._half_diagonal_m
        values = at_nodes(nodes, k_nodes) * phase(np.multiply.outer(-k_nodes, late_m))
        centred = read_between(values, plain, conjugate)[place]
        return np.asarray(centred * phase(np.multiply.outer(solved_k, late_m) + np.multiply.outer(k - solved_k, way_m)))

    @cached_property
    def _solved_power(self) -> Real:
        """Q (N, L, L) at the frequencies solved."""
        count = len(self.surface.values)
        power = np.ones((count, len(self.pistons), len(self.pistons)))
        for node in range(1, count):
            rays, weights = self.surface.directions(node)
            scattered = images_of(self.surface.far_parities(node, rays))
            k = np.array([node * self.surface.k_step])
            walls = [
                np.stack([piston.far_field(k, mirror * rays)[0] for piston in self.pistons], axis=-1)
                for mirror in MIRRORS
            ]
            power[node] = mean_products([a + b for a, b in zip(walls, scattered, strict=True)], weights).real
        return power

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude."""
        solved_k = np.minimum(k, self.highest_k)
        nodes, plain, conjugate = between(solved_k, self.surface.k_step, len(self.surface.values))
        return read_between(self._solved_power[nodes].astype(complex), plain, conjugate)


def device(enclosure: Box, drivers: Sequence[Driver], highest_k: float) -> BoxedDrivers:
    """The drivers put on their faces."""
    centre_m = np.array(enclosure.centre_m, dtype=float)
    pistons = []
    for driver in drivers:
        x, y, z = (enclosure.on_face(driver) - centre_m).tolist()
        pistons.append(Piston(*enclosure.face_of(driver), (x, y, z), driver.radius_m or 0.0))
    depth_m, width_m, height_m = enclosure.size_m
    grid = BoxGrid((depth_m, width_m, height_m), steps(enclosure.size_m, highest_k))
    return BoxedDrivers(centre_m, grid, tuple(pistons), highest_k)
