"""The page: self-contained, what decides on top, its data those of the realised taps, and nothing in it obeyed that is text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from empty_figures import figures_of
from toml_text import pair, toml

import designer
from designer.errors import DataError
from designer.evaluation.outcomes import MOVED, REQUIRED, WORST, Outcome, worse_outcomes
from designer.report import figures, page, page_data, script
from designer.report.channel_maps import relative_db
from designer.report.grids import drawn_metrics
from designer.report.mirrors import mirrors
from designer.report.script import with_minus
from designer.result import Result

pytestmark = pytest.mark.usefixtures("no_files")


@pytest.fixture(scope="module")
def design(smart_speaker: designer.Design) -> designer.Design:
    return smart_speaker


@pytest.fixture(scope="module")
def folder(speaker_folder: Path) -> Path:
    return speaker_folder


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(text: str) -> dict[str, Any]:
    match = page_data.BLOCK.search(text)
    assert match is not None
    block: dict[str, Any] = json.loads(match[1], parse_constant=pytest.fail)
    return block


def without_library(text: str) -> str:
    """The page without the library's text."""
    return re.sub(r'<script type="text/plain" id="plotly">.*?</script>', "", text, flags=re.DOTALL)


def opened(data: dict[str, Any], value: list[Any]) -> np.ndarray[Any, Any]:
    """Numbers of a packed array, or of a table in steps, by the words of the format alone."""
    kind, place, count, *table = value
    if kind == "@":
        return np.frombuffer(base64.b64decode(data["arrays"]), "<f4")[place : place + count]
    rows, least, step = table
    levels = np.frombuffer(base64.b64decode(data["tables"]), "<i2")[place : place + count].astype(float)
    return np.asarray((least + (levels + 32_767) * step).reshape(rows, -1))


def test_the_page_is_self_contained(text: str) -> None:
    """Nothing links to another file or address; it is under 6.5 MB, two thirds of it the library."""
    own = without_library(text)
    sources = re.findall(r'(?:src|href|url)\s*=\s*["\']([^"\'\s>]+)', own)
    outside = [source for source in sources if not source.startswith(("#", "data:"))]
    assert not outside and "@import" not in own and "http" not in own.split('id="data"')[0]
    assert len(text.encode()) < 6.5e6 and len(own) < len(text) / 3


def test_the_library_is_that_of_the_installed_package() -> None:
    """The text is the package's file but for two places, which cut its evaluation into tasks: every other character is there."""
    from importlib.metadata import files

    (path,) = (file for file in files("plotly") or () if file.name == "plotly.min.js")
    original = path.read_text(encoding="utf-8")
    parts = re.split(r"[\w$]+\.register\(\[(?:[\w$]+\(\),)+[\w$]+\(\)\]\)", original)
    assert len(parts) == 2
    changed = script.in_tasks(original)
    assert changed.replace("this, (() => {", "this, () => {", 1).startswith(parts[0])
    assert "})));" in changed[-20:] and ".later=[" in changed
    assert script.in_tasks("var Plotly={};") == "var Plotly={};"


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package the message names it, and what installs it."""
    monkeypatch.setattr(script, "find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"plotly\.min\.js.*pip install plotly"):
        script.library.__wrapped__()


def test_every_figure_is_on_the_page_with_its_message(text: str, data: dict[str, Any], design: designer.Design) -> None:
    """Each figure of the design once, with its caption and its data, and the body, which has numbers of its own; all ids are distinct."""
    expected = figures.pictures(design)
    body = expected.pop("body").says()
    assert f'<figcaption id="caption-body">{body} Drag it' in unescape(text)
    assert len(json.loads(re.findall(r'id="body-data">(.*?)</script>', text)[0])["drivers"]) == len(
        design.problem.drivers
    )
    assert set(data["figures"]) == set(expected)
    assert sorted(re.findall(r'<figure data-figure="([^"]+)"', text)) == sorted(expected)
    captions = dict(re.findall(r'<figcaption id="caption-([^"]+)">([^<]+)</figcaption>', text))
    for name, picture in expected.items():
        words = unescape(captions[name])
        assert words == with_minus(picture.says()) and any(sign.isdigit() for sign in words), name
    ids = re.findall(r'\bid="([^"]+)"', re.sub(r"<script>.*?</script>", "", without_library(text), flags=re.DOTALL))
    assert len(ids) == len(set(ids))


def test_the_verdicts_stand_on_top(text: str, design: designer.Design) -> None:
    """The page gives the verdict on each channel once, before the numbers, and these before the figures."""
    for name, channel in design.channels.items():
        assert design.sentence(name).startswith(channel.verdict.sentence)
        sentence = with_minus(design.sentence(name))
        assert text.count(f"{sentence}.</div>") == 1
        assert 0 < text.index(sentence) < text.index('<table class="tiles">') < text.index("<figure ")
    mean = design.scalars["left"].values["mean_cancellation_gain_db"]
    assert f"<td>{mean:.1f}\u00a0dB</td>" in text


def test_requirements_are_counted_as_asked_and_beyond(text: str, design: designer.Design) -> None:
    """A channel that does all that is asked is not counted down for a worst place or a percentile that nobody asked for."""
    counts = re.findall(r"<summary>Requirements: (.*?)</summary>", text)
    tables = [part.split("</table>")[0] for part in text.split("<summary>Requirements: ")[1:]]
    assert len(counts) == len(design.channels)
    for count, table in zip(counts, tables, strict=True):
        rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
        asked = [outcome == "met" for _, judged, outcome in rows if judged == "as asked"]
        beyond = [outcome == "met" for _, judged, outcome in rows if judged != "as asked"]
        assert all(asked) and not all(beyond)
        assert count == (
            f"{len(asked)} of {len(asked)} met as asked;"
            f" at the worst place and the percentiles {sum(beyond)} of {len(beyond)}"
        )


def test_the_data_are_the_tables(data: dict[str, Any], design: designer.Design) -> None:
    """The line of the gain holds the metrics' column to a millionth, the map its levels to a two-hundredth of a dB."""
    (panel,) = data["figures"]["left-gain"]["panels"]
    (line,) = (line for line in panel["lines"] if line.get("metric") == "cancellation_gain_db")
    table = drawn_metrics(design, "left")
    np.testing.assert_allclose(opened(data, line["x"]), table["frequency_hz"], rtol=1e-6)
    np.testing.assert_allclose(opened(data, line["y"]), table["cancellation_gain_db"], rtol=1e-6, atol=1e-6)
    _, azimuth, level, _ = relative_db(design, "centre")
    (drawn,) = data["figures"]["centre-map"]["panels"]
    values = opened(data, drawn["z"])
    columns = [int(np.argmin(np.abs(opened(data, drawn["ys"]) - angle))) for angle in (-90.0, 0.0, 60.0)]
    for row, angle in zip(columns, (-90.0, 0.0, 60.0), strict=True):
        np.testing.assert_allclose(values[row], level[:, int(np.argmin(np.abs(azimuth - angle)))], atol=0.005)


def test_equal_designs_give_equal_pages(design: designer.Design, data: dict[str, Any]) -> None:
    """One design gives equal data: each kind of figure once, built again."""
    again = page_data.block(
        "", {name: picture.build() for name, picture in figures.pictures(design).items() if name != "body"}
    )
    assert json.loads(again)["arrays"] == data["arrays"] and json.loads(again)["tables"] == data["tables"]


def test_no_text_of_a_name_becomes_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A title or a channel's name with markup in it is shown, not obeyed, in the tables and in the data."""
    monkeypatch.setattr(figures, "pictures", figures_of("gain"))
    tables = pair() | {"title": "<script>alert(1)</script> & pair"}
    tables["designs"][0]["name"] = "<b>left & $x_1$</b>/../x"
    design = designer.design(designer.loads(toml(tables)))
    folder = design.save(tmp_path / "odd")
    text = without_library((folder / "report.html").read_text(encoding="utf-8"))
    assert "<script>alert" not in text and "<b>left" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; pair" in text
    assert designer.open(folder).channels.keys() == design.channels.keys()


def test_the_map_is_of_the_realised_taps(design: designer.Design) -> None:
    """What the map and the polars show is, at an azimuth and a frequency, the taps' own sum over the drivers' pressures."""
    f, azimuth, level, _ = relative_db(design, "centre")
    row, column = 150, int(np.flatnonzero(azimuth == 60.0)[0])
    one = designer.scene(design.problem).at(f[row : row + 1])
    n = np.arange(design.taps["centre"].shape[1])
    w = np.array([np.sum(taps * np.exp(-2j * np.pi * f[row] * n / 48000)) for taps in design.taps["centre"]])
    expected = 20 * np.log10(abs(one.look(60.0)[0] @ w) / abs(one.look(0.0)[0] @ w))
    assert abs(level[row, column] - expected) < 1e-6 < abs(expected)


@pytest.mark.parametrize("change", [lambda d: {name: taps * 2 for name, taps in d.taps.items()}])
def test_other_taps_make_other_figures(
    design: designer.Design, change: Callable[[designer.Design], dict[str, np.ndarray]]
) -> None:
    """Figures follow the taps: twice the taps raise the filters' figure by 6.02 dB, and leave the ratio of the ears as it was."""
    louder = designer.Design(
        design.problem,
        design.frequency_hz,
        design.drivers,
        design.weights,
        change(design),
        design.bulk_delay_samples,
        design.channels,
    )
    np.testing.assert_allclose(louder.metrics.cancellation_gain_db, design.metrics.cancellation_gain_db, atol=1e-9)
    before, after = (figures.pictures(one)["left-response"].build()["panels"][0] for one in (design, louder))
    for quiet, loud in zip(before["lines"], after["lines"], strict=True):  # type: ignore[typeddict-item]
        np.testing.assert_allclose(loud["y"] - quiet["y"], 20 * np.log10(2), atol=1e-9)


def test_every_frequency_has_its_certificate_on_the_page(folder: Path, text: str, design: designer.Design) -> None:
    """A row a frequency of the band: what the summary holds, read as strict JSON; the bound is no worse than what is reached.

    The power ratio maximises, so its bound is above its value; the constrained form minimises, so its bound is below.
    """
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    rows = sum(channel.frequency_hz.size for channel in design.channels.values())
    assert len(re.findall(r"<tr><td>[\d.]+&nbsp;Hz</td>", text)) == rows
    for name, channel in summary["channels"].items():
        certificate = channel["certificate"]
        value, bound = np.array(certificate["value"]), np.array(certificate["bound"])
        sign = 1.0 if channel["method"] == "constrained" else -1.0
        assert (sign * (value - bound) > -1e-6 * np.maximum(1.0, np.abs(value))).all(), name
        assert not any(certificate["by_reference"])


def mirrored(shift_m: float) -> designer.Design:
    """Two ear channels of a pair, one driver off its mirrored place."""
    tables = pair()
    (left,) = tables["designs"]
    tables["designs"] = [left, {**left, "name": "right", "ear": "right"}]
    tables["drivers"][1]["position_m"][0] += shift_m
    return designer.design(designer.loads(toml(tables)))


def test_a_mirrored_channel_is_folded_into_its_twin(tmp_path: Path) -> None:
    """Of a symmetric pair the second ear is the mirror image of the first; a driver 2 cm further back makes it one of its own."""
    design = mirrored(0.0)
    assert {name: twin.name for name, twin in mirrors(design).items()} == {"right": "left"}
    assert mirrors(mirrored(0.02)) == {}
    text = (design.save(tmp_path / "pair") / "report.html").read_text(encoding="utf-8")
    (folded,) = re.findall(r'<details class="twin">.*?data-figure="right-gain".*?</details>', text, re.DOTALL)
    assert "Show the figures of right" in folded
    assert text.count('<th scope="row"><span>left,</span> <span>right</span>') == 1
    assert '<tr><th scope="row"><span>right' not in text.split("<figure")[0]


def test_overlays_stand_in_the_data(design: designer.Design, folder: Path, tmp_path: Path) -> None:
    """A design folder as its figures, a measurement as its text; what cannot be read is named with the remedy."""
    (tmp_path / "on-axis.frd").write_text("100 1.5\n1000 2.5\n", encoding="utf-8")
    over = [page_data.overlay(folder), page_data.overlay(tmp_path / "on-axis.frd")]
    assert [one["name"] for one in over] == ["smart-speaker", "on-axis.frd"]
    assert "left-gain" in over[0]["data"]["figures"] and over[1]["text"].startswith("100 1.5")
    saved = design.save(tmp_path / "again", overlay=[tmp_path / "on-axis.frd"])
    block = page_data.BLOCK.search((saved / "report.html").read_text(encoding="utf-8"))
    assert block is not None and json.loads(block[1])["overlays"] == over[1:]
    for path, words in (
        (tmp_path / "none", "none: No such file.*expected a design folder"),
        (tmp_path, "report.html: No such file"),
    ):
        with pytest.raises(DataError, match=words):
            page_data.overlay(path)
    (tmp_path / "old.html").write_text("<p>", encoding="utf-8")
    with pytest.raises(DataError, match=r"got no data of figures.*run `designer design` again"):
        page_data.overlay(tmp_path / "old.html")


PACKED = {"title": "Other", "figures": {}, "arrays": "", "tables": ""}


@pytest.mark.parametrize(
    "data",
    [
        '{"title": "cut',
        "[1, 2]",
        '{"title": "alone"}',
        json.dumps(PACKED | {"title": float("nan")}),
        json.dumps(PACKED | {"title": "\ud800"}),
        json.dumps(PACKED | {"arrays": "!!!"}),
        json.dumps(PACKED | {"tables": None}),
        json.dumps(PACKED | {"figures": [1]}),
        "[" * 100_000,
    ],
)
def test_a_page_that_is_none_is_no_overlay(tmp_path: Path, data: str) -> None:
    """Cut, of other types, with numbers or letters that no page can hold: refused before a page would hold it."""
    (tmp_path / "other.html").write_text(f'<script type="application/json" id="data">{data}</script>', encoding="utf-8")
    with pytest.raises(DataError, match=r"other.html: got no data of figures.*run `designer design` again"):
        page_data.overlay(tmp_path / "other.html")


@pytest.mark.parametrize("text", ["", "* a head\n1000 3\n", "1000 nan\n2000 inf\n", "left 3\nright 4\n", "\0" * 100])
def test_a_text_without_rows_is_no_overlay(tmp_path: Path, text: str) -> None:
    """Fewer than two rows of two finite numbers draw no curve."""
    (tmp_path / "measured.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"measured.txt: got no rows of numbers; expected frequency in Hz"):
        page_data.overlay(tmp_path / "measured.txt")


@pytest.mark.parametrize("text", ["; Hz dB\n1000, 3\n2000; 4 90\n", "channel,frequency_hz,cancellation_gain_db\n"])
def test_rows_and_tables_are_overlays(tmp_path: Path, text: str) -> None:
    """Numbers apart by commas, semicolons and blanks, and a design's tables, are taken as they are."""
    (tmp_path / "measured.txt").write_text(text, encoding="utf-8")
    assert page_data.overlay(tmp_path / "measured.txt")["text"] == text


def test_an_overlay_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page would not open with it."""
    monkeypatch.setattr(page_data, "MOST_BYTES", 10)
    (tmp_path / "measured.txt").write_text("1000 3\n2000 4\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"measured.txt: got 0 MB; expected at most 0 MB; leave out rows"):
        page_data.overlay(tmp_path / "measured.txt")


def test_numbers_of_a_channel(design: designer.Design) -> None:
    """Latency is the bulk delay over the rate; cost is the taps that are not zero times the rate, of imported taps too."""
    numbers = design.scalars["left"].values
    cells = page.tiles(design, "left", [numbers])
    assert len(cells) == len(page.TILES) + 2
    assert cells[-2] == f"{1000 * design.bulk_delay_samples / 48_000:.2f} ms"
    assert cells[-1] == f"{3 * design.taps['left'].shape[1] * 48_000 / 1e6:.1f} M"
    imported = replace(design, imported_from="left.csv", study_source=lambda curves: {})
    assert page.tiles(imported, "left", [numbers])[-1] == cells[-1]
    silent = np.array([[0.0, 0.5, 0.0, 0.25, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    few = replace(imported, taps={**design.taps, "left": silent})
    assert page.multiply_adds(few, "left") == 3  # from the first tap to the last; a pure delay and silence take none


def test_a_verdict_is_green_where_all_is_met() -> None:
    """A requirement missed by 0.2 dB is missed, to whatever exit code; what the worst place has below the curve, nobody asked for."""
    f = np.array([500.0, 1000.0])
    missed, met, beyond = (
        Outcome.of("cancellation_gain_db", place, np.array([0.0, db]), f)
        for place, db in ((REQUIRED, 0.2), (REQUIRED, 0.05), (WORST, 3.0))
    )
    assert page.misses_any([met, missed])
    assert not page.misses_any([met, beyond])


def test_of_mirror_images_the_worse_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number on top is the worse of both sides, whichever way is better; the verdict has each outcome of the side that misses more."""
    design = mirrored(0.0)
    left, right = ({**design.scalars[name].values} for name in ("left", "right"))
    left |= {"mean_cancellation_gain_db": 9.0, "largest_effort_db": 3.0}
    right |= {"mean_cancellation_gain_db": 8.0, "largest_effort_db": 2.0}
    cells = dict(zip(page.TILES, page.tiles(design, "left", [left, right]), strict=False))
    assert (cells["mean_cancellation_gain_db"], cells["largest_effort_db"]) == ("8.0 dB", "3.0 dB")
    f = np.array([500.0, 1000.0])
    sides = [
        tuple(
            Outcome.of("cancellation_gain_db", place, np.array([db, 0.0]), f) for place, db in ((WORST, a), (MOVED, b))
        )
        for a, b in ((1.0, 4.0), (2.0, 3.0))
    ]
    assert worse_outcomes(*sides) == (sides[1][0], sides[0][1])
    monkeypatch.setattr(Result, "outcomes", dict(zip(("left", "right"), sides, strict=True)))
    words = "2.0 dB at the worst place (500 Hz), 4.0 dB at the 5th percentile of moved heads (500 Hz)"
    assert design.sentence("left", "right").endswith(f". Judged more strictly, the curve is missed by up to {words}")
