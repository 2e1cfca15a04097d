"""Naive oracle: what a beam's `coefficients.csv` does on the circle and over the sphere, sharing no code with the tool."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np

from oracles.far_ear import filter_response, read_problem, read_taps
from oracles.naive_field import Vector, along, driver_pressure


class Beam:
    """One channel's taps and drivers, and its numbers at one frequency after the other."""

    def __init__(self, problem_path: Path, coefficients_path: Path, channel: str) -> None:
        self.problem = read_problem(problem_path)
        self.design = next(design for design in self.problem["designs"] if design["name"] == channel)
        self.taps = read_taps(coefficients_path, channel, [driver["name"] for driver in self.problem["drivers"]])
        self.distance_m = float(self.problem["grid"].get("azimuth_distance_m", math.inf))
        self.circles: dict[float, dict[float, complex]] = {}

    def weight(self, driver: dict[str, Any], frequency_hz: float) -> complex:
        return filter_response(self.taps[driver["name"]], frequency_hz, float(self.problem["sample_rate_hz"]))

    def pressure(self, frequency_hz: float, towards: Vector, distance_m: float) -> complex:
        total = 0j
        for driver in self.problem["drivers"]:
            alone = driver_pressure(self.problem, driver, frequency_hz, towards, distance_m)
            total += self.weight(driver, frequency_hz) * alone
        return total

    def circle(self, frequency_hz: float) -> dict[float, complex]:
        """Azimuth -> pressure on the circle."""
        if frequency_hz not in self.circles:
            step_deg = float(self.problem["grid"]["azimuth_step_deg"])
            azimuths = [n * step_deg - 180 for n in range(round(360 / step_deg))]
            there = {azimuth: self.pressure(frequency_hz, along(azimuth), self.distance_m) for azimuth in azimuths}
            self.circles[frequency_hz] = there
        return self.circles[frequency_hz]

    def gains_db(self, frequency_hz: float) -> tuple[float, float]:
        """Power in the look direction over the mean over the nulls' arcs, and over the loudest of their azimuths."""
        half_deg = float(self.design.get("null_width_deg", 10.0)) / 2
        bright = abs(self.pressure(frequency_hz, along(self.design["look_deg"]), self.distance_m)) ** 2
        dark = [
            abs(pressure) ** 2
            for azimuth, pressure in self.circle(frequency_hz).items()
            if any(abs((azimuth - null + 180) % 360 - 180) <= half_deg for null in self.design["nulls_deg"])
        ]
        return 10 * math.log10(bright / (sum(dark) / len(dark))), 10 * math.log10(bright / max(dark))

    def effort_and_white_noise_gain_db(self, frequency_hz: float) -> tuple[float, float]:
        """Of the look direction."""
        towards = along(self.design["look_deg"])
        bright = abs(self.pressure(frequency_hz, towards, self.distance_m)) ** 2
        fed, best = 0.0, 0.0
        for driver in self.problem["drivers"]:
            fed += abs(self.weight(driver, frequency_hz)) ** 2
            alone = driver_pressure(self.problem, driver, frequency_hz, towards, self.distance_m)
            best = max(best, abs(alone) ** 2)
        scale = 1.0 if math.isinf(self.distance_m) else self.distance_m**2
        return 10 * math.log10(fed * best / bright), 10 * math.log10(scale * bright / fed)

    def directivity_index_db(self, frequency_hz: float) -> float:
        """Over the mean of the far field's power on the sphere, Gauss's rule in height and even steps around."""
        heights, weights = np.polynomial.legendre.leggauss(14)
        mean = 0.0
        for (height, weight), step in itertools.product(zip(heights, weights, strict=True), range(20)):
            towards = along(18 * step + 9, math.degrees(math.asin(height)))
            mean += weight / 2 / 20 * abs(self.pressure(frequency_hz, towards, math.inf)) ** 2
        bright = abs(self.pressure(frequency_hz, along(self.design["look_deg"]), self.distance_m)) ** 2
        scale = 1.0 if math.isinf(self.distance_m) else self.distance_m**2
        return 10 * math.log10(scale * bright / mean)
