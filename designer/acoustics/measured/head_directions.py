"""Where a head's measurements came from: SOFA's positions as directions in the head's axes, and what the sound says to them.

Positions are the source's (with its emitters) as seen from the listener, in the listener's axes: x forward (ListenerView),
z up (ListenerUp), y the listener's left. AES69 counts azimuth counter-clockwise, so that 90 degrees is the left.

Published files contradict themselves: ReceiverPosition mirrored, azimuth clockwise, radians under the name of degrees.
The interaural time decides, because a sound from the left reaches the left ear first whatever the file says. What a
file declares is kept where it agrees with the sound; otherwise the reading that agrees is taken, with a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.acoustics.measured.interaural_time import geometric_time_s
from designer.acoustics.measured.sofa import axes_of, kind_and_units, rows_of
from designer.arrays import Bool, Real
from designer.errors import DataError
from designer.problem.geometry import direction

MIN_AGREEMENT = 0.6  # share of the interaural time's energy that a reading of the file must explain
MIN_TIME_RATIO = 0.35  # of a head's interaural time: minimum phase, which a head's level alone implies, leaves a fifth
MIN_DISTANCE_M = 0.15
MAX_DISTANCE_M = 100.0


@dataclass(frozen=True)
class Placement:
    """Declarations of a file: readings of its directions, the likeliest first, and which receiver it calls the left ear."""

    readings: tuple[tuple[str, Real], ...]  # what each reading supposes, and its directions (N, 3)
    distance_m: Real  # (N,); inf where the file does not say
    first_is_left: bool | None
    warnings: tuple[str, ...]

    def of(self, keep: Bool) -> Placement:
        """Declarations of some of the measurements."""
        readings = tuple((words, directions[keep]) for words, directions in self.readings)
        return Placement(readings, self.distance_m[keep], self.first_is_left, self.warnings)


def placed(sofa: Any, measurements: int, emitters: int, name: str) -> Placement:
    """Directions and distances of a file's measurements (each emitter is one of its own).

    Raises
    ------
    DataError : positions that are not finite, elevations beyond 90 degrees, spherical harmonics in place of directions
    """
    warnings: list[str] = []
    kind = str(getattr(sofa, "EmitterPosition_Type", "cartesian"))
    if emitters > 1 and "harmonics" in kind.lower():
        raise DataError(f"{name}: got spherical harmonics in place of directions; expected directions")
    rows = measurements // emitters
    source, radians = _cartesian(sofa, "SourcePosition", name, rows, warnings)
    readings = [("as the file says", source)]
    if radians is not None:
        readings.append(("taking its degrees for radians", radians))
    listener = (
        _cartesian(sofa, "ListenerPosition", name, rows, warnings)[0] if hasattr(sofa, "ListenerPosition") else 0.0
    )
    readings = [(words, places - listener) for words, places in readings]
    if emitters > 1:
        offset = _cartesian(sofa, "EmitterPosition", name, emitters, warnings)[0]
        # A source at the listener's place whose emitters stand around it.
        readings = [(words, (places[:, None, :] + offset[None]).reshape(-1, 3)) for words, places in readings]
    axes = _axes(sofa, rows, name, warnings)
    if axes is not None:
        axes = np.repeat(axes, emitters, axis=0)
        directions_read = [(words, np.einsum("nij,nj->ni", axes, places)) for words, places in readings]
        readings = [directions_read[0], ("leaving ListenerView out", readings[0][1]), *directions_read[1:]]
    lengths = [np.linalg.norm(places, axis=1) for _, places in readings]
    if min(float(length.min()) for length in lengths) <= 0:
        raise DataError(f"{name}: got a source at the listener's own place; expected SourcePosition away from it")
    distance_m = lengths[0]
    odd = (distance_m < MIN_DISTANCE_M) | (distance_m > MAX_DISTANCE_M)
    if odd.any():
        warnings.append(
            f"got sources at {distance_m[odd][0]:g} m; expected {MIN_DISTANCE_M:g} to {MAX_DISTANCE_M:g} m; they are"
            " taken as far away"
        )
        distance_m = np.where(odd, np.inf, distance_m)
    directions = tuple(
        (words, places / length[:, None]) for (words, places), length in zip(readings, lengths, strict=True)
    )
    return Placement(directions, distance_m, _first_is_left(sofa, name, warnings), tuple(warnings))


def _cartesian(sofa: Any, key: str, name: str, rows: int, warnings: list[str]) -> tuple[Real, Real | None]:
    """Positions (rows, 3) in metres, and the same with degrees taken for radians where their numbers allow it."""
    values, (kind, units) = rows_of(sofa, key, name), kind_and_units(sofa, key)
    if len(values) not in (1, rows):
        raise DataError(f"{name}: got {len(values)} rows of {key} for {rows} measurements; expected one each")
    values = np.broadcast_to(values, (rows, 3))
    if "spherical" not in kind:
        return values, None
    angles, radius = values[:, :2], values[:, 2]
    if key == "SourcePosition" and not radius.any():
        radius = np.full(rows, 1e6)  # far away
    small = bool((np.abs(angles) <= [2 * np.pi + 1e-3, np.pi / 2 + 1e-3]).all())
    in_radians = units.startswith("rad")
    if in_radians and not small:
        warnings.append(
            f"got {key} in units of {units!r} with an azimuth or elevation of {np.abs(angles).max():g}; expected"
            " radians up to 6.28; the numbers are taken as degrees"
        )
        in_radians = False
    if in_radians:
        angles = np.degrees(angles)
    if (np.abs(angles[:, 1]) > 90 + 1e-3).any():
        raise DataError(
            f"{name}: got elevations of {angles[:, 1].min():g} to {angles[:, 1].max():g} degrees in {key}; expected"
            " -90 to 90, 0 being the horizon; subtract a polar angle from 90"
        )
    is_ambiguous = small and not in_radians and np.ptp(angles) > 0 and key == "SourcePosition"
    places, other = (direction(a[:, 0], a[:, 1]) * radius[:, None] for a in (angles, np.degrees(angles)))
    return places, other if is_ambiguous else None


def _axes(sofa: Any, rows: int, name: str, warnings: list[str]) -> Real | None:
    """The listener's axes as rows (rows, 3, 3), or None where they are the room's."""
    if not hasattr(sofa, "ListenerView"):
        return None
    forward = _cartesian(sofa, "ListenerView", name, rows, warnings)[0]
    up = np.broadcast_to([0.0, 0.0, 1.0], forward.shape)
    if hasattr(sofa, "ListenerUp"):
        up = _cartesian(sofa, "ListenerUp", name, rows, warnings)[0]
    axes = axes_of(forward, up)
    if axes is None:
        warnings.append("got ListenerView along ListenerUp, which gives no left; both are left out")
    return None if axes is None or np.allclose(axes, np.eye(3), rtol=0, atol=1e-6) else axes


def _first_is_left(sofa: Any, name: str, warnings: list[str]) -> bool | None:
    """Whether the file places its first receiver on the listener's left; None where it does not say."""
    if hasattr(sofa, "ReceiverPosition"):
        y = _cartesian(sofa, "ReceiverPosition", name, 2, warnings)[0][:, 1]
        if y[0] != y[1]:
            return bool(y[0] > y[1])
    warnings.append("got no ReceiverPosition that tells left from right")
    return None


def heard(placement: Placement, interaural_s: Real, name: str) -> tuple[Real, bool, list[str]]:
    """Directions (N, 3), whether the first receiver is the left ear, and what the user should know.

    Parameters
    ----------
    interaural_s : (N,) float array, how much later the second receiver hears each measurement

    Raises
    ------
    DataError : where the sound contradicts every reading of the file
    """
    declared = placement.first_is_left
    energy = float(np.sum(interaural_s**2))
    matches = []
    for words, directions in placement.readings:
        for first_is_left in (True, False) if declared is None else (declared, not declared):
            expected_s = geometric_time_s(directions[:, 1]) * (1 if first_is_left else -1)
            agrees = 1 - float(np.sum((interaural_s - expected_s) ** 2)) / max(energy, 1e-30)
            matches.append((agrees, words, directions, first_is_left, expected_s))
    lateral = max(float(np.abs(directions[:, 1]).max()) for _, directions in placement.readings)
    if lateral < 0.2 or (lateral < 0.5 and energy < (5e-5) ** 2 * interaural_s.size):
        warnings = ["got directions near the median plane alone; which ear is which is not checked"]
        return placement.readings[0][1], declared is not False, warnings
    if energy < (3e-5) ** 2 * interaural_s.size:
        raise DataError(
            f"{name}: got no interaural time ({np.abs(interaural_s).max() * 1e6:z.0f} us at most); expected responses"
            " with their delays, in the samples or in Data.Delay"
        )
    if declared is not None and matches[0][0] >= MIN_AGREEMENT:
        return matches[0][2], matches[0][3], []
    agrees, words, directions, first_is_left, expected_s = max(matches, key=lambda reading: reading[0])
    widest = int(np.argmax(np.abs(directions[:, 1])))
    side = "left" if directions[widest, 1] > 0 else "right"
    sound = f"sound from the {side} reaches the {'first' if interaural_s[widest] > 0 else 'second'} receiver"
    sound += f" {abs(interaural_s[widest]) * 1e3:.2f} ms before the other"
    warnings = []
    if agrees < MIN_AGREEMENT:
        scale = float(interaural_s @ expected_s) / float(expected_s @ expected_s)
        likeness = float(interaural_s @ expected_s) / np.sqrt(energy * float(expected_s @ expected_s))
        if likeness < 0.7:
            raise DataError(
                f"{name}: got an interaural time that does not follow the directions (likeness {likeness:.2f}); expected"
                " azimuth 0 in front and 90 degrees on the left, in the units that SourcePosition names"
            )
        if scale < MIN_TIME_RATIO:
            raise DataError(
                f"{name}: got an interaural time {scale:.2f} times that of a head of 8.75 cm"
                f" ({np.abs(interaural_s).max() * 1e6:z.0f} us at most), as of minimum-phase responses: the delays were taken out;"
                " expected responses with their delays, in the samples or in Data.Delay; export the head without minimum phase"
            )
        warnings.append(
            f"got an interaural time {scale:.1f} times that of a head of 8.75 cm; doubtful: the sampling rate or the"
            " units of SourcePosition"
        )
    reading_text = f"the first receiver is taken as the {'left' if first_is_left else 'right'} ear"
    if words != "as the file says":
        warnings.append(
            f"the directions are read {words}, because {sound}, and the file's own reading contradicts that"
        )
    if declared is not None and first_is_left != declared:
        place = "left" if declared else "right"
        warnings.append(
            f"ReceiverPosition puts the first receiver on the {place}, but {sound}: either it is mirrored, or azimuths run"
            f" clockwise; the sound decides, and {reading_text}"
        )
    elif declared is None:
        warnings.append(f"{sound}: {reading_text}")
    return directions, first_is_left, warnings
