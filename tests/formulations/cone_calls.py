"""A call of every public array function of the constrained form and its cones, for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from designer.formulations import (
    constrained,
    constrained_cones,
    constrained_data,
    constrained_statement,
    driver_limits,
    mirror_symmetry,
    repeated_points,
)
from designer.solvers import cones
from formulations.random_targets import Wanted, gaussian, random_target, two_sided

WANTED = Wanted(reach=1, gain_db=8.0, masks_db=(-3.0,), ripple_db=3.0, max_effort_db=6.0, max_gain_db=6.0)


def doubted(data: constrained.ConstrainedData) -> tuple[Any, cones.ConeSolution]:
    """The answer, with a gap that no certificate confirms."""
    w, answer = constrained.solve_data(data)
    return w, replace(answer, gap=np.ones(len(w)))


def calls() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    """`module.function` -> the function and arguments to call it with."""
    rng = np.random.default_rng(1)
    target = random_target(1, WANTED)
    data = constrained_data.data_of(target, np.ones(3))
    mirrored = constrained_data.data_of(two_sided(target), np.ones(3))
    mirror = mirror_symmetry.find_mirror(mirrored)
    assert mirror is not None
    H = gaussian(rng, 4, 5, 3)
    plane = constrained_cones.Plane.of(target.centre)
    solved = constrained.solve(target)
    rows = cones.ConeRows(2, 3)
    return {
        "solvers.cones.ConeRows.add": (rows.add, ("nonnegative", rng.random((2, 1, 3)), rng.random(1))),
        "solvers.cones.ConeRows.add_norms": (rows.add_norms, (rng.random((2, 4, 3, 3)), rng.random((2, 4, 3)))),
        "formulations.constrained.solve": (constrained.solve, (target,)),
        "formulations.constrained.solve_part": (
            constrained.solve_part,
            (target, constrained.limited_data_of, constrained.certified),
        ),
        "formulations.constrained.limited_data_of": (constrained.limited_data_of, (target, np.ones(3))),
        "formulations.constrained.certified": (constrained.certified, (data,)),
        "formulations.constrained.out_of_reach": (constrained.out_of_reach, (target,)),
        "formulations.constrained.with_phase_passes": (
            constrained.with_phase_passes,
            (target, data, constrained.certified(data), constrained.certified),
        ),
        "formulations.constrained.with_white_noise_slack": (constrained.with_white_noise_slack, (data,)),
        "formulations.driver_limits.broken": (driver_limits.broken, (target, target.plain)),
        "formulations.driver_limits.data_about": (driver_limits.data_about, (target, target.plain)),
        "formulations.driver_limits.within": (driver_limits.within, (target, target.plain)),
        "formulations.solution.Solution.with_part": (
            solved.with_part,
            (np.arange(2), constrained.solve(target.at(np.arange(2)))),
        ),
        "formulations.constrained.with_free_phase": (constrained.with_free_phase, (data, target.plain)),
        "formulations.constrained_data.data_of": (constrained_data.data_of, (target, np.ones(3))),
        "formulations.constrained_data.ConstrainedData.at": (data.at, (np.arange(2),)),
        "formulations.constrained_cones.solve_data": (constrained_cones.solve_data, (data,)),
        "formulations.constrained_cones.program_of": (constrained_cones.program_of, (data,)),
        "formulations.constrained_cones.least_white_noise_slack": (
            constrained_cones.least_white_noise_slack,
            (constrained_data.data_of(random_target(1, Wanted(reach=1, white_noise_loss_db=3.0)), np.ones(3)),),
        ),
        "formulations.constrained.solve_in_parts": (
            constrained.solve_in_parts,
            (target, lambda part, _: constrained.solve(part)),
        ),
        "formulations.constrained_cones.Plane.weights": (plane.weights, (rng.random((3, 5)),)),
        "formulations.constrained_cones.Plane.coordinates": (plane.coordinates, (target.plain,)),
        "formulations.constrained_cones.Plane.seen": (plane.seen, (target.cancel,)),
        "formulations.constrained_cones.in_weights": (
            constrained_cones.in_weights,
            (target.plain, rng.random((3, 3)), constrained_cones.solve_data(data)[1]),
        ),
        "formulations.constrained_statement.statement": (constrained_statement.statement, (data, 0)),
        "formulations.constrained_statement.by_statement": (constrained_statement.by_statement, (data, 0)),
        "formulations.constrained_statement.dual_statement": (
            constrained_statement.dual_statement,
            (constrained_cones.program_of(data.at(np.arange(1))),),
        ),
        "formulations.constrained.with_reference": (
            constrained.with_reference,
            (data, *doubted(data), constrained_statement.by_statement),
        ),
        "formulations.repeated_points.same": (repeated_points.same, (H, H)),
        "formulations.repeated_points.same_point": (repeated_points.same_point, (H, H)),
        "formulations.repeated_points.without_repeats": (repeated_points.without_repeats, (data,)),
        "formulations.mirror_symmetry.find_mirror": (mirror_symmetry.find_mirror, (mirrored,)),
        "formulations.mirror_symmetry.Mirror.half": (mirror.half, (mirrored,)),
        "formulations.mirror_symmetry.Mirror.whole": (mirror.whole, (gaussian(rng, 4, len(mirror.orbits)),)),
    }
