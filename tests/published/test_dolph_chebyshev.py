"""A minimax design of a half-wave line: Dolph-Chebyshev's weights, as the minimax form and as the constrained form's slack.

Dolph, A current distribution for broadside arrays which optimizes the relationship between beam width and side-lobe level
(Proc. IRE 34, 1946). For a half-wave line the pattern is T_{N-1}(x_0 cos(ψ/2)), ψ = π sin θ; outside the main lobe, where
x_0 cos(ψ/2) <= 1, no pattern of the same N stays lower. The weights are those of `scipy.signal.windows.chebwin`.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from scipy.signal.windows import chebwin

from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.arrays import Complex, Real
from designer.formulations import minimax
from designer.formulations.constrained import statement
from designer.problem.geometry import direction
from designer.solvers.constrained_cones import solve_data
from designer.solvers.constrained_data import ConstrainedData

K, HALF_WAVE_M = np.array([20 * np.pi]), 0.05
TOO_MUCH_DB = 10.0
"""The mask asks for this much more than can be had, so that its slack is all that is minimised."""
CASES = [(8, 20.0), (8, 30.0), (11, 30.0), (11, 40.0), (16, 26.0)]


def published(count: int, attenuation_db: float) -> Real:
    """The window, 1 in its middle."""
    with warnings.catch_warnings():  # it warns that it suits no spectral analysis below 45 dB
        warnings.simplefilter("ignore", UserWarning)
        window = chebwin(count, attenuation_db)
    return np.asarray(window / window[count // 2], dtype=float)


def sidelobe_azimuths_deg(count: int, attenuation_db: float) -> Real:
    """The sidelobes' extrema, x_0 cos(ψ/2) = cos(mπ/(N-1)), the first being the main lobe's edge; and a grid between."""
    x_0 = np.cosh(np.arccosh(10 ** (attenuation_db / 20)) / (count - 1))
    extrema = 2 * np.arccos(np.cos(np.pi * np.arange((count + 1) // 2) / (count - 1)) / x_0)
    psi = np.concatenate([extrema, np.linspace(extrema[0], np.pi, 61)])
    return np.degrees(np.arcsin(np.minimum(psi / np.pi, 1.0)))


def half_wave_line(count: int, attenuation_db: float) -> tuple[Complex, ConstrainedData]:
    """Mirrored drivers share a weight: (L, N) spreads the N shared weights, and the data's columns are sums of two."""
    places_m = (np.arange(count) - (count - 1) / 2) * HALF_WAVE_M
    device = FreeField([Disc(np.array([0.0, y, 0.0])) for y in places_m])
    shared = (count + 1) // 2
    spread = np.zeros((count, shared), dtype=complex)
    spread[np.arange(count), np.minimum(np.arange(count), count - 1 - np.arange(count))] = 1.0
    points = device.far_field(K, direction(sidelobe_azimuths_deg(count, attenuation_db))) @ spread
    return spread, ConstrainedData(
        centre=(device.far_field(K, direction(np.array([0.0]))) @ spread)[:, 0],
        quadratic=np.asarray(1e-9 * np.eye(shared)[None], dtype=complex),
        families=(("sidelobes", points, np.array([10 ** (-(attenuation_db + TOO_MUCH_DB) / 20)]), 0.0),),
        curves=(),
        max_gain=np.full((1, shared), np.inf),
        max_norm=np.array([np.inf]),
    )


def normalised(spread: Complex, w: Any) -> Complex:
    weights = spread @ w
    return np.asarray(weights / weights[len(weights) // 2])


def minimax_of(count: int, attenuation_db: float) -> tuple[Complex, ConstrainedData]:
    """The same line as the minimax form's data: no level is asked for."""
    spread, data = half_wave_line(count, attenuation_db)
    sidelobes = data.families[0][1]
    price = np.full(data.max_gain.shape, minimax.EFFORT_PRICE)
    return spread, minimax.with_sidelobes(replace(data, families=()), [sidelobes], price)


@pytest.mark.parametrize(("count", "attenuation_db"), CASES)
def test_weights_of_the_minimax_form(count: int, attenuation_db: float) -> None:
    """The window's weights within 1e-6, and its attenuation within 1e-5 dB, though only the width of the lobe is given."""
    spread, data = minimax_of(count, attenuation_db)
    w, answer = minimax.solve_data(data)
    np.testing.assert_allclose(normalised(spread, w[0]), published(count, attenuation_db), rtol=0, atol=1e-6)
    sidelobes_db = 20 * np.log10(np.abs(data.families[0][1][0] @ w[0]).max())
    assert sidelobes_db == pytest.approx(-attenuation_db, abs=1e-5)
    assert answer.violation[0] < 1e-9
    assert answer.gap[0] < 1e-8


@pytest.mark.parametrize(("count", "attenuation_db"), CASES[1:3])
def test_weights_of_the_minimax_statement(count: int, attenuation_db: float) -> None:
    """The readable cvxpy statement of the same data has the window's weights too, within 1e-6."""
    spread, data = minimax_of(count, attenuation_db)
    problem = minimax.statement(data, 0)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    (w,) = (variable.value for variable in problem.variables() if variable.is_complex())
    np.testing.assert_allclose(normalised(spread, w), published(count, attenuation_db), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("count", "attenuation_db"), CASES)
def test_weights_of_the_cones(count: int, attenuation_db: float) -> None:
    """The cone program's weights are the window's within 1e-6, and its sidelobes are no louder than asked of the window."""
    spread, data = half_wave_line(count, attenuation_db)
    w, answer = solve_data(data)
    np.testing.assert_allclose(normalised(spread, w[0]), published(count, attenuation_db), rtol=0, atol=1e-6)
    assert np.abs(data.centre[0] @ w[0]) == pytest.approx(1.0, abs=1e-9)  # the level does not give way, the mask does
    sidelobes_db = 20 * np.log10(np.abs(data.families[0][1][0] @ w[0]).max())
    assert sidelobes_db == pytest.approx(-attenuation_db, abs=1e-5)
    assert answer.violation[0] < 1e-9


@pytest.mark.parametrize(("count", "attenuation_db"), CASES[1:3])
def test_weights_of_the_statement(count: int, attenuation_db: float) -> None:
    """The readable cvxpy statement of the same data has the window's weights too, within 1e-6."""
    spread, data = half_wave_line(count, attenuation_db)
    problem = statement(data, 0)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
    (w,) = (variable.value for variable in problem.variables() if variable.is_complex())
    np.testing.assert_allclose(normalised(spread, w), published(count, attenuation_db), rtol=0, atol=1e-6)
