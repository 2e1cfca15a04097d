"""Power ratio and pressure matching on targets that are degenerate: no NaN leaves, and what must hold holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Complex
from designer.formulations import power_ratio, pressure_matching
from designer.requirements.target import ChannelTarget
from formulations.random_targets import Wanted, random_target

seeds = st.integers(0, 2**32 - 1)
SPOILS = ("dead driver", "identical drivers", "nothing reached", "nothing left", "silence", "one point", "0 Hz", "far")
wants = st.builds(
    Wanted,
    frequencies=st.just(3),
    drivers=st.integers(1, 6),
    bright=st.integers(1, 3),
    dark=st.integers(1, 8),
    gain_db=st.sampled_from([None, -60.0, 0.0, 20.0, 60.0, 200.0]),
    max_effort_db=st.sampled_from([None, 0.0, 10.0]),
    max_gain_db=st.sampled_from([None, -3.0]),
    bounded_drivers=st.booleans(),
)


def spoiled(target: ChannelTarget, spoil: str, scale: float) -> ChannelTarget:
    bright, dark = target.bright * scale, target.dark * scale
    if spoil == "dead driver":
        bright[:, :, 0], dark[:, :, 0] = 0, 0
    elif spoil == "identical drivers":
        bright, dark = (np.repeat(H[:, :, :1], H.shape[2], axis=2) for H in (bright, dark))
    elif spoil in ("nothing reached", "silence"):
        bright[0] = 0
    if spoil in ("nothing left", "silence"):
        dark[0] = 0
    if spoil == "one point":  # the ratio is 1 whatever the weights
        dark = np.repeat(bright[:, :1], dark.shape[1], axis=1)
    if spoil == "0 Hz":
        bright, dark = (np.abs(H).astype(complex) for H in (bright, dark))
    if spoil == "far":  # no phase and no level between the points
        bright, dark = (np.full_like(H, scale) for H in (bright, dark))
    return replace(target, bright=bright, dark=dark, centre=bright[:, 0])


@settings(max_examples=40)
@given(
    seed=seeds,
    wanted=wants,
    spoil=st.sampled_from(SPOILS),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    spread=st.sampled_from([0.0, 1e-3]),
)
def test_no_nan_leaves(seed: int, wanted: Wanted, spoil: str, scale: float, spread: float) -> None:
    """Weights and certificates are finite and weights are heard where any can be; value and bound agree up to 40 dB.

    Beyond that, or with drivers made dearer for their limits, the value may be 1e-12 of the matrices' size, and rounding shows.
    """
    target = replace(spoiled(random_target(seed, wanted), spoil, scale), spread=spread)
    for formulation in (power_ratio, pressure_matching):
        solution = formulation.solve(target)
        for numbers in (
            solution.weights,
            solution.violation,
            solution.gap,
            solution.level,
            solution.value,
            solution.bound,
        ):
            assert np.isfinite(numbers).all()
        if wanted.max_gain_db is None and (wanted.gain_db is None or wanted.gain_db < 40):
            assert (np.abs(solution.gap) < 1e-6).all()
        reached = measures.mean_power(target.bright, solution.weights)
        heard = np.abs(target.bright).max(axis=(1, 2)) > 0
        assert (reached[heard] > 0).all()


@pytest.mark.parametrize("bright", [1, 2, 3])
@pytest.mark.parametrize("scale", [1e-6, 1.0])
def test_a_curve_far_beyond_reach_is_answered_within_a_driver_s_limit(bright: int, scale: float) -> None:
    """200 dB asked of the one driver that sounds, at -3 dB: certified, and that driver plays at its limit."""
    expected = Wanted(frequencies=3, drivers=2, bright=bright, dark=1, gain_db=200.0, max_gain_db=-3.0)
    target = spoiled(random_target(1, expected), "dead driver", scale)
    solution = power_ratio.solve(target)
    assert (np.abs(solution.gap) < 1e-6).all() and (solution.violation < 1e-6).all()
    assert np.abs(solution.weights[:, 1]).max() <= 10 ** (-3 / 20) * (1 + 1e-6)


@settings(max_examples=25)
@given(seed=seeds, bright=st.integers(1, 3), effort_db=st.sampled_from([None, 3.0]))
def test_the_pressure_s_scale_changes_nothing(seed: int, bright: int, effort_db: float | None) -> None:
    """Responses of 1e-6 and 1e6 give the gain and the effort of those of 1, to 1e-7 dB."""
    target = random_target(
        seed, Wanted(drivers=4, bright=bright, dark=5, gain_db=12.0, max_effort_db=effort_db, bounded_drivers=True)
    )
    for formulation in (power_ratio, pressure_matching):
        own = in_db(target, formulation.solve(target).weights)
        for scale in (1e-6, 1e6):
            other = spoiled(target, "none", scale)
            np.testing.assert_allclose(in_db(other, formulation.solve(other).weights), own, atol=1e-7)


def in_db(target: ChannelTarget, w: Complex) -> list[list[float]]:
    gain, spent = measures.cancellation_gain(target.bright, target.dark, w), measures.effort(target.bright, w)
    return [(10 * np.log10(gain)).tolist(), (10 * np.log10(spent)).tolist()]


@settings(max_examples=15)
@given(seed=seeds, limit_db=st.floats(0.5, 6.0))
def test_dear_drivers_get_cheaper_until_the_effort_fits(seed: int, limit_db: float) -> None:
    """Within an effort limit the curve is met, if it is at equal costs, and the drivers are no cheaper than they must be.

    That is: where the full cost does not fit, the effort ends within 1e-4 dB of its limit.
    """
    target = random_target(
        seed,
        Wanted(frequencies=1, drivers=4, bright=2, dark=3, gain_db=15.0, max_effort_db=limit_db, bounded_drivers=True),
    )
    A, B, gamma = target.bright_power, target.dark_power, np.array([10**1.5])
    w = power_ratio.solve(target).weights
    gain, spent = in_db(target, w)

    def effort_db(exponent: float) -> float:
        tried, _ = power_ratio.most_efficient_weights(A, B, target.cost**exponent, gamma)
        return in_db(target, tried)[1][0]

    if effort_db(0.0) <= limit_db:
        assert gain[0] >= 15.0 - 1e-6
        assert spent[0] <= limit_db + 1e-8
        if effort_db(1.0) > limit_db:
            assert spent[0] >= limit_db - 1e-4


@pytest.mark.parametrize("bright", [1, 2])
def test_a_curve_out_of_reach_gets_the_best_there_is_less_a_tenth(bright: int) -> None:
    """Scipy's largest generalised eigenvalue less 0.1 dB, and the gap of the least effort for that."""
    target = random_target(4, Wanted(drivers=3, bright=bright, dark=9, gain_db=60.0))
    solution = power_ratio.solve(target)
    gain, _ = in_db(target, solution.weights)
    for f in range(3):
        A, B = target.bright_power[f], target.dark_power[f]
        best = scipy.linalg.eigh(A, B, eigvals_only=True)[-1]
        assert gain[f] == pytest.approx(10 * np.log10(best) - 0.1, abs=1e-6)
    assert (np.abs(solution.gap) < 1e-9).all()
