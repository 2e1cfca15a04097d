"""The layout: the body as it is seen from above, from the front and from the side, with the drivers where the listener sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import meshes
import numpy as np
import pytest

import designer
from designer.report.figure_data import Drawing
from designer.report.layout import layout_figure
from designer.studio.live_figures import layout_of

TEXT = """
title = "box"
sample_rate_hz = 48000
[enclosure]
{enclosure}
[[drivers]]
name = "left"
position_m = [{front}, -0.06, 0.01]
[[drivers]]
name = "right"
position_m = [{front}, 0.07, -0.01]
[listener]
position_m = [1.0, 0.0, 0.3]
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [500, 2000]
cancellation_gain_db = [[500, 3]]
"""
BOX = 'model = "box"\nsize_m = [0.1, 0.2, 0.06]\ncentre_m = [-0.05, 0.01, 0.0]'


def panels(enclosure: str, front: float = 0.0) -> dict[str, Drawing]:
    shown: Any = layout_figure(designer.loads(TEXT.format(enclosure=enclosure, front=front)))
    return {panel["title"]: panel for panel in shown["panels"]}


def body_and_drivers(panel: Any) -> tuple[list[Any], list[tuple[float, float]]]:
    body = [shape for shape in panel["shapes"] if shape["form"] not in ("points", "text")]
    return body, [(float(s["x"][0]), float(s["y"][0])) for s in panel["shapes"] if s["form"] == "points"]


def test_a_box_from_the_front_is_its_width_and_height() -> None:
    """Corners at y = -0.09 and 0.11, z = -0.03 and 0.03; the listener's left driver, at -y, is on the left, and the one higher up above."""
    (body,), drivers = body_and_drivers(panels(BOX)["The device, from the front"])
    corners = sorted(zip(np.round(body["x"], 9).tolist(), np.round(body["y"], 9).tolist(), strict=True))
    assert corners == [(-0.09, -0.03), (-0.09, 0.03), (0.11, -0.03), (0.11, 0.03)]
    assert drivers == [(-0.06, 0.01), (0.07, -0.01)]


def test_each_view_has_its_two_sides_of_the_box() -> None:
    """Above: 0.2 m across and 0.1 m deep; side: 0.1 m deep and 0.06 m high; all of it within the axes."""
    for name, sides in (("above", (0.2, 0.1)), ("front", (0.2, 0.06)), ("side", (0.1, 0.06))):
        panel: Any = panels(BOX)[f"The device, from {'above' if name == 'above' else 'the ' + name}"]
        (body,), _ = body_and_drivers(panel)
        assert (float(np.ptp(body["x"])), float(np.ptp(body["y"]))) == pytest.approx(sides)
        for axis in ("x", "y"):
            low, high = sorted(panel[axis]["range"])
            assert low < min(body[axis]) and max(body[axis]) < high


@pytest.mark.parametrize(
    ("enclosure", "front", "form"),
    [('model = "baffle"', 0.0, None), ('model = "free-field"', 0.0, None), ('model = "sphere"\nradius_m = 0.1', None, "circle")],
    ids=["baffle", "free-field", "sphere"],
)  # fmt: skip
def test_other_bodies_from_the_front(enclosure: str, front: float | None, form: str | None) -> None:
    """A sphere is a circle; a wall, which the listener faces, and free field have no outline."""
    text = TEXT if front is not None else TEXT.replace("[{front}, -0.06, 0.01]", "[0.0, -0.1, 0.0]").replace(
        "[{front}, 0.07, -0.01]", "[0.0, 0.1, 0.0]"
    )  # fmt: skip
    shown: Any = layout_figure(designer.loads(text.format(enclosure=enclosure, front=front)))
    body, drivers = body_and_drivers(shown["panels"][3])
    assert [shape["form"] for shape in body] == ([form] if form else [])
    assert drivers[0][0] < 0 < drivers[1][0]


def test_two_boxes_are_two_outlines(tmp_path: Path) -> None:
    """From above and from the front there is a gap between them, and each driver is on its box."""
    sides = [meshes.box((0.1, 0.1, 0.06), (-0.05, y, 0.0)) for y in (-0.08, 0.08)]
    path = meshes.write(tmp_path / "pair.obj", meshes.together(*sides))
    shown = panels(f'model = "mesh"\nfile = "{path}"\nhighest_hz = 500.0')
    for name in ("The device, from above", "The device, from the front"):
        bodies, drivers = body_and_drivers(shown[name])
        across = [(float(min(body["x"])), float(max(body["x"]))) for body in bodies]
        np.testing.assert_allclose(across, [(-0.13, -0.03), (0.03, 0.13)], atol=1e-9)
        for (low, high), (x, _) in zip(across, drivers, strict=True):
            assert low < x < high


def test_the_studio_draws_the_views_that_have_handles() -> None:
    """Scene, device from above and from the side, in the order of its handles."""
    shown: Any = layout_of(layout_figure(designer.loads(TEXT.format(enclosure=BOX, front=0.0))))
    titles = [panel["title"] for panel in shown["panels"]]
    assert titles == ["The scene, from above", "The device, from above", "The device, from the side"]
