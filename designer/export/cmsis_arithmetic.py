"""CMSIS-DSP's FIR filters and biquad cascades in integers, bit for bit, from rest; see `cmsis_taps.py` and `cmsis_sections.py`.

Blocks do not show: a filter's output is the same in blocks of any size.
"""

from __future__ import annotations

import numpy as np

from designer.export.integer_arithmetic import Whole, cascades, convolved, saturated, wrapped


def fir_q31(taps: Whole, x: Whole) -> Whole:
    """Y (N,) of taps (T,) in time order and x (N,): sums of 64 bits that wrap, bits 31 to 62 of them."""
    return np.asarray(wrapped(convolved(taps, x, wrap=True) >> 31))


def fir_q15(taps: Whole, x: Whole) -> Whole:
    """Y (N,) of taps (T,) in time order and x (N,): exact sums, lowered by 15 bits and saturated."""
    return np.asarray(saturated(convolved(taps, x, wrap=True) >> 15, 16))


def biquad_q31(sections: Whole, post_shift: int, x: Whole) -> Whole:
    """Y (N,) of sections (S, 5) and x (N,): 32 bits of each sum of 64, wrapped to the other sign where they do not suffice."""
    return np.asarray(biquads_q31(sections[None], np.array([post_shift]), x[None])[0])


def biquad_q15(sections: Whole, post_shift: int, x: Whole) -> Whole:
    """Y (N,) of sections (S, 5) and x (N,): each sum lowered and saturated."""
    return np.asarray(biquads_q15(sections[None], np.array([post_shift]), x[None])[0])


def biquads_q31(sections: Whole, post_shift: Whole, x: Whole) -> Whole:
    """Y (R, N) of R cascades (R, S, 5), their shifts (R,) and x (R, N).

    Five products of 2^62 pass 64 bits, and the library's sum wraps; the 32 bits that it keeps end below bit 63.
    """
    return cascades(sections, 31 - post_shift, x, wrapped)


def biquads_q15(sections: Whole, post_shift: Whole, x: Whole) -> Whole:
    """Y (R, N) of R cascades (R, S, 5), their shifts (R,) and x (R, N)."""
    return cascades(sections, 15 - post_shift, x, lambda values: saturated(values, 16))
