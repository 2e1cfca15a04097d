"""Text files over angle: every layout that programs write, and what is wrong with real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designer.acoustics.measured.angle_names import angles_of
from designer.acoustics.measured.angles import Angle
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import (
    ANGLES_DEG,
    FREQUENCY_HZ,
    C,
    at,
    cap,
    frd_text,
    lopsided,
    near_in_db,
    near_in_phase_deg,
    write_frd_set,
)

FRONT = (0.0, 15.0, 30.0, 45.0, 60.0)


def read(folder: Path, pattern: str = "woofer hor *.frd", **options: Any) -> MeasuredDirectivity:
    return read_response(pattern, folder, driver="woofer", speed_of_sound_m_s=C, **options)


@pytest.mark.parametrize(
    "layout",
    [
        {"separator": " "},
        {"separator": "\t", "comment": "#"},
        {"separator": ", "},
        {"separator": ","},
        {"separator": ";"},
        {"separator": " ", "decimal": ","},
        {"separator": "\t", "decimal": ","},
        {"separator": ";", "decimal": ","},
        {"separator": ", ", "decimal": ","},
        {"separator": "   ", "comment": "  *"},
        {"unwrap": True},
    ],
    ids=str,
)
def test_every_layout_is_read_alike(tmp_path: Path, layout: dict[str, Any]) -> None:
    """Comma, tab, semicolon or spaces, decimal comma or point, * or # comments, wrapped or not: the driver comes back."""
    write_frd_set(tmp_path, angles_deg=FRONT, delay_s=2e-3, **layout)
    m = read(tmp_path)
    true = cap(FREQUENCY_HZ, m.directions)
    assert near_in_db(m.pressure, true) < 1e-3
    assert near_in_phase_deg(m.pressure, true) < 0.01
    assert m.summary.delay_removed_s == pytest.approx(
        2e-3 - 0.05 / C, abs=3e-5
    )  # the cap sits 5 cm in front of the centre


@pytest.mark.parametrize(
    ("name", "angle", "vertical"),
    [
        ("woofer hor 22.5.frd", 22.5, False),
        ("woofer hor -10.frd", -10, False),
        ("woofer_hor_-10.txt", -10, False),
        ("woofer hor+10.txt", 10, False),
        ("woofer_ver 0.frd", 0, True),
        ("tweeter ver -7,5°.frd", -7.5, True),
        ("mid vertical 30 deg.txt", 30, True),
        ("H 40.txt", 40, False),
        ("25 mm dome hor 60.frd", 60, False),
        ("front 30.frd", 30, False),
        ("hor 15 gated.frd", 15, False),
        ("sub-ver-90.frd", -90, True),
    ],
)
def test_names_say_plane_and_angle(name: str, angle: float, vertical: bool) -> None:
    """As VituixCAD and Room EQ Wizard name them; without a plane the horizontal one is meant."""
    assert angles_of((Path(name),))[0] == (Angle("vertical" if vertical else "horizontal", (angle,)),)


def test_two_planes(tmp_path: Path) -> None:
    """`hor` and `ver` in one pattern; their common axis is one direction."""
    write_frd_set(tmp_path)
    write_frd_set(tmp_path, name="woofer ver {angle}.frd", vertical=True)
    m = read(tmp_path, "woofer *.frd")
    assert m.summary.coverage == "two planes"
    assert m.summary.directions == 2 * len(ANGLES_DEG) - 2
    asked = direction(20.0, 30.0)[None, :]
    low_hz = FREQUENCY_HZ[FREQUENCY_HZ < 6000]
    assert near_in_db(m.transfer(low_hz, asked), cap(low_hz, asked)) < 0.3
    assert not m.warnings


def test_left_and_right_and_clockwise(tmp_path: Path) -> None:
    """Positive is the driver's left unless `clockwise` says otherwise, and a lopsided set says which was taken."""
    write_frd_set(tmp_path, model=lopsided)
    m = read(tmp_path)
    sides = np.abs(m.transfer(np.array([500.0]), direction(np.array([90.0, -90.0]))))[0]
    assert 20 * np.log10(sides[0] / sides[1]) == pytest.approx(3.0, abs=0.1)
    assert m.summary.symmetry_error_db == pytest.approx(
        np.sqrt(np.mean((3 * np.sin(np.radians(ANGLES_DEG[18:-1]))) ** 2)), abs=0.1
    )
    assert any("positive horizontal angles were taken as the driver's left" in note for note in m.notes)
    turned = np.abs(read(tmp_path, clockwise=True).transfer(np.array([500.0]), direction(np.array([90.0, -90.0]))))[0]
    np.testing.assert_allclose(turned, sides[::-1], rtol=1e-9)


def test_0_to_360_is_minus_180_to_180(tmp_path: Path) -> None:
    """350 degrees is -10; 360 is 0 again, and 180 is -180, without a word where the files agree."""
    write_frd_set(tmp_path, model=lopsided, angles_deg=tuple(float(a) for a in range(0, 361, 10)))
    (tmp_path / "other").mkdir()
    write_frd_set(tmp_path / "other", model=lopsided, angles_deg=(-180.0, *ANGLES_DEG))
    asked = direction(np.arange(-175.0, 180, 10))
    a, b = (read(folder).transfer(FREQUENCY_HZ, asked) for folder in (tmp_path, tmp_path / "other"))
    np.testing.assert_allclose(a, b, rtol=1e-4)
    assert not read(tmp_path).warnings


def test_two_files_of_one_direction_that_differ(tmp_path: Path) -> None:
    """0 and 360 degrees, 6 dB apart: a warning says by how much."""
    write_frd_set(tmp_path)
    loud = frd_text(FREQUENCY_HZ, 2 * cap(FREQUENCY_HZ, at(0))[:, 0])
    (tmp_path / "woofer hor 360.frd").write_text(loud)
    (warning,) = read(tmp_path).warnings
    assert "are one direction, and differ by 4.3 dB" in warning  # root mean square of 0 and 6.02


def test_an_angle_named_twice(tmp_path: Path) -> None:
    """Which of two files is meant cannot be known: refused, with both names."""
    write_frd_set(tmp_path)
    (tmp_path / "woofer hor 10.0.frd").write_text(frd_text(FREQUENCY_HZ, cap(FREQUENCY_HZ, at(10))[:, 0]))
    with pytest.raises(
        DataError, match=r"hor 10 deg a second time, after woofer hor 10\.0\.frd; expected one file an angle"
    ):
        read(tmp_path)


def test_a_missing_angle(tmp_path: Path) -> None:
    """A gap of 20 degrees where the step is 10 is named."""
    write_frd_set(tmp_path, angles_deg=tuple(a for a in ANGLES_DEG if a != 40))
    (warning,) = read(tmp_path).warnings
    assert "angles are missing between 30 to 50 degrees, where the usual step is 10" in warning


def test_no_axis(tmp_path: Path) -> None:
    """Without a response near the axis there is nothing to set level and time by."""
    write_frd_set(tmp_path, angles_deg=(30.0, 45.0, 60.0))
    with pytest.raises(DataError, match=r"no response on axis: the nearest is hor 30 deg"):
        read(tmp_path)


def test_angles_in_radians(tmp_path: Path) -> None:
    """0, 0.1745, ... 3.1416 are whole degrees only if read as radians."""
    for a in range(0, 181, 10):
        (tmp_path / f"woofer hor {np.radians(a):.4f}.frd").write_text(
            frd_text(FREQUENCY_HZ, cap(FREQUENCY_HZ, at(a))[:, 0])
        )
    with pytest.raises(
        DataError, match=r"angles from 0 to 3\.142, which are whole degrees if read as radians \(0 to 180\)"
    ):
        read(tmp_path)


def test_fine_angles_near_the_axis_are_not_taken_for_radians(tmp_path: Path) -> None:
    """0, 1, 2, 3 degrees are degrees."""
    write_frd_set(tmp_path, angles_deg=(0.0, 1.0, 2.0, 3.0))
    assert read(tmp_path).summary.directions == 4


def test_a_phase_in_radians(tmp_path: Path) -> None:
    """A phase that wraps at 3.14 is no phase in degrees."""
    response = cap(FREQUENCY_HZ, at(0))[:, 0] * np.exp(-2j * np.pi * FREQUENCY_HZ * 2e-3)
    lines = [
        f"{f:.3f} {20 * np.log10(abs(p)):.3f} {np.angle(p):.4f}" for f, p in zip(FREQUENCY_HZ, response, strict=True)
    ]
    (tmp_path / "woofer hor 0.frd").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"it is in radians; expected degrees"):
        read(tmp_path)


def test_frequencies_that_differ_per_file(tmp_path: Path) -> None:
    """A warning says both grids, and the response is that of the finer."""
    write_frd_set(tmp_path, angles_deg=(0.0, 10.0, 20.0))
    write_frd_set(tmp_path, angles_deg=(30.0, 40.0), frequency_hz=np.geomspace(200, 12000, 90))
    m = read(tmp_path)
    assert any("has 120 from 100 to 16000 Hz" in w and "has 90 from 200 to 12000 Hz" in w for w in m.warnings)
    assert (m.summary.lowest_hz, m.summary.highest_hz) == (200.0, 12000.0)
    assert near_in_db(m.pressure, cap(m.frequency_hz, m.directions)) < 0.05


def test_files_without_a_band_in_common(tmp_path: Path) -> None:
    """Refused, with both bands."""
    write_frd_set(tmp_path, angles_deg=(0.0,), frequency_hz=np.geomspace(100, 1000, 30))
    write_frd_set(tmp_path, angles_deg=(10.0,), frequency_hz=np.geomspace(2000, 9000, 30))
    with pytest.raises(DataError, match=r"2000 to 9000 Hz, and woofer hor 0\.frd has 100 to 1000 Hz"):
        read(tmp_path)


def test_magnitude_only(tmp_path: Path) -> None:
    """Two columns take minimum phase, and a warning; no delay is left or taken."""
    write_frd_set(tmp_path, phase=False)
    m = read(tmp_path)
    assert any("no phase: each direction was given the minimum phase" in warning for warning in m.warnings)
    assert m.summary.delay_removed_s == 0
    assert near_in_db(m.pressure, cap(FREQUENCY_HZ, m.directions)) < 1e-3


def test_some_files_without_phase(tmp_path: Path) -> None:
    """A set half with phase is refused, with both files."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    write_frd_set(tmp_path, angles_deg=(30.0,), phase=False)
    with pytest.raises(DataError, match=r"hor 30\.frd: got no phase, while woofer hor 0\.frd has one"):
        read(tmp_path)


def test_polarity_of_one_angle(tmp_path: Path) -> None:
    """One inverted file in the front is named, with the band where it shows."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    write_frd_set(tmp_path, angles_deg=(30.0,), model=lambda f, n: -cap(f, n))
    assert any(
        "polarity of hor 30 deg is opposite to the axis from 100 to" in warning for warning in read(tmp_path).warnings
    )


def test_polarity_of_the_driver(tmp_path: Path) -> None:
    """The sign on axis is in the summary, whatever the delay."""
    for sign in (1, -1):
        write_frd_set(tmp_path, model=cap if sign > 0 else lambda f, n: -cap(f, n), delay_s=1e-3)
        assert read(tmp_path).summary.polarity == sign


def test_an_inverted_phase(tmp_path: Path) -> None:
    """A phase with its sign turned fits the minimum phase worse than its mirror: a warning, with both numbers."""

    def two_way(f: Real, n: Real) -> Complex:
        high_pass = (1j * f / 300) ** 2 / (1 + 1.4j * f / 300 - (f / 300) ** 2)
        low_pass = 1 / (1 + 1.4j * f / 5000 - (f / 5000) ** 2)
        return np.asarray((high_pass * low_pass)[:, None] * cap(f, n))

    write_frd_set(tmp_path, model=two_way, angles_deg=FRONT, delay_s=1e-3)
    assert not any("phase seems inverted" in warning for warning in read(tmp_path).warnings)
    write_frd_set(tmp_path, model=lambda f, n: two_way(f, n).conj(), angles_deg=FRONT, delay_s=-1e-3)
    (warning,) = (warning for warning in read(tmp_path).warnings if "negate the phase" in warning)
    assert "phase seems inverted" in warning


@pytest.mark.parametrize("word", ["nan", "NaN", "inf"])
def test_nan(tmp_path: Path, word: str) -> None:
    """Refused, with its line."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    file = tmp_path / "woofer hor 30.frd"
    lines = file.read_text().splitlines()
    lines[9] = f"{lines[9].split()[0]} {word} 0"
    file.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"hor 30\.frd: got NaN or infinity at line 10; expected finite numbers"):
        read(tmp_path)


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    """The last line has fewer columns than the others."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    file = tmp_path / "woofer hor 45.frd"
    text = file.read_text()
    file.write_text(text[: text.rindex(" ")])
    with pytest.raises(
        DataError, match=r"hor 45\.frd: got 2 numbers at the last line, .* where the others have 3.*cut off"
    ):
        read(tmp_path)


def test_silence(tmp_path: Path) -> None:
    """A file 120 dB below the others is refused; one 60 dB below is a warning."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    write_frd_set(tmp_path, angles_deg=(45.0,), model=lambda f, n: 1e-6 * cap(f, n))
    with pytest.raises(DataError, match=r"hor 45\.frd: got silence at hor 45 deg, 1\d\d dB below the loudest"):
        read(tmp_path)
    write_frd_set(tmp_path, angles_deg=(45.0,), model=lambda f, n: 1e-3 * cap(f, n))
    assert any("hor 45 deg is" in w and "is its channel connected?" in w for w in read(tmp_path).warnings)


def test_distance(tmp_path: Path) -> None:
    """Level is relative, so a stated distance changes no level, and it is noted."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    m = read(tmp_path, distance_m=2.0)
    assert m.summary.distance_m == 2.0
    assert any("measured at 2 m; level brought to 1 m" in note for note in m.notes)
    near, far = read(tmp_path, distance_m=1.0), m
    assert far.summary.gain_db - near.summary.gain_db == pytest.approx(-20 * np.log10(2))


def test_gate(tmp_path: Path) -> None:
    """A reflection 6 ms late and 6 dB down makes ripples of 9 dB; a gate of 4 ms leaves the driver."""
    frequency_hz = np.arange(20.0, 16001.0, 20.0)

    def in_a_room(f: Real, n: Real) -> Complex:
        return np.asarray(cap(f, n) * (1 + 0.5 * np.exp(-2j * np.pi * f * 6e-3))[:, None])

    write_frd_set(tmp_path, model=in_a_room, angles_deg=FRONT, frequency_hz=frequency_hz)
    raw, gated = read(tmp_path), read(tmp_path, gate_ms=4.0)
    assert gated.summary.lowest_hz == pytest.approx(250.0)
    inside = gated.frequency_hz < 14000
    true = cap(gated.frequency_hz[inside], gated.directions)
    assert near_in_db(gated.pressure[inside], true) < 0.3
    assert near_in_db(raw.pressure, cap(raw.frequency_hz, raw.directions)) > 4
    with pytest.raises(DataError, match=r"gate_ms = 0\.1, which leaves no band"):
        read(tmp_path, gate_ms=0.1)


def test_no_such_file(tmp_path: Path) -> None:
    """The nearest names are given."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    with pytest.raises(DataError, match=r"no file; expected .*nearest there: woofer hor"):
        read(tmp_path, "wofer hor *.frd")


def test_a_name_without_an_angle(tmp_path: Path) -> None:
    """In a set each name must have one; alone it is on axis, and a warning says what that means."""
    write_frd_set(tmp_path, angles_deg=FRONT)
    (tmp_path / "woofer hor x.frd").write_text("100 80 0\n200 80 0\n")
    with pytest.raises(DataError, match=r"a name without an angle; expected names that end with plane and angle"):
        read(tmp_path)
    (tmp_path / "alone.frd").write_text(frd_text(FREQUENCY_HZ, cap(FREQUENCY_HZ, at(0))[:, 0]))
    alone = read(tmp_path, "alone.frd")
    assert any("only one direction was measured" in warning for warning in alone.warnings)
    sides = alone.transfer(FREQUENCY_HZ, direction(np.array([0.0, 120.0])))
    np.testing.assert_allclose(sides[:, 0], sides[:, 1])


def test_frequencies_that_fall(tmp_path: Path) -> None:
    """Refused, with the two that are out of order."""
    (tmp_path / "woofer hor 0.frd").write_text("100 80 0\n200 80 0\n150 80 0\n")
    with pytest.raises(DataError, match=r"150 Hz after 200 Hz; expected rising frequencies"):
        read(tmp_path)


def test_words_and_binary_data(tmp_path: Path) -> None:
    """A file of words, and one of bytes, say what they are."""
    (tmp_path / "woofer hor 0.frd").write_text("hello\nworld\n")
    with pytest.raises(DataError, match=r"got no line of numbers"):
        read(tmp_path)
    (tmp_path / "woofer hor 0.frd").write_bytes(b"\x89PNG\x00\x00\x01" * 9)
    with pytest.raises(DataError, match=r"got binary data; expected a text file"):
        read(tmp_path)


def test_two_gigabytes(tmp_path: Path) -> None:
    """Refused by its size, before a byte is read, with the limit."""
    with (tmp_path / "woofer hor 0.frd").open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(DataError, match=r"2,000 MB of bytes; expected up to 500 MB"):
        read(tmp_path)
