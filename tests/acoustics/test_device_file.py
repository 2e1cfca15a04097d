"""A problem's device as SOFA: the file holds the model's field, and a problem that reads it back has the same responses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import sofar
import tomlkit
from command import Ended, run

import designer
from designer.acoustics import device_file
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.acoustics.several_listeners import heard_at
from designer.arrays import Complex, Real
from designer.problem import Problem, load, loads

Command = Callable[..., Ended]
C = 343.0
BOX: dict[str, Any] = {"model": "box", "size_m": [0.06, 0.16, 0.06], "highest_hz": 2000.0}
SIDES: list[dict[str, Any]] = [
    {"name": "left", "position_m": [0.03, -0.06, 0.0], "radius_m": 0.015},
    {"name": "right", "position_m": [0.0, 0.08, 0.0], "radius_m": 0.015, "facing_deg": [90.0, 0.0]},
]
DESIGN: dict[str, Any] = {
    "name": "left",
    "kind": "ctc",
    "ear": "left",
    "band_hz": [400.0, 1500.0],
    "fade_octaves": 0.25,
}
DESIGN["cancellation_gain_db"] = [[400, 3], [1500, 3]]


@pytest.fixture
def convert(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return functools.partial(run, capsys, monkeypatch, "convert")


def tables(**changes: Any) -> dict[str, Any]:
    """A problem of two drivers in a small box, on its front and on its side, and heads at two places."""
    listener = {"position_m": [0.9, 0.1, 0.2], "ear_cloud_m": [[0, 0, 0], [0.03, 0.02, 0]]}
    grid = {"frequencies": 33}
    head = {"title": "two drivers", "sample_rate_hz": 16000}
    return (
        head | {"enclosure": BOX, "drivers": SIDES, "listener": listener, "grid": grid, "designs": [DESIGN]} | changes
    )


def write(path: Path, **changes: Any) -> Problem:
    path.write_text(tomlkit.dumps(tables(**changes)), encoding="utf-8")
    return load(path)


def read_back(path: Path, **changes: Any) -> Problem:
    return loads(tomlkit.dumps(tables(**changes)), source=str(path))


def both(model: Problem, file: Problem) -> tuple[Scene, Scene]:
    """Scenes on the frequencies of the file."""
    used = scene(model)
    inside = used.frequency_hz[(used.frequency_hz > 0) & (used.frequency_hz <= model.solved_to_hz)]
    return used.at(inside), scene(file).at(inside)


def off(got: Complex, true: Complex) -> tuple[float, float]:
    """Largest deviation in dB and in degrees, of what is within 20 dB of the loudest at its frequency."""
    loud = np.abs(true) > 0.1 * np.abs(true).max(axis=1, keepdims=True)
    ratio = got[loud] / true[loud]
    return float(np.abs(20 * np.log10(np.abs(ratio))).max()), float(np.degrees(np.abs(np.angle(ratio))).max())


def pressure(path: Path) -> tuple[Complex, Real, Real]:
    """By netCDF4 alone: pressure (M, R, N), frequencies (N,), and places (R, 3) with x = r cos el cos az, y = r cos el sin az."""
    with netCDF4.Dataset(str(path)) as file:
        data = np.asarray(file["Data.Real"][:]) + 1j * np.asarray(file["Data.Imag"][:])
        places = np.asarray(file["ReceiverPosition"][:]).reshape(data.shape[1], 3)
        if file["ReceiverPosition"].Type == "spherical":
            azimuth, elevation = np.radians(places[:, 0]), np.radians(places[:, 1])
            flat = places[:, 2] * np.cos(elevation)
            height = places[:, 2] * np.sin(elevation)
            places = np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), height], axis=1)
        return data, np.asarray(file["N"][:]), places


def test_point_sources_are_where_the_file_says(convert: Command, tmp_path: Path) -> None:
    """Two points in free field: e^{-jωr/c}/r from [0, -0.1, 0] and [0, 0.15, 0.05] to each receiver, written out; left is nearer to -y."""
    drivers = [
        {"name": "left", "position_m": [0.0, -0.1, 0.0]},
        {"name": "right", "position_m": [0.0, 0.15, 0.05]},
    ]
    write(
        tmp_path / "points.toml",
        enclosure={"model": "free-field"},
        drivers=drivers,
        listener={"position_m": [1.5, 0, 0]},
    )
    ended = convert("points.toml", "-o", "points.sofa", "--distance", "1.25")
    assert ended.code == 0, ended.err
    data, f, places = pressure(tmp_path / "points.sofa")
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1.25, rtol=1e-12)
    for m, driver in enumerate(drivers):
        r = np.linalg.norm(places - np.array(driver["position_m"]), axis=1)
        np.testing.assert_allclose(data[m], np.exp(-2j * np.pi * np.outer(r, f) / C) / r[:, None], rtol=1e-9)
    beside = int(np.argmin(places[:, 1]))  # the listener's left
    assert np.abs(data[0, beside]).min() > 1.15 * np.abs(data[1, beside]).max()
    convert("points.toml", "-o", "ears.sofa", "--convention", "GeneralTF")
    data, f, places = pressure(tmp_path / "ears.sofa")
    on_circle = np.abs(np.linalg.norm(places, axis=1) - 1.5) < 1e-9
    for m, driver in enumerate(drivers):
        r = np.linalg.norm(places[on_circle] - np.array(driver["position_m"]), axis=1)
        expected = np.exp(-2j * np.pi * np.outer(r, f) / C) / r[:, None]
        np.testing.assert_allclose(data[m, on_circle], expected, rtol=1e-9)
    assert (
        places[0, 1] < 0 < places[1, 1]
    )  # the listener's left ear first, whose head hears the left driver louder there
    assert (np.abs(data[0, 0]) > np.abs(data[0, 1])).all()


def test_a_solved_box_is_read_back_as_drivers(convert: Command, tmp_path: Path) -> None:
    """As `response` of each driver: on the circle the model's within 1e-6 dB, at the ears within 0.1 dB and 0.5 degrees.

    Half a second, because the reader checks each of 2522 directions of both drivers.
    """
    grid = {"frequencies": 17}
    model = write(tmp_path / "box.toml", grid=grid)
    ended = convert("box.toml", "-o", "box.sofa")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("model: box, 2 drivers at 2522 directions at 0.92736")
    assert ended.out.endswith("wrote box.sofa (FreeFieldDirectivityTF)\n")
    assert 'to read it, set response = "box.sofa", its position_m and facing_deg\n' in ended.out
    drivers = [driver | {"response": "box.sofa"} for driver in SIDES]
    modelled, read = both(model, read_back(tmp_path / "box.toml", drivers=drivers, grid=grid))
    assert read.warnings == ()
    told = "\n".join(designer.check(read.problem).lines)
    assert (
        'modelled driver "left": SOFA directivity, box.sofa' in told
    )  # its truncation is no noise, and its centre is known
    assert "noise floor" not in told and "fitted centre" not in told and "measured driver" not in told
    assert off(read.circle(), modelled.circle())[0] < 1e-6
    level_db, phase_deg = off(read.ears(), modelled.ears())
    assert (level_db < 0.1, phase_deg < 0.5) == (True, True), (level_db, phase_deg)
    beside = np.flatnonzero(read.azimuth_deg % 360 == 270)[0]  # the listener's left
    across = np.flatnonzero(read.azimuth_deg % 360 == 90)[0]
    assert (np.abs(read.circle()[:, beside, 0]) > np.abs(read.circle()[:, across, 0])).all()
    with netCDF4.Dataset("box.sofa") as file:
        assert [str(n).strip() for n in netCDF4.chartostring(file["EmitterDescriptions"][:])] == ["left", "right"]
        np.testing.assert_allclose(file["EmitterPosition"][:].squeeze(), [d["position_m"] for d in SIDES])


@pytest.mark.parametrize("convention", ["GeneralTF", "GeneralTF-E"])
def test_a_solved_box_is_read_back_as_a_device(convention: str, convert: Command, tmp_path: Path) -> None:
    """As `transfer` of [scene]: at the ears of the cloud, the head included, and on the circle, within 0.001 dB and 0.01 degrees."""
    model = write(tmp_path / "box.toml")
    ended = convert("box.toml", "-o", "box.sofa", "--convention", convention)
    assert ended.code == 0, ended.err
    assert "2 drivers at 4 ears of the head and 72 points of the circle without the head" in ended.out
    modelled, read = both(model, read_back(tmp_path / "box.toml", scene={"transfer": "box.sofa"}))
    assert read.warnings == ()
    for got, true in ((read.ears(), modelled.ears()), (read.circle(), modelled.circle())):
        level_db, phase_deg = off(got, true)
        assert (level_db < 1e-3, phase_deg < 1e-2) == (True, True), (level_db, phase_deg)


@pytest.mark.parametrize("convention", ["FreeFieldDirectivityTF", "GeneralTF", "GeneralTF-E"])
def test_the_conventions_own_checks_pass(convention: str, convert: Command, tmp_path: Path) -> None:
    """sofar, the library of AES69, reports no fault of names, dimensions and units; the comment states e^{+jωt} and the axes."""
    write(tmp_path / "sphere.toml", enclosure={"model": "sphere", "radius_m": 0.08}, drivers=[
        {"name": side, "position_m": [0.0, 0.08 * sign, 0.0], "radius_m": 0.02, "facing_deg": [90.0 * sign, 0.0]}
        for side, sign in (("left", -1), ("right", 1))
    ])  # fmt: skip
    assert convert("sphere.toml", "-o", "out.sofa", "--convention", convention).code == 0
    sofa = sofar.read_sofa("out.sofa", verify=True, verbose=False)
    assert sofa.verify(issue_handling="return") is None
    assert convention == sofa.GLOBAL_SOFAConventions
    assert "e^{+jwt}" in sofa.GLOBAL_Comment
    assert "y the device's own left" in sofa.GLOBAL_Comment
    assert convert("sphere.toml", "-o", "out.sofa", "--convention", convention).code == 0  # its own file is replaced


def test_a_far_circle_is_read_from_a_far_sphere(
    convert: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A circle in the far field: from receivers 50 m away within 0.1 dB, where those at the listener's 0.93 m leave more than 0.3."""
    monkeypatch.setattr(device_file, "STEP_DEG", 10)  # reading checks every direction, which takes a second of 2522
    far = {"frequencies": 33, "azimuth_step_deg": 10.0, "azimuth_distance_m": float("inf")}
    model = write(tmp_path / "box.toml", grid=far)
    drivers = [driver | {"response": "box.sofa"} for driver in SIDES]
    errors_db = []
    for distance in ([], ["--distance", "50"]):
        assert convert("box.toml", "-o", "box.sofa", *distance).code == 0
        modelled, read = both(model, read_back(tmp_path / "box.toml", drivers=drivers, grid=far))
        errors_db.append(off(read.circle(), modelled.circle())[0])
    assert errors_db[0] > 0.3
    assert errors_db[1] < 0.1


def test_what_a_file_cannot_hold(convert: Command, tmp_path: Path) -> None:
    """A silent half space, an infinite body, receivers within the body, several heads, wrong options: exit code 2, with the remedy."""
    write(tmp_path / "box.toml")
    front = [{"name": n, "position_m": [0.0, y, 0.0]} for n, y in (("left", -0.1), ("right", 0.1))]
    write(tmp_path / "wall.toml", enclosure={"model": "baffle"}, drivers=front)
    write(tmp_path / "heads.toml", listener={"position_m": [1.0, 0, 0], "head": ["sphere", "points"]})
    (tmp_path / "box.csv").write_text("frequency_hz,azimuth_deg,real,imag\n", encoding="utf-8")
    before = sorted(p.name for p in tmp_path.iterdir())
    for arguments, says in (
        (
            ["wall.toml"],
            "wall.toml: got a wall, behind which there is silence (baffle); expected a body of finite size",
        ),
        (["box.toml", "--distance", "0.05"], "got receivers at 0.05 m, within the device; expected more than 0.0"),
        (
            ["box.toml", "--convention", "GeneralTF", "--distance", "2"],
            "got --distance with GeneralTF, whose places the",
        ),
        (
            ["heads.toml", "--convention", "GeneralTF"],
            "got 2 heads, whose ears are at the same places; expected one head",
        ),
        (["box.toml", "--gate-ms", "4"], "box.toml: got --gate-ms for a problem; expected it for drivers alone"),
        (
            ["box.toml", "--convention", "HRTF"],
            "--convention: got 'HRTF'; expected FreeFieldDirectivityTF, GeneralTF, G",
        ),
        (
            ["box.csv", "--convention", "GeneralTF"],
            "box.csv: got --convention for a driver; expected it with a problem",
        ),
        (["box.toml", "box.csv"], "expected drivers for one file, or one head, one device or one problem"),
    ):
        ended = convert(*arguments, "-o", "out.sofa")
        assert ended.code == 2, ended.err
        assert says in ended.err
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_every_listener_and_place_has_receivers(convert: Command, tmp_path: Path) -> None:
    """Two listeners with clouds of their own and a place: the field at each, read back from the file, is the model's."""
    listeners = [
        {"name": "near", "position_m": [0.9, 0.1, 0.2], "ear_cloud_m": [[0, 0, 0], [0.03, 0.02, 0]]},
        {"name": "far", "position_m": [1.5, 0.6, 0.0], "ear_cloud_m": [[0, 0, 0]]},
    ]
    desk = {"name": "desk", "shape": "box", "centre_m": [0.5, -0.6, 0.0], "size_m": [0.1, 0.2, 0.0], "spacing_m": 0.1}
    changes = {"listeners": listeners, "places": [desk], "enclosure": {"model": "free-field"}}
    table = {key: value for key, value in tables(**changes).items() if key != "listener"}
    (tmp_path / "couch.toml").write_text(tomlkit.dumps(table), encoding="utf-8")
    out = convert("couch.toml", "-o", "couch.sofa", "--convention", "GeneralTF").out
    assert "6 ears of 2 heads, 6 points of places" in out
    table |= {"scene": {"transfer": "couch.sofa"}}
    modelled, read = both(load(tmp_path / "couch.toml"), loads(tomlkit.dumps(table), source=str(tmp_path / "x.toml")))
    for name in ("near", "far", "desk"):
        np.testing.assert_allclose(heard_at(read, name), heard_at(modelled, name), rtol=1e-9, atol=1e-12)
