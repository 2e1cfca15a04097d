"""What a fixed-point target computes, sample for sample: the filters of a set as integers, and the sums that run them.

Each route from a channel to a driver is run by itself: with the other channels silent its output is the driver's feed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import fftconvolve, sosfilt

from designer.arrays import Real
from designer.export.integer_arithmetic import Whole
from designer.realization.cascade import pole_radii, settled_length

RESONANT = 0.5
"""Poles within this radius ring for no more than a few samples."""
USUAL_TONE = np.pi / 32
"""In radians a sample: 750 Hz at 48 kHz."""


@dataclass(frozen=True)
class ModelRoute:
    """One filter, as its integers are.

    Attributes
    ----------
    channel, driver : names
    delay : samples behind the channel's own delay
    taps : (T,) what the integers are worth; of a pure delay [1.0]; None for sections
    sections : (S, 5) likewise, b0, b1, b2 and the negated a1, a2
    gain : of the output, ahead of the feed

    """

    channel: str
    driver: str
    delay: int
    taps: Real | None
    sections: Real | None = None
    gain: float = 1.0

    def exact(self, x: Real) -> Real:
        """Outputs (K, N) without any rounding, of inputs (K, N), the delay left out."""
        if self.taps is not None:
            return np.asarray(fftconvolve(x, self.gain * self.taps[None], axes=1)[:, : x.shape[1]])
        assert self.sections is not None
        b, a = self.sections[:, :3], -self.sections[:, 3:]
        sos = np.ascontiguousarray(np.concatenate([b, np.ones((len(b), 1)), a], axis=1))
        return np.asarray(self.gain * sosfilt(sos, x, axis=1))

    @property
    def settling(self) -> int:
        """Samples after which its response is over."""
        if self.taps is not None:
            return int(self.taps.size)
        assert self.sections is not None
        return settled_length(float(pole_radii(-self.sections[:, 3:]).max()))

    @property
    def tone(self) -> float:
        """The angle of its most resonant pole, in radians a sample, where it keeps what was played longest."""
        if self.sections is None:
            return USUAL_TONE
        a = -self.sections[:, 3:]
        worst = a[int(np.argmax(pole_radii(a)))]
        pole = np.roots([1.0, *worst])[0]
        return float(abs(np.angle(pole))) if abs(pole) > RESONANT else USUAL_TONE


@dataclass(frozen=True)
class ArithmeticModel:
    """A target's arithmetic.

    Attributes
    ----------
    words : in words
    full_scale : steps of a sample of 1
    routes : all filters, pure delays too
    play : outputs (R, K, N) in the feed's steps, for the indices of R routes and their inputs (R, K, N), from rest
    alternatives : in words -> what else might hold where this does not

    """

    words: str
    full_scale: float
    routes: tuple[ModelRoute, ...]
    play: Callable[[Sequence[int], Whole], Whole]
    alternatives: dict[str, Callable[[], ArithmeticModel]] = field(default_factory=dict)
