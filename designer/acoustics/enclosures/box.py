"""Drivers in a rigid box: `surface_drivers` with `box_pistons`; `box_equations` solves the surface, `box_field` the field around it.

A box with rounded edges is a mesh (`rounded_box`) with three mirror planes, on whose flat parts the pistons are discs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from designer.acoustics.enclosures.box_equations import answers
from designer.acoustics.enclosures.box_field import Surface, mean_products
from designer.acoustics.enclosures.box_grid import MIRRORS, BoxGrid, images_of, parities_of
from designer.acoustics.enclosures.box_pistons import Piston, scattered_slopes
from designer.acoustics.enclosures.discs import disc_nodes
from designer.acoustics.enclosures.mesh import MeshedDrivers
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.enclosures.mesh_pistons import MeshPiston
from designer.acoustics.enclosures.surface_drivers import SurfaceDrivers
from designer.arrays import Complex, Real
from designer.problem.enclosures.box import Box, side_m, steps
from designer.problem.enclosures.solved_body import COARSE, Effort
from designer.problem.schema import Driver

PART, MAX_BYTES = 16, 64e6
"""Least number of frequencies whose slopes are computed together."""


@dataclass(frozen=True)
class BoxedDrivers(SurfaceDrivers[Surface]):
    """Pistons and points on the faces of a box; attributes as those of `SurfaceDrivers`."""

    body: ClassVar[str] = "box"
    late: ClassVar[float] = 0.5

    centre_m: Real
    grid: BoxGrid
    pistons: tuple[Piston, ...]
    highest_k: float
    coarse: bool = False
    effort: Callable[[], Effort] | None = field(default=None, compare=False, repr=False)

    @property
    def half_diagonal_m(self) -> float:
        """Half of the box's diagonal."""
        return float(np.linalg.norm(self.grid.size_m)) / 2

    @property
    def solved_bytes(self) -> float:
        """Size of what takes slopes to pressures."""
        return 64.0 * self.grid.octant_size**2 * len(self.keys)

    def solved_nodes(self, nodes: list[int]) -> Iterator[Complex]:
        """Pressure and slope by parities (2, 8, E, L)."""
        size = max(PART, int(MAX_BYTES / (64 * self.grid.octant_size * len(self.pistons))))
        for start in range(0, len(nodes), size):
            k = self.k_step * np.array(nodes[start : start + size], dtype=float)
            of_each = [scattered_slopes(self.grid, piston, k, coarse=self.coarse) for piston in self.pistons]
            for wave_number, slope in zip(k.tolist(), np.stack(of_each, axis=-1), strict=True):  # (F, 8, E, L)
                q = parities_of(slope)
                yield np.stack([answers(self.grid, wave_number, q), q])

    def surface_of(self, values: Complex) -> Surface:
        """The surface of the kept values at all frequencies."""
        return Surface(self.grid, self.k_step, values)

    def extent_m(self, drivers: Sequence[int]) -> float:
        """Radius of the sphere around the origin that holds the box."""
        return float(np.linalg.norm(np.abs(self.centre_m) + np.array(self.grid.size_m) / 2))

    def mean_products(self, node: int) -> Real:
        """Power matrix Q (L, L) at a solved wave number, by its index."""
        rays, weights = self.surface.directions(node)
        scattered = images_of(self.surface.far_parities(node, rays))
        k = np.array([node * self.surface.k_step])
        walls = [
            np.stack([piston.far_field(k, mirror * rays)[0] for piston in self.pistons], axis=-1) for mirror in MIRRORS
        ]
        return np.asarray(mean_products([a + b for a, b in zip(walls, scattered, strict=True)], weights).real)


class RoundedBoxDrivers(MeshedDrivers):
    """Pistons and points on the flat parts of a box with rounded edges."""

    body: ClassVar[str] = "box"


def device(
    enclosure: Box, drivers: Sequence[Driver], highest_k: float, coarse: bool
) -> BoxedDrivers | RoundedBoxDrivers:
    """Device of the drivers on their faces."""
    centre_m = np.array(enclosure.centre_m, dtype=float)
    pistons = []
    for driver in drivers:
        x, y, z = (enclosure.on_face(driver) - centre_m).tolist()
        pistons.append(Piston(*enclosure.face_of(driver), (x, y, z), driver.radius_m or 0.0))
    effort = None if coarse else partial(enclosure.effort, highest_k, len(pistons))
    if enclosure.edge_radius_m:
        octant = enclosure.octant(side_m(highest_k) * (COARSE if coarse else 1.0))
        on_mesh = tuple(MeshPiston(piston.place_m, *disc_nodes(piston.disc, highest_k)) for piston in pistons)
        grid_of_triangles = MeshGrid(octant.vertices_m, octant.faces, (0, 1, 2))
        return RoundedBoxDrivers(centre_m, grid_of_triangles, on_mesh, highest_k, coarse, effort)
    depth_m, width_m, height_m = enclosure.size_m
    counts = steps(enclosure.size_m, highest_k, COARSE if coarse else 1.0)
    return BoxedDrivers(
        centre_m, BoxGrid((depth_m, width_m, height_m), counts), tuple(pistons), highest_k, coarse, effort
    )
