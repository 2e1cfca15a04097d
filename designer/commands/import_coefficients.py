"""Coefficients that a device has, read back onto a problem: the same tables, figures and page as a design's, and nothing designed.

The weights of a design that was given as taps are the taps' own response, freed of the bulk delay: W = e^{jωd/f} Σ h[n] e^{-jωn/f}.
Requirements that the filters miss stand in the verdict, and as slack in the tables; there is no formulation, so that no
certificate and no exit code 4 come of it: filters that miss what is asked end with 7.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import fine_frequencies_hz, scene
from designer.arrays import Complex, Real
from designer.evaluation.channel import Verdict
from designer.evaluation.words import requirement_phrase
from designer.export.coefficients import Coefficients
from designer.export.targets import read_coefficients
from designer.formulations import Certificate
from designer.job import Design
from designer.problem.schema import MAX_TAPS, DesignTable, Problem
from designer.realization import response
from designer.realization.cascade import Cascade
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.plain import plain_in
from designer.requirements.slacks import excesses_db, slacks_db
from designer.result import Channel
from designer.stereo.matched import VIRTUAL

__all__ = ["import_coefficients", "read_coefficients"]
METHOD = "imported"


def import_coefficients(path: Path, problem: Problem) -> Design:
    """A file's filters, judged on a problem. Raises DataError: the file cannot be used, or does not fit the problem."""
    coefficients = read_coefficients(path, problem)
    judged = [table for table in problem.designs if table.name in coefficients.taps]
    chain = [name for name in VIRTUAL.values() if name in coefficients.taps]
    missing = [table.name for table in problem.designs if table not in judged]
    if not judged:
        raise coefficients.refusal(
            f"the stereo chain's {', '.join(chain)} alone",
            "a channel with a requirement beside them",
            "import a file with the designs of the problem, or with a centre",
        )
    taps, sections = _delayed(coefficients)
    bulk, notes = _bulk_delay(coefficients, taps, problem)
    if missing:
        notes += (f"the file holds {', '.join(chain)}, not {', '.join(missing)}: these are not judged",)
    fine = scene(problem).at(fine_frequencies_hz(problem))
    rate, f = problem.sample_rate_hz, fine.frequency_hz
    turn = np.exp(2j * np.pi * f * bulk / rate)[:, None]
    weights = {name: response(filters, f, rate) * turn for name, filters in taps.items()}
    channels = {table.name: _channel(table, weights[table.name], fine) for table in judged}
    return Design(
        problem,
        f[::2],
        fine.drivers,
        {name: weights[name][::2] for name in channels},
        taps,
        bulk,
        channels,
        realisation_warnings=(*coefficients.notes, *notes),
        sections=sections,
        imported_from=str(path),
        scene=fine,
    )


def _delayed(coefficients: Coefficients) -> tuple[dict[str, Real], dict[str, dict[str, Cascade]]]:
    """Channel -> taps (L, T) of one length behind the channels' delays, and the cascades behind these."""
    waits = {name: coefficients.delays.get(name, 0) for name in coefficients.channels}
    length = max(
        signal.size + waits[channel] for channel, filters in coefficients.taps.items() for signal in filters.values()
    )
    if length > MAX_TAPS:
        raise coefficients.refusal(f"{length:,} taps with their delays", f"at most {MAX_TAPS:,}", "shorten the delays")
    taps: dict[str, Real] = {}
    sections: dict[str, dict[str, Cascade]] = {}
    for name in (name for name in coefficients.channels if name in coefficients.taps):
        taps[name] = np.zeros((len(coefficients.drivers), length))
        for driver, signal in coefficients.taps[name].items():
            taps[name][coefficients.drivers.index(driver), waits[name] : waits[name] + signal.size] = signal
        for driver, cascade in coefficients.sections.get(name, {}).items():
            late = replace(cascade, delay_samples=cascade.delay_samples + waits[name])
            sections.setdefault(name, {})[driver] = late
            # As long as the longest: what rings on behind a shorter wait is not cut.
            taps[name][coefficients.drivers.index(driver)] = late.impulse_response(length)
    return taps, sections


def _bulk_delay(coefficients: Coefficients, taps: dict[str, Real], problem: Problem) -> tuple[int, tuple[str, ...]]:
    """As the file says, as the problem says, or where the loudest tap is."""
    if coefficients.bulk_delay_samples is not None:
        return coefficients.bulk_delay_samples, ()
    if isinstance(problem.realization.bulk_delay_samples, int):
        return problem.realization.bulk_delay_samples, ()
    loudest = np.max([np.abs(filters).max(axis=0) for filters in taps.values()], axis=0)
    peak = int(np.argmax(loudest))
    return peak, (
        f"the file states no bulk delay: {peak} samples are taken, where its loudest tap is; if it is another, set"
        " realization.bulk_delay_samples (--set realization.bulk_delay_samples=N)",
    )


def _channel(table: DesignTable, weights: Complex, fine: Scene) -> Channel:
    index = driver_index(table, fine.drivers)
    names = tuple(fine.drivers[l] for l in index)
    plain = plain_in(table, fine)
    target = channel_target(table, fine, plain)
    inside, w = target.at(target.in_band), weights[:, index][target.in_band]
    f = inside.frequency_hz
    slacks, excesses = slacks_db(inside, w), excesses_db(inside, w, names)
    none = np.full(f.size, np.nan)
    return Channel(
        table=table,
        method=METHOD,
        plain=plain,
        plain_names=tuple(names[l] for l in plain.drivers),
        frequency_hz=f,
        slacks_db={**slacks, **excesses},
        certificate=Certificate(none, none, none, none, np.zeros(f.size, dtype=bool)),
        feasible=True,
        verdict=Verdict(requirement_phrase(table, fine.problem.head_places), ()),
        weights_costs_db={},
    )
