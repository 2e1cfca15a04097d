"""SOFA files as they come: several measurements, old versions, rooms, and damage; read as they are, or refused for what they are."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from acoustics.measured.head_files import C, grid_deg, sphere
from designer.acoustics.measured.device import read_device
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.head_file import read_recording
from designer.acoustics.measured.sofa import kind_of
from designer.acoustics.measured.sofa_directivity import emitter_names
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import cap

F = np.arange(0.0, 8001.0, 100.0)
DRIVERS_M = np.array([[0.0, -0.1, 0.0], [0.0, 0.1, 0.0], [0.02, 0.0, 0.05]])
EARS_M = np.array([[2.0, -0.09, 0.0], [2.0, 0.09, 0.0]])


def points(places_m: np.ndarray) -> np.ndarray:
    """H (P, L, K) of point sources at DRIVERS_M."""
    r = np.linalg.norm(places_m[:, None] - DRIVERS_M, axis=2)[:, :, None]
    return np.asarray(np.exp(-2j * np.pi * F / C * r) / r)


def stored(path: Path, convention: str, **variables: tuple[str, np.ndarray]) -> Path:
    """A SOFA file of variables, each with its dimensions; a point in a name is an underscore here, and places are cartesian."""
    with netCDF4.Dataset(str(path), "w") as file:
        file.setncatts({"Conventions": "SOFA", "SOFAConventions": convention, "SOFAConventionsVersion": "1.0"})
        file.RoomType = "free field"
        for name, (dimensions, values) in variables.items():
            for dimension, size in zip(dimensions, values.shape, strict=True):
                if dimension not in file.dimensions:
                    file.createDimension(dimension, size)
            variable = file.createVariable(name.replace("_", "."), "f8", tuple(dimensions))
            variable[:] = values
            if dimensions[1:2] == "C":
                variable.Type, variable.Units = "cartesian", "metre"
    return path


def device(path: Path, moved: dict[str, np.ndarray], places_m: np.ndarray) -> Path:
    """Spectra of point sources at so many places (M, R, 3), with what the file says of them."""
    m, r = places_m.shape[:2]
    h = points(places_m.reshape(-1, 3)).reshape(m, r, len(DRIVERS_M), -1).transpose(0, 1, 3, 2)
    says = {name: ("MC", value) for name, value in moved.items()}
    return stored(
        path,
        "GeneralTF-E",
        Data_Real=("MRNE", h.real),
        Data_Imag=("MRNE", h.imag),
        N=("N", F),
        ReceiverPosition=("RC", EARS_M),
        EmitterPosition=("EC", DRIVERS_M),
        **({"SourcePosition": ("IC", np.zeros((1, 3)))} | says),
    )


def test_a_listener_who_moves_gives_more_points(tmp_path: Path) -> None:
    """Five places and two views of the head are ten and four points, each where the ear was, each with its own response."""
    shift = np.array([[0.0, 0.0, 0.0], [0.0, 0.05, 0.0], [0.1, 0.0, 0.0], [0.0, -0.05, 0.0], [0.0, 0.0, 0.02]])
    places = EARS_M + shift[:, None]
    found = read_device(device(tmp_path / "d.sofa", {"ListenerPosition": shift}, places), 3)
    np.testing.assert_allclose(found.receivers_m, places.reshape(-1, 3), atol=1e-12)
    np.testing.assert_allclose(found.data, points(places.reshape(-1, 3)), atol=1e-9)
    assert found.knows(places[2])
    assert kind_of(tmp_path / "d.sofa") == "device"
    views = direction(np.array([0.0, 90.0]))  # turned to its own left: what was at x is at y, what was at y at -x
    turned = np.stack([EARS_M, np.stack([-EARS_M[:, 1], EARS_M[:, 0], EARS_M[:, 2]], axis=1)])
    found = read_device(device(tmp_path / "d.sofa", {"ListenerView": views}, turned), 3)
    np.testing.assert_allclose(found.receivers_m, turned.reshape(-1, 3), atol=1e-12)


@pytest.mark.parametrize(
    ("moved", "found"),
    [
        (
            {"SourceView": direction(np.array([0.0, 10.0]))},
            r"got 2 measurements between which the device.*\(SourceView",
        ),
        ({"SourcePosition": np.array([[0.0, 0, 0], [0.1, 0, 0]])}, r"a turntable\) \(SourcePosition changes\)"),
        ({}, "got 2 measurements between which nothing moves; expected one, or one for each place of the listener"),
    ],
)
def test_a_device_that_moves_is_refused(tmp_path: Path, moved: dict[str, np.ndarray], found: str) -> None:
    """A device on a turntable, and repeats: for what they are."""
    with pytest.raises(DataError, match=found):
        read_device(device(tmp_path / "d.sofa", moved, np.stack([EARS_M, EARS_M])), 3)


def test_a_turntable_is_not_as_many_drivers(tmp_path: Path) -> None:
    """GeneralFIR of a source in 36 places, with four microphones."""
    azimuth = np.arange(0.0, 360.0, 10.0)
    stored(
        tmp_path / "turn.sofa",
        "GeneralFIR",
        Data_IR=("MRN", np.random.default_rng(1).standard_normal((36, 4, 64))),
        Data_SamplingRate=("I", np.array([48_000.0])),
        ReceiverPosition=("RC", np.array([[1.0, 0, 0], [1, 0, 0.1], [1, 0, 0.2], [1, 0, 0.3]])),
        SourcePosition=("MC", direction(azimuth)),
    )
    for drivers in (None, 2):
        with pytest.raises(
            DataError, match=r"36 measurements .* a turntable or a head that turns, not 36 drivers \(SourcePosition"
        ):
            read_device(tmp_path / "turn.sofa", drivers)


@pytest.mark.parametrize("convention", ["SingleRoomMIMOSRIR", "MultiSpeakerBRIR", "GeneralFIRE"])
@pytest.mark.parametrize("room", ["free field", "shoebox"])
def test_other_conventions_of_many_emitters(tmp_path: Path, convention: str, room: str) -> None:
    """In free field they are a device; in a room they are refused for that. Old ones have emitters before samples."""
    shift = np.array([[0.0, 0, 0], [0.05, 0, 0]])
    places = EARS_M + shift[:, None]
    ir = np.fft.irfft(points(places.reshape(-1, 3)).reshape(2, 2, 3, -1), axis=3)
    path = stored(
        tmp_path / "e.sofa",
        convention,
        Data_IR=("MREN", ir),
        Data_SamplingRate=("I", np.array([16_000.0])),
        ListenerPosition=("MC", shift),
        ReceiverPosition=("RCI", EARS_M[:, :, None]),
        EmitterPosition=("ECI", DRIVERS_M[:, :, None]),
    )
    with netCDF4.Dataset(str(path), "a") as file:
        file.RoomType = room
    if room != "free field" and convention != "GeneralFIRE":
        with pytest.raises(DataError, match=rf"got {convention} of a room \(RoomType shoebox\), whose reflections"):
            read_device(path, 3)
        return
    found = read_device(path, 3)
    np.testing.assert_allclose(found.data, ir.reshape(4, 3, -1), atol=1e-12)
    np.testing.assert_allclose(found.receivers_m, places.reshape(-1, 3), atol=1e-12)


@pytest.mark.parametrize("convention", ["GeneralFIR-E", "GeneralFIR"])
def test_a_stated_delay_is_kept_between_drivers(tmp_path: Path, convention: str) -> None:
    """Data.Delay in samples, of each receiver and driver: each response is later by it, and by no more."""
    samples = np.array([[0.0, 4.8, 2.0], [1.0, 0.5, 30.0]])  # (R, L)
    ir = np.fft.irfft(points(EARS_M), axis=2)  # (R, L, K)
    emitters = convention == "GeneralFIR-E"
    f = np.array([100.0, 1000.0, 3000.0])
    found = []
    for name, late in (("late.sofa", samples), ("plain.sofa", 0 * samples)):
        path = stored(
            tmp_path / name,
            convention,
            Data_IR=("MRNE", ir.transpose(0, 2, 1)[None]) if emitters else ("MRN", ir.transpose(1, 0, 2)),
            Data_Delay=("IRE", late[None]) if emitters else ("MR", late.T),
            Data_SamplingRate=("I", np.array([16_000.0])),
            ReceiverPosition=("RC", EARS_M),
            EmitterPosition=("EC", DRIVERS_M),
        )
        found.append(read_device(path, 3).transfer(f, C))
    turn = np.exp(-2j * np.pi * np.multiply.outer(f, samples / 16_000.0))
    np.testing.assert_allclose(found[0], found[1] * turn, rtol=1e-9)


@pytest.mark.parametrize("version", ["0.4", "1.0", "2.0", "9.9", ""])
def test_versions_of_a_convention(tmp_path: Path, version: str) -> None:
    """The same variables are the same head, whatever the version; and a head called by its old name is one."""
    path = sphere(tmp_path / "head.sofa", grid_deg(30))
    wanted = read_recording(path, "head.sofa").responses
    with netCDF4.Dataset(str(path), "a") as file:
        file.SOFAConventionsVersion = file.Version = version
    assert kind_of(path) == "head"
    np.testing.assert_array_equal(read_recording(path, "head.sofa").responses, wanted)


def directivity(path: Path, *, per_measurement: bool) -> Path:
    """A driver measured over a circle, direction by direction or all at once."""
    f, angles = np.geomspace(100, 16_000, 60), np.arange(-150.0, 181.0, 30.0)
    pressure = cap(f, direction(angles)).T  # (N, K)
    data = pressure[:, None] if per_measurement else pressure[None]
    front, up = np.array([[1.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 1.0]])
    return stored(
        path,
        "FreeFieldDirectivityTF",
        Data_Real=("MRN", data.real),
        Data_Imag=("MRN", data.imag),
        N=("N", f),
        ReceiverPosition=("RC", front if per_measurement else direction(angles)),
        SourceView=("MC", direction(-angles) if per_measurement else front),  # it turns away from the microphone
        SourceUp=("MC", np.tile(up, (angles.size, 1)) if per_measurement else up),
        EmitterPosition=("EC", np.zeros((1, 3))),
    )


def test_directivity_as_one_measurement_a_direction(tmp_path: Path) -> None:
    """A source on a turntable before one microphone is the same driver as one among many microphones."""
    directivity(tmp_path / "one.sofa", per_measurement=False)
    path = directivity(tmp_path / "turned.sofa", per_measurement=True)
    one, turned = (read_response(n, tmp_path, driver="w", speed_of_sound_m_s=C) for n in ("one.sofa", "turned.sofa"))
    assert "12 measurements of one source over direction" in turned.notes
    assert len(emitter_names(path)) == 1
    towards = direction(np.arange(-180.0, 180.0, 15.0))
    at = np.array([200.0, 1000.0, 5000.0])
    np.testing.assert_allclose(turned.transfer(at, towards), one.transfer(at, towards), rtol=1e-6)


@pytest.mark.parametrize("suffix", [".mat", ".mdat", ".pir", ".mls", ".trf", ".gll"])
def test_other_programs_own_files_say_what_to_export_instead(tmp_path: Path, suffix: str) -> None:
    """A sentence says what to export instead, as a driver, a device, and to convert."""
    path = tmp_path / f"box{suffix}"
    path.write_bytes(b"\x00\x01")
    for read in (
        lambda: read_response(path.name, tmp_path, driver="w", speed_of_sound_m_s=C),
        lambda: read_device(path, 2),
        lambda: kind_of(path),
    ):
        with pytest.raises(DataError, match=rf"box\{suffix}: got a .*: (use|write|export|open|save) .*; expected"):
            read()


def _texts(file: Any) -> list[tuple[Any, str]]:
    return [(holder, name) for holder in (file, *file.variables.values()) for name in holder.ncattrs()]


def damage(path: Path, draw: random.Random) -> str:
    """One thing in a file changed or removed, and what."""
    kind = draw.choice(["text", "no text", "odd text", "rename", "values", "shape", "bytes", "cut", "dimension"])
    if kind in ("bytes", "cut"):
        data = bytearray(path.read_bytes())
        if kind == "cut":
            data = data[: draw.randrange(len(data))]
        else:
            for _ in range(draw.choice([1, 8, 200])):
                data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(bytes(data))
        return kind
    with netCDF4.Dataset(str(path), "a") as file:
        holder, name = draw.choice(_texts(file))
        variable = draw.choice(list(file.variables))
        if kind == "text":
            holder.setncattr(
                name, draw.choice(["", "x", "spherical", "radian, radian, metre", "GeneralFIR", "\u00e9\u0000"])
            )
        elif kind == "odd text":
            holder.setncattr(name, draw.choice([7, 2.5, np.array([1, 2, 3]), np.array([np.nan])]))
        elif kind == "no text":
            holder.delncattr(name)
        elif kind == "rename":
            file.renameVariable(variable, "lost")
        elif kind == "dimension":
            file.renameDimension(draw.choice(list(file.dimensions)), "Q")
        elif file[variable].dtype.kind == "f":
            values = np.array(file[variable][:])
            bad = draw.choice([np.nan, np.inf, -1.0, 0.0, 1e300, 7.5])
            values[...] = (
                bad if kind == "shape" else np.where(np.arange(values.size).reshape(values.shape) % 3, values, bad)
            )
            file[variable][:] = values
        return f"{kind} {name} {variable}"


READ: tuple[Callable[[Path], object], ...] = (
    kind_of,
    lambda path: read_device(path, None),
    lambda path: read_recording(path, "head"),
    lambda path: read_response(path.name, path.parent, driver="w", speed_of_sound_m_s=C),
    lambda path: emitter_names(path),
)


@pytest.fixture(scope="module")
def small_sphere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head of few directions."""
    return sphere(tmp_path_factory.mktemp("small") / "head.sofa", grid_deg(45), taps=256)


DAMAGED_TEXTS: dict[str, Any] = {
    "absent": None,
    "empty": "",
    "a number": 7,
    "numbers": np.array([1.0, np.nan]),
    "no unicode": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", DAMAGED_TEXTS)
@pytest.mark.parametrize("attribute", ["Conventions", "SOFAConventions", "Data.IR Type", "SourcePosition Type"])
def test_damaged_attributes_end_in_a_sentence(tmp_path: Path, small_sphere: Path, attribute: str, content: str) -> None:
    """Of a head written here one attribute, of the file or of a variable: a sentence with its remedy, or the head as it was."""
    path = tmp_path / "head.sofa"
    shutil.copy(small_sphere, path)
    responses = read_recording(path, "head.sofa").responses
    with netCDF4.Dataset(str(path), "a") as file:
        *of, name = attribute.split()
        holder = file[of[0]] if of else file
        if DAMAGED_TEXTS[content] is not None:
            holder.setncattr(name, DAMAGED_TEXTS[content])
        elif name in holder.ncattrs():
            holder.delncattr(name)
    if attribute != "Data.IR Type":
        for read in READ if not of else READ[2:3]:
            with pytest.raises(DataError, match=r"head.*: got (?!no readable).*; expected "):
                read(path)
    else:
        np.testing.assert_array_equal(read_recording(path, "head.sofa").responses, responses)


@pytest.mark.filterwarnings("ignore")  # numbers of 1e300 overflow on their way to being refused
def test_damage_is_read_or_refused(tmp_path: Path) -> None:
    """Sixty files with one thing broken: each is read, or refused in one sentence; nothing else is raised, by any reader."""
    draw = random.Random(16)
    made = [
        device(tmp_path / "device.sofa", {}, EARS_M[None]),
        sphere(tmp_path / "head.sofa", grid_deg(45), taps=64),
        directivity(tmp_path / "driver.sofa", per_measurement=True),
    ]
    refused = 0
    for n in range(60):
        source = made[n % len(made)]
        path = tmp_path / f"broken-{n}.sofa"
        path.write_bytes(source.read_bytes())
        what = damage(path, draw)
        for read in READ:
            try:
                read(path)
            except DataError as error:
                refused += 1
                assert "\n" not in str(error), what
                assert "expected " in str(error) or "is silent" in str(error), f"{what}: {error}"
    assert refused > 60
