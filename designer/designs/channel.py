"""One channel's design: solved in the band, carried into the fades, joined to the plain driver at equal level and phase."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Index, Real
from designer.designs import methods
from designer.formulations import Solution
from designer.measures import amplitude_db, db, effort, mean_power, white_noise_gain
from designer.problem.schema import DesignTable
from designer.targets.channel_target import ChannelTarget, channel_target, driver_index
from designer.targets.plain import Plain, choose_plain
from designer.targets.wishes import SLACK_TOLERANCE_DB, excesses_db, slacks_db

ANCHORED_DB = 1.0
"""The same for an ear channel's white-noise gain, whose anchored form is a little stricter than the limit."""
BINDING_DB = 0.1
"""A limit within this of its value binds."""


@dataclass(frozen=True)
class ChannelDesign:
    """One channel as the formulation gave it: weights of all the problem's drivers, slacks, and the certificate."""

    design: DesignTable
    frequency_hz: Real  # (F,)
    in_band: Bool  # (F,)
    weights: Complex  # (F, all drivers); 0 for drivers that the channel does not use
    method: str
    plain: Plain  # indices among the channel's own drivers
    plain_names: tuple[str, ...]
    slacks_db: dict[str, Real]  # wish -> (in-band frequencies,)
    excesses_db: dict[str, Real]  # limit -> (in-band frequencies,)
    binding: dict[str, Bool]  # what stands in the way -> (in-band frequencies,)
    violation: Real  # (in-band frequencies,)
    gap: Real  # (in-band frequencies,)

    @property
    def slack_db(self) -> Real:
        """The largest slack of any wish or limit (F,), NaN outside the band."""
        out = np.full(self.frequency_hz.size, np.nan)
        all_of_them = [*self.slacks_db.values(), *self.excesses_db.values(), np.zeros(int(self.in_band.sum()))]
        out[self.in_band] = np.max(all_of_them, axis=0)
        return out

    @property
    def feasible(self) -> bool:
        """Whether every wish is met within its limits, to 0.1 dB."""
        return bool(np.nanmax(self.slack_db) <= SLACK_TOLERANCE_DB)


def design_channel(design: DesignTable, scene: Scene) -> ChannelDesign:
    """Design one channel of a problem on the scene's frequencies.

    Raises
    ------
    SolverError : where a cone program ends without a certified answer

    """
    index = driver_index(design, scene.drivers)
    names = tuple(scene.drivers[i] for i in index)
    target = channel_target(design, scene)
    plain = choose_plain(design, names, target.frequency_hz, target.in_band, target.reach, target.cancel, target.centre)
    band, fade = np.flatnonzero(target.in_band), np.flatnonzero((target.share > 0) & ~target.in_band)

    method = methods.first_method(design, target)
    inside = target.at(band)
    solution = methods.solve(method, design, inside)
    weights = _at_level(inside, solution)
    if design.method == "auto" and method == "power-ratio" and methods.breaks_a_limit(inside, weights, names):
        method = "constrained"  # the power ratio knows no limit of a single driver
        solution = methods.solve(method, design, inside)
        weights = _at_level(inside, solution)

    chosen = target.plain.copy()
    chosen[band] = weights
    if fade.size:
        chosen[fade] = _faded(method, design, target, band, fade, weights)
    full = np.zeros((target.frequency_hz.size, len(scene.drivers)), dtype=complex)
    full[:, index] = chosen
    slacks, excesses = slacks_db(inside, weights), excesses_db(inside, weights, names)
    short = amplitude_db(solution.level)
    if (short < -1e-3).any():
        slacks["level"] = -short
    return ChannelDesign(
        design=design,
        frequency_hz=target.frequency_hz,
        in_band=target.in_band,
        weights=full,
        method=method,
        plain=plain,
        plain_names=tuple(names[l] for l in plain.drivers),
        slacks_db=slacks,
        excesses_db={
            limit: np.where(excess > methods.LIMIT_TOLERANCE_DB, excess, 0) for limit, excess in excesses.items()
        },
        binding=_binding(inside, weights, names),
        violation=solution.violation,
        gap=solution.gap,
    )


def _at_level(target: ChannelTarget, solution: Solution) -> Complex:
    """Weights scaled to the plain driver's mean power at the points to reach, and turned to its phase at their centre."""
    w = solution.weights
    level = solution.level * target.plain_level / np.sqrt(np.maximum(mean_power(target.reach, w), 1e-300))
    phase = np.angle(np.einsum("fl,fl->f", target.centre, target.plain))
    phase = phase - np.angle(np.einsum("fl,fl->f", target.centre, w))
    return np.asarray(w * (level * np.exp(1j * phase))[:, None])


def _faded(
    method: str,
    design: DesignTable,
    target: ChannelTarget,
    band: Index,
    fade: Index,
    weights: Complex,
) -> Complex:
    """The design carried into the fades, at no more effort than at the band's edges, mixed with the plain driver at equal level."""
    if method == "matrix":
        gains = (weights[0] / weights[0, np.argmax(np.abs(weights[0]))]).real.tolist()
        outside = target.at(fade)
        solution = methods.solve(method, design.model_copy(update={"matrix_gains": gains}), outside)
    else:
        spent = effort(target.reach[band], weights)
        edge = np.where(fade < band[0], spent[0], spent[-1])
        outside = replace(target.at(fade), max_effort=np.minimum(target.max_effort[fade], np.maximum(edge, 1.0)))
        solution = methods.solve(method, design, outside)
    share = outside.share[:, None]
    mixed = share * _at_level(outside, solution) + (1 - share) * outside.plain
    return _at_level(outside, Solution.of(mixed))


def _binding(target: ChannelTarget, w: Complex, names: tuple[str, ...]) -> dict[str, Bool]:
    """Which limits w has used up, by their names in the file."""
    found: dict[str, Bool] = {}
    if np.isfinite(target.effort_limit).any():
        found["max_effort_db"] = db(effort(target.reach, w)) > db(target.effort_limit) - BINDING_DB
    if target.min_white_noise_gain > 0:
        reached = db(white_noise_gain(target.look, w, target.look_distance_m))
        found["min_white_noise_gain_db"] = reached < db(np.array(target.min_white_noise_gain)) + ANCHORED_DB
    for l, gain in enumerate(target.max_gain):
        if np.isfinite(gain):
            found[f'max_gain_db of "{names[l]}"'] = amplitude_db(w[:, l]) > amplitude_db(np.array(gain)) - BINDING_DB
    return found
