"""Naive oracle: the field of one driver in each enclosure, sharing no code with the tool.

Plain loops; time factor e^{+jωt}, outgoing waves e^{-jkr}/r, pressure relative to a point source's at 1 m; at a distance of inf the
limit of r e^{jkr} p. A disc is the mean over its area of point sources, with or without a baffle before whose plane it lies; behind a
baffle is silence. Caps on a sphere are those of `naive_sphere.py`, drivers in a box those of `naive_box.py`. On a cylinder without end

    p = -2/(πa) Σ ε_n sinc(nβ) cos n(φ-φ₀) ∫_0^∞ sinc(qb) cos q(z-z₀) H_n(κr) / [κ H_n'(κa)] dq,    κ² = k² - q²

(Morse and Ingard, Theoretical Acoustics, section 7.3) is summed along the real axis: q = k sin t below k, where dq/κ = dt, and
q = k cosh u above it, where κ = -jk sinh u and dq/κ = j du, so that nothing is singular. Far away the integral is its stationary point,
q = -k cos θ. A piston of radius ρ is a bent square of its area: 2b = 2aβ = √π ρ.
"""

from __future__ import annotations

import cmath
import math
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.special import h2vp, hankel2

from oracles.naive_box import in_box
from oracles.naive_room import series
from oracles.naive_sphere import naive_sphere_pressure

Vector = tuple[float, float, float]

DEFAULT_SPEED_OF_SOUND_M_S = 343.0
DEFAULT_RADIUS_M = 0.0875


def along(azimuth_deg: float, elevation_deg: float = 0.0) -> Vector:
    a, e = math.radians(azimuth_deg), math.radians(elevation_deg)
    return math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)


def disc_points(driver: dict[str, Any]) -> tuple[tuple[Vector, float], ...]:
    """Point sources, with their shares, that make up a disc: Gauss's rule in the squared radius, even steps around."""
    x, y, z = driver["position_m"]
    return _disc_points((x, y, z), float(driver.get("radius_m", 0.0)), tuple(driver.get("facing_deg", [0.0, 0.0])))


@lru_cache(maxsize=64)
def _disc_points(centre: Vector, radius_m: float, facing_deg: tuple[float, ...]) -> tuple[tuple[Vector, float], ...]:
    if radius_m == 0.0:
        return ((centre, 1.0),)
    axis = np.array(along(*facing_deg))
    across = np.cross(axis, [0.36, -0.48, 0.8])
    across /= np.linalg.norm(across)
    other = np.cross(axis, across)
    points: list[tuple[Vector, float]] = []
    nodes, weights = np.polynomial.legendre.leggauss(5)
    for node, weight in zip(nodes, weights, strict=True):
        r = radius_m * math.sqrt((node + 1) / 2)
        for step in range(12):
            turn = 2 * math.pi * step / 12
            x, y, z = np.array(centre) + r * (math.cos(turn) * across + math.sin(turn) * other)
            points.append(((float(x), float(y), float(z)), float(weight) / 2 / 12))
    return tuple(points)


def discs(k: float, driver: dict[str, Any], towards: Vector, distance_m: float) -> complex:
    """The sum over a disc's points at a distance in a direction from the origin."""
    total = 0j
    for (x, y, z), share in disc_points(driver):
        if math.isinf(distance_m):
            total += share * cmath.exp(1j * k * (x * towards[0] + y * towards[1] + z * towards[2]))
        else:
            r = math.dist((x, y, z), [distance_m * c for c in towards])
            total += share * cmath.exp(-1j * k * r) / r
    return total


def sinc(x: float) -> float:
    return math.sin(x) / x if x else 1.0


@lru_cache(maxsize=256)
def cylinder_orders(k: float, a: float, r: float, height_m: float, half_m: float) -> tuple[complex, ...]:
    """The integral for n = 0, 1, ... at the distance r from the axis, until it is negligible."""
    nodes, weights = np.polynomial.legendre.leggauss(160)
    t, dt = (nodes + 1) * math.pi / 4, weights * math.pi / 4
    end = math.asinh(40 / (k * (r - a)))
    u, du = (nodes + 1) * end / 2, weights * end / 2
    q = np.concatenate([k * np.sin(t), k * np.cosh(u)])
    kappa = np.concatenate([k * np.cos(t) + 0j, -1j * k * np.sinh(u)])
    share = np.concatenate([dt + 0j, 1j * du]) * np.cos(q * height_m) * np.sinc(q * half_m / math.pi)
    orders: list[complex] = []
    for n in range(200):
        orders.append(complex(np.sum(share * hankel2(n, kappa * r) / h2vp(n, kappa * a))))
        if n > k * a and abs(orders[-1]) < 1e-9 * max(map(abs, orders)):
            return tuple(orders)
    raise ArithmeticError(f"the cylinder's series does not end: k = {k}, r = {r}")


@lru_cache(maxsize=1024)
def far_orders(x: float) -> tuple[complex, ...]:
    """j^n / [x H_n'(x)] for n = 0, 1, ... until it is negligible."""
    orders: list[complex] = []
    for n in range(200):
        orders.append(1j**n / (x * complex(h2vp(n, x))))
        if n > x and abs(orders[-1]) < 1e-9 * max(map(abs, orders)):
            return tuple(orders)
    raise ArithmeticError(f"the cylinder's far series does not end: x = {x}")


def on_cylinder(k: float, a: float, driver: dict[str, Any], towards: Vector, distance_m: float) -> complex:
    """The series above."""
    x, y, height_m = driver["position_m"]
    half_m = math.sqrt(math.pi) / 2 * float(driver.get("radius_m", 0.0))
    apart = math.atan2(towards[1], towards[0]) - math.atan2(y, x)
    if math.isinf(distance_m):
        orders = far_orders(k * a * math.hypot(towards[0], towards[1]))
        factor = -2j / math.pi * sinc(k * half_m * towards[2]) * cmath.exp(1j * k * height_m * towards[2])
    else:
        r, z = distance_m * math.hypot(towards[0], towards[1]), distance_m * towards[2]
        orders, factor = cylinder_orders(k, a, r, abs(z - height_m), half_m), complex(-2 / (math.pi * a))
    total = 0j
    for n, order in enumerate(orders):
        total += (2 if n else 1) * sinc(n * half_m / a) * math.cos(n * apart) * order
    return factor * total


def on_sphere(k: float, a: float, driver: dict[str, Any], towards: Vector, distance_m: float) -> complex:
    """A cap, or a point, on a rigid sphere."""
    place, rim_m = driver["position_m"], float(driver.get("radius_m", 0.0))
    cosine = sum(c * d for c, d in zip(place, towards, strict=True)) / math.hypot(*place)
    cosine = max(-1.0, min(1.0, cosine))
    if math.isinf(distance_m):
        return series(k * a, cosine, math.sqrt(1 - (rim_m / a) ** 2) if rim_m else None)
    return naive_sphere_pressure(k, a, a, distance_m, cosine, rim_m)


def on_meshed_sphere(
    k: float, problem: dict[str, Any], driver: dict[str, Any], towards: Vector, distance_m: float
) -> complex:
    """A mesh that is a sphere, by the sphere's series up to the highest frequency; beyond it level and delay stay."""
    highest_k = 2 * math.pi * problem["enclosure"]["highest_hz"] / DEFAULT_SPEED_OF_SOUND_M_S
    place = driver["position_m"]
    pressure = on_sphere(min(k, highest_k), math.hypot(*place), driver, towards, distance_m)
    if k <= highest_k:
        return pressure
    along = sum(c * d for c, d in zip(place, towards, strict=True))
    way_m = -along if math.isinf(distance_m) else math.dist(place, [distance_m * c for c in towards])
    return pressure * cmath.exp(-1j * (k - highest_k) * way_m)


def driver_pressure(
    problem: dict[str, Any], driver: dict[str, Any], frequency_hz: float, towards: Vector, distance_m: float
) -> complex:
    """Pressure of a driver alone, without a head, in a direction from the origin."""
    k = 2 * math.pi * frequency_hz / float(problem.get("speed_of_sound_m_s", DEFAULT_SPEED_OF_SOUND_M_S))
    enclosure = problem.get("enclosure", {"model": "free-field"})
    radius_m = float(enclosure.get("radius_m", DEFAULT_RADIUS_M))
    if enclosure["model"] == "sphere":
        return on_sphere(k, radius_m, driver, towards, distance_m)
    if enclosure["model"] == "cylinder":
        return on_cylinder(k, radius_m, driver, towards, distance_m)
    if enclosure["model"] == "baffle":
        return discs(k, driver, towards, distance_m) if towards[0] > -1e-9 else 0j
    if enclosure["model"] == "mesh":
        return on_meshed_sphere(k, problem, driver, towards, distance_m)
    if enclosure["model"] == "box":
        return in_box(problem, driver, k, towards, distance_m, disc_points)
    return discs(k, driver, towards, distance_m)
