"""The channels' targets and wanted weights on the frequencies of a fit, a part at a time: their tensors are large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.designs.channel import ChannelDesign
from designer.realization.held_wishes import Held, Rows
from designer.realization.toeplitz_fit import grid_size
from designer.targets.channel_target import ChannelTarget, channel_target

CHUNK = 1024
"""Frequencies whose transfer tensors are held at once, where there are few points and drivers."""
CHUNK_BYTES = 256e6
"""What they may take where there are many."""


def dense_frequencies_hz(channels: Sequence[ChannelDesign], scene: Scene, taps: int) -> Real:
    """The frequencies of the fit (K,), 0 to Nyquist."""
    size = grid_size(taps, max(channel.frequency_hz.size for channel in channels))
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

    They carry no bulk delay, so they turn slowly.
    """
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
        Held(
            label,
            np.concatenate([piece.index for piece in pieces]),
            _stacked([piece.rows for piece in pieces]),
            _stacked([piece.level_rows for piece in pieces]),
            np.concatenate([piece.level for piece in pieces]),
            np.concatenate([piece.limit for piece in pieces]),
            pieces[0].together,
        )
        for label, pieces in by_label.items()
    )


def _stacked(rows: Sequence[Rows]) -> Rows:
    return Rows(np.concatenate([one.points for one in rows]), np.concatenate([one.offset for one in rows]))
