"""Rounding that keeps the lowest gains: the weights follow the frequencies that lose, and plain rounding is the last resort.

The sum that rounding lowers weighs tone and depth together, in the mean over frequencies and points. What a user reads
are the low ends of the cancellation gain: its 5th percentile and its worst. So the rounding that is kept has neither below
plain rounding's, as far as that is below the unrounded taps' own. Where one is, C(f) is weighed up at the
frequencies where the lowest gains have fallen, by as many decibels as they have, and the taps are rounded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.measures import db, point_ratios
from designer.problem.word_format import Word
from designer.realization.realized import Realized, TapsFit
from designer.realization.response import response
from designer.realization.tap_words import in_words
from designer.targets.channel_target import ChannelTarget, channel_target

NOTHING_DB = 0.1
"""A loss that is nothing against the tone that plain rounding would cost."""
PASSES, QUICK_PASSES = 6, 2
MOST_MORE_DB = 6.0
"""That a frequency's weight rises by from one pass to the next."""


@dataclass(frozen=True)
class LowEnds:
    """Where a channel's gain is judged: the band's frequencies (F,), its points (F, M, L) to reach and to cancel."""

    frequency_hz: Real
    reach: Complex
    cancel: Complex
    sample_rate_hz: float

    @classmethod
    def of(cls, channel: ChannelDesign, scene: Scene) -> LowEnds:
        """On the band's frequencies of a scene."""
        return cls.within(channel_target(channel.design, scene, channel.plain), scene.problem.sample_rate_hz)

    @classmethod
    def within(cls, target: ChannelTarget, sample_rate_hz: float) -> LowEnds:
        """On the band's frequencies of a target."""
        inside = target.at(target.in_band)
        return cls(inside.frequency_hz, inside.reach, inside.cancel, sample_rate_hz)

    def gains_db(self, taps: Real) -> Real:
        """Of taps (L, T): each displacement's gain, or each azimuth's (F, M)."""
        return self.gains_of(response(taps, self.frequency_hz, self.sample_rate_hz))

    def gains_of(self, w: Complex) -> Real:
        """Of weights w (F, L)."""
        return db(point_ratios(self.reach, self.cancel, w))


@dataclass(frozen=True)
class Kept:
    """Rounded taps (L, T), each driver's shift (L,), and whether they are plainly rounded after all."""

    taps: Real
    shifts: Index
    plain: bool = False


def low_ends(gains_db: Real) -> Real:
    """5th percentile and worst (2,) of gains in dB."""
    return np.array([np.percentile(gains_db, 5), gains_db.min()])


def kept_words(
    taps: Real, symbol: Complex, word: Word, judged: LowEnds, *, by_driver: bool = False, quick: bool = False
) -> Kept:
    """Taps that the word holds, with no less at the low ends than plain rounding keeps.

    Parameters
    ----------
    taps : (L, T)
    symbol : C (K, L, L) of the fit, on equal steps from 0 to Nyquist
    judged : where the gain counts
    by_driver, quick : as in `in_words`

    """
    plain = in_words(taps, symbol, word, by_driver=by_driver, plain=True)
    exact = judged.gains_db(taps)
    goal = np.minimum(low_ends(exact), low_ends(judged.gains_db(plain[0]))) - NOTHING_DB
    nyquist = np.linspace(0.0, judged.sample_rate_hz / 2, len(symbol))
    more_db = np.zeros(judged.frequency_hz.size)
    for _ in range(QUICK_PASSES if quick else PASSES):
        weight = 10 ** (np.interp(nyquist, judged.frequency_hz, more_db, left=0.0, right=0.0) / 10)
        rounded = in_words(taps, symbol * weight[:, None, None], word, by_driver=by_driver, quick=quick)
        gains = judged.gains_db(rounded[0])
        if (low_ends(gains) >= goal).all():
            return Kept(*rounded)
        fallen = (np.minimum(exact, low_ends(exact)[0]) - gains).max(axis=1)
        more_db = more_db + np.clip(fallen, 0.0, MOST_MORE_DB)
    return Kept(*plain, plain=True)


def rounded_taps(
    made: Realized, word: Word, channels: Sequence[ChannelDesign], scene: Scene, *, by_driver: bool = False
) -> Realized:
    """The same filters with every tap a whole number of its driver's step.

    Parameters
    ----------
    made : each channel's taps and what they were fitted to
    channels, scene : where they are judged
    by_driver : each driver has a scale of its own; otherwise a channel's drivers share it

    """
    taps, shifts, finer, warnings = [], [], [], list(made.warnings)
    for channel, whole, fit in zip(channels, made.taps, made.fits, strict=True):
        assert isinstance(fit, TapsFit)
        new, bits = whole.copy(), np.zeros(len(whole), dtype=np.intp)
        kept = kept_words(whole[fit.own], fit.symbol, word, LowEnds.of(channel, scene), by_driver=by_driver)
        new[fit.own] = kept.taps
        bits[fit.own] = kept.shifts.max() - kept.shifts
        taps.append(new)
        shifts.append(int(kept.shifts.max()))
        finer.append(bits)
        if kept.plain:
            warnings.append(
                f"{channel.design.name}: rounding by what is heard keeps less of the lowest gains than plain rounding,"
                " so the taps are rounded plainly; a longer [realization] word brings both near to the unrounded taps"
            )
    return replace(
        made,
        taps=taps,
        unrounded=tuple(made.taps),
        shifts=tuple(shifts),
        finer_bits=tuple(finer) if by_driver else (),
        warnings=tuple(warnings),
    )
