"""The ears of rigid spheres before a cylinder's drivers, from the cylinder's waves about each sphere's centre.

At the height ζ over the driver's a cylinder's field is (`cylinder`)

    p = -1/(πa) Σ_n w_n e^{jn(φ-φ₀)} ∫ v(q) e^{-jqζ} H_n(κr) / [κ H_n'(κa)] dq                                     (1)

over all orders n and wave numbers q = k sin w, κ = k cos w. About the sphere's centre at (R, φ_R, ζ), with r', φ' - φ_R and z' from
there, Graf's theorem makes waves of it that are finite, and the expansion of plane waves makes spherical ones of these:

    H_n(κr) e^{jn(φ-φ_R)} = Σ_m H_{n-m}(κR) J_m(κr') e^{jm(φ'-φ_R)}                                                (2)
    J_m(κr') e^{jmφ'-jqz'} = 4π Σ_l j^{l-m} j_l(kϱ) P_lm(sin w) P_lm(sin θ) e^{jmφ'}                               (3)

with normalised P_lm, θ the elevation seen from the centre, and l - m even alone where θ = 0, in the horizontal plane of the ears. The
rigid sphere of radius b answers j_l(kϱ) by A_l (`sphere_series.order_answers`), so that an ear at the azimuth φ_R + α hears of (1)

    -1/(πa) Σ_n w_n e^{jn(φ_R-φ₀)} ∫ v(q) e^{-jqζ} / H_n'(κa) Σ_m H_{n-m}(κR) e^{jmα} G_m dw,
    G_m = 4π Σ_l j^{l-m} A_l P_lm(sin w) P_lm(0)                                                                   (4)

G_m knows neither device nor distance, and the orders are those of the cylinder (ka and some more) and the head (kb).

**Contour.** w = u + jv, v rising from about u = ±ψ on, ψ the direction of the head's centre, while u comes to rest at ±U:

    u = U tanh(t/2),   v = αt + δ log[(1 + e^{(t-χ)/δ}) / (1 + e^{(-t-χ)/δ})],     ψ = U tanh(χ/2)                 (5)

An order's wave is at most e^{f}, from the cylinder's surface to the points of the ball:

    f = Im κ (R-a) + Im q ζ + b |(Im κ, Im q)| + c |Im q|,   c half the height of a piston                         (6)

On the contour it falls at both ends, and nowhere rises by more than MAX_GROWTH. With d the distance of the centre and c = 0,
f = k |sinh v| [b - d sin(|u| ± ψ)]: both ends fall off where |u| is between ψ + β and π - ψ - β, sin β = b/d. U = 2 needs the fewest
nodes, and leaves that range where ψ is steep; U = π/2 is its middle, and ψ + β < π/2 wherever the head is clear of the cylinder.

The trapezoidal rule in t converges exponentially: its error with the step h is e^{f - 2πτ/h} at the most, f the largest on lines
Im t = ±τ that no zero of H_n' is near. At -t there is -w,
with the same κ, so that all but e^{-jqζ} in (4) is that of t.

Source: P. A. Martin, Multiple Scattering (Cambridge, 2006), sections 2.5 and 3.13 (Graf, spherical waves of cylindrical ones).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import fft, ifft, next_fast_len
from scipy.special import hankel2e

from designer.acoustics.enclosures.cylinder_contour import clearance
from designer.acoustics.sphere_series import order_answers, point_orders
from designer.arrays import Bool, Complex, Index, Real

MAX_REMAINDER = 1e-6
"""Smallest terms of (2) and (3), of the largest; a far ear is 65 dB down at the most."""
ERROR_NEPERS = 17.0
"""Nepers of the rule's error, and those at which the contour ends."""
MAX_GROWTH = 12.0
"""Nepers by which the waves may rise on the contour: ten digits are left."""
LIFTS = ((0.1, 0.0), (0.2, 0.0), (0.2, 0.1), (0.2, 0.2))
"""δ and α of the contours that are tried; the fewest nodes decide."""
LIMITS = (2.0, math.pi / 2)
"""U of the contours, the next where the first serves with no lift."""
MAX_SHARE_OF_LIMIT = 0.999
"""Largest ψ over U."""
STRIPS = (0.025, 0.035, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28)
MIN_CLEARANCE = 0.2
"""From a zero of H_n', in κa."""
STEPS = np.linspace(-8.0, 8.0, 321)
STRIP_STEPS = 40
ROUNDING, MAX_ROUNDING = 1e-15, 1e-7
"""Share of the largest product that a Fourier transform leaves, and what it may leave of the pressure at an ear; else sums are direct."""
MAX_NUMBERS = 120_000
"""Frequencies, nodes, balls and orders that are held at once."""
MAX_HEARD = 2_000_000
"""Numbers of G_m that are made together, for frequencies that have the table of P_lm in common."""
DIRECT_AT_ONCE = 8
"""Products without a transform that are held at once, as matrices."""
ORDERS_AT_ONCE = 16
"""Orders m whose tables are held at once."""


@dataclass(frozen=True)
class Balls:
    """Rigid spheres of one radius at one height: each centre's R and φ_R (D,) from the cylinder's axis, and the left ears' azimuth."""

    radius_m: float
    distance_m: Real
    azimuth_rad: Real
    ear_rad: float


@dataclass(frozen=True)
class Drivers:
    """Drivers on a cylinder: its radius, and of each (L,) azimuth, |ζ| of the balls over it, half width and half height, 0 of a point."""

    radius_m: float
    azimuth_rad: Real
    under_m: Real
    half_width_m: Real
    half_height_m: Real


@dataclass(frozen=True)
class _Curve:
    """Equation (5): U, χ, δ and α."""

    limit: float
    chi: float
    delta: float
    alpha: float

    def at(self, t: Real | Complex) -> tuple[Complex, Complex]:
        """The w of t (T,), and dw/dt."""
        up, down, turned = np.exp((t - self.chi) / self.delta), np.exp((-t - self.chi) / self.delta), np.tanh(t / 2)
        w = self.limit * turned + 1j * (self.alpha * t + self.delta * (np.log1p(up) - np.log1p(down)))
        return w, self.limit / 2 * (1 - turned**2) + 1j * (self.alpha + up / (1 + up) + down / (1 + down))


@dataclass(frozen=True)
class _Reach:
    """Lengths of (6): R - a and ζ, each at the least and the most, b, c, the cylinder's radius, and the extreme wave numbers."""

    away_m: Real  # (2, 1, 1)
    under_m: Real  # (2, 1)
    radius_m: float
    half_height_m: float
    cylinder_m: float
    k: Real  # (2, 1, 1, 1)

    def nepers(self, w: Complex) -> Real:
        """Largest exponent f (T,)."""
        down, aside = np.cos(w).imag, np.sin(w).imag
        f = self.radius_m * np.hypot(down, aside) + self.half_height_m * np.abs(aside)
        f = f + down * self.away_m + aside * self.under_m
        return np.asarray((self.k * f).max(axis=(0, 1, 2)))

    def is_clear(self, w: Complex) -> bool:
        """Whether no zero of H_n' is near."""
        return bool(
            (clearance(np.asarray(self.k[:, 0, 0] * self.cylinder_m * np.cos(w), dtype=complex)) > MIN_CLEARANCE).all()
        )


@dataclass(frozen=True)
class _About:
    """Functions that balls at one distance share: H_p(κR) (F, Q, 2P - 1), its spectrum, G_m (F, Q, 2M - 1), and an order's part that
    goes out (F, Q, 2N - 1).
    """

    at_centre: Complex
    spectrum: Complex
    waves: Complex
    outgoing: Complex

    @cached_property
    def direct(self) -> tuple[Index, ...]:
        """Frequencies and nodes (P,), (P,) whose products a transform rounds too much."""
        largest = (np.abs(part).max(axis=-1) for part in (self.at_centre, self.waves, self.outgoing))
        return np.nonzero(ROUNDING * math.prod(largest) > MAX_ROUNDING)


@np.errstate(all="ignore")  # numbers out of range are looked for at the end
def ears_before_cylinder(
    k: Real, drivers: Drivers, balls: Balls, moves: tuple[Real, Real] | None = None
) -> Complex | None:
    """Pressure at the left and the right ear (F, D, 2, L), relative to an ideal source's at 1 m; None where no contour serves.

    Beside a head that all but touches a wide cylinder, orders far beyond κR leave the range of numbers: None, too.

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m, in ascending order
    moves : tuple of (L,) float array or None, changes of φ₀ and |ζ|: (4)'s own change with them, -jn and -jq times its terms

    """
    a, nearest_m, least_m = drivers.radius_m, float(balls.distance_m.min()), float(drivers.under_m.min())
    ends_m = np.array([nearest_m, balls.distance_m.max()])[:, None, None] - a
    under_m, half_m = np.array([[least_m], [drivers.under_m.max()]]), float(drivers.half_height_m.max())
    contour = _contour(_Reach(ends_m, under_m, balls.radius_m, half_m, a, k[[0, -1], None, None, None]))
    if contour is None:
        return None
    w, dw, sides = contour
    gap = (math.hypot(nearest_m, least_m) - a) / balls.radius_m
    m = point_orders(float(k[-1]) * balls.radius_m, gap, MAX_REMAINDER)
    n = point_orders(float(k[-1]) * a, (nearest_m - balls.radius_m) / a, MAX_REMAINDER)
    orders = np.arange(1 - n, n)
    turned = np.exp(-1j * orders * drivers.azimuth_rad[:, None])  # (L, 2N - 1)
    turned *= np.sinc(orders * (drivers.half_width_m[:, None] / a / np.pi))
    levels = np.stack([drivers.under_m, drivers.half_height_m], axis=1)
    levels, level_of = np.unique(levels, axis=0, return_inverse=True)
    out = np.empty((k.size, balls.distance_m.size, 2, len(turned)), dtype=complex)
    step = max(1, MAX_NUMBERS // (w.size * 4 * (n + m)))
    many = step * max(1, MAX_HEARD // (w.size * m * step))
    for part in (slice(start, start + step) for start in range(0, k.size, step)):
        kappa: Complex = np.asarray(k[part, None] * np.cos(w), dtype=complex)
        q = np.asarray(k[part, None] * np.sin(w), dtype=complex)
        at_a = _hankel(np.asarray(kappa * a, dtype=complex), n + 1)
        slope = np.concatenate([-at_a[..., 1:2], (at_a[..., :-2] - at_a[..., 2:]) / 2], axis=-1)
        shares = [
            np.sinc(q * (half / np.pi)) * (sides[0] * np.exp(-1j * q * under) + sides[1] * np.exp(1j * q * under))
            for under, half in levels.tolist()
        ]
        slopes = [
            -1j
            * q
            * np.sinc(q * (half / np.pi))
            * (sides[0] * np.exp(-1j * q * under) - sides[1] * np.exp(1j * q * under))
            for under, half in (levels.tolist() if moves else [])
        ]
        largest = np.max(np.abs(shares), axis=0)
        outgoing = _two_sided((largest * dw / (-math.pi * a))[..., None] / slope)
        if part.start % many == 0:
            heard = _ball_waves(k[part.start : part.start + many] * balls.radius_m, w, m)
        waves = _two_sided(heard[part.start % many :][:step])
        for distance_m, places in _at_one_distance(balls.distance_m):
            at_centre = _two_sided(_hankel(kappa * distance_m, n + m - 1))
            about = _About(at_centre, fft(at_centre, _size(at_centre)), waves, outgoing)
            for d in places:
                azimuth_rad = float(balls.azimuth_rad[d])
                met = _met(about, np.exp(1j * np.arange(1 - m, m) * (balls.ear_rad - azimuth_rad)))  # (2, F, Q, 2N - 1)
                towards = turned * np.exp(1j * orders * azimuth_rad)
                for level, share in enumerate(shares):
                    (group,) = np.nonzero(level_of.ravel() == level)
                    both = ((share / largest)[:, None] @ met)[:, :, 0]
                    if moves is None:
                        both = both @ towards[group].T  # (2, F, L')
                    else:
                        turn, rise = (part[group, None] for part in moves)
                        risen = ((slopes[level] / largest)[:, None] @ met)[:, :, 0]
                        both = both @ (-1j * orders * turn * towards[group]).T + risen @ (rise * towards[group]).T
                    out[part, d, :, group] = both.transpose(2, 1, 0)
    return out if np.isfinite(out).all() else None


def _contour(reach: _Reach) -> tuple[Complex, Complex, Bool] | None:
    """The w and dw (Q,) of equation (5) for t > 0 with the fewest nodes, and whether t and -t are on the contour (2, Q).

    None where the waves rise too far or do not fall.
    """
    psi = math.atan2(float(reach.under_m.mean()), float(reach.away_m.min()))
    best = next(filter(None, (_lightest(reach, psi, limit) for limit in LIMITS)), None)
    if best is None:
        return None
    curve, nodes, step, before, after = best
    t = step * (np.arange(round(nodes)) + 0.5)
    w, slope = curve.at(t)
    return w, slope * step, t < np.array([[after], [before]])


def _lightest(reach: _Reach, psi: float, limit: float) -> tuple[_Curve, float, float, float, float] | None:
    """The lift with the fewest nodes for one U: its curve, the nodes on a half, their step, and the ends at t < 0 and t > 0."""
    chi = 2 * math.atanh(min(psi / limit, MAX_SHARE_OF_LIMIT))
    best: tuple[_Curve, float, float, float, float] | None = None
    for delta, alpha in LIFTS:
        curve = _Curve(limit, chi, delta, alpha)
        f = reach.nepers(curve.at(STEPS)[0])
        ended = f < -ERROR_NEPERS
        low, high = STEPS[ended & (STEPS < 0)], STEPS[ended & (chi < STEPS)]
        if not low.size or not high.size or f[(low[-1] < STEPS) & (high[0] > STEPS)].max() > MAX_GROWTH:
            continue
        t = np.linspace(low[-1], high[0], STRIP_STEPS)
        for strip in STRIPS:
            aside = np.concatenate([curve.at(t + sign * 1j * strip)[0] for sign in (-1, 1)])
            if not reach.is_clear(aside):
                break
            step = 2 * math.pi * strip / (ERROR_NEPERS + max(float(reach.nepers(aside).max()), 0.0))
            nodes = max(-float(low[-1]), float(high[0])) / step
            if best is None or nodes < best[1]:
                best = curve, nodes, step, -float(low[-1]), float(high[0])
    return best


def _ball_waves(ka: Real, w: Complex, count: int) -> Complex:
    """G_m of equation (4) for m >= 0, (F, Q, M): P_lm from x P_l = e_(l+1) P_(l+1) + e_l P_(l-1), two steps at a time.

    The tables of some orders m stay in the processor's cache.
    """
    flat, scale, shift, back = _recurrence(count)
    m, p = np.arange(count)[:, None], np.arange(len(scale))
    answers = order_answers(np.arange(count), ka[:, None])[:, np.minimum(m + 2 * p, count - 1)]
    answers = np.ascontiguousarray((answers * flat).transpose(1, 0, 2))  # (M, F, P)
    waves = np.empty((count, ka.size, w.size), dtype=complex)
    square, cosine = np.sin(w) ** 2, np.cos(w)
    for first in range(0, count, ORDERS_AT_ONCE):
        orders = slice(first, min(first + ORDERS_AT_ONCE, count))
        terms = (count - first + 1) // 2
        table = np.empty((terms, orders.stop - first, w.size), dtype=complex)  # P_lm(sin w) / P_mm(0), l = m + 2p
        table[0] = cosine ** m[orders]
        pairs = table.view(float)
        for n in range(terms - 1):
            row = pairs[n + 1]
            np.multiply(table[n], square, out=table[n + 1])
            row *= scale[n, orders]
            row -= shift[n, orders] * pairs[n]
            if n:
                row -= back[n, orders] * pairs[n - 1]
        np.matmul(answers[orders, :, :terms], table.transpose(1, 0, 2), out=waves[orders])
    return np.moveaxis(waves, 0, -1)


@lru_cache(maxsize=64)
def _recurrence(count: int) -> tuple[Real, Real, Real, Real]:
    """4π j^{l-m} P_lm(0) P_mm(0) (M, P), 0 from l = `count` on, and P_(l+2) over x² P_l, -P_l and -P_(l-2) (P, M, 1); l = m + 2p."""
    m, p = np.arange(count), np.arange((count + 1) // 2)[:, None]
    l = m + 2 * p
    before, middle, after, second = (
        np.sqrt(np.maximum((l + step) ** 2 - m * m, 0) / np.abs(4.0 * (l + step) ** 2 - 1)) for step in (-1, 0, 1, 2)
    )  # e_l = sqrt((l² - m²) / (4l² - 1))
    scale = 1 / (after * second)
    grown = np.cumprod(np.append(1.0, 1 + 1 / (2.0 * m[1:])))
    flat = grown * np.cumprod(np.concatenate([np.ones((1, count)), (after / second)[:-1]]), axis=0)
    factors = scale, (middle**2 + after**2) * scale, middle * before * scale
    return (np.where(l < count, flat, 0.0).T, *(factor[..., None] for factor in factors))


def _hankel(x: Complex, count: int) -> Complex:
    """H_n(x) for n < count, (..., count), upwards, where they dominate."""
    out = np.empty((count, *x.shape), dtype=complex)
    wave = np.exp(-1j * x)
    out[0], out[1] = hankel2e(0, x) * wave, hankel2e(1, x) * wave
    twice = 2 / x
    for n in range(1, count - 1):
        np.multiply(twice, n, out=out[n + 1])
        out[n + 1] *= out[n]
        out[n + 1] -= out[n - 1]
    return np.moveaxis(out, 0, -1)


def _two_sided(positive: Complex) -> Complex:
    """Functions of integral order, which at -n are (-1)^n times those at n, from n >= 0 (..., N): (..., 2N - 1)."""
    sign = (-1.0) ** np.arange(positive.shape[-1] - 1, 0, -1)
    return np.concatenate([positive[..., :0:-1] * sign, positive], axis=-1)


def _met(about: _About, ear: Complex) -> Complex:
    """Σ_m H_{n-m}(κR) e^{jmα} G_m times what goes out, at the left and the right ear (2, F, Q, 2N - 1), for e^{jmα} (2M - 1,)."""
    first, count = ear.size - 1, about.outgoing.shape[-1]
    left = about.waves * ear
    half, spectrum = about.spectrum.shape[-1] // 2, fft(left, about.spectrum.shape[-1])
    # (-1)^m moves a spectrum by half its length.
    spectra = np.empty((2, *spectrum.shape), dtype=complex)
    np.multiply(spectrum, about.spectrum, out=spectra[0])
    np.multiply(spectrum[..., half:], about.spectrum[..., :half], out=spectra[1, ..., :half])
    np.multiply(spectrum[..., :half], about.spectrum[..., half:], out=spectra[1, ..., half:])
    met = ifft(spectra, overwrite_x=True)[..., first : first + count]
    if first // 2 % 2:
        np.negative(met[1], out=met[1])
    opposite = (-1.0) ** np.arange(first // 2, first // 2 + ear.size)
    for part in range(0, len(about.direct[0]), DIRECT_AT_ONCE):
        f, q = (index[part : part + DIRECT_AT_ONCE] for index in about.direct)
        matrices = np.ascontiguousarray(sliding_window_view(about.at_centre[f, q], ear.size, axis=-1)[..., ::-1])
        both = matrices @ np.stack([left[f, q], left[f, q] * opposite], axis=-1)
        met[:, f, q] = both.transpose(2, 0, 1)
    met *= about.outgoing
    return np.asarray(met)


def _at_one_distance(distance_m: Real) -> Iterator[tuple[float, Index]]:
    """Distances that differ, and the places at each."""
    unique, inverse = np.unique(np.round(distance_m, 12), return_inverse=True)
    for n, distance in enumerate(unique.tolist()):
        yield distance, np.flatnonzero(inverse.ravel() == n)


def _size(at_centre: Complex) -> int:
    """Length of a fast transform, even."""
    return int(2 * next_fast_len(-(-at_centre.shape[-1] // 2)))
