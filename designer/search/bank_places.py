"""Designs at places: every filter of a problem with values put into its keys, and the points at which filters are judged there.

**What is lost.** G_c(x | F) is the cancellation gain of channel c in dB, mean over the grid's frequencies in its band (those of the
design and half way between, `mean_cancellation_gain_db` of the metrics), with the listener, the direction or whatever the keys are
at x, of filters F as they run. With F_x the filters that are designed, realised and rounded for x itself,

    loss(x | F) = max over channels c of  G_c(x | F_x) - G_c(x | F)

Below 0 where F does better than the design at x, which spends no more than its requirements ask for.

**Sections.** F_x are the sections with the poles that all places share, fitted and held for x itself (`bank_sections`). They are held
against the weights too: a place where they lose more of the weights' gain than the limit is refused (`designer.search.bank`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from designer import job, measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Index, Real
from designer.bank.delay_filter import DELAY_LATENCY
from designer.designs.all_channels import all_channels, family_of
from designer.designs.channel import ChannelDesign
from designer.errors import DataError, DesignerError, ProblemError, SolverError, UsageError
from designer.evaluation.refinement import realize_judged
from designer.problem import loads
from designer.problem.key_places import changed_data
from designer.problem.messages import shown
from designer.problem.read import changed
from designer.problem.schema import DesignTable, Problem
from designer.realization import response
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.plain import Plain
from designer.search.bank_keys import Followed, changes_at, place_words, problem_at
from designer.search.bank_sections import PlaceSections, SharedSections
from designer.search.sweep_point import DONE, FAILED, Outcome, Task, in_processes
from designer.stereo.matched import VIRTUAL
from designer.stereo.virtualisation import virtual_channels

Values = tuple[float, ...]
FEW = 24
"""Designs that are no reason to begin processes."""


@dataclass(frozen=True)
class Points:
    """Points of a channel at its frequencies (F,) in the band, bright and dark (F, M, L) for its own drivers."""

    frequency_hz: Real
    bright: Complex
    dark: Complex
    drivers: Index

    def gain_db(self, taps: Real, sample_rate_hz: float) -> float:
        """Mean cancellation gain of the taps (L, T) of all drivers."""
        return self.gain_of_weights_db(response(taps[self.drivers], self.frequency_hz, sample_rate_hz))

    def gain_of_weights_db(self, w: Complex) -> float:
        """Mean cancellation gain of the weights (F, L) of the channel's own drivers."""
        return float(np.mean(measures.db(measures.cancellation_gain(self.bright, self.dark, w))))


@dataclass(frozen=True)
class PlaceDesign:
    """A design at values of the keys.

    Attributes
    ----------
    values : tuple of float
    taps : mapping of str to float array, channel -> (L, T), those of the stereo chain included
    bulk_delay_samples : int
    sample_rate_hz : float
    points : mapping of str to Points, channel with dark points -> where it is judged
    gain_db : mapping of str to float, channel -> mean cancellation gain of its filters
    slack_db : float, largest that a requirement or limit of any channel is missed by on paper
    sections : mapping of str to PlaceSections, channel -> its sections; empty of taps
    paper_db : mapping of str to float, channel -> mean cancellation gain of its weights

    """

    values: Values
    taps: Mapping[str, Real]
    bulk_delay_samples: int
    sample_rate_hz: float
    points: Mapping[str, Points]
    gain_db: Mapping[str, float]
    slack_db: float
    sections: Mapping[str, PlaceSections] = field(default_factory=dict)
    paper_db: Mapping[str, float] = field(default_factory=dict)

    def gains_db(self, taps: Mapping[str, Real]) -> dict[str, float]:
        """Channel -> mean cancellation gain of other taps (L, T) at this place."""
        return {name: points.gain_db(taps[name], self.sample_rate_hz) for name, points in self.points.items()}

    def loss_db(self, taps: Mapping[str, Real]) -> float:
        """Loss of other taps at this place, the worst channel's."""
        gains_db = self.gains_db(taps)
        return max(self.gain_db[name] - gains_db[name] for name in gains_db)


def points_of(design: DesignTable, scene: Scene, plain: Plain | None = None) -> Points | None:
    """Where a channel is judged in a scene; None of one without dark points."""
    target = channel_target(design, scene, plain)
    inside = target.at(target.in_band)
    if not inside.own_dark.shape[1]:
        return None
    return Points(inside.frequency_hz, inside.bright, inside.own_dark, driver_index(design, scene.drivers))


def place_design(values: Values, problem: Problem, family: Scene) -> PlaceDesign:
    """The design of a problem that has values in its keys; errors as `designer.design`."""
    scene, channels, _ = all_channels(problem, family=family)
    realised, _ = realize_judged(channels, scene, problem.realization)
    rate = problem.sample_rate_hz
    taps = {channel.design.name: taps for channel, taps in zip(channels, realised.taps, strict=True)}
    at_channels = {channel.design.name: points_of(channel.design, scene, channel.plain) for channel in channels}
    points = {name: at for name, at in at_channels.items() if at is not None}
    gain_db = {name: at.gain_db(taps[name], rate) for name, at in points.items()}
    if problem.virtualizer is not None:
        taps |= dict(zip(VIRTUAL.values(), virtual_channels(channels, realised, scene).taps, strict=True))
    slack_db = max(float(np.nanmax(channel.slack_db)) for channel in channels)
    return PlaceDesign(values, taps, realised.bulk_delay_samples, rate, points, gain_db, slack_db)


def sections_at(values: Values, problem: Problem, family: Scene, shared: SharedSections) -> PlaceDesign:
    """The sections of a problem that has values in its keys; errors as `designer.design`."""
    scene, channels, _ = all_channels(problem, family=family)
    rate, sections = problem.sample_rate_hz, shared.at(values, scene, channels)
    taps = shared.filters(sections)
    points, paper_db = {}, {}
    for channel in channels:
        at = points_of(channel.design, scene, channel.plain)
        if at is not None:
            name, solved = channel.design.name, np.isin(channel.frequency_hz, at.frequency_hz)
            points[name], paper_db[name] = at, at.gain_of_weights_db(channel.weights[solved][:, at.drivers])
    gain_db = {name: at.gain_db(taps[name], rate) for name, at in points.items()}
    slack_db = max(float(np.nanmax(channel.slack_db)) for channel in channels)
    bulk = shared.bulk_delay_samples + DELAY_LATENCY
    return PlaceDesign(values, taps, bulk, rate, points, gain_db, slack_db, sections, paper_db)


@dataclass(frozen=True)
class Designed(Outcome):
    """Outcome of a design at a place, with the design."""

    place: PlaceDesign | None = None


def designed(task: Task) -> Designed:
    """Design at a place in a process; whatever goes wrong is told where the place is asked for."""
    try:
        problem = changed(task.problem, changed_data(task.problem, task.changes))
        context = {key: value for key, value in task.problem.context.items() if key != "changes"}
        family = _family(json.dumps({**context, "folder": str(context["folder"])}))
        return Designed(DONE, place=place_design(tuple(task.varied.values()), problem, family))
    except DesignerError as error:
        return Designed(FAILED, error=str(error))


@lru_cache(maxsize=1)
def _family(context: str) -> Scene:
    """Scene that all places of a problem share, in a process that designs at many."""
    return family_of(loads(**json.loads(context)))


class Places:
    """Designs of a problem over its keys, each made once."""

    def __init__(
        self, problem: Problem, keys: Sequence[Followed], fixed_at: Values, progress: Callable[[int], None]
    ) -> None:
        self.keys, self._progress = tuple(keys), progress
        self._known: dict[Values, PlaceDesign] = {}
        self.problem = problem
        self.shared: SharedSections | None = None
        with self._named(fixed_at):
            if problem.realization.form == "biquad":  # a cascade for one place would be searched in vain
                self.fixed = job.design(
                    self.problem_at(fixed_at).replace({"realization": {"form": "fir"}, "export": {}})
                )
            else:
                self.fixed = job.design(self.problem_at(fixed_at))
                self.problem = self._settled()
        self._family = family_of(self.problem)
        if self.problem.realization.form == "biquad":
            self.shared = self._shared_sections()
            self.fixed = replace(
                self.fixed, taps=self.at(fixed_at).taps, bulk_delay_samples=self.at(fixed_at).bulk_delay_samples
            )
        if not self.at(fixed_at).points:
            raise UsageError(
                f"{problem.source}: got no channel with dark points; expected one or more, whose cancellation gain is held; add"
                " nulls_deg to a beam, or an ear design"
            )

    @property
    def count(self) -> int:
        """Designs made."""
        return len(self._known)

    @property
    def known(self) -> Iterable[PlaceDesign]:
        """All designs made."""
        return self._known.values()

    def at(self, values: Sequence[float]) -> PlaceDesign:
        """The design at values of the keys.

        Raises
        ------
        ProblemError, DataError, SolverError : naming the place

        """
        key = _key(values)
        if key not in self._known:
            with self._named(key):
                problem = self.problem_at(key)
                self._keep(
                    place_design(key, problem, self._family)
                    if self.shared is None
                    else sections_at(key, problem, self._family, self.shared)
                )
        return self._known[key]

    def prepare(self, places: Iterable[Sequence[float]], processes: int) -> None:
        """Make many designs at once, in processes where they are more than a few."""
        missing = [key for key in dict.fromkeys(map(_key, places)) if key not in self._known]
        if processes < 2 or len(missing) < FEW or self.shared is not None:
            for key in missing:
                self.at(key)
            return
        names = [key.key for key in self.keys]
        tasks = [
            Task(str(n), n, dict(zip(names, key, strict=True)), changes_at(self.keys, key), self.problem)
            for n, key in enumerate(missing)
        ]
        for task, outcome in in_processes(tasks, processes, designed):
            if isinstance(outcome, Designed) and outcome.place is not None:
                self._keep(outcome.place)
            else:
                words = place_words(self.keys, list(task.varied.values()))
                raise SolverError(f"{words}: {outcome.error}")

    def _keep(self, place: PlaceDesign) -> None:
        self._known[_key(place.values)] = place
        self._progress(len(self._known))

    def problem_at(self, values: Sequence[float]) -> Problem:
        """The problem with values in its keys."""
        return problem_at(self.problem, self.keys, values)

    @contextmanager
    def _named(self, values: Values) -> Iterator[None]:
        """Errors of a design name its place."""
        try:
            yield
        except (DataError, SolverError) as error:
            raise type(error)(f"{place_words(self.keys, values)}: {error}") from None
        except ProblemError as error:
            raise ProblemError(f"{error.file} with {place_words(self.keys, values)}", error.faults) from None

    def _shared_sections(self) -> SharedSections:
        """Poles and delays of the bank's sections; UsageError where its problem asks for what only taps do."""
        table, taps = self.problem.realization, 'or set form = "fir", whose taps are interpolated'
        if table.word is not None:
            raise UsageError(
                f'realization.word: got {shown(table.word)} with form = "biquad", and words would move the poles that all sets of a bank'
                f" share; expected no word, for sections in floats; leave word out, {taps}"
            )
        if self.problem.virtualizer is not None:
            raise UsageError(
                'realization.form: got "biquad" beside [virtualizer], whose channels are sums of others, and sections with'
                f' shared poles make no sums; expected "fir" or "rtf"; leave [virtualizer] out, {taps}'
            )

        def solved(values: Sequence[float]) -> tuple[Scene, list[ChannelDesign]]:
            with self._named(_key(values)):
                return all_channels(self.problem_at(values), family=self._family)[:2]

        ranges = [(key.low, key.high) for key in self.keys]
        return SharedSections(ranges, solved, table, self.problem.source, len(self.problem.drivers))

    def _settled(self) -> Problem:
        """The problem with what its file leaves open chosen for all places as for the fixed design: the form, its length, the delay."""
        before, chosen = (problem.realization.model_dump() for problem in (self.problem, self.fixed.problem))
        if isinstance(chosen["bulk_delay_samples"], str):
            chosen["bulk_delay_samples"] = self.fixed.bulk_delay_samples
        changes = {f"realization.{key}": value for key, value in chosen.items() if value != before[key]}
        return self.problem.replace(changes) if changes else self.problem


def _key(values: Sequence[float]) -> Values:
    """Values that stand for a place, to 12 digits."""
    return tuple(float(f"{value:.12g}") for value in values)
