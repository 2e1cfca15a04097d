"""One convex formulation a file: the maths, its closed form or its cones, its cvxpy statement, its certificate.

`FORMULATIONS` is the registry: the problem file's `method` to what solves it.
"""

from __future__ import annotations

from designer.formulations import (
    acoustic_contrast,
    choueiri,
    constrained,
    delay_and_sum,
    matrix_mixing,
    max_sensitivity,
    minimax,
    power_ratio,
    pressure_matching,
    spherical_harmonic,
    superdirective,
)
from designer.formulations.formulation import CURVE, DRIVER_GAIN, EFFORT, MASK, WHITE_NOISE_GAIN, WINDOW, Formulation
from designer.formulations.solution import Certificate, Solution

EVERYTHING = frozenset({CURVE, MASK, WINDOW, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN})

FORMULATIONS: dict[str, Formulation] = {
    "power-ratio": Formulation(
        power_ratio.solve, power_ratio.statement, frozenset({CURVE, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN})
    ),
    "max-sensitivity": Formulation(max_sensitivity.solve, max_sensitivity.statement, frozenset({CURVE, EFFORT})),
    "acoustic-contrast": Formulation(acoustic_contrast.solve, acoustic_contrast.statement, frozenset({CURVE, EFFORT})),
    "least-squares": Formulation(pressure_matching.solve, pressure_matching.statement, frozenset({CURVE, EFFORT})),
    "constrained": Formulation(constrained.solve, constrained.statement, EVERYTHING),
    "spherical-harmonic": Formulation(
        spherical_harmonic.solve,
        spherical_harmonic.statement,
        frozenset({CURVE, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN}),
    ),
    "minimax": Formulation(minimax.solve, minimax.statement, EVERYTHING),
    "superdirective": Formulation(
        superdirective.solve, superdirective.statement, frozenset({EFFORT, WHITE_NOISE_GAIN})
    ),
    "choueiri": Formulation(choueiri.solve, choueiri.statement),
    "delay-and-sum": Formulation(delay_and_sum.solve, delay_and_sum.statement),
    "matrix": Formulation(matrix_mixing.solve, matrix_mixing.statement),
}

__all__ = ["FORMULATIONS", "Certificate", "Formulation", "Solution"]
