"""The channels' targets and wanted weights on the frequencies of a fit, a part at a time: their tensors are large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.problem.frequency_grid import joined_frequencies_hz
from designer.realization.held_wishes import Held, Rows
from designer.realization.toeplitz_fit import grid_size
from designer.targets.channel_target import ChannelTarget, channel_target

NEAREST_NODE = 0.5
CHUNK = 1024
"""Frequencies whose transfer tensors are held at once, where there are few points and drivers."""
CHUNK_BYTES = 256e6
"""What they may take where there are many."""


def dense_frequencies_hz(channels: Sequence[ChannelDesign], scene: Scene, taps: int) -> Real:
    """The frequencies of the fit (K,), 0 to Nyquist."""
    problem = scene.problem
    joined = 2 * (
        joined_frequencies_hz(problem).size - problem.grid.frequencies
    )  # and their half steps: no closer grid for these
    solved = max(channel.frequency_hz.size for channel in channels)
    size = grid_size(taps, max(solved - joined, 2))
    return np.asarray(np.fft.rfftfreq(size, 1 / scene.problem.sample_rate_hz))


def dense_targets(
    channels: Sequence[ChannelDesign], scene: Scene, frequency_hz: Real
) -> Iterator[tuple[slice, list[ChannelTarget]]]:
    """Every channel's target on one part of the frequencies after the other; the scene's tensors serve all channels."""
    size = int(min(CHUNK, max(1, CHUNK_BYTES // scene.bytes_a_frequency)))
    for start in range(0, frequency_hz.size, size):
        part = slice(start, start + size)
        dense = scene.at(frequency_hz[part])
        yield part, [channel_target(channel.design, dense, channel.plain) for channel in channels]


def between(solved_hz: Real, weights: Complex, frequency_hz: Real) -> Complex:
    """The weights (F, L) between the frequencies that were solved, by the cubic through the four nearest (Lagrange's).

    They carry no bulk delay, so they turn slowly. Of a step's four nodes two are its ends, and the outer ones lie at least half the
    step away: a band's end that joins the grid close to another frequency would else stretch the difference of these two over the
    step beside it.
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
    """Wish or limit -> slack or excess in dB (F,) between the frequencies that were solved; 0 where it was met."""
    solved_hz = channel.frequency_hz[channel.in_band]
    every = {**channel.slacks_db, **channel.excesses_db}
    return {wish: np.interp(frequency_hz, solved_hz, slack) for wish, slack in every.items()}


def joined(parts: Sequence[tuple[slice, Sequence[Held]]]) -> tuple[Held, ...]:
    """The wishes of all parts as if they had been taken at once."""
    by_label: dict[str, list[Held]] = {}
    for part, wishes in parts:
        for wish in wishes:
            by_label.setdefault(wish.label, []).append(replace(wish, index=wish.index + part.start))
    return tuple(
        replace(
            pieces[0],
            index=np.concatenate([piece.index for piece in pieces]),
            rows=_stacked([piece.rows for piece in pieces]),
            level_rows=_stacked([piece.level_rows for piece in pieces]),
            level=np.concatenate([piece.level for piece in pieces]),
            limit=np.concatenate([piece.limit for piece in pieces]),
        )
        for pieces in by_label.values()
    )


def _stacked(rows: Sequence[Rows]) -> Rows:
    return Rows(np.concatenate([one.points for one in rows]), np.concatenate([one.offset for one in rows]))
