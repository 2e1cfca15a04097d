"""Causal FIR taps for all the drivers of a channel at once, fitted on the responses at the control points.

    minimise over real taps x    Σ_f (x̂(f) - Ŵ(f))^H C(f) (x̂(f) - Ŵ(f)),      x̂_l(f) = Σ_n x_l[n] e^{-jωn}

Ŵ(f) = W(f) e^{-jωD} are the wanted weights with the bulk delay D, on a frequency grid at least twice as dense as the
taps need, and C(f) = Σ_p c_p(f) h_p^H h_p + ρ I weighs what is heard: an error e of the weights is heard as h_p e at
point p. The points to reach count relative to the plain driver's level there. The points to cancel count relative to
what W leaves there, up to 30 dB more, because an error as large as what is left costs 3 dB of cancellation whatever
the depth is; a mask's points count relative to its limit. ρ, a little weight on each driver itself, decides what the
points do not, and keeps the eigenvalues of C within 10⁷ of each other; it is larger outside the band, where nothing
but the ridge keeps the drivers from playing loudly against each other.

The normal equations are block Toeplitz: applying them is an FFT, an L x L product a frequency, an inverse FFT and a
cut. They are solved by conjugate gradients; the same operation with C⁻¹ is the preconditioner.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.designs.channel import ChannelDesign
from designer.measures import mean_power, mean_power_matrix
from designer.targets.channel_target import ChannelTarget, channel_target, driver_index

DENSITY = 4
"""Length of the Fourier grid over the number of taps."""
MAX_CANCEL_WEIGHT = 1000.0
RIDGE_INSIDE, RIDGE_OUTSIDE = 1e-3, 0.03
TOLERANCE = 1e-8
MAX_ITERATIONS = 500
CHUNK = 1024
"""Frequencies whose transfer tensors are held at once."""


def realize(channels: Sequence[ChannelDesign], scene: Scene, taps: int) -> tuple[list[Real], int]:
    """Taps of each channel for all the problem's drivers.

    Parameters
    ----------
    channels : the channels' designs
    scene : the scene that they were designed in
    taps : T, the length

    Returns
    -------
    (L, T) taps a channel, all 0 for a driver that it does not use, and the bulk delay in samples, T // 2

    """
    delay = taps // 2
    size = grid_size(taps, max(channel.frequency_hz.size for channel in channels))
    frequency_hz = np.fft.rfftfreq(size, 1 / scene.problem.sample_rate_hz)
    index = [driver_index(channel.design, scene.drivers) for channel in channels]
    wanted = [_interpolated(channel, frequency_hz)[:, own] for channel, own in zip(channels, index, strict=True)]
    symbols = [np.empty((frequency_hz.size, own.size, own.size), dtype=complex) for own in index]
    for start in range(0, frequency_hz.size, CHUNK):
        part = slice(start, start + CHUNK)
        dense = scene.at(frequency_hz[part])  # its tensors serve all channels
        for channel, weights, symbol in zip(channels, wanted, symbols, strict=True):
            symbol[part] = audible(channel_target(channel.design, dense, channel.plain), weights[part])
    out: list[Real] = []
    for own, weights, symbol in zip(index, wanted, symbols, strict=True):
        all_drivers = np.zeros((len(scene.drivers), taps))
        all_drivers[own] = fit(weights, symbol, taps, delay)
        out.append(all_drivers)
    return out, delay


def grid_size(taps: int, frequencies: int) -> int:
    """Length of the real Fourier grid: dense for the taps, and for the design's own frequencies."""
    return 1 << int(np.ceil(np.log2(max(DENSITY * taps, 4 * (frequencies - 1)))))


def _interpolated(channel: ChannelDesign, frequency_hz: Real) -> Complex:
    """The weights between the frequencies that were solved, by the cubic through the four nearest (Lagrange's).

    They carry no bulk delay, so they turn slowly.
    """
    solved_hz, weights = channel.frequency_hz, channel.weights
    place = frequency_hz / (solved_hz[1] - solved_hz[0])
    first = np.clip(np.floor(place).astype(int) - 1, 0, solved_hz.size - 4)
    x = place - first
    nodes = np.arange(4)
    out = np.zeros((frequency_hz.size, weights.shape[1]), dtype=complex)
    for j in nodes:
        others = nodes[nodes != j]
        share = np.prod((x[:, None] - others) / (j - others), axis=1)
        out += share[:, None] * weights[first + j]
    return out


def audible(target: ChannelTarget, wanted: Complex) -> Complex:
    """C(f) (F, L, L): what an error of the weights does at the points, relative to what should be there.

    Parameters
    ----------
    target : the channel's points on the frequencies of the fit
    wanted : (F, L) weights without the bulk delay

    """
    level = np.maximum(target.plain_level**2, 1e-300)
    left = mean_power(target.cancel, wanted)
    depth = target.share * np.minimum(level / np.maximum(left, 1e-300), MAX_CANCEL_WEIGHT)
    families = [(target.reach, 1.0), (target.cancel, depth)]
    if target.window is not None:
        families.append((target.window.points, 1.0))
    for mask in target.masks:
        families.append((mask.points, target.share * np.minimum(mask.limit**-2, MAX_CANCEL_WEIGHT)))
    if target.quiet is not target.cancel:
        families.append((target.quiet, target.share))
    C = sum(mean_power_matrix(points) * (weight / level)[:, None, None] for points, weight in families)
    ridge = RIDGE_INSIDE * target.share + RIDGE_OUTSIDE * (1 - target.share)
    return np.asarray(C + ridge[:, None, None] * np.eye(wanted.shape[1]))


def fit(wanted: Complex, symbol: Complex, taps: int, delay: float) -> Real:
    """Taps (L, T) that minimise the sum above, by preconditioned conjugate gradients.

    Parameters
    ----------
    wanted : (K, L) weights on the K = N/2 + 1 frequencies of a real Fourier grid of even length N >= 2 T
    symbol : C (K, L, L), Hermitian positive definite
    taps : T
    delay : bulk delay in samples

    """
    size = 2 * (len(wanted) - 1)
    inverse = np.linalg.inv(symbol)

    def apply(matrices: Complex, x: Real) -> Real:
        spectrum = np.fft.rfft(x, size, axis=1).T
        product = np.einsum("kij,kj->ki", matrices, spectrum)
        return np.fft.irfft(product.T, size, axis=1)[:, :taps]

    shifted = wanted * np.exp(-2j * np.pi * delay / size * np.arange(len(wanted)))[:, None]
    rhs = np.fft.irfft(np.einsum("kij,kj->ki", symbol, shifted).T, size, axis=1)[:, :taps]
    x = np.fft.irfft(shifted.T, size, axis=1)[:, :taps]  # the cut inverse Fourier transform begins
    residual = rhs - apply(symbol, x)
    z = apply(inverse, residual)
    direction = z
    energy = float(np.sum(residual * z))
    stop = TOLERANCE**2 * float(np.sum(rhs * apply(inverse, rhs)))
    for _ in range(MAX_ITERATIONS):
        if energy <= stop:
            break
        image = apply(symbol, direction)
        step = energy / float(np.sum(direction * image))
        x = x + step * direction
        residual = residual - step * image
        z = apply(inverse, residual)
        energy, before = float(np.sum(residual * z)), energy
        direction = z + energy / before * direction
    return x


def response(taps: Real, frequency_hz: Real, sample_rate_hz: float) -> Complex:
    """Frequency responses (F, L) of taps (L, T), bulk delay included: Σ x[n] e^{-jωn}.

    Equal steps from 0 to Nyquist take an FFT of the taps folded in time, which is exact there; others the sum itself.
    """
    count = frequency_hz.size
    uniform = np.linspace(0.0, sample_rate_hz / 2, count) if count > 1 else frequency_hz[:0]
    if count > 1 and np.allclose(frequency_hz, uniform, rtol=0, atol=1e-9 * sample_rate_hz):
        size = 2 * (count - 1)
        padded = np.pad(taps, ((0, 0), (0, -taps.shape[1] % size)))
        return np.asarray(np.fft.rfft(padded.reshape(len(taps), -1, size).sum(axis=1), axis=1).T)
    out = np.empty((count, len(taps)), dtype=complex)
    n = np.arange(taps.shape[1])
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        out[part] = np.exp(-2j * np.pi / sample_rate_hz * np.outer(frequency_hz[part], n)) @ taps.T
    return out
