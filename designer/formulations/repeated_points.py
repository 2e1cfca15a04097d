"""Points that repeat each other: a linear array in free field hears the same in front and behind, so one of two is enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.formulations.constrained_data import ConstrainedData, Family

SAME = 1e-9
"""Numbers this near to each other, relative to the largest of their kind, are the same."""
PROBED = 4
"""Frequencies at which points are compared first."""


def same(a: Complex | Real, b: Complex | Real) -> bool:
    """Whether two arrays of one shape hold the same numbers."""
    return bool(np.abs(a - b).max(initial=0.0) <= SAME * np.abs(a).max(initial=0.0))


def same_point(first: Complex, second: Complex) -> Index:
    """For each point of the first (F, M, L) the earliest of the second that may be the same (M,): to be checked by `same`.

    Points are compared by their shadows on one direction, at a few frequencies.
    """
    probe = np.random.default_rng(0).normal(size=first.shape[2])
    few = np.unique(np.linspace(0, len(first) - 1, PROBED).astype(int))
    shadow, other = (first[few] @ probe).T, (second[few] @ probe).T
    distance = np.abs(shadow[:, None] - other[None]).max(axis=2)
    return np.asarray((distance <= SAME * np.abs(shadow).max(initial=0.0)).argmax(axis=1))


def without_repeats(data: ConstrainedData) -> ConstrainedData:
    """The same problem with each family's repeated points left out; repeated constraints change nothing."""
    families: list[Family] = []
    spreads = []
    for i, (name, points, limit, wanted) in enumerate(data.families):
        own = np.arange(points.shape[1])
        earliest = same_point(points, points)
        aimed = np.broadcast_to(np.asarray(wanted), points.shape[:2])
        if same(points, points[:, earliest]) and same(aimed, aimed[:, earliest]):
            own = own[earliest == own]
        families.append((name, points[:, own], limit, wanted if np.ndim(wanted) == 0 else aimed[:, own]))
        if data.spreads:
            spreads.append(data.spreads[i][:, own])
    return replace(data, families=tuple(families), spreads=tuple(spreads))
