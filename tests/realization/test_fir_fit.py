"""The fit of FIR taps against a dense normal-equation solve, and against filters that are FIR already."""

from __future__ import annotations

import numpy as np
import pytest
from formulations.random_targets import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.realization import toeplitz_fit
from designer.realization.toeplitz_fit import NormalEquations, fit, grid_size

seeds = st.integers(0, 2**32 - 1)


def weighting(rng: np.random.Generator, count: int, drivers: int) -> Complex:
    """C(f), Hermitian and positive definite, its eigenvalues within about 10³ of each other."""
    h = gaussian(rng, count, 3, drivers) * 10 ** rng.uniform(-0.5, 0.5, (count, 1, 1))
    return np.asarray(np.einsum("fml,fmk->flk", h.conj(), h) + 0.1 * np.eye(drivers))


def dense(wanted: Complex, symbol: Complex, taps: int, delay: float) -> tuple[Real, Real]:
    """The taps and the matrix of the sum's quadratic, by an explicit DFT matrix: all N frequencies, those between 0 and Nyquist twice."""
    count, drivers = wanted.shape
    size = 2 * (count - 1)
    left, right = np.zeros((drivers * taps, drivers * taps)), np.zeros(drivers * taps)
    for k in range(count):
        row = np.array([np.exp(-2j * np.pi * k * n / size) for n in range(taps)])
        F = np.zeros((drivers, drivers * taps), dtype=complex)
        for l in range(drivers):
            F[l, l * taps : (l + 1) * taps] = row
        target = wanted[k] * np.exp(-2j * np.pi * k * delay / size)
        if k in (0, count - 1):  # real taps have a real response there
            left += (F.conj().T @ symbol[k] @ F).real
            right += (F.conj().T @ symbol[k] @ target).real
        else:
            left += 2 * (F.conj().T @ symbol[k] @ F).real
            right += 2 * (F.conj().T @ symbol[k] @ target).real
    return np.linalg.solve(left, right).reshape(drivers, taps), left


@settings(max_examples=15)
@given(seed=seeds, drivers=st.integers(1, 3), taps=st.integers(4, 12), half=st.integers(16, 40))
def test_conjugate_gradients_reach_the_dense_solution(seed: int, drivers: int, taps: int, half: int) -> None:
    """Any weights, any weighting: the taps of the normal equations written out, to 1e-6 as the weighting hears the difference."""
    rng = np.random.default_rng(seed)
    target, symbol = gaussian(rng, half + 1, drivers), weighting(rng, half + 1, drivers)
    delay = float(rng.uniform(0, taps))
    expected, heard = dense(target, symbol, taps, delay)
    error = (fit(target, symbol, taps, delay, tolerance=1e-9) - expected).ravel()
    assert np.sqrt(error @ heard @ error) < 1e-6 * np.sqrt(expected.ravel() @ heard @ expected.ravel())
    assert np.abs(error).max() < 1e-5 * np.abs(expected).max()


def test_fewer_steps_leave_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conjugate gradients that are ended after so many steps are nearer to the dense solution than those of fewer, as it is heard."""
    rng = np.random.default_rng(4)
    target, symbol = gaussian(rng, 25, 2), weighting(rng, 25, 2)
    expected, heard = dense(target, symbol, 8, 3.0)
    left = []
    for steps in (0, 1, 3):
        monkeypatch.setattr(toeplitz_fit, "MAX_ITERATIONS", steps)
        error = (fit(target, symbol, 8, 3.0, tolerance=1e-12) - expected).ravel()
        left.append(float(error @ heard @ error))
    assert left[0] > left[1] > left[2] > 0


@settings(max_examples=15)
@given(seed=seeds, drivers=st.integers(1, 3), length=st.integers(1, 20), start=st.integers(0, 11))
def test_an_fir_filter_is_recovered(seed: int, drivers: int, length: int, start: int) -> None:
    """Weights that are a filter of fewer taps come back as these taps, whatever the weighting is; the others are 0."""
    rng = np.random.default_rng(seed)
    taps, delay, size = 32, 16, 128
    own = np.zeros((drivers, taps))
    own[:, start : start + length] = rng.normal(size=(drivers, length))
    k = np.arange(size // 2 + 1)
    expected = np.zeros((k.size, drivers), dtype=complex)
    for l in range(drivers):
        for n in range(taps):
            expected[:, l] += own[l, n] * np.exp(-2j * np.pi * k / size * (n - delay))
    actual = fit(expected, weighting(rng, k.size, drivers), taps, delay)
    np.testing.assert_allclose(actual, own, atol=1e-6 * np.abs(own).max())


def test_a_plain_driver_is_one_sample() -> None:
    """A weight of 1 at every frequency is a single tap of 1 at the bulk delay."""
    expected = np.ones((65, 1), dtype=complex)
    symbol = np.full((65, 1, 1), 2.0 + 0j)
    actual = fit(expected, symbol, 31, 15)
    np.testing.assert_allclose(actual[0], np.eye(31)[15], atol=1e-9)


def test_more_weight_means_less_error() -> None:
    """What a tap budget cannot give everywhere it gives where the weighting is heavy: the error there falls 30 times."""
    rng = np.random.default_rng(1)
    expected = gaussian(rng, 65, 1)
    heavy = np.arange(65) % 8 == 3  # 8 frequencies, 16 real numbers, 24 taps
    errors = []
    for weight in (1.0, 1e4):
        symbol = np.where(heavy, weight, 1.0)[:, None, None].astype(complex)
        taps = fit(expected, symbol, 24, 12)
        spectrum = np.fft.rfft(taps[0], 128) * np.exp(2j * np.pi * 12 * np.arange(65) / 128)
        errors.append(np.abs(spectrum - expected[:, 0])[heavy].mean())
    assert errors[1] < errors[0] / 30


@pytest.mark.parametrize(("taps", "frequencies"), [(8, 3), (512, 257), (500, 257), (64, 1025), (65536, 65537)])
def test_the_grid_is_dense_enough(taps: int, frequencies: int) -> None:
    """A power of two, at least four times the taps, and at least twice the design's own frequencies."""
    size = grid_size(taps, frequencies)
    assert size & (size - 1) == 0
    assert size >= 4 * taps
    assert size / 2 + 1 >= 2 * (frequencies - 1)
    assert size < 2 * max(4 * taps, 4 * (frequencies - 1))


@pytest.mark.parametrize("penalty", [None, np.linspace(0.0, 0.1, 24)])
def test_the_factor_and_conjugate_gradients_agree(penalty: Real | None) -> None:
    """The same taps from K's own Cholesky factor as from conjugate gradients, to 1e-6 of the largest."""
    rng = np.random.default_rng(5)
    equations = NormalEquations(weighting(rng, 65, 3), 24, penalty)
    rhs = rng.normal(size=(3, 24))
    np.testing.assert_allclose(
        equations.solve_again(rhs, np.zeros_like(rhs)), equations.solve(rhs), atol=1e-6 * np.abs(rhs).max()
    )
