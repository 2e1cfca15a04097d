"""Boundary elements of a rigid box, free of interior resonances: the pressure on its surface from the normal derivative there.

**Integral equation** (e^{+jωt}, n outward, q = ∂p/∂n, G = e^{-jkR}/(4πR)). In the exterior p = ∫ p ∂G/∂n_y dS - ∫ G q dS. At the surface

    (½ - K) p = -S q,      -N p = -(½ + K') q                                                                      (1)

    S q = ∫ G q,   K p = ∫ ∂G/∂n_y p,   K' q = ∫ ∂G/∂n_x q,   N p = ∂/∂n_x ∫ ∂G/∂n_y p

The first alone has no unique solution at the resonances of the box's interior with a soft wall, the second at those with a rigid wall.
They share none, and Burton and Miller's sum has a unique solution at all k if the coupling β has an imaginary part of the sign of -k:

    (½ - K - βN) p = -(S + β(½ + K')) q,     β = -jηk/(k² + k_0²)                                                  (2)

η = COUPLING = 1: of 0.2 to 1 it left the least error at six rectangles a wavelength (0.5 dB where 0.4 left 0.65, on a bar of 1 m at 6 kHz).
Below the first resonance no coupling is needed: k_0 bounds β, which is odd in k, so that
the error of the rectangles is as smooth over frequency as the field.

**Elements.** p and q are constant on the rectangles of `box_grid`, and (2) is met at their centres. The kernel of a pair depends on
its offset along each axis alone, so a pair of faces has one table of kernels by offset (E numbers, not E²), and a row of the table
serves all rectangles that lie alike. With the three mirror planes (`box_grid`) each parity's matrix is a sum of rows of these tables:
offset i - j to the rectangle itself, and i + j + 1 to its mirror image.

**Coplanar.** K = K' = 0. In polar coordinates about the centre x, with the contour of the rectangle at ρ(θ),

    S = (1/4π) ∮ (1 - e^{-jkρ})/(jk) dθ,     N = -(1/4π) [∮ e^{-jkρ}/ρ dθ + 2πjk if x is inside]                    (3)

exactly: of -∫∫ G'(ρ)/ρ · ρ dρ dθ = -∮ [G]_0^ρ dθ the finite part of G at 0 is -jk/4π. dθ = (x dy - y dx)/ρ², smooth along each side,
for Gauss's rule. **Else** Gauss's product rule, with more nodes the nearer: a centre is at least half a step from another face, and with
r = x - y, G'' - G'/R = (-k² + 3jk/R + 3/R²) G,

    ∂G/∂n_y = (jk + 1/R) G r·n_y/R,   ∂G/∂n_x = -(jk + 1/R) G r·n_x/R,
    ∂²G/∂n_x∂n_y = -(G'' - G'/R) (r·n_x)(r·n_y)/R² + (jk + 1/R) G n_x·n_y/R                                        (4)

Independent truth: a monopole inside the box, whose field outside is its own.

Sources: A. J. Burton and G. F. Miller, The application of integral equation methods to the numerical solution of some exterior
boundary-value problems (Proc. R. Soc. A 323, 1971); S. Marburg, The Burton and Miller method: unlocking another mystery of its coupling
parameter (J. Comput. Acoust. 24, 2016), for the sign; finite parts: T. Terai, On calculation of sound fields around three dimensional
objects by integral equation methods (J. Sound Vib. 69, 1980).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from designer.acoustics.enclosures.box_grid import PARITIES, BoxGrid, others
from designer.acoustics.enclosures.factored import FACTORIZATIONS, Factored
from designer.acoustics.quadrature import gauss_legendre
from designer.arrays import Complex, Real

COUPLING = 1.0
"""η of equation (2)."""
LEAST_COUPLED = 1.0
"""k_0 times the box's diagonal: an interior resonates from π times √3 on."""
RULES = ((None, 2), (4, 5), (2, 12))
"""Nodes of the Gauss rule along each side, by the offset below which they are used."""
CONTOUR_NODES = 12
NO_PART = 1e-6
"""Share of the largest slope below which a parity is left out: drivers in a mirror plane have no part in it."""


def answers(grid: BoxGrid, k: float, q: Complex) -> Complex:
    """Pressure on the surface by parities (8, E, L) for the normal derivatives q (8, E, L), with e^{+jωt}.

    Parameters
    ----------
    grid : BoxGrid
    k : float, wave number, rad/m
    q : (8, E, L) complex array, ∂p/∂n by parities; complex64 for single precision, in half of the time

    """
    p = np.empty_like(q)
    tables = cache(partial(_tables, grid, k))
    for n, part in enumerate(q):
        if np.abs(part).max() <= NO_PART * np.abs(q).max():
            p[n] = 0
        else:
            key, equation = (k, n, q.dtype.char), partial(_factored, grid, k, tables, PARITIES[n], q.dtype)
            p[n] = FACTORIZATIONS.of(grid, key, equation).answer(part)
    return p


def _factored(
    grid: BoxGrid,
    k: float,
    tables: Callable[[], dict[tuple[int, int], Complex]],
    signs: tuple[int, ...],
    dtype: np.dtype,
) -> Factored:
    """Equation (2) of one parity."""
    left, right = (_matrix(grid, tables(), signs, side, dtype) for side in (0, 1))
    half = np.arange(grid.octant_size)
    left[half, half] += 0.5
    right[half, half] += coupling(grid, k) / 2
    return Factored.of(left, right)


def coupling(grid: BoxGrid, k: float) -> complex:
    """β of equation (2)."""
    least = LEAST_COUPLED / float(np.linalg.norm(grid.size_m))
    return -1j * COUPLING * k / (k**2 + least**2)


def _tables(grid: BoxGrid, k: float) -> dict[tuple[int, int], Complex]:
    """(-K - βN, S + βK') by (target's axis, source's axis): (2, 2, C, D) of the same and the opposite face, (2, A, B, C) of two."""
    beta = coupling(grid, k)
    out = {}
    for a in range(3):
        for b in range(3):
            out[a, b] = _parallel(grid, k, beta, a) if a == b else _meeting(grid, k, beta, a, b)
    return out


def _parallel(grid: BoxGrid, k: float, beta: complex, a: int) -> Complex:
    c, d = others(a)
    counts = grid.counts[c], grid.counts[d]
    table = np.empty((2, 2, *counts), dtype=complex)
    table[:, 0] = _coplanar(k, beta, grid.steps_m[[c, d]], counts)
    depth_m = grid.size_m[a]
    for near, (shift_c, shift_d), weight in _rules(counts, grid.steps_m[[c, d]]):
        along_c, along_d = (np.arange(n) * grid.steps_m[axis] for n, axis in zip(near, (c, d), strict=True))
        R2 = depth_m**2 + (along_c[:, None, None] + shift_c) ** 2 + (along_d[:, None] + shift_d) ** 2
        G, first, second = (kernel @ weight for kernel in _kernels(k, R2))
        K, N = -first * depth_m, second * depth_m**2 - first
        _put(table[:, 1], near, -K - beta * N, G + beta * K)
    return table


def _meeting(grid: BoxGrid, k: float, beta: complex, a: int, b: int) -> Complex:
    """Offsets (A, B, C) between a centre on a face across a and a rectangle on one across b, which meet in an edge along c."""
    c = 3 - a - b
    counts = grid.counts[a], grid.counts[b], grid.counts[c]
    table = np.empty((2, *counts), dtype=complex)
    for near, (shift_a, shift_c), weight in _rules(counts, grid.steps_m[[a, c]]):
        along_a, along_b, along_c = (np.arange(n) * grid.steps_m[axis] for n, axis in zip(near, (a, b, c), strict=True))
        to_b = (along_b + grid.steps_m[b] / 2)[:, None]
        from_a = (along_a + grid.steps_m[a] / 2)[:, None] + shift_a
        R2 = (from_a**2)[:, None, None] + to_b[..., None] ** 2 + (along_c[:, None] + shift_c) ** 2
        G, first, second = _kernels(k, R2)
        turned = np.einsum("abcq,aq->abc", first, -from_a * weight)
        N = np.einsum("abcq,aq->abc", second, from_a * weight) * to_b
        _put(table, near, first @ weight * to_b - beta * N, G @ weight + beta * turned)
    return table


def _rules(counts: tuple[int, ...], steps_m: Real) -> Iterator[tuple[tuple[int, ...], Real, Real]]:
    """Numbers of offsets, and the shifts (2, Q) and weights (Q,) of Gauss's product rule for these: all offsets first, then the nearer."""
    for most, nodes in RULES:
        near = tuple(min(count, most or count) for count in counts)
        node, weight = gauss_legendre(nodes)
        shifts = np.stack(np.meshgrid(node, node, indexing="ij")).reshape(2, -1) * (steps_m / 2)[:, None]
        yield near, shifts, np.outer(weight, weight).ravel() * (steps_m[0] * steps_m[1] / 4)


def _put(table: Complex, near: tuple[int, ...], left: Complex, right: Complex) -> None:
    part = (slice(None), *(slice(n) for n in near))
    table[part] = left, right


def _kernels(k: float, R2: Real) -> tuple[Complex, Complex, Complex]:
    """G, -G'/R and (G'' - G'/R)/R²: equation (4)."""
    R = np.sqrt(R2)
    G = np.exp(-1j * k * R) / (4 * np.pi * R)
    first = G * (1j * k + 1 / R) / R
    return np.asarray(G), np.asarray(first), np.asarray(G * (-(k**2) + 3j * k / R + 3 / R2) / R2)


def _coplanar(k: float, beta: complex, steps_m: Real, counts: tuple[int, int]) -> Complex:
    """-βN and S (2, C, D) by equation (3)."""
    node, weight = gauss_legendre(CONTOUR_NODES)
    x, y = np.meshgrid(*(np.arange(n) * step for n, step in zip(counts, steps_m, strict=True)), indexing="ij")
    half_x, half_y = steps_m / 2
    S, N = np.zeros(counts, dtype=complex), np.zeros(counts, dtype=complex)
    for t, w in zip(node, weight, strict=True):
        for sign in (-1, 1):
            # The sides along y, where dθ = x dy/ρ², and along x, where dθ = -y dx/ρ²; counter-clockwise.
            for across, along, length in (
                (x + sign * half_x, y + t * half_y, half_y),
                (y + sign * half_y, x + t * half_x, half_x),
            ):
                rho = np.hypot(across, along)
                turn = sign * across / rho**2 * (w * length)
                wave = np.exp(-1j * k * rho)
                N -= wave / rho * turn
                S += rho * np.exp(-0.5j * k * rho) * np.sinc(k * rho / 2 / np.pi) * turn
    N[0, 0] -= 2j * np.pi * k
    return np.asarray(np.stack([-beta * N, S]) / (4 * np.pi))


def _matrix(
    grid: BoxGrid, tables: dict[tuple[int, int], Complex], signs: tuple[int, ...], side: int, dtype: np.dtype
) -> Complex:
    """One parity's operator (E, E): over the eight images of each source rectangle."""
    matrix = np.empty((grid.octant_size, grid.octant_size), dtype=dtype)
    for a, rows in grid.faces:
        for b, columns in grid.faces:
            table = tables[a, b][side].astype(dtype)
            block = _same_axis(grid, table, signs, a) if a == b else _two_axes(grid, table, signs, a, b)
            matrix[rows, columns] = block
    return matrix


def _same_axis(grid: BoxGrid, table: Complex, signs: tuple[int, ...], a: int) -> Complex:
    c, d = others(a)
    both = table[0] + signs[a] * table[1]
    on_c = _mirrored(both, 0, grid.counts[c], signs[c])  # (i_c, j_c, D)
    on_d = _mirrored(on_c, 2, grid.counts[d], signs[d])  # (i_c, j_c, i_d, j_d)
    size = grid.counts[c] * grid.counts[d] // 4
    return on_d.transpose(0, 2, 1, 3).reshape(size, size)


def _two_axes(grid: BoxGrid, table: Complex, signs: tuple[int, ...], a: int, b: int) -> Complex:
    c = 3 - a - b
    for axis, name in ((0, a), (1, b)):  # from the edge inwards, and the mirror image beyond the middle
        near, far = np.split(table, 2, axis=axis)
        table = np.flip(near, axis=axis) + signs[name] * far
    whole = _mirrored(table, 2, grid.counts[c], signs[c])  # (j_a, i_b, i_c, j_c)
    target = (1, 2) if b < c else (2, 1)
    source = (0, 3) if a < c else (3, 0)
    whole = whole.transpose(*target, *source)
    return whole.reshape(whole.shape[0] * whole.shape[1], -1)


def _mirrored(table: Complex, axis: int, count: int, sign: int) -> Complex:
    """Offsets along an axis as pairs of rectangles in its place (i, j): i - j, and i + j + 1 to the mirror image."""
    i = np.arange(count // 2)
    return np.asarray(
        np.take(table, np.abs(i[:, None] - i), axis=axis) + sign * np.take(table, i[:, None] + i + 1, axis=axis)
    )
