"""The taps of a channel as integers of a word, by nearest plane; a pure delay of 1 needs no multiplication and stays."""

from __future__ import annotations

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.problem.word_format import Word
from designer.realization.fixed_point import common_shift, own_shift, scale
from designer.realization.nearest_plane import nearest_plane, nearest_plane_of_own_scales


def in_words(
    taps: Real, symbol: Complex, word: Word, *, by_driver: bool = False, plain: bool = False, quick: bool = False
) -> tuple[Real, Index]:
    """Taps (L, T) that the word holds, and each driver's shift (L,).

    Parameters
    ----------
    symbol : C (K, L, L) of the fit
    by_driver : each driver has a shift of its own; otherwise all share the largest
    plain : each to its nearest, for comparison
    quick : as in `nearest_plane`

    """
    filtering = ~is_pure_delay(taps)
    own, part = taps[filtering], symbol[:, filtering][:, :, filtering]
    least, greatest = word.least, word.greatest
    out = taps.copy()
    if by_driver and not plain and len(own):
        q, steps = nearest_plane_of_own_scales(
            own, part, lambda held: scale(word, own_shift(held, word)), least, greatest, quick=quick
        )
    else:
        shifts = [own_shift(held, word) if by_driver else common_shift(own, word) for held in own]
        steps = np.array([scale(word, shift) for shift in shifts])
        if plain or not len(own):
            q = np.clip(np.rint(own / steps[:, None]), least, greatest)
        else:
            q = nearest_plane(own, part, float(steps[0]), least, greatest, quick=quick)
    out[filtering] = q * steps[:, None] + 0.0  # no integer is -0
    all_shifts = np.zeros(len(taps), dtype=np.intp)
    all_shifts[filtering] = np.rint(np.log2(steps / word.step))
    all_shifts[~filtering] = all_shifts[filtering].max(initial=0)
    return out, all_shifts


def is_pure_delay(taps: Real) -> Bool:
    """Which filters (L,) are a single tap of 1."""
    return np.asarray(((taps != 0).sum(axis=1) == 1) & (taps.max(axis=1) == 1.0))
