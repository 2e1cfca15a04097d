"""Absorption of sound by the air, as ISO 9613-1:1993 calculates it.

Shear, heat conduction and rotation of the molecules take a share that grows as f²; the vibration of oxygen and of
nitrogen takes one that levels off above its relaxation frequency, which depends on how much water vapour there is.
With T in kelvin, T₀ = 293.15 K, the pressure p over p₀ = 101.325 kPa, and the molar concentration of water vapour
h in percent (equations B.1 to B.3 of the standard's annex B; 273.16 K is the triple point of water),

    h = h_rel 10^C / (p/p₀),   C = -6.8346 (273.16/T)^1.261 + 4.6151                                               (1)

the relaxation frequencies of oxygen and nitrogen are (its equations 3 and 4)

    f_O = (p/p₀) [24 + 4.04e4 h (0.02 + h)/(0.391 + h)]                                                            (2)
    f_N = (p/p₀) (T/T₀)^(-1/2) [9 + 280 h exp(-4.170 ((T/T₀)^(-1/3) - 1))]                                         (3)

and the attenuation coefficient of a pure tone is, in decibels a metre (its equation 5),

    α = 8.686 f² { 1.84e-11 (p/p₀)^(-1) (T/T₀)^(1/2)
        + (T/T₀)^(-5/2) [0.01275 e^{-2239.1/T}/(f_O + f²/f_O) + 0.1068 e^{-3352/T}/(f_N + f²/f_N)] }               (4)

Over a distance d the pressure falls by 10^(-αd/20). The standard gives it within 10 % from -20 to 50 °C, for h from
0.05 to 5 %, below 200 kPa, and for f/p from 4e-4 to 10 Hz/Pa; its table, at one atmosphere, has 50 Hz to 10 kHz. The
dispersion that goes with absorption, parts in 10⁴ of the speed of sound, is left out: the factor has no phase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real

STANDARD_PRESSURE_KPA = 101.325
REFERENCE_TEMPERATURE_K = 293.15
TRIPLE_POINT_K = 273.16
ZERO_CELSIUS_K = 273.15


@dataclass(frozen=True, kw_only=True)
class Air:
    """The state of the air."""

    temperature_c: float
    relative_humidity_percent: float
    pressure_kpa: float = STANDARD_PRESSURE_KPA

    def attenuation_db_per_m(self, frequency_hz: Real) -> Real:
        """The attenuation coefficient α of equation (4), in the shape of the frequencies."""
        f_squared = np.asarray(frequency_hz, dtype=float) ** 2
        kelvin = self.temperature_c + ZERO_CELSIUS_K
        warmth = kelvin / REFERENCE_TEMPERATURE_K
        pressure = self.pressure_kpa / STANDARD_PRESSURE_KPA
        saturation = 10 ** (4.6151 - 6.8346 * (TRIPLE_POINT_K / kelvin) ** 1.261)
        h = self.relative_humidity_percent * saturation / pressure
        oxygen_hz = pressure * (24 + 4.04e4 * h * (0.02 + h) / (0.391 + h))
        nitrogen_hz = pressure / np.sqrt(warmth) * (9 + 280 * h * np.exp(-4.170 * (warmth ** (-1 / 3) - 1)))
        classical = 1.84e-11 / pressure * np.sqrt(warmth)
        oxygen = 0.01275 * np.exp(-2239.1 / kelvin) / (oxygen_hz + f_squared / oxygen_hz)
        nitrogen = 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen_hz + f_squared / nitrogen_hz)
        return np.asarray(8.686 * f_squared * (classical + warmth**-2.5 * (oxygen + nitrogen)))

    def amplitude_factor(self, frequency_hz: Real, distance_m: Real) -> Real:
        """Share of the pressure that remains after a distance: (F, ...) for frequencies (F,) and distances (...)."""
        lost_db = np.multiply.outer(self.attenuation_db_per_m(frequency_hz), np.asarray(distance_m, dtype=float))
        return np.asarray(10 ** (-lost_db / 20))
