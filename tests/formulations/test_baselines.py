"""The baselines: matrix mixing has the best real gains there are, delay-and-sum is in phase."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Real
from designer.formulations import delay_and_sum, matrix_mixing
from designer.targets.channel_target import ChannelTarget
from formulations.random_targets import Wanted, gaussian, random_target

seeds = st.integers(0, 2**32 - 1)


def band_powers(target: ChannelTarget, gains: Real) -> tuple[Real, Real, Real]:
    """Of gains (N, L): the band's mean power at the points to reach, γ times that at the points to cancel, and Σ g².

    Each frequency relative to its strongest driver; looped over frequencies and points.
    """
    reach, cancel = np.zeros(len(gains)), np.zeros(len(gains))
    assert target.gamma is not None
    for f in np.flatnonzero(target.in_band):
        strongest = max(np.mean(np.abs(target.reach[f, :, l]) ** 2) for l in range(gains.shape[1]))
        for h in target.reach[f]:
            reach += np.abs(gains @ h) ** 2 / len(target.reach[f]) / strongest
        for h in target.cancel[f]:
            cancel += target.gamma[f] * np.abs(gains @ h) ** 2 / len(target.cancel[f]) / strongest
    count = int(target.in_band.sum())
    return reach / count, cancel / count, np.sum(gains**2, axis=1)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, drivers=st.integers(2, 5), gain_db=st.floats(-6.0, 12.0), limit=st.sampled_from([None, 0.0, 6.0]))
def test_no_real_gains_do_better(seed: int, drivers: int, gain_db: float, limit: float | None) -> None:
    """4,000 random gains, half of them near the answer: none is more efficient at the ratio, or has a larger one within the effort.

    A compromise may stop 0.1 dB below the best ratio.
    """
    target = random_target(
        seed, Wanted(frequencies=4, drivers=drivers, reach=2, cancel=3, gain_db=gain_db, max_effort_db=limit)
    )
    target = replace(target, in_band=np.array([False, True, True, True]))
    w = matrix_mixing.solve(target).weights
    g = w[0].real
    rng = np.random.default_rng(seed)
    near = g / np.linalg.norm(g) + 10 ** rng.uniform(-4, 0, (2000, 1)) * rng.normal(size=(2000, drivers))
    tried = np.concatenate([rng.normal(size=(2000, drivers)), near])
    reach, cancel, cost = band_powers(target, tried)
    (own_reach,), (own_cancel,), (own_cost,) = band_powers(target, g[None])
    # The strongest single driver of the band's mean is the reference of effort.
    single = max(band_powers(target, np.eye(drivers))[0])
    most = np.inf if limit is None else 10 ** (limit / 10)
    fits = cost * single / reach <= most
    met = own_reach >= own_cancel * (1 - 1e-6)
    if met and own_cost * single / own_reach <= most * (1 + 1e-6):
        others = fits & (reach >= cancel)
        assert (reach / cost)[others].max(initial=0.0) <= own_reach / own_cost * (1 + 1e-6)
    else:
        assert (reach / cancel)[fits].max(initial=0.0) <= own_reach / own_cancel * 10**0.01001


def test_matrix_gains_are_real_and_the_same_at_all_frequencies() -> None:
    """The best gains, and those that are given, are real numbers, one a driver."""
    target = random_target(1, Wanted(frequencies=5, drivers=3, gain_db=3.0))
    for given_gains in (None, [0.5, -1.0, 0.25]):
        w = matrix_mixing.solve(target, given_gains).weights
        assert w.shape == (5, 3)
        np.testing.assert_array_equal(w.imag, 0.0)
        np.testing.assert_array_equal(w, np.tile(w[0], (5, 1)))
        if given_gains is not None:
            np.testing.assert_array_equal(w[0], given_gains)


def test_matrix_gains_look_only_at_the_band() -> None:
    """What the responses are outside the band changes nothing."""
    target = random_target(2, Wanted(frequencies=6, drivers=3, gain_db=3.0))
    target = replace(target, in_band=np.arange(6) < 4)
    noise = gaussian(np.random.default_rng(0), *target.cancel[4:].shape)
    other = replace(target, cancel=np.concatenate([target.cancel[:4], noise]))
    w, v = matrix_mixing.solve(target).weights, matrix_mixing.solve(other).weights
    np.testing.assert_array_equal(w, v)


@settings(max_examples=20, deadline=None)
@given(seed=seeds, drivers=st.integers(1, 6))
def test_delay_and_sum_is_in_phase(seed: int, drivers: int) -> None:
    """Every driver plays at 1/L and arrives in phase: |h w| is the mean of the |h_l|, the most that such weights can reach."""
    target = random_target(seed, Wanted(drivers=drivers, reach=3))
    w = delay_and_sum.solve(target).weights
    np.testing.assert_allclose(np.abs(w), 1 / drivers, rtol=1e-12)
    for f in range(len(w)):
        arriving = target.centre[f] * w[f]
        np.testing.assert_allclose(np.angle(arriving / arriving[0]), 0.0, atol=1e-12)
        assert abs(arriving.sum()) == pytest.approx(np.abs(target.centre[f]).mean(), rel=1e-12)


@pytest.mark.parametrize("drivers", [2, 3, 8])
def test_delay_and_sum_has_the_largest_white_noise_gain_in_the_far_field(drivers: int) -> None:
    """Where all |h_l| = 1 the white-noise gain is N, 10 log10 N dB, and Cauchy-Schwarz allows no more."""
    rng = np.random.default_rng(drivers)
    target = random_target(1, Wanted(drivers=drivers))
    far = np.exp(2j * np.pi * rng.random(target.centre.shape))
    w = delay_and_sum.solve(replace(target, centre=far)).weights
    np.testing.assert_allclose(measures.white_noise_gain(far, w, np.inf), drivers, rtol=1e-12)
