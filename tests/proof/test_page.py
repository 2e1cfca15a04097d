"""The page of a proof in a browser."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile
from stereo.small_designs import design_of

import designer
from designer.export.of_design import filter_set
from designer.proof.stimulus import stimulus_of
from proof.plants import Plant, played, recorded

if TYPE_CHECKING:
    from playwright.sync_api import Browser


DRAWN_WIDE = """() => [...document.querySelectorAll("figure .plot")].every(
  plot => plot.querySelector(".main-svg")?.clientWidth === plot.clientWidth)"""
"""Whether all figures are drawn at the width that they have."""


def noted(errors: list[str], error: object) -> None:
    errors.append(str(error))


def test_the_page_draws_its_figures(drawn: None, chromium: Browser, tmp_path: Path) -> None:
    """In Chromium, wide and at 420 pixels: no error, four figures drawn, no sideways scrolling, the driver's name in the verdict."""
    design = design_of("left", "right")
    filters = filter_set(design)
    feeds = played(filters, stimulus_of(filters).samples, Plant(turned=("l",)))
    soundfile.write(tmp_path / "feeds.wav", recorded(feeds), 16_000, subtype="FLOAT")
    designer.proof(design, "c", tmp_path / "proof", recorded=tmp_path / "feeds.wav")
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    page.on("pageerror", partial(noted, errors))
    page.goto((tmp_path / "proof" / "proof.html").as_uri())
    page.wait_for_selector("html.ready", state="attached")
    names = page.eval_on_selector_all("figure", "all => all.map(one => one.dataset.figure)")
    assert names == ["gain", "residuals", "responses", "errors"]
    for width in (1280, 420):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(DRAWN_WIDE)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []
    assert "plays its taps in reverse order" in page.inner_text(".verdict.short >> nth=0")
    page.close()
