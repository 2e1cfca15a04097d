"""Plain loops for what the ears of a listener hear, sharing nothing with the tool: a loudspeaker far away, bands, phase delays."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import sofar
from oracles.naive_sphere import naive_sphere_pressure

RADIUS_M, SPEED_M_S = 0.0875, 343.0
FAR_M = 100.0
TIMES_HZ = [200.0 + 50.0 * n for n in range(27)]
"""200 Hz to 1.5 kHz."""
BANDS_HZ = [
    200.0,
    250.0,
    315.0,
    400.0,
    500.0,
    630.0,
    800.0,
    1000.0,
    1250.0,
    1600.0,
    2000.0,
    2500.0,
    3150.0,
    4000.0,
    5000.0,
    6300.0,
    8000.0,
]
"""Nominal middles; the exact ones are 1000 · 2^(n/3)."""  # fmt: skip


def sphere_ears(angle_deg: float, frequency_hz: float) -> tuple[complex, complex]:
    """The near and the far ear of a rigid sphere, for a loudspeaker at an angle to the near ear's side."""
    k = 2 * math.pi * frequency_hz / SPEED_M_S
    side = math.sin(math.radians(angle_deg))
    near, far = (
        naive_sphere_pressure(k, RADIUS_M, FAR_M, RADIUS_M, cosine, tolerance=1e-9) for cosine in (side, -side)
    )
    return near, far


def exact_middle_hz(nominal_hz: float) -> float:
    return float(1000 * 2 ** (round(3 * math.log2(nominal_hz / 1000)) / 3))


def band_frequencies(nominal_hz: float, count: int = 6) -> list[float]:
    """Frequencies in even ratios inside a third octave."""
    return [exact_middle_hz(nominal_hz) * 2 ** ((n + 0.5) / count / 3 - 1 / 6) for n in range(count)]


def level_difference_db(ears: Callable[[float], tuple[complex, complex]], nominal_hz: float) -> float:
    """Power at the near over power at the far ear in one third octave."""
    powers = [0.0, 0.0]
    for f in band_frequencies(nominal_hz):
        for ear, pressure in enumerate(ears(f)):
            powers[ear] += abs(pressure) ** 2
    return 10 * math.log10(powers[0] / powers[1])


def phase_delays_s(pairs: Sequence[tuple[complex, complex]], frequencies_hz: Sequence[float]) -> list[float]:
    """How much later the far ear hears each frequency; turns are counted up from the first frequency."""
    actual, before = [], 0.0
    for (near, far), f in zip(pairs, frequencies_hz, strict=True):
        turn = -cmath.phase(far / near)
        turn += 2 * math.pi * round((before - turn) / (2 * math.pi))
        actual.append(turn / (2 * math.pi * f))
        before = turn
    return actual


def kemar_ears(path: Path, azimuth_deg: float) -> Callable[[float], tuple[complex, complex]]:
    """Spectra of a file's own impulse responses on the horizon, the left ear first: a sum over samples at each frequency."""
    sofa = sofar.read_sofa(str(path), verify=False, verbose=False)
    places = np.asarray(sofa.SourcePosition, dtype=float)
    row = int(np.argmin(np.abs(places[:, 0] - azimuth_deg) + np.abs(places[:, 1])))
    assert abs(places[row, 0] - azimuth_deg) < 1e-6 and abs(places[row, 1]) < 1e-6
    left_first = np.asarray(sofa.ReceiverPosition, dtype=float).reshape(2, 3)[:, 1].argsort()[::-1]
    responses = [[float(value) for value in sofa.Data_IR[row, ear]] for ear in left_first]
    rate = float(np.ravel(sofa.Data_SamplingRate)[0])

    def ears(frequency_hz: float) -> tuple[complex, complex]:
        left, right = (
            sum(h * cmath.exp(-2j * math.pi * frequency_hz * n / rate) for n, h in enumerate(one)) for one in responses
        )
        return left, right

    return ears
