"""`designer check` and `designer design` say what a measured head is, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from acoustics.measured.head_files import KEMAR, kemar

from designer import cli

PROBLEM = (KEMAR.parents[1] / "pair-kemar.toml").read_text(encoding="utf-8")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["designer", *arguments])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_check_explains_a_measured_head(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Directions, gap, band, interaural time at 90 degrees, level, delay, symmetry error and noise floor."""
    assert run(monkeypatch, "check", str(KEMAR.parents[1] / "pair-kemar.toml")) == 0
    said = capsys.readouterr().out
    for words in (
        "710 directions at 1.4 m, elevations -40 to 90 degrees",
        "nothing is measured below -40 degrees of elevation",
        "512 samples at 44100 Hz; interaural time 0.70 ms at 90 degrees",
        "symmetry error 0.0 dB",
        "noise floor",
        "delay of 1.09 ms taken out",
        "SimpleFreeFieldHRIR, azimuths -176 to 180 degrees counter-clockwise",
        "time reference: the samples; polarity upright; fitted centre",
    ):
        assert words in said


def test_warnings_reach_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mirrored receivers are warned of by `check`, by `design`, in the summary and on the page."""

    def mirror(sofa: object) -> None:
        sofa.ReceiverPosition = -sofa.ReceiverPosition  # type: ignore[attr-defined] # sofar's fields

    kemar(tmp_path / "head.sofa", mirror)
    problem = tmp_path / "problem.toml"
    problem.write_text(PROBLEM.replace("data/mit_kemar_normal.sofa", "head.sofa").replace("2048", "256"))
    assert run(monkeypatch, "check", str(problem)) == 0
    assert "warning: head.sofa: ReceiverPosition puts" in capsys.readouterr().err
    assert run(monkeypatch, "design", str(problem), "-o", str(tmp_path / "out")) == 0
    assert "warning: head.sofa: ReceiverPosition puts" in capsys.readouterr().err
    for name in ("summary.json", "report.html"):
        assert "ReceiverPosition puts" in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_check_refuses_what_was_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A listener far above the device: exit code 3, the gap named."""
    problem = tmp_path / "problem.toml"
    above = PROBLEM.replace("[1.4, 0.0, 0.0]", "[0.6, 0.0, 1.4]").replace("data/mit_kemar_normal.sofa", str(KEMAR))
    problem.write_text(above)
    assert run(monkeypatch, "check", str(problem)) == 3
    assert "nothing is measured below -40 degrees of elevation" in capsys.readouterr().err
