"""Slack and excess of any weights, recomputed one number at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from formulations.random_targets import Wanted, gaussian, random_target
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.requirements.slacks import excesses_db, slacks_db

WANTED = Wanted(
    frequencies=2, drivers=3, bright=2, gain_db=10.0, masks_db=(-3.0, -20.0), ripple_db=2.0,
    max_effort_db=1.0, max_gain_db=-2.0, white_noise_loss_db=6.0,
)  # fmt: skip


def decibels(power: float) -> float:
    return float(10 * np.log10(power))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_slacks_and_excesses_by_hand(seed: int) -> None:
    """The curve in 10 log10 of powers, masks and the window's level in 20 log10 of amplitudes over the on-axis one."""
    target = replace(random_target(seed, WANTED), look_distance_m=2.0)
    w = gaussian(np.random.default_rng(seed), 2, 3)
    slacks, excesses = slacks_db(target, w), excesses_db(target, w, ("a", "b", "c"))
    assert target.window is not None
    for f in range(2):
        on_axis = sum(target.centre[f, l] * w[f, l] for l in range(3))
        reached = np.mean([abs(sum(h * w[f])) ** 2 for h in target.bright[f]])
        left = np.mean([abs(sum(h * w[f])) ** 2 for h in target.dark[f]])
        spent = sum(abs(x) ** 2 for x in w[f])
        single = max(np.mean([abs(h[l]) ** 2 for h in target.bright[f]]) for l in range(3))
        ripple = max(abs(abs(sum(h * w[f])) - abs(on_axis)) for h in target.window.points[f]) / abs(on_axis)
        expected = {
            "cancellation_gain_db": 10.0 - decibels(reached / left),
            "mask[0]": 2 * decibels(max(abs(sum(h * w[f])) for h in target.masks[0].points[f]) / abs(on_axis)) + 3.0,
            "mask[1]": 2 * decibels(max(abs(sum(h * w[f])) for h in target.masks[1].points[f]) / abs(on_axis)) + 20.0,
            "window": 2 * decibels(ripple / (1 - 10 ** (-2.0 / 20))),
            "max_effort_db": decibels(spent * single / reached) - 1.0,
            "min_white_noise_gain_db": decibels(target.min_white_noise_gain)
            - decibels(4.0 * abs(sum(target.look[f] * w[f])) ** 2 / spent),
            'max_gain_db of "a"': 2 * decibels(abs(w[f, 0])) + 2.0,
            'max_gain_db of "b"': 2 * decibels(abs(w[f, 1])) + 2.0,
            'max_gain_db of "c"': 2 * decibels(abs(w[f, 2])) + 2.0,
        }
        actual = {**slacks, **excesses}
        assert actual.keys() == expected.keys()
        for name, value in expected.items():
            assert actual[name][f] == pytest.approx(max(value, 0.0), abs=1e-9), name


def test_a_mask_line_outside_its_band_asks_nothing() -> None:
    """Where a line does not hold its limit is infinite, and its slack 0."""
    target = random_target(0, Wanted(frequencies=2, masks_db=(-60.0,)))
    mask = replace(target.masks[0], limit=np.array([1e-3, np.inf]))
    slack = slacks_db(replace(target, masks=(mask,)), gaussian(np.random.default_rng(0), 2, 3))["mask[0]"]
    assert slack[0] > 30
    assert slack[1] == 0.0


def test_nothing_is_said_of_what_is_not_required() -> None:
    """No curve, no mask, no window, no limit: no entry."""
    target = random_target(0, Wanted())
    assert slacks_db(target, target.plain) == excesses_db(target, target.plain, ("a", "b", "c")) == {}
