"""The channels virtual-left and virtual-right by matching both ears: targets from the scene, weights from `interaural_matching`.

E is what plain playback of the side's ear design gives the ipsilateral ear. At the cloud's centre that ear is to get s X_i E, s <= 1 the
level; at every place and head the contralateral ear is to get R = X_c / X_i times as much as the ipsilateral one. Outside the designs'
band that is what plain playback gives, q E and ratio q, and between band and plain the ratio goes with the share of the design,

    R_share = q (R / q)^share,

so that level in dB and phase move evenly. The share rises early, as 1 - (1 - share)² of the designs': a source keeps its angle into the
fades. The weights are held to X_i times plain playback the more, the less share there is.

`priority` decides what gives where a driver's max_gain_db binds:

time    s(f) falls, at a price: LEVEL_PRICE τ² against the errors' squares, 1/s = 1 + τ. 3 dB less are as dear as 8 degrees of phase.
level   s = 1: the errors grow, that of the level between the ears first, and with them the angle shrinks.
tone    one s for all frequencies and both sides, the least that "time" takes in the band: time and tone are kept, the whole chain is
        quieter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Real
from designer.evaluation.outcomes import spans
from designer.formulations import interaural_matching
from designer.formulations.interaural_matching import PHASE_WEIGHT, TIMED_HZ, VirtualSource
from designer.measures import FLOOR, amplitude_db
from designer.problem.messages import enumeration
from designer.problem.schema import DesignTable, Problem
from designer.requirements.channel_target import channel_target
from designer.requirements.curves import band_share
from designer.requirements.plain import Plain, middle_place

VIRTUAL = {"left": "virtual-left", "right": "virtual-right"}  # the ear design of each side -> the channel of the chain
EFFORT_PRICE = 6e-3
"""10 dB of effort are as dear as 7 degrees of phase at every place up to 1.5 kHz: 0.06."""
LEVEL_PRICE = 0.5
HOLD = 0.015
"""Price of a departure from plain playback where the share of the design is a half."""
PHASE, KEPT_LEVEL_PHASE = (PHASE_WEIGHT, TIMED_HZ, 0.5), (10.0, 1000.0, 1.0)
"""ψ, the frequency up to which it is that, and the octaves over which it falls to 1; where the level is kept, what is left goes to the time
first."""
LEAST_LEFT_OVER = 1e-3
TIME_TOLERANCE = 0.1
"""An interaural time this near to the model's, as a share of it, is met."""
LOST_LEVEL_DB = 0.5
"""A level that drivers' limits take, from which on it is named."""
NO_REQUIREMENTS = {
    "cancellation_gain_db": None,
    "max_effort_db": None,
    "min_white_noise_gain_db": None,
    "reference": None,
}


@dataclass(frozen=True)
class Matched:
    """One virtual channel before it is realised."""

    weights: Complex  # (F, L) of all drivers, without the bulk delay
    level: Real  # s (F,)
    time_reached: Real  # (F,) interaural time at the cloud's centre over the model's
    timed: Bool  # (F,) within the band, up to 1.5 kHz


def faded_ratio(begin: Complex, end: Complex, share: Real) -> Complex:
    """Ratio begin (end / begin)^share (F, ...), over frequencies in rising order: phases are unwrapped along them."""
    level, turn = (
        np.log(np.abs(end) / np.abs(begin)),
        np.unwrap(np.angle(end), axis=0) - np.unwrap(np.angle(begin), axis=0),
    )
    return np.where(share < 1, begin * np.exp(share * (level + 1j * turn)), end)


def at_least(ratio: Complex, least: float = LEAST_LEFT_OVER) -> Complex:
    """A ratio no nearer to 0 than `least`, of the same phase."""
    return np.where(np.abs(ratio) > least, ratio, least * np.exp(1j * np.angle(ratio)))


def virtual_table(table: DesignTable, tables: Sequence[DesignTable], drivers: tuple[str, ...]) -> DesignTable:
    """Table of a side's virtual channel: no requirement, and the drivers of both ear designs in the problem's order."""
    names = {name for ear in tables for name in ear.drivers or drivers}
    union = [name for name in drivers if name in names]
    return table.model_copy(update={"name": VIRTUAL[table.name], "drivers": union, **NO_REQUIREMENTS})


def share_of_design(tables: Sequence[DesignTable], frequency_hz: Real) -> Real:
    """How much of the ear designs there is at each frequency (F,)."""
    return np.asarray(np.min([band_share(frequency_hz, table.band_hz, table.fade_octaves) for table in tables], axis=0))


def plain_among(plain: Plain, ear: DesignTable, table: DesignTable, drivers: tuple[str, ...]) -> Plain:
    """Plain playback of a side's ear design, by the drivers of its virtual channel."""
    names = ear.drivers or drivers
    assert table.drivers is not None
    return replace(plain, drivers=tuple(table.drivers.index(names[l]) for l in plain.drivers))


def matched_sides(
    scene: Scene,
    tables: Mapping[str, DesignTable],
    plains: Mapping[str, Plain],
    near: Complex,
    far: Complex,
    lowered: Mapping[str, Real] | None = None,
) -> dict[str, Matched]:
    """Both virtual channels on the scene's frequencies, whose phases unwrap from the first, for X_i and X_c (F,).

    Parameters
    ----------
    lowered : mapping of str to (F, L) float array, optional, side -> factor of at most 1 on the amplitude that each driver may be fed with

    Raises
    ------
    SolverError : a cone program ends without a certified answer

    """
    settings = scene.problem.virtualizer
    assert settings is not None
    sources = {side: _source(scene, side, tables, plains, near, far) for side in VIRTUAL}
    for side, factor in (lowered or {}).items():
        data = sources[side]
        source = replace(data.source, max_gain=data.source.max_gain * factor[:, data.index])
        sources[side] = replace(data, source=source)
    share = share_of_design(list(tables.values()), scene.frequency_hz)
    inside = np.flatnonzero(share > 0)
    price = np.inf if settings.priority == "level" else LEVEL_PRICE
    solved = {
        side: interaural_matching.solve(replace(data.source.at(inside), level_price=price))
        for side, data in sources.items()
    }
    outside = 1.0
    if settings.priority == "tone":
        outside = float(min(level[share[inside] == 1].min(initial=1.0) for _, level in solved.values()))
        for side, data in sources.items():
            limited, share_of_level = interaural_matching.within_limits(data.source.at(inside))
            solved[side] = interaural_matching.solve(
                replace(limited, lowered=np.maximum(share_of_level / outside - 1, 0.0))
            )
            weights, level = solved[side]
            solved[side] = weights * (outside / level)[:, None], np.full(inside.size, outside)
    target, matched = far / near, {}
    turn = np.unwrap(np.angle(target))
    for side, data in sources.items():
        weights, level = data.plain * outside, np.full(share.size, outside)
        weights[inside], level[inside] = solved[side]
        ears = np.einsum("fel,fl->fe", data.ears, weights)
        reached = 1 + np.angle(ears[:, 1] / at_least(ears[:, 0], FLOOR) / target) / np.where(turn != 0, turn, 1.0)
        timed = (share == 1) & (scene.frequency_hz <= TIMED_HZ) & (turn != 0)
        whole = np.zeros((share.size, len(scene.drivers)), dtype=complex)
        whole[:, data.index] = weights
        matched[side] = Matched(whole, level, reached, timed)
    return matched


@dataclass(frozen=True)
class _Side:
    """Data of one side on all frequencies, by the drivers of its virtual channel."""

    source: VirtualSource
    plain: Complex  # X_i times plain playback (F, L)
    ears: Complex  # ipsilateral and contralateral ear at the cloud's centre (F, 2, L)
    index: list[int]  # its drivers among the problem's


def _source(
    scene: Scene,
    side: str,
    tables: Mapping[str, DesignTable],
    plains: Mapping[str, Plain],
    near: Complex,
    far: Complex,
) -> _Side:
    """Rows of `VirtualSource`, over the model's phase and what plain playback gives."""
    f, settings = scene.frequency_hz, scene.problem.virtualizer
    assert settings is not None
    ear, share = tables[side], share_of_design(list(tables.values()), f)
    table = virtual_table(ear, list(tables.values()), scene.drivers)
    assert table.drivers is not None
    target = channel_target(table, scene, plain_among(plains[side], ear, table, scene.drivers))
    plain = near[:, None] * target.plain  # what gives X_i E
    ipsilateral, contralateral = (np.einsum("fml,fl->fm", points, plain) for points in (target.bright, target.own_dark))
    ipsilateral = at_least(ipsilateral, FLOOR)
    of_source = 1 - (1 - share) ** 2
    ratio = faded_ratio(
        at_least(contralateral / ipsilateral),
        np.broadcast_to((far / near)[:, None], ipsilateral.shape),
        of_source[:, None],
    )
    middle = middle_place(scene.displacements_m)
    interaural = (target.own_dark - ratio[..., None] * target.bright) / (ratio * ipsilateral)[..., None]
    most, up_to_hz, fade_octaves = KEPT_LEVEL_PHASE if settings.priority == "level" else PHASE
    phase_weight = 1 + (most - 1) * band_share(f, [0.0, up_to_hz], fade_octaves)
    louder = target.plain_level / target.single_level  # what turns Σ|w|² into effort
    limit = np.inf if settings.max_effort_db is None else 10 ** (settings.max_effort_db / 20)
    uneven = target.spread * np.mean(np.abs(interaural) ** 2, axis=1) * (1 + phase_weight[:, None]) / 2
    source = VirtualSource(
        centre=target.centre / ipsilateral[:, middle, None],
        interaural=interaural,
        tone=target.bright / ipsilateral[..., None],
        phase_weight=phase_weight,
        cost=EFFORT_PRICE * target.cost / louder[:, None] ** 2 + uneven,
        plain=plain,
        hold=HOLD * (1 - share) / np.maximum(share, 1e-6) / louder**2,
        # Without a limit inside its band a driver's slope would begin with a jump: there its cost alone holds it.
        max_gain=np.where(np.isfinite(target.max_gain), target.gain_limit, np.inf),
        max_norm=limit * louder,
    )
    ears = np.stack([target.bright[:, middle], target.own_dark[:, middle]], axis=1)
    return _Side(source, plain, ears, [scene.drivers.index(name) for name in table.drivers])


def shortfalls(frequency_hz: Real, side: Matched, problem: Problem) -> list[str]:
    """Predicates on the losses of a virtual channel by the drivers' limits; the verdict states the lost level of realised filters."""
    settings = problem.virtualizer
    assert settings is not None
    short, quiet = side.timed & (side.time_reached < 1 - TIME_TOLERANCE), amplitude_db(side.level) < -LOST_LEVEL_DB
    ways = ["a larger max_gain_db"] if any(driver.max_gain_db is not None for driver in problem.drivers) else []
    ways += ["a larger [virtualizer] max_effort_db"] if settings.max_effort_db is not None else []
    ways += ["a smaller [virtualizer] angle_deg"]
    first = ['priority = "time"'] if settings.priority == "level" else []
    sentences = []
    if short.any():
        share = max(100 * float(side.time_reached[short].min()), 0.0)
        sentences.append(
            f"within the drivers' limits the interaural time is {share:.0f} % of what {settings.angle_deg:g} degrees need,"
            f" {spans(frequency_hz, short)}; remedy: {enumeration([*ways, *first], 'or')}"
        )
    if quiet.any():
        sentences.append(
            f"{settings.angle_deg:g} degrees within the drivers' limits cost level {spans(frequency_hz, quiet)};"
            f" remedy: {enumeration(ways, 'or')}"
        )
    return sentences
