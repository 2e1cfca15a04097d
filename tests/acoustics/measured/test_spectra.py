"""Responses summed at any frequency: against the sum written out."""

from __future__ import annotations

import numpy as np
import pytest

from designer.acoustics.measured.interaural_time import delays, spectra

EVEN_HZ = np.linspace(0.0, 20_000.0, 33)
UNEVEN_HZ = np.geomspace(20.0, 23_000.0, 29)


@pytest.mark.parametrize("taps", [8, 9, 64, 301])
@pytest.mark.parametrize("frequency_hz", [EVEN_HZ, UNEVEN_HZ], ids=["even", "uneven"])
def test_spectra_are_the_fourier_sum(taps: int, frequency_hz: np.ndarray) -> None:
    """Folded about its middle or not, odd or even: Σ h[n] e^{-jωn/fs}, within 2e-6 of the sum of |h|."""
    responses = np.random.default_rng(taps).normal(size=(3, 2, taps)).astype(np.float32)
    n = np.arange(taps)
    plain = [
        [sum(h[i] * np.exp(-2j * np.pi * f * i / 44_100.0) for i in n) for f in frequency_hz]
        for h in responses.reshape(6, taps).astype(float)
    ]
    apart = np.abs(spectra(responses, frequency_hz, 44_100.0).reshape(6, -1) - np.array(plain))
    assert (apart.max(axis=1) < 2e-6 * np.abs(responses).sum(axis=2).ravel()).all()


@pytest.mark.parametrize("frequency_hz", [EVEN_HZ, UNEVEN_HZ], ids=["even", "uneven"])
def test_delays_are_a_turn(frequency_hz: np.ndarray) -> None:
    """e^{-jωτ}, by doubling and in single precision, within 1e-6; delays up to 3 ms, 70 turns at 23 kHz."""
    delay_s = np.random.default_rng(0).uniform(-3e-3, 3e-3, 50)
    exact = np.exp(-2j * np.pi * np.outer(delay_s, frequency_hz))
    assert np.abs(delays(frequency_hz, delay_s) - exact).max() < 1e-6
