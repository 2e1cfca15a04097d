"""Dark points of an ear channel: its own other ear, both ears of other listeners at their clouds, and places without a head.

Over all of them together the mean power is weighted: each point of a listener or place of weight v counts as v points of the other ear. The
rows of a group are scaled by √(v C / Σ v), C points in all, so that the plain mean over the rows is this weighted mean.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Complex, Index
from designer.problem.designs import by_name
from designer.problem.schema import DesignTable
from designer.requirements.curves import curve_db
from designer.requirements.plain import weighted_at
from designer.requirements.target import DIFFUSE_LABEL, DarkGroup, equivalent_points

LABEL = 'dark_gain_db of "{}"'


def dark_curve(design: DesignTable, name: str) -> list[list[float]] | None:
    """The curve that is required over one listener or place; an ear's own where there is no other."""
    curve: list[list[float]] | None = by_name(design.dark_gain_db, name)
    return design.cancellation_gain_db if curve is None and design.is_ear else curve


def dark_points(
    design: DesignTable, scene: Scene, index: Index, other_ear: Complex | None
) -> tuple[Complex, tuple[DarkGroup, ...]]:
    """Rows (F, C, L) whose mean power is the weighted mean over all dark points; and each other listener and place.

    An ear's curve is held over its own other ear (F, D, L), and by default over each of them too; a zone, which has no other ear, holds its
    curve over all of them together.
    """
    if design.dark is None:
        assert other_ear is not None
        return other_ear, ()
    groups: list[DarkGroup] = []
    weights: list[float] = []
    for name in design.dark:
        weight, curve = by_name(design.dark_weight, name), dark_curve(design, name)
        gamma = None if curve is None else 10 ** (curve_db(curve, scene.frequency_hz) / 10)
        points, scale = weighted_at(scene, name)
        heads = len(heard_by(scene, name).heads) if scene.problem.place(name) is None else 1
        groups.append(DarkGroup(LABEL.format(name), points[:, :, index], gamma, scale, heads))
        weights.append(1.0 if weight is None else weight)
    parts = [*(() if other_ear is None else (other_ear,)), *(group.points for group in groups)]
    weights = [*(() if other_ear is None else (1.0,)), *weights]
    sizes = [points.shape[1] for points in parts]
    scale = np.sqrt(np.array(weights) * sum(sizes) / np.dot(weights, sizes))
    rows = [points * factor for points, factor in zip(parts, scale, strict=True)]
    return np.concatenate(rows, axis=1), tuple(groups)


def all_directions(design: DesignTable, scene: Scene, index: Index, distance_m: float) -> DarkGroup | None:
    """Rows whose mean power is that of the sphere at a distance, and the curve over them: a room's late sound follows this power."""
    if design.diffuse_gain_db is None:
        return None
    power = scene.radiated_power[:, index[:, None], index] / distance_m**2
    gamma = 10 ** (curve_db(design.diffuse_gain_db, scene.frequency_hz) / 10)
    return DarkGroup(DIFFUSE_LABEL, equivalent_points(power), gamma)
