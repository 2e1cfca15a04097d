"""Scenes of one listener of several, and fields at places without a head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.problem.schema import Problem


def heard_by(scene: Scene, name: str | None) -> Scene:
    """Scene of a listener by name, the first by default: at its ear cloud where the scene is at its own, else displaced alike."""
    problem = scene.problem.heard_by(name)
    if problem is scene.problem:
        return scene
    in_cloud = np.array_equal(scene.displacements_m, np.array(scene.problem.listener.ear_cloud_m, dtype=float))
    moves_m = np.array(problem.listener.ear_cloud_m, dtype=float) if in_cloud else scene.displacements_m
    whole = None if scene.whole is None else (heard_by(scene.whole[0], name), scene.whole[1])
    heads = None if scene.problem.heads != problem.heads else scene.chosen_heads
    read_for = scene.read_for or scene.problem
    return replace(scene, problem=problem, displacements_m=moves_m, chosen_heads=heads, read_for=read_for, whole=whole)


def sides_listener(problem: Problem) -> str | None:
    """Name of the listener whom the channel "left" is for, where several are named; None for the first."""
    tables = {table.name: table for table in problem.designs}
    return tables["left"].listener if "left" in tables and tables["left"].is_ear else None


def heard_by_stereo(scene: Scene) -> Scene:
    """Scene of the listener who hears the stereo."""
    return heard_by(scene, sides_listener(scene.problem))


def head_scale(scene: Scene) -> Real | None:
    """Factors (heads D, 1) of the pressures at each ear and displacement, whose plain mean power is then that of weighted heads."""
    weights = scene.problem.listener.head_weights
    if weights is None or scene.chosen_heads is not None:
        return None
    scale = np.sqrt(np.array(weights) * len(weights) / np.sum(weights))
    return np.repeat(scale, len(scene.displacements_m))[:, None]


def heard_at(scene: Scene, name: str) -> Complex:
    """H (F, M, L) at both ears of a listener at its displacements, or at the points of a place without a head, by name.

    Raises
    ------
    DataError : a measured whole device has no receivers there

    """
    place = scene.problem.place(name)
    if place is None:
        return heard_by(scene, name).ears()
    device, points_m = scene.measured_device, place.points_m()
    return scene.field(points_m) if device is None else scene.at_receivers(device, points_m, "a place")
