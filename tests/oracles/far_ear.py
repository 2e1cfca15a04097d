"""Naive oracle: pressure at the two ears, from a problem file and `coefficients.csv`, sharing no code with the tool.

Everything is a plain loop over frequencies, displacements, ears, drivers and orders; nothing is interpolated, tabulated
or rearranged for speed. What it does not cover it refuses with NotImplementedError.

Conventions: time factor e^{+jωt}, outgoing waves e^{-jkr}/r and h_n = h_n^(2) = j_n - j·y_n. Pressure is relative to a
point source's free-field pressure at 1 m.

"""

import cmath
import csv
import math
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import sofar
from numpy.typing import NDArray

from oracles.naive_field import (
    DEFAULT_RADIUS_M,
    DEFAULT_SPEED_OF_SOUND_M_S,
    Vector,
    disc_points,
    driver_pressure,
)
from oracles.naive_sphere import naive_sphere_pressure
from oracles.two_spheres import cap_heard

ON_SURFACE_M = 1e-3
FIVE_PLACES_M = [[0, 0, 0], [0, 0.03, 0], [0, -0.03, 0], [0.03, 0, 0], [-0.03, 0, 0]]
"""The contract's default cloud."""


# ----------------------------------------------------------------------------------------------------------------------
# Three-dimensional vectors
# ----------------------------------------------------------------------------------------------------------------------


def _vector(values: Sequence[float]) -> Vector:
    x, y, z = values
    return float(x), float(y), float(z)


def _add(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _subtract(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _scale(a: Vector, factor: float) -> Vector:
    return a[0] * factor, a[1] * factor, a[2] * factor


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _length(a: Vector) -> float:
    return math.sqrt(_dot(a, a))


def _cos_between(a: Vector, b: Vector) -> float:
    return max(-1.0, min(1.0, _dot(a, b) / (_length(a) * _length(b))))


# ----------------------------------------------------------------------------------------------------------------------
# The problem file and the coefficients
# ----------------------------------------------------------------------------------------------------------------------


def read_problem(problem_path: Path) -> dict[str, Any]:
    with problem_path.open("rb") as file:
        problem = tomllib.load(file)
    scene = problem.get("scene", {})
    if "transfer" in scene or scene.get("air_absorption", False):
        raise NotImplementedError("[scene] transfer and air_absorption")
    for driver in problem["drivers"]:
        if "response" in driver:
            raise NotImplementedError("measured drivers")
    return problem


def read_taps(coefficients_path: Path, channel: str, drivers: Sequence[str]) -> dict[str, dict[int, float]]:
    taps: dict[str, dict[int, float]] = {name: {} for name in drivers}
    found = False
    with coefficients_path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["channel"] != channel:
                continue
            found = True
            tap = int(row["tap"])
            if tap in taps[row["driver"]]:
                raise ValueError(f"tap {tap} of {row['driver']!r} is there twice")
            taps[row["driver"]][tap] = float(row["value"])
    if not found:
        raise ValueError(f"no channel {channel!r} in the coefficients")
    return taps


def filter_response(taps: dict[int, float], frequency_hz: float, sample_rate_hz: float) -> complex:
    total = 0j
    for n, value in taps.items():
        total += value * cmath.exp(-2j * math.pi * frequency_hz * n / sample_rate_hz)
    return total


# ----------------------------------------------------------------------------------------------------------------------
# The listener
# ----------------------------------------------------------------------------------------------------------------------


def _listener_axes(listener: dict[str, Any]) -> tuple[Vector, Vector]:
    """Forward and the listener's left, in the device's axes: the face is to the origin, horizontally, then turned."""
    x, y, _ = _vector(listener["position_m"])
    distance = math.hypot(x, y)
    if distance == 0.0:
        raise ValueError("a listener straight above or below the device has no direction to face")
    ahead_x, ahead_y = -x / distance, -y / distance
    turn = math.radians(float(listener.get("turn_deg", 0.0)))
    forward_x = ahead_x * math.cos(turn) - ahead_y * math.sin(turn)
    forward_y = ahead_x * math.sin(turn) + ahead_y * math.cos(turn)
    forward = (forward_x, forward_y, 0.0)
    left = (-forward_y, forward_x, 0.0)  # z_up x forward
    return forward, left


class _MeasuredHead:
    """A SimpleFreeFieldHRIR file: directions in the head's axes (x forward, y the listener's left, z up), responses."""

    def __init__(self, path: Path) -> None:
        sofa = sofar.read_sofa(str(path), verify=False, verbose=False)
        if sofa.GLOBAL_SOFAConventions != "SimpleFreeFieldHRIR":
            raise NotImplementedError(f"SOFA convention {sofa.GLOBAL_SOFAConventions}")
        listener = np.atleast_2d(np.asarray(sofa.ListenerPosition, dtype=float))
        view = np.atleast_2d(np.asarray(sofa.ListenerView, dtype=float))
        # Azimuth 0, elevation 0 is (1, 0, 0) in Cartesian and (0, 0, 1) in spherical coordinates.
        ahead = [1.0, 0.0, 0.0] if sofa.ListenerView_Type == "cartesian" else [0.0, 0.0, 1.0]
        if np.any(listener[:, :3] != 0.0) or np.any(view != ahead):
            raise NotImplementedError("a measured listener who is not at the origin, facing +x")

        self.sample_rate_hz = float(np.ravel(sofa.Data_SamplingRate)[0])
        self.directions: list[Vector] = []
        self.distances_m: list[float] = []
        for row in np.atleast_2d(np.asarray(sofa.SourcePosition, dtype=float)):
            place = self._cartesian(row, str(sofa.SourcePosition_Type))
            self.distances_m.append(_length(place))
            self.directions.append(_scale(place, 1.0 / _length(place)))

        receivers = np.asarray(sofa.ReceiverPosition, dtype=float).reshape(2, 3, -1)[:, :, 0]
        y_of_receiver = [self._cartesian(row, str(sofa.ReceiverPosition_Type))[1] for row in receivers]
        self.receiver_of_ear = [0, 1] if y_of_receiver[0] > y_of_receiver[1] else [1, 0]

        self.known: dict[tuple[int, int, float], complex] = {}
        self.responses = np.asarray(sofa.Data_IR, dtype=float).reshape(len(self.directions), 2, -1)
        self.delays = np.broadcast_to(
            np.atleast_2d(np.asarray(sofa.Data_Delay, dtype=float)), (len(self.directions), 2)
        )

    @staticmethod
    def _cartesian(row: Sequence[float] | NDArray[np.float64], kind: str) -> Vector:
        if kind == "cartesian":
            return _vector([float(value) for value in row])
        azimuth, elevation, distance = math.radians(row[0]), math.radians(row[1]), float(row[2])
        return (
            distance * math.cos(elevation) * math.cos(azimuth),
            distance * math.cos(elevation) * math.sin(azimuth),
            distance * math.sin(elevation),
        )

    def neighbours(self, direction: Vector) -> list[tuple[int, float]]:
        """Measured directions around one on the horizon, with weights: where the chord between the two meets the ray."""
        if abs(direction[2]) > 1e-9:
            raise NotImplementedError("a measured head and a source off the horizon")
        azimuth = math.degrees(math.atan2(direction[1], direction[0]))
        after: tuple[float, int] | None = None
        before: tuple[float, int] | None = None
        for m, measured in enumerate(self.directions):
            if abs(measured[2]) > 1e-9:
                continue
            ahead = (math.degrees(math.atan2(measured[1], measured[0])) - azimuth) % 360.0
            if ahead > 360.0 - 1e-9:
                ahead = 0.0
            if after is None or ahead < after[0]:
                after = (ahead, m)
            behind = (360.0 - ahead) % 360.0
            if before is None or behind < before[0]:
                before = (behind, m)
        assert after is not None and before is not None
        if after[1] == before[1]:
            return [(after[1], 1.0)]
        near, far = math.sin(math.radians(before[0])), math.sin(math.radians(after[0]))
        return [(before[1], far / (near + far)), (after[1], near / (near + far))]

    @staticmethod
    def around_the_head_s(direction: Vector, ear: int, radius_m: float, speed: float) -> float:
        """Woodworth: how much later than at the centre a plane wave from a direction is at an ear (0 is the left)."""
        angle = math.acos(max(-1.0, min(1.0, direction[1] if ear == 0 else -direction[1])))
        return radius_m / speed * (-math.cos(angle) if angle < math.pi / 2 else angle - math.pi / 2)

    def between(self, direction: Vector, ear: int, frequency_hz: float, radius_m: float, speed: float) -> complex:
        """The response from a direction: logarithms of the magnitudes, unit phasors without their delays, and the delay."""
        level, phasor = 0.0, 0j
        turn = 2j * math.pi * frequency_hz
        for m, weight in self.neighbours(direction):
            value = self.response(m, ear, frequency_hz)
            early = self.around_the_head_s(self.directions[m], ear, radius_m, speed)
            level += weight * math.log(abs(value))
            phasor += weight * value / abs(value) * cmath.exp(turn * early)
        late = self.around_the_head_s(direction, ear, radius_m, speed)
        return math.exp(level) * phasor / abs(phasor) * cmath.exp(-turn * late)

    def response(self, m: int, ear: int, frequency_hz: float) -> complex:
        """Spectrum of a measured direction at an ear; summed once, whatever channel it is asked for."""
        if (m, ear, frequency_hz) in self.known:
            return self.known[m, ear, frequency_hz]
        receiver = self.receiver_of_ear[ear]
        turn = -2j * math.pi * frequency_hz / self.sample_rate_hz
        total = 0j
        for n, value in enumerate(self.responses[m, receiver]):
            total += float(value) * cmath.exp(turn * n)
        self.known[m, ear, frequency_hz] = total * cmath.exp(turn * float(self.delays[m, receiver]))
        return self.known[m, ear, frequency_hz]


@lru_cache(maxsize=8)
def _measured_head(path: Path) -> _MeasuredHead:
    """The head of a file, read once."""
    return _MeasuredHead(path)


class _Scene:
    def __init__(self, problem: dict[str, Any], folder: Path) -> None:
        listener = problem["listener"]
        self.speed = float(problem.get("speed_of_sound_m_s", DEFAULT_SPEED_OF_SOUND_M_S))
        self.forward, self.left = _listener_axes(listener)
        self.centre = _vector(listener["position_m"])
        self.cloud = [_vector(shift) for shift in listener.get("ear_cloud_m", FIVE_PLACES_M)]

        enclosure = problem.get("enclosure", {"model": "free-field"})
        self.enclosure = str(enclosure.get("model", "free-field"))
        self.problem = problem
        self.enclosure_radius_m = float(enclosure.get("radius_m", DEFAULT_RADIUS_M))

        head = listener.get("head", "sphere")
        if not isinstance(head, str):
            raise NotImplementedError("a list of heads")
        self.head_radius_m = float(listener.get("head_radius_m", DEFAULT_RADIUS_M))
        self.measured: _MeasuredHead | None = None
        if head == "points":
            self.head = "points"
        elif head == "sphere":
            self.head = "sphere"
        elif head.startswith("sphere:"):
            self.head = "sphere"
            self.head_radius_m = float(head.removeprefix("sphere:"))
        else:
            self.head = "measured"
            self.measured = _measured_head(folder / head)

    def driver_place(self, driver: dict[str, Any]) -> Vector:
        place = _vector(driver["position_m"])
        if self.enclosure == "sphere" and abs(_length(place) - self.enclosure_radius_m) <= ON_SURFACE_M:
            return _scale(place, self.enclosure_radius_m / _length(place))
        return place

    def ear_place(self, centre: Vector, ear: int) -> Vector:
        """Left (0) or right (1) ear, the listener's."""
        side = self.head_radius_m if ear == 0 else -self.head_radius_m
        return _add(centre, _scale(self.left, side))

    def head_pressure(self, frequency_hz: float, source: Vector, centre: Vector, ear: int) -> complex:
        """At an ear of the head at `centre`, from a point source at `source` in free field."""
        k = 2.0 * math.pi * frequency_hz / self.speed
        ear_at = self.ear_place(centre, ear)
        if self.head == "points":
            return self.free_field(k, source, ear_at)
        to_source = _subtract(source, centre)
        if self.head == "sphere":
            cos_angle = _cos_between(to_source, _subtract(ear_at, centre))
            return naive_sphere_pressure(k, self.head_radius_m, _length(to_source), self.head_radius_m, cos_angle)
        assert self.measured is not None
        # The ray from the ear through the source meets the measured sphere at `there`, seen from the head's centre.
        r_measured = self.measured.distances_m[0]
        from_ear = _subtract(source, ear_at)
        ray = _scale(from_ear, 1.0 / _length(from_ear))
        offset = _subtract(ear_at, centre)
        along = _dot(ray, offset)
        bright = -along + math.sqrt(along**2 + r_measured**2 - _dot(offset, offset))
        there = _add(offset, _scale(ray, bright))
        direction = (
            _dot(there, self.forward) / r_measured,
            _dot(there, self.left) / r_measured,
            there[2] / r_measured,
        )
        a = self.head_radius_m
        found = self.measured.between(direction, ear, frequency_hz, a, self.speed) / r_measured
        found *= cmath.exp(-1j * k * r_measured)
        # A rigid sphere says how the pressure at the ear changes from there to the source.
        here = naive_sphere_pressure(k, a, _length(to_source), a, _cos_between(to_source, offset))
        return found * here / naive_sphere_pressure(k, a, r_measured, a, _cos_between(there, offset))

    @staticmethod
    def free_field(wavenumber: float, source: Vector, place: Vector) -> complex:
        r = _length(_subtract(place, source))
        return cmath.exp(-1j * wavenumber * r) / r

    def transfer(self, frequency_hz: float, driver: dict[str, Any], shift: Vector, ear: int) -> complex:
        """From one driver to one ear at one displacement of the head."""
        place = self.driver_place(driver)
        centre = _add(self.centre, shift)
        cap_radius_m = float(driver.get("radius_m", 0.0))
        k = 2.0 * math.pi * frequency_hz / self.speed
        if self.enclosure in ("free-field", "baffle"):
            total = 0j
            for point, share in disc_points(driver):
                total += share * self.head_pressure(frequency_hz, point, centre, ear)
            return total
        if self.enclosure in ("cylinder", "box", "mesh"):
            if self.head != "points":
                raise NotImplementedError(f"a head before a {self.enclosure}")
            at = self.ear_place(centre, ear)
            return driver_pressure(self.problem, driver, frequency_hz, _scale(at, 1.0 / _length(at)), _length(at))

        ear_at = self.ear_place(centre, ear)
        # A place that was put on the surface is there to rounding; the formula wants it there exactly.
        source_distance = _length(place)
        if abs(source_distance - self.enclosure_radius_m) < 1e-12:
            source_distance = self.enclosure_radius_m
        without_head = naive_sphere_pressure(
            k, self.enclosure_radius_m, source_distance, _length(ear_at), _cos_between(place, ear_at), cap_radius_m
        )
        if self.head == "points":
            return without_head
        if self.head != "sphere" or k == 0.0 or source_distance != self.enclosure_radius_m:
            raise NotImplementedError(
                "a sphere enclosure before a measured head, at 0 Hz, or with drivers off its surface"
            )
        return cap_heard(
            k,
            device_radius_m=self.enclosure_radius_m,
            cap_direction=_scale(place, 1.0 / _length(place)),
            cap_radius_m=cap_radius_m,
            centre_m=centre,
            head_radius_m=self.head_radius_m,
            ear_direction=self.left if ear == 0 else _scale(self.left, -1.0),
        )


# ----------------------------------------------------------------------------------------------------------------------
# What is asked for
# ----------------------------------------------------------------------------------------------------------------------


def ear_pressures(
    problem_path: Path | str,
    coefficients_path: Path | str,
    channel: str,
    frequencies_hz: Sequence[float] | NDArray[np.float64],
) -> NDArray[np.complex128]:
    """Pressure (F, D, 2) at the listener's left and right ear, at each displacement of the ear cloud."""
    problem_path = Path(problem_path)
    problem = read_problem(problem_path)
    scene = _Scene(problem, problem_path.parent)
    drivers = problem["drivers"]
    taps = read_taps(Path(coefficients_path), channel, [driver["name"] for driver in drivers])
    sample_rate_hz = float(problem["sample_rate_hz"])

    pressures = np.zeros((len(frequencies_hz), len(scene.cloud), 2), dtype=np.complex128)
    for f, frequency in enumerate(frequencies_hz):
        frequency_hz = float(frequency)
        for driver in drivers:
            weight = filter_response(taps[driver["name"]], frequency_hz, sample_rate_hz)
            for d, shift in enumerate(scene.cloud):
                for ear in (0, 1):
                    pressures[f, d, ear] += weight * scene.transfer(frequency_hz, driver, shift, ear)
    return pressures


def _ratio_db(bright: float, dark: float) -> float:
    if dark == 0.0:
        return math.inf if bright > 0.0 else math.nan
    return 10.0 * math.log10(bright / dark) if bright > 0.0 else -math.inf


def cancellation_gain_db(
    problem_path: Path | str,
    coefficients_path: Path | str,
    channel: str,
    frequencies_hz: Sequence[float] | NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and worst cancellation gain (F,): of the mean powers over the displacements, and of any one displacement."""
    problem = read_problem(Path(problem_path))
    asked = [design["ear"] for design in problem["designs"] if design["name"] == channel]
    if len(asked) != 1:
        raise ValueError(f"{channel!r} is the name of {len(asked)} designs")
    reach_ear = {"left": 0, "right": 1}[asked[0]]
    cancel_ear = 1 - reach_ear

    pressures = ear_pressures(problem_path, coefficients_path, channel, frequencies_hz)
    means: list[float] = []
    worsts: list[float] = []
    for at_frequency in pressures:
        bright = [abs(complex(pair[reach_ear])) ** 2 for pair in at_frequency]
        dark = [abs(complex(pair[cancel_ear])) ** 2 for pair in at_frequency]
        means.append(_ratio_db(sum(bright) / len(bright), sum(dark) / len(dark)))
        worsts.append(min(_ratio_db(one, other) for one, other in zip(bright, dark, strict=True)))
    return np.array(means), np.array(worsts)
