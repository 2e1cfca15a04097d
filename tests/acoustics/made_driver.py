"""A driver whose directivity is known in every direction, as if it had been measured."""

from __future__ import annotations

import numpy as np

from designer.acoustics.measured.directivity import DirectivitySummary
from designer.arrays import Complex, Real

HERTZ = np.linspace(100.0, 8000.0, 80)
SUMMARY = DirectivitySummary(
    driver="woofer", kind="made", files=("made.npz",), coverage="sphere", directions=26, lowest_hz=100.0,
    highest_hz=8000.0, level_1_khz_db=0.0, gain_db=0.0, delay_removed_s=0.0, distance_m=None, polarity=1,
    acoustic_centre_m=(0.0, 0.0, 0.0), symmetry_error_db=None, noise_floor_db=-100.0,
)  # fmt: skip


def aside(directions: Real) -> Complex:
    """Pressure (K, N) of a point source 2 cm in front of the driver's centre, louder to its left."""
    turned = np.exp(2j * np.pi / 343.0 * np.outer(HERTZ, directions @ [0.02, 0.0, 0.0]))
    return np.asarray(turned * (1 + 0.3 * directions[:, 1]))
