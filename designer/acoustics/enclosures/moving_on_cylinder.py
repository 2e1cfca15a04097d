"""Slopes of the field of drivers on a rigid cylinder, as each moves along a tangent.

In equation (1) of `cylinder` the driver's azimuth φ₀ is in cos n(φ-φ₀) alone and its height z₀ in cos q(z-z₀) alone:

    ∂/∂φ₀:  n sin n(φ-φ₀),        ∂/∂z₀:  q sin q(z-z₀),        in the far field jk cos θ times itself,             (1)

and in (4) of `cylinder_ears` -jn and jq times each term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.enclosures.cylinder_axial import axial_terms
from designer.arrays import Complex, Index, Real

TOLERANCE = 1e-10
MIN_HEIGHT_M = 1e-7
"""Below it the slope by the height is that of 0, 0."""


class _Turned(CylinderEnclosure):
    """Slopes by the azimuth."""

    def _azimuthal(self, terms: int, azimuth_rad: Real) -> Real:
        """Factors n w_n sin n(φ-φ₀) for azimuths (M,): (N, M, L)."""
        n = np.arange(terms)[:, None]
        weight = n * np.sinc(n * (self.half_width_m / self.radius_m) / np.pi)
        return np.asarray(np.sin(n[:, :, None] * (azimuth_rad[:, None] - self.azimuth_rad)) * weight[:, None, :])


class _Raised(CylinderEnclosure):
    """Slopes by the height."""

    even: ClassVar[bool] = False

    def _axial(self, k: Real, away_m: Real, height_m: Real, half_height_m: Real) -> Complex:
        """Slopes of the terms by |z - z₀| (N, F, P)."""
        (at,) = np.nonzero(height_m > MIN_HEIGHT_M)
        if not at.size:
            return np.zeros((1, k.size, height_m.size), dtype=complex)
        lengths_m = away_m[at], height_m[at], half_height_m[at]
        slopes = axial_terms(k, self.radius_m, *lengths_m, tolerance=TOLERANCE, rising=True)
        terms = np.zeros((*slopes.shape[:2], height_m.size), dtype=complex)
        terms[:, :, at] = slopes
        return terms

    def field(self, k: Real, points_m: Real) -> Complex:
        """Slopes (F, M, L) at points (M, 3)."""
        return super().field(k, points_m) * np.sign(self.height_m - points_m[:, 2:])


@dataclass(frozen=True)
class MovingOnCylinder(CylinderEnclosure):
    """Slopes of a cylinder's drivers as each turns by so many radians and rises by so many metres (L,)."""

    turn_rad: Real
    rise_m: Real

    def field(self, k: Real, points_m: Real) -> Complex:
        """Slopes (F, M, L) at points (M, 3) outside the cylinder, by (1)."""
        slopes = np.zeros((k.size, len(points_m), len(self.height_m)), dtype=complex)
        for kind, share in ((_Turned, self.turn_rad), (_Raised, self.rise_m)):
            (at,) = np.nonzero(share)
            if at.size:
                slopes[..., at] += self._of(kind, at).field(k, points_m) * share[at]
        return slopes

    def far_field(self, k: Real, directions: Real) -> Complex:
        """Slopes of the far field (F, M, L) for unit vectors (M, 3)."""
        everywhere = np.arange(len(self.height_m))
        turned = self._of(_Turned, everywhere).far_field(k, directions) * self.turn_rad
        still = self._of(CylinderEnclosure, everywhere).far_field(k, directions)
        return np.asarray(turned + still * (1j * np.multiply.outer(k, directions[:, 2])[..., None] * self.rise_m))

    def _of(self, kind: type[CylinderEnclosure], at: Index) -> CylinderEnclosure:
        shape = self.azimuth_rad, self.height_m, self.half_width_m, self.half_height_m
        return kind(self.radius_m, *(part[at] for part in shape))

    def _moves(self, height_m: float, drivers: Index) -> tuple[Real, Real]:
        """Changes of the drivers' azimuths, and of their distances from a height (L,)."""
        return self.turn_rad[drivers], self.rise_m[drivers] * np.sign(self.height_m[drivers] - height_m)
