"""Fixtures of many tests of the report: made once, and not to be changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from empty_figures import ANALYSES, FIGURES, put

import designer
from designer.report.figures import Picture

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="module", autouse=True)
def with_figures(drawn: None) -> None:
    """Saved designs have their figures here, because these tests look at them."""


@pytest.fixture(scope="module")
def no_files() -> Iterator[None]:
    """Figures as files are empty, for tests of pages, which draw their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Picture, "file", lambda _: b"")
        yield


@pytest.fixture(scope="session")
def smart_speaker() -> designer.Design:
    """Three drivers on a sphere, with the left ear's channel and a beam of a window and a mask."""
    text = (PROBLEMS / "smart-speaker.toml").read_text(encoding="utf-8")
    head, left, _, centre = text.split("[[designs]]\n")
    return designer.design(designer.loads("[[designs]]\n".join([head, left, centre]), source="smart-speaker.toml"))


@pytest.fixture(scope="session")
def speaker_folder(smart_speaker: designer.Design, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder, with all that its page shows; figures as files are empty, because the page draws its own."""
    with pytest.MonkeyPatch.context() as patch:
        put(patch, ANALYSES | FIGURES)
        patch.setattr(Picture, "file", lambda _: b"")
        return smart_speaker.save(tmp_path_factory.mktemp("report") / "smart-speaker")
