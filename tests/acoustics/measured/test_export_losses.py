"""Level, time or phase lost by an exporter: refused, or said with what it costs; nature's look-alikes pass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.grids import resampled
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import FREQUENCY_HZ, C, at, cap, delayed, frd_text, near_in_db, near_in_phase_deg, write_frd_set

ANGLES_DEG = tuple(float(a) for a in range(-150, 181, 30))


def read(folder: Path, pattern: str = "woofer hor *") -> MeasuredDirectivity:
    return read_response(pattern, folder, driver="woofer", speed_of_sound_m_s=C)


def write_wavs(folder: Path, *, model: str = "cap", normalise: bool = False, align: bool = False) -> None:
    """Impulse responses of the cap, or of a point, with 3 ms before the sound."""
    f = np.fft.rfftfreq(1024, 1 / 48000)
    for angle in ANGLES_DEG:
        spectrum: Complex = cap(np.maximum(f, 1.0), at(angle))[:, 0] if model == "cap" else np.ones(f.size, complex)
        x = 0.4 * np.fft.irfft(spectrum * np.exp(-2j * np.pi * f * 3e-3) / (1 + (f / 18000) ** 16))
        if normalise:
            x = 0.9 * x / np.abs(x).max()
        if align:
            x = np.roll(x, 150 - int(np.argmax(np.abs(x))))
        soundfile.write(folder / f"woofer hor {angle:g}.wav", x, 48000, subtype="FLOAT")


def test_impulses_normalised_one_by_one(tmp_path: Path) -> None:
    """Responses of different shape with one peak have lost the levels between angles: refused."""
    write_wavs(tmp_path, normalise=True)
    with pytest.raises(
        DataError, match=r"the same peak of 0\.9 in all 12 files, whose responses differ in shape.*without normalising"
    ):
        read(tmp_path)


def test_a_point_has_one_peak_by_nature(tmp_path: Path) -> None:
    """Equal peaks on equal samples of equal shape are a point source: no word."""
    write_wavs(tmp_path, model="point", normalise=True)
    assert not read(tmp_path).warnings


def test_peaks_on_one_sample(tmp_path: Path) -> None:
    """Aligned peaks are said, with what they cost."""
    write_wavs(tmp_path, align=True)
    (warning,) = read(tmp_path).warnings
    assert "peaks of all 12 files stand on sample 150" in warning
    assert "10 degrees of phase at 1 kHz" in warning
    write_wavs(tmp_path)
    assert not read(tmp_path).warnings


@pytest.mark.parametrize("norm_hz", [1000.0, 4000.0, None], ids=["1 kHz", "4 kHz", "own maximum"])
def test_text_files_normalised_one_by_one(tmp_path: Path, norm_hz: float | None) -> None:
    """One level at one frequency, or one maximum, and other levels at the lowest frequency, where a driver radiates alike."""

    def tilted(
        f: Real, n: Real
    ) -> Complex:  # loudest at the top, so that the maximum is not where a driver radiates alike
        return np.asarray(cap(f, n) * (1j * f / 3000 / (1 + 1j * f / 3000))[:, None])

    def normalised(f: Real, n: Real) -> Complex:
        p = tilted(f, n)
        at_hz = p.shape[0] - 1 if norm_hz is None else int(np.argmin(np.abs(f - norm_hz)))
        size = np.abs(p).max() if norm_hz is None else np.abs(p[at_hz, 0])
        return np.asarray(p / size)

    write_frd_set(tmp_path, model=tilted, angles_deg=ANGLES_DEG)
    assert not read(tmp_path).warnings
    write_frd_set(tmp_path, model=normalised, angles_deg=ANGLES_DEG)
    with pytest.raises(DataError, match=r"got the same level .* in all 12 directions, which differ by .* dB at 100 Hz"):
        read(tmp_path)


def test_a_set_normalised_to_its_axis(tmp_path: Path) -> None:
    """Each angle over the axis: the driver's own response is not in the files, and that is said."""
    write_frd_set(
        tmp_path, model=lambda f, n: np.asarray(cap(f, n) / cap(f, at(0))), angles_deg=ANGLES_DEG, phase=False
    )
    assert any("was normalised to its axis" in warning for warning in read(tmp_path).warnings)


def test_a_phase_of_zero(tmp_path: Path) -> None:
    """A column of zeros is no phase: minimum phase is given, as to files without the column, and it is said."""
    for name, response in (("zero", True), ("none", False)):
        (tmp_path / name).mkdir()
        write_frd_set(
            tmp_path / name, model=lambda f, n: np.abs(cap(f, n)).astype(complex), angles_deg=ANGLES_DEG, phase=response
        )
    zero, none = (read(tmp_path / name) for name in ("zero", "none"))
    np.testing.assert_allclose(zero.pressure, none.pressure, rtol=1e-9)
    assert any("phase is 0 at every frequency of every angle" in warning for warning in zero.warnings)
    (tmp_path / "zero" / "woofer hor 30.frd").write_text(frd_text(FREQUENCY_HZ, cap(FREQUENCY_HZ, at(30))[:, 0]))
    with pytest.raises(DataError, match=r"a phase of 0 at every frequency of hor -?\d+ deg, while hor 30 deg has one"):
        read(tmp_path / "zero")


def test_a_table_without_imaginary_parts(tmp_path: Path) -> None:
    """At a distance sound arrives late, so parts of 0 are refused; at none they are said, and a point passes."""
    towards = direction(np.array(ANGLES_DEG))
    levels = np.abs(cap(FREQUENCY_HZ, towards)).astype(complex)
    keys = {"frequency_hz": FREQUENCY_HZ, "azimuth_deg": np.array(ANGLES_DEG)}
    np.savez(tmp_path / "woofer hor a.npz", pressure=levels, distance_m=2.0, **keys)  # type: ignore[arg-type]  # arrays and a number
    with pytest.raises(
        DataError, match=r"imaginary parts \(a phase\) of 0 at every frequency and direction, 2 m from the source"
    ):
        read(tmp_path, "woofer hor a.npz")
    np.savez(tmp_path / "woofer hor b.npz", pressure=levels, **keys)  # type: ignore[arg-type]  # arrays
    assert any(
        "imaginary parts (the phase) are 0" in warning for warning in read(tmp_path, "woofer hor b.npz").warnings
    )
    np.savez(tmp_path / "woofer hor c.npz", pressure=np.ones_like(levels), **keys)  # type: ignore[arg-type]  # arrays
    assert not read(tmp_path, "woofer hor c.npz").warnings


def test_a_set_that_is_loudest_beside(tmp_path: Path) -> None:
    """A driver that faces 90 degrees of its file's angles is named; one that faces 0 is not."""

    def aside(f: Real, n: Real) -> Complex:
        return cap(f, np.stack([n[:, 1], -n[:, 0], n[:, 2]], axis=1))

    write_frd_set(tmp_path, model=aside, angles_deg=ANGLES_DEG)
    (warning,) = read(tmp_path).warnings
    assert "loudest direction is hor 90 deg, 90 degrees off the axis" in warning
    assert "is 0 degrees where the driver faces?" in warning


@pytest.mark.parametrize("delay_s", [0.0, 6e-3, 20e-3])
def test_the_delay_comes_out_before_phase_is_unwrapped(delay_s: float) -> None:
    """48 points an octave and a delay of many turns between them: at other frequencies the driver is still itself."""
    f = 20 * 2 ** (np.arange(480) / 48)
    asked = np.sqrt(f[60:-1] * f[61:])
    early, wanted = cap(f, at(40)), cap(asked, at(40))[:, 0]
    got = resampled(f, delayed(early, delay_s, f)[:, 0], asked) * np.exp(2j * np.pi * asked * delay_s)
    assert np.degrees(np.abs(np.angle(got / wanted))).max() < 0.5
    assert np.abs(20 * np.log10(np.abs(got / wanted))).max() < 0.02


def test_files_on_different_grids_with_a_delay(tmp_path: Path) -> None:
    """Angles at 48 points an octave, each on a grid of its own, 6 ms late: 0.1 dB and 2 degrees."""
    for i, angle in enumerate(ANGLES_DEG):
        f = 100 * 2 ** ((np.arange(340) + 0.08 * i) / 48)
        text = frd_text(f, delayed(cap(f, at(angle)), 6e-3, f)[:, 0])
        (tmp_path / f"woofer hor {angle:g}.frd").write_text(text)
    m = read(tmp_path)
    true = cap(m.frequency_hz, m.directions)
    assert near_in_db(m.pressure, true) < 0.1
    assert near_in_phase_deg(m.pressure, true) < 2


def test_a_delay_of_most_of_a_turn(tmp_path: Path) -> None:
    """Frequencies 25 Hz apart and 30 ms: more than half a turn, and still later, not earlier; a nearly whole one is said."""
    f = np.arange(110.0, 9000.0, 25.0)
    for delay_s, said in ((30e-3, False), (35e-3, True)):
        write_frd_set(tmp_path, angles_deg=ANGLES_DEG, frequency_hz=f, delay_s=delay_s)
        m = read(tmp_path)
        assert m.summary.delay_removed_s == pytest.approx(delay_s, abs=3e-4)
        assert any("cannot be told from one 40 ms longer" in warning for warning in m.warnings) == said


def test_sound_before_its_time(tmp_path: Path) -> None:
    """A flat driver 5 ms away whose phase has its sign turned begins 5 ms before time 0, and that is said; 0.5 ms early is a peak at 0."""
    for early_s, said in ((5e-3, True), (5e-4, False)):
        write_frd_set(tmp_path, model=lambda f, n: cap(f, n).conj(), angles_deg=(0.0, 30.0, 60.0), delay_s=-early_s)
        assert any("ms before time 0 on axis" in warning for warning in read(tmp_path).warnings) == said


def test_a_last_number_that_is_cut(tmp_path: Path) -> None:
    """A file of the set that ends within its last number, which still is one: refused, because the others end with a line."""
    write_frd_set(tmp_path, angles_deg=ANGLES_DEG)
    file = tmp_path / "woofer hor 30.frd"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(
        DataError, match=r"hor 30\.frd: got an end within its last line, where 11 files of the set end with a line"
    ):
        read(tmp_path)
