"""A call of every public array function of the constrained form and its cones, for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from designer.formulations import constrained, minimax, power_ratio
from designer.solvers import cones, constrained_cones, constrained_data, mirror_symmetry, parts
from formulations.random_targets import Wanted, gaussian, random_target, two_sided

WANTED = Wanted(reach=1, gain_db=8.0, masks_db=(-3.0,), ripple_db=3.0, max_effort_db=6.0, max_gain_db=6.0)


def _constraints(data: constrained_data.ConstrainedData) -> int:
    """How many cvxpy constraints there are at the first frequency."""
    import cvxpy as cp

    w, slacks = cp.Variable(data.centre.shape[1], complex=True), cp.Variable(len(data.wishes))
    return len(constrained.constraints(data, 0, w, slacks))


def doubted(data: constrained_data.ConstrainedData) -> tuple[Any, cones.ConeSolution]:
    """The answer, with a gap that no certificate confirms."""
    w, answer = constrained_cones.solve_data(data)
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
        "formulations.power_ratio.broken": (power_ratio.broken, (target, target.plain)),
        "formulations.power_ratio.data_about": (power_ratio.data_about, (target, target.plain)),
        "formulations.power_ratio.within": (power_ratio.within, (target, target.plain)),
        "solvers.solution.Solution.with_part": (
            solved.with_part,
            (np.arange(2), constrained.solve(target.at(np.arange(2)))),
        ),
        "formulations.constrained.with_free_phase": (constrained.with_free_phase, (data, target.plain)),
        "solvers.constrained_data.data_of": (constrained_data.data_of, (target, np.ones(3))),
        "solvers.constrained_data.ConstrainedData.at": (data.at, (np.arange(2),)),
        "solvers.constrained_cones.solve_data": (constrained_cones.solve_data, (data,)),
        "solvers.constrained_cones.program_of": (constrained_cones.program_of, (data,)),
        "solvers.constrained_cones.least_white_noise_slack": (
            constrained_cones.least_white_noise_slack,
            (constrained_data.data_of(random_target(1, Wanted(reach=1, white_noise_loss_db=3.0)), np.ones(3)),),
        ),
        "solvers.parts.solve_in_parts": (
            parts.solve_in_parts,
            (target, lambda part, _: constrained.solve(part)),
        ),
        "solvers.constrained_cones.Plane.weights": (plane.weights, (rng.random((3, 5)),)),
        "solvers.constrained_cones.Plane.coordinates": (plane.coordinates, (target.plain,)),
        "solvers.constrained_cones.Plane.seen": (plane.seen, (target.cancel,)),
        "solvers.constrained_cones.in_weights": (
            constrained_cones.in_weights,
            (target.plain, rng.random((3, 3)), constrained_cones.solve_data(data)[1]),
        ),
        "formulations.constrained.statement": (constrained.statement, (data, 0)),
        "formulations.constrained.constraints": (_constraints, (data,)),
        "formulations.minimax.for_passes": (minimax.for_passes, (replace(target, masks=()),)),
        "solvers.parts.in_parts": (lambda t: parts.in_parts(t, lambda part, _: part.cost), (target,)),
        "formulations.constrained.by_statement": (constrained.by_statement, (data, 0)),
        "formulations.constrained.dual_statement": (
            constrained.dual_statement,
            (constrained_cones.program_of(data.at(np.arange(1))),),
        ),
        "solvers.parts.with_reference": (
            parts.with_reference,
            (data, *doubted(data), constrained.by_statement),
        ),
        "solvers.constrained_data.same": (constrained_data.same, (H, H)),
        "solvers.constrained_data.same_point": (constrained_data.same_point, (H, H)),
        "solvers.constrained_data.without_repeats": (constrained_data.without_repeats, (data,)),
        "solvers.mirror_symmetry.find_mirror": (mirror_symmetry.find_mirror, (mirrored,)),
        "solvers.mirror_symmetry.Mirror.half": (mirror.half, (mirrored,)),
        "solvers.mirror_symmetry.Mirror.whole": (mirror.whole, (gaussian(rng, 4, len(mirror.orbits)),)),
    }
