"""CPU seconds of a channel's refinement at 128 taps and eight drivers, and of one value with its gradient against naive gains."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from bench.test_realisation_rivals import TAPS, case
from designer.arrays import Real
from designer.evaluation.refinement import realize_judged, taps_problem
from designer.problem.schema import Realization
from designer.realization.forms import fit_form
from designer.realization.robust_taps import Lagrangian

MAX_CPU_S = 10.0


def cpu_s(run: Callable[[], object]) -> float:
    """CPU seconds of this thread."""
    begin = time.thread_time()
    run()
    return time.thread_time() - begin


@pytest.mark.parametrize("name", ["soundbar-kemar", "couch"])
def test_a_channel_of_eight_drivers_is_refined_in_ten_seconds(name: str) -> None:
    """Every weight of the floor that is tried, corrections of the effort and the judging included."""
    channel, scene = case(name).channel, case(name).scene
    table = Realization(taps=TAPS, refine=True)
    fit_form([channel], scene, table)  # the scene's tensors are no part of it
    seconds = cpu_s(lambda: realize_judged([channel], scene, table))
    print(f"{name}: {seconds:.1f} CPU s")
    assert seconds < MAX_CPU_S


def test_a_value_with_its_gradient_costs_little_more_than_its_gains() -> None:
    """Of the soundbar's eight drivers: at most 20 times what the gains of its draws alone take (13), and 5,000 of them 10 s."""
    one = case("soundbar-kemar")
    table = Realization(taps=TAPS, refine=True)
    problem = taps_problem(one.channel, one.scene, fit_form([one.channel], one.scene, table), 0, table)
    function, count = Lagrangian(problem), 50
    y = np.zeros(function.unknowns)
    function(y)  # roots and factors
    w = function.spectra(problem.start)[problem.band][:, :, None]

    def gains() -> list[Real]:
        return [np.log(np.abs(points @ w) ** 2) for points in (problem.drawn_bright, problem.drawn_dark)]

    value_s = min(cpu_s(lambda: [function(y) for _ in range(count)]) for _ in range(3)) / count
    gains_s = min(cpu_s(lambda: [gains() for _ in range(count)]) for _ in range(3)) / count
    print(f"{1e3 * value_s:.2f} ms a value with its gradient, {value_s / gains_s:.1f} times the gains alone")
    assert value_s < 20 * gains_s
    assert value_s < MAX_CPU_S / 5000
