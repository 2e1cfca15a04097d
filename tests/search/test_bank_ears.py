"""What a head hears that walks: sound arrives as late as its way through the air is long."""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.arrays import Real
from designer.search.bank_keys import followed_keys
from designer.search.bank_listening import ear_bank
from designer.stereo.signal_path import EARS

EAR_M, DRIVER_M, SPEED_M_S = 0.09, 0.2, 343.0
PROBLEM = f"""
title = "Two points before a listener of two points"
sample_rate_hz = 48000
drivers = [{{ name = "l", position_m = [0, -{DRIVER_M}, 0] }}, {{ name = "r", position_m = [0, {DRIVER_M}, 0] }}]
listener = {{ position_m = [1, 0, 0], head = "points", head_radius_m = {EAR_M} }}
designs = [{{ name = "left", kind = "ctc", ear = "left", band_hz = [500, 4000], cancellation_gain_db = [[500, 6]] }}]
"""


@pytest.mark.parametrize("distance_m", [0.4, 0.613, 1.0, 1.57])
def test_sound_arrives_later_farther_away(distance_m: float) -> None:
    """Between two points the way is √(x² + Δy²): as a head walks from 0.8 m, each ear hears each driver later by its way over c."""
    problem = designer.loads(PROBLEM)
    keys = followed_keys(problem, ["listener.position_m[0]=0.4:1.6"])
    ears = ear_bank(problem, keys, [np.linspace(0.4, 1.6, 25)])
    f = np.linspace(500.0, 4000.0, 176)

    def phase(values: list[float], ear: str) -> Real:
        taps = ears.at(ear, values)
        return np.unwrap(np.angle(np.exp(-2j * np.pi / 48000 * np.outer(f, np.arange(taps.shape[1]))) @ taps.T), axis=0)

    for ear, side in zip(EARS, (-1, 1), strict=True):
        turned = phase([distance_m], ear) - phase([0.8], ear)
        later_s = -np.polyfit(2 * np.pi * f, turned, 1)[0]
        across = side * EAR_M - DRIVER_M * np.array([-1, 1])
        ways_m = np.hypot(np.array([[distance_m], [0.8]]), across)
        np.testing.assert_allclose(later_s * 48000, (ways_m[0] - ways_m[1]) / SPEED_M_S * 48000, atol=0.05)
