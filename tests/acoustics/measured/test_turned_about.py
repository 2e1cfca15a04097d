"""A device turned about one of its points: each driver comes back about its own place, and a set that was not told so is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.acoustics.measured.driver_sets import place_text
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.raw_set import TurnedAbout
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem import Problem, load
from designer.problem.geometry import direction

from .made_sets import C, cap, frd_text

FREQUENCY_HZ = np.geomspace(100.0, 8000.0, 150)
ANGLES_DEG = tuple(float(a) for a in range(-170, 181, 10))
K = 2 * np.pi * FREQUENCY_HZ / C


def at_microphones(place_m: Real, angles_deg: tuple[float, ...], distance_m: float, facing_deg: float = 0.0) -> Complex:
    """The cap at a place, heard on a circle around the origin (K, N): e^{-jkr}/r times its own response, r from its place."""
    away = distance_m * direction(np.array(angles_deg)) - place_m
    r = np.linalg.norm(away, axis=1)
    turn = np.radians(-facing_deg)
    rotate = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    near_m = min(distance_m, 2.0)  # a recording starts late enough for the flight over this
    return np.asarray(
        cap(FREQUENCY_HZ, away / r[:, None] @ rotate.T) * np.exp(-1j * np.outer(K, r - distance_m + near_m)) / r
    )


def write(folder: Path, name: str, pressure: Complex, angles_deg: tuple[float, ...] = ANGLES_DEG) -> None:
    for n, angle in enumerate(angles_deg):
        text = frd_text(FREQUENCY_HZ, pressure[:, n])
        (folder / f"{name} hor {angle:g}.frd").write_text(
            text.replace("* Measurement data", "* loopback as timing reference")
        )


def problem(folder: Path, **keys: Any) -> Problem:
    """Two measured drivers of a bar, with keys of both."""
    said = "".join(f"{key} = {value}\n" for key, value in keys.items())
    drivers = "".join(
        f'[[drivers]]\nname = "{name}"\nposition_m = [0.0, {y}, 0.0]\nresponse = "{name} hor *.frd"\n{said}'
        for name, y in (("a", -0.12), ("b", 0.04))
    )
    (folder / "p.toml").write_text(
        'title = "bar"\nsample_rate_hz = 48000\n[enclosure]\nmodel = "free-field"\n' + drivers + "[listener]\n"
        'position_m = [2.0, 0.0, 0.0]\n[[designs]]\nname = "left"\nkind = "ctc"\near = "left"\nband_hz = [500.0, 4000.0]\n'
        "cancellation_gain_db = [[500, 3], [4000, 3]]\n"
    )
    return load(folder / "p.toml")


@pytest.mark.parametrize("distance_m", [None, 1.5])
def test_the_position_counts_once(tmp_path: Path, distance_m: float | None) -> None:
    """A bar turned about its middle radiates what its drivers at their places do: 0.1 dB and 2 degrees, phase between drivers included."""
    places = {"a": np.array([0, -0.12, 0]), "b": np.array([0, 0.04, 0])}
    far_m = 1e4 if distance_m is None else distance_m
    for name, place in places.items():
        write(tmp_path, name, at_microphones(place, ANGLES_DEG, far_m))
    keys = {"response_turned_about": '"device"'} | ({} if distance_m is None else {"response_distance_m": distance_m})
    made = scene(problem(tmp_path, **keys)).at(FREQUENCY_HZ)
    assert not made.warnings
    angles = (-130.0, -30.0, 0.0, 50.0, 100.0)
    towards = direction(np.array(angles))
    if distance_m is None:
        got = made.device.far_field(made.k, towards)
        true = np.stack(
            [cap(FREQUENCY_HZ, towards) * np.exp(1j * np.outer(K, towards @ p)) for p in places.values()], axis=2
        )
    else:
        got = made.device.field(made.k, distance_m * towards)
        true = np.stack([at_microphones(p, angles, distance_m) for p in places.values()], axis=2)
    ratio = got / true
    ratio = ratio / ratio[:, 2:3, :1]  # one level and one delay are the files' own
    heard = np.abs(true) > 0.2 * np.abs(true).max()
    assert np.abs(20 * np.log10(np.abs(ratio)))[heard].max() < 0.1
    assert np.degrees(np.abs(np.angle(ratio)))[heard].max() < 2


def test_a_set_that_was_not_told_so_is_named(tmp_path: Path) -> None:
    """Without the key the fitted centre lies where the position already says: the warning names the key."""
    for name, y in (("a", -0.12), ("b", 0.04)):
        write(tmp_path, name, at_microphones(np.array([0, y, 0]), ANGLES_DEG, 2.0))
    made = scene(problem(tmp_path))
    one, other = made.warnings
    assert "122 mm to the right of its place" in one and 'Write response_turned_about = "device"' in one
    assert "41 mm to the left of its place" in other


def test_a_key_that_is_not_so_is_named(tmp_path: Path) -> None:
    """Drivers turned about their own places under the device's key: the fitted centre undoes it."""
    for name in ("a", "b"):
        write(tmp_path, name, at_microphones(np.zeros(3), ANGLES_DEG, 2.0))
    warnings = scene(problem(tmp_path, response_turned_about='"device"')).warnings
    assert all("undoes response_turned_about" in warning for warning in warnings) and len(warnings) == 2


def test_clockwise_angles_of_a_device_are_named(tmp_path: Path) -> None:
    """The mirror image of the position is a turntable that runs the other way."""
    for name, y in (("a", -0.12), ("b", 0.04)):
        pressure = at_microphones(np.array([0, y, 0]), tuple(-a for a in ANGLES_DEG), 2.0)
        write(tmp_path, name, pressure)
    for keys in ({}, {"response_turned_about": '"device"'}):
        assert all("counted clockwise" in warning for warning in scene(problem(tmp_path, **keys)).warnings)


def test_a_half_circle_about_the_device_is_completed_about_the_driver(tmp_path: Path) -> None:
    """0 to 180 degrees of a device, and a driver 8 cm to the left: its other side is its own mirror image, not the device's."""
    place, half = np.array([0.0, 0.08, 0.0]), tuple(float(a) for a in range(0, 181, 10))
    write(tmp_path, "a", at_microphones(place, half, 2.0), half)
    m = read_response(
        "a hor *.frd",
        tmp_path,
        driver="a",
        speed_of_sound_m_s=C,
        distance_m=2.0,
        turned_about=TurnedAbout((0, 0.08, 0)),
    )
    asked = direction(np.array([-60.0, 60.0, -110.0]))
    ratio = m.transfer(FREQUENCY_HZ, asked) / cap(FREQUENCY_HZ, asked)
    ratio = ratio / ratio[:, 1:2]
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.4  # interpolated between angles of 10 degrees
    assert any("one side for all" in note for note in m.notes)


def test_angles_are_the_devices(tmp_path: Path) -> None:
    """A driver that faces 60 degrees left, turned about the device: its own axis is where the device's 60 degrees were."""
    place = np.array([0.05, 0.08, 0.0])
    write(tmp_path, "a", at_microphones(place, ANGLES_DEG, 2.0, facing_deg=60.0))
    turned = TurnedAbout((0.05, 0.08, 0.0), (60.0, 0.0))
    m = read_response("a hor *.frd", tmp_path, driver="a", speed_of_sound_m_s=C, distance_m=2.0, turned_about=turned)
    asked = direction(np.array([0.0, -60.0, 90.0]))
    ratio = m.transfer(FREQUENCY_HZ, asked) / cap(FREQUENCY_HZ, asked)
    ratio = ratio / ratio[:, :1]
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.2
    assert np.degrees(np.abs(np.angle(ratio))).max() < 4


@pytest.mark.parametrize(
    ("planes", "place"), [("hor", (0.0, 0.0, 0.15)), ("hor ver", (0.0, 0.12, 0.0)), ("hor ver", (0.05, -0.12, 0.1))]
)
def test_circles_that_pass_beside_the_driver(tmp_path: Path, planes: str, place: tuple[float, ...]) -> None:
    """A driver off the planes of the microphones is read as what it is, on its axis and where it was measured: 0.1 dB and 2 degrees."""
    angles = np.arange(-175.0, 180.1, 5.0)
    turned = {"hor": direction(angles), "ver": np.stack([direction(0.0, a) for a in angles])}
    around = np.round(np.concatenate([turned[plane] for plane in planes.split()]), 12)
    away = 2.0 * around - np.array(place)
    r, f = np.linalg.norm(away, axis=1), FREQUENCY_HZ[::4]
    true = cap(f, away / r[:, None])
    np.savez(
        tmp_path / "a.npz", frequency_hz=f, distance_m=2.0,
        azimuth_deg=np.degrees(np.arctan2(around[:, 1], around[:, 0])), elevation_deg=np.degrees(np.arcsin(around[:, 2])),
        pressure=true * np.exp(-1j * np.outer(K[::4], r)) / r, driver_position_m=np.array(place),
    )  # fmt: skip
    m = read_response("a.npz", tmp_path, driver="a", speed_of_sound_m_s=C)
    towards = np.concatenate([away / r[:, None], [[1.0, 0.0, 0.0]]])
    front = towards[:, 0] > -0.8  # behind a sphere the sound is brighter within fewer degrees than these steps
    ratio = m.transfer(f, towards[front]) / cap(f, towards[front])
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.1
    assert np.degrees(np.abs(np.angle(ratio))).max() < 2
    assert m.summary.coverage != "sphere"


def test_a_driver_above_the_circle(tmp_path: Path) -> None:
    """A tweeter 15 cm above the microphones' plane stays a set of the horizontal plane, and a note says how far off it is."""
    place = np.array([0.0, 0.0, 0.15])
    write(tmp_path, "a", at_microphones(place, ANGLES_DEG, 2.0))
    m = read_response(
        "a hor *.frd",
        tmp_path,
        driver="a",
        speed_of_sound_m_s=C,
        distance_m=2.0,
        turned_about=TurnedAbout((0, 0, 0.15)),
    )
    assert m.summary.coverage == "horizontal plane"
    assert any("up to 4.3 degrees off planes through the driver's axis" in note for note in m.notes)
    asked = direction(np.array([0.0, 30.0, 90.0]))
    ratio = m.transfer(FREQUENCY_HZ, asked) / cap(FREQUENCY_HZ, asked)
    assert np.abs(20 * np.log10(np.abs(ratio / ratio[:, :1]))).max() < 0.2


def test_a_plane_that_the_driver_does_not_face(tmp_path: Path) -> None:
    """Two planes of a device, and a driver that faces 60 degrees left: the vertical one passes its axis 60 degrees off, and is refused."""
    for plane, towards in (("hor", direction), ("ver", lambda e: direction(0.0, e))):
        for angle in range(-150, 181, 30):
            p = cap(FREQUENCY_HZ, towards(float(angle))[None])[:, 0]
            (tmp_path / f"a {plane} {angle}.frd").write_text(frd_text(FREQUENCY_HZ, p))
    with pytest.raises(
        DataError, match="in the device's vertical plane up to 60 degrees off any plane through the axis"
    ):
        read_response(
            "a *.frd", tmp_path, driver="a", speed_of_sound_m_s=C, turned_about=TurnedAbout((0, 0, 0), (60, 0))
        )


def test_a_microphone_inside_the_device(tmp_path: Path) -> None:
    """A distance shorter than the driver's from the turning point is refused, with both."""
    write(tmp_path, "a", at_microphones(np.zeros(3), ANGLES_DEG, 2.0))
    with pytest.raises(DataError, match=r"a microphone at 0\.1 m from the turning point, and the driver at 0\.12 m"):
        read_response(
            "a hor *.frd",
            tmp_path,
            driver="a",
            speed_of_sound_m_s=C,
            distance_m=0.1,
            turned_about=TurnedAbout((0, 0.12, 0)),
        )


def test_a_file_that_states_its_drivers_place(tmp_path: Path) -> None:
    """A table that takes its driver's place off itself, and the key: one of the two."""
    towards = direction(np.array(ANGLES_DEG))
    np.savez(
        tmp_path / "a.npz", frequency_hz=FREQUENCY_HZ, azimuth_deg=np.array(ANGLES_DEG), pressure=cap(FREQUENCY_HZ, towards),
        driver_position_m=np.array([0.0, 0.1, 0.0]),
    )  # fmt: skip
    with pytest.raises(DataError, match=r"response_turned_about beside a file that states its driver's place"):
        read_response("a.npz", tmp_path, driver="a", speed_of_sound_m_s=C, turned_about=TurnedAbout((0, 0.1, 0)))


def test_a_place_in_words() -> None:
    """In the driver's own frame: x in front, y its left, z above."""
    assert place_text(np.array([0.05, -0.12, 0.003])) == "50 mm in front, 120 mm to the right, 3 mm above"
    assert place_text(np.zeros(3)) == "at the centre"
