"""What makes the constrained form fast, robust or free changes nothing that it says: halves, repeats, the reference, passes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.formulations import constrained
from designer.solvers import cones, constrained_cones
from designer.solvers.constrained_data import ConstrainedData, data_of, without_repeats
from designer.solvers.mirror_symmetry import find_mirror
from formulations.random_targets import Wanted, gaussian, random_target, two_sided
from formulations.reference import solved
from formulations.test_constrained import naive_violations

seeds = st.integers(0, 2**32 - 1)
BEAM = Wanted(
    frequencies=2, drivers=5, gain_db=10.0, masks_db=(-6.0,), ripple_db=2.0, max_effort_db=6.0, max_gain_db=3.0
)
beams = st.builds(
    lambda beam, drivers, gain_db, ripple_db, spread: replace(
        beam, drivers=drivers, gain_db=gain_db, ripple_db=ripple_db, spread=spread
    ),
    st.just(BEAM),
    st.integers(2, 6),
    st.sampled_from([None, 6.0, 20.0]),
    st.sampled_from([None, 1.0, 3.0]),
    st.sampled_from([0.0, 0.01]),
)


@settings(max_examples=40)
@given(seed=seeds, wanted=beams)
def test_half_of_a_mirror_symmetric_problem_answers_the_whole(seed: int, wanted: Wanted) -> None:
    """Its symmetry is found; the value is cvxpy's of the whole; no line of the whole is broken; mirrored drivers play alike."""
    data = data_of(two_sided(random_target(seed, wanted)), np.ones(2))
    mirror = find_mirror(data)
    assert mirror is not None
    assert len(mirror.orbits) == (wanted.drivers + 1) // 2
    w, answer = constrained_cones.solve_data(data)
    np.testing.assert_allclose(w, w[:, ::-1], rtol=0, atol=1e-12)
    assert answer.primal[0] == pytest.approx(solved(constrained.statement(data, 0)), rel=1e-5)
    assert max(naive_violations(data, 0, answer.x[0])) < 1e-6
    assert (answer.gap < 1e-6).all()


def test_half_of_the_drivers_and_half_of_the_points_are_left() -> None:
    """Five drivers become three; a mask and its image one mask; the window's four points two."""
    data = data_of(two_sided(random_target(0, BEAM)), np.ones(2))
    mirror = find_mirror(data)
    assert mirror is not None
    half = mirror.half(data)
    assert half.centre.shape == (2, 3)
    assert [points.shape[1:] for _, points, _, _ in half.families] == [(2, 3), (2, 3)]
    assert half.slack_prices.tolist() == [200.0, 100.0, 100.0]  # mask and image, window, curve
    assert [points.shape[1] for _, points, _, _ in data.families] == [2, 2, 4]


@pytest.mark.parametrize("what", ["a driver's response", "a limit", "a driver's gain", "a point of the window"])
def test_what_is_not_quite_symmetric_is_solved_whole(what: str) -> None:
    """A difference of one millionth anywhere is a difference."""
    target = two_sided(random_target(0, BEAM))
    if what == "a driver's response":
        centre = target.centre * (1 + 1e-6 * np.array([1, 0, 0, 0, 0]))
        target = replace(target, centre=centre, bright=centre[:, None], look=centre)
    elif what == "a limit":
        one, other = target.masks
        target = replace(target, masks=(one, replace(other, limit=other.limit * (1 + 1e-6))))
    elif what == "a driver's gain":
        target = replace(target, max_gain=target.max_gain * (1 + 1e-6 * np.array([1, 0, 0, 0, 0])))
    else:
        assert target.window is not None
        points = target.window.points.copy()
        points[0, 0, 0] *= 1 + 1e-6
        target = replace(target, window=replace(target.window, points=points))
    assert find_mirror(data_of(target, np.ones(2))) is None


@pytest.mark.parametrize("seed", range(5))
def test_repeated_points_change_nothing(seed: int) -> None:
    """A mask that names every point three times has the value of one that names each once, and no more rows."""
    target = random_target(seed, BEAM)
    again = tuple(replace(mask, points=np.tile(mask.points, (1, 3, 1))) for mask in target.masks)
    once, thrice = data_of(target, np.ones(2)), data_of(replace(target, masks=again), np.ones(2))
    assert thrice.families[0][1].shape[1] == 6
    assert without_repeats(thrice).families[0][1].shape == once.families[0][1].shape
    one, three = constrained_cones.solve_data(once)[1], constrained_cones.solve_data(thrice)[1]
    np.testing.assert_allclose(three.primal, one.primal, rtol=1e-9)


HARD = replace(BEAM, bright=2, white_noise_loss_db=6.0, frequencies=3)


@pytest.mark.parametrize(
    ("seed", "wanted"),
    [(0, HARD), (1, HARD), (0, replace(HARD, spread=0.01)), (0, replace(HARD, ripple_db=None, gain_db=None))],
)
def test_a_frequency_whose_solver_stops_early_is_solved_by_the_reference_and_marked(
    seed: int, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cvxpy's answer, certified by the same conic data to 1e-5, gives the weights' value; the other frequencies are untouched."""
    monkeypatch.setattr(constrained, "MOST_PHASE_PASSES", 0)  # a pass over some frequencies counts them otherwise
    target = random_target(seed, wanted)
    expected = constrained.solve(target)
    assert not expected.by_reference.any()
    fast = constrained_cones.solve_data

    def stopping(data: ConstrainedData) -> tuple[np.ndarray, cones.ConeSolution]:
        w, answer = fast(data)
        for array in (w, answer.x, answer.violation, answer.primal, answer.dual, answer.gap):
            array[1] = np.nan
        return w, answer

    monkeypatch.setattr(constrained, "solve_data", stopping)
    actual = constrained.solve(target)
    assert actual.by_reference.tolist() == [False, True, False]
    assert (actual.gap < 1e-5).all()
    assert (actual.violation < 1e-6).all()
    np.testing.assert_allclose(actual.value[1], expected.value[1], rtol=1e-5)
    np.testing.assert_array_equal(actual.weights[[0, 2]], expected.weights[[0, 2]])


@settings(max_examples=20)
@given(seed=seeds, spread=st.sampled_from([1e-3, 0.01]))
def test_a_mask_over_the_spread_holds_for_drivers_that_are_not_what_they_should_be(seed: int, spread: float) -> None:
    """Over 4,000 draws of the drivers' errors the root mean square level at every point of a mask stays below the mask."""
    target = random_target(seed, Wanted(frequencies=1, drivers=5, masks_db=(-10.0,), spread=spread))
    w = constrained.solve(target).weights[0]
    rng = np.random.default_rng(seed)
    errors = np.sqrt(spread) * gaussian(rng, 4000, 5)
    level = np.abs(target.centre[0] @ w)
    for h in target.masks[0].points[0]:
        drawn = np.abs((h * (1 + errors)) @ w) / level
        assert np.sqrt(np.mean(drawn**2)) < 10 ** (-10 / 20) * 1.02  # 2 %: the draws are a sample


def window_levels(target_window: np.ndarray, w: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The level at the window's points relative to the centre's (F, M), by a loop."""
    return np.array([[abs(h @ w[f]) / abs(centre[f] @ w[f]) for h in target_window[f]] for f in range(len(w))])


@settings(max_examples=25)
@given(seed=seeds, ripple_db=st.sampled_from([0.5, 1.0, 3.0]))
def test_no_pass_that_frees_the_windows_phase_is_worse(seed: int, ripple_db: float) -> None:
    """The objective, slacks included, never rises from pass to pass, and the level keeps to what its slack allows."""
    expected = Wanted(frequencies=2, drivers=4, masks_db=(-6.0,), ripple_db=ripple_db, max_effort_db=6.0)
    target = random_target(seed, expected)
    assert target.window is not None
    before = np.full(2, np.inf)
    for passes in range(4):
        solution = constrained.solve(replace(target, window=replace(target.window, phase_passes=passes)))
        assert (solution.value <= before + 1e-6 * np.maximum(1.0, np.abs(solution.value))).all()
        assert (solution.gap < 1e-6).all()
        before = solution.value


def test_a_freed_phase_reaches_what_an_anchored_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points in opposite phase at full level: their anchored window needs a slack of 2/r, the freed one, unasked, none."""
    target = random_target(3, Wanted(frequencies=2, drivers=4, masks_db=(-3.0,), ripple_db=1.0))
    assert target.window is not None
    opposite = replace(target.window, points=-target.centre[:, None, :].repeat(2, axis=1))
    freed = constrained.solve(replace(target, window=opposite))
    monkeypatch.setattr(constrained, "MOST_PHASE_PASSES", 0)
    anchored = constrained.solve(replace(target, window=opposite))
    assert (anchored.value > 100.0).all()
    assert (freed.value < 10.0).all()
    level = window_levels(opposite.points, freed.weights, target.centre)
    np.testing.assert_allclose(level, 1.0, atol=1e-6)
