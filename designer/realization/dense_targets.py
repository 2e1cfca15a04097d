"""Target of a fit: targets and weights on its frequencies, a part at a time, and C(f), how loud an error is at the points.

    C(f) = Σ_p c_p(f) h_p^H h_p + ρ I

An error e of the weights is heard as h_p e at point p. The bright points count relative to the channel's level there,
ten times over: an error of a tenth of that is 0.8 dB of tone. The dark points count relative to what W leaves
there, up to 30 dB more, because an error as large as what is left costs 3 dB of cancellation whatever the depth is; so
the weight follows the depth that binds. A mask's points count relative to its limit. ρ, a little weight on each driver
itself, decides what the points do not: an error of many drivers that no point hears costs effort all the same. With ρ = 0.03
half a decibel of an effort of 0 dB, |e|² = 0.12, is as dear as 0.2 dB of tone, and the eigenvalues of C stay within 10⁶ of each
other. (With 0.001 in the band 128 taps spent 6.7 dB of effort on a cylinder whose weights take 5.2, and were no deeper for it.) It is
larger outside the band, where nothing but the ridge keeps the drivers from playing loudly against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.measures import mean_power, mean_power_matrix
from designer.problem.frequency_grid import joined_frequencies_hz
from designer.realization.toeplitz_fit import grid_size
from designer.requirements.channel_target import channel_target
from designer.requirements.target import ChannelTarget

NEAREST_NODE = 0.5
CHUNK = 1024
"""Frequencies whose transfer tensors are held at once, where there are few points and drivers."""
CHUNK_BYTES = 256e6
"""Bytes that they may take where there are many."""
REACH_WEIGHT = 10.0
MAX_CANCEL_WEIGHT = 1000.0
QUIET = 0.1
"""Least level that an error counts relative to, as a share of the best driver's alone: plain playback ends where the bands do."""
BAND_WEIGHT, MAX_BAND_WEIGHT = 0.03, 30.0
"""Weights of an error outside a driver's band: relative to its slope there, and at most."""
RIDGE_INSIDE, RIDGE_OUTSIDE = 0.03, 0.1


def dense_frequencies_hz(channels: Sequence[ChannelDesign], scene: Scene, taps: int) -> Real:
    """The frequencies of the fit (K,), 0 to Nyquist."""
    problem = scene.problem
    joined = (
        joined_frequencies_hz(problem).size - problem.grid.frequencies
    )  # these and their half steps ask for no closer grid
    solved = max(channel.frequency_hz.size for channel in channels)
    size = grid_size(taps, max(solved - 2 * joined, 2))
    return np.asarray(np.fft.rfftfreq(size, 1 / problem.sample_rate_hz))


def dense_targets(
    channels: Sequence[ChannelDesign], scene: Scene, frequency_hz: Real
) -> Iterator[tuple[slice, list[ChannelTarget]]]:
    """Every channel's target on one part of the frequencies after the other; the scene's tensors serve all channels."""
    size = int(min(CHUNK, max(1, CHUNK_BYTES // scene.bytes_a_frequency)))
    for start in range(0, frequency_hz.size, size):
        part = slice(start, start + size)
        dense = scene.at(frequency_hz[part])
        yield part, [channel_target(channel.design, dense, channel.plain) for channel in channels]


def weights_between(channel: ChannelDesign, drivers: Index, frequency_hz: Real) -> Complex:
    """A channel's weights (F, own drivers) between the frequencies that were solved.

    A crossover turns faster than a design, and is known at every frequency: what is taken between is how far the design leaves
    plain playback, in shares of the response S that the ways make together.
    """
    plain, solved_hz = channel.plain, channel.frequency_hz
    away = channel.weights[:, drivers] - plain.weights(solved_hz, drivers.size)
    together = plain.crossover.sum(solved_hz)[:, None]
    carried = between(solved_hz, away / together, frequency_hz) * plain.crossover.sum(frequency_hz)[:, None]
    return np.asarray(plain.weights(frequency_hz, drivers.size) + carried)


def between(solved_hz: Real, weights: Complex, frequency_hz: Real) -> Complex:
    """The weights (F, L) between the frequencies that were solved, by the cubic through the four nearest (Lagrange's).

    Of a step's four nodes two are its ends, and the outer ones lie at least half the step away: a band's end that joins the grid
    close to another frequency would else stretch the difference of these two over the step beside it.
    """
    nodes = _nodes(solved_hz)
    step = np.clip(np.searchsorted(solved_hz, frequency_hz, side="right") - 1, 0, solved_hz.size - 2)
    at = nodes[step]  # (F, 4)
    x = solved_hz[at]
    out = np.zeros((frequency_hz.size, weights.shape[1]), dtype=complex)
    for j in range(4):
        others = [k for k in range(4) if k != j]
        share = np.prod((frequency_hz[:, None] - x[:, others]) / (x[:, [j]] - x[:, others]), axis=1)
        out += share[:, None] * weights[at[:, j]]
    return out


def _nodes(solved_hz: Real) -> Index:
    """The four frequencies (F - 1, 4) through which the cubic of each step goes."""
    last = solved_hz.size - 1
    low, high = np.arange(last), np.arange(1, last + 1)
    half = NEAREST_NODE * (solved_hz[high] - solved_hz[low]) * (1 - 1e-9)
    below = np.searchsorted(solved_hz, solved_hz[low] - half, side="right") - 1
    above = np.searchsorted(solved_hz, solved_hz[high] + half, side="left")
    # At the ends of the grid both are on the same side.
    further = np.searchsorted(solved_hz, solved_hz[np.minimum(above, last)] + half, side="left")
    nearer = np.searchsorted(solved_hz, solved_hz[np.maximum(below, 0)] - half, side="right") - 1
    first = np.where(below < 0, further, below)
    second = np.where(above > last, nearer, above)
    nodes = np.stack([np.clip(first, 0, last), low, high, np.clip(second, 0, last)], axis=1)
    few = (np.diff(np.sort(nodes, axis=1), axis=1) == 0).any(axis=1)
    nodes[few] = np.clip(low[few] - 1, 0, last - 3)[:, None] + np.arange(4)
    return nodes


def slacks_between(channel: ChannelDesign, frequency_hz: Real) -> dict[str, Real]:
    """Requirement or limit -> slack or excess in dB (F,) between the frequencies that were solved; 0 where it was met."""
    solved_hz = channel.frequency_hz[channel.in_band]
    shortfalls_db = {**channel.slacks_db, **channel.excesses_db}
    return {requirement: np.interp(frequency_hz, solved_hz, slack) for requirement, slack in shortfalls_db.items()}


def audible(target: ChannelTarget, weights: Complex, level: Real | None = None) -> Complex:
    """C(f) (F, L, L) for weights W (F, L) without the bulk delay; the level (F,) at the bright points is by default plain playback's."""
    plain = np.maximum(np.maximum(target.plain_level, QUIET * target.single_level) ** 2, 1e-300)
    level = plain if level is None else np.maximum(level**2, 1e-300)
    dark_power = mean_power(target.dark, weights)
    depth = target.share * np.minimum(level / np.maximum(dark_power, 1e-300), MAX_CANCEL_WEIGHT)
    families: list[tuple[Complex, Real]] = [(target.bright, np.full(level.shape, REACH_WEIGHT)), (target.dark, depth)]
    if target.window is not None:
        families.append((target.window.points, np.ones(level.shape)))
    for mask in target.masks:
        families.append((mask.points, target.share * np.minimum(mask.limit**-2, MAX_CANCEL_WEIGHT)))
    if target.quiet is not target.dark:
        families.append((target.quiet, target.share))
    C = sum(mean_power_matrix(points) * (weight / level)[:, None, None] for points, weight in families)
    ridge = RIDGE_INSIDE * target.share + RIDGE_OUTSIDE * (1 - target.share)
    ridges = np.broadcast_to(ridge[:, None], weights.shape)
    if target.band_gain is not None:
        ridges = ridges + np.minimum(BAND_WEIGHT * target.band_gain**-2, MAX_BAND_WEIGHT)
    return np.asarray(C + (ridges * (plain / level)[:, None])[:, :, None] * np.eye(weights.shape[1]))
