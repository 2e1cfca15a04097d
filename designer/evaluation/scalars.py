"""One number a line: what the summary table and `summary.json` say of a channel, from its realised taps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.evaluation.moved_head import MovedHead
from designer.evaluation.outcomes import Outcome, hz, required_outcomes, spans
from designer.evaluation.programmes import Playback
from designer.metrics import Realised, numbers_of
from designer.problem.frequency_grid import judged_frequencies_hz
from designer.problem.schema import MAX_ORDER, DesignTable, Realization
from designer.realization.cost import ChannelCost
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.plain import Plain
from designer.requirements.region_power import RegionPower

MAX_EXTRA_COST_DB = 0.5
"""Effort or gain that filters take beyond the weights' largest is said above this."""

ORDER_TOLERANCE_DB = 0.05  # what the power ratio between regions may change by at a finer order


@dataclass(frozen=True)
class Scalars:
    """Numbers of one channel, each over the band unless its name says otherwise.

    Attributes
    ----------
    outcomes : tuple of Outcome, every requirement and limit as the file asks for it
    costs : tuple of str, what the filters spend beyond the weights where no limit says how much they may
    order_warnings : tuple of str, where the order of the spherical harmonics does not suffice for a beam's regions

    """

    values: dict[str, float]
    outcomes: tuple[Outcome, ...]
    costs: tuple[str, ...] = ()
    order_warnings: tuple[str, ...] = ()


def scalars(
    design: DesignTable,
    taps: Real,
    plain: Plain,
    design_slacks_db: dict[str, Real],
    scene: Scene,
    moved: MovedHead | None,
    weights_costs_db: Mapping[str, float] | None = None,
    cost: ChannelCost | None = None,
    playback: Playback | None = None,
) -> Scalars:
    """Judge one channel's taps (L, T) in a scene.

    Parameters
    ----------
    design_slacks_db : dict of str to float array, requirement or limit -> slack that the formulation already left (in-band frequencies
        of the scene,)
    scene : Scene, on the design's frequencies and those half way between
    moved : MovedHead or None, the channel with the head moved; None for a beam
    weights_costs_db : mapping of str to float, or None, `costs_db` of the weights that the taps stand for, where there are any
    cost : ChannelCost or None, of the filters as a firmware runs them
    playback : Playback or None, all channels that play together, where other listeners are named

    """
    judged_hz = judged_frequencies_hz(scene.frequency_hz, taps.shape[1], [design])
    between_hz = np.setdiff1d(judged_hz, scene.frequency_hz)
    between = Realised(design, taps, plain, scene.at(between_hz)) if between_hz.size else None
    realised = Realised(design, taps, plain, scene, moved=moved, cost=cost, playback=playback, between=between)
    inside, w = realised.band
    outcomes = required_outcomes(realised, design_slacks_db)
    costs = tuple(_costs(realised, weights_costs_db)) if weights_costs_db else ()
    orders = () if inside.regions is None else order_warnings(inside.regions, w, inside.frequency_hz)
    return Scalars(numbers_of(realised), outcomes, costs, orders)


def costs_db(design: DesignTable, weights: Complex, plain: Plain, scene: Scene) -> dict[str, float]:
    """Largest effort in the band, and largest gain of a driver, of weights (F, L) at all frequencies of the scene."""
    target, w = channel_target(design, scene, plain), weights[:, driver_index(design, scene.drivers)]
    inside = target.at(target.in_band)
    efforts = measures.db(measures.effort(inside.bright, w[target.in_band]))
    return {"effort_db": float(efforts.max()), "driver_gain_db": float(measures.amplitude_db(w).max())}


def _costs(realised: Realised, of_weights_db: Mapping[str, float]) -> Iterator[str]:
    """Effort in the band, and gain of a driver, beyond the largest of the weights, both with the half steps between.

    A limit of the file is a requirement, and has an outcome. Up to 0 dB nothing is dear: no more than one driver alone would spend, or than
    the channel itself fed to it.
    """
    inside, w = realised.band
    efforts, weights_db = measures.db(measures.effort(inside.bright, w)), of_weights_db["effort_db"]
    at = int(np.argmax(efforts))
    if realised.design.max_effort_db is None and efforts[at] > max(weights_db, 0.0) + MAX_EXTRA_COST_DB:
        yield (
            f"these filters spend {efforts[at]:z.1f} dB of effort at {hz(float(inside.frequency_hz[at]))}, and the weights at most"
            f" {weights_db:z.1f} dB; remedy: set max_effort_db"
        )
    loudest, weights_db = measures.amplitude_db(realised.w), of_weights_db["driver_gain_db"]
    if realised.target.band_gain is not None:  # outside their bands the drivers' feeds have an outcome
        loudest = np.where(np.abs(realised.w) > realised.target.band_feed, -np.inf, loudest)
    loudest = loudest.max(axis=1)
    at = int(np.argmax(loudest))
    if loudest[at] > max(weights_db, 0.0) + MAX_EXTRA_COST_DB:
        yield (
            f"these filters feed a driver up to {loudest[at]:z.1f} dB, at {hz(float(realised.target.frequency_hz[at]))}, and the weights"
            f" at most {weights_db:z.1f} dB; remedy: {_remedy(realised.scene.problem.realization, realised.taps.shape[1])}"
        )


def _remedy(table: Realization, taps: int) -> str:
    """Change that brings filters nearer to their weights."""
    if table.form == "biquad":
        return 'form = "fir"'
    delay = table.bulk_delay_samples
    if table.max_latency_ms is not None and isinstance(delay, int) and delay < taps // 2:
        return f"more than [realization] max_latency_ms = {table.max_latency_ms:g}"
    return f"more than [realization] taps = {taps}"


def order_warnings(regions: RegionPower, w: Complex, frequency_hz: Real) -> tuple[str, ...]:
    """One line where the order does not suffice for weights (F, L) at the regions' own frequencies (F,), none where it does."""
    error_db = np.abs(regions.order_error_db(w))
    short = error_db > ORDER_TOLERANCE_DB
    if not short.any():
        return ()
    worst = int(np.argmax(error_db))
    if regions.order < regions.automatic_order:
        remedy = f"raise region_order to {regions.automatic_order}, or leave it out"
    elif regions.order < MAX_ORDER:
        remedy = f"raise region_order above {regions.order} (at most {MAX_ORDER}), or end the band lower"
    else:
        remedy = "end the band lower"
    return (
        f"region_order: order {regions.order} of spherical harmonics does not suffice {spans(frequency_hz, short)}: the power"
        f" ratio between the regions is off by up to {error_db[worst]:z.2f} dB (at {hz(float(frequency_hz[worst]))}); expected"
        f" {ORDER_TOLERANCE_DB:g} dB; {remedy}",
    )
