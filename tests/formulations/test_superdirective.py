"""The superdirective form against its cvxpy statement, against random weights, and at its two ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex
from designer.formulations import superdirective
from designer.requirements.target import ChannelTarget
from formulations.random_targets import Wanted, gaussian, random_target
from formulations.reference import solved

seeds = st.integers(0, 2**32 - 1)


def beam(seed: int, drivers: int, loss_db: float | None, points: int = 8) -> tuple[ChannelTarget, Complex, float]:
    """A target with a sphere of `points`; Q of its first frequency, and the floor `loss_db` below drivers in phase."""
    target = random_target(seed, Wanted(frequencies=2, drivers=drivers))
    around = gaussian(np.random.default_rng(seed), 2, points, drivers)
    Q = np.stack([sum(np.outer(h.conj(), h) for h in each) / points for each in around])
    floor = 0.0
    if loss_db is not None:
        floor = float((np.abs(target.centre) ** 2).sum(axis=1).min()) * 10 ** (-loss_db / 10)
    return replace(target, diffuse=Q, min_white_noise_gain=floor), Q[0], floor


def power(Q: Complex, w: Complex) -> float:
    return float((w.conj() @ Q @ w).real)


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(2, 6), loss_db=st.sampled_from([None, 0.1, 3.0, 10.0]))
def test_the_power_is_that_of_the_cvxpy_statement(seed: int, drivers: int, loss_db: float | None) -> None:
    """The least w^H Q w at h w = 1 above the floor, within 1e-5; the floor holds."""
    target, Q, floor = beam(seed, drivers, loss_db)
    solution = superdirective.solve(target)
    w = solution.weights[0] / (target.centre[0] @ solution.weights[0])
    assert 1 / np.sum(np.abs(w) ** 2) >= floor * (1 - 1e-9)
    assert power(Q, w) == pytest.approx(solved(superdirective.statement(target.centre[0], Q, floor)), rel=1e-5)
    assert (np.abs(solution.gap) < 1e-9).all()
    assert (solution.violation == 0.0).all()


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(2, 6), points=st.integers(1, 8), loss_db=st.floats(0.0, 10.0))
def test_no_random_weights_above_the_floor_radiate_less(seed: int, drivers: int, points: int, loss_db: float) -> None:
    """2,000 vectors, half of them near the answer; the power may be of rank one."""
    target, Q, floor = beam(seed, drivers, loss_db, points)
    h, w = target.centre[0], superdirective.solve(target).weights[:1]
    rng = np.random.default_rng(seed)
    near = w / np.linalg.norm(w) + 10 ** rng.uniform(-4, 0, (1000, 1)) * gaussian(rng, 1000, drivers)
    tried = np.concatenate([w, gaussian(rng, 1000, drivers), near])
    tried = tried / (tried @ h)[:, None]
    radiated = np.einsum("ni,ij,nj->n", tried.conj(), Q, tried).real
    above = 1 / np.sum(np.abs(tried) ** 2, axis=1) >= floor
    scale = np.trace(Q).real / np.sum(np.abs(h) ** 2)
    assert radiated[above].min(initial=np.inf) >= radiated[0] * (1 - 1e-9) - 1e-9 * scale


def test_a_floor_that_no_weights_reach_leaves_them_in_phase() -> None:
    """3 dB above drivers in phase: w ∝ conj(h), and the violation is the missing factor of 2, less 1."""
    target, _, _ = beam(3, 4, -10 * np.log10(2))
    target = target.at(np.array([np.sum(np.abs(target.centre) ** 2, axis=1).argmin()]))
    solution = superdirective.solve(target)
    w, h = solution.weights[0], target.centre[0]
    np.testing.assert_allclose(w / w[0], h.conj() / h[0].conj(), rtol=1e-9)
    assert solution.violation[0] == pytest.approx(1.0, rel=1e-9)


def test_spread_of_the_drivers_is_a_loading() -> None:
    """Errors of variance ε² of every driver add ε² Q_ll |w_l|² to the mean power: 2,000 random errors agree to 5 %."""
    target, Q, _ = beam(5, 4, None)
    w = superdirective.solve(replace(target, spread=0.1)).weights[0]
    loaded = Q + 0.1 * np.diag(np.diagonal(Q))
    expected = np.linalg.solve(loaded, target.centre[0].conj())
    np.testing.assert_allclose(w / w[0], expected / expected[0], rtol=1e-6)
    rng = np.random.default_rng(0)
    errors = 1 + np.sqrt(0.1) * gaussian(rng, 2000, 4)
    mean = np.mean([power(Q, w * error) for error in errors])
    assert mean == pytest.approx(power(loaded, w), rel=0.05)


def test_without_a_sphere_the_quiet_points_take_its_place() -> None:
    """The same weights as with Q the mean over these points."""
    target = random_target(2, Wanted(frequencies=2, drivers=3, dark=5))
    Q = np.stack([sum(np.outer(h.conj(), h) for h in points) / len(points) for points in target.quiet])
    one, other = (superdirective.solve(t).weights for t in (target, replace(target, diffuse=Q)))
    np.testing.assert_allclose(one, other, rtol=1e-9)
