"""Both pages in a real browser, without a network: what its console says, what has a size, what the switches do, what is legible."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import programs
import pytest
from comparison.two_designs import made
from toml_text import pair, toml

import designer
from designer.comparison.entry import shared_channels
from designer.search.compare import Comparison

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]
SCREENS = [(1280, "light"), (390, "dark")]
"""Contrast is the scheme's and what hangs over is the width's, so that each is met once."""
A4_PX = (680, 1009)
"""What 15 mm of margin leave of A4, at 96 to the inch."""
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}
FIGURES = "els => els.map(e => e.getBoundingClientRect()).map(b => [b.width, b.height])"
ALTERNATIVES = "els => els.map(e => document.getElementById(e.getAttribute('aria-labelledby')).textContent)"
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
CUT_OFF = """() => [...document.querySelectorAll("table, figure svg, pre")].filter(
    e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent.slice(0, 60))"""
LEAST_CONTRAST = """() => {
  const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const luminance = c => parts(c).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (c !== "rgba(0, 0, 0, 0)") return c; } return "rgb(255, 255, 255)"; };
  let least = [99, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement, words = texts.currentNode.textContent.trim();
    if (!words || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const [low, high] = [luminance(e.closest("svg") ? style.fill : style.color), luminance(ground(e))].sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < least[0]) least = [(high + 0.05) / (low + 0.05), words];
  }
  return least;
}"""
Open = Callable[[Path, int, Any], AbstractContextManager["Page"]]


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    """Opens a page at a width and in a scheme, off the network; it may ask for no other file and say nothing on its console."""
    api = programs.need_module("playwright.sync_api", "playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None) or programs.need("chromium", "chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)

        @contextmanager
        def open_page(file: Path, width: int, scheme: Any) -> Iterator[Page]:
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
            output: list[str] = []
            required: list[str] = []
            page = context.new_page()
            page.on("console", lambda message: output.append(message.text))
            page.on("pageerror", lambda error: output.append(str(error)))
            page.on("request", lambda request: required.append(request.url))
            page.goto(file.as_uri())
            yield page
            assert output == []
            assert required == [file.as_uri()]
            context.close()

        yield open_page
        browser.close()


def is_legible(page: Page, scheme: str, figures: int) -> None:
    """Every figure has a size and says its message with a number; nothing hangs over the side; text is at 4.5 to 1 (WCAG 2.2, AA)."""
    visible = page.locator("figure svg:visible")
    sizes = visible.evaluate_all(FIGURES)
    assert len(sizes) == figures
    assert all(width > 300 and height > 100 for width, height in sizes)
    message = page.locator("figure svg").evaluate_all(ALTERNATIVES)
    assert all(any(sign.isdigit() for sign in words) for words in message)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[scheme]
    ratio, words = page.evaluate(LEAST_CONTRAST)
    assert ratio >= 4.5, words


def prints(page: Page) -> None:
    """On A4 nothing is cut off at the right, and no figure is taller than a sheet, so that none is cut in two."""
    page.set_viewport_size({"width": A4_PX[0], "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate(CUT_OFF) == []
    assert all(height < A4_PX[1] for _, height in page.locator("figure:visible").evaluate_all(FIGURES))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER["light"]


def test_the_design_page(opened: Open, tmp_path: Path) -> None:
    """At both widths and in both schemes; the switch shows the polar plots of one reference at a time, paper both; numbers are found."""
    tables = pair() | {"title": "<script>alert(1)</script>"}
    tables["designs"] = [
        {"name": "beam", "kind": "beamformer", "look_deg": 0.0, "window_deg": [-30.0, 30.0], "nulls_deg": [180.0],
         "band_hz": [500.0, 2000.0]}
    ]  # fmt: skip
    design = designer.design(designer.loads(toml(tables)))
    folder = design.save(tmp_path / "beam")
    drawn = len(list((folder / "figures").iterdir()))
    numbers = [f"{value:.1f}" for value in list(design.scalars["beam"].values.values())[:3]]
    for width, scheme in SCREENS:
        with opened(folder / "report.html", width, scheme) as page:
            is_legible(page, scheme, drawn - 1)
            assert page.locator("h1").inner_text() == "<script>alert(1)</script>"
            assert all(page.evaluate("text => find(text)", number) for number in [*numbers, "Effort in dB"])
            assert page.locator("figure.on-axis").is_visible() and page.locator("figure.window").is_hidden()
            page.get_by_role("radio", name="listening window").check()
            assert page.locator("figure.on-axis").is_hidden() and page.locator("figure.window").is_visible()
            page.get_by_role("radio", name="on-axis").check()
            assert page.locator("figure.on-axis").is_visible() and page.locator("figure.window").is_hidden()
            if scheme == "dark":
                prints(page)
                assert page.locator("figure.on-axis").is_visible() and page.locator("figure.window").is_visible()


def test_the_comparison_page(opened: Open, tmp_path: Path) -> None:
    """At both widths and in both schemes; a switch hides one design's curves and no other's, and shows them again."""
    entries = [made("first"), made("other", cancellation_gain_db=[[500, 9]])]
    comparison = Comparison(tuple(entries), tuple(shared_channels(entries)[0]), {}).draw()
    file = comparison.save(tmp_path / "side") / "comparison.html"
    numbers = [f"{entry.result.scalars['left'].values['mean_cancellation_gain_db']:.1f}" for entry in entries]
    for width, scheme in SCREENS:
        with opened(file, width, scheme) as page:
            is_legible(page, scheme, len(comparison.pictures))
            assert all(page.evaluate("text => find(text)", number) for number in [*numbers, "Effort in dB"])
            curves = [page.locator(f".design-{n} path:visible") for n in (0, 1)]
            before = [curve.count() for curve in curves]
            assert min(before) > 0
            page.get_by_role("checkbox", name="other").uncheck()
            assert [curve.count() for curve in curves] == [before[0], 0]
            page.get_by_role("checkbox", name="other").check()
            assert [curve.count() for curve in curves] == before
            if scheme == "dark":
                prints(page)
