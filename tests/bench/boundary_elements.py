"""A monopole within a rigid box, solved on one mesh by the tool or by bempp-cl; `python boundary_elements.py SOLVER` prints JSON.

The box is that of `acoustics.enclosures.test_box_equations`; the field outside of a monopole inside is the monopole's own, so that each
solver's error is known. All solve Burton and Miller's equation by Galerkin's method, with linear pressures, constant slopes, the same
triangles and the same means of the monopole's slope over them.

Numbers: largest error in dB and degrees at forty places, and CPU seconds, at each frequency; CPU seconds of the first call on twelve
triangles, which compiles; the most memory beyond that of the imports.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import meshes

from designer.acoustics.enclosures.mesh import grid_of
from designer.acoustics.enclosures.mesh_equations import RULE, RULE_WEIGHTS, MeshEquations
from designer.acoustics.enclosures.mesh_field import MeshSurface
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.arrays import Complex, Real
from designer.problem.enclosures.mesh import longest_m
from designer.problem.meshes.mirrors import MirroredPart, mirrored_part
from designer.problem.meshes.triangles import Triangles

SIZE_M, C = (0.10, 0.18, 0.14), 343.0
RESONANCE_HZ = C / 2 * math.hypot(*(1 / size for size in SIZE_M))
"""First resonance of the interior between soft walls."""
FREQUENCIES_HZ = (1000.0, RESONANCE_HZ, 4000.0)
INSIDE_M = np.array([0.004, 0.03, -0.02])
AROUND_M = np.random.default_rng(4).standard_normal((40, 3))
AROUND_M *= np.repeat([0.25, 2.0], 20)[:, None] / np.linalg.norm(AROUND_M, axis=1)[:, None]
Solver = Callable[[MirroredPart, float], Complex]


def slopes(corners_m: Real, normals: Real, k: float) -> Complex:
    """Mean of the monopole's ∂/∂n over triangles (T,), with e^{+jωt}."""
    way = RULE @ corners_m - INSIDE_M
    r = np.linalg.norm(way, axis=-1)
    slope = -(1j * k + 1 / r) * np.exp(-1j * k * r) / r**2 * np.einsum("tqc,tc->tq", way, normals)
    return np.asarray(slope @ RULE_WEIGHTS)


def on_grid(grid: MeshGrid, k: float) -> Complex:
    """The tool's field at the places (M,)."""
    images = [slopes(grid.corners_m * mirror, grid.normals * mirror, k) for mirror in grid.mirrors]
    q = grid.parities_of(np.stack(images)[..., None])
    values = np.concatenate([MeshEquations(grid).answers(k, q), q.astype(np.complex64)], axis=1)
    surface = MeshSurface(grid, k, np.stack([np.zeros_like(values), values]))
    return np.asarray(surface.field(np.array([1]), AROUND_M)[0, :, 0])


def mirrored(mesh: MirroredPart, k: float) -> Complex:
    """By the tool, with the mirror planes."""
    return on_grid(MeshGrid(mesh.part.vertices_m, mesh.part.faces, mesh.planes), k)


def whole(mesh: MirroredPart, k: float) -> Complex:
    """By the tool, all triangles at once."""
    return on_grid(MeshGrid(mesh.whole.vertices_m, mesh.whole.faces), k)


def bempp(mesh: MirroredPart, k: float) -> Complex:
    """By bempp-cl, whose kernels are e^{+jkR}: its fields are the conjugates."""
    import bempp_cl.api
    from bempp_cl.api.operators.boundary import helmholtz, sparse
    from bempp_cl.api.operators.potential import helmholtz as potential

    bempp_cl.api.DEFAULT_DEVICE_INTERFACE = "numba"
    grid = bempp_cl.api.Grid(mesh.whole.vertices_m.T, mesh.whole.faces.T.astype(np.uint32))
    linear, constant = bempp_cl.api.function_space(grid, "P", 1), bempp_cl.api.function_space(grid, "DP", 0)
    slope = slopes(mesh.whole.corners_m, mesh.whole.normals, k).conj()
    beta = 1j / k
    left = sparse.identity(linear, linear, linear) * 0.5 - helmholtz.double_layer(linear, linear, linear, k)
    left += beta * helmholtz.hypersingular(linear, linear, linear, k)
    right = helmholtz.single_layer(constant, linear, linear, k)
    right += beta * helmholtz.adjoint_double_layer(constant, linear, linear, k)
    right += (beta * 0.5) * sparse.identity(constant, linear, linear)
    matrix = bempp_cl.api.as_matrix(left.weak_form())
    pressure = np.linalg.solve(matrix, -(right.weak_form() @ slope))
    of_pressure = bempp_cl.api.GridFunction(linear, coefficients=pressure)
    of_slope = bempp_cl.api.GridFunction(constant, coefficients=slope)
    field = potential.double_layer(linear, AROUND_M.T, k) * of_pressure
    field = field - potential.single_layer(constant, AROUND_M.T, k) * of_slope
    return np.asarray(field).ravel().conj()


SOLVERS: dict[str, Solver] = {"mirrored": mirrored, "whole": whole, "bempp": bempp}


def mesh_for(highest_hz: float) -> MirroredPart:
    """The box's triangles as the tool makes them for waves up to a frequency."""
    planes = mirrored_part(meshes.box(SIZE_M))
    grid = grid_of(planes, longest_m(2 * math.pi * highest_hz / C))
    return MirroredPart(Triangles(grid.vertices_m, grid.faces), planes.planes)


def measured(solver: Solver) -> dict[str, Any]:
    """Numbers of one solver."""
    begin = time.process_time()
    solver(mirrored_part(meshes.box(SIZE_M)), 20.0)
    first_s = time.process_time() - begin
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mesh = mesh_for(max(FREQUENCIES_HZ))
    rows = []
    for frequency_hz in FREQUENCIES_HZ:
        k = 2 * math.pi * frequency_hz / C
        begin = time.process_time()
        field = solver(mesh, k)
        cpu_s = time.process_time() - begin
        away_m = np.linalg.norm(AROUND_M - INSIDE_M, axis=1)
        ratio = field * away_m * np.exp(1j * k * away_m)
        error_db, error_deg = np.abs(20 * np.log10(np.abs(ratio))).max(), np.abs(np.degrees(np.angle(ratio))).max()
        rows.append({"hz": frequency_hz, "db": float(error_db), "deg": float(error_deg), "cpu_s": cpu_s})
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {"triangles": len(mesh.whole.faces), "first_s": first_s, "bytes": memory, "rows": rows}


if __name__ == "__main__":
    print(json.dumps(measured(SOLVERS[sys.argv[1]])))
