"""Mirror symmetry of a constrained problem: the same answer from half of the drivers and half of the points.

Let a permutation σ of the drivers, an involution, map the problem onto itself: every response of a point p is that of
another point p' of a requirement with the same limit, h_p'σ(l) = h_pl, and the objective and the limits on w are unchanged.
If w is a solution then so is σw; the problem is convex, so (w + σw)/2 is feasible and no worse. So there is a solution
with w = σw, and it is

    w = E v,    E (L, L') with a column an orbit of σ: 1 for a driver on the mirror, 1/√2 for each of a pair.

EᵀE = I, so ||w|| = ||v||; a pair's |w_l| is |v|/√2; a point becomes h E and its mirror image is the same row, so one
of each two is kept; requirements that mirror each other share one slack, which counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.solvers.constrained_data import SAME, ConstrainedData, Family, same, same_point


@dataclass(frozen=True)
class Mirror:
    """A symmetry that a problem has: its orbits, the points to keep of each requirement, and which half's slack each requirement has."""

    orbits: tuple[tuple[int, ...], ...]
    families: tuple[tuple[int, Index], ...]  # (family, its points to keep), a kept family each
    requirement: tuple[int, ...]  # the slack of the half for each requirement of the whole
    count: tuple[float, ...]  # how many requirements of the whole each slack of the half stands for

    def half(self, data: ConstrainedData) -> ConstrainedData:
        """The problem of the orbits (F, L')."""
        fold = self._fold(data.centre.shape[1])
        families: list[Family] = []
        spreads = []
        for family, points in self.families:
            name, h, limit, pressure = data.families[family]
            aimed = pressure if np.ndim(pressure) == 0 else np.asarray(pressure)[:, points]
            families.append((name, h[:, points] @ fold, limit, aimed))
            if data.spreads:
                spreads.append(np.sqrt(data.spreads[family][:, points] ** 2 @ fold**2))
        curves = tuple(
            (name, np.asarray(np.linalg.qr(root @ fold, mode="r")), limit) for name, root, limit in data.curves
        )
        members = np.sqrt([len(orbit) for orbit in self.orbits])
        return replace(
            data,
            centre=data.centre @ fold,
            quadratic=fold.T @ data.quadratic @ fold,
            families=tuple(families),
            curves=curves,
            max_gain=data.max_gain[:, [orbit[0] for orbit in self.orbits]] * members,
            spreads=tuple(spreads),
            slack_counts=self.count,
        )

    def unfolded(self, v: Complex) -> Complex:
        """The weights (F, L) of all drivers from those of the orbits (F, L')."""
        return np.asarray(v @ self._fold(sum(len(orbit) for orbit in self.orbits)).T)

    def _fold(self, size: int) -> Real:
        fold = np.zeros((size, len(self.orbits)))
        for o, orbit in enumerate(self.orbits):
            fold[list(orbit), o] = 1 / np.sqrt(len(orbit))
        return fold


def find_mirror(data: ConstrainedData) -> Mirror | None:
    """The mirror symmetry of a problem, if it has one: got by what mirrored drivers share, then checked on every number."""
    if data.white_noise is not None or data.slack_counts or not data.centre.size:
        return None
    sigma = _mirrored_drivers(data)
    if sigma is None or not _unchanged(data, sigma):
        return None
    families: list[tuple[int, Index]] = []
    half_of: dict[int, int] = {}
    count: list[float] = []
    for i in range(len(data.families)):
        if i in half_of:
            continue
        for image in range(i, len(data.families)):
            partners = None if image in half_of else _mirrored_points(data, i, image, sigma)
            if partners is not None:
                break
        else:
            return None
        index = np.arange(partners.size)
        half_of[i] = half_of[image] = len(families)
        families.append((i, index[index <= partners] if image == i else index))
        count.append(1.0 if image == i else 2.0)
    requirement = [half_of[i] for i in range(len(data.families))]
    for c in range(len(data.curves)):
        requirement.append(len(families) + c)
        count.append(1.0)
    orbits = tuple((l,) if l == sigma[l] else (l, int(sigma[l])) for l in range(sigma.size) if l <= sigma[l])
    return Mirror(orbits, tuple(families), tuple(requirement), tuple(count))


def _mirrored_drivers(data: ConstrainedData) -> Index | None:
    """σ (L,), from what two mirrored drivers share: their response at the centre, and their row of the objective, sorted."""
    size = data.centre.shape[1]
    Q = data.quadratic
    diagonal = np.diagonal(Q, axis1=1, axis2=2).real
    row = np.sort(np.abs(Q), axis=2)
    sign = np.concatenate([data.centre.real[..., None], data.centre.imag[..., None], diagonal[..., None], row], axis=2)
    sign = sign.swapaxes(0, 1).reshape(size, -1)
    near = SAME * np.abs(sign).max(initial=1e-300)
    sigma = np.arange(size)
    for l in range(size):
        alike = np.flatnonzero(np.abs(sign - sign[l]).max(axis=1) < near)
        if alike.size > 2:
            return None
        sigma[l] = alike[alike != l][0] if alike.size == 2 else l
    return None if (sigma == np.arange(size)).all() or (sigma[sigma] != np.arange(size)).any() else sigma


def _unchanged(data: ConstrainedData, sigma: Index) -> bool:
    """Whether the objective and the limits on w are the same with the drivers exchanged."""
    gain = np.where(np.isfinite(data.max_gain), data.max_gain, 0.0)
    if not (same(data.centre, data.centre[:, sigma]) and same(gain, gain[:, sigma])):
        return False
    if not same(data.quadratic, data.quadratic[:, sigma][:, :, sigma]):
        return False
    powers = [root.conj().swapaxes(1, 2) @ root for _, root, _ in data.curves]
    return all(same(power, power[:, sigma][:, :, sigma]) for power in powers)


def _mirrored_points(data: ConstrainedData, i: int, j: int, sigma: Index) -> Index | None:
    """For every point of family i its mirror image among the points of family j (M,); None where one has none."""
    (_, first, limit, pressure), (_, second, second_limit, aimed) = data.families[i], data.families[j]
    if first.shape != second.shape or not same(limit, second_limit) or np.ndim(pressure) != np.ndim(aimed):
        return None
    partners = same_point(first[:, :, sigma], second)
    if np.unique(partners).size != partners.size or not same(first[:, :, sigma], second[:, partners]):
        return None
    both = np.broadcast_to(np.asarray(pressure), first.shape[:2]), np.broadcast_to(np.asarray(aimed), first.shape[:2])
    return partners if same(both[0], both[1][:, partners]) else None
