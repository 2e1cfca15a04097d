"""Other content that a design folder may hold: no file alone of another command, and exports until the next design."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import Command
from toml_text import pair, toml

import designer
from designer import errors
from writing.killed import contents


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A problem and its design."""
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        Path("p.toml").write_text(toml(pair()), encoding="utf-8")
        designer.design(designer.load("p.toml")).save("out")
    return place


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a problem and its design."""
    monkeypatch.chdir(shutil.copytree(made, tmp_path / "here"))
    return tmp_path / "here"


@pytest.mark.parametrize(
    "command",
    [
        ("new", "out/n.toml", "--shape", "pair"),
        ("render", "out", "in.wav", "-o", "out/feeds.wav", "--bypass"),
        ("render", "out", "in.wav", "-o", "out/filters.wav", "--bypass", "--force"),
        ("export", "out", "--target", "hex", "-o", "new/../out/figures/hex"),
        ("convert", "flat.frd", "-o", "out/figures/flat.sofa"),
    ],
    ids=" ".join,
)
def test_a_file_alone_is_not_put_into_a_design_folder(
    command: tuple[str, ...], here: Path, designer_command: Command
) -> None:
    """It would stop the design from being replaced; the message names the folder, and what was there is as it was."""
    (here / "flat.frd").write_text("".join(f"{f} 90.0 0.0\n" for f in range(20, 8001, 60)), encoding="utf-8")
    soundfile.write(here / "in.wav", np.zeros((100, 2)), 16000)
    before = contents(here)
    ended = designer_command(*command)
    assert ended.code == errors.EXIT_USAGE
    assert ": lies in out, a design folder, which could not be replaced any more; choose another place" in ended.err
    assert contents(here) == before


def test_a_design_gives_the_notes_of_its_exports(here: Path, designer_command: Command) -> None:
    """Notes of `designer export` on a target stand in the output of the design that writes it, after the target's name."""
    (here / "named.toml").write_text(toml(pair() | {"export": {"targets": ["camilladsp"]}}), encoding="utf-8")
    note = "the devices in camilladsp.yml are a stub: set them to yours"
    assert f"note: {note}" in designer_command("export", "out", "--target", "camilladsp").err
    assert f"note: camilladsp: {note}" in designer_command("design", "named.toml", "-o", "out").err


def test_exports_that_a_new_design_removes_are_named(here: Path, designer_command: Command) -> None:
    """One that [export] does not name goes with its design, and a note says so; one that it names is made again without a word."""
    note = "note: out/export: the exports cmsis-f32 of the earlier design are removed; make them again with designer export out"
    named = pair() | {"export": {"targets": ["cmsis-f32"]}}
    (here / "named.toml").write_text(toml(named), encoding="utf-8")
    ended = designer_command("design", "named.toml", "-o", "out")
    assert ended.code == errors.EXIT_DONE and "the design before" not in ended.err
    shutil.copy(here / "out/coefficients.csv", here / "taps.csv")
    for command in (
        ("import-coefficients", "taps.csv", "--problem", "p.toml"),
        ("design", "p.toml"),
    ):
        assert designer_command("export", "out", "--target", "cmsis-f32").code == errors.EXIT_DONE
        ended = designer_command(*command, "-o", "out")
        assert ended.code == errors.EXIT_DONE and note in ended.err
        assert not (here / "out/export").exists()


def test_a_quick_design_names_all_that_it_removes(here: Path, designer_command: Command) -> None:
    """Page, figures and study go with the design before; the note names each part that was in the folder and is not, and its command."""
    assert designer_command("study", "out").code == errors.EXIT_DONE
    before = {path.relative_to(here / "out").parts[0] for path in (here / "out").rglob("*")}
    ended = designer_command("design", "p.toml", "-o", "out", "--quick")
    assert ended.code == errors.EXIT_DONE
    removed = before - {path.relative_to(here / "out").parts[0] for path in (here / "out").rglob("*")}
    assert removed == {"report.html", "figures"}
    assert (
        "note: out: report.html, figures/, study of the earlier design are removed; make again with designer design PROBLEM.toml"
        " -o out; designer figures out; designer study out" in ended.err
    )
    again = designer_command("design", "p.toml", "-o", "out", "--quick")
    assert "removed" not in again.err
