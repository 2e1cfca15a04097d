"""Bounded ratios against a cone program, the equaliser against filters that are known, and smoothing against its definition."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from formulations.random_targets import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.realization.equaliser import equaliser, minimum_phase_taps, third_octave_smoothed
from designer.realization.ratios import capped, ratios, silence
from realization.test_fir_fit import weighting


@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), drivers=st.integers(2, 4), cap=st.floats(0.2, 2.0))
def test_capped_ratios_are_the_best_below_the_cap(seed: int, drivers: int, cap: float) -> None:
    """Any ratios, any weighting: the heard error is cvxpy's least to 1e-4, no ratio is above the cap, the reference is 1."""
    rng = np.random.default_rng(seed)
    R, C = gaussian(rng, 3, drivers), weighting(rng, 3, drivers)
    R[:, 0] = 1.0
    u = capped(R, C, 0, cap)
    np.testing.assert_array_equal(u[:, 0], 1.0)
    assert np.abs(u[:, 1:]).max() <= cap * (1 + 1e-12)
    for f in range(3):
        root = np.linalg.cholesky(C[f]).conj().T
        v = cp.Variable(drivers, complex=True)
        limits = [cp.abs(v[1:]) <= cap, v[0] == 1]
        best = cp.Problem(cp.Minimize(cp.sum_squares(root @ (v - R[f]))), limits).solve(solver=cp.CLARABEL)
        e = u[f] - R[f]
        assert (e.conj() @ C[f] @ e).real <= best + 1e-4 * (1 + best)


def test_ratios_divide_and_stay_finite() -> None:
    """W_l / W_r where the reference plays; where it is silent, at most 1,000 times the loudest driver's share, and never infinite."""
    W = np.array([[2.0, 1.0j], [0.0, 1.0], [1e-9, 1.0], [0.0, 0.0]], dtype=complex)
    R = ratios(W, 0)
    assert R[0, 1] == pytest.approx(0.5j)
    assert np.isfinite(R).all()
    assert np.abs(R).max() <= 1000.0
    np.testing.assert_array_equal(R[:, 0], 1.0)
    np.testing.assert_allclose(ratios(W, 0, np.array([0.5, 1.0, 1.0, 1.0]))[0], [1.0, 0.25j])


def test_silence_is_the_median_below_the_loudest() -> None:
    """A driver 40 dB below at most frequencies and loud at one is 40 dB below."""
    W = np.array([[0.01, 1.0], [0.01, 1.0], [1.0, 1.0]], dtype=complex)
    assert silence(W, 0) == pytest.approx(0.01)
    assert silence(W, 1) == 1.0


def test_a_minimum_phase_filter_comes_back_from_its_magnitude() -> None:
    """Zeros at radii of 0.5 and 0.6, all inside the unit circle: the taps from |H| alone, to 1e-5."""
    taps = np.poly([0.5, -0.3, 0.6 * np.exp(0.8j), 0.6 * np.exp(-0.8j)]).real
    magnitude = np.abs(np.fft.rfft(taps, 2048))
    np.testing.assert_allclose(minimum_phase_taps(magnitude, 5), taps, atol=1e-5)


def test_smoothing_is_the_mean_over_a_third_of_an_octave() -> None:
    """A constant stays, a straight line gives (b² - a²) / (2 (b - a)) with a and b a sixth of an octave away, inside the grid."""
    k = np.arange(1001.0)
    np.testing.assert_allclose(third_octave_smoothed(np.full(1001, 3.0)), 3.0, rtol=1e-12)
    smoothed = third_octave_smoothed(1.0 + k)
    a, b = k * 2 ** (-1 / 6), k * 2 ** (1 / 6)
    np.testing.assert_allclose(smoothed[10:800], 1 + (a + b)[10:800] / 2, rtol=2e-3)


def test_the_equaliser_undoes_a_smooth_level() -> None:
    """A gain alone is undone exactly, a shelf of 6 dB to 0.3 dB with 64 taps."""
    f = np.linspace(0.0, 1.0, 1025)
    np.testing.assert_allclose(equaliser(np.full(1025, 2.0), np.full(1025, 1.0), 4), [0.5, 0, 0, 0], atol=1e-9)
    level = 10 ** (-6 / 20 / (1 + (f / 0.2) ** 2))
    common = equaliser(level, np.ones(1025), 64)
    restored = 20 * np.log10(level * np.abs(np.fft.rfft(common, 2048)))
    assert np.abs(restored).max() < 0.3
