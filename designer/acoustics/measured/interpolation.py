"""From measured directions to any direction: weights of dB and of phase, never of complex pressure.

Adding two neighbours' complex pressures makes a comb where their phases part. Here the level is interpolated in dB, and
the phase apart from it, so that between two measured directions the level lies between theirs.

**Planes.** Directions in the planes z = 0 (horizontal) and y = 0 (vertical) are curves over the angle around each plane,
interpolated by monotone cubics (PCHIP: no overshoot). A direction at the angle θ from the axis and the roll ψ around it
(0 to the left, 90 degrees up) takes the values at θ on the left, up, right and down with weights cos²ψ and sin²ψ, each on
its own side. One plane alone has (1 ± cos ψ)/2: in the plane that is what was measured, and across it the mean
of both sides, the symmetry about the axis. A side that was not measured mirrors the other; the axis and the back, 180 degrees
under either sign, belong to both. Beyond the last angle its value is held.

**Sphere.** Any other set takes the weights of `sphere`, on the hull of its directions. Where none was measured within `MAX_HELD_DEG`,
the nearest measured value is held.

Source of PCHIP: Fritsch and Carlson, SIAM J. Numer. Anal. 17 (1980), as in scipy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Index, Real

if TYPE_CHECKING:
    from designer.acoustics.measured.sphere import SphereInterpolation


IN_PLANE = 1e-4  # a component of a unit vector below this is in the plane: 0.006 degrees, more than a file's rounding
MAX_HELD_DEG = 60.0  # on the sphere: far enough that a coarse set of six directions still counts as all around
PLANES = {"horizontal": 1, "vertical": 2}  # the component of a direction, beside the axis, that lies in each plane
NEAR_AXIS_DEG = 10.0  # around a plane: what lies this near to the axis or the back belongs to both sides
MAX_CLOSED_GAP_DEG = 30.0  # around a plane: a gap behind that is wider than this, and than 1.5 steps, is not bridged


@dataclass(frozen=True)
class Plane:
    """One plane's measured angles, sorted (A,), degrees, and which directions they are."""

    angle_deg: Real
    columns: Index

    def at(self, log_magnitude: Real, phase: Real, angle_deg: Real) -> tuple[Real, Real]:
        """Log magnitude and phase (F, M) at angles (M,) from those of all directions (F, N)."""
        from scipy.interpolate import PchipInterpolator  # slow to import

        level, unwrapped = log_magnitude[:, self.columns], np.unwrap(phase[:, self.columns], axis=1)
        if self.angle_deg.size == 1:
            return level.repeat(angle_deg.size, axis=1), unwrapped.repeat(angle_deg.size, axis=1)
        query_deg = np.clip(angle_deg, self.angle_deg[0], self.angle_deg[-1])
        return (
            PchipInterpolator(self.angle_deg, level, axis=1)(query_deg),
            PchipInterpolator(self.angle_deg, unwrapped, axis=1)(query_deg),
        )


def measured_side(angle_deg: Real) -> int:
    """The one side of a plane that was measured: 1 for positive angles, -1 for negative ones; 0 for both, or neither.

    A side with nothing beyond `NEAR_AXIS_DEG`, or one usual step, from the axis and from the back is unmeasured: the axis and the
    back (180 degrees under either sign) belong to both sides, and a driver that was turned about another place than its own
    sees them a little to one side.
    """
    from_ends_deg = np.minimum(np.abs(angle_deg), 180 - np.abs(angle_deg))
    near_deg = max(NEAR_AXIS_DEG, usual_step_deg(angle_deg))
    for side in (1, -1):
        near_side = (side * angle_deg > IN_PLANE) & (from_ends_deg > IN_PLANE)
        far_side = (side * angle_deg < -IN_PLANE) & (from_ends_deg > IN_PLANE)
        if not near_side.any() or (from_ends_deg[far_side] >= near_deg).any():
            continue
        if not far_side.any() or (from_ends_deg[near_side] >= near_deg).any():
            return side
    return 0


def on_both_sides(angle_deg: Real) -> tuple[Real, Index]:
    """Angles of a plane with its unmeasured side mirrored, sorted (B,), and which of the given ones (A,) each is.

    The back is there as -180 and as 180. Where something was measured on the other side, within a quarter of a step, it stands there.
    Of a side that was measured in part, what lies in a wide gap is mirrored.
    """
    columns = np.arange(angle_deg.size)
    side, step_deg = measured_side(angle_deg), usual_step_deg(angle_deg)
    back = np.abs(angle_deg) > 180 - IN_PLANE
    angle_deg = np.concatenate([np.where(back, 180.0, angle_deg), np.full(int(back.sum()), -180.0)])
    columns = np.concatenate([columns, columns[back]])
    image = -angle_deg
    needed = np.full(image.shape, side != 0)
    if not side and angle_deg.size > 1:
        sorted_deg = np.sort(angle_deg)
        sorted_deg = np.concatenate([[sorted_deg[-1] - 360], sorted_deg, [sorted_deg[0] + 360]])
        above = np.minimum(np.searchsorted(sorted_deg, image, side="right"), sorted_deg.size - 1)
        needed = sorted_deg[above] - sorted_deg[above - 1] > max(1.6 * step_deg, MAX_CLOSED_GAP_DEG) + 1e-6
    if needed.any():
        covered = (image[:, None] * angle_deg >= 0) | (
            np.abs(angle_deg) > 180 - IN_PLANE
        )  # on the image's side, or on both
        apart_deg = np.where(covered, np.abs(image[:, None] - angle_deg), np.inf).min(axis=1)
        new = np.flatnonzero(needed & (apart_deg > 0.25 * step_deg))
        angle_deg = np.concatenate([angle_deg, image[new]])
        columns = np.concatenate([columns, columns[new]])
    order = np.argsort(angle_deg, kind="stable")
    return angle_deg[order], columns[order]


def parts_mirrored(angle_deg: Real) -> Real:
    """Angles of a plane that were measured on the other side alone, where both sides were measured in part (B,)."""
    if measured_side(angle_deg):
        return np.empty(0)
    filled = on_both_sides(angle_deg)[0]
    apart_deg = np.abs((filled[:, None] - angle_deg + 180) % 360 - 180).min(axis=1)
    return np.asarray(filled[apart_deg > IN_PLANE])


def usual_step_deg(angle_deg: Real) -> float:
    """Median distance between the neighbouring angles of a plane; 0 of a single one."""
    distinct = np.unique(np.round(np.abs(angle_deg), 6))
    return float(np.median(np.diff(distinct))) if distinct.size > 1 else 0.0


def _plane(columns: Index, angle_deg: Real) -> Plane:
    """The plane with its missing side mirrored, and closed behind where it was measured all around."""
    angle_deg, order = on_both_sides(angle_deg)
    columns = columns[order]
    if angle_deg.size > 2:
        behind = 360 + angle_deg[0] - angle_deg[-1]
        if behind <= max(1.5 * float(np.diff(angle_deg).max()), MAX_CLOSED_GAP_DEG):
            angle_deg = np.concatenate([angle_deg - 360, angle_deg, angle_deg + 360])
            columns = np.concatenate([columns, columns, columns])
    keep = np.concatenate([[True], np.diff(angle_deg) > 1e-6])
    return Plane(angle_deg[keep], columns[keep])


@dataclass(frozen=True)
class Planes:
    """A horizontal plane, a vertical one, or both."""

    horizontal: Plane | None
    vertical: Plane | None

    def at(self, log_magnitude: Real, phase: Real, directions: Real) -> tuple[Real, Real]:
        """Log magnitude and phase (F, M) at directions (M, 3) from those (F, N) at the measured ones."""
        across = np.hypot(directions[:, 1], directions[:, 2])
        from_axis_deg = np.degrees(np.arctan2(across, directions[:, 0]))
        on_axis = across < 1e-12
        side = np.where(on_axis, 1.0, directions[:, 1] / np.where(on_axis, 1.0, across))
        up = np.where(on_axis, 0.0, directions[:, 2] / np.where(on_axis, 1.0, across))
        both = self.horizontal is not None and self.vertical is not None
        shape = (len(log_magnitude), len(directions))
        level, phasor = np.zeros(shape), np.zeros(shape, dtype=complex)
        for plane, share in ((self.horizontal, side), (self.vertical, up)):
            for sign in (1.0, -1.0):
                if plane is None:
                    continue
                weight = np.maximum(sign * share, 0.0) ** 2 if both else (1 + sign * share) / 2
                plane_level, plane_phase = plane.at(log_magnitude, phase, sign * from_axis_deg)
                level += weight * plane_level
                phasor += weight * np.exp(1j * plane_phase)  # unit phasors have no wraps to go wrong at
        return level, np.angle(phasor)


@dataclass(frozen=True)
class Sphere:
    """A set all around: its hull's nodes (N', 3), each of which has the value of the direction `columns` (N',)."""

    hull: SphereInterpolation
    columns: Index

    def at(self, log_magnitude: Real, phase: Real, directions: Real) -> tuple[Real, Real]:
        """Log magnitude and phase (F, M) at directions (M, 3) from those (F, N) at the measured ones."""
        weights = self.hull.weights(directions)
        level, phasor = weights @ log_magnitude[:, self.columns].T, weights @ np.exp(1j * phase[:, self.columns]).T
        return np.asarray(level.T), np.angle(phasor.T)


def _sphere(directions: Real) -> Sphere:
    from scipy.spatial import KDTree  # slow to import

    from designer.acoustics.measured.sphere import SphereInterpolation

    n = np.arange(400) + 0.5  # spread evenly: Fibonacci's sphere
    z, turn = 1 - 2 * n / n.size, n * np.pi * (1 + 5**0.5)
    spread = np.stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z], axis=1)
    chord, nearest = KDTree(directions).query(spread)
    empty = chord > 2 * np.sin(np.radians(MAX_HELD_DEG) / 2)
    columns = np.concatenate([np.arange(len(directions)), np.asarray(nearest)[empty]])
    return Sphere(SphereInterpolation(np.concatenate([directions, spread[empty]]), gap_deg=180.0), columns)


def coverage(directions: Real) -> str:
    """Coverage of a set of directions: axis, horizontal plane, vertical plane, two planes, or sphere."""
    flat, upright = np.abs(directions[:, 2]) < IN_PLANE, np.abs(directions[:, 1]) < IN_PLANE
    if (flat & upright).all():
        return "axis"
    if flat.all():
        return "horizontal plane"
    if upright.all():
        return "vertical plane"
    return "two planes" if (flat | upright).all() else "sphere"


def angles_in_plane(directions: Real, along: int) -> tuple[Index, Real]:
    """Which directions (N, 3) lie in the plane of the axis and a component (1: left, 2: up), and their angles from the axis in degrees."""
    indices = np.flatnonzero(np.abs(directions[:, 3 - along]) < IN_PLANE)
    return indices, np.degrees(np.arctan2(directions[indices, along], directions[indices, 0]))


def interpolation(directions: Real) -> Planes | Sphere:
    """The interpolation that fits a set of directions (N, 3)."""
    kind = coverage(directions)
    if kind == "sphere":
        return _sphere(directions)
    left_out = {"vertical plane": "horizontal", "horizontal plane": "vertical", "axis": "vertical"}.get(kind)
    planes = {n: _plane(*angles_in_plane(directions, along)) for n, along in PLANES.items() if n != left_out}
    return Planes(planes.get("horizontal"), planes.get("vertical"))
