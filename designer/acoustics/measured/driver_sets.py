"""Several measured drivers of one problem: one level, one time, and a polarity that one of them does not share.

Read alone, each driver is brought to 0 dB. Among drivers from one kind of file the file's levels can be compared, so they
get one common gain instead, which brings the loudest to 0 dB. Drivers from different kinds of file cannot be compared:
each kind keeps its own gain, and that is a warning.

**Time.** Where files state the geometry, and a delay was taken off that the distance does not explain (the latency of the
measurement), the drivers of one kind get the same. Other files have a time of their own each, unless they share a reference: they say so
(a loopback, or an acoustic reference), they are one recording, or the problem says so. Then the delay of the earliest is taken off
all of them, and each keeps what it arrives later. What is taken off otherwise is said, with what it amounts to.

**Place.** The arrival times over angle tell the acoustic centre (`time_reference`), which is held against the driver's position. A set
that was turned about the driver's own place has it there, within the depth of a cone or a horn; one that was turned about the device's
origin has it at the driver's position, which the scene would then count twice. Only the front is used: behind a box the sound comes
around it, later than from any one point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.interpolation import IN_PLANE
from designer.acoustics.measured.places import driver_axes
from designer.acoustics.measured.time_reference import fit_acoustic_centre_s
from designer.arrays import Real
from designer.errors import DataError
from designer.problem.schema import Driver, Problem

TimeKey = Literal["auto", "shared", "own"]
MIN_LOSS_S = 2e-6  # 0.7 mm of air: a difference below it is nothing to warn of


def common_reference(
    drivers: Mapping[str, MeasuredDirectivity], time: Mapping[str, TimeKey] | None = None
) -> tuple[dict[str, MeasuredDirectivity], tuple[str, ...]]:
    """The drivers by name on one level and time, and warnings about what differs between them.

    Parameters
    ----------
    time : dict or None, whether a driver's files share a time reference with other drivers' ("shared"), do not ("own"),
        or what they say themselves ("auto", the default)

    Raises
    ------
    DataError : a driver is to share its time, and its files hold none
    """
    responses = dict(drivers)
    warnings: list[str] = []
    relative = sorted({m.summary.kind for m in drivers.values() if m.level == "relative"})
    for kind in relative:
        names = [name for name, m in drivers.items() if m.summary.kind == kind and m.level == "relative"]
        near = [name for name in names if drivers[name].summary.distance_m]
        if near and len(near) < len(names):
            unstated = ", ".join(name for name in names if name not in near)
            warnings.append(
                f"level between drivers: the distance of {', '.join(near)} is stated and brought to 1 m, and that of {unstated} is not:"
                " their levels cannot be compared; state response_distance_m of all of them, or of none"
            )
        gain_db = min(drivers[name].summary.gain_db for name in names)  # the loudest needs the least
        for name in names:
            responses[name] = responses[name].with_gain_db(gain_db)
    if len({m.summary.kind for m in drivers.values()}) > 1 and relative:
        actual = "; ".join(f"{name}: {m.summary.kind}, {m.summary.gain_db:+z.1f} dB" for name, m in responses.items())
        warnings.append(
            "levels of drivers from different kinds of file cannot be compared, so each kind was brought to 0 dB on axis: "
            f"{actual}; measure all drivers alike if their relative level matters"
        )
    for kind in sorted({m.summary.kind for m in drivers.values() if m.time == "absolute"}):
        names = [name for name, m in drivers.items() if m.summary.kind == kind and m.time == "absolute"]
        removed = [drivers[name].summary.delay_removed_s for name in names]
        if any(removed):
            latency_s = float(np.median([delay for delay in removed if delay]))
            for name in names:
                responses[name] = responses[name].with_delay_removed_s(latency_s)
    pools = _time_pools(drivers, time or {}, warnings)
    for pool, reason in pools:
        first_s = min(drivers[name].summary.delay_removed_s for name in pool)
        for name in pool:
            late_ms = round(1000 * (drivers[name].summary.delay_removed_s - first_s), 6)
            words = f"shared by {', '.join(pool)} ({reason}): {late_ms:.4g} ms after the earliest of them"
            response = responses[name].with_delay_removed_s(first_s)
            responses[name] = replace(response, summary=replace(response.summary, time_reference=words))
    pooled = {name for pool, _ in pools for name in pool}
    warnings += _lost_time(drivers, time or {}, pooled)
    positive = [name for name, m in drivers.items() if m.summary.polarity > 0]
    negative = [name for name, m in drivers.items() if m.summary.polarity < 0]
    if positive and negative:
        minority, majority = sorted([positive, negative], key=len)
        warnings.append(
            f"polarity of {', '.join(minority)} is opposite to that of {', '.join(majority)}: on-axis pressure starts "
            f"{'downwards' if minority is negative else 'upwards'} where theirs does not; "
            "if the driver is not wired so on purpose, swap its terminals or negate its file"
        )
    return responses, tuple(warnings)


def _time_pools(
    drivers: Mapping[str, MeasuredDirectivity], time: Mapping[str, TimeKey], warnings: list[str]
) -> list[tuple[list[str], str]]:
    """Drivers whose relative time is kept, pool by pool, and why it is; at least two a pool."""
    shared = [name for name in drivers if time.get(name, "auto") == "shared"]
    for name in shared:
        m = drivers[name]
        if m.magnitude_only:
            raise DataError(
                f'{m.summary.files[0]}: driver "{name}" has response_time = "shared", and its files hold no phase, hence no'
                ' time; expected "own" or "auto"; export the phase too'
            )
        if m.time_reference == "none":
            warnings.append(
                f'driver "{name}": response_time = "shared", but its files say that they were measured without a timing '
                "reference: what they differ by from other drivers' is when each was started, not when its sound arrives"
            )
    stated: dict[tuple[str, str], list[str]] = {}
    for name, m in drivers.items():
        if time.get(name, "auto") != "auto" or m.time == "absolute" or m.magnitude_only:
            continue
        reference = m.time_reference if m.time_reference in ("loopback", "acoustic") else ""
        same_files = [n for n, o in drivers.items() if n != name and o.summary.files == m.summary.files]
        if reference:
            stated.setdefault((m.summary.kind, reference), []).append(name)
        elif same_files and m.time_reference != "none":
            stated.setdefault((m.summary.kind, "|".join(m.summary.files)), []).append(name)
    pools: list[tuple[list[str], str]] = []
    if shared:
        pools.append((shared, "response_time says so"))
    for (_, reference), names in stated.items():
        reasons = {
            "loopback": "their files name a loopback",
            "acoustic": "their files name an acoustic timing reference",
        }
        pools.append((names, reasons.get(reference, "they come from the same files")))
    if len(shared) == 1:
        warnings.append(f'driver "{shared[0]}": response_time = "shared" has no other driver to share a time with')
    pools = [(names, reason) for names, reason in pools if len(names) > 1]
    for names, _ in pools:
        near = [name for name in names if drivers[name].summary.distance_m]
        if near and len(near) < len(names):
            unstated = next(name for name in names if name not in near)
            raise DataError(
                f'{drivers[unstated].summary.files[0]}: driver "{unstated}" shares its time with {", ".join(near)}, whose distance is'
                " stated, and its own is not; expected the distance of all of them, or of none; write response_distance_m"
            )
    return pools


def _lost_time(drivers: Mapping[str, MeasuredDirectivity], time: Mapping[str, TimeKey], pooled: set[str]) -> list[str]:
    """Warn of drivers whose times were set alike without the problem's word for it, and of what that takes off."""
    unshared = {
        name: m
        for name, m in drivers.items()
        if m.time == "relative" and not m.magnitude_only and name not in pooled and time.get(name, "auto") == "auto"
    }
    others = {name: m for name, m in drivers.items() if name not in unshared and not m.magnitude_only}
    if not unshared or len(unshared) + len(others) < 2:
        return []
    delay_s = {name: m.summary.delay_removed_s for name, m in unshared.items()}
    apart_s = max(delay_s.values()) - min(delay_s.values())
    if len(unshared) > 1 and apart_s < MIN_LOSS_S:
        return []
    reason, remedy = (
        "do not say that they share a time reference",
        'response_time = "shared" keeps it where they were measured with one reference, "own" confirms that they were not',
    )
    if all(m.time_reference == "none" for m in unshared.values()):
        reason = "say that they had no timing reference"
        remedy = "measure them with a loopback, or with an acoustic timing reference, if their relative time matters"
    loss = (
        f", and the {1e6 * apart_s:z.0f} us by which their delays differ ({360 * 1000 * apart_s:.0f} degrees at 1 kHz) were taken off"
        if len(unshared) > 1
        else ", and its delay was taken off"
    )
    return [f"time between drivers: the files of {', '.join(unshared)} {reason}{loss}; {remedy}"]


FRONT_DEG = 75.0
MIN_ASIDE_M = 0.02  # a set turned by hand, or a driver that is not round, is this far off the axis without a fault
MIN_OFFSET_M = 0.03
MAX_OFFSET_SHARE = 0.4  # a centre within this part of an offset from where the offset says is explained by it


def front_centre_m(response: MeasuredDirectivity, speed_of_sound_m_s: float) -> Real | None:
    """Acoustic centre (3,) in the driver's frame as the front tells it; None where it tells nothing.

    What lies across a plane that was not measured is 0.
    """
    if response.magnitude_only or response.time_reference == "none":
        return None
    front = np.flatnonzero(response.directions[:, 0] > np.cos(np.radians(FRONT_DEG)))
    if front.size < 4 or response.frequency_hz.size < 4:
        return None
    axis = int(np.argmax(response.directions[front, 0]))
    f, directions = response.frequency_hz, response.directions[front]
    return fit_acoustic_centre_s(f, directions, response.pressure[:, front], axis) * speed_of_sound_m_s


def turning_point_m(driver: Driver) -> Real | None:
    """The point that a driver's set was turned about, in the device's axes; None for the driver's own place."""
    turned_about = driver.response_turned_about
    if isinstance(turned_about, str):
        return np.zeros(3) if turned_about == "device" else None
    return np.array(turned_about, dtype=float)


def place_warnings(problem: Problem, sets: dict[str, MeasuredDirectivity]) -> tuple[str, ...]:
    """Warnings of drivers that sound from elsewhere than their position says, with what would explain it."""
    warnings = []
    for driver in (driver for driver in problem.drivers if driver.name in sets):
        found_m = front_centre_m(sets[driver.name], problem.speed_of_sound_m_s)
        warning = "" if found_m is None else _place_warning(driver, sets[driver.name], found_m)
        warnings += [f'driver "{driver.name}": {warning}'] * bool(warning)
    return tuple(warnings)


def _place_warning(driver: Driver, response: MeasuredDirectivity, found_m: Real) -> str:
    axes = driver_axes((driver.facing_deg[0], driver.facing_deg[1]))
    is_measured = np.abs(response.directions).max(axis=0) > IN_PLANE  # across a plane nothing was heard
    about_m = turning_point_m(driver)
    position_m = np.array(driver.position_m, dtype=float)
    from_m = np.zeros(3) if about_m is None else about_m
    offset_m = np.where(is_measured, axes @ (position_m - from_m), 0.0)  # in the driver's frame
    location = f"{place_text(found_m)} of its place, as the arrival times within {FRONT_DEG:g} degrees of its axis tell"
    aside_m = float(np.linalg.norm(offset_m[1:]))
    # How deep a cone or a horn sits is its own; so depth counts only where the point lies straight before or behind the driver.
    counts = np.array([0.0, 1.0, 1.0]) if aside_m > MIN_ASIDE_M else np.ones(3)
    far_m = float(np.linalg.norm(offset_m * counts))
    if far_m > MIN_OFFSET_M:
        mirrored = offset_m * [1.0, -1.0, 1.0]
        # Turned about the point, untold; or told so, and turned about itself.
        straight = offset_m if about_m is None else -offset_m
        clockwise = mirrored if about_m is None else mirrored - offset_m
        off, off_clockwise = (
            float(np.linalg.norm((found_m - target_m) * counts)) for target_m in (straight, clockwise)
        )
        near_m = MAX_OFFSET_SHARE * far_m
        if off_clockwise < min(near_m, off) and abs(offset_m[1]) > MIN_ASIDE_M:
            suffix = ', and write response_turned_about = "device"' if about_m is None else ""
            return (
                f"its acoustic centre is {location}, as if its angles were counted clockwise about the turning point: "
                f"turn them round with response_clockwise{suffix}"
            )
        if off < near_m and about_m is None:
            return (
                f"its acoustic centre is {location}, which is where its position is from the device's origin: the position would "
                'count twice; was the whole device turned? Write response_turned_about = "device"'
            )
        if off < near_m:
            return (
                f"its acoustic centre is {location}, which undoes response_turned_about: was the driver turned about its own place? "
                "Leave response_turned_about out"
            )
    if float(np.linalg.norm(found_m[1:])) > max(MIN_ASIDE_M, 0.25 * far_m):
        return f"its acoustic centre is {location}: correct position_m, or state in response_turned_about which point was turned about"
    return ""


def place_text(place_m: Real) -> str:
    """A place in a driver's frame in words."""
    words = [
        f"{1000 * abs(v):.0f} mm {positive if v > 0 else negative}"
        for v, positive, negative in zip(
            place_m, ("in front", "to the left", "above"), ("behind", "to the right", "below"), strict=True
        )
        if abs(v) >= 5e-4
    ]
    return ", ".join(words) or "at the centre"
