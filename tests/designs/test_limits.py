"""Limits are kept in the band, and what they cost is the slack: target minus reached, the smaller the looser the limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.arrays import Complex, Real
from designer.designs import ChannelDesign, design_channel
from designs.small_problems import Tables, limited, line, load, pair, speaker

ONE_PLACE = [[0.0, 0.0, 0.0]]


def single(problem: Tables) -> Tables:
    """With one displacement: then the constrained form needs no second pass, and is exact."""
    problem["listener"]["ear_cloud_m"] = ONE_PLACE
    return problem


def designed(problem: Tables) -> tuple[ChannelDesign, designer.Scene]:
    checked = load(problem)
    scene = designer.scene(checked)
    return design_channel(checked.designs[0], scene), scene


def efforts_db(found: ChannelDesign, scene: designer.Scene) -> Real:
    """Σ|w|² over the least that one driver alone needs for the same mean power at the bright points, in the band."""
    table = found.design
    if table.is_beam:
        points = scene.circle()[:, scene.azimuth_deg == table.look_deg]
    else:
        points = scene.ears()[:, (0 if table.ear == "left" else 1) :: 2]
    out = []
    for f in np.flatnonzero(found.in_band):
        w = found.weights[f]
        power = np.mean([abs(h @ w) ** 2 for h in points[f]])
        alone = [power / np.mean([abs(h[l]) ** 2 for h in points[f]]) for l in range(w.size)]
        out.append(10 * np.log10(np.sum(np.abs(w) ** 2) / min(alone)))
    return np.array(out)


def loudest_db(weights: Complex) -> Real:
    return np.asarray(20 * np.log10(np.abs(weights)))


EFFORTS: dict[str, tuple[Callable[[], Tables], float]] = {
    "power ratio": (lambda: pair(max_effort_db=4.0, method="power-ratio"), 1e-6),
    "power ratio, a driver out of its band": (
        lambda: limited(pair(max_effort_db=2.0), 1, band_hz=[1000.0, 8000.0]),
        1e-6,
    ),
    "least squares": (lambda: pair(max_effort_db=4.0, method="least-squares"), 1e-6),
    "acoustic contrast": (lambda: pair(max_effort_db=4.0, method="acoustic-contrast"), 1e-6),
    "maximum sensitivity": (lambda: pair(max_effort_db=4.0, method="max-sensitivity"), 1e-6),
    "minimax": (lambda: single(pair(max_effort_db=4.0, method="minimax")), 1e-3),
    "constrained": (lambda: single(pair(max_effort_db=4.0, method="constrained")), 1e-3),
    "constrained over a cloud": (lambda: pair(max_effort_db=4.0, method="constrained"), 0.02),
    "beam": (lambda: line(max_effort_db=-2.0, mask=[{"azimuth_deg": [45.0, 135.0], "max_db": -25.0}]), 1e-3),
    "sphere": (lambda: speaker(max_effort_db=5.0, cancellation_gain_db=[[500, 20]]), 1e-6),
}


@pytest.mark.parametrize("case", EFFORTS)
def test_effort_is_kept_in_the_band(case: str) -> None:
    """No frequency of the band spends more, some spend all, and what is not reached is said."""
    problem, tolerance = EFFORTS[case]
    actual, scene = designed(problem())
    spent, limit = efforts_db(actual, scene), problem()["designs"][0]["max_effort_db"]
    assert spent.max() <= limit + tolerance
    assert spent.max() > limit - 0.05
    assert actual.slack_db[actual.in_band].max() > 0.5
    assert not actual.feasible
    assert actual.binding["max_effort_db"].any()
    np.testing.assert_array_equal(actual.binding["max_effort_db"], spent > limit - 0.1)


@pytest.mark.parametrize("limit_db", [0.0, 2.0])
def test_driver_gains_are_kept_in_the_band(limit_db: float) -> None:
    """0 dB is the channel fed to the driver as it is: no |w| in the band is larger, and some driver uses it up."""
    actual, _ = designed(single(limited(pair(), max_gain_db=limit_db)))
    levels = loudest_db(actual.weights[actual.in_band])
    assert levels.max() <= limit_db + 1e-4
    assert levels.max() > limit_db - 0.01
    assert actual.method == "power-ratio"
    assert actual.binding['max_gain_db of "left"'].any()
    free, _ = designed(single(pair()))
    assert loudest_db(free.weights[free.in_band]).max() > limit_db + 1


def test_a_limit_on_one_driver_leaves_the_others_free() -> None:
    """The speaker's right driver at most at 0 dB: it keeps to that, and another plays louder than before."""
    actual, _ = designed(limited(single(speaker()), 2, max_gain_db=0.0))
    free, _ = designed(single(speaker()))
    bound, unbound = (loudest_db(channel.weights[channel.in_band]).max(axis=0) for channel in (actual, free))
    assert unbound[2] > 3.0
    assert bound[2] <= 1e-4
    assert bound[0] > unbound[0] + 1.0
    assert set(actual.binding) == {"max_effort_db", 'max_gain_db of "right"'}
    assert actual.feasible


@pytest.mark.parametrize("limit_db", [-6.0, -10.0])
def test_auto_finds_what_the_cones_find(limit_db: float) -> None:
    """A limit on the left driver of the speaker, within 13 dB of effort: what is feasible for the cones is feasible for "auto"."""
    auto, constrained = (
        designed(limited(single(speaker(method=method)), 0, max_gain_db=limit_db))[0] for method in ("auto", "constrained")
    )  # fmt: skip
    assert constrained.feasible
    assert auto.feasible


@pytest.mark.parametrize(
    "problem",
    [
        lambda: single(pair(min_white_noise_gain_db=-3.0)),
        lambda: pair(min_white_noise_gain_db=-3.0),
        lambda: single(speaker(min_white_noise_gain_db=-4.0, max_effort_db=None)),
        lambda: line(min_white_noise_gain_db=3.0, nulls_deg=[30.0, -30.0]),
        lambda: line(min_white_noise_gain_db=3.0, nulls_deg=[30.0], cancellation_gain_db=[[800, 20]]),
        lambda: line(
            min_white_noise_gain_db=3.0, nulls_deg=[30.0], cancellation_gain_db=[[800, 20]], method="superdirective"
        ),
        lambda: line(min_white_noise_gain_db=3.0, nulls_deg=[30.0], method="acoustic-contrast"),
        lambda: line(min_white_noise_gain_db=3.0, nulls_deg=[30.0, -30.0], method="minimax"),
    ],
    ids=[
        "pair",
        "pair over a cloud",
        "speaker",
        "beam, constrained",
        "beam, power ratio",
        "beam, superdirective",
        "beam, acoustic contrast",
        "beam, minimax",
    ],
)
def test_white_noise_gain_is_kept_in_the_band(problem: Callable[[], Tables]) -> None:
    """|h w|² R² / Σ|w|² at the head's centre or the look direction is at least the floor, and uses it up somewhere."""
    actual, scene = designed(problem())
    floor = problem()["designs"][0]["min_white_noise_gain_db"]
    place = np.array(problem()["listener"]["position_m"])
    h = scene.head_centre() if not actual.design.is_beam else scene.look(0.0)
    gain = []
    for f in np.flatnonzero(actual.in_band):
        w = actual.weights[f]
        gain.append(10 * np.log10(abs(h[f] @ w) ** 2 * (place @ place) / np.sum(np.abs(w) ** 2)))
    assert min(gain) >= floor - 1e-3
    assert min(gain) < floor + 0.5


INFEASIBLE: dict[str, tuple[Callable[[], Tables], float]] = {
    "power ratio": (lambda: pair(max_effort_db=3.0), 1e-6),
    "power ratio, no limit": (lambda: pair(max_effort_db=None, cancellation_gain_db=[[500, 50]]), 1e-6),
    "least squares": (lambda: pair(max_effort_db=3.0, method="least-squares"), 1e-6),
    "acoustic contrast": (lambda: pair(max_effort_db=4.0, method="acoustic-contrast"), 1e-6),
    "maximum sensitivity": (lambda: pair(max_effort_db=4.0, method="max-sensitivity"), 1e-6),
    "minimax": (lambda: single(pair(max_effort_db=4.0, method="minimax")), 1e-3),
    "constrained": (lambda: pair(max_effort_db=3.0, method="constrained"), 1e-6),
    "delay and sum": (lambda: pair(method="delay-and-sum"), 1e-6),
    "matrix": (lambda: pair(method="matrix"), 1e-6),
}


@pytest.mark.parametrize("case", INFEASIBLE)
def test_slack_is_target_minus_reached(case: str) -> None:
    """In dB, at every frequency of the band, recomputed from the weights at the ears; 0 where the curve is met."""
    problem, tolerance = INFEASIBLE[case]
    actual, scene = designed(problem())
    ears = scene.ears()
    curve = np.array(problem()["designs"][0]["cancellation_gain_db"], dtype=float)
    expected = []
    for f in np.flatnonzero(actual.in_band):
        p = np.abs(ears[f] @ actual.weights[f]) ** 2
        reached = 10 * np.log10(p[0::2].mean() / p[1::2].mean())
        required = np.interp(np.log(scene.frequency_hz[f]), np.log(curve[:, 0]), curve[:, 1])
        expected.append(max(0.0, required - reached))
    np.testing.assert_allclose(actual.slacks_db["cancellation_gain_db"], expected, atol=tolerance)
    assert max(expected) > 1.0
    assert not actual.feasible


@pytest.mark.parametrize("method", ["power-ratio", "least-squares", "constrained"])
def test_three_methods_miss_by_the_same_where_only_effort_binds(method: str) -> None:
    """Two drivers, one place, one limit: whatever is minimised else, the best ratio within the effort is the same, to 0.01 dB."""
    problem = single(pair(max_effort_db=3.0, cancellation_gain_db=[[500, 30]]))
    reference, _ = designed(problem)
    problem["designs"][0]["method"] = method
    actual, _ = designed(problem)
    slack = actual.slacks_db["cancellation_gain_db"]
    assert (slack > 1.0).sum() >= 5
    np.testing.assert_allclose(slack, reference.slacks_db["cancellation_gain_db"], atol=0.01)


def slack_of(problem: Tables) -> Real:
    actual, _ = designed(problem)
    return np.asarray(actual.slack_db[actual.in_band])


@settings(max_examples=12)
@given(limit_db=st.floats(0.0, 10.0), looser_db=st.floats(0.1, 6.0), asked_db=st.floats(5.0, 30.0))
def test_the_looser_the_effort_the_smaller_the_slack(limit_db: float, looser_db: float, asked_db: float) -> None:
    """At every frequency, for the power ratio and for the cones."""
    for method in ("power-ratio", "constrained"):
        requirements: Tables = {"cancellation_gain_db": [[500, asked_db]], "method": method}
        tight = slack_of(single(speaker(max_effort_db=limit_db, **requirements)))
        loose = slack_of(single(speaker(max_effort_db=limit_db + looser_db, **requirements)))
        assert (loose <= tight + 1e-4).all()


@settings(max_examples=10)
@given(limit_db=st.floats(0.0, 8.0), looser_db=st.floats(0.1, 6.0))
def test_the_looser_the_driver_gains_the_smaller_the_slack(limit_db: float, looser_db: float) -> None:
    """At every frequency, with the same curve."""
    tight, loose = (
        slack_of(limited(single(pair(method="constrained")), max_gain_db=limit)) for limit in (limit_db, limit_db + looser_db)
    )  # fmt: skip
    assert (loose <= tight + 1e-4).all()


@settings(max_examples=10)
@given(mask_db=st.floats(-40.0, -6.0), looser_db=st.floats(0.5, 10.0))
def test_the_looser_a_mask_the_smaller_the_slack(mask_db: float, looser_db: float) -> None:
    """At every frequency; the effort is limited, so that the mask is not met for free."""
    tight, loose = (
        slack_of(line(max_effort_db=0.0, mask=[{"azimuth_deg": [30.0, 150.0], "max_db": level}]))
        for level in (mask_db, mask_db + looser_db)
    )
    assert (loose <= tight + 1e-4).all()


@pytest.mark.parametrize("method", ["power-ratio", "constrained", "least-squares"])
def test_a_driver_is_quiet_outside_its_band(method: str) -> None:
    """The speaker's front driver usable from 2 kHz: an octave and more below it plays at least 15 dB quieter than it would."""
    table = {"method": method, "max_effort_db": None, "plain": ["left"]}
    free, scene = designed(speaker(**table))
    bound, _ = designed(limited(speaker(**table), 1, band_hz=[2000.0, 8000.0]))
    f = scene.frequency_hz
    quiet, usable = free.in_band & (f <= 1000), free.in_band & (f >= 2000)
    drop = loudest_db(bound.weights[quiet, 1]) - loudest_db(free.weights[quiet, 1])
    if method == "constrained":  # its objective weighs cost against depth, so the driver still helps a little
        assert drop.max() < -3
    else:
        assert drop.max() < -15
    np.testing.assert_allclose(bound.weights[usable], free.weights[usable], atol=1e-3)
    assert bound.feasible
