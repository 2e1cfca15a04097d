"""A call of every array function of sections and of rounding: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import designer
from designer.designs import ChannelDesign
from designer.evaluation import realisation_study
from designer.problem.schema import Realization
from designer.problem.word_format import Word
from designer.realization import (
    biquad,
    cascade,
    held_sections,
    held_wishes,
    realize_form,
    section_fit,
    section_rounding,
    vector_fitting,
    words,
)
from designer.realization.realized import SectionsFit, TapsFit
from designer.targets.channel_target import channel_target
from realization.section_cases import coupled, equaliser, turn_of

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls(own: ChannelDesign, there: designer.Scene) -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them; `own` is a channel designed in the scene `there`."""
    rng = np.random.default_rng(0)
    turn = turn_of(np.geomspace(20.0, 20_000.0, 40))
    f = equaliser(1, 2)
    problem = coupled([f], 1, np.geomspace(20.0, 20_000.0, 40))
    free = rng.normal(size=(2, 2))
    lattice = section_rounding.Lattice.of(Word(1, 11), 0.999)
    taps, word = rng.uniform(-0.9, 0.9, (1, 6)), Word(1, 7)
    symbol = 1.0 + rng.uniform(0, 1, (13, 1, 1)) + 0j
    upper, _ = section_fit.coefficient_slopes(f, turn)
    first = np.array([0])
    H, w = rng.normal(size=(2, 4, 3, 2)) + 0j, rng.normal(size=(4, 2)) + 0j
    target = channel_target(own.design, there, own.plain)
    tone = held_wishes.tone_of(target, own.weights)
    one = held_wishes.Rows(np.ones((4, 1, 1)) + 0j, np.zeros((4, 1)) + 0j)
    wish = held_wishes.Held("one", np.arange(4), one, one, np.ones(4), np.full(4, 0.5), True)
    pull = held_sections.Pull(wish, wish.limit, np.ones(4))
    pulled = held_sections.HeldSections(problem.wanted, problem.symbol, problem.turn, problem.radius, (pull,))
    made = realize_form([own], there, Realization(taps=32))
    fit, ends = made.fits[0], words.LowEnds.of(own, there)
    assert isinstance(fit, TapsFit)
    return {
        "realization.biquad.arrivals": (biquad.arrivals, (own.weights,)),
        "realization.biquad.fit_sections": (biquad.fit_sections, (problem, np.array([0]), 1)),
        "realization.biquad.realize_biquad": (
            biquad.realize_biquad, ([own], there, Realization(form="biquad", sections=1))
        ),
        "realization.section_fit.coefficient_slopes": (section_fit.coefficient_slopes, (f, turn)),
        "realization.section_fit.normal_equations": (
            section_fit.normal_equations, ([upper.reshape(40, -1)], problem.symbol, problem.wanted)
        ),
        "realization.cascade.Cascade.response": (f.response, (turn,)),
        "realization.cascade.denominator_slopes": (cascade.denominator_slopes, (free, 0.9)),
        "realization.cascade.denominators": (cascade.denominators, (free, 0.9)),
        "realization.cascade.free_parameters": (cascade.free_parameters, (f.a, 0.999)),
        "realization.cascade.pole_radii": (cascade.pole_radii, (f.a,)),
        "realization.cascade.section_responses": (cascade.section_responses, (f.b, f.a, turn)),
        "realization.section_rounding.Lattice.near": (lattice.near, (f.a[0],)),
        "realization.section_rounding.Lattice.rounded": (lattice.rounded, (f.b,)),
        "realization.words.common_shift": (words.common_shift, (taps, word)),
        "realization.words.output_bound": (words.output_bound, (taps,)),
        "realization.words.rounded": (words.rounded, (taps, word, 0)),
        "realization.held_wishes.tone_of": (held_wishes.tone_of, (target, own.weights)),
        "realization.held_sections.HeldSections.quadratic": (pulled.quadratic, (problem.wanted,)),
        "realization.held_sections.HeldSections.sum": (pulled.sum, (problem.wanted,)),
        "realization.held_sections.hold_sections": (held_sections.hold_sections, ([f], problem, [wish])),
        "realization.held_sections.largest_excess_db": (held_sections.largest_excess_db, ([f], problem, [wish])),
        "realization.held_wishes.Held.level_now": (tone.level_now, (own.weights,)),
        "realization.held_wishes.Held.own_weight": (wish.own_weight, (problem.symbol,)),
        "realization.held_wishes.Held.within": (wish.within, (np.arange(40) % 2 == 0,)),
        "realization.held_wishes.root_mean_square": (held_wishes.root_mean_square, (problem.wanted,)),
        "realization.biquad.mirror_image": (
            biquad.mirror_image, (problem, first, [wish], [SectionsFit(first, problem, first, (f,), (wish,))])
        ),
        "realization.section_fit.SectionProblem.quadratic": (problem.quadratic, (problem.wanted,)),
        "realization.words.own_shift": (words.own_shift, (taps, word)),
        "realization.words.kept_words": (words.kept_words, (made.taps[0], fit.symbol, word, ends)),
        "realization.words.rounded_taps": (words.rounded_taps, (made, word, [own], there)),
        "realization.section_fit.SectionProblem.sum": (problem.sum, (problem.wanted,)),
        "realization.words.LowEnds.ends_db": (ends.ends_db, (at := own.weights[own.in_band],)),
        "realization.words.LowEnds.missing_db": (ends.missing_db, (at, 0.9 * at, 1.1 * at)),
        "realization.words.moved": (words.moved, (np.rint(100 * taps), 100 * taps, symbol, word)),
        "realization.words.in_words": (words.in_words, (taps, symbol, word)),
        "realization.words.is_pure_delay": (words.is_pure_delay, (taps,)),
        "realization.vector_fitting.first_poles": (vector_fitting.first_poles, (turn, 2, 0.99)),
        "realization.vector_fitting.vector_fit": (
            vector_fitting.vector_fit, (f.response(turn), np.ones(40), turn, 2, 0.999)
        ),
        "evaluation.realisation_study.coefficients": (realisation_study.coefficients, (Realization(taps=8), taps)),
        "evaluation.realisation_study.gains": (realisation_study.gains, (H[0], H[1], w)),
        "evaluation.realisation_study.study": (realisation_study.study, ([own], made, there)),
    }  # fmt: skip
