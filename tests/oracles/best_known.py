"""Best known values of problems/benchmark/ with no code of the tool: fields as naive sums, closed forms, search by brute force, duals.

    PYTHONPATH=tests python -m oracles.best_known

writes problems/benchmark/best.csv, and the hashes of the index again; a test computes a part of it anew and compares.

**Two vectors.** Of one bright point h and one dark point g (rows), the least ||w||² for |h w| = 1 and |h w|² >= γ |g w|² lies in their
plane. With cos φ = |h g^H| / (||h|| ||g||) and w at the angle θ from h, away from g, |h w| = ||h|| cos θ and |g w| = ||g|| cos(θ + φ), so

    tan θ = max(0, (√γ ||g|| cos φ - ||h||) / (√γ ||g|| sin φ)),     ||w||² = 1 / (||h|| cos θ)².

**Largest ratio.** For w^H A w = 1 and ||w||² <= 1/c, and every δ >= 0, with θ(δ) the largest eigenvalue of (A, B + δI),

    w^H B w = w^H (B + δI) w - δ ||w||² >= 1/θ(δ) - δ/c,

so the largest over δ is below every w that keeps to the limit: a certified bound, whatever the search for δ finds.

**Dolph.** T_{N-1}(x_0 cos(ψ/2)), ψ = π sin θ, has x_0 cos(ψ/2) = 1 at the edge of the main lobe and its sidelobes at 1 / T_{N-1}(x_0).
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar

from oracles.naive_field import along, driver_pressure
from oracles.naive_sphere import naive_sphere_pressure

Array = np.ndarray[Any, np.dtype[Any]]
Data = dict[str, Any]
FOLDER = Path(__file__).parents[2] / "problems" / "benchmark"
SPEED_M_S = 343.0
EAR_RADIUS_M = 0.0875
"""Defaults of the problem file, as `designer schema` states them."""


def wave_number(frequency_hz: float) -> float:
    return 2 * math.pi * frequency_hz / SPEED_M_S


def places(problem: Data) -> Array:
    return np.array([driver["position_m"] for driver in problem["drivers"]], dtype=float)


def monopoles(problem: Data, frequency_hz: float, points_m: Array) -> Array:
    """e^{-jkr}/r (points, drivers)."""
    r = np.linalg.norm(points_m[:, None] - places(problem), axis=2)
    return np.asarray(np.exp(-1j * wave_number(frequency_hz) * r) / r)


def towards(problem: Data, frequency_hz: float, azimuth_deg: list[float], distance_m: float) -> Array:
    """Pressure (azimuths, drivers) on the circle."""
    return np.array(
        [
            [driver_pressure(problem, d, frequency_hz, along(a), distance_m) for d in problem["drivers"]]
            for a in azimuth_deg
        ]
    )


def point_ears(problem: Data) -> tuple[Array, Array]:
    """Left and right ears (places, 3) of a head that is two points, facing the device: its left is at -y."""
    listener = problem["listener"]
    centres = np.array(listener["position_m"]) + np.array(listener["ear_cloud_m"], dtype=float)
    aside = np.array([0.0, listener.get("head_radius_m", EAR_RADIUS_M), 0.0])
    return centres - aside, centres + aside


def sphere_ears(problem: Data, frequency_hz: float, listener: Data) -> Array:
    """Pressure (2 places, drivers) at the ears of a rigid sphere that faces the device's origin."""
    rows = []
    k, a, centre_m = wave_number(frequency_hz), EAR_RADIUS_M, listener["position_m"]
    facing = -np.array(centre_m) / np.linalg.norm(centre_m)
    side = np.cross([0.0, 0.0, 1.0], facing)
    for move in listener["ear_cloud_m"]:
        centre = np.array(centre_m) + np.array(move)
        for ear in (side, -side):
            row = []
            for place in places(problem):
                way = place - centre
                r = float(np.linalg.norm(way))
                row.append(naive_sphere_pressure(k, a, r, a, float(way @ ear / r), tolerance=1e-14))
            rows.append(row)
    return np.array(rows)


def box_points(place: Data) -> Array:
    """Grid of a box with its ends, in steps of at most its spacing."""
    axes = [np.linspace(-s / 2, s / 2, 1 + math.ceil(s / place["spacing_m"] - 1e-9)) for s in place["size_m"]]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return np.asarray(np.array(place["centre_m"]) + grid.reshape(-1, 3))


def power(H: Array) -> Array:
    return np.asarray(H.conj().T @ H / len(H))


def least_effort_db(h: Array, g: Array, gamma: float) -> float:
    """Effort in dB of two vectors: over the best single driver's."""
    long_h, long_g = np.linalg.norm(h), np.linalg.norm(g)
    cos = abs(h @ g.conj()) / (long_h * long_g)
    push = math.sqrt(gamma) * long_g
    theta = math.atan(max(0.0, (push * cos - long_h) / (push * math.sqrt(1 - cos**2))))
    return float(10 * np.log10(np.abs(h).max() ** 2 / (long_h * math.cos(theta)) ** 2))


def largest_ratio_db(A: Array, B: Array, least_efficiency: float = 0.0) -> float:
    """The certified bound in dB on w^H A w / w^H B w with w^H A w >= c ||w||²."""
    scale = float(np.trace(B).real) / len(B)

    def least_power(delta: float) -> float:
        largest = float(eigh(A, B + delta * np.eye(len(B)), eigvals_only=True)[-1])
        return 1 / largest - delta / least_efficiency

    if least_efficiency == 0.0:
        return 10 * math.log10(float(eigh(A, B, eigvals_only=True)[-1]))
    powers = np.linspace(-12, 4, 81)
    values = [least_power(scale * 10**p) for p in powers]
    at = powers[int(np.argmax(values))]
    around = (at - 0.2, at + 0.2)
    best = minimize_scalar(
        lambda p: -least_power(scale * 10**p), bounds=around, method="bounded", options={"xatol": 1e-9}
    )
    return -10 * math.log10(max(-float(best.fun), *values))


def over_sphere(problem: Data, frequency_hz: float, part: tuple[float, float] = (-1.0, 1.0)) -> Array:
    """Mean power (L, L) of the far field over x/r in `part`, by Gauss's rule, of drivers in free field or on a sphere."""
    node, weight = np.polynomial.legendre.leggauss(20)
    low, high = part
    x = (low + high) / 2 + (high - low) / 2 * node
    turns = 2 * np.pi * np.arange(36) / 36
    total = np.zeros((len(problem["drivers"]),) * 2, dtype=complex)
    for cos, share in zip(x, weight / 2, strict=True):
        for turn in turns:
            across = math.sqrt(1 - cos**2)
            direction = (float(cos), across * math.cos(turn), across * math.sin(turn))
            row = np.array([driver_pressure(problem, d, frequency_hz, direction, math.inf) for d in problem["drivers"]])
            total += share / 36 * np.outer(row.conj(), row)
    return total


def line_over_sphere(problem: Data, frequency_hz: float) -> Array:
    """Mean power over the sphere of point sources in free field: sin(kd)/(kd)."""
    way = places(problem)
    apart = np.linalg.norm(way[:, None] - way, axis=2)
    return np.asarray(np.sinc(2 * frequency_hz * apart / SPEED_M_S), dtype=complex)


def directivity_db(problem: Data, frequency_hz: float) -> float:
    """1 / w^H Q w with |h w| = 1 and ||w||² <= 1/G."""
    design = problem["designs"][0]
    h = towards(problem, frequency_hz, [design["look_deg"]], math.inf)
    in_free_field = "enclosure" not in problem
    Q = (line_over_sphere if in_free_field else over_sphere)(problem, frequency_hz)
    floor_db = design.get("min_white_noise_gain_db")
    return largest_ratio_db(power(h), Q, 0.0 if floor_db is None else 10 ** (floor_db / 10))


def arcs_deg(design: Data, step_deg: float) -> list[float]:
    """Azimuths of the grid within the arcs of the nulls, ends included."""
    half = design["null_width_deg"] / 2
    grid = [step_deg * i - 180 + step_deg for i in range(round(360 / step_deg))]
    return [a for a in grid if any(abs((a - null + 180) % 360 - 180) <= half + 1e-9 for null in design["nulls_deg"])]


def dipole_effort_db(problem: Data, frequency_hz: float) -> float:
    design = problem["designs"][0]
    h, g = (towards(problem, frequency_hz, [a], math.inf)[0] for a in (design["look_deg"], design["nulls_deg"][0]))
    return least_effort_db(h, g, 10 ** (design["cancellation_gain_db"][0][1] / 10))


def crosstalk_effort_db(problem: Data, frequency_hz: float) -> float:
    left, right = (monopoles(problem, frequency_hz, ear)[0] for ear in point_ears(problem))
    return least_effort_db(left, right, 10 ** (problem["designs"][0]["cancellation_gain_db"][0][1] / 10))


def limited(A: Array, B: Array, problem: Data) -> float:
    """The bound with the effort limit: the best single driver's efficiency over the effort."""
    effort = 10 ** (problem["designs"][0]["max_effort_db"] / 10)
    return largest_ratio_db(A, B, float(np.diag(A).real.max()) / effort)


def searched_pair_db(problem: Data, frequency_hz: float) -> float:
    """The largest ratio of two drivers within the effort, over a grid of level and phase of one against the other, made finer."""
    left, right = (monopoles(problem, frequency_hz, ear) for ear in point_ears(problem))
    A, B = power(left), power(right)
    least = float(np.diag(A).real.max()) / 10 ** (problem["designs"][0]["max_effort_db"] / 10)
    angle, turn, spread = math.pi / 4, 0.0, (math.pi / 4, math.pi)
    best = 0.0
    for _ in range(14):
        t, p = np.meshgrid(angle + spread[0] * np.linspace(-1, 1, 121), turn + spread[1] * np.linspace(-1, 1, 121))
        w = np.stack([np.cos(t), np.sin(t) * np.exp(1j * p)], axis=-1)
        bright, dark = (np.einsum("xyi,ij,xyj->xy", w.conj(), M, w).real for M in (A, B))
        ratio = np.where(bright >= least, bright / dark, 0.0)
        at = np.unravel_index(int(ratio.argmax()), ratio.shape)
        best, angle, turn = max(best, float(ratio[at])), float(t[at]), float(p[at])
        spread = (spread[0] / 4, spread[1] / 4)
    return 10 * math.log10(best)


def arc_contrast_db(problem: Data, frequency_hz: float) -> float:
    design, distance_m = problem["designs"][0], problem["listener"]["position_m"][0]
    h = towards(problem, frequency_hz, [design["look_deg"]], distance_m)
    dark = towards(problem, frequency_hz, arcs_deg(design, problem["grid"]["azimuth_step_deg"]), distance_m)
    return limited(power(h), power(dark), problem)


def supercardioid_db(problem: Data, frequency_hz: float) -> float:
    """Two sources in line: the mean of e^{jkd u} over u from 0 to 1 is (e^{jkd} - 1)/(jkd), and over the back its conjugate."""
    kd = wave_number(frequency_hz) * float(np.ptp(places(problem)[:, 0]))
    mean = (np.exp(1j * kd) - 1) / (1j * kd)
    front = np.array([[1, mean], [mean.conjugate(), 1]])
    return largest_ratio_db(front, front.conj())


def dolph_db(problem: Data, _frequency_hz: float) -> float:
    edge_deg = 90 - problem["designs"][0]["null_width_deg"] / 2
    order = len(problem["drivers"]) - 1
    x_0 = 1 / math.cos(math.pi / 2 * math.sin(math.radians(edge_deg)))
    return 20 * math.log10(math.cosh(order * math.acosh(x_0)))


def listeners_db(problem: Data, frequency_hz: float) -> float:
    bright, dark = (sphere_ears(problem, frequency_hz, listener) for listener in problem["listeners"])
    return limited(power(bright), power(dark), problem)


def zones_db(problem: Data, frequency_hz: float) -> float:
    bright, dark = (monopoles(problem, frequency_hz, box_points(place)) for place in problem["places"])
    return limited(power(bright), power(dark), problem)


BEST: dict[str, tuple[Callable[[Data, float], float], list[float]]] = {
    "end-fire-pair": (directivity_db, [250, 500, 1000, 2000, 4000]),
    "end-fire-four": (directivity_db, [500, 1000, 2000, 4000]),
    "superdirective-floor": (directivity_db, [250, 500, 1000, 2000, 4000]),
    "supercardioid": (supercardioid_db, [250, 1000, 4000]),
    "dipole": (dipole_effort_db, [250, 500, 1000, 2000, 4000]),
    "crosstalk-pair": (crosstalk_effort_db, [250, 500, 1000, 2000, 4000, 6000]),
    "stereo-dipole": (searched_pair_db, [500, 1000, 2000, 4000, 6000]),
    "optimal-source-distribution": (crosstalk_effort_db, [125, 250, 500, 1000, 2000, 4000, 8000]),
    "white-noise-line": (lambda problem, _: 10 * math.log10(len(problem["drivers"])), [500, 1000, 2000, 4000, 6000]),
    "dolph-line": (dolph_db, [3430]),
    "steered-line": (arc_contrast_db, [250, 500, 1000, 2000]),
    "ring-on-sphere": (directivity_db, [250, 500, 1000, 2000, 3000]),
    "cylinder": (arc_contrast_db, [250, 500, 1000, 2000]),
    "bar-two-listeners": (listeners_db, [250, 500, 750, 1000]),
    "contrast-zones": (zones_db, [250, 500, 1000, 2000, 3000]),
}


def read_problem(name: str) -> Data:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def best_db(name: str, frequency_hz: float) -> float:
    """The best known value of a problem at a frequency."""
    return BEST[name][0](read_problem(name), frequency_hz)


def write() -> None:
    """best.csv, and the hashes at the end of the index."""
    with (FOLDER / "best.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["design", "frequency_hz", "best_db"])
        for name, (_, frequencies) in BEST.items():
            writer.writerows([name, f"{f:g}", f"{best_db(name, f):.6f}"] for f in frequencies)
    files = sorted([FOLDER / "best.csv", *(FOLDER / f"{name}.toml" for name in BEST)])
    hashes = "".join(f'"{file.name}" = "{hashlib.sha256(file.read_bytes()).hexdigest()}"\n' for file in files)
    index = FOLDER / "index.toml"
    text = re.sub(r"\n\[sha256\]\n.*", "", index.read_text(encoding="utf-8"), flags=re.DOTALL)
    index.write_text(f"{text.rstrip()}\n\n[sha256]\n{hashes}", encoding="utf-8")


if __name__ == "__main__":
    write()
