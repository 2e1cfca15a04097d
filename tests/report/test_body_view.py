"""The body in three dimensions: its shape, which drivers are seen, and the page that turns it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import meshes
import numpy as np
import pytest
from designs.small_problems import load, small

from designer.problem.schema import Problem
from designer.report import body_view, script
from designer.report.body_view import body_block, body_data, body_figure, body_words
from designer.report.schemes import css

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EAR: dict[str, Any] = {
    "name": "left",
    "kind": "ctc",
    "ear": "left",
    "band_hz": [300, 1000],
    "cancellation_gain_db": [[300, 2]],
}
PLACES = {"left": [0.05, -0.1, 0.0], "back": [-0.05, 0.05, 0.0]}
BOX = {"model": "box", "size_m": [0.1, 0.3, 0.12]}


def problem(places: dict[str, list[float]] = PLACES, **enclosure: Any) -> Problem:
    return load(small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=enclosure or BOX))


def test_of_a_box_three_faces_and_the_front_driver_are_seen() -> None:
    """From the front, the right and above: the faces whose normals point to the eye have the area that they have as seen from there; the
    driver on the front is drawn, the one on the back is not; of nine edges the three between two seen faces are drawn with both.
    """
    shapes: Any = body_figure(problem())["panels"][0]["shapes"]  # type: ignore[typeddict-item] # a drawing
    faces = [shape for shape in shapes if str(shape.get("fill")).startswith("gray:")]
    areas = [abs(np.dot(s["x"], np.roll(s["y"], 1)) - np.dot(s["y"], np.roll(s["x"], 1))) / 2 for s in faces]
    azimuth, elevation = np.radians(body_view.VIEW_DEG)
    eye = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    assert sum(areas) == pytest.approx(eye @ [0.3 * 0.12, 0.1 * 0.12, 0.1 * 0.3])
    assert [shape["text"] for shape in shapes if shape["form"] == "text"] == ["left", "listener"]
    lengths = [np.hypot(np.ptp(s["x"]), np.ptp(s["y"])) for s in shapes if s["form"] == "line"]
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    up = np.cross(eye, right)
    sides = [size * np.hypot(right[n], up[n]) for n, size in enumerate((0.1, 0.3, 0.12))]
    assert sum(lengths) == pytest.approx(4 * sum(sides))


def test_a_driver_behind_another_part_is_hidden(tmp_path: Path) -> None:
    """Of two blocks one behind the other, the driver on the front of the one behind is not seen from the front."""
    blocks = meshes.together(meshes.box((0.1, 0.1, 0.1)), meshes.box((0.1, 0.4, 0.4), (0.3, 0.0, 0.0)))
    path = meshes.write(tmp_path / "two.stl", blocks)
    table = problem({"near": [0.35, 0.0, 0.0], "far": [0.05, 0.0, 0.0]}, model="mesh", file=str(path), highest_hz=300.0)
    shapes: Any = body_figure(table)["panels"][0]["shapes"]  # type: ignore[typeddict-item] # a drawing
    assert [shape["text"] for shape in shapes if shape["form"] == "text"] == ["near", "listener"]


def test_many_triangles_become_few(tmp_path: Path) -> None:
    """A mesh of 2,000 triangles is drawn by at most MAX_FACES, within 4 % of its radius."""
    path = meshes.write(tmp_path / "ball.stl", meshes.sphere(10, 0.1))
    data = body_data(
        problem({"a": [0.1, 0.0, 0.0], "b": [0.0, 0.1, 0.0]}, model="mesh", file=str(path), highest_hz=300.0)
    )
    assert data is not None
    assert 300 < len(data["faces"]) <= body_view.MAX_FACES
    assert np.linalg.norm(data["vertices"], axis=1) == pytest.approx(0.1, rel=0.04)


def test_words_and_numbers_of_the_page() -> None:
    """The caption counts drivers by side; the JSON is valid; free field has nothing to turn."""
    assert "2 drivers, 1 on its front, 1 on its back" in body_words(problem())
    assert len(json.loads(body_block(problem()))["drivers"]) == 2
    assert body_block(problem(model="free-field")) == ""
    assert body_data(problem({"a": [0.0875, 0.0, 0.0], "b": [0.0, 0.0875, 0.0]}, model="sphere")) is not None


def test_a_browser_turns_it(chromium: Browser) -> None:
    """The front driver is seen at first; half a turn by keys, the back one; Home, and a drag there and back, leave the first view."""
    look = script.parts("designer.report", ["look.js", "spec.js", "body.js"])
    page = chromium.new_page(viewport={"width": 420, "height": 600})
    page.set_content(
        f'<style>{css()}{script.style()}</style><html class="js"><svg id="body" tabindex="0"></svg><script type="application/json"'
        f' id="body-data">{body_block(problem())}</script><script>(() => {{{look}}})()</script>'
    )

    def names() -> list[str]:
        return page.locator("#body text").all_text_contents()

    first = page.inner_html("#body")
    assert names() == ["left", "listener"]
    page.focus("#body")
    for _ in range(18):
        page.keyboard.press("ArrowRight")
    assert names() == ["listener", "back"]
    page.keyboard.press("Home")
    assert page.inner_html("#body") == first
    box = page.locator("#body").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 10)
    assert page.inner_html("#body") != first
    page.mouse.move(x, y)
    page.mouse.up()
    assert page.inner_html("#body") == first
    page.close()
