"""Largest angle of a virtual source within reach of a layout, by the convex problem that `matched` solves, before anything is designed.

An angle is within reach where the interaural time of the weights, at the cloud's centre, is within 10 % of the head's own for a
loudspeaker there, at every one of COUNT frequencies of the ear designs' band up to 1.5 kHz, for both sides. What level that takes is
stated beside it: with priority = "level" it is none. The time of a wide source needs more of the drivers, and that of a narrow one is soon
too long or too short by a share: a bar of eight with a measured head is within reach from 28 to 90 degrees. So the largest angle is looked
for from MOST_DEG down, in steps of COARSE_DEG and then by the degree. (Seven layouts with limits of 0 to 9 dB and none, scanned degree by
degree: all have one range within reach, which ends where this says.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from designer.acoustics.scene import Scene
from designer.formulations.interaural_matching import TIMED_HZ
from designer.measures import amplitude_db, lowest_hz
from designer.problem.messages import number
from designer.problem.schema import Problem
from designer.requirements.plain import plain_in
from designer.stereo.crosstalk import ratio_of
from designer.stereo.matched import LOST_LEVEL_DB, TIME_TOLERANCE, VIRTUAL, matched_sides

COUNT = 16
UNWRAPPED_HZ = 250.0
"""Step from 0 Hz to the band, from which the head's phase unwraps: less than half a turn of any head."""
MOST_DEG, COARSE_DEG = 90, 5


@dataclass(frozen=True)
class AtAngle:
    """Outcome of the weights of one angle, the worse of both sides."""

    angle_deg: float
    time_reached: float  # the interaural time over the head's own, where it is furthest from it
    at_hz: float  # that frequency
    level_db: float  # the least level of any of the frequencies

    @property
    def within_reach(self) -> bool:
        """Whether the time is met."""
        return abs(self.time_reached - 1) <= TIME_TOLERANCE


@dataclass(frozen=True)
class ReachableAngle:
    """The file's own angle, and the largest within reach (None: not even 1 degree)."""

    band_hz: tuple[float, float]
    requested: AtAngle
    largest: AtAngle | None


def reachable_angle(problem: Problem, scene: Scene) -> ReachableAngle | None:
    """Reach of a problem's chain; None without [virtualizer], or where the ear designs' band begins above 1.5 kHz.

    Raises
    ------
    DataError : the measured head's file cannot be used
    SolverError : a cone program ends without a certified answer

    """
    if problem.virtualizer is None:
        return None
    tables = {table.name: table for table in problem.designs if table.name in VIRTUAL}
    low_hz = max(lowest_hz(table.band_hz) for table in tables.values())
    high_hz = min(TIMED_HZ, *(table.band_hz[1] for table in tables.values()))
    if low_hz > high_hz:
        return None
    plains = {side: plain_in(table, scene) for side, table in tables.items()}
    below_hz = np.arange(UNWRAPPED_HZ, low_hz, UNWRAPPED_HZ)
    sampled = scene.at(np.concatenate([below_hz, np.geomspace(low_hz, high_hz, COUNT)]))
    judged = slice(below_hz.size, None)

    def at(angle_deg: float) -> AtAngle:
        far = ratio_of(problem, sampled.frequency_hz, angle_deg)
        sides = matched_sides(sampled, tables, plains, np.ones_like(far), far).values()
        reached = np.array([side.time_reached[judged] for side in sides])
        worst = np.unravel_index(np.abs(reached - 1).argmax(), reached.shape)
        level_db = min(float(amplitude_db(side.level[judged]).min()) for side in sides)
        return AtAngle(angle_deg, float(reached[worst]), float(sampled.frequency_hz[judged][worst[1]]), level_db)

    def widest(angles_deg: Iterable[int]) -> AtAngle | None:
        return next((tried for tried in map(at, angles_deg) if tried.within_reach), None)

    largest = widest(range(MOST_DEG, 0, -COARSE_DEG)) or widest(range(COARSE_DEG, 0, -1))
    if largest is not None and largest.angle_deg < MOST_DEG:
        first_deg = int(largest.angle_deg)
        largest = widest(range(first_deg + COARSE_DEG - 1, first_deg, -1)) or largest
    return ReachableAngle((low_hz, high_hz), at(problem.virtualizer.angle_deg), largest)


def explain_angle(problem: Problem, scene: Scene) -> Iterator[str]:
    """Sentences on the angle for `designer check --reach`."""
    reach = reachable_angle(problem, scene)
    if reach is None:
        return
    band = (
        f"its interaural time within {100 * TIME_TOLERANCE:.0f} %, {reach.band_hz[0]:.0f} to {reach.band_hz[1]:.0f} Hz"
    )
    if reach.largest is None:
        yield f"reach of the stereo chain: no angle to the sides of the drivers is within reach ({band})"
    else:
        yield (
            f"reach of the stereo chain: a virtual source up to {number(reach.largest.angle_deg)} degrees ({band})"
            f"{_level(reach.largest)}"
        )
    requested = reach.requested
    if requested.within_reach:
        yield f"  the {number(requested.angle_deg)} degrees asked for are within reach{_level(requested)}"
        return
    mend = ""
    if reach.largest is not None:
        verb = "lower" if reach.largest.angle_deg < requested.angle_deg else "raise"
        mend = f" {verb} angle_deg to {number(reach.largest.angle_deg)}, or"
    yield (
        f"  {number(requested.angle_deg)} degrees are out of reach: they get {100 * requested.time_reached:.0f} % of their"
        f" interaural time at {requested.at_hz:.0f} Hz; remedy:{mend} raise max_gain_db"
    )


def _level(reached: AtAngle) -> str:
    lost = -reached.level_db
    return f", at up to {lost:z.1f} dB less level" if lost > LOST_LEVEL_DB else ", at full level"
