"""The same channels realised otherwise: fewer taps or sections, shorter words; what a user chooses between.

Each variant costs less than the realisation itself, and is rounded quickly, so that its error may be a little larger.
Where a fit of taps was held to wishes or penalised, its variants are the plain fit's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.problem.word_format import Word
from designer.realization.biquad import delayed_sections, fit_sections, impulse_responses
from designer.realization.coefficient_lattice import Lattice
from designer.realization.kept_sections import kept_sections
from designer.realization.kept_words import LowEnds, kept_words
from designer.realization.realized import Realized, SectionsFit, TapsFit
from designer.realization.section_rounding import plainly_rounded
from designer.realization.section_scaling import scaled, with_gains
from designer.realization.tap_words import in_words
from designer.realization.toeplitz_fit import fit as fit_taps

TAP_BITS = (4, 6, 8, 12, 16)
SCALED_BITS = 8
"""Longer words gain nothing from a scale for each driver."""
MOST_SPARED = 32_768
"""Taps of a channel up to which rounding by what is heard takes seconds; beyond, plain rounding alone is shown."""
SECTION_BITS = (10, 12, 16)
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Of the taps that the problem asks for."""
LEAST_TAPS = 16
PLAIN, SPARED = "plain rounding", "rounding by what is heard"
SCALED = "the same, each driver to its own scale"


@dataclass(frozen=True)
class Variant:
    """One channel's filters (L, T) realised otherwise.

    Attributes
    ----------
    axis : "bits", "taps" or "sections": what `value` counts, a driver
    way : how, where there are several

    """

    axis: str
    value: int
    way: str
    taps: Real


def variants(made: Realized, channel: int, judged: LowEnds) -> Iterator[Variant]:
    """Every variant of one channel; the realisation itself, unrounded, ends the curve over taps or sections."""
    fit = made.fits[channel]
    exact = (made.unrounded or made.taps)[channel]
    if isinstance(fit, TapsFit):
        yield from _shorter(made, exact, fit)
        for bits in TAP_BITS:
            for way in _ways(bits, exact[fit.own].size):
                yield Variant("bits", bits, way, _rounded(exact, fit, Word(1, bits - 1), way, judged))
    else:
        yield from _fewer_sections(made, exact, fit)
        for bits in SECTION_BITS:
            lattice = Lattice.of(Word(1, bits - 1), fit.problem.radius)
            ready = [with_gains(scaled(f), lattice.greatest) for f in fit.filters]
            for way, filters in (
                (SPARED, kept_sections(fit.filters, fit.followed, lattice, judged, quick=True)[0]),
                (PLAIN, plainly_rounded(ready, lattice)),
            ):
                late = delayed_sections(filters, made.bulk_delay_samples)
                yield Variant("bits", bits, way, impulse_responses([late], [fit], len(exact))[0])


def _ways(bits: int, taps: int) -> tuple[str, ...]:
    """How so many taps are rounded to a word."""
    if taps > MOST_SPARED:
        return (PLAIN,)
    return (SPARED, PLAIN, SCALED) if bits <= SCALED_BITS else (SPARED, PLAIN)


def _shorter(made: Realized, exact: Real, fit: TapsFit) -> Iterator[Variant]:
    count = exact.shape[1]
    if fit.wanted is not None:
        share = made.bulk_delay_samples / count
        for length in sorted({int(count * part) for part in SHARES} - set(range(LEAST_TAPS))):
            taps = np.zeros((len(exact), length))
            taps[fit.own] = fit_taps(fit.wanted, fit.symbol, length, int(share * length))
            yield Variant("taps", length, "", taps)
        yield Variant("taps", count, "", exact)


def _rounded(exact: Real, fit: TapsFit, word: Word, way: str, judged: LowEnds) -> Real:
    own, taps = exact[fit.own], exact.copy()
    if way == PLAIN:
        taps[fit.own], _ = in_words(own, fit.symbol, word, plain=True)
    else:
        taps[fit.own] = kept_words(own, fit.symbol, word, judged, by_driver=way == SCALED, quick=True).taps
    return taps


def _fewer_sections(made: Realized, exact: Real, fit: SectionsFit) -> Iterator[Variant]:
    count = len(fit.filters[0].b)
    for sections in sorted({count // 2} - {0}):
        filters = fit_sections(fit.problem, fit.arrival, sections, fit.wishes)
        needed = max(made.bulk_delay_samples, *(-f.delay_samples for f in filters))
        yield Variant(
            "sections", sections, "", impulse_responses([delayed_sections(filters, needed)], [fit], len(exact))[0]
        )
    yield Variant("sections", count, "", exact)
