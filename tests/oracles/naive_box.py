"""Naive oracle: drivers in a rigid box by boundary elements, one dense system a frequency, sharing no code with the tool.

The rectangles are those that the problem file promises (ten along the shortest wave, or as many down to six as 7200 in all allow; no
longer than a third of the thinnest side, or 5 mm; eight a side at the least, an even number); everything else is brute force. With
G = e^{-jkR}/(4πR), constant p on each, at each one's centre

    p/2 - Σ (K + βN) p = -q β/2 - Σ (S + βK') q,    β = -jk/(k² + 1/D²),    q = -∂p_b/∂n

D the box's diagonal, over all rectangles, by Gauss's rule of 3 x 3 nodes, 10 x 10 for neighbours; in one plane by the contour, whose
angle is counted side by side: -(1/4π)(∮ e^{-jkρ}/ρ dθ + 2πjk) and (1/4π) ∮ (1 - e^{-jkρ})/(jk) dθ. A driver is twice the sum of the
points of its disc. Beyond the highest frequency it keeps level and delay.
"""

from __future__ import annotations

import cmath
import math
from functools import lru_cache
from typing import Any

import numpy as np

Points = tuple[tuple[tuple[float, float, float], float], ...]


gauss = lru_cache(maxsize=8)(np.polynomial.legendre.leggauss)


@lru_cache(maxsize=8)
def rectangles(size_m: tuple[float, ...], highest_k: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres (E, 3), outward normals (E, 3) and the sides' vectors (E, 2, 3)."""
    for a_wave in (10, 9, 8, 7, 6):
        longest_m = min(2 * math.pi / highest_k / a_wave, max(min(size_m) / 3, 0.005))
        x, y, z = counts = [max(8, 2 * math.ceil(side / longest_m / 2 - 1e-9)) for side in size_m]
        if 2 * (x * y + y * z + z * x) <= 8 * 900:
            break
    centres, normals, sides = [], [], []
    for axis in range(3):
        u, v = (other for other in range(3) if other != axis)
        for sign in (-1, 1):
            for i in range(counts[u]):
                for j in range(counts[v]):
                    centre, normal, edges = np.zeros(3), np.zeros(3), np.zeros((2, 3))
                    centre[axis], normal[axis] = sign * size_m[axis] / 2, sign
                    for n, (other, step) in enumerate(((u, i), (v, j))):
                        edges[n, other] = size_m[other] / counts[other]
                        centre[other] = (step + 0.5) * edges[n, other] - size_m[other] / 2
                    centres.append(centre)
                    normals.append(normal)
                    sides.append(edges)
    return np.array(centres), np.array(normals), np.array(sides)


def contour(k: float, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """∮ e^{-jkρ}/ρ dθ and ∮ (1 - e^{-jkρ})/(jk) dθ around corners (M, 4, 2) counter-clockwise as seen from 0."""
    nodes, weights = gauss(12)
    t, w = ((nodes + 1) / 2)[:, None], (weights / 2)[:, None]
    first, second = np.zeros((2, len(corners)), dtype=complex)
    for n in range(4):
        a, b = corners[:, n], corners[:, (n + 1) % 4]
        dx, dy = (b - a).T
        x, y = a[:, 0] + t * dx, a[:, 1] + t * dy
        rho = np.hypot(x, y)
        turn = (x * dy - y * dx) / rho**2 * w
        wave = np.exp(-1j * k * rho)
        first = first + (wave / rho * turn).sum(axis=0)
        second = second + ((1 - wave) / (1j * k) * turn).sum(axis=0)
    return first, second


def operators(
    beta: complex, k: float, centres: np.ndarray, normals: np.ndarray, sides: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """K + βN and S + βK' (E, E)."""
    count = len(centres)
    left, right = np.zeros((2, count, count), dtype=complex)
    lengths = np.linalg.norm(sides, axis=2)
    for n in range(count):  # the rectangle integrated over
        way = centres - centres[n]
        flat = np.abs(way @ normals[n]) + np.abs(normals @ normals[n] - 1) < 1e-9
        if flat.any():
            unit = sides[n] / lengths[n][:, None]
            half = lengths[n] / 2
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
            first, second = contour(k, corners - (way[flat] @ unit.T)[:, None])
            first = first + np.where(np.arange(count)[flat] == n, 2j * math.pi * k, 0)
            left[flat, n], right[flat, n] = -beta * first / (4 * math.pi), second / (4 * math.pi)
        near = np.linalg.norm(way, axis=1) < 2.2 * lengths.max()
        for rows, order in ((~flat & near, 10), (~flat & ~near, 3)):
            nodes, weights = gauss(order)
            places = centres[n] + (nodes[:, None, None] * sides[n][0] + nodes[:, None] * sides[n][1]) / 2
            shares = np.outer(weights, weights).ravel() * lengths[n].prod() / 4
            r = centres[rows, None] - places.reshape(-1, 3)
            R = np.linalg.norm(r, axis=2)
            G = np.exp(-1j * k * R) / (4 * math.pi * R)
            slope = -(1j * k + 1 / R) * G
            bend = (-(k**2) + 2j * k / R + 2 / R**2) * G
            to_source = (r @ normals[n]) / R
            to_target = np.einsum("mqc,mc->mq", r, normals[rows]) / R
            together = (normals[rows] @ normals[n])[:, None]
            N = -(bend - slope / R) * to_source * to_target - slope / R * together
            left[rows, n] = (-slope * to_source + beta * N) @ shares
            right[rows, n] = (G + beta * slope * to_target) @ shares
    return left, right


@lru_cache(maxsize=64)
def solved(
    size_m: tuple[float, ...], highest_k: float, k: float, pistons: tuple[tuple[int, float, Points], ...]
) -> Any:
    """P and q (E, L) of drivers: the axis that each one's face is across, its sign, and its disc's points from the box's centre."""
    centres, normals, sides = rectangles(size_m, highest_k)
    lengths = np.linalg.norm(sides, axis=2)
    q = np.zeros((len(centres), len(pistons)), dtype=complex)
    nodes, weights = gauss(6)
    on_it = (nodes[:, None, None, None] * sides[:, 0] + nodes[:, None, None] * sides[:, 1]) / 2 + centres
    for l, (axis, sign, points) in enumerate(pistons):
        for place, share in points:
            r = on_it - np.array(place)
            R = np.sqrt((r**2).sum(axis=-1))
            slopes = (1j * k + 1 / R) * np.exp(-1j * k * R) / R**2 * (r * normals).sum(axis=-1)
            q[:, l] += share / 2 * np.einsum("i,j,ije->e", weights, weights, slopes)
        q[normals[:, axis] == sign, l] = 0
    beta = -1j * k / (k**2 + 1 / sum(side**2 for side in size_m))
    left, right = operators(beta, k, centres, normals, sides)
    p = np.linalg.solve(np.eye(len(centres)) / 2 - left, -(right @ q) - beta / 2 * q)
    return centres, normals, lengths.prod(axis=1), p, q


@lru_cache(maxsize=8)
def on_face(
    place_m: tuple[float, ...], points: Points, middle_m: tuple[float, ...], size_m: tuple[float, ...]
) -> tuple[int, float, Points]:
    """A driver as `solved` takes it."""
    middle = np.array(middle_m)
    axis = int(np.abs(np.abs(np.array(place_m) - middle) - np.array(size_m) / 2).argmin())
    moved = []
    for at, share in points:
        x, y, z = (np.array(at) - middle).tolist()
        moved.append(((x, y, z), share))
    return axis, float(np.sign(place_m[axis] - middle_m[axis])), tuple(moved)


def in_box(
    problem: dict[str, Any], driver: dict[str, Any], k: float, towards: Any, distance_m: float, points_of: Any
) -> complex:
    """Pressure of a driver in a direction from the origin."""
    box, n = problem["enclosure"], np.array(towards)
    highest_k = 2 * math.pi * box["highest_hz"] / float(problem.get("speed_of_sound_m_s", 343.0))
    place = np.array(driver["position_m"])
    if k > highest_k:
        way_m = -float(n @ place) if math.isinf(distance_m) else math.dist(distance_m * n, place)
        return cmath.exp(-1j * (k - highest_k) * way_m) * in_box(
            problem, driver, highest_k, towards, distance_m, points_of
        )
    middle, size_m = np.array(box.get("centre_m", [0.0, 0.0, 0.0])), tuple(box["size_m"])
    pistons = tuple(
        on_face(tuple(other["position_m"]), points_of(other), tuple(middle.tolist()), size_m)
        for other in problem["drivers"]
    )
    centres, normals, areas, p, q = solved(size_m, highest_k, k, pistons)
    l = [other["name"] for other in problem["drivers"]].index(driver["name"])
    total = 0j
    if math.isinf(distance_m):
        wave = np.exp(1j * k * (centres @ n)) * areas / (4 * math.pi)
        total = complex(np.sum(wave * (1j * k * (normals @ n) * p[:, l] - q[:, l])))
        total += 2 * sum(share * cmath.exp(1j * k * float(n @ np.array(at))) for at, share in pistons[l][2])
        return complex(total * cmath.exp(1j * k * float(n @ middle)))
    r = distance_m * n - middle - centres
    R = np.linalg.norm(r, axis=1)
    G = np.exp(-1j * k * R) / (4 * math.pi * R) * areas
    total = complex(np.sum((1j * k + 1 / R) * G * (r * normals).sum(axis=1) / R * p[:, l] - G * q[:, l]))
    for at, share in pistons[l][2]:
        away_m = math.dist(distance_m * n - middle, at)
        total += 2 * share * cmath.exp(-1j * k * away_m) / away_m
    return total
