"""The page and the figures: self-contained, complete, the same every time, and made from the realised taps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path

import numpy as np
import pytest
from empty_figures import figures_of
from toml_text import pair, toml

import designer
from designer.report import figures
from designer.report.canvas import as_file, in_style, svg
from designer.report.channel_curves import draw_filters
from designer.report.channel_maps import relative_db
from designer.report.figures import CHANNEL_FIGURES, file_stems


@pytest.fixture(scope="module")
def design(smart_speaker: designer.Design) -> designer.Design:
    return smart_speaker


@pytest.fixture(scope="module")
def folder(design: designer.Design, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return design.save(tmp_path_factory.mktemp("report") / "smart-speaker")


def test_the_page_is_self_contained(folder: Path) -> None:
    """The page loads nothing: no script, no link to another file, no address; it is under 3 MB."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    sources = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'\s)>]+)', page)
    outside = [s for s in sources if not s.startswith(("#", "data:"))]
    assert not outside
    assert "<script" not in page and "@import" not in page
    assert len(page) < 3e6


def test_every_figure_is_written_and_on_the_page(folder: Path, design: designer.Design) -> None:
    """The layout and each channel's figures that there is something to draw for, as files and in the page, all ids distinct."""
    names = {path.stem for path in (folder / "figures").iterdir()}
    stems = file_stems(list(design.channels))
    expected = {"layout"}
    for name, stem in stems.items():
        expected |= {f"{stem}-{figure.kind}" for figure in CHANNEL_FIGURES if figure.shown(design, name)}
    assert names == expected
    beams = {f"{stems[name]}-polar-window" for name, c in design.channels.items() if c.table.window_deg}
    ears = {f"{stems[name]}-zone" for name, c in design.channels.items() if not c.table.is_beam}
    assert beams | ears | {f"{stem}-tolerance" for stem in stems.values()} <= names
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == len(names)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_the_sentences_stand_on_top(folder: Path, design: designer.Design) -> None:
    """The page gives the verdict on each channel once, before anything else."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    for name, channel in design.channels.items():
        sentence = design.sentence(name)
        assert sentence.startswith(channel.verdict.sentence)
        assert page.count(f"{sentence}.</div>") == 1
        assert 0 < page.index(sentence) < page.index("<table>") < page.index("<svg")


def test_figures_are_the_same_every_time(design: designer.Design, folder: Path) -> None:
    """One design gives equal bytes: one figure of each kind, drawn again."""
    captions, visited = figures.captions(design), set()
    for name, picture in figures.pictures(design).items():
        if picture.declared.kind not in visited:
            visited.add(picture.declared.kind)
            with in_style():
                again = as_file(picture.draw(), captions[name])
            assert again == (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert len(visited) > 12


def test_every_figure_says_its_message(folder: Path, design: designer.Design) -> None:
    """As a file by its title, on the page by its caption, which names it: the same words, with numbers in them."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    captions = figures.captions(design)
    for path in (folder / "figures").iterdir():
        message = captions[path.stem]
        assert any(sign.isdigit() for sign in message) and message.endswith(".") and not message.endswith("..")
        assert f"<title>{escape(message)}</title>" in path.read_text(encoding="utf-8")
        assert f'role="img" aria-labelledby="caption-{path.stem}"' in page
        (words,) = re.findall(rf'<figcaption id="caption-{path.stem}">([^<]+)</figcaption>', page)
        assert unescape(words) == message


def test_no_text_of_a_name_becomes_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A title or a channel's name with markup in it is shown, not obeyed; its figures' texts are written alike, so two are drawn."""
    monkeypatch.setattr(figures, "draw_all", figures_of("cancellation", "filters"))
    tables = pair() | {"title": "<script>alert(1)</script> & pair"}
    tables["designs"][0]["name"] = "<b>left & $x_1$</b>/../x"
    design = designer.design(designer.loads(toml(tables)))
    folder = design.save(tmp_path / "odd")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script>" not in page and "<b>left" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; pair" in page
    assert {path.parent for path in folder.rglob("*.svg")} == {folder / "figures"}
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
def test_other_taps_draw_other_figures(
    design: designer.Design, change: Callable[[designer.Design], dict[str, np.ndarray]]
) -> None:
    """Figures follow the taps: twice the taps raise the filters' figure, and leave the ratio of the ears as it was."""
    louder = designer.Design(
        design.problem,
        design.frequency_hz,
        design.drivers,
        design.weights,
        change(design),
        design.bulk_delay_samples,
        design.channels,
    )
    before, after = design.metrics, louder.metrics
    np.testing.assert_allclose(after.cancellation_gain_db, before.cancellation_gain_db, atol=1e-9)
    with in_style():
        assert svg(draw_filters(louder, "left")) != svg(draw_filters(design, "left"))


def test_every_frequency_has_its_certificate_on_the_page(folder: Path, design: designer.Design) -> None:
    """A row a frequency of the band: what the summary holds, read as strict JSON; the bound is no worse than what is reached.

    The power ratio maximises, so its bound is above its value; the constrained form minimises, so its bound is below.
    """
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    page = (folder / "report.html").read_text(encoding="utf-8")
    rows = sum(channel.frequency_hz.size for channel in design.channels.values())
    assert len(re.findall(r"<tr><td>[\d.]+&nbsp;Hz</td>", page)) == rows
    for name, channel in summary["channels"].items():
        certificate = channel["certificate"]
        value, bound = np.array(certificate["value"]), np.array(certificate["bound"])
        sign = 1.0 if channel["method"] == "constrained" else -1.0
        assert (sign * (value - bound) > -1e-6 * np.maximum(1.0, np.abs(value))).all(), name
        assert not any(certificate["by_reference"])
