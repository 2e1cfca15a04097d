"""Filters as integers of a word, for targets in fixed point.

A tap is q 2^(s - f) (see `realization.words`). Where the problem names a word the taps are such integers already,
and q is exact. Elsewhere they are rounded here, each to its nearest, with the smallest shift s that its channel allows.
A section's numerators are stored over a power of two, its gain, which the firmware multiplies the section's output by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designer.export.filter_set import Filter, FilterSet
from designer.export.provenance import one_line
from designer.export.refusals import refuse
from designer.problem.word_format import Word
from designer.realization.words import common_shift, rounded

Integers = NDArray[np.int64]
MAX_SHIFT = 8
"""Bits of a left shift behind the sum: what fixed-point cores have as a guard. More is no scaling but a mistake."""


@dataclass(frozen=True)
class SectionWords:
    """The sections of one filter: numerators over their gains (S, 3), denominators (S, 2), gains as powers of two (S,)."""

    b: Integers
    a: Integers
    log2_gain: Integers


def own_taps(filters: FilterSet, channel: str) -> list[Filter]:
    """The filters of a channel that are taps, and neither a pure delay nor sections."""
    return [
        one for one in filters.filters if one.channel == channel and one.delay_samples is None and one.cascade is None
    ]


def channel_shift(filters: FilterSet, channel: str, word: Word, target: str) -> int:
    """The shift s of a channel: the problem's, where it names the word; else the smallest that fits.

    Raises
    ------
    UsageError : it would take more than 8 bits

    """
    if filters.word == word and channel in filters.shifts:
        return filters.shifts[channel]
    own = own_taps(filters, channel)
    shift = common_shift(np.stack([one.taps for one in own]), word) if own else 0
    if shift > MAX_SHIFT:
        largest = max(float(np.abs(one.taps).max()) for one in own)
        raise refuse(
            target,
            f"a tap of {largest:g} in channel {channel!r}, which words of {word.bits} bits hold shifted by {shift}",
            f"a shift of at most {MAX_SHIFT} bits",
            "limit the drivers' gains ([[drivers]] max_gain_db), or take a word with more bits before its point",
        )
    return shift


def filter_shifts(filters: FilterSet, word: Word, target: str) -> dict[tuple[str, str], int]:
    """The shift of each filter (channel, driver): its own where the problem gives each one, else its channel's.

    Raises
    ------
    UsageError : as above

    """
    if filters.word == word and filters.own_shifts:
        return {
            (one.channel, one.driver): filters.own_shifts.get((one.channel, one.driver), 0) for one in filters.filters
        }
    shared = {name: channel_shift(filters, name, word, target) for name in filters.channels}
    return {(one.channel, one.driver): shared[one.channel] for one in filters.filters}


def channel_shifts(shifts: dict[tuple[str, str], int]) -> dict[str, int]:
    """The largest shift of each channel's filters, as a manifest holds it; each filter's stands in its list of filters."""
    return {channel: max(s for (name, _), s in shifts.items() if name == channel) for channel, _ in shifts}


def tap_words(one: Filter, word: Word, shift: int) -> Integers:
    """The integers q (T,) of a filter's taps."""
    return np.asarray(rounded(one.taps, word, shift), dtype=np.int64)


def section_words(filters: FilterSet, one: Filter, word: Word, target: str) -> SectionWords:
    """The words of a filter's sections, with the problem's gains where it names the word.

    Raises
    ------
    UsageError : a feedback coefficient is outside the word, which no gain helps

    """
    cascade = one.cascade
    assert cascade is not None
    a = np.rint(cascade.a / word.step).astype(np.int64)
    if a.size and (a.max() > word.greatest or a.min() < word.least):
        raise refuse(
            target,
            f"a feedback coefficient of {float(np.abs(cascade.a).max()):g}",
            f"{word.least * word.step:g} to {word.greatest * word.step:g} in words of {word.bits} bits; no gain helps",
            'take a word with two or more bits before its point ([realization] word = "2.30")',
        )
    gains = cascade.gains if filters.word == word else np.array([2.0 ** common_shift(b, word) for b in cascade.b])
    b = np.rint(cascade.b / gains[:, None] / word.step).astype(np.int64)
    return SectionWords(b, a, np.rint(np.log2(gains)).astype(np.int64))


def word_of(filters: FilterSet, default: Word) -> tuple[Word, tuple[str, ...]]:
    """The problem's word; where it names none, a default, and the note that says so."""
    if filters.word is not None:
        return filters.word, ()
    name = f"{default.integer_bits}.{default.fraction_bits}"
    return default, (
        f'the problem names no word ([realization] word): each coefficient is rounded to its nearest of "{name}"',
    )


def hex_word(value: int, bits: int) -> str:
    """Two's complement in hexadecimal digits, sign-extended to the last digit's edge."""
    digits = -(-bits // 4)
    return f"{value & ((1 << 4 * digits) - 1):0{digits}x}"


def step_words(word: Word, shifts: dict[tuple[str, str], int]) -> str:
    """The scaling, in words: what an integer is worth in each channel."""
    base = f"words of {word.bits} bits, {word.fraction_bits} after the point"
    if not any(shifts.values()):
        return f"{base}: a coefficient is its integer times 2^-{word.fraction_bits}"
    by_driver = any(shifts[c, d] != channel_shifts(shifts)[c] for c, d in shifts)
    names = {f"{c} to {d}" if by_driver else c: shift for (c, d), shift in shifts.items()}
    each = ", ".join(f"{one_line(name)}: 2^{shift - word.fraction_bits}" for name, shift in names.items())
    return f"{base}; a tap is its integer times a step, and the sum is shifted to match ({each})"
