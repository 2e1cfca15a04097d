"""Maximum sensitivity: the matched filter where no ratio binds, the power ratio for one point, and one design of three ways.

North, An analysis of the factors which determine signal/noise discrimination (1943; Proc. IEEE 51, 1963): w ∝ P⁻¹ h^H has
the largest |h w|² / w^H P w there is, h P⁻¹ h^H. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860).
"""

from __future__ import annotations

from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
from formulations.random_targets import Wanted, random_target
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.formulations import max_sensitivity
from designer.requirements.channel_target import channel_target
from designer.solvers.ratio_search import most_efficient

seeds = st.integers(0, 2**32 - 1)
THREE_WAYS = """
title = "A woofer, two mid-ranges and two tweeters in a line"
sample_rate_hz = 48000
[[drivers]]
name = "woofer"
position_m = [0.0, 0.0, 0.0]
band_hz = [50.0, 800.0]
[[drivers]]
name = "mid one"
position_m = [0.0, -0.1, 0.0]
band_hz = [400.0, 3000.0]
[[drivers]]
name = "mid two"
position_m = [0.0, 0.1, 0.0]
band_hz = [400.0, 3000.0]
[[drivers]]
name = "tweeter one"
position_m = [0.0, -0.03, 0.0]
band_hz = [2000.0, 20000.0]
[[drivers]]
name = "tweeter two"
position_m = [0.0, 0.03, 0.0]
band_hz = [2000.0, 20000.0]
[listener]
position_m = [2.0, 0.0, 0.0]
head = "points"
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
band_hz = [150.0, 12000.0]
nulls_deg = [90.0]
cancellation_gain_db = [[150, -1], [500, 0], [1000, 6], [12000, 6]]
method = "max-sensitivity"
"""


@settings(max_examples=20)
@given(seed=seeds, drivers=st.integers(1, 6))
def test_the_matched_filter(seed: int, drivers: int) -> None:
    """With a ratio of -60 dB, met for free, the weights are P⁻¹ h^H up to a factor."""
    target = random_target(seed, Wanted(drivers=drivers, bright=1, dark=2, gain_db=-60.0, bounded_drivers=True))
    w = max_sensitivity.solve(target).weights
    matched = target.centre.conj() / target.cost
    along = np.abs(np.sum(w.conj() * matched, axis=1))
    np.testing.assert_allclose(along, np.linalg.norm(w, axis=1) * np.linalg.norm(matched, axis=1), rtol=1e-9)


@settings(max_examples=20)
@given(seed=seeds, drivers=st.integers(2, 6), dark=st.integers(1, 8), gain_db=st.floats(-10.0, 20.0))
def test_for_one_point_it_is_the_power_ratio(seed: int, drivers: int, dark: int, gain_db: float) -> None:
    """The same efficiency within 1e-6, by a search that shares nothing with the secular equation."""
    target = random_target(seed, Wanted(drivers=drivers, bright=1, dark=dark, gain_db=gain_db))
    A, B = target.bright_power, target.dark_power
    assert target.gamma is not None
    w, found = max_sensitivity.most_sensitive_weights(target.centre, A, B, target.cost, target.gamma)
    other = most_efficient(A, B, target.gamma)
    near = np.abs(np.linalg.eigvalsh(A - target.gamma[:, None, None] * B)[:, -1]) < 1e-9
    assert (found.feasible == other.feasible)[~near].all()
    heard = [np.abs(np.sum(target.centre * v, axis=1)) ** 2 / np.sum(np.abs(v) ** 2, axis=1) for v in (w, other.v)]
    np.testing.assert_allclose(heard[0][found.feasible & ~near], heard[1][found.feasible & ~near], rtol=1e-6)


@settings(max_examples=15)
@given(seed=seeds, drivers=st.integers(2, 5), bright=st.integers(1, 4), ask=st.floats(0.05, 0.95))
def test_value_of_the_relaxation(seed: int, drivers: int, bright: int, ask: float) -> None:
    """By SCS, which shares nothing with the search: the sensitivity within 1e-6."""
    target = random_target(seed, Wanted(frequencies=1, drivers=drivers, bright=bright, dark=drivers + 2))
    A, B, cost = target.bright_power, target.dark_power, np.random.default_rng(seed).uniform(0.3, 3.0, (1, drivers))
    largest = np.linalg.eigvals(np.linalg.solve(B[0], A[0])).real.max()
    w, found = max_sensitivity.most_sensitive_weights(target.centre, A, B, cost, np.array([ask * largest]))
    assert found.feasible[0]
    assert abs(found.gap[0]) < 1e-9
    problem = max_sensitivity.statement(target.centre[0], A[0], B[0], cost[0], ask * largest)
    value = problem.solve(solver=cp.SCS, eps_abs=1e-9, eps_rel=1e-9, max_iters=200_000)
    assert problem.status == "optimal"
    own = abs(target.centre[0] @ w[0]) ** 2 / float(cost[0] @ np.abs(w[0]) ** 2)
    assert own == pytest.approx(float(value), rel=1e-6)


def test_three_ways_share_one_design() -> None:
    """Each way carries its own band and is 20 dB down an octave and more outside it; the ratio is met at every frequency."""
    problem = designer.loads(THREE_WAYS)
    scene = designer.scene(problem)
    target = channel_target(problem.designs[0], scene)
    band = target.at(target.in_band)
    solution = max_sensitivity.solve(band)
    f, w = band.frequency_hz, np.abs(solution.weights)
    share = 20 * np.log10(w / w.max(axis=1)[:, None])
    woofer, mid, tweeter = share[:, 0], share[:, 1:3].max(axis=1), share[:, 3:].max(axis=1)
    assert (woofer[f < 200] > -1e-9).all()
    assert (woofer[f > 1600] < -20).all()
    assert (mid[(f > 1600) & (f < 1900)] > -1e-9).all()
    assert (mid[f > 6000] < -20).all()
    assert (tweeter[f > 6000] > -1e-9).all()
    assert (tweeter[f < 1000] < -20).all()
    assert band.gamma is not None
    front, side = (
        np.mean(np.abs(np.einsum("fml,fl->fm", H, solution.weights)) ** 2, axis=1) for H in (band.bright, band.dark)
    )
    assert (front >= band.gamma * side * (1 - 1e-9)).all()
    assert (np.abs(solution.gap) < 1e-6).all()


def test_the_penalty_is_what_parts_the_ways() -> None:
    """Without it the woofer plays on above its band."""
    problem = designer.loads(THREE_WAYS)
    target = channel_target(problem.designs[0], designer.scene(problem))
    band = target.at(target.in_band)
    w = np.abs(max_sensitivity.solve(replace(band, cost=np.ones_like(band.cost))).weights)
    above = band.frequency_hz > 1600
    assert (20 * np.log10(w[above, 0] / w[above].max(axis=1)) > -20).any()
