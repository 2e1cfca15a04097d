"""Fixtures of many tests of the report: made once, and not to be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

import designer

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="module", autouse=True)
def with_figures(drawn: None) -> None:
    """Saved designs have their figures here, because these tests look at them."""


@pytest.fixture(scope="session")
def smart_speaker() -> designer.Design:
    """Three drivers on a sphere, with the left ear's channel and a beam of a window and a mask."""
    text = (PROBLEMS / "smart-speaker.toml").read_text(encoding="utf-8")
    head, left, _, centre = text.split("[[designs]]\n")
    return designer.design(designer.loads("[[designs]]\n".join([head, left, centre]), source="smart-speaker.toml"))
