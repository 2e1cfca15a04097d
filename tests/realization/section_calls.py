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
    biquad_refinement,
    cascade,
    coefficient_lattice,
    drivers_in_turn,
    fixed_point,
    held_limits,
    held_sections,
    held_wishes,
    kept_words,
    mirrored_channel,
    nearest_plane,
    plane_paths,
    realize_form,
    tap_words,
    vector_fitting,
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
    lattice = coefficient_lattice.Lattice.of(Word(1, 11), 0.999)
    taps, word = rng.uniform(-0.9, 0.9, (1, 6)), Word(1, 7)
    symbol = 1.0 + rng.uniform(0, 1, (13, 1, 1)) + 0j
    blocks = plane_paths.correlations(symbol, 6)
    upper, lower = biquad_refinement.coefficient_slopes(f, turn)
    held, first = np.array([[True, False]]), np.array([0])
    H, w = rng.normal(size=(2, 4, 3, 2)) + 0j, rng.normal(size=(4, 2)) + 0j
    target = channel_target(own.design, there, own.plain)
    (tone,) = [held_limits.tone_of(target, own.weights)]
    one = held_wishes.Rows(np.ones((4, 1, 1)) + 0j, np.zeros((4, 1)) + 0j)
    wish = held_wishes.Held("one", np.arange(4), one, one, np.ones(4), np.full(4, 0.5), True)
    pull = held_sections.Pull(wish, wish.limit, np.ones(4))
    pulled = held_sections.HeldSections(problem.wanted, problem.symbol, problem.turn, problem.radius, (pull,))
    made = realize_form([own], there, Realization(taps=32))
    fit, ends = made.fits[0], kept_words.LowEnds.of(own, there)
    assert isinstance(fit, TapsFit)
    return {
        "realization.biquad.arrivals": (biquad.arrivals, (own.weights,)),
        "realization.biquad.fit_sections": (biquad.fit_sections, (problem, np.array([0]), 1)),
        "realization.biquad.realize_biquad": (
            biquad.realize_biquad, ([own], there, Realization(form="biquad", sections=1))
        ),
        "realization.biquad_refinement.coefficient_slopes": (biquad_refinement.coefficient_slopes, (f, turn)),
        "realization.biquad_refinement.normal_equations": (
            biquad_refinement.normal_equations, ([upper.reshape(40, -1)], problem.symbol, problem.wanted)
        ),
        "realization.biquad_refinement.refine": (
            lambda f, held: biquad_refinement.refine([f], problem, steps=2, held_a=held), (f, held)
        ),
        "realization.biquad_refinement.stacked": (biquad_refinement.stacked, (upper, lower)),
        "realization.cascade.Cascade.response": (f.response, (turn,)),
        "realization.cascade.denominator_slopes": (cascade.denominator_slopes, (free, 0.9)),
        "realization.cascade.denominators": (cascade.denominators, (free, 0.9)),
        "realization.cascade.free_parameters": (cascade.free_parameters, (f.a, 0.999)),
        "realization.cascade.pole_radii": (cascade.pole_radii, (f.a,)),
        "realization.cascade.section_responses": (cascade.section_responses, (f.b, f.a, turn)),
        "realization.coefficient_lattice.Lattice.near": (lattice.near, (f.a[0],)),
        "realization.coefficient_lattice.Lattice.rounded": (lattice.rounded, (f.b,)),
        "realization.fixed_point.common_shift": (fixed_point.common_shift, (taps, word)),
        "realization.fixed_point.output_bound": (fixed_point.output_bound, (taps,)),
        "realization.fixed_point.rounded": (fixed_point.rounded, (taps, word, 0)),
        "realization.held_limits.limits_of": (
            held_limits.limits_of, (target, own.weights, there.drivers, {"max_effort_db": np.zeros(len(own.weights))})
        ),
        "realization.held_limits.ratio_limits_of": (
            held_limits.ratio_limits_of, (target, own.weights, np.arange(1), {"max_effort_db": np.zeros(len(own.weights))})
        ),
        "realization.held_limits.tone_of": (held_limits.tone_of, (target, own.weights)),
        "realization.held_sections.HeldSections.quadratic": (pulled.quadratic, (problem.wanted,)),
        "realization.held_sections.HeldSections.sum": (pulled.sum, (problem.wanted,)),
        "realization.held_sections.hold_sections": (held_sections.hold_sections, ([f], problem, [wish])),
        "realization.held_sections.largest_excess_db": (held_sections.largest_excess_db, ([f], problem, [wish])),
        "realization.held_wishes.Held.level_now": (tone.level_now, (own.weights,)),
        "realization.held_wishes.Held.own_weight": (wish.own_weight, (problem.symbol,)),
        "realization.held_wishes.Held.within": (wish.within, (np.arange(40) % 2 == 0,)),
        "realization.held_wishes.root_mean_square": (held_wishes.root_mean_square, (problem.wanted,)),
        "realization.mirrored_channel.mirror_image": (
            mirrored_channel.mirror_image, (problem, first, [wish], [SectionsFit(first, problem, first, (f,), (wish,))])
        ),
        "realization.section_problem.SectionProblem.quadratic": (problem.quadratic, (problem.wanted,)),
        "realization.plane_paths.cholesky_of_toeplitz": (plane_paths.cholesky_of_toeplitz, (blocks, 6)),
        "realization.plane_paths.correlations": (plane_paths.correlations, (symbol, 6)),
        "realization.nearest_plane.greedy_moves": (
            nearest_plane.greedy_moves, (np.zeros(6), 100 * taps[0], blocks, -128, 127)
        ),
        "realization.nearest_plane.nearest_plane_of_own_scales": (
            nearest_plane.nearest_plane_of_own_scales, (taps, symbol, lambda _: 0.01, -128, 127)
        ),
        "realization.drivers_in_turn.drivers_in_turn": (
            lambda x, C, order: drivers_in_turn.drivers_in_turn(
                x, C, lambda _: 0.01, -128, 127, order=order, paths=2, rows=6
            ),
            (taps, symbol, np.arange(1)),
        ),
        "realization.drivers_in_turn.loudest_first": (drivers_in_turn.loudest_first, (symbol,)),
        "realization.plane_paths.best_path": (
            plane_paths.best_path, (100 * taps[0], plane_paths.cholesky_of_toeplitz(blocks, 6), 1, -128, 127, 2)
        ),
        "realization.fixed_point.own_shift": (fixed_point.own_shift, (taps, word)),
        "realization.kept_words.LowEnds.gains_db": (ends.gains_db, (made.taps[0],)),
        "realization.kept_words.LowEnds.gains_of": (ends.gains_of, (own.weights[own.in_band],)),
        "realization.kept_words.kept_words": (kept_words.kept_words, (made.taps[0], fit.symbol, word, ends)),
        "realization.kept_words.low_ends": (kept_words.low_ends, (rng.normal(size=(3, 2)),)),
        "realization.kept_words.rounded_taps": (kept_words.rounded_taps, (made, word, [own], there)),
        "realization.nearest_plane.nearest_plane": (nearest_plane.nearest_plane, (taps, symbol, 0.01, -128, 127)),
        "realization.nearest_plane.weighted_error": (nearest_plane.weighted_error, (taps, symbol)),
        "realization.section_problem.SectionProblem.sum": (problem.sum, (problem.wanted,)),
        "realization.tap_words.in_words": (tap_words.in_words, (taps, symbol, word)),
        "realization.tap_words.is_pure_delay": (tap_words.is_pure_delay, (taps,)),
        "realization.vector_fitting.first_poles": (vector_fitting.first_poles, (turn, 2, 0.99)),
        "realization.vector_fitting.vector_fit": (
            vector_fitting.vector_fit, (f.response(turn), np.ones(40), turn, 2, 0.999)
        ),
        "evaluation.realisation_study.coefficients": (realisation_study.coefficients, (Realization(taps=8), taps)),
        "evaluation.realisation_study.gains": (realisation_study.gains, (H[0], H[1], w)),
        "evaluation.realisation_study.study": (realisation_study.study, ([own], made, there)),
    }  # fmt: skip
