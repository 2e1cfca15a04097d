"""Exact sums of integers: convolutions of any length, and cascades of many filters at once.

A sum in 64 bits wraps; where a processor's accumulator does the same, the bits that it keeps are right. Where it must not,
`convolved` and `cascades` take Python's integers, which have no end, as soon as a bound says that 64 bits may not suffice.

**Long convolutions** go through transforms. Operands are cut into digits of 11 bits; the products of digits sum up to less
than 2^22 T, and a transform of N points in double precision is wrong by about 2^-53 log2(N) of the product of the operands'
norms: below 1e-3 for T = N = 65,536, so that rounding gives the exact integer.

**Cascades** run as a systolic array: at tick t section s computes its sample t - s from what section s - 1 gave at tick
t - 1, so that all sections of all filters are one operation on arrays. A section's sum is cut by `lower` bits, towards
minus infinity, and brought into its word. With error feedback the bits cut off are added to the section's next sum: the
error is then (1 - z^-1) times white noise and has no mean (Thong and Liu, IEEE Trans. Circuits Syst. 24, 1977).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

Whole = NDArray[np.int64]
Integers = NDArray[Any]
"""Of 64 bits, or Python's."""
Fit = Callable[[Integers], Integers]

DIGIT_BITS = 11
DIRECT_PRODUCTS = 1 << 23
SAFE = 1 << 62


def convolved(taps: Whole, x: Whole, *, wrap: bool = False) -> Integers:
    """First N sums Σ taps[k] x[n - k] of taps (T,) and x (N,).

    Parameters
    ----------
    wrap : sums are of 64 bits and wrap; otherwise they are exact, as Python's integers where 64 bits do not hold them

    """
    taps = taps[: x.size]
    bound = sum(abs(q) for q in taps.tolist()) * int(np.abs(x).max(initial=0))
    whole = not wrap and bound >= SAFE
    if taps.size * x.size <= DIRECT_PRODUCTS and not whole:
        return np.asarray(np.convolve(taps, x)[: x.size])
    a, b = _digits(taps), _digits(x)
    count = next_fast_len(taps.size + x.size - 1, real=True)
    spectra_a, spectra_b = rfft(a, count), rfft(b, count)
    total: Integers = np.zeros(x.size, dtype=object if whole else np.int64)
    for place in range(len(a) + len(b) - 1):
        pairs = [(i, place - i) for i in range(len(a)) if 0 <= place - i < len(b)]
        product = irfft(sum(spectra_a[i] * spectra_b[j] for i, j in pairs), count)[: x.size]
        part: Integers = np.rint(product).astype(np.int64)
        total = total + ((part.astype(object) if whole else part) << (DIGIT_BITS * place))
    return total


def cascades(sections: Whole, lower: Whole, x: Whole, fit: Fit, *, feedback: bool = False, wide: bool = False) -> Whole:
    """Outputs (R, N) of R filters of S sections each, from rest.

    Parameters
    ----------
    sections : (R, S, 5), b0, b1, b2, a1, a2, the feedback added
    lower : (R,) bits that each sum is lowered by
    x : (R, N)
    fit : brings lowered sums into the word
    feedback : the bits cut off are added to the next sum
    wide : 64 bits may not hold a sum: Python's integers

    """
    rows, count = sections.shape[:2]
    length = x.shape[1]
    kind: Any = object if wide else np.int64
    table = np.ascontiguousarray(np.moveaxis(sections, 2, 0).astype(kind))
    shift = lower.astype(kind)[:, None]
    past: Integers = np.zeros((5, rows, count), dtype=kind)  # x[n], x[n-1], x[n-2], y[n-1], y[n-2] of each section
    cut: Integers = np.zeros((rows, count), dtype=kind)
    products: Integers = np.zeros_like(past)
    out = np.zeros((length + count - 1, rows), dtype=np.int64)
    signal = np.concatenate([x, np.zeros((rows, count - 1), dtype=np.int64)], axis=1).T.astype(kind)
    for tick in range(length + count - 1):
        past[2] = past[1]
        past[1] = past[0]
        past[0, :, 0] = signal[tick]
        past[0, :, 1:] = past[3, :, :-1]  # the section ahead, a tick ago
        np.multiply(table, past, out=products)
        sums = np.add.reduce(products)
        if feedback:
            sums += cut
        lowered = sums >> shift
        if feedback:
            cut = sums - (lowered << shift)
        past[4] = past[3]
        past[3] = fit(lowered)
        out[tick] = past[3, :, -1]
    return np.ascontiguousarray(out[count - 1 :].T)


def wrapped(values: Integers) -> Integers:
    """The lowest 32 bits as a signed number."""
    return ((values + 2**31) & 0xFFFFFFFF) - 2**31


def saturated(values: Integers, bits: int) -> Integers:
    """Values held within a signed word."""
    least, greatest = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return np.asarray(np.minimum(np.maximum(values, least), greatest))


def _digits(values: Whole) -> NDArray[np.float64]:
    """Digits (D, N) to the base 2^11, the lowest first, all but the highest at least 0."""
    bits = int(np.abs(values).max(initial=1)).bit_length() + 1
    count = -(-bits // DIGIT_BITS)
    rest, digits = values.copy(), []
    for _ in range(count - 1):
        digits.append(rest & ((1 << DIGIT_BITS) - 1))
        rest = rest >> DIGIT_BITS
    return np.array([*digits, rest], dtype=float)
