"""Measured sets that are wrong in ways that the numbers alone show: each is read right, refused for the true reason, or said.

The driver is the cap on a sphere of `measured_variations`, which shares nothing with the readers.
"""

from __future__ import annotations

import cmath
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import scipy.signal
import soundfile

from acoustics.measured.measured_variations import C, driver, unit
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.drivers import driver_lines
from designer.acoustics.measured.export_losses import check_backwards
from designer.acoustics.measured.formats import read_response
from designer.arrays import Complex, Real
from designer.errors import DataError

F = 50 * 2 ** (np.arange(200) / 24)
RING = tuple(range(-165, 181, 15))
Row = Callable[[float, complex], tuple[float, ...]]


@cache
def heard_at_f(angle_deg: float) -> Complex:
    """Response at 2 m at every frequency of F, computed once an angle."""
    return heard(angle_deg, F)


def heard(angle_deg: float, f: Real = F) -> Complex:
    """At 2 m."""
    far = driver(f, unit(np.array([angle_deg]), np.zeros(1)), 0.05, 120.0)[:, 0]
    return np.asarray(far * np.exp(-2j * np.pi * f * 2.0 / C) / 2)


def polar(f: float, p: complex) -> tuple[float, ...]:
    return f, 20 * math.log10(abs(p)) + 90, math.degrees(cmath.phase(p))


def write(
    folder: Path,
    angles: tuple[int, ...] = RING,
    row: Row = polar,
    name: str = "w hor {}.txt",
    odd: dict[int, float] | None = None,
) -> None:
    """One file an angle; `odd` is what the file of an angle is multiplied by."""
    for a in angles:
        p = heard_at_f(a) * (odd or {}).get(a, 1.0)
        lines = (" ".join(f"{x:.6f}" for x in row(float(f), complex(v))) for f, v in zip(F, p, strict=True))
        (folder / name.format(a)).write_text("\n".join(lines) + "\n")


def read(folder: Path, pattern: str = "w*") -> MeasuredDirectivity:
    return read_response(pattern, folder, driver="w", speed_of_sound_m_s=C)


@pytest.mark.parametrize("first_deg", [-15, pytest.param(-30, marks=pytest.mark.long), -90])
def test_a_side_that_was_measured_in_part(tmp_path: Path, first_deg: int) -> None:
    """Of a driver that is alike on both sides, the part of one that was not measured is the other's, and that is said."""
    write(tmp_path, tuple(range(first_deg, 181, 15)))
    part = read(tmp_path)
    (tmp_path / "all").mkdir()
    write(tmp_path / "all")
    azimuth = np.arange(-180.0, 180.0, 5.0)
    towards = unit(azimuth, np.zeros_like(azimuth))
    f = F[F < 8000]
    whole = read(tmp_path / "all").transfer(f, towards)
    ratio = (part.transfer(f, towards) / whole)[np.abs(whole) > 0.1 * np.abs(whole).max(axis=1, keepdims=True)]
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.1
    assert np.degrees(np.abs(np.angle(ratio))).max() < 2
    assert len([w for w in part.warnings if "it is mirrored there" in w]) == 1


@pytest.mark.parametrize(
    ("angles", "words"),
    [
        ((0, 180), "only the axis and the back were measured"),
        ((0, 90), "nothing was measured beyond 90 degrees"),
        ((0, 90, 180), "angles are up to 90 degrees apart"),
    ],
)
def test_coarse_sets(tmp_path: Path, angles: tuple[int, ...], words: str) -> None:
    """Between few angles nothing is known, and a message says so."""
    write(tmp_path, angles)
    assert any(words in warning for warning in read(tmp_path).warnings)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({120: -1.0}, "polarity of hor 120 deg is opposite to the axis and to both neighbours"),
        ({30: 0.5}, "level of 1 direction differs from that of both neighbours .*hor 30 deg by -6.0 dB"),
    ],
)
def test_one_angle_unlike_its_neighbours(tmp_path: Path, odd: dict[int, float], words: str) -> None:
    """Behind, where a dipole may turn over, and in level: one angle alone is not the driver's doing."""
    write(tmp_path, odd=odd)
    (warning,) = read(tmp_path).warnings
    assert re.search(words, warning)


def test_angles_with_times_of_their_own(tmp_path: Path) -> None:
    """Half a millisecond that comes and goes is no place that sound could come from."""
    for a in RING:
        late_s = 5e-4 * (a % 45 == 0)
        lines = (
            " ".join(f"{x:.6f}" for x in polar(float(f), complex(v)))
            for f, v in zip(F, heard_at_f(a) * np.exp(-2j * np.pi * F * late_s), strict=True)
        )
        (tmp_path / f"w hor {a}.txt").write_text("\n".join(lines) + "\n")
    assert any("times of arrival do not fit one place" in warning for warning in read(tmp_path).warnings)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (lambda f, p: (f, abs(p), np.degrees(np.angle(p))), "never 0 nor negative, as linear magnitudes are"),
        (lambda f, p: (f, p.real, p.imag), "both change sign, as real and imaginary parts"),
        (lambda f, p: (f, polar(f, p)[1], polar(f, p)[1] - 60), "a third column that rises and falls with the second"),
        (lambda f, p: (f / 1000, *polar(f, p)[1:]), "multiply by 1000 if they are kHz"),
        (lambda f, p: (f * 2 * np.pi * 4, *polar(f, p)[1:]), "divide by 2π if they are radians a second"),
    ],
)
def test_columns_of_another_kind(tmp_path: Path, row: Row, words: str) -> None:
    """Numbers without a heading that are no dB, no degrees, no Hz."""
    write(tmp_path, row=row)
    with pytest.raises(DataError, match=words):
        read(tmp_path)


@pytest.mark.parametrize("phase_deg", [0.0, 90.0, pytest.param(180.0, marks=pytest.mark.long)])
def test_a_phase_that_never_turns(tmp_path: Path, phase_deg: float) -> None:
    """One value at all frequencies is no phase."""
    write(tmp_path, row=lambda f, p: (f, polar(f, p)[1], phase_deg))
    m = read(tmp_path)
    assert m.magnitude_only
    assert f"phase is {phase_deg:g} at every frequency of every angle, so it was not exported" in m.warnings


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("w 0", "w left 30", "w right 30"), "the word 'left' beside 30 and not in all names, which may be a side"),
        (("w 0", "w right 30", "w right 60"), "the word 'right' beside 30 and not in all names"),
        (("w 0", "w up 30", "w down 30"), "the word 'down' beside 30 and not in all names"),
        (("w hor 0", "w hor 30 right", "w hor 60 right"), "the word 'right' beside hor 30 and not in all names"),
        (("w ver 0", "w ver 30 down"), "the word 'down' beside ver 30 and not in all names"),
        (("w 0deg", "w 30deg up"), "the word 'up' beside 30 and not in all names"),
        (("w_0deg", "w_30deg_R"), "the word 'r' beside 30 and not in all names"),
        (("w01", "w02", "w03", "w04", "w05"), "numbers from 1 to 5 in 5 names, which count the files"),
    ],
)
def test_names_that_say_no_angle(tmp_path: Path, names: tuple[str, ...], words: str) -> None:
    """A side in words is not left out, and the files' count is no angle."""
    for name in names:
        write(tmp_path, (0,), name=f"{name}.txt")
    with pytest.raises(DataError, match=words):
        read(tmp_path)


def test_a_driver_called_left_and_a_distance_behind_a_unit(tmp_path: Path) -> None:
    """A word in every name is the driver's; the unit behind an angle is not the next number's."""
    for angle in (0, 30, 60):
        write(tmp_path, (angle,), name="left {}.txt")
        write(tmp_path, (angle,), name="x {}deg 1m.txt")
        write(tmp_path, (angle,), name="y hor {} right.txt")
    for pattern in ("left*", "x*", "y*"):
        np.testing.assert_allclose(
            np.sort(read(tmp_path, pattern).directions, axis=0),
            np.sort(unit(np.array([0.0, 30.0, 60.0]), np.zeros(3)), axis=0),
            atol=1e-12,
        )


def impulse(angle_deg: float) -> Real:
    f = np.fft.rfftfreq(4096, 1 / 48_000)
    return np.fft.irfft(
        heard(angle_deg, np.maximum(f, 1e-3)) / (1 + (f / 20_000) ** 24) * np.exp(-2j * np.pi * f * 2e-3)
    )


def onset(x: Real) -> int:
    return int(np.argmax(np.abs(x) > 0.1 * np.abs(x).max()))


def test_impulses_aligned_by_their_onset(tmp_path: Path) -> None:
    """An exporter that moves each onset to one sample takes the times between angles out, and that is said."""
    for a in RING:
        x = impulse(a)
        soundfile.write(tmp_path / f"w hor {a}.wav", np.roll(x, 300 - onset(x)), 48_000, subtype="FLOAT")
    assert any("onsets of all 24 files stand on sample 300" in warning for warning in read(tmp_path).warnings)


ROOM = ("run backwards", "a reflection", "fall off alike")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x, ""),
        (lambda x: x[::-1], "impulse responses run backwards in time: 7"),
        (
            lambda x: x + 0.2 * np.roll(x, 240),
            r"a reflection (5|4\.99|5\.01) ms after the direct sound, -14 dB .* by up to (1\.9|2\.0) dB.*gate_ms = 4\.5",
        ),
    ],
)
def test_impulses_that_no_driver_makes(tmp_path: Path, change: Callable[[Real], Real], words: str) -> None:
    """Backwards in time, or with a wall's echo: each is said with what it costs, and nothing of the driver as it is."""
    for a in RING:
        soundfile.write(tmp_path / f"w hor {a}.wav", 0.1 * change(impulse(a)), 48_000, subtype="FLOAT")
    found = [w for w in read(tmp_path).warnings if any(part in w for part in ROOM)]
    assert len(found) == bool(words)
    assert all(re.search(words, w) for w in found)
    gated = read_response("w*", tmp_path, driver="w", speed_of_sound_m_s=C, gate_ms=4.0)
    assert not any("a reflection" in w for w in gated.warnings)


@pytest.mark.parametrize(
    ("off_deg", "plane"),
    [
        (15, "hor"),
        (-15, "ver"),
        (0, "hor"),
        *(pytest.param(*case, marks=pytest.mark.long) for case in ((-15, "hor"), (15, "ver"), (0, "ver"))),
    ],
)
def test_a_zero_that_is_not_where_the_driver_faces(tmp_path: Path, off_deg: int, plane: str) -> None:
    """A round driver's fall-off is symmetric about its axis in every octave, and so tells where that is."""
    for a in RING:
        lines = (
            " ".join(f"{x:.6f}" for x in polar(float(f), complex(v)))
            for f, v in zip(F, heard_at_f(a - off_deg), strict=True)
        )
        (tmp_path / f"w {plane} {a}.txt").write_text("\n".join(lines) + "\n")
    found = [w for w in read(tmp_path).warnings if "fall off alike" in w]
    assert len(found) == (off_deg != 0)
    assert all(f"of {off_deg:+d} degrees, not of 0" in w and f"subtract {off_deg} degrees" in w for w in found)


def test_a_driver_that_is_not_round_is_no_zero_that_is_off(tmp_path: Path) -> None:
    """3 dB louder to its left at all frequencies, and one beside the middle of a baffle: no one angle of symmetry."""
    tilts: tuple[Callable[[float], Any], ...] = (
        lambda a: 1.5 * np.sin(a),
        lambda a: 2.0 * np.sin(a) * np.cos(2 * np.pi * F * 4e-4 * np.sin(a)),
    )
    for tilt in tilts:
        for a in RING:
            p = heard_at_f(a) * 10 ** (tilt(np.radians(a)) / 20)
            lines = (" ".join(f"{x:.6f}" for x in polar(float(f), complex(v))) for f, v in zip(F, p, strict=True))
            (tmp_path / f"w hor {a}.txt").write_text("\n".join(lines) + "\n")
        assert not any("fall off alike" in w for w in read(tmp_path).warnings)


@pytest.mark.parametrize("off_deg", [0, 20])
def test_the_zero_of_one_side_is_not_told(tmp_path: Path, off_deg: int) -> None:
    """Levels over one side alone have no image to be held against: nothing is claimed, and `check` says that."""
    for a in range(0, 181, 10):
        lines = (
            " ".join(f"{x:.6f}" for x in polar(float(f), complex(v)))
            for f, v in zip(F, heard_at_f(a + off_deg), strict=True)
        )
        (tmp_path / f"w hor {a}.txt").write_text("\n".join(lines) + "\n")
    found = read(tmp_path)
    assert not any("fall off alike" in warning for warning in found.warnings)
    assert "does not tell whether 0 is where the driver faces" in "\n".join(driver_lines("w", found))


@pytest.mark.parametrize("noise", [0.0, 3e-3])
@pytest.mark.parametrize(
    ("low_hz", "high_hz", "low_order", "high_order"),
    [(30, 120, 2, 4), (25, 80, 4, 4), (30, 120, 4, 8), (45, 100, 4, 4)],
)
def test_a_subwoofer_backwards(low_hz: float, high_hz: float, low_order: int, high_order: int, noise: float) -> None:
    """Butterworth's filters have minimum phase; reversed they run backwards, inverted or among reflections they do not."""
    x = np.zeros(24_000)
    x[480] = 1.0
    x = scipy.signal.sosfilt(scipy.signal.butter(low_order, low_hz, "high", output="sos", fs=48_000), x)
    x = scipy.signal.sosfilt(scipy.signal.butter(high_order, high_hz, "low", output="sos", fs=48_000), x)
    x += noise * np.abs(x).max() * np.random.default_rng(1).normal(size=x.size)
    for forwards in (x, -x, x + 0.5 * np.roll(x, 240), x + 1.3 * np.roll(x, 400), x[: 480 + 1000]):
        assert not check_backwards([forwards], 48_000.0)
    for backwards in (x[::-1], -x[::-1]):
        assert "run backwards in time" in "".join(check_backwards([backwards], 48_000.0))


@pytest.mark.parametrize(
    ("low_hz", "high_hz", "low_order", "high_order", "late_s"),
    [
        (30, 120, 2, 4, 0.0),
        (25, 80, 4, 4, 0.012),
        (45, 100, 4, 4, 0.0),
        pytest.param(30, 120, 2, 4, 0.012, marks=pytest.mark.long),
        pytest.param(25, 80, 4, 4, 0.0, marks=pytest.mark.long),
        pytest.param(45, 100, 4, 4, 0.012, marks=pytest.mark.long),
    ],
)
def test_a_subwoofer_backwards_as_text(
    tmp_path: Path, low_hz: float, high_hz: float, low_order: int, high_order: int, late_s: float
) -> None:
    """Level and phase of a response that runs backwards have the other sign of phase, whatever its delay; inverted they have not."""
    f = np.geomspace(10.0, 500.0, 270)
    forwards = np.ones(f.size, dtype=complex)
    slopes: tuple[tuple[int, float, Literal["high", "low"]], ...] = (
        (low_order, low_hz, "high"),
        (high_order, high_hz, "low"),
    )
    for order, at_hz, kind in slopes:
        b, a = scipy.signal.butter(order, 2 * np.pi * at_hz, kind, analog=True, output="ba")
        forwards *= scipy.signal.freqs(b, a, 2 * np.pi * f)[1]
    for response, is_backwards in (
        (forwards, False),
        (-forwards, False),
        (forwards.conj(), True),
        (-forwards.conj(), True),
    ):
        p = response * np.exp(-2j * np.pi * f * late_s)
        rows = (" ".join(f"{x:.4f}" for x in polar(float(at), complex(v))) for at, v in zip(f, p, strict=True))
        text = "\n".join(rows) + "\n"
        for angle in (0, 30, 60):
            (tmp_path / f"w hor {angle}.txt").write_text(text)
        assert any("negate the phase" in warning for warning in read(tmp_path).warnings) is is_backwards


def test_a_sweep_is_no_impulse_response(tmp_path: Path) -> None:
    """It is refused for what it is, and not as clipped."""
    sweep = 0.5 * np.sin(2 * np.pi * np.cumsum(np.geomspace(20, 20_000, 8192)) / 48_000)
    soundfile.write(tmp_path / "w 0.wav", sweep, 48_000, subtype="FLOAT")
    with pytest.raises(DataError, match="as a sweep's or a tone's; expected an impulse response"):
        read(tmp_path)


def table(folder: Path, head: str, columns: str = "frequency_hz,azimuth_deg,real,imag", row: Row | None = None) -> Path:
    rows = [
        ",".join(f"{x:.9g}" for x in (f, a, *(row(f, p) if row else (p.real, p.imag))))
        for a in RING
        for f, p in zip(F.tolist(), heard_at_f(a).tolist(), strict=True)
    ]
    path = folder / "w.csv"
    path.write_text("\n".join([head, columns, *rows]))
    return path


@pytest.mark.parametrize("key", ["# distance_m: 2", "# Distance_m = 2", "#distance m: 2"])
def test_ways_of_writing_a_key(tmp_path: Path, key: str) -> None:
    """The flight over 2 m is taken off, and the level brought to 1 m."""
    table(tmp_path, key)
    m = read(tmp_path)
    assert not m.warnings
    np.testing.assert_allclose(np.abs(m.on_axis()), np.abs(2 * heard(0)), rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "columns", "row", "words"),
    [
        ("# distance: 2", "real,imag", None, "the key distance .*write # distance_m: 2"),
        ("# distance_m: -2", "real,imag", None, "distance_m = -2; expected a distance from 0 m"),
        ("# distance_m: 2", "magnitude_db,phase_deg", lambda f, p: (abs(p), np.degrees(np.angle(p))), "seem linear"),
        ("# distance_m: 2", "magnitude_db,phase_deg", lambda f, p: (20 * np.log10(abs(p)), np.angle(p)), "in radians"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, head: str, columns: str, row: Row | None, words: str) -> None:
    """A key that is misspelt is not passed over as a comment, nor a column as what it is called."""
    table(tmp_path, head, f"frequency_hz,azimuth_deg,{columns}", row)
    with pytest.raises(DataError, match=words):
        read(tmp_path)


def test_a_table_without_its_distance(tmp_path: Path) -> None:
    """Sound that arrives 5.7 ms late was not taken at the source."""
    table(tmp_path, "# no distance")
    assert any("no distance is stated, and the sound on axis begins" in warning for warning in read(tmp_path).warnings)


def test_clockwise_said_twice(tmp_path: Path) -> None:
    """By the file and by the problem is still clockwise."""
    table(tmp_path, "# distance_m: 2\n# azimuth: clockwise")
    once = read(tmp_path)
    twice = read_response("w.csv", tmp_path, driver="w", speed_of_sound_m_s=C, clockwise=True)
    np.testing.assert_array_equal(once.directions, twice.directions)


def test_angles_beyond_a_turn(tmp_path: Path) -> None:
    """Azimuths of 400 degrees and more are refused in a table as in names."""
    path = table(tmp_path, "# distance_m: 2")
    path.write_text(path.read_text().replace(",180,", ",580,"))
    with pytest.raises(DataError, match="azimuths up to 580; expected -360 to 360 degrees"):
        read(tmp_path)
