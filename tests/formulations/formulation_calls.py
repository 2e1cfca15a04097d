"""A call of every public function of the solvers and formulations that take arrays, for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Complex
from designer.formulations import (
    acoustic_contrast,
    choueiri,
    delay_and_sum,
    matrix_mixing,
    max_sensitivity,
    minimax,
    pressure_matching,
    superdirective,
)
from designer.solvers import diagonal_loading
from formulations.random_targets import Wanted, gaussian, random_target

WANTED = Wanted(
    reach=2, gain_db=6.0, masks_db=(-3.0,), ripple_db=3.0, max_effort_db=6.0, max_gain_db=6.0, white_noise_loss_db=6.0
)
Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls() -> dict[str, Call]:
    """`module.function` -> the function and its arguments, with arrays wherever it takes them."""
    rng = np.random.default_rng(2)
    target = replace(random_target(1, WANTED), spread=0.01)

    def hermitian() -> Complex:
        H = gaussian(rng, 4, 4, 3)
        return np.asarray(H.conj().swapaxes(1, 2) @ H)

    A, B, h, H = hermitian(), hermitian(), gaussian(rng, 4, 3), gaussian(rng, 4, 5, 3)
    cost, e = 1 + rng.random((4, 3)), np.trace(A, axis1=1, axis2=2).real / 4
    system = pressure_matching.system_of(target)
    data = minimax.data_of(target, np.ones(3))
    point = lambda *a: diagonal_loading.loaded_point(*a, least_load=1e-9)  # noqa: E731
    matrix = lambda *a: diagonal_loading.loaded_matrix(*a, least_load=1e-9)  # noqa: E731
    return {
        "solvers.diagonal_loading.loaded_point": (point, (h, B, 0.9 * np.sum(np.abs(h) ** 2, axis=1))),
        "solvers.diagonal_loading.loaded_matrix": (matrix, (A, B, e)),
        "formulations.max_sensitivity.most_sensitive": (max_sensitivity.most_sensitive, (h, A - B)),
        "formulations.acoustic_contrast.solve": (acoustic_contrast.solve, (target,)),
        "formulations.acoustic_contrast.best_contrast": (acoustic_contrast.best_contrast, (target,)),
        "formulations.acoustic_contrast.quiet_power": (acoustic_contrast.quiet_power, (target,)),
        "formulations.acoustic_contrast.least_efficiency": (acoustic_contrast.least_efficiency, (target,)),
        "formulations.acoustic_contrast.statement": (acoustic_contrast.statement, (A[0], B[0], 0.1)),
        "formulations.superdirective.solve": (superdirective.solve, (replace(target, diffuse=B[:3]),)),
        "formulations.superdirective.diffuse_power": (superdirective.diffuse_power, (replace(target, diffuse=B[:3]),)),
        "formulations.superdirective.least_gain": (superdirective.least_gain, (target,)),
        "formulations.superdirective.worst_norms": (superdirective.worst_norms, (replace(target, diffuse=B[:3]), h[:3])),
        "formulations.superdirective.worst_directivity": (
            superdirective.worst_directivity, (replace(target, diffuse=B[:3]), h[:3])
        ),
        "formulations.superdirective.hardened_power": (superdirective.hardened_power, (replace(target, diffuse=B[:3]), h[:3])),
        "formulations.superdirective.statement": (superdirective.statement, (h[0], B[0], 0.1)),
        "formulations.max_sensitivity.solve": (max_sensitivity.solve, (target,)),
        "formulations.max_sensitivity.most_sensitive_weights": (
            max_sensitivity.most_sensitive_weights, (h, A, B, cost, np.ones(4))
        ),
        "formulations.max_sensitivity.statement": (max_sensitivity.statement, (h[0], A[0], B[0], cost[0], 1.0)),
        "formulations.choueiri.solve": (choueiri.solve, (target,)),
        "formulations.choueiri.flat_spectrum_beta": (choueiri.flat_spectrum_beta, (cost, 2.0)),
        "formulations.minimax.solve": (minimax.solve, (target,)),
        "formulations.minimax.data_of": (minimax.data_of, (target, np.ones(3))),
        "formulations.minimax.solve_data": (minimax.solve_data, (data,)),
        "formulations.minimax.statement": (minimax.statement, (data, 0)),
        "formulations.minimax.by_statement": (minimax.by_statement, (data, 0)),
        "formulations.minimax.program_of": (minimax.program_of, (data,)),
        "formulations.minimax.with_sidelobes": (minimax.with_sidelobes, (data, [data.families[0][1]], np.ones((3, 3)))),
        "formulations.choueiri.error_norms": (choueiri.error_norms, (system, 0.01, target.plain)),
        "formulations.matrix_mixing.worst_ratio": (matrix_mixing.worst_ratio, (target, target.plain[0].real)),
        "formulations.matrix_mixing.hardened_means": (matrix_mixing.hardened_means, (target, target.plain[0].real)),
        "solvers.diagonal_loading.with_drivers_bands": (diagonal_loading.with_drivers_bands, (B, cost)),
        "formulations.delay_and_sum.statement": (delay_and_sum.statement, (h[0],)),
        "formulations.matrix_mixing.band_means": (matrix_mixing.band_means, (target,)),
        "formulations.pressure_matching.system_of": (pressure_matching.system_of, (target,)),
        "formulations.pressure_matching.diagonalised": (pressure_matching.diagonalised, (H, H[:, :, 0], cost)),
        "formulations.pressure_matching.System.weights": (system.weights, (np.full(3, 0.1),)),
        "formulations.pressure_matching.System.solution": (system.solution, (np.full(3, 0.1),)),
    }  # fmt: skip
