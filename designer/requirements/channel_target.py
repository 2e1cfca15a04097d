"""One channel's target on a frequency grid: the bright and dark points, what is required there, and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Index, Real
from designer.measures import db, mean_power
from designer.problem import geometry
from designer.problem.methods import method_of
from designer.problem.schema import DesignTable, Region, Spread
from designer.requirements.curves import band_share, curve_db, driver_cost, in_band
from designer.requirements.region_power import RegionPower
from designer.requirements.target import WINDOW_LABEL, ChannelTarget, Mask, Window

MAX_BELOW_STRONGEST_DB = 1.0
MAX_BELOW_ALIKE_DB = 0.1
PLAIN_FREQUENCIES = 257
"""Equal steps on which the plain drivers are chosen where the grid's own are not equal."""


def driver_index(design: DesignTable, drivers: tuple[str, ...]) -> Index:
    """Which of the problem's drivers a channel uses, in the order that the design names them."""
    names = drivers if design.drivers is None else tuple(design.drivers)
    return np.array([drivers.index(name) for name in names])


def channel_target(design: DesignTable, scene: Scene, plain: Plain | None = None) -> ChannelTarget:
    """The target of one channel in a scene; the plain driver is chosen on this grid, or given as chosen on another."""
    problem = scene.problem
    index = driver_index(design, scene.drivers)
    f = scene.frequency_hz
    band = design.band_hz
    masks: tuple[Mask, ...] = ()
    window = None
    if design.is_beam:
        circle = scene.circle()[:, :, index]
        look = scene.look(design.look_deg)[:, index]
        distance_m = problem.azimuth_distance_m
        masks, window = _masks(design, scene, circle), _window(design, scene, circle)
        dark = circle[:, dark_azimuths(design, scene.azimuth_deg)]
        quiet = circle[:, quiet_azimuths(design, scene.azimuth_deg)]
    else:
        look = scene.head_centre()[:, index]
        distance_m = float(np.linalg.norm(problem.listener.position_m))
        quiet = dark = _ears(design, scene, index)[1]
    bright, centre = _aim(design, scene, index)
    gamma = None
    if design.cancellation_gain_db is not None:
        gamma = 10 ** (curve_db(design.cancellation_gain_db, f) / 10)
    min_wng = 0.0 if design.min_white_noise_gain_db is None else 10 ** (design.min_white_noise_gain_db / 10)
    file_max_effort = np.inf if design.max_effort_db is None else 10 ** (design.max_effort_db / 10)
    max_effort = np.full(f.size, file_max_effort)
    if design.is_beam and min_wng > 0:
        # One bright point: white-noise gain and effort are the same ratio |h w|² / Σ|w|² in two scales.
        scale = 1.0 if np.isinf(distance_m) else distance_m**2
        max_effort = np.minimum(max_effort, scale * np.max(np.abs(look) ** 2, axis=1) / min_wng)
    drivers = [problem.drivers[i] for i in index]
    inside = in_band(f, band)
    plain = plain or plain_in(design, scene)
    method = method_of(design)  # some device models take long to sum the power over the sphere
    return ChannelTarget(
        name=design.name,
        frequency_hz=f,
        in_band=inside,
        share=band_share(f, band, design.fade_octaves),
        bright=bright,
        dark=dark,
        centre=centre,
        look=look,
        look_distance_m=distance_m,
        quiet=quiet,
        gamma=gamma,
        deepest_nulls=design.nulls_deg is not None and gamma is None and design.mask is None,
        masks=masks,
        window=window,
        max_effort=max_effort,
        file_max_effort=file_max_effort,
        max_gain=np.array([np.inf if d.max_gain_db is None else 10 ** (d.max_gain_db / 20) for d in drivers]),
        min_white_noise_gain=min_wng,
        cost=np.stack([driver_cost(f, d.band_hz) for d in drivers], axis=1),
        plain=plain.weights(f, len(index)),
        spread=0.0 if design.driver_spread is None else error_variance(design.driver_spread),
        worst_case=design.driver_spread is not None and design.driver_spread.case == "ball",
        percentile=None if design.driver_spread is None else design.driver_spread.percentile,
        point_deviations=_point_deviations(design.driver_spread),
        deviations=(0.0, 0.0)
        if design.driver_spread is None
        else (design.driver_spread.gain_db, design.driver_spread.phase_deg),
        diffuse=scene.radiated_power[:, index[:, None], index] if method is not None and method.sphere else None,
        regions=_regions(design, scene, index),
    )


def _regions(design: DesignTable, scene: Scene, index: Index) -> RegionPower | None:
    if design.dark_regions is None:
        return None
    problem = scene.problem
    look = Region(around_deg=[design.look_deg, 0.0], radius_deg=0.0)
    highest_hz = min(design.band_hz[1] * 2**design.fade_octaves, problem.sample_rate_hz / 2)
    return RegionPower(
        device=scene.device,
        k=scene.k,
        distance_m=problem.azimuth_distance_m,
        drivers=tuple(int(l) for l in index),
        bright=(look,) if design.bright_regions is None else tuple(design.bright_regions),
        dark=tuple(design.dark_regions),
        highest_k=float(2 * np.pi * highest_hz / problem.speed_of_sound_m_s),
        region_order=design.region_order,
    )


def plain_in(design: DesignTable, scene: Scene) -> Plain:
    """The plain driver of a channel, chosen on the scene's frequencies, part by part.

    What counts of many points is each driver's mean power over them: one point with its root stands for them all.
    """
    if scene.problem.grid.spacing == "logarithmic":  # its high steps are too wide to follow an arrival's phase
        scene = scene.at(np.linspace(0.0, scene.problem.sample_rate_hz / 2, PLAIN_FREQUENCIES))
    index = driver_index(design, scene.drivers)
    points: list[tuple[Complex, Complex, Complex]] = []
    for part in scene.parts(np.arange(scene.frequency_hz.size)):
        part_scene = scene.part(part)
        bright, centre = _aim(design, part_scene, index)
        dark = bright if design.is_beam else _ears(design, part_scene, index)[1]
        points.append((_mean_point(bright), _mean_point(dark), centre))
    bright, dark, centre = (np.concatenate(arrays) for arrays in zip(*points, strict=True))
    names = [scene.drivers[i] for i in index]
    inside = in_band(scene.frequency_hz, design.band_hz)
    return choose_plain(design, names, scene.frequency_hz, inside, bright, dark, centre)


def _mean_point(points: Complex) -> Complex:
    return np.asarray(np.sqrt(np.mean(np.abs(points) ** 2, axis=1, keepdims=True)), dtype=complex)


def _aim(design: DesignTable, scene: Scene, index: Index) -> tuple[Complex, Complex]:
    """The bright points (F, R, L), and the one whose phase is kept (F, L)."""
    if design.is_beam:
        look = scene.look(design.look_deg)[:, index]
        return look[:, None, :], look
    bright, _ = _ears(design, scene, index)
    return bright, bright[:, _centre_of_cloud(scene.displacements_m)]


def _ears(design: DesignTable, scene: Scene, index: Index) -> tuple[Complex, Complex]:
    """The bright ear and the dark ear, each at every displacement (F, D, L)."""
    ears = scene.ears()[:, :, index]
    side = geometry.LEFT if design.ear == "left" else geometry.RIGHT
    return ears[:, side::2], ears[:, 1 - side :: 2]


def error_variance(spread: Spread) -> float:
    """ε² of a driver's relative error e^{g + jφ} - 1 ≈ g + jφ: the variances of log gain and of phase in radians."""
    return float((spread.gain_db * np.log(10) / 20) ** 2 + np.radians(spread.phase_deg) ** 2)


def _point_deviations(spread: Spread | None) -> float:
    """One; with a percentile, so many that no more than that share of drawn devices passes a limit at any one point.

    |h w + n| <= |h w| + |n|, and of all complex normal errors n of one variance the real one passes a bound most often.
    """
    if spread is None or spread.percentile is None:
        return 1.0
    return NormalDist().inv_cdf(1 - spread.percentile / 200)


def _centre_of_cloud(displacements_m: Real) -> int:
    """The displacement nearest to the cloud's mean: the listener's own place in a symmetric cloud."""
    return int(np.argmin(np.linalg.norm(displacements_m - displacements_m.mean(axis=0), axis=1)))


def dark_azimuths(design: DesignTable, azimuth_deg: Real) -> Bool:
    """The dark azimuths of the grid: the nulls' arcs; without nulls the mask's; without a mask what is outside the
    window.

    Without any of these all but the look direction's own grid step.
    """
    if design.nulls_deg is not None:
        arcs = geometry.null_arcs_deg(design.nulls_deg, design.null_width_deg)
        return np.asarray(np.any([geometry.in_arc(azimuth_deg, arc) for arc in arcs], axis=0))
    if design.mask is not None:
        arcs = [(line.azimuth_deg[0], line.azimuth_deg[1]) for line in design.mask]
        return np.asarray(np.any([geometry.in_arc(azimuth_deg, arc) for arc in arcs], axis=0))
    return quiet_azimuths(design, azimuth_deg)


def quiet_azimuths(design: DesignTable, azimuth_deg: Real) -> Bool:
    """Where a beam wants nothing: outside the window; without one, all but the look direction's own grid step."""
    if design.window_deg is not None:
        outside = ~geometry.in_arc(azimuth_deg, (design.window_deg[0], design.window_deg[1]))
        if outside.any():
            return outside
    look = design.look_deg
    step = float(azimuth_deg[1] - azimuth_deg[0])
    return ~geometry.in_arc(azimuth_deg, (look - 0.499 * step, look + 0.499 * step))


def _masks(design: DesignTable, scene: Scene, circle: Complex) -> tuple[Mask, ...]:
    masks = []
    for number, line in enumerate(design.mask or []):
        where = geometry.in_arc(scene.azimuth_deg, (line.azimuth_deg[0], line.azimuth_deg[1]))
        low, high = line.band_hz or design.band_hz
        # A line that reaches the end of the design's band goes on into the fade, so that nothing jumps there.
        holds = in_band(
            scene.frequency_hz, [0.0 if low <= design.band_hz[0] else low, 1e9 if high >= design.band_hz[1] else high]
        )
        limit = np.where(holds, 10 ** (line.max_db / 20), np.inf)
        masks.append(Mask(f"mask[{number}]", circle[:, where], limit, scene.azimuth_deg[where]))
    return tuple(masks)


def _window(design: DesignTable, scene: Scene, circle: Complex) -> Window | None:
    if design.window_deg is None:
        return None
    where = geometry.in_arc(scene.azimuth_deg, (design.window_deg[0], design.window_deg[1]))
    ripple = 1 - 10 ** (-design.window_ripple_db / 20)
    return Window(WINDOW_LABEL, circle[:, where], ripple, scene.azimuth_deg[where], design.window_phase_passes)


@dataclass(frozen=True)
class Plain:
    """The plain drivers of a channel (indices among its own) and the delays that let them arrive together."""

    drivers: tuple[int, ...]
    delay_s: tuple[float, ...]

    def weights(self, frequency_hz: Real, size: int) -> Complex:
        """Weights (F, size): an equal share a driver, e^{-jωτ} for its delay."""
        w = np.zeros((frequency_hz.size, size), dtype=complex)
        for driver, delay in zip(self.drivers, self.delay_s, strict=True):
            w[:, driver] = np.exp(-2j * np.pi * frequency_hz * delay) / len(self.drivers)
        return w


def choose_plain(
    design: DesignTable,
    names: Sequence[str],
    frequency_hz: Real,
    in_band: Bool,
    bright: Complex,
    dark: Complex,
    centre: Complex,
) -> Plain:
    """The plain drivers: as named, or by default.

    For a beam, the driver strongest on axis in the band; those within 0.1 dB share. For an ear, of the drivers within
    1 dB of the strongest at that ear, the one that favours that ear most. Strengths are means over the band of levels
    in dB.
    """
    size = bright.shape[2]
    if design.plain is not None:
        chosen = [names.index(name) for name in design.plain]
    else:
        strength = np.array([_level_db(bright[in_band], l) for l in range(size)])
        strong = strength >= strength.max() - (MAX_BELOW_ALIKE_DB if design.is_beam else MAX_BELOW_STRONGEST_DB)
        chosen = np.flatnonzero(strong).tolist()
        if not design.is_beam:
            favour = [strength[l] - _level_db(dark[in_band], l) for l in chosen]
            chosen = [chosen[int(np.argmax(favour))]]
    arrival = [_arrival_s(frequency_hz, in_band, centre[:, l] / centre[:, chosen[0]]) for l in chosen]
    return Plain(tuple(chosen), tuple(max(arrival) - at for at in arrival))


def _level_db(H: Complex, driver: int) -> float:
    alone = np.zeros((len(H), H.shape[2]), dtype=complex)
    alone[:, driver] = 1.0
    return float(np.mean(db(mean_power(H, alone))))


def _arrival_s(frequency_hz: Real, in_band: Bool, ratio: Complex) -> float:
    """How much later a driver arrives than another, from the phase of their ratio: -phase = ωτ, unwrapped from 0 Hz, fitted in band."""
    phase = np.unwrap(np.angle(ratio))[in_band]
    omega = 2 * np.pi * frequency_hz[in_band]
    energy = float(omega @ omega)
    return float(-(phase @ omega) / energy) if energy > 0 else 0.0
