"""Passes that free the window's phase are made by themselves; what no weights reach is said by a bound alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from designs.small_problems import line, load, small

import designer
from designer.formulations import constrained
from designer.formulations.constrained import statement
from designer.requirements.slacks import slacks_db
from designer.requirements.target import ChannelTarget, Window
from designer.solvers.constrained_data import data_of
from formulations.random_targets import Wanted, random_target


def windowed(seed: int, **wanted: Any) -> ChannelTarget:
    value = Wanted(frequencies=3, drivers=4, masks_db=(-6.0,), ripple_db=1.0)
    return random_target(seed, replace(value, **wanted))


def speaker_beam(**keys: Any) -> dict[str, Any]:
    """Three caps on a sphere of 8.75 cm, a window of +/-60 degrees within 3 dB, and nulls at +/-120 degrees."""
    requirements: dict[str, Any] = {
        "name": "centre",
        "kind": "beamformer",
        "look_deg": 0.0,
        "window_deg": [-60.0, 60.0],
        "nulls_deg": [-120.0, 120.0],
        "band_hz": [250.0, 3000.0],
        "cancellation_gain_db": [[250, 8]],
        **keys,
    }
    places = {"left": [0.0, -0.0875, 0.0], "front": [0.0875, 0.0, 0.0], "right": [0.0, 0.0875, 0.0]}
    problem = small(
        places, {"position_m": [2.0, 0.0, 0.0]}, requirements, enclosure={"model": "sphere", "radius_m": 0.0875}
    )
    for driver in problem["drivers"]:
        driver["radius_m"] = 0.025
    problem["grid"] = {"frequencies": 33, "azimuth_step_deg": 10.0}
    return problem


def test_a_window_that_is_within_reach_is_not_called_infeasible(monkeypatch: pytest.MonkeyPatch) -> None:
    """The convex form alone misses 9 dB; the passes meet the window whole, judged by levels in a loop."""
    result = designer.design(load(speaker_beam()))
    assert result.status == 0
    scene = designer.scene(result.problem)
    axis = int(np.flatnonzero(scene.azimuth_deg == 0)[0])
    for f in np.flatnonzero((scene.frequency_hz >= 250) & (scene.frequency_hz <= 3000)):
        on_axis = abs(scene.circle()[f, axis] @ result.weights["centre"][f])
        for azimuth in range(-60, 61, 10):
            at = int(np.flatnonzero(scene.azimuth_deg == azimuth)[0])
            level = abs(scene.circle()[f, at] @ result.weights["centre"][f]) / on_axis
            assert abs(level - 1) < (1 - 10 ** (-3 / 20)) * 1.012  # 0.1 dB of the ripple
    monkeypatch.setattr(constrained, "MOST_PHASE_PASSES", 0)
    alone = designer.design(load(speaker_beam()))
    assert alone.status == 4
    assert "no weights of these drivers" not in alone.channels["centre"].verdict.sentence
    assert "no weights that reach it were found" in alone.channels["centre"].verdict.sentence


@pytest.mark.parametrize("seed", range(2))
def test_the_statement_makes_the_same_passes(seed: int) -> None:
    """cvxpy, pass by pass from its own answers, ends with the value of the conic engine's."""
    target = windowed(seed).at(np.array([0]))
    assert target.window is not None
    opposite = replace(target.window, points=target.window.points * np.exp(2.1j))
    target = replace(target, window=replace(opposite, phase_passes=4))
    data = data_of(target, np.ones(1))
    for number in range(5):
        problem = statement(data, 0)
        value = problem.solve(solver=cp.CLARABEL)
        w = np.asarray({v.name(): v.value for v in problem.variables()}["w"])[None]
        if number < 4:
            data = constrained.with_free_phase(data, w)
    monkey = constrained.MOST_PHASE_PASSES
    try:
        constrained.MOST_PHASE_PASSES = 4
        solution = constrained.solve(target)
    finally:
        constrained.MOST_PHASE_PASSES = monkey
    assert solution.value[0] == pytest.approx(value, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_out_of_reach_no_weights_meet(seed: int) -> None:
    """Weights that meet a window by construction are never declared impossible; a window twice as loud as a mask at its own point is."""
    target = windowed(seed, masks_db=())
    assert target.window is not None
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
    axis = np.einsum("fl,fl->f", target.centre, w)
    points = rng.normal(size=(3, 2, 4)) + 1j * rng.normal(size=(3, 2, 4))
    level = np.einsum("fml,fl->fm", points, w)
    points *= (np.abs(axis)[:, None] / np.abs(level))[..., None]  # their level is that on axis, in any phase
    met = replace(target, window=Window("window", points, 0.1, np.array([-10.0, 10.0])))
    assert max(slack.max() for slack in slacks_db(met, w).values()) < 1e-9
    assert not constrained.out_of_reach(met).any()
    assert max(slack.max() for slack in slacks_db(met, constrained.solve(met).weights).values()) >= 0
    from designer.requirements.target import Mask

    quiet = Mask("mask[0]", target.centre[:, None], np.full(3, 0.5), np.array([0.0]))  # -6 dB on axis itself
    assert constrained.out_of_reach(replace(met, masks=(quiet,))).all()


def test_no_weights_is_said_where_a_bound_covers_them_all() -> None:
    """A mask on the axis itself, 0 dB by definition: no weights; and a curve above the closed form's largest ratio."""
    masked = designer.design(load(line(mask=[{"azimuth_deg": [-15.0, 15.0], "max_db": -6.0}])))
    assert "no weights of these drivers reach it" in masked.channels["centre"].verdict.sentence
    assert masked.channels["centre"].slack_db.max() == pytest.approx(6.0, abs=0.01)


def test_the_passes_of_the_file_are_the_fewest() -> None:
    """A window that holds at once is freed only where the file asks for it; its quiet power then falls, as the passes promise."""
    target = windowed(1, masks_db=(), ripple_db=6.0)
    assert target.window is not None
    required = constrained.solve(replace(target, window=replace(target.window, phase_passes=3)))
    alone = constrained.solve(target)
    assert (required.value <= alone.value + 1e-6).all()
    assert (required.value < alone.value - 1e-4).any()


def test_no_pass_is_made_where_nothing_is_called_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside the band a window is not judged: a target that misses it there is solved once, one that misses it in the band again."""
    solved: list[int] = []
    certified = constrained.certified

    def counted(data: Any) -> Any:
        solved.append(len(data.centre))
        return certified(data)

    monkeypatch.setattr(constrained, "certified", counted)
    target = replace(windowed(0, ripple_db=0.2), in_band=np.ones(3, dtype=bool))
    constrained.solve(target)
    assert len(solved) > 1
    solved.clear()
    constrained.solve(replace(target, in_band=np.zeros(3, dtype=bool)))
    assert solved == [3]
