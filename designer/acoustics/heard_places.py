"""Knowledge of measured heads: displacements from which they hear no driver out of a gap between their directions, and their bands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.measured.head import MeasuredHead
from designer.arrays import Real
from designer.errors import DataError
from designer.problem.listener_checks import at_one_place
from designer.problem.schema import DesignTable

if TYPE_CHECKING:
    from designer.acoustics.scene import Scene

PROBE_HZ = 1000.0
HEAD_GAP = "a measured head does not know all directions from there"


def hears(scene: Scene, displacements_m: Real) -> bool:
    """Whether every head knows every direction that sound comes from, with the head displaced so (D, 3)."""
    try:
        scene.at(np.array([PROBE_HZ])).moved(displacements_m).ears()
    except DataError:
        return False
    return True


def in_heard_cloud(scene: Scene) -> Scene:
    """The scene, its ears at one place where the file names no cloud and its measured heads do not hear from the default one."""
    listener = scene.problem.listener
    is_default = "ear_cloud_m" not in listener.model_fields_set and len(listener.ear_cloud_m) > 1
    has_ears = any(not design.is_beam for design in scene.problem.designs)
    has_files = any(head.lower().endswith(".sofa") for head in scene.problem.heads)
    if not (is_default and has_ears and has_files) or hears(scene, scene.displacements_m):
        return scene
    problem = at_one_place(scene.problem, HEAD_GAP)
    return scene.with_problem(problem).moved(np.array(problem.listener.ear_cloud_m))


def head_warnings(scene: Scene, ears: Sequence[DesignTable]) -> Iterator[str]:
    """Warnings of the heads' files, and where they do not know all that ear designs want of them."""
    for head in scene.heads:
        yield from head.warnings
    for head in scene.heads:
        low_hz, high_hz = head.band_hz if isinstance(head, MeasuredHead) else (0.0, np.inf)
        for table in ears:
            if table.band_hz[0] < low_hz or table.band_hz[1] > high_hz:
                yield (
                    f'{head.name}: got sound from {low_hz:.0f} to {high_hz:.0f} Hz, and the design "{table.name}" goes'
                    f" from {table.band_hz[0]:g} to {table.band_hz[1]:g} Hz; end its band within the head's, or use another head"
                )
