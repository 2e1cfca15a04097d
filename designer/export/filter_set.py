"""What a firmware runs: one filter a channel and driver, with what must be known to run it and to find it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from designer.arrays import Real
from designer.export.headroom import Headroom, headroom_of
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, settled_length
from designer.realization.words import is_pure_delay


@dataclass(frozen=True)
class Filter:
    """The filter from one channel to one driver.

    Attributes
    ----------
    channel, driver : as the problem file names them
    taps : (T,) the realised taps, whatever the form
    cascade : the sections, in the biquad form; None otherwise
    delay_samples : d where the filter is a pure delay of gain 1, z^-d; None otherwise

    """

    channel: str
    driver: str
    taps: Real
    cascade: Cascade | None = None
    delay_samples: int | None = None

    @property
    def whole_response(self) -> Real:
        """The impulse response: the taps, of sections as long as it lasts."""
        if self.cascade is None:
            return self.taps
        return self.cascade.impulse_response(self.cascade.delay_samples + settled_length(self.cascade.pole_radius))


@dataclass(frozen=True)
class FilterSet:
    """All filters of a design, without the drivers that a channel leaves silent.

    Attributes
    ----------
    title : of the problem
    sample_rate_hz : of the filters
    channels, drivers : their order, which every export keeps; each channel feeds the sum of its drivers
    filters : in the order of channels, then drivers
    form : "fir", "rtf" or "biquad"
    bulk_delay_samples : the delay that all filters share
    word : the coefficients' fixed-point word, if the problem names one
    shifts : channel -> s where its taps are integers: a tap is q 2^(s - fraction_bits); empty otherwise
    own_shifts : (channel, driver) -> s of that filter, where each driver has a scale of its own; empty otherwise
    delays : channel -> samples that it waits ahead of its filters; absent means 0
    problem_file : the problem's file name
    problem_sha256 : of its text
    versions : of this tool and what it computed with
    judge : channel -> (L, T) responses as played, to what changed at the points, in words of the manifest; None without a scene
    imported_from : the file that the filters were read from, where they were not designed; empty otherwise
    fed_by_upmix : whether an upmix makes the channels from stereo, which no filter here does
    prefix : of files and names in C; empty for the problem's file name
    part : SigmaDSP that the filters are for; empty for any
    model : miniDSP processor that they are for; empty for any

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
    versions: dict[str, str] = field(default_factory=dict)
    judge: Callable[[dict[str, Real]], dict[str, dict[str, float]]] | None = None
    imported_from: str = ""
    fed_by_upmix: bool = False
    prefix: str = ""
    part: str = ""
    model: str = ""

    @property
    def taps(self) -> int:
        """The number of taps of every filter."""
        return max(one.taps.size for one in self.filters)

    @cached_property
    def headroom(self) -> Headroom:
        """How far below full scale the inputs must stay."""
        return headroom_of((one.driver, one.whole_response) for one in self.filters)

    @property
    def name(self) -> str:
        """The problem's file name without its ending: what a default output folder is named for."""
        return self.problem_file.removesuffix(".toml")


def filters_of(
    channels: dict[str, Real], drivers: tuple[str, ...], sections: dict[str, dict[str, Cascade]]
) -> tuple[Filter, ...]:
    """One `Filter` for each channel and driver that is not silent.

    Parameters
    ----------
    channels : channel -> taps (L, T)
    drivers : names (L,)
    sections : channel -> driver -> cascade, in the biquad form

    """
    found = []
    for channel, taps in channels.items():
        pure = is_pure_delay(taps)
        for l, driver in enumerate(drivers):
            cascade = sections.get(channel, {}).get(driver)
            if cascade is None and not taps[l].any():
                continue
            delay = int(np.argmax(taps[l])) if pure[l] and cascade is None else None
            found.append(Filter(channel, driver, taps[l], cascade, delay))
    return tuple(found)
