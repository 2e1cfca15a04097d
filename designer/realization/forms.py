"""The forms that filters take, by their names in the problem file, and the same channels realised otherwise.

A variant has fewer taps or sections, or shorter words: what a user chooses between. Where a fit of taps was held to requirements or
penalised, its variants are the plain fit's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.problem.word_format import Word
from designer.realization.biquad import delayed_sections, fit_sections, impulse_responses, realize_biquad
from designer.realization.cascade import Cascade
from designer.realization.fir import realize_fir
from designer.realization.realized import Realized, SectionsFit, TapsFit
from designer.realization.rtf import realize_rtf
from designer.realization.section_rounding import Lattice, plainly_rounded, round_sections
from designer.realization.toeplitz_fit import fit as fit_taps
from designer.realization.words import LowEnds, chosen_words, in_words, rounded_taps

FORMS: dict[str, Callable[..., Realized]] = {
    "fir": realize_fir,
    "rtf": realize_rtf,
    "biquad": realize_biquad,
}
MAX_FIT_NUMBERS = 8_000_000
"""Complex numbers of the fits that are kept for variants: 128 MB."""
TAP_BITS = (4, 6, 8, 12, 16)
SCALED_BITS = 8
"""Longer words gain nothing from a scale for each driver."""
MAX_HEARD_TAPS = 32_768
"""Taps of a channel up to which rounding by what is heard takes seconds; beyond, plain rounding alone is shown."""
SECTION_BITS = (10, 12, 16)
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Share of the taps that the problem asks for."""
LEAST_TAPS = 16
PLAIN, SPARED = "plain rounding", "rounding by what is heard"
SCALED = "the same, each driver to its own scale"


def realize_form(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """The filters of all channels, as the problem file's [realization] says.

    Raises
    ------
    ProblemError : a reference that the problem names is silent in the band, or a bulk delay is too short for sections

    """
    return as_run(fit_form(channels, scene, table), channels, scene, table)


def fit_form(channels: Sequence[ChannelDesign], scene: Scene, table: Realization, *, quick: bool = False) -> Realized:
    """Filters of all channels before any rounding; `quick` taps are the first fit, mended and held by nothing."""
    return FORMS[table.form](channels, scene, table, **({"quick": True} if quick else {}))


def as_run(realized: Realized, channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """Filters as a firmware runs them: taps rounded to the word, where there is one."""
    word = table.fixed_point
    if word is not None and not realized.sections:
        realized = rounded_taps(realized, word, channels, scene, by_driver=table.word_scale == "driver")
    is_small = sum(fit.symbol.size for fit in realized.fits if isinstance(fit, TapsFit)) <= MAX_FIT_NUMBERS
    return realized if is_small else replace(realized, fits=())


@dataclass(frozen=True)
class Variant:
    """One channel's filters realised otherwise."""

    axis: str  # "bits", "taps" or "sections": what `value` counts, a driver
    value: int
    way: str  # how, where there are several
    taps: Real  # (L, T)


def variants(realized: Realized, channel: int, judged: LowEnds) -> Iterator[Variant]:
    """Every variant of one channel; the realisation itself, unrounded, ends the curve over taps or sections."""
    fit = realized.fits[channel]
    exact = (realized.unrounded or realized.taps)[channel]
    yield from (
        _of_taps(realized, exact, fit, judged)
        if isinstance(fit, TapsFit)
        else _of_sections(realized, exact, fit, judged)
    )


def _of_taps(realized: Realized, exact: Real, fit: TapsFit, judged: LowEnds) -> Iterator[Variant]:
    filters, count = exact[fit.drivers], exact.shape[1]

    def all_drivers(taps: Real) -> Real:
        out = np.zeros((len(exact), taps.shape[1]))
        out[fit.drivers] = taps
        return out

    if fit.weights is not None:
        share = realized.bulk_delay_samples / count
        for length in sorted({int(count * part) for part in SHARES} - set(range(LEAST_TAPS))):
            taps = fit_taps(fit.weights, fit.symbol, length, int(share * length))
            yield Variant("taps", length, "", all_drivers(taps))
        yield Variant("taps", count, "", exact)
    for bits in TAP_BITS:
        word = Word(1, bits - 1)
        if filters.size <= MAX_HEARD_TAPS:
            yield Variant("bits", bits, SPARED, all_drivers(chosen_words(filters, fit.symbol, word, judged)[0]))
        yield Variant("bits", bits, PLAIN, all_drivers(in_words(filters, fit.symbol, word, plain=True)[0]))
        if filters.size <= MAX_HEARD_TAPS and bits <= SCALED_BITS:
            yield Variant(
                "bits", bits, SCALED, all_drivers(chosen_words(filters, fit.symbol, word, judged, by_driver=True)[0])
            )


def _of_sections(realized: Realized, exact: Real, fit: SectionsFit, judged: LowEnds) -> Iterator[Variant]:
    def taps(filters: Sequence[Cascade]) -> Real:
        delay = max(realized.bulk_delay_samples, *(-f.delay_samples for f in filters))
        return impulse_responses([delayed_sections(filters, delay)], [fit], len(exact))[0]

    count = len(fit.filters[0].b)
    if count > 1:
        fewer = fit_sections(fit.problem, fit.arrival, count // 2, fit.requirements, fit.low_end_db)
        yield Variant("sections", count // 2, "", taps(fewer))
    yield Variant("sections", count, "", exact)
    for bits in SECTION_BITS:
        lattice = Lattice.of(Word(1, bits - 1), fit.problem.radius)
        rounded, _ = round_sections(fit.filters, fit.followed, lattice, judged)
        yield Variant("bits", bits, SPARED, taps(rounded))
        yield Variant("bits", bits, PLAIN, taps(plainly_rounded(fit.filters, lattice)))
