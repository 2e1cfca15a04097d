"""The table of `designer check --reach`: what each design's layout could reach at best, over effort and frequency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.channel import design_channel
from designer.designs.reach import MAX_DB, Reach, Shortfall, reach, shortfall
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


def explain_reach(problem: Problem, scene: Scene, realised: Mapping[str, tuple[float, float]]) -> Iterator[str]:
    """Lines for every design of a problem, on about COLUMNS of its own frequencies; what is missed is looked for at all of them.

    Designs with the same lines, as those of two mirrored sides, have one table.

    Parameters
    ----------
    realised : mapping of str to tuple of 2 float, by how many dB each channel's realised filters miss their requirements, and at which
        frequency (`realised_misses`)

    """
    names: dict[tuple[str, ...], list[str]] = {}
    for design in problem.designs:
        inside = scene.frequency_hz[in_band(scene.frequency_hz, design.band_hz)]
        missed = shortfall(design_channel(design, scene))
        *table, outcome = reach_lines(reach(design, scene, spread_out(inside)), missed)
        lost_db, at_hz = realised[design.name]
        if missed is None and lost_db > REALISED_DB:
            outcome = (
                f"  weights meet the requirements, but their {problem.realization.form} filters miss one by {lost_db:z.1f} dB at"
                f" {_hertz(at_hz)}; remedy: lower the requirement there, or raise [realization] {_length_key(problem)}"
            )
        names.setdefault((*table, outcome), []).append(shown(design.name))
    for (heading, *lines), alike in names.items():
        yield f"reach of {enumeration(alike)}{' (mirrored)' if len(alike) > 1 else ''}: {heading}"
        yield from lines


def _length_key(problem: Problem) -> str:
    table = problem.realization
    return f"sections = {table.sections}" if table.form == "biquad" else f"taps = {table.taps}"


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


def reach_lines(bound: Reach, missed: Shortfall | None) -> Iterator[str]:
    """The table of one design with its heading, and whether its requirements are within reach."""
    spread = f"{number(bound.deviations[0])} dB and {number(bound.deviations[1])} degrees"
    yield f"largest cancellation gain in dB at each effort, other limits kept; drivers differ by {spread}"
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
        yield _row("asked", [f"{gain_db:.1f}" for gain_db in bound.required_db])
    if missed is not None:
        yield f"  {_missed(missed)}"
    elif bound.required_db is None:
        yield "  all requirements are within reach"
    else:
        yield f"  the curve is within reach{_spare(bound, bound.required_db, spread)}"


def _missed(missed: Shortfall) -> str:
    """By how much a requirement is infeasible, the limits that bind there, and the remedy."""
    curve = missed.requirement == "cancellation_gain_db"
    subject = "the curve" if curve else missed.requirement
    weights = "no weights reach more" if missed.is_bound else "no weights that reach more were found"
    limits = [limit for limit in missed.binding if limit != missed.requirement]
    binds = (
        f", where {' and '.join(limits)} bind{'s' if len(limits) == 1 else ''}" if limits else ", where no limit binds"
    )
    lower = "lower the curve there" if curve else f"relax {missed.requirement} there"
    remedies = {"min_white_noise_gain_db": "lower min_white_noise_gain_db", BANDS: f"widen {BANDS}"}
    ways = [lower, *(remedies.get(limit, f"raise {limit}") for limit in limits)]
    return (
        f"{subject} is infeasible by {missed.decibel:z.1f} dB at {_hertz(missed.frequency_hz)}{binds}; {weights};"
        f" remedy: {', or '.join(ways) if limits else f'{lower}, or move the drivers'}"
    )


def _spare(bound: Reach, required_db: Real, spread: str) -> str:
    """Gain that is left above the curve, no more than the product line leaves."""
    spare = np.minimum(bound.bound_db, bound.product_line_db) - required_db
    at = int(spare.argmin())
    where = _hertz(bound.frequency_hz[at])
    takes = bound.bound_db[at] - bound.product_line_db[at]
    if spare[at] < -SLACK_TOLERANCE_DB and takes > 0:
        short = f"{-spare[at]:z.1f} dB below the curve" if np.isfinite(spare[at]) else "no gain"
        return (
            f" of drivers as modelled; drivers that differ by {spread} reach {short} at {where}; remedy: lower the curve there, or set"
            " driver_spread = true"
        )
    words = f", with {f'at least {spare[at]:z.1f} dB' if spare[at] >= 0.05 else 'nothing'} to spare at {where}"
    return f"{words}, over drivers that differ by {spread}" if takes > MIN_CAP_DB else words


def _row(head: str, cells: list[str]) -> str:
    return f"  {head:14}" + "".join(f"{cell:>9}" for cell in cells)


def _gain(gain: float) -> str:
    if round(gain, 1) >= MAX_DB:
        return f"≥ {MAX_DB:.0f}"
    return f"{gain:.1f}" if np.isfinite(gain) else "none"


def _hertz(frequency_hz: float) -> str:
    return f"{frequency_hz:.0f} Hz" if frequency_hz < 1000 else f"{frequency_hz / 1000:.3g} kHz"
