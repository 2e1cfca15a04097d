"""The room's figures and its section of the page hold the numbers that were computed."""

from __future__ import annotations

import numpy as np
import pytest
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.metrics import ROOM
from designer.report.figures import draw_problem
from designer.report.room import DRAWN, draw_plan, draw_room, room_section


@pytest.fixture(scope="module")
def design() -> designer.Design:
    room = {"size_m": [4.0, 3.0, 2.5], "absorption": 0.5, "device_m": [0.6, 1.2, 1.0], "heading_deg": 20.0}
    return designer.design(designer.loads(toml(trio("centre") | {"room": room})))


def test_curves_are_the_measures(design: designer.Design) -> None:
    """Four panels, in each the channel, its plain driver and plain stereo, with a legend for all of them."""
    assert design.room is not None
    drawn = draw_room(design, "centre")
    assert len(drawn.axes) == len(DRAWN) == 4
    for axes, metric in zip(drawn.axes, DRAWN, strict=True):
        assert axes.get_ylabel() == metric.axis
        curves = [line for line in axes.get_lines() if len(np.asarray(line.get_xdata())) > 2]
        for line, one in zip(curves, design.room.compared("centre"), strict=True):
            np.testing.assert_array_equal(np.asarray(line.get_ydata()), getattr(one.measures, metric.name))
    words = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert words == ["centre", "its plain driver", "plain stereo's middle"]


def test_the_plan_shows_the_drivers_where_they_are(design: designer.Design) -> None:
    """A device turned by 20 degrees, its drivers 8 cm apart across its front."""
    above = draw_plan(design.problem).axes[0]
    (drivers,) = (line for line in above.get_lines() if line.get_label() == "drivers")
    aside = 0.08 * np.array([-np.sin(np.radians(20)), np.cos(np.radians(20))])
    places = np.stack([np.asarray(drivers.get_xdata()), np.asarray(drivers.get_ydata())], axis=1)
    np.testing.assert_allclose(places, np.array([0.6, 1.2]) + np.outer([-1, 0, 1], aside), atol=1e-9)
    assert "room-plan" in draw_problem(design.problem)


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
