"""Taps as integers of a fixed-point word: the scale of a channel's drivers, and rounding where it is heard least.

A tap is q 2^(s - f) with an integer q of the word's f fraction bits, and s >= 0 the shift that the channel's drivers share: the
smallest with which the largest tap fits. The firmware multiplies by q and shifts the sum left by s. Where each driver has a scale
of its own, s is the driver's, and below 0 where its largest tap leaves the word's upper bits unused: the sum is then shifted right.

Taps x that minimise the fit's sum turn it into E(x) + dᵀ N d for an error d of them, N the normal matrix. From the nearest integers,
one tap after the other moves by one step, the best move first, for as long as a move lowers the sum. On eight drivers with
128 taps and a null of 23.8 dB, the 5th percentile is 17.5 dB after plain rounding to 8 bits and 23.3 after the moves; with a scale for each
driver, 13.0 and 23.8 at 6 bits. From 12 bits on, plain rounding is as good.

The sum weighs tone and depth together, in the mean over frequencies and points. What a user reads are the low ends of the
cancellation gain: its 5th percentile and its worst. Neither is to end below plain rounding's, as far as that is below the unrounded's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.measures import db, point_ratios
from designer.problem.word_format import Word
from designer.realization.realized import Realized, TapsFit
from designer.realization.response import response
from designer.realization.toeplitz_fit import NormalEquations
from designer.requirements.channel_target import channel_target

LEAST_SHIFT = -24
"""No driver is scaled up by more: what a filter of such taps plays is below the noise of any converter."""
MAX_MOVES = 20_000
MAX_LOSS_DB = 0.1
"""A loss of the lowest gains that is nothing against the tone that plain rounding would cost."""


def common_shift(values: Real, word: Word) -> int:
    """The smallest s >= 0 with which every value 2^-s, rounded, is within the word."""
    shift = 0
    while np.rint(values.max(initial=0.0) / scale(word, shift)) > word.greatest or (
        np.rint(values.min(initial=0.0) / scale(word, shift)) < word.least
    ):
        shift += 1
    return shift


def driver_shift(values: Real, word: Word) -> int:
    """The smallest s, not below LEAST_SHIFT, with which every value 2^-s, rounded, is within the word; 0 where all are 0."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return 0
    lower = max(int(np.floor(np.log2(largest / word.step / (word.greatest + 1.5)))), LEAST_SHIFT)
    return lower + common_shift(values / 2.0**lower, word)


def scale(word: Word, shift: int) -> float:
    """Value of one step of an integer: 2^(s - f)."""
    return float(2.0**shift * word.step)


def rounded(values: Real, word: Word, shift: int) -> Real:
    """Each value to its nearest integer of the word, as a whole number in a float."""
    return np.asarray(np.clip(np.rint(values / scale(word, shift)), word.least, word.greatest))


def output_bound(taps: Real) -> Real:
    """The largest output of each filter (L,) for inputs of at most 1: the l1 norm of its taps (L, T).

    Σ h[n] x[-n] reaches it for x[-n] = sign h[n]. The input has to be lowered by what passes 1 if nothing is to saturate.
    """
    return np.asarray(np.abs(taps).sum(axis=-1))


def is_pure_delay(taps: Real) -> Bool:
    """Which filters (L,) are a single tap of 1, which needs no multiplication and stays."""
    return np.asarray(((taps != 0).sum(axis=1) == 1) & (taps.max(axis=1) == 1.0))


def in_words(
    taps: Real, symbol: Complex, word: Word, *, by_driver: bool = False, plain: bool = False
) -> tuple[Real, Index]:
    """Taps (L, T) that the word holds, and each driver's shift (L,): its own by driver, otherwise one that all share.

    Each is the nearest if `plain`; otherwise moved from there, never to a larger sum with the fit's C (K, L, L).
    """
    filtering = ~is_pure_delay(taps)
    filters, part = taps[filtering], symbol[:, filtering][:, :, filtering]
    out, shifts = taps.copy(), np.zeros(len(taps), dtype=np.intp)
    if len(filters):
        shifts[filtering] = [driver_shift(held, word) for held in filters] if by_driver else common_shift(filters, word)
        shifts[~filtering] = shifts[filtering].max()
        steps = np.array([[scale(word, shift)] for shift in shifts[filtering]])
        q = np.clip(np.rint(filters / steps), word.least, word.greatest)
        if not plain:
            q = moved(q, filters / steps, part * (steps @ steps.T), word)
        out[filtering] = q * steps + 0.0  # no integer is -0
    return out, shifts


def moved(q: Real, x: Real, symbol: Complex, word: Word) -> Real:
    """Integers (L, T) that follow x (L, T) after moves by ±1 from q (L, T).

    With d = q - x, a move s of tap n of driver l changes dᵀ N d by 2 s (N d)_ln + N_ln,ln, and N d by s times N's column.
    """
    count, q = q.shape[1], q.copy()
    equations = NormalEquations(symbol, count)
    lags = np.fft.irfft(symbol, equations.size, axis=0)
    columns = lags[np.arange(1 - count, count)].transpose(2, 1, 0)  # of l: N of all drivers at lags from 1 - T to T - 1
    diagonal = np.diagonal(lags[0])[:, None]
    gradient = equations.right_side(equations.spectra(q - x))
    for _ in range(MAX_MOVES):
        move = -np.sign(gradient)
        gain = 2 * np.abs(gradient) - diagonal
        gain[(q + move > word.greatest) | (q + move < word.least)] = -np.inf
        l, n = np.unravel_index(int(np.argmax(gain)), gain.shape)
        if gain[l, n] <= 1e-12 * diagonal[l, 0]:
            break
        q[l, n] += move[l, n]
        gradient += move[l, n] * columns[l, :, count - 1 - n : 2 * count - 1 - n]
    return q


@dataclass(frozen=True)
class LowEnds:
    """Where a channel's gain is judged: the band's frequencies (F,), its points (F, M, L) bright and dark, in pairs or not."""

    frequency_hz: Real
    bright: Complex
    dark: Complex
    sample_rate_hz: float
    paired: bool = True

    @classmethod
    def of(cls, channel: ChannelDesign, scene: Scene) -> LowEnds:
        """On the band's frequencies of a scene."""
        target = channel_target(channel.design, scene, channel.plain)
        inside = target.at(target.in_band)
        return cls(inside.frequency_hz, inside.bright, inside.own_dark, scene.problem.sample_rate_hz, inside.paired)

    def ends_db(self, w: Complex) -> Real:
        """5th percentile and worst (2,) of the gains of weights (F, L), over each displacement or azimuth."""
        gains_db = db(point_ratios(self.bright, self.dark, w, paired=self.paired))
        return np.array([np.percentile(gains_db, 5), gains_db.min()])

    def missing_db(self, chosen: Complex, plain: Complex, exact: Complex) -> float:
        """By how much weights keep less of the low ends than plainly rounded ones, or than unrounded ones if these keep less; else 0."""
        goal = np.minimum(self.ends_db(exact), self.ends_db(plain)) - MAX_LOSS_DB
        return max(float((goal - self.ends_db(chosen)).max()), 0.0)


def chosen_words(
    taps: Real, symbol: Complex, word: Word, judged: LowEnds, *, by_driver: bool = False
) -> tuple[Real, Index, bool]:
    """Taps that the word holds, each driver's shift (L,), and whether they are rounded plainly because that keeps more of the low ends."""
    moved_taps, plain = (in_words(taps, symbol, word, by_driver=by_driver, plain=version) for version in (False, True))
    w = [response(version, judged.frequency_hz, judged.sample_rate_hz) for version in (moved_taps[0], plain[0], taps)]
    return (*plain, True) if judged.missing_db(*w) > 0 else (*moved_taps, False)


def rounded_taps(
    realized: Realized, word: Word, channels: Sequence[ChannelDesign], scene: Scene, *, by_driver: bool = False
) -> Realized:
    """Filters with every tap a whole number of its driver's step, judged where the channels are in the scene."""
    taps, shifts, finer, warnings = [], [], [], list(realized.warnings)
    for channel, channel_taps, fit in zip(channels, realized.taps, realized.fits, strict=True):
        assert isinstance(fit, TapsFit)
        new, bits = channel_taps.copy(), np.zeros(len(channel_taps), dtype=np.intp)
        judged = LowEnds.of(channel, scene)
        new[fit.drivers], driver_shifts, plain = chosen_words(
            channel_taps[fit.drivers], fit.symbol, word, judged, by_driver=by_driver
        )
        bits[fit.drivers] = driver_shifts.max() - driver_shifts
        taps.append(new)
        shifts.append(int(driver_shifts.max()))
        finer.append(bits)
        if plain:
            warnings.append(
                f"{channel.design.name}: rounding by what is heard keeps less of the lowest gains than plain rounding,"
                " so the taps are rounded plainly; a longer [realization] word brings both near to the unrounded taps"
            )
    return replace(
        realized,
        taps=taps,
        unrounded=tuple(realized.taps),
        shifts=tuple(shifts),
        finer_bits=tuple(finer) if by_driver else (),
        warnings=tuple(warnings),
    )
