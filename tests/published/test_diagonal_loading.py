"""A superdirective beam with a floor under the white-noise gain is diagonal loading, its amount found by root finding.

    minimise w^H Q w   subject to   h w = 1,   ||w||² <= 1/G      has      w ∝ (Q + μI)⁻¹ h^H,   |h w|²/||w||² = G

Cox, Zeskind and Owen, Robust adaptive beamforming (IEEE Trans. ASSP 35, 1987).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from formulations.random_targets import Wanted, random_target
from scipy.optimize import brentq

from designer import measures
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.arrays import Complex
from designer.formulations import superdirective
from designer.problem.geometry import direction
from designer.solvers.constrained_cones import solve_data
from designer.solvers.constrained_data import ConstrainedData
from designer.solvers.ratio_search import best_ratio_at_efficiency

K = np.array([2 * np.pi * 500.0 / 343.0])
FLOORS_DB = [-20.0, -6.0, 0.0, 4.0]


def end_fire_line() -> tuple[Complex, Complex]:
    """Four monopoles 5 cm apart: h (4,) ahead, and Q (4, 4) of noise from all around with one source at 70 degrees."""
    device = FreeField([Disc(np.array([0.05 * n, 0.0, 0.0])) for n in range(4)])
    h, aside = device.far_field(K, direction(np.array([0.0, 70.0])))[0]
    return h, device.radiated_power(K)[0] + np.outer(aside.conj(), aside)


def loaded(h: Complex, Q: Complex, floor: float) -> Complex:
    """Weights with h w = 1 whose white-noise gain is the floor."""

    def weights(log_load: float) -> Complex:
        w = np.linalg.solve(Q + np.exp(log_load) * np.eye(4), h.conj())
        return np.asarray(w / (h @ w))

    def excess(log_load: float) -> float:
        return float(-np.log(np.sum(np.abs(weights(log_load)) ** 2)) - np.log(floor))

    return weights(brentq(excess, -25.0, 25.0, xtol=1e-13))


@pytest.mark.parametrize("floor_db", FLOORS_DB)
def test_superdirective(floor_db: float) -> None:
    """The superdirective form has the loaded weights within 1e-9, and the floor as its white-noise gain."""
    h, Q = end_fire_line()
    floor = 10 ** (floor_db / 10)
    target = replace(
        random_target(1, Wanted(frequencies=1, drivers=4)),
        centre=h[None], look=h[None], bright=h[None, None], diffuse=Q[None], min_white_noise_gain=floor,
    )  # fmt: skip
    solution = superdirective.solve(target)
    w = solution.weights[0] / (h @ solution.weights[0])
    expected = loaded(h, Q, floor)
    np.testing.assert_allclose(w, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    assert measures.white_noise_gain(h[None], w[None], np.inf)[0] == pytest.approx(floor, rel=1e-9)
    assert abs(solution.gap[0]) < 1e-9


@pytest.mark.parametrize("floor_db", FLOORS_DB)
def test_best_ratio_at_an_efficiency(floor_db: float) -> None:
    """The search for the largest ratio that is efficient enough finds the loaded weights within 1e-5."""
    h, Q = end_fire_line()
    floor = 10 ** (floor_db / 10)
    A = measures.mean_power_matrix(h[None, None, :])
    v = best_ratio_at_efficiency(A, Q[None], np.ones((1, 4)), np.array([floor]))[0]
    expected = loaded(h, Q, floor)
    np.testing.assert_allclose(v / (h @ v), expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("floor_db", FLOORS_DB)
def test_cones(floor_db: float) -> None:
    """The constrained form with the white-noise gain as a limit of the norm has that index within 1e-6, its weights within 2e-4."""
    h, Q = end_fire_line()
    floor = 10 ** (floor_db / 10)
    data = ConstrainedData(
        centre=h[None],
        quadratic=Q[None],
        families=(),
        curves=(),
        max_gain=np.full((1, 4), np.inf),
        max_norm=np.array([floor**-0.5]),
    )
    w, answer = solve_data(data)
    expected = loaded(h, Q, floor)
    assert answer.violation[0] < 1e-9
    assert h @ w[0] == pytest.approx(1.0, abs=1e-9)
    found, best = measures.quadratic(Q, w[0]), measures.quadratic(Q, expected)
    np.testing.assert_allclose(found, best, rtol=1e-6)
    np.testing.assert_allclose(w[0], expected, rtol=0, atol=2e-4 * np.abs(expected).max())  # the optimum is flat
