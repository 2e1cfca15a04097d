"""Crossovers: the filters against scipy's, their sums against 1, and the ways at a listener by a naive simulation of the realised taps."""

from __future__ import annotations

import cmath
import math
from typing import Any, Literal

import numpy as np
import pytest
from designs.small_problems import Tables, line, load, small
from scipy import signal

import designer
from designer.arrays import Complex, Real
from designer.problem.driver_ways import ways_of
from designer.problem.explain import explain
from designer.requirements.crossovers import Crossover
from designer.requirements.curves import driver_slope

RATE = 48_000.0
F = np.concatenate([[0.0], np.geomspace(5.0, 23_990.0, 800), [24_000.0]])
CORNERS = ((400.0,), (300.0, 2500.0), (80.0, 700.0, 6000.0))
LOW, HIGH = 150.0, 6000.0


def of(order: int, corners: tuple[float, ...], ends: tuple[float, float] = (0.0, math.inf)) -> Crossover:
    return Crossover(RATE, order, ends, tuple((corner, corner) for corner in corners))


@pytest.mark.parametrize("order", [2, 4, 8])
@pytest.mark.parametrize("corners", CORNERS)
def test_the_ways_sum_to_an_all_pass(order: int, corners: tuple[float, ...]) -> None:
    """Whatever their number, the ways sum to magnitude 1 at every frequency, real at both ends of the axis; left out, one is missed."""
    paths = of(order, corners).paths(F)
    np.testing.assert_allclose(np.abs(paths.sum(axis=0)), 1.0, rtol=1e-12)
    np.testing.assert_allclose(of(order, corners).sum(F), paths.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(paths[:, [0, -1]].imag, 0.0, atol=1e-12)
    assert np.abs(paths[1:].sum(axis=0)).min() < 1e-3


@pytest.mark.parametrize("order", [2, 4, 8])
def test_two_ways_are_two_butterworth_filters_each(order: int) -> None:
    """Linkwitz and Riley's are Butterworth filters of half the order, twice: scipy's, digital; the upper way of order 2 is turned over."""
    low, high = of(order, (700.0,)).paths(F)
    kinds: tuple[tuple[Complex, Literal["low", "high"], int], ...] = (
        (low, "low", 1),
        (high, "high", -1 if order == 2 else 1),
    )
    for path, kind, sign in kinds:
        sos = signal.butter(order // 2, 700.0, kind, output="sos", fs=RATE)
        np.testing.assert_allclose(path, sign * signal.freqz_sos(sos, F, fs=RATE)[1] ** 2, atol=1e-9)


@pytest.mark.parametrize("order", [2, 4, 8])
def test_the_ends_are_butterworth_filters(order: int) -> None:
    """Below the lowest way's band and above the highest's the sum falls as scipy's Butterworth filters of half the order."""
    alone = Crossover(RATE, order, (60.0, 15_000.0))
    expected = np.ones(F.size, dtype=complex)
    corners: dict[float, Literal["low", "high"]] = {60.0: "high", 15_000.0: "low"}
    for corner, kind in corners.items():
        sos = signal.butter(order // 2, corner, kind, output="sos", fs=RATE)
        expected *= signal.freqz_sos(sos, F, fs=RATE)[1]
    expected[np.abs(expected) < 1e-4] = 1e-4  # which end at -80 dB
    np.testing.assert_allclose(alone.sum(F), expected, atol=1e-9)
    np.testing.assert_allclose(alone.paths(F), [expected], atol=1e-9)


@pytest.mark.parametrize("order", [2, 4, 8])
@pytest.mark.parametrize("corners", CORNERS)
def test_no_way_is_fed_beyond_its_slope(order: int, corners: tuple[float, ...]) -> None:
    """At every frequency each way stays below straight lines from its band's ends: the steepest that its order has."""
    crossover = of(order, corners, (40.0, 18_000.0))
    spans = zip([40.0, *corners], [*corners, 18_000.0], strict=True)
    for path, (low, high) in zip(crossover.paths(F), spans, strict=True):
        below, above = (order // 2 if low == 40.0 else order), (order // 2 if high == 18_000.0 else order)
        line_db = np.minimum(0, 20 * np.log10(np.minimum((F[1:] / low) ** below, (high / F[1:]) ** above)))
        assert (20 * np.log10(np.abs(path[1:]) + 1e-300) <= np.maximum(line_db, -80) + 1e-9).all()
    assert crossover.slopes([40.0, corners[0]]) == (order // 2, order)


def test_what_a_band_leaves_a_driver() -> None:
    """Nothing limits it inside; an octave below, 12 dB at order 2; an octave above, 24 dB at order 4; far outside -60 dB."""
    limit = driver_slope(np.array([50.0, 100.0, 300.0, 800.0, 1600.0, 20_000.0]), [100.0, 800.0], (2, 4))
    np.testing.assert_allclose(limit, [0.25, np.inf, np.inf, np.inf, 1 / 16, 1e-3], rtol=1e-12)


def bar(**keys: Any) -> Tables:
    """Two woofers behind and two tweeters before a bar's front, at 16 kHz: a beam over 400 to 3000 Hz of a two-way device."""
    problem = small(
        {"w1": [-0.02, -0.12, 0.0], "w2": [-0.02, 0.12, 0.0], "t1": [0.03, -0.04, 0.0], "t2": [0.03, 0.04, 0.0]},
        {"position_m": [2.0, 0.0, 0.0]},
        {
            "name": "centre", "kind": "beamformer", "look_deg": 0.0, "band_hz": [400.0, 3000.0], "nulls_deg": [-90.0, 90.0],
            "cancellation_gain_db": [[400, 6]], "min_white_noise_gain_db": -3.0, **keys,
        },
    )  # fmt: skip
    for driver in problem["drivers"]:
        driver["band_hz"] = [LOW, 2500.0] if driver["name"].startswith("w") else [900.0, HIGH]
    problem["realization"] = {"taps": 512, "bulk_delay_samples": 128}
    return problem


@pytest.fixture(scope="module")
def made() -> designer.Design:
    """The bar, designed once."""
    return designer.design(load(bar()))


def heard(taps: Real, places: list[list[float]], f: float, rate: float = 16_000.0) -> complex:
    """The pressure at [2, 0, 0] and one frequency: every tap of every driver, at the time that it arrives."""
    total = 0j
    for driver, place in zip(taps, places, strict=True):
        away = math.dist(place, (2.0, 0.0, 0.0))
        for n, tap in enumerate(driver):
            total += tap / away * cmath.exp(-2j * math.pi * f * (n / rate + away / 343.0))
    return total


def test_realised_ways_are_flat_on_the_axis(made: designer.Design) -> None:
    """Through the realised taps the look direction is flat within 0.5 dB over what the drivers play, though the crossover lies within
    the band, its fades reach past it, and the design takes over from plain playback and hands back.
    """
    places = [driver.position_m for driver in made.problem.drivers]
    inside = np.geomspace(1.7 * LOW, HIGH / 1.7, 40)
    level_db = [20 * math.log10(abs(heard(made.taps["centre"], places, f))) for f in inside]
    assert max(level_db) - min(level_db) < 0.5


def test_realised_ways_arrive_together() -> None:
    """Plain playback alone, realised: at the crossover woofers are heard in phase with tweeters that stand 5 cm before them."""
    table = bar(band_hz=[4000.0, 4500.0], fade_octaves=0.1)
    problem = load(table | {"designs": [table["designs"][0] | {"cancellation_gain_db": [[4000, 0]]}]})
    taps = designer.design(problem).taps["centre"]
    places = [driver.position_m for driver in problem.drivers]
    (crossing,) = ways_of(problem.designs[0], problem).crossings_hz
    woofers, tweeters = (heard(taps[half], places[half], crossing[0]) for half in (slice(0, 2), slice(2, 4)))
    assert abs(math.degrees(cmath.phase(woofers / tweeters))) < 2
    assert 20 * math.log10(abs(woofers / tweeters)) == pytest.approx(0.0, abs=0.1)


def test_no_driver_is_fed_outside_its_band(made: designer.Design) -> None:
    """Realised, no driver is fed more outside its band than its slope allows, to 0.5 dB, down to -45 dB; the design lies over both."""
    f = np.linspace(5.0, 7995.0, 400)
    turn = np.exp(-2j * np.pi * np.outer(f, np.arange(512)) / 16_000)
    for name, taps in zip(made.drivers, made.taps["centre"], strict=True):
        low, high, orders = (LOW, 2500.0, (2, 4)) if name.startswith("w") else (900.0, HIGH, (4, 2))
        outside = (f < low) | (f > high)
        slope_db = 20 * np.log10(np.minimum((f / low) ** orders[0], (high / f) ** orders[1]))[outside]
        fed_db = 20 * np.log10(np.abs(turn[outside] @ taps))
        assert (fed_db < np.maximum(slope_db + 0.5, -45.0)).all(), name


def weights(problem: designer.Problem) -> tuple[designer.Design, Complex]:
    found = designer.design(problem)
    return found, found.weights[problem.designs[0].name]


def test_a_design_that_needs_a_driver_outside_its_band_is_refused() -> None:
    """Nulls that only all four drivers make, asked below the tweeters' band: their slopes are kept, and the curve gives way instead."""
    problem = load(bar(band_hz=[200.0, 700.0], cancellation_gain_db=[[200, 25]], min_white_noise_gain_db=-30.0))
    found, w = weights(problem)
    f = found.frequency_hz
    inside = (f >= 200) & (f <= 700)
    assert (np.abs(w[inside][:, 2:]) <= (f[inside, None] / 900.0) ** 4 * 1.001 + 1e-9).all()
    assert not found.channels["centre"].feasible


def test_named_crossovers_and_orders() -> None:
    """`crossover_hz` moves the crossover, `crossover_order` its slope; by default it is the geometric mean of what both play."""
    for keys, crossing, order in (
        ({}, math.sqrt(900 * 2500), 4),
        ({"crossover_hz": [1200], "crossover_order": 8}, 1200.0, 8),
    ):
        made = designer.design(load(bar(**keys)))
        crossover = made.channels["centre"].plain.crossover
        np.testing.assert_allclose(crossover.crossings_hz, [(crossing, crossing)])
        assert crossover.order == order


def test_the_louder_way_is_turned_down() -> None:
    """Tweeters at half the distance are 6 dB louder at the crossover: their way is fed 6 dB less, and no way more than 0 dB."""
    problem = bar()
    problem["grid"]["azimuth_distance_m"] = 2.0
    for driver in problem["drivers"][2:]:
        driver["position_m"][0] = 1.0
    plain = designer.design(load(problem)).channels["centre"].plain
    by_way = [sum(g for g, way in zip(plain.gain, plain.way, strict=True) if way == n) for n in (0, 1)]
    distances = [np.hypot(2.0 + 0.02, 0.12), np.hypot(1.0, 0.04)]
    assert by_way[0] == pytest.approx(1.0)
    assert by_way[1] == pytest.approx(distances[1] / distances[0], rel=1e-3)


def test_a_way_within_another_is_left_out_unless_named() -> None:
    """A driver that plays everything needs no crossover; with one in the file, the tweeter plays above it."""
    problem = line(4)
    problem["drivers"][0]["band_hz"] = [1000.0, 7000.0]
    assert len(ways_of(load(problem).designs[0], load(problem)).ways) == 1
    problem["designs"][0] |= {"plain": ["d1", "d0"], "crossover_hz": [2000.0]}
    ways = ways_of(load(problem).designs[0], load(problem))
    assert [way.drivers for way in ways.ways] == [("d1",), ("d0",)]
    assert ways.spans_hz == [(0.0, 2000.0), (2000.0, 7000.0)]


def test_across_a_gap_each_way_ends_with_its_own_band() -> None:
    """Woofers to 500 Hz and tweeters from 900 Hz: the low-pass is at 500, the high-pass at 900, and `check` names what is between."""
    problem = bar()
    for driver in problem["drivers"][:2]:
        driver["band_hz"] = [LOW, 500.0]
    checked = load(problem)
    assert ways_of(checked.designs[0], checked).crossings_hz == ((500.0, 900.0),)
    assert any(
        "no driver plays 0 to 150 Hz and 500 to 900 Hz and 6000 to 8000 Hz" in words for words in explain(checked)
    )


def test_left_and_right_keep_their_phase() -> None:
    """The two channels of a symmetric two-way device: at their ears the plain playback of both is the same, in phase too."""
    problem = bar()
    ear = {"kind": "null-steering", "band_hz": [400.0, 3000.0], "cancellation_gain_db": [[400, 3]]}
    problem["designs"] = [{"name": side, "ear": side, **ear} for side in ("left", "right")]
    made = designer.design(load(problem))
    ears = designer.scene(load(problem)).ears()
    plain = [made.channels[side].plain.weights(made.frequency_hz, 4) for side in ("left", "right")]
    left, right = (np.einsum("fl,fl->f", ears[:, n], plain[n]) for n in (0, 1))
    np.testing.assert_allclose(left, right, atol=1e-9 * np.abs(left).max())
