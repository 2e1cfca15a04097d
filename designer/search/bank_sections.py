"""Sections of a bank: poles and delays that hold for the whole range, then each place's numerators.

Fitted each by itself, cascades of places next to each other end in different minima: four sections a driver of a pair whose listener moves
1 cm lost 7.5 dB half way between, where either alone loses nothing. So what makes a fit ambiguous is settled once for all places, and
what is left is linear (`designer.realization.parallel_sections`):

- **Delays.** Of REFERENCES places along each key the weights' impulse responses are aligned as sets of taps are
  (`designer.bank.alignment`). A driver's delay τ(x) lies on straight lines between these places: between sets at any two places delays
  are nearly those of the place between, and what they are not, numerators make up for.
- **Lead.** Behind τ(x) a filter's arrival is the same everywhere; sections begin `lead` samples ahead of it, by numbers of LEADS a section.
- **Poles** of a driver are those that serve POLE_PLACES places along each key together. The leads of the least sums are tried until
  poles hold the requirements there; where none do, those that hold them best are taken.
- **Numerators** of a place are the fit with these poles, held to the requirements of the place.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.bank.alignment import delays
from designer.bank.delay_filter import DELAY_TAPS, delayed_taps
from designer.bank.section_bank import impulse_responses
from designer.designs.channel import ChannelDesign
from designer.errors import Fault, ProblemError
from designer.problem.schema import Realization
from designer.realization.biquad import SectionTarget, section_targets
from designer.realization.cascade import pole_radii, settled_length
from designer.realization.held_requirements import HELD_DB
from designer.realization.parallel_sections import PlaceFit, excesses_db, fitted_numerators, fitted_poles, least_sum
from designer.realization.vector_fitting import common_poles

REFERENCES = {1: 41, 2: 9}
"""Places along each of one key or two at which delays are found."""
POLE_PLACES = {1: 5, 2: 3}
LEADS = (0.25, 0.5, 1.0, 1.5, 1.9)
TRIED = 2
"""Leads whose poles are refined, at most."""

Solved = Callable[[Sequence[float]], tuple[Scene, list[ChannelDesign]]]
"""The channels designed at values of the keys, and their scene."""


@dataclass(frozen=True)
class ChannelPoles:
    """Poles and delays that all places' sections of one channel share.

    Attributes
    ----------
    drivers : (L,) int array, which of the problem's drivers the channel uses
    arrival : (L,) int array, samples at which their aligned filters arrive
    lead : int, samples that the sections begin ahead of it
    denominators : (L, S, 2) float array
    stages : int, of the penalty of a place's fit (`fitted_numerators`)

    """

    drivers: Index
    arrival: Index
    lead: int
    denominators: Real
    stages: int


@dataclass(frozen=True)
class PlaceSections:
    """One channel's sections at a place.

    Attributes
    ----------
    numerators : (drivers, 1 + 2S) float array, of all the problem's drivers
    delay_samples : (drivers,) float array, >= 0
    excess_db : float, largest excess over a requirement of the place
    requirement : str, which; empty without one

    """

    numerators: Real
    delay_samples: Real
    excess_db: float
    requirement: str


class SharedSections:
    """Poles and delays of all channels over the keys' ranges, and the sections at a place."""

    def __init__(
        self, ranges: Sequence[tuple[float, float]], solved: Solved, table: Realization, source: str, drivers: int
    ) -> None:
        self._table, self._drivers = table, drivers
        keys = len(ranges)
        self._axes = [np.linspace(low, high, REFERENCES[keys]) for low, high in ranges]
        places = list(itertools.product(*self._axes))
        evens: dict[str, list[Complex]] = {}
        for values in places:
            for name, target in self._targets(*solved(values)).items():
                evens.setdefault(name, []).append(target.even)
        shape = tuple(axis.size for axis in self._axes)
        self._late: dict[str, Real] = {}
        arrival: dict[str, Index] = {}
        for name, weights in evens.items():
            impulses = np.array([_impulses(w) for w in weights])
            late = delays(impulses.reshape(*shape, *impulses.shape[1:]), keys)
            self._late[name], arrival[name] = late, _arrival(impulses, late.reshape(len(places), -1))
        chosen = itertools.product(
            *(axis[np.linspace(0, axis.size - 1, POLE_PLACES[keys]).astype(int)] for axis in self._axes)
        )
        at_poles = [(values, self._targets(*solved(values))) for values in chosen]
        self.channels = {name: self._poles(name, at, at_poles) for name, at in arrival.items()}
        least = min(
            float((self._late[name].min(axis=tuple(range(keys))) + at.arrival - at.lead).min())
            for name, at in self.channels.items()
        )
        needed = max(0, math.ceil(-least))
        self.bulk_delay_samples = stated if isinstance(stated := table.bulk_delay_samples, int) else needed
        if self.bulk_delay_samples < needed:
            got = f"got {stated}, and {table.sections} sections need {needed} over the bank's range"
            raise ProblemError(
                source,
                [
                    Fault(
                        "realization.bulk_delay_samples",
                        got,
                        f"at least {needed}",
                        "take a larger delay, or fewer sections",
                        "bulk-delay",
                    )
                ],
            )

    @property
    def denominators(self) -> dict[str, Real]:
        """Channel -> a_1, a_2 (drivers, S, 2) of all the problem's drivers; 0 of those that it does not use."""
        out: dict[str, Real] = {}
        for name, channel in self.channels.items():
            out[name] = np.zeros((self._drivers, self._table.sections, 2))
            out[name][channel.drivers] = channel.denominators
        return out

    def at(self, values: Sequence[float], scene: Scene, channels: Sequence[ChannelDesign]) -> dict[str, PlaceSections]:
        """Sections of each channel that is designed at values of the keys."""
        out = {}
        for name, target in self._targets(scene, channels).items():
            shared = self.channels[name]
            place = self._place(name, values, target, shared.arrival - shared.lead)
            x = fitted_numerators(place, shared.denominators, shared.stages)
            numerators = np.zeros((self._drivers, x.shape[1]))
            delay = np.zeros(self._drivers)
            numerators[shared.drivers] = x
            delay[shared.drivers] = place.delay_samples + self.bulk_delay_samples
            excesses = excesses_db(x, shared.denominators, place)
            label = max(excesses, key=excesses.__getitem__, default="")
            out[name] = PlaceSections(numerators, np.maximum(delay, 0.0), excesses.get(label, 0.0), label)
        return out

    def filters(self, sections: Mapping[str, PlaceSections]) -> dict[str, Real]:
        """Channel -> impulse responses (drivers, T) as they play."""
        poles = self.denominators
        radius = max(float(pole_radii(a.reshape(-1, 2)).max(initial=0.0)) for a in poles.values())
        count = settled_length(radius)
        length = count + DELAY_TAPS + max(int(np.floor(place.delay_samples.max())) for place in sections.values())
        return {
            name: delayed_taps(impulse_responses(place.numerators, poles[name], count), place.delay_samples, length)
            for name, place in sections.items()
        }

    def _targets(self, scene: Scene, channels: Sequence[ChannelDesign]) -> dict[str, SectionTarget]:
        targets = section_targets(channels, scene, self._table)
        return {channel.design.name: target for channel, target in zip(channels, targets, strict=True)}

    def _place(self, name: str, values: Sequence[float], target: SectionTarget, start: Index) -> PlaceFit:
        from scipy.interpolate import interpn  # slow to import

        held = [np.clip(value, axis[0], axis[-1]) for value, axis in zip(values, self._axes, strict=True)]
        late = np.asarray(interpn(self._axes, self._late[name], np.array(held)[None]))[0]
        return PlaceFit(target.problem, late + start, target.requirements)

    def _poles(
        self, name: str, arrival: Index, places: Sequence[tuple[Sequence[float], Mapping[str, SectionTarget]]]
    ) -> ChannelPoles:
        sections, radius = self._table.sections, self._table.max_pole_radius
        begun = []
        for lead in sorted({round(share * sections) for share in LEADS}):
            fits = [self._place(name, values, targets[name], arrival - lead) for values, targets in places]
            a = np.array([_common(fits, l, sections, radius) for l in range(arrival.size)])
            begun.append((sum(least_sum(fit, a) for fit in fits), lead, fits, a))
        begun.sort(key=lambda begin: begin[0])
        best, best_lead = None, 0
        for _, lead, fits, a in begun[:TRIED]:
            fitted = fitted_poles(a, fits)
            if best is None or fitted.excess_db < best.excess_db:
                best, best_lead = fitted, lead
            if best.excess_db <= HELD_DB:
                break
        assert best is not None
        return ChannelPoles(places[0][1][name].drivers, arrival, best_lead, best.denominators, best.stages)


def _common(fits: Sequence[PlaceFit], driver: int, sections: int, radius: float) -> Real:
    """Denominators (S, 2) that serve one driver's aligned weights at all places."""
    turn = fits[0].problem.turn
    responses = np.array([fit.problem.weights[:, driver] * turn ** -fit.delay_samples[driver] for fit in fits])
    weight = np.array([np.sqrt(fit.problem.symbol[:, driver, driver].real) for fit in fits])
    poles = common_poles(responses, weight, turn, sections, radius)
    return np.stack([-poles.sum(axis=1).real, poles.prod(axis=1).real], axis=1)


def _impulses(even: Complex) -> Real:
    """Impulse responses (L, N) of weights in equal steps from 0 to Nyquist, time 0 in their middle."""
    impulses = np.fft.irfft(even.T, axis=1)
    return np.roll(impulses, impulses.shape[1] // 2, axis=1)


def _arrival(impulses: Real, late: Real) -> Index:
    """Samples (L,) at which the mean of filters (P, L, N) arrives that are earlier by delays (P, L)."""
    size = impulses.shape[2]
    early = np.exp(2j * np.pi * np.fft.rfftfreq(size) * late[:, :, None])
    mean = np.fft.irfft((np.fft.rfft(impulses, axis=2) * early).mean(axis=0), size, axis=1)
    return np.asarray(np.abs(mean).argmax(axis=1) - size // 2)
