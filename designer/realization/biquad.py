"""The biquad form: each driver's filter as a cascade of second-order sections behind a delay of whole samples.

A filter's arrival is the peak of its impulse response without the bulk delay. The cascade gets `lead` samples less of
delay than that: what its zeros can build before the arrival, at most 2S samples, and they pay for it with what they
could do otherwise. So leads are tried, the same for every driver. From the one with the smallest error at the points on they are refined
further, and then held to the requirements, to the limits, to the level within a decibel and to the weights' headroom (see
`held_sections.py`), until two of them hold all. Of these the one is taken whose gains over the ear cloud (over a beam's azimuths) have the
higher 5th percentile: they fill the same headroom, and what they leave at the places beside the mean differs by a decibel and more.
The bulk delay is the smallest that leaves no driver a delay below 0. A fraction of a sample is left to the sections: an
all-pass section is one of them, and the fit takes it where it helps.

The fit's frequencies f = f0 sinh(x) with x in equal steps are logarithmic above the lower end f0 of the band and linear below;
0 Hz and the band's first and last solved frequencies join them.

A channel that is another one's mirror image, as the right of a pair mostly is of the left, takes its sections over: the search has
many ends, and two searches would give two loudspeakers that measure differently, in twice the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.designs.channel import ChannelDesign
from designer.errors import Fault, ProblemError
from designer.measures import db
from designer.problem.schema import Realization
from designer.realization.cascade import Cascade, scaled, settled_length
from designer.realization.dense_targets import audible, slacks_between, weights_between
from designer.realization.held_requirements import HELD_DB, Held, bands_of, requirements_of
from designer.realization.held_sections import headroom_of, hold_sections, largest_excess_db, tone_of
from designer.realization.realized import Realized, SectionsFit
from designer.realization.section_fit import SectionProblem, refine
from designer.realization.section_rounding import Lattice, round_sections
from designer.realization.vector_fitting import vector_fit
from designer.realization.words import LowEnds
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.target import ChannelTarget

FREQUENCIES = 400
LOWEST_HZ = 10.0
LEADS = (0.5, 1.0, 1.25, 1.5, 1.75, 1.9)
"""Samples before the arrival that are tried, over the number of sections."""
FIRST_STEPS = 20
REFINED_LEADS = 3
"""Leads that are refined on where nothing is held."""
CANDIDATES = 2
"""Leads that hold everything, after which no more are tried."""
ALIKE = 1e-6
"""Two channels' weights that differ by less, relative to the largest, are one's mirror image of the other."""


def fit_sections(
    problem: SectionProblem,
    arrival: Index,
    sections: int,
    requirements: Sequence[Held] = (),
    low_end_db: Callable[[Complex], float] | None = None,
) -> list[Cascade]:
    """One cascade of S sections a driver, held to the requirements; delays and arrivals (L,) count from time 0.

    Parameters
    ----------
    low_end_db : callable or None, the lowest gains in dB of weights (K, L), which choose among sections that hold all; None for the first
        that do

    """
    delays = {round(lead * sections) for lead in LEADS}
    begun = [refine(_each_alone(problem, arrival - d, sections), problem, steps=FIRST_STEPS) for d in sorted(delays)]
    begun.sort(key=problem.cost)
    if not requirements:
        return min((refine(f, problem) for f in begun[:REFINED_LEADS]), key=problem.cost)
    candidates: list[tuple[float, float, list[Cascade]]] = []  # excess, the low end reversed
    for filters in begun:
        held = hold_sections(refine(filters, problem), problem, requirements)
        excess_db = max(largest_excess_db(held, problem, requirements), HELD_DB)
        low_db = 0.0 if low_end_db is None else low_end_db(problem.errors(held) + problem.weights)
        candidates.append((excess_db, -low_db, held))
        if sum(excess_db <= HELD_DB for excess_db, *_ in candidates) == (1 if low_end_db is None else CANDIDATES):
            break
    return min(candidates, key=lambda candidate: candidate[:2])[2]


def _held(channel: ChannelDesign, target: ChannelTarget, weights: Complex, drivers: Sequence[str]) -> tuple[Held, ...]:
    """Requirements and limits where the design was solved; the drivers' bands, headroom and the tone everywhere."""
    solved_hz = channel.frequency_hz[channel.in_band]
    f = target.frequency_hz
    solved = (f >= solved_hz[0] * (1 - 1e-9)) & (f <= solved_hz[-1] * (1 + 1e-9))
    all_requirements = requirements_of(target, weights, slacks_between(channel, f), drivers=drivers)
    held = [requirement.within(solved) for requirement in all_requirements]
    return (*held, *bands_of(target, drivers), *tone_of(target, weights), *headroom_of(weights))


def _low_end_of(target: ChannelTarget) -> Callable[[Complex], float]:
    """5th percentile in dB of the gains of weights (K, L) in the band, over each displacement or azimuth."""
    inside = target.at(target.in_band)
    return lambda w: float(np.percentile(db(inside.point_ratios(w[target.in_band])), 5))


def _each_alone(problem: SectionProblem, delays: Index, sections: int) -> list[Cascade]:
    filters = []
    for l, delay in enumerate(delays):
        weight = np.sqrt(problem.symbol[:, l, l].real)
        ahead = problem.weights[:, l] * problem.turn ** (-delay)
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


def mirror_image(
    problem: SectionProblem, arrival: Index, requirements: Sequence[Held], fits: Sequence[SectionsFit]
) -> tuple[int, Index] | None:
    """Whose mirror image a channel is, and which of its drivers each driver (L,) mirrors; None where it is nobody's.

    Weights and weighting are the same in the mirrored order, and the other's sections hold these requirements as well as their own.
    """
    for channel, model in enumerate(fits):
        if model.problem.weights.shape != problem.weights.shape:
            continue
        away = np.abs(problem.weights[:, :, None] - model.problem.weights[:, None, :]).max(axis=0)
        drivers = away.argmin(axis=1)
        turned = model.problem.symbol[:, drivers][:, :, drivers]
        alike = (
            np.unique(drivers).size == drivers.size
            and (arrival == model.arrival[drivers]).all()
            and away.min(axis=1).max() <= ALIKE * np.abs(problem.weights).max()
            and np.abs(turned - problem.symbol).max() <= ALIKE * np.abs(problem.symbol).max()
        )
        if alike:
            excess_db = largest_excess_db([model.filters[l] for l in drivers], problem, requirements)
            if excess_db <= max(HELD_DB, largest_excess_db(model.filters, model.problem, model.requirements) + HELD_DB):
                return channel, drivers
    return None


@dataclass(frozen=True)
class SectionTarget:
    """Weights and requirements that one channel's sections are fitted to.

    Attributes
    ----------
    drivers : (L,) int array, which of the problem's drivers the channel uses
    problem : SectionProblem
    even : (N, L) complex array, the weights in equal steps from 0 to Nyquist
    requirements : tuple of Held
    target : ChannelTarget, on the fit's frequencies

    """

    drivers: Index
    problem: SectionProblem
    even: Complex
    requirements: tuple[Held, ...]
    target: ChannelTarget


def section_targets(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Iterator[SectionTarget]:
    """Weights and requirements that the sections of each channel are fitted to."""
    rate = scene.problem.sample_rate_hz
    ends_hz = [channel.frequency_hz[channel.in_band][[0, -1]] for channel in channels]
    frequency_hz = fit_frequencies_hz(min(channel.design.band_hz[0] for channel in channels), rate)
    frequency_hz = np.unique(np.concatenate([[0.0], frequency_hz, *ends_hz]))
    even_hz = np.linspace(0.0, rate / 2, max(channel.frequency_hz.size for channel in channels))
    dense, turn = scene.at(frequency_hz), np.exp(-2j * np.pi / rate * frequency_hz)
    for channel in channels:
        drivers = driver_index(channel.design, scene.drivers)
        weights, even = (weights_between(channel, drivers, f) for f in (frequency_hz, even_hz))
        target = channel_target(channel.design, dense, channel.plain)
        problem = SectionProblem(weights, audible(target, weights), turn, table.max_pole_radius)
        requirements = _held(channel, target, weights, [scene.drivers[l] for l in drivers])
        yield SectionTarget(drivers, problem, even, requirements, target)


def realize_biquad(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """Sections of each channel, made as the problem file's [realization] says.

    Raises
    ------
    ProblemError : the bulk delay that the problem asks for is shorter than what the sections need

    """
    fits: list[SectionsFit] = []
    images: list[tuple[int, Index] | None] = []
    for goal in section_targets(channels, scene, table):
        drivers, problem, requirements, arrival = goal.drivers, goal.problem, goal.requirements, arrivals(goal.even)
        image = mirror_image(problem, arrival, requirements, fits)
        low_end_db = _low_end_of(goal.target)
        filters = (
            fit_sections(problem, arrival, table.sections, requirements, low_end_db)
            if image is None
            else [fits[image[0]].filters[l] for l in image[1]]
        )
        images.append(image)
        fits.append(SectionsFit(drivers, problem, arrival, tuple(filters), requirements, low_end_db))
    needed = max(0, *(-f.delay_samples for fit in fits for f in fit.filters))
    delay = table.bulk_delay_samples if isinstance(table.bulk_delay_samples, int) else needed
    if delay < needed:
        got = f"got {delay}, and {table.sections} sections take {needed} samples before their arrival"
        remedy = "a larger delay, or fewer sections"
        fault = Fault("realization.bulk_delay_samples", got, f"at least {needed}", remedy, "bulk-delay")
        raise ProblemError(scene.problem.source, [fault])
    sections = tuple(delayed_sections([scaled(f) for f in fit.filters], delay) for fit in fits)
    taps = impulse_responses(sections, fits, len(scene.drivers))
    exact = Realized(taps, delay, fits=tuple(fits), sections=sections)
    if (word := table.fixed_point) is None:
        return exact
    rounded: list[tuple[list[Cascade], float]] = []
    for channel, fit, image in zip(channels, fits, images, strict=True):
        if image is None:
            judged, lattice = LowEnds.of(channel, scene), Lattice.of(word, table.max_pole_radius)
            rounded.append(round_sections(fit.filters, fit.followed, lattice, judged))
        else:
            sections_of_image, missing_db = rounded[image[0]]
            rounded.append(([sections_of_image[l] for l in image[1]], missing_db))
    warnings = tuple(
        f"{channel.design.name}: of the lowest gains plain rounding of the sections would keep {missing_db:z.1f} dB more, and"
        " cost the tone instead; a longer [realization] word brings both near to the unrounded sections"
        for channel, (_, missing_db) in zip(channels, rounded, strict=True)
        if missing_db
    )
    sections = tuple(delayed_sections(filters, delay) for filters, _ in rounded)
    rounded_taps = impulse_responses(sections, fits, len(scene.drivers))
    return replace(exact, taps=rounded_taps, unrounded=tuple(taps), sections=sections, warnings=warnings)


def delayed_sections(filters: Sequence[Cascade], delay: int) -> tuple[Cascade, ...]:
    """Cascades with so many samples of delay more."""
    return tuple(replace(f, delay_samples=f.delay_samples + delay) for f in filters)


def impulse_responses(channels: Sequence[Sequence[Cascade]], fits: Sequence[SectionsFit], drivers: int) -> list[Real]:
    """Each channel's impulse responses (drivers, T), T so long that the poles have died away to TAIL."""
    cascades = [f for filters in channels for f in filters]
    length = settled_length(max(f.pole_radius for f in cascades)) + max(f.delay_samples for f in cascades)
    out: list[Real] = []
    for filters, fit in zip(channels, fits, strict=True):
        taps = np.zeros((drivers, length))
        taps[fit.drivers] = [f.impulse_response(length) for f in filters]
        out.append(taps)
    return out
