"""SOFA FreeFieldDirectivityTF: one emitter, several, and files that are not what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import sofar

from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import C, cap

FREQUENCY_HZ = np.geomspace(100.0, 8000.0, 25)
AZIMUTH_DEG, ELEVATION_DEG = (
    v.ravel() for v in np.meshgrid(np.arange(0.0, 360, 20), np.arange(-80.0, 81, 20), indexing="ij")
)
TOWARDS = direction(AZIMUTH_DEG, ELEVATION_DEG)
RADIUS_M = 2.0
FLIGHT = np.exp(-2j * np.pi * FREQUENCY_HZ * RADIUS_M / C)[:, None] / RADIUS_M
SIDES = {"left": -90.0, "front": 0.0, "right": 90.0}


def write(path: Path, drivers: list[Complex], **fields: Any) -> None:
    """A file with one measurement a driver, (K, N) each."""
    sofa = sofar.Sofa("FreeFieldDirectivityTF")
    data = np.stack([p.T for p in drivers])
    sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, FREQUENCY_HZ
    sofa.ReceiverPosition = np.stack([AZIMUTH_DEG, ELEVATION_DEG, np.full(AZIMUTH_DEG.size, RADIUS_M)], axis=1)
    names = fields.pop("EmitterDescriptions", None)
    for name in ("Description", "EmitterDescriptions"):  # sofar cannot write more than one text
        sofa.delete(name)
    for name, value in fields.items():
        setattr(sofa, name, value)
    sofar.write_sofa(str(path), sofa)
    if names is not None:
        length = max(map(len, names))
        with netCDF4.Dataset(str(path), "a") as file:
            file.createDimension("text", length)
            variable = file.createVariable("EmitterDescriptions", "S1", ("M", "text"))
            variable[:] = np.array([list(name.ljust(length)) for name in names], dtype="S1")


def read(folder: Path, pattern: str = "box.sofa", driver: str = "woofer", **options: Any) -> MeasuredDirectivity:
    return read_response(pattern, folder, driver=driver, speed_of_sound_m_s=C, **options)


def same_up_to_a_gain(got: Complex, true: Complex) -> None:
    np.testing.assert_allclose(got / got[0, 0] * true[0, 0], true, rtol=1e-6, atol=1e-9)


def test_one_emitter(tmp_path: Path) -> None:
    """Level over 1/r and time of flight are taken off; what is left is the driver, up to one gain."""
    write(tmp_path / "box.sofa", [cap(FREQUENCY_HZ, TOWARDS) * FLIGHT])
    m = read(tmp_path)
    same_up_to_a_gain(m.transfer(FREQUENCY_HZ, TOWARDS), cap(FREQUENCY_HZ, TOWARDS))
    assert (m.summary.kind, m.summary.coverage, m.summary.distance_m) == ("SOFA directivity", "sphere", RADIUS_M)
    assert m.summary.delay_removed_s == 0.0
    assert not m.warnings


def test_cartesian_receivers_and_a_turned_source(tmp_path: Path) -> None:
    """A source that faces +y of the room (SourceView) and microphones in metres: its front is still its front."""
    turned = np.stack([-TOWARDS[:, 1], TOWARDS[:, 0], TOWARDS[:, 2]], axis=1)  # by 90 degrees, to +y
    write(
        tmp_path / "box.sofa",
        [cap(FREQUENCY_HZ, TOWARDS) * FLIGHT],
        ReceiverPosition=RADIUS_M * turned,
        ReceiverPosition_Type="cartesian",
        ReceiverPosition_Units="metre",
        SourceView=[[0, 1, 0]],
    )
    same_up_to_a_gain(read(tmp_path).transfer(FREQUENCY_HZ, TOWARDS), cap(FREQUENCY_HZ, TOWARDS))


def on_a_sphere(azimuth_deg: float) -> Complex:
    """A driver of a smart speaker of 8.75 cm, about its centre."""
    sphere = SphereEnclosure(0.0875, direction(azimuth_deg)[None, :], [0.025])
    return np.asarray(sphere.far_field(2 * np.pi * FREQUENCY_HZ / C, TOWARDS)[:, :, 0] * FLIGHT)


def write_device(path: Path, *, clockwise: bool = False) -> None:
    places = 0.0875 * direction(np.array(list(SIDES.values())))
    fields: dict[str, Any] = {}
    if clockwise:
        positions = np.stack([-AZIMUTH_DEG % 360, ELEVATION_DEG, np.full(AZIMUTH_DEG.size, RADIUS_M)], axis=1)
        fields["ReceiverPosition"] = positions
    write(
        path,
        [on_a_sphere(azimuth) for azimuth in SIDES.values()],
        EmitterPosition=places,
        EmitterDescriptions=list(SIDES),
        **fields,
    )


def own_frame(facing_deg: float) -> Real:
    """The directions in the frame of a driver that faces an azimuth."""
    return direction(AZIMUTH_DEG - facing_deg, ELEVATION_DEG)


@pytest.mark.parametrize("driver", list(SIDES))
def test_several_emitters_are_several_drivers(tmp_path: Path, driver: str) -> None:
    """By the driver's name; put back at its place it radiates what the file has."""
    write_device(tmp_path / "box.sofa")
    facing_deg = SIDES[driver]
    m = read(tmp_path, driver=driver, facing_deg=(facing_deg, 0.0))
    place_m = 0.0875 * direction(facing_deg)
    k = 2 * np.pi * FREQUENCY_HZ / C
    # To the far field: the file's microphones are 2 m away, and the model's far field about the centre is at infinity.
    points = RADIUS_M * TOWARDS - place_m
    far_m = np.linalg.norm(points, axis=1)
    own = points / far_m[:, None] @ np.stack([direction(facing_deg), direction(facing_deg + 90), [0, 0, 1.0]]).T
    got = m.transfer(FREQUENCY_HZ, own) * np.exp(-1j * np.outer(k, far_m)) / far_m
    same_up_to_a_gain(got, on_a_sphere(facing_deg))
    by_name, by_index = (
        read(tmp_path, f"box.sofa#{pick}", driver="x", facing_deg=(facing_deg, 0.0))
        for pick in (driver, list(SIDES).index(driver))
    )
    np.testing.assert_array_equal(by_name.pressure, by_index.pressure)
    np.testing.assert_array_equal(by_name.pressure, m.pressure)
    assert own_frame(facing_deg).shape == own.shape


def test_an_emitter_that_is_not_there(tmp_path: Path) -> None:
    """The file's emitters are listed, with their indices."""
    write_device(tmp_path / "box.sofa")
    with pytest.raises(
        DataError, match=r"3 emitters \(0: left, 1: front, 2: right\), and none is 'tweeter'.*box\.sofa#0"
    ):
        read(tmp_path, driver="tweeter")
    with pytest.raises(DataError, match=r"and none is '7'"):
        read(tmp_path, "box.sofa#7")


def test_azimuth_clockwise(tmp_path: Path) -> None:
    """Emitters stated at one side and heard first at the other: the azimuths run the wrong way round."""
    write_device(tmp_path / "box.sofa")
    assert not read(tmp_path, driver="left", facing_deg=(-90.0, 0.0)).warnings
    write_device(tmp_path / "box.sofa", clockwise=True)
    warnings = read(tmp_path, driver="left", facing_deg=(-90.0, 0.0)).warnings
    assert any(
        "azimuth seems to run clockwise: the driver is stated at y = -0.087 m" in warning for warning in warnings
    )


def test_radians_named_degrees(tmp_path: Path) -> None:
    """Refused, with both readings."""
    positions = np.stack(
        [np.radians(AZIMUTH_DEG), np.radians(ELEVATION_DEG), np.full(AZIMUTH_DEG.size, RADIUS_M)], axis=1
    )
    write(tmp_path / "box.sofa", [cap(FREQUENCY_HZ, TOWARDS) * FLIGHT], ReceiverPosition=positions)
    with pytest.raises(
        DataError, match=r"ReceiverPosition azimuths from 0 to 5\.934, which are whole degrees if read as radians"
    ):
        read(tmp_path)


def test_an_hdf5_file_that_is_not_sofa(tmp_path: Path) -> None:
    """What it holds is named."""
    with netCDF4.Dataset(str(tmp_path / "box.sofa"), "w") as file:
        file.createDimension("x", 3)
        file.createVariable("temperature", "f8", ("x",))
    with pytest.raises(
        DataError,
        match=r"an HDF5 file that is not SOFA \(it holds temperature\); expected a SOFA file, FreeFieldDirectivityTF",
    ):
        read(tmp_path)


def test_no_hdf5(tmp_path: Path) -> None:
    """Text named SOFA."""
    (tmp_path / "box.sofa").write_text("hello")
    with pytest.raises(DataError, match=r"got no readable HDF5 file"):
        read(tmp_path)


def test_a_wrong_convention(tmp_path: Path) -> None:
    """A head is not a driver, and the message says where it belongs."""
    sofar.write_sofa(str(tmp_path / "box.sofa"), sofar.Sofa("SimpleFreeFieldHRIR"))
    with pytest.raises(
        DataError, match=r"the SOFA convention SimpleFreeFieldHRIR; expected FreeFieldDirectivityTF; a head is named"
    ):
        read(tmp_path)


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    """Refused as unreadable."""
    write(tmp_path / "box.sofa", [cap(FREQUENCY_HZ, TOWARDS) * FLIGHT])
    whole = (tmp_path / "box.sofa").read_bytes()
    (tmp_path / "box.sofa").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"box\.sofa: got .*(cut off|copy or export it again)"):
        read(tmp_path)


def test_nan(tmp_path: Path) -> None:
    """Refused."""
    pressure = cap(FREQUENCY_HZ, TOWARDS) * FLIGHT
    pressure[2, 3] = np.nan
    write(tmp_path / "box.sofa", [pressure])
    with pytest.raises(DataError, match=r"got NaN, infinity or missing values"):
        read(tmp_path)


def test_two_gigabytes(tmp_path: Path) -> None:
    """Refused by the file's size; and a small file by the size of the data that its metadata announces, before that is read."""
    with (tmp_path / "large.sofa").open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(DataError, match=r"large\.sofa: got 2,000 MB of bytes; expected up to 500 MB"):
        read(tmp_path, "large.sofa")
    with netCDF4.Dataset(str(tmp_path / "box.sofa"), "w") as header:
        header.setncatts({"Conventions": "SOFA", "SOFAConventions": "FreeFieldDirectivityTF"})
        for name, size in {"M": 1, "R": 65_000, "N": 2_000, "E": 1, "C": 3}.items():
            header.createDimension(name, size)
        header.createVariable("Data.Real", "f8", ("M", "R", "N"), zlib=True)
    assert (tmp_path / "box.sofa").stat().st_size < 1_000_000
    with pytest.raises(DataError, match=r"2,080 MB of data \(1 x 65000 x 2000\); expected up to 500 MB"):
        read(tmp_path)
