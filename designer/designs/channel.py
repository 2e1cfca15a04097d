"""One channel's design: solved in the band, carried into the fades, joined to the plain driver at equal level and phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Index, Real
from designer.designs.bounds import bounds, worst_case_weights
from designer.formulations import FORMULATIONS, Formulation, Solution
from designer.measures import amplitude_db, db, effort, mean_power, white_noise_gain
from designer.problem.schema import DesignTable
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.curves import band_share, in_band
from designer.requirements.plain import Plain, plain_in
from designer.requirements.slacks import (
    BANDS,
    SLACK_TOLERANCE_DB,
    drawn_of,
    excesses_db,
    expected_gain,
    slacks_db,
    worst_azimuths_deg,
)
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import next_pass, of_all_curves, settled, uniform_shares

LIMIT_TOLERANCE_DB = 1e-3
ANCHORED_DB = 1.0
"""Tolerance of an ear channel's white-noise gain, whose anchored form is a little stricter than the limit."""
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
    slacks_db: dict[str, Real]  # requirement -> (in-band frequencies,)
    excesses_db: dict[str, Real]  # limit -> (in-band frequencies,)
    binding: dict[str, Bool]  # what stands in the way -> (in-band frequencies,)
    azimuths_deg: dict[str, Real]  # requirement over azimuth -> where it is met least (in-band frequencies,)
    reachable_gain_db: Real  # (in-band frequencies,): where the curve is missed, the most within reach; NaN elsewhere
    out_of_reach: Bool  # (in-band frequencies,): no weights within the limits meet what is missed there
    solution: Solution  # with the certificate, at the in-band frequencies

    @property
    def slack_db(self) -> Real:
        """The largest slack of any requirement or limit (F,), NaN outside the band."""
        out = np.full(self.frequency_hz.size, np.nan)
        shortfalls_db = [*self.slacks_db.values(), *self.excesses_db.values(), np.zeros(int(self.in_band.sum()))]
        out[self.in_band] = np.max(shortfalls_db, axis=0)
        return out

    @property
    def feasible(self) -> bool:
        """Whether every requirement is met within its limits, to 0.1 dB."""
        return bool(np.nanmax(self.slack_db) <= SLACK_TOLERANCE_DB)


def design_channel(design: DesignTable, scene: Scene) -> ChannelDesign:
    """Design one channel of a problem on the scene's frequencies.

    Raises
    ------
    SolverError : where a cone program ends without a certified answer

    """
    index = driver_index(design, scene.drivers)
    names = tuple(scene.drivers[i] for i in index)
    if scene.is_small:  # its tensors are computed once, for this channel and those to come
        _ = scene.circle() if design.is_beam else scene.ears()
    plain = plain_in(design, scene)
    f = scene.frequency_hz
    inside = in_band(f, design.band_hz)
    band, fade = (
        np.flatnonzero(inside),
        np.flatnonzero((band_share(f, design.band_hz, design.fade_octaves) > 0) & ~inside),
    )

    def targets(index: Index, undivided: bool) -> Iterator[ChannelTarget]:
        """The channel at those frequencies, in parts that fit into memory."""
        for part in [index] if undivided else scene.parts(index):
            yield channel_target(design, scene.part(part), plain)

    method = FORMULATIONS[first_method(design)]
    undivided = method.in_fades is not None  # one answer for the whole band
    solved = [_solved(method, design, target, names) for target in targets(band, undivided)]
    weights = np.concatenate([part.weights for part in solved])
    solution = Solution.joined([part.solution for part in solved])

    full = np.zeros((f.size, len(scene.drivers)), dtype=complex)
    full[:, index] = plain.weights(f, index.size)
    full[np.ix_(band, index)] = weights
    start = 0
    for outside in targets(fade, undivided=False):
        at = fade[start : start + outside.frequency_hz.size]
        start += at.size
        edge = np.where(at < band[0], solved[0].effort[0], solved[-1].effort[-1])
        full[np.ix_(at, index)] = _faded(method, design, outside, edge, weights[0])

    slacks = _joined([part.slacks_db for part in solved])
    short = amplitude_db(solution.level)
    if (short < -1e-3).any():
        slacks["level"] = -short
    return ChannelDesign(
        design=design,
        frequency_hz=f,
        in_band=inside,
        weights=full,
        method=method.name,
        plain=plain,
        plain_names=tuple(names[l] for l in plain.drivers),
        slacks_db=slacks,
        azimuths_deg=_joined([part.azimuths_deg for part in solved]),
        reachable_gain_db=np.concatenate([part.reachable_gain_db for part in solved]),
        out_of_reach=np.concatenate([part.out_of_reach for part in solved]),
        excesses_db={
            limit: np.where(excess > LIMIT_TOLERANCE_DB, excess, 0)
            for limit, excess in _joined([part.excesses_db for part in solved]).items()
        },
        binding=_joined([part.binding for part in solved]),
        solution=solution,
    )


def first_method(design: DesignTable) -> str:
    """The method named; "auto" is spherical-harmonic where regions are given, else constrained where a mask or a window is
    asked for, or nulls without a depth, else power ratio.
    """
    if design.method != "auto":
        return design.method
    if design.dark_regions is not None:
        return "spherical-harmonic"
    nulls_without_depth = design.nulls_deg is not None and design.cancellation_gain_db is None
    over_azimuth = design.mask is not None or design.window_deg is not None or nulls_without_depth
    return "constrained" if over_azimuth else "power-ratio"


@dataclass(frozen=True)
class _Solved:
    """A part of the band, solved and judged."""

    weights: Complex  # (F, L) at their level
    solution: Solution
    effort: Real
    slacks_db: dict[str, Real]
    azimuths_deg: dict[str, Real]
    reachable_gain_db: Real
    out_of_reach: Bool
    excesses_db: dict[str, Real]
    binding: dict[str, Bool]


def _solved(method: Formulation, design: DesignTable, target: ChannelTarget, names: tuple[str, ...]) -> _Solved:
    solution = solve(method, design, target)
    w = at_level(target, solution)
    slacks = slacks_db(target, w)
    reachable, unreachable = bounds(target, slacks, w)
    return _Solved(
        weights=w,
        solution=solution,
        effort=effort(target.bright, w),
        slacks_db=slacks,
        reachable_gain_db=reachable,
        out_of_reach=unreachable,
        azimuths_deg=worst_azimuths_deg(target, w),
        excesses_db=excesses_db(target, w, names),
        binding=_binding(target, w, names),
    )


def _by(method: Formulation, target: ChannelTarget, values: dict[str, Any]) -> Solution:
    solution: Solution = method.solve(target, **values)
    return solution


def solve(method: Formulation, design: DesignTable, target: ChannelTarget) -> Solution:
    """The formulation's weights at every frequency of the target; in the spread's worst case after a few passes."""
    values = method.own_values(design)
    if not target.over_a_ball or not method.mean_powers:
        return _by(method, target, values)
    target = target if method.for_passes is None else method.for_passes(target)
    target = of_all_curves(target)
    # From the weights of the largest ratio: if these meet the curve every pass does, and the passes lower what it costs.
    first = Solution.of(worst_case_weights(target))

    def judged(solution: Solution, share: Real) -> tuple[Solution, Real, Real]:
        return solution, share, expected_gain(target, solution.weights)

    def again(last: tuple[Solution, Real, Real]) -> tuple[Solution, Real, Real]:
        solution, share, gain = last
        harder, share = next_pass(target, solution.weights, share, drawn_of(target, gain))
        return judged(_by(method, harder, values), share)

    def judged_db(last: tuple[Solution, Real, Real]) -> Real:
        solution, _, gain = last
        return np.stack([db(gain), db(effort(target.bright, solution.weights))])

    return settled(judged(first, uniform_shares(target)), again, judged_db)[0]


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def at_level(target: ChannelTarget, solution: Solution) -> Complex:
    """Weights scaled to the plain driver's mean power at the bright points, and turned to its phase at their centre."""
    w = solution.weights
    level = solution.level * target.plain_level / np.sqrt(np.maximum(mean_power(target.bright, w), 1e-300))
    phase = np.angle(np.einsum("fl,fl->f", target.centre, target.plain))
    phase = phase - np.angle(np.einsum("fl,fl->f", target.centre, w))
    return np.asarray(w * (level * np.exp(1j * phase))[:, None])


def _faded(method: Formulation, design: DesignTable, target: ChannelTarget, edge: Real, first: Complex) -> Complex:
    """The design carried into the fades, at no more effort than at the band's edges, mixed with the plain driver at equal level.

    Parameters
    ----------
    target : ChannelTarget, at frequencies of the fades
    edge : (F,) float array, effort at the band's edge that is nearest to each
    first : (L,) complex array, weights at the band's first frequency

    """
    if method.in_fades is not None:
        solution = _by(method, target, method.in_fades(first))
    else:
        target = replace(target, max_effort=np.minimum(target.max_effort, np.maximum(edge, 1.0)))
        solution = solve(method, design, target)
    share = target.share[:, None]
    mixed = share * at_level(target, solution) + (1 - share) * target.plain
    return at_level(target, Solution.of(mixed))


def _binding(target: ChannelTarget, w: Complex, names: tuple[str, ...]) -> dict[str, Bool]:
    """Which limits w has used up, by their names in the file."""
    binding: dict[str, Bool] = {}
    if np.isfinite(target.effort_limit).any():
        binding["max_effort_db"] = db(effort(target.bright, w)) > db(target.effort_limit) - BINDING_DB
    if target.min_white_noise_gain > 0:
        gain_db = db(white_noise_gain(target.look, w, target.look_distance_m))
        binding["min_white_noise_gain_db"] = gain_db < db(np.array(target.min_white_noise_gain)) + ANCHORED_DB
    for l, gain in enumerate(target.max_gain):
        if np.isfinite(gain):
            binding[f'max_gain_db of "{names[l]}"'] = amplitude_db(w[:, l]) > amplitude_db(np.array(gain)) - BINDING_DB
    if target.band_gain is not None:
        binding[BANDS] = amplitude_db((np.abs(w) / target.band_limit).max(axis=1)) > -BINDING_DB
    return binding
