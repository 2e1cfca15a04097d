"""Biquad cascades in CMSIS-DSP's words: {b0, b1, b2, a1, a2} a section, the feedback negated, one postShift for all of them.

    y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] + a1 y[n-1] + a2 y[n-2],     a1, a2 = minus those of scipy's sections

Direct form I keeps no other node than the sections' inputs and outputs. `arm_biquad_cascade_df1_q31` sums five products of
1.31 words in 64 bits and keeps 32 bits without saturation: a node beyond full scale wraps to the other sign, and stays wrong.
So section s is scaled by a power of two, 2^-e_s, until its output's l1 norm B_s is at most 1 for every input:

    e_s = ceil(log2(B_s / FULL)),   b'_s = b_s 2^(e_{s-1} - e_s),   e_{-1} = 0,

FULL leaves room for the rounding of coefficients and of nodes; the last section is lowered only, never raised (e >= 0), and
the sum at the driver restores its 2^e. Powers of two leave a designed coefficient's digits as they are. Every coefficient is
then stored as c' 2^-p, p = postShift the smallest that lets all of them fit: the firmware shifts each sum left by p. The sum
of products itself is within 2.62 if

    Σ|b'| + |a1| + |a2| <= 2^(p+1)

in every section; p rises until that holds too.

Q15 stores {b0, 0, b1, b2, a1, a2}, sums in 34.30 and saturates. Both cut what is below the last bit. With 16 bits that is heard, and
saturation forgives a node beyond full scale: order, pairing and scale are those of `cmsis_arrangement.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.errors import UsageError
from designer.export.cmsis_arrangement import arranged, post_shift, scaled_table
from designer.export.cmsis_taps import MOST_SHIFT
from designer.export.cmsis_word import Q15, CmsisWord
from designer.realization.cascade import FULL, Cascade, node_bounds, pole_radii

MOST_SECTIONS = 255
"""numStages is a uint8_t."""


@dataclass(frozen=True)
class StoredSections:
    """One cascade in the firmware's memory, the delay ahead of it apart.

    Attributes
    ----------
    values : (S, 5) of b0, b1, b2, a1, a2, the last two negated against scipy's: integers, or float32 values
    post_shift : p
    shift : e >= 0: bits that the sum at the driver restores
    error : the largest |stored - designed| coefficient, on the scale of the stored ones

    """

    values: NDArray[np.int64] | NDArray[np.float32]
    post_shift: int
    shift: int
    error: float

    @property
    def stored(self) -> NDArray[np.int64] | NDArray[np.float32]:
        """One dimension, as CMSIS-DSP's f32 and q31 want them."""
        return self.values.ravel()

    @property
    def stored_q15(self) -> NDArray[np.int64] | NDArray[np.float32]:
        """One dimension, with Q15's zero behind each b0."""
        return np.insert(self.values, 1, 0, axis=1).ravel()


def stored_sections(cascade: Cascade, word: CmsisWord, where: str, limit: float = 1.0) -> StoredSections:
    """One filter's sections.

    Parameters
    ----------
    limit : the largest magnitude of inputs that drive no feed beyond full scale, at most 1

    Raises
    ------
    UsageError : more sections than numStages counts, a section that rounding makes unstable, or no shift left

    """
    if len(cascade.b) > MOST_SECTIONS:
        raise UsageError(
            f"--target {word.target}: {where}: found {len(cascade.b)} sections; allowed: at most {MOST_SECTIONS}, a uint8_t;"
            " choose fewer [realization] sections"
        )
    if word.word is None:
        plain = np.ascontiguousarray(np.concatenate([cascade.b, -cascade.a], axis=1))
        single = plain.astype(np.float32)
        _hold_stable(np.asarray(-single[:, 3:], dtype=float), word, where)
        return StoredSections(single, 0, 0, float(np.abs(single - plain).max()))
    if word is Q15:
        cascade, lowered = arranged(cascade, word.word, limit)
    else:
        lowered = np.ceil(np.log2(np.maximum(node_bounds(cascade), 1e-9) / FULL)).astype(np.int64)
        lowered[-1] = max(0, lowered[-1])
    scaled = scaled_table(cascade, lowered)
    shift = post_shift(scaled, word.word)
    if lowered[-1] > MOST_SHIFT or shift >= word.word.fraction_bits:
        raise UsageError(
            f"--target {word.target}: {where}: found coefficients up to {np.abs(scaled).max():.3g}, postShift {shift}, and an"
            f" output shift of {lowered[-1]} bits; allowed: {word.word.fraction_bits - 1} and {MOST_SHIFT}; lower the filters"
            " (max_gain_db, max_effort_db), or export cmsis-f32"
        )
    step = 2.0 ** (shift - word.word.fraction_bits)
    whole = np.ascontiguousarray(np.rint(scaled / step).astype(np.int64))
    _hold_stable(-whole[:, 3:] * step, word, where)
    return StoredSections(whole, shift, int(lowered[-1]), float(np.abs(whole * step - scaled).max()))


def _hold_stable(a: Real, word: CmsisWord, where: str) -> None:
    radius = pole_radii(a)
    worst = int(np.argmax(radius))
    if radius[worst] >= 1.0:
        remedy = (
            "export cmsis-q31 or cmsis-f32" if word.suffix == "q15" else "choose a smaller [realization] pole radius"
        )
        raise UsageError(
            f"--target {word.target}: {where}, section {worst}: found a pole of magnitude {radius[worst]:.6f} once rounded to"
            f" {word.suffix}; allowed: below 1; {remedy}"
        )
