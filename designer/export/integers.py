"""Filters as integers of a word, for targets whose files are bare words: how they are rounded, written, modelled and read.

A tap is q 2^(s - f) (see `realization.words`). Where the problem names a word the taps are such integers already,
and q is exact. Elsewhere they are rounded here, each to its nearest, with the smallest shift s that its channel allows.
A section's numerators are stored over a power of two, its gain, which the firmware multiplies the section's output by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from designer.export.arithmetic import ArithmeticModel, ModelRoute, section_route, word_model, word_route
from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import changed, filter_files
from designer.export.provenance import (
    README,
    TABLE,
    Row,
    delays_text,
    filter_table,
    one_line,
    provenance,
    readme,
    text_file,
)
from designer.export.target import BareFile, Export, refuse
from designer.problem.schema import MAX_TAPS
from designer.problem.word_format import Word
from designer.realization.words import common_shift, rounded

Whole = NDArray[np.int64]
MAX_SHIFT = 8
"""Bits of a left shift behind the sum: what fixed-point cores have as a guard. More is no scaling but a mistake."""
MAX_BYTES = 100 * MAX_TAPS
MAX_BITS = 64
TAPS_WORD, SECTIONS_WORD = Word(1, 23), Word(5, 23)
SAMPLE_BITS = 23
"""Bits behind the point of a 24-bit converter's samples."""


class SectionWords(NamedTuple):
    """The sections of one filter: numerators over their gains (S, 3), denominators (S, 2), gains as powers of two (S,)."""

    b: Whole
    a: Whole
    log2_gain: Whole


class Words(NamedTuple):
    """How a set of filters is rounded for a target: the word, and the shift of each filter (channel, driver)."""

    filters: FilterSet
    target: str
    word: Word
    shifts: dict[tuple[str, str], int]
    notes: tuple[str, ...]

    def taps(self, filter_: Filter) -> Whole:
        """The integers q (T,) of a filter's taps."""
        return np.asarray(
            rounded(filter_.taps, self.word, self.shifts[filter_.channel, filter_.driver]), dtype=np.int64
        )

    def sections(self, filter_: Filter) -> SectionWords:
        """The words of a filter's sections, with the problem's gains where it names the word.

        Raises UsageError: a feedback coefficient is outside the word, which no gain helps.
        """
        cascade, word = filter_.cascade, self.word
        assert cascade is not None
        a = np.rint(cascade.a / word.step).astype(np.int64)
        if a.size and (a.max() > word.greatest or a.min() < word.least):
            raise refuse(
                self.target,
                f"a feedback coefficient of {float(np.abs(cascade.a).max()):g}",
                f"{word.least * word.step:g} to {word.greatest * word.step:g} in words of {word.bits} bits; no gain helps",
                'take a word with two or more bits before its point ([realization] word = "2.30")',
            )
        same = self.filters.word == word
        gains = cascade.gains if same else np.array([2.0 ** common_shift(b, word) for b in cascade.b])
        b = np.rint(cascade.b / gains[:, None] / word.step).astype(np.int64)
        return SectionWords(b, a, np.rint(np.log2(gains)).astype(np.int64))

    @property
    def channel_shifts(self) -> dict[str, int]:
        """The largest shift of each channel's filters, as a manifest holds it; each filter's stands in its list of filters."""
        return {c: max(s for (name, _), s in self.shifts.items() if name == c) for c, _ in self.shifts}

    @property
    def scaling(self) -> str:
        """Sentence on the value of an integer in each channel."""
        base = f"words of {self.word.bits} bits, {self.word.fraction_bits} after the point"
        if not any(self.shifts.values()):
            return f"{base}: a coefficient is its integer times 2^-{self.word.fraction_bits}"
        by_driver = any(shift != self.channel_shifts[c] for (c, _), shift in self.shifts.items())
        names = {f"{c} to {d}" if by_driver else c: shift for (c, d), shift in self.shifts.items()}
        shift_list = ", ".join(
            f"{one_line(name)}: 2^{shift - self.word.fraction_bits}" for name, shift in names.items()
        )
        return f"{base}; a tap is its integer times a step, and the sum is shifted to match ({shift_list})"

    def model(self) -> ArithmeticModel:
        """The arithmetic that the files are judged by."""
        sample = Word(self.word.integer_bits, max(self.word.fraction_bits, SAMPLE_BITS))
        return word_model(self.word, sample, [self._route(filter_) for filter_ in self.filters.filters])

    def _route(self, filter_: Filter) -> ModelRoute:
        if filter_.cascade is not None:
            return section_route(filter_, self.word, *self.sections(filter_))
        route = word_route(filter_, self.word)
        if filter_.delay_samples is not None:
            return route
        return replace(route, taps=self.taps(filter_), lower=route.lower - self.shifts[filter_.channel, filter_.driver])


def words_of(filters: FilterSet, target: str, default: Word | None = None) -> Words:
    """The words of a set: the problem's, or a default where it names none, with the note that says so.

    By default that is the usual one of taps, or of sections.

    Raises UsageError: a channel would take a shift of more than 8 bits.
    """
    usual = SECTIONS_WORD if filters.form == "biquad" else TAPS_WORD
    word, notes = filters.word or default or usual, list[str]()
    if filters.word is None:
        name = f"{word.integer_bits}.{word.fraction_bits}"
        notes = [
            f'the problem names no word ([realization] word): each coefficient is rounded to the nearest number of "{name}"'
        ]
    if filters.word == word and filters.own_shifts:
        shifts = {(f.channel, f.driver): filters.own_shifts.get((f.channel, f.driver), 0) for f in filters.filters}
    else:
        shared = {name: _channel_shift(filters, name, word, target) for name in filters.channels}
        shifts = {(filter_.channel, filter_.driver): shared[filter_.channel] for filter_ in filters.filters}
    return Words(filters, target, word, shifts, tuple(notes))


def _channel_shift(filters: FilterSet, channel: str, word: Word, target: str) -> int:
    """The shift s of a channel: the problem's, where it names the word; else the smallest that fits."""
    if (designed := filters.designed_shift(word, channel)) is not None:
        return designed
    taps = [filter_.taps for filter_ in filters.filters if filter_.channel == channel and filter_.has_taps]
    shift = common_shift(np.stack(taps), word) if taps else 0
    if shift > MAX_SHIFT:
        raise refuse(
            target,
            f"a tap of {max(float(np.abs(filter_).max()) for filter_ in taps):g} in channel {channel!r}, which words of {word.bits} bits"
            f" hold shifted by {shift}",
            f"a shift of at most {MAX_SHIFT} bits",
            "limit the drivers' gains ([[drivers]] max_gain_db), or take a word with more bits before its point",
        )
    return shift


def word_export(
    words: Words, comment: Callable[[str], str], ending: str, how: str, body: Callable[[Filter], list[str]]
) -> Export:
    """A file of words for each filter that multiplies, README.txt with the delays and shifts, and filters.csv with the same for programs.

    Parameters
    ----------
    comment : callable, a line of the provenance as a comment of the files
    how : str, how to use the files
    body : callable, lines of a filter's file behind its provenance

    """
    filters, word, target, scaling = words.filters, words.word, words.target, words.scaling
    stems = filter_files(filters)
    head = [comment(line) for line in provenance(filters, target, scaling)]
    files, table, rows = {}, [], [("channel", "driver", "file", "delay in samples", "shift in bits")]
    for filter_ in filters.filters:
        file = "-" if filter_.delay_samples is not None else f"{stems[filter_.channel, filter_.driver]}{ending}"
        shift = words.shifts[filter_.channel, filter_.driver]
        rows.append((filter_.channel, filter_.driver, file, str(filter_.wait), str(shift)))
        if filter_.delay_samples is not None:
            table.append(Row(filter_.channel, filter_.driver, "", "delay", filters.delay(filter_)))
        else:
            kind, exponent = ("sections", 0) if filter_.cascade else ("taps", shift)
            bits = (word.bits, exponent - word.fraction_bits)
            table.append(Row(filter_.channel, filter_.driver, file, kind, filters.delay(filter_), *bits))
            files[file] = text_file([*head, *body(filter_)])
    text = f"{how}\n\n{delays_text(filters)}"
    return Export.of_words(
        {
            **files,
            README: readme(filters, target, scaling, text, rows),
            TABLE: filter_table(filters, target, scaling, table),
        },
        filters.memory(),
        -(-word.bits // 8),
        scaling,
        notes=words.notes,
        names=changed(stems),
        facts={
            "word": f"{word.integer_bits}.{word.fraction_bits}",
            "shifts": words.channel_shifts,
            "filters": [list(row) for row in rows],
        },
    )


def hex_word(value: int, bits: int) -> str:
    """Two's complement in hexadecimal digits, sign-extended to the last digit's edge."""
    digits = -(-bits // 4)
    return f"{value & ((1 << 4 * digits) - 1):0{digits}x}"


def signed(coefficients: Coefficients, file: BareFile, text: str, radix: int = 16) -> int:
    """Two's complement of a word in the digits of a radix, sign-extended to the last one's edge."""
    try:
        if len(text) > MAX_BITS or not text.isalnum():
            raise ValueError
        value = int(text, radix)
    except ValueError:
        raise coefficients.refusal(f"the word {shown(text)}", f"digits of base {radix}", path=file.path) from None
    width = file.bits
    if value >> (4 * -(-width // 4)) or not width:
        raise coefficients.refusal(f"the word {shown(text)}", f"words of {width} bits", path=file.path)
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value
