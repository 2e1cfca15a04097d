"""A call of every function of the realisation room that takes arrays, for the test that no input is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from designs.small_problems import load, pair
from formulations.random_targets import gaussian

import designer
from designer.designs import channel
from designer.problem.schema import Realization
from designer.realization import (
    dense_targets,
    equaliser,
    fir,
    forms,
    held_wishes,
    ratios,
    response,
    rtf,
    toeplitz_fit,
)
from designer.realization.response import cut_inverse_transform
from designer.targets import channel_target
from realization.test_fir_fit import weighting

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls() -> dict[str, Call]:
    """Name below `designer.` -> the function and its arguments."""
    rng = np.random.default_rng(4)
    scene = designer.scene(load(pair()))
    found = channel.design_channel(scene.problem.designs[0], scene)
    target = channel_target.channel_target(found.design, scene, found.plain)
    w = found.weights
    C = weighting(rng, len(w), 2)
    equations = toeplitz_fit.NormalEquations(C, 16, np.ones(16))
    taps = rng.normal(size=(2, 16))
    wishes = held_wishes.wishes_of(target, w, {})
    wish, rows = wishes[0], wishes[0].rows
    at = w[wish.index]
    p = rows.pressure(at)
    problem = fir.Fitted(found.frequency_hz, w, C, tuple(wishes))
    level = target.plain_level
    heard = ratios.Heard(
        found,
        np.arange(2),
        found.frequency_hz,
        found.in_band,
        target.share,
        level,
        w,
        C,
        target.reach_power,
        target.cancel_power,
    )
    g = gaussian(rng, 1, 2)
    sides = toeplitz_fit.exact_rows(16, [1000.0], 16_000.0, g)
    return {
        "realization.response.cut_inverse_transform": (cut_inverse_transform, (w, 32)),
        "realization.dense_targets.dense_frequencies_hz": (dense_targets.dense_frequencies_hz, ([found], scene, 32)),
        "realization.dense_targets.dense_targets": (
            lambda *given: list(dense_targets.dense_targets(*given)), ([found], scene, found.frequency_hz)
        ),
        "realization.dense_targets.between": (dense_targets.between, (found.frequency_hz, w, np.linspace(0.0, 8e3, 9))),
        "realization.dense_targets.slacks_between": (dense_targets.slacks_between, (found, np.linspace(0.0, 8e3, 9))),
        "realization.held_wishes.joined": (held_wishes.joined, ([(slice(0, 65), wishes)],)),
        "realization.equaliser.third_octave_smoothed": (equaliser.third_octave_smoothed, (level,)),
        "realization.equaliser.minimum_phase_taps": (equaliser.minimum_phase_taps, (level, 8)),
        "realization.equaliser.equaliser": (equaliser.equaliser, (level, 2 * level, 8)),
        "realization.equaliser.reached_level": (equaliser.reached_level, (target.reach_power, w)),
        "realization.equaliser.smoothed_deviation_db": (equaliser.smoothed_deviation_db, (level, 2 * level)),
        "realization.toeplitz_fit.solve_exactly": (
            toeplitz_fit.solve_exactly, (equations, taps, *sides)
        ),
        "realization.toeplitz_fit.exact_rows": (toeplitz_fit.exact_rows, (16, [1000.0], 16_000.0, g)),
        "realization.fir.realize": (fir.realize, ([found], scene, 32)),
        "realization.fir.realize_fir": (fir.realize_fir, ([found], scene, Realization(taps=32))),
        "realization.fir.Fitted.left_over": (problem.left_over, (taps, 8)),
        "realization.fir.common_delay": (
            fir.common_delay, ([problem], 16, Realization(taps=16, bulk_delay_samples="least"))
        ),
        "realization.forms.realize_form": (forms.realize_form, ([found], scene, Realization(taps=32))),
        "realization.dense_targets.audible": (dense_targets.audible, (target, w, level)),
        "realization.held_wishes.wishes_of": (held_wishes.wishes_of, (target, w, {"mask[0]": level})),
        "realization.held_wishes.hold": (held_wishes.hold, (wishes, w, C, 16, 8, None)),
        "realization.held_wishes.Rows.pressure": (rows.pressure, (at,)),
        "realization.held_wishes.Held.reached": (wish.reached, (w,)),
        "realization.held_wishes.Held.size": (wish.size, (p,)),
        "realization.held_wishes.Held.projected": (wish.projected, (p, 0.5 * np.abs(p[:, 0]))),
        "realization.held_wishes.Held.scaled_levels": (wish.scaled_levels, (wish.limit,)),
        "realization.held_wishes.Held.projected_together": (wish.projected_together, (p, 0.5 * p)),
        "realization.held_wishes.Held.excess_db": (wish.excess_db, (w,)),
        "realization.ratios.ratios": (ratios.ratios, (w, 0, target.share)),
        "realization.ratios.capped": (ratios.capped, (w, C, 0, 0.5)),
        "realization.ratios.silence": (ratios.silence, (w, 1)),
        "realization.ratios.Heard.gain_db": (heard.gain_db, (w,)),
        "realization.ratios.Heard.fitted": (heard.fitted, (0, w, tuple(wishes))),
        "realization.ratios.choose_reference": (ratios.choose_reference, (heard, 16, 2.0)),
        "realization.response.response": (response, (taps, np.array([100.0, 3000.0]), 16_000.0)),
        "realization.rtf.realize_rtf": (rtf.realize_rtf, ([found], scene, Realization(form="rtf", taps=32))),
        "realization.toeplitz_fit.delayed": (toeplitz_fit.delayed, (w, 3.0)),
        "realization.toeplitz_fit.NormalEquations.apply": (equations.apply, (taps,)),
        "realization.toeplitz_fit.NormalEquations.spectra": (equations.spectra, (taps,)),
        "realization.toeplitz_fit.NormalEquations.cut": (equations.cut, (w,)),
        "realization.toeplitz_fit.NormalEquations.right_side": (equations.right_side, (w,)),
        "realization.toeplitz_fit.NormalEquations.solve": (equations.solve, (taps, 0.1 * taps)),
        "realization.toeplitz_fit.NormalEquations.solve_again": (equations.solve_again, (taps, 0.1 * taps)),
        "realization.toeplitz_fit.fit": (toeplitz_fit.fit, (w, C, 16, 8, np.ones(16))),
        "realization.toeplitz_fit.error_power": (toeplitz_fit.error_power, (taps, w, C, 8)),
    }  # fmt: skip
