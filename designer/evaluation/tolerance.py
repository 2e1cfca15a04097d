"""Spread of a design over a product line: cancellation gain over drawn drivers, places, temperatures and heads.

A draw changes the response from driver l to point p, at frequency f, by

    H' = (1 + e_l) · S_pl(f; c', a') · e^{-jω (r_pl + δ_pl)/c'} · r_pl/(r_pl + δ_pl),

e_l the driver's error of gain and phase, c' the speed of sound at the drawn temperature, a' the radius of the drawn
head, δ_pl the path that the driver's displacement adds (its part away from the point), and S what is left of the scene's
H once the path r_pl is taken out: smooth in c' and a', so that a few scenes give it for all draws
(`designer.acoustics.chebyshev`); each of few draws has a scene of its own. On frequencies in equal steps, e^{-jωτ} runs by its powers.

The filters stay as they are: that is the point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from designer import measures
from designer.acoustics.chebyshev import ChebyshevSurface, fitted
from designer.acoustics.scene import Scene, driver_places_m
from designer.acoustics.several_listeners import heard_at, heard_by
from designer.acoustics.turning import turning
from designer.arrays import Bool, Complex, Index, Real
from designer.evaluation.programmes import Isolations, Playback, isolations
from designer.problem import geometry
from designer.problem.schema import DesignTable, Problem, Tolerance
from designer.realization import response as filter_response
from designer.requirements.channel_target import dark_azimuths
from designer.requirements.curves import in_band
from designer.workers import cores, threads

REFERENCE_C = 20.0  # degrees at which the problem's speed of sound holds
LARGEST_DEVIATIONS = 3.0
"""Temperatures and heads beyond so many standard deviations are drawn again at that limit: a head has no radius of 0."""
CHUNK = 100  # draws that are taken together: they stay in the processor's cache
SIZES = ((3, 5), (4, 8), (6, 12), (10, 20))
MOST_ALONE = 20
"""Draws up to which each has a scene of its own: a surface takes about as many, at least."""
PROBES, PLACES = 3, 5
"""Draws that the surface is held against, out of so many along each side of what is drawn."""
SMOOTH = 1e-3  # what S may miss, of the largest magnitude: -60 dB
FAR_M = 1e4  # what stands for an infinite distance in directions
PERCENTILES = (5.0, 50.0, 95.0)
SAME_HZ = 1e-3
"""A band's end stands for a frequency that is as near."""


@dataclass(frozen=True)
class Draws:
    """N drawn devices and listeners: the same for the same seed."""

    factor: Complex  # 1 + e_l of each driver (N, L)
    displacement_m: Real  # of each driver (N, L, 3)
    speed_ratio: Real  # c'/c (N,)
    head_radius_ratio: Real  # a'/a (N,)


def draw(table: Tolerance, drivers: int, head_radius_m: float) -> Draws:
    """Draw by the table's seed; each quantity has a stream of its own, so that one more of them changes no other."""
    gain, phase, place, air, head = (np.random.default_rng([table.seed, n]) for n in range(5))
    count = table.draws
    level_db = gain.standard_normal((count, drivers)) * table.gain_db
    turn = phase.standard_normal((count, drivers)) * np.radians(table.phase_deg)
    warmer_c = _held(air.standard_normal(count)) * table.temperature_c
    larger_m = _held(head.standard_normal(count)) * table.head_radius_m
    return Draws(
        10 ** (level_db / 20) * np.exp(1j * turn),
        place.standard_normal((count, drivers, 3)) * table.position_m,
        np.sqrt(1 + warmer_c / (273.15 + REFERENCE_C)),
        np.maximum(1 + larger_m / head_radius_m, 0.5),
    )


def draw_of(problem: Problem) -> Draws:
    """Draws of a problem's product line."""
    return draw(problem.tolerance, len(problem.drivers), problem.listener.head_radius_m)


def _held(deviations: Real) -> Real:
    return np.clip(deviations, -LARGEST_DEVIATIONS, LARGEST_DEVIATIONS)


@dataclass(frozen=True)
class _EachDraw:
    """S of every drawn pair of ratios, computed by itself: the exact form of a surface for few draws."""

    ratios: Real  # (N, 2) c'/c and a'/a
    values: Complex  # (N, M L F,)

    def __call__(self, speed_ratio: Real, radius_ratio: Real) -> Complex:
        pairs = np.stack([speed_ratio, radius_ratio], axis=-1)
        return np.asarray(self.values[np.abs(pairs[:, None] - self.ratios).sum(axis=-1).argmin(axis=1)])


@dataclass(frozen=True)
class ChannelTolerance:
    """One channel over the draws."""

    frequency_hz: Real  # (F,) in its band
    gain_db: Real  # (N, F) cancellation gain; of an ear channel with the head at the listener's own place
    nominal_db: Real  # (F,) without any error
    isolation_db: Real | None = None  # (N, F) over other listeners and places; None where a design names none
    dark_db: Mapping[str, Real] = field(default_factory=dict)  # (N, F) the same over each of these alone, by name
    isolations: Isolations | None = None  # (N, F) of the programme beside the others; None where playback was not told
    error_db: Real | None = None  # (N, F) reproduction error against plain playback of the same device

    @property
    def percentiles_db(self) -> Real:
        """Over the draws at each frequency (3, F), in the order of PERCENTILES."""
        return np.asarray(np.percentile(self.gain_db, PERCENTILES, axis=0))


def tolerance(
    designs: Sequence[DesignTable],
    taps: Mapping[str, Real],
    scene: Scene,
    draws: Draws,
    playback: Playback | None = None,
) -> dict[str, ChannelTolerance]:
    """Judge each channel's taps (L, T) over draws.

    A measured device is what it is, and where the scene is not smooth enough for a surface (a large device at high
    frequencies) nothing is said.

    Parameters
    ----------
    scene : Scene, on frequencies in equal steps
    draws : Draws, of all the problem's drivers
    playback : Playback or None, all channels that play together, where other listeners are named

    """
    if scene.is_measured:
        return {}
    tolerances = {}
    for group in _groups(designs):
        f = _with_ends(scene.frequency_hz, [design.band_hz for design in group])
        band_scene = heard_by(scene, group[0].listener).at(f).moved(np.zeros((1, 3)))
        points = Points.of(group[0], band_scene, draws)
        if points is None:
            continue
        several = playback is not None and bool(playback.kinds(group[0]))
        channels = list(playback.taps) if playback is not None and several else [design.name for design in group]
        fed = [filter_response(taps[name], f, scene.problem.sample_rate_hz) for name in channels]
        if playback is not None and several:
            fed += [playback.desired(design, band_scene) for design in group]
        chunks = [_part_of(draws, slice(n, n + CHUNK)) for n in range(0, len(draws.factor), CHUNK)]
        with threads(max(1, min(cores(), len(chunks)))) as pool:
            parts = list(pool.map(lambda chunk: points.pressures(chunk, fed), chunks))  # noqa: B023 # at once
        nominal = points.pressures(_nominal(len(scene.drivers)), fed)
        drawn = [np.concatenate(of_all) for of_all in zip(*parts, strict=True)]
        for design in group:
            band, n = in_band(f, design.band_hz), channels.index(design.name)
            gains = [_gain_db(p[:, :, band], design, points) for p in (drawn[n], nominal[n])]
            judged = ChannelTolerance(
                f[band], gains[0], gains[1][0], *_over_others(drawn[n][:, :, band], design, points)
            )
            if playback is not None and several:
                of_channels = {name: p[:, :, band] for name, p in zip(channels, drawn, strict=False)}
                desired = drawn[len(channels) + group.index(design)][:, :, band]
                judged = _beside(judged, design, points, of_channels, desired, playback)
            tolerances[design.name] = judged
    return {design.name: tolerances[design.name] for design in designs if design.name in tolerances}


def _groups(designs: Sequence[DesignTable]) -> list[list[DesignTable]]:
    """Designs of the same points: the ears of one listener, and what else is dark; each beam alone."""
    groups: dict[object, list[DesignTable]] = {}
    for n, design in enumerate(designs):
        key = (design.listener, tuple(design.dark or ())) if design.is_ear else n
        groups.setdefault(key, []).append(design)
    return sorted(groups.values(), key=lambda group: group[0].is_beam)


def _with_ends(frequency_hz: Real, bands_hz: Sequence[Sequence[float]]) -> Real:
    """Frequencies in equal steps from the lowest band's begin to the highest's end, and each band's ends, where a curve is often missed."""
    ends_hz = np.clip(np.ravel(bands_hz), frequency_hz[0], frequency_hz[-1])
    inside = (frequency_hz > ends_hz.min()) & (frequency_hz < ends_hz.max())
    off = np.abs(frequency_hz[:, None] - ends_hz).min(axis=1) > SAME_HZ
    return np.unique(np.concatenate([ends_hz, frequency_hz[inside & off]]))


def _gain_db(pressure: Complex, design: DesignTable, points: Points) -> Real:
    """Cancellation gain (N, F) of pressures (N, M, F), over the points that are bright and dark by themselves."""
    bright = points.bright_point(design)
    near = np.ones(bright.shape, dtype=bool) if design.bright else points.part == 0
    power = pressure.real**2 + pressure.imag**2
    return measures.db(measures.ratio(power[:, bright].mean(axis=1), power[:, ~bright & near].mean(axis=1)))


def _over_others(pressure: Complex, design: DesignTable, points: Points) -> tuple[Real | None, dict[str, Real]]:
    """Mean power at the bright point over the mean of that at each other listener and place (N, F), and over each alone."""
    if not design.dark:
        return None, {}
    power = pressure.real**2 + pressure.imag**2
    heard = power[:, points.bright_point(design)].mean(axis=1)
    leaked = {name: power[:, points.part == n + 1].mean(axis=1) for n, name in enumerate(design.dark)}
    isolation_db = measures.db(measures.ratio(heard, np.mean(list(leaked.values()), axis=0)))
    return isolation_db, {name: measures.db(measures.ratio(heard, dark)) for name, dark in leaked.items()}


def _beside(
    judged: ChannelTolerance,
    design: DesignTable,
    points: Points,
    pressures: Mapping[str, Complex],
    desired: Complex,
    playback: Playback,
) -> ChannelTolerance:
    """A channel with its programme beside the others, by pressures (N, M, F) of all channels, and of its own plain playback."""

    def power(channel: str, names: Sequence[str]) -> Real:
        numbers = {name: n + 1 for n, name in enumerate(design.dark or ())}
        parts = sorted({numbers.get(name, 0) for name in names})
        p = pressures[channel]
        return np.asarray(np.mean([np.mean(np.abs(p[:, points.part == part]) ** 2, axis=1) for part in parts], axis=0))

    bright = points.bright_point(design)
    p, d = (values[:, bright].swapaxes(1, 2) for values in (pressures[design.name], desired))
    error_db = measures.db(measures.reproduction_error(p, d))
    return replace(judged, isolations=isolations(design, playback.programmes, power), error_db=error_db)


def _part_of(draws: Draws, part: slice) -> Draws:
    return Draws(draws.factor[part], draws.displacement_m[part], draws.speed_ratio[part], draws.head_radius_ratio[part])


def _nominal(drivers: int) -> Draws:
    return Draws(np.ones((1, drivers), dtype=complex), np.zeros((1, drivers, 3)), np.ones(1), np.ones(1))


@dataclass(frozen=True)
class Points:
    """The points that channels are judged at, as functions of the speed of sound and the head's radius."""

    smooth: ChebyshevSurface | _EachDraw  # S (M L F,)
    distance_m: Real  # (M, L) from driver to point, what the phase turns by; in the far field relative to the origin's
    length_m: Real  # (M, L) the same, what the amplitude falls with
    towards: Real  # (M, L, 3) unit vectors from driver to point
    frequency_hz: Real  # (F,)
    speed_m_s: float  # the problem's
    part: Index  # (M,) 0 for a channel's own points, then the number of each other listener or place

    @classmethod
    def of(cls, design: DesignTable, scene: Scene, draws: Draws) -> Points | None:
        """Both ears of the first head, or a beam's look direction and the azimuths that it cancels; None where no surface does."""
        problem = scene.problem
        drivers_m = driver_places_m(problem)
        far = design.is_beam and np.isinf(problem.azimuth_distance_m)
        points_m = np.zeros((0, 3))
        if design.is_beam:
            azimuths = np.radians(scene.azimuth_deg[dark_azimuths(design, scene.azimuth_deg)])
            angles = np.concatenate([np.radians([design.look_deg or 0.0]), azimuths])
            extent_m = FAR_M if far else problem.azimuth_distance_m
            points_m = extent_m * np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1)
        elif design.is_ear:
            points_m = geometry.ears_m(problem.listener, scene.heads[0].radius_m, np.zeros((1, 3)))[0]
        else:
            points_m = np.concatenate([_points_m(scene, name) for name in design.bright or ()])
        others_m = [_points_m(scene, name) for name in design.dark or ()]
        part = np.concatenate([np.full(len(places), n) for n, places in enumerate([points_m, *others_m])])
        points_m = np.concatenate([points_m, *others_m])
        path_m = points_m[:, None] - drivers_m
        length_m = np.linalg.norm(path_m, axis=-1)
        distance_m = length_m - FAR_M if far else length_m  # far: of the limit of r e^{jkr} p
        spans = _spans(problem.tolerance, problem)
        omega = 2 * np.pi * scene.frequency_hz

        def phase_free(speed_ratio: Real, radius_ratio: Real) -> Complex:
            """S (N, M L F,)."""
            responses = []
            for speed, radius in zip(speed_ratio, radius_ratio, strict=True):
                H = _points(design, changed_scene(scene, float(speed), float(radius), problem.heads[:1]))
                k = omega / (problem.speed_of_sound_m_s * speed)
                responses.append((H.transpose(1, 2, 0) * np.exp(1j * distance_m[..., None] * k)).ravel())
            return np.stack(responses)

        # A beam hears no head, and a measured head has one size: the speed alone moves them.
        has_one_size = design.is_beam or not problem.heads[0].startswith(("sphere", "points"))
        sizes = tuple((speeds, 1) for speeds, _ in SIZES) if has_one_size else SIZES
        sides = [np.linspace(span[0], span[1], PLACES) for span in spans[: 1 if has_one_size else 2]]
        sides += [np.ones(1)] * has_one_size
        speeds, radii = (side.ravel() for side in np.meshgrid(*sides))
        smooth: ChebyshevSurface | _EachDraw | None
        if len(draws.factor) <= MOST_ALONE:
            radius_ratio = 1.0 if has_one_size else draws.head_radius_ratio
            pairs = np.stack(np.broadcast_arrays(draws.speed_ratio, radius_ratio), axis=-1)
            ratios = np.unique(np.concatenate([np.ones((1, 2)), pairs]), axis=0)  # the first is the nominal device's
            smooth = _EachDraw(ratios, phase_free(*ratios.T))
        else:
            smooth = fitted(phase_free, speeds, radii, tolerance=SMOOTH, sizes=sizes, probes=PROBES)
        if smooth is None:
            return None
        return cls(
            smooth,
            distance_m,
            length_m,
            path_m / length_m[..., None],
            scene.frequency_hz,
            problem.speed_of_sound_m_s,
            part,
        )

    def bright_point(self, design: DesignTable) -> Bool:
        """Which of the points (M,) a channel reaches; it cancels the others."""
        if design.bright is not None:
            return np.asarray(self.part == 0)
        first = geometry.RIGHT if design.ear == "right" else 0
        return np.asarray(np.arange(len(self.distance_m)) == first)

    def pressures(self, draws: Draws, fed: Sequence[Complex]) -> list[Complex]:
        """At the points (N, M, F), of each channel's filters (F, L)."""
        shape = (len(draws.factor), *self.distance_m.shape, self.frequency_hz.size)
        H = self.smooth(draws.speed_ratio, draws.head_radius_ratio).reshape(shape)
        added_m = -np.einsum("mlx,nlx->nml", self.towards, draws.displacement_m)
        delay_s = (self.distance_m + added_m) / (self.speed_m_s * draws.speed_ratio[:, None, None])
        H *= turning(2 * np.pi * self.frequency_hz, delay_s)
        H *= (draws.factor[:, None, :] * self.length_m / (self.length_m + added_m))[..., None]
        return [_summed(H, np.ascontiguousarray(w.T)) for w in fed]


def _summed(H: Complex, w: Complex) -> Complex:
    """Σ_l H (N, M, L, F) w (L, F)."""
    total = H[:, :, 0] * w[0]
    for l in range(1, len(w)):
        total += H[:, :, l] * w[l]
    return np.asarray(total)


def _points(design: DesignTable, scene: Scene) -> Complex:
    """H (F, M, L) at the points."""
    if not design.is_beam:
        parts = [scene.ears()[:, :2]] if design.is_ear else []  # of the first head
        for name in (*(design.bright or ()), *(design.dark or ())):
            parts.append(
                heard_at(scene, name) if scene.problem.place(name) is not None else heard_at(scene, name)[:, :2]
            )
        return np.concatenate(parts, axis=1)
    dark_deg = scene.azimuth_deg[dark_azimuths(design, scene.azimuth_deg)]
    return scene.on_circle(np.concatenate([[design.look_deg or 0.0], dark_deg]))


def _points_m(scene: Scene, name: str) -> Real:
    """Both ears (2, 3) of another listener's first head, or the points of a place."""
    place = scene.problem.place(name)
    if place is not None:
        return place.points_m()
    other = heard_by(scene, name)
    return np.asarray(geometry.ears_m(other.problem.listener, other.heads[0].radius_m, np.zeros((1, 3)))[0])


def changed_scene(scene: Scene, speed_ratio: float, radius_ratio: float, heads: Sequence[str]) -> Scene:
    """The scene at another speed of sound, with these heads, larger where they are spheres: a measured one stays as it was measured."""
    problem = scene.problem
    sized = [
        f"sphere:{geometry.head_radius_m(head, 0.0) * radius_ratio}" if head.startswith("sphere:") else head
        for head in heads
    ]
    larger = radius_ratio if any(head.startswith(("sphere", "points")) for head in heads) else 1.0
    listener = problem.listener.model_copy(
        update={"head_radius_m": problem.listener.head_radius_m * larger, "head": sized if len(sized) > 1 else sized[0]}
    )
    changed = problem.model_copy(
        update={"speed_of_sound_m_s": problem.speed_of_sound_m_s * speed_ratio, "listener": listener}
    )
    return scene.with_problem(changed)


def _spans(table: Tolerance, problem: Problem) -> tuple[Real, Real]:
    """Ranges of c'/c and a'/a of the draws."""
    warmer = LARGEST_DEVIATIONS * table.temperature_c / (273.15 + REFERENCE_C)
    larger = LARGEST_DEVIATIONS * table.head_radius_m / problem.listener.head_radius_m
    return np.sqrt(1 + np.array([-warmer, warmer])), np.maximum(1 + np.array([-larger, larger]), 0.5)
