"""Programmes that play together, by naive sums over point sources in free field."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from requirements.test_several_listeners import HEADS, RADIUS, couch, ears_m, field
from toml_text import toml

import designer
from designer.evaluation.isolation_in_room import isolation_in_room
from designer.evaluation.moved_head import moved_head
from designer.evaluation.programmes import Playback
from designer.evaluation.tolerance import draw, tolerance
from designer.problem.schema import Room
from designer.requirements.crossovers import Crossover
from designer.requirements.plain import Plain
from designer.result import Result

UNIT, ORIGIN = np.ones(6), np.zeros((1, 3))
CHANNELS = {"left": "first", "right": "first", "all": "second"}


@cache
def result() -> Result:
    """Both ears of the first listener, and a programme for the second: 9 frequencies, 64 taps."""
    data = couch()
    (ear,) = data["designs"]
    zone = {key: ear[key] for key in ("band_hz", "cancellation_gain_db", "max_effort_db")}
    data["designs"] = [
        {**ear, "dark": ["second"]},
        {**ear, "name": "right", "ear": "right", "dark": ["second"]},
        {**zone, "name": "all", "kind": "zone", "bright": ["second"], "dark": ["first"]},
    ]
    data["tolerance"] = {
        "draws": 2,
        "gain_db": 0,
        "phase_deg": 0,
        "position_m": 0,
        "temperature_c": 0,
        "head_radius_m": 0,
    }
    return designer.design(designer.loads(toml(data)))


def pressures(
    channel: str, listener: str, frequency_hz: float, moves_m: np.ndarray, factor: np.ndarray = UNIT
) -> np.ndarray:
    """Pressure (places, 2) at both ears, tap by tap."""
    design = result()
    taps, rate = design.taps[channel], design.problem.sample_rate_hz
    w = np.array([sum(h * np.exp(-2j * np.pi * frequency_hz * n / rate) for n, h in enumerate(row)) for row in taps])
    return np.array([field(ears_m(listener, move), design.problem, frequency_hz) @ (w * factor) for move in moves_m])


def power(
    channel: str, listener: str, frequency_hz: float, moves_m: np.ndarray, factor: np.ndarray = UNIT
) -> np.ndarray:
    """Mean over both ears (places,)."""
    return np.asarray((np.abs(pressures(channel, listener, frequency_hz, moves_m, factor)) ** 2).mean(axis=1))


@cache
def volumes() -> dict[str, float]:
    """One over the loudness of each listener's programme: trapezes over log f in the band, of frequencies half a step apart."""
    design, cloud_m = result(), np.array(result().problem.listener.ear_cloud_m)
    grid_hz = np.unique(design.metrics.frequency_hz)
    f = grid_hz[(grid_hz >= 800) & (grid_hz <= 2400)]
    edges = np.log(np.concatenate([[800], np.sqrt(f[1:] * f[:-1]), [2400]]))
    share = np.diff(edges) / (edges[-1] - edges[0])
    loudness = dict.fromkeys(HEADS, 0.0)
    for channel, listener in CHANNELS.items():
        loudness[listener] += sum(
            s * power(channel, listener, x, cloud_m).mean() for s, x in zip(share, f, strict=True)
        )
    return {name: 1 / value for name, value in loudness.items()}


def isolations(frequency_hz: float, moves_m: np.ndarray, *, over_all: bool) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Inter-zone and inter-programme isolation of each listener's programme in dB, at each place or over all of them."""
    p = {
        (listener, at): sum(power(c, at, frequency_hz, moves_m) for c, of in CHANNELS.items() if of == listener)
        for listener in HEADS
        for at in HEADS
    }
    p = {key: np.mean(value, keepdims=True) if over_all else value for key, value in p.items()}
    out, v = {}, volumes()
    for here, there in (("first", "second"), ("second", "first")):
        zones = p[here, here] / p[here, there]
        out[here] = 10 * np.log10(zones), 10 * np.log10(v[here] * p[here, here] / (v[there] * p[there, here]))
    return out


@pytest.mark.parametrize("channel", CHANNELS)
def test_columns_are_the_sums_over_a_programmes_channels(channel: str) -> None:
    """At each frequency: all channels of a listener over the cloud, and against the other's, both as loud at home."""
    table = result().metrics.query("channel == @channel and 1000 <= frequency_hz <= 2000")
    cloud_m = np.array(result().problem.listener.ear_cloud_m)
    columns = ["frequency_hz", "inter_zone_isolation_db", "inter_programme_isolation_db"]
    for f, zone_db, programme_db in table[columns].to_numpy(dtype=float)[::3]:
        zones, programmes = isolations(float(f), cloud_m, over_all=True)[CHANNELS[channel]]
        assert zone_db == pytest.approx(zones[0], abs=1e-6)
        assert programme_db == pytest.approx(programmes[0], abs=1e-6)
    assert abs(table.inter_zone_isolation_db - table.inter_programme_isolation_db).max() > 1


@pytest.mark.parametrize("channel", ["left", "right"])
def test_the_error_of_reproduction_is_that_against_plain_playback(channel: str) -> None:
    """One driver's pressure, later by the taps' delay, at the bright points of the cloud."""
    design = result()
    table, cloud_m = design.channels[channel].table, design.problem.listener.ear_cloud_m
    (plain,) = [design.problem.driver_names.index(name) for name in design.channels[channel].plain_names]
    ears = [int(table.ear == "right")]
    rows = design.metrics.query("channel == @channel and 1000 <= frequency_hz <= 2000")
    for f, error_db in rows[["frequency_hz", "reproduction_error_db"]].to_numpy(dtype=float)[::4].tolist():
        p = pressures(channel, CHANNELS[channel], f, np.array(cloud_m))[:, ears]
        late = np.exp(-2j * np.pi * f * design.bulk_delay_samples / design.problem.sample_rate_hz)
        d = (
            np.array([field(ears_m(CHANNELS[channel], move), design.problem, f)[ears, plain] for move in cloud_m])
            * late
        )
        expected = 10 * np.log10((np.abs(p - d) ** 2).sum() / (np.abs(d) ** 2).sum())
        assert error_db == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("channel", ["left", "all"])
def test_unseen_places_are_judged_one_by_one(channel: str) -> None:
    """All heads displaced alike: both isolations at each place."""
    design, table = result(), result().channels[channel].table
    moved = moved_head(table, design.taps[channel], design.fine_scene.at(design.frequency_hz), design.playback)
    assert moved.isolations is not None
    f = len(moved.frequency_hz) // 2
    zones, programmes = isolations(moved.frequency_hz[f], moved.displacements_m, over_all=False)[CHANNELS[channel]]
    assert np.asarray(moved.isolations.zones_db)[f] == pytest.approx(zones, abs=1e-6)
    assert np.asarray(moved.isolations.programmes_db)[f] == pytest.approx(programmes, abs=1e-6)


@pytest.mark.parametrize("channel", CHANNELS)
def test_plain_playback_has_no_error(channel: str) -> None:
    """Taps that are the plain driver's alone, one sample of each at its delay, at unseen places and over drawn devices."""
    design, table = result(), result().channels[channel].table
    plain = Plain((1, 2), (0.0, 0.0), (0.5, -0.25), (0, 0), Crossover())
    taps = np.zeros_like(design.taps[channel])
    taps[[1, 2], 3] = plain.gain
    assert design.playback is not None
    alone = Playback({**design.taps, channel: taps}, {channel: plain}, 3, design.playback.programmes)
    moved = moved_head(table, taps, design.fine_scene.at(design.frequency_hz), alone)
    draws = draw(design.problem.tolerance, 6, RADIUS)
    drawn = tolerance([table], alone.taps, design.even_scene, draws, alone)[channel]
    for error_db in (moved.error_db, drawn.error_db):
        assert error_db is not None and error_db.size and error_db.max() < -200


@pytest.mark.parametrize("channel", ["right", "all"])
def test_drawn_devices_are_judged_by_all_channels(channel: str) -> None:
    """With the head at its own place, each driver fed with its error: both isolations by the Fourier sum."""
    design, table = result(), result().channels[channel].table
    line = design.problem.tolerance.model_copy(
        update={"draws": 5, "position_m": 0, "temperature_c": 0, "head_radius_m": 0}
    )
    draws = draw(line, 6, RADIUS)
    tables = [judged.table for judged in design.channels.values()]
    drawn = tolerance(tables, design.taps, design.even_scene, draws, design.playback)[channel]
    assert drawn.isolations is not None
    f = 2
    here, there = CHANNELS[channel], next(name for name in HEADS if name != CHANNELS[channel])
    hz, v = float(drawn.frequency_hz[f]), volumes()
    p = {
        (of, at): sum(power(c, at, hz, ORIGIN, draws.factor[2]) for c, listener in CHANNELS.items() if listener == of)
        for of, at in ((here, here), (here, there), (there, here))
    }
    expected = [p[here, here] / p[here, there], v[here] * p[here, here] / (v[there] * p[there, here])]
    actual = [np.asarray(drawn.isolations.zones_db)[2, f], np.asarray(drawn.isolations.programmes_db)[2, f]]
    assert actual == pytest.approx(10 * np.log10(np.concatenate([np.ravel(power) for power in expected])), abs=0.02)
    assert table.band_hz[0] <= hz <= table.band_hz[1]


def test_a_room_without_reflections_is_free_field() -> None:
    """Walls that absorb all but 1e-9: by third octave the sum of powers over frequency of the direct sound."""
    design = result()
    room = Room(size_m=[6.0, 5.0, 3.0], absorption=1 - 1e-9, device_m=[1.0, 2.5, 1.5])
    tables = [judged.table for judged in design.channels.values()]
    draws = draw(design.problem.tolerance, 6, RADIUS)
    judged = isolation_in_room(tables, design.taps, design.fine_scene, room, draws, design.playback)["all"]
    low, high = judged.middle_hz[1] / 2 ** (1 / 6), judged.middle_hz[1] * 2 ** (1 / 6)
    f, v = np.linspace(low, high, 60), volumes()

    def energy(channel: str, at: str) -> float:
        return sum(float(power(channel, at, hz, ORIGIN)[0]) for hz in f)

    home, other = energy("all", "second"), energy("left", "second") + energy("right", "second")
    zones_db = 10 * np.log10(home / energy("all", "first"))
    programmes_db = 10 * np.log10(v["second"] * home / (v["first"] * other))
    assert np.asarray(judged.isolations.zones_db)[1] == pytest.approx(zones_db, abs=0.1)
    assert np.asarray(judged.isolations.programmes_db)[1] == pytest.approx(programmes_db, abs=0.1)
