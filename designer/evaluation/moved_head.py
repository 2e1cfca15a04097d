"""How a channel holds when the head is where the design did not look: off its cloud, and off its frequency grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import hears
from designer.acoustics.several_listeners import heard_at, heard_by
from designer.arrays import Complex, Real
from designer.evaluation.programmes import Isolations, Playback, bright_names, isolations
from designer.problem import geometry
from designer.problem.schema import DesignTable, Problem
from designer.realization import response as filter_response
from designer.requirements.curves import in_band

HEADS = 48
EARS = [0, 1]
CLEARANCE = 1.01  # how many radii from a sphere's centre the series of its field converges
LEAST_REACH_M = 0.03  # heads are spread over the ear cloud's box, and at least over +/-3 cm to the front and the side

SHIFTS_M = (0.01, 0.03)
NEAR_M = 1e-3  # a shift nearer than this to a displacement of the cloud is one that the design saw


@dataclass(frozen=True)
class MovedHead:
    """Cancellation gain with the head moved, in dB (places of each head in turn, frequencies)."""

    frequency_hz: Real
    displacements_m: Real
    gain_db: Real
    heads: tuple[str, ...] = ("head",)
    isolation_db: Real | None = None  # over other listeners, moved alike, and places; None where a design names none
    dark_db: Mapping[str, Real] = field(default_factory=dict)  # the same over each of these alone, by name
    isolations: Isolations | None = None  # of the programme beside the others; None where playback was not told
    error_db: Real | None = None  # reproduction error against plain playback

    def of_each(self) -> dict[str, MovedHead]:
        """Gains of each head alone."""
        parts = np.split(self.gain_db, len(self.heads))
        return {
            head: MovedHead(self.frequency_hz, self.displacements_m, part, (head,))
            for head, part in zip(self.heads, parts, strict=True)
        }

    def isolation_percentile_db(self, percentile: float) -> float:
        """Percentile of the isolation over heads, places and frequencies."""
        assert self.isolation_db is not None
        return float(np.percentile(self.isolation_db, percentile))

    @property
    def median_db(self) -> float:
        """Median over heads, places and frequencies."""
        return float(np.median(self.gain_db))

    @property
    def fifth_percentile_db(self) -> float:
        """5th percentile over heads, places and frequencies."""
        return float(np.percentile(self.gain_db, 5))

    @property
    def first_percentile_db(self) -> float:
        """1st percentile over heads, places and frequencies."""
        return float(np.percentile(self.gain_db, 1))


def displaced_heads_m(cloud_m: Real) -> Real:
    """Displacements (HEADS, 3) at which every design is judged."""
    return spread_heads_m(cloud_m, HEADS)


def spread_heads_m(cloud_m: Real, count: int, *, skipped: int = 0) -> Real:
    """An even number of displacements (N, 3) spread evenly over the cloud's box: the additive recurrence on the plastic number's
    powers, from the place in it after those that are skipped.

    Half of them are the mirror images of the others, so that a mirror-symmetric device is judged alike on both sides.
    Source: M. Roberts, The unreasonable effectiveness of quasirandom sequences (2018).
    """
    plastic = 1.2207440846057596  # the root of x⁴ = x + 1, for three dimensions
    steps = (1 / plastic) ** np.arange(1, 4)
    unit = (0.5 + np.outer(skipped // 2 + np.arange(1, count // 2 + 1), steps)) % 1.0
    unit = np.concatenate([unit, unit * [1, -1, 1] + [0, 1, 0]])
    low = np.minimum(cloud_m.min(axis=0), [-LEAST_REACH_M, -LEAST_REACH_M, 0.0])
    high = np.maximum(cloud_m.max(axis=0), [LEAST_REACH_M, LEAST_REACH_M, 0.0])
    return np.asarray(low + unit * (high - low))


def shifted_heads_m(cloud_m: Real) -> Real:
    """Shifts of +/-1 and +/-3 cm to the side, to the front and both at once, those of the ear cloud (N, 3) left out."""
    signs = [(x, y) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) if x or y]
    shifts = np.array([[size * x, size * y, 0.0] for size in SHIFTS_M for x, y in signs])
    in_cloud = np.linalg.norm(shifts[:, None, :] - cloud_m, axis=2).min(axis=1) < NEAR_M
    return np.asarray(shifts[~in_cloud])


def possible_heads_m(problem: Problem, displacements_m: Real) -> Real:
    """The displacements that put neither a driver into a head nor an ear into the device; the ear cloud where none is left."""
    listener = problem.listener
    radius_m = max(geometry.head_radius_m(head, listener.head_radius_m) for head in problem.heads)
    places_m = np.array([driver.position_m for driver in problem.drivers])
    centres_m = geometry.head_centres_m(listener, displacements_m)
    ears_m = geometry.ears_m(listener, radius_m, displacements_m)
    clear = np.linalg.norm(places_m - centres_m[:, None, :], axis=2).min(axis=1) > CLEARANCE * radius_m
    clear &= (problem.body.clearance_m(ears_m) > problem.body.nearest_m).all(axis=1)
    if any(head != "points" for head in problem.heads):
        clear &= problem.body.clearance_m(centres_m) > radius_m
    return displacements_m[clear] if clear.any() else np.asarray(listener.ear_cloud_m, dtype=float)


@dataclass(frozen=True)
class UnseenPoints:
    """An ear channel's points on frequencies and at places of the head that no design looked at."""

    frequency_hz: Real  # (F,) in the band, a quarter of the way between the design's
    displacements_m: Real
    bright: Complex  # (F, places of each head in turn, drivers of the scene)
    dark: Complex


def unseen_points(design: DesignTable, scene: Scene, displacements_m: Real) -> UnseenPoints:
    """The points of an ear channel at those of the displacements (N, 3) that are possible; the scene is the design's."""
    scene = heard_by(scene, design.listener)
    inside_hz = unseen_frequencies_hz(design, scene)
    moves = heads_of_all_m(design, scene, displacements_m)
    ears = scene.at(inside_hz).moved(moves).ears()
    left, right = ears[:, 0::2], ears[:, 1::2]
    return UnseenPoints(inside_hz, moves, *((left, right) if design.ear == "left" else (right, left)))


def unseen_frequencies_hz(design: DesignTable, scene: Scene) -> Real:
    """Frequencies in the band (F,) a quarter of the way between the design's, the scene's; these where there are none."""
    step_hz = np.diff(scene.frequency_hz)
    between_hz = np.concatenate([scene.frequency_hz[:-1] + step_hz / 4, scene.frequency_hz[:-1] + 3 * step_hz / 4])
    inside_hz = np.sort(between_hz[in_band(between_hz, design.band_hz)])
    return inside_hz if inside_hz.size else scene.frequency_hz[in_band(scene.frequency_hz, design.band_hz)]


def heard_heads_m(scene: Scene, displacements_m: Real) -> Real:
    """Those of the displacements (N, 3) that are possible and at which the scene knows every response; the ear cloud where none is."""
    if scene.is_measured:
        return np.asarray(scene.problem.listener.ear_cloud_m, dtype=float)
    return _measured(scene, possible_heads_m(scene.problem, displacements_m))


def heads_of_all_m(design: DesignTable, scene: Scene, displacements_m: Real) -> Real:
    """Those of the displacements (N, 3) that the scene's listener can make, and every other one whom a design names."""
    for name in (None, *(design.bright or ()), *(design.dark or ())):
        if name is None or scene.problem.place(name) is None:
            displacements_m = heard_heads_m(heard_by(scene, name), displacements_m)
    return displacements_m


def moved_head(design: DesignTable, taps: Real, scene: Scene, playback: Playback | None = None) -> MovedHead:
    """Judge an ear channel's taps (L, T) in the band, a quarter of the way between the scene's frequencies, the design's.

    Parameters
    ----------
    playback : Playback or None, all channels that play together, where other listeners are named

    """
    moved = _moved_ear(design, taps, scene) if design.is_ear else _moved_zone(design, taps, scene)
    if playback is None or not playback.kinds(design):
        return moved
    displaced = heard_by(scene, design.listener).at(moved.frequency_hz).moved(moved.displacements_m)
    memory: dict[tuple[str, str], Real] = {}

    def power(channel: str, names: Sequence[str]) -> Real:
        for name in names:
            if (channel, name) not in memory:
                memory[channel, name] = _mean_power(displaced, [name], playback.filters(channel, displaced))
        return np.asarray(np.mean(np.broadcast_arrays(*(memory[channel, name] for name in names)), axis=0))

    together = isolations(design, playback.programmes, power)
    return replace(moved, isolations=together, error_db=_error_db(design, displaced, playback))


def _error_db(design: DesignTable, displaced: Scene, playback: Playback) -> Real:
    """Reproduction error in dB (F, D) over the bright points of each displacement, or (F, 1) over those of places alone."""
    filters, desired = playback.filters(design.name, displaced), playback.desired(design, displaced)
    parts = []
    for name in bright_names(design, displaced.problem):
        H = heard_at(displaced, name)
        is_place = displaced.problem.place(name) is not None
        shape = (len(H), 1, 1, -1) if is_place else (len(H), -1, len(displaced.displacements_m), 2)
        p, d = (measures.pressure(H, w).reshape(shape) for w in (filters, desired))
        ears = EARS if design.ear is None else [int(design.ear == "right")]
        p, d = (part if is_place else part[..., ears] for part in (p, d))
        parts.append([np.sum(np.abs(x) ** 2, axis=(1, 3)) for x in (p - d, d)])
    missed, whole = (sum(np.broadcast_arrays(*side)) for side in zip(*parts, strict=True))
    return measures.db(measures.ratio(np.asarray(missed), np.asarray(whole)))


def _moved_ear(design: DesignTable, taps: Real, scene: Scene) -> MovedHead:
    scene = heard_by(scene, design.listener)
    cloud_m = np.asarray(scene.problem.listener.ear_cloud_m, dtype=float)
    unseen = unseen_points(design, scene, displaced_heads_m(cloud_m))
    w = filter_response(taps, unseen.frequency_hz, scene.problem.sample_rate_hz)
    bright, dark = (measures.pressure(points, w) for points in (unseen.bright, unseen.dark))
    gain = measures.db(measures.ratio(np.abs(bright) ** 2, np.abs(dark) ** 2))
    displaced = scene.at(unseen.frequency_hz).moved(unseen.displacements_m)

    def over(names: Sequence[str]) -> Real:
        power = np.broadcast_to(_mean_power(displaced, names, w), (len(w), len(unseen.displacements_m)))
        leaked = np.tile(power, len(scene.heads))
        return np.asarray(measures.db(measures.ratio(np.abs(bright) ** 2, leaked)).T)

    isolation_db = None if design.dark is None else over(design.dark)
    dark_db = {name: over([name]) for name in design.dark or ()}
    heads = tuple(head.name for head in scene.heads)
    return MovedHead(unseen.frequency_hz, unseen.displacements_m, gain.T, heads, isolation_db, dark_db)


def _moved_zone(design: DesignTable, taps: Real, scene: Scene) -> MovedHead:
    """A zone with all heads displaced alike: its contrast, and the mean power at its bright points over that at each dark one."""
    assert design.bright is not None and design.dark is not None
    inside_hz = unseen_frequencies_hz(design, scene)
    cloud_m = np.asarray(scene.problem.listener.ear_cloud_m, dtype=float)
    displaced = scene.at(inside_hz).moved(heads_of_all_m(design, scene, displaced_heads_m(cloud_m)))
    w = filter_response(taps, inside_hz, scene.problem.sample_rate_hz)
    bright = _mean_power(displaced, design.bright, w)

    def over(names: Sequence[str]) -> Real:
        return np.asarray(measures.db(measures.ratio(bright, _mean_power(displaced, names, w))).T)

    gain_db, dark_db = over(design.dark), {name: over([name]) for name in design.dark}
    return MovedHead(inside_hz, displaced.displacements_m, gain_db, isolation_db=gain_db, dark_db=dark_db)


def _mean_power(scene: Scene, names: Sequence[str], w: Complex) -> Real:
    """Mean over listeners and places (F, D) of the mean power at each: at both ears displaced as the scene's, or over all of a place."""
    powers = []
    for name in names:
        power = np.abs(measures.pressure(heard_at(scene, name), w)) ** 2
        at_one = (
            power[:, None, None]
            if scene.problem.place(name) is not None
            else power.reshape(len(power), -1, len(scene.displacements_m), 2)
        )
        powers.append(at_one.mean(axis=(1, 3)))
    return np.asarray(np.mean(np.broadcast_arrays(*powers), axis=0))


def _measured(scene: Scene, displacements_m: Real) -> Real:
    """The displacements from which a measured head hears no driver out of its gap; the ear cloud where none is left."""
    if hears(scene, displacements_m):
        return displacements_m
    audible_m = np.array([move for move in displacements_m if hears(scene, move[None])])
    return audible_m if audible_m.size else np.asarray(scene.problem.listener.ear_cloud_m, dtype=float)
