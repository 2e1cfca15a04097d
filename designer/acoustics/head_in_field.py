"""The ears of a head in any device's field: the incident field in spherical waves about the head, each as the head answers it.

**What the ears hear of it.** Without the head a driver's field about the head's centre is p = Σ a_nm j_n(kρ) Y_nm. A head that is
round about the axis through its ears answers an order n alike for every m, and on that axis every Y_nm with m ≠ 0 is zero, so that
the ears hear of each order one number, P_n, its part about the axis. On the axis itself, at ρ from the centre, P_n(cos 0) = 1 and

    p(ρ) = Σ P_n j_n(kρ):                                                                                         (1)

the incident field on the straight line between the ears says what the ears will hear. A rigid sphere of radius a: with the wave
c_n h_n(kρ) that makes the radial velocity vanish at a, p_ear = Σ P_n (j_n - j_n' h_n/h_n') = Σ P_n (-j)/((ka)² h_n'(ka)), by the
Wronskian j_n h_n' - j_n' h_n = -j/(ka)² of the outgoing h_n of the second kind. For a point source P_n = -jk (2n+1) h_n(kR) P_n(u),
u the cosine between source and ear, and that is Duda and Martens' series.

**How P_n is found.** From point sources, whose orders are known: S of them around the driver's own place are given the strengths
c_s with which they make its field on that line,

    minimise over c  Σ_i |Σ_s c_s V_is - g_i|² + LOADING · trace(V^H V)/S · Σ |c_s|²,                              (2)

V and g the field of a source and of the driver at the i-th Chebyshev point between the ears, both over the field of a source at
the driver's place, which takes out what turns fastest. Then p_ear = Σ c_s H(s), H the head's answer to a point source. Over the
head's width the phase of what comes from within `reach` of a place at R differs by ka·reach/R to either side, and its level by twice
a·reach/R²; S sources reproduce a power series to the order S - 1, so that S is the first of COUNTS with x^S/S! < MISSED,
x = ka·reach/(2R) + a·reach/R².

The sources stand on an arc about the head's centre, at one distance, in the plane of the ears and the driver: the line (1) cannot
tell a source from one that is turned about the axis, and a head that is measured in the horizontal plane alone is asked for no
direction outside it. The arc spans the reach; where it would pass the axis, cosines in equal steps. A driver that is a point is its
own source, S = 1, and nothing is fitted.

**Measured heads** are met in the same way: each source is answered by what was measured in its direction, near field and parallax
included. MEASURED_LOADING keeps Σ |c_s| below about 2, so that what interpolation misses is not made louder; the fit misses up to
0.1 dB more for it. That a head is not round about its ears' axis is left out within the arc: its elevation is the driver's.

Scattering back and forth between head and device is left out, about 0.2 dB at 0.35 m and 0.02 dB at 2 m from a sphere of the head's size.

Sources: R. Duda and W. Martens, Range dependence of the response of a spherical head model (JASA 104, 1998); the strengths of equivalent
sources: G. Koopmann, L. Song and J. Fahnline, A method for computing acoustic fields based on the principle of wave superposition
(JASA 86, 1989).
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from scipy.special import gammaln

from designer.acoustics.heads import Head, Points
from designer.acoustics.measured_head import MeasuredHead
from designer.acoustics.turning import turning
from designer.arrays import Complex, Index, Real

LOADING = 1e-12
MEASURED_LOADING = 1e-8
MISSED = 1e-4
"""What too few sources leave out, as x^S/S! has it: on a sphere and a head of 8.75 cm at 0.35 m within 0.1 dB."""
POINTS_PER_SOURCE = 1.15
COUNTS = (3, 5, 8, 12, 18, 27, 40, 60)
"""Sources that a frequency may have: few counts, because the frequencies of one count are computed together."""
MAX_NUMBERS = 2_000_000
"""Frequencies times places times points of the line that are held at once."""
MAX_ENTRIES = 1_000_000
"""Of the matrices of equation (2) that are held at once: five of 16 MB each."""
SMALL_SINE = 1e-9


class Field(Protocol):
    """What is asked of a device's field, with what stands around it."""

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3)."""

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""

    def source_reach_m(self) -> Real:
        """How far around that place it comes from (L,); 0 for a point source."""


def ears_in_field(
    head: Head, device: Field, k: Real, centres_m: Real, axes: Real, *, among_m: Real | None = None
) -> Complex:
    """Pressure at the ears of heads in a device's field (F, D, 2, L).

    Parameters
    ----------
    k : (F,) wave number, rad/m
    centres_m : (D, 3) of the heads; their ears are outside the device
    axes : (3, 3) the head's axes as rows: forward, left, up
    among_m : (N, 3) places that are answered with as many sources each, so that all are one smooth function; those asked for by default

    Raises
    ------
    DataError : a measured head is not known in a direction that sound comes from

    """
    places_m, reach_m = device.source_places_m(), device.source_reach_m()
    out = np.empty((k.size, len(centres_m), 2, len(places_m)), dtype=complex)
    if isinstance(head, Points):
        sides = np.stack([axes[1], -axes[1]]) * head.radius_m
        field = device.field(k, (centres_m[:, None] + sides).reshape(-1, 3))
        return np.asarray(field.reshape(out.shape))
    sources, which = np.unique(np.column_stack([places_m, reach_m]), axis=0, return_inverse=True)
    which = np.asarray(which).ravel()
    away_m = np.linalg.norm((centres_m if among_m is None else among_m)[:, None] - sources[:, :3], axis=-1).min(axis=0)
    share = float((sources[:, 3] / away_m).max(initial=0.0))
    least = head.radius_m * float((sources[:, 3] / away_m**2).max(initial=0.0))
    counts = _source_counts(least + head.radius_m * share / 2 * k)
    for count in np.unique(counts).tolist():
        (block,) = np.nonzero(counts == count)
        step = max(1, MAX_NUMBERS // (block.size * _line_count(count)))
        for start in range(0, len(centres_m), step):
            part = slice(start, start + step)
            out[block, part] = _some_ears(head, device, k[block], centres_m[part], axes, sources, which, count)
    return out


def _source_counts(extent: Real) -> Index:
    """Sources (F,) for a field of extent x (F,): the first of COUNTS that leaves out less than MISSED."""
    orders = np.array(COUNTS)
    missed = orders * np.log(np.maximum(extent, 1e-300))[:, None] - gammaln(orders + 1)
    enough = np.where(
        (missed < math.log(MISSED)).any(axis=1), (missed < math.log(MISSED)).argmax(axis=1), orders.size - 1
    )
    return np.where(extent > 0, orders[enough], 1)


def _line_count(count: int) -> int:
    return math.ceil(POINTS_PER_SOURCE * count) if count > 1 else 1


def _some_ears(
    head: Head, device: Field, k: Real, centres_m: Real, axes: Real, sources: Real, which: Index, count: int
) -> Complex:
    """Ears (F, D, 2, L) of one block of frequencies, from sources (place and reach, 4) and the driver's of them (L,)."""
    towards = (sources[:, None, :3] - centres_m) @ axes.T  # (G, D, 3) in the head's axes
    distance_m = np.linalg.norm(towards, axis=-1)
    towards = towards / distance_m[..., None]
    line = _line_count(count)
    along_m = head.radius_m * np.cos(np.pi * (np.arange(line) + 0.5) / line)  # to the left ear
    points_m = centres_m[:, None] + along_m[:, None] * axes[1]
    field = device.field(k, points_m.reshape(-1, 3)).reshape(k.size, *points_m.shape[:2], -1)  # (F, D, I, L)
    loading = MEASURED_LOADING if isinstance(head, MeasuredHead) else LOADING
    out = np.empty((k.size, len(centres_m), 2, which.size), dtype=complex)
    for extended in np.unique(sources[:, 3] > 0):
        (groups,) = np.nonzero((sources[:, 3] > 0) == extended)
        arc = towards[groups][:, :, None]  # (g, D, S, 3)
        if extended:
            sine = sources[groups, 3][:, None] / distance_m[groups]
            arc = _arc(towards[groups].reshape(-1, 3), sine.ravel(), count).reshape(*sine.shape, count, 3)
        heard = head.pressure(k, distance_m[groups].ravel(), arc.reshape(-1, *arc.shape[2:]))
        heard = heard.reshape(k.size, *arc.shape[:2], 2, -1)  # (F, g, D, 2, S)
        for g, group in enumerate(groups):
            (drivers,) = np.nonzero(which == group)
            lateral = towards[group][:, 1:2], arc[g, ..., 1]
            strengths = _strengths(k, along_m, distance_m[group], *lateral, field[..., drivers], loading)
            out[..., drivers] = heard[:, g] @ strengths
    return out


def _arc(towards: Real, sine: Real, count: int) -> Real:
    """Directions (D, S, 3) around those of the driver (D, 3), in its plane with the ears' axis y.

    Parameters
    ----------
    sine : (D,) of half the arc

    """
    lateral = np.clip(towards[:, 1], -1.0, 1.0)
    angle, half = np.arccos(lateral), np.arcsin(np.minimum(sine, 0.98))
    low, high = np.maximum(angle - half, 0.0), np.minimum(angle + half, np.pi)
    share = np.linspace(0.0, 1.0, count)
    over_angle = low[:, None] + (high - low)[:, None] * share
    over_cosine = np.arccos(np.cos(low)[:, None] + (np.cos(high) - np.cos(low))[:, None] * share)
    passes = (angle - half < 0) | (angle + half > np.pi)
    angles = np.where(passes[:, None], over_cosine, over_angle)
    across = towards - lateral[:, None] * np.array([0.0, 1.0, 0.0])
    width = np.linalg.norm(across, axis=1, keepdims=True)
    across = np.where(width > SMALL_SINE, across / np.maximum(width, SMALL_SINE), np.array([1.0, 0.0, 0.0]))
    return np.asarray(
        np.cos(angles)[..., None] * np.array([0.0, 1.0, 0.0]) + np.sin(angles)[..., None] * across[:, None]
    )


def _strengths(
    k: Real, along_m: Real, distance_m: Real, own: Real, arc: Real, field: Complex, loading: float
) -> Complex:
    """Strengths of equation (2) (F, D, S, L) from the drivers' field on the line (F, D, I, L).

    Parameters
    ----------
    along_m : (I,) the line's points, from the head's centre
    distance_m : (D,) of the sources
    own, arc : (D, 1), (D, S) cosines between the line and the driver, and each source

    """
    own_m, from_m = (
        np.sqrt(
            distance_m[:, None, None] ** 2
            + along_m[:, None] * (along_m[:, None] - 2 * (distance_m[:, None] * lateral)[:, None])
        )
        for lateral in (own, arc)
    )  # (D, I, 1), (D, I, S)
    step = max(1, MAX_ENTRIES // from_m.size)
    parts = [slice(start, start + step) for start in range(0, k.size, step)]
    return np.concatenate([_fitted(k[part], own_m, from_m, field[part], loading) for part in parts])


def _fitted(k: Real, own_m: Real, from_m: Real, field: Complex, loading: float) -> Complex:
    """Strengths (F, D, S, L) from the distances of the line's points to the driver (D, I, 1) and to each source (D, I, S)."""
    g = field * (np.exp(1j * k[:, None, None, None] * own_m) * own_m)
    count = from_m.shape[2]
    if count == 1:
        return np.asarray(g.mean(axis=2, keepdims=True))
    V = np.ascontiguousarray(np.moveaxis(turning(k, from_m - own_m), -1, 0))
    V *= own_m / from_m
    adjoint = V.conj().swapaxes(-1, -2)
    normal = adjoint @ V
    weight = loading * np.trace(normal, axis1=-2, axis2=-1).real[..., None, None] / count
    normal += weight * np.eye(count)
    inverse = np.linalg.inv(normal)
    strengths = inverse @ (adjoint @ g)
    # Twice more with what is left: the normal equations alone lose half of the digits, and mirror images their symmetry.
    for _ in range(2):
        strengths = strengths + inverse @ (adjoint @ (g - V @ strengths) - weight * strengths)
    return np.asarray(strengths)
