"""What a layout could reach at best, before anything is designed: the largest ratio of powers at a given effort."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.reachable import has_bound, reachable_gain
from designer.measures import db
from designer.problem.schema import DesignTable
from designer.targets.channel_target import channel_target
from designer.targets.curves import curve_db

EFFORTS_DB = (0.0, 3.0, 6.0, 9.0, 12.0, 18.0)
"""Where a table of ratio over effort is taken."""


@dataclass(frozen=True)
class Reach:
    """One design's bound: no weights that keep to the effort have a larger ratio at that frequency.

    Its other wishes (window, masks) and its drivers' own limits are left aside.

    Attributes
    ----------
    frequency_hz : (F,) within the design's band
    effort_db : (E,)
    gain_db : (E, F)
    asked_db : the curve (F,), or None
    asked_effort_db : the design's own limit, or None
    allowed_db : (F,) the bound at that limit; inf where there is neither a limit nor a bound
    is_bound : whether no weights reach more; else the gains are the largest that were found

    """

    name: str
    frequency_hz: Real
    effort_db: Real
    gain_db: Real
    asked_db: Real | None
    asked_effort_db: float | None
    allowed_db: Real
    is_bound: bool = True


def reach(design: DesignTable, scene: Scene, efforts_db: tuple[float, ...] = EFFORTS_DB) -> Reach:
    """The largest cancellation gain of a design's layout over effort and frequency.

    Parameters
    ----------
    design : whose points are reached and cancelled
    scene : on frequencies within the design's band

    """
    target = channel_target(design, scene)
    own = reachable_gain(replace(target, max_effort=target.effort_limit))
    rows = [
        reachable_gain(replace(target, max_effort=np.full(scene.frequency_hz.size, 10 ** (effort / 10))))
        for effort in efforts_db
    ]
    curve = design.cancellation_gain_db
    return Reach(
        design.name,
        scene.frequency_hz,
        np.array(efforts_db),
        db(np.array(rows)),
        None if curve is None else curve_db(curve, scene.frequency_hz),
        design.max_effort_db,
        db(own),
        has_bound(target),
    )
