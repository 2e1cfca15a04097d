"""What a channel is held to beside its wishes, as sets of pressures: limits of effort and gain, and the tone.

    effort:             Σ_l |w_l|² <= E |d|² / s²,      s the level of the best single driver fed with 1, d the level reached
    white-noise gain:   Σ_l |w_l|² <= |h_look w|² r² / G
    a driver's gain:    |w_l| <= g
    tone:               the root mean square of h_p w - h_p W over the points to reach is below a share of that of h_p W

so that each is a ball around 0 of linear functions of w, as the wishes are. What the formulation itself broke is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.realization.held_wishes import Held, Rows, root_mean_square
from designer.targets.channel_target import ChannelTarget

TONE_DB = 1.0
"""How far the level at the points to reach may be held from the weights' own."""
TONE_BAND_HZ = (100.0, 16_000.0)


def limits_of(
    target: ChannelTarget, wanted: Complex, drivers: tuple[str, ...], excesses_db: Mapping[str, Real]
) -> list[Held]:
    """Every limit of a channel in its band.

    Parameters
    ----------
    target : on the frequencies of the fit (K,)
    wanted : W (K, L) without the bulk delay
    drivers : the channel's own, by name
    excesses_db : limit -> (K,) dB by which the formulation broke it

    """
    inside = np.flatnonzero(target.in_band)
    count = wanted.shape[1]
    found = ratio_limits_of(target, wanted, np.arange(count), excesses_db)
    for l in np.flatnonzero(np.isfinite(target.max_gain)):
        label = f'max_gain_db of "{drivers[l]}"'
        one = Rows(np.zeros((inside.size, 1, count), dtype=complex), np.ones((inside.size, 1), dtype=complex))
        limit = target.max_gain[l] * 10 ** (_broken(label, excesses_db, inside) / 20)
        own = np.broadcast_to(np.eye(count, dtype=complex)[l], (inside.size, 1, count))
        found.append(Held(label, inside, _rows(own), one, np.ones(inside.size), limit, together=True))
    return found


def ratio_limits_of(
    target: ChannelTarget, wanted: Complex, fitted: Index, excesses_db: Mapping[str, Real]
) -> list[Held]:
    """Effort and white-noise gain, which ratios of weights have too; as for `limits_of`.

    Parameters
    ----------
    fitted : which drivers have filters to find; the others play their weights exactly

    """
    inside = np.flatnonzero(target.in_band)
    count = wanted.shape[1]
    found: list[Held] = []

    def add(label: str, levels: Complex, limit: Real) -> None:
        every = np.broadcast_to(np.eye(count, dtype=complex), (inside.size, count, count))
        rows, level_rows = (Rows.of(points, wanted[inside], fitted) for points in (every, levels))
        level = root_mean_square(level_rows.pressure(wanted[inside][:, fitted]))
        wider = limit * 10 ** (_broken(label, excesses_db, inside) / 20)
        found.append(Held(label, inside, rows, level_rows, level, wider, together=True))

    if np.isfinite(target.effort_limit).any():
        limit = np.sqrt(target.effort_limit[inside] / count) / target.single_level[inside]
        add("max_effort_db", target.reach[inside], limit)
    if target.min_white_noise_gain > 0:
        scale = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
        limit = np.full(inside.size, (target.min_white_noise_gain * count) ** -0.5)
        add("min_white_noise_gain_db", target.look[inside][:, None, :] * scale, limit)
    return found


def tone_of(target: ChannelTarget, wanted: Complex) -> Held:
    """The level and phase that the weights reach, in the band and outside it."""
    f = target.frequency_hz
    at = np.flatnonzero((f >= TONE_BAND_HZ[0]) & (f <= TONE_BAND_HZ[1]))
    points = target.reach[at]
    reached = _rows(points).pressure(wanted[at])
    level = root_mean_square(reached)
    limit = np.full(at.size, 10 ** (TONE_DB / 20) - 1)
    return Held("tone", at, Rows(points, -reached), Rows(np.zeros_like(points), reached), level, limit, together=True)


def _rows(points: Complex) -> Rows:
    return Rows(points, np.zeros(points.shape[:2], dtype=complex))


def _broken(label: str, excesses_db: Mapping[str, Real], at: Index) -> Real:
    return excesses_db[label][at] if label in excesses_db else np.zeros(at.size)
