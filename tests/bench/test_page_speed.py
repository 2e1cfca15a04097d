"""The design page in Chromium: when its first figure stands, how long scrolling through it takes, and its longest task."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import designer
from designer.problem.library import library

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PIXELS_A_STEP = 400
STEP_S = 0.05
WATCH = """
  window.longest = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { longest = Math.max(longest, entry.duration); }))
    .observe({ type: "longtask", buffered: true });
  const look = () => { if (!window.first && document.querySelector("figure .scatterlayer path")) window.first = performance.now(); };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
"""
ALL_DRAWN = "() => [...document.querySelectorAll('figure .plot')].every(e => !e.checkVisibility() || e.querySelector('.main-svg'))"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = designer.design(designer.load(library()["smart-speaker"][0])).save(tmp_path_factory.mktemp("page") / "out")
    return folder / "report.html"


def test_the_page_answers_while_it_draws(file: Path, chromium: Browser) -> None:
    """First figure within 1 s of opening, all within 4 s of scrolling through, no task over 200 ms: the best of five openings each."""
    runs = []
    for _ in range(5):
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(WATCH)
        page.goto(file.as_uri())
        page.wait_for_function("window.first")
        height, begin = page.evaluate("document.documentElement.scrollHeight"), time.perf_counter()
        for _ in range(0, height, PIXELS_A_STEP):
            page.mouse.wheel(0, PIXELS_A_STEP)
            time.sleep(STEP_S)
        page.wait_for_function(ALL_DRAWN)
        runs.append((page.evaluate("first") / 1000, time.perf_counter() - begin, page.evaluate("longest") / 1000))
        page.close()
    first_s, all_s, longest_s = (min(column) for column in zip(*runs, strict=True))
    print(f"first figure {first_s:.2f} s, all figures {all_s:.2f} s, longest task {longest_s * 1000:.0f} ms")
    assert first_s < 1 and all_s < 4 and longest_s < 0.2
