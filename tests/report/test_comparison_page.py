"""The comparison page: self-contained, complete and readable, with a few designs and with twenty."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from comparison.two_designs import made
from toml_text import pair, toml

import designer
from designer.comparison.entry import Entry, shared_channels
from designer.comparison.head_shift import head_shift
from designer.comparison.numbers import scalar_rows
from designer.report import page_data
from designer.report.figure_data import MARKERS, design_look
from designer.report.figures import Picture
from designer.report.script import decibels, with_minus
from designer.search import compare
from designer.search.compare import Comparison


def side_by_side(entries: list[Entry], show: tuple[str, ...] = ()) -> Comparison:
    channels, notes = shared_channels(entries)
    of_designs = {id(entry.result): head_shift(entry, "left") for entry in entries}  # entries may share a design
    shifts = {(entry.label, "left"): shift for entry in entries if (shift := of_designs[id(entry.result)]) is not None}
    return Comparison(tuple(entries), tuple(channels), shifts, tuple(notes), show, "designer compare").draw()


@pytest.fixture(scope="module")
def few() -> Comparison:
    return side_by_side([made("<b>first</b> & $x_1$"), made("other", cancellation_gain_db=[[500, 9]])])


@pytest.fixture(scope="module")
def few_files(few: Comparison) -> dict[str, bytes]:
    return few.files()


def numbered(*gains_db: float) -> list[Entry]:
    """An entry for each gain; those of one gain share their design."""
    designs = {
        gain: made("", cancellation_gain_db=[[500, gain]], method="least-squares").result for gain in set(gains_db)
    }
    return [Entry(f"number {n}", designs[gain], f"number {n}.toml") for n, gain in enumerate(gains_db)]


@pytest.fixture(scope="module")
def twenty() -> dict[str, bytes]:
    """Page of twenty designs; figures as files and the table are empty, because no test looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Picture, "file", lambda _: b"")
        patch.setattr(compare, "tidy_table", lambda *_: pd.DataFrame())
        return side_by_side(numbered(2.0, *[5.0] * 9, *[8.0] * 9, 11.5)).files()


def page_of(files: dict[str, bytes]) -> str:
    return files["comparison.html"].decode("utf-8")


def data_of(page: str) -> dict[str, Any]:
    match = page_data.BLOCK.search(page)
    assert match is not None
    block: dict[str, Any] = json.loads(match[1], parse_constant=pytest.fail)
    return block


def test_the_page_is_self_contained_and_small(few_files: dict[str, bytes], twenty: dict[str, bytes]) -> None:
    """It loads nothing, no two ids are alike, and with twenty designs it stays under 8 MB, of which the library is 4.8."""
    for page in map(page_of, (few_files, twenty)):
        own = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
        sources = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'\s>)]+)', own)
        assert not [s for s in sources if not s.startswith(("#", "data:"))]
        assert "@import" not in own
        ids = re.findall(r'\bid="([^"]+)"', own)
        assert len(ids) == len(set(ids))
        assert len(page.encode()) < 8e6


def test_names_are_text(few_files: dict[str, bytes]) -> None:
    """A label with markup in it is shown, in tables, legends and captions, and obeyed nowhere."""
    page = page_of(few_files)
    assert "<b>first" not in page
    assert "&lt;b&gt;first&lt;/b&gt; &amp; $x_1$" in page
    assert "<b>first</b> & $x_1$" in json.dumps(data_of(page))
    assert all(b"<b>first" not in content for path, content in few_files.items() if path.endswith(".svg"))


def test_every_figure_says_its_message(few: Comparison, few_files: dict[str, bytes]) -> None:
    """Gain, head shift, maps, polars and costs, each a file with a title, and on the page named by a caption with numbers in it."""
    files, page = few_files, page_of(few_files)
    kinds = ("gain", "head-shift", "maps", "polars", "costs")
    assert [path for path in files if path.endswith(".svg")] == [f"figures/left-{kind}.svg" for kind in kinds]
    for kind in kinds:
        assert page.count(f'<figure data-figure="left-{kind}"') == 1
        (caption,) = re.findall(rf'<figcaption id="caption-left-{kind}">([^<]+)<', page)
        assert re.search(r"\d\.\d dB", caption), caption
        assert f"<title>{caption}</title>".replace("&#39;", "&#x27;") in with_minus(
            files[f"figures/left-{kind}.svg"].decode()
        )


def test_the_table_marks_the_best_and_says_the_difference(few: Comparison, few_files: dict[str, bytes]) -> None:
    """Each number stands on the page to one decimal, the better one with a star, the second with its difference from the first."""
    page = page_of(few_files)
    for row in scalar_rows(few.channels[0]):
        text = re.sub(r"<[^>]+>", " ", page[page.index(f'<th scope="row">{row.words}</th>') :].split("</tr>")[0])
        words = text[len(row.words) :].split()
        first, second = row.values_db
        assert first is not None and second is not None and row.differences_db[1] is not None
        expected = [
            f"★ {decibels(first)}" if row.best[0] else decibels(first),
            f"★ {decibels(second)}" if row.best[1] else decibels(second),
        ]
        expected.append(decibels(row.differences_db[1], "+z.1f"))
        assert " ".join(words).endswith(with_minus(" ".join(expected)))


def test_what_the_files_differ_in_stands_on_top(few_files: dict[str, bytes]) -> None:
    """The keys that differ come after the designs and before the first channel's numbers, all in one table, and curves below it."""
    page = page_of(few_files)
    places = [
        page.index(text)
        for text in ('<th scope="row">Requirements', 'id="keys"', 'class="numbers"', '<h2 id="channel-1">')
    ]
    assert places == sorted(places)


def test_of_twenty_a_band_and_the_chosen(twenty: dict[str, bytes]) -> None:
    """Every curve is in the page with its switch; those that are chosen, the first, the best and the worst, are on, the others off."""
    page = page_of(twenty)
    on = [int(n) for n in re.findall(r'id="show-(\d+)" data-design="\d+" autocomplete="off" checked', page)]
    assert page.count('type="checkbox"') == 20
    assert page.count('class="scroll many"') == 1  # set smaller on paper
    assert on == [0, 19]
    (panel,) = data_of(page)["figures"]["left-gain"]["panels"]
    designs = {line["design"]: line["hidden"] for line in panel["lines"] if "design" in line}
    assert {n for n, hidden in designs.items() if not hidden} == {0, 19} and set(designs) == set(range(20))
    assert [span["name"] for span in panel["spans"]] == ["all 20, lowest to highest"]


def test_the_user_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    """--show switches those on that are named instead."""
    monkeypatch.setattr(compare, "comparison_pictures", lambda *_: {})
    monkeypatch.setattr(compare, "tidy_table", lambda *_: pd.DataFrame())
    page = page_of(side_by_side(numbered(3.0, *[5.0] * 5, 9.0), ("number 2", "number 5")).files())
    assert re.findall(r'id="show-(\d+)" data-design="\d+" autocomplete="off" checked', page) == ["2", "5"]


def test_designs_are_told_apart_without_colour() -> None:
    """Of the first six no two have the same dash and marker; of twenty no two the same colour, dash and marker."""
    styles = [design_look(n) for n in range(20)]
    assert len({(s["dash"], s["marker"]) for s in styles[:6]}) == 6
    assert len({(s["color"], s["dash"], s["marker"]) for s in styles}) == 20
    assert len({s["marker"] for s in styles}) == len(MARKERS)


def test_costs_are_scaled_by_what_lies_in_the_bands(few: Comparison) -> None:
    """Two drivers against each other are dear below the band, 6 dB an octave without end: the axis of effort holds every curve whole in
    its band, and follows the rest by 6 dB at most.
    """
    entry = few.entries[1]
    taps = np.zeros_like(entry.result.taps["left"])
    taps[0, 10], taps[1, 12] = 1.0, -1.0
    dear = replace(entry, result=replace(entry.result, taps={"left": taps}))
    drawn = side_by_side([few.entries[0], dear])
    (panel,) = [panel for panel in drawn.pictures["left-costs"].build()["panels"] if panel["title"] == "Effort"]
    low, high = panel["y"]["range"]  # type: ignore[typeddict-item] # curves
    inside_db, all_db = [], []
    for shown in drawn.entries:
        metrics, (first_hz, last_hz) = shown.result.metrics, shown.result.channels["left"].table.band_hz
        all_db.append(metrics.effort_db[metrics.frequency_hz >= 50])
        inside_db.append(metrics.effort_db[metrics.frequency_hz.between(first_hz, last_hz)])
    least_db, most_db = min(map(min, inside_db)), max(map(max, inside_db))
    assert max(map(max, all_db)) > most_db + 7  # the spike
    assert low < least_db and most_db < high and high - low <= most_db - least_db + 14


def test_a_design_that_misses_is_told_first() -> None:
    """Of two designs the one whose filters miss its requirement has a verdict of its own above the ranking; the other has none."""
    tables = pair()
    good = designer.design(designer.loads(toml(tables)))
    tables["realization"] = {"taps": 8}
    poor = designer.design(designer.loads(toml(tables)))
    page = page_of(designer.compare({"good": good, "poor": poor}).files())
    verdicts = re.findall(r'<div class="verdict( \w+)?">([^<]*)</div>', page)
    assert verdicts[0] == (" lossy", "poor: met on paper, and missed by these filters: left.")
    assert len(verdicts) == 2 and verdicts[1][0] == " lossy"
    assert re.match(r"poor: \d\.\d dB less gain \(.* drawn devices, less in .*, against good\.$", verdicts[1][1])
