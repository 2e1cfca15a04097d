"""The study over taps and words on demand, and folders of tables alone."""

from __future__ import annotations

import cmath
import json
import math
import re
import shlex
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Command
from toml_text import pair, toml

import designer
from designer import errors, job, result
from designer.report.figures import pictures
from designer.report.page_data import BLOCK


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with a problem whose taps are words."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(toml(problem()), encoding="utf-8")
    return tmp_path


def problem() -> dict[str, Any]:
    return pair() | {"realization": {"taps": 64, "word": "q15"}}


def summary_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return content


def test_a_design_has_no_curves_until_they_are_asked_for(here: Path, designer_command: Command) -> None:
    """`design` writes the form's cost alone; `study` adds the curves to summary.json and the page, and leaves every other file."""
    assert designer_command("design", "tiny.toml", "-o", "out").code == errors.EXIT_DONE
    assert "left-realisation" not in pictures(designer.open("out"))
    before = {path.name: path.read_bytes() for path in Path("out").iterdir() if path.is_file()}
    study = summary_of(Path("out"))["realization"]["study"]["left"]
    assert study["curves"] == []
    assert set(study["stages"]) == {"ideal", "realised", "quantised"}
    ended = designer_command("study", "out")
    assert ended.code == errors.EXIT_DONE
    words = "5th percentile of the gain over the band's frequencies and the places of the ear cloud, by taps: "
    assert f"left: {words}" in ended.out
    changed = {path.name for path in Path("out").iterdir() if path.is_file() and path.read_bytes() != before[path.name]}
    assert changed <= {"summary.json", "report.html", "designer-manifest.json"}
    after = summary_of(Path("out"))
    again = after["realization"]["study"]["left"]
    assert {point["axis"] for point in again["curves"]} == {"taps", "bits"}
    assert again | {"curves": []} == study
    assert designer.open("out").study["left"].curves
    assert "left-realisation" in pictures(designer.open("out"))
    kinds = [shlex.split(part)[1] for part in after["command"].split(" && ")]
    assert kinds == ["design", "study"]
    assert designer_command("study", "out").code == errors.EXIT_DONE
    assert summary_of(Path("out")) == after


def test_a_study_leaves_what_lies_over_the_page(here: Path, designer_command: Command) -> None:
    """The page is made again with the overlays that `design` put on it; the command that makes the study is one of the shell."""
    Path("ear.frd").write_text("1000 3\n2000 4\n", encoding="utf-8")
    folder = Path("the lid's")
    assert designer_command("design", "tiny.toml", "-o", str(folder), "--overlay", "ear.frd").code == errors.EXIT_DONE
    before = (folder / "report.html").read_text(encoding="utf-8")
    command = re.search(r"Gain against taps, sections and word length: <code>(.*?)</code>", before)
    assert command is not None and shlex.split(unescape(command[1])) == ["designer", "study", str(folder)]
    assert designer_command("study", str(folder)).code == errors.EXIT_DONE
    after = (folder / "report.html").read_text(encoding="utf-8")
    assert before != after
    for text in (before, after):
        match = BLOCK.search(text)
        assert match is not None
        assert json.loads(match[1])["overlays"] == [{"name": "ear.frd", "text": "1000 3\n2000 4\n"}]


def test_a_point_of_the_study_is_a_design_of_its_own(here: Path) -> None:
    """Sixteen bits, plainly rounded: each ear pair's gain at each frequency of the band by loops over the design's own taps, which
    are words of sixteen bits.
    """
    made = job.studied(designer.design(designer.loads(toml(problem()))))
    point = next(p for p in made.study["left"].curves if (p.axis, p.value, p.way) == ("bits", 16, "plain rounding"))
    gains_db = []
    low_hz, high_hz = made.channels["left"].table.band_hz
    for f, hz in enumerate(made.fine_scene.frequency_hz.tolist()):
        if low_hz <= hz <= high_hz:
            turn = cmath.exp(-2j * cmath.pi * hz / made.problem.sample_rate_hz)
            w = [sum(tap * turn**n for n, tap in enumerate(taps)) for taps in made.taps["left"].tolist()]
            p = [abs(sum(complex(h) * v for h, v in zip(ear, w, strict=True))) for ear in made.fine_scene.ears()[f]]
            gains_db.append(20 * math.log10(p[0] / p[1]))
    assert point.gains.median_db == pytest.approx(float(np.median(gains_db)), abs=0.05)
    assert point.gains.worst_db == pytest.approx(min(gains_db), abs=0.05)


def test_quick_stops_after_the_tables(here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal tables, no page, no figures, neither zone nor study computed; what makes it again is recorded, and it opens."""
    assert designer_command("design", "tiny.toml", "-o", "whole").code == errors.EXIT_DONE
    for name in ("zones", "left_out_directions"):
        monkeypatch.setattr(result, name, lambda *_, **__: pytest.fail("computed"))
    for option in (("--overlay", "tiny.toml"), ("--figures", "all")):
        refused = designer_command("design", "tiny.toml", "-o", "quick", "--quick", *option)
        assert refused.code == errors.EXIT_USAGE and f"got {option[0]}" in refused.err and not Path("quick").exists()
    ended = designer_command("design", "tiny.toml", "-o", "quick", "--quick")
    assert ended.code == errors.EXIT_DONE
    assert "wrote quick (tables alone)" in ended.out
    names = {path.name for path in Path("quick").iterdir()}
    assert names == {path.name for path in Path("whole").iterdir()} - {"figures", "report.html"}
    for name in names - {"summary.json", "designer-manifest.json"}:
        assert (Path("quick") / name).read_bytes() == (Path("whole") / name).read_bytes()
    facts = summary_of(Path("quick"))
    assert facts["command"] == "designer design --quick tiny.toml -o quick"
    assert facts["realization"]["study"] == {}
    assert facts["sentence"] == summary_of(Path("whole"))["sentence"]
    opened = designer.open("quick")
    np.testing.assert_array_equal(opened.taps["left"], designer.open("whole").taps["left"])
    assert designer_command("study", "quick").code == errors.EXIT_DONE
    assert not (Path("quick") / "report.html").exists()
    assert designer.open("quick").study["left"].curves


def test_what_was_not_fitted_cannot_be_studied(here: Path, designer_command: Command) -> None:
    """Imported coefficients: usage, with the remedy; a folder that is none: data."""
    designer_command("design", "tiny.toml", "-o", "out", "--quick")
    designer_command("import-coefficients", "out/coefficients.csv", "--problem", "tiny.toml", "-o", "read")
    ended = designer_command("study", "read")
    assert ended.code == errors.EXIT_USAGE
    assert "got imported filters; expected a design" in ended.err
    assert designer_command("study", "nowhere").code == errors.EXIT_BAD_INPUT


def test_an_edited_summary_is_not_replaced(here: Path, designer_command: Command) -> None:
    """A page of the user's own words stays until --force."""
    designer_command("design", "tiny.toml", "-o", "out")
    page = Path("out/report.html")
    page.write_text(page.read_text(encoding="utf-8") + "<!-- mine -->", encoding="utf-8")
    ended = designer_command("study", "out")
    assert ended.code == errors.EXIT_USAGE
    assert "edited since it was written: report.html" in ended.err
    assert "<!-- mine -->" in page.read_text(encoding="utf-8")
    assert designer_command("study", "out", "--force").code == errors.EXIT_DONE
