"""Suspicious features of a set of responses over direction: silence, one direction unlike its neighbours, gaps, a sign.

Each check returns warnings that state both facts, or refuses what cannot be used.

**Zero.** Where 0 degrees is not where a driver faces, its fall-off is symmetric about another angle, the same one in every octave. In a
plane that was measured on both sides, an octave's level over angle is held against its mirror image about each candidate. A
driver that is not symmetric (beside the middle of a box, say) is like its image about no angle, or about another in each octave.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.acoustics.measured.interpolation import (
    PLANES,
    angles_in_plane,
    coverage,
    measured_side,
    on_both_sides,
    parts_mirrored,
)
from designer.acoustics.measured.raw_set import RawSet
from designer.acoustics.measured.time_reference import DelayFit, arrivals_s, fit_delay, longest_delay_s
from designer.arrays import Real
from designer.errors import DataError

SILENT_DB = -100.0
WEAK_DB = -40.0
MAX_SAME_DB = 0.5
EARLY_S = 1e-3
MIN_SURE_DELAY = 0.8  # of the delay that turns the phase once from frequency to frequency
TURNED_RAD, TURNED_LESS = 0.3, 0.4
"""How far from the minimum phase, and how much nearer to it with the sign turned: a gate alone halves what is left."""
MIN_LOUDER_DB = 2.0
LOUDEST_WITHIN_DEG = 45.0
MAX_STEP_DEG = 45.0
MIN_ODD_ARRIVAL_S = 2e-4  # 7 cm: edges of a cabinet and the depth of a horn move an arrival by less
MIN_ODD_LEVEL_DB = 3.5
MAX_NEIGHBOUR_DEG = 35.0  # how far away a direction's neighbours may be to speak for it
FRONT_DEG = 80.0  # a dipole's back is in opposite phase to its front; within this angle of the axis nothing should be


def check_silence(raw: RawSet) -> list[str]:
    """Refuse silent directions; warn of those 40 dB below the median."""
    level = 10 * np.log10(np.mean(np.abs(raw.pressure) ** 2, axis=0) + 1e-300)
    loudest, median = float(level.max()), float(np.median(level))
    if loudest < -250:
        raise DataError(f"{raw.files[0]}: got silence in all directions; expected responses; measure it again")
    silent = np.flatnonzero(level < loudest + SILENT_DB)
    if silent.size:
        raise DataError(
            f"{raw.files[0] if len(raw.files) < len(level) else raw.files[silent[0]]}: got silence at "
            f"{raw.labels[silent[0]]}, {loudest - level[silent[0]]:z.0f} dB below the loudest direction; expected "
            f"responses within {-SILENT_DB:z.0f} dB of each other; measure it again, or leave it out"
        )
    return [
        f"{raw.labels[n]} is {median - level[n]:z.0f} dB below the median direction over the whole band: is its channel connected?"
        for n in np.flatnonzero(level < median + WEAK_DB)
    ]


def merge_duplicates(raw: RawSet) -> tuple[RawSet, list[str]]:
    """Directions that come twice (0 and 360, 180 and -180, both planes' axis) as their mean; warn where they differ.

    The mean is of levels in dB, and of phases apart from them: adding complex pressures would make a comb.
    """
    _, first, group = np.unique(np.round(raw.directions, 6) + 0.0, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    warnings: list[str] = []
    pressure = np.empty((raw.frequency_hz.size, first.size), dtype=complex)
    order = np.argsort(first)
    for place, g in enumerate(order):
        members = np.flatnonzero(group == g)
        columns = raw.pressure[:, members]
        pressure[:, place] = columns[:, 0]
        if members.size > 1:
            level = 20 * np.log10(np.abs(columns) + 1e-12 * np.abs(columns).max() + 1e-300)
            apart_db = float(np.sqrt(np.mean((level - level[:, :1]) ** 2)))
            phase = columns * columns[:, :1].conj()
            turned_deg = float(np.degrees(np.abs(np.angle(phase.sum(axis=0))).max()))
            level_mean = np.exp(np.mean(np.log(np.abs(columns) + 1e-300), axis=1))
            pressure[:, place] = level_mean * np.exp(1j * np.angle(columns.mean(axis=1)))
            if apart_db > MAX_SAME_DB or turned_deg > 20:
                names = " and ".join(raw.labels[m] for m in members[:2])
                warnings.append(
                    f"{names} are one direction, and differ by {apart_db:z.1f} dB (root mean square) and {turned_deg:.0f} degrees; "
                    "their mean is used: leave one out if it is wrong"
                )
    unique = first[order]
    labels = tuple(raw.labels[n] for n in unique)
    return replace(raw, directions=raw.directions[unique], labels=labels, pressure=pressure), warnings


def check_gaps(raw: RawSet) -> list[str]:
    """Warn of angles that are missing between others of a plane, and of a back or side that was not measured."""
    directions, kind = raw.directions, coverage(raw.directions)
    warnings: list[str] = []
    if kind == "axis" and len(directions) == 1:
        return ["only one direction was measured: the driver is taken as radiating alike in all directions"]
    if kind == "axis":
        return ["only the axis and the back were measured: what lies between is interpolated over 180 degrees"]
    if kind == "sphere":
        centre = directions.mean(axis=0)
        if np.linalg.norm(centre) > 0.3:
            warnings.append(
                f"directions lie to one side (their mean is {np.linalg.norm(centre):.2f} from the centre of the "
                "sphere): where none was measured within 60 degrees, the nearest value is held"
            )
        return warnings
    for name, along in PLANES.items():
        if name not in kind and kind != "two planes":
            continue
        _, angles = angles_in_plane(directions, along)
        if angles.size < 2:
            continue
        side, added = measured_side(angles), parts_mirrored(angles)
        angles = on_both_sides(angles)[0]
        if added.size:
            warnings.append(
                f"{name} plane: nothing was measured from {added.min():g} to {added.max():g} degrees, where the other side was:"
                " it is mirrored there"
            )
        angles = angles[side * angles >= 0]
        steps = np.diff(angles)
        usual = float(np.median(steps))
        wide = np.flatnonzero(steps > 1.6 * usual + 1e-6)
        if wide.size and angles.size > 3:
            gaps = ", ".join(f"{angles[w]:g} to {angles[w + 1]:g}" for w in wide[:3])
            warnings.append(
                f"{name} plane: angles are missing between {gaps} degrees, where the usual step is {usual:g}; "
                "what lies between is interpolated"
            )
        if np.abs(angles).min() > 0.5 * usual + 1e-6 and (angles[0] > 0 or angles[-1] < 0):
            warnings.append(
                f"{name} plane: 0 degrees was not measured, and the nearest is {angles[np.argmin(np.abs(angles))]:g}"
            )
        coarse = steps[steps > MAX_STEP_DEG + 1e-6]
        if coarse.size and not (wide.size and angles.size > 3):
            warnings.append(
                f"{name} plane: angles are up to {coarse.max():g} degrees apart, and a driver's response turns faster than that above a few"
                " hundred hertz; what lies between is interpolated"
            )
        reached = max(abs(angles[0]), abs(angles[-1]))
        if reached < 180 - min(1.6 * usual, MAX_STEP_DEG + 1e-6):
            warnings.append(
                f"{name} plane: nothing was measured beyond {reached:g} degrees from the axis: its value is held to the back"
            )
    return warnings


def check_polarity_between(raw: RawSet) -> list[str]:
    """Warn of a direction near the axis in opposite phase to it in the lowest octave and a half.

    There every driver that is not a dipole radiates alike in all directions.
    """
    frequency_hz, directions, pressure, axis = raw.frequency_hz, raw.directions, raw.pressure, raw.axis
    low = frequency_hz <= max(3 * frequency_hz[0], frequency_hz[min(3, frequency_hz.size - 1)])
    relative = (pressure[low] * pressure[low, axis, None].conj()).sum(axis=0)
    is_inverted = np.abs(np.angle(relative)) > 0.75 * np.pi
    front = directions @ directions[axis] > np.cos(np.radians(FRONT_DEG))
    neighbours = _beside(directions)
    is_isolated = np.array([near is not None and not is_inverted[list(near)].any() for near in neighbours])
    band = f"from {frequency_hz[low][0]:.0f} to {frequency_hz[low][-1]:.0f} Hz"
    warnings = []
    for labels, place in (
        (np.flatnonzero(is_inverted & front), f"the axis {band}, where a driver radiates alike to its front"),
        (np.flatnonzero(is_inverted & is_isolated & ~front), f"the axis and to both neighbours {band}"),
    ):
        names = ", ".join(raw.labels[n] for n in labels[:3])
        if labels.size:
            warnings.append(
                f"polarity of {names} is opposite to {place}: was the file inverted, or the driver reconnected?"
            )
    level_db = 10 * np.log10(np.mean(np.abs(pressure[low]) ** 2, axis=0) + 1e-300)
    between_db = np.array(
        [level_db[n] if near is None else level_db[list(near)].mean() for n, near in enumerate(neighbours)]
    )
    odd = np.flatnonzero(front & (np.abs(level_db - between_db) > MIN_ODD_LEVEL_DB))
    if odd.size:
        worst = ", ".join(
            f"{raw.labels[n]} by {level_db[n] - between_db[n]:+z.1f} dB"
            for n in odd[np.argsort(-np.abs(level_db - between_db)[odd], kind="stable")][:3]
        )
        warnings.append(
            f"level of {odd.size} direction{'s' * (odd.size > 1)} differs from that of both neighbours {band} ({worst}), where a driver"
            " radiates alike to its front: was the gain changed between angles?"
        )
    return warnings


def _beside(directions: Real) -> list[tuple[int, int] | None]:
    """The two neighbours that a direction lies between; None where it has none within `MAX_NEIGHBOUR_DEG`."""
    near: list[tuple[int, int] | None] = []
    for direction in directions:
        order = np.argsort(-(directions @ direction), kind="stable")[1:]
        close = order[directions[order] @ direction > np.cos(np.radians(MAX_NEIGHBOUR_DEG))]
        away = directions[close] - direction
        other = np.flatnonzero(away @ away[0] < 0) if close.size else close
        near.append((int(close[0]), int(close[other[0]])) if other.size else None)
    return near


def check_arrivals(raw: RawSet) -> list[str]:
    """Warn of directions to the front that arrive at other times than from any one place: each has a time of its own."""
    frequency_hz, directions, axis = raw.frequency_hz, raw.directions, raw.axis
    front = np.flatnonzero(directions @ directions[axis] > np.cos(np.radians(FRONT_DEG)))
    if raw.magnitude_only or raw.time_reference == "none" or front.size < 5 or frequency_hz.size < 4:
        return []
    first = int(np.flatnonzero(front == axis)[0])
    late_s, audible = arrivals_s(frequency_hz, raw.pressure[:, front], first)
    rows = np.column_stack([directions[front], np.ones(front.size)])[audible]
    place, *_ = np.linalg.lstsq(rows, -late_s[audible], rcond=1e-3)
    apart_s = late_s[audible] + rows @ place
    worst = int(np.argmax(np.abs(apart_s)))
    if abs(apart_s[worst]) < MIN_ODD_ARRIVAL_S:
        return []
    return [
        f"times of arrival do not fit one place: {raw.labels[front[audible][worst]]} is {1e3 * abs(apart_s[worst]):.2g} ms"
        f" {'late' if apart_s[worst] > 0 else 'early'}; expected at most {1e3 * MIN_ODD_ARRIVAL_S:g} ms,"
        " which a cabinet explains; measure all angles with one time reference: without it the phase between them means nothing"
    ]


def check_loudest(raw: RawSet) -> list[str]:
    """Warn of a set that is loudest far from its axis: another zero of the angles, or another driver's file."""
    directions, axis, f = raw.directions, raw.axis, raw.frequency_hz
    decades = np.gradient(np.log(f)) if f.size > 1 else np.ones(1)
    level = 10 * np.log10(decades @ np.abs(raw.pressure) ** 2 + 1e-300)  # each octave weighs the same
    loudest = int(np.argmax(level))
    off_deg = float(np.degrees(np.arccos(np.clip(directions[loudest] @ directions[axis], -1, 1))))
    above_db = float(level[loudest] - level[axis])
    if above_db < MIN_LOUDER_DB or off_deg < LOUDEST_WITHIN_DEG:
        return []
    return [
        f"loudest direction is {raw.labels[loudest]}, {off_deg:.0f} degrees off the axis and {above_db:z.1f} dB "
        "above it: is 0 degrees where the driver faces?"
    ]


def check_delay(raw: RawSet, fit: DelayFit, *, flown: bool) -> list[str]:
    """Warn of sound before time 0, and of a delay that evenly spaced frequencies may show a turn too short or too long.

    Parameters
    ----------
    flown : bool, the flight over a stated distance was taken off already
    """
    frequency_hz, response = raw.frequency_hz, raw.pressure[:, raw.axis]
    turn_s = longest_delay_s(frequency_hz)
    loud = np.abs(response) > 0.3 * np.abs(response).max()
    earliest_s = -max(
        EARLY_S, 2 / float(frequency_hz[loud][-1])
    )  # a woofer peaks, and may be said to be at time 0, later than it begins
    if fit.delay_s < earliest_s:
        return [
            f"sound begins {-1000 * fit.delay_s:.4g} ms before time 0 on axis, a phase that rises with frequency: a delay is a"
            " falling phase here (e^(+jwt)); negate the phase if the file has e^(-jwt)"
            + (", and correct the distance if it is stated too long" if flown else "")
        ]
    even = frequency_hz.size > 8 and np.ptp(np.diff(frequency_hz)) < 0.01 / turn_s
    if not even or (abs(fit.delay_s) < MIN_SURE_DELAY * turn_s and fit.polarity):
        return []
    return [
        f"delay of {1000 * fit.delay_s:.4g} ms cannot be told from one {1000 * turn_s:.4g} ms longer or shorter, because frequencies are"
        f" {1 / turn_s:.4g} Hz apart: between them the phase may be half a turn off; export with time 0 near the direct sound, or finer"
    ]


def check_phase_sign(raw: RawSet) -> list[str]:
    """Warn of a phase that fits the minimum phase better with its sign turned: e^{-jωt}, or an inverted export."""
    frequency_hz, response = raw.frequency_hz, raw.pressure[:, raw.axis]
    magnitude = np.abs(response)
    if (magnitude > 0.1 * magnitude.max()).sum() < 8:
        return []
    fit = fit_delay(frequency_hz, response)
    in_time = response * np.exp(
        2j * np.pi * frequency_hz * fit.delay_s
    )  # turned round, a late recording is out of reach
    as_is = fit.residual_rad
    conjugate_rad = min(fit_delay(frequency_hz, r.conj()).residual_rad for r in (response, in_time))
    if conjugate_rad < TURNED_LESS * as_is and as_is > TURNED_RAD:
        return [
            f"phase seems inverted: on axis it is {np.degrees(as_is):.0f} degrees (root mean square) from the minimum "
            f"phase of its level, and {np.degrees(conjugate_rad):.0f} with its sign turned; a delay is a falling phase here "
            "(e^(+jwt)): negate the phase if the file has e^(-jwt)"
        ]
    return []


CANDIDATES_DEG = np.arange(-35.0, 36.0)
ASIDE_DEG = np.arange(5.0, 61.0, 5.0)
MIN_OFF_DEG = 7.0
MAX_OCTAVE_SPREAD_DEG = 3.0  # how far octaves may differ
MIN_UNLIKE_DB = 0.4
MIN_RESIDUAL_RATIO = 4.0
OCTAVES_HZ = 500.0 * 2.0 ** np.arange(6)
MIN_FALL_DB = 2.0  # across the candidates: an octave that hardly falls off tells nothing


def check_zero(raw: RawSet) -> list[str]:
    """Warn of a plane whose fall-off is symmetric about another angle than 0."""
    frequency_hz, directions, pressure = raw.frequency_hz, raw.directions, raw.pressure
    warnings = []
    for name, along in PLANES.items():
        inside, angle_deg = angles_in_plane(directions, along)
        order = np.argsort(angle_deg)
        angle_deg, power = angle_deg[order], np.abs(pressure[:, inside[order]]) ** 2
        reach = ASIDE_DEG[-1] + CANDIDATES_DEG[-1]
        if angle_deg.size < 9 or angle_deg[0] > -reach or angle_deg[-1] < reach or np.diff(angle_deg).max() > 31:
            continue
        octaves = [_symmetric_about(angle_deg, frequency_hz, power, centre_hz) for centre_hz in OCTAVES_HZ]
        centres = [octave for octave in octaves if octave is not None]
        centres_deg = np.array([about_deg for about_deg, _ in centres])
        if centres_deg.size < 2 or not (
            np.ptp(centres_deg) <= MAX_OCTAVE_SPREAD_DEG and abs(np.median(centres_deg)) >= MIN_OFF_DEG
        ):  # a NaN is not
            continue
        off_deg, cost_db = float(np.median(centres_deg)), max(cost for _, cost in centres)
        warnings.append(
            f"{name} plane: levels fall off alike on both sides of {off_deg:+.0f} degrees, not of 0, in {centres_deg.size} octaves: was the"
            f" zero of the turntable off? Both sides of 0 differ by {cost_db:z.1f} dB (root mean square) as they are; if the driver faces"
            f" 0, subtract {off_deg:.0f} degrees from all angles"
        )
    return warnings


def _symmetric_about(angle_deg: Real, frequency_hz: Real, power: Real, centre_hz: float) -> tuple[float, float] | None:
    """The angle about which an octave is symmetric (NaN: none), and how unlike its image about 0 it is; None where it tells nothing."""
    from scipy.interpolate import CubicSpline  # slow to import

    octave = (frequency_hz >= centre_hz / 2**0.5) & (frequency_hz < centre_hz * 2**0.5)
    if octave.sum() < 3:
        return None
    level = CubicSpline(angle_deg, 10 * np.log10(power[octave].mean(axis=0) + 1e-300))
    apart = level(CANDIDATES_DEG[:, None] + ASIDE_DEG) - level(CANDIDATES_DEG[:, None] - ASIDE_DEG)
    unlike_db = np.sqrt(np.mean(apart**2, axis=1))
    if np.ptp(level(np.arange(-60.0, 61.0, 5.0))) < MIN_FALL_DB:
        return None
    best, now_db = int(np.argmin(unlike_db)), float(unlike_db[CANDIDATES_DEG.size // 2])
    clear = now_db > MIN_UNLIKE_DB and MIN_RESIDUAL_RATIO * unlike_db[best] < now_db
    return (float(CANDIDATES_DEG[best]) if clear else np.nan), now_db
