"""What matplotlib draws is what a figure's dictionary says, panel kind by panel kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle

from designer.arrays import Real
from designer.report.canvas import as_bytes
from designer.report.channel_maps import polar
from designer.report.figure_data import (
    Curves,
    Map,
    axis,
    curves,
    design_look,
    figure,
    frequency_axis,
    level_map,
    line,
    steps,
)
from designer.report.layout import drawing
from designer.report.printed import WIDTH_IN, draw
from designer.report.schemes import COLOURS, SHADE

X = np.geomspace(50.0, 20_000.0, 40)


def panel(name: str = "gain", place: tuple[int, int] = (0, 0), **more: Any) -> Curves:
    return curves(frequency_axis((50, 20_000)), axis("Gain in dB", "dB", -5, 15), [line(X, np.log10(X), name)],
                  place=place, **more)  # fmt: skip


def texts(axes: Axes) -> tuple[list[str], list[str]]:
    return [t.get_text() for t in axes.get_xticklabels()], [t.get_text() for t in axes.get_yticklabels()]


def test_curves() -> None:
    """Lines with their points and colours, spans between their edges, what is missed, limits and marks, and the ground beyond the band."""
    low, high = np.zeros(40), np.full(40, 2.0)
    shown = panel(
        title="Cancellation gain",
        band_hz=[500.0, 6000.0],
        spans=[{"name": "moved", "x": X, "low": low, "high": high, "color": 5}],
        shortfalls=[{"name": "missed", "x": X, "low": low, "high": np.where(X > 1000, 3.0, np.nan)}],
        limits=[{"y": 12.0, "text": "at most 12 dB", "above": False}],
        marks=[{"x": 1234.0, "text": "bulk delay"}],
    )
    fig = draw(figure([shown], 3.0))
    (axes,) = fig.axes
    curve = axes.lines[-1]
    np.testing.assert_array_equal(curve.get_xydata(), np.stack([X, np.log10(X)], axis=1))
    assert to_rgba(curve.get_color()) == to_rgba(COLOURS[0])
    assert axes.get_title(loc="left") == "Cancellation gain"
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_xscale()) == ((50, 20_000), (-5, 15), "log")
    upright = {
        float(np.asarray(one.get_xdata())[0]) for one in axes.lines if len(set(np.asarray(one.get_xdata()))) == 1
    }
    assert upright == {500.0, 6000.0, 1234.0}
    assert 12.0 in {float(np.asarray(one.get_ydata())[0]) for one in axes.lines}
    grounds = sorted(
        patch.get_extents().transformed(axes.transData.inverted()).intervalx.tolist() for patch in axes.patches
    )
    np.testing.assert_allclose(grounds, [[50, 500], [6000, 20_000]])
    assert {to_rgba(patch.get_facecolor()) for patch in axes.patches} == {to_rgba(SHADE)}
    span, missed = (np.asarray(collection.get_paths()[0].vertices) for collection in axes.collections)
    assert (span[:, 1].min(), span[:, 1].max()) == (0.0, 2.0)
    assert missed[:, 0].min() == X[X > 1000][0]
    assert {note.get_text() for note in axes.texts} == {"at most 12 dB", "bulk delay"}
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["gain", "moved", "missed"]


def test_words_of_an_axis_stand_once() -> None:
    """Panels one above the other and side by side: only the outer ones of one range have ticks' texts and a label."""
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    axes = draw(figure([panel(place=place) for place in places], 4.0)).axes
    assert [bool("".join(texts(one)[0])) for one in axes] == [False, False, True, True]
    assert [bool("".join(texts(one)[1])) for one in axes] == [True, False, True, False]
    assert [one.get_xlabel() for one in axes] == ["", "", "Frequency in Hz", "Frequency in Hz"]
    other = panel(place=(1, 0)) | {"y": axis("Gain in dB", "dB", -50, 15)}
    for one in draw(figure([panel(), other], 4.0)).axes:
        assert "".join(texts(one)[1])


def test_a_design_that_is_hidden_is_not_drawn() -> None:
    """Neither its curve nor its name; a marker stands where the look has it begin."""
    lines = [line(X, X, f"design {n}", **{**design_look(n), "hidden": n == 1}) for n in range(3)]
    fig = draw(figure([curves(frequency_axis((50, 20_000)), axis("y", "", 0, 1), lines)], 3.0))
    assert len(fig.axes[0].lines) == 2
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["design 0", "design 2"]
    assert [one.get_marker() for one in fig.axes[0].lines] == ["o", "^"]


def cells(place: tuple[int, int] = (0, 0), label: str = "dB", **more: Any) -> Map:
    z = np.array([[-30.0, 0.0, 100.0], [-15.0, np.nan, -100.0]])
    levels = steps(np.arange(-31.5, 8, 3.0), np.arange(-30.0, 7, 6), label, "dB")
    return level_map(axis("x", "", -0.5, 2.5), axis("y", "", 1.5, -0.5), np.arange(3.0), np.arange(2.0), z, levels,
                     place=place, **more)  # fmt: skip


def colour_at(axes: Axes, x: float, y: float) -> tuple[int, ...]:
    """What the picture of a map has at a place of its axes."""
    (image,) = axes.images
    pixels = np.asarray(image.get_array())
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    column = int((x - left) / (right - left) * pixels.shape[1])
    return tuple(pixels[int((y - bottom) / (top - bottom) * pixels.shape[0]), column])


def test_a_map_has_the_colour_of_its_level() -> None:
    """The palette's 13 colours in steps; beyond them that of the end, and grey where nothing is known."""
    axes = draw(figure([cells()], 3.0)).axes[0]
    palette = colormaps["viridis"](np.linspace(0, 1, 13), bytes=True)
    assert colour_at(axes, 0.0, 0.0) == tuple(palette[0])
    assert colour_at(axes, 1.0, 0.0) == tuple(palette[10])
    assert colour_at(axes, 2.0, 0.0) == tuple(palette[12])
    assert colour_at(axes, 0.0, 1.0) == tuple(palette[5])
    assert colour_at(axes, 2.0, 1.0) == tuple(palette[0])
    assert colour_at(axes, 1.0, 1.0) == (208, 215, 222, 255)


def test_a_map_over_logarithmic_frequency_has_each_cell_at_its_place() -> None:
    """Two cells of 100 Hz and 400 Hz meet at their geometric mean; beyond the last half cell there is nothing."""
    levels = steps(np.array([0.0, 1.0, 2.0]), np.array([0.0]), "dB", "dB")
    shown = level_map(frequency_axis((100, 1600)), axis("y", "", 0, 1), np.array([100.0, 400.0]), np.array([0.0, 1.0]),
                      np.array([[0.5, 1.5], [0.5, 1.5]]), levels)  # fmt: skip
    (image,) = draw(figure([shown], 3.0)).axes[0].images
    row = np.asarray(image.get_array())[0]
    palette = colormaps["viridis"]([0.0, 1.0], bytes=True)
    shares = np.log(np.array([199.0, 201.0, 799.0, 801.0]) / 100) / np.log(16)
    low, high, last, beyond = row[(shares * len(row)).astype(int)]
    assert (tuple(low), tuple(high), tuple(last)) == (tuple(palette[0]), tuple(palette[1]), tuple(palette[1]))
    assert beyond[3] == 0


def test_maps_alike_share_a_bar() -> None:
    """One bar beside a row of maps of one scale, two of two; boxes, the contour and the ends of the band are drawn on the map."""
    assert len(draw(figure([cells((0, 0)), cells((0, 1))], 3.0)).axes) == 3
    assert len(draw(figure([cells((0, 0)), cells((0, 1), "ms")], 3.0)).axes) == 4
    axes = draw(
        figure([cells(boxes=[{"x": [0.0, 1.0], "y": [0.0, 0.5]}], band_hz=[0.5, 9.0], contour=-5.0)], 3.0)
    ).axes[0]
    assert {patch.get_bbox().bounds for patch in axes.patches} == {(0.0, 0.0, 1.0, 0.5)}  # type: ignore[attr-defined]
    assert {float(np.asarray(one.get_xdata())[0]) for one in axes.lines} == {0.5}
    assert len(axes.collections) == 2


def on_disc(level_db: float, angle_deg: float) -> Real:
    azimuth = np.arange(-180.0, 180.0, 5.0)
    values = np.where(azimuth == angle_deg, level_db, -60.0)
    shown = polar([line(azimuth, values)], 10.0, title="1 kHz", place=(0, 0))
    axes = draw(figure([shown], 3.0)).axes[0]
    (centre,) = (patch for patch in axes.patches if isinstance(patch, Circle))
    (curve,) = axes.lines
    drawn = np.asarray(curve.get_transform().transform(curve.get_xydata()))
    middle = centre.get_transform().transform((0, 0))
    radius = np.linalg.norm(centre.get_transform().transform((1, 0)) - middle)
    away = (drawn - middle) / radius
    return np.asarray(away[np.linalg.norm(away, axis=1).argmax()])


@pytest.mark.parametrize(("angle_deg", "towards"), [(0, (0, -1)), (-90, (-1, 0)), (90, (1, 0)), (-180, (0, 1))])
def test_a_polar_plot_has_the_front_down_and_the_listeners_left_on_the_left(
    angle_deg: float, towards: tuple[int, int]
) -> None:
    """From -30 dB in the centre to 10 dB at the rim: 0 dB lies at three quarters, at its side; 50 dB is held to the rim."""
    np.testing.assert_allclose(on_disc(0.0, angle_deg), 0.75 * np.array(towards), atol=1e-9)
    np.testing.assert_allclose(on_disc(50.0, angle_deg), towards, atol=1e-9)


def test_a_drawing_is_to_scale() -> None:
    """A circle with its centre and radius, points where they are, and as many metres to an inch in both directions."""
    shapes: list[Any] = [
        {"form": "circle", "x": 0.5, "y": 1.0, "radius": 0.25, "fill": "shade"},
        {"form": "points", "x": np.array([0.1, 0.2]), "y": np.array([0.3, 0.4]), "name": "drivers"},
        {"form": "text", "x": 0.5, "y": 1.0, "text": "L"},
    ]
    shown = drawing("Layout", (0, 0, 1, 1), axis("x in m", "m", 0, 4), axis("y in m", "m", 3, 0), shapes)
    fig = draw(figure([shown], 3.0))
    (axes,) = fig.axes
    (circle,) = (patch for patch in axes.patches if isinstance(patch, Circle))
    assert (tuple(circle.center), circle.radius) == ((0.5, 1.0), 0.25)
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0.1, 0.3], [0.2, 0.4]])
    box = axes.get_position()
    assert box.width * WIDTH_IN / 4 == pytest.approx(box.height * fig.get_figheight() / 3)
    assert [text.get_text() for text in axes.texts] == ["L"]


@pytest.mark.parametrize("longest", [3, 20, 40])
def test_a_legend_of_32_names_stays_inside(longest: int) -> None:
    """Whatever the names' lengths; the figure grows by its rows, and the panel keeps its height."""
    lines = [line(X, X, f"{n:02d}" + "W" * (longest - 2)) for n in range(32)]
    shown = curves(frequency_axis((50, 20_000)), axis("y", "", 0, 1), lines)
    fig = draw(figure([shown], 3.0))
    fig.draw_without_rendering()
    box = fig.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= fig.bbox.x1 and box.y0 >= 0
    assert fig.axes[0].get_window_extent().height / fig.dpi > 1.9
    assert box.y1 < fig.axes[0].get_window_extent().y0


def test_files_of_each_format() -> None:
    """SVG, PDF and PNG, the last as many dots wide as its dots per inch say; the same bytes again."""
    fig = draw(figure([panel()], 2.0))
    content = {form: as_bytes(fig, form, 50) for form in ("svg", "pdf", "png")}
    assert content["svg"].startswith(b"<?xml") and content["pdf"].startswith(b"%PDF")
    assert content["png"][:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(content["png"][16:20]) == WIDTH_IN * 50
    assert all(as_bytes(draw(figure([panel()], 2.0)), form, 50) == text for form, text in content.items())
