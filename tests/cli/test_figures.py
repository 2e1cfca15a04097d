"""`designer figures`: which files it writes where, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import Command
from toml_text import pair, toml

import designer
from designer import errors
from designer.report import figures
from designer.report.figures import pictures
from designer.writing import read_manifest, survey

CORE = {"layout.svg", "left-gain.svg", "left-response.svg", "left-polar.svg"}


@pytest.fixture(scope="module")
def design() -> designer.Design:
    return designer.design(designer.loads(toml(pair())))


@pytest.fixture
def out(design: designer.Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A design folder, the working folder's `out`."""
    monkeypatch.chdir(tmp_path)
    return design.save(Path("out"))


def drawn(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_which_figures_a_design_has(design: designer.Design, tmp_path: Path) -> None:
    """The core, all, or none, and then no folder for them."""
    assert drawn(design.save(tmp_path / "core") / "figures") == CORE
    assert drawn(design.save(tmp_path / "all", figures="all") / "figures") == {
        f"{name}.svg" for name in pictures(design)
    }
    assert not (design.save(tmp_path / "none", figures="none") / "figures").exists()


def test_figures_join_those_of_the_folder(
    out: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In `figures/`, as files that the folder knows for its own; another format stands beside the first."""
    monkeypatch.setattr(figures, "pictures", pictures)
    ended = designer_command("figures", "out", "--only", "map, layout", "--format", "png", "--dpi", "50")
    assert (ended.code, ended.out) == (0, "wrote out/figures/layout.png\nwrote out/figures/left-map.png\n")
    assert drawn(out / "figures") == CORE | {"layout.png", "left-map.png"}
    assert (out / "figures/left-map.png").read_bytes()[:4] == b"\x89PNG"
    content = survey(out, read_manifest(out))
    assert not content.foreign and not content.edited
    assert designer.open(out).status == 0


def test_a_folder_of_ones_own(out: Path, designer_command: Command) -> None:
    """With -o they go there and nowhere else; files of others stay."""
    Path("print").mkdir()
    (Path("print") / "mine.txt").write_text("mine")
    assert designer_command("figures", "out", "-o", "print").code == 0
    assert drawn(Path("print")) == {f"{name}.svg" for name in pictures(designer.open(out))} | {
        "mine.txt",
        "designer-manifest.json",
    }
    assert drawn(out / "figures") == CORE


def test_the_working_folder_stays_as_it_is(out: Path, designer_command: Command) -> None:
    """Neither figures nor the manifest that would name them are laid among a user's files, as other commands do not either."""
    before = {*Path().rglob("*")}
    for place in (".", ".."):
        ended = designer_command("figures", "out", "-o", place)
        assert ended.code == errors.EXIT_USAGE
        assert ended.err == (f"error: {place}: the command runs in this folder or below it; choose another with -o\n")
    assert {*Path().rglob("*")} == before


def test_what_is_refused(out: Path, designer_command: Command) -> None:
    """A kind that there is not names those that there are; an edited figure is replaced by --force alone."""
    ended = designer_command("figures", "out", "--only", "gain,rom")
    assert ended.code == errors.EXIT_USAGE
    assert ended.err.startswith(
        "error: figures: got rom; expected kinds that this design has: layout, gain, response, map, polar"
    )
    for empty in ("", " ,,"):
        ended = designer_command("figures", "out", "--only", empty, "-o", "print")
        assert ended.code == errors.EXIT_USAGE
        assert ended.err.startswith(
            "error: figures: got no kind; expected kinds that this design has: layout, gain, response, map, polar"
        )
    assert not Path("print").exists()
    (out / "figures/left-gain.svg").write_text("mine")
    refused = designer_command("figures", "out", "--only", "gain")
    assert refused.code == errors.EXIT_USAGE and "--force replaces it" in refused.err
    assert (out / "figures/left-gain.svg").read_text() == "mine"
    assert designer_command("figures", "out", "--only", "gain", "--force").code == 0
    assert designer_command("figures", "elsewhere").code == errors.EXIT_BAD_INPUT


def test_help_names_every_kind(designer_command: Command) -> None:
    """The list of kinds is made from the registry."""
    text = designer_command("figures", "--help").out
    for of in ("problem", "channel", "head", "upmix"):
        assert all(f"  {figure.kind} " in text for figure in figures.declared_of(of))
