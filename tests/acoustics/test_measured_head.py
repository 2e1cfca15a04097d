"""A measured head: the nearest direction, the ears by the receivers' places, level and delay with distance, and files that are refused."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sofar
from designs.small_problems import CLOUD, Tables, small, text

import designer
from designer.acoustics.measured_head import MeasuredHead, read_head
from designer.acoustics.rigid_sphere import sphere_pressure
from designer.arrays import Complex
from designer.errors import DataError

RATE, TAPS, AZIMUTHS = 16_000, 64, tuple(range(0, 360, 30))
WISH: Tables = {
    "name": "left",
    "kind": "ctc",
    "ear": "left",
    "band_hz": [500, 4000],
    "cancellation_gain_db": [[500, 3]],
}


def sphere_responses(directions_deg: Any, delay: int = 20) -> np.ndarray:
    """Impulse responses (N, 2, T) of a rigid sphere of 8.75 cm in the far field, left ear first, at an arbitrary level and delay.

    They fade out from 4 kHz to Nyquist, so that they end within their 64 samples.
    """
    f = np.fft.rfftfreq(TAPS, 1 / RATE)
    ka = 2 * np.pi * f / 343.0 * 0.0875
    lateral = np.sin(np.radians(np.asarray(directions_deg, dtype=float)))
    p = sphere_pressure(ka, np.array([np.inf]), np.stack([lateral, -lateral], axis=-1).reshape(1, -1))
    p = p.reshape(f.size, -1, 2) * np.exp(-2j * np.pi * f * delay / RATE)[:, None, None]
    p *= np.cos(np.pi / 2 * np.clip((f - 4000.0) / 4000.0, 0.0, 1.0))[:, None, None] ** 2
    return np.asarray(0.1 * np.fft.irfft(p, TAPS, axis=0).transpose(1, 2, 0))


def sofa(responses: np.ndarray, azimuths: Any = AZIMUTHS, *, left_first: bool = True, cartesian: bool = False) -> Any:
    made = sofar.Sofa("SimpleFreeFieldHRIR")
    made.Data_IR = responses if left_first else responses[:, ::-1]
    made.Data_SamplingRate = float(RATE)
    if cartesian:
        turn = np.radians(np.asarray(azimuths, dtype=float))
        made.SourcePosition = 1.4 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=-1)
        made.SourcePosition_Type, made.SourcePosition_Units = "cartesian", "metre"
    else:
        made.SourcePosition = np.array([[a, 0.0, 1.4] for a in azimuths])
    ears = np.array([[0.0, 0.09, 0.0], [0.0, -0.09, 0.0]])
    made.ReceiverPosition = ears if left_first else ears[::-1]
    return made


def written(folder: Path, made: Any) -> Path:
    path = folder / "head.sofa"
    sofar.write_sofa(str(path), made)
    return path


def problem_at(folder: Path, drivers: dict[str, list[float]], **listener: Any) -> designer.Problem:
    where = {"position_m": [1.5, 0.0, 0.0], "head": "head.sofa", **listener}
    return designer.loads(text(small(drivers, where, WISH)), folder=folder)


PAIR = {"left": [0.0, -0.85, 0.0], "right": [0.0, 0.85, 0.0]}


def test_a_rigid_sphere_measured_is_the_sphere(tmp_path: Path) -> None:
    """A file of a sphere's own far field, at another level and delay, gives the pressures of that sphere: the reference is found again.

    Drivers stand at measured directions, as the head sees them, 30 m away, where the far field is good to 1 %.
    """
    written(tmp_path, sofa(sphere_responses(AZIMUTHS)))
    drivers = {
        "ahead": [0.0, 0.0, 0.0],
        "aside": [30 - 29 * math.cos(math.radians(30)), 29 * math.sin(math.radians(30)), 0.0],
    }
    problem = problem_at(tmp_path, drivers, position_m=[30.0, 0.0, 0.0])
    f = np.array([250.0, 500.0, 1000.0, 2000.0, 3000.0])
    found = designer.scene(problem).at(f).ears()
    sphere = designer.loads(text(small(drivers, {"position_m": [30.0, 0.0, 0.0]}, WISH)))
    expected = designer.scene(sphere).at(f).ears()
    np.testing.assert_allclose(np.abs(found / expected), 1.0, atol=0.02)
    np.testing.assert_allclose(np.angle(found / expected), 0.0, atol=0.05)


def test_the_nearest_measured_direction_is_taken() -> None:
    """Of sources measured every 30 degrees, one at 44 degrees is that at 30, one at 46 that at 60; elevation counts too."""
    n = np.radians(AZIMUTHS)
    directions = np.concatenate([np.stack([np.cos(n), np.sin(n), 0 * n], axis=-1), [[0.0, 0.0, 1.0]]])
    responses = np.zeros((13, 2, 4))
    responses[:, 0, 0], responses[:, 1, 0] = np.arange(13), 100 + np.arange(13)
    head = MeasuredHead(directions, responses, RATE)
    towards = [(math.cos(a), math.sin(a), 0.0) for a in np.radians([44.0, 46.0, -14.0, -16.0, 180.0])] + [
        (0.1, 0.0, 0.9)
    ]
    found = head.transfer(np.array([0.0, 100.0]), np.array(towards))
    assert found.shape == (2, 6, 2)
    np.testing.assert_allclose(found[0, :, 0], [1, 2, 0, 11, 6, 12], atol=1e-12)
    np.testing.assert_allclose(found[1, :, 1], [101, 102, 100, 111, 106, 112], atol=1e-12)


def test_a_transfer_is_the_fourier_sum_and_held_near_nyquist() -> None:
    """Σ x[n] e^{-jω(n/rate - advance)} times the gain; above 95 % of Nyquist the value there is kept."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 2, 16))
    head = MeasuredHead(np.array([[1.0, 0.0, 0.0]]), x, RATE, advance_s=2e-4, gain=0.7)
    f = np.array([0.0, 500.0, 3000.0, 7600.0, 7900.0, 20_000.0])
    found = head.transfer(f, np.array([[1.0, 0.0, 0.0]]))
    for i, at in enumerate(np.minimum(f, 7600.0)):
        for ear in range(2):
            expected = 0.7 * sum(x[0, ear, n] * np.exp(-2j * np.pi * at * (n / RATE - 2e-4)) for n in range(16))
            assert found[i, 0, ear] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("cartesian", [False, True])
def test_the_left_ear_is_the_receiver_at_positive_y(tmp_path: Path, cartesian: bool) -> None:
    """A file whose receivers are listed right ear first, or whose sources are in metres, is the same head."""
    heads = []
    for left_first in (True, False):
        path = written(tmp_path, sofa(sphere_responses(AZIMUTHS), left_first=left_first, cartesian=cartesian))
        heads.append(read_head(path, 0.0875, 343.0))
    np.testing.assert_allclose(heads[1].impulse_responses, heads[0].impulse_responses)
    np.testing.assert_allclose(heads[0].directions[3], [0.0, 1.0, 0.0], atol=1e-12)  # 90 degrees is the head's left
    energy = np.sum(heads[0].impulse_responses[3] ** 2, axis=-1)
    assert energy[0] > 2 * energy[1]


@pytest.mark.parametrize("given", ["in degrees", "for each measurement", "in degrees for each measurement"])
def test_receivers_places_as_the_standard_allows_them(tmp_path: Path, given: str) -> None:
    """AES69 lets receivers' places be spherical, and be listed for every measurement: right ear first, it is still the same head."""
    head = read_head(written(tmp_path, sofa(sphere_responses(AZIMUTHS))), 0.0875, 343.0)
    made = sofa(sphere_responses(AZIMUTHS), left_first=False)
    if "degrees" in given:
        made.ReceiverPosition = np.array([[270.0, 0.0, 0.09], [90.0, 0.0, 0.09]])
        made.ReceiverPosition_Type, made.ReceiverPosition_Units = "spherical", "degree, degree, metre"
    if "each" in given:
        made.ReceiverPosition = np.tile(made.ReceiverPosition[:, :, None], (1, 1, len(AZIMUTHS)))
    other = read_head(written(tmp_path, made), 0.0875, 343.0)
    np.testing.assert_allclose(other.impulse_responses, head.impulse_responses)


def test_delays_that_a_file_keeps_apart_are_part_of_its_responses(tmp_path: Path) -> None:
    """Responses of the right ear stored three samples early, with a delay of three samples in Data.Delay: the same head."""
    whole = np.pad(sphere_responses(AZIMUTHS), ((0, 0), (0, 0), (16, 16)))  # so that nothing wraps around
    made = sofa(whole)
    head = read_head(written(tmp_path, made), 0.0875, 343.0)
    early = np.concatenate([whole[:, :, 3:], np.zeros((len(AZIMUTHS), 2, 3))], axis=-1)
    made = sofa(np.stack([whole[:, 0], early[:, 1]], axis=1))
    made.Data_Delay = np.tile([0.0, 3.0], (len(AZIMUTHS), 1))
    other = read_head(written(tmp_path, made), 0.0875, 343.0)
    f = np.linspace(0.0, 6000.0, 30)
    n = head.directions
    np.testing.assert_allclose(other.transfer(f, n), head.transfer(f, n), atol=2e-3)


def test_level_and_delay_go_with_the_distance(tmp_path: Path) -> None:
    """Twice as far along the same direction: half the pressure and e^{-jkr} more delay at both ears."""
    written(tmp_path, sofa(sphere_responses(AZIMUTHS)))
    drivers = {"near": [0.5, 0.0, 0.0], "far": [-0.5, 0.0, 0.0]}
    scene = designer.scene(problem_at(tmp_path, drivers))
    ears = scene.ears()
    k = 2 * np.pi * scene.frequency_hz / 343.0
    np.testing.assert_allclose(ears[:, :, 1] / ears[:, :, 0], np.exp(-1j * k)[:, None] / 2 * np.ones(2), rtol=1e-9)


def test_directions_are_those_of_the_displaced_and_turned_head(tmp_path: Path) -> None:
    """Every displacement sees every driver from its own place, in the axes of the turned head; the free field at its centre multiplies."""
    path = written(tmp_path, sofa(sphere_responses(AZIMUTHS)))
    problem = problem_at(tmp_path, PAIR, turn_deg=25.0, ear_cloud_m=[*CLOUD, [-0.9, 0.1, 0.0]])
    scene = designer.scene(problem)
    ears = scene.ears()
    head = read_head(path, 0.0875, 343.0)
    k = 2 * np.pi * scene.frequency_hz / 343.0
    seen = set()
    for d, move in enumerate(problem.listener.ear_cloud_m):
        centre = np.array([1.5, 0.0, 0.0]) + move
        for l, place in enumerate(PAIR.values()):
            towards = np.array(place) - centre
            # In the head's axes: it faces the device (heading 180 degrees), turned by 25; its left is 90 degrees further.
            azimuth = math.degrees(math.atan2(towards[1], towards[0])) - (180.0 + 25.0)
            nearest = min(range(len(AZIMUTHS)), key=lambda i: abs((AZIMUTHS[i] - azimuth + 180) % 360 - 180))
            seen.add(nearest)
            r = float(np.linalg.norm(towards))
            n = head.directions[nearest]
            ratio: Complex = head.transfer(scene.frequency_hz, n[None])[:, 0]
            for ear in range(2):
                expected = ratio[:, ear] * np.exp(-1j * k * r) / r
                np.testing.assert_allclose(ears[:, 2 * d + ear, l], expected, rtol=1e-9)
    assert len(seen) >= 3


def test_files_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    """Text, another convention, one ear, and numbers that are none: the message names the file, what was found, and what is allowed."""
    path = tmp_path / "head.sofa"
    path.write_text("not a measurement", encoding="utf-8")
    with pytest.raises(
        DataError, match=re.escape(f"{path}: cannot be read as SOFA: ") + ".*allowed: a SimpleFreeFieldHRIR file"
    ):
        read_head(path, 0.0875, 343.0)
    with pytest.raises(DataError, match=re.escape(f"{path}: cannot be read as SOFA")):
        designer.design(problem_at(tmp_path, PAIR))
    with pytest.raises(DataError, match="cannot be read as SOFA"):
        read_head(tmp_path / "missing.sofa", 0.0875, 343.0)

    other = sofar.Sofa("GeneralFIR")
    other.Data_IR = np.zeros((1, 2, 8))
    other.Data_Delay = np.zeros((1, 2))
    other.ReceiverPosition = np.zeros((2, 3))
    path = tmp_path / "general.sofa"
    sofar.write_sofa(str(path), other)
    with pytest.raises(
        DataError, match=re.escape(f"{path}: found the SOFA convention GeneralFIR; allowed: SimpleFreeFieldHRIR")
    ):
        read_head(path, 0.0875, 343.0)

    broken = sphere_responses(AZIMUTHS)
    broken[3, 1, 5] = np.nan
    path = written(tmp_path, sofa(broken))
    with pytest.raises(
        DataError, match=re.escape("found impulse responses of shape (12, 2, 64); allowed: finite, two receivers")
    ):
        read_head(path, 0.0875, 343.0)


def test_a_design_against_a_measured_head_reaches_its_curve(tmp_path: Path) -> None:
    """From the file on disk to realised filters: the curve is met at the measured ears."""
    written(tmp_path, sofa(sphere_responses(AZIMUTHS)))
    made = designer.design(problem_at(tmp_path, PAIR))
    assert made.status == 0
    inside = made.metrics[made.metrics.status == "met"]
    assert len(inside) > 40
    assert (inside.cancellation_gain_db > 2.5).all()
