"""A measured driver's file is found from any folder, by every command, whatever the path of its problem or design looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acoustics.measured.made_sets import write_frd_set
from command import run

import designer

PROBLEM = """
title = "measured"
sample_rate_hz = 48000
[[drivers]]
name = "left"
position_m = [0.0, -0.07, 0.0]
response = "{response}"
[[drivers]]
name = "right"
position_m = [0.0, 0.07, 0.0]
response = "{response}"
[listener]
position_m = [1.2, 0.0, 0.0]
ear_cloud_m = [[0, 0, 0]]
[grid]
frequencies = 33
azimuth_step_deg = 30.0
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [1000.0, 6000.0]
cancellation_gain_db = [[1000, 5], [6000, 5]]
max_effort_db = 12.0
[realization]
taps = 64
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder; the problem lies in `sub`, and its files in a folder below that with a hash sign in its name."""
    files = tmp_path / "sub" / "take #2"
    files.mkdir(parents=True)
    write_frd_set(files, angles_deg=tuple(range(-150, 181, 30)))
    (tmp_path / "sub/p.toml").write_text(PROBLEM.format(response="take #2/woofer hor *.frd"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_another_folder(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Checked by a relative path; a design folder opened by one has the metrics of the problem loaded by an absolute path."""
    ended = run(capsys, monkeypatch, "check", "sub/p.toml")
    assert ended.code == 0, ended.err
    assert 'measured driver "right": text files over angle, 12 files' in ended.out
    monkeypatch.setattr(
        "designer.evaluation.tolerance.fitted", lambda *of, **how: None
    )  # no product line: it takes most of the time
    design = designer.design(designer.load(place / "sub/p.toml"))
    design.save("sub/out")
    opened = designer.open("sub/out")
    assert str(opened.problem.folder) == "sub/out"
    np.testing.assert_array_equal(opened.metrics["cancellation_gain_db"], design.metrics["cancellation_gain_db"])


def test_after_the_working_folder_has_changed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was loaded by a relative path is found later too, when the program works elsewhere."""
    problem = designer.load("sub/p.toml")
    monkeypatch.chdir(place / "sub")
    assert np.isfinite(designer.scene(problem).ears()).all()
