"""Random problems with measured drivers: small sets of a known field, and any mixture of the `response_*` keys about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from random_problems import Draw, problem

from designer.arrays import Complex, Real

FREQUENCY_HZ = np.geomspace(40.0, 40_000.0, 60)
SAID = ("", "* 1 sweep using a loopback as timing reference\n", "* no timing reference\n", "* distance: 2 m\n")
RATE_HZ, TAPS = 96_000, 1024
NAMES = ("{word} hor {angle:g}.txt", "{word}_{angle:+g}_x.txt")


def problem_with_measured_drivers(seed: int, folder: Path) -> dict[str, Any]:
    """The problem of a seed, with a set of files for at least one of its drivers."""
    tables, draw = problem(seed), Draw(f"measured of {seed}")
    drivers = tables["drivers"]
    for n, driver in enumerate(drivers):
        if n == seed % len(drivers) or draw.chance(0.4):
            _measure(draw, driver, folder, f"d{n}")
    return tables


def _measure(draw: Draw, driver: dict[str, Any], folder: Path, word: str) -> None:
    driver.pop("radius_m", None)
    step = draw.choice((15, 30, 45, 60, 90))
    angles = list(range(draw.choice((0, 0, step - 180)), draw.choice((61, 91, 181)), step))
    late_s, sign, said = draw.choice((0.0, 1e-4, 6e-3)), draw.choice((1, 1, -1)), draw.choice(SAID)
    aside_m = [draw.number(-0.1, 0.1), draw.number(-0.2, 0.2), 0.0] if draw.chance(0.4) else [0.0, 0.0, 0.0]
    sound = draw.chance(0.3)
    name = NAMES[0].replace("txt", "wav") if sound else draw.choice(NAMES)
    frequency_hz = np.fft.rfftfreq(TAPS, 1 / RATE_HZ) if sound else FREQUENCY_HZ
    for angle in angles:
        p = sign * _field(frequency_hz, angle, late_s + 1e-3, aside_m)
        path = folder / name.format(word=word, angle=angle)
        if sound:
            soundfile.write(path, 0.5 * np.fft.irfft(p, TAPS), RATE_HZ, subtype="FLOAT")
            continue
        columns = zip(frequency_hz, 90 + 20 * np.log10(np.abs(p)), np.degrees(np.angle(p)), strict=True)
        path.write_text(said + "".join(f"{f:.5f} {level:.5f} {phase:.4f}\n" for f, level, phase in columns), "utf-8")
    driver["response"] = str(folder / f"{word}[ _]*")
    if "_x" in name:
        driver["response_angles"] = f"{word}_{{azimuth}}_x"
    elif draw.chance(0.2):
        driver["response_angles"] = [[float(angle), 0.0] for angle in angles]
    for key, choices in {
        "response_time": ("auto", "shared", "own"),
        "response_turned_about": ("driver", "device", [0.0, 0.1, 0.0]),
        "response_clockwise": (True, False),
        "response_distance_m": (0.5, 2.0, 10.0),
        "response_channel": (1, 2),
        "gate_ms": (1.0, 4.0, 100.0),
    }.items():
        if draw.chance(0.3 if key != "response_channel" else 0.1):
            driver[key] = draw.choice(choices)


def _field(frequency_hz: Real, angle_deg: float, late_s: float, aside_m: list[float]) -> Complex:
    """A source before the turning point that falls off to its back, above 80 Hz and below 20 kHz."""
    cosine, sine = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    s = 1j * frequency_hz / 80.0
    fall = 1 / (1 + frequency_hz / 3000.0 * (1 - cosine))
    late_s -= (aside_m[0] * cosine + aside_m[1] * sine) / 343.0
    tone = s**2 / (1 + 1.4 * s + s**2) / (1 + 1j * frequency_hz / 20_000.0) ** 2 + 1e-9
    return np.asarray(tone * fall * np.exp(-2j * np.pi * frequency_hz * late_s))
