"""Figures of a bank: gain and loss over place, with the bank and without, and the gain over time as a head walks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.report.figure_data import (
    Curves,
    Figure,
    Line,
    Map,
    axis,
    curves,
    figure,
    level_map,
    line,
    shortened,
    steps,
)

DESIGNED, INTERPOLATED, NEAREST, FIXED = "designed for the place", "bank", "nearest set", "one fixed design"
TRACKED = "bank, tracked place"
LOOKS: dict[str, dict[str, Any]] = {
    DESIGNED: {"color": "soft", "width": 4.5, "opacity": 0.4},
    INTERPOLATED: {"color": 0, "width": 2.0},
    TRACKED: {"color": 2, "width": 1.4, "dash": "dashdot"},
    NEAREST: {"color": 1, "dash": "dash"},
    FIXED: {"color": 3, "dash": "dot"},
}
GAIN = "Mean gain in dB"
DEEPEST_DB = 30.0
"""Largest loss that a map tells from larger ones."""


@dataclass(frozen=True)
class WalkView:
    """One channel along a walk.

    Attributes
    ----------
    channel : str
    words : str, how fast the head walks and what the tracker tells
    heard : str, where the gain is taken
    time_s : (W,) float array
    gain_db : mapping of str to float array, way of following -> gain (W,)
    clicks_db : mapping of str to float, way -> energy of a sine's feeds above the band over all of it
    sine_hz : float

    """

    channel: str
    words: str
    heard: str
    time_s: Real
    gain_db: Mapping[str, Real]
    clicks_db: Mapping[str, float]
    sine_hz: float


@dataclass(frozen=True)
class BankView:
    """Numbers of a bank that its figures show.

    Attributes
    ----------
    keys, labels, units : tuple of str, of each key: itself, with its unit in words, and the unit
    values : tuple of float array, values of each key at which the bank is proven
    sets : tuple of float array, those at which its sets stand
    gains_db : mapping, channel -> way -> gain over the product of the values, in its shape; a bank of one set has no nearest
    loss_db : mapping of str to float array, way -> loss, the worst channel's, in that shape
    limit_db : float, of the loss
    walk : WalkView or None

    """

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    units: tuple[str, ...]
    values: tuple[Real, ...]
    sets: tuple[Real, ...]
    gains_db: Mapping[str, Mapping[str, Real]]
    loss_db: Mapping[str, Real]
    limit_db: float
    walk: WalkView | None = None


def _key_axis(view: BankView, n: int) -> Any:
    values = view.values[n]
    return axis(view.labels[n], view.units[n], float(values[0]), float(values[-1]))


def _gain_ends(gains: Mapping[str, Real]) -> tuple[float, float]:
    least = min(float(values.min()) for values in gains.values())
    most = max(float(values.max()) for values in gains.values())
    return 5 * np.floor((least - 1) / 5), 5 * np.ceil((most + 1) / 5)


def places_figure(view: BankView) -> Figure:
    """Over one key: each channel's gain, and the loss of the bank against its limit; over two: maps of the losses."""
    if len(view.keys) == 2:
        return figure(_loss_maps(view), 3.4 * len(view.loss_db))
    (x,) = (_key_axis(view, n) for n in range(1))
    marks = [{"x": float(value), "text": ""} for value in view.sets[0]]
    panels = list[Curves]()
    ends = [_gain_ends(ways) for ways in view.gains_db.values()]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    for row, (channel, ways) in enumerate(view.gains_db.items()):
        lines = [line(view.values[0], values, way, **LOOKS[way]) for way, values in ways.items()]
        at_sets = np.interp(view.sets[0], view.values[0], ways[INTERPOLATED])
        lines.append(line(view.sets[0], at_sets, "sets", color=0, width=0, marker="circle", size=7.0))
        title = shortened(channel)
        panels.append(curves(x, axis(GAIN, "dB", low, high), lines, title=title, place=(row, 0), marks=marks))
    loss = view.loss_db[INTERPOLATED]
    low, high = min(float(np.floor(loss.min() * 2) / 2), -0.5), max(1.5 * view.limit_db, float(loss.max()) + 0.2)
    shown: list[Line] = [line(view.values[0], loss, "", **LOOKS[INTERPOLATED])]
    limits = [{"y": view.limit_db, "text": f"limit {view.limit_db:g} dB"}]
    panels.append(
        curves(
            x,
            axis("Loss in dB", "dB", low, high),
            shown,
            title="Loss of the bank, the worst channel's",
            place=(len(panels), 0),
            marks=marks,
            limits=limits,
        )
    )
    heights = [1.0] * (len(panels) - 1) + [0.7]
    return figure(panels, 2.3 * sum(heights) + 0.6, heights=heights)


def _loss_maps(view: BankView) -> list[Map]:
    near, far = np.linspace(-view.limit_db, view.limit_db, 11), np.arange(0.0, DEEPEST_DB + 1, 3.0)
    of_bank = steps(near, near[::2], "Loss of the bank in dB", "dB")
    others = steps(far, far[::2], "Loss in dB", "dB")
    first, second = np.meshgrid(*view.sets, indexing="ij")
    sets = {"x": first.ravel(), "y": second.ravel(), "name": "sets", "marker": "plus", "color": "alarm"}
    return [
        level_map(
            _key_axis(view, 0),
            _key_axis(view, 1),
            view.values[0],
            view.values[1],
            loss.T,
            of_bank if way == INTERPOLATED else others,
            title=way,
            place=(row, 0),
            marks=[sets],
        )
        for row, (way, loss) in enumerate(view.loss_db.items())
    ]


def say_places(view: BankView) -> str:
    """Message of the figure."""
    largest = {way: float(values.max()) for way, values in view.loss_db.items()}
    others = {"its nearest set": NEAREST, "one fixed design": FIXED}
    losses = ", ".join(f"{name} up to {largest[way]:.1f} dB" for name, way in others.items() if way in largest)
    return f"the bank loses at most {max(largest[INTERPOLATED], 0.0):.2f} dB (limit {view.limit_db:g}), {losses}"


def walk_figure(view: BankView) -> Figure:
    """Gain over time along a walk."""
    walk = view.walk
    assert walk is not None
    low, high = _gain_ends(walk.gain_db)
    x = axis("Time in s", "s", 0.0, float(walk.time_s[-1] + walk.time_s[0]))
    lines = [line(walk.time_s, values, way, **LOOKS[way]) for way, values in walk.gain_db.items()]
    return figure([curves(x, axis(GAIN, "dB", low, high), lines, title=shortened(walk.channel))], 3.2)


def say_walk(view: BankView) -> str:
    """Message of the figure."""
    walk = view.walk
    assert walk is not None
    means = ", ".join(f"{way} {float(values.mean()):.1f} dB" for way, values in walk.gain_db.items())
    return f"{walk.words}; in the mean {means}"
