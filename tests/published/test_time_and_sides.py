"""The conventions, seen in time and from both sides: sound arrives after r/c, and the left driver at the left ear first.

A delay τ is e^{-jωτ}, so that the inverse transform of a transfer function is the response from 0 s on. The listener faces
the device: the listener's left is the device's -y.
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.arrays import Real

# 343 m/s at 34,300 Hz: 1 cm is one sample.
SAMPLE_M = 0.01
SAMPLES = 1024


def scene_of(
    drivers: dict[str, list[float]], *, x_m: float = 2.0, head: str = "sphere", enclosure: str = ""
) -> designer.Scene:
    tables = "".join(f'[[drivers]]\nname = "{name}"\nposition_m = {place}\n' for name, place in drivers.items())
    text = f"""
title = "Places and times"
sample_rate_hz = 34300
{enclosure}
{tables}
[listener]
ear_cloud_m = [[0, 0, 0]]
position_m = [{x_m}, 0.0, 0.0]
head = "{head}"
[grid]
azimuth_step_deg = 30.0
azimuth_distance_m = 2.0
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
band_hz = [100.0, 1000.0]
nulls_deg = [180.0]
"""
    return designer.scene(designer.loads(text))


def evenly(scene: designer.Scene) -> designer.Scene:
    """The scene on the frequencies of a Fourier transform; a design's own hold the ends of bands too."""
    return scene.at(np.fft.rfftfreq(SAMPLES, 1 / 34_300))


def impulse_responses(scene: designer.Scene) -> Real:
    """Responses on the circle (T, azimuths, drivers)."""
    return np.asarray(np.fft.irfft(evenly(scene).circle(), SAMPLES, axis=0))


def test_sound_arrives_after_its_way() -> None:
    """From the origin and from half a metre ahead: one impulse 1/r high, r/c late, and nothing else."""
    scene = scene_of({"origin": [0.0, 0.0, 0.0], "ahead": [0.5, 0.0, 0.0]})
    found = impulse_responses(scene)
    for azimuth_deg, ways_m in ((0.0, (2.0, 1.5)), (-180.0, (2.0, 2.5))):
        at = int(np.argmin(np.abs(scene.azimuth_deg - azimuth_deg)))
        for driver, way_m in enumerate(ways_m):
            expected = np.zeros(SAMPLES)
            expected[round(way_m / SAMPLE_M)] = 1 / way_m
            np.testing.assert_allclose(found[:, at, driver], expected, rtol=0, atol=1e-10)


def test_azimuth_is_counter_clockwise() -> None:
    """A driver at +y is nearest to azimuth +90 degrees, 1.5 m away, and one at -y to -90 degrees."""
    scene = scene_of({"at +y": [0.0, 0.5, 0.0], "at -y": [0.0, -0.5, 0.0]})
    arrival_m = SAMPLE_M * np.abs(impulse_responses(scene)).argmax(axis=0)
    for azimuth_deg, ways_m in ((90.0, (1.5, 2.5)), (-90.0, (2.5, 1.5))):
        at = int(np.argmin(np.abs(scene.azimuth_deg - azimuth_deg)))
        np.testing.assert_allclose(arrival_m[at], ways_m, atol=1e-9)


def test_nothing_arrives_early_around_an_enclosure() -> None:
    """The shortest way from the back of a sphere leads along its surface, and 99.9 % of the energy comes at its end or later.

    To 2 m ahead of a sphere of radius a: a (π - arccos(a/2)) around, and √(4 - a²) from where its tangent leaves it.
    """
    a = 0.25
    scene = evenly(scene_of({"back": [-a, 0.0, 0.0]}, enclosure=f'[enclosure]\nmodel = "sphere"\nradius_m = {a}'))
    (at,) = np.flatnonzero(scene.azimuth_deg == 0)
    band_limit = np.cos(np.linspace(0.0, np.pi / 2, scene.frequency_hz.size)) ** 2  # one sample to each side
    energy = np.fft.irfft(scene.circle()[:, at, 0] * band_limit, SAMPLES) ** 2
    shortest_m = a * (np.pi - np.arccos(a / 2)) + np.sqrt(4 - a**2)
    first = int(shortest_m / SAMPLE_M)
    assert energy[: first - 1].sum() < 1e-3 * energy.sum()
    assert energy[first - 1 : first + 10].sum() > 0.98 * energy.sum()


@pytest.mark.parametrize("head", ["points", "sphere", "sphere:0.07"])
def test_the_left_driver_is_the_left_ears(head: str) -> None:
    """The driver at -y is earlier and louder at the listener's left ear, the one at +y at the right, and they are mirrors."""
    scene = scene_of({"left": [0.0, -0.5, 0.0], "right": [0.0, 0.5, 0.0]}, head=head)
    band = (scene.frequency_hz > 100) & (scene.frequency_hz < 8000)
    ears = scene.ears()[band]  # (F, [left ear, right ear], [left driver, right driver])
    np.testing.assert_allclose(ears, ears[:, ::-1, ::-1], rtol=1e-12)
    across = ears[:, 1, 0] / ears[:, 0, 0]
    assert (np.abs(across) < 1).all()
    phase = np.unwrap(np.angle(across))
    delay_s = -phase / (2 * np.pi * scene.frequency_hz[band])
    assert delay_s.min() > 80e-6  # 2a/c sin 14° is 120 µs, 3a/c sin 14° is 186 µs
    assert delay_s.max() < 220e-6


def test_a_listener_behind_hears_it_the_other_way_round() -> None:
    """A listener behind the device faces it too: the driver at -y is then the right ear's."""
    ahead, behind = (scene_of({"one": [0.0, -0.5, 0.0]}, x_m=x).at(np.array([500.0])).ears()[0] for x in (2.0, -2.0))
    np.testing.assert_allclose(behind[::-1], ahead, rtol=1e-12)
    left, right = np.abs(ahead[:, 0])
    assert left > 1.01 * right
