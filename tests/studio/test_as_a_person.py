"""The whole studio as a person uses it: the command, its engine, its page in a browser, and the files that it leaves.

Each step is judged by what the page shows and by what lies on disk; what they ought to be is worked out from the file by `designer.design`.
It costs seconds, because it is the whole tool: three processes that design, and a browser.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

import designer

pytest.importorskip("uvicorn", reason="the studio's extra is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

WAIT_MS = 30_000
"""How long a design may take on a machine that is busy."""
EFFORT = "designs[0].max_effort_db"
TEXT = """# A ball for a desk.
title = "Ball"
sample_rate_hz = 24000

[enclosure]
model = "sphere"
radius_m = 0.0875

[[drivers]]
name = "left"  # the listener's
position_m = [0.0, -0.0875, 0.0]

[[drivers]]
name = "front"
position_m = [0.0875, 0.0, 0.0]

[[drivers]]
name = "right"
position_m = [0.0, 0.0875, 0.0]

[listener]
position_m = [2.0, 0.0, 0.0]

[grid]
frequencies = 33
azimuth_step_deg = 15.0

[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
band_hz = [500.0, 6000.0]
cancellation_gain_db = [[500, 4], [2000, 10], [6000, 8]]
max_effort_db = 13.0  # what the amplifier takes

[[designs]]
name = "right"
kind = "null-steering"
ear = "right"
band_hz = [500.0, 6000.0]
cancellation_gain_db = [[500, 4], [2000, 10], [6000, 8]]
max_effort_db = 13.0

[realization]
taps = 64

[tolerance]
draws = 20
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "ball.toml"
    file.write_text(TEXT, encoding="utf-8")
    return file


@pytest.fixture
def address(file: Path) -> Iterator[str]:
    """The address that the command prints; it ends when it is told to."""
    command = [sys.executable, "-m", "designer.cli", "studio", str(file), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", process.stdout.readline())
        assert address
        yield address[0]
        process.terminate()
        assert "Traceback" not in process.stdout.read()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The page of the first start, which says nothing on its console."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    output: list[str] = []
    page.on("console", lambda message: output.append(message.text))
    page.on("pageerror", lambda error: output.append(error.stack or str(error)))
    page.goto(address)
    yield page
    context.close()
    assert output == []


def sentence_of(text: str, folder: Path) -> tuple[designer.Design, str]:
    """A problem's design, and the verdict on its channel left."""
    design = designer.design(designer.loads(text, folder=folder))
    return design, design.sentence("left")


FOLLOWED = """() => {
  const input = document.querySelector('#form [aria-label="designs[0].cancellation_gain_db 2, gain_db"]');
  return input && Number(input.value) > 12;
}"""
"""During a drag the form shows the second point of the curve at the place of the hand."""


def slider(page: Page) -> Locator:
    return page.locator(f'.c-slider[data-key="{EFFORT}"]')


def write(field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")


def shows(page: Page, sentence: str) -> None:
    """The verdict is this sentence, as soon as the design is judged."""
    page.wait_for_function(
        "words => document.querySelector('#words').textContent.replaceAll('\\u00a0', ' ').includes(words)", arg=sentence
    )


def test_a_problem_is_shaped_heard_saved_and_exported(judged: None, page: Page, file: Path) -> None:
    """Drag, undo, a faulty number, A against B, listening, saving, exporting."""
    words = page.locator("#words")
    page.locator(".c-tour").get_by_role("button", name="Skip").click()
    _, first = sentence_of(TEXT, file.parent)
    shows(page, first)

    for group in ("designs", "designs[0]"):
        page.locator(f'#form details[data-key="{group}"] > summary').click()

    # drag: a point of the curve up to where it cannot be met; the figures follow the hand, the file does not
    page.wait_for_function("() => document.querySelector('.c-stage').textContent === ''")
    handle = page.locator('[data-handle="curve:0:1"] .dot')
    handle.hover()  # as soon as it stands still
    page.mouse.down()
    point = handle.bounding_box()
    assert point is not None
    x, y = point["x"] + point["width"] / 2, point["y"] + point["height"] / 2
    page.mouse.move(x, y - 70, steps=4)
    page.get_by_text("Dashed: ideal weights").wait_for()
    page.wait_for_function(FOLLOWED)  # the row of the form too
    assert page.locator(".c-dirty").inner_text() == "saved"
    page.mouse.up()
    page.locator(".c-dirty.on").wait_for()
    page.locator("#tools").get_by_text("File").click()
    text = page.locator("#text textarea").input_value()
    changed = [(a, b) for a, b in zip(TEXT.splitlines(), text.splitlines(), strict=True) if a != b]
    assert len(changed) == 2 and all(line.startswith("cancellation_gain_db = [[500, 4], [2") for _, line in changed)
    shows(page, sentence_of(text, file.parent)[1])
    page.locator("#tools").get_by_text("File").click()
    assert file.read_text(encoding="utf-8") == TEXT

    # undo: all as it was
    page.keyboard.press("Control+z")
    shows(page, first)
    assert page.locator(".c-dirty").inner_text() == "saved"

    # a faulty number: told beside its key, and not saved over the good file
    page.locator("#tools").get_by_text("Snapshots").click()
    page.locator('.c-slot[data-name="A"]').get_by_role("button", name="Take").click()
    write(slider(page).locator(".c-number"), "12a")
    slider(page).get_by_text('got "12a"; expected a number').wait_for()
    page.keyboard.press("Control+s")
    page.locator(".c-notice.question").wait_for()
    assert file.read_text(encoding="utf-8") == TEXT
    page.keyboard.press("Escape")

    # A against B: what differs, and both in the figures
    write(slider(page).locator(".c-number"), "11.25")
    page.locator('.c-slot[data-name="B"]').get_by_role("button", name="Take").click()
    better = TEXT.replace("max_effort_db = 13.0", "max_effort_db = 11.25")
    design, second = sentence_of(better, file.parent)
    shows(page, second)
    page.locator('.c-slot[data-name="A"]').get_by_role("button", name="Lay over").click()
    page.locator("#panels .chip").get_by_text(re.compile("^A")).first.wait_for()
    rows = [line.split("\t") for line in page.locator(".c-differences").inner_text().splitlines() if line.strip()]
    assert rows == [
        ["Key", "current", "A", "B"],
        ["designs[left].max_effort_db", "11.25", "13", "11.25"],
        ["designs[right].max_effort_db", "11.25", "13", "11.25"],
    ]

    # listen: all states in step, switched by a key
    sounds: dict[str, Any] = {}
    page.on("response", lambda answer: sounds.update({answer.url: answer}) if "/sounds/" in answer.url else None)
    page.locator("#tools").get_by_text("Listen").click()
    page.get_by_role("button", name="Make the sounds").click()
    page.locator(".c-sound").first.wait_for()
    names = [button.get_attribute("data-name") for button in page.locator(".c-sound").all()]
    assert names == ["current", "A", "B", "plain", "bypass"]
    page.keyboard.press("2")
    assert page.locator('.c-sound[aria-checked="true"]').get_attribute("data-name") == "A"
    before = page.locator(".c-clock").inner_text()
    page.wait_for_function("before => document.querySelector('.c-clock').textContent !== before", arg=before)
    heard = [soundfile.read(io.BytesIO(answer.body())) for answer in sounds.values()]
    assert len(heard) == 5 and len({(values.shape, rate) for values, rate in heard}) == 1
    assert all(np.abs(values).max() > 0.01 for values, _ in heard)
    begin, end = page.locator(".c-end").all()
    end.press("Home")
    assert float(end.get_attribute("aria-valuenow") or 0) == pytest.approx(0.2)
    assert float(begin.get_attribute("aria-valuenow") or 1) == 0.0
    page.wait_for_function("() => parseFloat(document.querySelector('.c-clock').textContent) <= 0.2")
    page.keyboard.press("p")

    # save: the file is the text that was shown, comments and all
    page.keyboard.press("Control+s")
    page.locator(".c-notice.done").wait_for()
    assert file.read_text(encoding="utf-8") == better
    assert page.locator(".c-dirty").inner_text() == "saved"

    # export: the filters of a design made from that file alone
    page.locator("#tools").get_by_text("Hand over").click()
    page.get_by_label("Target", exact=True).select_option("npz")
    page.get_by_role("button", name="Export", exact=True).click()
    page.locator(".c-results .done").wait_for()
    with np.load(file.parent / "out" / "ball-npz" / "filters.npz") as arrays:
        places = zip(arrays["channel"], arrays["driver"], strict=True)
        exported = {
            (str(channel), str(driver)): taps for (channel, driver), taps in zip(places, arrays["taps"], strict=True)
        }
    assert set(exported) == {
        (channel, driver) for channel in ("left", "right") for driver in ("left", "front", "right")
    }
    for channel, expected in design.taps.items():
        for driver, taps in zip(design.problem.driver_names, expected, strict=True):
            np.testing.assert_allclose(exported[channel, driver], taps, rtol=0, atol=1e-12)
    assert "npz" in page.locator(".c-results .done").inner_text()
    assert second in words.inner_text().replace("\u00a0", " ")

    # again over a file that was edited there: asked first
    manifest = file.parent / "out" / "ball-npz" / "export.json"
    (edited := manifest.with_name("filters.npz")).write_bytes(b"mine")
    page.get_by_role("button", name="Export", exact=True).click()
    page.locator(".c-results .question").wait_for()
    assert edited.read_bytes() == b"mine"
    page.get_by_role("button", name="Write all the same").click()
    page.locator(".c-results .question").wait_for(state="detached")
    page.locator(".c-results .done").nth(1).wait_for()
    assert np.load(edited)["taps"].shape == (6, 64)
