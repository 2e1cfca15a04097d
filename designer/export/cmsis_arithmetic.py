"""CMSIS-DSP's FIR filters and biquad cascades in integers, bit for bit, from rest; see `cmsis_taps.py` and `cmsis_sections.py`.

Blocks do not show: a filter's output is the same in blocks of any size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Fit = Callable[[int], int]


def fir_q31(taps: Whole, x: Whole) -> Whole:
    """Y (N,) of taps (T,) in time order and x (N,): sums of 64 bits that wrap, bits 31 to 62 of them."""
    return wrapped(np.convolve(taps[: x.size], x)[: x.size] >> 31)


def fir_q15(taps: Whole, x: Whole) -> Whole:
    """Y (N,) of taps (T,) in time order and x (N,): exact sums, lowered by 15 bits and saturated."""
    return saturated(np.convolve(taps[: x.size], x)[: x.size] >> 15, 16)


def biquad_q31(sections: Whole, post_shift: int, x: Whole) -> Whole:
    """Y (N,) of sections (S, 5) and x (N,): 32 bits of each sum of 64, wrapped to the other sign where they do not suffice."""
    return _cascade(sections, x, 31 - post_shift, lambda value: (value + 2**31) % 2**32 - 2**31)


def biquad_q15(sections: Whole, post_shift: int, x: Whole) -> Whole:
    """Y (N,) of sections (S, 5) and x (N,): each sum lowered and saturated."""
    return _cascade(sections, x, 15 - post_shift, lambda value: max(-(2**15), min(2**15 - 1, value)))


def wrapped(values: Whole) -> Whole:
    """The lowest 32 bits as a signed number."""
    return ((values + 2**31) & 0xFFFFFFFF) - 2**31


def saturated(values: Whole, bits: int) -> Whole:
    """Values held within a signed word."""
    return np.asarray(np.clip(values, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1))


def _cascade(sections: Whole, x: Whole, lower: int, fit: Fit) -> Whole:
    signal = x.tolist()  # Python's integers do not overflow: five products of 2^62 are more than 64 bits hold
    for b0, b1, b2, a1, a2 in sections.tolist():
        x1 = x2 = y1 = y2 = 0
        for n, x0 in enumerate(signal):
            y0 = fit((b0 * x0 + b1 * x1 + b2 * x2 + a1 * y1 + a2 * y2) >> lower)
            x2, x1, y2, y1 = x1, x0, y1, y0
            signal[n] = y0
    return np.array(signal, dtype=np.int64)
