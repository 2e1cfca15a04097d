"""The room's figures and its section of the page hold the numbers that were computed."""

from __future__ import annotations

import numpy as np
import pytest
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.metrics import ROOM
from designer.report.figures import problem_figures
from designer.report.room import DRAWN, plan_figure, room_figure, room_section


@pytest.fixture(scope="module")
def design() -> designer.Design:
    room = {"size_m": [4.0, 3.0, 2.5], "absorption": 0.5, "device_m": [0.6, 1.2, 1.0], "heading_deg": 20.0}
    return designer.design(designer.loads(toml(trio("centre") | {"room": room})))


def test_curves_are_the_measures(design: designer.Design) -> None:
    """Four panels, in each the channel, its plain driver and plain stereo, by name."""
    assert design.room is not None
    panels = room_figure(design, "centre")["panels"]
    assert len(panels) == len(DRAWN) == 4
    for panel, metric in zip(panels, DRAWN, strict=True):
        assert panel["kind"] == "curves" and panel["y"]["label"] == metric.axis
        assert [line["name"] for line in panel["lines"]] == ["centre", "its plain driver", "plain stereo's middle"]
        for line, one in zip(panel["lines"], design.room.compared("centre"), strict=True):
            np.testing.assert_array_equal(line["y"], getattr(one.measures, metric.name))


def test_the_plan_shows_the_drivers_where_they_are(design: designer.Design) -> None:
    """A device turned by 20 degrees, its drivers 8 cm apart across its front."""
    above = plan_figure(design.problem)["panels"][0]
    assert above["kind"] == "drawing"
    (drivers,) = (shape for shape in above["shapes"] if shape.get("name") == "drivers")
    aside = 0.08 * np.array([-np.sin(np.radians(20)), np.cos(np.radians(20))])
    places = np.stack([drivers["x"], drivers["y"]], axis=1)
    np.testing.assert_allclose(places, np.array([0.6, 1.2]) + np.outer([-1, 0, 1], aside), atol=1e-9)
    assert "room-plan" in problem_figures(design.problem)


def test_the_section_tells_the_means_over_the_band(design: designer.Design) -> None:
    """Each row is a way to play, each cell the mean over the octaves of the band."""
    assert design.room is not None
    section = room_section(design)
    assert section is not None
    ((name, rows),) = section["channels"]
    assert (name, [words for words, _ in rows]) == ("centre", ["centre", "its plain driver", "plain stereo's middle"])
    for (_, cells), one in zip(rows, design.room.compared("centre"), strict=True):
        means = one.measures.mean([500.0, 3000.0])
        assert cells == [metric.text(means[metric.name]) for metric in ROOM]
    assert f"{design.room.responses.images:,} image sources" in section["words"]
