"""The measures on responses whose values are known: lone pulses, exponential noise, delayed copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.evaluation.image_sources import CENTRE, LATERAL, LEFT_EAR, RIGHT_EAR
from designer.evaluation.room_measures import RoomMeasures, octave_gains, octaves_hz, room_measures

RATE = 32_000.0


def silent(seconds: float = 0.5) -> Real:
    return np.zeros((4, round(seconds * RATE)))


def measured(direct: Real, reflected: Real, first_s: float = 0.01) -> RoomMeasures:
    return room_measures(direct, reflected, RATE, distance_m=2.0, first_s=first_s)


def at(seconds: float) -> int:
    return round(seconds * RATE)


def test_octaves() -> None:
    """Middles from 125 Hz to 8 kHz as far as the sample rate holds them whole; neighbouring filters add to 1 in power."""
    np.testing.assert_array_equal(octaves_hz(48_000.0), [125, 250, 500, 1000, 2000, 4000, 8000])
    assert octaves_hz(16_000.0)[-1] == 4000
    f = np.geomspace(125, 4000, 500)
    power = (octave_gains(f, octaves_hz(48_000.0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(power, 1.0, atol=1e-12)


@settings(max_examples=10)
@given(st.floats(0.05, 5.0))
def test_energy_ratios_of_two_pulses(size: float) -> None:
    """A pulse and one of `size` 100 ms later: direct over reverberant and C50 are -20 log10 size, the critical distance 2 m over size."""
    direct, reflected = silent(), silent()
    direct[[LEFT_EAR, RIGHT_EAR, CENTRE], at(0.01)] = 1.0
    reflected[[LEFT_EAR, RIGHT_EAR, CENTRE], at(0.11)] = size
    actual = measured(direct, reflected)
    np.testing.assert_allclose(actual.direct_to_reverberant_db, -20 * np.log10(size), atol=1e-6)
    np.testing.assert_allclose(actual.critical_distance_m, 2.0 / size, rtol=1e-6)
    # The octave at 125 Hz rings for a few of its periods on both sides of the 50 ms.
    np.testing.assert_allclose(actual.clarity_db[2:], -20 * np.log10(size), atol=0.1)


@pytest.mark.parametrize(("delay_ms", "expected"), [(0.0, 1.0), (0.5, 1.0), (-0.9, 1.0)])
def test_coherence_of_one_pulse(delay_ms: float, expected: float) -> None:
    """The same sound at both ears, within a millisecond and at any level, is coherent."""
    direct = silent()
    direct[LEFT_EAR, at(0.01)] = 1.0
    direct[RIGHT_EAR, at(0.01 + delay_ms / 1e3)] = 0.3
    np.testing.assert_allclose(measured(direct, silent()).interaural_coherence, expected, atol=1e-6)


def test_coherence_of_independent_noises() -> None:
    """Independent noises of equal power, with a common one as strong: half of the correlation, in the octaves that hold many periods."""
    common, left, right = np.random.default_rng(1).standard_normal((3, at(2.0)))
    reflected = silent(2.0)
    reflected[LEFT_EAR], reflected[RIGHT_EAR] = common + left, common + right
    assert measured(silent(2.0), reflected).interaural_coherence[4:] == pytest.approx(0.5, abs=0.05)


def test_lateral_fraction() -> None:
    """A wave as loud from 60 degrees aside, 30 ms after the direct sound: cos² 30° over the two, and nothing that comes after 80 ms."""
    direct, reflected = silent(), silent()
    direct[CENTRE, at(0.01)] = 1.0
    reflected[CENTRE, at(0.04)] = 1.0
    reflected[LATERAL, at(0.04)] = np.sin(np.radians(60.0))
    reflected[LATERAL, at(0.15)] = 10.0
    np.testing.assert_allclose(measured(direct, reflected).early_lateral_fraction[2:], 0.75 / 2, rtol=0.02)


@pytest.mark.parametrize("rt60_s", [0.3, 0.8])
def test_reverberation_time_of_exponential_noise(rt60_s: float) -> None:
    """Noise that falls by 60 dB in T: T20 is T, and C50 is 10 log10(e^{13.8·0.05/T} - 1), within what noise of an octave allows."""
    reflected = silent(2.0)
    t = np.arange(reflected.shape[1] - at(0.01)) / RATE
    noise = np.random.default_rng(2).standard_normal(t.size)
    reflected[CENTRE, at(0.01) :] = noise * 10 ** (-3 * t / rt60_s)
    actual = measured(silent(2.0), reflected)
    assert actual.reverberation_time_s[3:].mean() == pytest.approx(rt60_s, rel=0.04)
    clarity_db = 10 * np.log10(np.expm1(6 * np.log(10) * 0.05 / rt60_s))
    assert actual.clarity_db[3:].mean() == pytest.approx(clarity_db, abs=0.5)


def test_means_over_a_band() -> None:
    """The octaves whose middle is in the band, distances as a geometric mean; the nearest octave where there is none."""
    values = np.arange(1.0, 8.0)
    actual = RoomMeasures(octaves_hz(48_000.0), values, 2.0**values, values, values, values, values)
    mean = actual.mean([250.0, 1200.0])
    assert mean["clarity_db"] == pytest.approx(3.0)
    assert mean["critical_distance_m"] == pytest.approx(8.0)
    assert actual.mean([1100.0, 1300.0])["clarity_db"] == pytest.approx(4.0)


def test_a_high_sample_rate_changes_nothing() -> None:
    """The same sound at eight times the rate, resampled by the sampling theorem, has the same measures."""
    rng = np.random.default_rng(3)
    n = 1 << 14
    t = np.arange(n) / RATE
    audible = (np.fft.rfftfreq(n, 1 / RATE) < 0.9 * RATE / 2).astype(float)
    direct, reflected = np.zeros((4, n)), rng.normal(size=(4, n)) * np.exp(-t / 0.05) * (t > 0.015) * 0.1
    direct[:3, at(0.01)] = 1.0
    few = [np.fft.irfft(np.fft.rfft(one) * audible, n) for one in (direct, reflected)]
    many = [np.fft.irfft(np.fft.rfft(one), 8 * n) * 8 for one in few]
    slow = room_measures(few[0], few[1], RATE, distance_m=2.0, first_s=0.01)
    fast = room_measures(many[0], many[1], 8 * RATE, distance_m=2.0, first_s=0.01)
    shared = slow.middle_hz.size
    np.testing.assert_array_equal(fast.middle_hz[:shared], slow.middle_hz)
    for name, tolerance in {
        "direct_to_reverberant_db": 1e-3,
        "critical_distance_m": 1e-3,
        "clarity_db": 0.05,
        "interaural_coherence": 0.005,
        "early_lateral_fraction": 0.005,
        "reverberation_time_s": 0.005,
    }.items():
        np.testing.assert_allclose(getattr(fast, name)[:shared], getattr(slow, name), atol=tolerance, err_msg=name)


@pytest.mark.parametrize("factor", [3, 16])
def test_the_work_does_not_grow_with_the_sample_rate(factor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is transformed back for an octave is as long at 512 kHz as at 96 kHz, or up to twice that between."""
    lengths: list[int] = []
    irfft = np.fft.irfft

    def counted(spectra: Real, size: int, **more: Any) -> Any:
        lengths.append(size)
        return irfft(spectra, size, **more)

    monkeypatch.setattr(np.fft, "irfft", counted)
    pulse = np.zeros((4, round(0.2 * RATE * factor)))
    pulse[:, 100] = 1.0
    room_measures(pulse, pulse, RATE * factor, distance_m=2.0, first_s=0.0)
    assert max(lengths) <= 2 * 2 * 2 * 0.2 * 96_000
