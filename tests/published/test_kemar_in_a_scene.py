"""A dummy head measured by others, through the whole scene: times and levels between the ears.

Gardner and Martin, HRTF measurements of a KEMAR dummy-head microphone (MIT Media Lab technical report 280, 1994). KEMAR's
interaural time difference at 90 degrees lies between 0.60 and 0.80 ms.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import designer
from designer.arrays import Real

FOLDER = Path(__file__).parents[2] / "problems"
RATE_HZ, SAMPLES = 192_000.0, 2048


def ear_responses(turn_deg: float) -> Real:
    """Responses at the left and the right ear (T, 2) to a driver 1.4 m ahead of a head that has turned."""
    text = f"""
title = "A measured head that turns"
sample_rate_hz = {RATE_HZ}
[[drivers]]
name = "one"
position_m = [0.0, 0.0, 0.0]
[listener]
ear_cloud_m = [[0, 0, 0]]
position_m = [1.4, 0.0, 0.0]
turn_deg = {turn_deg}
head = "data/mit_kemar_normal.sofa"
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
band_hz = [100.0, 1000.0]
nulls_deg = [180.0]
"""
    frequency_hz = np.arange(SAMPLES // 2 + 1) * RATE_HZ / SAMPLES
    ears = designer.scene(designer.loads(text, folder=FOLDER)).at(frequency_hz).ears()[:, :, 0]
    heard = ears * (frequency_hz < 16_000)[:, None]
    return np.asarray(np.fft.irfft(heard, SAMPLES, axis=0))


@pytest.mark.parametrize(("turn_deg", "near"), [(90.0, 1), (-90.0, 0)])
def test_time_between_the_ears(turn_deg: float, near: int) -> None:
    """A head that turned to its left has the driver at its right: that ear hears it 0.60 to 0.80 ms earlier, and louder."""
    responses = ear_responses(turn_deg)
    correlation = np.correlate(responses[:, 1 - near], responses[:, near], mode="full")
    later_s = (int(np.argmax(correlation)) - (SAMPLES - 1)) / RATE_HZ
    assert 0.60e-3 < later_s < 0.80e-3
    energy = np.sum(responses**2, axis=0)
    assert energy[near] > 4 * energy[1 - near]


def test_a_driver_ahead() -> None:
    """Ahead, both ears hear it within 50 µs of each other and after 1.4 m of way, less 0.3 ms of head and cut-off."""
    responses = ear_responses(0.0)
    correlation = np.correlate(responses[:, 0], responses[:, 1], mode="full")
    assert abs(int(np.argmax(correlation)) - (SAMPLES - 1)) / RATE_HZ < 50e-6
    onset_s = np.argmax(np.abs(responses) > 0.3 * np.abs(responses).max(axis=0), axis=0) / RATE_HZ
    np.testing.assert_allclose(onset_s, 1.4 / 343.0, rtol=0, atol=0.3e-3)
