"""What goes wrong in real SOFA files, each as a constructed file: refused by name, or read right with a warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import sofar

from acoustics.measured.head_files import KEMAR, C, grid_deg, kemar, sphere, sphere_spectra, unit
from designer.acoustics.measured import head_file
from designer.acoustics.measured.head import MeasuredHead, read_head
from designer.acoustics.measured.head_file import read_recording
from designer.errors import DataError

F = np.linspace(200.0, 8000.0, 40)
RING = grid_deg(15, -45)


def read(path: Path) -> MeasuredHead:
    return read_head(path, 0.0875, C, name="head.sofa")


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value).startswith("head.sofa: got ")
    assert "expected" in str(caught.value)
    return str(caught.value)


def same(head: MeasuredHead, other: MeasuredHead, *, places: np.ndarray | None = None, db: float = 0.05) -> bool:
    """Whether two heads hear the same, as complex numbers, within this share of the level."""
    towards = unit(grid_deg(15, -30)) if places is None else places
    one, two = head.transfer(F, towards), other.transfer(F, towards)
    return bool(np.abs(one - two).max() < (10 ** (db / 20) - 1) * np.abs(two).max())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> MeasuredHead:
    """The KEMAR, every third direction, as it is published."""
    return read(kemar(tmp_path_factory.mktemp("sound") / "head.sofa", every=3))


@pytest.fixture(scope="module")
def whole() -> MeasuredHead:
    """The KEMAR, all of it."""
    return read(KEMAR)


# ----------------------------------------------------------------------------------------------------------------------
# Files that cannot be read
# ----------------------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_hdf5(tmp_path: Path) -> None:
    """Text with the right suffix."""
    path = tmp_path / "head.sofa"
    path.write_text("azimuth,elevation\n0,0\n")
    assert "not HDF5" in refusal(path)


def test_no_file(tmp_path: Path) -> None:
    """A path with nothing there."""
    assert "no file that can be read" in refusal(tmp_path / "head.sofa")


def test_an_hdf5_file_that_is_not_sofa(tmp_path: Path) -> None:
    """A netCDF file of something else."""
    path = tmp_path / "head.sofa"
    with netCDF4.Dataset(str(path), "w", format="NETCDF4") as file:
        file.createDimension("time", 4)
        file.title = "weather"
    assert "an HDF5 file that is not SOFA" in refusal(path)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_file(tmp_path: Path, share: float) -> None:
    """A download that broke off."""
    path = sphere(tmp_path / "head.sofa", RING)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "cut short or damaged" in refusal(path)


def test_another_convention(tmp_path: Path) -> None:
    """A room's responses are no head."""
    path = sphere(tmp_path / "head.sofa", RING)
    with netCDF4.Dataset(str(path), "a") as file:
        file.SOFAConventions = "SingleRoomSRIR"
    message = refusal(path)
    assert "the SOFA convention SingleRoomSRIR" in message
    assert "FreeFieldHRTF" in message


def test_one_ear_or_four(tmp_path: Path) -> None:
    """A GeneralFIR with four receivers is no head."""
    sofa = sofar.Sofa("GeneralFIR")
    sofa.Data_IR = np.ones((3, 4, 16))
    sofa.ReceiverPosition = np.zeros((4, 3))
    sofa.SourcePosition = np.ones((3, 3))
    sofa.Data_Delay = np.zeros((1, 4))
    path = tmp_path / "head.sofa"
    sofar.write_sofa(str(path), sofa)
    assert "4 receivers; expected two" in refusal(path)


def test_a_file_of_two_gigabytes_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata alone say that the data are too many: nothing of them is read."""
    path = tmp_path / "head.sofa"
    with netCDF4.Dataset(str(path), "w", format="NETCDF4") as file:
        file.Conventions, file.SOFAConventions, file.SOFAConventionsVersion = "SOFA", "SimpleFreeFieldHRIR", "1.0"
        for name, size in (("M", 65_000), ("R", 2), ("N", 2048), ("E", 1), ("C", 3), ("I", 1)):
            file.createDimension(name, size)
        file.createVariable("Data.IR", "f8", ("M", "R", "N"), chunksizes=(1, 2, 2048))  # never written: no space
    assert path.stat().st_size < 100e6
    monkeypatch.setattr(sofar, "read_sofa", lambda *_, **__: pytest.fail("the data were read"))
    message = refusal(path)
    assert "65000 measurements x 2 receivers x 2048 samples" in message
    assert f"at most {head_file.MAX_NUMBERS / 1e6:.0f} million" in message


# ----------------------------------------------------------------------------------------------------------------------
# Measurements that cannot be right
# ----------------------------------------------------------------------------------------------------------------------


def test_nan(tmp_path: Path) -> None:
    """One NaN is named with its measurement and receiver."""

    def spoil(sofa: Any) -> None:
        sofa.Data_IR[7, 1, 100] = np.nan

    message = refusal(sphere(tmp_path / "head.sofa", RING, change=spoil))
    assert "NaN or infinity in 1 of" in message
    assert "measurement 7, receiver 1" in message


def _silent(sofa: Any, which: Any) -> None:
    sofa.Data_IR[which, 1] = 0


def _clipped(sofa: Any, which: Any) -> None:
    top = 0.6 * np.abs(sofa.Data_IR[which]).max(axis=-1, keepdims=True)
    sofa.Data_IR[which] = np.clip(20 * sofa.Data_IR[which], -top, top)


def _cut(sofa: Any, which: Any) -> None:
    near = int(np.abs(sofa.Data_IR[which]).max(axis=-2).argmax(axis=-1).min())
    sofa.Data_IR[which] = np.roll(sofa.Data_IR[which], -near, axis=-1)


@pytest.mark.parametrize(("fault", "words"), [(_silent, "silent"), (_clipped, "clipped"), (_cut, "cut at their onset")])
def test_some_measurements_cannot_be_right(
    tmp_path: Path, fault: Callable[[Any, Any], None], words: str, sound: MeasuredHead
) -> None:
    """One of them is left out with a warning that names it; a third of them refuses the file."""
    head = read(kemar(tmp_path / "one.sofa", lambda sofa: fault(sofa, 40), every=3))
    (warning,) = [warning for warning in head.warnings if "measurements" in warning]
    assert f"got 1 of 237 measurements {words}, first measurement 40 (azimuth" in warning
    assert "left out" in warning
    assert len(head.recording.directions) == 236
    kept = np.delete(sound.recording.directions, 40, axis=0)
    assert same(head, sound, places=kept, db=0.1)
    many = np.arange(0, 237, 3)

    def spoil(sofa: Any) -> None:
        for which in many:
            fault(sofa, which)

    assert f"of 237 measurements {words}" in refusal(kemar(tmp_path / "many.sofa", spoil, every=3))


def test_the_kemar_is_faultless(sound: MeasuredHead) -> None:
    """Nothing is wrong with the published file, nor with its 16-bit steps."""
    assert sound.warnings == ()


def test_no_interaural_time(tmp_path: Path) -> None:
    """Responses whose delays were taken off and not kept in Data.Delay."""

    def align(sofa: Any) -> None:
        for m, pair in enumerate(sofa.Data_IR):
            for ear, response in enumerate(pair):
                sofa.Data_IR[m, ear] = np.roll(response, 60 - int(np.abs(response).argmax()))

    message = refusal(kemar(tmp_path / "head.sofa", align, every=3))
    assert "interaural time" in message


def test_minimum_phase(tmp_path: Path) -> None:
    """A head of minimum-phase responses still has the fifth of the interaural time that its levels imply: refused."""

    def minimum(sofa: Any) -> None:
        # Oppenheim and Schafer: the real cepstrum folded onto positive times.
        cepstrum = np.fft.ifft(np.log(np.maximum(np.abs(np.fft.fft(sofa.Data_IR, 4096)), 1e-7))).real
        fold = np.concatenate([[1.0], np.full(2047, 2.0), [1.0], np.zeros(2047)])
        causal = np.fft.ifft(np.exp(np.fft.fft(cepstrum * fold))).real
        sofa.Data_IR = np.pad(causal, ((0, 0), (0, 0), (20, 0)))[..., :512]

    message = refusal(kemar(tmp_path / "head.sofa", minimum, every=6))
    assert "an interaural time 0.1" in message or "an interaural time 0.2" in message
    assert "the delays were taken out" in message


def test_spectra_without_phase(tmp_path: Path) -> None:
    """Magnitudes in place of complex spectra hold no time between the ears: refused by that name."""
    sofa = sofar.Sofa("SimpleFreeFieldHRTF")
    f = np.linspace(100.0, 16000.0, 64)
    sofa.Data_Real = np.abs(sphere_spectra(RING, f, 1.4))
    sofa.Data_Imag = np.zeros_like(sofa.Data_Real)
    sofa.N = f
    sofa.SourcePosition = np.concatenate([RING, np.full((len(RING), 1), 1.4)], axis=1)
    sofa.ReceiverPosition = np.array([[0, 0.09, 0], [0, -0.09, 0]])
    sofar.write_sofa(str(tmp_path / "head.sofa"), sofa)
    assert "Data.Imag of 0 throughout, so the phase was not exported" in refusal(tmp_path / "head.sofa")


# ----------------------------------------------------------------------------------------------------------------------
# Directions and ears
# ----------------------------------------------------------------------------------------------------------------------


def _mirrored_receivers(sofa: Any) -> None:
    sofa.ReceiverPosition = -sofa.ReceiverPosition


def _swapped_channels(sofa: Any) -> None:
    sofa.Data_IR = sofa.Data_IR[:, ::-1]


def _clockwise(sofa: Any) -> None:
    sofa.SourcePosition[:, 0] = -sofa.SourcePosition[:, 0] % 360


@pytest.mark.parametrize("fault", [_mirrored_receivers, _swapped_channels, _clockwise])
def test_ears_are_what_they_hear(tmp_path: Path, fault: Callable[[Any], None], whole: MeasuredHead) -> None:
    """Receivers mirrored, channels exchanged or azimuths clockwise: the sound decides, and the warning has both facts."""
    head = read(kemar(tmp_path / "head.sofa", fault))
    (warning,) = head.warnings
    assert "ReceiverPosition puts the first receiver on the" in warning
    assert "ms before the other" in warning
    assert "clockwise" in warning
    horizon = unit(np.array([[azimuth, 0.0] for azimuth in (-90.0, -30.0, 0.0, 30.0, 90.0)]))
    time_s = np.angle(np.sum(head.transfer(F[:1], horizon) * head.transfer(F[:1], horizon)[:, :, ::-1].conj(), axis=0))
    assert time_s[0, 0] < 0 < time_s[4, 0]  # the left ear hears what comes from the left first: it leads in phase
    assert same(head, whole, places=whole.recording.directions)  # the KEMAR is its own mirror image


def test_receivers_listed_right_first(tmp_path: Path, sound: MeasuredHead) -> None:
    """The right ear first in the file, and said so, is no fault."""

    def right_first(sofa: Any) -> None:
        sofa.Data_IR, sofa.ReceiverPosition = sofa.Data_IR[:, ::-1], sofa.ReceiverPosition[::-1]

    head = read(kemar(tmp_path / "head.sofa", right_first, every=3))
    assert head.warnings == ()
    assert same(head, sound)


@pytest.mark.parametrize("given", ["in degrees", "for each measurement", "in degrees for each measurement"])
def test_receivers_places_as_the_standard_allows_them(tmp_path: Path, given: str, sound: MeasuredHead) -> None:
    """AES69 lets receivers' places be spherical, and be listed for every measurement: right ear first, it is the same head."""

    def rewrite(sofa: Any) -> None:
        sofa.Data_IR = sofa.Data_IR[:, ::-1]
        sofa.ReceiverPosition = np.array([[0.0, -0.09, 0.0], [0.0, 0.09, 0.0]])
        if "degrees" in given:
            sofa.ReceiverPosition = np.array([[270.0, 0.0, 0.09], [90.0, 0.0, 0.09]])
            sofa.ReceiverPosition_Type, sofa.ReceiverPosition_Units = "spherical", "degree, degree, metre"
        if "each" in given:
            sofa.ReceiverPosition = np.tile(sofa.ReceiverPosition[:, :, None], (1, 1, len(sofa.Data_IR)))

    head = read(kemar(tmp_path / "head.sofa", rewrite, every=3))
    assert head.warnings == ()
    assert same(head, sound)


def test_degrees_under_the_name_of_radians(tmp_path: Path, sound: MeasuredHead) -> None:
    """Numbers that no radian can have are degrees."""

    def misname(sofa: Any) -> None:
        sofa.SourcePosition_Units = "radian, radian, metre"

    path = kemar(tmp_path / "head.sofa", every=3)
    with netCDF4.Dataset(str(path), "a") as file:
        file["SourcePosition"].Units = "radian, radian, metre"
    head = read(path)
    (warning,) = head.warnings
    assert "expected radians up to 6.28; the numbers are taken as degrees" in warning
    assert same(head, sound)


def test_radians(tmp_path: Path, sound: MeasuredHead) -> None:
    """Radians that are called so are read; under the name of degrees the sound gives them away."""

    def convert(sofa: Any) -> None:
        sofa.SourcePosition[:, :2] = np.radians(sofa.SourcePosition[:, :2])

    path = kemar(tmp_path / "head.sofa", convert, every=3)
    head = read(path)
    (warning,) = head.warnings
    assert "taking its degrees for radians" in warning
    assert "contradicts" in warning
    assert same(head, sound)
    with netCDF4.Dataset(str(path), "a") as file:
        file["SourcePosition"].Units = "radian, radian, metre"
    named = read(path)
    assert named.warnings == ()
    assert same(named, sound)


def test_azimuths_to_either_side(tmp_path: Path, sound: MeasuredHead) -> None:
    """0 to 360 and -180 to 180 degrees are the same directions."""

    def wrap(sofa: Any) -> None:
        sofa.SourcePosition[:, 0] = (sofa.SourcePosition[:, 0] + 180) % 360 - 180

    head = read(kemar(tmp_path / "head.sofa", wrap, every=3))
    assert head.warnings == ()
    assert same(head, sound)


def test_cartesian_positions(tmp_path: Path, sound: MeasuredHead) -> None:
    """Metres instead of angles."""

    def convert(sofa: Any) -> None:
        sofa.SourcePosition = 1.4 * unit(sofa.SourcePosition[:, :2])
        sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"

    head = read(kemar(tmp_path / "head.sofa", convert, every=3))
    assert head.warnings == ()
    assert head.recording.distance_m == pytest.approx(1.4)
    assert same(head, sound)


def test_polar_angles(tmp_path: Path) -> None:
    """Elevations from 0 to 180 degrees are none."""

    def polar(sofa: Any) -> None:
        sofa.SourcePosition[:, 1] = 90 - sofa.SourcePosition[:, 1]

    assert "elevations of 10 to 130 degrees" in refusal(kemar(tmp_path / "head.sofa", polar, every=3))


def test_azimuth_counted_from_the_side(tmp_path: Path) -> None:
    """Azimuth 0 on the left: the interaural time does not follow the directions."""

    def turn(sofa: Any) -> None:
        sofa.SourcePosition[:, 0] = (sofa.SourcePosition[:, 0] + 90) % 360

    assert "does not follow the directions" in refusal(kemar(tmp_path / "head.sofa", turn, every=3))


def test_a_turned_listener(tmp_path: Path, sound: MeasuredHead) -> None:
    """A head that turned in place of the source (GeneralFIR, ListenerView) is the same head."""
    other = sofar.Sofa("GeneralFIR")

    def as_general(sofa: Any) -> None:
        azimuth, elevation = np.radians(sofa.SourcePosition[:, :2]).T
        other.Data_IR, other.Data_SamplingRate = sofa.Data_IR, sofa.Data_SamplingRate
        other.Data_Delay = np.zeros((1, 2))
        other.ReceiverPosition = np.reshape(sofa.ReceiverPosition, (2, 3))
        # The source stays in the plane y = 0 of the room, and the listener turns away from it.
        other.SourcePosition = 1.4 * np.stack([np.cos(elevation), 0 * elevation, np.sin(elevation)], axis=1)
        other.SourcePosition_Type, other.SourcePosition_Units = "cartesian", "metre"
        other.ListenerView = np.stack([np.cos(azimuth), -np.sin(azimuth), 0 * azimuth], axis=1)

    kemar(tmp_path / "unused.sofa", as_general, every=3)
    path = tmp_path / "head.sofa"
    sofar.write_sofa(str(path), other)
    head = read(path)
    assert head.warnings == ()
    assert same(head, sound)


def test_duplicated_directions(tmp_path: Path, sound: MeasuredHead) -> None:
    """A direction measured twice counts once, and how far the two differ is said."""

    def repeat(sofa: Any) -> None:
        sofa.Data_IR = np.concatenate([sofa.Data_IR, 1.5 * sofa.Data_IR[50:52]])
        sofa.SourcePosition = np.concatenate([sofa.SourcePosition, sofa.SourcePosition[50:52]])

    head = read(kemar(tmp_path / "head.sofa", repeat, every=3))
    (warning,) = head.warnings
    assert "got 2 directions measured more than once" in warning
    assert "differ by up to 3.5 dB" in warning
    assert same(head, sound)


def test_missing_directions(tmp_path: Path) -> None:
    """A hole in an otherwise even set is interpolated across, and said with its place and width."""

    def thin(sofa: Any) -> None:
        away = unit(sofa.SourcePosition[:, :2]) @ unit(np.array([[60.0, 10.0]]))[0]
        keep = away < np.cos(np.radians(14))
        sofa.Data_IR, sofa.SourcePosition = sofa.Data_IR[keep], sofa.SourcePosition[keep]

    (warning,) = read(kemar(tmp_path / "head.sofa", thin)).warnings
    assert "holes between directions 11 degrees apart, the largest 3" in warning
    assert "around azimuth" in warning


def test_many_distances(tmp_path: Path) -> None:
    """Of a near-field set the farthest distance is used, and that is said."""
    near, far = (
        sphere(tmp_path / "near.sofa", RING, distance_m=0.5),
        sphere(tmp_path / "far.sofa", RING, distance_m=1.5),
    )
    first, second = (sofar.read_sofa(str(path), verbose=False) for path in (near, far))
    first.Data_IR = np.concatenate([first.Data_IR, second.Data_IR])
    first.SourcePosition = np.concatenate([first.SourcePosition, second.SourcePosition])
    sofar.write_sofa(str(tmp_path / "both.sofa"), first)
    head = read(tmp_path / "both.sofa")
    assert head.recording.distance_m == pytest.approx(1.5)
    assert any("from 0.5 to 1.5 m" in warning for warning in head.warnings)
    assert same(head, read(far))


def test_a_wrong_sampling_rate(tmp_path: Path) -> None:
    """A rate that makes the head three times as large is doubted."""

    def slow(sofa: Any) -> None:
        sofa.Data_SamplingRate = 16_000.0

    (warning,) = read(kemar(tmp_path / "head.sofa", slow, every=3)).warnings
    assert "times that of a head" in warning
    assert "sampling rate" in warning


# ----------------------------------------------------------------------------------------------------------------------
# Other conventions
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_hz", [50.0, 187.5])
def test_spectra_instead_of_responses(tmp_path: Path, step_hz: float) -> None:
    """A FreeFieldHRTF of a sphere, its directions in its emitters, is the sphere, within 0.1 dB."""
    f = np.arange(step_hz, 20_001.0, step_hz)
    spectra = sphere_spectra(RING, f, 1.4) * np.exp(2j * np.pi * f * (1.4 / C - 1e-3))
    sofa = sofar.Sofa("FreeFieldHRTF")
    sofa.Data_Real = np.moveaxis(spectra.real, 0, 2)[None]
    sofa.Data_Imag = np.moveaxis(spectra.imag, 0, 2)[None]
    sofa.N = f
    sofa.ReceiverPosition = np.array([[[0.0], [0.09], [0.0]], [[0.0], [-0.09], [0.0]]])
    sofa.SourcePosition = np.zeros((1, 3))
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    sofa.EmitterPosition = np.column_stack([RING, np.full(len(RING), 1.4)])[:, :, None]
    sofa.EmitterPosition_Type, sofa.EmitterPosition_Units = "spherical", "degree, degree, metre"
    path = tmp_path / "head.sofa"
    sofar.write_sofa(str(path), sofa)
    head = read(path)
    assert head.warnings == ()
    assert same(head, read(sphere(tmp_path / "sphere.sofa", RING)), db=0.2)


def test_delays_of_their_own(tmp_path: Path) -> None:
    """Responses that begin earlier, each by some samples that stand in Data.Delay, are the same head."""
    early = np.random.default_rng(1).integers(0, 24, (237, 2))

    def quiet(sofa: Any) -> None:
        sofa.Data_IR[..., :24] = 0

    def move(sofa: Any) -> None:
        quiet(sofa)
        for index in np.ndindex(*early.shape):
            sofa.Data_IR[index] = np.roll(sofa.Data_IR[index], -early[index])
        sofa.Data_Delay = early.astype(float)

    head = read(kemar(tmp_path / "head.sofa", move, every=3))
    assert head.warnings == ()
    assert same(head, read(kemar(tmp_path / "quiet.sofa", quiet, every=3)))


def test_a_recording_keeps_what_it_was_given(tmp_path: Path) -> None:
    """Responses keep their samples, scaled to a largest one of 1."""
    path = sphere(tmp_path / "head.sofa", RING)
    recording = read_recording(path, "head.sofa")
    data = sofar.read_sofa(str(path), verbose=False).Data_IR
    np.testing.assert_allclose(recording.responses * recording.full_scale, data, rtol=0, atol=1e-7 * np.abs(data).max())
