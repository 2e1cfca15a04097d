"""Plain playback of a channel: its drivers, the delays that let them arrive together, and the crossovers between their ways.

The drivers of a way are as named, or by default for a beam the one strongest on axis where the way plays, those within 0.1 dB sharing
equally; for an ear, of those within 1 dB of the strongest at that ear, the one that favours that ear most. Neighbouring ways are joined in
the look direction, or at the ear of the cloud's centre: within an octave of the crossover the earlier is delayed, and the louder turned
down, to arrive as the other does. The crossover's own phase is that of all ways, and of left and right alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import head_scale, heard_at, heard_by
from designer.arrays import Bool, Complex, Index, Real
from designer.measures import amplitude_db, db, mean_power
from designer.problem import geometry
from designer.problem.driver_ways import ways_of
from designer.problem.schema import DesignTable, Problem
from designer.requirements.crossovers import Crossover
from designer.requirements.curves import in_band

MAX_BELOW_STRONGEST_DB = 1.0
MAX_BELOW_ALIKE_DB = 0.1
PLAIN_FREQUENCIES = 257
"""Equal steps on which the plain drivers are chosen where the grid's own are not equal."""


@dataclass(frozen=True)
class Plain:
    """The plain drivers of a channel (indices among its own), the delay and the gain of each, and which way of the crossover it is of."""

    drivers: tuple[int, ...]
    delay_s: tuple[float, ...]
    gain: tuple[float, ...]
    way: tuple[int, ...]
    crossover: Crossover

    def weights(self, frequency_hz: Real, size: int) -> Complex:
        """Weights (F, size): its way's path through the crossover, its gain, and e^{-jωτ} for its delay."""
        w = np.zeros((frequency_hz.size, size), dtype=complex)
        paths = self.crossover.paths(frequency_hz)
        for driver, delay, gain, way in zip(self.drivers, self.delay_s, self.gain, self.way, strict=True):
            w[:, driver] = paths[way] * np.exp(-2j * np.pi * frequency_hz * delay) * gain
        return w


def driver_index(design: DesignTable, drivers: tuple[str, ...]) -> Index:
    """Which of the problem's drivers a channel uses, in the order that the design names them."""
    names = drivers if design.drivers is None else tuple(design.drivers)
    return np.array([drivers.index(name) for name in names])


def aim(design: DesignTable, scene: Scene, index: Index) -> tuple[Complex, Complex]:
    """The bright points (F, R, L), and the one whose phase is kept (F, L)."""
    if design.is_beam:
        look = scene.look(design.look_deg)[:, index]
        return look[:, None, :], look
    if not design.is_ear:
        names = design.bright or []
        centre = heard_at(scene, names[0])[:, _middle_point(design, scene), index]
        return np.concatenate([weighted_at(scene, name)[0][:, :, index] for name in names], axis=1), centre
    bright, _ = ears(design, scene, index)
    both = scene.ears()[:, geometry.LEFT if design.ear == "left" else geometry.RIGHT :: 2, index]
    return bright, both[:, middle_place(scene.displacements_m)]


def ears(design: DesignTable, scene: Scene, index: Index) -> tuple[Complex, Complex]:
    """The bright ear and the dark ear, each at every displacement (F, D, L), of weighted heads scaled by the roots of their weights."""
    both = scene.ears()[:, :, index]
    side = geometry.LEFT if design.ear == "left" else geometry.RIGHT
    scale = head_scale(scene)
    if scale is None:
        return both[:, side::2], both[:, 1 - side :: 2]
    return both[:, side::2] * scale, both[:, 1 - side :: 2] * scale


def weighted_at(scene: Scene, name: str) -> tuple[Complex, Real | None]:
    """H (F, M, L) at a listener or place, of weighted heads scaled by the roots of their weights, and these factors (M, 1)."""
    H, scale = heard_at(scene, name), None
    if scene.problem.place(name) is None and (of_heads := head_scale(heard_by(scene, name))) is not None:
        scale = np.repeat(of_heads, 2, axis=0)
    return (H if scale is None else H * scale), scale


def middle_place(displacements_m: Real) -> int:
    """The displacement nearest to the cloud's mean: the listener's own place in a symmetric cloud."""
    return int(np.argmin(np.linalg.norm(displacements_m - displacements_m.mean(axis=0), axis=1)))


def _middle_point(design: DesignTable, scene: Scene) -> int:
    """The point of a zone whose phase is kept: the left ear of its first listener's own place, or the middle of its first place."""
    assert design.bright is not None
    place = scene.problem.place(design.bright[0])
    if place is None:
        return 2 * middle_place(heard_by(scene, design.bright[0]).displacements_m)
    return int(np.argmin(np.linalg.norm(place.points_m() - np.array(place.centre_m), axis=1)))


def plain_in(design: DesignTable, scene: Scene) -> Plain:
    """Plain playback of a channel, chosen on the scene's frequencies, part by part.

    What counts of many points is each driver's mean power over them: one point with its root stands for them all.
    """
    scene = heard_by(scene, design.listener)
    problem = scene.problem
    if problem.grid.spacing == "logarithmic":  # its high steps are too wide to follow an arrival's phase
        scene = scene.at(np.linspace(0.0, problem.sample_rate_hz / 2, PLAIN_FREQUENCIES))
    index = driver_index(design, scene.drivers)
    parts: list[tuple[Complex, Complex, Complex]] = []
    for part in scene.parts(np.arange(scene.frequency_hz.size)):
        part_scene = scene.part(part)
        bright, centre = aim(design, part_scene, index)
        dark = ears(design, part_scene, index)[1] if design.is_ear else bright
        parts.append((_mean_point(bright), _mean_point(dark), centre))
    bright, dark, centre = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    names = [scene.drivers[i] for i in index]
    ways = ways_of(design, problem)
    crossover = crossover_of(design, problem)
    members = [[names.index(name) for name in way.drivers] for way in ways.ways]
    plays_hz = [tuple(design.band_hz)] if len(members) == 1 else crossover.spans_hz
    plays = [_within(scene.frequency_hz, *span_hz) for span_hz in plays_hz]
    if design.plain is None:
        members = [chosen(design, *way, bright, dark) for way in zip(members, plays, strict=True)]
    return joined(members, scene.frequency_hz, plays, centre, crossover)


def crossover_of(design: DesignTable, problem: Problem) -> Crossover:
    """The crossover of a channel's ways."""
    ways = ways_of(design, problem)
    ends_hz = (ways.ways[0].low_hz, ways.ways[-1].high_hz)
    return Crossover(problem.sample_rate_hz, design.crossover_order, ends_hz, ways.crossings_hz)


def _mean_point(points: Complex) -> Complex:
    return np.asarray(np.sqrt(np.mean(np.abs(points) ** 2, axis=1, keepdims=True)), dtype=complex)


def _within(frequency_hz: Real, low_hz: float, high_hz: float) -> Bool:
    """The frequencies within a band; the one nearest to its middle where there is none."""
    inside = in_band(frequency_hz, [low_hz, min(high_hz, float(frequency_hz[-1]))])
    if not inside.any():
        inside[np.argmin(np.abs(frequency_hz - np.sqrt(low_hz * high_hz)))] = True
    return inside


def chosen(design: DesignTable, members: Sequence[int], plays: Bool, bright: Complex, dark: Complex) -> list[int]:
    """The default drivers of a way, from their means over the frequencies where it plays, in dB, at the points (F, M, L)."""
    strength = np.array([_level_db(bright[plays], l) for l in members])
    strong = strength >= strength.max() - (MAX_BELOW_STRONGEST_DB if design.is_ear else MAX_BELOW_ALIKE_DB)
    alike = [int(n) for n in np.flatnonzero(strong)]
    if design.is_ear:
        favour = [strength[n] - _level_db(dark[plays], members[n]) for n in alike]
        alike = [alike[int(np.argmax(favour))]]
    return [members[n] for n in alike]


def joined(
    members: Sequence[Sequence[int]], frequency_hz: Real, plays: Sequence[Bool], centre: Complex, crossover: Crossover
) -> Plain:
    """Plain playback by ways that arrive together, and equally loud where they meet, at one point.

    Parameters
    ----------
    members : (ways,), the drivers of each way
    plays : (ways, F), where each way plays
    centre : (F, L), the point

    """
    waits, arrivals, levels = [], [0.0], [0.0]
    together: list[Complex] = []
    for way, inside in zip(members, plays, strict=True):
        arrival = [_arrival_s(frequency_hz, inside, centre[:, l] / centre[:, way[0]]) for l in way]
        waits.append([max(arrival) - at for at in arrival])
        turn = np.exp(-2j * np.pi * frequency_hz[:, None] * waits[-1])
        together.append(np.mean(centre[:, list(way)] * turn, axis=1))
    for below, above, (low_pass_hz, high_pass_hz) in zip(together, together[1:], crossover.crossings_hz, strict=False):
        near = _within(frequency_hz, low_pass_hz / 2, high_pass_hz * 2)
        arrivals.append(arrivals[-1] + _arrival_s(frequency_hz, near, above / below))
        levels.append(levels[-1] + float(np.mean(amplitude_db(above / below)[near])))
    return Plain(
        drivers=tuple(l for way in members for l in way),
        delay_s=tuple(
            max(arrivals) - arrival + wait for arrival, late in zip(arrivals, waits, strict=True) for wait in late
        ),
        gain=tuple(
            float(10 ** ((min(levels) - level) / 20)) / len(way)
            for level, way in zip(levels, members, strict=True)
            for _ in way
        ),
        way=tuple(n for n, way in enumerate(members) for _ in way),
        crossover=crossover,
    )


def _level_db(H: Complex, driver: int) -> float:
    alone = np.zeros((len(H), H.shape[2]), dtype=complex)
    alone[:, driver] = 1.0
    return float(np.mean(db(mean_power(H, alone))))


def _arrival_s(frequency_hz: Real, inside: Bool, ratio: Complex) -> float:
    """How much later a driver arrives than another, from the phase of their ratio: -phase = ωτ, unwrapped from 0 Hz, fitted inside."""
    phase = np.unwrap(np.angle(ratio))[inside]
    omega = 2 * np.pi * frequency_hz[inside]
    energy = float(omega @ omega)
    return float(-(phase @ omega) / energy) if energy > 0 else 0.0
