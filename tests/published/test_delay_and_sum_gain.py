"""Delay-and-sum: in phase where it looks, and in the far field the largest white-noise gain there is.

N sources in phase give |Σ w|² / Σ|w|² = N for equal weights, and by Cauchy-Schwarz no weights give more
(Van Trees, Optimum Array Processing, chapter 2).
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer import measures
from designer.arrays import Real
from designer.formulations import FORMULATIONS
from designer.requirements.channel_target import channel_target
from designer.requirements.target import ChannelTarget


def places(count: int) -> Real:
    """Places (N, 3) with no symmetry."""
    return np.random.default_rng(count).uniform(-0.3, 0.3, (count, 3))


def beam(places_m: Real, look_deg: float, distance_m: str = "inf") -> tuple[designer.Scene, ChannelTarget]:
    drivers = "".join(
        f'[[drivers]]\nname = "driver {n}"\nposition_m = {place.tolist()}\n' for n, place in enumerate(places_m)
    )
    text = f"""
title = "A cloud of monopoles"
sample_rate_hz = 48000
{drivers}
[listener]
position_m = [2.0, 0.0, 0.0]
head = "points"
[grid]
frequencies = 33
azimuth_distance_m = {distance_m}
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = {look_deg}
band_hz = [200.0, 20000.0]
nulls_deg = [{look_deg + 180 if look_deg < 0 else look_deg - 180}]
method = "delay-and-sum"
"""
    problem = designer.loads(text)
    scene = designer.scene(problem)
    return scene, channel_target(problem.designs[0], scene)


@pytest.mark.parametrize("look_deg", [0.0, 35.0, -120.0])
@pytest.mark.parametrize("count", [2, 3, 5, 8, 16])
def test_white_noise_gain(count: int, look_deg: float) -> None:
    """10 log10 N, at every frequency and in every direction, to rounding."""
    _, target = beam(places(count), look_deg)
    w = FORMULATIONS["delay-and-sum"](target).weights
    found = measures.db(measures.white_noise_gain(target.look, w, target.look_distance_m))
    np.testing.assert_allclose(found, 10 * np.log10(count), rtol=1e-12)


@pytest.mark.parametrize("count", [3, 7])
def test_white_noise_gain_at_a_distance(count: int) -> None:
    """A ring of radius R seen along its axis from r: each source is sqrt(r² + R²) away, the scale is r, so N r²/(r² + R²)."""
    r, R = 2.0, 0.5
    angle = 2 * np.pi * np.arange(count) / count
    _, target = beam(np.stack([0 * angle, R * np.cos(angle), R * np.sin(angle)], axis=1), 0.0, str(r))
    w = FORMULATIONS["delay-and-sum"](target).weights
    found = measures.white_noise_gain(target.look, w, target.look_distance_m)
    np.testing.assert_allclose(found, count * r**2 / (r**2 + R**2), rtol=1e-12)


@pytest.mark.parametrize("distance_m", ["0.5", "3.0", "inf"])
def test_one_driver_has_no_directivity(distance_m: str) -> None:
    """A monopole's index is 0 dB, and its white-noise gain too, from wherever one looks."""
    scene, target = beam(np.zeros((1, 3)), 35.0, distance_m)
    w = FORMULATIONS["delay-and-sum"](target).weights
    index = measures.directivity_index(target.look, scene.radiated_power, w, target.look_distance_m)
    np.testing.assert_allclose(index, 1.0, rtol=1e-12)
    np.testing.assert_allclose(measures.white_noise_gain(target.look, w, target.look_distance_m), 1.0, rtol=1e-12)


@pytest.mark.parametrize("look_deg", [0.0, 35.0, -120.0])
def test_weights_are_delays(look_deg: float) -> None:
    """A driver d metres ahead in the look direction plays d/c seconds later than one at the origin: e^{-jωd/c} / N."""
    places_m = places(5)
    scene, target = beam(places_m, look_deg)
    azimuth = np.radians(look_deg)
    ahead_m = places_m @ [np.cos(azimuth), np.sin(azimuth), 0.0]
    expected = np.exp(-2j * np.pi * np.outer(scene.frequency_hz, ahead_m / 343.0)) / 5
    np.testing.assert_allclose(FORMULATIONS["delay-and-sum"](target).weights, expected, atol=1e-12)


@pytest.mark.parametrize("look_deg", [0.0, 35.0, -120.0])
def test_nowhere_louder_than_in_the_look_direction(look_deg: float) -> None:
    """The level is 1 in the look direction, and at most that on the whole circle."""
    scene, target = beam(places(5), look_deg)
    w = FORMULATIONS["delay-and-sum"](target).weights
    circle = np.abs(measures.pressure(scene.circle(), w))
    on_axis = circle[:, np.argmin(np.abs(scene.azimuth_deg - look_deg))]
    np.testing.assert_allclose(on_axis, 1.0, rtol=1e-12)
    assert circle.max() <= 1 + 1e-12
    assert circle[scene.frequency_hz > 3000].min(axis=1).max() < 0.5  # it is a beam, not a constant
