"""Slopes of a layout's columns of H by its coordinates: in closed form, or by differences where no closed form is known.

**Closed form.** A scene of the moved drivers, one for each coordinate and driver of its unit, whose tensors are slopes (`moving_ears`),
goes through what makes a channel's columns, which is linear in H.

**Differences.** Measured drivers, a measured head in the field of drivers in free field (interpolated between its directions), a body
that is solved, and a metric whose rows are not linear in H. Each column depends on its driver's place alone, so that one scene of a few
drivers more has them all,

    H'(q) = (H(q - 2h) - 8 H(q - h) + 8 H(q + h) - H(q + 2h)) / 12h + O(k⁵h⁴/30),                                   (1)

1e-7 of k at 8 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.acoustics.moving_ears import SlopeScene
from designer.arrays import Complex, Index, Real
from designer.metrics import powers
from designer.placement.candidates import Candidates
from designer.placement.coordinates import Coordinates
from designer.placement.system import ChannelSystem, System, design_points, judged_powers, system_of, with_drivers
from designer.problem.schema import DesignTable, Driver
from designer.requirements.channel_target import channel_target
from designer.requirements.plain import Plain, crossover_of

STEP_M = 2.5e-4
SHIFTS = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))
"""Steps of the five-point difference, and their weights over h."""


@dataclass(frozen=True)
class Slope:
    """Slopes of a channel's columns by one coordinate: which columns, and their slopes in H and at the judged points."""

    columns: Index
    H: Complex  # (F, M, c)
    bright: Complex  # (F, G, b, c)
    dark: Complex


def slopes_of(coordinates: Coordinates, q: Real, reference: System) -> tuple[System, list[list[Slope]]]:
    """The system of a layout at q, and its columns' slopes: of each channel those by each coordinate."""
    places_m = coordinates.places_m(q)
    count = reference.fixed + len(places_m)
    scene = slope_scene(coordinates, q)
    if scene is None or reference.objective.curve.powers is powers.directivity:  # a power's rows are not linear in H
        return by_differences(coordinates, q, reference)
    system = system_at(coordinates.candidates, places_m, count, reference)
    if not len(coordinates.varied):
        return system, [[] for _ in system.channels]
    designs = scene.problem.designs
    return system, [
        _split(coordinates, reference.fixed, column_slopes(design, scene, channel))
        for design, channel in zip(designs, system.channels, strict=True)
    ]


def slope_scene(coordinates: Coordinates, q: Real) -> SlopeScene | None:
    """The scene of all slopes' columns; None where no closed form is known."""
    candidates, owners = coordinates.candidates, coordinates.owners()
    at = [driver for unit, _ in coordinates.varied for driver in owners[unit]]
    places_m = coordinates.places_m(q)[at] if at else coordinates.places_m(q)
    along_m = coordinates.along_m(q) if at else np.zeros_like(places_m)
    problem = with_drivers(candidates.problem, drivers_at(candidates, places_m))
    cloud_m = np.asarray(problem.listener.ear_cloud_m, dtype=float)
    scene = SlopeScene(problem, np.array([1.0]), cloud_m, along_m=along_m)
    return scene if scene.is_known else None


def column_slopes(design: DesignTable, scene: SlopeScene, channel: ChannelSystem) -> tuple[Complex, Complex, Complex]:
    """Slopes of H (F, M, Q), and of the judged bright (F, G, b, Q) and dark points (F, G, c, Q), of Q drivers alike.

    What drivers are fed (`is_fed`) has no slope.

    Parameters
    ----------
    channel : ChannelSystem, whose scales they take

    """
    slopes = scene.at(channel.frequency_hz)
    first = Plain((0,), (0.0,), (1.0,), (0,), crossover_of(design, scene.problem))  # slopes have no plain playback
    target = channel_target(design, slopes, first)
    judged = judged_powers(design, slopes, channel.objective, first)
    scale = 1 / np.sqrt(target.cost)[:, None, :]
    H = np.concatenate(design_points(target), axis=1) / channel.level_at_bright[:, :, None] * scale
    return H, judged.above * scale[:, None], judged.below * scale[:, None]


def _split(coordinates: Coordinates, fixed: int, tensors: Sequence[Complex]) -> list[Slope]:
    """One slope a coordinate, of columns that follow one another."""
    owners, slopes, at = coordinates.owners(), [], 0
    for unit, _ in coordinates.varied:
        block = slice(at, at + len(owners[unit]))
        slopes.append(Slope(fixed + np.array(owners[unit]), *(tensor[..., block] for tensor in tensors)))
        at = block.stop
    return slopes


def by_differences(coordinates: Coordinates, q: Real, reference: System) -> tuple[System, list[list[Slope]]]:
    """As `slopes_of`, by (1); the system has the columns of all steps after the layout's."""
    owners, places = coordinates.owners(), [*coordinates.places_m(q)]
    count = reference.fixed + len(places)
    for shift, _ in SHIFTS:
        for n, (unit, _axis) in enumerate(coordinates.varied):
            moved = q.copy()
            moved[n] += shift * STEP_M
            places += [*coordinates.places_m(moved)[owners[unit]]]
    system = system_at(coordinates.candidates, np.array(places), count, reference)
    size = (len(places) + reference.fixed - count) // len(SHIFTS)
    slopes = []
    for channel in system.channels:
        tensors = [
            np.sum(
                [
                    share / STEP_M * tensor[..., count + m * size : count + (m + 1) * size]
                    for m, (_, share) in enumerate(SHIFTS)
                ],
                axis=0,
            )
            for tensor in (channel.H, channel.judged_bright, channel.judged_dark)
        ]
        slopes.append(_split(coordinates, reference.fixed, tensors))
    return system, slopes


def drivers_at(candidates: Candidates, places_m: Real) -> list[Driver]:
    """Drivers like the placed ones at places (n, 3)."""
    return [
        candidates.like.model_copy(update={"name": f"place {n}", "position_m": [float(x) for x in place]})
        for n, place in enumerate(places_m)
    ]


def system_at(candidates: Candidates, places_m: Real, most: int, reference: System) -> System:
    """The system of drivers at places (n, 3), by another one's d and scale; of at most so many drivers, fixed ones included."""
    drivers = [*candidates.fixed, *drivers_at(candidates, places_m)]
    return system_of(candidates.problem, drivers, len(candidates.fixed), most, reference)
