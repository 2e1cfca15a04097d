"""Isolation in the room: sound of a channel at its bright listener over that at each dark listener, direct and reflected together.

By third octave b and ear e, E_be = Σ_f |Σ_l h_el(f) w_l(f)|². A drawn device feeds driver l with 1 + e_l times as much, so

    E_be(e) = (1 + e)^H M_be (1 + e),   M_be = Σ_f g^* g^T,   g_l = h_el w_l,

a matrix (L, L) a third octave and ear, which all draws share. Places without a head have no response in the room, and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Complex, Real
from designer.evaluation.programmes import Isolations, Playback, isolations
from designer.evaluation.room_responses import room_responses
from designer.evaluation.tolerance import Draws
from designer.measures import db, ratio
from designer.problem import geometry
from designer.problem.schema import DesignTable, Room

THIRD = 2 ** (1 / 6)
EARS = slice(0, 2)


@dataclass(frozen=True)
class RoomIsolation:
    """One channel's isolation from other listeners in the room, by third octave of its band."""

    middle_hz: Real  # (B,)
    isolation_db: Real  # (B,)
    drawn_db: Real  # (N, B) of drawn devices
    isolations: Isolations  # (B,) of the channel's programme beside the others
    drawn_isolations: Isolations  # (N, B)

    @property
    def mean_db(self) -> float:
        """Mean over the third octaves, which is one over log f."""
        return float(self.isolation_db.mean())

    def drawn_percentile_db(self, percentile: float) -> float:
        """Percentile over drawn devices of that mean."""
        return float(np.percentile(self.drawn_db.mean(axis=1), percentile))


def isolation_in_room(
    designs: Sequence[DesignTable],
    taps: Mapping[str, Real],
    scene: Scene,
    room: Room,
    draws: Draws,
    playback: Playback | None = None,
) -> dict[str, RoomIsolation]:
    """Judge every channel that is dark for other listeners.

    Parameters
    ----------
    taps : mapping of str to float array, channel -> (L, T)
    draws : Draws, of all the problem's drivers
    playback : Playback or None, all channels that play together

    Raises
    ------
    DataError : a measured head lacks the direction of the direct sound

    """
    names = {listener.name for listener in scene.problem.listeners or ()}
    rate, responses = scene.problem.sample_rate_hz, dict[str | None, Real]()

    def heard(name: str | None) -> Real:
        """Responses (2, L, T) at both ears of a listener."""
        if name not in responses:
            responses[name] = room_responses(heard_by(scene, name), room).both[EARS]
        return responses[name]

    @cache
    def energies(channel: str, name: str | None, band_hz: tuple[float, float]) -> Complex:
        """M (2, B, L, L) of a channel at a listener."""
        return _energies(heard(name), taps[channel], rate, thirds_hz(band_hz, rate))

    def powers(M: Complex) -> Real:
        """Energies (1 + N, B) of M (B, L, L): without errors, and of each drawn device."""
        drawn = np.einsum("nl,blk,nk->nb", draws.factor.conj(), M, draws.factor, optimize=True).real
        return np.concatenate([M.sum(axis=(1, 2)).real[None], drawn])

    judged = {}
    for design in designs:
        dark = [name for name in design.dark or () if name in names]
        reached: Sequence[str | None] = design.bright or [design.listener]
        bright = [name for name in reached if name is None or name in names]
        if not dark or not bright:
            continue
        band_hz = (design.band_hz[0], design.band_hz[1])
        ears = [int(design.ear == "right")] if design.is_ear else [geometry.LEFT, geometry.RIGHT]
        loud = np.mean([energies(design.name, name, band_hz)[ears].mean(axis=0) for name in bright], axis=0)
        leaked = np.mean([energies(design.name, name, band_hz).mean(axis=0) for name in dark], axis=0)
        isolation_db = db(ratio(powers(loud), powers(leaked)))

        def power(channel: str, at: Sequence[str], band_hz: tuple[float, float] = band_hz) -> Real:
            """Energies (1 + N, B) of a channel, mean over the ears of those listeners who are among the names."""
            heads = [energies(channel, name, band_hz).mean(axis=0) for name in at if name in names]
            return powers(np.mean(heads, axis=0))

        together = Isolations() if playback is None else isolations(design, playback.programmes, power)
        judged[design.name] = RoomIsolation(
            thirds_hz(design.band_hz, rate),
            isolation_db[0],
            isolation_db[1:],
            together.of(lambda values: values[0]),
            together.of(lambda values: values[1:]),
        )
    return judged


def thirds_hz(band_hz: Sequence[float], sample_rate_hz: float) -> Real:
    """Middles 1000 · 2^(n/3) Hz in a band (B,); the one nearest to its own middle where there is none."""
    high_hz = min(band_hz[1], sample_rate_hz / 2 / THIRD)
    n = np.arange(
        np.ceil(3 * np.log2(max(band_hz[0], 20.0) / 1000) - 1e-9), np.floor(3 * np.log2(high_hz / 1000) + 1e-9) + 1
    )
    return 1000.0 * 2 ** (n / 3) if n.size else np.array([np.sqrt(max(band_hz[0], 20.0) * high_hz)])


def _energies(responses: Real, taps: Real, rate: float, middle_hz: Real) -> Complex:
    """M (2, B, L, L) of responses (2, L, T) and filters (L, T')."""
    size = 1 << int(np.ceil(np.log2(responses.shape[2] + taps.shape[1])))
    f = np.fft.rfftfreq(size, 1 / rate)
    parts = []
    fed = np.fft.rfft(taps, size)
    for ear in responses:
        g = np.fft.rfft(ear, size) * fed  # (L, F)
        bands = [g[:, (f >= middle / THIRD) & (f < middle * THIRD)] for middle in middle_hz]
        parts.append(np.stack([band.conj() @ band.T for band in bands]))
    return np.stack(parts)
