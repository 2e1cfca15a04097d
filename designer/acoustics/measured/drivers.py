"""Measured drivers in a device: each radiates its own measured directivity from its own place; the others keep their model.

A measured driver at x_d is e^{-jkr}/r D(f, n) at the distance r and in the direction n from its place, and e^{+jk x_d·n} D(f, n) in the
far field, D its response in its own frame (it faces `facing_deg`). The response was measured in the enclosure, so the model's
diffraction is in it already; below its lowest frequency the enclosure's model is joined.

The power that it radiates together with others has no closed form: Q is the mean over the sphere of the far fields' products, on a
Gauss-Legendre grid that is exact for fields of spherical-harmonic order up to its number of rings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.acoustics.enclosures import Device
from designer.acoustics.measured.angle_names import ANGLES_READ
from designer.acoustics.measured.directivity import LEVEL_IS_RELATIVE, OWN_TIME, MeasuredDirectivity
from designer.acoustics.measured.driver_sets import place_text, place_warnings, turning_point_m
from designer.acoustics.measured.interpolation import PLANES, angles_in_plane, coverage
from designer.acoustics.measured.places import driver_axes
from designer.acoustics.measured.raw_set import TurnedAbout
from designer.acoustics.quadrature import gauss_legendre
from designer.arrays import Complex, Real
from designer.problem.schema import Driver, Problem

MAX_RINGS = 40
"""Rings of the sphere grid: enough for kR up to 40, a 0.8 m bar up to 5 kHz; above that the index is an estimate."""
CHUNK = 64
CABINET_M = 0.1
"""How far from a measured driver's place its sound may come from: edges of its cabinet, or where it was turned about."""


@dataclass(frozen=True)
class MeasuredDrivers(Device):
    """A device of which some drivers are measured."""

    model: Device  # the device without measurements
    places_m: Real  # (L, 3)
    facing_deg: tuple[tuple[float, float], ...]  # azimuth and elevation of each driver
    measured: Mapping[int, MeasuredDirectivity]  # driver's index -> its response
    speed_of_sound_m_s: float

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3): a measured driver's own place."""
        places = self.model.source_places_m().copy()
        for l in self.measured:
            places[l] = self.places_m[l]
        return places

    def source_extent_m(self) -> Real:
        """How far around that place it comes from (L,): of a measured driver, its cabinet's edges, as far as those of most are."""
        reach_m = self.model.source_extent_m().copy()
        reach_m[list(self.measured)] = CABINET_M
        return reach_m

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3)."""
        h = self.model.field(k, points_m)
        for l in self.measured:
            away = points_m - self.places_m[l]
            distance_m = np.linalg.norm(away, axis=1)
            response = self._response(l, k, away / distance_m[:, None])
            h[:, :, l] = response * np.exp(-1j * np.outer(k, distance_m)) / distance_m
        return h

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""
        h = self.model.far_field(k, directions)
        for l in self.measured:
            h[:, :, l] = self._response(l, k, directions) * np.exp(1j * np.outer(k, directions @ self.places_m[l]))
        return h

    def _response(self, l: int, k: Real, directions: Real) -> Complex:
        """D (F, M) in directions given in the device's axes."""
        axes = driver_axes(self.facing_deg[l])

        def model(frequency_hz: Real, in_driver: Real) -> Complex:
            wave_number = 2 * np.pi * frequency_hz / self.speed_of_sound_m_s
            rays = in_driver @ axes
            far = self.model.far_field(wave_number, rays)[:, :, l]
            return np.asarray(far * np.exp(-1j * np.outer(wave_number, rays @ self.places_m[l])))

        frequency_hz = k * self.speed_of_sound_m_s / (2 * np.pi)
        return self.measured[l].transfer(frequency_hz, directions @ axes.T, below=model, above="hold")

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L), so that w^H Q w is the mean over the sphere of the far field's squared magnitude."""
        extent = float(k.max(initial=0.0)) * float(np.linalg.norm(self.places_m, axis=1).max())
        rings = min(MAX_RINGS, math.ceil(extent) + 12)
        height, weight = gauss_legendre(rings)
        turn = 2 * np.pi * np.arange(2 * rings) / (2 * rings)
        across = np.sqrt(1 - height**2)[:, None]
        directions = np.stack(
            [across * np.cos(turn), across * np.sin(turn), np.broadcast_to(height[:, None], (rings, 2 * rings))],
            axis=-1,
        ).reshape(-1, 3)
        weights = np.repeat(weight / 2 / (2 * rings), 2 * rings)
        q = np.empty((k.size, len(self.places_m), len(self.places_m)), dtype=complex)
        for start in range(0, k.size, CHUNK):
            part = slice(start, start + CHUNK)
            far = self.far_field(k[part], directions)
            q[part] = np.einsum("fmi,m,fmj->fij", far.conj(), weights, far, optimize=True)
        return q


def measured_responses(problem: Problem) -> tuple[dict[int, MeasuredDirectivity], tuple[str, ...]]:
    """The measured responses of a problem's drivers by index, on one level and time, and what the user should know of them.

    Raises
    ------
    DataError : a file cannot be used, or a design's band reaches above what was measured
    """
    drivers = [driver for driver in problem.drivers if driver.response is not None]
    if not drivers:
        return {}, ()
    from designer.acoustics.measured.driver_sets import common_reference
    from designer.acoustics.measured.formats import read_response

    read = {
        driver.name: read_response(
            str(problem.data_path(driver.response)),
            Path(),  # the path is whole: the problem's folder stands in it already
            driver=driver.name,
            gate_ms=driver.gate_ms,
            speed_of_sound_m_s=problem.speed_of_sound_m_s,
            distance_m=driver.response_distance_m,
            facing_deg=(driver.facing_deg[0], driver.facing_deg[1]),
            clockwise=driver.response_clockwise,
            turned_about=_turned_about(driver),
            angles=driver.response_angles,
            channel=driver.response_channel,
        )
        for driver in drivers
        if driver.response is not None
    }
    sets, warnings = common_reference(read, {driver.name: driver.response_time for driver in drivers})
    warnings += place_warnings(problem, sets) + _beside_models(problem, sets)
    for i, design in enumerate(problem.designs):
        for name in design.drivers or problem.driver_names:
            if name in sets:
                sets[name].check_band((design.band_hz[0], design.band_hz[1]), location=f"designs[{i}].band_hz")
    messages = [f'driver "{name}": {warning}' for name, response in sets.items() for warning in response.warnings]
    index = {name: l for l, name in enumerate(problem.driver_names)}
    return {index[name]: response for name, response in sets.items()}, (*messages, *warnings)


def _turned_about(driver: Driver) -> TurnedAbout | None:
    about_m = turning_point_m(driver)
    if about_m is None:
        return None
    x, y, z = (float(v) for v in np.array(driver.position_m) - about_m)
    return TurnedAbout((x, y, z), (driver.facing_deg[0], driver.facing_deg[1]))


def _beside_models(problem: Problem, sets: Mapping[str, MeasuredDirectivity]) -> tuple[str, ...]:
    """Warn of measured drivers that start the other way than the modelled ones beside them."""
    modelled = [driver.name for driver in problem.drivers if driver.name not in sets]
    inverted = [name for name, response in sets.items() if response.summary.polarity < 0]
    if not modelled or not inverted:
        return ()
    return (
        f"polarity of {', '.join(inverted)} is inverted: on-axis pressure starts downwards, and that of the modelled"
        f" {', '.join(modelled)} upwards; if the driver is not wired so on purpose, swap its terminals or negate its file",
    )


def explain_drivers(problem: Problem, responses: Mapping[int, MeasuredDirectivity]) -> list[str]:
    """Facts of each measured set for `designer check`: angles, band, level, delay, symmetry, noise floor, assumptions."""
    return [line for l, response in responses.items() for line in driver_lines(problem.drivers[l].name, response)]


def driver_lines(name: str, response: MeasuredDirectivity) -> list[str]:
    """Facts of one measured set, in lines for the user."""
    s = response.summary
    is_relative = any(note.startswith(LEVEL_IS_RELATIVE) for note in response.notes)  # a note, which has the gain
    level = "not measured" if s.level_1_khz_db is None else f"{s.level_1_khz_db:z.1f} dB"
    level += "" if is_relative else f" (gain {s.gain_db:+z.1f} dB)"
    facts = [f"on axis at 1 kHz {level}"]
    if not s.time_reference.startswith(OWN_TIME):  # which says what was taken off
        facts.append(f"delay removed {s.delay_removed_s * 1e3:.3f} ms")
    if s.symmetry_error_db is not None:
        facts.append(f"symmetry error {s.symmetry_error_db:z.1f} dB")
    if not s.modelled:
        facts.append(f"noise floor {s.noise_floor_db:z.0f} dB")
    first = Path(s.files[0]).name
    files = first if len(s.files) == 1 else f"{len(s.files)} files, {first} to {Path(s.files[-1]).name}"
    polarity = {1: "upright", -1: "inverted", 0: "neither upright nor inverted"}[s.polarity]
    centre = f"; fitted centre {place_text(np.array(s.acoustic_centre_m))} of its place, over all angles"
    if s.modelled:
        centre = ""
    if response.time_reference == "none":
        centre = "; centre not fitted, because the files have no timing reference"
    if response.magnitude_only:
        polarity = "not known, because the files hold no phase"
        centre = "; centre not fitted, for the same reason"
    read = next((note for note in response.notes if note.startswith(ANGLES_READ)), "")
    angles = read.removeprefix(ANGLES_READ) or angles_text(response.directions)
    return [
        f'{"modelled" if s.modelled else "measured"} driver "{name}": {s.kind}, {files}',
        f"  {s.directions} directions ({s.coverage}): {angles}; {s.lowest_hz:.0f} to {s.highest_hz:.0f} Hz",
        f"  {', '.join(facts)}",
        f"  time reference: {s.time_reference or OWN_TIME}",
        f"  polarity {polarity}{centre}",
        *(f"  {note}" for note in response.notes if note != read),
    ]


def angles_text(directions: Real) -> str:
    """The angles of a set in words: around each plane, or how many directions of a sphere."""
    kind = coverage(directions)
    if kind == "axis":
        return "the axis"
    if kind == "sphere":
        elevation = np.degrees(np.arcsin(np.clip(directions[:, 2], -1, 1)))
        return f"elevations {elevation.min():.1f} to {elevation.max():.1f} degrees"
    texts = []
    for name, along in PLANES.items():
        plane = name[:3]
        if kind == "two planes" or kind.startswith(plane):
            angle = np.round(angles_in_plane(directions, along)[1] + 0.0, 4)
            if angle.max() > 0:  # the back is there once, and belongs to the side that was measured
                angle = np.where(angle == -180, 180.0, angle)
            angle = np.sort(angle)
            texts.append(f"{plane} {', '.join(f'{v:g}' for v in angle)}")
    return "; ".join(texts)
