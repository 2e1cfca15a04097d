"""The few definitions that everyone shares: mean power, cancellation gain, effort, white-noise gain, directivity index.

Arrays only. H (F, M, L) is the transfer tensor to M points, w (F, L) one channel's weights, h (F, L) one point.
Ratios of powers are linear here; `db` takes 10 log10 of a power ratio and `amplitude_db` 20 log10 of an amplitude.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Complex, Real

FLOOR = 1e-30
"""Power ratios below -300 dB are shown as that, so that no infinity leaves."""


def db(power_ratio: Real) -> Real:
    """10 log10 of a ratio of powers."""
    return 10 * np.log10(np.maximum(power_ratio, FLOOR))


def amplitude_db(amplitude: Real | Complex) -> Real:
    """20 log10 of an amplitude's magnitude."""
    return 20 * np.log10(np.maximum(np.abs(amplitude), np.sqrt(FLOOR)))


def squared(amplitude: Complex) -> Real:
    """|x|², without the root that the magnitude takes."""
    return np.asarray(amplitude.real**2 + amplitude.imag**2)


def pressure(H: Complex, w: Complex) -> Complex:
    """P = H w: (F, M) from (F, M, L) and (F, L)."""
    return np.asarray(np.einsum("fml,fl->fm", H, w))


def mean_power_matrix(H: Complex, spread: float = 0.0) -> Complex:
    """A (F, L, L), the mean over the points of h^H h, so that w^H A w is the mean of |h w|².

    With a `spread` ε² the drivers' responses are h_l (1 + δ_l), δ_l independent, of mean 0 and variance ε², and the mean
    is over these too: E|Σ h_l (1 + δ_l) w_l|² = |h w|² + ε² Σ |h_l|² |w_l|², a diagonal more.
    """
    A = np.asarray(H.conj().swapaxes(1, 2) @ H / H.shape[1])
    if spread:
        diagonal = np.arange(H.shape[2])
        A[:, diagonal, diagonal] += spread * np.mean(np.abs(H) ** 2, axis=1)
    return A


def mean_power_rows(H: Complex, spread: float = 0.0) -> Complex:
    """R (F, R, L) with |R w|² = w^H A w, A that of `mean_power_matrix`: the points over the root of their number.

    A spread's diagonal is a row more a driver.
    """
    rows = H / np.sqrt(H.shape[1])
    if spread:
        alone = np.sqrt(spread * np.mean(np.abs(H) ** 2, axis=1))
        rows = np.concatenate([rows, alone[:, :, None] * np.eye(H.shape[2])], axis=1)
    return np.asarray(rows)


def few_rows(rows: Complex) -> Complex:
    """At most L rows (F, <= L, L) of the same R^H R: the triangle of their QR factors."""
    return np.asarray(np.linalg.qr(rows, mode="r")) if rows.shape[1] > rows.shape[2] else rows


def quadratic(A: Complex, w: Complex) -> Real:
    """w^H A w (F,), which is real because A is Hermitian."""
    return np.asarray(np.einsum("...i,...ij,...j->...", w.conj(), A, w).real)


def mean_power(H: Complex, w: Complex) -> Real:
    """Mean of |h w|² over the points (F,)."""
    return np.asarray(np.mean(np.abs(pressure(H, w)) ** 2, axis=1))


def ratio(numerator: Real, denominator: Real) -> Real:
    """A ratio of powers with a bound: 300 dB where the denominator vanishes."""
    return numerator / np.maximum(denominator, FLOOR * np.maximum(numerator, FLOOR))


def cancellation_gain(bright: Complex, dark: Complex, w: Complex) -> Real:
    """Mean power over the bright points over mean power over the dark points (F,)."""
    return ratio(mean_power(bright, w), mean_power(dark, w))


def point_ratios(bright: Complex, dark: Complex, w: Complex, *, paired: bool = True) -> Real:
    """The ratio at each displacement, or each azimuth of the arcs (F, M).

    Points pair up one to one (an ear cloud), or one bright point stands against each to cancel (a beam). Where they are not paired (a zone)
    the mean power at the bright points stands against each to cancel.
    """
    loud = np.abs(pressure(bright, w)) ** 2
    return ratio(loud if paired else loud.mean(axis=1, keepdims=True), np.abs(pressure(dark, w)) ** 2)


def reproduction_error(p: Complex, desired: Complex) -> Real:
    """Σ|p - d|² / Σ|d|² over the last axis: squared error of a field against that which is desired (...)."""
    return ratio(np.sum(np.abs(p - desired) ** 2, axis=-1), np.sum(np.abs(desired) ** 2, axis=-1))


def effort(bright: Complex, w: Complex) -> Real:
    """Σ|w|² over that of the single best driver at equal mean power at the bright points (F,).

    The best driver alone needs |w_l|² = power / A_ll.
    """
    single = np.mean(np.abs(bright) ** 2, axis=1).max(axis=1)
    return ratio(np.sum(np.abs(w) ** 2, axis=1) * single, mean_power(bright, w))


def white_noise_gain(look: Complex, w: Complex, look_distance_m: float) -> Real:
    """|h w|² / Σ|w|² with h scaled to a unit point source at that distance (F,).

    N point sources in phase give N. `look_distance_m` is np.inf where h is a far-field limit already.
    """
    scale = 1.0 if np.isinf(look_distance_m) else look_distance_m**2
    return ratio(scale * np.abs(np.einsum("fl,fl->f", look, w)) ** 2, np.sum(np.abs(w) ** 2, axis=1))


def directivity_index(look: Complex, radiated_power: Complex, w: Complex, look_distance_m: float) -> Real:
    """Squared pressure in the look direction over its mean over the sphere, both in the far field's scale (F,), linear.

    radiated_power : Q (F, L, L) with w^H Q w the mean over the sphere of |r p|²
    """
    scale = 1.0 if np.isinf(look_distance_m) else look_distance_m**2
    on_axis = scale * np.abs(np.einsum("fl,fl->f", look, w)) ** 2
    return ratio(on_axis, quadratic(radiated_power, w))


def octave_shares(frequency_hz: Real, band_hz: Sequence[float]) -> Real:
    """Share of each frequency of a band in a mean over log f (F,), in sum 1: the part of the band that is nearest to it.

    Rising frequencies in steps of any size; a frequency at the band's end has half of its step, and one beside the end all that
    lies between. 0 Hz counts nothing: a band from there is averaged from its lowest other frequency on.
    """
    above = frequency_hz > 0
    share = np.zeros(frequency_hz.size)
    if above.sum() < 2:
        share[-1] = 1.0
        return share
    octaves = np.log2(frequency_hz[above])
    low, high = (np.log2(end) if end > 0 else octaves[0] for end in band_hz)
    middles = (octaves[1:] + octaves[:-1]) / 2
    share[above] = np.diff(np.concatenate([[min(low, octaves[0])], middles, [max(high, octaves[-1])]]))
    return np.asarray(share / share.sum())


def lowest_hz(band_hz: Sequence[float]) -> float:
    """Where a band begins on a logarithmic axis: of one from 0 Hz, ten octaves below its end."""
    return max(band_hz[0], band_hz[1] / 1024)
