"""Calls of the listening zone's functions, for the test that none of them changes what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from designer.acoustics import chebyshev, head_places, turning
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.evaluation import listening_zone, tolerance
from designer.problem.schema import DesignTable, Tolerance


def calls(
    table: DesignTable, taps: Real, plain: Complex, there: Scene
) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """Function -> itself and its arguments, of a scene with one ear channel."""
    moves = np.array([[0.0, 0.0, 0.0], [0.0, 0.1, 0.0]])
    x = np.linspace(0.0, 1.0, 5)
    draws = tolerance.draw(Tolerance(draws=3), len(there.drivers), 0.0875)
    points = tolerance.Points.of(table, there)
    assert points is not None
    return {
        "acoustics.turning.turning": (turning.turning, (x + 1.0, x)),
        "acoustics.scene.Scene.field": (there.field, (moves + np.array([1.0, 0.0, 0.0]),)),
        "acoustics.chebyshev.fitted": (
            lambda a, b: chebyshev.fitted(lambda u, v: (u * v)[:, None] + 0j, a, b),
            (x, x),
        ),
        "acoustics.head_places.ears_at": (
            lambda m, turn: list(head_places.ears_at(there, m, turn)),
            (moves, np.zeros(2)),
        ),
        "evaluation.listening_zone.possible": (listening_zone.possible, (there.problem, moves)),
        "evaluation.listening_zone.octave_shares": (listening_zone.octave_shares, (x + 1.0, [1.0, 2.0])),
        "evaluation.listening_zone.interaural_delay_s": (
            listening_zone.interaural_delay_s,
            (np.exp(1j * np.outer(x, x)), x),
        ),
        "evaluation.listening_zone.zones": (
            listening_zone.zones,
            ([table], {table.name: taps}, {table.name: plain}, there),
        ),
        "evaluation.tolerance.tolerance": (tolerance.tolerance, ([table], {table.name: taps}, there, draws)),
        "evaluation.tolerance.Points.pressures": (
            points.pressures,
            (draws, [np.ones((there.frequency_hz.size, len(there.drivers)), dtype=complex)]),
        ),
        "evaluation.listening_zone.listening_zone": (
            listening_zone.listening_zone,
            ([table], {table.name: taps}, {table.name: plain}, there, moves, np.zeros(2)),
        ),
    }
