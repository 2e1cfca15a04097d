"""Boundary elements of a rigid body of triangles: Burton and Miller's equation by Galerkin's method.

The equation is that of `box_equations`, with the coupling β = -jηk/(k² + k_0²). Tested with the linear functions φ in which p is
expanded, its hypersingular part is a weak one (Maue's form): with n x ∇φ the surface curl of φ,

    -<N p, φ> = ∫∫ G (n_x x ∇φ)·(n_y x ∇p) - k² ∫∫ G φ p n_x·n_y                                                    (1)

    (½ <p, φ> - <K p, φ> - β <N p, φ>) = -(<S q, φ> + β (½ <q, φ> + <K' q, φ>))                                     (2)

Galerkin's method converges for triangles of any shape: the far field's error falls at least with the third power of their size. With
constant pressures, matched at centroids, the hypersingular part of irregular triangles would not converge. The method also has half as
many unknowns: one a vertex instead of one a triangle.

**Integrals.** Of ∫∫ over two triangles that are apart, the rule of the three midpoints of the edges, exact for polynomials of degree 2: two
triangles share an edge, so that there are E points, 1.5 a triangle, each with its area, its normal times area and what φ and its curl are
there. For two that touch or are near (within NEAR of the sum of their radii) 1/R and its normal derivative are integrated in closed form
over one (`mesh_integrals`) and by Gauss's rule over the other; the rest, e^{-jkR} - 1, is integrated by that rule over both; and the
midpoints' share is subtracted. The closed part is the same at all frequencies.

**Mirror planes** (`mesh_grid`): each parity's matrix is the sum over the images m of χ_s(m) times the integrals between the part and its
image, which all parities share.

Independent truths: a monopole within the body; the series of a sphere.

Sources: as `box_equations`; A. W. Maue, Zur Formulierung eines allgemeinen Beugungsproblems durch eine Integralgleichung (Z. Phys. 126,
1949); O. Steinbach, Numerical Approximation Methods for Elliptic Boundary Value Problems (Springer, 2008), chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse import block_array, csr_array

from designer.acoustics.content import digest
from designer.acoustics.enclosures.factored import FACTORIZATIONS, Factored
from designer.acoustics.enclosures.mesh_field import edge_sources
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.enclosures.mesh_integrals import potentials
from designer.acoustics.turning import phase
from designer.arrays import Complex, Index, Real

COUPLING = 1.0
"""η of the coupling."""
LEAST_COUPLED = 1.0
"""k_0 times the body's diagonal."""
NEAR = 1.5
"""Distance of two triangles' centroids over the sum of their radii below which the midpoints are too inexact."""
MAX_NUMBERS = 400_000
"""Points times points that are held at once, in the processor's cache."""
MAX_PAIRS = 20_000
"""Pairs of triangles that are integrated at once."""
_A, _B = (6 + np.sqrt(15)) / 21, (6 - np.sqrt(15)) / 21
RULE = np.array(
    [[1 / 3, 1 / 3, 1 / 3]]
    + [[w if i == j else (1 - w) / 2 for i in range(3)] for w in (1 - 2 * _A, 1 - 2 * _B) for j in range(3)]
)
"""Gauss's rule of degree 5 on a triangle: the corners' shares (7, 3)."""
RULE_WEIGHTS = np.array([9 / 40] + [(155 + np.sqrt(15)) / 1200] * 3 + [(155 - np.sqrt(15)) / 1200] * 3)
MIDDLES = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]])


@dataclass(frozen=True)
class NearPairs:
    """Triangles of the part and near ones of one image: indices (P,), ∫∫ φ_a φ_b/R and ∫∫ φ_a φ_b ∂(1/R)/∂n_y (P, 3, 3)."""

    target: Index
    source: Index
    single: Real
    double: Real


class MeshEquations:
    """Matrices and integrals that all frequencies of one grid share."""

    def __init__(self, grid: MeshGrid) -> None:
        self.grid = grid
        third = np.repeat(grid.areas_m2[:, None] / 3, 3, axis=1)[..., None]
        at_middle = third * MIDDLES  # (T, 3 edges, 3 corners)
        self.middles = edge_sources(grid)
        self.area = grid.incidence(at_middle).astype(np.float32)
        curls = [grid.incidence(np.broadcast_to(third * grid.curls[:, None, :, c], at_middle.shape)) for c in range(3)]
        normal = [self.middles.pressure * self.middles.weights_m2[:, [c]] for c in range(3)]
        matrices: list[Any] = [*normal, *curls, self.area]
        self._outer = [matrix.astype(np.float32).tocsr() for matrix in matrices]
        self._inner = block_array([[matrix.T] for matrix in self._outer[:6]]).tocsr()
        self._inner_double = self.middles.pressure.T.tocsr()

    @cached_property
    def near(self) -> list[NearPairs]:
        """The near pairs of each image."""
        return [self._near_pairs(mirror) for mirror in self.grid.mirrors]

    def _near_pairs(self, mirror: Real) -> NearPairs:
        grid = self.grid
        target, source = near_pairs(grid.centres_m, grid.centres_m * mirror, NEAR * grid.radii_m)
        single, double = np.empty((2, target.size, 3, 3))
        for start in range(0, target.size, MAX_PAIRS):
            part = slice(start, start + MAX_PAIRS)
            i, j = target[part], source[part]
            inner = potentials(RULE @ grid.corners_m[i], grid.corners_m[j] * mirror)
            weighted = RULE * RULE_WEIGHTS[:, None]
            for out, values in zip((single, double), inner, strict=True):
                out[part] = np.einsum("qa,pqb->pab", weighted, values) * grid.areas_m2[i, None, None]
        return NearPairs(target, source, single, double * np.prod(mirror))

    def answers(self, k: float, q: Complex) -> Complex:
        """Pressure at the vertices by parities (S, V, L) for the normal derivatives q (S, T, L), with e^{+jωt}.

        Parameters
        ----------
        k : float, wave number, rad/m
        q : (S, T, L) complex array, ∂p/∂n by parities

        """
        grid = self.grid
        beta = coupling(k, grid.half_diagonal_m)
        parities = [n for n in range(len(q)) if q[n].any()]
        count, drivers = len(grid.vertices_m), q.shape[-1]
        left = {n: np.zeros((count, count), dtype=np.complex64) for n in parities}
        right = {n: np.zeros((count, drivers), dtype=complex) for n in parities}
        self._add_far(k, beta, q, left, right)
        self._add_near(k, beta, q, left, right)
        p = np.zeros((len(q), count, drivers), dtype=np.complex64)
        for n in parities:
            self._add_mass(beta, q[n], left[n], right[n])
            free = grid.free(n)
            matrix = left.pop(n)
            matrix = matrix if free.size == count else matrix[np.ix_(free, free)]
            factors = lu_factor(matrix.T, overwrite_a=True, check_finite=False)
            p[n, free] = lu_solve(factors, -right[n][free].astype(np.complex64), trans=1, check_finite=False)
        return p

    def kept_answers(self, k: float, q: Complex) -> Complex:
        """`answers`, of factorized equations as far as `FACTORIZATIONS` keeps them: a slope is a column of their right side."""
        grid = self.grid
        p = np.zeros((len(q), len(grid.vertices_m), q.shape[-1]), dtype=np.complex64)
        parities = [n for n in range(len(q)) if q[n].any()]
        equations = cache(partial(self._factored, k, parities))
        for n in parities:
            equation = FACTORIZATIONS.of(self._content, (k, n), lambda n=n: equations()[n])  # type: ignore[misc] # n of now
            p[n, grid.free(n)] = equation.answer(q[n].astype(np.complex64))
        return p

    @cached_property
    def _content(self) -> str:
        return digest(self.grid)

    def _factored(self, k: float, parities: list[int]) -> dict[int, Factored]:
        """Equation (2) of some parities."""
        grid = self.grid
        beta = coupling(k, grid.half_diagonal_m)
        count = len(grid.vertices_m)
        left = {n: np.zeros((count, count), dtype=np.complex64) for n in parities}
        right = {n: np.zeros((count, len(grid.faces)), dtype=np.complex64) for n in parities}
        self._add_far(k, beta, None, left, right)
        self._add_near(k, beta, None, left, right)
        out = {}
        for n in parities:
            self._add_mass(beta, None, left[n], right[n])
            free = grid.free(n)
            out[n] = Factored.of(left.pop(n)[np.ix_(free, free)], right.pop(n)[free])
        return out

    def _add_mass(self, beta: complex, q: Complex | None, left: Complex, right: Complex) -> None:
        grid = self.grid
        for a in range(3):
            for b in range(3):
                share = grid.areas_m2 * ((2 if a == b else 1) / 24)
                np.add.at(left, (grid.faces[:, a], grid.faces[:, b]), share.astype(np.complex64))
            if q is None:
                right[grid.faces[:, a], np.arange(len(grid.faces))] += beta / 6 * grid.areas_m2
            else:
                np.add.at(right, grid.faces[:, a], beta / 6 * grid.areas_m2[:, None] * q)

    def _add_far(
        self, k: float, beta: complex, q: Complex | None, left: dict[int, Complex], right: dict[int, Complex]
    ) -> None:
        """Add what the midpoints see to both sides; without slopes q, to the right side as a matrix (V, T)."""
        grid = self.grid
        count = len(grid.vertices_m)
        points, weights = (part.astype(np.float32) for part in (self.middles.places_m, self.middles.weights_m2))
        spread, charges = self.middles.slope.T.tocsr(), np.zeros((0, len(points)), dtype=np.complex64)
        if q is not None:
            slopes = np.concatenate([q[n] for n in left], axis=1).astype(np.complex64)
            # Laid out by rows: a product of a narrow transposed view takes a hundred times as long.
            charges = np.ascontiguousarray((self.middles.slope @ slopes).T)  # (parities L, E)
        size = max(1, MAX_NUMBERS // len(points))
        factors = np.repeat(np.array([-(k**2) * beta, beta, -1], dtype=np.complex64), [3, 3, 1])[:, None, None]
        for start in range(0, len(points), size):
            block = slice(start, start + size)
            products, waves = [], []
            for mirror in grid.mirrors.astype(np.float32):
                G, D = kernels(k, points[block], points * mirror, weights * mirror)  # (E, b)
                six = _times(self._inner, G).reshape(6, count, -1)
                six[:3] *= mirror[:, None, None]
                six[3:] *= (mirror * mirror.prod())[:, None, None]
                products.append(np.concatenate([six, _times(self._inner_double, D)[None]]))
                waves.append(_times(spread, G).T if q is None else (charges @ G).T)  # (b, T or parities L)
            outer = block_array([[matrix[block].T for matrix in self._outer]]).tocsr()
            rows = np.flatnonzero(np.diff(outer.indptr))
            outer = outer[rows]
            totals = _signed(grid.characters[list(left)], products)
            for at, n in enumerate(left):
                drivers = 0 if q is None else q.shape[-1]
                mine = slice(None) if q is None else slice(at * drivers, (at + 1) * drivers)
                single = sum(sign * wave[:, mine] for sign, wave in zip(grid.characters[n], waves, strict=True))
                right[n] += self.area[block].T @ single
                if q is None:
                    right[n] += np.complex64(beta) * _times(spread[:, block], np.ascontiguousarray(totals[at][6].T)).T
                else:
                    right[n] += beta * (totals[at][6] @ charges[mine, block].T)
                stacked = np.ascontiguousarray((totals[at] * factors).transpose(0, 2, 1)).reshape(-1, count)
                left[n][rows] += _times(outer, stacked)

    def _add_near(
        self, k: float, beta: complex, q: Complex | None, left: dict[int, Complex], right: dict[int, Complex]
    ) -> None:
        grid = self.grid
        for m, (mirror, pairs) in enumerate(zip(grid.mirrors, self.near, strict=True)):
            for start in range(0, pairs.target.size, MAX_PAIRS):
                part = slice(start, start + MAX_PAIRS)
                i, j = pairs.target[part], pairs.source[part]
                single, double = self._corrections(k, mirror, pairs, part)
                normals = np.einsum("pc,pc->p", grid.normals[i], grid.normals[j] * mirror)
                curls = np.einsum("pac,pbc->pab", grid.curls[i], grid.curls[j] * (mirror * mirror.prod()))
                both = single.sum(axis=(1, 2))[:, None, None] * curls - k**2 * normals[:, None, None] * single
                local = (beta * both - double).astype(np.complex64)
                row = np.repeat(grid.faces[i], 3, axis=1).ravel()
                column = np.tile(grid.faces[j], 3).ravel()
                for n, matrix in left.items():
                    sign = np.float32(grid.characters[n, m])
                    np.add.at(matrix.reshape(-1), row * len(matrix) + column, sign * local.ravel())
                    for a in range(3):
                        outer, inner = single[:, a].sum(axis=1)[:, None], double[:, :, a].sum(axis=1)[:, None]
                        if q is None:
                            np.add.at(right[n], (grid.faces[i, a], j), sign * outer[:, 0])
                            np.add.at(right[n], (grid.faces[j, a], i), sign * beta * inner[:, 0])
                        else:
                            np.add.at(right[n], grid.faces[i, a], sign * outer * q[n][j])
                            np.add.at(right[n], grid.faces[j, a], sign * beta * inner * q[n][i])

    def _corrections(self, k: float, mirror: Real, pairs: NearPairs, part: slice) -> tuple[Complex, Complex]:
        """∫∫ φ_a φ_b G and ∫∫ φ_a φ_b ∂G/∂n_y (P, 3, 3), less their values by the midpoints."""
        grid = self.grid
        i, j = pairs.target[part], pairs.source[part]
        area = (grid.areas_m2[i] * grid.areas_m2[j])[:, None, None] / (4 * np.pi)
        single, double = pairs.single[part] / (4 * np.pi) + 0j, pairs.double[part] / (4 * np.pi) + 0j
        for shares, weights, whole in ((RULE, RULE_WEIGHTS, False), (MIDDLES, np.full(3, 1 / 3), True)):
            x, y = shares @ grid.corners_m[i], shares @ (grid.corners_m[j] * mirror)
            normals = grid.normals[j] * mirror
            R2, across = np.zeros((2, i.size, len(shares), len(shares)))
            for c in range(3):
                way = x[:, :, None, c] - y[:, None, :, c]
                across += way * normals[:, c, None, None]
                way *= way
                R2 += way
            R = np.sqrt(R2)
            apart = R > 0
            over = np.where(apart, 1 / np.where(apart, R, 1.0), 0.0)
            across *= over * over * over
            wave = phase(-k * R)
            turned = (1 + 1j * k * R) * wave
            if whole:
                G, D = wave * over, turned * across
            else:
                G, D = np.where(apart, (wave - 1) * over, -1j * k), (turned - 1) * across
            weighted = shares * weights[:, None]
            products = np.einsum("xa,yb->xyab", weighted, weighted).reshape(-1, 9)
            sign = -1 if whole else 1
            single += sign * area * (G.reshape(i.size, -1) @ products).reshape(-1, 3, 3)
            double += sign * area * (D.reshape(i.size, -1) @ products).reshape(-1, 3, 3)
        return single, double


def coupling(k: float, half_diagonal_m: float) -> complex:
    """β of the equation: odd in k, and bounded below the first resonance."""
    least = LEAST_COUPLED / (2 * half_diagonal_m)
    return -1j * COUPLING * k / (k**2 + least**2)


def near_pairs(targets_m: Real, sources_m: Real, reach_m: Real) -> tuple[Index, Index]:
    """Indices (P,) of targets and sources (N, 3) that are nearer to each other than the sum of their reaches (N,)."""
    rows, columns = [], []
    size = max(1, 4 * MAX_NUMBERS // len(sources_m))
    for start in range(0, len(targets_m), size):
        way = targets_m[start : start + size, None] - sources_m
        near = np.einsum("abc,abc->ab", way, way) < (reach_m[start : start + size, None] + reach_m) ** 2
        row, column = np.nonzero(near)
        rows.append(row + start)
        columns.append(column)
    return np.concatenate(rows), np.concatenate(columns)


def kernels(k: float, targets_m: Real, sources_m: Real, weights: Real) -> tuple[Complex, Complex]:
    """G and w·∂G/∂y (E, b) of targets (b, 3) and of sources (E, 3) with vectors w (E, 3), in single precision; 0 where they meet."""
    R2 = np.zeros((len(sources_m), len(targets_m)), dtype=np.float32)
    across = np.zeros_like(R2)
    for c in range(3):
        way = targets_m[:, c] - sources_m[:, [c]]
        across += way * weights[:, [c]]
        way *= way
        R2 += way
    R = np.sqrt(R2)
    with np.errstate(divide="ignore"):
        over = np.float32(1) / R
    over[R2 == 0] = 0
    R *= np.float32(k)
    share = over * np.float32(1 / (4 * np.pi))
    G, D = np.empty((2, *R.shape), dtype=np.complex64)
    real, imaginary = np.cos(R) * share, np.sin(R) * -share
    G.real, G.imag = real, imaginary
    across *= over
    D.real = (real * over - np.float32(k) * imaginary) * across
    D.imag = (imaginary * over + np.float32(k) * real) * across
    return G, D


def _times(matrix: csr_array, values: Complex) -> Complex:
    """A real sparse matrix times complex numbers, as real ones."""
    return np.asarray(matrix @ values.view(np.float32)).view(np.complex64)


def _signed(characters: Real, products: list[Complex]) -> Complex:
    """Sums over images with the signs (N, S) of parities: (N, ...)."""
    if len(products) == 1:
        return products[0][None]
    flat = np.stack(products).view(np.float32).reshape(len(products), -1)
    total = (characters.astype(np.float32) @ flat).view(np.complex64)
    return total.reshape(len(characters), *products[0].shape)
