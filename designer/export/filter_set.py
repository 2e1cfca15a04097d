"""Filters of a firmware: one filter a channel and driver, what they take, and how far below full scale their inputs must stay.

**Headroom.** A feed is Σ_c Σ_n h_cl[n] x_c[-n]. For inputs of at most 1 it is at most the sum over channels of the l1 norms, and
reaches it for x_c[-n] = sign h_cl[n]: no programme needs more room. A programme hardly ever is that signal. For tones of full
scale in all channels, whatever their phases, the feed is at most max_f Σ_c |H_cl(f)|: what a preamp is usually set by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.measures import amplitude_db
from designer.problem.messages import listed
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, settled_length
from designer.realization.cost import Memory
from designer.realization.words import is_pure_delay
from designer.stereo.upmix import Upmix

POINTS_A_TAP = 8
"""Frequencies up to the sample rate for each tap: between two of them |H| rises by less than 0.2 dB."""
UNHEARD_DB = -120.0
"""A remainder of a cut response below this needs no word."""
RESPONSE_LENGTHS = 8
"""How many lengths of the cut response are looked at for what the cut leaves out."""


@dataclass(frozen=True)
class Filter:
    """The filter from one channel to one driver: its realised taps (T,), whatever the form; its sections, in the biquad form.

    `delay_samples` is d where the filter is a pure delay of gain 1, z^-d.
    """

    channel: str
    driver: str
    taps: Real
    cascade: Cascade | None = None
    delay_samples: int | None = None

    @property
    def has_taps(self) -> bool:
        """Whether it is taps, and neither sections nor a pure delay."""
        return self.cascade is None and self.delay_samples is None

    @property
    def path(self) -> str:
        """Its channel and its driver in a message."""
        return f"{self.channel} to {self.driver}"

    @property
    def wait(self) -> int:
        """Samples of delay ahead of what multiplies."""
        return (self.delay_samples if self.cascade is None else self.cascade.delay_samples) or 0

    @property
    def whole_response(self) -> Real:
        """The impulse response: the taps, of sections as long as it lasts."""
        if self.cascade is None:
            return self.taps
        return self.cascade.impulse_response(self.cascade.delay_samples + settled_length(self.cascade.pole_radius))


@dataclass(frozen=True)
class Headroom:
    """Headroom in dB, at least 0: `any_input_db` for any input, `tones_db` for steady tones in all channels at once.

    `worst_output` is the largest feed for inputs of full scale, relative to full scale; above 1 it is `any_input_db` as a factor.
    """

    any_input_db: float
    tones_db: float
    worst_output: float

    @property
    def text(self) -> str:
        """In words."""
        return (
            f"no driver's feed exceeds full scale where inputs peak {self.any_input_db:z.2f} dB below it, or where they are steady"
            f" tones {self.tones_db:z.2f} dB below it"
        )

    @property
    def facts(self) -> dict[str, object]:
        """As a manifest holds it: no target applies a preamp by itself, because that would be another filter to whom reads it back."""
        return {
            "headroom_db": round(self.any_input_db, 3),
            "tones_headroom_db": round(self.tones_db, 3),
            "preamp_db": round(-self.tones_db, 3) + 0.0,  # no negative zero
            "preamp_applied": False,
            "worst_output": round(self.worst_output, 6),
        }


@dataclass(frozen=True)
class FilterSet:
    """All filters of a design, without the drivers that a channel leaves silent.

    Attributes
    ----------
    title : str, of the problem
    sample_rate_hz : float, of the filters
    channels, drivers : tuple of str, their order, which every export keeps; each channel feeds the sum of its drivers
    filters : tuple of Filter, in the order of channels, then drivers
    form : str, "fir", "rtf" or "biquad"
    bulk_delay_samples : int, the delay that all filters share
    word : Word or None, the coefficients' fixed-point word, if the problem names one
    shifts : dict, channel -> s where its taps are integers: a tap is q 2^(s - fraction_bits); empty otherwise
    own_shifts : (channel, driver) -> s of that filter, where each driver has a scale of its own; empty otherwise
    delays : dict, channel -> samples that it waits ahead of its filters; absent means 0
    problem_file, problem_sha256 : str, the problem's file name, and of its text
    problem_changes : dict, what was changed since that file was read: key -> value
    versions : dict, of this tool and what it computed with
    judge : callable or None, channel -> (L, T) responses as played, to what changed at the points, in words of the
        manifest; None without a scene
    imported_from : str, the file that the filters were read from, where they were not designed; empty otherwise
    made_by : str, the command that makes their folder, where it is not `designer design`
    made_into : str, that folder in the commands, where it is not out/NAME
    fed_by_upmix : bool, whether an upmix makes the channels from stereo, which no filter here does
    options : dict, flag -> what the problem or the user says of a target's option; absent where nothing is said
    suffix : str, of names in C, where the filters are exported beside those of other rates
    at_rates : tuple of FilterSet, the same filters at every rate that is exported with them, from the lowest; empty for their own alone

    """

    title: str
    sample_rate_hz: float
    channels: tuple[str, ...]
    drivers: tuple[str, ...]
    filters: tuple[Filter, ...]
    form: str
    bulk_delay_samples: int
    word: Word | None = None
    shifts: dict[str, int] = field(default_factory=dict)
    own_shifts: dict[tuple[str, str], int] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    problem_file: str = ""
    problem_sha256: str = ""
    problem_changes: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    judge: Callable[[dict[str, Real]], dict[str, dict[str, float]]] | None = None
    imported_from: str = ""
    made_by: str = ""
    made_into: str = ""
    fed_by_upmix: bool = False
    options: dict[str, str] = field(default_factory=dict)
    suffix: str = ""
    at_rates: tuple[FilterSet, ...] = ()

    @property
    def taps(self) -> int:
        """The number of taps of the longest filter."""
        return max(filter_.taps.size for filter_ in self.filters)

    @property
    def name(self) -> str:
        """The problem's file name without its ending: what a default output folder is named for."""
        return self.problem_file.removesuffix(".toml")

    @cached_property
    def headroom(self) -> Headroom:
        """How far below full scale the inputs must stay."""
        norms: dict[str, float] = {}
        spectra: dict[str, Real] = {}
        responses = [(filter_.driver, filter_.whole_response) for filter_ in self.filters]
        longest = max((taps.size for _, taps in responses), default=1)
        count = 1 << (POINTS_A_TAP * longest - 1).bit_length()
        for driver, taps in responses:
            norms[driver] = norms.get(driver, 0.0) + float(np.abs(taps).sum())
            spectra[driver] = spectra.get(driver, np.zeros(count // 2 + 1)) + np.abs(np.fft.rfft(taps, count))
        tones_db = room_db(float(spectrum.max()) for spectrum in spectra.values())
        return Headroom(room_db(norms.values()), tones_db, max(norms.values(), default=0.0))

    @property
    def latency_samples(self) -> int:
        """The bulk delay, and the longest wait of a channel ahead of its filters."""
        return self.bulk_delay_samples + max(self.delays.values(), default=0)

    @cached_property
    def upmix(self) -> Upmix | None:
        """The upmix that makes the channels from stereo; None where they are inputs."""
        return Upmix(self.sample_rate_hz) if self.fed_by_upmix else None

    @property
    def upmix_samples(self) -> int:
        """Latency of the upmix ahead of the filters; 0 without one."""
        return self.upmix.latency_samples if self.upmix else 0

    def designed_shift(self, word: Word | None, channel: str, driver: str = "") -> int | None:
        """The shift of a filter's integers, or of a channel's, where they are those of a word; None where they are not."""
        if word is None or self.word != word:
            return None
        return self.own_shifts.get((channel, driver), self.shifts.get(channel))

    @property
    def mixed(self) -> str:
        """The first driver with another number of filters than one, in words; empty where each has one."""
        for driver in self.drivers:
            channels = [filter_.channel for filter_ in self.filters if filter_.driver == driver]
            if len(channels) != 1:
                return f"the channels {listed(channels)} to {driver}" if channels else f"no filter of {driver}"
        return ""

    def delay(self, filter_: Filter) -> int:
        """Samples ahead of what a filter multiplies, its channel's wait included."""
        return self.delays.get(filter_.channel, 0) + filter_.wait

    def delayed_taps(self, filter_: Filter) -> Real:
        """The taps of one filter behind its channel's delay (D + T,)."""
        return np.concatenate([np.zeros(self.delays.get(filter_.channel, 0)), filter_.taps])

    def memory(self, *, sections: bool = True, delays: bool = True) -> Memory:
        """Memory of all filters; without `sections` as impulse responses, without `delays` these are zeros among the taps."""
        waits = [Memory.of_delay(sum(self.delays.values()))] if delays else []
        return Memory.sum(
            [*(self._memory(filter_, sections=sections, delays=delays) for filter_ in self.filters), *waits]
        )

    def _memory(self, filter_: Filter, *, sections: bool, delays: bool) -> Memory:
        if sections and filter_.cascade is not None:
            return Memory.of_sections(len(filter_.cascade.b), filter_.cascade.delay_samples)
        if delays and filter_.delay_samples is not None:
            return Memory.of_delay(filter_.delay_samples)
        return Memory.of_taps(filter_.taps.size + (0 if delays else self.delays.get(filter_.channel, 0)))

    def cut_note(self) -> tuple[str, ...]:
        """Note where sections become taps: how far below the whole response the part is that the cut leaves out."""
        lost = [_lost_db(filter_.cascade, filter_.taps.size) for filter_ in self.filters if filter_.cascade is not None]
        if not lost:
            return ()
        note = f"sections as impulse responses of {self.taps} taps"
        if max(lost) < UNHEARD_DB:
            return (note,)
        return (f"{note}; what comes later is up to {max(lost):z.0f} dB of a whole response: more taps lower it",)


def filters_of(
    channels: Mapping[str, Real], drivers: tuple[str, ...], sections: dict[str, dict[str, Cascade]]
) -> tuple[Filter, ...]:
    """One `Filter` for each channel and driver that is not silent, of channel -> taps (L, T) and channel -> driver -> cascade."""
    filters = []
    for channel, taps in channels.items():
        pure = is_pure_delay(taps)
        for l, driver in enumerate(drivers):
            cascade = sections.get(channel, {}).get(driver)
            if cascade is None and not taps[l].any():
                continue
            delay = int(np.argmax(taps[l])) if pure[l] and cascade is None else None
            filters.append(Filter(channel, driver, taps[l], cascade, delay))
    return tuple(filters)


def _lost_db(cascade: Cascade, count: int) -> float:
    whole = cascade.impulse_response(RESPONSE_LENGTHS * count)
    return float(amplitude_db(np.atleast_1d(np.linalg.norm(whole[count:]) / np.linalg.norm(whole)))[0])


def room_db(gains: Iterable[float]) -> float:
    """Room in dB that gains need, at least 0."""
    return max(0.0, 20 * float(np.log10(max(max(gains, default=0.0), 1e-300))))
