"""A design, once made: what is saved of it, and what is judged from its realised filters, on demand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import in_heard_cloud
from designer.acoustics.several_listeners import heard_by_stereo
from designer.arguments import checked_arguments
from designer.arrays import Complex, Real, read_only
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, EXIT_SOLVER, DataError
from designer.evaluation.channel import Channel as Channel
from designer.evaluation.each_head import LeftOut, LeftOutHeads, head_numbers, left_out_directions, left_out_heads
from designer.evaluation.isolation_in_room import RoomIsolation, isolation_in_room
from designer.evaluation.listening_zone import Zones, heard_hz, mapped_designs, zones
from designer.evaluation.moved_head import MovedHead, moved_head
from designer.evaluation.outcomes import MAX_MISSED_DB, Outcome, product_outcomes, worse_outcomes
from designer.evaluation.programmes import Playback
from designer.evaluation.realisation_study import ChannelStudy
from designer.evaluation.refinement import Refinement
from designer.evaluation.room import InRoom, in_room
from designer.evaluation.room_responses import room_responses
from designer.evaluation.scalars import Scalars, scalars
from designer.evaluation.tables import Evaluation, Judged, check_scene, evaluate_taps
from designer.evaluation.tolerance import ChannelTolerance, draw_of, tolerance
from designer.evaluation.words import whole_sentence
from designer.metrics import Realised, numbers_of
from designer.problem.frequency_grid import with_half_steps
from designer.problem.schema import MAX_FREQUENCIES, DesignTable, Problem
from designer.realization.cascade import Cascade
from designer.realization.choice import Choice
from designer.realization.cost import channel_costs
from designer.requirements.channel_target import driver_index
from designer.requirements.curves import in_band

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

EVEN_FREQUENCIES = 257


def analysis(compute: Callable[[Result, *Ts], T]) -> Callable[[Result, *Ts], T]:
    """Make a function an analysis: computed when it is first asked for, and kept with the design by function and arguments.

    It may depend on the design and its arguments, which hash, alone. Any room may have analyses: `designer.report.grids` does.
    """

    @wraps(compute)
    def cached(design: Result, *arguments: *Ts) -> T:
        key = (compute, *arguments)
        if key not in design.analyses:
            design.analyses[key] = compute(design, *arguments)
        value: T = design.analyses[key]
        return value

    return cached


@dataclass(frozen=True)
class Result:
    """A designed problem: arrays and outcome, which nothing changes, and the analyses of these.

    `dataclasses.replace` makes a design with other taps, another problem or another scene; its analyses are its own.

    Attributes
    ----------
    frequency_hz : (F,) float array, the design's frequencies
    drivers : tuple of str, names (L,)
    weights : mapping of str to complex array, channel -> (F, L) complex, as the formulation gave them, without the bulk delay; read-only
    taps : mapping of str to float array, channel -> (L, T) realised taps, whatever the form; those of the virtualiser follow those of
        the designs; read-only
    bulk_delay_samples : int, the delay that all taps share
    channels : mapping of str to Channel, channel -> how it came about
    seconds : dict of str to float, stage -> time that it took
    references : dict of str to str, channel -> the driver with a pure delay, in the RTF form; empty otherwise
    failures : dict of str to str, channel that `problem` is without -> why the solver stopped
    remedies : dict of str to str, channel that misses what its weights meet -> what would mend its filters
    realisation_warnings : tuple of str, what the form of the filters costs, each with its dB
    sections : dict of str to dict of str to Cascade, channel -> driver -> its cascade, in the biquad form; empty otherwise
    shifts : dict of str to int, channel -> s where its taps are integers: a tap is q 2^(s - fraction_bits); empty otherwise
    finer_bits : dict of str to list of int, channel -> r >= 0 of each driver with its own scale: a tap is q 2^(s - r - fraction_bits)
    refinements : dict of str to Refinement, channel -> its refined taps beside the fit's, where the file asks for them; empty
        otherwise
    choice : Choice or None, the forms that were judged for `form = "auto"`, and the one that `problem` names now; None otherwise
    study_source : callable, makes `study`, with its curves or without, or reads it back
    promises_source : callable, makes or reads back what refined taps promise, channel -> dB
    room_ears_source : callable or None, reads the room's responses at the ears back from a folder; None where they are to be computed
    imported_from : str, the file that the filters were read from, where they were not designed; empty otherwise
    scene : Scene or None, what `problem` is judged in, on any frequencies, where it is not the problem's own or that is at hand
    analyses : dict of Hashable to object, what the analyses found, by function and arguments

    """

    problem: Problem
    frequency_hz: Real
    drivers: tuple[str, ...]
    weights: Mapping[str, Complex]
    taps: Mapping[str, Real]
    bulk_delay_samples: int
    channels: Mapping[str, Channel]
    seconds: dict[str, float] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    realisation_warnings: tuple[str, ...] = ()
    sections: dict[str, dict[str, Cascade]] = field(default_factory=dict)
    shifts: dict[str, int] = field(default_factory=dict)
    finer_bits: dict[str, list[int]] = field(default_factory=dict)
    study_source: Callable[[bool], dict[str, ChannelStudy]] = lambda curves: {}
    promises_source: Callable[[], dict[str, float]] = dict
    imported_from: str = ""
    room_ears_source: Callable[[], Real] | None = None
    failures: dict[str, str] = field(default_factory=dict)
    remedies: dict[str, str] = field(default_factory=dict)
    refinements: dict[str, Refinement] = field(default_factory=dict)
    choice: Choice | None = None
    scene: Scene | None = field(default=None, repr=False)
    analyses: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, arrays in (("weights", self.weights), ("taps", self.taps)):
            object.__setattr__(self, name, MappingProxyType({key: read_only(array) for key, array in arrays.items()}))
        object.__setattr__(self, "channels", MappingProxyType(dict(self.channels)))

    def __deepcopy__(self, memo: dict[int, Any]) -> Result:
        """Itself: nothing changes it."""
        return self

    @property
    def status(self) -> int:
        """The exit code: 0; 4 infeasible as asked; 5 without a channel; 7 missed by its filters, as `misses` has it, or by all forms."""
        if self.failures:
            return EXIT_SOLVER
        if not all(channel.feasible for channel in self.channels.values()):
            return EXIT_INFEASIBLE
        missed = any(map(self.misses, self.channels)) or (self.choice is not None and self.choice.is_short)
        return EXIT_MISSED if missed else EXIT_DONE

    def misses(self, name: str) -> bool:
        """Whether a channel's filters miss by more than MAX_MISSED_DB what its weights meet; imported ones, what is asked."""
        outcomes = self.scalars[name].outcomes
        return any((o.missed_db if self.imported_from else o.beyond_db) > MAX_MISSED_DB for o in outcomes)

    @property
    @analysis
    def outcomes(self) -> dict[str, tuple[Outcome, ...]]:
        """Each channel requirement by requirement: as the file asks, and the curve at the worst place and by percentiles."""
        outcomes = {}
        for name, channel in self.channels.items():
            realised = Realised(channel.table, self.taps[name], channel.plain, self.fine_scene)
            draws, moved = self.tolerances.get(name), self.moved_heads.get(name)
            outcomes[name] = (*self.scalars[name].outcomes, *product_outcomes(realised, draws, moved))
        return outcomes

    @analysis
    def sentence(self, name: str, *mirrored: str) -> str:
        """The verdict on a channel; with its mirror images each outcome is that of the worse."""
        channel, sides, imported = self.channels[name], (name, *mirrored), bool(self.imported_from)
        outcomes = worse_outcomes(*(self.outcomes[side] for side in sides), listeners=self.problem.listeners)
        remedy = next((self.remedies[side] for side in sides if side in self.remedies), "")
        return whole_sentence(channel.table, channel.verdict, outcomes, remedy=remedy, imported=imported)

    @property
    def metrics(self) -> pd.DataFrame:
        """The table of `metrics.csv`: the realised filters, on the design's frequencies and those half way between."""
        return self.evaluation.metrics

    @property
    def response(self) -> pd.DataFrame:
        """The table of `response.csv`: the realised filters on the circle."""
        return self.evaluation.response

    @property
    @analysis
    def fine_scene(self) -> Scene:
        """The scene on the design's frequencies and those half way between."""
        fine_hz, known_scene = with_half_steps(self.frequency_hz), self.scene
        if known_scene is None or known_scene.problem is not self.problem:
            return in_heard_cloud(
                Scene(self.problem, fine_hz, np.array(self.problem.listener.ear_cloud_m, dtype=float))
            )
        return known_scene if np.array_equal(known_scene.frequency_hz, fine_hz) else known_scene.at(fine_hz)

    @property
    @analysis
    def evaluation(self) -> Evaluation:
        """Both tables, of the realised filters in the problem's own scene."""
        return evaluate(self, self.fine_scene)

    @property
    @analysis
    def left_out(self) -> dict[str, dict[str, LeftOut]]:
        """Each ear channel designed on half of a measured head and judged on the other: channel -> head -> gains."""
        return left_out_directions(self.fine_scene, self.problem.realization)

    @property
    @analysis
    def moved_heads(self) -> dict[str, MovedHead]:
        """Each ear channel with the head moved off its cloud."""
        return {
            name: moved_head(channel.table, self.taps[name], self.fine_scene.at(self.frequency_hz), self.playback)
            for name, channel in self.channels.items()
            if not channel.table.is_beam
        }

    @property
    @analysis
    def heads(self) -> dict[str, dict[str, dict[str, float]]]:
        """Each ear channel judged at each head alone: channel -> head -> number -> value."""
        return {
            name: head_numbers(self.channels[name].table, self.taps[name], self.fine_scene, displaced)
            for name, displaced in self.moved_heads.items()
            if self.channels[name].table.is_ear
        }

    @property
    @analysis
    def scalars(self) -> dict[str, Scalars]:
        """Each channel's numbers, from the realised taps."""
        fine, moved = self.fine_scene, self.moved_heads
        costs = channel_costs(self.problem, self.taps, self.sections, self.bulk_delay_samples)
        return {
            name: scalars(
                c.table,
                self.taps[name],
                c.plain,
                c.slacks_db,
                fine,
                moved.get(name),
                c.weights_costs_db,
                costs[name],
                self.playback,
            )
            for name, c in self.channels.items()
        }

    @property
    @analysis
    def even_scene(self) -> Scene:
        """The scene on frequencies in equal steps, for many places and draws: EVEN_FREQUENCIES of them, or as many as the
        grid has where these are fewer; more where the part of a band that is heard lies between two of them.
        """
        size = self.problem.grid.frequencies
        count = min(size, EVEN_FREQUENCIES)
        while True:
            even_hz = np.linspace(0.0, self.problem.sample_rate_hz / 2, count)
            bands_hz = [heard_hz(channel.table) for channel in self.channels.values()]
            if count >= MAX_FREQUENCIES or all(in_band(even_hz, band_hz).any() for band_hz in bands_hz):
                return self.fine_scene.at(even_hz)
            count = size if count < size else 2 * count - 1

    @property
    @analysis
    def zones(self) -> Zones | None:
        """The listener elsewhere, near by and turned; None in a measured device, where a measured head does not reach, and where
        no channel is for ears in a band that is heard: beams alone, none of them the centre, or bands above 20 kHz.
        """
        heard = mapped_designs(self._tables)
        if self.fine_scene.is_measured or not heard:
            return None
        plain = {name: self.plain_weights(name, self.even_scene) for name in self.channels}
        try:
            return zones(heard, self.taps, plain, self.even_scene)
        except DataError:
            return None

    @property
    def _tables(self) -> list[DesignTable]:
        return [channel.table for channel in self.channels.values()]

    def plain_weights(self, name: str, at: Scene) -> Complex:
        """Weights of the channel's plain driver (F, L), without the bulk delay."""
        channel = self.channels[name]
        w = np.zeros((at.frequency_hz.size, len(self.drivers)), dtype=complex)
        index = driver_index(channel.table, self.drivers)
        w[:, index] = channel.plain.weights(at.frequency_hz, index.size)
        return w

    @property
    @analysis
    def playback(self) -> Playback | None:
        """All channels as they play together; None where none of them is for one of several listeners, or for a place."""
        return Playback.of(self.channels, self.taps, self.bulk_delay_samples, self.fine_scene)

    @property
    @analysis
    def tolerances(self) -> dict[str, ChannelTolerance]:
        """Each channel over drawn devices and listeners."""
        return tolerance(self._tables, self.taps, self.even_scene, draw_of(self.problem), self.playback)

    @property
    @analysis
    def room_isolation(self) -> dict[str, RoomIsolation]:
        """Each channel's isolation from other listeners in the problem's room; empty without a room or such a channel."""
        room, draws = self.problem.room, draw_of(self.problem)
        return isolation_in_room(self._tables, self.taps, self.fine_scene, room, draws, self.playback) if room else {}

    @property
    @analysis
    def population(self) -> dict[str, LeftOutHeads]:
        """Each ear channel at heads left out in turn; empty without [population]."""
        if self.problem.population is None or self.fine_scene.is_measured:
            return {}
        return left_out_heads(self.fine_scene, self.taps, self.problem.realization)

    @analysis
    def over_tolerances(self, name: str) -> dict[str, float]:
        """A channel's numbers over drawn devices."""
        return self._dear_numbers(name, draws=self.tolerances.get(name))

    @analysis
    def robustness(self, name: str) -> dict[str, float]:
        """These numbers, and the area of its listening zone."""
        zone = self.zones and self.zones.square.channels.get(name)
        needs = {"room": self.room_isolation.get(name), "population": self.population.get(name)}
        return self.over_tolerances(name) | self._dear_numbers(name, zone_m2=zone and zone.area_m2, **needs)

    def _dear_numbers(self, name: str, **needs: Any) -> dict[str, float]:
        channel = self.channels[name]
        needs |= {"playback": self.playback}
        return numbers_of(Realised(channel.table, self.taps[name], channel.plain, self.even_scene, **needs), dear=True)

    @property
    @analysis
    def room(self) -> InRoom | None:
        """Every channel in the problem's room at the listener of the stereo, beside its plain driver; None without [room].

        Raises
        ------
        DataError : a measured head lacks the direction of the direct sound

        """
        if (room := self.problem.room) is None:
            return None
        plain, at_head = {name: c.plain for name, c in self.channels.items()}, heard_by_stereo(self.fine_scene)
        return in_room(self.problem, room_responses(at_head, room), self.taps, plain, self.bulk_delay_samples)

    @property
    @analysis
    def room_ears(self) -> Real | None:
        """Impulse responses (2, L, T) from each driver's feed to the listener's ears in the room; None without [room]."""
        if self.problem.room is not None and self.room_ears_source is not None:
            return self.room_ears_source()
        return None if self.room is None else self.room.responses.both[:2]

    @property
    @analysis
    def study(self) -> dict[str, ChannelStudy]:
        """Each channel's memory, work and headroom, and what is left of its gain; over taps and words where that was asked for."""
        return self.study_source(False)

    @property
    def warnings(self) -> list[str]:
        """Warnings of the data and of the room, of what realisation costs, and where an order of harmonics is too low, each with
        its dB.
        """
        return [
            *self.failures.values(),
            *self.fine_scene.warnings,
            *([self.choice.reason] if self.choice and self.choice.is_short else []),
            *self.realisation_warnings,
            *(f"{name}: {cost}" for name, numbers in self.scalars.items() for cost in numbers.costs),
            *(f"{name}: {order}" for name, numbers in self.scalars.items() for order in numbers.order_warnings),
            *(() if self.room is None else self.room.responses.warnings),
        ]


@checked_arguments()
def evaluate(design: Result, scene: Scene) -> Evaluation:
    """Judge a design's coefficients in any scene of its drivers and sample rate: other frequencies, another head; UsageError for others.

    Returns
    -------
    Evaluation : `metrics` and `response`, pandas tables with the columns of `metrics.csv` and `response.csv`

    Examples
    --------
    >>> import designer
    >>> problem = designer.load("problems/laptop-pair.toml")
    >>> design = designer.design(problem)
    >>> aside = designer.scene(problem).moved([[0.0, 0.02, 0.0]])  # the head 2 cm to the device's left
    >>> table = designer.evaluate(design, aside).metrics
    >>> bool((table.query("channel == 'left' and 1000 <= frequency_hz <= 2000").cancellation_gain_db > 10).all())
    True

    """
    check_scene(design.drivers, design.problem.sample_rate_hz, scene)
    judged = [
        Judged(channel.table, design.taps[name], channel.plain, "level" in channel.slacks_db)
        for name, channel in design.channels.items()
    ]
    return evaluate_taps(judged, scene, design.playback)
