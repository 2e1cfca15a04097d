"""A rigid cylinder without end around the z axis, as an enclosure with drivers on its surface.

A source on the surface r = a with normal velocity u(φ, z) has the spectrum U_n(q) = ∫∫ u e^{-jnφ - jqz} dφ dz. Outside,
waves e^{jnφ + jqz} H_n(κr), κ = sqrt(k² - q²), with Hankel functions of the second kind, go outwards for e^{+jωt} and
die away for q > k. From -∂p/∂r = jωρ₀u at r = a,

    p = -jωρ₀/(4π²) Σ e^{jnφ} ∫ U_n(q) e^{jqz} H_n(κr) / [κ H_n'(κa)] dq

A point source of volume velocity Q at (φ₀, z₀) has U_n = (Q/a) e^{-jnφ₀ - jqz₀}; its free-field pressure would be
jωρ₀Q e^{-jkR}/(4πR). Relative to that reference, and as a sum over n >= 0 with ε_0 = 1, ε_n = 2,

    p = -2/(πa) Σ ε_n w_n cos n(φ-φ₀) ∫_0^∞ v(q) cos q(z-z₀) H_n(κr) / [κ H_n'(κa)] dq                            (1)

with w_n = v = 1 for a point. A piston that fills |φ-φ₀| <= β, |z-z₀| <= b and moves radially with one velocity has,
divided by its volume velocity, sinc x = sin(x)/x,

    w_n = sinc(nβ),   v(q) = sinc(qb)                                                                              (2)

In the far field the integral has a stationary point at q = -k cos θ, θ the angle from the axis. With
∫ H_n(κr) e^{jqz} f(q) dq -> 2 j^{n+1} f(-k cos θ) e^{-jkR}/R and x = ka sin θ,

    R e^{jkR} p -> -(2j/π) sinc(kb cos θ) e^{jkz₀ cos θ} Σ ε_n w_n j^n cos n(φ-φ₀) / [x H_n'(x)]                   (3)

ka -> 0: x H_0'(x) -> -2j/π and every other term vanishes as x^n, so that (3) is 1 in all directions: a cylinder much
thinner than the wave is not there, although it has no end, and the source is a point source in free field. On the
axis (θ = 0, x = 0) the same limit holds at every frequency. The next term is n = 1: p = 1 + 2jka sin θ cos(φ-φ₀),
where a sphere has 3/2 for 2. Near the cylinder the static field remains at any frequency: on the surface next to a
source (1) is that of a source in a plane baffle, twice the free field.

Power. With the mean of cos n(φ-φ_i) cos m(φ-φ_j) over azimuth, the mean over the sphere of conj(p_i) p_j is

    Q_ij = (4/π²) ∫_0^{π/2} S_ij(θ) sin θ dθ,                                                                      (4)
    S_ij = cos(k(z_i-z_j) cos θ) sinc(kb_i cos θ) sinc(kb_j cos θ) Σ ε_n w_ni w_nj cos n(φ_i-φ_j) / |x H_n'(x)|²

A rigid cylinder guides no wave, so that this is all the power: it equals what the piston works against the air.

The integrals of (1), of all orders, are those of `cylinder_axial`; Hankel functions enter as ratios there and in (3).

Frequencies. R e^{jkR} p, R from the axis at the driver's height, is smooth over an octave: sound arrives a before that wave, around
the back 1.6 a after it and, with 2e-6 of its level, once around again 7.9 a after it. A polynomial in k through few Chebyshev points
serves all others; below 0.4 % of the highest frequency, where k² log k is to be followed too, each is computed by itself or so.

Cost. The orders that matter are ka + 10 (ka)^{1/3} or so, but (r/a)^-n is what makes the series end near the surface:
a centimetre away it takes hundreds of terms, a millimetre away thousands.

What the model is not: a real cylinder has ends, whose diffraction is left out, and its pistons are flat and round.

Source: Morse and Ingard, Theoretical Acoustics (Princeton, 1986), section 7.3; Junger and Feit, Sound, Structures, and
Their Interaction, 2nd ed., sections 6.10 and 6.12 (both in e^{-iωt}).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import hankel2e

from designer.acoustics.chebyshev import at_few_frequencies, few_places
from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.enclosures.cylinder_axial import MAX_NUMBERS, MIN_KA, axial_terms, orders, until_small
from designer.acoustics.enclosures.cylinder_contour import is_flat
from designer.acoustics.enclosures.cylinder_ears import Balls, Drivers, ears_before_cylinder
from designer.acoustics.enclosures.discs import octaves
from designer.acoustics.quadrature import gauss_legendre
from designer.acoustics.sphere_series import NEAREST_FIELD_RADII
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real
from designer.problem.enclosures.cylinder import Cylinder
from designer.problem.schema import Driver

MAX_AWAY_RATIO = 1.25
"""Distances of heads that are answered together: the longest over the shortest."""
MIN_FREQUENCIES_AT_ONCE, MAX_FREQUENCIES_AT_ONCE, MAX_RATIO_AT_ONCE = 8, 64, 16.0
LATE_RADII, SPREAD_RADII = 2.5, 4.2
"""Sound comes from a radius before to 7 after that from the axis: straight, and once around the back and on, which leaves 1e-6."""
EXTRA_FREQUENCIES = 28
MAX_ERROR_BETWEEN = 2e-9
"""Between frequencies of an octave, of the largest in it."""
MAX_NODES, PANEL_NODES = 600, 100
"""Nodes of one rule over the angle from the axis, and of each panel of a longer one."""


def far_terms(x: Real, *, tolerance: float = 1e-13) -> Complex:
    """-(2j/π) ε_n j^n / [x H_n'(x)] of equation (3) for n = 0, 1, ... until it falls below the tolerance, (N, ...)."""
    x = np.maximum(x, MIN_KA)

    def shares() -> Iterator[Complex]:
        inverse = np.exp(1j * x) / hankel2e(0, x)  # 1/H_n
        for n, _, inverse_q, log_derivative in orders(x, x):
            yield (-2j / math.pi) * (2.0 if n else 1.0) * 1j**n * inverse / (x * log_derivative)
            inverse = inverse * inverse_q

    return until_small(shares(), tolerance)


@dataclass(frozen=True)
class CylinderEnclosure(EnclosedDrivers):
    """Drivers on a rigid cylinder around the z axis: point sources, or rectangular pistons bent on the surface.

    azimuth_rad, height_m : (L,) each driver's place on the surface
    half_width_m : (L,) half of each piston's width, along the surface; 0 for a point
    half_height_m : (L,) half of each piston's height, along z; 0 for a point
    """

    endless: ClassVar[bool] = True
    has_waves: ClassVar[bool] = True
    even: ClassVar[bool] = True
    """Whether the field is one smooth function above and below the drivers."""

    radius_m: float
    azimuth_rad: Real
    height_m: Real
    half_width_m: Real
    half_height_m: Real

    @classmethod
    def of_discs(cls, radius_m: float, places_m: Real, disc_radius_m: Sequence[float]) -> CylinderEnclosure:
        """Drivers at places (L, 3), put on the surface, each a square with the area of a disc of that radius (0: a point)."""
        half_side_m = np.asarray(disc_radius_m, dtype=float) * math.sqrt(math.pi) / 2
        azimuth_rad = np.arctan2(places_m[:, 1], places_m[:, 0])
        return cls(radius_m, azimuth_rad, places_m[:, 2].astype(float), half_side_m, half_side_m)

    def source_places_m(self) -> Real:
        """The axis at the driver's height, around which the sound leaves the surface (L, 3)."""
        return np.stack([np.zeros_like(self.height_m), np.zeros_like(self.height_m), self.height_m], axis=-1)

    def source_extent_m(self) -> Real:
        """The radius and a fifth more, as on a sphere (L,)."""
        return np.full(len(self.height_m), NEAREST_FIELD_RADII * self.radius_m)

    def extent_m(self, drivers: Sequence[int]) -> float:
        """Radius of the sphere around the origin that holds the pistons of some drivers, and the cylinder beside them."""
        heights_m = np.abs(self.height_m) + self.half_height_m
        return math.hypot(self.radius_m, max(float(heights_m[l]) for l in drivers))

    def moving(self, along_m: Real) -> CylinderEnclosure:
        """The device of the slopes along tangents (L, 3)."""
        from designer.acoustics.enclosures.moving_on_cylinder import MovingOnCylinder  # which is one of these

        around = np.stack([-np.sin(self.azimuth_rad), np.cos(self.azimuth_rad)], axis=-1)
        turn = np.sum(along_m[:, :2] * around, axis=1) / self.radius_m
        shape = self.azimuth_rad, self.height_m, self.half_width_m, self.half_height_m
        return MovingOnCylinder(self.radius_m, *shape, turn, along_m[:, 2].astype(float))

    def _axial(self, k: Real, away_m: Real, height_m: Real, half_height_m: Real) -> Complex:
        """Terms of equation (1) (N, F, P)."""
        return axial_terms(k, self.radius_m, away_m, height_m, half_height_m)

    def _azimuthal(self, terms: int, azimuth_rad: Real) -> Real:
        """w_n cos n(φ-φ₀) for azimuths (M,): (N, M, L)."""
        n = np.arange(terms)[:, None]
        weight = np.sinc(n * (self.half_width_m / self.radius_m) / np.pi)
        return np.asarray(np.cos(n[:, :, None] * (azimuth_rad[:, None] - self.azimuth_rad)) * weight[:, None, :])

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3) outside the cylinder, relative to an ideal source's at 1 m."""
        azimuth_rad = np.arctan2(points_m[:, 1], points_m[:, 0])
        away_m = np.hypot(points_m[:, 0], points_m[:, 1]) - self.radius_m
        apart_m = np.abs(points_m[:, 2:] - self.height_m)  # (M, L)
        heights = np.round(np.stack(np.broadcast_arrays(apart_m, self.half_height_m), axis=-1).reshape(-1, 2), 12)
        length_m = np.hypot(np.repeat(away_m, len(self.height_m)) + self.radius_m, heights[:, 0])

        def relative(wave_numbers: Real) -> Complex:
            """Over the wave of a source on the axis at the driver's height (F, M L)."""
            ascending = np.argsort(wave_numbers, kind="stable")
            out = np.empty((wave_numbers.size, len(heights)), dtype=complex)
            for rows in _blocks(wave_numbers.size, MAX_FREQUENCIES_AT_ONCE):
                indices = ascending[rows]
                pressure = self._at_few_places(wave_numbers[indices], points_m, azimuth_rad)
                if pressure is None:
                    pressure = self._at_each_distance(wave_numbers[indices], away_m, heights, azimuth_rad)
                out[indices] = pressure
            return np.asarray(out * phase(np.outer(wave_numbers, length_m)) * length_m)

        h = np.empty((k.size, len(heights)), dtype=complex)
        for octave in _octaves(k):
            few = at_few_frequencies(
                relative,
                k[octave],
                SPREAD_RADII * self.radius_m,
                late_m=LATE_RADII * self.radius_m,
                extra=EXTRA_FREQUENCIES,
                missed=MAX_ERROR_BETWEEN,
            )
            h[octave] = few * phase(-np.outer(k[octave], length_m)) / length_m
        return h.reshape(k.size, *apart_m.shape)

    def _at_each_distance(self, k: Real, away_m: Real, heights: Real, azimuth_rad: Real) -> Complex:
        """Pressure (F, M L) of points r - a away, each driver's |z - z₀| and half height (M L, 2) below or above them."""
        distances = np.repeat(np.round(away_m, 12), len(self.height_m))
        unique, inverse = np.unique(np.column_stack([distances, heights]), axis=0, return_inverse=True)
        members = np.argsort(inverse.ravel(), kind="stable")
        bounds = np.searchsorted(inverse.ravel()[members], np.arange(len(unique) + 1))
        h = np.empty((k.size, len(heights)), dtype=complex)
        for part in _blocks(len(unique), max(1, MAX_NUMBERS // (40 * k.size))):
            terms = self._axial(k, *unique[part].T)
            azimuthal = self._azimuthal(len(terms), azimuth_rad).reshape(len(terms), -1)
            for p in range(part.start, part.stop):
                group = members[bounds[p] : bounds[p + 1]]
                h[:, group] = _summed(terms[:, :, p - part.start], azimuthal[:, group])
        return h

    def _at_few_places(self, k: Real, points_m: Real, azimuth_rad: Real) -> Complex | None:
        """As `_at_each_distance`, from few distances at few heights; None where that is about as many integrals."""
        distance_m, height_m = np.round(np.hypot(points_m[:, 0], points_m[:, 1]), 12), np.round(points_m[:, 2], 12)
        above_m = height_m[:, None] - self.height_m
        one_side = ((above_m >= 0).all(axis=0) | (above_m <= 0).all(axis=0)).all()

        def without_wave(distances_m: Real, heights_m: Real) -> Complex:
            """The axial terms times R e^{jkR} (N, F, Q, L), R to the driver's height on the axis."""
            under_m = np.round(np.abs(heights_m[:, None] - self.height_m), 12)
            lengths_m = np.broadcast_arrays(distances_m[:, None], under_m, self.half_height_m)
            unique, inverse = np.unique(np.stack(lengths_m, axis=-1).reshape(-1, 3), axis=0, return_inverse=True)
            length_m = np.hypot(unique[:, 0], unique[:, 1])
            terms = self._axial(k, unique[:, 0] - self.radius_m, unique[:, 1], unique[:, 2])
            terms *= np.exp(1j * np.outer(k, length_m)) * length_m
            return np.asarray(terms[:, :, inverse.ravel()].reshape(len(terms), k.size, *under_m.shape))

        few = few_places(without_wave, distance_m, height_m, smooth=bool(self.even or one_side))
        if few is None:
            return None
        terms, along, across = few  # (N, F, Z, Q, L)
        share = (along[:, :, None] * across[:, None, :]).reshape(len(points_m), -1)
        azimuthal = self._azimuthal(len(terms), azimuth_rad)  # (N, M, L)
        h = np.empty((k.size, *above_m.shape), dtype=complex)
        for l in range(above_m.shape[1]):
            at_few = np.ascontiguousarray(terms[..., l]).reshape(len(terms) * k.size, -1)
            at_places = (at_few.real @ share.T + 1j * (at_few.imag @ share.T)).reshape(len(terms), k.size, -1)
            h[..., l] = np.einsum("nfm,nm->fm", at_places, azimuthal[..., l])
        length_m = np.hypot(distance_m[:, None], above_m)
        return np.asarray((h * np.exp(-1j * np.multiply.outer(k, length_m)) / length_m).reshape(k.size, -1))

    def is_dear(self, k_max: float, radius_m: float, centres_m: Real) -> Bool:
        """Whether the field costs more than `ears_of_balls` at spheres' centres (D,): its integrals are on tilted contours."""
        away_m = np.hypot(centres_m[:, 0], centres_m[:, 1]) - radius_m - self.radius_m
        edges_m = (np.abs(centres_m[:, 2:] - self.height_m) + self.half_height_m).max(axis=1)
        return np.asarray(~is_flat(k_max, away_m, edges_m))

    def ears_of_balls(self, k: Real, radius_m: float, centres_m: Real, left: Real) -> tuple[Complex, Bool]:
        """Pressure (F, D, 2, L) at both ends of rigid spheres' horizontal axes, and where it is known (F, D): (4) of `cylinder_ears`."""
        away_m, azimuth_rad = np.hypot(centres_m[:, 0], centres_m[:, 1]), np.arctan2(centres_m[:, 1], centres_m[:, 0])
        out = np.empty((k.size, len(centres_m), 2, len(self.height_m)), dtype=complex)
        known = np.ones(out.shape[:2], dtype=bool)
        for places, groups in self._groups(centres_m, away_m, radius_m):
            balls = Balls(radius_m, away_m[places], azimuth_rad[places], math.atan2(left[1], left[0]))
            height_m = float(centres_m[places[0], 2])
            for octave in _octaves(k):
                rows = octave[np.argsort(k[octave])]
                for drivers in groups:
                    under_m = np.round(np.abs(height_m - self.height_m[drivers]), 12)
                    halves_m = self.half_width_m[drivers], self.half_height_m[drivers]
                    group = Drivers(self.radius_m, self.azimuth_rad[drivers], under_m, *halves_m)
                    ears = ears_before_cylinder(k[rows], group, balls, self._moves(height_m, drivers))
                    if ears is None:
                        known[np.ix_(rows, places)] = False
                        break
                    out[np.ix_(rows, places, np.arange(2), drivers)] = ears
        return out, known

    def _moves(self, height_m: float, drivers: Index) -> tuple[Real, Real] | None:
        """Changes of drivers' azimuths and of their heights under (or over) a height (L,) that the ears' are wanted of; None: no change."""
        return None

    def _groups(self, centres_m: Real, away_m: Real, apart_m: float) -> Iterator[tuple[Index, list[Index]]]:
        """Centres at one height and about as far away, with groups of drivers whose heights over or under them differ by no more than
        `apart_m`; those that differ most, for which a contour is least likely, are first.
        """
        heights_m = np.round(centres_m[:, 2], 12)
        shells = np.floor(np.log(away_m / away_m.min()) / math.log(MAX_AWAY_RATIO))
        for height_m, shell in np.unique(np.stack([heights_m, shells], axis=1), axis=0).tolist():
            under_m = np.abs(height_m - self.height_m)
            pending, groups = np.argsort(under_m, kind="stable"), []
            while pending.size:
                near = under_m[pending] <= under_m[pending[0]] + apart_m
                groups.append(pending[near])
                pending = pending[~near]
            groups.sort(key=lambda group: -float(np.ptp(under_m[group])))
            yield np.flatnonzero((heights_m == height_m) & (shells == shell)), groups

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p: (F, M, L) for unit vectors (M, 3)."""
        azimuth_rad = np.arctan2(directions[:, 1], directions[:, 0])
        sines, inverse = np.unique(np.round(np.hypot(directions[:, 0], directions[:, 1]), 12), return_inverse=True)
        h = np.empty((k.size, len(directions), len(self.height_m)), dtype=complex)
        ascending = np.argsort(k, kind="stable")
        for rows in _blocks(k.size, MAX_FREQUENCIES_AT_ONCE):
            indices = ascending[rows]
            for part in _blocks(len(sines), max(1, MAX_NUMBERS // (40 * len(indices)))):
                terms = far_terms(np.outer(k[indices] * self.radius_m, sines[part]))
                azimuthal = self._azimuthal(len(terms), azimuth_rad)
                for p in range(part.start, part.stop):
                    (group,) = np.nonzero(inverse == p)
                    flat = _summed(terms[:, :, p - part.start], azimuthal[:, group].reshape(len(terms), -1))
                    h[np.ix_(indices, group)] = flat.reshape(len(indices), group.size, -1)
        along = k[:, None, None] * directions[:, 2:]  # k cos θ (F, M, 1)
        return np.asarray(h * np.exp(1j * along * self.height_m) * np.sinc(along * self.half_height_m / np.pi))

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L) of equation (4), so that w^H Q w is the mean over the sphere of the far field's squared magnitude.

        Gauss-Legendre over the angle from the axis; the integrand has a weak singularity, θ³ log θ, at the axis.
        """
        drivers = len(self.height_m)
        apart_m = np.abs(self.height_m[:, None] - self.height_m)
        extent_m = float((apart_m + 2 * self.half_height_m).max()) + 2 * self.radius_m
        theta, weight = _quarter(40 + math.ceil(float(k.max(initial=0.0)) * extent_m / 2))
        weight = weight * np.sin(theta)
        halves_m = np.broadcast_to(self.half_height_m, (drivers, drivers))
        keys = np.stack([apart_m, np.maximum(halves_m, halves_m.T), np.minimum(halves_m, halves_m.T)], axis=-1)
        unique, inverse = np.unique(np.round(keys.reshape(-1, 3), 12), axis=0, return_inverse=True)
        power = np.empty((k.size, drivers**2), dtype=complex)
        ascending = np.argsort(k, kind="stable")
        for rows in _blocks(k.size, max(1, min(MAX_FREQUENCIES_AT_ONCE, MAX_NUMBERS // theta.size))):
            indices = ascending[rows]
            terms = (
                np.abs(far_terms(np.outer(k[indices], self.radius_m * np.sin(theta)))) ** 2
            )  # 4/π² ε_n²/|x H_n'(x)|²
            terms[1:] /= 2
            azimuthal = self._azimuthal(len(terms), self.azimuth_rad)  # w_nj cos n(φ_i-φ_j)
            azimuthal = azimuthal * np.diagonal(azimuthal, axis1=1, axis2=2)[:, :, None]
            azimuthal = azimuthal.reshape(len(terms), -1)
            along = np.outer(k[indices], np.cos(theta))
            for p, (apart, longer, shorter) in enumerate(unique):
                (group,) = np.nonzero(inverse.ravel() == p)
                axial = np.cos(along * apart) * np.sinc(along * longer / np.pi) * np.sinc(along * shorter / np.pi)
                power[np.ix_(indices, group)] = np.einsum("nft,ft->fn", terms, axial * weight) @ azimuthal[:, group]
        return power.reshape(k.size, drivers, drivers)


def device(enclosure: Cylinder, drivers: Sequence[Driver]) -> CylinderEnclosure:
    """The drivers put on the surface: point sources, or bent squares of the area of the driver's disc."""
    places_m = np.array([driver.position_m for driver in drivers], dtype=float)
    return CylinderEnclosure.of_discs(enclosure.radius_m, places_m, [driver.radius_m or 0.0 for driver in drivers])


def _quarter(count: int) -> tuple[Real, Real]:
    """Gauss-Legendre nodes and weights on [0, π/2]; many are on panels, because one rule of so many takes their cube in time."""
    panels = 1 if count <= MAX_NODES else math.ceil(1.2 * count / PANEL_NODES)
    node, weight = gauss_legendre(count if panels == 1 else PANEL_NODES)
    size = math.pi / 2 / panels
    return ((np.arange(panels)[:, None] + (node + 1) / 2) * size).ravel(), np.tile(weight * size / 2, panels)


def _octaves(k: Real) -> Iterator[Index]:
    """Indices of wave numbers within an octave, or within more where they are few: low ones do not pay for high ones."""
    pending: list[Index] = []
    for octave, most in reversed(list(octaves(k))):
        if pending and most > MAX_RATIO_AT_ONCE * k[pending[-1]].max():
            yield np.concatenate(pending)
            pending = []
        pending.append(octave)
        if sum(index.size for index in pending) >= MIN_FREQUENCIES_AT_ONCE:
            yield np.concatenate(pending)
            pending = []
    if pending:
        yield np.concatenate(pending)


def _blocks(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _summed(terms: Complex, angular: Real) -> Complex:
    """Σ over n of terms (N, F) times a real factor (N, K), as two real matrix products: (F, K)."""
    left = np.ascontiguousarray(terms.T)
    return np.asarray(left.real @ angular + 1j * (left.imag @ angular))
