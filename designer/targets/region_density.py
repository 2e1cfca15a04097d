"""Densities on the sphere: where a target or a nuisance may be, in real spherical harmonics, each in closed form.

A density σ(n) >= 0 has unit mass, ∫ σ dΩ = 1, so that ∫ σ |p|² dΩ is the mean of |p|² over it. Its coefficients
s_a = ∫ σ Y_a dΩ are

- a point x: s_a = Y_a(x), all orders;
- a cap of half angle α around x, uniform: s_a = w_n(α) Y_a(x) with w_n the mean of P_n over the cap,
  [P_{n-1}(cos α) - P_{n+1}(cos α)] / [(2n+1)(1 - cos α)], because ∫ Y_a over a cap is its P_n mean times Y_a of its axis
  (Funk and Hecke); α = 180° is the whole sphere, where only s_0 is left;
- a band of azimuth [φ₁, φ₂] and elevation [e₁, e₂], uniform over solid angle Ω = (φ₂ - φ₁)(sin e₂ - sin e₁):
  s_a = (1/Ω) ∫ t_m dφ ∫ P_n^|m|(sin e) cos e de, the first in closed form, the second by an exact quadrature;
- several regions: their mean, each counts alike.

A sharp edge has coefficients of every order, and that is no loss: a product of two directivities of order N sees the
density up to order 2N alone (`spherical_harmonics`, equation 3).

Where the half space x < 0 is silent (a baffle), a density is cut to the other half and keeps its scale: the silent part
counts as silence.

Source: Y. Luo, Spherical harmonic covariance and magnitude function encodings for beamformer design (EURASIP JASMP
2021:41), for densities in spherical harmonics as targets; Williams, Fourier Acoustics (1999), chapter 6, for the integrals.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.sphere_series import cap_weights
from designer.arrays import Real
from designer.problem.geometry import direction
from designer.problem.schema import Region


def point(order: int, *, azimuth_deg: float, elevation_deg: float = 0.0) -> Real:
    """Coefficients ((N+1)²,) of a point."""
    return sh.harmonics(order, direction(azimuth_deg, elevation_deg)[None, :])[:, 0]


def cap(order: int, *, azimuth_deg: float, elevation_deg: float, radius_deg: float) -> Real:
    """Coefficients ((N+1)²,) of a uniform cap around a direction; a radius of 0 is the point, 180 the sphere."""
    mean = cap_weights(np.cos(np.radians(radius_deg)), order + 1)
    return np.asarray(mean[sh.degrees(order)] * point(order, azimuth_deg=azimuth_deg, elevation_deg=elevation_deg))


def band(order: int, *, azimuth_deg: tuple[float, float], elevation_deg: tuple[float, float]) -> Real:
    """Coefficients ((N+1)²,) of a uniform band, counter-clockwise from its first to its last azimuth.

    A range of no width is an arc, or a point, of its own mass.
    """
    start, stop = np.radians([azimuth_deg[0], azimuth_deg[0] + arc_width_deg(azimuth_deg)])
    low, high = np.radians(elevation_deg)
    return np.asarray(sh.turning_mean(order, (start, stop)) * sh.polar_mean(order, (low, high)))


def arc_width_deg(azimuth_deg: tuple[float, float]) -> float:
    """How far an arc runs counter-clockwise: 360 for a whole turn, 0 where both ends are one azimuth."""
    start, stop = azimuth_deg
    return 360.0 if stop - start >= 360.0 else (stop - start) % 360.0


def in_front(azimuth_deg: tuple[float, float]) -> list[tuple[float, float]]:
    """The parts of an arc before the plane x = 0: up to two arcs."""
    start, width = azimuth_deg[0], arc_width_deg(azimuth_deg)
    parts = []
    for turn in (-720.0, -360.0, 0.0, 360.0, 720.0):
        low, high = max(start, turn - 90.0), min(start + width, turn + 90.0)
        if high > low or (high == low and width == 0):
            parts.append((low, high))
    return parts


def density(regions: Sequence[Region], order: int, *, front_only: bool = False) -> Real:
    """The mean of some regions' densities ((N+1)²,), each of unit mass; cut to the half space x >= 0 where that is all that sounds.

    A cap must lie on one side of the cut.
    """
    total = np.zeros(sh.count(order))
    for region in regions:
        if region.around_deg is not None:
            azimuth, elevation = region.around_deg
            if not front_only or np.cos(np.radians(azimuth)) * np.cos(np.radians(elevation)) > -1e-9:
                radius = region.radius_deg or 0.0
                total += cap(order, azimuth_deg=azimuth, elevation_deg=elevation, radius_deg=radius)
            continue
        arc = (region.azimuth_deg[0], region.azimuth_deg[1])
        elevations = (region.elevation_deg[0], region.elevation_deg[1])
        whole = arc_width_deg(arc)
        for part in in_front(arc) if front_only else [arc]:
            share = (part[1] - part[0]) / whole if front_only and whole > 0 else 1.0
            total += share * band(order, azimuth_deg=part, elevation_deg=elevations)
    return total / len(regions)
