"""The tables of a design, and every number of them recomputed from the taps by loops."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from designs.small_problems import Tables, design, limited, line, pair, small

import designer
from designer import errors
from designer.arrays import Real
from designer.evaluation.tables import CHANNEL_STATUS, METRICS

CONTRACT = (
    "channel, frequency_hz, cancellation_gain_db, target_db, worst_cancellation_gain_db, effort_db,"
    " white_noise_gain_db, directivity_index_db, slack_db, status"
)
RESPONSE = "channel, frequency_hz, azimuth_deg, magnitude_db, phase_rad"


def rows_of(table: pd.DataFrame) -> list[Any]:
    """The rows, each with its columns as attributes."""
    return [SimpleNamespace(**{str(name): value for name, value in row.items()}) for row in table.to_dict("records")]


def naive_response(taps: Real, frequency_hz: float) -> list[complex]:
    """Σ x[n] e^{-jωn} of each driver at 16 kHz, term by term."""
    return [sum(x * cmath.exp(-2j * math.pi * frequency_hz / 16000 * n) for n, x in enumerate(own)) for own in taps]


def points_pair(**keys: Any) -> Tables:
    """Two point drivers and two points for ears: nothing but e^{-jkr}/r."""
    problem = pair(**{"max_effort_db": 12.0, **keys})
    problem["listener"]["head"] = "points"
    return problem


@pytest.fixture(scope="module")
def made() -> designer.Design:
    return design(points_pair(both=True))


def test_metrics_have_the_contracts_columns_and_rows(made: designer.Design) -> None:
    """A row a channel and frequency, the half steps included; target and slack are empty outside the band, nothing else is."""
    table = made.metrics
    assert ", ".join(table.columns) == ", ".join(METRICS) == CONTRACT
    assert len(table) == 2 * 129
    for name in ("left", "right"):
        np.testing.assert_array_equal(table[table.channel == name].frequency_hz, np.linspace(0.0, 8000.0, 129))
    inside = table.frequency_hz.between(500.0, 4000.0)
    for column in ("target_db", "slack_db"):
        np.testing.assert_array_equal(table[column].notna(), inside)
    for column in METRICS[1:-1]:
        if column not in ("target_db", "slack_db"):
            assert np.isfinite(table[column]).all()


def test_status_says_where_a_row_stands() -> None:
    """Met or short in the band, fade beside it, plain beyond half an octave."""
    table = design(points_pair(max_effort_db=5.0)).metrics
    assert set(table.status) == set(CHANNEL_STATUS)
    f = table.frequency_hz
    inside, beyond = f.between(500.0, 4000.0), ~f.between(500.0 / math.sqrt(2), 4000.0 * math.sqrt(2))
    assert set(table.status[inside]) == {"met", "short"}
    np.testing.assert_array_equal(table.status == "plain", beyond)
    np.testing.assert_array_equal(table.status == "fade", ~inside & ~beyond)
    np.testing.assert_array_equal(table.status == "short", table.slack_db > 0.1)


def test_metrics_by_loops_over_taps_and_points(made: designer.Design) -> None:
    """Every measure of both channels at 12 frequencies, from the taps and the file's numbers alone."""
    problem = points_pair(both=True)
    drivers = [driver["position_m"] for driver in problem["drivers"]]
    listener = problem["listener"]
    for name, side in (("left", -1.0), ("right", 1.0)):  # the listener's left is the device's -y
        taps = made.taps[name]
        rows = made.metrics[made.metrics.channel == name].iloc[[1, 3, 7, 8, 9, 16, 31, 40, 63, 64, 80, 120]]
        for row in rows_of(rows):
            k = 2 * math.pi * row.frequency_hz / 343.0
            w = naive_response(taps, row.frequency_hz)
            near: list[float] = []
            far: list[float] = []
            single: tuple[list[float], list[float]] = ([], [])
            for move in listener["ear_cloud_m"]:
                head = [a + b for a, b in zip(listener["position_m"], move, strict=True)]
                for kind, ear_side in ((near, side), (far, -side)):
                    ear = [head[0], head[1] + 0.0875 * ear_side, head[2]]
                    h = [cmath.exp(-1j * k * math.dist(ear, d)) / math.dist(ear, d) for d in drivers]
                    kind.append(abs(h[0] * w[0] + h[1] * w[1]) ** 2)
                    if kind is near:
                        single[0].append(abs(h[0]) ** 2)
                        single[1].append(abs(h[1]) ** 2)
            reached, left = sum(near) / 5, sum(far) / 5
            worst = min(a / b for a, b in zip(near, far, strict=True))
            spent, alone = abs(w[0]) ** 2 + abs(w[1]) ** 2, max(sum(single[0]) / 5, sum(single[1]) / 5)
            r = [math.dist(listener["position_m"], d) for d in drivers]
            heard = abs(sum(w[l] * cmath.exp(-1j * k * r[l]) / r[l] for l in range(2))) ** 2 * 0.7**2
            # The mean over the sphere by a Gauss rule in the cosine of the angle to the axis through both drivers.
            x, weight = np.polynomial.legendre.leggauss(60)
            everywhere = np.abs(w[0] * np.exp(-0.08j * k * x) + w[1] * np.exp(0.08j * k * x)) ** 2 @ weight / 2
            expected = {
                "cancellation_gain_db": reached / left,
                "worst_cancellation_gain_db": worst,
                "effort_db": spent * alone / reached,
                "white_noise_gain_db": heard / spent,
                "directivity_index_db": heard / everywhere,
            }
            for column, power_ratio in expected.items():
                assert getattr(row, column) == pytest.approx(10 * math.log10(power_ratio), abs=1e-6), column


def test_targets_and_slacks_of_the_table() -> None:
    """The curve in dB at every row of the band; the slack is that of the realised filters, few taps of them."""
    problem = points_pair(max_effort_db=5.0)
    problem["realization"]["taps"] = 24
    made = design(problem)
    channel = made.channels["left"]
    table = made.metrics[made.metrics.frequency_hz.between(500.0, 4000.0)]
    expected = np.interp(np.log(table.frequency_hz), np.log([500.0, 4000.0]), [12.0, 8.0])
    np.testing.assert_allclose(table.target_db, expected, atol=1e-9)
    np.testing.assert_array_equal(table.frequency_hz, channel.frequency_hz)
    missing = np.maximum(table.target_db - table.cancellation_gain_db, 0.0)
    np.testing.assert_allclose(table.slack_db, np.maximum(missing, table.effort_db - 5.0), atol=1e-9)
    assert np.abs(table.slack_db - channel.slack_db).max() > 0.2
    assert (table.status == np.where(table.slack_db > 0.1, "short", "met")).all()


def test_the_response_on_the_circle_by_loops() -> None:
    """Magnitude in 20 log10 and phase with the bulk delay, azimuths from -180: on the circle at 2 m and in the far field."""
    for distance in (2.0, math.inf):
        problem = line(3)
        if math.isinf(distance):
            problem["grid"]["azimuth_distance_m"] = math.inf
        made = design(problem)
        table = made.response
        assert ", ".join(table.columns) == RESPONSE
        assert len(table) == 131 * 24  # 65 frequencies, the band's start of 800 Hz, and the half steps
        assert sorted(set(table.azimuth_deg)) == [-180.0 + 15 * i for i in range(24)]
        for row in rows_of(table.iloc[[24 * 20 + 3, 24 * 33 + 12, 24 * 60 + 23]]):
            azimuth, k = math.radians(row.azimuth_deg), 2 * math.pi * row.frequency_hz / 343.0
            w = naive_response(made.taps["centre"], row.frequency_hz)
            p = 0j
            for l, y in enumerate((-0.06, 0.0, 0.06)):
                if math.isinf(distance):
                    p += w[l] * cmath.exp(1j * k * y * math.sin(azimuth))
                else:
                    r = math.hypot(distance * math.cos(azimuth), distance * math.sin(azimuth) - y)
                    p += w[l] * cmath.exp(-1j * k * r) / r
            assert row.magnitude_db == pytest.approx(20 * math.log10(abs(p)), abs=1e-6)
            assert cmath.exp(1j * row.phase_rad) == pytest.approx(p / abs(p), abs=1e-6)


def test_any_taps_in_any_scene() -> None:
    """`designer.evaluate` judges in the scene that it is given: its frequencies, and its heads, here two off the cloud."""
    made = design(points_pair())
    moves = [[0.0, 0.05, 0.0], [-0.1, -0.03, 0.02]]
    scene = designer.scene(made.problem).at(np.array([700.0, 1234.5])).moved(np.array(moves))
    judged = designer.evaluate(made, scene)
    assert judged.metrics.frequency_hz.tolist() == [700.0, 1234.5]
    assert len(judged.response) == 2 * 24
    for row in rows_of(judged.metrics):
        k = 2 * math.pi * row.frequency_hz / 343.0
        w = naive_response(made.taps["left"], row.frequency_hz)
        power = []
        for x, y, z in moves:
            for side in (-1.0, 1.0):
                r = [math.dist([0.7 + x, y + 0.0875 * side, z], [0.0, d, 0.0]) for d in (-0.08, 0.08)]
                power.append(abs(sum(w[l] * cmath.exp(-1j * k * r[l]) / r[l] for l in range(2))) ** 2)
        mean = (power[0] + power[2]) / (power[1] + power[3])
        worst = min(power[0] / power[1], power[2] / power[3])
        assert row.cancellation_gain_db == pytest.approx(10 * math.log10(mean), abs=1e-6)
        assert row.worst_cancellation_gain_db == pytest.approx(10 * math.log10(worst), abs=1e-6)


def test_scalars_summarise_the_tables() -> None:
    """Least, mean and largest over the band are those of the metrics table; the loudest driver is that of all frequencies."""
    made = design(limited(points_pair(), max_gain_db=20.0))
    table = made.metrics[made.metrics.slack_db.notna()]
    values = made.scalars["left"].values
    assert values["mean_cancellation_gain_db"] == pytest.approx(table.cancellation_gain_db.mean(), abs=1e-9)
    assert values["least_cancellation_gain_db"] == pytest.approx(table.cancellation_gain_db.min(), abs=1e-9)
    assert values["least_worst_cancellation_gain_db"] == pytest.approx(table.worst_cancellation_gain_db.min(), abs=1e-9)
    assert values["largest_effort_db"] == pytest.approx(table.effort_db.max(), abs=1e-9)
    assert values["least_white_noise_gain_db"] == pytest.approx(table.white_noise_gain_db.min(), abs=1e-9)
    margin = (table.cancellation_gain_db - table.target_db).min()
    assert values["least_margin_to_target_db"] == pytest.approx(margin, abs=1e-9)
    spectrum = np.abs(np.fft.rfft(made.taps["left"], 256, axis=1))
    assert values["largest_driver_gain_db"] == pytest.approx(20 * np.log10(spectrum.max()), abs=1e-9)


def test_what_filters_miss_is_an_outcome_with_its_decibels() -> None:
    """8 taps miss decibels of the curve that the weights meet, those of the table; 1024 taps miss nothing, and nothing is warned of."""
    problem = points_pair()
    problem["grid"]["frequencies"] = 257
    problem["realization"] = {"taps": 8}
    short = design(problem)
    table = short.metrics[short.metrics.target_db.notna()]
    missed_db = (table.target_db - table.cancellation_gain_db).max()
    assert missed_db > 1.0
    (curve,) = (o for o in short.scalars["left"].outcomes if o.requirement == "cancellation_gain_db")
    assert curve.missed_db == pytest.approx(missed_db, abs=1e-9)
    assert curve.beyond_db > 0.5
    assert short.status == errors.EXIT_MISSED
    problem["realization"] = {"taps": 1024}
    long = design(problem)
    assert long.warnings == []
    assert long.status == errors.EXIT_DONE
    assert all(outcome.is_met for outcome in long.scalars["left"].outcomes)


def test_the_least_margin_is_what_the_verdict_finds_missing() -> None:
    """A curve that bends between two frequencies of the table is missed there, and nowhere else: by sums over taps and paths at the
    bend, the margin is below 0, as the outcome is above it.
    """
    bend_hz = 1036.0
    made = design(points_pair(cancellation_gain_db=[[500, 0], [970, 0], [bend_hz, 14], [1100, 0], [4000, 0]]))
    table, values = made.metrics[made.metrics.target_db.notna()], made.scalars["left"].values
    fed = naive_response(made.taps["left"], bend_hz)
    listener, drivers_m = made.problem.listener, [driver.position_m for driver in made.problem.drivers]
    powers = []
    for side in (-1, 1):
        power = 0.0
        for moved_m in listener.ear_cloud_m:
            ear_m = np.add(np.add(listener.position_m, moved_m), (0.0, side * listener.head_radius_m, 0.0))
            ways_m = [math.dist(ear_m, place) for place in drivers_m]
            p = sum(w * cmath.exp(-2j * math.pi * bend_hz / 343.0 * r) / r for w, r in zip(fed, ways_m, strict=True))
            power += abs(p) ** 2
        powers.append(power)
    margin_db = 10 * math.log10(powers[0] / powers[1]) - 14
    assert (table.cancellation_gain_db - table.target_db).min() > -0.1
    assert margin_db < -0.5
    assert values["least_margin_to_target_db"] == pytest.approx(margin_db, abs=1e-6)
    (curve,) = (o for o in made.scalars["left"].outcomes if o.requirement == "cancellation_gain_db")
    assert curve.missed_db == pytest.approx(-margin_db, abs=1e-6)


def test_one_driver_has_no_effort_and_its_own_white_noise_gain() -> None:
    """A channel that one driver plays alone spends 0 dB and has a white-noise gain of 0 dB at its distance."""
    problem = small(
        {"only": [0.0, 0.0, 0.0], "other": [0.0, 0.1, 0.0]},
        {"position_m": [1.0, 0.0, 0.0], "head": "points"},
        {
            "name": "left", "kind": "ctc", "ear": "left", "band_hz": [500, 4000],
            "cancellation_gain_db": [[500, -20]], "method": "matrix", "matrix_gains": [1.0, 0.0],
        },
    )  # fmt: skip
    table = design(problem).metrics
    inside = table[table.status == "met"]
    np.testing.assert_allclose(inside.effort_db, 0.0, atol=0.01)
    np.testing.assert_allclose(inside.white_noise_gain_db, 0.0, atol=0.01)
    np.testing.assert_allclose(inside.directivity_index_db, 0.0, atol=0.01)


def test_filters_that_are_dearer_than_their_weights_say_so() -> None:
    """Taps turned up on one driver in a part of the band: effort and gain beyond the weights' largest, with both numbers."""
    made = design(pair(max_effort_db=None))
    assert not any("spend" in message or "feed" in message for message in made.scalars["left"].costs)
    loud = made.taps["left"].copy()
    loud *= np.array([[3.0], [-3.0]])  # the wrong sign: little is left to reach, at three times the level
    spoilt = replace(made, taps={"left": loud})
    message = " ".join(spoilt.scalars["left"].costs)
    spent = spoilt.metrics.effort_db[spoilt.metrics.target_db.notna()].max()
    finer = design(pair(max_effort_db=None) | {"grid": {"frequencies": 2 * made.problem.grid.frequencies - 1}})
    required = finer.weights["left"]  # with the half steps, at which the weights are solved for too
    assert f"these filters spend {spent:.1f} dB of effort at " in message
    assert f"and the weights at most {20 * math.log10(abs(required).max()):.1f} dB" in message
    gain_db = 20 * math.log10(max(abs(w) for f in made.metrics.frequency_hz for w in naive_response(loud, f)))
    assert f"these filters feed a driver up to {gain_db:.1f} dB, at " in message
