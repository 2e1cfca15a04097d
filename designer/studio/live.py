"""Curves that follow a hand: ideal weights of one channel on a coarse grid, by the same `design_channel` as a design's.

The grid is fixed by the channel's band and fade, not by its curve, so that a curve that moves leaves every transfer function as it is; a
tensor is kept for as long as what it depends on stays. Cones take a few milliseconds a frequency, closed forms some microseconds: the
number of frequencies goes by the method. What a request asks for is designed and no more.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from designer.acoustics.cache import Cache
from designer.acoustics.enclosures.surface_drivers import SurfaceDrivers
from designer.acoustics.head_models import Head
from designer.acoustics.scene import Scene, device_of
from designer.acoustics.scene_of_problem import in_heard_cloud
from designer.arrays import Complex, Real
from designer.comparison.numbers import relative_level_of
from designer.designs import ChannelDesign, design_channel
from designer.designs.channel import first_method
from designer.designs.reach import ceiling_db
from designer.measures import lowest_hz
from designer.metrics import BY_NAME, NUMBERS, Realised, compute
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import DesignTable, Problem
from designer.problem.table import Table
from designer.requirements.curves import in_band

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

CLOSED_FORMS = frozenset(
    {"power-ratio", "least-squares", "acoustic-contrast", "superdirective", "choueiri", "delay-and-sum", "matrix", "spherical-harmonic"}
)  # fmt: skip
"""Methods that are solved by eigenproblems for all frequencies at once."""
IN_BAND, IN_FADE, OUTSIDE = 48, 8, 10
"""Frequencies of a closed form in the band, in each fade and beyond each, in equal ratios."""
IN_BAND_OF_CONES, IN_FADE_OF_CONES = 20, 3
MOST_LAYOUTS, MOST_DRIVERS_KEPT, MOST_CHANNELS = 3, 8, 8
"""Layouts whose tensors are kept, drivers beside those that are there, and channels whose weights are."""
MOST_COARSE_BYTES = 300e6
"""Size of the matrices that take drivers' slopes on a body that is solved to pressures, in the process that draws what moves."""
LOWERED = "level"


@dataclass(frozen=True)
class Ideal(Realised):
    """Weights as the formulation gave them, judged as realised filters are."""

    weights: Complex = field(default_factory=lambda: np.zeros((0, 0), dtype=complex))  # (F, all drivers)

    @cached_property
    def full(self) -> Complex:
        """Responses of all drivers' filters (F, L)."""
        return self.weights


@dataclass(frozen=True)
class LiveChannel:
    """One channel under the hand.

    Attributes
    ----------
    ceiling_db : (F,) float array or None, the largest gain within the limits at the frequencies in the band; None where it is dear

    """

    problem: Problem
    design: ChannelDesign
    ideal: Ideal
    ceiling_db: Real | None

    @property
    def table(self) -> DesignTable:
        """The channel as the file has it."""
        return self.design.design

    @property
    def coarse_body(self) -> str:
        """The body that is solved coarsely ("box", "mesh"); empty of curves that hold for the field of the file."""
        return self.problem.body.model_name if self.ideal.scene.coarse else ""

    @property
    def frequency_hz(self) -> Real:
        """The coarse grid (F,)."""
        return self.design.frequency_hz

    def metric(self, name: str) -> Real:
        """A column of `metrics.csv`, of the weights (F,)."""
        function = BY_NAME[name].compute
        assert function is not None
        return np.asarray(function(self.ideal))

    def numbers(self) -> dict[str, float]:
        """Name -> value of the channel's numbers that look at nothing beyond these frequencies."""
        return compute(
            tuple(metric for metric in NUMBERS if "target" not in metric.needs or self.has_curve), self.ideal
        )

    @property
    def has_curve(self) -> bool:
        """Whether a target curve is asked for."""
        return self.table.cancellation_gain_db is not None

    def level_db(self) -> tuple[Real, Real, str]:
        """Azimuths (A,), level on the circle (F, A), and what it is relative to."""
        scene = self.ideal.scene

        def plain() -> Complex:
            w = np.zeros((scene.frequency_hz.size, len(scene.drivers)), dtype=complex)
            w[:, self.ideal.index] = self.design.plain.weights(scene.frequency_hz, self.ideal.index.size)
            return w

        return relative_level_of(self.table, self.design.weights, plain, scene)


def live_frequencies_hz(problem: Problem, table: DesignTable) -> Real:
    """The coarse grid of a channel: the ends of its band, equal ratios within it, within its fades and beyond."""
    low_hz, high_hz = lowest_hz(table.band_hz), table.band_hz[1]
    first_hz, last_hz = shown_band_hz(problem)
    closed = first_method(table) in CLOSED_FORMS
    inside, fade = (IN_BAND, IN_FADE) if closed else (IN_BAND_OF_CONES, IN_FADE_OF_CONES)
    below_hz, above_hz = (max(low_hz / 2**table.fade_octaves, first_hz), min(high_hz * 2**table.fade_octaves, last_hz))
    parts = [np.geomspace(low_hz, high_hz, inside)]
    for start_hz, stop_hz, count in (
        (below_hz, low_hz, fade),
        (high_hz, above_hz, fade),
        (first_hz, below_hz, OUTSIDE),
        (above_hz, last_hz, OUTSIDE),
    ):
        if stop_hz > start_hz * (1 + 1e-9):
            parts.append(np.geomspace(start_hz, stop_hz, count + 1))
    frequency_hz = np.unique(np.concatenate([*parts, table.band_hz]))
    # Ends that two parts share differ by rounding.
    return np.asarray(frequency_hz[np.append(True, np.diff(frequency_hz) > 1e-9 * frequency_hz[1:])])


class Live:
    """Live channels of one document, with the scenes and the weights of what did not move."""

    def __init__(self) -> None:
        self._layouts: dict[tuple[Hashable, Hashable], Scene] = {}  # by device, and by places
        self._drivers: dict[Hashable, Scene] = {}
        self._channels: dict[Hashable, ChannelDesign] = {}
        self._ceilings: dict[Hashable, Real | None] = {}

    def channel(self, problem: Problem, name: str) -> LiveChannel:
        """A channel of the problem, designed if it was not.

        Raises
        ------
        KeyError : no channel of this name
        SolverError, DataError : as `design_channel` and the scene

        """
        table = next((table for table in problem.designs if table.name == name), None)
        if table is None:
            raise KeyError(name)
        scene = self.scene(problem, live_frequencies_hz(problem, table))
        around = key_around(problem, scene)
        design = remembered(
            self._channels, (table.model_dump_json(), *around), MOST_CHANNELS, lambda: design_channel(table, scene)
        )
        within = table.model_copy(update={"cancellation_gain_db": None})
        at_hz = scene.frequency_hz[in_band(scene.frequency_hz, table.band_hz)]
        ceiling = None
        if table.cancellation_gain_db is not None:
            key = (within.model_dump_json(), *around)
            ceiling = remembered(
                self._ceilings, key, MOST_CHANNELS, lambda: ceiling_db(table, scene, design.plain, at_hz)
            )
        ideal = Ideal(
            design=table, taps=np.zeros((0, 0)), plain=design.plain, scene=scene, lowered=LOWERED in design.slacks_db,
            weights=design.weights,
        )  # fmt: skip
        return LiveChannel(problem, design, ideal, ceiling)

    def scene(self, problem: Problem, frequency_hz: Real) -> Scene:
        """The problem's scene on some frequencies: the tensors of each driver that was there before are kept."""
        tables = [problem.body, *problem.drivers, *([] if problem.scene is None else [problem.scene])]
        coarse = problem.body.is_solved and not self._is_solved(problem)
        device = tuple(_geometry_of(table) for table in tables), problem.speed_of_sound_m_s, coarse
        cloud_m = np.asarray(problem.listener.ear_cloud_m, dtype=float)

        def first_there() -> Scene:
            for (last_device, _), last in reversed(self._layouts.items()):
                same = last_device == device
                read_for = (last.read_for or last.problem) if same else None
                cache = last.cache.heir(same_device=same)
                return Scene(problem, frequency_hz, cloud_m, read_for=read_for, coarse=coarse, cache=cache)
            return Scene(problem, frequency_hz, cloud_m, coarse=coarse, cache=Cache(stored=False))

        first = remembered(self._layouts, (device, _places_of(problem)), MOST_LAYOUTS, first_there)
        shared: dict[str, Any] = {
            "read_for": first.read_for or first.problem, "coarse": coarse, "cache": first.cache
        }  # fmt: skip
        if not has_own_fields(problem) or (problem.body.is_solved and not coarse):
            return in_heard_cloud(Scene(problem, frequency_hz, cloud_m, **shared))
        alone = tuple(self._alone(problem, l, first.cache) for l in range(len(problem.drivers)))
        return in_heard_cloud(DriverScene(problem, frequency_hz, cloud_m, **shared, alone=alone))

    def follows(self, problem: Problem) -> bool:
        """Whether curves can follow a hand: of a body that is solved, where what takes slopes to pressures fits into memory."""
        device = device_of(problem, coarse=True) if problem.body.is_solved and not self._is_solved(problem) else None
        return not isinstance(device, SurfaceDrivers) or device.solved_bytes <= MOST_COARSE_BYTES

    def _is_solved(self, problem: Problem) -> bool:
        """Whether the solution of its body is on disk, as the process that judges leaves it."""
        device = device_of(problem)
        return isinstance(device, SurfaceDrivers) and device.is_stored

    def _alone(self, problem: Problem, l: int, of_all: Cache) -> Scene:
        """The scene of one driver, with the tensors that it had at these places."""
        tables = [problem.body, problem.drivers[l], *([] if problem.scene is None else [problem.scene])]
        key = tuple(_geometry_of(table) for table in tables), problem.speed_of_sound_m_s, _places_of(problem)

        def first_there() -> Scene:
            coarse = problem.body.is_solved
            return Scene(of_driver(problem, l), np.zeros(1), np.zeros((1, 3)), coarse=coarse, cache=of_all.heir())

        return remembered(self._drivers, key, MOST_DRIVERS_KEPT + len(problem.drivers), first_there)


def _places_of(problem: Problem) -> Hashable:
    """All that says where a field is looked at."""
    return problem.listener.model_dump_json(), problem.grid.model_dump_json()


def _geometry_of(table: Table) -> str:
    """All of a table that its field depends on."""
    return table.model_dump_json(exclude={"max_gain_db", "name", "band_hz"})


def key_around(problem: Problem, scene: Scene) -> tuple[Hashable, ...]:
    """All that a channel's weights depend on beside its own table and the data files."""
    tables: list[Any] = [
        problem.body,
        *problem.drivers,
        problem.listener,
        problem.grid,
        problem.tolerance,
        problem.scene,
    ]
    texts = (None if table is None else table.model_dump_json() for table in tables)
    return (*texts, problem.speed_of_sound_m_s, problem.sample_rate_hz, scene.coarse, scene.frequency_hz.tobytes())


def remembered(values: dict[K, T], key: K, most: int, make: Callable[[], T]) -> T:
    """A value as it was made for this key; of too many, those not asked for longest are forgotten."""
    value = values.pop(key) if key in values else make()
    values[key] = value
    while len(values) > most:
        values.pop(next(iter(values)))
    return value


@dataclass(frozen=True, eq=False, repr=False)
class DriverScene(Scene):
    """A scene whose tensors are put together from scenes of each driver alone, of the same listener.

    Of a layout in which one driver moves, the others' are kept: each driver's field on a rigid body is its own, wherever the other drivers
    are. Only the power that they radiate together is left to the whole device. Measured devices and drivers are read as a whole.

    Attributes
    ----------
    alone : tuple of Scene, of one driver each, on any frequencies

    """

    alone: tuple[Scene, ...] = ()

    def _joined(self, tensor: Callable[[Scene], Complex]) -> Complex:
        """The drivers' tensors (F, ..., 1) as one (F, ..., L)."""
        tensors = [tensor(scene.at(self.frequency_hz).moved(self.displacements_m)) for scene in self.alone]
        return np.concatenate(tensors, axis=-1)

    def field(self, points_m: Real) -> Complex:
        """The device's field (F, M, L) at points (M, 3)."""
        return self.tensor("field", lambda: self._joined(lambda scene: scene.field(points_m)), points_m.tobytes())

    def on_circle(self, azimuth_deg: Real) -> Complex:
        """H at azimuths of the circle alone (F, azimuths, L), without the head."""
        place = self.problem.azimuth_distance_m, azimuth_deg.tobytes()
        return self.tensor("circle", lambda: self._joined(lambda scene: scene.on_circle(azimuth_deg)), *place)

    def _ears_of(self, head: Head, centres_m: Real, axes: Real, among_m: Real | None = None) -> Complex:
        return self._joined(lambda scene: scene.ears_of(head, centres_m, axes, among_m=among_m))


def has_own_fields(problem: Problem) -> bool:
    """Whether each driver's field can be computed alone."""
    return problem.measured_device is None and all(driver.response is None for driver in problem.drivers)


def of_driver(problem: Problem, l: int) -> Problem:
    """The problem with one driver: for its scene, not to be designed."""
    update: dict[str, Any] = {"drivers": [problem.drivers[l]]}
    return problem.model_copy(update=update)
