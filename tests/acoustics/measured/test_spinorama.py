"""Spinorama tables: both column layouts, both planes, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from designer.acoustics.measured.formats import read_response
from designer.errors import DataError
from designer.problem.geometry import direction

from .made_sets import FREQUENCY_HZ, C, at, cap, lopsided, near_in_db

ORDER = [0.0, *(a for size in range(10, 180, 10) for a in (float(size), -float(size))), 180.0]


def table(
    *, title: str = "SPL Horizontal", own_frequency: bool = True, vertical: bool = False, thousands: bool = False
) -> str:
    """As scanners export it: title, angles over the columns, units, numbers."""
    columns = {a: 85 + 20 * np.log10(np.abs(lopsided(FREQUENCY_HZ, at(a, vertical=vertical))))[:, 0] for a in ORDER}
    names = ['"On-Axis"' if a == 0 else f'"{a:g}°"' for a in ORDER]
    frequency = [f"{f:,.4f}" if thousands else f"{f:.4f}" for f in FREQUENCY_HZ]
    lines = [f'"{title}"'] if title else []
    unit = '"Sound Pressure Level [dB]    /  [\t2.83\tV at \t1\tm]"'
    if own_frequency:
        lines += ["\t\t".join(names), "\t".join(f'"Frequency [Hz]"\t{unit}' for _ in ORDER)]
        lines += ["\t".join(f"{f}\t{columns[a][i]:.4f}" for a in ORDER) for i, f in enumerate(frequency)]
    else:
        lines += ["\t".join(['"Frequency [Hz]"', *names]), "\t".join(["Hz", *(["dB"] * len(names))])]
        lines += ["\t".join([f, *(f"{columns[a][i]:.4f}" for a in ORDER)]) for i, f in enumerate(frequency)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("own_frequency", "thousands", "title"),  # each pair of two of them
    [(True, True, ""), (True, False, "SPL Horizontal"), (False, True, "SPL Horizontal"), (False, False, "")],
)
def test_a_table_is_read(tmp_path: Path, own_frequency: bool, thousands: bool, title: str) -> None:
    """36 angles with their level; magnitude only, so minimum phase and a warning."""
    text = table(title=title, own_frequency=own_frequency, thousands=thousands)
    (tmp_path / "SPL Horizontal.txt").write_text(text, encoding="utf-8")
    m = read_response("SPL Horizontal.txt", tmp_path, driver="box", speed_of_sound_m_s=C)
    assert (m.summary.kind, m.summary.directions, m.summary.coverage) == ("spinorama table", 36, "horizontal plane")
    assert near_in_db(m.pressure, lopsided(FREQUENCY_HZ, m.directions)) < 1e-3
    assert any("minimum phase" in warning for warning in m.warnings)
    left, right = np.abs(m.transfer(np.array([1000.0]), direction(np.array([90.0, -90.0]))))[0]
    assert left > right


def test_two_planes(tmp_path: Path) -> None:
    """Horizontal and vertical, told by the title, from one pattern."""
    (tmp_path / "SPL Horizontal.txt").write_text(table(), encoding="utf-8")
    (tmp_path / "SPL Vertical.txt").write_text(table(title="SPL Vertical", vertical=True), encoding="utf-8")
    m = read_response("SPL *.txt", tmp_path, driver="box", speed_of_sound_m_s=C)
    assert m.summary.coverage == "two planes"
    up = direction(0.0, 40.0)[None, :]
    assert near_in_db(m.transfer(FREQUENCY_HZ, up), cap(FREQUENCY_HZ, up)) < 1e-2


def test_one_plane_twice(tmp_path: Path) -> None:
    """The same plane from two files is refused."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(table(), encoding="utf-8")
    with pytest.raises(DataError, match=r"b\.txt: got hor 0 deg again, after a\.txt; expected one table a plane"):
        read_response("*.txt", tmp_path, driver="box", speed_of_sound_m_s=C)


def test_an_angle_twice(tmp_path: Path) -> None:
    """Two columns of one angle are refused."""
    (tmp_path / "a.txt").write_text(table().replace('"-10°"', '"10°"'), encoding="utf-8")
    with pytest.raises(DataError, match=r"hor 10 deg over two columns"):
        read_response("a.txt", tmp_path, driver="box", speed_of_sound_m_s=C)


def test_a_table_that_was_cut_off(tmp_path: Path) -> None:
    """The last line is shorter than the others."""
    text = table()
    (tmp_path / "a.txt").write_text(text[: text.rindex("\t")], encoding="utf-8")
    with pytest.raises(DataError, match=r"71 numbers at the last line, .*where the others have 72.*cut off"):
        read_response("a.txt", tmp_path, driver="box", speed_of_sound_m_s=C)


def test_no_gate_without_phase(tmp_path: Path) -> None:
    """A gate needs time, and magnitudes have none."""
    (tmp_path / "a.txt").write_text(table(), encoding="utf-8")
    with pytest.raises(DataError, match=r"gate_ms = 4 for files without phase"):
        read_response("a.txt", tmp_path, driver="box", gate_ms=4.0, speed_of_sound_m_s=C)
