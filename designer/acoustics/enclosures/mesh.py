"""Drivers on a mesh: `surface_drivers` with `mesh_pistons`; `mesh_equations` solves the surface, `mesh_field` the field around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from designer.acoustics.enclosures.mesh_equations import MeshEquations
from designer.acoustics.enclosures.mesh_field import MeshSurface
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.enclosures.mesh_pistons import MeshPiston, piston_of, scattered_slopes
from designer.acoustics.enclosures.surface_drivers import SurfaceDrivers
from designer.arrays import Complex, Real
from designer.problem.enclosures.mesh import FREQUENCIES_A_TURN, Mesh, longest_m
from designer.problem.enclosures.solved_body import COARSE, Effort
from designer.problem.meshes.mirrors import MirroredPart
from designer.problem.schema import Driver

PART = 16
"""Frequencies whose slopes are computed together."""


@dataclass(frozen=True)
class MeshedDrivers(SurfaceDrivers[MeshSurface]):
    """Pistons and points on a mesh; attributes as those of `SurfaceDrivers`."""

    body: ClassVar[str] = "mesh"
    a_turn: ClassVar[int] = FREQUENCIES_A_TURN
    late: ClassVar[float] = 1.0  # waves that creep around a round body come late, and long

    centre_m: Real
    grid: MeshGrid
    pistons: tuple[MeshPiston, ...]
    highest_k: float
    coarse: bool = False
    effort: Callable[[], Effort] | None = field(default=None, compare=False, repr=False)

    @property
    def half_diagonal_m(self) -> float:
        """Radius of the sphere around the centre that holds the mesh."""
        return self.grid.half_diagonal_m

    @property
    def solved_bytes(self) -> float:
        """Size of what takes slopes to pressures."""
        return 8.0 * len(self.grid.mirrors) * len(self.grid.vertices_m) * len(self.grid.faces) * len(self.keys)

    def solved_nodes(self, nodes: list[int]) -> Iterator[Complex]:
        """Pressure at the vertices and slopes on the triangles, by parities (S, V + T, L)."""
        grid, equations = self.grid, MeshEquations(self.grid)
        answers = equations.kept_answers if self.coarse else equations.answers
        for start in range(0, len(nodes), PART):
            k = self.k_step * np.array(nodes[start : start + PART], dtype=float)
            slopes = np.stack([scattered_slopes(grid, piston, k) for piston in self.pistons], axis=-1)  # (F, S, T, L)
            for wave_number, slope in zip(k.tolist(), slopes, strict=True):
                q = grid.parities_of(slope)
                yield np.concatenate([answers(wave_number, q), q.astype(np.complex64)], axis=1)

    def surface_of(self, values: Complex) -> MeshSurface:
        """The surface of the kept values at all frequencies."""
        return MeshSurface(self.grid, self.k_step, values)

    def mean_products(self, node: int) -> Real:
        """Power matrix Q (L, L) at a solved wave number, by its index."""
        rays, weights = self.surface.directions(node)
        k = np.array([node * self.surface.k_step])
        walls = np.stack([piston.far_field(k, rays)[0] for piston in self.pistons], axis=-1)
        field = walls + self.surface.far_field(np.array([node]), rays)[0]
        return np.asarray(((field.conj() * weights[:, None]).T @ field).real)


def device(enclosure: Mesh, drivers: Sequence[Driver], highest_k: float, coarse: bool) -> MeshedDrivers:
    """Device of the drivers on the surface."""
    surface = enclosure.surface
    centre_m = surface.centre_m
    pistons = tuple(piston_of(enclosure.mounted(driver), centre_m, highest_k) for driver in drivers)
    edge_m = longest_m(highest_k) * (COARSE if coarse else 1.0)
    effort = None if coarse else partial(enclosure.effort, highest_k, len(pistons))
    return MeshedDrivers(centre_m, grid_of(enclosure.shape.mirrored, edge_m), pistons, highest_k, coarse, effort)


def grid_of(mirrored: MirroredPart, longest_m: float) -> MeshGrid:
    """Triangles with no edge longer than `longest_m`."""
    finer = mirrored.part.refined(longest_m)
    assert finer is not None
    return MeshGrid(finer.vertices_m, finer.faces, mirrored.planes)
