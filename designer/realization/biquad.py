"""The biquad form: each driver's filter as a cascade of second-order sections behind a delay of whole samples.

A filter's arrival is the peak of its impulse response without the bulk delay. The cascade gets `lead` samples less of
delay than that: what its zeros can build before the arrival, at most 2S samples, and they pay for it with what they
could do otherwise. So leads are tried, the same for every driver; those with the smallest errors at the points are refined on,
and then held to the wishes, to the limits and to a decibel of tone (see `held_sections.py`), until one of them holds all.
The bulk delay is the smallest that leaves no driver a delay below 0. A fraction of a sample is left to the sections: an
all-pass section is one of them, and the fit takes it where it helps.

The fit's frequencies f = f0 sinh(x) with x in equal steps are logarithmic above the lower end f0 of the band and linear below;
the band's first and last solved frequencies join them.

Each driver's first cascade is a vector fit. `tests/bench/test_first_sections.py` sets it beside scipy's AAA, Steiglitz and
McBride's iteration and a fit over fixed poles, on the library: refined, none of them is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.errors import Fault, ProblemError
from designer.problem.schema import Realization
from designer.realization.biquad_refinement import refine
from designer.realization.cascade import Cascade
from designer.realization.coefficient_lattice import Lattice
from designer.realization.dense_targets import between, slacks_between
from designer.realization.heard_error import audible
from designer.realization.held_limits import limits_of, tone_of
from designer.realization.held_sections import hold_sections, largest_excess_db
from designer.realization.held_wishes import HELD_DB, Held, wishes_of
from designer.realization.kept_sections import kept_sections
from designer.realization.kept_words import LowEnds
from designer.realization.mirrored_channel import Image, mirror_image
from designer.realization.realized import Realized, SectionsFit
from designer.realization.section_problem import SectionProblem
from designer.realization.section_scaling import scaled, settled_length
from designer.realization.vector_fitting import vector_fit
from designer.targets.channel_target import ChannelTarget, channel_target, driver_index

FREQUENCIES = 400
LOWEST_HZ = 10.0
LEADS = (0.5, 1.0, 1.25, 1.5, 1.75, 1.9)
"""Samples before the arrival that are tried, over the number of sections."""
FIRST_STEPS = 20
KEPT = 3
"""Leads that are refined on."""


def fit_sections(problem: SectionProblem, arrival: Index, sections: int, wishes: Sequence[Held] = ()) -> list[Cascade]:
    """One cascade a driver; its delay counts from time 0 and may be negative.

    Parameters
    ----------
    problem : what they are to follow
    arrival : (L,) samples, negative before time 0
    sections : S of each driver
    wishes : what they are held to

    """
    delays = {round(lead * sections) for lead in LEADS}
    begun = [refine(_each_alone(problem, arrival - d, sections), problem, steps=FIRST_STEPS) for d in sorted(delays)]
    refined = sorted((refine(f, problem) for f in sorted(begun, key=problem.cost)[:KEPT]), key=problem.cost)
    best, least = refined[0], np.inf
    for filters in refined if wishes else ():
        held = hold_sections(filters, problem, wishes)
        excess = largest_excess_db(held, problem, wishes)
        if excess < least:
            best, least = held, excess
        if least <= HELD_DB:
            break
    return best


def _held(channel: ChannelDesign, target: ChannelTarget, wanted: Complex, drivers: tuple[str, ...]) -> tuple[Held, ...]:
    """Wishes and limits where the design was solved, and the tone."""
    solved_hz = channel.frequency_hz[channel.in_band]
    f = target.frequency_hz
    solved = (f >= solved_hz[0] * (1 - 1e-9)) & (f <= solved_hz[-1] * (1 + 1e-9))
    slacks = slacks_between(channel, f)
    every = wishes_of(target, wanted, np.arange(len(drivers)), slacks) + limits_of(target, wanted, drivers, slacks)
    return (*(wish.within(solved) for wish in every), tone_of(target, wanted))


def _each_alone(problem: SectionProblem, delays: Index, sections: int) -> list[Cascade]:
    filters = []
    for l, delay in enumerate(delays):
        weight = np.sqrt(problem.symbol[:, l, l].real)
        ahead = problem.wanted[:, l] * problem.turn ** (-delay)
        alone = vector_fit(ahead, weight, problem.turn, sections, problem.radius)
        filters.append(replace(alone, delay_samples=int(delay)))
    return filters


def fit_frequencies_hz(corner_hz: float, sample_rate_hz: float) -> Real:
    """The fit's frequencies, logarithmic above the corner and linear below; a corner below LOWEST_HZ is there."""
    corner_hz = max(corner_hz, LOWEST_HZ)
    ends = np.arcsinh(np.array([LOWEST_HZ, sample_rate_hz / 2]) / corner_hz)
    return np.asarray(corner_hz * np.sinh(np.linspace(ends[0], ends[1], FREQUENCIES)))


def arrivals(weights: Complex) -> Index:
    """The sample of the largest magnitude of each impulse response (L,), from weights (F, L) in equal steps from 0 to Nyquist."""
    impulse = np.fft.irfft(weights.T, axis=1)
    peak = np.argmax(np.abs(impulse), axis=1)
    return np.asarray(np.where(peak > impulse.shape[1] // 2, peak - impulse.shape[1], peak))


def realize_biquad(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """Sections of each channel, made as the problem file's [realization] says.

    Raises
    ------
    ProblemError : the bulk delay that the problem asks for is shorter than what the sections need

    """
    rate = scene.problem.sample_rate_hz
    ends_hz = [channel.frequency_hz[channel.in_band][[0, -1]] for channel in channels]
    frequency_hz = fit_frequencies_hz(min(channel.design.band_hz[0] for channel in channels), rate)
    frequency_hz = np.unique(np.concatenate([frequency_hz, *ends_hz]))
    even_hz = np.linspace(0.0, rate / 2, max(channel.frequency_hz.size for channel in channels))
    dense = scene.at(frequency_hz)
    fits: list[SectionsFit] = []
    images: list[Image | None] = []
    for channel in channels:
        own = driver_index(channel.design, scene.drivers)
        wanted = between(channel.frequency_hz, channel.weights[:, own], frequency_hz)
        target = channel_target(channel.design, dense, channel.plain)
        turn = np.exp(-2j * np.pi / rate * frequency_hz)
        problem = SectionProblem(wanted, audible(target, wanted), turn, table.max_pole_radius)
        wishes = _held(channel, target, wanted, tuple(scene.drivers[l] for l in own))
        arrival = arrivals(between(channel.frequency_hz, channel.weights[:, own], even_hz))
        image = mirror_image(problem, arrival, wishes, fits)
        images.append(image)
        own_fit = fit_sections(problem, arrival, table.sections, wishes) if image is None else ()
        filters = tuple(own_fit) if image is None else image.of(fits[image.channel].filters)
        fits.append(SectionsFit(own, problem, arrival, filters, wishes))
    needed = max(0, *(-f.delay_samples for fit in fits for f in fit.filters))
    delay = table.bulk_delay_samples if isinstance(table.bulk_delay_samples, int) else needed
    if delay < needed:
        found = f"found {delay}, and {table.sections} sections take {needed} samples before their arrival"
        fault = Fault(
            "realization.bulk_delay_samples", found, f"at least {needed}", "a larger delay, or fewer sections"
        )
        raise ProblemError(scene.problem.source, [fault])
    count = len(scene.drivers)
    exact = [delayed_sections([scaled(f) for f in fit.filters], delay) for fit in fits]
    word = table.fixed_point
    if word is None:
        return Realized(impulse_responses(exact, fits, count), delay, fits=tuple(fits), sections=tuple(exact))
    lattice = Lattice.of(word, table.max_pole_radius)
    kept: list[tuple[Sequence[Cascade], float]] = []
    made, warnings = [], []
    for channel, fit, image in zip(channels, fits, images, strict=True):
        if image is None:
            kept.append(kept_sections(fit.filters, fit.followed, lattice, LowEnds.of(channel, scene)))
        else:
            kept.append((image.of(kept[image.channel][0]), kept[image.channel][1]))
        rounded, missing = kept[-1]
        made.append(delayed_sections(rounded, delay))
        if missing:
            warnings.append(
                f"{channel.design.name}: of the lowest gains plain rounding of the sections would keep {missing:.1f} dB more, and"
                " cost the tone instead; a longer [realization] word brings both near to the unrounded sections"
            )
    return Realized(
        impulse_responses(made, fits, count),
        delay,
        fits=tuple(fits),
        unrounded=tuple(impulse_responses(exact, fits, count)),
        sections=tuple(made),
        warnings=tuple(warnings),
    )


def delayed_sections(filters: Sequence[Cascade], delay: int) -> tuple[Cascade, ...]:
    """Cascades with so many samples of delay more."""
    return tuple(replace(f, delay_samples=f.delay_samples + delay) for f in filters)


def impulse_responses(channels: Sequence[Sequence[Cascade]], fits: Sequence[SectionsFit], drivers: int) -> list[Real]:
    """Each channel's impulse responses (drivers, T), T so long that the poles have died away to TAIL."""
    every = [f for filters in channels for f in filters]
    length = settled_length(max(f.pole_radius for f in every)) + max(f.delay_samples for f in every)
    out: list[Real] = []
    for filters, fit in zip(channels, fits, strict=True):
        taps = np.zeros((drivers, length))
        taps[fit.own] = [f.impulse_response(length) for f in filters]
        out.append(taps)
    return out
