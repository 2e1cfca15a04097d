"""Order, pairing and scale of 16-bit sections: which numerator goes with which denominator, where, so that truncation is heard least.

`arm_biquad_cascade_df1_q15` cuts each section's sum to 16 bits, towards minus infinity: an error of mean -1/2 and variance
1/12 of the last bit, white (Jackson, Bell Syst. Tech. J. 49, 1970). Made at section s, whose output is scaled by 2^-e_s, it reaches
the feed through g_s, the impulse response of 1/A_s and of all sections behind:

    mean square = (Σ_s 2^e_s Σ_n g_s[n] / 2)^2 + Σ_s 4^e_s (1 + 3 · 4^p P_s^2) Σ_n g_s[n]^2 / 12     steps squared

The second term in brackets is the rounding of the three numerator coefficients, to steps of 2^p at P_s, the level of the section's
input for noise whose level is a quarter of its peak. Denominators are rounded alike wherever they stand.
A pole near z = 1 makes Σ g_s large, unless a numerator behind it is small there: so the place of each numerator and of each
denominator counts. From the given order, and then from others drawn with a fixed seed, exchanges of two of either are taken
as long as one is better; this moves whole rows, so that designed digits stay as they are.

**Scale.** An input that is to drive no feed beyond full scale stays below `limit`; nodes need room for that and no more,
which leaves up to `headroom` more bits to each. A louder input saturates at a node instead of at the feed; saturation
in direct form I sustains no overflow oscillation (Ebert, Mazo and Taylor, Bell Syst. Tech. J. 48, 1969). With B_s the
l1 norm at the output of section s,

    e_s = ceil(log2(B_s limit / FULL)),   b'_s = b_s 2^(e_{s-1} - e_s),   e_{-1} = 0,   e_last >= 0,

and higher where b'_s would want a larger postShift than the sections had, because that costs a and b a digit each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Index, Real
from designer.problem.word_format import Word
from designer.realization.cascade import FULL, Cascade, node_bounds, settled_length

Places = tuple[Index, Index]
"""Rows of numerators and of denominators (S,) each."""
MAX_TRIALS = 200
"""Arrangements that are looked at: a third of all those of four sections."""
MAX_RESPONSE_SAMPLES = 8192
"""Samples of responses that arrangements are compared by."""
LEVEL = 0.25
"""Level of a programme over its peak, 12 dB below."""
MIN_LOWERING = 1 - 1e-6


def post_shift(scaled: Real, word: Word) -> int:
    """The smallest p with which the coefficients (S, 5) of sections and the sums of their magnitudes fit."""
    most, sums, shift = np.abs(scaled).max(), np.abs(scaled).sum(axis=1).max(), 0
    while np.rint(most * 2.0 ** (word.fraction_bits - shift)) > word.greatest or sums > 2.0 ** (shift + 1):
        shift += 1
    return shift


def lowered_bits(cascade: Cascade) -> NDArray[np.int64]:
    """Bits e (S,) with which no input leaves full scale at the output of a section; the last one is lowered only."""
    lowered = np.ceil(np.log2(np.maximum(node_bounds(cascade), 1e-9) / FULL)).astype(np.int64)
    lowered[-1] = max(0, lowered[-1])
    return np.asarray(lowered)


def scaled_table(cascade: Cascade, lowered: NDArray[np.int64]) -> Real:
    """b0, b1, b2, -a1, -a2 (S, 5) of sections whose outputs are lowered by e (S,) bits."""
    before = np.concatenate([[0], lowered[:-1]])
    return np.concatenate([cascade.b * 2.0 ** (before - lowered)[:, None], -cascade.a], axis=1)


def arranged(cascade: Cascade, word: Word, limit: float) -> tuple[Cascade, NDArray[np.int64]]:
    """Filter in the best arrangement that was found, and e (S,).

    Parameters
    ----------
    limit : float, the largest magnitude of inputs, at most 1

    """
    place_b, place_a = _best_places(cascade.b.tobytes(), cascade.a.tobytes(), word, limit)
    best = replace(cascade, b=cascade.b[list(place_b)], a=cascade.a[list(place_a)])
    return best, scale_of(best, word, limit, _most_shift(cascade, word)).bits


def _most_shift(cascade: Cascade, word: Word) -> int:
    return post_shift(scaled_table(cascade, scale_of(cascade, word, 1.0, None).bits), word)


@lru_cache(maxsize=256)
def _best_places(b: bytes, a: bytes, word: Word, limit: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rows of numerators and of denominators in their best order; mirrored channels share it, and so do a target's two looks."""
    cascade = Cascade(np.frombuffer(b).reshape(-1, 3), np.frombuffer(a).reshape(-1, 2))
    most_shift, count = _most_shift(cascade, word), len(cascade.b)
    draw, identity = np.random.default_rng(0), np.arange(count)

    def power(places: Places) -> float:
        candidate = Cascade(cascade.b[places[0]], cascade.a[places[1]])
        return error_power(candidate, scale_of(candidate, word, limit, most_shift), most_shift)

    best = start = (identity, identity)
    least = height = power(best)
    trials = 1
    while count > 1 and trials < MAX_TRIALS:
        improved = False
        for candidate in _exchanges(start):
            trials += 1
            candidate_power = power(candidate)
            if candidate_power < height * MIN_LOWERING:
                start, height, improved = candidate, candidate_power, True
        if height < least:
            best, least = start, height
        if not improved:
            start = (draw.permutation(count), draw.permutation(count))
            height, trials = power(start), trials + 1
    return tuple(best[0].tolist()), tuple(best[1].tolist())


@dataclass(frozen=True)
class Scale:
    """How far each section's output is lowered, e (S,) in bits, and the level P (S,) of its input, of full scale."""

    bits: NDArray[np.int64]
    level: Real


def scale_of(cascade: Cascade, word: Word, limit: float, most_shift: int | None) -> Scale:
    """The scale of the derivation above; no postShift is too large where none is given."""
    from scipy.signal import lfilter  # slow to import

    signal = np.zeros(min(settled_length(cascade.pole_radius), MAX_RESPONSE_SAMPLES))
    signal[0] = 1.0
    bits, levels = [0], [limit * LEVEL]
    for s, (b, a) in enumerate(zip(cascade.b, cascade.a, strict=True)):
        signal = lfilter(b, [1.0, *a], signal)
        guard_bits = int(np.ceil(np.log2(max(float(np.abs(signal).sum()) * limit, 1e-9) / FULL)))
        guard_bits = max(guard_bits, 0) if s == len(cascade.b) - 1 else guard_bits
        while most_shift is not None and post_shift(_row(b, a, bits[-1] - guard_bits), word) > most_shift:
            guard_bits += 1
        bits.append(guard_bits)
        levels.append(limit * LEVEL * float(np.sqrt(signal @ signal)) * 2.0**-guard_bits)
    return Scale(np.array(bits[1:]), np.array(levels[:-1]))


def error_power(cascade: Cascade, scale: Scale, shift: int) -> float:
    """The mean square error at the feed, in steps squared, with a postShift."""
    from scipy.signal import lfilter  # slow to import

    onward = np.zeros(min(settled_length(cascade.pole_radius), MAX_RESPONSE_SAMPLES))
    onward[0] = 1.0
    mean, variance = 0.0, 0.0
    for b, a, bits, level in reversed(list(zip(cascade.b, cascade.a, scale.bits, scale.level, strict=True))):
        reach = lfilter([1.0], [1.0, *a], onward)
        step = 2.0 ** float(bits)
        mean += step * float(reach.sum()) / 2
        variance += step**2 * (1 + 3 * (2.0**shift * float(level)) ** 2) * float(reach @ reach) / 12
        onward = lfilter(b, [1.0], reach)
    return mean**2 + variance


def _row(b: Real, a: Real, bits: int) -> Real:
    return np.concatenate([b * 2.0**bits, -a])[None]


def _exchanges(places: Places) -> Iterator[Places]:
    """Two numerators, two denominators, or two whole sections exchanged."""
    count = places[0].size
    for first in range(count):
        for second in range(first + 1, count):
            order = np.arange(count)
            order[[first, second]] = second, first
            yield places[0][order], places[1]
            yield places[0], places[1][order]
            yield places[0][order], places[1][order]
