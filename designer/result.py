"""What a design is, once made: arrays, outcome, and the tables judged from its realised filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.scene import Scene, scene
from designer.arrays import Complex, Real
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_SOLVER, DataError
from designer.evaluation.each_head import LeftOut, head_gains_db, head_numbers, left_out_directions
from designer.evaluation.listening_zone import Zones, zones
from designer.evaluation.moved_head import MovedHead, moved_head
from designer.evaluation.realisation_study import ChannelStudy
from designer.evaluation.room import InRoom, in_room
from designer.evaluation.room_responses import room_responses
from designer.evaluation.scalars import Scalars, scalars
from designer.evaluation.tables import Evaluation, Judged, evaluate_taps
from designer.evaluation.tolerance import ChannelTolerance, draw, tolerance
from designer.evaluation.words import Verdict
from designer.formulations import Certificate
from designer.metrics import Realised, numbers_of
from designer.problem.frequency_grid import with_half_steps
from designer.problem.schema import MAX_FREQUENCIES, DesignTable, Problem
from designer.realization import response as filter_response
from designer.realization.cascade import Cascade
from designer.targets.channel_target import driver_index
from designer.targets.curves import in_band
from designer.targets.plain import Plain

if TYPE_CHECKING:
    import pandas as pd


DRAWN_FREQUENCIES = 300
DRAWN_STEP_DEG = 2.0
EVEN_FREQUENCIES = 257


@dataclass(frozen=True)
class Channel:
    """How one channel came about, and how it stands: what `summary.json` says of it."""

    table: DesignTable
    method: str
    plain: Plain
    plain_names: tuple[str, ...]
    frequency_hz: Real  # (N,) in the band, half steps included
    slacks_db: dict[str, Real]  # wish or limit -> (N,)
    certificate: Certificate  # (N,)
    feasible: bool
    verdict: Verdict

    @property
    def slack_db(self) -> Real:
        """The largest slack of any wish (N,)."""
        return np.asarray(np.max([*self.slacks_db.values(), np.zeros(self.frequency_hz.size)], axis=0))


@dataclass(frozen=True)
class Result:
    """A designed problem: arrays, tables and the outcome.

    Attributes
    ----------
    frequency_hz : (F,) the design's frequencies
    drivers : names (L,)
    weights : channel -> (F, L) complex, as the formulation gave them, without the bulk delay
    taps : channel -> (L, T) realised taps, whatever the form; those of the virtualiser follow those of the designs
    bulk_delay_samples : the delay that all taps share
    channels : channel -> how it came about
    seconds : stage -> time that it took
    references : channel -> the driver with a pure delay, in the RTF form; empty otherwise
    failures : channel of the problem that is missing here -> why the solver stopped; `problem` is the problem without it
    realisation_warnings : what the form of the filters costs, each with its dB
    sections : channel -> driver -> its cascade, in the biquad form; empty otherwise
    shifts : channel -> s where its taps are integers: a tap is q 2^(s - fraction_bits); empty otherwise
    finer_bits : channel -> for each driver r >= 0, where each has a scale of its own: a tap is q 2^(s - r - fraction_bits)
    study_source : makes `study`, or reads it back
    room_ears_source : reads the room's responses at the ears back, where a folder holds them; None where they are to be computed
    imported_from : the file that the filters were read from, where they were not designed; empty otherwise

    """

    problem: Problem
    frequency_hz: Real
    drivers: tuple[str, ...]
    weights: dict[str, Complex]
    taps: dict[str, Real]
    bulk_delay_samples: int
    channels: dict[str, Channel]
    seconds: dict[str, float] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    realisation_warnings: tuple[str, ...] = ()
    sections: dict[str, dict[str, Cascade]] = field(default_factory=dict)
    shifts: dict[str, int] = field(default_factory=dict)
    finer_bits: dict[str, list[int]] = field(default_factory=dict)
    study_source: Callable[[], dict[str, ChannelStudy]] = dict
    imported_from: str = ""
    room_ears_source: Callable[[], Real] | None = None
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The exit code: 0, 4 where a requirement is infeasible as asked, or 5 where a channel is missing."""
        if self.failures:
            return EXIT_SOLVER
        return EXIT_DONE if all(channel.feasible for channel in self.channels.values()) else EXIT_INFEASIBLE

    @property
    def metrics(self) -> pd.DataFrame:
        """The table of `metrics.csv`: the realised filters, on the design's frequencies and those half way between."""
        return self.evaluation.metrics

    @property
    def response(self) -> pd.DataFrame:
        """The table of `response.csv`: the realised filters on the circle."""
        return self.evaluation.response

    @cached_property
    def fine_scene(self) -> Scene:
        """The scene on the design's frequencies and those half way between."""
        return Scene(
            self.problem,
            with_half_steps(self.frequency_hz),
            np.asarray(self.problem.listener.ear_cloud_m, dtype=float),
        )

    def in_scene(self, there: Scene) -> Result:
        """The same coefficients, judged and drawn in another scene of the same problem."""
        other = replace(self)
        other.__dict__["fine_scene"] = there.at(with_half_steps(self.frequency_hz))
        return other

    @cached_property
    def evaluation(self) -> Evaluation:
        """Both tables, of the realised filters in the problem's own scene."""
        return evaluate(self, self.fine_scene)

    @cached_property
    def drawn_scene(self) -> Scene:
        """The scene that figures are drawn in: frequencies in equal ratios, as a logarithmic axis shows them."""
        return self.fine_scene.at(drawn_frequencies_hz(self.problem))

    @cached_property
    def drawn_circle(self) -> Scene:
        """The same with azimuths close enough for a smooth curve."""
        drawn = self.drawn_scene
        if drawn.is_measured:
            return drawn
        step_deg = min(self.problem.grid.azimuth_step_deg, DRAWN_STEP_DEG)
        grid = drawn.problem.grid.model_copy(update={"azimuth_step_deg": step_deg})
        return drawn.with_problem(drawn.problem.model_copy(update={"grid": grid}))

    @cached_property
    def drawn(self) -> Evaluation:
        """Both tables on the frequencies of the figures."""
        return evaluate(self, self.drawn_scene)

    @cached_property
    def drawn_heads(self) -> dict[str, dict[str, Real]]:
        """Cancellation gain of each ear channel at each head of a list alone, on the frequencies of the figures."""
        if len(self.problem.heads) < 2:
            return {}
        f, rate = self.drawn_scene.frequency_hz, self.problem.sample_rate_hz
        return {
            name: head_gains_db(channel.table, filter_response(self.taps[name], f, rate), self.drawn_scene)
            for name, channel in self.channels.items()
            if channel.table.kind != "beamformer"
        }

    @cached_property
    def left_out(self) -> dict[str, dict[str, LeftOut]]:
        """Each ear channel designed on half of a measured head and judged on the other: channel -> head -> gains."""
        return left_out_directions(self.fine_scene, self.problem.realization)

    @cached_property
    def moved_heads(self) -> dict[str, MovedHead]:
        """Each ear channel with the head moved off its cloud."""
        return {
            name: moved_head(channel.table, self.taps[name], self.fine_scene.at(self.frequency_hz))
            for name, channel in self.channels.items()
            if channel.table.kind != "beamformer"
        }

    @cached_property
    def scalars(self) -> dict[str, Scalars]:
        """Each channel's numbers, from the realised taps."""
        return {
            name: scalars(
                channel.table,
                self.taps[name],
                channel.plain,
                channel.slacks_db,
                self.fine_scene,
                self.moved_heads.get(name),
                None if self.imported_from else self.weights[name],
            )
            for name, channel in self.channels.items()
        }

    @cached_property
    def even_scene(self) -> Scene:
        """The scene on frequencies in equal steps, for maps over many places: EVEN_FREQUENCIES of them, or as many as the
        grid has where these are fewer; more where a band lies between two of them.
        """
        nyquist = self.problem.sample_rate_hz / 2
        own = self.problem.grid.frequencies
        count = min(own, EVEN_FREQUENCIES)
        while count < MAX_FREQUENCIES and not self._has_each_band(np.linspace(0.0, nyquist, count)):
            count = own if count < own else 2 * count - 1
        return self.fine_scene.at(np.linspace(0.0, nyquist, count))

    def _has_each_band(self, frequency_hz: Real) -> bool:
        return all(in_band(frequency_hz, channel.table.band_hz).any() for channel in self.channels.values())

    @cached_property
    def zones(self) -> Zones | None:
        """The listener elsewhere, near by and turned; None in a measured device, where a measured head does not reach, and where
        no channel is for ears: beams alone, none of them the centre.
        """
        for_ears = any(one.table.kind != "beamformer" or name == "centre" for name, one in self.channels.items())
        if self.fine_scene.is_measured or not for_ears:
            return None
        names = [channel.table for channel in self.channels.values()]
        plain = {name: self.plain_weights(name, self.even_scene) for name in self.channels}
        try:
            return zones(names, self.taps, plain, self.even_scene)
        except DataError:
            return None

    def plain_weights(self, name: str, at: Scene) -> Complex:
        """What the channel's plain driver is fed with (F, L), without the bulk delay."""
        channel = self.channels[name]
        w = np.zeros((at.frequency_hz.size, len(self.drivers)), dtype=complex)
        own = driver_index(channel.table, self.drivers)
        w[:, own] = channel.plain.weights(at.frequency_hz, own.size)
        return w

    @cached_property
    def tolerances(self) -> dict[str, ChannelTolerance]:
        """Each channel over drawn devices and listeners."""
        table = self.problem.tolerance
        draws = draw(table, len(self.drivers), self.problem.listener.head_radius_m)
        return tolerance([channel.table for channel in self.channels.values()], self.taps, self.even_scene, draws)

    def robustness(self, name: str) -> dict[str, float]:
        """A channel's numbers over tolerances, and the area of its listening zone."""
        zone = self.zones.square.channels.get(name) if self.zones is not None else None
        realised = Realised(
            self.channels[name].table,
            self.taps[name],
            self.channels[name].plain,
            self.even_scene,
            draws=self.tolerances.get(name),
            zone_m2=None if zone is None else zone.area_m2,
        )
        return numbers_of(realised, dear=True)

    @cached_property
    def heads(self) -> dict[str, dict[str, dict[str, float]]]:
        """Each ear channel judged at each head alone: channel -> head -> number -> value."""
        return {
            name: head_numbers(self.channels[name].table, self.taps[name], self.fine_scene, moved)
            for name, moved in self.moved_heads.items()
        }

    @cached_property
    def room(self) -> InRoom | None:
        """Every channel in the problem's room, beside its plain driver; None without [room].

        Raises
        ------
        DataError : a measured head lacks the direction of the direct sound

        """
        room = self.problem.room
        if room is None:
            return None
        responses = room_responses(self.fine_scene, room)
        plain = {name: channel.plain for name, channel in self.channels.items()}
        return in_room(self.problem, responses, self.taps, plain, self.bulk_delay_samples)

    @cached_property
    def room_ears(self) -> Real | None:
        """Impulse responses (2, L, T) from each driver's feed to the listener's ears in the room; None without [room]."""
        if self.problem.room is None:
            return None
        if self.room_ears_source is not None:
            return self.room_ears_source()
        found = self.room
        assert found is not None
        return found.responses.both[:2]

    @cached_property
    def study(self) -> dict[str, ChannelStudy]:
        """Each channel's memory, work and headroom, and its gain against taps or sections and against word length."""
        return self.study_source()

    @property
    def warnings(self) -> list[str]:
        """What is odd in the data, what realisation loses, and where an order of harmonics is too low, each with its dB."""
        losses = [f"{name}: {loss}" for name, numbers in self.scalars.items() for loss in numbers.realisation_losses]
        orders = [f"{name}: {said}" for name, numbers in self.scalars.items() for said in numbers.order_warnings]
        found: InRoom | None = self.__dict__.get("room")  # where it is known: it is not computed for its warnings alone
        walls = () if found is None else found.responses.warnings
        return [
            *self.failures.values(),
            *self.fine_scene.warnings,
            *self.realisation_warnings,
            *losses,
            *orders,
            *walls,
        ]


def drawn_frequencies_hz(problem: Problem) -> Real:
    """Frequencies in equal ratios from 50 Hz to 20 kHz, and as far below and above as the bands go; of each band at least its ends."""
    bands_hz = [table.band_hz for table in problem.designs]
    nyquist_hz = problem.sample_rate_hz / 2
    first_hz, last_hz = min(low for low, _ in bands_hz), max(high for _, high in bands_hz)
    low_hz = min(50.0, max(first_hz / 2, min(10.0, min(high for _, high in bands_hz) / 10)))
    high_hz = min(max(20_000.0, last_hz), nyquist_hz)
    drawn_hz = np.geomspace(low_hz, high_hz, DRAWN_FREQUENCIES)
    narrow = [band_hz for band_hz in bands_hz if in_band(drawn_hz, band_hz).sum() < 2]
    ends_hz = [end for band_hz in narrow for end in band_hz if low_hz < end < high_hz]
    return np.unique(np.concatenate([drawn_hz, ends_hz]))


def fine_frequencies_hz(problem: Problem) -> Real:
    """The design's frequencies and those half way between: (2F - 1,)."""
    return with_half_steps(scene(problem).frequency_hz)


def evaluate(design: Result, scene: Scene) -> Evaluation:
    """Judge a design's realised coefficients in any scene: other frequencies, another head, another place.

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
    >>> band = table[(table.channel == "left") & table.frequency_hz.between(1000, 2000)]
    >>> bool((band.cancellation_gain_db > 10).all())
    True

    """
    judged = [
        Judged(channel.table, design.taps[name], channel.plain, "level" in channel.slacks_db)
        for name, channel in design.channels.items()
    ]
    return evaluate_taps(judged, scene)
