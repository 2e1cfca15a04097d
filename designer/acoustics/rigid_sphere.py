"""A rigid sphere: as an enclosure with drivers on its surface, and as a head that a point source meets.

A source on the surface with normal velocity u(γ) = Σ U_n P_n(cos γ) radiates p = Σ A_n h_n(kr) P_n, where h_n is the
spherical Hankel function of the second kind (outgoing for e^{+jωt}). From -∂p/∂r = jωρ₀ u at r = a:

    A_n = -jρ₀c U_n / h_n'(ka)

A point source of volume velocity q has U_n = (2n+1) q / (4πa²); its free-field pressure would be jωρ₀q e^{-jkr}/(4πr).
Relative to that reference,

    p(r, γ) = -1/(ka²) Σ (2n+1) w_n [h_n(kr) / h_n'(ka)] P_n(cos γ)                                           (1)

with w_n = 1 for a point. A cap of half angle α that moves radially with one velocity has
U_n ∝ P_{n-1}(cos α) - P_{n+1}(cos α), hence, divided by its volume velocity 2πa²(1 - cos α),

    w_0 = 1,   w_n = [P_{n-1}(cos α) - P_{n+1}(cos α)] / [(2n+1)(1 - cos α)]                                  (2)

so that ka → 0 is the point source in free field. In the far field, r e^{jkr} h_n(kr) → j^{n+1}/k, and

    r e^{jkr} p → -1/(ka)² Σ (2n+1) w_n [j^{n+1} / h_n'(ka)] P_n(cos γ)                                       (3)

By reciprocity (1) with w_n = 1 is also the pressure *on* the sphere at the angle γ from a point source at the
distance r: the rigid-sphere head of Duda and Martens (JASA 104, 1998, eq. 3, there relative to the free field at the
centre, and in e^{-iωt}).

Summation. h_n overflows where the terms are still needed, so nothing but ratios is kept. With q_n(x) =
h_n(x)/h_{n-1}(x),

    q_1 = 1/x + j,   q_{n+1} = (2n+1)/x - 1/q_n                                                                (4)

runs upwards, the direction in which h_n dominates and the recurrence is stable. Then h_n(kr)/h_n(ka) is a product of
q_n(kr)/q_n(ka), each of magnitude at most about 1, and h_n'(ka)/h_n(ka) = 1/q_n(ka) - (n+1)/(ka).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real

MIN_KA = 1e-6
"""Below this ka the sphere is at its static limit to double precision; 0 Hz is computed here."""
MAX_TERMS = 5000


def cap_weights(cos_half_angle: float, terms: int) -> Real:
    """w_n of equation (2), (terms,); a half angle of 0 is a point."""
    if cos_half_angle >= 1.0:
        return np.ones(terms)
    legendre = np.empty(terms + 2)
    legendre[:2] = 1.0, cos_half_angle
    for n in range(1, terms + 1):
        legendre[n + 1] = ((2 * n + 1) * cos_half_angle * legendre[n] - n * legendre[n - 1]) / (n + 1)
    odd = 2 * np.arange(1, terms) + 1
    weights = np.ones(terms)
    weights[1:] = (legendre[:-3] - legendre[2:-1]) / (odd * (1 - cos_half_angle))
    return weights


def sphere_pressure(
    ka: Real, distance_ratio: Real, cos_angle: Real, *, cos_half_angle: Real | float = 1.0, tolerance: float = 1e-13
) -> Complex:
    """Equation (1) times the radius a; for an infinite distance, equation (3).

    Parameters
    ----------
    ka : (F,) wave number times the sphere's radius
    distance_ratio : (U,) r/a, at least 1; np.inf is the far field
    cos_angle : (U, K) cosine of the angle between the source and the point, as seen from the centre
    cos_half_angle : broadcasts to (U, K); cosine of the half angle of the vibrating cap, 1 for a point
    tolerance : terms are added until they fall below this, relative to the largest sum

    Returns
    -------
    (F, U, K) pressure times a (finite distance), or r e^{jkr} p (infinite distance)

    """
    ka = np.maximum(ka, MIN_KA)[:, None]
    ratio = np.asarray(distance_ratio, dtype=float)
    far = np.isinf(ratio)
    kr = ka * np.where(far, 1.0, ratio)
    cos_angle = np.asarray(cos_angle, dtype=float)
    cap = np.broadcast_to(np.asarray(cos_half_angle, dtype=float), cos_angle.shape)
    caps = np.unique(cap)
    # n = 0: h_0(x) = j e^{-jx}/x and h_0'(x) = -h_1(x) = -q_1(x) h_0(x).
    q_a, q_r = 1 / ka + 1j, 1 / kr + 1j
    h_ratio = np.where(far, 1j / (1j * np.exp(-1j * ka)), ka / kr * np.exp(-1j * (kr - ka)))  # h_n(kr)/h_n(ka)
    log_derivative = -q_a
    previous, legendre = np.zeros_like(cos_angle), np.ones_like(cos_angle)
    cap_legendre = [np.zeros_like(caps), np.ones_like(caps), caps]  # P_{n-1}, P_n, P_{n+1} at the caps' rims
    total = np.zeros((ka.size, *cos_angle.shape), dtype=complex)
    small = 0
    for n in range(MAX_TERMS):
        radial = -(2 * n + 1) / ka * h_ratio / log_derivative
        term = radial[:, :, None] * (legendre * _cap_weight(n, caps, cap, cap_legendre))
        total += term
        # The largest addition that any angle could get: |P_n| <= 1. Caps' weights may pass zero, so they do not count.
        small = small + 1 if np.abs(radial).max(initial=0.0) <= tolerance * np.abs(total).max(initial=0.0) else 0
        if small >= 2:
            return total
        # On to n + 1.
        h_ratio = h_ratio * (np.where(far, 1j, q_r) / q_a)
        log_derivative = 1 / q_a - (n + 2) / ka
        q_a, q_r = (2 * n + 3) / ka - 1 / q_a, (2 * n + 3) / kr - 1 / q_r
        previous, legendre = legendre, ((2 * n + 1) * cos_angle * legendre - n * previous) / (n + 1)
        cap_legendre = [
            cap_legendre[1],
            cap_legendre[2],
            ((2 * n + 3) * caps * cap_legendre[2] - (n + 1) * cap_legendre[1]) / (n + 2),
        ]
    return total


def _cap_weight(n: int, caps: Real, cap: Real, legendre: list[Real]) -> Real | float:
    """w_n of equation (2) for every point; `caps` are the distinct rims, `cap` says which is whose."""
    if n == 0 or caps[0] >= 1.0:
        return 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(caps < 1.0, (legendre[0] - legendre[2]) / ((2 * n + 1) * (1 - caps)), 1.0)
    return np.asarray(weight[np.searchsorted(caps, cap)])


def far_field_terms(ka: Real) -> Complex:
    """Magnitudes' carriers j^{n+1} / ((ka)² h_n'(ka)) of equation (3), (F, N), with N enough for double precision."""
    ka = np.maximum(ka, MIN_KA)
    largest = float(ka.max())
    terms = int(np.ceil(largest + 8 * largest ** (1 / 3))) + 15
    out = np.empty((ka.size, terms), dtype=complex)
    q_a = 1 / ka + 1j
    carrier = np.exp(1j * ka) * ka  # j^{n+1} / h_n(ka) at n = 0
    log_derivative = -q_a
    for n in range(terms):
        out[:, n] = -carrier / (ka**2 * log_derivative)
        carrier = carrier * 1j / q_a
        log_derivative = 1 / q_a - (n + 2) / ka
        q_a = (2 * n + 3) / ka - 1 / q_a
    return out


@dataclass(frozen=True)
class SphereEnclosure:
    """Drivers on a rigid sphere around the origin: point sources, or caps with the rim's radius.

    directions : unit vectors of the drivers (L, 3)
    rim_radius_m : (L,) radius of each cap's rim; 0 for a point source
    """

    radius_m: float
    directions: Real
    rim_radius_m: Sequence[float]

    @property
    def cos_half_angle(self) -> Real:
        """Cosine of each cap's half angle (L,): the rim lies on the sphere, so that sin α = rim radius / a."""
        return np.sqrt(1 - (np.asarray(self.rim_radius_m) / self.radius_m) ** 2)

    def source_places_m(self) -> Real:
        """A head sees all the sound come from the enclosure's centre (L, 3)."""
        return np.zeros((len(self.directions), 3))

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3) outside the sphere, relative to an ideal source's at 1 m."""
        distance_m = np.linalg.norm(points_m, axis=1)
        cos_angle = np.clip(points_m / distance_m[:, None] @ self.directions.T, -1.0, 1.0)
        unique, inverse = np.unique(np.round(distance_m / self.radius_m, 12), return_inverse=True)
        if unique.size == 1:  # a circle: one radial function serves all
            flat = sphere_pressure(
                k * self.radius_m,
                unique,
                cos_angle.reshape(1, -1),
                cos_half_angle=np.broadcast_to(self.cos_half_angle, cos_angle.shape).reshape(1, -1),
            )
            return flat.reshape(k.size, *cos_angle.shape) / self.radius_m
        return (
            sphere_pressure(k * self.radius_m, unique[inverse], cos_angle, cos_half_angle=self.cos_half_angle)
            / self.radius_m
        )

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p: (F, M, L) for unit vectors (M, 3)."""
        cos_angle = np.clip(directions @ self.directions.T, -1.0, 1.0)
        flat = sphere_pressure(
            k * self.radius_m,
            np.array([np.inf]),
            cos_angle.reshape(1, -1),
            cos_half_angle=np.broadcast_to(self.cos_half_angle, cos_angle.shape).reshape(1, -1),
        )
        return flat.reshape(k.size, *cos_angle.shape)

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L), so that w^H Q w is the mean over the sphere of the far field's squared magnitude.

        By the addition theorem the mean of P_n(cos γ_i) P_n(cos γ_j) over all directions is P_n(cos γ_ij)/(2n+1).
        """
        squared = np.abs(far_field_terms(k * self.radius_m)) ** 2
        terms = squared.shape[1]
        weights = np.stack([cap_weights(float(c), terms) for c in self.cos_half_angle], axis=1)  # (N, L)
        cos_between = np.clip(self.directions @ self.directions.T, -1.0, 1.0)
        legendre = np.empty((terms, *cos_between.shape))
        legendre[0], legendre[1] = 1.0, cos_between
        for n in range(1, terms - 1):
            legendre[n + 1] = ((2 * n + 1) * cos_between * legendre[n] - n * legendre[n - 1]) / (n + 1)
        order = np.arange(terms)[:, None, None]
        kernel = (2 * order + 1) * weights[:, :, None] * weights[:, None, :] * legendre
        return np.asarray(np.einsum("fn,nij->fij", squared, kernel), dtype=complex)


def head_diffraction(k: Real, head_radius_m: float, centre_m: Real, source_m: Real, ears_m: Real) -> Complex:
    """Pressure on a rigid-sphere head over the free-field pressure at the same place, for point sources.

    Parameters
    ----------
    k : (F,) wave number, rad/m
    centre_m : (D, 3) centres of the heads
    source_m : (S, 3) places of the sources
    ears_m : (D, K, 3) points on the heads

    Returns
    -------
    (F, D, K, S)

    """
    towards = source_m[None, :, :] - centre_m[:, None, :]  # (D, S, 3)
    distance_m = np.linalg.norm(towards, axis=-1)
    outward = (ears_m - centre_m[:, None, :]) / head_radius_m  # (D, K, 3)
    cos_angle = np.clip(np.einsum("dsx,dkx->dsk", towards / distance_m[..., None], outward), -1.0, 1.0)
    heads, sources = distance_m.shape
    pressure = sphere_pressure(
        k * head_radius_m, distance_m.ravel() / head_radius_m, cos_angle.reshape(heads * sources, -1)
    )
    pressure = pressure.reshape(k.size, heads, sources, -1).swapaxes(-1, -2) / head_radius_m  # (F, D, K, S)
    to_ear_m = np.linalg.norm(ears_m[:, :, None, :] - source_m[None, None, :, :], axis=-1)  # (D, K, S)
    free = np.exp(-1j * k[:, None, None, None] * to_ear_m) / to_ear_m
    return np.asarray(pressure / free)
