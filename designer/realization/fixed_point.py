"""Taps as integers: the scale of a channel, plain rounding, and how far a filter's output can reach.

A tap is q 2^(s - f) with an integer q of the word's f fraction bits, and s >= 0 the shift that the channel's drivers
share: the smallest with which the largest tap fits. The firmware multiplies by q and shifts the sum left by s. Where
each driver has a scale of its own, s is the driver's, and below 0 where its largest tap leaves the word's upper bits
unused: the sum is then shifted right.

An output Σ h[n] x[-n] of |x| <= 1 is at most Σ|h[n]|, the l1 norm, and reaches it for x[-n] = sign h[n]. Hence the
headroom: the bits by which the l1 norm passes 1 are what the input has to be lowered by if nothing is to saturate.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.problem.word_format import Word

LEAST_SHIFT = -24
"""No driver is scaled up by more: what a filter of such taps plays is below the noise of any converter."""


def common_shift(values: Real, word: Word) -> int:
    """The smallest s >= 0 with which every value 2^-s, rounded, is within the word."""
    shift = 0
    while np.rint(values.max(initial=0.0) / scale(word, shift)) > word.greatest or (
        np.rint(values.min(initial=0.0) / scale(word, shift)) < word.least
    ):
        shift += 1
    return shift


def own_shift(values: Real, word: Word) -> int:
    """The smallest s, not below LEAST_SHIFT, with which every value 2^-s, rounded, is within the word; 0 where all are 0."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return 0
    lower = int(np.floor(np.log2(largest / word.step / (word.greatest + 1.5))))
    lower = max(lower, LEAST_SHIFT)
    return lower + common_shift(values / 2.0**lower, word)


def scale(word: Word, shift: int) -> float:
    """What one step of an integer is worth: 2^(s - f)."""
    return float(2.0**shift * word.step)


def rounded(values: Real, word: Word, shift: int) -> Real:
    """Each value to its nearest integer of the word, as a whole number in a float."""
    return np.asarray(np.clip(np.rint(values / scale(word, shift)), word.least, word.greatest))


def output_bound(taps: Real) -> Real:
    """The largest output of each filter (L,) for inputs of at most 1: the l1 norm of its taps (L, T)."""
    return np.asarray(np.abs(taps).sum(axis=-1))
