"""Meaning of a slack: the requirements give way together by the least that lets all hold, and only where they cannot hold."""

from __future__ import annotations

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.formulations import constrained
from designer.requirements.slacks import slacks_db
from designer.solvers import constrained_cones, constrained_data
from formulations.random_targets import Wanted, random_target
from formulations.reference import solved

seeds = st.integers(0, 2**32 - 1)
wants = st.builds(
    Wanted,
    frequencies=st.just(2),
    drivers=st.integers(2, 5),
    dark=st.integers(1, 4),
    gain_db=st.sampled_from([None, 3.0, 10.0, 25.0]),
    masks_db=st.sampled_from([(-3.0,), (-12.0,), (-3.0, -10.0), (-20.0, -30.0)]),
    ripple_db=st.sampled_from([None, 1.0, 3.0]),
    max_effort_db=st.sampled_from([None, 3.0]),
    max_gain_db=st.sampled_from([None, 6.0]),
)


def least_slacks(data: constrained_data.ConstrainedData, f: int) -> float:
    """The smallest Σ s, and nothing else, under the lines of the reference statement."""
    statement = constrained.statement(data, f)
    (slacks,) = (v for v in statement.variables() if not v.is_complex())
    return solved(cp.Problem(cp.Minimize(cp.sum(slacks)), statement.constraints))


def own_slacks(data: constrained_data.ConstrainedData) -> Real:
    size = data.centre.shape[1]
    return constrained_cones.solve_data(data)[1].x[:, 2 * size :]


@settings(max_examples=40)
@given(seed=seeds, wanted=wants)
def test_the_sum_of_slacks_is_the_smallest_that_lets_all_hold(seed: int, wanted: Wanted) -> None:
    """Within 0.01 (a tenth of a dB of one requirement) of the least there is, from above, whatever the rest of the objective wants."""
    data = constrained_data.data_of(random_target(seed, wanted), np.ones(2))
    slacks = own_slacks(data)
    least = least_slacks(data, 0)
    assert slacks[0].min() > -1e-7
    assert least - 1e-6 <= slacks[0].sum() <= least + 0.01


@settings(max_examples=25)
@given(seed=seeds, wanted=wants)
def test_requirements_that_hold_together_get_no_slack(seed: int, wanted: Wanted) -> None:
    """Where the least sum is 0 with 1 % to spare, every slack is below 1e-6, and the requirements are met in dB."""
    target = random_target(seed, wanted)
    tighter = replace(
        target,
        gamma=None if target.gamma is None else target.gamma * 1.02,
        masks=tuple(replace(mask, limit=mask.limit * 0.99) for mask in target.masks),
        window=None if target.window is None else replace(target.window, ripple=target.window.ripple * 0.99),
    )
    solution = constrained.solve(target)
    slacks = own_slacks(constrained_data.data_of(target, np.ones(2)))
    f = seed % 2
    if least_slacks(constrained_data.data_of(tighter, np.ones(2)), f) < 1e-7:
        assert slacks[f].max() < 1e-6
        assert max(slack[f] for slack in slacks_db(target, solution.weights).values()) < 1e-4


@settings(max_examples=25)
@given(seed=seeds, wanted=wants)
def test_a_slack_is_what_the_requirement_lacks(seed: int, wanted: Wanted) -> None:
    """20 log10(1 + s) of the cones is the dB that the weights themselves miss, requirement by requirement.

    A window is judged by its level: that misses no more than the discs in the complex plane, whose centre has a phase, and as much
    as a plain loop over its points finds.
    """
    target = random_target(seed, wanted)
    data = constrained_data.data_of(target, np.ones(2))
    w, answer = constrained_cones.solve_data(data)
    missing = slacks_db(target, w)
    for i, requirement in enumerate(data.requirements):
        slack = 20 * np.log10(1 + np.maximum(answer.x[:, 2 * w.shape[1] + i], 0.0))
        if requirement != "window":
            np.testing.assert_allclose(missing[requirement], slack, atol=1e-4)
            continue
        assert target.window is not None
        assert (missing[requirement] <= slack + 1e-4).all()
        for f in range(2):
            on_axis = abs(sum(target.centre[f] * w[f]))
            off = [abs(abs(sum(h * w[f])) / on_axis - 1) for h in target.window.points[f]]
            level = 20 * np.log10(max(1.0, max(off) / target.window.ripple))
            assert missing[requirement][f] == pytest.approx(level, abs=1e-6)


@pytest.mark.parametrize("looser", [1.5, 3.0, 8.0])
def test_looser_requirements_need_less_slack(looser: float) -> None:
    """Every limit multiplied by the same factor: the sum of slacks does not grow, and where it was positive it falls."""
    for seed in range(10):
        target = random_target(seed, Wanted(masks_db=(-25.0, -30.0), ripple_db=1.0, gain_db=20.0))
        other = replace(target, masks=tuple(replace(mask, limit=mask.limit * looser) for mask in target.masks))
        tight, loose = (own_slacks(constrained_data.data_of(t, np.ones(3))).sum(axis=1) for t in (target, other))
        assert (tight > 0.1).all()
        assert (loose < tight).all()
