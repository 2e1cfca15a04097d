"""A half circle of measurements that ends at 180 degrees is one side of a symmetric driver: the same answer as the whole circle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.interpolation import measured_side, on_both_sides
from designer.arrays import Complex
from designer.problem.geometry import direction

from .made_sets import FREQUENCY_HZ, C, at, cap, lopsided, write_frd_set

HALF_DEG = tuple(float(a) for a in range(0, 181, 15))
AROUND_DEG = np.arange(-175.0, 180.0, 10.0)


def read(folder: Path, pattern: str, **options: Any) -> MeasuredDirectivity:
    return read_response(pattern, folder, driver="woofer", speed_of_sound_m_s=C, **options)


def towards(vertical: bool) -> Any:
    return np.concatenate([at(a, vertical=vertical) for a in AROUND_DEG])


@pytest.mark.parametrize(
    ("side", "vertical", "back", "clockwise"),
    [(1, False, 180.0, False), (-1, False, 180.0, False), (1, True, -180.0, False), (1, False, 180.0, True)],
    ids=["left", "right", "up", "clockwise"],
)
def test_text_files(tmp_path: Path, side: int, vertical: bool, back: float, clockwise: bool) -> None:
    """Every way of writing the half has the whole circle's response around the plane, and its note."""
    plane = "ver" if vertical else "hor"
    keys: dict[str, Any] = {"name": f"woofer {plane} {{angle}}.frd", "vertical": vertical}
    for folder, angles in (
        ("half", (*(side * a for a in HALF_DEG[:-1]), back)),
        ("whole", (*HALF_DEG, *(-a for a in HALF_DEG[1:-1]))),
    ):
        (tmp_path / folder).mkdir()
        write_frd_set(tmp_path / folder, angles_deg=angles, **keys)
    half, whole = (read(tmp_path / name, "woofer *.frd", clockwise=clockwise) for name in ("half", "whole"))
    asked = towards(vertical)
    np.testing.assert_allclose(half.transfer(FREQUENCY_HZ, asked), whole.transfer(FREQUENCY_HZ, asked), rtol=1e-6)
    assert any("one side for all" in note for note in half.notes)
    assert any("both its sides kept" in note for note in whole.notes)
    assert not half.warnings


def test_a_spinorama_table(tmp_path: Path) -> None:
    """Columns from the axis to 180 degrees are both sides' levels."""
    angles = [*HALF_DEG[:-1], 180.0]
    level = 85 + 20 * np.log10(np.abs(np.concatenate([cap(FREQUENCY_HZ, at(a)) for a in angles], axis=1)))
    heading = "\t".join(["Frequency [Hz]", *("On-Axis" if a == 0 else f"{a:g}°" for a in angles)])
    rows = ["\t".join(f"{v:.5f}" for v in (f, *row)) for f, row in zip(FREQUENCY_HZ, level, strict=True)]
    (tmp_path / "horizontal.txt").write_text("\n".join([heading, *rows]))
    m = read(tmp_path, "horizontal.txt")
    left, right = (np.abs(m.transfer(FREQUENCY_HZ, direction(s * AROUND_DEG))) for s in (1, -1))
    np.testing.assert_allclose(left, right, rtol=1e-9)
    np.testing.assert_allclose(20 * np.log10(left[:, 2]), 20 * np.log10(right[:, 2]), atol=1e-9)


def test_impulse_responses(tmp_path: Path) -> None:
    """WAV files over a half circle: what was measured at 90 degrees holds at -90."""
    frequency_hz = np.fft.rfftfreq(1024, 1 / 48000)
    for a in HALF_DEG:
        spectrum: Complex = cap(np.maximum(frequency_hz, 1.0), at(a))[:, 0]
        spectrum = spectrum * np.exp(-2j * np.pi * frequency_hz * 3e-3) / (1 + (frequency_hz / 18000) ** 16)
        soundfile.write(tmp_path / f"mid hor {a:g}.wav", 0.4 * np.fft.irfft(spectrum), 48000, subtype="FLOAT")
    m = read(tmp_path, "mid hor *.wav")
    f = np.geomspace(300.0, 9000.0, 40)
    sides = m.transfer(f, direction(np.array([97.0, -97.0])))
    np.testing.assert_allclose(sides[:, 0], sides[:, 1], rtol=1e-9)


def test_a_whole_circle_keeps_both_sides(tmp_path: Path) -> None:
    """A driver that is louder to its left stays so, whether 180 or -180 is written."""
    write_frd_set(tmp_path, model=lopsided, angles_deg=(*HALF_DEG, *(-a for a in HALF_DEG[1:-1])))
    m = read(tmp_path, "woofer hor *.frd")
    sides = 20 * np.log10(np.abs(m.transfer(np.array([500.0]), direction(np.array([90.0, -90.0])))))[0]
    assert sides[0] - sides[1] == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize(
    ("angles", "side"),
    [
        ((0, 90, 180), 1),
        ((0, -90, 180), -1),
        ((0, 90, -180), 1),
        ((-90, 0, 90), 0),
        ((0, 180), 0),
        ((0,), 0),
        ((-10, 0, 10, 20, 30), 0),
        ((-5, 0, 5), 0),
        ((-3, 27, 57, 87, 117, 147, -178), 1),
    ],
)
def test_which_side_was_measured(angles: tuple[float, ...], side: int) -> None:
    """The axis and the back belong to neither side alone; a few degrees beside them neither."""
    assert measured_side(np.array(angles, dtype=float)) == side


def test_the_back_is_there_under_both_signs() -> None:
    """On both sides of a half circle each angle has its mirror image, and comes once."""
    angle_deg, which = on_both_sides(np.array([-180.0, 0.0, 60.0, 120.0]))
    assert angle_deg.tolist() == [-180.0, -120.0, -60.0, 0.0, 60.0, 120.0, 180.0]
    assert which.tolist() == [0, 3, 2, 1, 2, 3, 0]
