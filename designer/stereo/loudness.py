"""Programme loudness after ITU-R BS.1770-4, measured as the samples come; the filters are pyloudnorm's.

The mean square of the K-weighted samples is taken over blocks of 400 ms that begin every 100 ms; loudness is
-0.691 + 10 log10 of its sum over the channels, each weighing 1. Blocks below -70 LUFS do not count, and then those more
than 10 dB below the mean of the others do not either. Only the sums of each 100 ms are kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Real

OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0
STEP_S = 0.1
STEPS_A_BLOCK = 4


class Loudness:
    """A meter of stereo."""

    def __init__(self, sample_rate_hz: float) -> None:
        from pyloudnorm import Meter

        # "DeMan" has the coefficients that the recommendation prints.
        stages = Meter(sample_rate_hz, filter_class="DeMan")._filters.values()
        self._sections = np.array([np.concatenate([stage.b * stage.passband_gain, stage.a]) for stage in stages])
        self._state = np.zeros((len(self._sections), 2, 2))
        self._step = round(STEP_S * sample_rate_hz)
        self._waiting: Real = np.zeros(0)
        self._sums: list[Real] = []

    def push(self, block: Real) -> None:
        """Listen to (n, 2) more samples."""
        from scipy.signal import sosfilt

        if not block.size:
            return
        weighted, self._state = sosfilt(self._sections, block, axis=0, zi=self._state)
        power = np.concatenate([self._waiting, (weighted**2).sum(axis=1)])
        count = power.size // self._step
        self._sums.append(power[: count * self._step].reshape(count, self._step).sum(axis=1))
        self._waiting = power[count * self._step :]

    def integrated_lufs(self) -> float:
        """Loudness of all that came; of less than 400 ms their mean without a gate; -inf of silence."""
        sums = np.concatenate([np.zeros(0), *self._sums])
        if sums.size < STEPS_A_BLOCK:
            count = sums.size * self._step + self._waiting.size
            return float(_lufs((sums.sum() + self._waiting.sum()) / count)) if count else -np.inf
        blocks = np.lib.stride_tricks.sliding_window_view(sums, STEPS_A_BLOCK).sum(axis=1) / (
            STEPS_A_BLOCK * self._step
        )
        gated = blocks[_lufs(blocks) >= ABSOLUTE_GATE_LUFS]
        if gated.size:
            gated = gated[_lufs(gated) > _lufs(np.mean(gated)) + RELATIVE_GATE_DB]
        return float(_lufs(np.mean(gated))) if gated.size else -np.inf


def _lufs(power: Real | np.floating[Any]) -> Real:
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET_DB + 10 * np.log10(power))


def integrated_lufs(stereo: Real, sample_rate_hz: float) -> float:
    """Loudness of a whole sound (n, 2)."""
    meter = Loudness(sample_rate_hz)
    meter.push(stereo)
    return meter.integrated_lufs()
