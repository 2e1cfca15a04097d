"""The table of `designer check --reach`: what each design's layout could reach at best, over effort and frequency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.channel import ChannelDesign, design_channel
from designer.designs.reach import (
    MAX_DB,
    Reach,
    Shortfall,
    over_product_line_db,
    reach,
    reliefs_db,
    shortfall,
    sufficient_effort_db,
)
from designer.evaluation.scalars import Scalars
from designer.problem.messages import enumeration, number, shown
from designer.problem.schema import Problem
from designer.requirements.curves import in_band
from designer.requirements.slacks import BANDS, SLACK_TOLERANCE_DB

COLUMNS = 8
REALISED_DB = 0.5
"""Realised filters may miss a requirement within reach by so much."""
MIN_CAP_DB = 0.5
"""The product line takes at least this where it is named."""


def explain_reach(
    problem: Problem,
    scene: Scene,
    realised: Mapping[str, tuple[float, float]],
    remedies: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Lines for every design of a problem, on about COLUMNS of its own frequencies; what is missed is looked for at all of them.

    Designs with the same lines, as those of two mirrored sides, have one table.

    Parameters
    ----------
    realised : mapping of str to tuple of 2 float, by how many dB each channel's realised filters miss their requirements, and at which
        frequency (`realised_misses`)
    remedies : mapping of str to str, optional, channel -> what mends its filters

    """
    names: dict[tuple[str, ...], list[str]] = {}
    for design in problem.designs:
        inside = scene.frequency_hz[in_band(scene.frequency_hz, design.band_hz)]
        channel, columns_hz = design_channel(design, scene), spread_out(inside)
        bound, missed = reach(design, scene, columns_hz), shortfall(channel)
        lost_db, at_hz = realised[design.name]
        if missed is not None:
            outcome = _missed(missed, reliefs_db(channel, scene, missed))
        elif lost_db > REALISED_DB:
            remedy = (remedies or {}).get(design.name, "remedy: lower the requirement there")
            outcome = (
                f"weights meet the requirements, but their {problem.realization.form} filters miss one by {lost_db:z.1f} dB at"
                f" {_hertz(at_hz)}; {remedy}"
            )
        elif bound.required_db is None:
            outcome = "all requirements are within reach"
        else:
            spare = _spare(bound, bound.required_db) or _remedied(bound, bound.required_db, channel, scene)
            outcome = f"the curve is within reach{spare}"
        table, outcome = reach_table(bound), f"  {outcome}"
        names.setdefault((*table, outcome), []).append(shown(design.name))
    for (heading, *lines), alike in names.items():
        yield f"reach of {enumeration(alike)}{' (mirrored)' if len(alike) > 1 else ''}: {heading}"
        yield from lines


def realised_misses(scalars: Mapping[str, Scalars]) -> dict[str, tuple[float, float]]:
    """Channel -> largest miss in dB of a requirement or a limit by its realised filters, and its frequency, as in the verdict.

    A channel that has neither, as a beam of which nothing but nulls is asked, misses 0 dB.
    """
    missed = {
        name: [(outcome.missed_db, outcome.at_hz) for outcome in numbers.outcomes] for name, numbers in scalars.items()
    }
    return {name: max(pairs, key=itemgetter(0), default=(0.0, 0.0)) for name, pairs in missed.items()}


def spread_out(frequency_hz: Real, columns: int = COLUMNS) -> Real:
    """About so many of the frequencies, in equal ratios as far as they allow; the first and the last are kept."""
    columns_hz = np.geomspace(max(frequency_hz[0], frequency_hz[-1] / 1e3), frequency_hz[-1], columns)
    nearest = np.abs(frequency_hz[:, None] - columns_hz).argmin(axis=0)
    return np.asarray(frequency_hz[np.unique(nearest)])


def _spread(bound: Reach) -> str:
    return f"{number(bound.deviations[0])} dB and {number(bound.deviations[1])} degrees"


def reach_table(bound: Reach) -> Iterator[str]:
    """The table of one design with its heading."""
    yield f"largest cancellation gain in dB at each effort, other limits kept; drivers differ by {_spread(bound)}"
    yield _row("effort", [_hertz(f) for f in bound.frequency_hz])
    rows = [
        (number(effort), [_gain(gain) for gain in gains])
        for effort, gains in zip(bound.effort_db, bound.gain_db, strict=True)
    ]
    for cells, alike in groupby(rows, itemgetter(1)):  # more effort than other limits let through changes nothing
        first, *_, last = [effort for effort, _ in alike] * 2
        yield _row(f"{first} dB" if first == last else f"{first} to {last} dB", cells)
    limit = "" if bound.max_effort_db is None else f" {number(bound.max_effort_db)} dB"
    within, modelled = ([_gain(gain) for gain in gains] for gains in (bound.product_line_db, bound.bound_db))
    yield _row(f"limits{limit}", within)
    if modelled != within:
        yield _row("as modelled", modelled)
    if bound.required_db is not None:
        yield _row("asked", [f"{gain_db:z.1f}" for gain_db in bound.required_db])


def _missed(missed: Shortfall, reliefs_db: Mapping[str, float]) -> str:
    """By how much a requirement is infeasible, the limits that bind there, and the remedies that were computed to help."""
    curve = missed.requirement == "cancellation_gain_db"
    subject = "the curve" if curve else missed.requirement
    more = "meet all curves" if missed.several_curves else "reach more"
    weights = f"no weights {more}" if missed.is_bound else f"no weights that {more} were found"
    limits = [limit for limit in missed.binding if limit != missed.requirement]
    binds = (
        f", where {' and '.join(limits)} bind{'s' if len(limits) == 1 else ''}" if limits else ", where no limit binds"
    )
    ways = ["lower the curve there" if curve else f"relax {missed.requirement} there"]
    helps = {limit: relief for limit, relief in reliefs_db.items() if limit and relief > SLACK_TOLERANCE_DB}
    ways += [f"{_relaxed(limit)}{_makes_up(missed, relief)}" for limit, relief in helps.items()]
    if not helps and reliefs_db.get("", 0.0) > SLACK_TOLERANCE_DB:
        ways.append(f"{enumeration([_relaxed(limit) for limit in limits])} together{_makes_up(missed, reliefs_db[''])}")
    return (
        f"{subject} is infeasible by {missed.decibel:z.1f} dB at {_hertz(missed.frequency_hz)}{binds}; {weights};"
        f" remedy: {', or '.join(ways)}"
    )


def _relaxed(limit: str) -> str:
    """Change of a limit that leaves more room."""
    return {"min_white_noise_gain_db": "lower min_white_noise_gain_db", BANDS: f"widen {BANDS}"}.get(
        limit, f"raise {limit}"
    )


def _makes_up(missed: Shortfall, relief_db: float) -> str:
    """Clause on how much of a shortfall a limit makes up for, at most; empty where it is all."""
    return (
        "" if relief_db >= missed.decibel - SLACK_TOLERANCE_DB else f", which makes up for {relief_db:z.1f} dB at most"
    )


def _spare(bound: Reach, required_db: Real) -> str:
    """Gain that is left above the curve, no more than the product line leaves; nothing where that is below it."""
    spare = np.minimum(bound.bound_db, bound.product_line_db) - required_db
    at = int(spare.argmin())
    takes = bound.bound_db[at] - bound.product_line_db[at]
    if spare[at] < -SLACK_TOLERANCE_DB and takes > 0:
        return ""
    left = f"at least {spare[at]:z.1f} dB" if spare[at] >= 0.05 else "nothing"
    words = f", with {left} to spare at {_hertz(bound.frequency_hz[at])}"
    return f"{words}, over drivers that differ by {_spread(bound)}" if takes > MIN_CAP_DB else words


def _remedied(bound: Reach, required_db: Real, channel: ChannelDesign, scene: Scene) -> str:
    """By how much the product line stays below a curve that drivers as modelled reach, and what was computed to help."""
    spare = bound.product_line_db - required_db
    at = int(spare.argmin())
    short = f"{-spare[at]:z.1f} dB below the curve" if np.isfinite(spare[at]) else "no gain"
    remedy = "lower the curve there"
    raised_db = bound.product_line_db[at] - over_product_line_db(channel, scene, bound.frequency_hz)[at]
    if (effort_db := sufficient_effort_db(bound, channel.design, scene)) is not None:
        remedy += f", or set driver_spread = true and max_effort_db = {number(effort_db)}, with which they reach it"
    elif raised_db > MIN_CAP_DB:
        remedy += f"; driver_spread = true leaves them {raised_db:z.1f} dB more than this design"
    return (
        f" of drivers as modelled; drivers that differ by {_spread(bound)} reach {short} at {_hertz(bound.frequency_hz[at])};"
        f" remedy: {remedy}"
    )


def _row(head: str, cells: list[str]) -> str:
    return f"  {head:14}" + "".join(f"{cell:>9}" for cell in cells)


def _gain(gain: float) -> str:
    if round(gain, 1) >= MAX_DB:
        return f"≥ {MAX_DB:.0f}"
    return f"{gain:z.1f}" if np.isfinite(gain) else "none"


def _hertz(frequency_hz: float) -> str:
    return f"{frequency_hz:.0f} Hz" if frequency_hz < 1000 else f"{frequency_hz / 1000:.3g} kHz"
