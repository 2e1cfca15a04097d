"""A call of every array function of the design's frequencies and of what drivers reach: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from formulations.random_targets import Wanted, random_target

import designer
from designer.acoustics import axial_contour, disc_expansion, free_field, head_facts, refined_grid, time_sign
from designer.designs import reach, within_reach
from designer.problem import frequency_grid
from designer.targets import worst_case
from designs.small_problems import load, pair

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them."""
    rng = np.random.default_rng(3)
    target = random_target(1, Wanted(reach=2, cancel=8, gain_db=60.0, masks_db=(-30.0,)))
    drawn = replace(target, masks=(), spread=0.002, percentile=5.0, deviations=(0.3, 2.0))
    short = {"cancellation_gain_db": np.array([3.0, 0.0, 3.0]), "mask[0]": np.ones(3)}
    uneven = np.concatenate([np.arange(20.0), 30.0 + 2.0 * np.arange(20.0)])
    return {
        "acoustics.free_field.equal_steps": (free_field.equal_steps, (uneven,)),
        "acoustics.refined_grid.refined_frequencies_hz": (
            refined_grid.refined_frequencies_hz,
            (designer.scene(load(pair())),),
        ),
        "acoustics.time_sign.time_sign": (time_sign.time_sign, (rng.normal(size=(12, 2, 64)), 48_000.0)),
        "problem.frequency_grid.with_half_steps": (frequency_grid.with_half_steps, (uneven,)),
        "acoustics.axial_contour.cut_contour": (axial_contour.cut_contour, (uneven[1:6], 0.05, 0.2, 0.8, 0.1)),
        "acoustics.disc_expansion.expanded_disc": (
            disc_expansion.expanded_disc,
            (np.array([200.0, 500.0]), 0.05, np.array([0.3, 2.0]), np.array([1.0, 0.4])),
        ),
        "acoustics.head_facts.explain_heads": (head_facts.explain_heads, (designer.scene(load(pair())),)),
        "acoustics.scene.Scene.on_circle": (designer.scene(load(pair())).on_circle, (np.array([0.0, 30.0]),)),
        "designs.within_reach.wish_below": (within_reach.wish_below, (100.0 + uneven, np.full(uneven.size, 9.0), 6.0)),
        "designs.reach.bounds": (reach.bounds, (target, short)),
        "designs.reach.has_bound": (reach.has_bound, (target,)),
        "targets.worst_case.settled": (worst_case.settled, (np.ones(3), lambda w: w / 2, lambda w: w)),
        "targets.worst_case.factors": (worst_case.factors, (drawn,)),
        "targets.worst_case.drawn_gain": (worst_case.drawn_gain, (drawn, target.plain)),
        "targets.worst_case.ball_scale": (worst_case.ball_scale, (drawn, target.plain)),
    }
