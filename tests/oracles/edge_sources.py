"""Oracle: a point source on a rigid box by diffraction at its edges, of every order. Nothing of the surface is solved.

The field is what geometry sees, 2 e^{-jkr}/r where the source's face is seen, and the sum of what the twelve edges radiate. A point z of an
edge of open angle 3π/2 (ν = 2/3), lit along m from a and heard along l at b, adds

    -(ν/4π) e^{-jk(m+l)}/(m l) β dz,   β = Σ_(±±) sin ν(π ± θ_a ± θ_b) / (cosh νη - cos ν(π ± θ_a ± θ_b)),
    cosh η = (m l + (z - z_a)(z - z_b)) / (r_a r_b)

with a and b in cylindrical coordinates of the edge. An edge lights those of both its faces, along the face, where its wave is counted with
its reflection: half of it is what arrives. So a point of an edge that radiates towards a point of another obeys an integral equation over
pairs of points, solved by its own series; convex bodies alone.

Sources: U. P. Svensson, R. I. Fred and J. Vanderkooy, An analytic secondary source model of edge diffraction impulse responses (JASA 106,
1999); A. Asheim and U. P. Svensson, An integral equation formulation for the diffraction from convex plates and polyhedra (JASA 133, 2013).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np

NU = 2 / 3


@dataclass(frozen=True)
class Edge:
    """Points of Gauss's rule along an edge, and the two faces that meet in it, as outward unit vectors."""

    points_m: np.ndarray
    weights_m: np.ndarray
    along: int
    normals: tuple[np.ndarray, np.ndarray]

    def angles(self, places_m: np.ndarray) -> np.ndarray:
        """Angles from the first face, through the air, to the second's 3π/2, of places (..., 3)."""
        first, second = self.normals
        way = places_m - self.points_m[0]
        angle = np.arctan2(way @ first, -(way @ second))
        return np.asarray(np.where(angle < -math.pi / 4, angle + 2 * math.pi, angle))

    def away_m(self, places_m: np.ndarray) -> np.ndarray:
        """Distances from its line."""
        way = np.delete(places_m - self.points_m[0], self.along, axis=-1)
        return np.asarray(np.linalg.norm(way, axis=-1))


def edges_of(size_m: tuple[float, float, float], nodes_a_metre: float) -> list[Edge]:
    """The twelve edges of a box around the origin."""
    edges, unit = [], np.eye(3)
    for along in range(3):
        c, d = (axis for axis in range(3) if axis != along)
        node, weight = np.polynomial.legendre.leggauss(max(4, math.ceil(nodes_a_metre * size_m[along])))
        for sign_c, sign_d in product((-1, 1), repeat=2):
            points = np.zeros((node.size, 3))
            points[:, along] = node * size_m[along] / 2
            points[:, c], points[:, d] = sign_c * size_m[c] / 2, sign_d * size_m[d] / 2
            edges.append(Edge(points, weight * size_m[along] / 2, along, (sign_c * unit[c], sign_d * unit[d])))
    return edges


def shares(edge: Edge, lit_m: np.ndarray, heard_m: np.ndarray) -> np.ndarray:
    """-(ν/4π) β (A, Z, B) of the edge's points, lit from places (A, 3) and heard at places (B, 3)."""
    z = edge.points_m[:, edge.along]
    m, l = (np.linalg.norm(places[:, None] - edge.points_m, axis=-1) for places in (lit_m, heard_m))
    from_a, from_b = (z - places[:, edge.along, None] for places in (lit_m, heard_m))
    cosh = m[:, :, None] * l.T + from_a[:, :, None] * from_b.T
    cosh /= edge.away_m(lit_m)[:, None, None] * edge.away_m(heard_m)
    turned = np.cosh(NU * np.arccosh(np.maximum(cosh, 1.0)))
    angle_a, angle_b = edge.angles(lit_m)[:, None, None], edge.angles(heard_m)
    total = np.zeros(turned.shape)
    for sign_a, sign_b in product((-1, 1), repeat=2):
        angle = NU * (math.pi + sign_a * angle_a + sign_b * angle_b)
        total += np.sin(angle) / (turned - np.cos(angle))
    return -NU / (4 * math.pi) * total


def waves(k: float, from_m: np.ndarray, to_m: np.ndarray) -> np.ndarray:
    """e^{-jkr}/r (A, B) between places (A, 3) and (B, 3)."""
    r = np.linalg.norm(from_m[:, None] - to_m, axis=-1)
    return np.asarray(np.exp(-1j * k * r) / r)


class EdgeSources:
    """A point source on a face of a box around the origin; `orders` of diffraction."""

    def __init__(
        self,
        size_m: tuple[float, float, float],
        source_m: tuple[float, float, float],
        *,
        nodes_a_metre: float,
        orders: int = 30,
    ) -> None:
        self.half_m, self.source_m, self.orders = np.array(size_m) / 2, np.array([source_m]), orders
        self.normal = np.isclose(np.abs(self.source_m[0]), self.half_m) * np.sign(self.source_m[0])
        self.edges = edges_of(size_m, nodes_a_metre)
        self.pairs = [
            (a, b)
            for a, b in product(range(12), repeat=2)
            if a != b and any(np.array_equal(*both) for both in product(self.edges[a].normals, self.edges[b].normals))
        ]
        self.turns = {
            (a, b, c): shares(self.edges[b], self.edges[a].points_m, self.edges[c].points_m)
            for a, b in self.pairs
            for other, c in self.pairs
            if b == other
        }

    def pressure(self, k: float, heard_m: np.ndarray) -> np.ndarray:
        """Pressure at places (M, 3) outside, none of them in the plane of a face."""
        seen = (heard_m - self.source_m) @ self.normal > 0
        total = np.where(seen, 2 * waves(k, self.source_m, heard_m)[0], 0)
        hears = [np.max([(heard_m - edge.points_m[0]) @ n for n in edge.normals], axis=0) > 0 for edge in self.edges]
        lit = [any(n @ self.normal > 0.5 for n in edge.normals) for edge in self.edges]
        arriving = [waves(k, self.source_m, edge.points_m)[0] * edge.weights_m for edge in self.edges]
        for b, edge in enumerate(self.edges):
            if lit[b] and hears[b].any():
                first = np.einsum(
                    "z,zm->m",
                    arriving[b],
                    shares(edge, self.source_m, heard_m[hears[b]])[0] * waves(k, edge.points_m, heard_m[hears[b]]),
                )
                total[hears[b]] += first
        # Amplitudes of the points of an edge towards those of another, by orders, and their sum.
        now = {
            (b, c): arriving[b][:, None] * shares(self.edges[b], self.source_m, self.edges[c].points_m)[0]
            for b, c in self.pairs
            if lit[b]
        }
        along = {
            (a, b): waves(k, self.edges[a].points_m, self.edges[b].points_m) * self.edges[b].weights_m / 2
            for a, b in self.pairs
        }
        summed: dict[tuple[int, int], np.ndarray] = {}
        for _ in range(self.orders - 1):
            arrived = {pair: amplitude * along[pair] for pair, amplitude in now.items()}
            for pair, wave in arrived.items():
                summed[pair] = summed.get(pair, 0) + wave
            now = {}
            for (a, b, c), turn in self.turns.items():
                if (a, b) in arrived:
                    now[b, c] = now.get((b, c), 0) + np.einsum("az,azc->zc", arrived[a, b], turn)
        for (a, b), wave in summed.items():
            if hears[b].any():
                there = heard_m[hears[b]]
                turn = shares(self.edges[b], self.edges[a].points_m, there) * waves(k, self.edges[b].points_m, there)
                total[hears[b]] += np.einsum("az,azm->m", wave, turn)
        return np.asarray(total)
