"""The integrals over the axial wave number of a field outside a cylinder: all orders from few evaluations of Hankel functions.

At the distance ρ = r - a from the surface and the height ζ over a source, every order n asks for

    I_n = ∫ v(q) e^{jqζ - jκρ} Γ_n(κ) dq,   Γ_n(κ) = e^{jκρ} H_n(κr) / [κ H_n'(κa)],   κ = sqrt(k² - q²)           (1)

along a contour of `cylinder_contour`. The flat one has 10 to 30 nodes, and Γ_n is computed at each of them. The tilted one has
hundreds, but Γ_n knows neither the frequency nor ζ nor the piston, and its wave is taken out. It is analytic but for κ = 0 and the
zeros of H_n', at Im κa >= 0.64 max(1, |Re κa|)^{1/3}, so that it is known in a disc |κ - c| <= R from its values at M points on
the edge. With ξ = (κ - c)/R and ω = e^{2πj/M}, the polynomial through them is

    Γ_n(κ) ≈ Σ_m Γ_n(c + Rω^m) l_m(ξ),   l_m(ξ) = 1/M Σ_{i<M} (ξω^{-m})^i                                         (2)

By Hermite's formula it differs from Γ_n, analytic within ϱR and there at most G, by

    |1/2πj ∮ (ξ^M - 1)/(t^M - 1) Γ_n(c + Rt)/(t - ξ) dt| <= 2G/(ϱ^M - 1) · ϱ/(ϱ - 1),   |t| = ϱ                    (3)

The half plane is cut into squares with sides s = 2^i, s <= 1/3 of the distance of what they hold from a singularity. The disc
around a square has R = s/√2, so that ϱ >= 3√2 - 1, and M = 20 points leave 2e-10 G; most squares are smaller, and 1e-12 was the
most that was seen of an integral. A square's share of I_n is then

    Σ_m Γ_n(c + Rω^m) · 1/M Σ_i ω^{-mi} ∫ v(q) e^{jqζ - jκρ} ξ^i dq                                                 (4)

from M moments of the waves over the contour's part within it. The squares are of all frequencies, heights and pistons together,
and of each only as many orders are computed as it asks for.

Summation. Nothing but ratios is kept: q_n = H_n/H_{n-1} obeys q_{n+1} = 2n/x - 1/q_n, stable upwards for Im x <= 0,
H_n(κr)/H_n(κa) is a product of q_n(κr)/q_n(κa), and H_n'/H_n = 1/q_n - n/x.

Source: P. J. Davis, Interpolation and Approximation (Dover, 1975), section 3.6 (Hermite's formula); the zeros: Abramowitz and
Stegun, section 9.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import hankel2e

from designer.acoustics.enclosures.cylinder_contour import clearance, flat_contour, is_flat, tilted_contour
from designer.arrays import Complex, Index, Real

MIN_KA = 1e-6
"""Below this ka the cylinder is at its static limit; 0 Hz is computed here."""
MAX_TERMS = 20_000
MAX_DISTANCE_RATIO = 1.2
"""Ratio of distances from the surface that share a contour: furthest over nearest."""
MAX_HEIGHT_SHARE = 0.1
"""Heights that share a contour: their difference over the least distance."""
MAX_NUMBERS = 300_000
"""Points of all contours that are held at once."""
MAX_SIDE_SHARE = 1 / 3
"""Longest side of a square over the distance of what it holds from a singularity."""
EDGE_POINTS = 20
EDGE = np.exp(2j * np.pi * np.arange(EDGE_POINTS) / EDGE_POINTS)
MAX_POINTS = 4_000
"""Points of squares, times distances, whose orders are computed together: few, so that small |κ| ask for few orders."""


def orders(x: Complex | Real, argument_a: Complex | Real) -> Iterator[tuple[int, Complex, Complex, Complex]]:
    """n, q_{n+1}(x), 1/q_{n+1}(argument_a), and H_n'/H_n at argument_a, for n = 0, 1, ...; divisions are most of the work."""
    q_r, q_a = (hankel2e(1, y) / hankel2e(0, y) for y in (x, argument_a))
    log_derivative = -q_a
    inverse_x, inverse_a = 1 / x, 1 / argument_a
    for n in range(MAX_TERMS):
        inverse_q, step_a = 1 / q_a, (n + 1) * inverse_a
        yield n, q_r, inverse_q, log_derivative
        log_derivative = inverse_q - step_a
        q_r, q_a = 2 * (n + 1) * inverse_x - 1 / q_r, 2 * step_a - inverse_q


def until_small(terms: Iterator[Complex], tolerance: float) -> Complex:
    """Terms (N, ...), until two in a row fall below the tolerance of the largest."""
    blocks: list[Complex] = []
    largest, small = np.zeros(()), 0
    for term in terms:
        blocks.append(term)
        size = np.abs(term)
        largest = np.maximum(largest, size)
        small = small + 1 if (size <= tolerance * largest).all() else 0
        if small >= 2:
            break
    return np.stack(blocks)


def _without_wave(x_r: Complex, x_a: Complex) -> Iterator[Complex]:
    """ε_n Γ_n/a for n = 0, 1, ... (...), at κr and κa."""
    radial = hankel2e(0, x_r) / hankel2e(0, x_a) / x_a
    for n, q_r, inverse_q, log_derivative in orders(x_r, x_a):
        yield (2.0 if n else 1.0) * radial / log_derivative
        radial = radial * q_r * inverse_q


def axial_terms(
    k: Real,
    radius_m: float,
    away_m: Real,
    height_m: Real,
    half_height_m: Real,
    *,
    tolerance: float = 1e-13,
    rising: bool = False,
) -> Complex:
    """Terms (N, F, P) of equation (1) of `cylinder`, without w_n and the cosine.

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m, in ascending order
    radius_m : float, the cylinder's radius a
    away_m : (P,) float array, r - a
    height_m : (P,) float array, |z - z₀|
    half_height_m : (P,) float array, of the piston; 0 for a point
    tolerance : float, relative to the largest term at the same frequency and point
    rising : bool, their slopes by the height, which must not be 0, instead

    """
    away_m = np.maximum(away_m, 1e-6 * radius_m)
    k = np.maximum(k, MIN_KA / radius_m)
    flat = is_flat(float(k.max()), away_m, height_m + half_height_m)
    parts: list[tuple[Index, Complex]] = []
    for members, method in ((np.flatnonzero(flat), _flat_terms), (np.flatnonzero(~flat), _tilted_terms)):
        if members.size:
            pairs = Pairs(away_m[members], height_m[members], half_height_m[members], rising)
            parts.append((members, method(k, radius_m, pairs, tolerance)))
    return _side_by_side(parts, k.size, away_m.size)


def _side_by_side(parts: list[tuple[Index, Complex]], frequencies: int, pairs: int) -> Complex:
    """Terms (N, F, P) from those of some pairs each."""
    terms = np.zeros((max(len(part) for _, part in parts), frequencies, pairs), dtype=complex)
    for members, part in parts:
        terms[: len(part), :, members] = part
    return terms


@dataclass(frozen=True)
class Pairs:
    """Points and pistons, each with an integral: ρ = r - a, |z - z₀| and half height b, all (P,); `rising`: its slope by the height."""

    away_m: Real
    height_m: Real
    half_height_m: Real
    rising: bool = False

    def __getitem__(self, members: Index) -> Pairs:
        return Pairs(self.away_m[members], self.height_m[members], self.half_height_m[members], self.rising)

    def waves(self, contour: tuple[Complex, Complex, Complex], *, half_line: bool) -> Complex:
        """v(q) e^{±jqζ - jκρ} dq/(-π) on contours (P or 1, F, Q): (P, F, Q); both signs where q > 0 only."""
        q, kappa, weight = contour
        # The exponentials together, because each alone may leave the range of numbers.
        away, turn = -1j * kappa * self.away_m[:, None, None], 1j * q * self.height_m[:, None, None]
        wave = np.exp(away + turn)
        if half_line:
            wave += (-1 if self.rising else 1) * np.exp(away - turn)
        if self.rising:
            wave *= 1j * q
        return np.asarray(wave * np.sinc(q * self.half_height_m[:, None, None] / np.pi) * (weight / -math.pi))


def _flat_terms(k: Real, radius_m: float, pairs: Pairs, tolerance: float) -> Complex:
    """As `axial_terms`, from a contour for each distance."""
    distances_m, of = np.unique(pairs.away_m, return_inverse=True)
    highest_m = np.zeros(len(distances_m))
    np.maximum.at(highest_m, of, pairs.height_m + pairs.half_height_m)
    q, kappa, weight = flat_contour(k, radius_m, distances_m, highest_m)  # (C, F, Q)
    waves = pairs.waves((q[of], kappa[of], weight[of]), half_line=True)
    is_one_to_one = np.array_equal(of, np.arange(len(distances_m)))
    return _at_nodes(waves, kappa, radius_m, distances_m, slice(None) if is_one_to_one else of, tolerance)


def _at_nodes(
    waves: Complex, kappa: Complex, radius_m: float, away_m: Real, of: Index | slice, tolerance: float
) -> Complex:
    """Terms (N, F, P) from waves (P, F, Q), Γ_n at each node κ (C, F, Q) at the distances of each contour, and the pairs' contours."""
    gamma = _without_wave(kappa * (radius_m + away_m[:, None, None]), kappa * radius_m)
    return until_small((np.einsum("pfq,pfq->fp", waves, term[of]) for term in gamma), tolerance)


@dataclass(frozen=True)
class _Passage:
    """A tilted contour (1, F, Q) of some pairs (P,), in runs of nodes within a square each: first node (R,) and square (R,)."""

    members: Index
    contour: tuple[Complex, Complex, Complex]
    start: Index
    square: Index


def _passages(k: Real, radius_m: float, pairs: Pairs) -> Iterator[_Passage]:
    for members in _beside_each_other(pairs):
        group = pairs[members]
        away_m = float(group.away_m.min()), float(group.away_m.max())
        edges_m = (group.height_m - group.half_height_m).min(), (group.height_m + group.half_height_m).max()
        contour = tilted_contour(k, radius_m, away_m, (float(edges_m[0]), float(edges_m[1])))
        square = _square((contour[1] * radius_m).ravel())
        nodes = contour[1].shape[2]
        start = np.union1d(np.flatnonzero(np.diff(square)) + 1, np.arange(k.size) * nodes)
        size = max(1, MAX_NUMBERS // square.size)
        for chunk in (members[n : n + size] for n in range(0, members.size, size)):
            yield _Passage(chunk, contour, start, square[start])


def _tilted_terms(k: Real, radius_m: float, pairs: Pairs, tolerance: float) -> Complex:
    """As `axial_terms`, from the squares that all contours pass, or from the nodes where these are fewer."""
    passages = list(_passages(k, radius_m, pairs))
    distances_m, of = np.unique(pairs.away_m, return_inverse=True)
    squares = np.unique(np.concatenate([passage.square for passage in passages]))
    points = squares.size * EDGE_POINTS * distances_m.size
    if sum(passage.members.size * passage.contour[0].size for passage in passages) < points:
        parts = []
        for passage in passages:
            group, kappa = pairs[passage.members], passage.contour[1]
            waves = group.waves(passage.contour, half_line=False)
            parts.append((passage.members, _at_nodes(waves, kappa, radius_m, group.away_m, slice(None), tolerance)))
        return _side_by_side(parts, k.size, of.size)
    moments = [_moments(passage, pairs[passage.members], radius_m) for passage in passages]
    square, place, weights = (np.concatenate(part) for part in zip(*moments, strict=True))
    square = np.searchsorted(squares, square)
    distance = of[place // k.size]
    order = np.lexsort((distance, square))
    place, weights = place[order], weights[order]
    bounds = np.searchsorted(
        (square * distances_m.size + distance)[order], np.arange(squares.size * distances_m.size + 1)
    )
    centre, radius = _disc(squares)
    nearest = np.argsort(np.abs(centre))
    terms = np.zeros((of.size * k.size, 1), dtype=complex)
    size = max(1, MAX_POINTS // (EDGE_POINTS * distances_m.size))
    for chunk in (nearest[start : start + size] for start in range(0, nearest.size, size)):
        x_a = centre[chunk, None] + radius[chunk, None] * EDGE  # (S, M)
        x_r = x_a * (1 + distances_m[:, None, None] / radius_m)
        gamma = np.ascontiguousarray(np.moveaxis(until_small(_without_wave(x_r, x_a), tolerance), 0, -1))
        count = gamma.shape[-1]  # of (D, S, M, N)
        if count > terms.shape[1]:
            terms = np.pad(terms, ((0, 0), (0, count - terms.shape[1])))
        for s, n in enumerate((chunk * distances_m.size).tolist()):
            for d in np.flatnonzero(np.diff(bounds[n : n + distances_m.size + 1])).tolist():
                part = slice(bounds[n + d], bounds[n + d + 1])
                terms[place[part], :count] += weights[part] @ gamma[d, s]
    return terms.reshape(of.size, k.size, -1).transpose(2, 1, 0)


def _moments(passage: _Passage, pairs: Pairs, radius_m: float) -> tuple[Index, Index, Complex]:
    """Equation (4) but for Γ_n, of each pair and frequency in each square: square (I,), pair times F plus frequency (I,), (I, M)."""
    kappa = passage.contour[1][0]
    rows, nodes = kappa.shape
    start = passage.start
    centre, radius = _disc(passage.square)
    lengths = np.diff(np.append(start, kappa.size))
    xi = ((kappa * radius_m).ravel() - np.repeat(centre, lengths)) / np.repeat(radius, lengths)
    waves = pairs.waves(passage.contour, half_line=False).reshape(-1, kappa.size)
    # A contour that comes back to a square has one sum there.
    runs = np.lexsort((start // nodes, passage.square))
    key = np.stack([passage.square, start // nodes])[:, runs]
    joined = np.flatnonzero(np.append(True, (np.diff(key) != 0).any(axis=0)))
    moments = np.empty((len(waves), joined.size, EDGE_POINTS), dtype=complex)
    for i in range(EDGE_POINTS):
        moments[:, :, i] = np.add.reduceat(np.add.reduceat(waves, start, axis=1)[:, runs], joined, axis=1)
        waves *= xi
    backward = EDGE ** -np.arange(EDGE_POINTS)[:, None] / EDGE_POINTS
    return (
        np.tile(key[0, joined], len(waves)),
        (passage.members[:, None] * rows + key[1, joined]).ravel(),
        (moments @ backward).reshape(-1, EDGE_POINTS),
    )


def _square(x: Complex) -> Index:
    """The square of each κa (Q,), as one number: the logarithm of its side, and its place in a lattice of such squares."""
    level = np.floor(np.log2(MAX_SIDE_SHARE * clearance(x)))
    side = 2.0**-level
    across, down = np.floor(x.real * side), np.floor(x.imag * side)
    return np.asarray(
        ((level.astype(np.int64) + 64) << 48)
        + ((across.astype(np.int64) + 2**22) << 24)
        + down.astype(np.int64)
        + 2**22
    )


def _disc(square: Index) -> tuple[Complex, Real]:
    """Centre and radius (S,) of the disc around each square."""
    side = 2.0 ** ((square >> 48) - 64)
    across, down = (square >> 24) % 2**24 - 2**22, square % 2**24 - 2**22
    return np.asarray(side * (across + 0.5 + 1j * (down + 0.5))), side / math.sqrt(2)


def _beside_each_other(pairs: Pairs) -> Iterator[Index]:
    """Pairs that share a contour: within MAX_HEIGHT_SHARE of the least distance in height, and MAX_DISTANCE_RATIO in distance."""
    least_m = MAX_HEIGHT_SHARE * float(pairs.away_m.min())
    order = np.lexsort((pairs.half_height_m, pairs.height_m))
    for level in _runs(order, pairs.height_m, lambda first, last: last > first + least_m):
        nearest = level[np.argsort(pairs.away_m[level], kind="stable")]
        yield from _runs(nearest, pairs.away_m, lambda first, last: last > MAX_DISTANCE_RATIO * first)


def _runs(order: Index, values: Real, is_beyond: Callable[[float, float], bool]) -> Iterator[Index]:
    """Parts of an order of rising values, each ending before what is beyond its first."""
    start = 0
    for n in range(1, order.size + 1):
        if n == order.size or is_beyond(values[order[start]], values[order[n]]):
            yield order[start:n]
            start = n
