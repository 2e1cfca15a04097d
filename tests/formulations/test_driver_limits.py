"""A limit on single drivers: the same objective, weights that move continuously from where it binds, and what cvxpy finds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from designs.small_problems import limited, load, speaker

import designer
from designer.formulations import constrained, power_ratio
from designer.measures import amplitude_db, db, effort, mean_power, white_noise_gain
from designer.requirements.slacks import expected_gain
from designer.requirements.target import ChannelTarget
from formulations.random_targets import Wanted, random_target


def target_of(seed: int, **wanted: Any) -> ChannelTarget:
    return random_target(seed, replace(Wanted(drivers=4, dark=3, frequencies=3, gain_db=9.0), **wanted))


def at_level(target: ChannelTarget, w: np.ndarray) -> np.ndarray:
    """Weights at the plain driver's level."""
    return w * (target.plain_level / np.sqrt(mean_power(target.bright, w)))[:, None]


def tightened(target: ChannelTarget, w: np.ndarray, lower_db: float) -> ChannelTarget:
    """Every driver limited to its own largest gain, the loudest one to so many dB less."""
    gains = np.abs(at_level(target, w)).max(axis=0)
    loudest = int(gains.argmax())
    limits = np.full(gains.size, np.inf)
    limits[loudest] = gains[loudest] * 10 ** (-lower_db / 20)
    return replace(target, max_gain=limits)


@pytest.mark.parametrize("seed", range(5))
def test_least_effort_within_the_limits_is_what_cvxpy_finds(seed: int) -> None:
    """One bright point: the norm of the weights is minimised with the level, the curve and the drivers' limits as cones."""
    target = target_of(seed)
    assert target.bright.shape[1] == 1
    target = tightened(target, power_ratio.solve(target).weights, 1.5)
    assert power_ratio.broken(target, power_ratio.solve(replace(target, max_gain=np.full(4, np.inf))).weights).any()
    w = at_level(target, power_ratio.solve(target).weights)
    level, gamma = target.plain_level, np.asarray(target.gamma)
    compared = 0
    for f in range(3):
        x = cp.Variable(4, complex=True)
        rows = target.dark[f] / np.sqrt(target.dark.shape[1])
        costly = cp.multiply(np.sqrt(target.cost[f]), x)
        limits: list[Any] = [
            target.bright[f, 0] @ x == level[f],
            cp.norm(rows @ x) <= level[f] / np.sqrt(gamma[f]),
            cp.abs(x) <= np.minimum(target.max_gain, 1e3),
        ]
        value = cp.Problem(cp.Minimize(cp.norm(costly)), limits).solve(solver=cp.CLARABEL)
        if np.isfinite(value):
            compared += 1
            assert np.linalg.norm(np.sqrt(target.cost[f]) * w[f]) == pytest.approx(value, rel=1e-4)
            assert (np.abs(w[f]) <= target.max_gain * (1 + 1e-5)).all()
            assert db(expected_gain(target, w))[f] >= db(gamma)[f] - 1e-3
    assert compared


def test_passes_that_are_ended_early_are_certified_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """One pass of the several that a cloud takes: within the drivers' limits and the curve, with a certificate."""
    target = target_of(0, bright=4, gain_db=6.0)
    free = power_ratio.solve(target).weights
    limited = tightened(target, free, 3.0)
    monkeypatch.setattr(power_ratio, "MOST_PASSES", 1)
    early = power_ratio.within(limited, free)
    assert (early.violation < 1e-6).all() and (early.gap < 1e-5).all()
    assert np.abs(early.weights - free).max() > 1e-3


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("bright", [1, 4])
def test_the_statement_has_the_same_value(seed: int, bright: int) -> None:
    """The data about some weights, by the conic engine and by the cvxpy statement that shares nothing of its conic form."""
    target = target_of(seed, bright=bright)
    free = power_ratio.solve(target).weights
    target = tightened(target, free, 2.0)
    data = power_ratio.data_about(target, free)
    solution = power_ratio.within(replace(target), free)
    assert (solution.gap < 1e-5).all() and (solution.violation < 1e-6).all()
    from designer.formulations.constrained import certified

    w, answer, _ = certified(data)
    for f in range(3):
        problem = constrained.statement(data, f)
        assert problem.solve(solver=cp.CLARABEL) == pytest.approx(answer.primal[f], rel=1e-5, abs=1e-6)
    assert (np.abs(np.einsum("fl,fl->f", data.centre, w) - 1) < 1e-8).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "wanted", [{}, {"bright": 4}, {"bright": 4, "spread": 0.003}], ids=["point", "cloud", "cloud and spread"]
)
def test_weights_move_continuously_from_where_a_limit_binds(seed: int, wanted: dict[str, Any]) -> None:
    """Tightened by 0.001, 0.01 and 0.1 dB beyond where it binds, the loudest driver moves the weights by as little; effort never falls."""
    spread = wanted.get("spread", 0.0)
    target = replace(target_of(seed, **{key: value for key, value in wanted.items() if key != "spread"}), spread=spread)
    free = power_ratio.solve(target).weights
    start, spent = at_level(target, free), effort(target.bright, free)
    for lower_db in (0.001, 0.01, 0.1):
        bound = tightened(target, free, lower_db)
        w = at_level(bound, power_ratio.solve(bound).weights)
        phase = np.einsum("fl,fl->f", w.conj(), start)
        moved = w * (phase / np.abs(phase))[:, None] - start
        assert np.abs(moved).max() < 40 * lower_db / 8.7 * np.abs(start).max() + 2e-4
        dearer = db(effort(target.bright, w)) - db(spent)
        assert (dearer > -1e-3).all() and (dearer < 10 * lower_db + 1e-3).all()


def test_a_floor_of_white_noise_gain_starts_where_it_binds() -> None:
    """Raised just above what the weights have, it moves them by as little."""
    target = target_of(1, bright=4)
    free = power_ratio.solve(target).weights
    least = white_noise_gain(target.look, free, target.look_distance_m).min()
    for higher_db in (0.01, 0.5):
        floor = replace(target, min_white_noise_gain=float(least * 10 ** (higher_db / 10)))
        w = power_ratio.solve(floor).weights
        remaining = white_noise_gain(target.look, w, target.look_distance_m)
        assert (db(remaining) >= db(np.array(floor.min_white_noise_gain)) - 1e-3).all()
        phase = np.einsum("fl,fl->f", w.conj(), free)
        moved = at_level(target, w) * (phase / np.abs(phase))[:, None] - at_level(target, free)
        assert np.abs(moved).max() < 2 * higher_db * np.abs(at_level(target, free)).max() + 1e-3


def test_a_limit_that_binds_by_little_changes_a_design_by_little() -> None:
    """A whole design over a cloud: one driver's limit 0.05 dB below its loudest changes no weight by 1 %, nor the method."""
    free = designer.design(load(speaker()))
    inside = (free.frequency_hz >= 500) & (free.frequency_hz <= 4000)
    loudest_db = amplitude_db(np.abs(free.weights["left"][inside])).max(axis=0)
    driver = int(loudest_db.argmax())
    bound = designer.design(load(limited(speaker(), driver, max_gain_db=float(loudest_db[driver]) - 0.05)))
    assert bound.channels["left"].method == free.channels["left"].method == "power-ratio"
    assert bound.status == 0
    change = np.abs(bound.weights["left"] - free.weights["left"]).max()
    assert 0 < change < 0.01 * np.abs(free.weights["left"]).max()
