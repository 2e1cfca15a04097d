"""Encoded drivers and heads against the models that they encode, at directions that no encoding looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acoustics.made_driver import SUMMARY
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.acoustics.enclosures.box import BoxedDrivers
from designer.acoustics.enclosures.box_grid import BoxGrid
from designer.acoustics.enclosures.box_pistons import Piston
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.head_models import Points, Sphere
from designer.acoustics.heads import ears_in_field
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.scene import driver_places_m
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Real
from designer.evaluation.driver_patterns import cubic_weights, encode, nodes
from designer.evaluation.head_patterns import encode_ears
from designer.evaluation.image_sources import wave_phases
from designer.problem.geometry import direction
from evaluation.room_cases import error_db

LIBRARY = Path(__file__).parents[2] / "problems"
C_M_S = 343.0
FAR_M = 1e5
F = np.linspace(0.0, 16_000.0, 33)
K = 2 * np.pi * F / C_M_S
FEW = K[::4]


def directions(count: int = 60) -> Real:
    out = np.random.default_rng(4).standard_normal((count, 3))
    return np.asarray(out / np.linalg.norm(out, axis=1, keepdims=True))


def worst_db(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest error of any frequency, relative to its root mean square over directions (F, M)."""
    error = np.sum(np.abs(found - wanted) ** 2, axis=1) / np.sum(np.abs(wanted) ** 2, axis=1)
    return float(10 * np.log10(max(error.max(), 1e-30)))


@pytest.mark.parametrize("name", ["smart-speaker", "couch", "cylinder-speaker"])
def test_devices_are_encoded_to_what_is_promised(name: str) -> None:
    """Caps on a sphere, points in free field, square pistons on a cylinder: below -40 dB up to 16 kHz, as far as `error_db` says."""
    device = scene(designer.load(LIBRARY / f"{name}.toml")).device
    far = directions()
    actual = encode(device, FEW, float(FEW[-1]))
    expected = device.far_field(FEW, far)
    assert actual.error_db < -40
    for l, pattern in enumerate(actual.patterns):
        placed = pattern.at(far) * np.exp(1j * FEW[:, None] * (far @ actual.places_m[l]))
        assert worst_db(placed, expected[:, :, l]) < -40


@pytest.mark.parametrize("name", ["smart-speaker", "cylinder-speaker"])
def test_round_enclosures_about_each_drivers_own_place(name: str) -> None:
    """Counted from the driver on the surface, a sphere's series and a cylinder's table are the same far field, below -40 dB."""
    problem = designer.load(LIBRARY / f"{name}.toml")
    device, far, places_m = scene(problem).device, directions(), driver_places_m(problem)
    actual = encode(device, FEW, float(FEW[-1]), places_m=places_m)
    np.testing.assert_allclose(actual.places_m, places_m, atol=1e-5)
    expected = device.far_field(FEW, far)
    for l, pattern in enumerate(actual.patterns):
        placed = pattern.at(far) * np.exp(1j * FEW[:, None] * (far @ actual.places_m[l]))
        assert worst_db(placed, expected[:, :, l]) < -40


def test_a_plane_wave_from_the_drivers_own_place_is_nearer_to_the_truth() -> None:
    """What a head hears of a driver on a sphere 2.5 to 7 m away, at 1 kHz: -30 dB from the own place, -25 dB from the centre.

    The truth is the scene's own, whose fields fundamental solutions hold.
    """
    enclosure = SphereEnclosure(0.0875, direction(np.array([-90.0, 0.0, 90.0])), [0.025] * 3)
    head, k, axes = Sphere("sphere", 0.0875), np.array([2 * np.pi * 1000.0 / C_M_S]), np.eye(3)
    distances_m = np.random.default_rng(2).uniform(2.5, 7.0, 40)
    centres_m = directions(40) * distances_m[:, None]
    expected = ears_in_field(head, enclosure, k, centres_m, axes)[0]  # (M, 2, L)
    errors = []
    for places_m in (np.zeros((3, 3)), 0.0875 * enclosure.directions):
        actual = np.empty_like(expected)
        for l, place_m in enumerate(places_m):
            way = centres_m - place_m
            away_m = np.linalg.norm(way, axis=1)
            way = way / away_m[:, None]
            sent = enclosure.far_field(k, way)[0, :, l] * np.exp(-1j * k * (away_m + way @ place_m)) / away_m
            plane = head.pressure(k, np.array([FAR_M]), -way[None])[0, 0] * FAR_M * np.exp(1j * k * FAR_M)  # (2, M)
            actual[:, :, l] = plane.T * sent[:, None]
        errors.append(error_db(actual, expected))
    assert errors[1] < -29
    assert errors[0] > errors[1] + 4


def test_a_disc_in_free_field() -> None:
    """A disc of 8 cm across, off the origin and turned upwards: within -55 dB of its far field, ka up to 12."""
    device = FreeField([Disc(np.array([0.1, -0.2, 0.05]), (30.0, 20.0), 0.04)])
    far = directions()
    actual = encode(device, K, float(K[-1]))
    placed = actual.patterns[0].at(far) * np.exp(1j * K[:, None] * (far @ actual.places_m[0]))
    assert worst_db(placed, device.far_field(K, far)[:, :, 0]) < -55


def test_a_box_about_each_drivers_own_place() -> None:
    """A driver on the front of a box and one on its top, solved to 3 kHz and continued to 6: below -40 dB of the far field."""
    pistons = [Piston(0, 1, (0.05, 0.08, 0.0), 0.02), Piston(2, 1, (0.0, -0.05, 0.06))]
    k = K[2 * np.pi * 6000 > K * C_M_S]
    highest_k = 2 * np.pi * 3000 / C_M_S
    device = BoxedDrivers(np.zeros(3), BoxGrid((0.1, 0.24, 0.12), (6, 14, 6)), tuple(pistons), highest_k)
    far = directions()
    actual, expected = encode(device, k, float(k[-1])), device.far_field(k, far)
    np.testing.assert_allclose(actual.places_m, [piston.place_m for piston in pistons])
    for l, pattern in enumerate(actual.patterns):
        placed = pattern.at(far) * np.exp(1j * k[:, None] * (far @ actual.places_m[l]))
        assert worst_db(placed, expected[:, :, l]) < -40


def test_measured_drivers() -> None:
    """A driver measured every 15 degrees and turned to the side, beside a point: within -40 dB of its own interpolation up to 8 kHz."""
    f = np.linspace(100.0, 8000.0, 40)
    around, up = np.meshgrid(np.arange(0.0, 360.0, 15.0), np.arange(-75.0, 90.0, 15.0))
    known = np.concatenate([direction(around.ravel(), up.ravel()), [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]])
    pressure = np.exp(2j * np.pi / C_M_S * np.outer(f, known @ [0.02, 0.0, 0.0])) * (1 + 0.3 * known[:, 1])
    measured = MeasuredDirectivity(f, known, pressure.astype(complex), SUMMARY)
    places_m = np.array([[0.0, 0.1, 0.0], [0.0, -0.1, 0.05]])
    model = FreeField([Disc(place) for place in places_m])
    device = MeasuredDrivers(model, places_m, ((0.0, 0.0), (-60.0, 10.0)), {1: measured}, C_M_S)
    k, far = K[F <= 8000.0], directions()
    actual = encode(device, k, float(k[-1]))
    expected = device.far_field(k, far)
    assert actual.error_db < -40
    for l, pattern in enumerate(actual.patterns):
        placed = pattern.at(far) * np.exp(1j * k[:, None] * (far @ actual.places_m[l]))
        assert worst_db(placed, expected[:, :, l]) < -40


@pytest.mark.parametrize("head", [Points("points", 0.09), Sphere("sphere", 0.0875)], ids=lambda head: head.name)
def test_modelled_heads(head: Points | Sphere) -> None:
    """Both ears within -50 dB of the head's own answer to a source far away."""
    towards = directions()
    heard = (
        head.pressure(K[1:], np.array([FAR_M]), towards[None])[:, 0] * FAR_M * np.exp(1j * K[1:] * FAR_M)[:, None, None]
    )
    actual = encode_ears(head, F, C_M_S)
    parts = np.stack(actual.at(towards))  # (2, F, M)
    ears = np.einsum("ep,pfm->efm", actual.mixing, parts)[:, 1:]
    for ear in (0, 1):
        assert worst_db(ears[ear], heard[:, ear]) < -50


def test_a_measured_head_and_its_gap() -> None:
    """A KEMAR is what it is where it was measured; below -40 degrees, where nothing was, the border stands in and a warning says so."""
    head = scene(designer.load(LIBRARY / "pair-kemar.toml")).heads[0]
    towards = directions()
    towards = towards[towards[:, 2] > -0.6]
    actual = encode_ears(head, F, C_M_S)
    expected = head.transfer(F, towards)  # type: ignore[attr-defined]  # a measured head
    assert worst_db(actual.at(towards)[1], expected[:, :, 1]) < -100
    (message,) = actual.warnings
    assert "nothing is measured below -40 degrees of elevation; in the room" in message
    down = np.array([[0.6, 0.0, -0.8], [np.cos(np.radians(40)), 0.0, -np.sin(np.radians(40))]])
    low, border = actual.at(down)[0].T
    assert error_db(low, border) < -20


@settings(max_examples=20)
@given(st.integers(0, 6), st.sampled_from([4.0, 6.0]), st.integers(0, 1000))
def test_a_table_reads_smooth_functions(degree: int, step_deg: float, seed: int) -> None:
    """(n·a)^N of any axis, poles or not, is read within a few times the cubic's own 3/128 (N h)⁴."""
    axis, *towards = np.random.default_rng(seed).standard_normal((40, 3))
    axis = axis / np.linalg.norm(axis)
    unit = np.array(towards) / np.linalg.norm(towards, axis=1, keepdims=True)
    unit = np.concatenate([unit, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]])
    read = cubic_weights(unit, step_deg) @ (nodes(step_deg) @ axis) ** degree
    bound = 3 / 128 * (max(degree, 1) * np.radians(step_deg)) ** 4
    assert np.abs(read - (unit @ axis) ** degree).max() < 4 * bound + 1e-6


def test_phases_are_exponentials() -> None:
    """Products of powers are e^{-jωτ} to 1e-5, for delays of a hundred periods and more."""
    f = np.linspace(0.0, 24_000.0, 257)
    delay_s = np.array([0.0, 1e-5, 3.3e-3, 0.0071])
    amplitude = np.array([1.0, 0.5, 2.0, 1.0])
    expected = amplitude * np.exp(-2j * np.pi * np.outer(f, delay_s))
    np.testing.assert_allclose(wave_phases(f, delay_s, amplitude), expected, rtol=0, atol=1e-5)
