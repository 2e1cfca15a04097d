"""From a design to the filters that a firmware runs, and what their rounding costs at the design's points; and ahead of a design.

Rate, taps, sections, channels and drivers are known from the problem. A stand-in with these, a quiet impulse for each
filter, is written in memory for each target, so that a limit is found before an hour of designing, and stands in one place: the
target's own file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np

from designer import measures
from designer.arrays import Complex, Real
from designer.export.filter_set import FilterSet, filters_of
from designer.export.targets import OPTIONS
from designer.export.write import write_target
from designer.problem.schema import Problem, Realization
from designer.realization import response
from designer.realization.cascade import Cascade
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.target import ChannelTarget
from designer.result import Result
from designer.stereo.chain import CENTRE, chain_of, has_chain
from designer.stereo.matched import VIRTUAL
from designer.versions import versions

MAX_VALUES = 200_000
"""A stand-in of more taps than this is not written twice; its limits are then found after the design."""


MAX_LATE_S, STEPS_A_PERIOD = 5e-3, 8
"""Largest change of time that is looked for, and delays that are tried a period of the highest frequency."""


def filter_set(result: Result) -> FilterSet:
    """The realised filters of a design, in the order of its channels and drivers; with [virtualizer] those of the stereo chain.

    A channel's taps are handed on as the word's integers, with the shift that its drivers share or each driver's own
    (word_scale = "driver").
    """
    problem = result.problem
    # The problem's form and word are of filters that it designs.
    designed, one_scale = not result.imported_from, not any(map(any, result.finer_bits.values()))
    chain = chain_of(result) if problem.virtualizer is not None and has_chain(result) else None
    taps = result.taps if chain is None else chain.taps
    return FilterSet(
        **origin(problem),
        sample_rate_hz=problem.sample_rate_hz,
        channels=tuple(taps),
        drivers=result.drivers,
        filters=filters_of(taps, result.drivers, result.sections),
        form=problem.realization.form if designed else "biquad" if result.sections else "fir",
        bulk_delay_samples=result.bulk_delay_samples,
        word=problem.realization.fixed_point if designed else None,
        shifts={name: shift for name, shift in result.shifts.items() if name in taps} if one_scale else {},
        own_shifts={} if one_scale else _own_shifts(result, taps),
        delays={} if chain is None else chain.delay_samples,
        judge=partial(at_the_points, result),
        imported_from=result.imported_from,
        fed_by_upmix=chain is not None and chain.upmix,
        options=problem_options(problem),
    )


def _own_shifts(result: Result, channels: Iterable[str]) -> dict[tuple[str, str], int]:
    """Scale of each filter whose channel's taps are integers."""
    same = [0] * len(result.drivers)
    return {
        (name, driver): result.shifts[name] - bits
        for name in channels
        if name in result.shifts
        for driver, bits in zip(result.drivers, result.finer_bits.get(name, same), strict=True)
    }


def origin(problem: Problem) -> dict[str, Any]:
    """Fields of a set of filters that say which problem they are of."""
    return {
        "title": problem.title,
        "problem_file": PurePath(problem.source).name,
        "problem_sha256": hashlib.sha256(problem.text.encode()).hexdigest(),
        "problem_changes": problem.changes,
        "versions": versions(),
    }


def problem_options(problem: Problem) -> dict[str, str]:
    """Flag -> what `[export]` says."""
    values = {option.flag: getattr(problem.export, option.key) for option in OPTIONS}
    return {flag: value for flag, value in values.items() if value}


def check_targets(problem: Problem) -> None:
    """Refuse the targets of a problem that cannot hold its filters, as far as the problem tells.

    Raises UsageError: naming the target, what was found, and the limit.
    """
    if not problem.export.targets or problem.realization.form == "auto":  # whose candidates are looked at one by one
        return
    for name in problem.export.targets:
        check_target(problem, name, problem_options(problem))


def check_target(problem: Problem, name: str, options: dict[str, str]) -> None:
    """Refuse a target that cannot hold a problem's filters, with these options; errors as `check_targets`."""
    filters = replace(stand_in(problem, problem.realization), options=options)
    if sum(filter_.taps.size for filter_ in filters.filters) <= MAX_VALUES:
        write_target(filters, name)


def stand_in(problem: Problem, table: Realization) -> FilterSet:
    """Filters of the size that a problem's will have in a form, each a quiet impulse; a ratio's reference is a pure delay."""
    impulse = np.zeros((len(problem.driver_names), table.taps))
    impulse[:, 0] = 0.25
    channels: dict[str, Real] = {}
    sections: dict[str, dict[str, Cascade]] = {}
    b, a = np.tile([0.25, 0.0, 0.0], (table.sections, 1)), np.zeros((table.sections, 2))
    for design in problem.designs:
        if problem.virtualizer is not None and design.name not in (*VIRTUAL, CENTRE):
            continue  # the stereo chain does not play it
        names = problem.driver_names if design.drivers is None else design.drivers
        is_driven = np.isin(problem.driver_names, names)
        name = design.name if problem.virtualizer is None else VIRTUAL.get(design.name, design.name)
        channels[name] = impulse * is_driven[:, None]
        if table.form == "rtf" and not table.equaliser_taps:
            channels[name][np.argmax(is_driven), 0] = 1.0
        if table.form == "biquad":
            sections[name] = {driver: Cascade(b, a) for driver in names}
    own_shifts = (
        {(channel, driver): 0 for channel in channels for driver in problem.driver_names}
        if table.word and table.word_scale == "driver"
        else {}
    )
    return FilterSet(
        title=problem.title,
        sample_rate_hz=problem.sample_rate_hz,
        channels=tuple(channels),
        drivers=problem.driver_names,
        filters=filters_of(channels, problem.driver_names, sections),
        form=table.form,
        bulk_delay_samples=0,
        word=table.fixed_point,
        own_shifts=own_shifts,
        fed_by_upmix=will_upmix(problem),
        options=problem_options(problem),
        shifts=dict.fromkeys(channels, 0) if table.word and not own_shifts and table.form != "biquad" else {},
    )


def will_upmix(problem: Problem) -> bool:
    """Whether an upmix will feed the filters of a problem's chain."""
    has_centre = any(design.name == CENTRE for design in problem.designs)
    return problem.virtualizer is not None and problem.virtualizer.upmix and has_centre


def at_the_points(result: Result, taps: dict[str, Real]) -> dict[str, dict[str, float]]:
    """For each channel what changed in its band.

    The mean cancellation gain and the most that is lost of it at any frequency, in dB; the largest change of the mean
    level at the bright points, in dB; the change of time there: the slope of the phase of Σ conj(p) p', p as designed and
    p' as played, over frequency, as `lateness_s` fits it, in microseconds. A channel of the stereo
    chain is judged at the bright ear of the design that it follows, and not by a gain: it cancels no ear.

    Parameters
    ----------
    result : Result, the design, with the filters as realised
    taps : dict, channel -> (L, T) what is played

    """
    designs = {
        **result.channels,
        **{VIRTUAL[name]: design for name, design in result.channels.items() if name in VIRTUAL},
    }
    scene, rate = result.fine_scene, result.problem.sample_rate_hz
    gains = {}
    for name, played in taps.items():
        if name not in designs or name not in result.taps:
            continue
        channel = designs[name]
        target = channel_target(channel.table, scene, channel.plain)
        inside = target.at(target.in_band)
        columns = driver_index(channel.table, scene.drivers)
        before, after = (
            response(filters, inside.frequency_hz, rate)[:, columns] for filters in (result.taps[name], played)
        )
        gains[name] = {
            **(_gains(inside, before, after) if name in result.channels else {}),
            **_bright(inside, before, after),
        }
    return gains


def _gains(target: ChannelTarget, before: Complex, after: Complex) -> dict[str, float]:
    designed, exported = (
        measures.db(measures.cancellation_gain(target.bright, target.own_dark, w)) for w in (before, after)
    )
    return {
        "designed_mean_db": round(float(np.mean(designed)), 3),
        "exported_mean_db": round(float(np.mean(exported)), 3),
        "largest_loss_db": round(max(0.0, float(np.max(designed - exported))), 4),
    }


def _bright(target: ChannelTarget, before: Complex, after: Complex) -> dict[str, float]:
    f = target.frequency_hz
    level = measures.db(measures.mean_power(target.bright, after)) - measures.db(
        measures.mean_power(target.bright, before)
    )
    cross = np.sum(np.conj(measures.pressure(target.bright, before)) * measures.pressure(target.bright, after), axis=1)
    return {
        "level_change_db": round(float(np.abs(level).max(initial=0.0)), 4),
        "time_change_us": round(abs(lateness_s(cross, f)) * 1e6, 3),
    }


def lateness_s(cross: Complex, frequency_hz: Real) -> float:
    """Delay whose phase fits a cross spectrum (F,), weighted by its magnitude.

    Phase turns over beyond half a period, so that the delay for which Re Σ cross e^{jωτ} is largest, of those within MAX_LATE_S and within
    half a turn between neighbouring frequencies, is taken out before the slope of what is left is fitted through 0.
    """
    f, weight = frequency_hz, np.abs(cross)
    step_hz = float(np.median(np.diff(f))) if f.size > 1 else np.inf
    most_s = min(MAX_LATE_S, 0.5 / max(step_hz, 1e-9)) if np.isfinite(step_hz) else 0.0
    count = int(np.ceil(most_s * STEPS_A_PERIOD * float(f.max(initial=0.0))))
    tries_s = np.linspace(0.0, most_s, count + 1)
    tries_s = np.concatenate([tries_s, -tries_s[1:]])  # of equals the first, and 0 before all
    sums = [float(np.sum((cross * np.exp(2j * np.pi * f * late_s)).real)) for late_s in tries_s]
    coarse_s = float(tries_s[int(np.argmax(sums))])
    left_rad = np.angle(cross * np.exp(2j * np.pi * f * coarse_s))
    return coarse_s - float(np.sum(weight * f * left_rad) / max(np.sum(weight * f**2), 1e-300)) / (2 * np.pi)
