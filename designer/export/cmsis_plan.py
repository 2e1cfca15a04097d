"""What the exported C does, before it is text: for each channel its history, its shifts, and what leads to each driver.

A channel's samples wait in one line of D + block samples, D its longest delay: every filter reads it where its own delay
ends, so that delays cost no multiplication. FIR filters of a channel share its delay, its shift s and its guard g.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.errors import UsageError
from designer.export.c_names import LONGEST, identifiers, plain, unique
from designer.export.cmsis_sections import StoredSections, stored_sections
from designer.export.cmsis_taps import StoredTaps, stored_taps
from designer.export.cmsis_word import CmsisWord
from designer.export.filter_set import Filter, FilterSet
from designer.realization.words import common_shift

BLOCK = 64
"""Samples a block, unless the firmware's build defines another."""


@dataclass(frozen=True)
class Route:
    """What leads from a channel to a driver.

    Attributes
    ----------
    source : the filter as designed
    driver : its index
    name : identifier, unique among the pairs
    delay : samples by which its input is late
    stored : taps, sections, or None for a pure delay
    restore : bits by which its output is raised at the driver's sum

    """

    source: Filter
    driver: int
    name: str
    delay: int
    stored: StoredTaps | StoredSections | None
    restore: int

    @property
    def multiply_adds(self) -> int:
        """Products a sample."""
        if self.stored is None:
            return 0
        return int(self.stored.values.size)


@dataclass(frozen=True)
class Path:
    """A channel and all that it feeds.

    Attributes
    ----------
    channel : its name in the problem
    index : its place among the inputs
    name : identifier
    delay : samples that its FIR filters wait
    history : D, the longest delay of its routes
    shift : s of its taps
    guard : g, bits that its FIR filters' input is lowered by
    routes : in the order of the drivers

    """

    channel: str
    index: int
    name: str
    delay: int
    history: int
    shift: int
    guard: int
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Plan:
    """The whole set in one word.

    Attributes
    ----------
    filters : as designed
    word : that everything is computed in
    prefix : identifier that every global name begins with
    drivers : their identifiers, in order
    paths : the channels, in order
    names : name in the problem -> identifier, where they differ

    """

    filters: FilterSet
    word: CmsisWord
    prefix: str
    drivers: tuple[str, ...]
    paths: tuple[Path, ...]
    names: dict[str, str]

    @property
    def routes(self) -> list[tuple[Path, Route]]:
        """Everything that leads to a driver."""
        return [(path, route) for path in self.paths for route in path.routes]


def plan_of(filters: FilterSet, word: CmsisWord) -> Plan:
    """The plan of a set of filters.

    Raises
    ------
    UsageError : the word or the library cannot hold them

    """
    if not filters.filters:
        raise UsageError(
            f"--target {word.target}: found no filter in the design; allowed: at least one; design it again"
        )
    prefix = prefix_of(filters)
    names = identifiers([*filters.channels, *filters.drivers])
    pairs = unique({(one.channel, one.driver): f"{names[one.channel]}_{names[one.driver]}" for one in filters.filters})
    paths = tuple(_path(filters, word, index, names, pairs) for index in range(len(filters.channels)))
    changed = {name: c_name for name, c_name in names.items() if name != c_name}
    if filters.name not in ("", prefix) and not filters.prefix:
        changed[filters.name] = prefix
    return Plan(filters, word, prefix, tuple(names[driver] for driver in filters.drivers), paths, changed)


def prefix_of(filters: FilterSet) -> str:
    """What every global name begins with: what was asked for, or the problem's file name as C takes it.

    Raises
    ------
    UsageError : what was asked for is no identifier, or too long for the names behind it

    """
    if not filters.prefix:
        return plain(filters.name) if filters.name else "filters"
    if plain(filters.prefix) != filters.prefix:
        raise UsageError(
            f"--prefix: found {filters.prefix!r}; allowed: a letter, then letters, digits and single _, at most {LONGEST} in"
            f" all, and no name of C's or of CMSIS-DSP's; try {plain(filters.prefix)}"
        )
    return filters.prefix


def _path(
    filters: FilterSet, word: CmsisWord, index: int, names: dict[str, str], pairs: dict[tuple[str, str], str]
) -> Path:
    channel = filters.channels[index]
    delay = filters.delays.get(channel, 0)
    own = [one for one in filters.filters if one.channel == channel]
    shift = _shift(filters, word, [one for one in own if one.cascade is None and one.delay_samples is None], channel)
    routes = []
    for one in own:
        name, where = pairs[one.channel, one.driver], f"{one.channel} to {one.driver}"
        driver = filters.drivers.index(one.driver)
        if one.cascade is not None:
            sections = stored_sections(one.cascade, word, where, 10 ** (-filters.headroom.any_input_db / 20))
            routes.append(Route(one, driver, name, delay + one.cascade.delay_samples, sections, sections.shift))
        elif one.delay_samples is not None:
            routes.append(Route(one, driver, name, delay + one.delay_samples, None, 0))
        else:
            routes.append(Route(one, driver, name, delay, stored_taps(one.taps, word, shift, where), shift))
    guard = max((route.stored.guard for route in routes if isinstance(route.stored, StoredTaps)), default=0)
    routes = [
        Route(r.source, r.driver, r.name, r.delay, r.stored, shift + guard) if isinstance(r.stored, StoredTaps) else r
        for r in routes
    ]
    history = max((route.delay for route in routes), default=0)
    return Path(channel, index, names[channel], delay, history, shift, guard, tuple(routes))


def _shift(filters: FilterSet, word: CmsisWord, fir: list[Filter], channel: str) -> int:
    """The design's own shift where its integers are this word's, so that they stay; else the smallest that lets all taps fit."""
    if word.word is None or not fir:
        return 0
    if filters.word == word.word and channel in filters.shifts:
        return filters.shifts[channel]
    return common_shift(np.concatenate([one.taps for one in fir]), word.word)
