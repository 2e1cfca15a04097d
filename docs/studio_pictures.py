"""Pictures of the studio, taken of the command itself in Chromium.

`python docs/studio_pictures.py` writes them into `docs/tutorials/studio` again. No test compares them: a font or a browser moves pixels.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).parents[1]
PICTURES = Path(__file__).parent / "tutorials" / "studio"
NAMES = ("chromium", "chromium-browser", "google-chrome")
WAIT_MS = 120_000
"""How long a picture may take on a machine that is busy."""
SEEN = "localStorage.setItem('studio.tour', 'seen')"


@contextmanager
def opened(browser: Browser, file: Path, *, watch: str = SEEN, **context: Any) -> Iterator[tuple[Page, int]]:
    """The page of a studio of its own as soon as its first figure stands, and the number of the studio's process.

    Parameters
    ----------
    watch : str, a script that runs before the page's
    context : of the browser's context, as `viewport` and `color_scheme`

    """
    command = [sys.executable, "-m", "designer.cli", "studio", file.name, "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=file.parent)
    assert process.stdout is not None
    try:
        address = next(match[0] for line in process.stdout if (match := re.search(r"http://\S+", line)))
        shown = browser.new_context(**context)
        shown.add_init_script(watch)
        page = shown.new_page()
        page.goto(address)
        page.locator(".chart .scatterlayer path").first.wait_for(timeout=WAIT_MS)
        yield page, process.pid
        shown.close()
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()


def settled(page: Page) -> None:
    """Wait until nothing moves and the figures are those of the document as it stands."""
    page.locator("#verdict:not(.stale) #words:not(.moving)").wait_for(timeout=WAIT_MS)
    page.locator("html:not(.drawing)").wait_for(timeout=WAIT_MS)


def middle(place: Locator) -> tuple[float, float]:
    """The middle of an element in pixels of the window."""
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def taken(page: Page, handle: str) -> tuple[float, float]:
    """Take hold of a handle; where it is."""
    place = middle(page.locator(f'[data-handle="{handle}"] .dot'))
    page.mouse.move(*place)
    page.mouse.down()
    return place


def _pointed(page: Page, figure: str, across: float, up: float) -> None:
    box = page.locator(f"figure.{figure} .area").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * (1 - up))


def _tool(page: Page, name: str) -> None:
    page.locator("#tools button", has_text=name).click()
    page.wait_for_timeout(300)
    settled(page)


def _cut(page: Page, *parts: str) -> bytes:
    """Picture of the smallest part of the window that holds some elements, each the first that a selector finds."""
    boxes = [box for part in parts if (box := page.locator(part).first.bounding_box())]
    x, y = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right, low = max(box["x"] + box["width"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    return page.screenshot(clip={"x": x, "y": y, "width": right - x, "height": low - y})


def pictures(browser: Browser, file: Path) -> Mapping[str, bytes]:
    """Name of each picture -> its PNG, in the order of the lesson's steps."""
    window: Any = {"viewport": {"width": 1440, "height": 900}}
    files: dict[str, bytes] = {}
    with opened(browser, file, color_scheme="light", **window) as (page, _):
        settled(page)
        _pointed(page, "gain", 0.62, 0.9)
        page.wait_for_timeout(200)
        files["open"] = page.screenshot()
        page.mouse.move(5, 895)
        page.locator("#snapshots button", has_text="Take").first.evaluate("button => button.click()")
        x, y = taken(page, "curve:0:2")
        for n in range(1, 11):
            page.mouse.move(x - 2 * n, y - 3 * n)
        page.locator("#words.moving").wait_for(timeout=WAIT_MS)
        page.wait_for_timeout(2000)
        files["drag"] = _cut(page, "#words", "figure.gain", "figure.map")
        page.mouse.up()
        settled(page)
        _tool(page, "Snapshots")
        page.locator("#snapshots button", has_text="Lay over").first.click()
        page.locator("figure.gain .chip", has_text=re.compile("^A")).first.wait_for(timeout=WAIT_MS)
        settled(page)
        files["snapshots"] = page.screenshot()
        effort = page.locator('.c-slider[data-key="designs[0].max_effort_db"] .c-number')
        effort.fill("9")
        effort.press("Enter")
        page.wait_for_timeout(500)
        settled(page)
        files["too-much"] = _cut(page, "#words", "figure.gain", "figure.effort", "figure.map")
        page.keyboard.press("Escape")
        page.locator("#bar button").first.click()
        page.wait_for_timeout(500)
        settled(page)
        _tool(page, "Listen")
        page.get_by_role("button", name="Make the sounds").click()
        page.locator(".c-sound").first.wait_for(timeout=WAIT_MS)
        page.wait_for_timeout(500)
        files["listen"] = _cut(page, "#tools", "#drawer")
        _tool(page, "Hand over")
        files["hand-over"] = _cut(page, "#tools", "#drawer")
    with opened(browser, file, color_scheme="dark", **window) as (page, _):
        settled(page)
        page.locator("#channels button").last.click()
        page.locator("#words", has_text="centre:").wait_for(timeout=WAIT_MS)
        settled(page)
        _pointed(page, "map", 0.42, 0.5)
        page.wait_for_timeout(200)
        files["beam"] = page.screenshot()
    return files


def main() -> None:
    """Take all pictures of the smart speaker, of a copy of its file."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, NAMES)))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(shutil.copy(ROOT / "problems" / "smart-speaker.toml", folder))
        shutil.copy(ROOT / "problems" / "problem.schema.json", folder)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for name, content in pictures(browser, file).items():
            (PICTURES / f"{name}.png").write_bytes(content)
        browser.close()


if __name__ == "__main__":
    main()
