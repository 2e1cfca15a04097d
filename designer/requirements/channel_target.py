"""One channel's target on a frequency grid: the bright and dark points, what is required there, and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Bool, Complex, Index, Real
from designer.problem import geometry
from designer.problem.methods import method_of
from designer.problem.schema import DesignTable, Driver, Problem, Region, Tolerance
from designer.requirements.crossovers import Crossover
from designer.requirements.curves import band_share, curve_db, driver_cost, driver_slope, in_band
from designer.requirements.dark_points import all_directions, dark_points
from designer.requirements.plain import Plain, aim, crossover_of, ears, plain_in
from designer.requirements.plain import driver_index as driver_index
from designer.requirements.region_power import RegionPower
from designer.requirements.target import WINDOW_LABEL, ChannelTarget, DarkGroup, JointPlaces, Mask, Window


def channel_target(design: DesignTable, scene: Scene, plain: Plain | None = None) -> ChannelTarget:
    """The target of one channel in a scene; the plain driver is chosen on this grid, or given as chosen on another."""
    scene = heard_by(scene, design.listener)
    problem = scene.problem
    index = driver_index(design, scene.drivers)
    f = scene.frequency_hz
    band = design.band_hz
    masks: tuple[Mask, ...] = ()
    window = None
    groups: tuple[DarkGroup, ...] = ()
    other_ear: Complex | None = None
    if design.is_beam:
        circle = scene.circle()[:, :, index]
        look = scene.look(design.look_deg)[:, index]
        distance_m = problem.azimuth_distance_m
        masks, window = _masks(design, scene, circle), _window(design, scene, circle)
        dark = circle[:, dark_azimuths(design, scene.azimuth_deg)]
        quiet = circle[:, quiet_azimuths(design, scene.azimuth_deg)]
    else:
        at_m = bright_place_m(design, problem)
        look = scene.field(at_m[None])[:, 0, index]
        distance_m = float(np.linalg.norm(at_m))
        other_ear = ears(design, scene, index)[1] if design.is_ear else None
        dark, groups = dark_points(design, scene, index, other_ear)
        quiet = dark
    bright, centre = aim(design, scene, index)
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
    deviations = driver_deviations(design, problem.tolerance)
    percentile = design.over_heads if isinstance(design.hold, str) else design.hold
    joint = None if design.over_heads is None or other_ear is None else _each_head(bright, other_ear, scene)
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
        band_gain=_band_gain(drivers, f, crossover_of(design, problem)),
        spread=error_variance(*deviations),
        worst_case=design.hold == "every",
        percentile=percentile,
        each_place=design.hold != "mean" and design.dark_regions is None,
        point_deviations=_point_deviations(percentile),
        deviations=deviations,
        diffuse=scene.radiated_power[:, index[:, None], index] if method is not None and method.sphere else None,
        dark_groups=groups,
        joint_places=joint,
        everywhere=None if design.is_beam else all_directions(design, scene, index, distance_m),
        paired=design.is_ear or design.is_beam,
        other_ear=other_ear if groups else None,
        regions=_regions(design, scene, index),
    )


def _each_head(bright: Complex, dark: Complex, scene: Scene) -> JointPlaces:
    """Each head's ear cloud as a place of its own, from points (F, heads D, L)."""
    shape = (len(bright), len(scene.heads), len(scene.displacements_m), bright.shape[2])
    return JointPlaces(bright.reshape(shape), dark.reshape(shape), np.zeros(shape[1], dtype=int))


def bright_place_m(design: DesignTable, problem: Problem) -> Real:
    """Centre (3,) of the head that an ear channel is for, or of a zone's first listener or place."""
    name = design.bright[0] if design.bright else design.listener
    place = problem.place(name) if name else None
    at_m = problem.heard_by(name).listener.position_m if place is None else place.centre_m
    return np.array(at_m, dtype=float)


def _band_gain(drivers: Sequence[Driver], frequency_hz: Real, crossover: Crossover) -> Real | None:
    """Slopes of the drivers outside their bands (F, L); None where no driver has a band."""
    if all(driver.band_hz is None for driver in drivers):
        return None
    slopes = [driver_slope(frequency_hz, driver.band_hz, crossover.slopes(driver.band_hz)) for driver in drivers]
    return np.stack(slopes, axis=1)


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


def driver_deviations(design: DesignTable, product_line: Tolerance) -> tuple[float, float]:
    """Standard deviations of a driver's gain in dB and phase in degrees that a design looks at."""
    spread = design.driver_spread
    if spread is None:
        return 0.0, 0.0
    gain_db = product_line.gain_db if spread.gain_db is None else spread.gain_db
    return gain_db, product_line.phase_deg if spread.phase_deg is None else spread.phase_deg


def error_variance(gain_db: float, phase_deg: float) -> float:
    """ε² of a driver's relative error e^{g + jφ} - 1 ≈ g + jφ: the variances of log gain and of phase in radians."""
    return float((gain_db * np.log(10) / 20) ** 2 + np.radians(phase_deg) ** 2)


def _point_deviations(percentile: float | None) -> float:
    """One; with a percentile, so many that no more than that share of drawn devices passes a limit at any one point.

    |h w + n| <= |h w| + |n|, and of all complex normal errors n of one variance the real one passes a bound most often.
    """
    return 1.0 if percentile is None else NormalDist().inv_cdf(1 - percentile / 200)


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
