"""Naive oracle: a rigid sphere as plain sums over orders, sharing no code with the tool.

A rigid sphere of radius a, derived
-----------------------------------

1.  *Source on the surface.* Outside, the pressure is a sum of outgoing waves about the axis through the source,

        p(r, θ) = Σ A_n h_n(kr) P_n(cos θ).

    The surface moves with the radial velocity v(θ) = Σ V_n P_n(cos θ), and jωρ v_r = -∂p/∂r at r = a, hence

        A_n = -jωρ V_n / (k h_n'(ka)).

    A cap moves with the uniform radial velocity u over θ < α, so that, from ∫_{cos α}^{1} P_n dx =
    (P_{n-1}(cos α) - P_{n+1}(cos α))/(2n+1) with P_{-1} = 1,

        V_n = (2n+1)/2 · u ∫_{cos α}^{1} P_n dx = (u/2) (P_{n-1}(cos α) - P_{n+1}(cos α)).

    Its volume velocity is Q = u · 2πa² (1 - cos α). A point source of volume velocity Q in free field has
    p = jωρQ/(4π) · e^{-jkr}/r; dividing by jωρQ/(4π) gives

        p(r, θ) = -1/(ka²) Σ S_n · h_n(kr)/h_n'(ka) · P_n(cos θ),
        S_n = (P_{n-1}(cos α) - P_{n+1}(cos α)) / (1 - cos α)   for a cap,
        S_n = 2n+1                                             for a point source (α → 0).

    Check, ka → 0: only n = 0 is left, h_0(x) = j e^{-jx}/x, h_0'(x) → -j/x², so p → e^{-jkr}/r.

2.  *Source outside* at r_s > a, receiver at r. The free field is, with r< and r> the smaller and larger of r and r_s,

        e^{-jkR}/R = -jk Σ (2n+1) j_n(kr<) h_n(kr>) P_n(cos θ),

    and ∂p/∂r = 0 at r = a fixes the scattered wave, with both distances outside,

        p = e^{-jkR}/R + jk Σ (2n+1) · j_n'(ka) h_n(kr_s) · h_n(kr)/h_n'(ka) · P_n(cos θ).

    With the receiver on the surface, r = a, the two sums join: j_n h_n' - j_n' h_n = -j/(ka)² (Wronskian), so

        p = -1/(ka²) Σ (2n+1) · h_n(kr_s)/h_n'(ka) · P_n(cos θ),

    which is Duda and Martens' sphere at finite distance, and formula 1 with source and receiver exchanged.

3.  *k = 0.* h_n(x) → j (2n-1)!!/x^{n+1}, so h_n(kr)/h_n'(ka) → -k a^{n+2} / ((n+1) r^{n+1}), and

        p = Σ S_n/(n+1) · a^n/r^{n+1} · P_n(cos θ)                                   (one of the two on the surface)
        p = 1/R + Σ n/(n+1) · a^{2n+1}/(r^{n+1} r_s^{n+1}) · P_n(cos θ)              (both outside).
"""

import cmath
import math
from functools import lru_cache

from scipy.special import eval_legendre, spherical_jn, spherical_yn

MOST_TERMS = 20_000


AT_ONCE = 64
"""Orders that are asked of scipy together: a call costs as much as a hundred of them."""


@lru_cache(maxsize=4096)
def _hankels(block: int, x: float, derivative: bool = False) -> tuple[complex, ...]:
    n = range(block * AT_ONCE, (block + 1) * AT_ONCE)
    real, imaginary = (function(n, x, derivative).tolist() for function in (spherical_jn, spherical_yn))
    return tuple(complex(j, -y) for j, y in zip(real, imaginary, strict=True))


def _hankel(n: int, x: float) -> complex:
    return _hankels(n // AT_ONCE, x)[n % AT_ONCE]


def _hankel_slope(n: int, x: float) -> complex:
    return _hankels(n // AT_ONCE, x, True)[n % AT_ONCE]


@lru_cache(maxsize=4096)
def _radial_ratios(wavenumber: float, radius_m: float, distance_m: float, tolerance: float) -> tuple[complex, ...]:
    """h_n(kr)/h_n'(ka)/k, n = 0, 1, ... until (2n+1) times it is negligible; at k = 0 its limit."""
    ratios: list[complex] = []
    largest = 0.0
    small_in_a_row = 0
    for n in range(MOST_TERMS):
        if wavenumber == 0.0:
            ratio = complex(-radius_m / (n + 1) * (radius_m / distance_m) ** (n + 1))
        else:
            above = _hankel(n, wavenumber * distance_m)
            below = _hankel_slope(n, wavenumber * radius_m)
            if not (cmath.isfinite(above) and cmath.isfinite(below)):
                break
            ratio = above / below / wavenumber
        ratios.append(ratio)
        size = (2 * n + 1) * abs(ratio)
        largest = max(largest, size)
        small_in_a_row = small_in_a_row + 1 if size < tolerance * largest and n > wavenumber * radius_m else 0
        if small_in_a_row == 3:
            return tuple(ratios)
    raise ArithmeticError(
        f"the sphere's series stopped at n = {len(ratios)}: k = {wavenumber}, a = {radius_m}, r = {distance_m}"
    )


def _source_strength(n: int, cos_rim: float) -> float:
    """S_n of the derivation: what the source on the surface gives to order n; cos_rim = 1 is a point source."""
    if cos_rim == 1.0:
        return 2.0 * n + 1.0
    before = 1.0 if n == 0 else float(eval_legendre(n - 1, cos_rim))
    after = float(eval_legendre(n + 1, cos_rim))
    return (before - after) / (1.0 - cos_rim)


@lru_cache(maxsize=1 << 16)  # channels and tests that hear the same sources
def naive_sphere_pressure(
    wavenumber: float,
    sphere_radius_m: float,
    source_distance_m: float,
    receiver_distance_m: float,
    cos_angle: float,
    cap_radius_m: float = 0.0,
    tolerance: float = 1e-17,
) -> complex:
    """Pressure outside or on a rigid sphere, from a point source outside or on it, or from a cap that vibrates on it.

    Distances are from the sphere's centre, `cos_angle` is between the directions to source and receiver. A cap
    (`cap_radius_m`, of its rim, > 0) has its middle at the source and needs the source on the surface. `tolerance` is
    the size of the last terms relative to the largest one; ArithmeticError where the terms do not get that small.
    """
    k, a, r_s, r = wavenumber, sphere_radius_m, source_distance_m, receiver_distance_m
    if a <= 0.0 or r_s < a or r < a:
        raise ValueError(f"source ({r_s} m) and receiver ({r} m) must be outside or on the sphere ({a} m)")
    if cap_radius_m > 0.0 and r_s != a:
        raise ValueError("a cap must be on the sphere's surface")

    if r_s == a or r == a:
        away = max(r_s, r)
        cos_rim = math.sqrt(1.0 - (cap_radius_m / a) ** 2) if cap_radius_m > 0.0 else 1.0
        total = 0j
        for n, ratio in enumerate(_radial_ratios(k, a, away, tolerance)):
            total += _source_strength(n, cos_rim) * ratio * float(eval_legendre(n, cos_angle))
        return -total / a**2

    apart = math.sqrt(r_s**2 + r**2 - 2.0 * r_s * r * cos_angle)
    total = cmath.exp(-1j * k * apart) / apart
    # The ratio of the larger distance ends the sum: the other factor, j_n'(ka) h_n(k r<), only shrinks once n > ka.
    for n, ratio in enumerate(_radial_ratios(k, a, max(r, r_s), tolerance)):
        if k == 0.0:
            other = n / (n + 1) * (a / r) ** (n + 1) * (a / r_s) ** (n + 1) / a
            total += other * float(eval_legendre(n, cos_angle))
        else:
            slope = float(spherical_jn(n, k * a, derivative=True))
            near = _hankel(n, k * min(r, r_s))
            total += 1j * k * (2 * n + 1) * slope * near * ratio * k * float(eval_legendre(n, cos_angle))
    return total
