"""Tables of complex pressure: boundary-element results as CSV and NPZ, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.measured import raw_set
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import C, cap

FREQUENCY_HZ = np.geomspace(100.0, 8000.0, 25)
AZIMUTH_DEG, ELEVATION_DEG = (
    v.ravel() for v in np.meshgrid(np.arange(-180.0, 180, 20), np.arange(-80.0, 81, 20), indexing="ij")
)
TOWARDS = direction(AZIMUTH_DEG, ELEVATION_DEG)


def read(folder: Path, name: str = "driver.npz", **options: Any) -> MeasuredDirectivity:
    return read_response(name, folder, driver="left", speed_of_sound_m_s=C, **options)


def write_npz(folder: Path, pressure: Complex, **keys: Any) -> None:
    arrays = {
        "frequency_hz": FREQUENCY_HZ,
        "azimuth_deg": AZIMUTH_DEG,
        "elevation_deg": ELEVATION_DEG,
        "pressure": pressure,
    }
    np.savez(folder / "driver.npz", **(arrays | keys))


def csv_text(pressure: Complex, *, polar: bool = False, separator: str = ",", head: str = "") -> str:
    names = ["magnitude_db", "phase_deg"] if polar else ["real", "imag"]
    lines = [separator.join(["frequency_hz", "azimuth_deg", "elevation_deg", *names])]
    for k, f in enumerate(FREQUENCY_HZ):
        for n, (a, e) in enumerate(zip(AZIMUTH_DEG, ELEVATION_DEG, strict=True)):
            p = pressure[k, n]
            values = (20 * np.log10(abs(p)), np.degrees(np.angle(p))) if polar else (p.real, p.imag)
            lines.append(separator.join(f"{v:.12g}" for v in (f, a, e, *values)))
    return head + "\n".join(lines) + "\n"


@pytest.mark.parametrize("polar", [False, True])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_and_npz_are_absolute(tmp_path: Path, polar: bool, separator: str) -> None:
    """At its own directions and frequencies the table comes back unchanged: no gain, no delay."""
    pressure = 0.3 * cap(FREQUENCY_HZ, TOWARDS)
    (tmp_path / "driver.csv").write_text(csv_text(pressure, polar=polar, separator=separator))
    write_npz(tmp_path, pressure)
    for name in ("driver.csv", "driver.npz"):
        m = read(tmp_path, name)
        np.testing.assert_allclose(m.transfer(FREQUENCY_HZ, TOWARDS), pressure, rtol=1e-6, atol=1e-9)
        assert (m.summary.gain_db, m.summary.delay_removed_s, m.summary.coverage) == (0.0, 0.0, "sphere")
        assert not m.warnings


def test_distance_and_place_are_taken_off(tmp_path: Path) -> None:
    """Pressure 2 m from a device, its driver 9 cm off its origin and facing sideways, is the driver's own far field."""
    place_m = np.array([0.01, -0.09, 0.02])
    points = 2.0 * TOWARDS - place_m
    far_m = np.linalg.norm(points, axis=1)
    front, left = np.array([0, -1.0, 0]), np.array([1.0, 0, 0])  # faces -y: its left is +x
    own = points / far_m[:, None] @ np.stack([front, left, [0, 0, 1.0]]).T

    def alone(towards: Real) -> Complex:
        tilt: Complex = cap(FREQUENCY_HZ, towards) * (1 + 0.2 * towards[:, 1])
        return tilt

    pressure = alone(own) * np.exp(-2j * np.pi * np.outer(FREQUENCY_HZ, far_m) / C) / far_m
    write_npz(tmp_path, pressure, distance_m=2.0, driver_position_m=place_m, driver_facing_deg=[-90.0, 0.0])
    m = read(tmp_path)
    np.testing.assert_allclose(m.transfer(FREQUENCY_HZ, own), alone(own), rtol=1e-6)
    assert m.summary.distance_m == 2.0
    assert m.summary.delay_removed_s == 0.0


def test_a_latency_is_removed_and_said(tmp_path: Path) -> None:
    """A millisecond that the distance does not explain is taken off all directions alike."""
    pressure = cap(FREQUENCY_HZ, TOWARDS) * np.exp(-2j * np.pi * FREQUENCY_HZ * 1e-3)[:, None]
    write_npz(tmp_path, pressure)
    m = read(tmp_path)
    assert m.summary.delay_removed_s == pytest.approx(1e-3 - 0.05 / C, abs=5e-5)
    assert "ms beyond the flight taken off all directions alike" in m.summary.time_reference


def test_the_other_time_convention(tmp_path: Path) -> None:
    """e^{-iωt} is conjugated where the file says so, and a warning where it does not."""
    pressure = cap(FREQUENCY_HZ, TOWARDS).conj()
    write_npz(tmp_path, pressure, time="exp(-iwt)")
    np.testing.assert_allclose(read(tmp_path).transfer(FREQUENCY_HZ, TOWARDS), pressure.conj(), rtol=1e-6)
    with pytest.raises(DataError, match=r"time = exp\(wt\); expected exp\(\+jwt\) or exp\(-jwt\)"):
        write_npz(tmp_path, pressure, time="exp(wt)")
        read(tmp_path)


def beside(azimuth_deg: Real) -> Complex:
    """A driver on the side of a sphere, at y = -8.75 cm, in the device's axes and about its centre."""
    sphere = SphereEnclosure(0.0875, np.array([[0, -1.0, 0]]), [0.02])
    field: Complex = sphere.far_field(2 * np.pi * FREQUENCY_HZ / C, direction(azimuth_deg, ELEVATION_DEG))[:, :, 0]
    return field


def test_azimuth_clockwise(tmp_path: Path) -> None:
    """A driver that sits at y = -9 cm and is heard first at +90 degrees: the azimuths run the other way. Said, it is turned."""
    keys: dict[str, Any] = {"driver_position_m": [0.0, -0.0875, 0.0], "driver_facing_deg": [-90.0, 0.0]}
    write_npz(tmp_path, beside(AZIMUTH_DEG), **keys)
    right = read(tmp_path)
    assert not right.warnings
    write_npz(tmp_path, beside(-AZIMUTH_DEG), **keys, azimuth="clockwise")
    np.testing.assert_allclose(
        read(tmp_path).transfer(FREQUENCY_HZ, right.directions),
        right.transfer(FREQUENCY_HZ, right.directions),
        rtol=1e-6,
    )
    write_npz(tmp_path, beside(-AZIMUTH_DEG), **keys)
    assert any(
        "azimuth seems to run clockwise: the driver is stated at y = -0.087 m" in w for w in read(tmp_path).warnings
    )
    np.testing.assert_allclose(
        read(tmp_path, clockwise=True).transfer(FREQUENCY_HZ, right.directions),
        right.transfer(FREQUENCY_HZ, right.directions),
        rtol=1e-6,
    )


def test_azimuths_in_radians(tmp_path: Path) -> None:
    """Whole degrees only if read as radians."""
    write_npz(tmp_path, cap(FREQUENCY_HZ, TOWARDS), azimuth_deg=np.radians(AZIMUTH_DEG))
    with pytest.raises(DataError, match=r"azimuths from -3\.142 to 2\.793, which are whole degrees if read as radians"):
        read(tmp_path)


def test_elevation_from_the_pole(tmp_path: Path) -> None:
    """Colatitudes beyond 90 degrees are no elevations."""
    write_npz(tmp_path, cap(FREQUENCY_HZ, TOWARDS), elevation_deg=90 - ELEVATION_DEG)
    with pytest.raises(DataError, match=r"an elevation of 170 degrees; expected -90 to 90"):
        read(tmp_path)


def test_0_to_360(tmp_path: Path) -> None:
    """0 to 360, its last column the first again, is -180 to 180."""
    pressure = cap(FREQUENCY_HZ, TOWARDS)
    again = AZIMUTH_DEG == 0
    write_npz(
        tmp_path,
        np.concatenate([pressure, pressure[:, again]], axis=1),
        azimuth_deg=np.concatenate([AZIMUTH_DEG % 360, np.full(again.sum(), 360.0)]),
        elevation_deg=np.concatenate([ELEVATION_DEG, ELEVATION_DEG[again]]),
    )
    m = read(tmp_path)
    np.testing.assert_allclose(m.transfer(FREQUENCY_HZ, TOWARDS), pressure, rtol=1e-6)
    assert not m.warnings


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_nan(tmp_path: Path, poison: float) -> None:
    """Refused in both forms."""
    pressure = cap(FREQUENCY_HZ, TOWARDS)
    pressure[3, 5] = poison
    write_npz(tmp_path, pressure)
    (tmp_path / "driver.csv").write_text(csv_text(pressure))
    for name in ("driver.npz", "driver.csv"):
        with pytest.raises(DataError, match=rf"{name}: got NaN or infinity"):
            read(tmp_path, name)


def test_a_csv_that_was_cut_off(tmp_path: Path) -> None:
    """A missing row and a broken one, each with what is missing."""
    lines = csv_text(cap(FREQUENCY_HZ, TOWARDS)).splitlines()
    file = tmp_path / "driver.csv"
    file.write_text("\n".join(lines[:-3]))
    with pytest.raises(DataError, match=r"got no row for 8000 Hz at azimuth 160, elevation 40 .*cut off"):
        read(tmp_path, "driver.csv")
    file.write_text("\n".join([*lines[:-1], lines[-1][:20]]))
    with pytest.raises(DataError, match=r"a row that is cut off or holds no numbers"):
        read(tmp_path, "driver.csv")
    file.write_text("\n".join([*lines, lines[-1]]))
    with pytest.raises(DataError, match=r"got 2 rows for .* elevation 80 "):
        read(tmp_path, "driver.csv")


def test_an_npz_that_was_cut_off(tmp_path: Path) -> None:
    """No whole archive."""
    write_npz(tmp_path, cap(FREQUENCY_HZ, TOWARDS))
    file = tmp_path / "driver.npz"
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(DataError, match=r"got no whole archive of arrays"):
        read(tmp_path)


def test_an_npz_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros in a small archive, here 6 MB and the limit a hundredth of its 500 MB, are refused before they are unpacked."""
    import zipfile

    assert raw_set.MAX_BYTES == 500e6
    monkeypatch.setattr(raw_set, "MAX_BYTES", 5e6)
    with (
        zipfile.ZipFile(tmp_path / "driver.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("pressure.npy", "w") as file,
    ):
        file.write(bytes(6_000_000))
    assert (tmp_path / "driver.npz").stat().st_size < 20_000
    with pytest.raises(DataError, match=r"6 MB of unpacked arrays; expected up to 5 MB"):
        read(tmp_path)


def test_wrong_arrays(tmp_path: Path) -> None:
    """Missing, real, or of another shape: each says what it found."""
    pressure = cap(FREQUENCY_HZ, TOWARDS)
    write_npz(tmp_path, pressure.T)
    with pytest.raises(DataError, match=r"pressure \(162, 25\) for 25 frequencies, 162 azimuths"):
        read(tmp_path)
    write_npz(tmp_path, np.abs(pressure))
    with pytest.raises(DataError, match=r"pressure of type float64; expected complex pressure"):
        read(tmp_path)
    np.savez(tmp_path / "driver.npz", pressure=pressure)
    with pytest.raises(DataError, match=r"the arrays pressure without frequency_hz, azimuth_deg"):
        read(tmp_path)
    (tmp_path / "driver.csv").write_text("frequency_hz,azimuth_deg,level\n100,0,1\n")
    with pytest.raises(DataError, match=r"the columns frequency_hz, azimuth_deg, level; expected "):
        read(tmp_path, "driver.csv")


def test_silence(tmp_path: Path) -> None:
    """A direction of zeros is refused, by its angles."""
    pressure = cap(FREQUENCY_HZ, TOWARDS)
    pressure[:, 7] = 0
    write_npz(tmp_path, pressure)
    with pytest.raises(DataError, match=r"silence at azimuth -180, elevation 60 deg"):
        read(tmp_path)
