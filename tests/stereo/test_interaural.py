"""Interaural differences: what a delay, a gain and independent sources must give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.report.listener import third_octave_name
from designer.stereo.interaural import coherence, level_difference_db, phase_delay_s, third_octaves_hz

HERTZ = np.geomspace(90.0, 11_000.0, 500)


@given(st.floats(-9e-4, 9e-4), st.floats(-30.0, 30.0))
def test_a_delay_and_a_gain_come_back(delay_s: float, gain_db: float) -> None:
    """A far ear that is g times the near one, τ later, is louder by -20 log10 g in every band and late by τ at every frequency."""
    near = np.exp(1j * 0.3 * np.arange(HERTZ.size))
    far = near * 10 ** (-gain_db / 20) * np.exp(-2j * np.pi * HERTZ * delay_s)
    middles = third_octaves_hz(200.0, 8000.0)
    np.testing.assert_allclose(level_difference_db(near, far, HERTZ, middles), gain_db, rtol=0, atol=1e-9)
    np.testing.assert_allclose(phase_delay_s(near, far, HERTZ), delay_s, rtol=0, atol=1e-12)


def test_third_octaves() -> None:
    """From 200 Hz to 8 kHz there are the 17 bands of IEC 61260-1, 1 kHz the middle of one."""
    middles = third_octaves_hz(200.0, 8000.0)
    names = "200 250 315 400 500 630 800 Hz 1 1.25 1.6 2 2.5 3.15 4 5 6.3 8 kHz"
    actual = [third_octave_name(float(f)).split() for f in middles]
    assert " ".join([*(n for n, _ in actual[:7]), "Hz", *(n for n, _ in actual[7:]), "kHz"]) == names
    assert [unit for _, unit in actual] == 7 * ["Hz"] + 10 * ["kHz"]
    assert middles[7] == pytest.approx(1000.0)


def test_coherence_of_one_source_and_of_two() -> None:
    """One source is coherent whatever the ears do to it; a source an ear is not at all; equal shares with a turn of sign neither."""
    middles = third_octaves_hz(200.0, 8000.0)
    one = np.stack([np.full(HERTZ.size, 2.0), np.full(HERTZ.size, 0.5j)], axis=1)[:, :, None]
    np.testing.assert_allclose(coherence(one, HERTZ, middles), 1.0, rtol=1e-12)
    apart = np.zeros((HERTZ.size, 2, 2), dtype=complex)
    apart[:, 0, 0], apart[:, 1, 1] = 1.0, 3.0
    assert np.abs(coherence(apart, HERTZ, middles)).max() < 1e-12
    apart[:, 1, 0] = 3.0  # the right ear now hears both inputs alike: the share of the common one is 1/√2
    np.testing.assert_allclose(coherence(apart, HERTZ, middles), 1 / np.sqrt(2), rtol=1e-12)
