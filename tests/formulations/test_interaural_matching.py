"""Interaural matching against cvxpy, the 2x2 inverse, and its limits, over random sources."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.arrays import Complex
from designer.formulations import interaural_matching
from designer.formulations.interaural_matching import VirtualSource, within_limits

SEEDS = st.integers(0, 2**32 - 1)
COUNT = 3


def gaussian(rng: np.random.Generator, *shape: int) -> Complex:
    return np.asarray((rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / np.sqrt(2))


def random_source(seed: int, drivers: int = 3, **keys: Any) -> VirtualSource:
    """Ears that drivers reach nearly alike, so that limits bind."""
    rng = np.random.default_rng(seed)
    places, max_gain = 4, 1.3
    common = np.exp(1j * gaussian(rng, COUNT, 1, drivers).real)
    left, right = (common * (1 + 0.4 * gaussian(rng, COUNT, places, drivers)) for _ in range(2))
    ratio = 0.7 * np.exp(1j * rng.uniform(-2, 2, COUNT))[:, None, None]
    plain = np.zeros((COUNT, drivers), dtype=complex)
    plain[:, 0] = 1.0
    own = left[:, :, :1]
    values: dict[str, Any] = {
        "centre": left[:, 0] / own[:, 0],
        "interaural": (right - ratio * left) / (ratio * own),
        "tone": left / own,
        "phase_weight": rng.uniform(1, 4, COUNT),
        "cost": np.full((COUNT, drivers), 3e-3),
        "plain": plain,
        "hold": np.array([0.0, 0.01, 0.3]),
        "max_gain": np.full((COUNT, drivers), max_gain),
        "max_norm": np.full(COUNT, np.inf),
        "level_price": 0.5,
    }
    return VirtualSource(**{**values, **keys})


@pytest.mark.parametrize(
    ("seed", "keys"),
    [
        (1, {}),
        (2, {"level_price": np.inf}),
        (1, {"level_price": np.inf, "lowered": np.array([0.1, 0.5, 2.0])}),
        (2, {"max_norm": np.full(COUNT, 1.4)}),
        (1, {"max_gain": np.full((COUNT, 3), np.inf)}),
        (2, {"max_gain": np.full((COUNT, 3), 0.2)}),
    ],
    ids=["time", "level", "tone", "effort", "without limits", "plain too loud"],
)
def test_it_is_what_cvxpy_finds(seed: int, keys: dict[str, Any]) -> None:
    """The same value within 1e-6 of both, at every priority; the weights keep the limits that the file sets, level and all."""
    source = random_source(seed, **keys)
    w, level = interaural_matching.solve_linear(source)
    limited, share = within_limits(source)
    for f in range(COUNT):
        problem = interaural_matching.statement(limited, f)
        problem.solve(solver="CLARABEL", tol_gap_abs=1e-10, tol_gap_rel=1e-10, tol_feas=1e-10)
        reference = {variable.name(): variable.value for variable in problem.variables()}
        ours = interaural_matching.statement(limited, f)
        for variable in ours.variables():
            variable.value = w[f] / level[f] if variable.name() == "w" else max(share[f] / level[f] - 1, 0.0)
        assert ours.objective.value == pytest.approx(problem.value, rel=1e-6, abs=1e-6)
        np.testing.assert_allclose(w[f] / level[f], reference["w"], rtol=0, atol=2e-4)
        assert (np.abs(w[f]) <= source.max_gain[f] * (1 + 1e-6)).all()
        assert source.centre[f] @ w[f] == pytest.approx(level[f], abs=1e-9)


@given(SEEDS)
def test_two_drivers_without_limits_have_the_inverse(seed: int) -> None:
    """Two ears at one place and two drivers: the weights that give both ears their targets exactly, by the 2x2 inverse."""
    rng = np.random.default_rng(seed)
    H = np.eye(2) + 0.4 * gaussian(rng, COUNT, 2, 2)
    ratio = 0.7 * np.exp(1j * rng.uniform(-2, 2, COUNT))
    inverse = np.linalg.solve(H, np.stack([np.ones(COUNT), ratio], axis=1)[..., None])[..., 0]
    ears = {"centre": H[:, 0], "tone": H[:, :1], "interaural": (H[:, 1] / ratio[:, None] - H[:, 0])[:, None]}
    free = {"cost": np.zeros((COUNT, 2)), "hold": np.zeros(COUNT), "max_gain": np.full((COUNT, 2), np.inf)}
    w, level = interaural_matching.solve(random_source(seed, drivers=2, **ears, **free))
    np.testing.assert_allclose(w, inverse, rtol=1e-7, atol=1e-9)
    assert (level == 1).all()


@given(SEEDS)
def test_the_level_falls_only_where_a_driver_is_at_its_limit(seed: int) -> None:
    """Where the level is below 1 the loudest driver is at its limit; wider limits lower it less; none at all leaves it at 1."""
    source = random_source(seed)
    w, level = interaural_matching.solve(source)
    lowered = level < 1 - 1e-4
    np.testing.assert_allclose((np.abs(w) / source.max_gain).max(axis=1)[lowered], 1.0, rtol=1e-4)
    _, wider = interaural_matching.solve(replace(source, max_gain=2 * source.max_gain))
    assert (wider >= level - 1e-6).all()
    _, free = interaural_matching.solve(replace(source, max_gain=np.full((COUNT, 3), np.inf)))
    assert (free == 1).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_kept_level_is_paid_in_true_errors(seed: int) -> None:
    """With a gain of 0.7 a driver, the mean of ln² |z| and ψ arg² z with all prices, by plain sums: no larger than the linear program's."""
    source = random_source(seed, max_gain=np.full((COUNT, 3), 0.7), level_price=np.inf, hold=np.zeros(COUNT))
    values = []
    for solver in (interaural_matching.solve, interaural_matching.solve_linear):
        weights, level = solver(source)
        w, total = weights / level[:, None], np.zeros(COUNT)
        for f in range(COUNT):
            logs = [np.log(1 + g @ w[f]) for g in source.interaural[f]]
            tones = [(t @ w[f]).real - 1 for t in source.tone[f]]
            total[f] = np.mean([e.real**2 + source.phase_weight[f] * e.imag**2 for e in logs]) + np.mean(
                np.square(tones)
            )
            total[f] += np.sum(source.cost[f] * np.abs(w[f]) ** 2)
        values.append(total)
    assert (values[0] <= values[1] * (1 + 1e-9)).all()
    assert values[0].sum() < values[1].sum()
