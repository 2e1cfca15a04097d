"""Minimax against its cvxpy statement, against random weights, and within its limits."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Complex
from designer.errors import SolverError
from designer.formulations import constrained, minimax
from designer.solvers import cones, constrained_data
from designer.solvers.cone_program import ConeProgram
from designer.solvers.constrained_data import ConstrainedData
from formulations.random_targets import Wanted, gaussian, random_target
from formulations.reference import solved
from formulations.test_registry import CASES

seeds = st.integers(0, 2**32 - 1)
wants = st.builds(
    Wanted,
    frequencies=st.just(2),
    drivers=st.integers(2, 5),
    bright=st.integers(1, 3),
    dark=st.integers(1, 6),
    gain_db=st.sampled_from([None, 3.0, 20.0]),
    masks_db=st.sampled_from([(), (-3.0,), (-3.0, -20.0)]),
    ripple_db=st.sampled_from([None, 1.0, 3.0]),
    max_effort_db=st.sampled_from([None, 0.0, 6.0]),
    max_gain_db=st.sampled_from([None, -3.0, 3.0]),
    white_noise_loss_db=st.sampled_from([None, 3.0, 9.0]),
    bounded_drivers=st.booleans(),
)


@settings(max_examples=40)
@given(seed=seeds, wanted=wants, rise=st.floats(0.8, 1.25), spread=st.sampled_from([0.0, 0.01]))
def test_values_are_those_of_the_cvxpy_statement(seed: int, wanted: Wanted, rise: float, spread: float) -> None:
    """Requirements, limits and spread of every kind, feasible or not: cvxpy's value within 1e-5, violation and gap below 1e-6."""
    data = minimax.data_of(replace(random_target(seed, wanted), spread=spread), np.full(2, rise))
    _, answer = minimax.solve_data(data)
    assert (answer.violation < 1e-6).all()
    assert (answer.gap < 1e-6).all()
    assert answer.primal[0] == pytest.approx(solved(minimax.statement(data, 0)), rel=1e-5, abs=1e-6)


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(2, 5), dark=st.integers(1, 8), limit_db=st.sampled_from([None, 0.0, 3.0]))
def test_no_random_weights_have_lower_sidelobes(seed: int, drivers: int, dark: int, limit_db: float | None) -> None:
    """2,000 vectors within the effort, half of them near the answer: none has a smaller largest sidelobe, down to -60 dB."""
    target = random_target(seed, Wanted(frequencies=1, drivers=drivers, dark=dark, max_effort_db=limit_db))
    w = minimax.solve(target).weights
    rng = np.random.default_rng(seed)
    near = w / np.linalg.norm(w) + 10 ** rng.uniform(-5, 0, (1000, 1)) * gaussian(rng, 1000, drivers)
    tried = np.concatenate([w, gaussian(rng, 1000, drivers), near])
    tried = tried / (tried @ target.centre[0])[:, None]
    worst = np.abs(tried @ target.dark[0].T).max(axis=1)
    spent = np.sum(np.abs(tried) ** 2, axis=1) * np.max(np.abs(target.centre[0]) ** 2)
    most = np.inf if limit_db is None else 10 ** (limit_db / 10)
    assert spent[0] <= most * (1 + 1e-6)
    lowest = np.maximum(worst[spent <= most].min(initial=np.inf), 1e-3)  # -60 dB is low enough
    assert worst[0] <= lowest + 1e-6 * spent[0] + 1e-6  # a sidelobe of -100 dB may be let be for 10 dB of effort


@settings(max_examples=25)
@given(seed=seeds, wanted=wants)
def test_hard_limits_always_hold(seed: int, wanted: Wanted) -> None:
    """Effort and driver gains at the level that the solution says; a white-noise gain that drivers in phase could have."""
    wanted = replace(wanted, bright=1)
    target = random_target(seed, wanted)
    solution = minimax.solve(target)
    power = np.abs(np.einsum("fl,fl->f", target.centre, solution.weights))
    w = solution.weights * (solution.level * target.plain_level / power)[:, None]
    assert (np.abs(w) <= target.max_gain * (1 + 1e-5)).all()
    least = np.max(np.abs(target.centre) ** 2, axis=1) / np.sum(np.abs(target.centre) ** 2, axis=1)
    required = np.maximum(target.max_effort, least)  # below that no weights spend
    assert (measures.effort(target.bright, w) <= required * (1 + 1e-5)).all()


def test_masks_give_way_together() -> None:
    """Three lines at -40, -46 and -60 dB that cannot be met: each is missed by the same dB at its worst point, by the least that can be."""
    for seed in range(5):
        target = random_target(seed, Wanted(drivers=3, masks_db=(-40.0, -46.0, -60.0)))
        w = minimax.solve(target).weights
        on_axis = np.abs(np.einsum("fl,fl->f", target.centre, w))[:, None]
        missed = np.array(
            [
                20 * np.log10(np.abs(np.einsum("fml,fl->fm", m.points, w)) / on_axis / m.limit[:, None]).max(axis=1)
                for m in target.masks
            ]
        )
        at_their_worst = np.sort(missed, axis=0)
        np.testing.assert_allclose(at_their_worst[-2], at_their_worst[-1], atol=0.01)
        assert (at_their_worst[-1] > 3).all()


def test_a_window_is_kept_before_the_sidelobes_are_lowered() -> None:
    """With a window of 1 dB the deviation inside it stays below 1 - 10^(-1/20), and the sidelobes are the higher for it."""
    dearer = []
    for seed in range(5):
        target = random_target(seed, Wanted(drivers=6, masks_db=(-30.0, -30.0, -30.0), ripple_db=0.5))
        assert target.window is not None
        levels = []
        for each in (target, replace(target, window=None)):
            w = minimax.solve(each).weights
            w = w / np.einsum("fl,fl->f", target.centre, w)[:, None]
            levels.append(np.max([np.abs(np.einsum("fml,fl->fm", m.points, w)) for m in target.masks], axis=(0, 2)))
            if each.window is not None:
                deviation = np.abs(np.einsum("fml,fl->fm", each.window.points, w) - 1)
                assert (deviation <= (1 - 10 ** (-0.5 / 20)) * (1 + 1e-6)).all()
        assert (levels[0] >= levels[1] * (1 - 1e-5)).all()
        dearer.extend(levels[0] / levels[1])
    assert np.median(dearer) > 1.05


@pytest.mark.parametrize("spread", [0.0, 0.01])
@pytest.mark.parametrize("seed", range(2))
def test_a_frequency_whose_solver_stops_early_is_solved_by_the_reference_and_marked(
    seed: int, spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cvxpy's answer, certified by the cone program's own dual, has the fast path's value; the other frequencies are untouched."""
    monkeypatch.setattr(constrained, "MOST_PHASE_PASSES", 0)  # a pass over some frequencies counts them otherwise
    reference = Wanted(
        drivers=4, bright=1 + seed % 2, gain_db=20.0, masks_db=(-3.0, -20.0), ripple_db=1.0, max_effort_db=6.0
    )
    target = replace(random_target(seed, reference), spread=spread)
    expected = minimax.solve(target)
    assert not expected.by_reference.any()
    fast = minimax.solve_data

    def stopping(data: ConstrainedData) -> tuple[np.ndarray, cones.ConeSolution]:
        w, answer = fast(data)
        for array in (w, answer.x, answer.violation, answer.primal, answer.dual, answer.gap):
            array[1] = np.nan
        return w, answer

    monkeypatch.setattr(minimax, "solve_data", stopping)
    actual = minimax.solve(target)
    assert actual.by_reference.tolist() == [False, True, False]
    assert (actual.gap < 1e-6).all() and (actual.violation < 1e-6).all()
    np.testing.assert_allclose(actual.value[1], expected.value[1], rtol=1e-5, atol=1e-7)
    np.testing.assert_array_equal(actual.weights[[0, 2]], expected.weights[[0, 2]])


OWN = ("infeasible within its effort", "a driver that radiates nothing", "nulls as deep as the rest allows",
       "a pair at 20 Hz whose drivers spread")  # fmt: skip
"""Cases in which minimax's objective says something else than the constrained form's; its constraints are the same."""
OF_GOOD_NUMBERS = (
    "every requirement and limit",
    "one frequency",
    "0 Hz",
    "drivers outside their bands",
    "drivers that spread",
)
"""Cases that are like one of the others at one frequency, or of whose kind frequencies are whose solver stops early."""
BAD = [case for case in CASES if case not in OF_GOOD_NUMBERS]


@pytest.mark.parametrize(("form", "case"), [*((constrained, case) for case in BAD), *((minimax, case) for case in OWN)])
def test_the_reference_answers_bad_numbers(form: ModuleType, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Identical and silent drivers, 0 Hz, one driver, what cannot be met: with no fast path at all every answer is certified."""
    target = CASES[case]()
    target = target.at(np.arange(target.frequency_hz.size)[-1:])
    fast = form.solve_data

    def stopped(data: constrained_data.ConstrainedData) -> tuple[Complex, cones.ConeSolution]:
        w, answer = fast(data)
        return w, replace(answer, gap=np.full(len(w), np.nan))

    monkeypatch.setattr(form, "solve_data", stopped)
    actual = form.solve(target)
    assert actual.by_reference.all()
    assert np.isfinite(actual.weights).all()
    assert (actual.gap < 1e-5).all()
    assert (actual.violation < 1e-6).all()


def test_a_solver_that_stops_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the certificate confirms no answer the message says how often, where first, and what to do."""

    def stopped(program: ConeProgram) -> cones.ConeSolution:
        count, rows, n = program.A.shape
        return cones.certify(program, np.zeros((count, n)), np.zeros((count, rows)))

    monkeypatch.setattr(cones, "solve", stopped)
    monkeypatch.setattr(minimax, "by_statement", lambda data, f: None)
    message = (
        r'^design "random": the cone solver stopped without a certified answer at 3 of 3 frequencies \(first at 500,'
    )
    with pytest.raises(SolverError, match=message):
        minimax.solve(random_target(1, Wanted()))
