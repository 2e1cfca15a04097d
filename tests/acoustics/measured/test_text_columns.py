"""Columns by their heading: each export of one known driver is read as that driver, or refused for what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.text_files import read_columns
from designer.acoustics.measured.text_table import parse_numbers
from designer.errors import DataError

from .made_sets import C, at, cap

F = np.geomspace(100.0, 16000.0, 40)
TRUE = 3.0 * cap(F, at(30.0))[:, 0] * np.exp(-2j * np.pi * F * 2e-4)
SPL = 20 * np.log10(np.abs(TRUE) / 20e-6)
DEG = np.degrees(np.angle(TRUE))


def text(heading: str, *columns: np.ndarray, divider: str = " ", last: str = "") -> str:
    rows = [divider.join(f"{v:.9g}" for v in row) + last for row in zip(*columns, strict=True)]
    return "\n".join([heading, *rows] if heading else rows) + "\n"


ones = np.ones_like(F)
EXPORTS: dict[str, str] = {
    "as ever": text("* Freq(Hz) SPL(dB) Phase(degrees)", F, SPL, DEG),
    "no heading": text("", F, SPL, DEG),
    "falling": text("", F[::-1], SPL[::-1], DEG[::-1]),
    "coherence": text("Frequency\tMagnitude (dB)\tPhase\tCoherence", F, SPL, DEG, 0.9 * ones, divider="\t"),
    "coherence before": text(
        "Frequency (Hz), Coherence, Magnitude (dB), Phase (deg)", F, 90 * ones, SPL, DEG, divider=", "
    ),
    "coherence without heading": text("", F, SPL, DEG, 0.9 * ones),
    "phase first": text("Hz deg dB", F, DEG, SPL),
    "distortion beside": text("Freq(Hz) SPL(dB) THD(%) H2(dB) Phase(deg)", F, SPL, ones, SPL - 40, DEG),
    "radians": text('"Frequency [Hz]";"SPL [dB]";"Phase [rad]"', F, SPL, np.radians(DEG), divider=";"),
    "pascals": text("Frequency [Hz]  Pressure [Pa]  Phase [deg]", F, np.abs(TRUE), DEG),
    "kilohertz": text("f (kHz),level (dB),phase (deg)", F / 1000, SPL, DEG, divider=","),
    "parts": text("Freq[Hz]\tRe\tIm", F, TRUE.real / 20e-6, TRUE.imag / 20e-6, divider="\t"),
    "text behind": text("", F, SPL, DEG) + "\nMeasured with care\nmicrophone 3\n",
    "words behind each line": text("", F, SPL, DEG, last=" valid"),
    "heading begins with a number": text("1/12 octave\n2048 points\n20 Hz to 20 kHz\n40\nHz dB deg", F, SPL, DEG),
    "a date first": text("12.05.2024 14:03:11\n3 columns: Hz dB deg", F, SPL, DEG),
    "0 Hz": text("Hz dB deg\n0.000 -Inf 0.0", F, SPL, DEG),
    "0 Hz without heading": text("0,-inf,nan", F, SPL, DEG, divider=","),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_one_driver_in_every_export(export: str) -> None:
    """The response within the digits of the file; without a heading the first columns are frequency, level, phase."""
    columns = read_columns(Path("w.txt"), EXPORTS[export])
    np.testing.assert_allclose(columns.frequency_hz, F, rtol=1e-8)
    np.testing.assert_allclose(columns.response * 20e-6, TRUE, rtol=1e-6)
    assert columns.has_phase
    assert (columns.coherence is not None) == export.startswith("coherence")


def test_what_was_passed_over_is_said() -> None:
    """Headings that look like numbers, words behind them, and the row at 0 Hz."""
    notes = {name: " ".join(read_columns(Path("w.txt"), EXPORTS[name]).notes) for name in EXPORTS}
    assert "w.txt: line 3 was taken for a heading: '20 Hz to 20 kHz'" in notes["heading begins with a number"]
    assert "'valid' behind the numbers of every line was left out" in notes["words behind each line"]
    assert "w.txt: the row at 0 Hz has no level ('0.000 -Inf 0.0'), and was left out" in notes["0 Hz"]
    assert not notes["as ever"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (text("Freq(Hz) THD(%)", F, ones), r"got the columns freq\(hz\), thd\(%\); expected frequency with a level"),
        (text("Freq(Hz) GroupDelay(ms) THD(%)", F, ones, ones), "export the response itself"),
        (text("Hz dB dB deg", F, SPL, SPL, DEG), "got two columns of level, db and db; expected one response a file"),
        (text("", F, 170 * np.sign(np.sin(F)), SPL), "got a second column that jumps from 170 to -170 as a phase does"),
        (text("", F, SPL, DEG, 200 * ones), "got a fourth column from 200 to 200 without a heading"),
        (text("", F, SPL, DEG, ones, ones), "got 5 numbers at line 1"),
        (text("", F, 4 * np.abs(TRUE) * 1e3), "got a level of .*; expected dB; .*name pascals in a heading"),
        (text("f Pa", F, -np.abs(TRUE)), "got a magnitude of -.* in 'pa'; expected values above 0"),
        (text("", F, SPL, DEG) + "second\n" + text("", F, SPL, DEG), r"got numbers again at line 42, after text at line 41"),
        (text("", F, SPL, DEG).replace("100 ", "100 nan ", 1), "got 4 numbers at line 1|NaN or infinity at line 1"),
        ("Hz dB\nnone\n", "got no line of numbers"),
    ],
)  # fmt: skip
def test_what_is_no_response_is_refused(content: str, found: str) -> None:
    """For what it is, with the remedy."""
    with pytest.raises(DataError, match=found):
        read_columns(Path("w.txt"), content)


@pytest.mark.parametrize(
    ("scale", "heading"),
    [(1.0, "Hz dB deg coherence"), (100.0, "Hz dB deg coherence"), (100.0, "Hz dB deg Coherence(%)"), (1.0, "")],
)
def test_weak_coherence_marks_its_band(tmp_path: Path, scale: float, heading: str) -> None:
    """From 0 to 1 or in percent, its unit in the heading or not: the warning has the file, the band, and what half of it means."""
    weak = scale * np.where((F > 1000) & (F < 2000), 0.3, 0.95)
    for angle in (0, 30):
        (tmp_path / f"w hor {angle}.txt").write_text(text(heading, F, SPL, DEG, weak if angle else scale * ones))
    (warning,) = (
        w for w in read_response("w hor *.txt", tmp_path, driver="w", speed_of_sound_m_s=C).warnings if "coherence" in w
    )
    inside = F[(F > 1000) & (F < 2000)]
    assert f"w hor 30.txt: {inside[0]:.0f} to {inside[-1]:.0f} Hz ({inside.size} of 40 points)" in warning
    assert "w hor 0.txt" not in warning
    (tmp_path / "w hor 0.txt").write_text(text("Hz dB deg coherence", F, SPL, DEG, -ones))
    with pytest.raises(DataError, match=r"w hor 0\.txt: got a coherence from -1 to -1; expected 0 to 1, or percent"):
        read_response("w hor *.txt", tmp_path, driver="w", speed_of_sound_m_s=C)


@pytest.mark.parametrize("divider", [" ", "\t", ",", ", ", ";"])
def test_lines_of_plain_numbers_are_read_as_each_is(divider: str) -> None:
    """Signs, exponents and bare points, as Python reads each field; one that is no number is refused with its line."""
    rows = [["20", "-3.5", "+0.25"], ["1e3", ".5", "-180."], ["2E+3", "-1e-2", "0"]]
    lines = [(n, divider.join(row)) for n, row in enumerate(rows, 4)]
    wanted = [[float(field) for field in row] for row in rows]
    np.testing.assert_array_equal(parse_numbers(Path("woofer.frd"), lines, (3,)), wanted)
    broken = [*lines, (7, divider.join(["3e3", "1.2.3", "0"]))]
    with pytest.raises(DataError, match=r"woofer\.frd: got '3e3.*1\.2\.3.*' at line 7; expected numbers"):
        parse_numbers(Path("woofer.frd"), broken, (3,))
