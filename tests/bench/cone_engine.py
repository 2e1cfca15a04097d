"""Seconds of the constrained engine and its rivals, printed as JSON: 8 drivers, 72 azimuths, as many frequencies as it is told.

Run in a process of its own with BLAS on one thread: `OPENBLAS_NUM_THREADS=1 python tests/bench/cone_engine.py 513` is the real
size, in about a minute; `memory` instead of a number prints the peak of two large beams in MB. The rivals solve a few of
the frequencies, and count for all.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import clarabel
import numpy as np

import designer
from designer.arrays import Real
from designer.designs import design_channel
from designer.formulations import constrained
from designer.requirements.channel_target import channel_target
from designer.requirements.target import ChannelTarget
from designer.solvers import cones, constrained_cones, constrained_data
from designer.solvers.cone_program import ConeProgram

SAMPLED = 8
PROBLEM = """
title = "Curved bar of eight drivers"
sample_rate_hz = 48000
{drivers}
[listener]
position_m = [2.5, 0.0, 0.0]
[grid]
azimuth_step_deg = {step}
[[designs]]
name = "centre"
kind = "beamformer"
look_deg = 0.0
window_deg = [-20.0, 20.0]
window_ripple_db = 4.5
band_hz = [1000.0, 4000.0]
max_effort_db = 12.0
cancellation_gain_db = [[1000, 4], [4000, 6]]
mask = [
  {{ azimuth_deg = [60, 119.9], max_db = -8.0 }},
  {{ azimuth_deg = [-119.9, -60], max_db = -8.0 }},
  {{ azimuth_deg = [20.1, 59.9], max_db = 0.0 }},
  {{ azimuth_deg = [-59.9, -20.1], max_db = 0.0 }},
  {{ azimuth_deg = [120, -120], max_db = 1.0 }},
]
"""


def beam(*, symmetric: bool, drivers: int = 8, azimuths: int = 72) -> designer.Problem:
    """A beam of drivers on a curve; an uneven step between them leaves no symmetry."""
    place = np.linspace(-1.0, 1.0, drivers)
    y = 0.175 * (place if symmetric else place + 0.05 * place**2)
    text = "".join(
        f'[[drivers]]\nname = "{i}"\nposition_m = [{-0.1 * y[i] ** 2 - 0.5 * abs(y[i]) ** 3:.6f}, {y[i]:.6f}, 0.0]\n'
        "max_gain_db = 12.0\n"
        for i in range(drivers)
    )
    return designer.loads(PROBLEM.format(drivers=text, step=360 / azimuths))


def target(*, symmetric: bool, frequencies: int, azimuths: int = 72) -> ChannelTarget:
    problem = beam(symmetric=symmetric, azimuths=azimuths)
    return channel_target(problem.designs[0], designer.scene(problem).at(np.linspace(1000.0, 4000.0, frequencies)))


def seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def clarabel_alone(program: ConeProgram) -> float:
    """The sum of Clarabel's own solve times over all frequencies, each solver made afresh on the engine's program."""
    solver = clarabel.DefaultSolver
    total = 0.0

    class Timed:
        """A solver that adds up its own times."""

        def __init__(self, *data: Any) -> None:
            self.inner = solver(*data)

        def solve(self) -> Any:
            nonlocal total
            answer = self.inner.solve()
            total += answer.solve_time
            return answer

    clarabel.DefaultSolver = Timed
    try:
        for f in range(len(program.q)):
            cones.solve(program.at(np.array([f])))
    finally:
        clarabel.DefaultSolver = solver
    return total


def parametrised(data: constrained_data.ConstrainedData) -> tuple[Any, Callable[[int], None]]:
    """One problem with parameters that the loop fills: the disciplined way to solve many of one shape."""
    import cvxpy as cp

    size = data.centre.shape[1]
    w, s = cp.Variable(size, complex=True), cp.Variable(len(data.requirements), nonneg=True)
    root, centre = cp.Parameter((size, size), complex=True), cp.Parameter(size, complex=True)
    points = [cp.Parameter(family[1].shape[1:], complex=True) for family in data.families]
    ((_, dark_root, _),) = data.curves
    factor, limit = cp.Parameter(dark_root.shape[1:], complex=True), cp.Parameter(nonneg=True)
    norm = cp.Parameter(nonneg=True)
    lines: list[Any] = [centre @ w == 1, cp.norm(factor @ w) <= limit * (1 + s[len(points)]), cp.norm(w) <= norm]
    for i, family in enumerate(data.families):
        lines.append(cp.abs(points[i] @ w - family[3]) <= float(family[2][0]) * (1 + s[i]))
    lines.append(cp.abs(w) <= data.max_gain[0])
    problem = cp.Problem(cp.Minimize(cp.sum_squares(root @ w) + data.slack_price * cp.sum(s)), lines)

    def fill(f: int) -> None:
        root.value = np.linalg.cholesky(data.quadratic[f]).conj().T
        centre.value = data.centre[f]
        factor.value, limit.value, norm.value = data.curves[0][1][f], data.curves[0][2][f], data.max_norm[f]
        for parameter, family in zip(points, data.families, strict=True):
            parameter.value = family[1][f]

    return problem, fill


def at_some(count: int, run: Callable[[int], object]) -> float:
    """The median time of one of a few frequencies, times how many there are."""
    some = np.linspace(0, count - 1, SAMPLED).astype(int)
    return float(np.median([seconds(partial(run, int(f))) for f in some])) * count


def measured(frequencies: int) -> dict[str, float]:
    """Every time in seconds, the best of a few turns; the engine on one core and on two, the rivals on one."""
    every = os.sched_getaffinity(0)
    one = set(list(every)[:1])
    whole, half = (target(symmetric=symmetric, frequencies=frequencies) for symmetric in (False, True))
    data = constrained_data.data_of(whole, np.ones(whole.frequency_hz.size))
    program = constrained_cones.program_of(data)
    problem, fill = parametrised(data)

    def loop(f: int) -> None:
        constrained.statement(data, f).solve(solver="CLARABEL")

    def parameters(f: int) -> None:
        fill(f)
        problem.solve(solver="CLARABEL")

    parameters(0)  # the first compiles
    loop(0)
    times: dict[str, list[float]] = {}
    for _ in range(3):
        os.sched_setaffinity(0, one)
        times.setdefault("clarabel", []).append(clarabel_alone(program))
        times.setdefault("engine", []).append(seconds(lambda: constrained.solve(whole)))
        times.setdefault("engine, half", []).append(seconds(lambda: constrained.solve(half)))
        times.setdefault("cvxpy", []).append(at_some(frequencies, loop))
        times.setdefault("parametrised", []).append(at_some(frequencies, parameters))
        os.sched_setaffinity(0, every)
        times.setdefault("engine, two threads", []).append(seconds(lambda: constrained.solve(whole)))
        times.setdefault("engine, half, two threads", []).append(seconds(lambda: constrained.solve(half)))
    os.sched_setaffinity(0, one)
    phases(whole, data, program, times)
    fewer = {"a quarter of the frequencies": whole.at(np.s_[::4])}
    fewer["a quarter of the azimuths"] = target(symmetric=False, frequencies=frequencies, azimuths=18)
    for key, less in fewer.items():
        times[key] = [seconds(partial(constrained.solve, less)) for _ in range(3)]
    return {key: min(values) for key, values in times.items()}


def phases(
    whole: ChannelTarget,
    data: constrained_data.ConstrainedData,
    program: ConeProgram,
    times: dict[str, list[float]],
) -> None:
    """What each phase takes by itself: matrices, build, certify; the solve is the rest."""
    count = whole.frequency_hz.size
    x: Real = np.zeros(program.q.shape)
    z: Real = np.zeros(program.b.shape)
    for _ in range(3):
        times.setdefault("matrices", []).append(seconds(lambda: constrained_data.data_of(whole, np.ones(count))))
        times.setdefault("build", []).append(seconds(lambda: constrained_cones.program_of(data)))
        times.setdefault("certify", []).append(seconds(lambda: cones.certify(program, x, z)))


def peaks_mb() -> dict[str, float]:
    """Peak memory of the process after a beam of 32 drivers, 513 frequencies, 180 azimuths, then 20 of 2049 with 64 and 360."""
    found = {"before, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    for drivers, azimuths, frequencies in (
        (32, 180, np.linspace(1000.0, 4000.0, 513)),
        (64, 360, np.linspace(1000.0, 4000.0, 2049)[::103]),
    ):
        problem = beam(symmetric=False, drivers=drivers, azimuths=azimuths)
        begin = time.perf_counter()
        design_channel(problem.designs[0], designer.scene(problem).at(frequencies))
        found[f"{drivers} drivers, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found[f"{drivers} drivers, seconds"] = time.perf_counter() - begin
    return found


if __name__ == "__main__":
    print(json.dumps(peaks_mb() if sys.argv[1] == "memory" else measured(int(sys.argv[1]))))
