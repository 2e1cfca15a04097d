"""Which arithmetics a fixed-point target's files are run in, by name; of a target that is not here they are floating point.

SigmaDSP: the core of 5.23 multiplies 28 by 28 bits into 56 and cuts to 28 (ADAU1701, "Numeric formats"); that of 8.24 multiplies
32 by 32 bits into an accumulator of 80 and cuts to 32 (ADAU1452). Its tables have no shifts and no gains, and its samples the
coefficients' own format. SigmaStudio's double-precision cells keep twice the bits behind the point between samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from designer.errors import UsageError
from designer.export import hex_words, xilinx_coe
from designer.export.arithmetic_model import ArithmeticModel
from designer.export.cmsis_model import cmsis_model
from designer.export.cmsis_word import Q15, Q31, WORDS, CmsisWord
from designer.export.filter_set import Filter, FilterSet
from designer.export.integer_arithmetic import Whole
from designer.export.integers import filter_shifts, section_words, tap_words, word_of
from designer.export.sigma_parts import FAMILIES, PARTS
from designer.export.word_model import WordRoute, sample_word, word_model
from designer.problem.word_format import Word

Models = dict[str, ArithmeticModel]
DOUBLE = "SigmaStudio's double-precision cells"


def _cmsis(filters: FilterSet, word: CmsisWord) -> Models:
    return {word.suffix: cmsis_model(filters, word)}


def _cmsis_test(filters: FilterSet) -> Models:
    """Of the words that can hold the filters: `cmsis-test` leaves out the others, with a note."""
    found: Models = {}
    for word in WORDS:
        if word.word is not None:
            try:
                found |= _cmsis(filters, word)
            except UsageError:
                continue
    return found


def _hex(filters: FilterSet) -> Models:
    default = hex_words.SECTIONS_WORD if filters.form == "biquad" else hex_words.TAPS_WORD
    return {"hex": _words(filters, default, "hex")}


def _coe(filters: FilterSet) -> Models:
    if any(one.cascade is not None for one in filters.filters):  # the core has no sections, and the word is theirs
        taps = tuple(replace(one, cascade=None) for one in filters.filters)
        filters = replace(filters, filters=taps, word=None)
    return {"xilinx-coe": _words(filters, xilinx_coe.DEFAULT, "xilinx-coe")}


def _words(filters: FilterSet, default: Word, target: str) -> ArithmeticModel:
    word, _ = word_of(filters, default)
    shifts = filter_shifts(filters, word, target)
    routes = []
    for one in filters.filters:
        if one.cascade is not None:
            words = section_words(filters, one, word, target)
            table = np.concatenate([words.b, words.a], axis=1)
            routes.append(WordRoute(one, sections=table, log2_gain=words.log2_gain))
        elif one.delay_samples is not None:
            routes.append(WordRoute(one))
        else:
            shift = shifts[one.channel, one.driver]
            routes.append(WordRoute(one, tap_words(one, word, shift), shift))
    return word_model(word, sample_word(word), routes)


def _sigmadsp(filters: FilterSet) -> Models:
    """Of the named part's format, or of both, those that hold the coefficients: the target leaves out the other, with a note."""
    found: Models = {}
    families = [PARTS[filters.part][0]] if filters.part else list(FAMILIES)
    for word in (FAMILIES[family].word for family in families):
        routes = [_sigma_route(one, word) for one in filters.filters]
        whole = [q for route in routes for q in (route.taps, route.sections) if q is not None]
        if all(q.max(initial=0) <= word.greatest and q.min(initial=0) >= word.least for q in whole):
            double = partial(word_model, word, Word(word.integer_bits, 2 * word.fraction_bits), routes, alternatives={})
            name = f"{word.integer_bits}.{word.fraction_bits}"
            found[name] = word_model(word, word, routes, alternatives={DOUBLE: double})
    return found


def _sigma_route(one: Filter, word: Word) -> WordRoute:
    def whole(values: np.ndarray) -> Whole:
        return np.asarray(np.rint(values / word.step).astype(np.int64))

    if one.cascade is not None:
        table = whole(np.concatenate([one.cascade.b, one.cascade.a], axis=1))
        return WordRoute(one, sections=table, log2_gain=np.zeros(len(table), dtype=np.int64))
    return WordRoute(one) if one.delay_samples is not None else WordRoute(one, whole(one.taps))


ARITHMETICS: dict[str, Callable[[FilterSet], Models]] = {
    "cmsis-q31": partial(_cmsis, word=Q31),
    "cmsis-q15": partial(_cmsis, word=Q15),
    "cmsis-test": _cmsis_test,
    "sigmadsp": _sigmadsp,
    "hex": _hex,
    "xilinx-coe": _coe,
}
BENCHES = ("cmsis-test",)
"""Targets that are for tests, and written whatever their arithmetics do."""
