"""Drivers in a rigid box: `surface_drivers` with `box_pistons`; `box_equations` solves the surface, `box_field` the field around it.

A box with rounded edges is a mesh (`rounded_box`) with three mirror planes, on whose flat parts the pistons are discs.

The store keeps pressure and slope at each frequency of `surface_solution` by themselves. Memory keeps the last box, because a problem
makes new scenes of the same box.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np

from designer.acoustics.content import code_version, digest
from designer.acoustics.enclosures.box_equations import answers
from designer.acoustics.enclosures.box_field import Surface, mean_products
from designer.acoustics.enclosures.box_grid import MIRRORS, BoxGrid, images_of, parities_of
from designer.acoustics.enclosures.box_pistons import Piston, scattered_slopes
from designer.acoustics.enclosures.discs import disc_nodes
from designer.acoustics.enclosures.mesh import MeshedDrivers
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.enclosures.mesh_pistons import MeshPiston
from designer.acoustics.enclosures.surface_drivers import SurfaceDrivers
from designer.acoustics.enclosures.surface_solution import Progress, is_stored, read_or_solved, step_of
from designer.arrays import Complex, Real
from designer.problem.enclosures.box import Box, side_m, steps
from designer.problem.enclosures.solved_body import COARSE, Effort, frequencies_solved
from designer.problem.schema import Driver

PART, MAX_BYTES = 16, 64e6
"""Least number of frequencies whose slopes are computed together."""


@dataclass(frozen=True)
class BoxedDrivers(SurfaceDrivers[Surface]):
    """Pistons and points on the faces of a box.

    Attributes
    ----------
    centre_m : (3,) float array, of the box
    grid : BoxGrid
    pistons : tuple of Piston (L), their places from the box's centre
    highest_k : float
    coarse : bool, whether the grid is one for fields that follow a hand; then it is not kept on disk
    effort : callable or None, size of the solution, of a problem's body

    """

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

    def solve(self, progress: Progress | None) -> Surface:
        """The solution, from disk or solved now."""
        return solved(self.grid, self.pistons, self.highest_k, progress, coarse=self.coarse)

    @property
    def is_stored(self) -> bool:
        """Whether the solution is on disk."""
        return is_stored(keys_of(self.grid, self.pistons, self.highest_k))

    @property
    def solved_bytes(self) -> float:
        """Size of what takes slopes to pressures."""
        return 64.0 * self.grid.octant_size**2 * len(keys_of(self.grid, self.pistons, self.highest_k))

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


@lru_cache(maxsize=1)
def in_memory(grid: BoxGrid, pistons: Sequence[Piston], highest_k: float) -> list[Surface]:
    """Memory of the last solution."""
    return []


def solved(
    grid: BoxGrid,
    pistons: tuple[Piston, ...],
    highest_k: float,
    progress: Progress | None = None,
    *,
    coarse: bool = False,
) -> Surface:
    """Pressure and slope that the pistons of a box make on its surface: from memory, from disk, or solved.

    Parameters
    ----------
    grid : BoxGrid
    pistons : tuple of Piston (L)
    highest_k : float, wave number up to which the surface is solved, rad/m
    progress : callable, optional, called with the number of frequencies done and the number of all
    coarse : bool, for fields that follow a hand: with fewer places on the pistons, and not kept on disk

    """
    known = in_memory(grid, pistons, highest_k)
    if not known:
        known.append(_solved(grid, pistons, highest_k, progress, coarse=coarse))
    return known[0]


def keys_of(grid: BoxGrid, pistons: tuple[Piston, ...], highest_k: float) -> list[str]:
    """Key of each frequency's surface on disk."""
    diagonal_m = float(np.linalg.norm(grid.size_m))
    start = digest(code_version("acoustics"), grid, pistons, step_of(diagonal_m))
    return [digest(start, node) for node in range(frequencies_solved(diagonal_m, highest_k))]


def _solved(
    grid: BoxGrid, pistons: tuple[Piston, ...], highest_k: float, progress: Progress | None, *, coarse: bool
) -> Surface:
    step, keys = step_of(float(np.linalg.norm(grid.size_m))), keys_of(grid, pistons, highest_k)
    size = max(PART, int(MAX_BYTES / (64 * grid.octant_size * len(pistons))))

    def solve(nodes: list[int]) -> Iterator[Complex]:
        for start in range(0, len(nodes), size):
            k = step * np.array(nodes[start : start + size], dtype=float)
            slopes = np.stack(
                [scattered_slopes(grid, piston, k, coarse=coarse) for piston in pistons], axis=-1
            )  # (F, 8, E, L)
            for wave_number, slope in zip(k.tolist(), slopes, strict=True):
                q = parities_of(slope)
                yield np.stack([answers(grid, wave_number, q), q])

    return Surface(grid, step, np.stack(read_or_solved(keys, solve, progress, stored=not coarse)))


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
