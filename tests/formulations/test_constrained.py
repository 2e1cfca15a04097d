"""The constrained form against its cvxpy statement, and its answers against the limits one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Complex, Real
from designer.errors import SolverError
from designer.formulations import constrained
from designer.requirements.target import ChannelTarget
from designer.solvers import cones, constrained_cones, constrained_data
from designer.solvers.cone_program import ConeProgram
from designer.solvers.solution import Solution
from formulations.random_targets import Wanted, random_target
from formulations.reference import solved

seeds = st.integers(0, 2**32 - 1)
wants = st.builds(
    Wanted,
    frequencies=st.just(2),
    drivers=st.integers(2, 5),
    bright=st.integers(1, 3),
    dark=st.integers(1, 4),
    gain_db=st.sampled_from([None, 3.0, 10.0, 25.0]),
    masks_db=st.sampled_from([(), (-3.0,), (-20.0,), (-3.0, -10.0)]),
    ripple_db=st.sampled_from([None, 1.0, 3.0]),
    max_effort_db=st.sampled_from([None, 0.0, 6.0]),
    max_gain_db=st.sampled_from([None, -3.0, 3.0]),
    white_noise_loss_db=st.sampled_from([None, 3.0, 9.0]),
    deepest_nulls=st.booleans(),
    bounded_drivers=st.booleans(),
    spread=st.sampled_from([0.0, 0.0, 1e-3, 0.02]),
)
HARD = Wanted(
    frequencies=4,
    drivers=4,
    bright=3,
    gain_db=10.0,
    masks_db=(-3.0, -10.0),
    ripple_db=2.0,
    max_effort_db=2.0,
    max_gain_db=0.0,
    white_noise_loss_db=6.0,
)


def naive_violations(data: constrained_data.ConstrainedData, f: int, x: Real) -> Iterator[float]:
    """By how much x = [Re w, Im w, slacks] breaks each line of the statement, line by line."""
    size = data.centre.shape[1]
    w, slack = x[:size] + 1j * x[size : 2 * size], x[2 * size :]
    yield from -slack
    yield abs(sum(data.centre[f, l] * w[l] for l in range(size)) - 1)
    for i, (_, points, limit, expected) in enumerate(data.families):
        for m, h in enumerate(points[f]):
            spread = data.spreads[i][f, m] if data.spreads else np.zeros(size)
            alone = np.sqrt(sum((spread[l] * abs(w[l])) ** 2 for l in range(size)))
            aimed = expected if np.ndim(expected) == 0 else np.asarray(expected)[f, m]
            yield abs(sum(h[l] * w[l] for l in range(size)) - aimed) + alone - limit[f] * (1 + slack[i])
    for _, factor, limit in data.curves:
        rows = [abs(sum(row[l] * w[l] for l in range(size))) ** 2 for row in factor[f]]
        yield np.sqrt(sum(rows)) - limit[f] * (1 + slack[len(data.families)])
    norm = np.sqrt(sum(abs(w[l]) ** 2 for l in range(size)))
    yield from (abs(w[l]) - data.max_gain[f, l] for l in range(size))
    yield norm - data.max_norm[f]
    if data.white_noise is not None:
        heard = sum(data.white_noise[f, l] * w[l] for l in range(size)).real
        yield norm - heard - np.broadcast_to(data.white_noise_slack, data.max_norm.shape)[f]


@settings(max_examples=60)
@given(seed=seeds, wanted=wants, rise=st.floats(0.8, 1.25))
def test_values_are_those_of_the_cvxpy_statement(seed: int, wanted: Wanted, rise: float) -> None:
    """Requirements and limits of every kind, feasible or not: cvxpy's value within 1e-5, and no line broken by more than 1e-6."""
    target = random_target(seed, wanted)
    data = constrained_data.data_of(target, np.full(2, rise))
    if data.white_noise is not None:
        data = replace(data, white_noise_slack=constrained_cones.least_white_noise_slack(data))
    w, answer = constrained_cones.solve_data(data)
    np.testing.assert_array_equal(w, answer.x[:, : w.shape[1]] + 1j * answer.x[:, w.shape[1] : 2 * w.shape[1]])
    assert answer.primal[0] == pytest.approx(solved(constrained.statement(data, 0)), rel=1e-5)
    assert max(naive_violations(data, 0, answer.x[0])) < 1e-6


@settings(max_examples=50)
@given(seed=seeds, wanted=wants)
def test_every_answer_is_certified(seed: int, wanted: Wanted) -> None:
    """Violation and gap are tiny for every random problem, feasible or not."""
    solution = constrained.solve(random_target(seed, wanted))
    assert (solution.violation < 1e-7).all()
    assert (solution.gap < 1e-6).all()
    assert ((solution.level > 0) & (solution.level <= 1)).all()


def at_the_level(target: ChannelTarget, solution: Solution) -> Complex:
    """Weights with the plain driver's mean power at the bright points, lowered as the solution says."""
    power = np.mean(np.abs(np.einsum("fml,fl->fm", target.bright, solution.weights)) ** 2, axis=1)
    plain = np.mean(np.abs(np.einsum("fml,fl->fm", target.bright, target.plain)) ** 2, axis=1)
    return np.asarray(solution.weights * (solution.level * np.sqrt(plain / power))[:, None])


@settings(max_examples=40)
@given(seed=seeds, wanted=wants)
def test_hard_limits_always_hold(seed: int, wanted: Wanted) -> None:
    """Whatever is required: every |w| is within its driver's limit; effort and white-noise gain hold wherever the level is whole.

    One bright point, so that nothing is left to the second pass. The floor on the white-noise gain is feasible by
    3 dB or more, but not always together with the other limits.
    """
    target = random_target(seed, replace(wanted, bright=1))
    solution = constrained.solve(target)
    w = at_the_level(target, solution)
    assert (np.abs(w) <= target.max_gain * (1 + 1e-5)).all()
    f = seed % 2
    norm = np.sum(np.abs(w[f]) ** 2)
    spent = norm * max(abs(target.bright[f, 0]) ** 2) / abs(target.bright[f, 0] @ w[f]) ** 2
    if _hard_limits_hold_together(target, f):
        assert solution.level[f] == 1.0
        assert spent <= target.max_effort[f] * (1 + 1e-5)
        assert abs(target.look[f] @ w[f]) ** 2 / norm >= target.min_white_noise_gain * (1 - 1e-5)


def _hard_limits_hold_together(target: ChannelTarget, f: int) -> bool:
    """Whether cvxpy finds weights at full level that keep the hard limits alone, with a little to spare.

    The white-noise gain is held in the phase that the strongest driver has at its point, a little stricter than asked.
    """
    w, spare = cp.Variable(target.centre.shape[1], complex=True), cp.Variable()
    expected = target.plain_level[f]
    lines = [target.centre[f] @ w == expected, spare <= 1]
    lines += [cp.abs(w[l]) + spare <= limit for l, limit in enumerate(target.max_gain) if np.isfinite(limit)]
    if np.isfinite(target.max_effort[f]):
        lines.append(cp.norm(w) + spare <= np.sqrt(target.max_effort[f]) * expected / target.single_level[f])
    if target.min_white_noise_gain > 0:
        strongest = np.abs(target.centre[f]).argmax()
        phase = np.angle(target.look[f, strongest] / target.centre[f, strongest])
        heard = cp.real(np.exp(-1j * phase) * target.look[f] @ w)
        lines.append(np.sqrt(target.min_white_noise_gain) * cp.norm(w) + spare <= heard)
    return solved(cp.Problem(cp.Maximize(spare), lines)) > 1e-4


@settings(max_examples=40)
@given(seed=seeds, wanted=wants)
def test_the_level_is_lowered_only_where_hard_limits_collide(seed: int, wanted: Wanted) -> None:
    """No requirement, however far out of reach, lowers the level: it is the largest share of the wanted one that cvxpy finds allowed.

    Effort is relative to the level; a limit on it that nothing keeps at any level lowers no level.
    """
    target = random_target(seed, replace(wanted, bright=1, white_noise_loss_db=None))
    level, f = constrained.solve(target).level, seed % 2
    w, share = cp.Variable(target.centre.shape[1], complex=True), cp.Variable()
    wanted_level = target.plain_level[f]
    lines = [target.centre[f] @ w == wanted_level * share, share <= 1]
    lines += [cp.abs(w[l]) <= limit for l, limit in enumerate(target.max_gain) if np.isfinite(limit)]
    effort = max(
        np.sqrt(target.max_effort[f]) * wanted_level / target.single_level[f],
        wanted_level / np.linalg.norm(target.centre[f]) * (1 + 1e-6),
    )
    if np.isfinite(effort):
        lines.append(cp.norm(w) <= effort * share)
    assert level[f] == pytest.approx(solved(cp.Problem(cp.Maximize(share), lines)), rel=1e-4)


@settings(max_examples=30)
@given(seed=seeds, wanted=wants, loss_db=st.floats(-3.0, 6.0))
def test_the_white_noise_floor_gives_by_the_least_that_the_other_limits_need(
    seed: int, wanted: Wanted, loss_db: float
) -> None:
    """What cvxpy finds, also for a floor that no weights reach: the least t with ||w|| <= Re(h w) + t within gains and effort."""
    target = random_target(seed, replace(wanted, bright=1, white_noise_loss_db=loss_db))
    data = constrained_data.data_of(target, np.ones(2))
    actual = constrained_cones.least_white_noise_slack(data)
    assert data.white_noise is not None
    f = seed % 2
    w, slack = cp.Variable(data.centre.shape[1], complex=True), cp.Variable(nonneg=True)
    lines = [data.centre[f] @ w == 1, cp.norm(w) <= cp.real(data.white_noise[f] @ w) + slack]
    lines += [cp.abs(w[l]) <= limit for l, limit in enumerate(data.max_gain[f]) if np.isfinite(limit)]
    if np.isfinite(data.max_norm[f]):
        lines.append(cp.norm(w) <= data.max_norm[f])
    assert actual[f] == pytest.approx(solved(cp.Problem(cp.Minimize(slack), lines)), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("asked_db", [20.0, 40.0, 80.0])
def test_a_curve_far_out_of_reach_is_answered_at_full_level(asked_db: float) -> None:
    """Eight dark points and three drivers: the best ratio there is, at full level, whatever more is asked."""
    target = random_target(1, Wanted(gain_db=asked_db, dark=8))
    solution = constrained.solve(target)
    np.testing.assert_array_equal(solution.level, 1.0)
    gain = measures.cancellation_gain(target.bright, target.dark, solution.weights)
    best = [
        scipy.linalg.eigh(
            measures.mean_power_matrix(target.bright)[f], measures.mean_power_matrix(target.dark)[f], eigvals_only=True
        )[-1]
        for f in range(3)
    ]
    np.testing.assert_allclose(10 * np.log10(gain), 10 * np.log10(best), atol=0.02)


@pytest.mark.parametrize("loss_db", [1.0, 2.0])
def test_a_floor_of_white_noise_gain_is_kept_whatever_phase_its_point_has(loss_db: float) -> None:
    """1 dB and more below the largest there is, against a curve out of reach: kept at 60 frequencies, used up at some.

    The point's response resembles the centre's, in any phase, as a head's centre resembles an ear.
    """
    above_db = []
    for seed in range(20):
        target = random_target(seed, Wanted(drivers=4, dark=8, gain_db=30.0, white_noise_loss_db=loss_db))
        w = constrained.solve(target).weights
        for f in range(3):
            gain = abs(target.look[f] @ w[f]) ** 2 / np.sum(np.abs(w[f]) ** 2)
            above_db.append(10 * np.log10(gain / target.min_white_noise_gain))
    assert min(above_db) > -1e-4
    assert np.sum(np.array(above_db) < 0.1) >= 3


@pytest.mark.parametrize("bright", [3, 5])
def test_one_more_pass_meets_a_curve_over_a_cloud(bright: int) -> None:
    """12 dB of the cloud's mean powers with nothing in the way: where the curve binds it is met to 0.05 dB on average."""
    short_db = []
    for seed in range(20):
        target = random_target(seed, Wanted(drivers=4, bright=bright, dark=2, gain_db=12.0, masks_db=(40.0,)))
        w = constrained.solve(target).weights
        short_db += list(12.0 - measures.db(measures.cancellation_gain(target.bright, target.dark, w)))
    binding = np.array([short for short in short_db if short > -0.5])
    assert binding.size > 40
    assert np.abs(binding).mean() < 0.05
    assert binding.max() < 0.5


@pytest.mark.parametrize("bright", [2, 5])
def test_one_more_pass_meets_a_clouds_limits_within_a_tenth_of_a_decibel(bright: int) -> None:
    """Effort and driver gains refer to the cloud's mean power; over 10 random clouds they are kept to 0.1 dB."""
    for seed in range(10):
        target = random_target(seed, replace(HARD, bright=bright, masks_db=(), ripple_db=None))
        solution = constrained.solve(target)
        w = at_the_level(target, solution)
        full = solution.level == 1.0
        over = measures.db(measures.effort(target.bright, w) / target.max_effort)
        assert (over[full] < 0.1).all()
        assert (measures.amplitude_db(w / target.max_gain) < 0.1).all()


@pytest.mark.parametrize("ripple_db", [None, 2.0], ids=["in one solve", "in passes"])
def test_an_answer_without_a_certificate_is_refused(ripple_db: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that ends elsewhere than at the optimum is not believed: the message names design, frequency and remedy.

    The passes of a window solve some frequencies again, and what they leave counts: here the solver fails at one of all four, or at
    whatever it is given.
    """
    solve = cones.solve

    def poor(program: ConeProgram) -> cones.ConeSolution:
        answer = solve(program)
        gap = answer.gap.copy()
        gap[slice(None) if ripple_db else 1] = np.nan
        return replace(answer, gap=gap)

    monkeypatch.setattr(cones, "solve", poor)
    monkeypatch.setattr(constrained, "by_statement", lambda data, f: None)
    target = random_target(0, replace(HARD, bright=1, ripple_db=ripple_db, white_noise_loss_db=None))
    number, first = (4, int(target.frequency_hz[0])) if ripple_db else (1, 533)
    with pytest.raises(
        SolverError,
        match=rf'design "random": the cone solver stopped .* at {number} of 4 frequencies \(first at {first}\D.*; loosen',
    ):
        constrained.solve(target)
