"""Whether 0 degrees is where a driver faces: its fall-off is symmetric about another angle, and about the same one in every octave.

In a plane that was measured on both sides, an octave's level over angle is held against its mirror image about each candidate. A
driver that is not symmetric (beside the middle of a box, say) is like its image about no angle, or about another in each octave.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.directivity_interpolation import IN_PLANE
from designer.arrays import Complex, Real

CANDIDATES_DEG = np.arange(-35.0, 36.0)
ASIDE_DEG = np.arange(5.0, 61.0, 5.0)
LEAST_DEG = 7.0
ALIKE_DEG = 3.0
"""How far octaves may differ."""
UNLIKE_DB = 0.4
TIMES_LIKER = 4.0
OCTAVES_HZ = 500.0 * 2.0 ** np.arange(6)
MIN_FALL_DB = 2.0
"""Across the candidates: an octave that hardly falls off tells nothing."""


def check_zero(frequency_hz: Real, directions: Real, pressure: Complex) -> list[str]:
    """Warn of a plane whose fall-off is symmetric about another angle than 0."""
    said = []
    for name, along, across in (("horizontal", 1, 2), ("vertical", 2, 1)):
        inside = np.flatnonzero(np.abs(directions[:, across]) < IN_PLANE)
        angle_deg = np.degrees(np.arctan2(directions[inside, along], directions[inside, 0]))
        order = np.argsort(angle_deg)
        angle_deg, power = angle_deg[order], np.abs(pressure[:, inside[order]]) ** 2
        reach = ASIDE_DEG[-1] + CANDIDATES_DEG[-1]
        if angle_deg.size < 9 or angle_deg[0] > -reach or angle_deg[-1] < reach or np.diff(angle_deg).max() > 31:
            continue
        octaves = [_symmetric_about(angle_deg, frequency_hz, power, centre_hz) for centre_hz in OCTAVES_HZ]
        found = [octave for octave in octaves if octave is not None]
        about = np.array([about_deg for about_deg, _ in found])
        if about.size < 2 or not (np.ptp(about) <= ALIKE_DEG and abs(np.median(about)) >= LEAST_DEG):  # a NaN is not
            continue
        off_deg, cost_db = float(np.median(about)), max(cost for _, cost in found)
        said.append(
            f"{name} plane: levels fall off alike on both sides of {off_deg:+.0f} degrees, not of 0, in {about.size} octaves: was the"
            f" zero of the turntable off? Both sides of 0 differ by {cost_db:.1f} dB (root mean square) as they are; if the driver faces"
            f" 0, subtract {off_deg:.0f} degrees from all angles"
        )
    return said


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
    clear = now_db > UNLIKE_DB and TIMES_LIKER * unlike_db[best] < now_db
    return (float(CANDIDATES_DEG[best]) if clear else np.nan), now_db
