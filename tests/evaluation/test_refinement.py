"""Refined taps from a problem's text to its folder: what is drawn, what is kept, and what is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import Tables, line, load, pair, speaker
from eight_driver_bar import eight_driver_bar
from empty_figures import ANALYSES, put

import designer
from designer.acoustics.scene_of_problem import fine_frequencies_hz
from designer.designs import design_channel
from designer.errors import ProblemError
from designer.evaluation import refinement
from designer.evaluation.moved_head import HEADS, spread_heads_m
from designer.evaluation.refinement import Refinement, drawn_ears
from designer.evaluation.short_look import MIN_PROMISE_DB
from designer.evaluation.tolerance import Draws, draw
from designer.measures import db, effort
from designer.problem.schema import Realization, Tolerance
from designer.realization import response
from designer.realization.forms import fit_form
from designer.realization.robust_taps import Lagrangian, RobustTaps, TapsProblem, robust_taps
from designer.requirements.channel_target import channel_target

EXACT = {"gain_db": 0.0, "phase_deg": 0.0, "position_m": 0.0, "temperature_c": 0.0, "head_radius_m": 0.0}


def refined(tables: Tables, **realization: Any) -> Tables:
    return {**tables, "realization": {"taps": 32, "refine": True, **realization}}


@pytest.fixture(scope="module")
def looked_at(not_drawn: None) -> Iterator[None]:
    """Until the last test of this module has run, designs have their tolerances and the short look, and no zones, which take most."""
    with pytest.MonkeyPatch.context() as patch:
        put(patch, {place: analysis for place, analysis in ANALYSES.items() if place[1] != "zones"})
        yield


@pytest.fixture(scope="module")
def both(looked_at: None) -> tuple[designer.Design, designer.Design]:
    """A small sphere's ear channel of 24 taps, fitted and refined."""
    tables = speaker()
    realizations = ({"taps": 24}, {"taps": 24, "refine": True, "floor_weight": 0.6})
    return tuple(designer.design(load({**tables, "realization": table})) for table in realizations)  # type: ignore[return-value] # two of them


@pytest.fixture
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refined taps are those of ten iterations, and kept where they win: as good as any where it does not matter how good they are."""
    solve = robust_taps
    monkeypatch.setattr(
        refinement, "robust_taps", lambda problem: replace(solve(problem, rounds=1, iterations=10), holds=True)
    )


def test_without_errors_the_draws_are_the_scene_at_their_places() -> None:
    """With every tolerance at 0 the drawn responses are those of the scene with the head moved there."""
    problem = load({**pair(), "tolerance": EXACT})
    scene = designer.scene(problem).at(np.array([500.0, 1500.0]))
    channel = design_channel(problem.designs[0], designer.scene(problem))
    bright, dark = drawn_ears(channel, scene, scene.frequency_hz, places=8, devices=2, run=0)
    moves = spread_heads_m(np.asarray(problem.listener.ear_cloud_m, dtype=float), 8, skipped=HEADS)
    ears = scene.moved(moves[0::4]).ears()
    assert bright.shape == dark.shape == (2, 16, 2)
    assert np.allclose(bright[:, [0, 2]], ears[:, 0::2], rtol=1e-12)
    assert np.allclose(dark[:, [1, 3]], ears[:, 1::2], rtol=1e-12)


def test_drawn_drivers_stand_where_they_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a head, drivers that are drawn millimetres away are heard from there: their ways to the ears, one by one, at 2 kHz."""
    far: Tables = {"position_m": [2.0, 0.0, 0.0], "head": "points", "ear_cloud_m": [[0, 0, 0]]}
    problem = load({**pair(listener=far), "tolerance": {**EXACT, "gain_db": 1.0, "position_m": 0.004}})
    drawn: list[Draws] = []

    def recorded(table: Tolerance, drivers: int, head_radius_m: float) -> Draws:
        drawn.append(draw(table, drivers, head_radius_m))
        return drawn[-1]

    monkeypatch.setattr(refinement, "draw", recorded)
    scene, frequency_hz = designer.scene(problem), np.array([2000.0])
    channel = design_channel(problem.designs[0], scene)
    ears = drawn_ears(channel, scene, frequency_hz, places=4, devices=3, run=0)
    moves = spread_heads_m(np.asarray(problem.listener.ear_cloud_m, dtype=float), 6, skipped=HEADS)
    radius_m, sample = problem.listener.head_radius_m, 0
    for n, draws in enumerate(drawn):
        for i, (factor, moved_m) in enumerate(zip(draws.factor, draws.displacement_m, strict=True)):
            for pressure, side in zip(ears, (-1, 1), strict=True):
                ear_m = np.array([2.0, side * radius_m, 0.0]) + moves[n::4][i // 3]
                for l, driver in enumerate(problem.drivers):
                    away_m = np.linalg.norm(ear_m - driver.position_m - moved_m[l])
                    expected = factor[l] * np.exp(-2j * np.pi * frequency_hz[0] / 343.0 * away_m) / away_m
                    assert abs(pressure[0, sample, l] / expected - 1) < 0.03  # what an ear's way turns off the head's
            sample += 1
    assert sample == ears[0].shape[1] == 18


def test_refined_taps_are_kept_where_they_win(both: tuple[designer.Design, designer.Design]) -> None:
    """No percentile over the product line falls by 0.1 dB, at the fit's mean effort to 0.01 dB, and the note has the numbers."""
    fit, made = both
    ((name, refinement),) = made.refinements.items()
    assert refinement.is_kept
    assert not fit.refinements
    for before, after in zip(refinement.fit_db, refinement.refined_db, strict=True):
        assert after > before - 0.1
    assert sum(refinement.refined_db) > sum(refinement.fit_db)
    channel = made.channels[name]
    target = channel_target(channel.table, made.fine_scene, channel.plain)
    efforts = [
        np.mean(db(effort(target.bright, response(one.taps[name], target.frequency_hz, 16000)))[target.in_band])
        for one in both
    ]
    assert efforts[1] <= efforts[0] + 0.01
    gains = [one.tolerances[name].gain_db for one in both]
    assert (np.percentile(gains[1], [50, 5, 1]) > np.percentile(gains[0], [50, 5, 1]) - 0.2).all()


def test_the_folder_holds_what_came_of_it(both: tuple[designer.Design, designer.Design], tmp_path: Path) -> None:
    """Opened again, a refined design has its refinement and says the same of it."""
    made = both[1]
    again = designer.open(made.save(tmp_path / "refined"))
    assert again.refinements == made.refinements
    assert "refined taps kept" in (tmp_path / "refined" / "summary.json").read_text("utf-8")


@pytest.mark.usefixtures("few_rounds")
def test_words_are_rounded_last() -> None:
    """Refined taps of a 12-bit word are whole numbers of its step."""
    made = designer.design(load(refined(pair(), word="1.11")))
    ((name, refinement),) = made.refinements.items()
    q = made.taps[name] * 2.0 ** (11 - made.shifts[name])
    assert (q == np.rint(q)).all()
    assert refinement.fit_db != refinement.refined_db


@pytest.mark.usefixtures("few_rounds")
def test_a_reference_keeps_its_pure_delay() -> None:
    """In the RTF form the reference driver's filter is one tap of 1 before and after."""
    made = designer.design(load(refined(speaker(), form="rtf")))
    ((name, _),) = made.refinements.items()
    reference = made.taps[name][made.drivers.index(made.references[name])]
    assert reference[made.bulk_delay_samples] == 1.0
    assert np.count_nonzero(reference) == 1


def test_beams_keep_their_fit() -> None:
    """`refine` leaves a beam alone, and refuses a file of beams alone."""
    curve: dict[str, Any] = {"cancellation_gain_db": [[500, 3.0], [1500, 3.0]], "nulls_deg": [90.0]}
    with pytest.raises(ProblemError, match=r"realization.refine: got true without an ear channel"):
        load(refined(line(**curve)))


def test_a_short_look_tells_what_pays(both: tuple[designer.Design, designer.Design], tmp_path: Path) -> None:
    """A short look promises what the whole refinement raises the 5th percentile by, to the threshold that names it."""
    ((name, promise_db),) = both[0].promises_source().items()
    refinement = both[1].refinements[name]
    assert abs(promise_db - (refinement.refined_db[1] - refinement.fit_db[1])) < MIN_PROMISE_DB
    assert not both[1].promises_source()
    again = designer.open(both[0].save(tmp_path / "fit"))
    assert again.promises_source() == both[0].promises_source()
    is_named = "designer design --refine" in (tmp_path / "fit" / "summary.json").read_text("utf-8")
    assert is_named == (promise_db >= MIN_PROMISE_DB)


def test_eight_drivers_of_128_taps_take_few_evaluations(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 s a channel are 5,000 values with their gradients of 2 ms (`tests/bench/test_refinement_speed.py` has the clock): a bar of eight
    takes at most 667 for a weight of the floor, of which three may be tried. Few draws make a value cheap, and their number about the same;
    even so 0.5 s.
    """
    for name, few in (("PLACES", 4), ("DEVICES", 1), ("JUDGED_DEVICES", 1), ("DENSITY", 2)):
        monkeypatch.setattr(refinement, name, few)
    evaluated, value = [0], Lagrangian.__call__

    def counted(self: Lagrangian, y: np.ndarray) -> tuple[float, np.ndarray]:
        evaluated[0] += 1
        return value(self, y)

    monkeypatch.setattr(Lagrangian, "__call__", counted)
    problem = designer.loads(eight_driver_bar())
    problem = problem.model_copy(update={"grid": problem.grid.model_copy(update={"frequencies": 33})})
    scene = designer.scene(problem)
    scene = scene.at(fine_frequencies_hz(problem))
    channel = design_channel(problem.designs[1], scene)
    _, outcomes = refinement.realize_judged([channel], scene, Realization(taps=128, refine=True, floor_weight=0.4))
    assert outcomes["left"].holds
    assert 100 < evaluated[0] < 667


def test_refined_taps_that_are_not_kept_have_a_reason() -> None:
    """Better in every number and not kept: what they break is in the sentence; worse in one, which; as good, that."""
    better, worse, alike = (12.2, 6.7, 6.0), (12.2, 5.0, 4.0), (7.6, 5.35, 4.8)
    for refined_db, refined_moved_db, holds, end in (
        (better, better, False, "12.2, 6.7, 6.0 dB, which break a requirement or a limit by 0.12 dB"),
        (worse, worse, False, "12.2, 5.0, 4.0 dB, which are worse at the 5th percentile and the 1st percentile"),
        (alike, alike, True, "7.6, 5.3, 4.8 dB, which are no better in their sum"),
        (
            better,
            worse,
            True,
            "12.2, 6.7, 6.0 dB, which are worse at the 5th percentile and the 1st percentile of moved heads",
        ),
        (better, better, True, "12.2, 6.7, 6.0 dB, as another channel's refined taps are not kept"),
    ):
        sentence = Refinement(
            is_kept=False,
            fit_db=(7.6, 5.4, 4.8),
            refined_db=refined_db,
            fit_moved_db=(7.6, 5.4, 4.8),
            refined_moved_db=refined_moved_db,
            effort_change_db=0.0,
            violation_db=0.118,
            stationarity=1.0,
            holds=holds,
        ).sentence()
        assert sentence.startswith("the fit's taps kept: 7.6, 5.4, 4.8 dB of cancellation gain ")
        assert sentence.endswith(f", against the refined taps' {end}")


def test_a_second_weight_is_tried_where_the_first_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that names no weight: where 0.4 loses at the 1st percentile and 0.6 wins, the taps of 0.6 are kept."""
    weights: list[float] = []
    solve = robust_taps

    def recorded(problem: TapsProblem) -> RobustTaps:
        weights.append(problem.floor_weight)
        return replace(solve(problem, rounds=1, iterations=3), holds=True)

    numbers = iter([[[10.0] * 3, [12.0, 12.0, 9.0]], [[10.0] * 3, [11.0] * 3]])
    monkeypatch.setattr(refinement, "robust_taps", recorded)
    monkeypatch.setattr(
        refinement, "_judged", lambda *_: ([np.array([values] * 2) for values in next(numbers)], [0.0, 0.0])
    )
    (left,) = designer.design(load(refined(pair()))).refinements.values()
    assert sorted(set(weights)) == [0.4, 0.6]
    assert left.is_kept
    assert left.refined_db == (11.0, 11.0, 11.0)


def test_both_ears_are_refined_or_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one ear's refined taps lose, the other's fit is kept too, and its sentence says why."""
    solve = robust_taps
    monkeypatch.setattr(
        refinement, "robust_taps", lambda problem: replace(solve(problem, rounds=1, iterations=3), holds=True)
    )
    numbers = iter([[[10.0] * 3, [12.0] * 3], [[10.0] * 3, [9.0] * 3]])
    monkeypatch.setattr(
        refinement, "_judged", lambda *_: ([np.array([values] * 2) for values in next(numbers)], [0.0, 0.0])
    )
    result = designer.design(load(refined(pair(both=True), floor_weight=0.7)))
    left, right = result.refinements.values()
    assert not left.is_kept
    assert not right.is_kept
    assert right.sentence().endswith("which are worse at the median and the 5th percentile and the 1st percentile")
    assert left.holds
    assert left.sentence().endswith("as another channel's refined taps are not kept")


@pytest.mark.parametrize(
    ("method", "gains_db", "kept"),
    [
        ("auto", [(0.5, -0.3, -0.2), (0.9, 0.4, -0.5), (0.3, 0.1, -0.3)], None),
        ("robust-taps", [(0.5, -0.3, -0.2), (0.9, 0.4, -0.5), (0.3, 0.1, -0.3)], 1),
        ("robust-taps", [(0.5, -0.3, -0.4), (0.1, -0.4, -0.5), (0.1, 0.1, -0.4)], None),
        ("auto", [(0.5, -0.3, -0.2), (0.1, 0.0, 0.0), (9.0, 9.0, 9.0)], 1),
    ],
)
def test_of_several_floors_the_best_on_unseen_draws_is_kept(
    monkeypatch: pytest.MonkeyPatch, method: str, gains_db: list[tuple[float, ...]], kept: int | None
) -> None:
    """A weight that wins ends the search; where none does the fit is kept, unless the file names the method and one gains in the sum."""
    problem = load({**pair(), "realization": {"taps": 16, "refine": method == "auto"}})
    scene = designer.scene(problem)
    scene = scene.at(fine_frequencies_hz(problem))
    channel = design_channel(problem.designs[0], scene)
    channel = replace(channel, design=channel.design.model_copy(update={"method": method}))
    numbers, marks = iter(gains_db), iter(range(len(gains_db)))

    def solved(_channel: Any, _scene: Any, fitted: Any, n: int, _table: Any) -> RobustTaps:
        return RobustTaps(fitted.taps[n][fitted.fits[n].drivers] + 1 + next(marks), (0.0, 0.0), 0.0, 0.0, True)

    def judged(_channel: Any, _scene: Any, _taps: Any) -> tuple[list[Any], list[float]]:
        fit = np.array([[10.0, 5.0, 4.0], [10.0, 5.0, 4.0]])
        return [fit, fit + np.array([next(numbers), (0.0, 0.0, 0.0)])], [1.0, 1.0]

    monkeypatch.setattr(refinement, "_solved", solved)
    monkeypatch.setattr(refinement, "_judged", judged)
    realised, outcomes = refinement.realize_judged([channel], scene, problem.realization)
    fit = fit_form([channel], scene, problem.realization)
    outcome = outcomes[channel.design.name]
    expected = fit.taps[0] + (0 if kept is None else 1 + kept)
    np.testing.assert_allclose(realised.taps[0], expected, atol=1e-12)
    assert outcome.is_kept == (kept is not None)
    assert ("kept because the file names the method" in outcome.sentence()) == (kept == 1 and method != "auto")
