"""A call of every array function of the air, the cylinder, and what is measured: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics import (
    acoustic_centres,
    directivity_interpolation,
    measured_drivers,
    minimum_phase,
    time_reference,
)
from designer.acoustics.air import Air
from designer.acoustics.directivity import DirectivitySummary, MeasuredDirectivity
from designer.acoustics.enclosures import cylinder, cylinder_contour
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import ClosedBox, FreeField
from designer.acoustics.measured_device import MeasuredDevice
from designer.acoustics.measured_drivers import MeasuredDrivers
from designer.acoustics.readers import angles, device_axes, export_losses, frequency_grids, gating, set_checks
from designer.acoustics.readers.raw_set import RawSet
from designer.acoustics.writers import directivity_sofa
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


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them."""
    air = Air(temperature_c=20.0, relative_humidity_percent=50.0)
    k = 2 * np.pi * np.array([200.0, 1000.0, 3000.0]) / 343.0
    low, away = 0.02 * np.ones(3), np.array([0.5, 1.0, 2.0])
    bar = cylinder.CylinderEnclosure(0.05, np.array([0.0, 0.5]), np.zeros(2), np.full(2, 0.01), np.full(2, 0.01))
    points = np.array([[1.0, 0.2, 0.1], [0.4, -0.6, 0.3]])
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    asked = direction(np.array([10.0, 77.0, -140.0]), np.array([0.0, 20.0, -30.0]))
    plane = directivity_interpolation.Plane(np.arange(-180.0, 180.0, 30.0), np.arange(12))
    planes = directivity_interpolation.Planes(plane, None)
    triangles = directivity_interpolation.interpolation(SPHERE)
    assert isinstance(triangles, directivity_interpolation.Triangles)
    level, phase = np.log(np.abs(aside(SPHERE))), np.angle(aside(SPHERE))
    woofer = MeasuredDirectivity(HERTZ.copy(), SPHERE.copy(), aside(SPHERE), SUMMARY)
    model = FreeField([Disc(np.zeros(3)), Disc(np.array([0.0, 0.1, 0.0]))])
    box = ClosedBox(model, 0.2, 0.3)
    both = MeasuredDrivers(model, np.array([[0.0, 0, 0], [0, 0.1, 0]]), ((0.0, 0.0), (0.0, 0.0)), {1: woofer}, 343.0)
    device = MeasuredDevice("device.sofa", points, np.ones((2, 3, 80)) * (1 + 0.1j), HERTZ.copy(), 0.0)
    one, two_metres = aside(SPHERE)[:, 0], np.full(len(SPHERE), 2.0)
    about = {"position_m": np.array([0.0, 0.1, 0.0]), "axes": np.eye(3), "speed_of_sound_m_s": 343.0}

    def moved(*arrays: Any) -> Any:
        frequency_hz, directions, distance_m, pressure, keys = arrays
        return device_axes.about_driver(frequency_hz, directions, distance_m, pressure, **keys)

    return {
        "acoustics.air.Air.amplitude_factor": (air.amplitude_factor, (HERTZ.copy(), away)),
        "acoustics.air.Air.attenuation_db_per_m": (air.attenuation_db_per_m, (HERTZ.copy(),)),
        "acoustics.enclosures.cylinder_contour.flat_contour": (cylinder_contour.flat_contour, (k, 0.05, away, low)),
        "acoustics.enclosures.cylinder_contour.is_flat": (cylinder_contour.is_flat, (50.0, away, low)),
        "acoustics.enclosures.cylinder_contour.tilted_contour": (cylinder_contour.tilted_contour, (k, 0.05, 0.5, 1.0, 0.01)),
        "acoustics.enclosures.free_field.ClosedBox.far_field": (lambda d, *a: d.far_field(*a), (box, k, unit)),
        "acoustics.enclosures.free_field.ClosedBox.field": (lambda d, *a: d.field(*a), (box, k, points)),
        "acoustics.enclosures.free_field.ClosedBox.radiated_power": (lambda d, *a: d.radiated_power(*a), (box, k)),
        "acoustics.enclosures.free_field.ClosedBox.step": (lambda d, *a: d.step(*a), (box, k)),
        "acoustics.directivity.MeasuredDirectivity.transfer": (lambda d, f, n: d.transfer(f, n), (woofer, HERTZ[3:9], asked)),
        "acoustics.directivity_interpolation.Plane.at": (plane.at, (level[:, :12], phase[:, :12], np.array([5.0, -95.0]))),
        "acoustics.directivity_interpolation.Planes.at": (planes.at, (level[:, :12], phase[:, :12], asked)),
        "acoustics.directivity_interpolation.Triangles.at": (triangles.at, (level, phase, asked)),
        "acoustics.directivity_interpolation.Triangles.locate": (triangles.locate, (asked,)),
        "acoustics.directivity_interpolation.coverage": (directivity_interpolation.coverage, (SPHERE.copy(),)),
        "acoustics.directivity_interpolation.interpolation": (directivity_interpolation.interpolation, (PLANE.copy(),)),
        "acoustics.measured_device.MeasuredDevice.knows": (lambda d, p: d.knows(p), (device, points + 0.001)),
        "acoustics.measured_device.MeasuredDevice.receivers_at": (
            lambda d, p: d.receivers_at(p, "an ear"), (device, points + 0.001)
        ),
        "acoustics.measured_device.MeasuredDevice.transfer": (lambda d, f: d.transfer(f, 343.0), (device, HERTZ[3:9])),
        "acoustics.measured_drivers.MeasuredDrivers.far_field": (lambda d, *a: d.far_field(*a), (both, k, unit)),
        "acoustics.measured_drivers.MeasuredDrivers.field": (lambda d, *a: d.field(*a), (both, k, points)),
        "acoustics.measured_drivers.MeasuredDrivers.radiated_power": (lambda d, *a: d.radiated_power(*a), (both, k)),
        "acoustics.minimum_phase.minimum_phase": (minimum_phase.minimum_phase, (HERTZ.copy(), np.abs(aside(SPHERE)))),
        "acoustics.readers.angles.check_degrees": (angles.check_degrees, ("made.csv", np.array([0.0, 30.0, 330.0]))),
        "acoustics.readers.device_axes.about_driver": (moved, (HERTZ.copy(), SPHERE.copy(), two_metres, aside(SPHERE), about)),
        "acoustics.readers.device_axes.azimuth_sense_warning": (
            device_axes.azimuth_sense_warning,
            ("woofer", HERTZ.copy(), SPHERE.copy(), aside(SPHERE), np.array([0.0, 0.1, 0.0]), 343.0),
        ),
        "acoustics.readers.frequency_grids.on_one_grid": (
            frequency_grids.on_one_grid, ((Path("a"), Path("b")), [HERTZ.copy(), HERTZ[5:60]], [one, one[5:60]])
        ),
        "acoustics.readers.frequency_grids.resampled": (frequency_grids.resampled, (HERTZ.copy(), one, HERTZ[:-1] + 20.0)),
        "acoustics.readers.frequency_grids.rising": (frequency_grids.rising, (Path("made.csv"), HERTZ.copy())),
        "acoustics.readers.gating.gate_spectrum": (gating.gate_spectrum, (HERTZ.copy(), aside(SPHERE), 0.004)),
        "acoustics.readers.gating.gate_window": (gating.gate_window, (np.linspace(-0.01, 0.01, 50), 0.004)),
        "acoustics.readers.set_checks.check_delay": (
            set_checks.check_delay, (HERTZ.copy(), one, time_reference.fit_delay(HERTZ.copy(), one))
        ),
        "acoustics.readers.set_checks.check_loudest": (
            set_checks.check_loudest, (raw(SPHERE), HERTZ.copy(), SPHERE.copy(), aside(SPHERE), 8)
        ),
        "acoustics.readers.set_checks.check_gaps": (set_checks.check_gaps, (PLANE[:9].copy(),)),
        "acoustics.readers.set_checks.check_phase_sign": (set_checks.check_phase_sign, (HERTZ.copy(), one.conj())),
        "acoustics.readers.set_checks.check_polarity_between": (
            set_checks.check_polarity_between, (raw(SPHERE), HERTZ.copy(), SPHERE.copy(), aside(SPHERE), 8)
        ),
        "acoustics.enclosures.cylinder.CylinderEnclosure.far_field": (lambda d, *a: d.far_field(*a), (bar, k, unit)),
        "acoustics.enclosures.cylinder.CylinderEnclosure.field": (lambda d, *a: d.field(*a), (bar, k, points)),
        "acoustics.enclosures.cylinder.CylinderEnclosure.radiated_power": (lambda d, *a: d.radiated_power(*a), (bar, k)),
        "acoustics.enclosures.cylinder.axial_terms": (cylinder.axial_terms, (k, 0.05, away, 10 * low, np.array([0.0, 0.01, 0.02]))),
        "acoustics.enclosures.cylinder.far_terms": (cylinder.far_terms, (k,)),
        "acoustics.acoustic_centres.said_place": (acoustic_centres.said_place, (np.array([0.1, -0.02, 0.0]),)),
        "acoustics.readers.set_checks.check_arrivals": (
            set_checks.check_arrivals, (raw(SPHERE), HERTZ.copy(), SPHERE.copy(), aside(SPHERE), 8)
        ),
        "acoustics.time_reference.arrivals_s": (time_reference.arrivals_s, (HERTZ.copy(), aside(SPHERE), 8)),
        "acoustics.directivity_interpolation.parts_mirrored": (directivity_interpolation.parts_mirrored, (np.arange(-60.0, 181, 30),)),
        "acoustics.directivity_interpolation.measured_side": (directivity_interpolation.measured_side, (np.arange(0.0, 181, 30),)),
        "acoustics.directivity_interpolation.on_both_sides": (directivity_interpolation.on_both_sides, (np.arange(0.0, 181, 30),)),
        "acoustics.directivity_interpolation.usual_step_deg": (
            directivity_interpolation.usual_step_deg, (np.arange(0.0, 181, 30),)
        ),
        "acoustics.measured_drivers.angles_said": (measured_drivers.angles_said, (PLANE.copy(),)),
        "acoustics.readers.export_losses.check_impulses": (
            export_losses.check_impulses, ((Path("a"),) * 3, [np.hanning(32) * g for g in (1.0, 0.9, 0.8)])
        ),
        "acoustics.time_reference.longest_delay_s": (time_reference.longest_delay_s, (HERTZ.copy(),)),
        "acoustics.time_reference.fit_acoustic_centre_s": (
            time_reference.fit_acoustic_centre_s, (HERTZ.copy(), SPHERE.copy(), aside(SPHERE), 8)
        ),
        "acoustics.time_reference.fit_delay": (time_reference.fit_delay, (HERTZ.copy(), one)),
        "acoustics.writers.directivity_sofa.spherical_deg": (directivity_sofa.spherical_deg, (SPHERE.copy(),)),
    }  # fmt: skip
