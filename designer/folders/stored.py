"""Typed model of what a design is opened from, of `summary.json`: a fault names the key, what was got and what was expected.

A seal tells that a file is as it was written, not that what was written can be used: a script that edits a summary may seal it again.
Types and ranges are judged key by key; names, counts and lengths that hang together, against the problem that the summary holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from designer.evaluation.realisation_study import ChannelStudy
from designer.evaluation.refinement import PERCENTILES, Refinement
from designer.problem.driver_ways import ways_of
from designer.problem.messages import dotted, enumeration, shown
from designer.problem.schema import DesignTable, Problem
from designer.realization.choice import LENGTH, Choice

MAX_STORED_TAPS = 2**22
"""Most taps of a filter that is read back: longer filters would fill the memory."""
MAX_STORED_DELAY_SAMPLES = 2**22
MAX_SHIFT = 1000
"""Bound of a shift in bits: 2 to this power is still finite."""
MAX_DB = 1e6
"""Bound of a number in dB: more than lies between the smallest and the largest float of 64 bits."""
MAX_NUMBER = 1e30
"""Bound of any number: its square is still finite."""

Decibels = Annotated[float, Field(ge=-MAX_DB, le=MAX_DB)]
Number = Annotated[float, Field(ge=-MAX_NUMBER, le=MAX_NUMBER)]
Count = Annotated[int, Field(ge=1, le=MAX_STORED_TAPS)]
Positions = tuple[Annotated[int, Field(ge=0)], ...]
Shift = Annotated[int, Field(ge=-MAX_SHIFT, le=MAX_SHIFT)]
OptimalValue = Annotated[float, Field(allow_inf_nan=True)] | None
"""A number of a certificate: null where nothing is optimised."""


class Misfit(NamedTuple):
    """A key that cannot be used, what was got, and what was expected."""

    key: str
    actual: str
    expected: str


class Stored(BaseModel):
    """Part of a table of the summary; keys that it does not name are left alone."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class StoredPlain(Stored):
    """Plain playback of a channel."""

    names: tuple[str, ...]
    drivers: Positions
    delay_s: tuple[Number, ...]
    gain: tuple[Number, ...]
    way: Positions

    def misfits(self, table: DesignTable, problem: Problem) -> Iterator[Misfit]:
        """Keys that do not fit the channel's drivers."""
        drivers = list(problem.driver_names if table.drivers is None else table.drivers)
        ways = len(ways_of(table, problem).ways)
        for key in ("drivers", "delay_s", "gain", "way"):
            yield from _of_length(key, getattr(self, key), len(self.names), "as plain.names has")
        for key, positions, count in (("drivers", self.drivers, len(drivers)), ("way", self.way, ways)):
            if max(positions, default=0) >= count:
                yield Misfit(key, f"got {shown(positions)}", f"numbers from 0 to {count - 1}")
        if not self.names:
            yield Misfit("names", "got none", "at least one driver")
        yield from _foreign("names", self.names, drivers)


class StoredCertificate(Stored):
    """Certificate of a channel, frequency by frequency."""

    largest_violation: OptimalValue
    largest_gap: OptimalValue
    solved_by_reference: Annotated[int, Field(ge=0)]
    frequency_hz: Annotated[tuple[Number, ...], Field(min_length=1)]
    violation: tuple[OptimalValue, ...]
    value: tuple[OptimalValue, ...]
    bound: tuple[OptimalValue, ...]
    gap: tuple[OptimalValue, ...]
    by_reference: tuple[bool, ...]


class StoredChannel(Stored):
    """How a channel came about."""

    kind: str
    method: str
    plain: StoredPlain
    feasible: bool
    sentence: str
    shortfalls: tuple[str, ...]
    certificate: StoredCertificate
    weights_costs_db: dict[str, Decibels]
    slacks_db: dict[str, tuple[Decibels, ...]]
    numbers: dict[str, Number]

    def misfits(self, table: DesignTable, problem: Problem) -> Iterator[Misfit]:
        """Keys that do not fit each other or the design of this channel."""
        if self.kind != table.kind:
            yield Misfit("kind", f"got {shown(self.kind)}", f"{shown(table.kind)}, as the problem has")
        for misfit in self.plain.misfits(table, problem):
            yield misfit._replace(key=f"plain.{misfit.key}")
        count, alike = len(self.certificate.frequency_hz), "as certificate.frequency_hz has"
        for key in ("violation", "value", "bound", "gap", "by_reference"):
            yield from _of_length(f"certificate.{key}", getattr(self.certificate, key), count, alike)
        for requirement, slack in self.slacks_db.items():
            yield from _of_length(dotted(("slacks_db", requirement)), slack, count, alike)
        costs = ["effort_db", "driver_gain_db"]
        if self.weights_costs_db and sorted(self.weights_costs_db) != sorted(costs):
            yield Misfit("weights_costs_db", f"got the keys {shown(list(self.weights_costs_db))}", enumeration(costs))


class StoredForm(Stored):
    """The realised filters."""

    references: dict[str, str]
    warnings: tuple[str, ...]
    taps: Count
    sections: dict[str, dict[str, Count]]
    shifts: dict[str, Shift]
    finer_bits: dict[str, list[Annotated[int, Field(ge=0, le=MAX_SHIFT)]]]
    refinements: dict[str, Refinement]
    choice: Choice | None
    promises_db: dict[str, Decibels]
    study: dict[str, ChannelStudy]

    def misfits(self, channels: Collection[str], drivers: Sequence[str]) -> Iterator[Misfit]:
        """Keys that do not fit the channels, the designs among them first, and the drivers."""
        for key in ("references", "sections", "shifts", "finer_bits", "refinements", "promises_db", "study"):
            yield from _foreign(key, getattr(self, key), channels)
        for name, driver in self.references.items():
            yield from _foreign(dotted(("references", name)), [driver], drivers)
        for name, counts in self.sections.items():
            yield from _foreign(dotted(("sections", name)), counts, drivers)
        for name, bits in self.finer_bits.items():
            yield from _of_length(dotted(("finer_bits", name)), bits, len(drivers), "one a driver")
        for name, refinement in self.refinements.items():
            for key in ("fit_db", "refined_db", "fit_moved_db", "refined_moved_db"):
                place = dotted(("refinements", name, key))
                yield from _of_length(place, getattr(refinement, key), len(PERCENTILES), "one a percentile")
        for name, study in self.study.items():
            for key, stages in (("stages", study.stages), ("moved", study.moved)):
                if stages and not {"ideal", "realised"} <= stages.keys():
                    expected = '"ideal" and "realised" among them'
                    yield Misfit(dotted(("study", name, key)), f"got the keys {shown(list(stages))}", expected)
            if not study.stages:
                yield Misfit(dotted(("study", name, "stages")), "got none", '"ideal" and "realised"')
        if self.choice is not None:
            if not 0 <= self.choice.chosen < len(self.choice.candidates):
                count = len(self.choice.candidates)
                yield Misfit("choice.chosen", f"got {self.choice.chosen}", f"the number of one of {count} candidates")
            for n, candidate in enumerate(self.choice.candidates):
                yield from _foreign(f"choice.candidates[{n}].form", [candidate.form], LENGTH)


class StoredChain(Stored):
    """The stereo chain."""

    taps: Annotated[dict[str, Count], Field(min_length=1)]


class StoredSummary(Stored):
    """Whole content that a design, its page and its study are made from again."""

    source: str
    changes: dict[str, Any]
    title: str
    imported_from: str
    failures: dict[str, str]
    remedies: dict[str, str]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    bulk_delay_samples: Annotated[int, Field(ge=0, le=MAX_STORED_DELAY_SAMPLES)]
    realization: StoredForm
    virtualizer: StoredChain | None
    chain_verdict: str
    channels: dict[str, StoredChannel]
    versions: dict[str, str]
    command: str
    python: str
    data: dict[str, str]
    problem: str
    problem_sha256: str

    def misfits(self, problem: Problem) -> Iterator[Misfit]:
        """Keys that do not fit each other or the problem that the summary holds."""
        names = [table.name for table in problem.designs]
        yield from _foreign("channels", self.channels, names)
        for name in names:
            if name not in self.channels and not self.imported_from:
                yield Misfit(dotted(("channels", name)), "no such key", "each of the problem's designs")
        if not self.channels:
            yield Misfit("channels", "got none", "at least one of the problem's designs")
        for table in problem.designs:
            if table.name in self.channels:
                for misfit in self.channels[table.name].misfits(table, problem):
                    yield misfit._replace(key=f"{dotted(('channels', table.name))}.{misfit.key}")
        if (self.virtualizer is None) != (problem.virtualizer is None):
            actual = "got null" if self.virtualizer is None else "got a table"
            yield Misfit("virtualizer", actual, "a table with a [virtualizer] of the problem, and null without")
        chain = [] if self.virtualizer is None else list(self.virtualizer.taps)
        yield from _foreign("remedies", self.remedies, [*names, *chain])
        for misfit in self.realization.misfits([*names, *chain], problem.driver_names):
            yield misfit._replace(key=f"realization.{misfit.key}")


def _of_length(key: str, values: Sequence[object], count: int, why: str) -> Iterator[Misfit]:
    if len(values) != count:
        yield Misfit(key, f"got {len(values)} values", f"{count}, {why}")


def _foreign(key: str, names: Collection[str], known: Collection[str]) -> Iterator[Misfit]:
    for name in names:
        if name not in known:
            yield Misfit(key, f"got {shown(name)}", f"one of {enumeration([shown(word) for word in known], 'or')}")


def stored(content: bytes) -> StoredSummary | Misfit:
    """The model of a summary's text, or the first key that cannot be used."""
    try:
        return StoredSummary.model_validate_json(content)
    except ValidationError as error:
        item = error.errors(include_url=False)[0]
    kind, context = item["type"], item.get("ctx", {})
    place = dotted(step for step in item["loc"] if step != "[key]")
    if kind == "missing":
        return Misfit(place, "no such key", "the value that this version writes")
    actual = "got null" if item["input"] is None else f"got {shown(item['input'])}"
    bounds = {"ge": "at least", "le": "at most", "min_length": "a count of at least"}
    for key, words in bounds.items():
        if key in context:
            return Misfit(place, actual, f"{words} {context[key]:,}")
    return Misfit(place, actual, EXPECTED.get(kind, str(item["msg"]).lower()))


EXPECTED = {
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_type": "a text",
    "tuple_type": "a list",
}
"""Kind of pydantic's error -> what a key was expected to hold."""
