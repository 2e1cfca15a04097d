"""Dark points of an ear channel: its own other ear, both ears of other listeners at their clouds, and places without a head.

Over all of them together the mean power is weighted: each point of a listener or place of weight v counts as v points of the other ear. The
rows of a group are scaled by √(v C / Σ v), C points in all, so that the plain mean over the rows is this weighted mean.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index
from designer.problem.designs import by_name
from designer.problem.schema import DesignTable
from designer.requirements.curves import curve_db
from designer.requirements.target import DarkGroup

LABEL = 'dark_gain_db of "{}"'


def dark_points(design: DesignTable, scene: Scene, index: Index, own: Complex) -> tuple[Complex, tuple[DarkGroup, ...]]:
    """Rows (F, C, L) whose mean power is the weighted mean over all dark points, and the groups, the other ear's (F, D, L) first.

    The other ear's curve is the target's own; a listener or place without a curve has that, too. Without other listeners and places these are the other ear's points, and no groups.
    """
    if design.dark is None:
        return own, ()
    groups, weights = [DarkGroup("", own)], [1.0]
    for name in design.dark:
        weight, curve = by_name(design.dark_weight, name), by_name(design.dark_gain_db, name)
        curve = design.cancellation_gain_db if curve is None else curve
        gamma = None if curve is None else 10 ** (curve_db(curve, scene.frequency_hz) / 10)
        groups.append(DarkGroup(LABEL.format(name), scene.heard_at(name)[:, :, index], gamma))
        weights.append(1.0 if weight is None else weight)
    sizes = [group.points.shape[1] for group in groups]
    scale = np.sqrt(np.array(weights) * sum(sizes) / np.dot(weights, sizes))
    rows = [group.points * factor for group, factor in zip(groups, scale, strict=True)]
    return np.concatenate(rows, axis=1), tuple(groups)
