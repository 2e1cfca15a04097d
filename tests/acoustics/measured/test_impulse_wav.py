"""Impulse responses over angle: what comes back, the gate, and what is wrong with real recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.arrays import Real
from designer.errors import DataError

from .made_sets import C, at, cap, near_in_db, near_in_phase_deg

RATE_HZ = 48000
TAPS = 1024
ANGLES_DEG = (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0)


def impulse(angle_deg: float, *, rate_hz: int = RATE_HZ, onset_s: float = 3e-3, reflection_s: float = 0.0) -> Real:
    """The cap's impulse response at half of full scale, band-limited below 20 kHz."""
    frequency_hz = np.fft.rfftfreq(TAPS, 1 / rate_hz)
    spectrum = cap(np.maximum(frequency_hz, 1.0), at(angle_deg))[:, 0] * np.exp(-2j * np.pi * frequency_hz * onset_s)
    spectrum *= 1 / (1 + (frequency_hz / 18000) ** 16)
    if reflection_s:
        spectrum *= 1 + 0.5 * np.exp(-2j * np.pi * frequency_hz * reflection_s)
    return np.asarray(0.4 * np.fft.irfft(spectrum))


def write(
    folder: Path, *, subtype: str = "FLOAT", suffix: str = "wav", rate_hz: int = RATE_HZ, **options: float
) -> None:
    for angle in ANGLES_DEG:
        x = impulse(angle, rate_hz=rate_hz, **options)
        soundfile.write(folder / f"mid hor {angle:g}.{suffix}", x, rate_hz, subtype=subtype)


def read(folder: Path, pattern: str = "mid hor *.wav", gate_ms: float | None = None) -> MeasuredDirectivity:
    return read_response(pattern, folder, driver="mid", gate_ms=gate_ms, speed_of_sound_m_s=C)


@pytest.mark.parametrize(
    ("subtype", "suffix"), [("FLOAT", "wav"), ("PCM_24", "wav"), ("DOUBLE", "wav"), ("PCM_24", "flac")]
)
def test_the_driver_comes_back(tmp_path: Path, subtype: str, suffix: str) -> None:
    """Level and phase over angle, from every sample format; the delay is that of the onset on axis."""
    write(tmp_path, subtype=subtype, suffix=suffix)
    m = read(tmp_path, f"mid hor *.{suffix}")
    inside = (m.frequency_hz > 200) & (m.frequency_hz < 12000)
    true = cap(m.frequency_hz[inside], m.directions)
    assert near_in_db(m.pressure[inside], true) < 0.1
    assert near_in_phase_deg(m.pressure[inside], true) < 2
    assert m.summary.polarity == 1
    assert not [w for w in m.warnings if "nothing was measured beyond" not in w]


def test_the_gate_takes_a_reflection_away(tmp_path: Path) -> None:
    """A reflection 6 ms late, half as strong: with gate_ms = 4 the driver alone is left, and the band starts at 250 Hz."""
    write(tmp_path, reflection_s=6e-3)
    gated = read(tmp_path, gate_ms=4.0)
    assert gated.summary.lowest_hz == pytest.approx(250.0)
    inside = (gated.frequency_hz > 300) & (gated.frequency_hz < 12000)
    true = cap(gated.frequency_hz[inside], gated.directions)
    assert near_in_db(gated.pressure[inside], true) < 0.3
    m = read(tmp_path)
    inside = (m.frequency_hz > 300) & (m.frequency_hz < 12000)
    assert near_in_db(m.pressure[inside], cap(m.frequency_hz[inside], m.directions)) > 4


def test_sample_rates_that_differ(tmp_path: Path) -> None:
    """A warning says both, and the result is the driver's all the same."""
    write(tmp_path)
    soundfile.write(tmp_path / "mid hor 30.wav", impulse(30, rate_hz=44100) * 44100 / 48000, 44100, subtype="FLOAT")
    m = read(tmp_path)
    assert any("sample rates differ" in w and "48000 Hz" in w and "44100 Hz" in w for w in m.warnings)
    assert m.summary.highest_hz == pytest.approx(0.475 * 44100)


def test_clipped(tmp_path: Path) -> None:
    """Flat tops are refused, with their length."""
    write(tmp_path)
    x = np.clip(20 * impulse(30), -1, 1)
    soundfile.write(tmp_path / "mid hor 30.wav", x, RATE_HZ, subtype="PCM_16")
    with pytest.raises(DataError, match=r"hor 30\.wav: got \d+ samples in a row at the peak.*clipped.*lower level"):
        read(tmp_path)


def test_silent(tmp_path: Path) -> None:
    """A file of zeros is refused."""
    write(tmp_path)
    soundfile.write(tmp_path / "mid hor 45.wav", np.zeros(TAPS), RATE_HZ, subtype="FLOAT")
    with pytest.raises(DataError, match=r"hor 45\.wav: got silence: no sample above -120 dB of full scale"):
        read(tmp_path)


def test_an_onset_that_is_cut(tmp_path: Path) -> None:
    """A file that starts at its peak has lost what came before."""
    write(tmp_path)
    x = impulse(30)
    soundfile.write(tmp_path / "mid hor 30.wav", x[int(np.argmax(np.abs(x))) :], RATE_HZ, subtype="FLOAT")
    assert any("mid hor 30.wav: onset is cut" in warning for warning in read(tmp_path).warnings)


def test_nan(tmp_path: Path) -> None:
    """Refused, with the sample."""
    write(tmp_path)
    x = impulse(30)
    x[17] = np.nan
    soundfile.write(tmp_path / "mid hor 30.wav", x, RATE_HZ, subtype="FLOAT")
    with pytest.raises(DataError, match=r"hor 30\.wav: got NaN or infinity at sample 17"):
        read(tmp_path)


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    """A header that announces more than there is."""
    write(tmp_path)
    file = tmp_path / "mid hor 30.wav"
    file.write_bytes(file.read_bytes()[:-600])
    with pytest.raises(
        DataError, match=r"hor 30\.wav: got 600 bytes fewer than its header says; expected a whole file"
    ):
        read(tmp_path)


def test_a_channel_a_driver(tmp_path: Path) -> None:
    """Without `channel` a file of several is refused; with it each channel is its own driver."""
    for angle in ANGLES_DEG:
        both = np.stack([impulse(angle), 0.5 * impulse(angle, onset_s=3.5e-3)], axis=1)
        soundfile.write(tmp_path / f"mid hor {angle:g}.wav", both, RATE_HZ, subtype="DOUBLE")
    with pytest.raises(
        DataError, match=r"got 2 channels; expected one, .*name this driver's: response_channel = 1 to 2"
    ):
        read(tmp_path)
    first, second = (
        read_response("mid hor *.wav", tmp_path, driver="mid", channel=channel, speed_of_sound_m_s=C)
        for channel in (1, 2)
    )
    for m in (first, second):
        inside = (m.frequency_hz > 200) & (m.frequency_hz < 12000)
        true = cap(m.frequency_hz[inside], m.directions)
        assert near_in_db(m.pressure[inside], true) < 0.1
        assert near_in_phase_deg(m.pressure[inside], true) < 2
    assert second.summary.gain_db - first.summary.gain_db == pytest.approx(20 * np.log10(2), abs=0.01)
    with pytest.raises(DataError, match=r"got 2 channels, and response_channel = 3; expected a channel from 1 to 2"):
        read_response("mid hor *.wav", tmp_path, driver="mid", channel=3, speed_of_sound_m_s=C)


def test_keys_that_other_files_do_not_have(tmp_path: Path) -> None:
    """A channel of text files, and angles of a table that states its own: refused."""
    (tmp_path / "mid hor 0.frd").write_text("100 80 0\n200 80 0\n")
    with pytest.raises(DataError, match="got response_channel = 1 for files without channels; expected sound files"):
        read_response("mid hor 0.frd", tmp_path, driver="mid", channel=1, speed_of_sound_m_s=C)
    (tmp_path / "table.csv").write_text("frequency_hz,azimuth_deg,real,imag\n100,0,1,0\n200,0,1,0\n")
    with pytest.raises(DataError, match="got response_angles for a file that states its directions; expected a set"):
        read_response("table.csv", tmp_path, driver="mid", angles="{azimuth}", speed_of_sound_m_s=C)
    write(tmp_path)
    turned = read_response("mid *.wav", tmp_path, driver="mid", angles="mid hor {elevation}", speed_of_sound_m_s=C)
    assert "angles read in degrees: vertical 0 to 90 in steps of 15 (by response_angles)" in turned.notes


def test_no_sound_file(tmp_path: Path) -> None:
    """Text named WAV is refused."""
    (tmp_path / "mid hor 0.wav").write_text("hello")
    with pytest.raises(DataError, match=r"got no sound file .*expected WAV, FLAC or AIFF"):
        read(tmp_path)


def test_a_gate_that_is_too_short_or_too_long(tmp_path: Path) -> None:
    """One leaves no band, the other has no samples: refused, and a warning."""
    write(tmp_path)
    with pytest.raises(DataError, match=r"a window of 0\.05 ms, which resolves nothing below 20000 Hz"):
        read(tmp_path, gate_ms=0.05)
    assert any("gate of 100 ms is longer than" in warning for warning in read(tmp_path, gate_ms=100.0).warnings)


def test_an_inverted_file(tmp_path: Path) -> None:
    """One angle of the front with its polarity turned is named."""
    write(tmp_path)
    soundfile.write(tmp_path / "mid hor 30.wav", -impulse(30), RATE_HZ, subtype="FLOAT")
    assert any("polarity of hor 30 deg is opposite to the axis" in warning for warning in read(tmp_path).warnings)
