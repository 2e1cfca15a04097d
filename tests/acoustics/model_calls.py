"""A call of every array function of the air, the cylinder, and what is measured: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics import (
    axial_contour,
    rigid_cylinder,
    time_reference,
)
from designer.acoustics.air import Air
from designer.acoustics.enclosures import cylinder
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import ClosedBox, FreeField
from designer.acoustics.measured import (
    angles,
    assemble,
    driver_sets,
    drivers,
    export_losses,
    grids,
    interpolation,
    places,
    set_checks,
    sofa,
    sphere,
    time_reference,
)
from designer.acoustics.measured.device import MeasuredDevice
from designer.acoustics.measured.directivity import DirectivitySummary, MeasuredDirectivity
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.measured.raw_set import RawSet, Request, TurnedAbout
from designer.acoustics.readers import angles, export_losses, set_checks
from designer.arrays import Complex, Real
from designer.problem.geometry import direction

Call = tuple[Callable[..., Any], tuple[Any, ...]]
HERTZ = np.linspace(100.0, 8000.0, 80)
PLANE = direction(np.arange(-180.0, 180.0, 30.0))
SPHERE = np.concatenate(
    [direction(np.arange(0.0, 360.0, 45.0), e) for e in (-45.0, 0.0, 45.0)] + [np.eye(3)[2:], -np.eye(3)[2:]]
)
SUMMARY = DirectivitySummary(
    driver="woofer", kind="made", files=("made.npz",), coverage="sphere", directions=len(SPHERE), lowest_hz=100.0,
    highest_hz=8000.0, level_1_khz_db=0.0, gain_db=0.0, delay_removed_s=0.0, distance_m=None, polarity=1,
    acoustic_centre_m=(0.0, 0.0, 0.0), symmetry_error_db=None, noise_floor_db=-100.0,
)  # fmt: skip


def aside(directions: Real) -> Complex:
    """Pressure (K, N) of a point source 2 cm in front of the driver's centre, louder to its left."""
    turned = np.exp(2j * np.pi / 343.0 * np.outer(HERTZ, directions @ [0.02, 0.0, 0.0]))
    return np.asarray(turned * (1 + 0.3 * directions[:, 1]))


def raw(directions: Real) -> RawSet:
    """A set as a reader hands it on."""
    labels = tuple(f"direction {n}" for n in range(len(directions)))
    return RawSet("made", (Path("made.npz"),), HERTZ.copy(), directions.copy(), labels, aside(directions))


def on_sets() -> dict[str, Call]:
    """A call of everything that takes a set as a reader hands it on."""
    alone = (
        set_checks.check_arrivals, set_checks.check_gaps, set_checks.check_loudest, set_checks.check_phase_sign,
        set_checks.check_polarity_between, set_checks.check_silence, set_checks.check_zero, set_checks.merge_duplicates,
        export_losses.check_levels, export_losses.check_reflections, export_losses.check_time, export_losses.without_phase,
    )  # fmt: skip
    woofer = Request(driver="woofer", speed_of_sound_m_s=343.0)
    fit = time_reference.fit_delay(HERTZ.copy(), aside(SPHERE)[:, 0])
    return {f"{function.__module__.removeprefix('designer.')}.{function.__name__}": (function, (raw(SPHERE),)) for function in alone} | {
        "acoustics.measured.assemble.assemble": (assemble.assemble, (raw(SPHERE), woofer)),
        "acoustics.measured.places.about_own_place": (
            places.about_own_place, (raw(SPHERE), TurnedAbout((0.0, 0.1, 0.0)), woofer)
        ),
        "acoustics.measured.export_losses.check_backwards": (export_losses.check_backwards, ([np.hanning(32), np.ones(32)], 48e3)),
        "acoustics.measured.places.in_planes": (places.in_planes, (raw(SPHERE), SPHERE.copy())),
        "acoustics.measured.set_checks.check_delay": (lambda *a: set_checks.check_delay(*a, flown=False), (raw(SPHERE), fit)),
    }  # fmt: skip


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them."""
    air = Air(temperature_c=20.0, relative_humidity_percent=50.0)
    k = 2 * np.pi * np.array([200.0, 1000.0, 3000.0]) / 343.0
    low, away = 0.02 * np.ones(3), np.array([0.5, 1.0, 2.0])
    bar = cylinder.CylinderEnclosure(0.05, np.array([0.0, 0.5]), np.zeros(2), np.full(2, 0.01), np.full(2, 0.01))
    points = np.array([[1.0, 0.2, 0.1], [0.4, -0.6, 0.3]])
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    asked = direction(np.array([10.0, 77.0, -140.0]), np.array([0.0, 20.0, -30.0]))
    plane = interpolation.Plane(np.arange(-180.0, 180.0, 30.0), np.arange(12))
    planes = interpolation.Planes(plane, None)
    triangles = interpolation.interpolation(SPHERE)
    assert isinstance(triangles, interpolation.Sphere)
    level, phase = np.log(np.abs(aside(SPHERE))), np.angle(aside(SPHERE))
    woofer = MeasuredDirectivity(HERTZ.copy(), SPHERE.copy(), aside(SPHERE), SUMMARY)
    model = FreeField([Disc(np.zeros(3)), Disc(np.array([0.0, 0.1, 0.0]))])
    box = ClosedBox(model, 0.2, 0.3)
    both = MeasuredDrivers(model, np.array([[0.0, 0, 0], [0, 0.1, 0]]), ((0.0, 0.0), (0.0, 0.0)), {1: woofer}, 343.0)
    device = MeasuredDevice("device.sofa", points, np.ones((2, 3, 80)) * (1 + 0.1j), HERTZ.copy(), 0.0)
    one, two_metres = aside(SPHERE)[:, 0], np.full(len(SPHERE), 2.0)
    about = {"position_m": np.array([0.0, 0.1, 0.0]), "axes": np.eye(3)}

    def moved(*arrays: Any) -> Any:
        wave_number, directions, distance_m, pressure, keys = arrays
        return places.about_driver(wave_number, directions, distance_m, pressure, **keys)

    return on_sets() | {
        "acoustics.air.Air.amplitude_factor": (air.amplitude_factor, (HERTZ.copy(), away)),
        "acoustics.air.Air.attenuation_db_per_m": (air.attenuation_db_per_m, (HERTZ.copy(),)),
        "acoustics.axial_contour.flat_contour": (axial_contour.flat_contour, (k, 0.05, away, low)),
        "acoustics.axial_contour.is_flat": (axial_contour.is_flat, (50.0, away, low)),
        "acoustics.axial_contour.tilted_contour": (axial_contour.tilted_contour, (k, 0.05, 0.5, 1.0, 0.01)),
        "acoustics.baffle_step.baffle_step": (step, (HERTZ.copy(),)),
        "acoustics.baffle_step.ClosedBox.far_field": (lambda d, *a: d.far_field(*a), (box, k, unit)),
        "acoustics.baffle_step.ClosedBox.field": (lambda d, *a: d.field(*a), (box, k, points)),
        "acoustics.baffle_step.ClosedBox.radiated_power": (lambda d, *a: d.radiated_power(*a), (box, k)),
        "acoustics.baffle_step.ClosedBox.step": (lambda d, *a: d.step(*a), (box, k)),
        "acoustics.measured.directivity.MeasuredDirectivity.transfer": (lambda d, f, n: d.transfer(f, n), (woofer, HERTZ[3:9], asked)),
        "acoustics.measured.interpolation.Plane.at": (plane.at, (level[:, :12], phase[:, :12], np.array([5.0, -95.0]))),
        "acoustics.measured.interpolation.Planes.at": (planes.at, (level[:, :12], phase[:, :12], asked)),
        "acoustics.measured.interpolation.Sphere.at": (triangles.at, (level, phase, asked)),
        "acoustics.measured.interpolation.coverage": (interpolation.coverage, (SPHERE.copy(),)),
        "acoustics.measured.interpolation.angles_in_plane": (interpolation.angles_in_plane, (PLANE.copy(), 1)),
        "acoustics.measured.interpolation.interpolation": (interpolation.interpolation, (PLANE.copy(),)),
        "acoustics.measured.device.MeasuredDevice.knows": (lambda d, p: d.knows(p), (device, points + 0.001)),
        "acoustics.measured.device.MeasuredDevice.receivers_at": (
            lambda d, p: d.receivers_at(p, "an ear"), (device, points + 0.001)
        ),
        "acoustics.measured.device.MeasuredDevice.transfer": (lambda d, f: d.transfer(f, 343.0), (device, HERTZ[3:9])),
        "acoustics.measured.drivers.MeasuredDrivers.far_field": (lambda d, *a: d.far_field(*a), (both, k, unit)),
        "acoustics.measured.drivers.MeasuredDrivers.field": (lambda d, *a: d.field(*a), (both, k, points)),
        "acoustics.measured.drivers.MeasuredDrivers.radiated_power": (lambda d, *a: d.radiated_power(*a), (both, k)),
        "acoustics.measured.time_reference.minimum_phase": (time_reference.minimum_phase, (HERTZ.copy(), np.abs(aside(SPHERE)))),
        "acoustics.measured.angles.check_degrees": (angles.check_degrees, ("made.csv", np.array([0.0, 30.0, 330.0]))),
        "acoustics.measured.places.about_driver": (moved, (2 * np.pi / 343.0 * HERTZ, SPHERE.copy(), two_metres, aside(SPHERE), about)),
        "acoustics.measured.places.driver_alone": (
            places.driver_alone, (raw(SPHERE), two_metres, np.array([0.0, 0.1, 0.0]), np.eye(3), 343.0)
        ),
        "acoustics.measured.sofa.axes_of": (sofa.axes_of, (np.eye(3), np.eye(3)[::-1])),
        "acoustics.measured.sofa.refuse_no_phase": (sofa.refuse_no_phase, ("made.sofa", aside(SPHERE), "", "complex spectra")),
        "acoustics.measured.grids.on_one_grid": (
            grids.on_one_grid, ((Path("a"), Path("b")), [HERTZ.copy(), HERTZ[5:60]], [one, one[5:60]])
        ),
        "acoustics.measured.grids.resampled": (grids.resampled, (HERTZ.copy(), one, HERTZ[:-1] + 20.0)),
        "acoustics.measured.grids.rising": (grids.rising, (Path("made.csv"), HERTZ.copy())),
        "acoustics.measured.grids.gate_spectrum": (grids.gate_spectrum, (HERTZ.copy(), aside(SPHERE), 0.004)),
        "acoustics.measured.grids.gate_window": (grids.gate_window, (np.linspace(-0.01, 0.01, 50), 0.004)),
        "acoustics.rigid_cylinder.CylinderEnclosure.far_field": (lambda d, *a: d.far_field(*a), (bar, k, unit)),
        "acoustics.rigid_cylinder.CylinderEnclosure.field": (lambda d, *a: d.field(*a), (bar, k, points)),
        "acoustics.rigid_cylinder.CylinderEnclosure.radiated_power": (lambda d, *a: d.radiated_power(*a), (bar, k)),
        "acoustics.rigid_cylinder.axial_terms": (rigid_cylinder.axial_terms, (k, 0.05, away, 10 * low, np.array([0.0, 0.01, 0.02]))),
        "acoustics.rigid_cylinder.far_terms": (rigid_cylinder.far_terms, (k,)),
        "acoustics.measured.driver_sets.said_place": (driver_sets.said_place, (np.array([0.1, -0.02, 0.0]),)),
        "acoustics.measured.time_reference.arrivals_s": (time_reference.arrivals_s, (HERTZ.copy(), aside(SPHERE), 8)),
        "acoustics.measured.interpolation.parts_mirrored": (interpolation.parts_mirrored, (np.arange(-60.0, 181, 30),)),
        "acoustics.measured.interpolation.measured_side": (interpolation.measured_side, (np.arange(0.0, 181, 30),)),
        "acoustics.measured.interpolation.on_both_sides": (interpolation.on_both_sides, (np.arange(0.0, 181, 30),)),
        "acoustics.measured.interpolation.usual_step_deg": (
            interpolation.usual_step_deg, (np.arange(0.0, 181, 30),)
        ),
        "acoustics.measured.drivers.angles_said": (drivers.angles_said, (PLANE.copy(),)),
        "acoustics.measured.export_losses.check_impulses": (
            export_losses.check_impulses, ((Path("a"),) * 3, [np.hanning(32) * g for g in (1.0, 0.9, 0.8)])
        ),
        "acoustics.measured.time_reference.longest_delay_s": (time_reference.longest_delay_s, (HERTZ.copy(),)),
        "acoustics.measured.time_reference.fit_acoustic_centre_s": (
            time_reference.fit_acoustic_centre_s, (HERTZ.copy(), SPHERE.copy(), aside(SPHERE), 8)
        ),
        "acoustics.measured.time_reference.fit_delay": (time_reference.fit_delay, (HERTZ.copy(), one)),
        "acoustics.measured.sphere.spherical_deg": (sphere.spherical_deg, (SPHERE.copy(),)),
    }  # fmt: skip
