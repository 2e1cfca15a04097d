"""Objectives: samples against the definitions of `designer.measures`, slopes against differences, searches against all layouts."""

from __future__ import annotations

import numpy as np
import pytest

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.errors import ProblemError
from designer.metrics import BY_NAME
from designer.placement.column_slopes import drivers_at
from designer.placement.coordinates import Coordinates
from designer.placement.exchange import exhaustive, greedy, relaxed, search
from designer.placement.free_coordinates import value_and_slopes
from designer.placement.layouts import Judge, samples_db, weights_of
from designer.placement.objective import names, objective_of
from designer.placement.system import band_frequencies_hz, judged_targets, with_drivers
from designer.problem import loads
from designer.requirements.target import ChannelTarget

from .problems import TEXTS, of_text, space, value_of

CURVES = (
    "cancellation_gain_db",
    "worst_cancellation_gain_db",
    "effort_db",
    "white_noise_gain_db",
    "directivity_index_db",
)
EXACT = "[tolerance]\ngain_db = 0.0\nphase_deg = 0.0\nposition_m = 0.0\n"
NO_LIMIT = ("max_effort_db = 6.0\n", "max_effort_db = 12.0\n")


def text_of(name: str, objective: str) -> str:
    """A problem with an objective; of an effort, without a limit of effort."""
    text = TEXTS[name] + f'objective = "{objective}"\n'
    for limit in NO_LIMIT if "effort" in objective else ():
        text = text.replace(limit, "")
    return text


def defined(objective: str, target: ChannelTarget, scene: Scene, w: Complex) -> Real:
    """An objective as `designer.measures` has it (F, G); of an effort one over it."""
    alike = target.bright.shape == target.own_dark.shape
    if objective == "effort_db":
        return 1 / measures.effort(target.bright, w)[:, None]
    if objective == "white_noise_gain_db":
        return measures.white_noise_gain(target.look, w, target.look_distance_m)[:, None]
    if objective == "directivity_index_db":
        power = scene.radiated_power_to(target.look_distance_m)
        return measures.directivity_index(target.look, power, w, target.look_distance_m)[:, None]
    if objective == "cancellation_gain_db" and not alike:
        return measures.cancellation_gain(target.bright, target.own_dark, w)[:, None]
    return measures.point_ratios(target.bright, target.own_dark, w)


@pytest.mark.usefixtures("few_frequencies")
@pytest.mark.parametrize("objective", CURVES)
@pytest.mark.parametrize(("name", "layout"), [("bar", (0, 7, 20)), ("sphere", (11, 15))])
def test_samples_are_the_metric_itself(name: str, layout: tuple[int, ...], objective: str) -> None:
    """Without errors of the drivers, at the places that are judged, of an ear and of a beam: as `designer.measures` has it."""
    choices, judge = of_text(text_of(name, objective) + EXACT)
    columns = judge.columns(layout)
    drivers = drivers_at(choices, choices.places_m[columns])
    problem = with_drivers(choices.problem, drivers)
    scene = Scene(problem, np.array([1.0]), np.asarray(problem.listener.ear_cloud_m, dtype=float))
    for design, channel in zip(problem.designs, judge.system.channels, strict=True):
        weights = weights_of(channel, columns)
        w = weights.w / np.sqrt(channel.cost[:, columns])
        targets = judged_targets(design, scene.at(band_frequencies_hz(design, problem)))
        expected = [measures.db(defined(objective, target, changed, w)) for target, changed in targets]
        samples = samples_db(channel, weights)[:, :, 0]
        np.testing.assert_allclose(samples, np.concatenate(expected, axis=1), atol=1e-6)


@pytest.mark.usefixtures("few_frequencies")
@pytest.mark.parametrize(("objective", "summed"), [
    ("mean_cancellation_gain_db", lambda curve: curve.mean(axis=0)),
    ("least_cancellation_gain_db", lambda curve: curve.min(axis=0)),
    ("largest_effort_db", lambda curve: curve.min(axis=0)),
])  # fmt: skip
def test_a_number_sums_its_curve_up_over_the_band(objective: str, summed: object) -> None:
    """Each device at each place has one sample, from its curve over all frequencies; efforts are negative: better the larger."""
    curve_name = BY_NAME[objective].over[0]
    (_, judge), (_, of_curve) = of_text(text_of("bar", objective)), of_text(text_of("bar", curve_name))
    columns = judge.columns((0, 7, 20))
    channel, curve = judge.system.channels[0], of_curve.system.channels[0]
    assert callable(summed)
    expected = summed(samples_db(curve, weights_of(curve, columns)))
    np.testing.assert_allclose(samples_db(channel, weights_of(channel, columns))[0], expected, rtol=1e-12)


SLOPED = (
    "effort_db",
    "white_noise_gain_db",
    "mean_cancellation_gain_db",
    "least_cancellation_gain_db",
    "directivity_index_db",
)


@pytest.mark.usefixtures("few_frequencies")
@pytest.mark.parametrize("objective", SLOPED)
def test_slopes_are_those_of_the_objective(objective: str) -> None:
    """Central differences of the value, 20 µm apart, agree to 0.1 % of the largest slope."""
    choices, judge = of_text(text_of("bar", objective))
    coordinates = Coordinates.of(choices, (0, 7, 20))
    q = coordinates.start + np.array([0.002, 0.004])
    _, slopes = value_and_slopes(coordinates, q, judge.system)
    for n, slope in enumerate(slopes):
        ends = [value_of(coordinates, q + sign * 1e-5 * np.eye(2)[n], judge.system) for sign in (1, -1)]
        assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-3, abs=1e-3 * np.abs(slopes).max())


SEARCHED = (
    ("bar", "least_cancellation_gain_db"),
    ("plane", "directivity_index_db"),
    ("beside", "effort_db"),
    ("sphere", "white_noise_gain_db"),
    pytest.param("bar", "effort_db", marks=pytest.mark.long),
    pytest.param("bar", "white_noise_gain_db", marks=pytest.mark.long),
    pytest.param("sphere", "directivity_index_db", marks=pytest.mark.long),
)
"""Each number and each kind of layout once; the other pairs with `--long`."""


@pytest.mark.usefixtures("few_frequencies")
@pytest.mark.parametrize(("name", "objective"), SEARCHED)
def test_a_search_by_another_number_is_near_the_best(name: str, objective: str) -> None:
    """Within 0.5 dB of all layouts with at most 5 % of their evaluations, and not below group lasso. Seconds: all layouts are valued."""
    choices, judge = of_text(text_of(name, objective))
    layouts = space(choices)
    all_of_them, few, convex = (Judge(judge.system, choices.units) for _ in range(3))
    best = exhaustive(all_of_them, layouts)
    begin = greedy(convex, layouts, layouts.compositions[0])
    assert best is not None and begin is not None
    by_lasso = relaxed(convex, layouts, begin)
    assert by_lasso is not None
    chosen = search(few, layouts, [by_lasso])
    assert chosen is not None
    assert few(chosen) > all_of_them(best) - 0.5
    assert few.evaluations <= 0.05 * all_of_them.evaluations + 1e-9
    assert few(chosen) >= convex(by_lasso)


def test_every_number_with_a_better_side_may_decide() -> None:
    """All of the registry's but those of cost, which layouts of as many drivers share; each with words for a sentence."""
    text = TEXTS["bar"]
    assert {
        "effort_db",
        "directivity_index_db",
        "isolation_db",
        "moved_head_5th_percentile_db",
        "tolerance_1st_percentile_db",
    } <= set(names())
    assert not {"latency_ms", "multiply_adds_per_s", "target_db", "least_driver"} & set(names())
    assert objective_of(loads(text)).label == "5th percentile of cancellation gain over devices, heads and frequencies"
    assert (
        objective_of(loads(text + 'objective = "effort_db"\n')).label
        == "95th percentile of effort over devices, heads and frequencies"
    )
    largest = objective_of(loads(text + 'objective = "largest_effort_db"\npercentile = 1.0\n'))
    assert largest.label == "99th percentile of largest effort over devices and heads"
    assert objective_of(loads(text + 'objective = "moved_head_median_db"\n')).label.endswith(", of the filters")


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ("latency_ms", 'placement.objective: got "latency_ms"; expected one of cancellation_gain_db'),
        ("isolaton_db", 'got "isolaton_db"'),
        ("mean_isolation_db", 'got "mean_isolation_db", which needs a dark listener or place'),
        ("room_isolation_db", 'got "room_isolation_db", which needs [room]; expected [room]'),
        ("least_region_power_ratio_db", "which needs dark regions (dark_regions)"),
    ],
)
def test_a_number_that_the_problem_has_not_is_a_fault(objective: str, message: str) -> None:
    """It names the key, and is told before anything is computed."""
    with pytest.raises(ProblemError) as error:
        objective_of(loads(TEXTS["bar"] + f'objective = "{objective}"\n'))
    assert message in str(error.value)
