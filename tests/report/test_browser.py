"""Both pages in a real browser, off the network: its console, sizes, hover, cursor, legend, overlay, folding, print, and what is legible.

The page of the smart speaker is opened once, at 1280 pixels, and its tests leave it as they met it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from comparison.two_designs import made
from legible import LEAST_CONTRAST
from markupsafe import Markup
from toml_text import pair, toml

import designer
from designer.comparison.entry import shared_channels
from designer.report import script
from designer.report.figure_data import axis, curves, driver_look, frequency_axis, line
from designer.report.figure_data import figure as built
from designer.report.grids import drawn_metrics
from designer.report.page_data import block
from designer.report.script import template, with_minus
from designer.search.compare import Comparison

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

A4_PX = (680, 1009)
"""What 15 mm of margin leave of A4, at 96 to the inch."""
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}
READY = "document.documentElement.classList.contains('ready')"
ALTERNATIVES = "els => els.map(e => document.getElementById(e.getAttribute('aria-labelledby')).textContent)"
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
LINES_AT = """([name, count, share]) => {
  const lines = [...document.querySelectorAll(`figure[data-figure="${name}"] .area .v`)];
  return lines.length === count && lines.every(e => Math.abs(parseFloat(e.style.left) / 100 - share) < 0.01);
}"""
CUT_OFF = """() => [...document.querySelectorAll("table, figure svg, pre")].filter(
    e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.textContent.slice(0, 60))"""
OVERLAPS = """() => [...document.querySelectorAll("figure .plot")].filter(e => e.checkVisibility()).flatMap(plot => {
  const texts = [...plot.querySelectorAll(".chart g[class$=tick] text, .chart g[class^=g-] text, .over .title, .over .name")].map(e => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return [(e.tagName === "B" ? range : e).getBoundingClientRect(), e.textContent];
  }).filter(([box, text]) => text.trim() && box.width);
  return texts.flatMap(([a, text], i) => texts.slice(i + 1).filter(([b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4
  ).map(([_, other]) => `${plot.closest("figure").dataset.figure}: ${text} | ${other}`));
})"""
DRAWN = """() => [...document.querySelectorAll("figure .plot")].filter(e => e.checkVisibility()).map(e => !!e.querySelector(".main-svg"))"""
pytestmark = pytest.mark.usefixtures("no_files")
Open = Callable[..., AbstractContextManager["Page"]]


def left_over(page: Page, expression: str) -> Any:
    """What an expression still lists when the page has drawn its figures anew, for which it is given time."""
    from playwright.sync_api import TimeoutError as TooLate

    with suppress(TooLate):
        page.wait_for_function(f"({expression})().length === 0", timeout=20_000)
    return page.evaluate(expression)


@pytest.fixture(scope="module")
def opened(chromium: Browser) -> Open:
    """Opens a page at a width and in a scheme, off the network; it may ask for no other file and say nothing on its console.

    A script is run before the page's own, which may then never be ready.
    """

    @contextmanager
    def open_page(file: Path, width: int, scheme: Any, *, scripts: bool = True, script: str = "") -> Iterator[Page]:
        screen: Any = {"width": width, "height": 800}
        context = chromium.new_context(
            viewport=screen, color_scheme=scheme, offline=True, java_script_enabled=scripts, accept_downloads=True
        )
        output: list[str] = []
        required: list[str] = []
        page = context.new_page()
        page.on("console", lambda message: output.append(message.text))
        page.on("pageerror", lambda error: output.append(str(error)))
        page.on("request", lambda request: required.append(request.url))
        if script:
            page.add_init_script(script)
        page.goto(file.as_uri())
        if scripts and not script:
            page.wait_for_function(READY)
        yield page
        assert output == []
        # The library's own text, as a script in memory, is no request of a file or a network.
        assert [url for url in required if not url.startswith(("blob:", "data:"))] == [file.as_uri()]
        context.close()

    return open_page


@pytest.fixture(scope="module")
def folder(speaker_folder: Path) -> Path:
    return speaker_folder


@pytest.fixture(scope="module")
def page(opened: Open, folder: Path) -> Iterator[Page]:
    with opened(folder / "report.html", 1280, "light") as shown:
        whole(shown)
        yield shown


@pytest.fixture(scope="module")
def phone(opened: Open, folder: Path) -> Iterator[Page]:
    with opened(folder / "report.html", 390, "dark") as shown:
        yield shown


def figure(page: Page, name: str) -> Locator:
    """A figure, drawn and in view."""
    place = page.locator(f'figure[data-figure="{name}"]')
    place.scroll_into_view_if_needed()
    page.wait_for_function("name => document.querySelector(`figure[data-figure='${name}'] .chart .main-svg`)", arg=name)
    return place


def hover(page: Page, area: Locator, across: float, up: float) -> None:
    """Put the pointer at a share of a panel's width and height."""
    box = area.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"])
    page.wait_for_function(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )


def told(page: Page) -> tuple[str, dict[str, str]]:
    """What stands beside the cursor: its place, and a value for each name."""
    rows = page.locator(".tip > div").evaluate_all(
        "els => els.map(e => [...e.querySelectorAll('span')].map(s => s.textContent))"
    )
    return page.locator(".tip > b").inner_text(), dict(rows)


def hertz(text: str) -> float:
    number, unit = text.split()[:2]
    return float(number) * (1000 if unit.startswith("kHz") else 1)


def whole(page: Page) -> None:
    """Every figure that is not folded is drawn, which comes to pass though nobody scrolls."""
    page.wait_for_function(f"({DRAWN})().every(Boolean)")


def is_legible(page: Page, scheme: str) -> None:
    """Every figure has a size and says its message with a number; nothing hangs over the side; text is at 4.5 to 1 (WCAG 2.2, AA)."""
    from playwright.sync_api import TimeoutError as TooLate

    whole(page)
    sizes = page.locator("figure .plot:visible").evaluate_all(
        "els => els.map(e => e.getBoundingClientRect()).map(b => [b.width, b.height])"
    )
    assert len(sizes) > 4 and all(width > 200 and height > 100 for width, height in sizes)
    messages = page.locator(".plot[aria-labelledby]").evaluate_all(ALTERNATIVES)
    assert all(any(sign.isdigit() for sign in words) for words in messages)
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[scheme]
    with suppress(TooLate):  # figures are drawn anew in a scheme one by one
        page.wait_for_function(f"({LEAST_CONTRAST})()[0] >= 4.5", polling=50, timeout=20_000)
    ratio, words = page.evaluate(LEAST_CONTRAST)
    assert ratio >= 4.5, words


def test_a_picture_of_the_whole_page_has_its_figures(page: Page) -> None:
    """Nobody has scrolled, and every figure that is not folded is drawn once the page is idle: those out of view, too."""
    assert all(page.evaluate(DRAWN))
    assert page.evaluate("document.documentElement.scrollHeight > 3 * innerHeight && scrollY === 0")


def test_the_first_screen_decides(page: Page, smart_speaker: designer.Design) -> None:
    """Title, verdicts, seven numbers a channel, gain and layout stand within 1280 by 800; the page is at most 7,000 pixels high."""
    for name in smart_speaker.channels:
        assert page.get_by_text(with_minus(smart_speaker.sentence(name))).first.is_visible()
    rows = page.locator(".tiles tbody tr")
    assert rows.count() == len(smart_speaker.channels)
    mean = smart_speaker.scalars["left"].values["mean_cancellation_gain_db"]
    cells = rows.first.locator("td").all_inner_texts()
    assert len(cells) == 7 and cells[0].replace("\u00a0", " ") == f"{mean:.1f} dB"
    for name in ("left-gain", "centre-gain", "layout"):
        box = figure(page, name).locator(".plot").bounding_box()
        assert box is not None and box["y"] + box["height"] < 800
    assert page.evaluate("document.documentElement.scrollHeight") <= 7000


def test_hover_gives_the_tables_values(page: Page, smart_speaker: designer.Design) -> None:
    """At the cursor stand gain, worst point and target with their unit, as the design's own table has them at that frequency."""
    table = drawn_metrics(smart_speaker, "left")
    hover(page, figure(page, "left-gain").locator(".area"), 0.6, 0.5)
    place, values = told(page)
    at = int(np.argmin(np.abs(np.log(table["frequency_hz"] / hertz(place)))))
    assert values["realised"] == f"{table['cancellation_gain_db'][at]:.1f} dB"
    assert values["worst of the cloud"] == f"{table['worst_cancellation_gain_db'][at]:.1f} dB"
    assert values["target"] == f"{table['target_db'][at]:.1f} dB"


def test_one_cursor_over_all_frequency_axes(page: Page) -> None:
    """Each visible axis of frequency has its line at the same frequency: as shares of its decades, whatever its width."""
    hover(page, figure(page, "left-costs").locator(".area").first, 0.4, 0.5)
    frequency = hertz(told(page)[0])
    share = np.log(frequency / 50) / np.log(20_000 / 50)
    for name, count in (("left-costs", 4), ("left-response", 1)):
        figure(page, name)
        page.wait_for_function(LINES_AT, arg=[name, count, share])  # fails where they do not come to stand there
    values = page.locator('figure[data-figure="left-costs"] .head .value').all_inner_texts()
    assert all(re.fullmatch(r"−?\d+\.\d dB", value) for value in values)


def test_the_arrow_keys_move_the_cursor(page: Page) -> None:
    """A figure takes the focus; an arrow moves to the next frequency, and the values are announced."""
    plot = figure(page, "left-response").locator(".plot")
    plot.focus()
    page.keyboard.press("ArrowRight")
    first = told(page)[0]
    page.keyboard.press("ArrowRight")
    second = told(page)[0]
    assert hertz(first) < hertz(second) < 1.05 * hertz(first)
    assert page.locator(".voice").inner_text().startswith(second)
    page.keyboard.press("Escape")
    assert page.locator(".tip").is_hidden()


def test_a_map_shows_its_cuts_at_the_cursor(page: Page, folder: Path) -> None:
    """Beside the map stand its level over azimuth and over frequency; its value is the response table's, less that on the axis."""
    place = figure(page, "centre-map")
    cuts = place.locator(".cuts .head .name")
    before = cuts.all_inner_texts()
    hover(page, place.locator(".main .area").first, 0.5, 0.3)
    words = told(page)[0]
    f, azimuth = words.split(", ")
    page.wait_for_function(
        "before => document.querySelector(`figure[data-figure='centre-map'] .cuts .name`).textContent !== before",
        arg=before[0],
    )
    assert cuts.all_inner_texts() == [f"Cut at {f}", f"Cut at {azimuth}"]
    with (folder / "response.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["channel"] == "centre"]
    degrees = float(azimuth.rstrip("°"))
    nearest = min({float(row["frequency_hz"]) for row in rows}, key=lambda at: abs(at - hertz(f)))
    table = {
        float(row["azimuth_deg"]): float(row["magnitude_db"]) for row in rows if float(row["frequency_hz"]) == nearest
    }
    angles = sorted(table)
    expected = np.interp(degrees, angles, [table[angle] for angle in angles]) - table[0.0]
    value = float(next(iter(told(page)[1].values())).removesuffix(" dB").replace("−", "-"))
    assert abs(value - expected) < 0.5 < abs(expected)


def test_the_legend_switches_its_curve(page: Page) -> None:
    """One press hides a name's trace and no other, the next shows it again."""
    place = figure(page, "left-response")
    chip = place.get_by_role("button", name="front")
    lines = place.locator(".chart .scatterlayer .trace")
    count = lines.count()
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false" and lines.count() == count - 1
    chip.click()
    assert chip.get_attribute("aria-pressed") == "true" and lines.count() == count


def test_a_folded_table_opens(page: Page) -> None:
    """Numbers, realisation, certificates and problem text are folded, and are there when asked for."""
    for name in ("All numbers", "Realisation", "Certificates", "The problem file"):
        summary = page.locator("summary").filter(has_text=re.compile(f"^{name}$"))
        body = summary.locator("xpath=following-sibling::*[1]")
        assert body.is_hidden()
        summary.click()
        assert body.is_visible()
        summary.click()


LAYOUT_TITLE = """document.querySelector("figure[data-figure=layout] .over").firstChild.dataset"""


def test_an_overlay_is_laid_over_and_removed(page: Page, folder: Path, opened: Open, tmp_path: Path) -> None:
    """Another design's page, its metrics table and a measurement: named in legends, drawn, and gone when they are removed.

    Figures that nothing lies over stay as they are.
    """
    text = (folder / "metrics.csv").read_text(encoding="utf-8")
    header, *rows = text.splitlines()
    column = header.split(",").index("cancellation_gain_db")
    raised = [
        ",".join(f"{float(cell) + 3}" if i == column else cell for i, cell in enumerate(row.split(","))) for row in rows
    ]
    (tmp_path / "raised.csv").write_text("\n".join([header, *raised]), encoding="utf-8")
    (tmp_path / "measured.frd").write_text("* Hz dB\n20 5\n1000 6\n20000 7\n", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("nothing", encoding="utf-8")
    page.evaluate("scrollTo(0, 0)")
    place = figure(page, "left-gain")
    count = place.locator(".chart .scatterlayer .trace").count()
    page.evaluate(f"{LAYOUT_TITLE}.kept = true")
    page.set_input_files(".overlays input", [tmp_path / "raised.csv", tmp_path / "measured.frd"])
    place.get_by_role("button", name="realised (raised.csv)").wait_for()
    place.get_by_role("button", name="measured.frd").wait_for()
    assert place.locator(".chart .scatterlayer .trace").count() >= count + 2
    assert place.get_by_role("button", name="target (raised.csv)").count() == 0  # it is the same
    hover(page, place.locator(".area"), 0.6, 0.5)
    values = {name: float(value.split()[0]) for name, value in told(page)[1].items() if name != "beyond reach"}
    assert abs(values["realised (raised.csv)"] - values["realised"] - 3) < 0.3
    for name in ("measured.frd", "raised.csv"):
        page.get_by_role("button", name=f"Remove {name}").click()
    page.wait_for_function(NOWHERE, arg="measured.frd")
    page.wait_for_function(NOWHERE, arg="raised.csv")
    assert page.evaluate(LAYOUT_TITLE).get("kept")  # what nothing lies over is not drawn anew
    assert place.locator(".chart .scatterlayer .trace").count() == count
    page.set_input_files(".overlays input", tmp_path / "empty.txt")
    page.get_by_text("got no rows of frequency and dB").wait_for()


NOWHERE = "name => ![...document.querySelectorAll('.legend .chip')].some(e => e.textContent.includes(name))"
LIBRARY = re.compile(r'<script type="text/plain" id="plotly">.*?</script>', re.DOTALL)
DROPPED_FOLDER = """files => {
  const entries = Object.entries(files).map(([name, text]) => ({name, file: done => done(new File([text], name))}));
  const entry = {isDirectory: true, name: "another", createReader: () => ({readEntries: done => done(entries)})};
  const item = {kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => null};
  document.body.dispatchEvent(Object.assign(new Event("drop", {bubbles: true, cancelable: true}), {dataTransfer: {items: [item]}}));
}"""


def test_a_folder_that_is_dropped_lies_over_the_figures(page: Page, folder: Path) -> None:
    """A design folder that is let go: the page in it says most, and its figures lie over this one's; one without a page is refused."""
    files = {name: (folder / name).read_text(encoding="utf-8") for name in ("metrics.csv", "report.html")}
    files["report.html"] = LIBRARY.sub("", files["report.html"])  # it takes a second to get into the browser
    page.evaluate(DROPPED_FOLDER, files)
    remove = page.get_by_role("button", name="Remove another")
    remove.wait_for()
    assert re.search(r"another lies over \d+ figures", page.locator(".overlays").text_content() or "")
    remove.click()
    page.wait_for_function(NOWHERE, arg="(another)")
    page.evaluate(DROPPED_FOLDER, {"notes.txt": "no design"})
    page.get_by_text("another: got no report.html; expected a design folder").wait_for()


def test_a_measurement_lands_on_the_panel_that_it_is_dropped_on(page: Page) -> None:
    """A file of frequency and level, let go over the filters, is a curve of theirs and of no other figure."""
    place = figure(page, "left-response")
    box = place.locator(".chart").bounding_box()  # which stays while what is in it is drawn again
    assert box is not None
    at = {"clientX": box["x"] + box["width"] / 2, "clientY": box["y"] + box["height"] / 2}
    transfer = page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['100 -3\\n1000 -4\\n9000 -5'], 'dropped.txt')); return t; }"
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer, **at})
    place.get_by_role("button", name="dropped.txt").wait_for()
    assert page.get_by_text("dropped.txt lies over 1 figure").is_visible()
    page.get_by_role("button", name="Remove dropped.txt").click()
    page.wait_for_function(NOWHERE, arg="dropped.txt")


def test_a_figure_saves_itself(page: Page) -> None:
    """As SVG with its title and its legend, as PNG with a picture's size."""
    place = figure(page, "left-gain")
    with page.expect_download() as wait:
        place.get_by_role("button", name="as SVG").click()
    text = Path(wait.value.path()).read_text(encoding="utf-8")
    assert wait.value.suggested_filename == "left-gain.svg"
    assert text.startswith("<svg") and "Cancellation gain" in text and "worst of the cloud" in text
    with page.expect_download() as wait:
        place.get_by_role("button", name="as PNG").click()
    assert Path(wait.value.path()).read_bytes().startswith(b"\x89PNG")


def test_the_page_is_legible(page: Page) -> None:
    """A light page of 1280 pixels is legible."""
    is_legible(page, "light")


def test_what_is_printed_at_once_has_its_figures(opened: Open, tmp_path: Path) -> None:
    """Printed before the library is there, as by `chromium --print-to-pdf`, a page shows every figure that is not folded.

    Those of a channel that is its twin's mirror image are drawn once they are asked for.
    """
    tables = pair()
    (left,) = tables["designs"]
    tables["designs"] = [left, {**left, "name": "right", "ear": "right"}]
    folder = designer.design(designer.loads(toml(tables))).save(tmp_path / "pair")
    never = "window.kept = requestAnimationFrame; window.requestAnimationFrame = () => 0;"  # what begins the drawing never comes
    with opened(folder / "report.html", 1280, "dark", script=never) as page:
        assert not any(page.evaluate(DRAWN))
        page.pdf()
        shown = page.evaluate(DRAWN)
        assert len(shown) > 5 and all(shown)
        page.evaluate("() => { window.requestAnimationFrame = window.kept; }")
        twin = page.locator('figure[data-figure="right-gain"]')
        assert twin.is_hidden() and twin.locator(".main-svg").count() == 0
        page.get_by_text("Show the figures of right").click()
        assert figure(page, "right-gain").is_visible()


def test_on_a_dark_phone(phone: Page) -> None:
    """At 390 pixels, dark: seven numbers of each channel on the first screen, one column, the cuts below the map, nothing over the side,
    ticks and words of axes clear of each other, the polar plots' switch, and the twin's figures.
    """
    box = phone.locator(".tiles").bounding_box()
    assert box is not None and box["y"] + box["height"] < 800 and box["x"] + box["width"] <= 390
    cells = phone.locator(".tiles tbody tr").first.locator("td")
    assert cells.count() == 7
    for cell in cells.all():
        place = cell.bounding_box()
        assert place is not None and place["x"] >= 0 and place["x"] + place["width"] <= 390
    is_legible(phone, "dark")
    axes_are_clear(phone)
    boxes = [figure(phone, "centre-map").locator(part).bounding_box() for part in (".main", ".cuts")]
    assert boxes[0] is not None and boxes[1] is not None and boxes[1]["y"] > boxes[0]["y"] + boxes[0]["height"] - 1
    on_axis, window = phone.locator("figure.on-axis"), phone.locator("figure.window")
    assert on_axis.is_visible() and window.is_hidden()
    phone.get_by_role("radio", name="listening window").check()
    assert on_axis.is_hidden() and window.is_visible()
    figure(phone, "centre-polar-window")


def test_it_prints(phone: Page) -> None:
    """On paper every figure and every folded table but those of every frequency stands, light, none is taller than a sheet, nothing is cut
    off at the right, and words of axes lie on no others; afterwards they are folded again.
    """
    phone.set_viewport_size({"width": A4_PX[0], "height": 900})
    phone.emulate_media(media="print")
    phone.wait_for_function("document.documentElement.classList.contains('printing')")
    assert left_over(phone, CUT_OFF) == []
    axes_are_clear(phone)
    assert phone.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER["light"]
    heights = phone.locator("figure:visible").evaluate_all("els => els.map(e => e.getBoundingClientRect().height)")
    assert heights and max(heights) < A4_PX[1]
    tables = phone.get_by_role("table", include_hidden=True)
    hidden = [table for table in tables.all() if not table.is_visible()]
    assert tables.count() > len(hidden) > 0
    assert all(table.evaluate("e => Boolean(e.closest('.long, .twin'))") for table in hidden)
    assert not phone.locator("details.twin > summary").first.is_visible()  # nothing to be pressed on paper
    content = phone.pdf(prefer_css_page_size=True)
    assert content.startswith(b"%PDF") and 3 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 16
    phone.set_viewport_size({"width": 700, "height": 900})
    first_cells = phone.locator("th:first-child, td:first-child")
    assert first_cells.evaluate_all("cells => cells.every(cell => getComputedStyle(cell).position === 'static')")
    phone.emulate_media(media="screen")
    phone.wait_for_function("document.querySelectorAll('details[open]').length === 0")


def axes_are_clear(page: Page) -> None:
    """Ticks, axes' words and titles of a figure stand clear of each other, and left and right are named."""
    assert left_over(page, OVERLAPS) == []
    assert "← left  |  y in m  |  right →" in (figure(page, "layout").locator(".chart").text_content() or "")


@pytest.fixture(scope="module")
def strange(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A narrow page of two figures: one of strange names with what lies over it, and one of 32 drivers."""
    f = np.geomspace(50.0, 20_000.0, 100)
    names = "$x$", "</script>", "left"
    named = [line(f, np.sin(f / 1e4) + n, name, **driver_look(n)) for n, name in enumerate(names)]
    one = curves(frequency_axis((50.0, 20_000.0)), axis("$y$ in dB", "dB", -1.0, 4.0), named)
    lines = [line(f, np.sin(f / 1e4) + n, f"driver {n + 1}", **driver_look(n)) for n in range(32)]
    many = curves(frequency_axis((50.0, 20_000.0)), axis("Gain in dB", "dB", -1.0, 33.0), lines)
    bad = {"figures": {"one": {"panels": [{"kind": "curves"}]}}, "arrays": "", "tables": ""}
    over = [
        {"name": "loud", "text": "500 1e308\n1000 -1e308\n2000 1\n3000 2\n"},
        {"name": "cut", "data": bad | {"arrays": "!"}},
        {"name": "bare", "data": bad},
    ]
    parts: Any = template("parts.html").module
    shown = {"one": built([one], 3.2), "many": built([many], 3.2)}
    data = block("</script>", shown, overlays=over, channels={})
    texts = (Markup(text) for text in (data, script.own_script(), script.library()))
    nav = Markup('<nav><a href="#">{}</a></nav>').format("long" * 40)
    figures = [parts.figure({"name": name, "message": "Over it."}) for name in shown]
    body = nav + parts.overlays() + Markup().join(figures) + parts.scripts(*texts)
    file = tmp_path_factory.mktemp("strange") / "strange.html"
    file.write_text(
        f'<!doctype html><html class="js"><meta charset="utf-8"><style>{script.style()}</style><body>{body}</body></html>',
        encoding="utf-8",
    )
    with opened(file, 390, "light") as page:
        yield page


def test_thirty_two_drivers_are_told_apart(strange: Page) -> None:
    """Their names stand whole in the legend of a narrow page, none over another, each with a swatch of its own."""
    chips = figure(strange, "many").locator(".chip")
    assert chips.locator("span:not(.value)").all_inner_texts() == [f"driver {n + 1}" for n in range(32)]
    assert len(set(chips.locator("svg").evaluate_all("els => els.map(e => e.innerHTML)"))) == 32
    boxes = chips.evaluate_all(
        "els => els.map(e => e.getBoundingClientRect()).map(b => [b.left, b.top, b.right, b.bottom])"
    )
    assert all(left >= 0 and right <= 390 for left, _, right, _ in boxes)
    overlaps = [a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a, b in combinations(boxes, 2)]
    assert not any(overlaps)


def test_a_page_stands_whatever_is_laid_over_it(strange: Page) -> None:
    """Overlays without what they should have are named and left out; names between dollars are names, and no formula to be set; a
    level that no chart can place is none; a long name breaks.
    """
    chips = figure(strange, "one").locator(".chip span:not(.value)")
    assert chips.all_inner_texts() == ["$x$", "</script>", "left", "loud"]
    assert strange.locator(".overlay").all_inner_texts() == ["loud×"]
    assert strange.locator(".overlays output").inner_text().startswith("bare: it cannot be read: ")
    assert strange.evaluate(SIDEWAYS) <= 0
    assert "$y$ in dB" in strange.locator(".ytitle").all_text_contents()


def test_without_scripts_the_tables_stand(opened: Open, folder: Path, smart_speaker: designer.Design) -> None:
    """Verdicts, numbers and captions are there, and a sentence says what draws the figures."""
    with opened(folder / "report.html", 1280, "light", scripts=False) as page:
        assert page.get_by_text(smart_speaker.sentence("left")).first.is_visible()
        assert page.locator(".tiles td").first.is_visible()
        assert page.locator("figcaption").first.is_visible()
        assert page.locator(".plot").first.is_hidden()
        assert page.get_by_text("drawn by this page's own script").is_visible()


UNFOLD = "for (const fold of document.querySelectorAll('details')) fold.open = true"


def test_three_designs_are_compared_on_one_page(opened: Open, tmp_path: Path, smart_speaker: designer.Design) -> None:
    """Three designs of three channels: the page is at most 5,000 px tall at 1280 px, and at 420 px no table has to be scrolled aside."""
    comparison = designer.compare({"first": smart_speaker, "second": smart_speaker, "third": smart_speaker})
    file = comparison.save(tmp_path / "three") / "comparison.html"
    with opened(file, 1280, "light") as page:
        assert page.evaluate("document.documentElement.scrollHeight") <= 5000
        page.set_viewport_size({"width": 420, "height": 800})
        page.wait_for_function("document.documentElement.scrollWidth === 420")  # as soon as its figures are drawn anew
        assert page.evaluate(
            "[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= one.clientWidth)"
        )


def test_five_designs_are_whole_on_a_telephone(opened: Open, tmp_path: Path, smart_speaker: designer.Design) -> None:
    """At 420 px each row of the table is a list of five labelled numbers, scripts or none: nothing is scrolled aside."""
    comparison = designer.compare(dict.fromkeys("abcde", smart_speaker))
    file = comparison.save(tmp_path / "five") / "comparison.html"
    with opened(file, 420, "light", scripts=False) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 420
        assert page.evaluate(
            "[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= one.clientWidth)"
        )
        cells = page.locator(".decide .numbers").first.locator("tr:nth-child(2) td")
        assert cells.count() == 5
        shown = "getComputedStyle(element, '::before').content"
        assert [cell.evaluate(f"element => {shown}") for cell in cells.all()] == [f'"{name} "' for name in "abcde"]


def test_the_comparison_page(opened: Open, tmp_path: Path) -> None:
    """A check box hides a design's curves in every figure, and shows them again; at both widths and in both schemes."""
    entries = [made("first"), made("other", cancellation_gain_db=[[500, 9]])]
    comparison = Comparison(tuple(entries), tuple(shared_channels(entries)[0]), {}).draw()
    file = comparison.save(tmp_path / "side") / "comparison.html"
    numbers = [f"{entry.result.scalars['left'].values['mean_cancellation_gain_db']:.1f}" for entry in entries]
    with opened(file, 390, "dark") as page:
        page.evaluate(UNFOLD)
        is_legible(page, "dark")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")
        is_legible(page, "light")
        assert all(page.evaluate("text => find(text)", number) for number in [*numbers, "Effort"])
        lines = {
            name: figure(page, name).locator(".chart .scatterlayer .trace") for name in ("left-gain", "left-costs")
        }
        before = {name: line.count() for name, line in lines.items()}
        for checked in (False, True):
            page.get_by_role("checkbox", name="other").set_checked(checked)
            for name in lines:
                figure(page, name)
                page.wait_for_timeout(50)
            counts = {name: line.count() for name, line in lines.items()}
            assert counts == before if checked else all(0 < counts[name] < before[name] for name in lines)
