"""The fit and the held requirements on one driver with a linear-phase target: scipy's own designs, and the ideal fractional delay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from designer.arrays import Complex, Real
from designer.realization.held_requirements import Held, Rows, hold
from designer.realization.toeplitz_fit import delayed, fit

SIZE = 4096
W = np.linspace(0.0, 1.0, SIZE // 2 + 1)  # frequency over Nyquist
BANDS = ((0.0, 0.4), (0.5, 1.0))


def low_pass(weights: tuple[float, float] = (1.0, 1.0)) -> tuple[Complex, Complex, np.ndarray]:
    """A low-pass: 1 to 0.4, 0 from 0.5, with next to no weight between; wanted, symbol, and where it is asked for."""
    expected = (W <= 0.45).astype(complex)[:, None]
    symbol = np.full(W.size, 1e-7)
    for (low, high), weight in zip(BANDS, weights, strict=True):
        symbol[(low <= W) & (high >= W)] = weight
    return expected, symbol[:, None, None].astype(complex), symbol > 1e-3


@pytest.mark.parametrize("taps", [21, 45])
@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 30.0)])
def test_least_squares_is_scipys(taps: int, weights: tuple[float, float]) -> None:
    """`scipy.signal.firls`, which integrates where the fit sums: the same response to 3 % of the largest deviation from the ideal."""
    target, symbol, required = low_pass(weights)
    actual = fit(target, symbol, taps, (taps - 1) / 2, tolerance=1e-10)[0]
    expected = signal.firls(taps, [0.0, 0.4, 0.5, 1.0], [1, 1, 0, 0], weight=weights)
    np.testing.assert_allclose(actual, actual[::-1], atol=1e-7)
    a, b = (np.abs(np.fft.rfft(x, SIZE)) - target[:, 0].real for x in (actual, expected))
    assert np.abs(a - b)[required].max() < 0.03 * np.abs(b)[required].max()


def chebyshev(taps: int, ripple: float) -> tuple[Real, float]:
    """Taps that hold |x̂ - D| <= ripple in both bands, and what is left of it in dB."""
    expected, symbol, required = low_pass()
    index = np.flatnonzero(required)
    goal = expected * np.exp(0j)
    half = (taps - 1) / 2
    # p = x̂ e^{jωD'} - D with D' whole: the half sample that is left is in the target.
    whole = int(half)
    turned = delayed(goal, half - whole)
    ones = np.ones((index.size, 1, 1), dtype=complex)
    held = Held(
        label="ripple",
        index=index,
        rows=Rows(ones, -turned[index]),
        level_rows=Rows(0 * ones, np.ones((index.size, 1), dtype=complex)),
        level=np.ones(index.size),
        limit=np.full(index.size, ripple),
        together=False,
    )
    x = hold([held], turned, symbol, taps, whole, None)
    return x[0], held.excess_db(delayed(np.fft.rfft(x, SIZE, axis=1).T, -whole))


@pytest.mark.parametrize("taps", [20, 31])
def test_the_held_ripple_is_remezs(taps: int) -> None:
    """`scipy.signal.remez` has the smallest largest error of all: 5 % more can be held, 5 % less cannot.

    No taps without linear phase do better: with a target of linear phase, the mean of taps and their mirror image has no larger error.
    """
    best = signal.remez(taps, [0.0, 0.4, 0.5, 1.0], [1, 0], fs=2.0)
    _, _, required = low_pass()
    expected = (W <= 0.45).astype(float)
    ripple = float(np.abs(np.abs(np.fft.rfft(best, SIZE)) - expected)[required].max())
    actual, left_db = chebyshev(taps, 1.05 * ripple)
    assert left_db < 0.02
    np.testing.assert_allclose(actual, best, atol=0.03 * np.abs(best).max())
    assert chebyshev(taps, 0.95 * ripple)[1] > 0.1


@pytest.mark.parametrize("fraction", [0.1, 0.37, 0.5])
def test_a_fractional_delay_is_the_ideal_one_in_its_band(fraction: float) -> None:
    """32 taps, a band to 0.8 of Nyquist: within 5e-4 of e^{-jω(D + d)}, and a windowed sinc of as many taps is 5 times worse."""
    taps, delay = 32, 15
    expected = np.exp(-1j * np.pi * W * fraction)[:, None]
    symbol = np.where(W <= 0.8, 1.0, 1e-6)[:, None, None].astype(complex)
    actual = fit(expected, symbol, taps, delay, tolerance=1e-9)[0]
    off_grid = np.linspace(0.0, 0.8, 777)
    ideal = np.exp(-1j * np.pi * off_grid * (delay + fraction))
    sinc = np.sinc(np.arange(taps) - delay - fraction) * np.hamming(taps)
    ours, rival = (
        np.abs(np.exp(-1j * np.pi * np.outer(off_grid, np.arange(taps))) @ x - ideal).max() for x in (actual, sinc)
    )
    assert ours < 5e-4
    assert ours < rival / 5
