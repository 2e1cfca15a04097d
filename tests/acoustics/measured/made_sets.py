"""A driver that is known everywhere, and files of it in every format: what the readers' tests read back."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.arrays import Complex, Real
from designer.problem.geometry import direction

C = 343.0
FREQUENCY_HZ = np.geomspace(100.0, 16000.0, 120)
ANGLES_DEG = tuple(float(a) for a in range(-170, 181, 10))
SPL_DB = 85.0


def cap(frequency_hz: Real, directions: Real) -> Complex:
    """A driver on a sphere of 5 cm that faces +x (K, N)."""
    return _cap(frequency_hz.tobytes(), directions.tobytes()).copy()


@lru_cache(maxsize=2048)
def _cap(frequency_hz: bytes, directions: bytes) -> Complex:
    sphere, k = SphereEnclosure(0.05, np.array([[1.0, 0.0, 0.0]]), [0.02]), 2 * np.pi * np.frombuffer(frequency_hz) / C
    return np.asarray(sphere.far_field(k, np.frombuffer(directions).reshape(-1, 3))[:, :, 0])


def lopsided(frequency_hz: Real, directions: Real) -> Complex:
    """The same, 3 dB louder to its left (+y) than to its right, at every frequency."""
    return cap(frequency_hz, directions) * 10 ** (1.5 * directions[:, 1] / 20)


def delayed(response: Complex, delay_s: float, frequency_hz: Real = FREQUENCY_HZ) -> Complex:
    return np.asarray(response * np.exp(-2j * np.pi * frequency_hz * delay_s)[:, None])


def at(angle_deg: float, *, vertical: bool = False) -> Real:
    return (direction(0.0, angle_deg) if vertical else direction(angle_deg))[None, :]


def frd_text(
    frequency_hz: Real,
    response: Complex,
    *,
    separator: str = " ",
    decimal: str = ".",
    comment: str = "*",
    phase: bool = True,
    unwrap: bool = False,
) -> str:
    """One angle's file: comment lines, then frequency, level in dB, and phase in degrees."""
    level_db = SPL_DB + 20 * np.log10(np.abs(response))
    angle = np.angle(response)
    phase_deg = np.degrees(np.unwrap(angle) if unwrap else angle)
    lines = [f"{comment} Measurement data", f"{comment} Freq(Hz) SPL(dB) Phase(degrees)"]
    columns = (frequency_hz, level_db, phase_deg) if phase else (frequency_hz, level_db)
    row = separator.join(["{:.6f}"] * len(columns))
    rows = [row.format(*numbers) for numbers in zip(*(column.tolist() for column in columns), strict=True)]
    lines += rows if decimal == "." else [numbers.replace(".", decimal) for numbers in rows]
    return "\r\n".join(lines) + "\r\n"


def write_frd_set(
    folder: Path,
    *,
    name: str = "woofer hor {angle}.frd",
    angles_deg: tuple[float, ...] = ANGLES_DEG,
    model: Callable[[Real, Real], Complex] = cap,
    vertical: bool = False,
    delay_s: float = 0.0,
    frequency_hz: Real = FREQUENCY_HZ,
    **layout: Any,
) -> None:
    """A file an angle."""
    for angle in angles_deg:
        response = delayed(model(frequency_hz, at(angle, vertical=vertical)), delay_s, frequency_hz)[:, 0]
        text = frd_text(frequency_hz, response, **layout)
        (folder / name.format(angle=f"{angle:g}")).write_text(text, encoding="utf-8")


def near_in_db(got: Complex, true: Complex, within_db: float = 15.0) -> float:
    """The largest difference in dB after one common gain, where the truth is within so many dB of its maximum."""
    apart = 20 * np.log10(np.abs(got / true))
    heard = np.abs(true) > np.abs(true).max() * 10 ** (-within_db / 20)
    return float(np.abs(apart - np.median(apart[heard]))[heard].max())


def near_in_phase_deg(got: Complex, true: Complex, within_db: float = 15.0) -> float:
    """The largest difference in phase after one common delay and constant, where the truth is within so many dB of its maximum."""
    heard = np.abs(true) > np.abs(true).max() * 10 ** (-within_db / 20)
    relative = got * true.conj()
    relative = relative * relative[:, :1].conj() / np.abs(relative[:, :1])
    return float(np.degrees(np.abs(np.angle(relative))[heard].max()))
