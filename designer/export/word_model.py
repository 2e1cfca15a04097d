"""The arithmetic that words of coefficients are judged by where a target states none: hex, COE and SigmaDSP tables.

Samples have the coefficients' bits ahead of the point, and behind it the coefficients' own or 23, whichever is more (of
SigmaDSP the coefficients' own). A sum is exact, in an accumulator as wide as it needs; it is cut to a sample, towards minus
infinity, and saturates: once for a filter in taps, after each section for sections in direct form I. Of a section
in `hex` the products of the numerator are multiplied by the section's gain ahead of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from designer.export.arithmetic_model import ArithmeticModel, ModelRoute
from designer.export.filter_set import Filter
from designer.export.integer_arithmetic import SAFE, Integers, Whole, cascades, convolved, saturated
from designer.problem.word_format import Word

ERROR_FEEDBACK = "error feedback (what a section's sum loses is added to its next)"
SAMPLE_BITS = 23
"""Bits behind the point of a 24-bit converter's samples."""


@dataclass(frozen=True)
class WordRoute:
    """One filter's integers: a tap is q 2^(shift - f); of sections b0, b1, b2, a1, a2 with the signs of H(z), and log2 of the gains."""

    source: Filter
    taps: Whole | None = None
    shift: int = 0
    sections: Whole | None = None
    log2_gain: Whole | None = None


def sample_word(word: Word) -> Word:
    """The samples of a target whose files state none."""
    return Word(word.integer_bits, max(word.fraction_bits, SAMPLE_BITS))


def word_model(
    word: Word,
    sample: Word,
    routes: Sequence[WordRoute],
    *,
    feedback: bool = False,
    alternatives: dict[str, Callable[[], ArithmeticModel]] | None = None,
) -> ArithmeticModel:
    """Filters of a word's integers, run on samples of another word.

    Parameters
    ----------
    feedback : with error feedback in each section
    alternatives : what else might do for sections; error feedback where none is given

    """
    with_sections = any(route.sections is not None for route in routes)
    if alternatives is None:
        alternatives = {ERROR_FEEDBACK: lambda: word_model(word, sample, routes, feedback=True, alternatives={})}
    return ArithmeticModel(
        f"coefficients of {word.integer_bits}.{word.fraction_bits}, samples of {sample.integer_bits}.{sample.fraction_bits},"
        f" exact sums cut to a sample and saturated{', sections in direct form I' if with_sections else ''}",
        2.0**sample.fraction_bits,
        tuple(_route(route, word) for route in routes),
        _play(routes, word, sample, feedback=feedback),
        alternatives if with_sections else {},
    )


def _route(route: WordRoute, word: Word) -> ModelRoute:
    one = route.source
    if route.taps is not None:
        return ModelRoute(one.channel, one.driver, 0, route.taps * 2.0**route.shift * word.step)
    if route.sections is None or route.log2_gain is None:
        return ModelRoute(one.channel, one.driver, one.delay_samples or 0, np.ones(1))
    values = route.sections * word.step
    values[:, :3] *= 2.0 ** route.log2_gain[:, None]
    values[:, 3:] *= -1
    return ModelRoute(one.channel, one.driver, one.cascade.delay_samples if one.cascade else 0, None, values)


def _play(
    routes: Sequence[WordRoute], word: Word, sample: Word, *, feedback: bool
) -> Callable[[Sequence[int], Whole], Whole]:
    def play(chosen: Sequence[int], x: Whole) -> Whole:
        out = np.empty_like(x)
        for n, index in enumerate(chosen):
            route = routes[index]
            if route.taps is not None:
                for k, signal in enumerate(x[n]):
                    lowered = _lowered(convolved(route.taps, signal), word.fraction_bits - route.shift)
                    out[n, k] = saturated(lowered, sample.bits).astype(np.int64)
            elif route.sections is None:
                out[n] = x[n]
        with_sections = [n for n, index in enumerate(chosen) if routes[index].sections is not None]
        for count in sorted({len(_table(routes[chosen[n]])[0]) for n in with_sections}):
            members = [n for n in with_sections if len(_table(routes[chosen[n]])[0]) == count]
            out[members] = _sections([_table(routes[chosen[n]]) for n in members], x[members], word, sample, feedback)
        return out

    return play


def _table(route: WordRoute) -> tuple[Integers, int]:
    """B0, b1, b2 with the gain in, -a1, -a2 (S, 5), and the bits by which all are raised for negative gains to be whole."""
    assert route.sections is not None and route.log2_gain is not None
    raised = max(0, -int(route.log2_gain.min()))
    wide = route.sections.astype(object)
    b = wide[:, :3] << (route.log2_gain + raised).astype(object)[:, None]
    return np.concatenate([b, -wide[:, 3:] << raised], axis=1), raised


def _sections(tables: list[tuple[Integers, int]], x: Whole, word: Word, sample: Word, feedback: bool) -> Whole:
    ways = x.shape[1]
    largest = max(int(np.abs(table).sum(axis=1).max()) for table, _ in tables)
    wide = largest << (sample.bits - 1) >= SAFE
    whole = np.stack([table if wide else table.astype(np.int64) for table, _ in tables])
    lower = np.repeat(np.array([word.fraction_bits + raised for _, raised in tables]), ways)
    y = cascades(
        np.repeat(whole, ways, axis=0),
        lower,
        x.reshape(len(tables) * ways, -1),
        lambda values: saturated(values, sample.bits),
        feedback=feedback,
        wide=wide,
    )
    return y.reshape(x.shape)


def _lowered(values: Integers, bits: int) -> Integers:
    return values >> bits if bits >= 0 else values << -bits
