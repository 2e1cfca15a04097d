"""The transfer functions of all candidates, once: what a channel is designed by, and what it is judged by.

A channel is designed by regularised pressure matching over its own cloud, as `designer.formulations.pressure_matching` states it, with
N candidates for drivers. At a frequency, with H (M, N) the bright and dark points (each family scaled to its mean, the dark one
heavier by DARK_WEIGHT, so that few drivers are spent on the dark points first: the power ratio in the limit),

    G = H^H H + ε² diag(H^H H),   b = H^H d,      w_S = (G_SS + β I)⁻¹ b_S                                             (1)

so that a layout S takes rows and columns of matrices that are there already. The variance ε² of the drivers' relative errors is the
product line's: gain, phase, and k²σ² of their places. A driver's cost P outside its band scales its column by P^(-1/2).

It is judged where the design did not look: heads at other places, in ENVIRONMENTS of the product line (warmer or colder air, larger or
smaller heads, each two by one standard deviation up and down, which keeps mean and variance), at frequencies half way between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Complex, Real
from designer.evaluation.moved_head import heads_of_all_m, spread_heads_m
from designer.evaluation.tolerance import REFERENCE_C, changed_scene, draw
from designer.metrics.powers import Powers
from designer.placement.objective import Objective, objective_of
from designer.problem.placement_table import MAX_PLACED
from designer.problem.schema import DesignTable, Driver, Problem
from designer.requirements.channel_target import bright_place_m, channel_target, error_variance
from designer.requirements.plain import Plain
from designer.requirements.target import ChannelTarget

FREQUENCIES = 16
"""In equal steps over the band, half a step from its ends."""
HEADS = 32
"""Places of the head that are judged, shared between the environments."""
ENVIRONMENTS = ((1, 1), (1, -1), (-1, 1), (-1, -1))
"""Signs of the deviations of temperature and head radius."""
DEVICES = 48
"""Drawn devices."""
DARK_WEIGHT = 100.0
"""Weight of the dark points' power beside that of the bright points' error, which few drivers would otherwise mend first."""
MAX_DRAWN = 2 * MAX_PLACED
"""Drivers of a drawn device, whatever a layout has of them: layouts of different numbers meet the same errors."""


@dataclass(frozen=True)
class ChannelSystem:
    """One channel over N candidates.

    Attributes
    ----------
    H : (F, M, N) complex array, bright and then dark points of the design, scaled to means and to ||d|| = 1
    d : (F, M) complex array
    level_at_bright : (F, 1) float array, by which the points were scaled
    spread : (F,) float array, ε²
    cost : (F, N) float array, P
    bright_points : int, how many of M are bright
    max_effort : float, ratio of powers
    judged_bright, judged_dark : (F, G, b or c, N) complex array; a sample is Σ|bright|² over Σ|dark|² of one of G groups
    objective : Objective, what the samples are of
    band_share : (F,) float array, shares of the frequencies where a sample is their mean
    is_fed, by_strongest : bool, as in `designer.metrics.powers`
    devices : (F, D, n) complex array, factors of the drivers of a layout in order, at most n of them

    """

    name: str
    frequency_hz: Real
    H: Complex
    d: Complex
    level_at_bright: Real
    spread: Real
    cost: Real
    bright_points: int
    max_effort: float
    judged_bright: Complex
    judged_dark: Complex
    devices: Complex
    objective: Objective
    band_share: Real
    is_fed: bool = False
    by_strongest: bool = False

    @cached_property
    def gram(self) -> Complex:
        """G (F, N, N)."""
        G = self.H.conj().swapaxes(1, 2) @ self.H
        diagonal = np.arange(G.shape[1])
        G[:, diagonal, diagonal] *= 1 + self.spread[:, None]
        return np.asarray(G)

    @cached_property
    def projected(self) -> Complex:
        """Right side b (F, N)."""
        return np.asarray(np.einsum("fmn,fm->fn", self.H.conj(), self.d))

    @cached_property
    def level(self) -> Real:
        """Mean power of each candidate alone at the bright points (F, N), fed with 1."""
        return np.asarray(np.sum(np.abs(self.H[:, : self.bright_points]) ** 2, axis=1) * self.cost)

    @cached_property
    def judged_power(self) -> tuple[Real, Real]:
        """Mean over the groups of each candidate's power at the bright and the dark points that are judged, each (F, N)."""
        bright, dark = (
            np.sum(np.abs(rows) ** 2, axis=2).mean(axis=1) for rows in (self.judged_bright, self.judged_dark)
        )
        return bright, dark


@dataclass(frozen=True)
class System:
    """All channels over the same candidates; fixed drivers are the first columns."""

    channels: tuple[ChannelSystem, ...]
    fixed: int
    objective: Objective

    @property
    def percentile(self) -> float:
        """Percentile of the samples that is the value."""
        return self.objective.percentile


def with_drivers(problem: Problem, drivers: Sequence[Driver]) -> Problem:
    """The problem with other drivers, all of which every design uses; for scenes, not for a file."""
    designs = [
        table.model_copy(
            update={"drivers": None, "plain": None, "crossover_hz": None, "method": "auto", "matrix_gains": None}
        )
        for table in problem.designs
    ]
    return problem.model_copy(update={"drivers": list(drivers), "designs": designs})


def system_of(
    problem: Problem, drivers: Sequence[Driver], fixed: int, most: int, reference: System | None = None
) -> System:
    """The system of a problem's channels.

    Parameters
    ----------
    drivers : sequence of Driver, the fixed ones and then one for each candidate place
    most : int, the largest number of drivers of a layout, fixed ones included
    reference : System or None, whose d and scale it takes, so that values of both are comparable

    """
    objective = objective_of(problem) if reference is None else reference.objective
    base = with_drivers(problem, drivers)
    cloud_m = np.asarray(problem.listener.ear_cloud_m, dtype=float)
    scene = Scene(base, np.array([1.0]), cloud_m)
    references = [None] * len(base.designs) if reference is None else reference.channels
    channels = tuple(
        channel_system(design, scene, objective, most, of) for design, of in zip(base.designs, references, strict=True)
    )
    return System(channels, fixed, objective)


def band_frequencies_hz(design: DesignTable, problem: Problem) -> Real:
    """Frequencies in the band, half a step from its ends; in equal ratios where the grid is logarithmic."""
    low, high = design.band_hz[0], min(design.band_hz[1], problem.sample_rate_hz / 2)
    shares = (np.arange(FREQUENCIES) + 0.5) / FREQUENCIES
    if problem.grid.spacing == "logarithmic" and low > 0:
        return np.asarray(low * (high / low) ** shares)
    return np.asarray(low + (high - low) * shares)


def channel_system(
    design: DesignTable, scene: Scene, objective: Objective, most: int, reference: ChannelSystem | None = None
) -> ChannelSystem:
    """One channel's matrices; the scene is of all candidates. What is wanted at the bright points is the strongest candidate's response."""
    problem = scene.problem
    frequency_hz = band_frequencies_hz(design, problem)
    designed = scene.at(frequency_hz)
    target = channel_target(design, designed)
    bright, dark = design_points(target)
    if reference is None:
        strongest = np.sum(np.abs(bright) ** 2, axis=1).argmax(axis=1)
        response = np.take_along_axis(bright, strongest[:, None, None], axis=2)[:, :, 0]
        level = np.linalg.norm(response, axis=1)[:, None]
        d = np.concatenate([response / level, np.zeros(dark.shape[:2])], axis=1)
    else:
        level, d = reference.level_at_bright, reference.d
    scale = 1 / np.sqrt(target.cost)[:, None, :]
    judged = judged_powers(design, designed, objective)
    tolerance = problem.tolerance
    k = 2 * np.pi * frequency_hz / problem.speed_of_sound_m_s
    return ChannelSystem(
        name=design.name,
        frequency_hz=frequency_hz,
        H=np.concatenate([bright, dark], axis=1) / level[:, :, None] * scale,
        d=d,
        level_at_bright=level,
        spread=error_variance(tolerance.gain_db, tolerance.phase_deg) + (k * tolerance.position_m) ** 2,
        cost=target.cost,
        bright_points=bright.shape[1],
        max_effort=np.inf if design.max_effort_db is None else 10 ** (design.max_effort_db / 10),
        judged_bright=np.asarray(judged.above * scale[:, None], dtype=complex),
        judged_dark=np.asarray(judged.below * scale[:, None], dtype=complex),
        devices=device_factors(design, problem, k, most),
        objective=objective,
        band_share=objective.band_shares(frequency_hz, design),
        is_fed=judged.is_fed,
        by_strongest=judged.by_strongest,
    )


def design_points(target: ChannelTarget) -> tuple[Complex, Complex]:
    """Bright and dark points (F, M, N), each family scaled to its mean, the dark one heavier."""
    bright = target.bright / np.sqrt(target.bright.shape[1])
    return bright, target.dark * np.sqrt(DARK_WEIGHT / target.dark.shape[1])


def judged_powers(design: DesignTable, scene: Scene, objective: Objective, plain: Plain | None = None) -> Powers:
    """Rows that are judged, in groups of all environments."""
    of = objective.curve.powers
    assert of is not None
    parts = [of(target, at) for target, at in judged_targets(design, scene, plain)]
    above, below = (
        np.concatenate(rows, axis=1) for rows in zip(*((part.above, part.below) for part in parts), strict=True)
    )
    return replace(parts[0], above=above, below=below)


def judged_targets(design: DesignTable, scene: Scene, plain: Plain | None = None) -> list[tuple[ChannelTarget, Scene]]:
    """The channel's points in each environment, and its scene; of a measured head and a body that is solved, in the nominal one alone."""
    problem = scene.problem
    if design.is_beam:
        moves = np.asarray(problem.listener.ear_cloud_m, dtype=float)
        places = [moves] * len(ENVIRONMENTS)
    else:
        cloud_m = np.asarray(problem.heard_by(design.listener).listener.ear_cloud_m, dtype=float)
        spread_m = spread_heads_m(cloud_m, HEADS)
        half = HEADS // 2  # the second half mirrors the first: an environment has both of a pair
        places = [np.concatenate([spread_m[:half][n :: len(ENVIRONMENTS)], spread_m[half:][n :: len(ENVIRONMENTS)]])
                  for n in range(len(ENVIRONMENTS))]  # fmt: skip
    tolerance = problem.tolerance
    warmer = tolerance.temperature_c / (273.15 + REFERENCE_C)
    larger = tolerance.head_radius_m / problem.listener.head_radius_m
    targets = []
    for (warm, large), moves in zip(ENVIRONMENTS, places, strict=True):
        changed = scene
        if not problem.body.is_solved:
            changed = changed_scene(scene, np.sqrt(1 + warm * warmer), max(1 + large * larger, 0.5), problem.heads)
        if not design.is_beam:
            moves = heads_of_all_m(design, heard_by(changed, design.listener), moves)
        targets.append((channel_target(design, changed.moved(moves), plain), changed))
    return targets


def device_factors(design: DesignTable, problem: Problem, k: Real, most: int) -> Complex:
    """Errors of gain, phase and place of drawn devices (F, D, n): a displacement turns the phase by its part towards the listener."""
    table = problem.tolerance.model_copy(update={"draws": DEVICES})
    draws = draw(table, MAX_DRAWN, problem.listener.head_radius_m)
    at_m = np.array([1.0, 0.0, 0.0]) if design.is_beam else bright_place_m(design, problem)
    shorter_m = draws.displacement_m[:, :most] @ (at_m / np.linalg.norm(at_m))
    return np.asarray(draws.factor[:, :most] * np.exp(1j * k[:, None, None] * shorter_m))
