"""`designer convert`: what was read is what others read, by this project's reader, by sofar and by netCDF4 alone."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import sofar
from acoustics.measured import test_complex_table as tables
from acoustics.measured import test_impulse_wav as impulses
from acoustics.measured import test_sofa_directivity as directivities
from acoustics.measured import test_spinorama as spinoramas
from acoustics.measured.head_files import KEMAR, grid_deg, kemar, sphere, sphere_spectra, unit
from acoustics.measured.made_sets import C, cap, lopsided, write_frd_set
from command import Ended, run

from designer.acoustics.measured import convert as converting
from designer.acoustics.measured.device import read_device
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.head import read_head
from designer.acoustics.measured.head_file import read_recording
from designer.acoustics.measured.raw_set import TurnedAbout
from designer.problem.geometry import direction

Command = Callable[..., Ended]
F = np.geomspace(100.0, 16_000.0, 80)


@pytest.fixture
def convert(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    return functools.partial(run, capsys, monkeypatch, "convert")


def contents(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def same(got: MeasuredDirectivity, read: MeasuredDirectivity) -> None:
    """Within double precision: of a phase of some hundred radians that was turned there and back, 1e-12 is left."""
    np.testing.assert_allclose(got.frequency_hz, read.frequency_hz, rtol=1e-15)
    np.testing.assert_allclose(got.directions, read.directions, atol=1e-11)
    assert np.abs(got.pressure - read.pressure).max() < 1e-11 * np.abs(read.pressure).max()


few_angles = functools.partial(write_frd_set, angles_deg=tuple(range(-150, 181, 30)), frequency_hz=F)


def frd(folder: Path) -> str:
    few_angles(folder, delay_s=2e-3, model=lopsided)
    return "woofer hor *.frd"


def magnitudes(folder: Path) -> str:
    few_angles(folder, phase=False)
    return "woofer hor *.frd"


def spinorama(folder: Path) -> str:
    (folder / "SPL Horizontal.txt").write_text(spinoramas.table(), encoding="utf-8")
    text = spinoramas.table(title="SPL Vertical", vertical=True)
    (folder / "SPL Vertical.txt").write_text(text, encoding="utf-8")
    return "SPL *.txt"


def wav(folder: Path) -> str:
    impulses.write(folder)
    return "mid hor *.wav"


def npz(folder: Path) -> str:
    tables.write_npz(folder, 0.3 * cap(tables.FREQUENCY_HZ, tables.TOWARDS), distance_m=2.0)
    return "driver.npz"


def csv(folder: Path) -> str:
    (folder / "driver.csv").write_text(tables.csv_text(0.3 * cap(tables.FREQUENCY_HZ, tables.TOWARDS)))
    return "driver.csv"


def sofa(folder: Path) -> str:
    pressure = cap(directivities.FREQUENCY_HZ, directivities.TOWARDS) * directivities.FLIGHT
    directivities.write(folder / "box.sofa", [pressure])
    return "box.sofa"


@pytest.mark.parametrize("write", [frd, magnitudes, spinorama, wav, npz, csv, sofa], ids=lambda write: write.__name__)
def test_every_format_comes_back(write: Callable[[Path], str], convert: Command, tmp_path: Path) -> None:
    """Read from its own files and from the converted one, a driver is the same: frequencies, directions, pressure."""
    pattern = write(tmp_path)
    before = read_response(pattern, tmp_path, driver="d", speed_of_sound_m_s=C)
    ended = convert(pattern, "-o", "out.sofa")
    assert ended.code == 0, ended.err
    assert ended.out.endswith("wrote out.sofa (FreeFieldDirectivityTF)\n")
    after = read_response("out.sofa", tmp_path, driver="d", speed_of_sound_m_s=C)
    same(after, before)
    assert (after.level, after.summary.polarity) == (before.level, before.summary.polarity)


def test_the_file_is_the_pressure_at_the_microphones(convert: Command, tmp_path: Path) -> None:
    """A table of pressure 2 m away: Data.Real + j Data.Imag by netCDF4 alone is that table, at those azimuths and elevations."""
    pressure = (
        0.3
        * cap(tables.FREQUENCY_HZ, tables.TOWARDS)
        * np.exp(-40j * np.pi * tables.FREQUENCY_HZ / C / 10)[:, None]
        / 2
    )
    tables.write_npz(tmp_path, pressure, distance_m=2.0)
    assert convert("driver.npz", "-o", "out.sofa").code == 0
    with netCDF4.Dataset("out.sofa") as file:
        assert (file.Conventions, file.SOFAConventions, file.DataType) == ("SOFA", "FreeFieldDirectivityTF", "TF")
        data = np.asarray(file["Data.Real"][:]) + 1j * np.asarray(file["Data.Imag"][:])
        np.testing.assert_allclose(data[0].T, pressure, rtol=1e-11)
        np.testing.assert_array_equal(file["N"][:], tables.FREQUENCY_HZ)
        places = np.asarray(file["ReceiverPosition"][:])
        np.testing.assert_allclose(places[:, 0], tables.AZIMUTH_DEG % 360, atol=1e-9)
        np.testing.assert_allclose(places[:, 1], tables.ELEVATION_DEG, atol=1e-9)
        np.testing.assert_allclose(places[:, 2], 2.0)
        assert (file["ReceiverPosition"].Type, file["ReceiverPosition"].Units) == ("spherical", "degree, degree, metre")


def test_sofar_finds_nothing_to_say_of_it(convert: Command, tmp_path: Path) -> None:
    """Its own check passes, names and text included; umlauts, which it cannot read, are written without their dots."""
    few_angles(tmp_path, name="Tieftöner hor {angle}.frd")
    assert convert("Tief*.frd", "-o", "out.sofa").code == 0
    found = sofar.read_sofa("out.sofa", verify=True)
    assert found.verify(issue_handling="return") is None
    assert str(found.EmitterDescriptions) == "Tieftoner"
    assert found.GLOBAL_Title == "Tieftoner"
    assert "delay of" in found.GLOBAL_Comment
    assert found.GLOBAL_History.startswith("converted from Tieftoner hor -120.frd, ")
    azimuth = np.sort(found.ReceiverPosition[:, 0])
    np.testing.assert_allclose(azimuth, np.arange(0.0, 360.0, 30.0), atol=1e-9)


def test_converted_twice(convert: Command, tmp_path: Path) -> None:
    """The same bytes from the same files, and the same values from the converted file."""
    pattern = frd(tmp_path)
    assert convert(pattern, "-o", "one.sofa").code == 0
    assert convert(pattern, "-o", "two.sofa").code == 0
    assert (tmp_path / "one.sofa").read_bytes() == (tmp_path / "two.sofa").read_bytes()
    assert convert("one.sofa", "-o", "three.sofa").code == 0
    one, three = (read_response(n, tmp_path, driver="woofer", speed_of_sound_m_s=C) for n in ("one.sofa", "three.sofa"))
    same(three, one)


def test_several_names_are_several_drivers(convert: Command, tmp_path: Path) -> None:
    """Listed file by file as a shell does: two drivers, by name, the tweeter 6 dB quieter as in its files."""
    few_angles(tmp_path)
    few_angles(tmp_path, name="tweeter_h_{angle}.txt", model=lambda f, n: 0.5 * cap(f, n))
    files = sorted(p.name for p in tmp_path.iterdir())
    ended = convert(*files, "-o", "two.sofa")
    assert ended.code == 0, ended.err
    woofer, tweeter = (
        read_response("two.sofa", tmp_path, driver=name, speed_of_sound_m_s=C) for name in ("woofer", "tweeter")
    )
    np.testing.assert_allclose(tweeter.summary.gain_db - woofer.summary.gain_db, 20 * np.log10(2), atol=1e-4)
    with netCDF4.Dataset("two.sofa") as file:
        data = np.asarray(file["Data.Real"][:]) + 1j * np.asarray(file["Data.Imag"][:])
        names = netCDF4.chartostring(file["EmitterDescriptions"][:])
    order = [str(name) for name in names]
    assert sorted(order) == ["tweeter", "woofer"]
    ratio = data[order.index("tweeter")] / data[order.index("woofer")]
    np.testing.assert_allclose(ratio, 0.5, atol=1e-4)
    assert str(sofar.read_sofa("two.sofa", verbose=False).EmitterDescriptions[0]) in order


def test_a_name_for_all(convert: Command, tmp_path: Path) -> None:
    """Files whose names have a date in front of each angle are one driver where --name says so."""
    for day, angle in ((3, 0), (4, 30), (5, 60)):
        write_frd_set(tmp_path, name=f"may {day} at {{angle}}.frd", angles_deg=(float(angle),), frequency_hz=F)
    assert convert("may *.frd", "-o", "out.sofa").code == 3
    ended = convert("may *.frd", "-o", "out.sofa", "--name", "mid")
    assert ended.code == 0, ended.err
    assert str(sofar.read_sofa("out.sofa", verbose=False).EmitterDescriptions) == "mid"


def test_drivers_that_one_file_cannot_hold(convert: Command, tmp_path: Path) -> None:
    """Other frequencies or other directions: refused, with both, and nothing written."""
    few_angles(tmp_path)
    few_angles(tmp_path, name="coarse hor {angle}.frd", frequency_hz=np.geomspace(100.0, 9000.0, 150))
    write_frd_set(tmp_path, name="few hor {angle}.frd", angles_deg=(0.0, 30.0, 60.0), frequency_hz=F)
    before = contents(tmp_path)
    ended = convert("coarse*.frd", "woofer*.frd", "-o", "out.sofa")
    assert ended.code == 3
    assert 'got 80 frequencies from 100 to 16000 Hz for "woofer", and 150 from 100 to 9000 Hz for "coarse"' in ended.err
    assert "convert each driver to a file of its own" in ended.err
    ended = convert("few*.frd", "woofer*.frd", "-o", "out.sofa")
    assert ended.code == 3
    assert 'got 12 directions for "woofer" that are not the 3 of "few"; expected the same' in ended.err
    assert contents(tmp_path) == before


def test_options_are_the_keys_of_a_problem(convert: Command, tmp_path: Path) -> None:
    """--gate-ms, --distance, --clockwise, --angles and --speed-of-sound do what the keys do."""
    few_angles(tmp_path, model=lopsided)
    keys = {"gate_ms": 4.0, "distance_m": 1.5, "clockwise": True}
    before = read_response("woofer hor *.frd", tmp_path, driver="d", speed_of_sound_m_s=340.0, **keys)
    options = ["--gate-ms", "4", "--distance", "1.5", "--clockwise", "--speed-of-sound", "340"]
    options += ["--angles", "woofer hor {azimuth}"]
    assert convert("woofer hor *.frd", "-o", "out.sofa", *options).code == 0
    after = read_response("out.sofa", tmp_path, driver="d", speed_of_sound_m_s=340.0)
    same(after, before)
    assert after.summary.distance_m == pytest.approx(1.5)
    at = int(np.argmin(np.abs(after.frequency_hz - 1000)))
    left, right = (int(np.argmax(sign * after.directions[:, 1])) for sign in (1, -1))
    louder_db = 20 * np.log10(np.abs(after.pressure[at, right] / after.pressure[at, left]))
    assert louder_db == pytest.approx(3.0, abs=0.1)  # the file's left, counted clockwise


def test_the_turning_point_and_the_time_of_drivers(convert: Command, tmp_path: Path) -> None:
    """--turned-about and --time do what response_turned_about and response_time do."""
    few_angles(tmp_path, delay_s=2e-3)
    read = functools.partial(read_response, "woofer hor *.frd", tmp_path, driver="d", speed_of_sound_m_s=343.0)
    about = TurnedAbout((0.0, 0.08, 0.0))
    before = read(turned_about=about, distance_m=2.0)
    options = ["--turned-about", "0", "0.08", "0", "--distance", "2"]
    assert convert("woofer hor *.frd", "-o", "about.sofa", *options).code == 0
    after = read_response("about.sofa", tmp_path, driver="d", speed_of_sound_m_s=343.0)
    at = int(np.argmin(np.abs(after.frequency_hz - 2000)))
    beside = int(np.argmax(after.directions[:, 1]))
    towards = after.directions[[after.axis, beside]]
    phase = [np.angle(m.transfer(F[at : at + 1], towards)[0]) for m in (before, after)]
    assert np.diff(phase[0]) == pytest.approx(np.diff(phase[1]), abs=1e-6)
    for path in tmp_path.glob("woofer hor *.frd"):
        text = path.read_text()
        (tmp_path / path.name.replace("woofer", "late")).write_text(text)
    files = [f"{name} hor *.frd" for name in ("woofer", "late")]
    assert "shared by" in convert(*files, "-o", "two.sofa", "--time", "shared").out
    ended = convert(*files, "-o", "three.sofa", "--time", "sometimes")
    assert (ended.code, "--time: got 'sometimes'; expected auto, shared, own" in ended.err) == (2, True)


def test_one_emitter_of_a_device(convert: Command, tmp_path: Path) -> None:
    """A name after # picks one, and --facing turns it to its own front, as facing_deg does."""
    directivities.write_device(tmp_path / "box.sofa")
    keys: dict[str, Any] = {"speed_of_sound_m_s": C, "facing_deg": (90.0, 0.0)}
    before = read_response("box.sofa", tmp_path, driver="right", **keys)
    assert convert("box.sofa#right", "-o", "right.sofa", "--facing", "90", "0").code == 0
    after = read_response("right.sofa", tmp_path, driver="right", speed_of_sound_m_s=C)
    same(after, before)
    assert str(sofar.read_sofa("right.sofa", verbose=False).EmitterDescriptions) == "right"


def test_all_emitters_of_a_file(convert: Command, tmp_path: Path) -> None:
    """Two drivers measured about one point stay two drivers, in their order."""
    one, two = (factor * cap(directivities.FREQUENCY_HZ, directivities.TOWARDS) for factor in (1.0, 0.25))
    pressure = [p * directivities.FLIGHT for p in (one, two)]
    directivities.write(tmp_path / "box.sofa", pressure, EmitterDescriptions=["low", "high"])
    assert convert("box.sofa", "-o", "again.sofa").code == 0
    with netCDF4.Dataset("again.sofa") as file:
        data = np.asarray(file["Data.Real"][:]) + 1j * np.asarray(file["Data.Imag"][:])
        assert [str(n).strip() for n in netCDF4.chartostring(file["EmitterDescriptions"][:])] == ["low", "high"]
    np.testing.assert_allclose(data[1] / data[0], 0.25, rtol=1e-9)


def test_a_head_keeps_its_samples(convert: Command, tmp_path: Path) -> None:
    """The KEMAR, converted: every sample, direction, rate and delay of the original, its authors and licence too."""
    assert convert(str(KEMAR), "-o", "head.sofa").code == 0
    with netCDF4.Dataset(str(KEMAR)) as old, netCDF4.Dataset("head.sofa") as new:
        np.testing.assert_allclose(new["Data.IR"][:], old["Data.IR"][:], rtol=0, atol=1e-16)
        np.testing.assert_allclose(new["Data.SamplingRate"][:], old["Data.SamplingRate"][:])
        np.testing.assert_allclose(new["SourcePosition"][:], old["SourcePosition"][:], atol=1e-9)
        assert new["ReceiverPosition"][0, 1, 0] > 0 > new["ReceiverPosition"][1, 1, 0]
        assert (new.SOFAConventions, new.References, new.License) == (
            "SimpleFreeFieldHRIR",
            old.References,
            old.License,
        )
    assert sofar.read_sofa("head.sofa", verbose=False).verify(issue_handling="return") is None


def test_a_head_is_put_right(convert: Command, tmp_path: Path) -> None:
    """Ears exchanged and azimuths in radians under the name of degrees: said, and the written file has neither."""

    def spoil(sofa: Any) -> None:
        sofa.Data_IR = sofa.Data_IR[:, ::-1]
        sofa.SourcePosition[:, :2] = np.radians(sofa.SourcePosition[:, :2])

    kemar(tmp_path / "odd.sofa", spoil, every=5)
    ended = convert("odd.sofa", "-o", "head.sofa")
    assert ended.code == 0
    assert "warning: odd.sofa: the directions are read taking its degrees for radians" in ended.err
    assert "warning: odd.sofa: ReceiverPosition puts the first receiver on the left" in ended.err
    found = read_recording(tmp_path / "head.sofa", "head.sofa")
    assert found.warnings == ()
    right = read_recording(kemar(tmp_path / "right.sofa", every=5), "right.sofa")
    np.testing.assert_allclose(found.responses, right.responses, atol=1e-7)
    np.testing.assert_allclose(found.directions, right.directions, atol=1e-7)


def test_spectra_of_a_head(convert: Command, tmp_path: Path) -> None:
    """A FreeFieldHRTF of a rigid sphere becomes responses that give the sphere's spectra back, as the file itself does."""
    ring = grid_deg(20.0)
    f = np.arange(100.0, 20_001.0, 100.0)
    sofa = sofar.Sofa("SimpleFreeFieldHRTF")
    spectra = sphere_spectra(ring, f, 1.4) * np.exp(2j * np.pi * f * (1.4 / C - 1e-3))
    sofa.Data_Real, sofa.Data_Imag, sofa.N = spectra.real, spectra.imag, f
    sofa.SourcePosition = np.column_stack([ring, np.full(len(ring), 1.4)])
    sofar.write_sofa(str(tmp_path / "spectra.sofa"), sofa)
    assert convert("spectra.sofa", "-o", "head.sofa").code == 0
    before, after = (read_head(tmp_path / name, 0.0875, C) for name in ("spectra.sofa", "head.sofa"))
    inside = f[(f > 200) & (f < 15_000)]
    one, other = (head.transfer(inside, unit(ring)) for head in (before, after))
    np.testing.assert_allclose(other, one, atol=2e-5)


@pytest.mark.parametrize("convention", ["GeneralTF", "GeneralTF-E", "GeneralFIR", "GeneralFIR-E"])
def test_a_device_keeps_its_responses(convention: str, convert: Command, tmp_path: Path) -> None:
    """Three drivers at five points, delays of their own too: read as a problem's [scene] transfer, both files are the same device."""
    rng = np.random.default_rng(1)
    sofa = sofar.Sofa(convention)
    data = rng.normal(size=(5, 3, 64))  # points, drivers, samples
    shaped = data.transpose(0, 2, 1)[None] if convention.endswith("-E") else data.transpose(1, 0, 2)
    if "TF" in convention:
        sofa.Data_Real, sofa.Data_Imag, sofa.N = shaped, 0.5 * shaped, np.linspace(0, 8000.0, 64)
    else:
        sofa.Data_IR, sofa.Data_SamplingRate = shaped, 16_000.0
        late = rng.integers(0, 20, (5, 3)).astype(float)
        sofa.Data_Delay = late[None] if convention.endswith("-E") else late.T
    sofa.ReceiverPosition = np.stack([direction(40.0 * i) for i in range(5)])
    sofa.SourcePosition, sofa.SourcePosition_Type = np.zeros((len(shaped), 3)), "cartesian"
    sofa.SourcePosition_Units = "metre"
    if convention.endswith("-E"):
        sofa.EmitterPosition = rng.normal(size=(3, 3))
    sofar.write_sofa(str(tmp_path / "device.sofa"), sofa)
    ended = convert("device.sofa", "-o", "again.sofa")
    assert ended.code == 0, ended.err
    assert "device: 3 drivers at 5 points, 64" in ended.out
    before, after = (read_device(tmp_path / name, 3) for name in ("device.sofa", "again.sofa"))
    f = np.array([100.0, 1000.0, 5000.0])
    np.testing.assert_allclose(after.transfer(f, C), before.transfer(f, C), rtol=1e-12)
    np.testing.assert_allclose(after.receivers_m, before.receivers_m, atol=1e-12)
    if "FIR" in convention:  # the sum written out, each response as much later as its Data.Delay says
        plain = [sum(data[2, 1, n] * np.exp(-2j * np.pi * g * (n + late[2, 1]) / 16_000) for n in range(64)) for g in f]
        np.testing.assert_allclose(after.transfer(f, C)[:, 2, 1], plain, rtol=1e-9)


def test_a_general_file_with_two_receivers_is_a_head_where_something_moves(convert: Command, tmp_path: Path) -> None:
    """GeneralFIR with two receivers: with one source place it is a device at two ears, with many it is a head."""
    made = sofar.read_sofa(str(sphere(tmp_path / "sphere.sofa", grid_deg(30.0))), verbose=False)
    sofa = sofar.Sofa("GeneralFIR")
    sofa.Data_IR, sofa.Data_SamplingRate = made.Data_IR, made.Data_SamplingRate
    sofa.ReceiverPosition = np.array([[0, 0.09, 0], [0, -0.09, 0]])
    sofa.Data_Delay, sofa.SourcePosition = np.zeros((1, 2)), made.SourcePosition
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "spherical", "degree, degree, metre"
    sofar.write_sofa(str(tmp_path / "head.sofa"), sofa)
    assert convert("head.sofa", "-o", "out.sofa").out.startswith("head: ")
    sofa.SourcePosition = np.array([[0.0, 0.0, 1.0]])
    sofar.write_sofa(str(tmp_path / "device.sofa"), sofa)
    assert convert("device.sofa", "-o", "out.sofa").out.startswith("device: ")


def test_only_its_own_file_is_replaced(convert: Command, tmp_path: Path) -> None:
    """A file that it wrote is replaced; another, a folder, or another suffix ends with 2, the remedy said, and is not touched."""
    pattern = frd(tmp_path)
    directivities.write(tmp_path / "theirs.sofa", [cap(directivities.FREQUENCY_HZ, directivities.TOWARDS)])
    (tmp_path / "text.sofa").write_text("thesis", encoding="utf-8")
    (tmp_path / "folder.sofa").mkdir()
    before = contents(tmp_path)
    for name in ("theirs.sofa", "text.sofa", "folder.sofa"):
        ended = convert(pattern, "-o", name)
        assert ended.code == 2
        assert re.match(
            rf"error: {name}: (file|folder or device) exists; expected a new file, or one as `designer c", ended.err
        )
    ended = convert(pattern, "-o", "out.txt")
    assert (ended.code, ended.err) == (
        2, "error: out.txt: got the suffix .txt; expected .sofa; name it with -o OUT.sofa\n"
    )  # fmt: skip
    assert contents(tmp_path) == before
    assert convert(pattern, "-o", "deep/out.sofa").code == 0
    first = (tmp_path / "deep/out.sofa").read_bytes()
    assert convert(pattern, "-o", "deep/out.sofa", "--gate-ms", "4").code == 0
    assert (tmp_path / "deep/out.sofa").read_bytes() != first
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out.sofa"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt("stopped"), OSError(28, "No space left on device")], ids=str)
def test_nothing_half_written(
    stop: BaseException, convert: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before the last step, an older file is as it was and no part of the new one remains; a full disk ends with 6."""
    pattern = frd(tmp_path)
    assert convert(pattern, "-o", "out.sofa").code == 0
    before = contents(tmp_path)

    def fail(*_: object) -> None:
        raise stop

    monkeypatch.setattr(converting, "append_names", fail)
    ended = convert(pattern, "-o", "out.sofa", "--gate-ms", "4")
    assert ended.code != 0
    if isinstance(stop, OSError):
        assert (ended.code, ended.err.splitlines()[-1]) == (
            6,
            "error: out.sofa: cannot be written: no space left on device; what was there before is kept; make room, or choose"
            " another place",
        )  # fmt: skip
    assert contents(tmp_path) == before


def test_what_cannot_be_converted(convert: Command, tmp_path: Path) -> None:
    """No such file, no HDF5, HDF5 that is not SOFA, another convention: 3; kinds mixed, an option that does not apply: 2."""
    pattern = frd(tmp_path)
    (tmp_path / "text.sofa").write_text("no", encoding="utf-8")
    with netCDF4.Dataset(str(tmp_path / "other.sofa"), "w") as file:
        file.title = "weather"
    with netCDF4.Dataset(str(tmp_path / "room.sofa"), "w") as file:
        file.Conventions, file.SOFAConventions = "SOFA", "SingleRoomSRIR"
    kemar(tmp_path / "head.sofa", every=5)
    before = contents(tmp_path)
    for arguments, code, says in (
        (
            ["wofer hor *.frd"],
            3,
            "wofer hor *.frd: got no file; expected a file or a pattern that matches files; nearest",
        ),
        (["text.sofa"], 3, "text.sofa: got no readable HDF5 file"),
        (
            ["other.sofa"],
            3,
            "other.sofa: got an HDF5 file that is not SOFA; expected a SOFA file of the convention Free",
        ),
        (
            ["room.sofa"],
            3,
            "room.sofa: got the SOFA convention SingleRoomSRIR; expected FreeFieldDirectivityTF, Simple",
        ),
        (
            ["head.sofa", pattern],
            2,
            "expected drivers for one file, or one head, one device or one problem; convert each alone",
        ),
        (
            ["head.sofa", "--gate-ms", "4"],
            2,
            "head.sofa: got --gate-ms for a head; expected it for drivers alone; leave",
        ),
        (["head.sofa", "--distance", "2"], 2, "head.sofa: got --distance for a head"),
    ):
        ended = convert(*arguments, "-o", "out.sofa")
        assert ended.code == code, ended.err
        assert says in ended.err
    assert contents(tmp_path) == before
