"""Reach of a design: the most that its own formulation makes of the layout, all requirements and limits kept.

It is the design problem with the curve in the objective:

    maximise    γ
    subject to  w^H A w >= γ w^H B w,  window, masks, max_effort_db, max_gain_db, white-noise gain, drivers' bands, the plain level

A and B over the ear cloud (as `hold` has it) and over the drivers' spread. The power ratio asked for more than there is ends at the largest
γ within its limits. With requirements over azimuth, or curves of several dark places, the least sum of slacks would trade one for
another, so there γ is halved into: what is met at γ is met below it, what weights reach while all else is met is reached, and what is met
at an effort is met at a larger one, which begins from there. Without a spread nulls have no bottom in a model; what real drivers leave is
the same problem with the standard deviations of [tolerance] in A and B, and no more than that is to spare. Whether the design's own
requirements are within reach is not estimated: they are solved for, at every frequency of the design.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Index, Real
from designer.designs.channel import ChannelDesign, at_level, design_channel, first_method, solve
from designer.formulations import FORMULATIONS
from designer.measures import amplitude_db, db
from designer.problem.designs import Spread
from designer.problem.methods import AUTO
from designer.problem.schema import DesignTable
from designer.requirements.channel_target import channel_target, driver_deviations, driver_index
from designer.requirements.curves import curve_db, in_band
from designer.requirements.plain import Plain, plain_in
from designer.requirements.slacks import BANDS, SLACK_TOLERANCE_DB, excesses_db, expected_gain, slacks_db
from designer.requirements.target import ChannelTarget

EFFORTS_DB = (0.0, 3.0, 6.0, 9.0, 12.0, 18.0)
"""Where a table of ratio over effort is taken."""
MIN_DB, MAX_DB = -20.0, 60.0
"""Ratios that are looked at: a null of a model without a spread has no bottom."""
HALVINGS = 11
"""Halvings of that range: to 0.04 dB."""
FINEST_DB = (MAX_DB - MIN_DB) / 2**HALVINGS
AGAIN_DB = 1.0
"""A gain that is missed is looked for once more so far above: passes of a percentile end at weights that nothing shows to be the best."""


@dataclass(frozen=True)
class Shortfall:
    """The requirement that a design misses most: by how much, where, the limits that bind there, and whether all weights miss it; of
    several curves, whether all weights miss one of them.
    """

    requirement: str
    decibel: float
    frequency_hz: float
    binding: tuple[str, ...]
    is_bound: bool
    several_curves: bool = False


@dataclass(frozen=True)
class Reach:
    """One design's reach: the largest cancellation gain, -inf where its other requirements do not hold together.

    Attributes
    ----------
    frequency_hz : (F,) float array, within the design's band
    effort_db : (E,) float array
    gain_db : (E, F) float array, at those efforts, over the spread of the product line
    required_db : (F,) float array or None, the curve
    max_effort_db : float or None, the design's own limit
    bound_db : (F,) float array, within the design's own limits, of drivers as modelled, without a spread
    product_line_db : (F,) float array, the same over the spread of the product line
    deviations : tuple of 2 float, that spread: a driver's gain in dB and phase in degrees

    """

    name: str
    frequency_hz: Real
    effort_db: Real
    gain_db: Real
    required_db: Real | None
    max_effort_db: float | None
    bound_db: Real
    product_line_db: Real
    deviations: tuple[float, float]


def reach(
    design: DesignTable, scene: Scene, frequency_hz: Real | None = None, efforts_db: tuple[float, ...] = EFFORTS_DB
) -> Reach:
    """The largest cancellation gain of a design's layout over effort and frequency.

    Parameters
    ----------
    scene : Scene, on the design's frequencies
    frequency_hz : (F,) float array, in any order, of which those within the band are taken; by default the scene's

    """
    plain = plain_in(design, scene)
    if frequency_hz is None:
        columns = scene.frequency_hz[in_band(scene.frequency_hz, design.band_hz)]
    else:
        columns = np.unique(frequency_hz)[in_band(np.unique(frequency_hz), design.band_hz)]
    if not np.isin(columns, scene.frequency_hz).all():
        scene = scene.at(columns)
    index = np.flatnonzero(np.isin(scene.frequency_hz, columns))
    layout = design.model_copy(update={"method": AUTO})
    real = layout if design.driver_spread else layout.model_copy(update={"driver_spread": Spread()})

    def largest(
        table: DesignTable, reached_db: Real | None = None, *, as_modelled: bool = design.driver_spread is None
    ) -> Real:
        parts, done = list[Real](), 0
        for part in scene.parts(index):
            known = None if reached_db is None else reached_db[done : done + part.size]
            parts.append(_largest_gain_db(table, scene, part, plain, known, as_modelled=as_modelled))
            done += part.size
        return np.concatenate([np.empty(0), *parts])

    def at_effort(effort_db: float | None) -> Real:
        """As largest, begun from what the next smaller effort reaches, which a larger one reaches too."""
        smaller = [known for known in of_efforts if effort_db is None or known <= effort_db]
        table = real.model_copy(update={"max_effort_db": effort_db})
        return largest(table, of_efforts[max(smaller)] if smaller else None)

    of_efforts: dict[float, Real] = {}
    for effort_db in sorted(set(efforts_db)):
        of_efforts[effort_db] = at_effort(effort_db)
    curve = design.cancellation_gain_db
    return Reach(
        design.name,
        columns,
        np.array(efforts_db),
        np.array([of_efforts[effort_db] for effort_db in efforts_db]),
        None if curve is None else curve_db(curve, columns),
        design.max_effort_db,
        largest(layout.model_copy(update={"driver_spread": None}), as_modelled=True),
        at_effort(real.max_effort_db),
        driver_deviations(real, scene.problem.tolerance),
    )


def ceiling_db(design: DesignTable, scene: Scene, plain: Plain, frequency_hz: Real) -> Real | None:
    """The largest cancellation gain (F,) within a design's limits, of drivers as its file has them; None where γ is to be halved into.

    Parameters
    ----------
    frequency_hz : (F,) float array, some of the scene's

    """
    layout = design.model_copy(update={"method": AUTO})
    if first_method(layout) == "constrained" or design.dark is not None or design.diffuse_gain_db is not None:
        return None
    as_modelled = design.driver_spread is None
    parts = scene.parts(np.flatnonzero(np.isin(scene.frequency_hz, frequency_hz)))
    return np.concatenate([_largest_gain_db(layout, scene, part, plain, as_modelled=as_modelled) for part in parts])


def over_product_line_db(channel: ChannelDesign, scene: Scene, frequency_hz: Real) -> Real:
    """Gain in dB (F,) of a channel's weights over the spread of the product line, whatever spread they were designed over.

    Parameters
    ----------
    frequency_hz : (F,) float array, some of the scene's, the channel's

    """
    index = np.flatnonzero(np.isin(scene.frequency_hz, frequency_hz))
    real = channel.design.model_copy(update={"driver_spread": channel.design.driver_spread or Spread()})
    w = channel.weights[index][:, driver_index(channel.design, scene.drivers)]
    return db(expected_gain(channel_target(real, scene.part(index), channel.plain), w))


def sufficient_effort_db(bound: Reach, design: DesignTable, scene: Scene) -> float | None:
    """The least effort of a reach's table, above the design's own limit, at which a design over the product line's spread meets all."""
    if bound.required_db is None or bound.max_effort_db is None:
        return None
    is_enough = (bound.gain_db >= bound.required_db - SLACK_TOLERANCE_DB).all(axis=1)
    for effort_db in bound.effort_db[is_enough & (bound.effort_db > bound.max_effort_db)].tolist():
        wider = {"max_effort_db": effort_db, "driver_spread": design.driver_spread or Spread()}
        if design_channel(design.model_copy(update=wider), scene).feasible:
            return float(effort_db)
    return None


def reliefs_db(channel: ChannelDesign, scene: Scene, missed: Shortfall) -> dict[str, float]:
    """Binding limit -> by how much less the design falls short without it, where it falls short most; "" of all of them together.

    Nothing where a method has one answer for the whole band: what one frequency could give says little there.
    """
    if FORMULATIONS[first_method(channel.design)].in_fades is not None:
        return {}
    at = scene.part(np.flatnonzero(scene.frequency_hz == missed.frequency_hz))
    names = tuple(scene.drivers[l] for l in driver_index(channel.design, scene.drivers))

    def relief_db(*limits: str) -> float:
        design = channel.design.model_copy(
            update={limit: None for limit in limits if limit in DesignTable.model_fields}
        )
        target = channel_target(design, at, channel.plain)
        gains = [
            np.inf if f'max_gain_db of "{name}"' in limits else gain
            for name, gain in zip(names, target.max_gain, strict=True)
        ]
        target = replace(target, max_gain=np.array(gains), band_gain=None if BANDS in limits else target.band_gain)
        return missed.decibel - float(_judged(design, target, names, curve=True)[1][0])

    limits = [limit for limit in missed.binding if limit != missed.requirement]
    together = {"": relief_db(*limits)} if len(limits) > 1 else {}
    return {limit: relief_db(limit) for limit in limits} | together


def _largest_gain_db(
    design: DesignTable, scene: Scene, index: Index, plain: Plain, reached_db: Real | None = None, *, as_modelled: bool
) -> Real:
    """The largest γ in dB (F,) at some of the scene's frequencies; masks and window of drivers as modelled, or over their spread.

    Parameters
    ----------
    reached_db : (F,) float array or None, what is reached with less effort; -inf where nothing is

    """
    target = channel_target(design, scene.part(index), plain)
    if as_modelled:
        target = replace(target, point_deviations=0.0)
    drivers = driver_index(design, scene.drivers)
    names = tuple(scene.drivers[i] for i in drivers)
    if first_method(design) != "constrained" and not target.dark_curves:
        w, shortfall = _judged(design, replace(target, gamma=np.full(index.size, 10 ** (MAX_DB / 10))), names)
        return np.where(shortfall <= SLACK_TOLERANCE_DB, np.minimum(db(expected_gain(target, w)), MAX_DB), -np.inf)

    def tried(gain_db: Real, at: Index) -> tuple[Bool, Real]:
        """Whether all is met at γ (n,) of some frequencies, and what their weights reach where all but the curve is met, else -inf."""
        part = replace(target.at(at), gamma=10 ** (gain_db / 10))
        w, shortfall = _judged(design, part, names)
        reached = np.where(shortfall <= SLACK_TOLERANCE_DB, np.minimum(db(expected_gain(part, w)), MAX_DB), -np.inf)
        return reached >= gain_db - SLACK_TOLERANCE_DB, reached

    low, high = np.full(index.size, -np.inf if reached_db is None else reached_db), np.full(index.size, MAX_DB)
    unknown = np.flatnonzero(~np.isfinite(low))
    if unknown.size:
        low[unknown] = tried(np.full(unknown.size, MIN_DB), unknown)[1]
    held = np.flatnonzero(np.isfinite(low))
    low[held] = np.maximum(low[held], MIN_DB)

    def more(at: Index, step_db: float) -> Index:
        """Those of some frequencies at which so much more is met, between new ends; at the others nothing more is looked for."""
        above = np.minimum(low[at] + step_db, MAX_DB)
        holds, reached = tried(above, at)
        low[at], high[at] = np.maximum(low[at], reached), np.where(holds, MAX_DB, low[at])
        return at[holds & (above < MAX_DB)]

    opened = held
    if reached_db is not None and held.size:  # as a rule a larger effort reaches the same
        opened = more(held, FINEST_DB)
    while opened.size:
        while (at := opened[(high - low)[opened] > FINEST_DB * (1 + 1e-9)]).size:
            middle = (low[at] + high[at]) / 2
            holds, reached = tried(middle, at)
            low[at] = np.maximum(low[at], np.where(holds, middle, reached))
            high[at] = np.maximum(np.where(holds, high[at], middle), low[at])
        opened = more(opened, AGAIN_DB)  # passes that ended early may have told a miss below
    return low


def _judged(
    design: DesignTable, target: ChannelTarget, names: tuple[str, ...], *, curve: bool = False
) -> tuple[Complex, Real]:
    """Weights (F, L) and the most that they miss of anything but the curve, or of the curve as well, in dB (F,)."""
    solution = solve(FORMULATIONS[first_method(design)], design, target)
    w = at_level(target, solution)
    missed = {**slacks_db(target, w), **excesses_db(target, w, names), "level": -amplitude_db(solution.level)}
    if not curve:
        missed.pop("cancellation_gain_db", None)
    return w, np.max(list(missed.values()), axis=0)


def shortfall(channel: ChannelDesign) -> Shortfall | None:
    """The requirement or limit that a design misses most; None where it meets all, or has none."""
    missed = {**channel.slacks_db, **channel.excesses_db}
    if not missed:
        return None
    f = channel.frequency_hz[channel.in_band]
    name = max(missed, key=lambda requirement: float(missed[requirement].max()))
    at = int(missed[name].argmax())
    if missed[name][at] <= SLACK_TOLERANCE_DB:
        return None
    binding = tuple(limit for limit, binds in channel.binding.items() if binds[at])
    several = (
        sum(name.startswith(("cancellation_gain_db", "dark_gain_db", "diffuse_gain_db")) for name in channel.slacks_db)
        > 1
    )
    return Shortfall(name, float(missed[name][at]), float(f[at]), binding, bool(channel.out_of_reach[at]), several)
