"""The table of `designer check --reach`: what each design's layout could reach at best, over effort and frequency."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.reach import Reach, reach
from designer.problem.messages import number
from designer.problem.schema import Problem
from designer.requirements.curves import in_band
from designer.requirements.slacks import SLACK_TOLERANCE_DB

COLUMNS = 8
BEYOND_DB = 99.0
"""A bound above this is written as such: nulls without a bound differ by rounding alone."""


def explain_reach(problem: Problem, scene: Scene) -> Iterator[str]:
    """Lines for every design of a problem, on about COLUMNS of its own frequencies."""
    for design in problem.designs:
        inside = scene.frequency_hz[in_band(scene.frequency_hz, design.band_hz)]
        yield from reach_lines(reach(design, scene.at(spread_out(inside))))


def spread_out(frequency_hz: Real) -> Real:
    """About COLUMNS of the frequencies, in equal ratios as far as they allow; the first and the last are kept."""
    columns_hz = np.geomspace(max(frequency_hz[0], frequency_hz[-1] / 1e3), frequency_hz[-1], COLUMNS)
    nearest = np.abs(frequency_hz[:, None] - columns_hz).argmin(axis=0)
    return np.asarray(frequency_hz[np.unique(nearest)])


def reach_lines(bound: Reach) -> Iterator[str]:
    """The table of one design."""
    yield f'reach of "{bound.name}": the largest cancellation gain in dB at an effort, other requirements left aside'
    yield _row("effort", [_hertz(f) for f in bound.frequency_hz])
    for effort, gains in zip(bound.effort_db, bound.gain_db, strict=True):
        yield _row(f"{number(effort)} dB", [_gain(gain) for gain in gains])
    if bound.required_db is None:
        return
    limit = "" if bound.max_effort_db is None else f" {number(bound.max_effort_db)} dB"
    yield _row(f"limits{limit}", [_gain(gain) for gain in bound.bound_db])
    yield _row("asked", [f"{gain_db:.1f}" for gain_db in bound.required_db])
    short = bound.required_db - bound.bound_db
    if (short > SLACK_TOLERANCE_DB).any():
        worst = int(short.argmax())
        most = "any weights reach" if bound.is_bound else "the weights that were found reach"
        yield (
            f"  more is asked than {most}: {short[worst]:.1f} dB too much at"
            f" {_hertz(bound.frequency_hz[worst])}; lower the curve there, or raise max_effort_db"
        )
    else:
        yield f"  the curve is within reach at these frequencies, {_spare(-float(short.max()))}"


def _spare(decibel: float) -> str:
    if decibel > BEYOND_DB:
        return f"with more than {BEYOND_DB:.0f} dB to spare"
    return f"with at least {decibel:.1f} dB to spare" if decibel >= 0.05 else "with nothing to spare"


def _row(head: str, cells: list[str]) -> str:
    return f"  {head:14}" + "".join(f"{cell:>9}" for cell in cells)


def _gain(gain: float) -> str:
    return f"{gain:.1f}" if gain <= BEYOND_DB else f"> {BEYOND_DB:.0f}"


def _hertz(frequency_hz: float) -> str:
    return f"{frequency_hz:.0f} Hz" if frequency_hz < 1000 else f"{frequency_hz / 1000:.3g} kHz"
