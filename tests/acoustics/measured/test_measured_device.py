"""A whole device from a SOFA file replaces every model: the same responses give the same design, and what was not measured is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest
import sofar
from designs.small_problems import text, wide_pair

import designer
from designer.acoustics.measured.device import read_device
from designer.errors import DataError
from designer.problem import geometry

PAIR = text(wide_pair())


def places(problem: designer.Problem, *, circle: bool) -> np.ndarray:
    ears = geometry.ears_m(problem.listener, problem.listener.head_radius_m).reshape(-1, 3)
    if not circle:
        return ears
    angle = np.radians(geometry.azimuth_grid_deg(30.0))
    return np.concatenate([ears, np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)])


def measured(folder: Path, *, circle: bool, emitters: bool = True) -> Path:
    """The model's own responses as if they had been measured, at the ears of the cloud and maybe on the circle."""
    problem = designer.loads(PAIR)
    f = np.linspace(0.0, 8000.0, 401)
    scene = designer.scene(problem).at(f)
    h = np.concatenate([scene.ears(), scene.circle()], axis=1) if circle else scene.ears()  # (F, R, L)
    sofa = sofar.Sofa("GeneralTF-E" if emitters else "GeneralTF")
    data = h.transpose(1, 0, 2)[None] if emitters else h.transpose(2, 1, 0)  # (M, R, N, E) or (M, R, N)
    sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, f
    sofa.ReceiverPosition = places(problem, circle=circle)
    sofa.SourcePosition = np.zeros((data.shape[0], 3))
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    if emitters:
        sofa.EmitterPosition = np.array([driver.position_m for driver in problem.drivers])
    path = folder / "device.sofa"
    sofar.write_sofa(str(path), sofa)
    return path


@pytest.mark.parametrize("emitters", [True, False])
def test_the_same_responses_give_the_same_design(tmp_path: Path, emitters: bool) -> None:
    """Designed on the file, judged on the model: cancellation gain agrees within 0.1 dB in the band."""
    measured(tmp_path, circle=True, emitters=emitters)
    problem = designer.loads(PAIR + '[scene]\ntransfer = "device.sofa"\n', folder=tmp_path)
    from_file = designer.design(problem)
    from_model = designer.design(designer.loads(PAIR))
    assert from_file.status == 0
    own = from_file.metrics
    other = designer.evaluate(from_file, from_model.fine_scene).metrics
    band = own.frequency_hz.between(500, 4000)
    np.testing.assert_allclose(own.cancellation_gain_db[band], other.cancellation_gain_db[band], rtol=0, atol=0.1)
    assert own.cancellation_gain_db[band].min() > 7.0
    assert not [warning for warning in from_file.warnings if "circle" in warning]


def test_without_a_circle_the_maps_are_the_models_and_that_is_said(tmp_path: Path) -> None:
    """An ear channel needs no circle; the folder is complete, opens again without the file, and a warning says what is modelled."""
    path = measured(tmp_path, circle=False)
    design = designer.design(designer.loads(PAIR + '[scene]\ntransfer = "device.sofa"\n', folder=tmp_path))
    assert any("holds no circle of receivers at 1 m" in warning for warning in design.warnings)
    folder = design.save(tmp_path / "out")
    path.unlink()
    again = designer.open(folder)
    np.testing.assert_array_equal(again.metrics.cancellation_gain_db, design.metrics.cancellation_gain_db)


def test_check_explains_the_file_and_what_it_replaces(tmp_path: Path) -> None:
    """Neither enclosure, pistons nor head are told as if they were used; the keys that the file replaces are named."""
    path = measured(tmp_path, circle=True)
    body = '[enclosure]\nmodel = "sphere"\nradius_m = 0.1\n'
    pistons = PAIR.replace("[[drivers]]\n", "[[drivers]]\nradius_m = 0.02\n")
    modelled = designer.check(designer.loads(PAIR.replace("[listener]", f"{body}[listener]")))
    assert modelled.lines[1].startswith("enclosure: sphere, radius 0.1 m; ") and "head sphere" in "\n".join(
        modelled.lines
    )
    whole = '[scene]\ntransfer = "device.sofa"\n'
    explained = designer.check(
        designer.loads(pistons.replace("[listener]", f"{body}[listener]") + whole, folder=tmp_path)
    )
    lines = "\n".join(explained.lines)
    assert "piston" not in lines and "point source" not in lines and "head sphere" not in lines
    assert explained.lines[1].startswith("device: whole, from device.sofa ([scene] transfer); ")
    for key in ("[enclosure]", "radius_m", "facing_deg", "response of [[drivers]]", "listener.head"):
        assert key in explained.lines[2]
    assert explained.lines[2].endswith("these stand: sphere, radius 0.1 m")
    receivers = sofar.read_sofa(str(path), verify=False, verbose=False).ReceiverPosition
    assert explained.lines[-1] == f"  2 drivers at {len(receivers)} receivers; 401 frequencies, 0 to 8000 Hz"


def test_a_place_that_was_not_measured_is_refused(tmp_path: Path) -> None:
    """The message names the ear, the nearest receiver, and what can be done."""
    measured(tmp_path, circle=True)
    text = PAIR.replace("[1.0, 0.0, 0.0]", "[1.2, 0.0, 0.0]") + '[scene]\ntransfer = "device.sofa"\n'
    with pytest.raises(
        DataError, match=r"an ear at \[1\.2, -0\.088, 0\.0\] has no receiver; the nearest is at \[1\.0, "
    ):
        designer.design(designer.loads(text, folder=tmp_path))


def test_the_number_of_drivers_must_agree(tmp_path: Path) -> None:
    """Three drivers in the problem, two in the file."""
    path = measured(tmp_path, circle=False)
    with pytest.raises(DataError, match=r"device\.sofa: got 2 drivers .*expected as many as the problem's, 3"):
        read_device(path, 3)


def test_a_band_above_the_measurement_is_refused(tmp_path: Path) -> None:
    """What lies above the highest measured frequency is not known."""
    problem = designer.loads(PAIR)
    f = np.linspace(0.0, 3000.0, 151)
    sofa = sofar.Sofa("GeneralTF")
    h = designer.scene(problem).at(f).ears().transpose(2, 1, 0)
    sofa.Data_Real, sofa.Data_Imag, sofa.N = h.real, h.imag, f
    sofa.ReceiverPosition = places(problem, circle=False)
    sofa.SourcePosition = np.zeros((2, 3))
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    sofar.write_sofa(str(tmp_path / "device.sofa"), sofa)
    text = PAIR + '[scene]\ntransfer = "device.sofa"\n'
    with pytest.raises(DataError, match=r"measured up to 3000 Hz, and designs\[0\]\.band_hz asks for 4000 Hz"):
        designer.design(designer.loads(text, folder=tmp_path))


def test_what_is_no_device_is_refused(tmp_path: Path) -> None:
    """Text with the suffix .sofa, and a file of another convention."""
    text = tmp_path / "text.sofa"
    text.write_text("not a device", encoding="utf-8")
    with pytest.raises(DataError, match=r"text\.sofa: got no readable HDF5 file .*; expected a SOFA file of GeneralTF"):
        read_device(text, 2)
    head = sofar.Sofa("SimpleFreeFieldHRIR")
    head.Data_IR, head.Data_Delay = np.zeros((1, 2, 8)), np.zeros((1, 2))
    sofar.write_sofa(str(tmp_path / "head.sofa"), head)
    with pytest.raises(DataError, match=r"head\.sofa: got the SOFA convention SimpleFreeFieldHRIR; expected"):
        read_device(tmp_path / "head.sofa", 2)


def test_two_gigabytes(tmp_path: Path) -> None:
    """A small file whose metadata announce 4 GB of data is refused by that, before any of them is read."""
    path = tmp_path / "device.sofa"
    with netCDF4.Dataset(str(path), "w", format="NETCDF4") as file:
        file.Conventions, file.SOFAConventions = "SOFA", "GeneralFIR"
        for name, size in {"M": 8, "R": 1000, "N": 65536, "I": 1}.items():
            file.createDimension(name, size)
        file.createVariable("Data.IR", "f8", ("M", "R", "N"), zlib=True, fill_value=0.0)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(
        DataError, match=r"device\.sofa: got 4,194 MB of data \(8 x 1000 x 65536 x 1\); expected at most 500 MB"
    ):
        read_device(path, 8)


def changed(folder: Path, change: Callable[[np.ndarray], None]) -> Path:
    """The device with something done to its stored real parts (M, R, N, E)."""
    path = measured(folder, circle=False)
    with netCDF4.Dataset(str(path), "a") as file:
        data = np.asarray(file["Data.Real"][:])
        change(data)
        file["Data.Real"][:] = data
    return path


def test_nan(tmp_path: Path) -> None:
    """One NaN is named with its receiver and driver."""

    def spoil(data: np.ndarray) -> None:
        data[0, 2, 7, 1] = np.nan

    with pytest.raises(
        DataError, match=r"device\.sofa: got NaN or infinity at receiver 2, driver 1; expected finite values"
    ):
        read_device(changed(tmp_path, spoil), 2)


def test_a_silent_driver(tmp_path: Path) -> None:
    """A driver that was not connected is named."""
    path = measured(tmp_path, circle=False)
    with netCDF4.Dataset(str(path), "a") as file:
        for part in ("Data.Real", "Data.Imag"):
            data = np.asarray(file[part][:])
            data[..., 1] = 0.0
            file[part][:] = data
    with pytest.raises(
        DataError, match=r"device\.sofa: driver 1 is silent at every receiver; expected drivers that sound"
    ):
        read_device(path, 2)


def test_a_file_that_was_cut_off_and_one_that_is_not_sofa(tmp_path: Path) -> None:
    """Half of a download, and an HDF5 file of something else: refused by name, and what would do."""
    path = measured(tmp_path, circle=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(
        DataError, match=r"device\.sofa: got no readable HDF5 file .*; expected a SOFA file of GeneralTF"
    ):
        read_device(path, 2)
    other = tmp_path / "other.sofa"
    with netCDF4.Dataset(str(other), "w") as file:
        file.title = "weather"
    with pytest.raises(
        DataError, match=r"other\.sofa: got an HDF5 file that is not SOFA; expected a SOFA file of GeneralTF"
    ):
        read_device(other, 2)
