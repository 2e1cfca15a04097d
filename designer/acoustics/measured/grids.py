"""Responses on different frequencies brought to the same ones, and the window that leaves out what the room sends back.

**The grid** is that of the file with the most points, cut to the band that all files cover. Level is interpolated in dB and phase
unwrapped, each response's delay taken out first and put back: between points where a delay turns the phase by more than half a turn
the turns cannot be counted. A set whose files differ carries a warning, because two measuring runs may differ in more than their grid.

**The window's** time starts at the direct sound. It is 1 from a tenth of the gate before it (room for what rings before the onset)
to three quarters of the gate, and falls to 0 at its end as a half Hann. What is shorter than the gate cannot be told from it: below
1/gate the result means nothing, and the band starts there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.acoustics.measured.time_reference import fit_delay
from designer.arrays import Complex, Real
from designer.errors import DataError

MIN_HIGHEST_HZ, MAX_HIGHEST_HZ = 60.0, 100_000.0  # what ends outside these is counted in kHz, or in radians a second


def rising(file: Path, frequency_hz: Real, location: str = "") -> None:
    """Refuse frequencies that are negative, do not rise, or are no Hz."""
    if frequency_hz.size < 2:
        raise DataError(
            f"{file}: got {frequency_hz.size} frequency{location}; expected at least two; export the whole band"
        )
    falls = np.flatnonzero(np.diff(frequency_hz) <= 0)
    if falls.size:
        a, b = frequency_hz[falls[0]], frequency_hz[falls[0] + 1]
        raise DataError(f"{file}: got {b:g} Hz after {a:g} Hz{location}; expected rising frequencies; export it again")
    if frequency_hz[-1] < MIN_HIGHEST_HZ:
        actual = f"frequencies from {frequency_hz[0]:.4g} to {frequency_hz[-1]:.4g} Hz{location}"
        raise DataError(
            f"{file}: got {actual}; expected a band that reaches above {MIN_HIGHEST_HZ:g} Hz; multiply by 1000 if "
            "they are kHz"
        )
    if frequency_hz[-1] > MAX_HIGHEST_HZ:
        actual = f"frequencies up to {frequency_hz[-1]:.6g} Hz{location}"
        raise DataError(
            f"{file}: got {actual}; expected up to {MAX_HIGHEST_HZ:g} Hz; divide by 2π if they are radians a second"
        )
    if frequency_hz[0] < 0:
        raise DataError(
            f"{file}: got {frequency_hz[0]:g} Hz{location}; expected frequencies from 0 Hz; export it again"
        )


def resampled(frequency_hz: Real, response: Complex, wanted_hz: Real) -> Complex:
    """A response (K,) at other frequencies within its own: in dB, and in unwrapped phase beyond its delay."""
    magnitude = np.abs(response)
    delay_s = fit_delay(frequency_hz, response).delay_s if np.asarray(response).imag.any() else 0.0
    level = np.interp(wanted_hz, frequency_hz, np.log(np.maximum(magnitude, 1e-6 * magnitude.max() + 1e-300)))
    early = response * np.exp(2j * np.pi * frequency_hz * delay_s)
    phase = np.interp(wanted_hz, frequency_hz, np.unwrap(np.angle(early)))
    return np.asarray(np.exp(level + 1j * (phase - 2 * np.pi * wanted_hz * delay_s)))


def on_one_grid(files: tuple[Path, ...], grids_hz: list[Real], responses: list[Complex]) -> tuple[Real, Complex, str]:
    """Frequencies (K,), responses (K, N), and a warning, empty where the grids were the same.

    Raises
    ------
    DataError : the files have no band in common
    """
    first = grids_hz[0]
    same = [g.size == first.size and np.allclose(g, first, rtol=1e-6) for g in grids_hz]
    if all(same):
        return first, np.stack(responses, axis=1), ""
    other = same.index(False)
    low, high = max(g[0] for g in grids_hz), min(g[-1] for g in grids_hz)
    if low >= high:
        raise DataError(
            f"{files[other]}: got {grids_hz[other][0]:g} to {grids_hz[other][-1]:g} Hz, and {files[0].name} has "
            f"{first[0]:g} to {first[-1]:g} Hz; expected files of one set that share a band; measure or export all "
            "angles over the same band"
        )
    finest = max(grids_hz, key=lambda g: int(np.count_nonzero((g >= low) & (g <= high))))
    wanted_hz = np.unique(np.concatenate([[low], finest[(finest > low) & (finest < high)], [high]]))
    columns = [resampled(g, r, wanted_hz) for g, r in zip(grids_hz, responses, strict=True)]
    warning = (
        f"frequencies differ between files: {files[0].name} has {first.size} from {first[0]:g} to {first[-1]:g} Hz, "
        f"{files[other].name} has {grids_hz[other].size} from {grids_hz[other][0]:g} to {grids_hz[other][-1]:g} Hz; "
        f"all were interpolated to {wanted_hz.size} from {low:g} to {high:g} Hz"
    )
    return wanted_hz, np.stack(columns, axis=1), warning


RISE_SHARE = 0.1
FLAT_SHARE = 0.75


def gate_window(time_s: Real, gate_s: float) -> Real:
    """Window over time since the onset."""
    fall = np.clip((time_s / gate_s - FLAT_SHARE) / (1 - FLAT_SHARE), 0, 1)
    rise = np.clip((time_s / gate_s + 2 * RISE_SHARE) / RISE_SHARE, 0, 1)
    return np.asarray(np.cos(np.pi / 2 * fall) ** 2 * np.sin(np.pi / 2 * rise) ** 2)


def gate_spectrum(frequency_hz: Real, pressure: Complex, gate_s: float) -> tuple[Real, Complex]:
    """Responses (K, N) over frequency, time 0 at the direct sound, gated: frequencies from 1/gate on, and responses.

    The band is taken to time on a linear grid, eight times finer than 1/gate. Below the lowest frequency the value there
    is held; at the highest the spectrum ends, so that the impulse is a sinc there and the gate's edge moves the top of the band by
    hundredths of a dB.
    """
    highest_hz = float(frequency_hz[-1])
    step_hz = min(1 / (8 * gate_s), highest_hz / 64)
    count = int(np.ceil(highest_hz / step_hz))
    grid_hz = np.linspace(0, highest_hz, count + 1)
    time_s = np.fft.fftfreq(2 * count, 1 / (2 * count)) / (2 * highest_hz)
    window = gate_window(time_s, gate_s)
    gated_hz = np.unique(np.concatenate([[1 / gate_s], frequency_hz[frequency_hz > 1 / gate_s]]))
    out = np.empty((gated_hz.size, pressure.shape[1]), dtype=complex)
    for n, column in enumerate(pressure.T):
        spectrum = resampled(frequency_hz, column, np.maximum(grid_hz, frequency_hz[0]))
        gated = np.fft.rfft(np.fft.irfft(spectrum, 2 * count) * window)
        out[:, n] = resampled(grid_hz, gated, gated_hz)
    return gated_hz, out
