"""Time between measured drivers: kept where their files share a reference, and its loss said where they do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.driver_sets import TimeKey, common_reference
from designer.acoustics.measured.formats import read_response
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import FREQUENCY_HZ, C, at, cap, delayed, frd_text

ANGLES_DEG = (-120.0, -60.0, 0.0, 60.0, 120.0, 180.0)
LOOPBACK = "* Format: 256k Log Swept Sine, 1 sweep at -12.0 dBFS using a loopback as timing reference"
ACOUSTIC = "* Format: 256k Log Swept Sine, 1 sweep at -12.0 dBFS using an acoustic timing reference"
NONE = "* Format: 256k Log Swept Sine, 1 sweep at -12.0 dBFS with no timing reference"
AXIS = direction(np.array([0.0]))


def write(folder: Path, name: str, delay_s: float, heading: str = "* none", **options: Any) -> None:
    for angle in ANGLES_DEG:
        text = frd_text(FREQUENCY_HZ, delayed(cap(FREQUENCY_HZ, at(angle)), delay_s)[:, 0], **options)
        (folder / f"{name} hor {angle:g}.txt").write_text(f"{heading}\n{text}")


def read(folder: Path, *names: str, **options: Any) -> dict[str, MeasuredDirectivity]:
    return {n: read_response(f"{n} hor *.txt", folder, driver=n, speed_of_sound_m_s=C, **options) for n in names}


def later_us(sets: dict[str, MeasuredDirectivity], f: float = 700.0) -> float:
    """How much later b sounds than a, on axis, at one frequency."""
    a, b = (sets[n].transfer(np.array([f]), AXIS)[0, 0] for n in "ab")
    return float(np.angle(a / b) / (2 * np.pi * f) * 1e6)


@pytest.mark.parametrize("heading", [LOOPBACK, ACOUSTIC])
def test_files_that_name_a_reference_keep_their_time(tmp_path: Path, heading: str) -> None:
    """100 us stay 100 us, without a word of the user's, and the summary says why."""
    write(tmp_path, "a", 3.0e-3, heading)
    write(tmp_path, "b", 3.1e-3, heading)
    out, warnings = common_reference(read(tmp_path, "a", "b"))
    assert later_us(out) == pytest.approx(100, abs=0.1)
    assert not warnings
    assert "shared by a, b" in out["b"].summary.time_reference
    assert "0.1 ms after the earliest" in out["b"].summary.time_reference


def test_channels_of_one_recording_keep_their_time(tmp_path: Path) -> None:
    """Two drivers on two channels of the same sound files: 100 us stay 100 us, and the summary says why."""
    rate_hz, size = 48_000, 2048
    f = np.fft.rfftfreq(size, 1 / rate_hz)
    audible = np.where(
        f > 0, np.exp(-((f / 20_000) ** 16)), 0.0
    )  # band-limited, so that a delay of parts of a sample is exact
    for angle in ANGLES_DEG:
        response = cap(np.maximum(f, 1.0), at(angle))[:, 0] * audible
        both = [np.fft.irfft(0.2 * response * np.exp(-2j * np.pi * f * delay_s), size) for delay_s in (3.0e-3, 3.1e-3)]
        soundfile.write(tmp_path / f"pair hor {angle:g}.wav", np.stack(both, axis=1), rate_hz, subtype="DOUBLE")
    sets = {
        name: read_response("pair hor *.wav", tmp_path, driver=name, channel=channel, speed_of_sound_m_s=C)
        for name, channel in (("a", 1), ("b", 2))
    }
    out, warnings = common_reference(sets)
    assert later_us(out) == pytest.approx(100, abs=0.1)
    assert not warnings
    assert "shared by a, b (they come from the same files)" in out["b"].summary.time_reference


def test_the_key_decides(tmp_path: Path) -> None:
    """Files that say nothing: "shared" keeps 100 us, "own" takes them off in silence, "auto" takes them off and says so."""
    write(tmp_path, "a", 3.0e-3)
    write(tmp_path, "b", 3.1e-3)
    sets = read(tmp_path, "a", "b")
    cases: tuple[tuple[TimeKey, float, int], ...] = (("shared", 100, 0), ("own", 0, 0), ("auto", 0, 1))
    for key, later, said in cases:
        out, warnings = common_reference(sets, {"a": key, "b": key})
        assert later_us(out) == pytest.approx(later, abs=0.1)
        assert len(warnings) == said
    assert "the 100 us by which their delays differ (36 degrees at 1 kHz) were taken off" in warnings[0]
    assert 'response_time = "shared" keeps it' in warnings[0]
    assert out["a"].summary.time_reference.startswith(
        "its own: 2.86 ms"
    )  # the cap sits 5 cm in front of the turning point


def test_a_late_driver_is_interpolated_without_its_delay(tmp_path: Path) -> None:
    """20 ms later than another driver: at frequencies and angles between the measured ones its phase is still the driver's."""
    write(tmp_path, "a", 0.0)
    write(tmp_path, "b", 20e-3)
    out, _ = common_reference(read(tmp_path, "a", "b"), {"a": "shared", "b": "shared"})
    f = np.sqrt(FREQUENCY_HZ[1:] * FREQUENCY_HZ[:-1])
    early, late = (out[n].transfer(f, direction(np.array([0.0, 20.0]))) for n in "ab")
    turned = late * np.exp(2j * np.pi * f * 20e-3)[:, None] / early
    assert np.degrees(np.abs(np.angle(turned))).max() < 0.1


def test_below_the_measured_band_the_delay_goes_on(tmp_path: Path) -> None:
    """A driver 2 ms late is 2 ms late at half its lowest frequency too."""
    write(tmp_path, "a", 0.0)
    write(tmp_path, "b", 2e-3)
    out, _ = common_reference(read(tmp_path, "a", "b"), {"a": "shared", "b": "shared"})
    assert later_us(out, 60.0) == pytest.approx(2000, abs=1)


def test_another_distance_is_not_another_time(tmp_path: Path) -> None:
    """One driver measured at 1 m, the other at 2 m: the flights are taken off before times are compared."""
    write(tmp_path, "a", 1 / C)
    write(tmp_path, "b", 2 / C + 1e-4)
    sets = read(tmp_path, "a", distance_m=1.0) | read(tmp_path, "b", distance_m=2.0)
    out, _ = common_reference(sets, {"a": "shared", "b": "shared"})
    assert later_us(out) == pytest.approx(100, abs=0.1)
    sets = read(tmp_path, "a") | read(tmp_path, "b", distance_m=2.0)
    with pytest.raises(DataError, match=r'driver "a" shares its time with b, whose distance is stated'):
        common_reference(sets, {"a": "shared", "b": "shared"})


def test_files_without_a_timing_reference(tmp_path: Path) -> None:
    """What the export itself gives up is said for each set and between them, and a key that claims it is contradicted."""
    write(tmp_path, "a", 0.0, NONE)
    write(tmp_path, "b", 1e-4, NONE)
    sets = read(tmp_path, "a", "b")
    assert any("no timing reference" in w and "degrees of phase at 1 kHz" in w for w in sets["a"].warnings)
    (between,) = common_reference(sets)[1]
    assert "say that they had no timing reference" in between
    claimed = common_reference(sets, {"a": "shared", "b": "shared"})[1]
    assert sum("measured without a timing reference" in w for w in claimed) == 2


def test_a_set_of_mixed_references(tmp_path: Path) -> None:
    """Some angles with a loopback and some without have no common time: refused, with both files' words."""
    write(tmp_path, "a", 0.0, LOOPBACK)
    file = tmp_path / "a hor 60.txt"
    file.write_text(file.read_text().replace(LOOPBACK, NONE))
    with pytest.raises(
        DataError, match=r"a hor 60\.txt: got no timing reference, where a hor -120\.txt has a loopback"
    ):
        read(tmp_path, "a")


def test_time_of_files_without_phase(tmp_path: Path) -> None:
    """A level has no time to share: refused."""
    write(tmp_path, "a", 0.0, phase=False)
    write(tmp_path, "b", 0.0)
    with pytest.raises(DataError, match=r'response_time = "shared", and its files hold no phase'):
        common_reference(read(tmp_path, "a", "b"), {"a": "shared", "b": "shared"})
