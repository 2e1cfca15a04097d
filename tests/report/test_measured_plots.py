"""Figures of measured sets: what they draw is what was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from acoustics.measured.head_files import KEMAR, grid_deg, sphere
from acoustics.measured.made_sets import FREQUENCY_HZ, C, cap, lopsided, write_frd_set
from acoustics.measured.test_measured_device import PAIR, measured

import designer
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.head import read_head
from designer.acoustics.measured.interaural_time import geometric_time_s
from designer.arrays import Complex, Real
from designer.problem.geometry import direction
from designer.report.canvas import drawable, svg
from designer.report.figure_data import Figure, Panel, axis, curves, figure, line, shortened
from designer.report.measured import device_figure, driver_figure, head_figure
from designer.report.printed import draw


def woofer(folder: Path, **written: object) -> Figure:
    write_frd_set(folder, delay_s=2e-3, **written)  # type: ignore[arg-type] # of several types
    response = read_response("woofer * *.frd", folder, driver="woofer", speed_of_sound_m_s=C)
    return driver_figure("woofer", response)


def panel_of(drawn: Figure, title: str) -> Panel:
    """The panel whose title begins so."""
    (panel,) = (panel for panel in drawn["panels"] if panel["title"].startswith(title))
    return panel


def lines(drawn: Figure, title: str) -> dict[str, tuple[Real, Real]]:
    """Its lines: name -> frequencies and values."""
    panel = panel_of(drawn, title)
    assert panel["kind"] == "curves"
    return {line["name"]: (line["x"], line["y"]) for line in panel["lines"]}


def level_db(response: Complex) -> Real:
    return np.asarray(20 * np.log10(np.abs(response)))


def test_levels_are_the_drivers(tmp_path: Path) -> None:
    """Each curve is the known driver's level at the angle that it is named by, all with one common gain; phase has no delay left."""
    drawn = woofer(tmp_path, model=lopsided)
    actual = lines(drawn, "Level over angle")
    assert set(actual) == {"on axis", *(f"{sign}{angle}°" for sign in ("", "−") for angle in (30, 60, 90)), "180°"}
    gains = []
    for label, (f, level) in actual.items():
        angle = 0.0 if label == "on axis" else float(label.removesuffix("°").replace("−", "-"))
        gains.append(level - level_db(lopsided(f, direction(angle)[None]))[:, 0])
    assert np.ptp(np.stack(gains)) < 0.05
    f, phase = lines(drawn, "Phase on axis")["measured"]
    expected = np.degrees(np.angle(cap(f, direction(0.0)[None])[:, 0]))
    late = np.polynomial.polynomial.polyfit(f, phase - expected, 1)[1] / -360
    assert abs(late) < 2e-5  # of 2 ms


def test_the_map_is_relative_to_the_axis(tmp_path: Path) -> None:
    """Its rows are the measured angles, rising, and its values the known driver's level over its own on axis."""
    drawn = woofer(tmp_path)
    panel = panel_of(drawn, "Horizontal plane")
    assert panel["kind"] == "map"
    edges = panel["levels"]["edges"]
    assert (float(edges[0]), float(edges[-1])) == (-31.5, 7.5)
    angles = np.arange(-180.0, 180.0, 10.0)
    f = FREQUENCY_HZ
    expected = level_db(cap(f, direction(angles))) - level_db(cap(f, direction(0.0)[None]))
    np.testing.assert_array_equal(panel["ys"], angles)
    assert np.abs(panel["z"] - expected.T)[expected.T > -30].max() < 0.1


@pytest.mark.parametrize(
    ("angles_deg", "vertical"),
    [
        ((0.0,), False),
        ((-60.0, -30.0, 0.0), False),
        ((-30.0, -15.0, 0.0, 15.0, 30.0), True),
    ],
)
def test_few_angles(angles_deg: tuple[float, ...], vertical: bool, tmp_path: Path) -> None:
    """One angle, one side or a narrow fan: each measured angle has its curve, and it can be drawn."""
    name = f"woofer {'ver' if vertical else 'hor'} {{angle}}.frd"
    drawn = woofer(tmp_path, angles_deg=angles_deg, vertical=vertical, name=name)
    assert len(lines(drawn, "Level over angle")) == len(angles_deg)
    assert svg(draw(drawn)).startswith("<svg")


def test_a_head_shows_what_was_measured() -> None:
    """The KEMAR: 710 dots at its directions, nothing known below -40 degrees and everything above, 0.70 ms at its side."""
    head = read_head(KEMAR, 0.0875, C, name="data/kemar.sofa")
    drawn = head_figure(head, direction(np.array([5.0, -5.0])))
    panel = panel_of(drawn, "Directions")
    assert panel["kind"] == "map"
    assert len(panel["dots"]["z"]) == 710
    unknown, elevation = panel["gaps"]["where"], np.arange(-90.0, 91.0, 5.0)
    assert unknown.shape == (elevation.size, 73)
    assert unknown[elevation < -45].all()
    assert not unknown[elevation >= -40].any()
    azimuth, time_ms = lines(drawn, "Time between the ears, elevation 0")["measured"]
    assert time_ms[np.argmin(np.abs(azimuth - 90))] == pytest.approx(0.70, abs=0.01)
    levels = lines(drawn, "Level at the left ear")
    near, far = (levels[name][1][-60:].mean() for name in ("90°", "−90°"))
    assert near > far + 10


def test_a_sphere_as_a_head_lies_on_the_sphere(tmp_path: Path) -> None:
    """Measured times of a rigid sphere of 8.75 cm follow Woodworth's curve within a tenth, which is 3/2 of it at low frequency at most."""
    head = read_head(sphere(tmp_path / "sphere.sofa", grid_deg(15.0)), 0.0875, C)
    drawn = head_figure(head, np.empty((0, 3)))
    azimuth, time_ms = lines(drawn, "Time between the ears")["measured"]
    lateral = direction(azimuth)[:, 1]
    side = np.abs(lateral) > 0.3
    ratio = time_ms[side] / (geometric_time_s(lateral[side]) * 1e3)
    assert ratio.min() > 0.95
    assert ratio.max() < 1.5


def test_a_device_shows_each_driver_at_each_ear(tmp_path: Path) -> None:
    """Two drivers 20 cm apart, heard at 1 m: each is louder and earlier at its own side, and the curves are the scene's."""
    measured(tmp_path, circle=False)
    problem = designer.loads(PAIR + '[scene]\ntransfer = "device.sofa"\n', folder=tmp_path)
    scene = designer.scene(problem)
    drawn = device_figure(scene, "device.sofa")
    left, right = (lines(drawn, f"Level at the listener's {side} ear") for side in ("left", "right"))
    level = left["left"][1]
    np.testing.assert_allclose(level, level_db(scene.ears()[1:, 0, 0]), atol=1e-9)
    assert (level > right["left"][1]).all()
    times = lines(drawn, "Left ear before the right")
    assert times["left"][1].min() > 0 > times["right"][1].max()


def test_names_that_the_typeface_lacks() -> None:
    """An emoji becomes a square, a dollar sign stays one and starts no formula, an underscore in front does, and a long name is cut."""
    assert drawable("Bass \N{GUITAR}") == "Bass \N{WHITE SQUARE}"
    assert shortened("x" * 50, 10) == "x" * 9 + "…"
    names = [line(np.arange(2.0), np.arange(2.0), name) for name in ("Bass \N{GUITAR} $5 and $6", "_low")]
    panel = curves(axis("$x$", "", 0, 1), axis("_y", "", 0, 1), names, title="_low $5 and $6")
    text = svg(draw(figure([panel], 2.0)))  # a glyph that is missing would be a warning, and warnings are errors here
    assert text.count("$5 and $6") == 2 and text.count("_low") == 2 and "$x$" in text
