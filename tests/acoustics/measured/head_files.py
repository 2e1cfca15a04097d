"""SOFA files of heads, made for the tests: the KEMAR, changed in some way, and rigid spheres, whose truth is known."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sofar
from numpy.typing import NDArray

from designer.acoustics.sphere_series import sphere_pressure

ROOT = Path(__file__).parents[3]
KEMAR = ROOT / "problems/data/mit_kemar_normal.sofa"
C = 343.0
A = 0.0875


@cache
def _kemar() -> Any:
    return sofar.read_sofa(str(KEMAR), verify=False, verbose=False)


def kemar(path: Path, change: Callable[[Any], object] = lambda sofa: None, *, every: int = 1) -> Path:
    """The KEMAR with something changed, or with some of its directions."""
    sofa = copy.deepcopy(_kemar())
    sofa.Data_IR, sofa.SourcePosition = sofa.Data_IR[::every], sofa.SourcePosition[::every]
    change(sofa)
    sofar.write_sofa(str(path), sofa, compression=0)
    return path


def grid_deg(step_deg: float = 10.0, lowest_deg: float = -90.0) -> NDArray[np.float64]:
    """Azimuths and elevations (N, 2): rings, fewer directions near the poles, each pole once."""
    rows = []
    for elevation in np.arange(lowest_deg, 90.1, step_deg):
        count = max(1, round(360 / step_deg * np.cos(np.radians(elevation))))
        rows += [(azimuth, elevation) for azimuth in np.arange(count) * 360 / count]
    return np.array(rows)


def unit(angles_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (N, 3) of azimuths and elevations (N, 2)."""
    azimuth, elevation = np.radians(angles_deg).T
    flat = np.cos(elevation)
    return np.stack([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)], axis=1)


def sphere_spectra(
    angles_deg: NDArray[np.float64], f: NDArray[np.float64], distance_m: float, radius_m: float = A
) -> NDArray[np.complex128]:
    """A rigid sphere's pressure at its ears (N, 2, F) from point sources, relative to a unit source's at 1 m."""
    lateral = np.clip(unit(angles_deg)[:, 1], -1, 1)
    cosine = np.concatenate([lateral, -lateral])[None]
    k = 2 * np.pi * f / C
    pressure = sphere_pressure(k * radius_m, np.array([distance_m / radius_m]), cosine)[:, 0] / radius_m
    return np.asarray(pressure.reshape(f.size, 2, -1).transpose(2, 1, 0))


def sphere(
    path: Path,
    angles_deg: NDArray[np.float64],
    *,
    distance_m: float = 1.4,
    radius_m: float = A,
    rate_hz: float = 48_000.0,
    taps: int = 512,
    change: Callable[[Any], object] = lambda sofa: None,
) -> Path:
    """A rigid sphere as a measured head, with a level and a delay of its own."""
    f = np.arange(taps // 2 + 1) * rate_hz / taps
    spectra = sphere_spectra(angles_deg, f, distance_m, radius_m)
    spectra *= 0.3 * np.exp(2j * np.pi * f * (distance_m / C - 64 / rate_hz))
    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    sofa.Data_IR = np.fft.irfft(spectra, taps, axis=2)
    sofa.Data_SamplingRate = rate_hz
    sofa.SourcePosition = np.column_stack([angles_deg, np.full(len(angles_deg), distance_m)])
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "spherical", "degree, degree, metre"
    change(sofa)
    sofar.write_sofa(str(path), sofa, compression=0)
    return path
