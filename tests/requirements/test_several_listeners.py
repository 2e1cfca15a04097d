"""Several listeners and places without a head: whose ear is bright, who is dark, by naive sums over point sources in free field."""

from __future__ import annotations

import math
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from toml_text import toml

import designer
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.designs.bounds import bounds
from designer.errors import ProblemError
from designer.evaluation.moved_head import moved_head
from designer.evaluation.tolerance import draw, tolerance
from designer.formulations.power_ratio import relaxed, solve
from designer.problem.listeners import Place
from designer.problem.schema import Problem
from designer.report.grids import drawn_heads
from designer.requirements.channel_target import channel_target

SPEED, BAND = 343.0, [800.0, 2400.0]
HEADS = {"first": [2.5, -0.35, 0.0], "second": [2.5, 0.35, 0.0]}
RADIUS = 0.0875


def couch(**design: Any) -> dict[str, Any]:
    """Six point sources in free field before two listeners whose heads are two points each."""
    drivers = [{"name": f"d{n}", "position_m": [0.0, y, 0.0]} for n, y in enumerate(np.linspace(-0.3, 0.3, 6).tolist())]
    ears = {
        "kind": "null-steering",
        "ear": "left",
        "band_hz": BAND,
        "cancellation_gain_db": [[1000, 8]],
        "max_effort_db": 20.0,
    }
    return {
        "title": "Couch",
        "sample_rate_hz": 16000,
        "drivers": drivers,
        "listeners": [{"name": name, "position_m": place, "head": "points"} for name, place in HEADS.items()],
        "places": [
            {"name": "desk", "shape": "box", "centre_m": [1.5, 1.0, 0.0], "size_m": [0.1, 0.2, 0.0], "spacing_m": 0.1}
        ],
        "grid": {"frequencies": 9},
        "designs": [{"name": "left", **ears, "dark": ["second", "desk"], **design}],
        "realization": {"taps": 64},
    }


def read(**design: Any) -> Problem:
    """The couch with keys of its design changed, None for a key that is left out."""
    data = couch(**design)
    data["designs"] = [{key: value for key, value in table.items() if value is not None} for table in data["designs"]]
    return designer.loads(toml(data))


def ears_m(name: str, move_m: Any = (0.0, 0.0, 0.0)) -> np.ndarray:
    """Left and right ear of a listener who faces the device's centre."""
    x, y, z = HEADS[name]
    left = np.array([-y, x, 0.0]) * -1 / np.hypot(x, y)  # a listener at +x looks to -x: the left is at -y
    left = left if left[1] < 0 else -left
    return np.asarray(np.array([x, y, z]) + np.array(move_m) + RADIUS * np.stack([left, -left]))


def field(points_m: np.ndarray, problem: Problem, frequency_hz: float) -> np.ndarray:
    """Sum by sum: e^{-jkr}/r from each driver to each point (M, L)."""
    out = np.zeros((len(points_m), len(problem.drivers)), dtype=complex)
    for m, point in enumerate(points_m):
        for l, driver in enumerate(problem.drivers):
            r = float(np.linalg.norm(point - np.array(driver.position_m)))
            out[m, l] = np.exp(-2j * np.pi * frequency_hz / SPEED * r) / r
    return out


def power(points_m: np.ndarray, problem: Problem, frequency_hz: float, w: np.ndarray) -> float:
    """Mean |p|² over points."""
    return float(np.mean(np.abs(field(points_m, problem, frequency_hz) @ w) ** 2))


def at(problem: Problem, frequency_hz: float) -> Scene:
    """The scene at one frequency."""
    return scene(problem).at(np.array([frequency_hz]))


def desk_m() -> np.ndarray:
    """Points of the desk, 10 cm apart."""
    return np.array([[x, y, 0.0] for x in (1.45, 1.55) for y in (0.9, 1.0, 1.1)])


def clouds_m(name: str) -> np.ndarray:
    """Both ears of a listener at the default displacements (5, 2, 3)."""
    moves = [(0, 0, 0), (0, 0.03, 0), (0, -0.03, 0), (0.03, 0, 0), (-0.03, 0, 0)]
    return np.stack([ears_m(name, move) for move in moves])


@pytest.mark.parametrize(("listener", "dark"), [("first", "second"), ("second", "first")])
def test_points_are_those_of_the_listener_named(listener: str, dark: str) -> None:
    """The left ear of the listener named is bright, the other ear and both of the other listener's dark, each point counting once."""
    problem = read(listener=listener, dark=[dark])
    target = channel_target(problem.designs[0], at(problem, 1500.0))
    w = np.exp(1j * np.arange(6.0) ** 2)
    own, other = clouds_m(listener), clouds_m(dark)
    bright, dark_power = (
        power(own[:, 0], problem, 1500.0, w),
        power(np.concatenate([own[:, 1], other.reshape(-1, 3)]), problem, 1500.0, w),
    )
    assert np.mean(np.abs(target.bright[0] @ w) ** 2) == pytest.approx(bright, rel=1e-9)
    assert np.mean(np.abs(target.dark[0] @ w) ** 2) == pytest.approx(dark_power, rel=1e-9)
    assert np.mean(np.abs(target.own_dark[0] @ w) ** 2) == pytest.approx(power(own[:, 1], problem, 1500.0, w), rel=1e-9)


def test_a_weight_counts_points_so_many_times() -> None:
    """Mean power over the dark points, one of weight 3 counting as three."""
    problem = read(dark_weight={"desk": 3.0})
    target = channel_target(problem.designs[0], at(problem, 1500.0))
    w = np.exp(1j * np.arange(6.0) ** 2)
    parts = [(clouds_m("first")[:, 1], 1.0), (clouds_m("second").reshape(-1, 3), 1.0), (desk_m(), 3.0)]
    weighted = sum(weight * len(points) * power(points, problem, 1500.0, w) for points, weight in parts)
    mean = weighted / sum(weight * len(points) for points, weight in parts)
    assert np.mean(np.abs(target.dark[0] @ w) ** 2) == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("method", ["power-ratio", "constrained", "least-squares", "minimax"])
def test_each_method_keeps_each_curve(method: str) -> None:
    """A curve a listener and a place: by a naive sum over points the weights of every method that looks at curves meet each of them."""
    curves = {"second": [[1000, 14]], "desk": [[1000, 11]]}
    result = designer.design(
        read(method=method, dark_gain_db=curves, max_effort_db=None if method == "minimax" else 20.0)
    )
    channel = result.channels["left"]
    assert channel.feasible
    assert sorted(channel.slacks_db)[:3] == [
        "cancellation_gain_db",
        'dark_gain_db of "desk"',
        'dark_gain_db of "second"',
    ]
    groups = [(clouds_m("first")[:, 1], 8.0), (clouds_m("second").reshape(-1, 3), 14.0), (desk_m(), 11.0)]
    for f in result.frequency_hz[(result.frequency_hz >= BAND[0]) & (result.frequency_hz <= BAND[1])]:
        w = result.weights["left"][np.flatnonzero(result.frequency_hz == f)[0]]
        bright = power(clouds_m("first")[:, 0], result.problem, f, w)
        for points, least_db in groups:
            assert 10 * np.log10(bright / power(points, result.problem, f, w)) > least_db - 0.11


def test_the_power_ratio_of_two_curves_is_that_of_the_relaxation() -> None:
    """Least ||w||² at equal level within two ratios: the value of the semidefinite relaxation, which is exact for so few forms."""
    problem = read(dark=["second"], dark_gain_db=[[1000, 20]], cancellation_gain_db=[[1000, 12]], max_effort_db=None)
    target = channel_target(problem.designs[0], at(problem, 1500.0))
    w = solve(target).weights[0]
    A, B, C = (
        np.asarray(p[0].conj().T @ p[0] / len(p[0]))
        for p in (target.bright, target.own_dark, target.dark_groups[0].points)
    )
    scale = np.trace(A).real
    A, B, C = A / scale, B / scale, C / scale  # numbers near 1
    trace = relaxed(6)
    rest = [trace(A) == 1, trace(A - 10**1.2 * B) >= 0, trace(A - 10**2.0 * C) >= 0]
    least = cp.Problem(cp.Minimize(trace(np.eye(6, dtype=complex))), rest).solve(solver="CLARABEL")
    level = float((w.conj() @ A @ w).real)
    assert level / (w.conj() @ C @ w).real == pytest.approx(10**2.0, rel=1e-3)
    assert float(np.sum(np.abs(w) ** 2)) / level == pytest.approx(least, rel=2e-3)


def test_a_zone_is_bright_at_both_ears_and_dark_where_others_are() -> None:
    """A whole listener hears the programme, another and the desk do not: the contrast of a naive sum meets the curve."""
    zone = {"kind": "zone", "ear": None, "bright": ["first"], "cancellation_gain_db": [[1000, 12]]}
    result = designer.design(read(**zone))
    assert result.status in (0, 7)
    assert result.channels["left"].feasible
    dark = np.concatenate([clouds_m("second").reshape(-1, 3), desk_m()])
    f = float(result.frequency_hz[len(result.frequency_hz) // 4])
    w = result.weights["left"][np.flatnonzero(result.frequency_hz == f)[0]]
    gain = power(clouds_m("first").reshape(-1, 3), result.problem, f, w) / power(dark, result.problem, f, w)
    assert 10 * np.log10(gain) > 11.89


def test_moved_heads_and_drawn_devices_are_judged_at_every_listener() -> None:
    """Isolation with all heads displaced, and over drawn devices, by the filters' own Fourier sum at places of point sources."""
    result = designer.design(read(dark=["second"]))
    problem, taps, table = result.problem, result.taps["left"], result.problem.designs[0]
    moved = moved_head(table, taps, result.fine_scene.at(result.frequency_hz))
    assert moved.isolation_db is not None
    f, d = 3, 7
    hz, move_m = float(moved.frequency_hz[f]), moved.displacements_m[d]
    w = taps @ np.exp(-2j * np.pi * hz * np.arange(taps.shape[1]) / 16000)
    naive = power(ears_m("first", move_m)[:1], problem, hz, w) / power(ears_m("second", move_m), problem, hz, w)
    assert moved.isolation_db[d, f] == pytest.approx(10 * np.log10(naive), abs=1e-6)

    line = problem.tolerance.model_copy(
        update={"draws": 5, "position_m": 0.0, "temperature_c": 0.0, "head_radius_m": 0.0}
    )
    draws = draw(line, 6, RADIUS)
    drawn = tolerance([table], result.taps, result.even_scene, draws)["left"]
    assert drawn.isolation_db is not None
    hz = float(drawn.frequency_hz[2])
    w = draws.factor[2] * (taps @ np.exp(-2j * np.pi * hz * np.arange(taps.shape[1]) / 16000))
    naive = power(ears_m("first")[:1], problem, hz, w) / power(ears_m("second"), problem, hz, w)
    assert drawn.isolation_db[2, 2] == pytest.approx(10 * np.log10(naive), abs=0.02)


def test_one_of_several_listeners_is_the_one_listener() -> None:
    """A design for the second of two listeners, nobody else dark, has the weights of a file with that listener alone."""
    two = designer.design(read(listener="second", dark=None))
    data = couch(dark=None)
    alone = {"position_m": HEADS["second"], "head": "points"}
    del data["listeners"], data["designs"][0]["dark"]
    one = designer.design(designer.loads(toml(data | {"listener": alone})))
    np.testing.assert_allclose(two.weights["left"], one.weights["left"], rtol=1e-9, atol=1e-12)
    assert two.scalars["left"].values == pytest.approx(one.scalars["left"].values, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"listener": "nobody"}, r'designs\[0\]\.listener: got "nobody"; expected "first" or "second"'),
        ({"dark": ["first"]}, r'designs\[0\]\.dark\[0\]: got "first", whose ear is bright; expected other listeners and places'),
        ({"dark": ["second", "second"]}, r"designs\[0\]\.dark\[1\]: got \"second\" twice; expected each name once; leave one out"),
        ({"dark": None, "dark_gain_db": [[500, 6]]}, r"designs\[0\]\.dark_gain_db: got without dark; expected only with it"),
        ({"dark_gain_db": {"nobody": [[500, 6]]}}, r'designs\[0\]\.dark_gain_db\.nobody: got "nobody"; expected "second" or "desk"'),
        ({"dark_gain_db": [[500, 6], [400, 6]]}, r"designs\[0\]\.dark_gain_db: got the frequencies \[500, 400\]; expected .* rise"),
        ({"dark_weight": 0.0}, r"designs\[0\]\.dark_weight: got 0.0; expected a number above 0 for all"),
        ({"hold": "every", "cancellation_gain_db": None, "dark_gain_db": [[1000, 8]]},
         r'designs\[0\]\.hold: got "every" with dark; expected a design with cancellation_gain_db'),
        ({"hold": "every", "diffuse_gain_db": [[1000, 3]]}, r'designs\[0\]\.hold: got "every" with diffuse_gain_db'),
        ({"hold": "every", "dark_weight": 2.0}, r'designs\[0\]\.dark_weight: got with hold = "every"; expected only with hold = "mean"'),
        ({"diffuse_gain_db": [[2000, 3], [1000, 3]]}, r"designs\[0\]\.diffuse_gain_db: got the frequencies"),
        ({"diffuse_gain_db": [[500, -200]]}, r"diffuse_gain_db: got the gains \[-200\]; expected gains from -20 to 60; one point source"),
        ({"dark_weight": {"second": math.nan}}, r"designs\[0\]\.dark_weight\.second: got nan; expected a finite number above 0"),
        ({"dark_weight": {"second": "x"}}, r'designs\[0\]\.dark_weight\.second: got "x"; expected a number above 0'),
        ({"dark_gain_db": {"second": [[500, math.inf]]}}, r"designs\[0\]\.dark_gain_db\.second\[0\]\[1\]: got inf; expected a finite"),
        ({"method": "robust-taps"}, r'designs\[0\]\.method: got "robust-taps" with dark; .*; use "auto"'),
    ],
)  # fmt: skip
def test_faults_of_designs_for_several(changes: dict[str, Any], message: str) -> None:
    """What a design says of listeners and places that cannot be, at its key."""
    with pytest.raises(ProblemError, match=message):
        read(**changes)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"listener": {"position_m": [1.0, 0.0, 0.0]}}, r"listeners: got \[\[listeners\]\] beside \[listener\]; expected one of them"),
        ({"listeners": [{"name": n, "position_m": [2.0, 0.0, 0.0]} for n in "ab"]}, r"listeners\[1\]\.position_m: .* two radii of heads"),
        ({"listeners": [{"name": "a", "position_m": [0.0, 0.0, 1.0]}]}, r"listeners\[0\]\.position_m: .* straight above"),
        ({"places": [{"name": "first", "shape": "disc", "centre_m": [1, 1, 0], "radius_m": 0.1}]}, r"places\[0\]\.name: .* of a listener"),
        ({"places": [{"name": "p", "shape": "disc", "centre_m": [1, 1, 0]}]}, r"places\[0\]\.radius_m: required key is missing"),
        ({"places": [{"name": "p", "shape": "sphere", "centre_m": [1, 1, 0], "radius_m": 1.0}]}, r"places\[0\]\.spacing_m: .* points"),
    ],
)  # fmt: skip
def test_faults_of_listeners_and_places(table: dict[str, Any], message: str) -> None:
    """Listeners and places that cannot be are named with their table."""
    with pytest.raises(ProblemError, match=message):
        designer.loads(toml(couch() | table))


def test_the_bound_on_an_ear_is_over_its_other_ear_alone() -> None:
    """Where dark curves leave an ear short, the most that any weights reach is not below what these weights reach by a naive sum."""
    problem = read(
        dark=["second"],
        cancellation_gain_db=[[1000, 30]],
        dark_gain_db=[[1000, 30]],
        dark_weight=5.0,
        max_effort_db=6.0,
    )
    table, seen = problem.designs[0], at(problem, 1500.0)
    target = channel_target(table, seen)
    w = solve(target).weights
    gain_db, _ = bounds(
        target, {"cancellation_gain_db": np.array([9.0]), 'dark_gain_db of "second"': np.array([9.0])}, w
    )
    best = solve(
        channel_target(table.model_copy(update={"dark": None, "dark_gain_db": None, "dark_weight": None}), seen)
    )
    for v in (w[0], best.weights[0]):
        own = clouds_m("first")
        reached = power(own[:, 0], problem, 1500.0, v) / power(own[:, 1], problem, 1500.0, v)
        assert gain_db[0] >= 10 * np.log10(reached) - 0.01


def test_numbers_of_one_head_are_for_channels_of_ears() -> None:
    """A zone has no ipsilateral ear; an ear of the second listener is judged at this listener's heads, however many the first has."""
    data = couch(listener="second", dark=["first"])
    data["listeners"][1]["head"] = ["points", "sphere"]
    zone = {
        "name": "zone",
        "kind": "zone",
        "bright": ["first"],
        "dark": ["second"],
        "cancellation_gain_db": [[1000, 6]],
    }
    data["designs"].append({**zone, "band_hz": BAND})
    result = designer.design(designer.loads(toml(data)))
    assert {name: set(heads) for name, heads in drawn_heads(result).items()} == {"left": {"points", "sphere"}}


@pytest.mark.parametrize("radius_m", [0.01, 0.025, 0.06])
def test_round_places_hold_their_centre_and_their_ends(radius_m: float) -> None:
    """However small beside its spacing, a sphere has its centre and its poles among its points."""
    place = Place(name="p", shape="sphere", centre_m=[1.0, 1.0, 0.0], radius_m=radius_m, spacing_m=0.05)
    points_m = place.points_m() - [1.0, 1.0, 0.0]
    for point in ([0.0, 0.0, 0.0], [radius_m, 0.0, 0.0], [0.0, 0.0, -radius_m]):
        assert np.linalg.norm(points_m - point, axis=1).min() < 1e-9


def test_a_zone_of_unequal_clouds_is_studied() -> None:
    """Five displacements against one: the worst ratio of the mean bright power to that at a dark ear, by a naive sum."""
    data = couch(kind="zone", bright=["first"], dark=["second"])
    del data["designs"][0]["ear"]
    data["listeners"][1]["ear_cloud_m"] = [[0.0, 0.0, 0.0]]
    result = designer.design(designer.loads(toml(data)))
    ratios = []
    for f, w in zip(result.frequency_hz, result.weights["left"], strict=True):
        bright = power(clouds_m("first").reshape(-1, 3), result.problem, float(f), w)
        ratios += [
            bright / power(ear[None], result.problem, float(f), w)
            for ear in ears_m("second")
            if BAND[0] <= f <= BAND[1]
        ]
    # The study looks half way between the design's frequencies too.
    worst_db = 10 * np.log10(min(ratios))
    assert worst_db - 3 < result.study["left"].stages["ideal"].worst_db < worst_db + 1e-6


@pytest.mark.parametrize(
    ("side", "message"),
    [
        ({"listener": "second"}, r'designs\[0\]\.listener: got "second" for the design "left" of \[virtualizer\]; expected "first"'),
        ({"kind": "zone", "ear": None, "bright": ["first"]}, r'designs\[0\]\.kind: got "zone" for the design "left" of \[virtualizer\]'),
    ],
)  # fmt: skip
def test_the_stereo_chain_plays_for_the_first_listener(side: dict[str, Any], message: str) -> None:
    """Its channels are ears of the listener whose ears it is matched at."""
    data = couch(dark=["second" if "kind" in side else "desk"], **side)
    left = {key: value for key, value in data["designs"][0].items() if value is not None}
    right = {**couch(dark=["desk"])["designs"][0], "name": "right", "ear": "right"}
    with pytest.raises(ProblemError, match=message):
        designer.loads(toml(data | {"designs": [left, right], "virtualizer": {"upmix": False}}))


def test_heads_are_displaced_where_every_listener_can_be() -> None:
    """A driver beside the other listener's head: no displacement that a design is judged at puts it into the head."""
    data = couch(dark=["second"])
    data["listeners"] = [{**table, "head": "sphere"} for table in data["listeners"]]
    x, y, z = HEADS["second"]
    data["drivers"].append({"name": "near", "position_m": [x, y - 0.1, z]})
    data["realization"]["taps"] = 128
    result = designer.design(designer.loads(toml(data)))
    moved = result.moved_heads["left"]
    assert np.isfinite(moved.gain_db).all()
    away_m = np.linalg.norm(np.array(HEADS["second"]) + moved.displacements_m - np.array([x, y - 0.1, z]), axis=1)
    assert (away_m > RADIUS).all()
    assert len(away_m) > 5


@pytest.mark.parametrize(
    ("aim", "hold", "least_db"), [("ear", "every", (2, 8)), ("zone", "every", (3, 9)), ("ear", 10.0, (1, 6))]
)
def test_every_place_of_every_curve_is_held(aim: str, hold: str | float, least_db: tuple[float, float]) -> None:
    """By naive sums: an ear's displacements in pairs, and the mean at the bright points over each other dark point, or nine tenths."""
    of_zone = {"kind": "zone", "ear": None, "bright": ["first"]} if aim == "zone" else {}
    own_db, others_db = least_db
    curves = {"cancellation_gain_db": [[1000, own_db]], "dark_gain_db": {"second": [[1000, others_db]]}}
    problem = read(dark=["second"], hold=hold, **curves, **of_zone)
    result = designer.design(problem)
    assert result.channels["left"].feasible
    at = int(np.argmin(np.abs(result.frequency_hz - 1500)))
    f, w = float(result.frequency_hz[at]), result.weights["left"][at]
    first, second = (np.abs(field(clouds_m(name).reshape(-1, 3), problem, f) @ w) ** 2 for name in HEADS)
    bright = first if aim == "zone" else first[0::2]
    percentile = 0 if hold == "every" else 10
    assert np.percentile(10 * np.log10(bright.mean() / second), percentile) > others_db - 0.1
    if aim == "ear":
        assert np.percentile(10 * np.log10(first[0::2] / first[1::2]), percentile) > own_db - 0.1


def test_the_gain_over_all_directions_is_that_over_a_sphere() -> None:
    """Mean power at the bright ear over that at 2,000 places around the device at the listener's distance, summed one by one."""
    curves = {
        "cancellation_gain_db": [[1000, 1]],
        "dark_gain_db": [[1000, 6]],
        "diffuse_gain_db": [[1000, 3], [2400, 5]],
    }
    problem = read(dark=["second"], **curves)
    result = designer.design(problem)
    assert result.channels["left"].feasible
    n = np.arange(2000) + 0.5
    polar, turn = np.arccos(1 - n / 1000), np.pi * (1 + 5**0.5) * n
    around = np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1)
    sphere_m = 1000.0 * around  # far away, where power falls with the square of distance
    for at in np.flatnonzero((result.frequency_hz >= 1000) & (result.frequency_hz <= 2400))[::3]:
        f, w = float(result.frequency_hz[at]), result.weights["left"][at]
        diffuse = np.mean(np.abs(field(sphere_m, problem, f) @ w) ** 2) * 1000.0**2 / np.sum(np.square(HEADS["first"]))
        gain_db = 10 * np.log10(power(clouds_m("first")[:, 0], problem, f, w) / diffuse)
        assert gain_db > np.interp(np.log(f), np.log([1000, 2400]), [3, 5]) - 0.15
    assert "3 to 5 dB over all directions" in result.sentence("left")
