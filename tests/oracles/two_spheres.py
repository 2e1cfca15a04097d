"""Naive oracle: a cap on a rigid sphere, heard on another rigid sphere, through all the plane waves between them.

What a device around the origin radiates far away in the direction s, D(s), says its field around a place d outside it (the diagonal
form of the addition theorem; v is a place about d, e^{+jωt}):

    p(d + v) = -jk/(4π) ∫ D(s) T(s·d/|d|) e^{-jk s·v} ds,     T(x) = Σ_{l<=L} (2l+1) (-j)^l h_l(k|d|) P_l(x),

since e^{-jk|d+v|}/|d+v| = -jk Σ (2l+1) (-1)^l j_l(kv) h_l(k|d|) P_l and the mean of e^{-jk s·v} P_l(s·d) over s is (-j)^l j_l(kv) P_l(v·d).
Each plane wave comes to a rigid sphere from -s, and its answer to it stands in the place of e^{-jk s·v}. Cap and answer are the series of
`far_ear.py` at infinite distance. L is a little more than k times both radii: more loses digits, because h_l grows.

Source: V. Rokhlin, Diagonal forms of translation operators for the Helmholtz equation in three dimensions (Applied and Computational
Harmonic Analysis 1, 1993).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_legendre, spherical_jn, spherical_yn

Vector = tuple[float, float, float]


def hankel(n: int, x: float, derivative: bool = False) -> complex:
    """h_n of the second kind, or its slope."""
    return complex(spherical_jn(n, x, derivative), -spherical_yn(n, x, derivative))


def highest_order(kr: float) -> int:
    """Orders that a field within r needs for some 1e-6."""
    return math.ceil(kr + 5.0 * math.cbrt(kr)) + 6


@lru_cache(maxsize=8)
def directions(order: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors (N, 3) and shares (N,) of a rule over the sphere that is exact to twice the order."""
    height, weight = np.polynomial.legendre.leggauss(order + 1)
    turn = 2 * np.pi * np.arange(2 * order + 2) / (2 * order + 2)
    across = np.sqrt(1 - height**2)[:, None]
    parts = [across * np.cos(turn), across * np.sin(turn), np.broadcast_to(height[:, None], (height.size, turn.size))]
    return np.stack(parts, axis=-1).reshape(-1, 3), np.repeat(weight / 2 / turn.size, turn.size)


@lru_cache(maxsize=64)
def far_series(
    k: float, radius_m: float, axis: Vector, cap_radius_m: float | None, order: int
) -> NDArray[np.complex128]:
    """In each direction: what a cap about the axis radiates, or what a point there hears (no cap), relative to free field."""
    cosine = np.clip(directions(order)[0] @ np.array(axis), -1.0, 1.0)
    rim = 1.0 if not cap_radius_m else math.sqrt(1.0 - (cap_radius_m / radius_m) ** 2)
    total = np.zeros(cosine.shape, dtype=complex)
    for n in range(highest_order(k * radius_m) + 4):
        strength = 2.0 * n + 1.0
        if rim < 1.0:
            before = float(eval_legendre(n - 1, rim)) if n else 1.0
            strength = (before - float(eval_legendre(n + 1, rim))) / (1.0 - rim)
        slope = hankel(n, k * radius_m, derivative=True)
        if not np.isfinite(slope):
            break
        total += strength * 1j ** (n + 1) / slope * eval_legendre(n, cosine)
    return np.asarray(-total / (k * radius_m) ** 2, dtype=np.complex128)


@lru_cache(maxsize=64)
def between(k: float, way_m: Vector, order: int, terms: int) -> NDArray[np.complex128]:
    """-jk T of each direction."""
    distance_m = math.sqrt(sum(x * x for x in way_m))
    cosine = np.clip(directions(order)[0] @ np.array(way_m) / distance_m, -1.0, 1.0)
    total = np.zeros(cosine.shape, dtype=complex)
    for n in range(terms + 1):
        total += (2 * n + 1) * (-1j) ** n * hankel(n, k * distance_m) * eval_legendre(n, cosine)
    return np.asarray(-1j * k * total, dtype=np.complex128)


def cap_heard(
    k: float,
    *,
    device_radius_m: float,
    cap_direction: Vector,
    cap_radius_m: float,
    centre_m: Vector,
    head_radius_m: float,
    ear_direction: Vector,
) -> complex:
    """Pressure at a point of the head, in a direction from its centre, relative to an ideal source's at 1 m; k > 0."""
    terms = highest_order(k * (device_radius_m + head_radius_m))
    sent = far_series(k, device_radius_m, cap_direction, cap_radius_m, terms)
    behind: Vector = (-ear_direction[0], -ear_direction[1], -ear_direction[2])
    heard = far_series(k, head_radius_m, behind, None, terms)  # the wave that leaves along s comes from -s
    return complex(np.sum(directions(terms)[1] * sent * heard * between(k, centre_m, terms, terms)))
