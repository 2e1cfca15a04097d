"""The scene of a problem: on its design's frequencies, the head where measured heads hear from.

The frequencies are closer together where the drivers' transfer functions turn against each other. What a design does between two
of its frequencies is interpolated, so these must be close enough for what it stands on: the direction of h_p (L,), the row of the
drivers' responses at a point, its level and common phase left aside. Over a step from f_a to f_b with the middle f_m, straight
interpolation misses it by

    e = max_p || ĥ(f_m) - ½ (ĥ(f_a) e^{jα} + ĥ(f_b) e^{jβ}) ||,     ĥ = h / ||h||,

α and β being the phases that align each end with the middle. Two paths of equal level whose difference turns by φ over the
step have e = 1 - cos(φ/4), which is TOLERANCE at 46 degrees; a resonance or a notch of one driver shows likewise. Steps within
a band whose e is above it are halved, the worst first, until none is or as many frequencies have come as the grid has of its own.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_at, heard_by
from designer.arguments import checked_arguments
from designer.arrays import Bool, Complex, Real
from designer.errors import DataError
from designer.problem.frequency_grid import MAX_REFINEMENT, joined_frequencies_hz, with_half_steps
from designer.problem.listener_checks import at_one_place
from designer.problem.schema import Problem

PROBE_HZ = 1000.0
HEAD_GAP = "a measured head does not know all directions from there"
TOLERANCE = 0.02
"""-34 dB of the response."""
MAX_HALVINGS = 6
MAX_STEPS_AT_ONCE = 64


@checked_arguments()
def scene(problem: Problem) -> Scene:
    """The scene of a problem on its design's frequencies.

    Examples
    --------
    >>> import designer
    >>> scene = designer.scene(designer.load("problems/laptop-pair.toml"))
    >>> scene.ears().shape  # 257 frequencies and both ends of the band, (left, right) of each displacement, drivers
    (259, 10, 2)

    """
    cloud_m = np.asarray(problem.listener.ear_cloud_m, dtype=float)
    base = in_heard_cloud(Scene(problem, joined_frequencies_hz(problem), cloud_m))
    return base.at(refined_frequencies_hz(base)) if problem.grid.refine else base


def fine_frequencies_hz(problem: Problem) -> Real:
    """The design's frequencies and those half way between: (2F - 1,)."""
    return with_half_steps(scene(problem).frequency_hz)


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


def refined_frequencies_hz(scene: Scene) -> Real:
    """The scene's frequencies (F,) and those that its bands need between them."""
    f = scene.frequency_hz
    room = (MAX_REFINEMENT - 1) * scene.problem.grid.frequencies
    step_ends = np.stack([f[:-1], f[1:]])[:, _within_a_band(scene, f)]
    added: list[Real] = []
    for _ in range(MAX_HALVINGS):
        if not step_ends.size or room <= 0:
            break
        middle = step_ends.mean(axis=0)
        error = _misses(scene, step_ends[0], middle, step_ends[1])
        worst = np.argsort(-error, kind="stable")[:room]
        halved = np.sort(worst[error[worst] > TOLERANCE])
        added.append(middle[halved])
        room -= halved.size
        low, mid, high = step_ends[0, halved], middle[halved], step_ends[1, halved]
        step_ends = np.stack([np.concatenate([low, mid]), np.concatenate([mid, high])])
    return np.unique(np.concatenate([f, *added]))


def _within_a_band(scene: Scene, frequency_hz: Real) -> Bool:
    """Which steps between neighbours lie within a design's band."""
    middle = (frequency_hz[:-1] + frequency_hz[1:]) / 2
    bands = [table.band_hz for table in scene.problem.designs]
    return np.asarray(np.any([(middle > low) & (middle < high) for low, high in bands], axis=0))


def _misses(scene: Scene, low_hz: Real, middle_hz: Real, high_hz: Real) -> Real:
    """E of each step (N,), over the points of the problem's designs."""
    tables = scene.problem.designs
    names = [name for table in tables for name in (*(table.bright or ()), *(table.dark or ()))]
    listeners = dict.fromkeys(table.listener for table in tables if table.is_ear)
    out = np.zeros(low_hz.size)
    for start in range(0, low_hz.size, MAX_STEPS_AT_ONCE):
        part = slice(start, start + MAX_STEPS_AT_ONCE)
        f, inverse = np.unique(np.concatenate([low_hz[part], middle_hz[part], high_hz[part]]), return_inverse=True)
        refined = scene.at(f)
        parts = [refined.circle()] if any(table.is_beam for table in tables) else []
        parts += [heard_by(refined, name).ears() for name in listeners]
        parts += [heard_at(refined, name) for name in dict.fromkeys(names)]
        for H in parts:
            low, middle, high = np.split(_directions(H)[inverse], 3)
            miss = np.linalg.norm(middle - (_aligned(low, middle) + _aligned(high, middle)) / 2, axis=2)
            out[part] = np.maximum(out[part], miss.max(axis=1))
    return out


def _directions(H: Complex) -> Complex:
    return np.asarray(H / np.maximum(np.linalg.norm(H, axis=2, keepdims=True), 1e-300))


def _aligned(rows: Complex, with_rows: Complex) -> Complex:
    """Rows (N, M, L), each turned to the phase of another."""
    inner = np.einsum("nml,nml->nm", rows.conj(), with_rows)
    return np.asarray(rows * (inner / np.maximum(np.abs(inner), 1e-300))[..., None])
