"""Free coordinates within the bounds: from the best candidates on, along the slopes of the value.

The slopes are those of H at other places (`column_slopes`), and of the value by H (`slopes`). Sequential quadratic programming (scipy)
goes up from there, the distances of centres and keep-outs as inequalities. What it ends with is taken only where its true percentile
is higher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.placement.candidates import Candidates
from designer.placement.column_slopes import slopes_of, system_at
from designer.placement.coordinates import Coordinates
from designer.placement.layouts import Judge, Layout, value_of
from designer.placement.slopes import smooth_value, soft_least
from designer.placement.system import System

ITERATIONS = 25
DIGITS = 4
"""Decimals of the coordinates that are written, in metres."""


@dataclass(frozen=True)
class FreeLayout:
    """Places (n, 3) and their value in dB, and how often the slopes were computed."""

    places_m: Real
    value_db: float
    steps: int


def value_and_slopes(coordinates: Coordinates, q: Real, reference: System) -> tuple[float, Real]:
    """Smooth value in dB at q, and its slopes in dB/m (Q,)."""
    places_m, fixed = coordinates.places_m(q), reference.fixed
    count = fixed + len(places_m)
    system, slopes = slopes_of(coordinates, q, reference)
    columns = np.arange(count)
    pairs = [
        smooth_value(channel, columns, system.percentile, of)
        for channel, of in zip(system.channels, slopes, strict=True)
    ]
    values, gradients = zip(*pairs, strict=True)
    return soft_least(np.array(values), np.array(gradients))


def true_value(candidates: Candidates, places_m: Real, reference: System) -> float:
    """Percentile in dB of drivers at places (n, 3), by the reference's d and scale; drivers of a unit of candidates in their order."""
    order = np.lexsort((places_m[:, 1], places_m[:, 2]))
    count = len(candidates.fixed) + len(places_m)
    return value_of(system_at(candidates, places_m[order], count, reference), np.arange(count))


def refined(judge: Judge, candidates: Candidates, layout: Layout) -> FreeLayout:
    """A layout with its coordinates freed; the layout itself where nothing better is near."""
    from scipy.optimize import minimize

    coordinates = Coordinates.of(candidates, layout)
    begin_m = coordinates.places_m(coordinates.start)
    begin = FreeLayout(begin_m, true_value(candidates, begin_m, judge.system), 0)
    if not len(coordinates.varied):
        return begin
    steps = 0

    def cost(q: Real) -> tuple[float, Any]:
        nonlocal steps
        steps += 1
        value, gradient = value_and_slopes(coordinates, q, judge.system)
        return -value, -gradient

    climb: Any = minimize  # its stubs know no method by name with such constraints
    ended = climb(
        cost,
        np.array(coordinates.start, dtype=np.float64),
        jac=True,
        method="SLSQP",
        bounds=coordinates.bounds,
        constraints=[{"type": "ineq", "fun": coordinates.clearances_m}],
        options={"maxiter": ITERATIONS, "ftol": 1e-3},
    )
    for q in _rounded(coordinates, np.asarray(ended.x)):
        places_m = coordinates.places_m(q)
        value = true_value(candidates, places_m, judge.system)
        if value > begin.value_db:
            return FreeLayout(places_m, value, steps)
    return FreeLayout(begin_m, begin.value_db, steps)


def _rounded(coordinates: Coordinates, q: Real) -> Sequence[Real]:
    """The coordinates to a tenth of a millimetre, where that keeps the distances."""
    whole = np.round(q, DIGITS)
    return [end for end in (whole, q) if coordinates.clearances_m(end).min(initial=0.0) >= -1e-6]
