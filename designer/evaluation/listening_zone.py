"""The result as the listener moves and turns: maps over the head's place, and one number to compare designs by.

At each place, in the channel's band up to HIGHEST_HEARD_HZ:

- the cancellation gain, its mean in dB, equal parts of an octave counting alike;
- the tone: how far the level at the ipsilateral ear, smoothed to third octaves, leaves the plain driver's at the same place,
  once the mean difference is taken out (a shift of all levels is no tone);
- for what comes from the middle (the channel `centre`, or left and right fed alike): the level between the ears, and the
  time between them, at the largest of the cross-correlation from PHANTOM_BAND_HZ. A place on the axis has none of either.

The zone is the area of the places whose mean gain over log f is at least the target's mean less ZONE_DB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from designer import measures
from designer.acoustics.head_models import Points, Sphere
from designer.acoustics.head_places import ears_at
from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Bool, Complex, Real
from designer.problem import geometry
from designer.problem.schema import DesignTable, Problem
from designer.realization import response as filter_response
from designer.requirements.curves import curve_db, in_band

HALF_WIDTH_M = 0.5
"""Largest half width of the square; for a listener nearer than a metre it is half of the distance to the device."""
STEP_M = 0.02
MEASURED_STEP_M = 0.1  # a measured head is interpolated anew at each place, which takes longer
NEAR_HALF_WIDTH_M = 0.1
TURNS_DEG = np.arange(-30.0, 31.0, 5.0)
ZONE_DB = 3.0
CLEARANCE_M = 0.12  # from the head's surface to the nearest driver: nearer, a head is in the device's way
HIGHEST_HEARD_HZ = 20_000.0
PHANTOM_BAND_HZ = (200.0, 1500.0)
LARGEST_ITD_S = 1e-3
ITD_STEPS = 401
SMOOTHING_OCTAVES = 1 / 3


@dataclass(frozen=True)
class ChannelZone:
    """One ear channel over the places (P,); NaN where no head can be.

    Attributes
    ----------
    target_db : float, mean of the curve, or the mean gain at the listener's own place where there is no curve
    area_m2 : float, of the places that reach it, less ZONE_DB

    """

    gain_db: Real
    tone_db: Real
    target_db: float
    area_m2: float


@dataclass(frozen=True)
class Zone:
    """Maps over the places, in the order of their displacements, and the same over turns at the listener's own place."""

    displacements_m: Real  # (P, 3) of the head's centre along the device's axes
    channels: dict[str, ChannelZone]  # ear channel -> its maps
    level_db: Real  # (P,) left ear over right of what comes from the middle
    delay_s: Real  # (P,) by which the right ear hears it later than the left
    middle: str  # what was fed: "centre", or "left + right"; empty where there is neither


def square_m(half_width_m: float = HALF_WIDTH_M, step_m: float = STEP_M) -> Real:
    """Displacements (P, 3) on a square grid around the listener's own place, x outermost."""
    count = round(half_width_m / step_m)
    along = np.arange(-count, count + 1) * step_m
    x, y = np.meshgrid(along, along, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


def possible(problem: Problem, displacements_m: Real) -> Bool:
    """Where a head can be (P,): with room between it and every driver and the enclosure."""
    listener = problem.listener
    radius_m = max(geometry.head_radius_m(head, listener.head_radius_m) for head in problem.heads)
    centres_m = geometry.head_centres_m(listener, displacements_m)
    places_m = np.array([driver.position_m for driver in problem.drivers])
    clear = np.linalg.norm(places_m - centres_m[:, None, :], axis=2).min(axis=1) > radius_m + CLEARANCE_M
    return np.asarray(clear & (problem.body.clearance_m(centres_m) > radius_m + CLEARANCE_M))


def half_width_m(problem: Problem, step_m: float) -> float:
    """Half a side of the square, in whole steps: a listener half a metre away does not move by half a metre."""
    centre_m = np.array([problem.listener.position_m], dtype=float)
    places_m = np.array([driver.position_m for driver in problem.drivers])
    to_drivers_m = float(np.linalg.norm(places_m - centre_m, axis=1).min())
    radius_m = max(geometry.head_radius_m(head, problem.listener.head_radius_m) for head in problem.heads)
    room_m = min(to_drivers_m, float(problem.body.clearance_m(centre_m)[0])) - radius_m
    steps = math.floor(min(HALF_WIDTH_M, room_m / 2) / step_m + 1e-9)
    return max(NEAR_HALF_WIDTH_M, steps * step_m)


def listening_zone(
    designs: list[DesignTable],
    taps: Mapping[str, Real],
    plain: dict[str, Complex],
    scene: Scene,
    displacements_m: Real,
    turn_deg: Real | float = 0.0,
    cell_m2: float = STEP_M**2,
) -> Zone:
    """Judge realised taps at many places of the head.

    Parameters
    ----------
    designs : list of DesignTable, the ear channels to judge, and a beam named centre if there is one
    taps : mapping of str to float array, channel -> (L, T), of all the problem's drivers
    plain : dict of str to complex array, ear channel -> (F, L) the plain driver's weights on the scene's frequencies
    scene : Scene, on frequencies in equal steps
    displacements_m : (P, 3) float array
    turn_deg : (P,) float array or float, one for all places, beyond the listener's own
    cell_m2 : float, the area that a place stands for

    """
    f, rate = scene.frequency_hz, scene.problem.sample_rate_hz
    turns = np.broadcast_to(np.asarray(turn_deg, dtype=float), len(displacements_m))
    ears = [table for table in designs if table.is_ear]
    middle = _middle(designs, taps)
    weights = {name: filter_response(taps[name], f, rate) for name in taps}
    fed = [weights[table.name] for table in ears] + [plain[table.name] for table in ears]
    if middle:
        fed.append(weights["centre"] if middle == "centre" else weights["left"] + weights["right"])
    used = np.flatnonzero(np.any([in_band(f, _judged_hz(table)) for table in [*ears, *designs]], axis=0))
    low, high = used[0], used[-1] + 1
    W = np.stack(fed)[:, low:high].transpose(0, 2, 1)  # (channels, L, F)
    clear = possible(scene.problem, displacements_m)
    power, cross = _heard(scene.at(f[low:high]), W, displacements_m[clear], turns[clear])
    count = len(ears)
    channels = {}
    centre = np.flatnonzero((np.abs(displacements_m[clear]).max(axis=1) < 1e-9) & (turns[clear] == 0))
    for n, table in enumerate(ears):
        band_hz = heard_hz(table)
        inside = in_band(f[low:high], band_hz)
        near = geometry.LEFT if table.ear == "left" else geometry.RIGHT
        share = measures.octave_shares(f[low:high][inside], band_hz)
        bright, dark = power[n, :, near][:, inside], power[n, :, 1 - near][:, inside]
        gain = measures.db(measures.ratio(bright, dark)) @ share
        over_plain_db = measures.db(bright) - measures.db(power[count + n, :, near][:, inside])
        tone = _tone_db(over_plain_db, f[low:high][inside], share)
        target = float(gain[centre[0]]) if centre.size else float(gain.max())
        if table.cancellation_gain_db is not None:
            target = float(curve_db(table.cancellation_gain_db, f[low:high][inside]) @ share)
        channels[table.name] = ChannelZone(
            _filled(gain, clear), _filled(tone, clear), target, cell_m2 * int((gain >= target - ZONE_DB).sum())
        )
    level = delay = np.full(len(displacements_m), np.nan)
    if middle:
        heard = in_band(f[low:high], PHANTOM_BAND_HZ)
        both = power[-1][:, :, heard] @ measures.octave_shares(f[low:high][heard], PHANTOM_BAND_HZ)
        level = _filled(measures.db(both[:, geometry.LEFT]) - measures.db(both[:, geometry.RIGHT]), clear)
        delay = _filled(interaural_delay_s(cross[:, heard], f[low:high][heard]), clear)
    return Zone(displacements_m, channels, level, delay, middle)


@dataclass(frozen=True)
class Zones:
    """A channel's listeners: on a square around their own place, on a small one, and turned at their own place."""

    square: Zone
    near: Zone
    turned: Zone
    half_width_m: float  # of the square
    step_m: float  # of it
    turn_deg: Real  # of the third


def mapped_designs(designs: list[DesignTable]) -> list[DesignTable]:
    """The designs that a map shows: the ears' and the centre's, in bands that begin below HIGHEST_HEARD_HZ; empty where no ear's do.

    Above that nobody hears what a map shows, and it takes minutes: a head of 8.75 cm at 50 kHz has 80 wavelengths around it.
    """
    heard = [table for table in designs if table.band_hz[0] < HIGHEST_HEARD_HZ]
    return heard if any(table.is_ear or table.name == "centre" for table in heard) else []


def zones(designs: list[DesignTable], taps: Mapping[str, Real], plain: dict[str, Complex], scene: Scene) -> Zones:
    """The maps of a design: as `listening_zone`, over the places and turns that the report draws.

    Raises
    ------
    DataError : a measured head is not known in a direction that the places need

    """
    names = list(dict.fromkeys(table.listener for table in designs if table.is_ear)) or [None]
    scenes = {name: heard_by(scene, name) for name in names}
    is_model = all(isinstance(at.heads[0], (Points, Sphere)) for at in scenes.values())
    step_m = STEP_M if is_model else MEASURED_STEP_M
    half_m = min(half_width_m(at.problem, step_m) for at in scenes.values())

    def over(displacements_m: Real, turn_deg: Real | float = 0.0, cell_m2: float = STEP_M**2) -> Zone:
        """Each listener's channels around the listener's own place; beams, and the middle, with the first's."""
        parts = []
        for n, (name, at) in enumerate(scenes.items()):
            tables = [
                table for table in designs if (table.is_ear and table.listener == name) or (table.is_beam and n == 0)
            ]
            parts.append(listening_zone(tables, taps, plain, at, displacements_m, turn_deg, cell_m2))
        return replace(parts[0], channels={name: channel for part in parts for name, channel in part.channels.items()})

    square, near = over(square_m(half_m, step_m), cell_m2=step_m**2), over(square_m(NEAR_HALF_WIDTH_M, step_m / 2))
    return Zones(square, near, over(np.zeros((TURNS_DEG.size, 3)), TURNS_DEG), half_m, step_m, TURNS_DEG)


def _middle(designs: list[DesignTable], taps: Mapping[str, Real]) -> str:
    if any(table.name == "centre" and table.is_beam for table in designs):
        return "centre"
    ears = {table.name for table in designs if table.is_ear}
    return "left + right" if {"left", "right"} <= ears & set(taps) else ""


def heard_hz(table: DesignTable) -> tuple[float, float]:
    """The channel's band up to HIGHEST_HEARD_HZ, but at least its lowest octave."""
    low_hz, high_hz = table.band_hz
    return low_hz, min(high_hz, max(HIGHEST_HEARD_HZ, 2 * low_hz))


def _judged_hz(table: DesignTable) -> tuple[float, float]:
    """The channel's band, and for the middle the band of the phantom as well."""
    low_hz, high_hz = heard_hz(table)
    return min(low_hz, PHANTOM_BAND_HZ[0]), max(high_hz, PHANTOM_BAND_HZ[1])


def _heard(scene: Scene, W: Complex, displacements_m: Real, turn_deg: Real) -> tuple[Real, Complex]:
    """|p|² (channels, P, 2, F), and left times the conjugate of right of the last channel (P, F)."""
    power, cross = [], []
    by_driver = np.ascontiguousarray(W.transpose(1, 0, 2))  # (L, channels, F)
    for H in ears_at(scene, displacements_m, turn_deg):
        p = np.zeros((W.shape[0], *H.shape[:2], H.shape[3]), dtype=complex)
        for l, w in enumerate(by_driver):
            p += w[:, None, None, :] * H[None, :, :, l]
        power.append(p.real**2 + p.imag**2)
        cross.append(p[-1, :, 0] * p[-1, :, 1].conj())
    return np.concatenate(power, axis=1), np.concatenate(cross)


def _tone_db(difference_db: Real, frequency_hz: Real, share: Real) -> Real:
    """Largest deviation (P,) of third-octave means of (P, F) from their mean over log f."""
    octaves = np.log2(np.maximum(frequency_hz, 1e-9))
    near = np.abs(octaves[:, None] - octaves) <= SMOOTHING_OCTAVES / 2
    smooth = difference_db @ (near / near.sum(axis=0))
    return np.asarray(np.abs(smooth - (smooth @ share)[:, None]).max(axis=1))


def interaural_delay_s(cross: Complex, frequency_hz: Real) -> Real:
    """By how much the right ear hears later (P,), from left times the conjugate of right (P, F): the lag of the largest
    cross-correlation.

    With p_R = p_L e^{-jωτ} the cross-spectrum is |p_L|² e^{+jωτ}, so Re Σ X e^{-jωt} is largest at t = τ.
    """
    lags = np.linspace(-LARGEST_ITD_S, LARGEST_ITD_S, ITD_STEPS)
    unit = cross / np.maximum(np.abs(cross), 1e-300)  # each frequency counts alike, whatever the filters' tone is
    turns = np.exp(-2j * np.pi * np.outer(frequency_hz, lags))
    correlation = unit.real @ turns.real - unit.imag @ turns.imag
    at = np.clip(correlation.argmax(axis=1), 1, ITD_STEPS - 2)
    before, peak, after = (np.take_along_axis(correlation, (at + n)[:, None], axis=1)[:, 0] for n in (-1, 0, 1))
    bend = before - 2 * peak + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    return np.asarray(lags[at] + np.clip(shift, -1, 1) * (lags[1] - lags[0]))


def _filled(values: Real, clear: Bool) -> Real:
    out = np.full(clear.size, np.nan)
    out[clear] = values
    return out
