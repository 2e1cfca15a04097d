"""Real orthonormal spherical harmonics: the basis, exact quadrature over the sphere, and products of three (Gaunt).

**Convention.** For the unit vector n with polar angle θ from +z and azimuth φ from +x (the device's axes),

    Y_nm(n) = P_n^|m|(cos θ) t_m(φ),   t_m = √2 cos mφ (m > 0), 1 (m = 0), √2 sin |m|φ (m < 0)                   (1)

with P_n^m >= 0 near θ = 0: no Condon-Shortley phase. P is normalised so that ∫ Y_a Y_b dΩ = δ_ab. The index of (n, m) is
a = n² + n + m, so that the harmonics up to order N are the first (N+1)². Real harmonics, because a density on the sphere
is real: its matrices are then real and symmetric, a quarter of the complex work.

**Addition theorem.** Σ_m Y_nm(n) Y_nm(n') = (2n+1)/(4π) P_n(n·n').                                              (2)

**Products.** A real density σ = Σ s_c Y_c weighs products of two harmonics by

    G_ab = ∫ σ Y_a Y_b dΩ = Σ_c s_c ∫ Y_a Y_b Y_c dΩ,                                                            (3)

Gaunt's integrals, which vanish unless n_c <= n_a + n_b: for a, b up to order N the coefficients of σ up to 2N give G
*exactly*, however sharp the edges of σ are. The sum over Wigner symbols is not what is computed. The integrand of (3)
is a polynomial of degree 4N, so that 2N + 1 Gauss-Legendre rings of 4N + 1 equal steps integrate it exactly; on each
ring the azimuths are a small product of matrices: K² a ring for K = (N+1)², with full precision at any order.

Source: E. G. Williams, Fourier Acoustics (1999), section 6.3; for products, A. R. Edmonds, Angular Momentum in Quantum
Mechanics (1957), section 4.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import sph_harm_y_all

from designer.acoustics.quadrature import gauss_legendre
from designer.arrays import Complex, Index, Real


def count(order: int) -> int:
    """How many harmonics there are up to an order: (N+1)²."""
    return (order + 1) ** 2


def degrees(order: int) -> Index:
    """The degree n of each harmonic up to an order (K,)."""
    return np.repeat(np.arange(order + 1), 2 * np.arange(order + 1) + 1)


def harmonics(order: int, directions: Real) -> Real:
    """Y_a of equation (1) for unit vectors (M, 3): (K, M)."""
    theta = np.arctan2(np.hypot(directions[:, 0], directions[:, 1]), directions[:, 2])
    turn = np.arctan2(directions[:, 1], directions[:, 0])
    return np.asarray(_polar(order, theta) * _turning(order, turn)[_column(order)])


def sphere_quadrature(order: int) -> tuple[Real, Real]:
    """Unit vectors (M, 3) and weights (M,), of sum 4π, that integrate harmonics up to twice the order exactly."""
    height, weight = gauss_legendre(order + 1)
    turn = 2 * np.pi * np.arange(2 * order + 1) / (2 * order + 1)
    across = np.sqrt(1 - height**2)[:, None]
    nodes = [across * np.cos(turn), across * np.sin(turn), np.broadcast_to(height[:, None], (height.size, turn.size))]
    return np.stack(nodes, axis=-1).reshape(-1, 3), np.repeat(weight * 2 * np.pi / turn.size, turn.size)


def analysed(values: Complex, order: int, sampled_order: int) -> Complex:
    """Coefficients (F, K, L) up to an order of values (F, M, L) at `sphere_quadrature(sampled_order)`: over azimuth, then over height."""
    height, weight = gauss_legendre(sampled_order + 1)
    steps = 2 * sampled_order + 1
    rings = values.reshape(len(values), height.size, steps, -1)
    turning = _turning(order, 2 * np.pi * np.arange(steps) / steps) * (2 * np.pi / steps)
    series = turning @ rings.real + 1j * (turning @ rings.imag)  # (F, heights, m, L)
    polar, at = _polar(order, np.arccos(height)) * weight, _column(order)
    out = np.empty((len(values), count(order), rings.shape[-1]), dtype=complex)
    for m in range(2 * order + 1):
        rows = at == m
        part = np.ascontiguousarray(series[:, :, m])
        out[:, rows] = polar[rows] @ part.real + 1j * (polar[rows] @ part.imag)
    return out


def product_matrix(density: Real, order: int) -> Real:
    """G (K, K) of equation (3), exact, for a density given by its coefficients up to twice the order.

    Parameters
    ----------
    density : ((2N+1)²,) float array, coefficients; more are not used, fewer count as zeros

    """
    coefficients = np.zeros(count(2 * order))
    coefficients[: min(density.size, coefficients.size)] = density[: coefficients.size]
    height, weight = gauss_legendre(2 * order + 1)
    steps = 4 * order + 1
    turn = 2 * np.pi * np.arange(steps) / steps
    theta = np.arccos(height)
    # σ on the rings: first over degrees, to a Fourier series in azimuth a ring, then over azimuth.
    series = np.zeros((height.size, steps))
    np.add.at(series.T, _column(2 * order), coefficients[:, None] * _polar(2 * order, theta))
    rings = series @ _turning(2 * order, turn)
    basis, polar, at = _turning(order, turn), _polar(order, theta) * np.sqrt(weight), _column(order)
    azimuthal = (basis * (rings * 2 * np.pi / steps)[:, None, :]) @ basis.T  # ∫ σ t_m t_m' dφ (rings, m, m')
    G = np.empty((count(order), count(order)))
    for m in range(2 * order + 1):
        rows = at == m
        G[rows] = polar[rows] @ (azimuthal[:, m, at] * polar.T)
    return G


def _column(order: int) -> Index:
    """Where t_m of each harmonic stands among m = -N ... N (K,)."""
    n = degrees(order)
    return np.asarray(np.arange(count(order)) - n * n - n + order)


def _polar(order: int, theta: Real) -> Real:
    """P_n^|m|(cos θ) of each harmonic (K, ...): what scipy calls Y_n^m at azimuth 0, without its phase (-1)^m."""
    table = sph_harm_y_all(order, order, theta, 0.0).real  # (N+1, 2N+1, ...), m = 0 ... N, -N ... -1
    m = np.abs(_column(order) - order)
    sign = np.where(m % 2, -1.0, 1.0).reshape(-1, *(1,) * np.ndim(theta))
    return np.asarray(sign * table[degrees(order), m])


def _turning(order: int, turn: Real) -> Real:
    """t_m(φ) for m = -N ... N (2N+1, ...)."""
    m = np.arange(1, order + 1).reshape(-1, *(1,) * np.ndim(turn))
    root = math.sqrt(2.0)
    sines, cosines = root * np.sin(m * turn), root * np.cos(m * turn)
    return np.concatenate([sines[::-1], np.ones((1, *np.shape(turn))), cosines])


def polar_mean(order: int, elevation_rad: tuple[float, float]) -> Real:
    """∫ P_n^|m|(sin e) cos e de / ∫ cos e de over a range of elevations, for each harmonic (K,); a range of no width is one elevation.

    A trigonometric polynomial of degree n + 1 in e: Gauss-Legendre in e to rounding, as the nodes exceed half of its
    bandwidth by 20.
    """
    low, high = elevation_rad
    node, weight = gauss_legendre(math.ceil((order + 1) * (high - low) / 2) + 20)
    elevation = low + (node + 1) * (high - low) / 2
    share = weight * np.cos(elevation)
    return np.asarray(_polar(order, np.pi / 2 - elevation) @ (share / share.sum()))


def turning_mean(order: int, azimuth_rad: tuple[float, float]) -> Real:
    """The mean of t_m over a range of azimuths, in closed form, for each harmonic (K,).

    ∫ cos mφ dφ / (b - a) = cos(m (a + b)/2) sinc(m (b - a)/2): no difference of sines that a narrow range would cancel.
    """
    low, high = azimuth_rad
    m = np.abs(np.arange(-order, order + 1))
    mean = _turning(order, np.asarray((low + high) / 2)) * np.sinc(m * (high - low) / (2 * np.pi))
    return np.asarray(mean[_column(order)])


@dataclass(frozen=True)
class Encoding:
    """Coefficients of L drivers at F frequencies up to an order, of (1) of `encoded_directivity`: `radial` times `shape`, or `sampled`."""

    order: int
    radial: Complex | None  # (F, N+1, L) g_ln(f)
    shape: Real | None  # (K, L) Y_a(x̂_l)
    sampled: Complex | None  # (F, K, L)
    front_only: bool = False

    @property
    def coefficients(self) -> Complex:
        """The coefficients c (F, K, L)."""
        if self.radial is None or self.shape is None:
            assert self.sampled is not None
            return self.sampled
        return np.asarray(self.radial[:, degrees(self.order)] * self.shape)

    def at(self, directions: Real) -> Complex:
        """The field d (F, M, L) in the directions of unit vectors (M, 3)."""
        Y = harmonics(self.order, directions)
        if self.radial is None or self.shape is None:
            c = self.coefficients
            return np.asarray(Y.T @ c.real + 1j * (Y.T @ c.imag))
        starts = np.arange(self.order + 1) ** 2
        summed = np.add.reduceat(Y[:, :, None] * self.shape[:, None, :], starts, axis=0)  # over m, (N+1, M, L)
        return np.asarray(np.einsum("fnl,nml->fml", self.radial, summed, optimize=True))

    def energy(self) -> Real:
        """∫ |d_l|² dΩ of each degree n (F, N+1, L), by Parseval: Σ_m |c|²."""
        starts = np.arange(self.order + 1) ** 2
        return np.asarray(np.add.reduceat(np.abs(self.coefficients) ** 2, starts, axis=1))

    def left_out(self, order: int) -> Real:
        """The share of each driver's energy in the degrees above an order (F, L), as far as they are encoded."""
        energy = self.energy()
        return np.asarray(energy[:, order + 1 :].sum(axis=1) / np.maximum(energy.sum(axis=1), 1e-300))
