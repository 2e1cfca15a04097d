"""FIR taps in CMSIS-DSP's words: integers, the shift that restores the output, and the headroom that the accumulator needs.

`arm_fir_q31` sums products of 1.31 words in 64 bits without saturation and returns the sum's bits 31 to 62. Integers q and an
input x of 32 bits give Σ q x >> 31: it leaves the word, and wraps to the other sign, where it passes 2^31 - 1. With |x| <= 2^31
that is the l1 norm: Σ|q| <= 2^31 - 1 is safe for every input. Where the taps have more, the input is shifted right by the
smallest g >= 0 with

    Σ|q| <= (2^31 - 1) 2^g,

and the sum is shifted left again, together with the shift s of the coefficients (a tap is q 2^(s - 31)), into a 64-bit sum
that saturates once, at the driver. An input of 24 bits loses nothing while g <= 7.

`arm_fir_q15` sums in 64 bits, which 65,535 products of 31 bits cannot fill, and saturates its output: g = 0. Its coefficients
are padded with zeros to an even number, at least 4. `arm_fir_f32` takes values as they are.

Arrays are stored time-reversed: the last tap first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.errors import UsageError
from designer.export.cmsis_word import CmsisWord
from designer.realization.words import rounded, scale

MOST_TAPS = 65_535
"""numTaps is a uint16_t."""
MOST_SHIFT = 24
"""The largest shift of an output: 2^8 channels of 31 bits, shifted by 24, fill 63 bits."""


@dataclass(frozen=True)
class StoredTaps:
    """One FIR filter in the firmware's memory.

    Attributes
    ----------
    values : (T,) in time order: integers, or float32 values
    shift : s: a tap is values 2^(s - f)
    guard : g: bits that the input is lowered by ahead of the filter
    error : the largest |stored - designed| tap

    """

    values: NDArray[np.int64] | NDArray[np.float32]
    shift: int
    guard: int
    error: float

    @property
    def reversed(self) -> NDArray[np.int64] | NDArray[np.float32]:
        """As CMSIS-DSP wants them."""
        return self.values[::-1]


def stored_taps(taps: Real, word: CmsisWord, shift: int, where: str) -> StoredTaps:
    """One filter's taps (T,), with the shift s of its channel.

    Raises
    ------
    UsageError : more taps than numTaps counts, or no shift is left for the output

    """
    padded = even(taps) if word.suffix == "q15" else taps
    if padded.size > MOST_TAPS:
        raise UsageError(
            f"--target {word.target}: {where}: found {padded.size} taps; allowed: at most {MOST_TAPS}, a uint16_t;"
            " choose fewer [realization] taps"
        )
    if word.word is None:
        single = padded.astype(np.float32)
        return StoredTaps(single, 0, 0, float(np.abs(single - padded).max()))
    whole = rounded(padded, word.word, shift).astype(np.int64)
    error = float(np.abs(whole * scale(word.word, shift) - padded).max())
    guard = guard_bits(whole) if word.suffix == "q31" else 0
    if shift + guard > MOST_SHIFT:
        raise UsageError(
            f"--target {word.target}: {where}: found taps up to {np.abs(taps).max():.3g} with an l1 norm of"
            f" {np.abs(taps).sum():.3g}, an output shift of {shift + guard} bits; allowed: {MOST_SHIFT}; lower the filters"
            " (max_gain_db, max_effort_db), or export cmsis-f32"
        )
    return StoredTaps(whole, shift, guard, error)


def even(taps: Real) -> Real:
    """Taps with zeros behind them, to an even number that is at least 4."""
    count = max(4, taps.size + taps.size % 2)
    return np.concatenate([taps, np.zeros(count - taps.size)])


def guard_bits(whole: NDArray[np.int64]) -> int:
    """The smallest g of the derivation above."""
    total, guard = int(np.abs(whole).sum()), 0
    while total > (2**31 - 1) << guard:
        guard += 1
    return guard
