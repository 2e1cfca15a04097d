"""Loudness: ITU-R BS.1770's own numbers, and pyloudnorm's meter over the whole sound."""

from __future__ import annotations

import numpy as np
import pytest
from pyloudnorm import Meter

from designer.stereo.loudness import Loudness, integrated_lufs
from stereo.signals import RATE_HZ, panned, pink, voice


def test_a_sine_of_full_scale() -> None:
    """997 Hz at 0 dBFS in one channel reads -3.01 LKFS, as the recommendation says (annex 1), in both 0.00."""
    sine = np.sin(2 * np.pi * 997 / RATE_HZ * np.arange(5 * RATE_HZ))
    for channels, reading in (((sine, 0 * sine), -3.01), ((sine, sine), 0.0)):
        assert integrated_lufs(np.column_stack(channels), RATE_HZ) == pytest.approx(reading, abs=0.005)


@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
@pytest.mark.parametrize("size", [1, 3])
def test_against_the_library(rate_hz: int, size: int) -> None:
    """In blocks it reads what pyloudnorm's meter reads of the whole, gates included."""
    loud = panned(voice(3.0, rate_hz), 0.3)
    sound = 0.05 * np.concatenate([loud, 1e-6 * loud, 0.1 * panned(pink(3.0, 1, rate_hz), -0.5)])
    meter = Loudness(rate_hz)
    for block in np.array_split(sound, size * 7):
        meter.push(block)
    assert meter.integrated_lufs() == pytest.approx(
        Meter(rate_hz, filter_class="DeMan").integrated_loudness(sound), abs=1e-9
    )


def test_silence_and_too_little() -> None:
    """Silence and nothing at all read -inf; less than a gating block reads its own mean."""
    meter = Loudness(RATE_HZ)
    assert meter.integrated_lufs() == -np.inf
    meter.push(np.zeros((RATE_HZ, 2)))
    assert meter.integrated_lufs() == -np.inf
    sine = np.sin(2 * np.pi * 997 / RATE_HZ * np.arange(5 * RATE_HZ))
    long = np.column_stack([sine, sine])
    assert integrated_lufs(long[:15_000], RATE_HZ) == pytest.approx(integrated_lufs(long, RATE_HZ), abs=0.05)
