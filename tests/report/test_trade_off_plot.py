"""The figure of a trade-off: every point, the front's steps, the limit and the chosen one; the same data give the same bytes."""

from __future__ import annotations

import re

import numpy as np

from designer.report.trade_off_plot import TradeOff, trade_off_svg

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


def test_what_is_drawn() -> None:
    """Words of axes, groups and the chosen point; six markers of two groups, one of them hollow, beside the legend's."""
    text = trade_off_svg(SIX)
    for words in (
        "Largest effort in dB",
        "Mean cancellation gain in dB",
        "taps = 64",
        "taps = 128",
        "Chosen: y = 0.06, taps = 64",
        "not allowed",
    ):
        assert words in text
    clouds = re.findall(r'<g id="PathCollection_\d+">(.*?)(?=<g id="[^m])', text, flags=re.DOTALL)
    assert sum(cloud.count("<use ") or cloud.count("<path ") for cloud in clouds) == 6 + 1  # a point alone is a path
    assert trade_off_svg(SIX) == text


def test_the_front_steps_up_where_its_points_are() -> None:
    """Between two of its points the front is as good as the one before: every part of its line is level or upright."""
    text = trade_off_svg(SIX)
    front = next(path for path in re.findall(r' d="([^"]*)"', text) if path.count("L") == 6)
    corners = np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", front), dtype=float)
    steps = np.diff(corners, axis=0)
    assert ((np.abs(steps) < 1e-6).sum(axis=1) == 1).all()
    assert (np.abs(steps[::2, 1]) < 1e-6).all()  # level first: what a point buys holds until the next
