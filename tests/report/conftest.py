"""What many tests of the report look at: made once, and not to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

import designer

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="module", autouse=True)
def with_figures(drawn: None) -> None:
    """What is saved has its figures: they are what is looked at here."""


@pytest.fixture(scope="session")
def smart_speaker() -> designer.Design:
    """Three drivers on a sphere, with ear channels and a beam of a window and a mask."""
    return designer.design(designer.load(PROBLEMS / "smart-speaker.toml"))
