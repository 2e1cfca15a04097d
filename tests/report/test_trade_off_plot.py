"""The figure of a trade-off: every point, the front's steps, the limit and the chosen one."""

from __future__ import annotations

import numpy as np

from designer.report.canvas import svg
from designer.report.figure_data import Curves
from designer.report.printed import draw
from designer.report.trade_off_plot import TradeOff, trade_off_figure

SIX = TradeOff(
    x=np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    y=np.array([3.0, 2.0, 5.0, 4.0, 6.0, 7.0]),
    x_is_paid=True,
    x_label="Largest effort in dB",
    y_label="Mean cancellation gain in dB",
    group=[0, 1, 0, 1, 0, 1],
    group_labels=["taps = 64", "taps = 128"],
    meets=np.array([True, True, True, True, True, False]),
    front=[5, 4, 2, 0],
    best=4,
    best_label="y = 0.06, taps = 64",
    limit=(5.5, 1),
)


def panel() -> Curves:
    (shown,) = trade_off_figure(SIX)["panels"]
    assert shown["kind"] == "curves"
    return shown


def test_what_is_drawn() -> None:
    """Words of axes, groups and the chosen point; six points of two groups, one that breaks a condition hollow; the ground beyond it."""
    shown = panel()
    assert (shown["x"]["label"], shown["y"]["label"]) == ("Largest effort in dB", "Mean cancellation gain in dB")
    assert shown["title"] == "Chosen: y = 0.06, taps = 64"
    points = [line for line in shown["lines"] if line["width"] == 0 and line["color"] in (0, 1)]
    places = {(float(x), float(y)): line for line in points for x, y in zip(line["x"], line["y"], strict=True)}
    assert set(places) == set(zip(SIX.x.tolist(), SIX.y.tolist(), strict=True))
    assert {place for place, line in places.items() if line.get("hollow")} == {(6.0, 7.0)}
    assert {line["marker"] for line in points if line["color"] == 0} == {"circle"}
    assert {line["name"] for line in points} == {"taps = 64", "taps = 128", ""}
    (chosen,) = (line for line in shown["lines"] if line["name"] == "chosen")
    assert (chosen["x"].tolist(), chosen["y"].tolist()) == ([5.0], [6.0])
    ((start, stop),) = shown["shaded"]
    assert start == 5.5 and stop == shown["x"]["range"][1] > 6.0


def test_the_front_steps_up_where_its_points_are() -> None:
    """Between two of its points the front is as good as the one before: level first, through the points in their order."""
    (front,) = (line for line in panel()["lines"] if line["name"] == "Pareto-optimal")
    assert front["shape"] == "hv"
    assert front["x"].tolist() == [1.0, 3.0, 5.0, 6.0]
    assert (np.diff(front["y"]) > 0).all()


def test_the_same_data_give_the_same_bytes() -> None:
    """Neither a date nor a random name is in a file."""
    text = svg(draw(trade_off_figure(SIX)))
    assert svg(draw(trade_off_figure(SIX))) == text
    assert "not allowed: shaded" in text
