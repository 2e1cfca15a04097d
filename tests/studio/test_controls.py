"""The controls of the page in a real browser, on the real server with an engine that is silent: what is set, shown, kept and asked.

One studio and one page for all; each test begins at the same text, without snapshots. What is true is read from the document's text and
from the file on disk, which are not the page's.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from legible import LEAST_CONTRAST

pytest.importorskip("uvicorn", reason="the studio's extra is not installed")

from designer.report import script
from designer.studio import page as studio_page
from studio.serving import Studio, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

TEXT = """# Three in a ball.
title = "Ball <b>&amp;</b>"  # as on the box
sample_rate_hz = 48000

[enclosure]
model = "sphere"
radius_m = 0.0875  # outside

[[drivers]]
name = "left"  # the listener's
position_m = [0.0, -0.0875, 0.0]
max_gain_db = 12.0

[[drivers]]
name = "front"
position_m = [0.0875, 0.0, 0.0]
max_gain_db = 12.0

[[drivers]]
name = "right"
position_m = [0.0, 0.0875, 0.0]
max_gain_db = 12.0

# Who listens.
[listener]
position_m = [2.0, 0.0, 0.0]

[grid]
frequencies = 33

[[designs]]
name = "left"
kind = "null-steering"
drivers = ["left", "front", "right"]
ear = "left"
band_hz = [500.0, 6000.0]
cancellation_gain_db = [[500, 4], [6000, 10]]
max_effort_db = 13.0  # enough

[[designs]]
name = "centre"
kind = "beamformer"
look_deg = 0.0
nulls_deg = [-90.0, 90.0]
band_hz = [250.0, 1200.0]
"""
NUMBERS = count(1)
"""Ids of requests: one that comes again is not done again."""
WAIT_MS = 8_000
SEEN = "try { localStorage.setItem('studio.tour', 'seen'); } catch { }"
NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, [tabindex='0']")].filter(e => {
  const named = document.getElementById(e.getAttribute("aria-labelledby")) ?? e.getAttribute("aria-label");
  return e.checkVisibility() && !named && !e.labels?.length && !e.textContent.match(/\\p{L}/u);
}).map(e => e.outerHTML.slice(0, 120))"""
REFUSED = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
"""What a browser says itself of an upload that is refused."""
EFFORT, TAPS = "designs[0].max_effort_db", "realization.taps"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Its pages have no figures, and need not wait for what draws them."""
    file = tmp_path_factory.mktemp("controls") / "ball.toml"
    file.write_text(TEXT, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, served(file) as studio:
        patch.setattr(script, "library", lambda: "window.Plotly = { register() {} };")
        studio.engine._say = lambda message: None  # type: ignore[method-assign] # it is asked, and silent
        yield studio


@pytest.fixture(scope="module")
def shown(chromium: Browser, studio: Studio) -> Iterator[Page]:
    """The page, which says nothing on its console."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    context.set_default_timeout(WAIT_MS)
    context.add_init_script(SEEN)
    page = context.new_page()
    output: list[str] = []
    page.on("console", lambda message: output.append(message.text))
    page.on("pageerror", lambda error: output.append(error.stack or str(error)))
    page.goto(f"{studio.origin}/?token={studio.token}")
    page.wait_for_selector(".c-slider")
    yield page
    assert [line for line in output if line != REFUSED] == []
    context.close()


@pytest.fixture
def page(shown: Page, studio: Studio) -> Iterator[Page]:
    """The page at the first text."""
    yield shown
    shown.evaluate("document.activeElement.blur()")
    with studio.page() as tab:
        for name in list(studio.session.document.snapshots):
            tab.ask("forget", next(NUMBERS), name=name)
        if studio.session.document.text != TEXT:
            tab.ask("text", next(NUMBERS), text=TEXT)
    if studio.file.read_text(encoding="utf-8") != TEXT:
        studio.file.write_text(TEXT, encoding="utf-8")
    until_true(shown, studio, lambda: not studio.session.document.dirty)
    shown.locator("#form [type=search]").fill("")
    shown.evaluate("document.activeElement.blur()")
    shown.evaluate("() => document.querySelectorAll('.c-away').forEach(button => button.click())")
    told(shown, studio)


def slider(page: Page, key: str) -> Locator:
    return page.locator(f'.c-slider[data-key="{key}"]')


def opened(page: Page, key: str) -> Locator:
    """The group of a table in the form, it and those around it open."""
    group = page.locator(f'#form details[data-key="{key}"]')
    for path in [key[: match.start()] for match in re.finditer(r"[.\[]", key)] + [key]:
        around = page.locator(f'#form details[data-key="{path}"]')
        if around.get_attribute("open") is None:
            around.locator("> summary .c-title").click()
        around.locator("> .c-body > :nth-child(2)").wait_for(state="attached")
    return group


def row(page: Page, key: str) -> Locator:
    """The row of a key in the form, shown."""
    group, place = opened(page, key.rpartition(".")[0]), page.locator(f'#form .c-tree .c-key[data-key="{key}"]')
    if not place.is_visible():
        group.locator("> .c-body > .c-more").click()
    return place


def write(field: Locator, text: str) -> None:
    field.fill(text)
    field.press("Enter")


def lines_changed(studio: Studio) -> dict[str, str]:
    """Lines of the first text that are others now; there are as many."""
    before, after = TEXT.splitlines(), studio.session.document.text.splitlines()
    assert len(before) == len(after)
    return {a: b for a, b in zip(before, after, strict=True) if a != b}


def until(page: Page, expression: str, argument: Any = None) -> None:
    page.wait_for_function(expression, arg=argument)


def until_true(page: Page, studio: Studio, holds: Callable[[], bool]) -> None:
    """Wait for what is no part of the page, and for the page to be told."""
    for _ in range(WAIT_MS // 5):
        if holds():
            break
        page.wait_for_timeout(5)
    assert holds()
    told(page, studio)


def told(page: Page, studio: Studio) -> None:
    """Wait until the page has all that the session has sent it so far: this comes last."""
    stage = f"stage {next(NUMBERS)}"
    studio.session.from_engine({"is": "working", "stage": stage, "version": studio.session.document.version})
    until(page, "stage => document.querySelector('.c-stage').textContent === stage", stage)
    studio.session.from_engine({"is": "idle"})


def test_top_names_stand_once() -> None:
    """No script declares a name that another of the same function has: of two functions the later would be taken without a word."""
    names = re.findall(r"^(?:const|let|class|(?:async )?function\*?) (\w+)", studio_page.script(), re.MULTILINE)
    twice = {name for name in names if names.count(name) > 1}
    assert len(names) > 100
    assert not twice


def test_a_slider_is_followed_and_is_one_step(page: Page, studio: Studio) -> None:
    """While it moves the engine is asked for the newest state; letting go changes one line, its comment kept, and is one step back."""
    studio.engine.asked.clear()
    box = slider(page, EFFORT).locator("input[type=range]").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.43 * box["width"], middle)
    page.mouse.down()
    for share in (0.5, 0.55, 0.6):
        page.mouse.move(box["x"] + share * box["width"], middle)
        page.wait_for_timeout(40)
    moved = [asked for asked in studio.engine.asked if asked[0] == "live"]
    assert moved and studio.session.document.text == TEXT
    page.mouse.up()
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    ((before, after),) = lines_changed(studio).items()
    assert before == "max_effort_db = 13.0  # enough"
    value = float(re.fullmatch(r"max_effort_db = ([\d.]+)  # enough", after)[1])  # type: ignore[index] # it matches
    assert value == pytest.approx(0.6 * 30, abs=1.0)
    assert slider(page, EFFORT).locator(".c-number").input_value() == f"{value:g}"
    assert moved[-1][4]["values"] == {EFFORT: pytest.approx(value, abs=0.6)}
    page.keyboard.press("Control+z")
    until_true(page, studio, lambda: studio.session.document.text == TEXT)
    assert studio.session.document.text == TEXT


def test_keys_move_a_slider_and_are_one_step(page: Page, studio: Studio) -> None:
    """Three presses of an arrow are one step; Escape during the move takes it back and leaves none."""
    knob = slider(page, TAPS).locator("input[type=range]")
    knob.focus()
    number = slider(page, TAPS).locator(".c-number")

    def pressed() -> str:
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        return number.input_value()

    first = pressed()
    page.keyboard.press("Escape")
    assert number.input_value() == "512"
    assert pressed() == first != "512"
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    assert studio.session.document.text == f"{TEXT}\n[realization]\ntaps = {first}\n"
    page.keyboard.press("Control+z")
    until_true(page, studio, lambda: studio.session.document.text == TEXT)
    # its range has more places than it has half decibels
    slider(page, EFFORT).locator("input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    assert lines_changed(studio) == {"max_effort_db = 13.0  # enough": "max_effort_db = 12.0  # enough"}
    page.keyboard.press("Control+z")
    until_true(page, studio, lambda: studio.session.document.text == TEXT)


def test_a_number_is_typed_exactly_and_taken_out(page: Page, studio: Studio) -> None:
    """What is typed beside a slider stands in the file to the digit; the cross takes the key out, and the slider says so."""
    write(slider(page, EFFORT).locator(".c-number"), "9.0625")
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    assert lines_changed(studio) == {"max_effort_db = 13.0  # enough": "max_effort_db = 9.0625  # enough"}
    slider(page, EFFORT).locator(".c-reset").click()
    until(page, "key => document.querySelector(`.c-slider[data-key='${key}']`).classList.contains('absent')", EFFORT)
    assert "max_effort_db" not in studio.session.document.text
    assert slider(page, EFFORT).locator(".c-number").input_value() == ""


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("12a", 'got "12a"; expected a number from -200 to 200'),
        ("300", "got 300.0; expected a number from -200 to 200"),
    ],
)
def test_a_faulty_number_is_told_beside_its_key(page: Page, studio: Studio, typed: str, message: str) -> None:
    """The loader's message stands beside the key and the text stays as typed; the last good problem is kept, and the file not touched."""
    good = studio.session.document.good
    key = "drivers[0].max_gain_db"
    field = row(page, key)
    write(field.locator("input"), typed)
    until(page, "key => document.querySelector(`.c-key[data-key='${key}'] .c-fault`).textContent", key)
    assert field.locator(".c-fault").inner_text().startswith(message)
    assert field.locator("input").input_value() == typed
    assert field.locator("input").get_attribute("aria-invalid") is not None
    assert page.locator('#form details[data-key="drivers"] > summary .c-badge').inner_text() == "1 fault"
    assert studio.session.document.problem is None and studio.session.document.good is good
    assert studio.file.read_text(encoding="utf-8") == TEXT
    write(field.locator("input"), "6")
    until(page, "key => !document.querySelector(`.c-key[data-key='${key}'] .c-fault`).textContent", key)
    assert studio.session.document.problem is not None


def test_a_search_and_a_fault_are_within_sight(page: Page, studio: Studio) -> None:
    """In a window of 1280 by 800 pixels, where the form begins near the lower edge, search results and faults are in sight."""
    page.locator("#left").evaluate("element => element.scrollTo(0, 0)")
    page.locator("#panels .plot").first.focus()
    page.keyboard.press("/")
    page.keyboard.type("radius")
    field = page.locator('.c-matching [data-key="enclosure.radius_m"]')
    write(field.locator("input"), "87.5")
    until(page, "() => document.querySelector('.c-matching .c-fault').textContent")
    column = page.locator("#left").bounding_box()
    fault = field.locator(".c-fault").bounding_box()
    assert column is not None and fault is not None
    assert column["y"] <= fault["y"] and fault["y"] + fault["height"] <= column["y"] + column["height"] - 200
    write(field.locator("input"), "0.0875")
    until(page, "() => !document.querySelector('.c-matching .c-fault').textContent")
    page.get_by_label("Search all keys").press("Escape")
    assert studio.session.document.faults == []


def test_a_faulty_state_is_saved_only_when_said_so(page: Page, studio: Studio) -> None:
    """Ctrl-S asks, and names the fault; putting the question away leaves the file, the other answer writes it."""
    write(row(page, "designs[0].band_hz").locator("input").first, "60000")
    until(page, "() => document.querySelector('.c-notice.error')")
    page.keyboard.press("Control+s")
    question = page.locator(".c-notice.question")
    question.wait_for()
    assert "band_hz" in question.inner_text()
    page.keyboard.press("Escape")
    question.wait_for(state="detached")
    assert studio.file.read_text(encoding="utf-8") == TEXT
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Save all the same").click()
    until(page, "() => document.querySelector('.c-notice.done')")
    assert "band_hz = [60000, 6000.0]" in studio.file.read_text(encoding="utf-8")
    page.get_by_role("button", name="Dismiss").last.click()


def test_a_driver_comes_and_goes_with_its_name_in_the_designs(page: Page, studio: Studio) -> None:
    """A new driver adds its own lines alone, on the ball; one that goes leaves the designs that named it; both are one step."""
    opened(page, "drivers")
    page.get_by_title("One more entry of drivers, like the last").click()
    until(page, "() => document.querySelectorAll(\"#form details[data-key='drivers'] details\").length === 4")
    document = studio.session.document
    assert document.faults == []
    new = 'name = "right 2"\nposition_m = [-0.02265, 0.08452, 0]\nmax_gain_db = 12\n'
    assert document.text == TEXT.replace("# Who listens.", f"[[drivers]]\n{new}\n# Who listens.")
    page.keyboard.press("Control+z")
    until(page, "() => document.querySelectorAll(\"#form details[data-key='drivers'] details\").length === 3")
    assert document.text == TEXT
    page.get_by_role("button", name="Take out drivers front").click()
    until(page, "() => document.querySelectorAll(\"#form details[data-key='drivers'] details\").length === 2")
    assert 'name = "front"' not in document.text and 'drivers = ["left", "right"]' in document.text
    assert "# the listener's" in document.text and "# Who listens." in document.text
    page.keyboard.press("Control+z")
    until(page, "() => document.querySelectorAll(\"#form details[data-key='drivers'] details\").length === 3")
    assert document.text == TEXT


def test_a_body_changes_its_kind(page: Page, studio: Studio) -> None:
    """Another model keeps the keys that it has too, and leaves out the others."""
    choice = row(page, "enclosure.model").locator("select")
    choice.select_option("cylinder")
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    assert lines_changed(studio) == {'model = "sphere"': 'model = "cylinder"'}
    choice.select_option("baffle")
    until_true(page, studio, lambda: "radius_m" not in studio.session.document.text)
    assert 'model = "baffle"\n' in studio.session.document.text


def test_what_is_being_written_outlives_a_change_by_another(page: Page, studio: Studio) -> None:
    """Another tab changes the drivers, so that the form is built anew, while a number is half written: it stays, and is set by Enter."""
    field = row(page, "designs[0].max_effort_db").locator("input")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("7.2")
    drivers = [
        {"name": name, "position_m": place} for name, place in (("a", [0.0, -0.0875, 0.0]), ("b", [0.0875, 0.0, 0.0]))
    ]
    with studio.page() as tab:
        tab.ask("set", next(NUMBERS), values={"drivers": drivers, "designs[0].drivers": None}, phase="drop")
    until(page, "() => document.querySelector(\"#form details[data-key='drivers'] .c-note\").textContent === '2'")
    assert "max_effort_db = 13.0" in studio.session.document.text
    assert row(page, "designs[0].max_effort_db").locator("input").input_value() == "7.2"
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    until_true(page, studio, lambda: "max_effort_db = 7.25  # enough" in studio.session.document.text)


def test_points_of_a_curve_and_tables_come_and_go(page: Page, studio: Studio) -> None:
    """A row of a curve counts once it is full; an optional table and a mask line are added and taken out."""
    curve = row(page, "designs[0].cancellation_gain_db")
    curve.get_by_title("One more row").click()
    cells = curve.locator(".c-row").last.locator("input")
    write(cells.first, "8000")
    page.wait_for_timeout(100)
    assert studio.session.document.text == TEXT
    write(cells.last, "3")
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    assert lines_changed(studio) == {
        "cancellation_gain_db = [[500, 4], [6000, 10]]": "cancellation_gain_db = [[500, 4], [6000, 10], [8000, 3]]"
    }
    page.keyboard.press("Control+z")
    until(
        page,
        "() => document.querySelectorAll(\"[data-key='designs[0].cancellation_gain_db'] .c-rows .c-row\").length === 3",
    )
    page.get_by_role("button", name="Add virtualizer").click()
    page.locator('#form details[data-key="virtualizer"]').wait_for()
    assert studio.session.document.text.endswith("[virtualizer]\n")
    page.get_by_role("button", name="Take virtualizer out of the file").click()
    page.get_by_role("button", name="Add virtualizer").wait_for()
    assert "[virtualizer]" not in studio.session.document.text
    opened(page, "designs[1]").locator("> .c-body > .c-more").click()
    opened(page, "designs[1].mask")
    page.get_by_title("One more entry of designs[1].mask").click()
    page.locator('#form details[data-key="designs[1].mask[0]"]').wait_for()
    assert re.search(r"mask.*75.*105", studio.session.document.text, re.DOTALL)


def test_every_key_is_found_and_told(page: Page, studio: Studio) -> None:
    """A search finds keys by their names and by what they are; the row says unit, range and default, and sets the key."""
    page.keyboard.press("/")
    page.keyboard.type("look direction")
    matching = page.locator(".c-matching .c-key")
    until(page, "() => document.querySelectorAll('.c-matching .c-key').length")
    assert {place.get_attribute("data-key") for place in matching.all()} >= {"designs[1].window_deg"}
    page.locator("#form [type=search]").fill("fade octaves centre")
    assert matching.count() == 1
    field = matching.locator("input")
    field.focus()
    about = matching.locator(".c-about").inner_text()
    assert "a number from 0 to 10" in about and "default: 0.5" in about
    write(field, "1.5")
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    assert studio.session.document.text == TEXT.rstrip("\n") + "\nfade_octaves = 1.5\n"


def test_a_text_too_long_to_send_stays_where_it_is(page: Page, studio: Studio) -> None:
    """Too long a text is refused with a message and not sent: so long a request would end the connection."""
    page.locator("#tools").get_by_text("File").click()
    area = page.locator("#text textarea")
    area.evaluate("e => { e.value = '#'.repeat(4_000_001); e.dispatchEvent(new Event('input')); }")
    page.get_by_role("button", name="Apply").click()
    page.locator(".c-notice.error").get_by_text("more than 4 MB").wait_for()
    assert studio.session.document.text == TEXT
    page.get_by_role("button", name="Give up").click()
    assert area.input_value() == TEXT
    page.locator("#tools").get_by_text("File").click()


def test_the_text_is_edited_whole(page: Page, studio: Studio) -> None:
    """The text is the file's with its comments; applied it is one step, and a fault stands at its line."""
    page.locator("#tools").get_by_text("File").click()
    area = page.locator("#text textarea")
    assert area.input_value() == TEXT
    faulty = TEXT.replace('ear = "left"', 'ear = "middle"  # neither')
    area.fill(faulty)
    area.press("Control+Enter")
    until(page, "() => document.querySelector('.c-lines .at-fault')")
    assert studio.session.document.text == faulty
    line = 1 + faulty.splitlines().index('ear = "middle"  # neither')
    assert page.locator(".c-lines .at-fault").inner_text() == str(line)
    assert 'expected "left" or "right"' in page.locator(".c-faults").inner_text()
    page.locator(".c-faults .tool").click()
    selected = "() => { const t = document.querySelector('#text textarea'); return t.value.slice(t.selectionStart, t.selectionEnd); }"
    assert page.evaluate(selected) == 'ear = "middle"  # neither'
    page.get_by_role("button", name="Undo").click()
    until(page, "() => !document.querySelector('.c-lines .at-fault')")
    assert area.input_value() == TEXT
    page.locator("#tools").get_by_text("File").click()


def test_snapshots_are_kept_compared_and_recalled(page: Page, studio: Studio) -> None:
    """A and B are told apart by their keys, laid over, recalled as a step, and forgotten."""
    page.locator("#tools").get_by_text("Snapshots").click()
    page.keyboard.press("Alt+Shift+A")
    slot = page.locator('.c-slot[data-name="A"]')
    slot.get_by_text("the current state").wait_for()
    write(slider(page, EFFORT).locator(".c-number"), "8")
    slot.get_by_text("1 key differs").wait_for()
    page.locator('.c-slot[data-name="B"]').get_by_role("button", name="Take").click()
    write(slider(page, TAPS).locator(".c-number"), "128")
    page.locator('.c-slot[data-name="B"]').get_by_text("1 key differs").wait_for()
    cells = [entry.split("\t") for entry in page.locator(".c-differences").inner_text().splitlines() if entry.strip()]
    assert cells[0] == ["Key", "current", "A", "B"]
    assert [entry[1:] for entry in cells[1:]] in ([["8", "13", "8"], ["128", "512 (default)", "512 (default)"]],)
    slot.get_by_role("button", name="Lay over").click()
    until(page, "() => document.querySelector('.c-slot [aria-pressed=true]')")
    assert studio.session.document.laid == ["A"]
    slot.get_by_role("button", name="Recall").click()
    slot.get_by_text("the current state").wait_for()
    assert studio.session.document.text == TEXT
    page.get_by_role("button", name="Undo").click()
    slot.get_by_text("2 keys differ").wait_for()
    slot.get_by_role("button", name="Forget A").click()
    until(page, "() => !document.querySelector('.c-slot [aria-pressed=true]')")
    assert set(studio.session.document.snapshots) == {"B"}
    page.locator("#tools").get_by_text("Snapshots").click()


def test_names_are_text(page: Page, studio: Studio) -> None:
    """Markup in names and messages is shown as it is written, and makes no element."""
    assert page.locator(".c-file strong").inner_text() == "Ball <b>&amp;</b>"
    evil = '<img src=x onerror="document.title=1">'
    with studio.page() as tab:
        text = TEXT.replace('"front"', f"'{evil}'").replace("max_effort_db", f"'{evil}'")
        tab.ask("text", next(NUMBERS), text=text)
    until(page, "() => document.querySelector('.c-notice.error')")
    assert (
        evil.replace('"', '\\"') in page.locator(".c-notice.error").inner_text()
        or evil in page.locator(".c-notice.error").inner_text()
    )
    for tool in ("Snapshots", "Listen", "Hand over", "File"):
        page.locator("#tools").get_by_text(tool).click()
    assert page.locator("img").count() == 0 and page.locator("#form b, #state b").count() == 0
    page.locator("#tools").get_by_text("File").click()


def test_a_change_on_disk_is_asked_about_where_both_have_changed(page: Page, studio: Studio) -> None:
    """An editor writes the file while the page has changes of its own: both are kept until one is chosen, as a step."""
    write(slider(page, EFFORT).locator(".c-number"), "8.5")
    until_true(page, studio, lambda: studio.session.document.text != TEXT)
    theirs = TEXT.replace("frequencies = 33", "frequencies = 65  # finer")
    studio.file.write_text(theirs, encoding="utf-8")
    page.locator(".c-dirty").get_by_text("changed on disk").wait_for()
    assert "max_effort_db = 8.5  # enough" in studio.session.document.text
    page.locator(".c-notice.question").get_by_role("button", name="Take the file on disk").click()
    until_true(page, studio, lambda: studio.session.document.text == theirs)
    assert studio.file.read_text(encoding="utf-8") == theirs
    page.keyboard.press("Control+z")
    until_true(page, studio, lambda: "max_effort_db = 8.5  # enough" in studio.session.document.text)


def test_keys_reach_every_part(page: Page, studio: Studio) -> None:
    """F6 goes round bar, sliders, form, channels, panels and tools, and Shift-F6 back; a digit writes where one writes."""
    seen = []
    for key in ["F6"] * 8 + ["Shift+F6"] * 8:
        page.keyboard.press(key)
        seen.append(
            page.evaluate(
                "document.activeElement.closest('#bar, #layout, #sliders, #form, #verdict, #panels, #tools').id"
            )
        )
    assert {"bar", "sliders", "form", "verdict", "panels", "tools"} <= set(seen[:8])
    assert seen[8:15] == seen[:7][::-1]


def test_a_recording_of_this_computer_is_taken(page: Page, studio: Studio) -> None:
    """A stereo file that is chosen stands among the sounds, one that is none is refused in words."""
    stream = io.BytesIO()
    soundfile.write(stream, np.zeros((4800, 2)), 48_000, format="WAV")
    page.locator("#tools").get_by_text("Listen").click()
    choose = page.locator("#listen input[type=file]")
    choose.set_input_files({"name": "my song.wav", "mimeType": "audio/wav", "buffer": stream.getvalue()})
    until(page, "() => document.querySelector('#listen [aria-label=Sound]').value === 'my song.wav'")
    choose.set_input_files({"name": "text.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
    page.locator(".c-notice.error").get_by_text("text.wav").wait_for()
    page.locator("#tools").get_by_text("Listen").click()


def test_each_button_hands_over_what_it_says(page: Page, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for has the options that were chosen, and the answer stands in the list with its path; a folder's name goes with it."""
    asked: list[dict[str, Any]] = []

    async def hand(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(
            {key: value for key, value in request.items() if key in ("over", "target", "options", "force") and value}
        )
        return {"is": "done", "message": f"wrote {request['over']}", "path": f"out/{request['over']}"}

    monkeypatch.setattr(studio.session._errands, "hand", hand)
    with studio.page() as tab:
        for name in "AB":
            tab.ask("snapshot", next(NUMBERS), name=name)
    page.locator("#tools").get_by_text("Hand over").click()
    page.get_by_label("Target", exact=True).select_option("npz")
    page.get_by_label("Format of figures").select_option("png")
    page.get_by_role("group", name="Compared states").get_by_label("B", exact=True).uncheck()
    for button in ("Export", "Write figures", "Write the page", "Write comparison", "Write the folder"):
        if button == "Write the folder":
            page.get_by_label("Folder, relative to the file's").fill("mine")
        count = len(asked)
        page.get_by_role("button", name=button, exact=True).click()
        page.locator(".c-results .done").nth(count).wait_for()
    page.get_by_label("Folder, relative to the file's").fill("")
    page.locator("#tools").get_by_text("Hand over").click()
    assert asked == [
        {"over": "export", "target": "npz"},
        {"over": "figures", "options": {"format": "png"}},
        {"over": "page"},
        {"over": "comparison", "options": {"snapshots": ["current", "A"]}},
        {"over": "folder", "options": {"place": "mine"}},
    ]
    results = page.locator(".c-results .done").all_text_contents()
    assert [words.partition("Copy")[0] for words in reversed(results)] == [
        f"wrote {entry['over']}out/{entry['over']}" for entry in asked
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_is_legible_and_has_a_name(page: Page, studio: Studio, scheme: Any) -> None:
    """With faults and each tool open: text at 4.5 to 1 (WCAG 2.2, AA), nothing hangs over the side, no control has no name."""
    page.emulate_media(color_scheme=scheme)
    opened(page, "designs[1]").locator("> .c-body > .c-more").click()
    write(row(page, "designs[0].band_hz").locator("input").first, "60000")
    page.locator(".c-notice.error").wait_for()
    for tool in ("Snapshots", "Listen", "Hand over", "File"):
        page.locator("#tools").get_by_text(tool).click()
        ratio, words = page.evaluate(LEAST_CONTRAST)
        assert ratio >= 4.5, (tool, words)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert (
            page.evaluate("document.getElementById('left').scrollWidth - document.getElementById('left').clientWidth")
            <= 0
        )
        assert page.evaluate(NAMELESS) == []
    page.locator("#tools").get_by_text("File").click()
    page.emulate_media(color_scheme="light")


def test_values_of_several_forms_and_defaults_are_read_whole(page: Page, studio: Studio) -> None:
    """The form of a head that is a text or a list stands whole in its box; of names to be chosen from, those by default are marked."""
    placement = "\n[placement]\nwidth_m = 0.1\ndrivers = 3\n"
    with studio.page() as tab:
        tab.ask("text", next(NUMBERS), text=TEXT + placement)
    which = row(page, "listener.head").locator("select.c-which")
    wide = (
        "select => { const copy = select.cloneNode(true); copy.style.cssText = 'flex: none; width: auto'; select.after(copy);"
        " const wide = copy.offsetWidth; copy.remove(); return [select.offsetWidth, wide]; }"
    )
    shown_px, whole_px = which.evaluate(wide)
    assert shown_px >= whole_px
    chosen = row(page, "placement.front").locator(".c-name[aria-pressed=true]")
    assert chosen.all_inner_texts() == ["drivers"]
    row(page, "placement.front").get_by_text("width_m", exact=True).click()
    until_true(page, studio, lambda: 'front = ["drivers", "width_m"]' in studio.session.document.text)


class Door:
    """Between a tab's socket and the studio: it can be shut."""

    def __init__(self) -> None:
        self.is_open = True
        self.sides: list[Any] = []

    def between(self, tab: Any) -> None:
        if self.is_open:
            self.sides = [tab, tab.connect_to_server()]
        else:
            tab.close(code=1012)

    def shut(self) -> None:
        self.is_open = False
        for side in self.sides:
            side.close(code=1012)


@pytest.fixture(scope="module")
def second(chromium: Browser, studio: Studio) -> Iterator[tuple[Page, Door]]:
    """Another tab, in a browser that keeps nothing, and the door between it and the studio."""
    context = chromium.new_context()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    tab, door = context.new_page(), Door()
    tab.route_web_socket(re.compile("/socket"), door.between)
    tab.goto(f"{studio.origin}/?token={studio.token}")
    tab.wait_for_selector(".c-slider")
    yield tab, door
    context.close()


def test_the_tour_has_three_steps_and_the_keys_have_a_list(second: tuple[Page, Door]) -> None:
    """The first start shows the tour, also where the browser keeps nothing; the question mark lists keys, and Escape closes it."""
    tab, _ = second
    tour = tab.locator(".c-tour")
    for number in (1, 2, 3):
        tour.get_by_text(f"{number} of 3").wait_for()
        tab.keyboard.press("Enter")
    tour.wait_for(state="detached")
    tab.keyboard.press("?")
    assert "Ctrl + Z" in tab.locator("dialog").inner_text()
    tab.keyboard.press("Escape")
    tab.locator("dialog").wait_for(state="detached")


def test_a_lost_connection_loses_nothing(second: tuple[Page, Door], studio: Studio, page: Page) -> None:
    """While it is lost the page says so and keeps what is changed; then all is done, once, and another tab agrees."""
    tab, door = second
    if tab.locator(".c-tour").count():
        tab.locator(".c-tour").get_by_role("button", name="Skip").click()
    door.shut()
    tab.locator(".c-stage.lost").wait_for()
    write(slider(tab, EFFORT).locator(".c-number"), "7")
    write(slider(tab, TAPS).locator(".c-number"), "64")
    tab.keyboard.press("Control+z")
    tab.get_by_text("3 to send").wait_for()
    assert slider(tab, EFFORT).locator(".c-number").input_value() == "7"
    assert studio.session.document.text == TEXT
    door.is_open = True
    tab.locator(".c-stage.lost").wait_for(state="detached")
    until(page, "key => document.querySelector(`.c-slider[data-key='${key}'] .c-number`).value === '7'", EFFORT)
    expected = TEXT.replace("max_effort_db = 13.0  # enough", "max_effort_db = 7.0  # enough")
    until_true(page, studio, lambda: studio.session.document.text == expected)
    until(page, "key => document.querySelector(`.c-slider[data-key='${key}'] .c-number`).value === '512'", TAPS)
