"""The taps of every channel as integers of a word, by nearest plane; a pure delay of 1 needs no multiplication and stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.problem.word_format import Word
from designer.realization.fixed_point import common_shift, rounded, scale
from designer.realization.nearest_plane import nearest_plane
from designer.realization.realized import Realized, TapsFit


def rounded_taps(made: Realized, word: Word) -> Realized:
    """The same filters with every tap a whole number of the channel's step."""
    taps, shifts = [], []
    for whole, fit in zip(made.taps, made.fits, strict=True):
        assert isinstance(fit, TapsFit)
        new = whole.copy()
        new[fit.own], shift = in_words(whole[fit.own], fit.symbol, word)
        taps.append(new)
        shifts.append(shift)
    return replace(made, taps=taps, unrounded=tuple(made.taps), shifts=tuple(shifts))


def in_words(taps: Real, symbol: Complex, word: Word, *, plain: bool = False, quick: bool = False) -> tuple[Real, int]:
    """Taps (L, T) that the word holds, and the shift that they share.

    Parameters
    ----------
    symbol : C (K, L, L) of the fit
    plain : each to its nearest, for comparison
    quick : as in `nearest_plane`

    """
    filtering = ~is_pure_delay(taps)
    own = taps[filtering]
    shift = common_shift(own, word)
    step = scale(word, shift)
    out = taps.copy()
    if plain:
        out[filtering] = rounded(own, word, shift) * step
    elif len(own):
        part = symbol[:, filtering][:, :, filtering]
        out[filtering] = nearest_plane(own, part, step, word.least, word.greatest, quick=quick) * step
    return out, shift


def is_pure_delay(taps: Real) -> Bool:
    """Which filters (L,) are a single tap of 1."""
    return np.asarray(((taps != 0).sum(axis=1) == 1) & (taps.max(axis=1) == 1.0))
