"""Which formulation a design gets: as the file says, or chosen by what is asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Complex, Real
from designer.designs.reachable import worst_case_weights
from designer.formulations import FORMULATIONS, Solution, choueiri, matrix_mixing, pressure_matching
from designer.formulations.formulation import EFFORT, WHITE_NOISE_GAIN
from designer.measures import db, effort
from designer.problem.schema import DesignTable
from designer.targets.channel_target import ChannelTarget, Mask
from designer.targets.worst_case import MOST_PASSES, SETTLED_DB, hardened, worst_gain

LIMIT_TOLERANCE_DB = 1e-3
WITH_PASSES_OF_THEIR_OWN = ("superdirective", "choueiri", "matrix", "delay-and-sum")
"""Methods that know the spread's worst case by themselves, or no spread at all. The others look at the mean power over the
points to cancel, which stands for the worst case after a few passes (`designer.targets.worst_case`)."""


def first_method(design: DesignTable) -> str:
    """The method named; "auto" is spherical-harmonic where regions are given, else constrained where a mask or a window is
    asked for, or nulls without a depth, else power ratio.
    """
    if design.method != "auto":
        return design.method
    if design.cancel_regions is not None:
        return "spherical-harmonic"
    nulls_without_depth = design.nulls_deg is not None and design.cancellation_gain_db is None
    over_azimuth = design.mask is not None or design.window_deg is not None or nulls_without_depth
    return "constrained" if over_azimuth else "power-ratio"


def ignores(design: DesignTable, name: str) -> bool:
    """Whether the method that a design names looks at a wish or a limit, as tables call it, or only happens to meet it.

    A beam's floor of white-noise gain is its effort limit in another scale.
    """
    if design.method == "auto" or name == "level":
        return False
    if design.regularization_db is not None:
        return True
    key = name.split("[")[0].split(" ")[0]
    if key == WHITE_NOISE_GAIN and design.kind == "beamformer" and EFFORT in FORMULATIONS[design.method].looks_at:
        return False
    return key not in FORMULATIONS[design.method].looks_at


def solve(method: str, design: DesignTable, target: ChannelTarget) -> Solution:
    """The formulation's weights at every frequency of the target; in the spread's worst case after a few passes."""
    if not target.over_a_ball or method in WITH_PASSES_OF_THEIR_OWN:
        return _solve(method, design, target)
    if method == "minimax" and not target.masks:
        # Its sidelobes are then the points to cancel, each held by its own norm: only the curve is for the passes.
        sidelobes = Mask("cancelled", target.cancel, np.ones(len(target.cancel)), np.zeros(target.cancel.shape[1]))
        target = replace(target, masks=(sidelobes,))
    # From the weights of the largest ratio: if these meet the curve every pass does, and the passes lower what it costs.
    w = worst_case_weights(target)
    before = _reached_db(target, w)
    for _ in range(MOST_PASSES):
        solution = _solve(method, design, hardened(target, w))
        w = solution.weights
        now = _reached_db(target, w)
        if (np.abs(now - before) < SETTLED_DB).all():
            break
        before = now
    return solution


def _reached_db(target: ChannelTarget, w: Complex) -> Real:
    """Ratio in the worst case, and effort, in dB (2, F)."""
    return np.stack([db(worst_gain(target, w)), db(effort(target.reach, w))])


def _solve(method: str, design: DesignTable, target: ChannelTarget) -> Solution:
    if method == "matrix":
        return matrix_mixing.solve(target, design.matrix_gains)
    if method == "least-squares":
        return pressure_matching.solve(target, design.regularization_db)
    if method == "choueiri":
        return choueiri.solve(target, design.max_spectrum_db)
    return FORMULATIONS[method](target)
