"""The scene: device, head and air composed into transfer tensors H (F, M, L).

A head is met by each driver's own field as it arrives, whatever made it (`heads`). Scattering back and forth between device
and head is left out. The air absorbs along the straight line from the driver to the point, where the problem asks for it; in the far
field, a limit that has no distance, it does not.

Scenes made from one another share a `Cache`: each tensor is computed once for what it depends on (device, air, frequencies, places,
heads), whoever asks for it and in whatever order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.air import Air
from designer.acoustics.cache import Array, Cache
from designer.acoustics.enclosures import Device, EnclosedDrivers, device_in
from designer.acoustics.head_models import Head, heads_of
from designer.acoustics.heads import ears_in_field
from designer.acoustics.measured.device import MeasuredDevice, read_device
from designer.acoustics.measured.drivers import MeasuredDrivers, measured_responses
from designer.acoustics.measured.head import MeasuredHead
from designer.arguments import checked_arguments
from designer.arrays import Complex, Index, Real
from designer.errors import DataError, UsageError
from designer.problem import geometry
from designer.problem.listener_checks import check_outside_device
from designer.problem.schema import DesignTable, Problem

if TYPE_CHECKING:
    from designer.acoustics.measured.directivity import MeasuredDirectivity

MAX_PART_BYTES = 32e6
"""Tensors of more frequencies than fill this are made and used part by part."""


def driver_places_m(problem: Problem) -> Real:
    """Where the drivers are (L, 3), as the problem file says it."""
    return np.array([driver.position_m for driver in problem.drivers], dtype=float)


def air_of(problem: Problem) -> Air | None:
    """The air that absorbs, where the problem asks for it."""
    table = problem.scene
    if table is None or not table.air_absorption:
        return None
    return Air(temperature_c=table.temperature_c, relative_humidity_percent=table.relative_humidity_percent)


def device_of(problem: Problem, solved_to_k: float | None = None, *, coarse: bool = False) -> Device:
    """The device model that the problem's enclosure and drivers ask for, solved to another wave number (rad/m) than its own."""
    return device_in(problem.body, problem.drivers, solved_to_k or problem.solved_to_k, coarse=coarse)


def _rows_of_whole(tensor: Callable[[Scene], Complex]) -> Callable[[Scene], Complex]:
    """A part of a small scene takes its rows from the whole's tensor, which the other parts need too."""

    @wraps(tensor)
    def rows(scene: Scene) -> Complex:
        return tensor(scene) if scene.whole is None else np.asarray(tensor(scene.whole[0])[scene.whole[1]])

    return rows


def _head_warnings(heads: Sequence[Head], ears: Sequence[DesignTable]) -> Iterator[str]:
    """Warnings of the heads' files, and where they do not know all that ear designs want of them."""
    for head in heads:
        yield from head.warnings
    for head in heads:
        low_hz, high_hz = head.band_hz if isinstance(head, MeasuredHead) else (0.0, np.inf)
        for table in ears:
            if table.band_hz[0] < low_hz or table.band_hz[1] > high_hz:
                yield (
                    f'{head.name}: got sound from {low_hz:.0f} to {high_hz:.0f} Hz, and the design "{table.name}" goes'
                    f" from {table.band_hz[0]:g} to {table.band_hz[1]:g} Hz; end its band within the head's, or use another head"
                )


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """Transfer tensors of a problem on a frequency grid.

    Attributes
    ----------
    displacements_m : (D, 3) float array, of the head; the problem's ear cloud by default
    chosen_heads : tuple of Head or None, in the place of the problem's
    whole_device : MeasuredDevice or None, a measured device in the place of the problem's
    read_for : Problem or None, the problem that the drivers' measured responses were read for, where it is another
    whole : tuple or None, the small scene that this one is a part of, and which of its frequencies
    coarse : bool, a body that is solved is solved on longer elements, for fields that follow a hand

    """

    problem: Problem
    frequency_hz: Real
    displacements_m: Real
    chosen_heads: tuple[Head, ...] | None = None
    whole_device: MeasuredDevice | None = None
    read_for: Problem | None = None
    whole: tuple[Scene, Index] | None = None
    coarse: bool = False
    cache: Cache = field(default_factory=Cache, repr=False)

    def __repr__(self) -> str:
        """One line."""
        f, places = self.frequency_hz, len(self.displacements_m)
        size = f"{len(self.drivers)} drivers, {f.size} frequencies to {f.max():g} Hz, {places} places of the head"
        return f'<Scene of "{self.problem.title}": {size}>'

    @property
    def drivers(self) -> tuple[str, ...]:
        """Names of the drivers (L,)."""
        return self.problem.driver_names

    @cached_property
    def k(self) -> Real:
        """Wave number (F,), rad/m."""
        return 2 * np.pi * self.frequency_hz / self.problem.speed_of_sound_m_s

    @cached_property
    def azimuth_deg(self) -> Real:
        """Azimuths of the circle (A,)."""
        return geometry.azimuth_grid_deg(self.problem.grid.azimuth_step_deg)

    @property
    def _read(self) -> tuple[dict[int, MeasuredDirectivity], tuple[str, ...]]:
        problem = self.read_for or self.problem
        return self.cache.model(("read", self.cache.identity(problem)), lambda: measured_responses(problem))

    @property
    def responses(self) -> dict[int, MeasuredDirectivity]:
        """The measured drivers by index."""
        return self._read[0]

    @cached_property
    def _device_key(self) -> Hashable:
        tables = [self.problem.body, *self.problem.drivers]
        measured = (self.cache.content(self.responses), self.problem.speed_of_sound_m_s) if self.responses else ()
        solved = (self.read_for or self.problem).solved_to_k if self.problem.body.is_solved else 0.0  # whatever the air
        texts = (table.model_dump_json(exclude={"max_gain_db"}) for table in tables)
        return "device", *texts, measured, solved, self.coarse

    @property
    def device(self) -> Device:
        """The device's model, with the drivers that are measured."""

        def make() -> Device:
            model = device_of(self.problem, (self.read_for or self.problem).solved_to_k, coarse=self.coarse)
            facing = tuple((driver.facing_deg[0], driver.facing_deg[1]) for driver in self.problem.drivers)
            measured = driver_places_m(self.problem), facing, self.responses, self.problem.speed_of_sound_m_s
            return MeasuredDrivers(model, *measured) if self.responses else model

        return self.cache.model(self._device_key, make)

    def prepare(self) -> None:
        """Solve what all of the device's fields need, if it has no closed form; `designer.progress` hears how far it is."""
        if self.problem.body.is_solved and not self.is_measured:
            device = self.device.model if isinstance(self.device, MeasuredDrivers) else self.device
            if isinstance(device, EnclosedDrivers):
                device.prepare()

    @property
    def is_measured(self) -> bool:
        """Whether it is a measured device, which knows the places of its receivers and no other."""
        return self.measured_device is not None

    @property
    def measured_device(self) -> MeasuredDevice | None:
        """The whole device as it was measured, which replaces every model where it has receivers."""
        file = self.problem.measured_device
        if self.whole_device is not None or file is None:
            return self.whole_device
        path = self.problem.data_path(file)
        device = self.cache.model(("whole", path), lambda: read_device(path, len(self.problem.drivers)))
        for i, design in enumerate(self.problem.designs):
            if design.band_hz[1] > device.highest_hz * (1 + 1e-9):
                raise DataError(
                    f"{device.path}: measured up to {device.highest_hz:.6g} Hz, and designs[{i}].band_hz asks for"
                    f" {design.band_hz[1]:.6g} Hz; expected up to {device.highest_hz:.6g} Hz; end the band there, or"
                    " measure higher"
                )
        return device

    def tensor(self, kind: str, make: Callable[[], Array], *depends: Hashable, stored: bool = True) -> Array:
        """A read-only array that comes of the device's field at these frequencies and of `depends`, as the cache holds it.

        Parameters
        ----------
        kind : str, what it is
        make : callable, computes it
        depends : object, hashable, of content that means the same in any process
        stored : bool, on disk, too

        """
        air = air_of(self.problem)
        medium = self._device_key, air, self.frequency_hz.tobytes() if air else b"", self.k.tobytes()
        return self.cache.tensor((kind, *medium, *depends), make, stored=stored)

    def at_receivers(self, device: MeasuredDevice, places_m: Real, subject: str) -> Complex:
        """Measured H (F, M, L) at the receivers that are at these places."""
        at = device.receivers_at(places_m, subject)
        speed_m_s = self.problem.speed_of_sound_m_s
        key = "receivers", self.cache.content(device), self.frequency_hz.tobytes(), speed_m_s, tuple(at)
        return self.cache.tensor(key, lambda: device.transfer(self.frequency_hz, speed_m_s)[:, at])

    def field(self, points_m: Real) -> Complex:
        """The device's field (F, M, L) at points (M, 3), less what the air absorbs on the way from each driver."""

        def make() -> Complex:
            return self._through_air(self.device.field(self.k, points_m), points_m)

        return self.tensor("field", make, points_m.tobytes())

    def _through_air(self, pressure: Complex, points_m: Real) -> Complex:
        """Pressure (F, ..., L) at points (M, 3), less what the air absorbs on the way from each driver."""
        air = air_of(self.problem)
        if air is None:
            return pressure
        distance_m = np.linalg.norm(points_m[:, None, :] - driver_places_m(self.problem), axis=-1)
        return np.asarray(pressure * air.amplitude_factor(self.frequency_hz, distance_m).reshape(pressure.shape))

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """The heads designed over, outermost first; DataError where a head's file cannot be used."""
        problem = self.problem
        files = tuple(str(problem.data_path(head)) for head in problem.heads)
        key = "heads", files, problem.listener.head_radius_m, problem.speed_of_sound_m_s
        return self.chosen_heads or self.cache.model(key, lambda: heads_of(problem))

    @cached_property
    def _head_frame(self) -> tuple[Real, Real]:
        """Axes (3, 3) and centres (D, 3) of the displaced heads."""
        listener = self.problem.listener
        return geometry.head_axes(listener), geometry.head_centres_m(listener, self.displacements_m)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the data that the scene is made of."""
        messages = list(self._read[1])
        if self.measured_device is not None and not self._circle_is_measured:
            messages.append(
                f"{self.measured_device.path}: holds no circle of receivers at {self.problem.azimuth_distance_m:g} m, so maps, polar"
                " plots, white-noise gain and directivity index are those of the model"
            )
        ears = [table for table in self.problem.designs if not table.is_beam]
        return tuple(dict.fromkeys([*messages, *(_head_warnings(self.heads, ears) if ears else ())]))

    def at(self, frequency_hz: Real) -> Scene:
        """Scene of the same drivers and listener on other frequencies."""
        return replace(self, frequency_hz=np.asarray(frequency_hz, dtype=float), whole=None)

    def part(self, index: Index | slice) -> Scene:
        """Scene at some of its frequencies; of a scene whose tensors are small, rows of these."""
        if self.whole is not None:
            return self.whole[0].part(self.whole[1][index])
        rows = np.arange(self.frequency_hz.size)[index]
        return replace(self.at(self.frequency_hz[rows]), whole=(self, rows) if self.is_small else None)

    @property
    def bytes_a_frequency(self) -> int:
        """Size of the larger transfer tensor, at the ears or on the circle, at one frequency."""
        points = max(self.azimuth_deg.size, 2 * len(self.problem.heads) * len(self.displacements_m))
        return 16 * points * len(self.drivers)

    def parts(self, index: Index) -> list[Index]:
        """Those frequencies in consecutive parts, each small enough for its tensors to fit into MAX_PART_BYTES."""
        step = max(1, int(MAX_PART_BYTES / self.bytes_a_frequency))
        return [index[start : start + step] for start in range(0, index.size, step)]

    @property
    def is_small(self) -> bool:
        """Whether the tensors of all frequencies fit into MAX_PART_BYTES at once."""
        return len(self.parts(np.arange(self.frequency_hz.size))) <= 1

    @checked_arguments()
    def moved(self, displacements_m: Real) -> Scene:
        """Scene with the head displaced otherwise: (D, 3) on the device's axes; UsageError: another shape, not finite, or in the device."""
        moves_m = np.asarray(displacements_m)
        if moves_m.ndim != 2 or moves_m.shape[1] != 3 or not moves_m.size:
            raise UsageError(
                f"displacements_m: got an array of shape {moves_m.shape}; expected (D, 3), D at least 1: [[x, y, z], ...]"
            )
        if np.iscomplexobj(moves_m) or not np.isfinite(moves_m).all():
            raise UsageError("displacements_m: got numbers that are complex or not finite; expected metres")
        if self.measured_device is None:
            check_outside_device(self.problem, moves_m.astype(float))
        return replace(self, displacements_m=moves_m.astype(float), whole=None)

    def with_heads(self, heads: tuple[Head, ...]) -> Scene:
        """Scene with other heads."""
        return replace(self, chosen_heads=heads, whole=None)

    def with_device(self, measured: MeasuredDevice) -> Scene:
        """Scene with a whole device as it was measured in the place of its model."""
        return replace(self, whole_device=measured, whole=None)

    def with_problem(self, problem: Problem) -> Scene:
        """The scene of another air or listener: the drivers' measured responses stay as they were read, in the air of their day."""
        other = Scene(problem, self.frequency_hz, self.displacements_m, cache=self.cache)
        return replace(other, read_for=self.read_for or self.problem, coarse=self.coarse)

    @_rows_of_whole
    def ears(self) -> Complex:
        """H at the ears (F, 2 H D, L): left, right of the first displacement, ...; heads outermost."""
        axes, centres_m = self._head_frame
        if self.measured_device is not None:
            places = [
                geometry.ears_m(self.problem.listener, head.radius_m, self.displacements_m) for head in self.heads
            ]
            return self.at_receivers(self.measured_device, np.concatenate(places).reshape(-1, 3), "an ear")

        def make() -> Complex:
            shape = self.k.size, -1, len(self.drivers)
            if len(self.heads) == 1:
                return self._ears_of(self.heads[0], centres_m, axes).reshape(shape)
            # Each head's by itself: lists of heads have some in common.
            return np.concatenate([self.ears_of(head, centres_m, axes).reshape(shape) for head in self.heads], axis=1)

        heads = tuple(self.head_key(head) for head in self.heads)
        return self.tensor("ears", make, heads, centres_m.tobytes(), axes.tobytes(), stored=len(heads) == 1)

    def ears_of(self, head: Head, centres_m: Real, axes: Real, *, among_m: Real | None = None) -> Complex:
        """H at the ears of a head at any places (F, D, 2, L), of the device's model.

        Parameters
        ----------
        centres_m : (D, 3) float array
        axes : (3, 3) float array, the head's axes as rows: forward, left, up
        among_m : (N, 3) float array or None, places of which these are some, where all are to be one smooth function

        """
        places = [None if array is None else array.tobytes() for array in (centres_m, axes, among_m)]
        return self.tensor("at", lambda: self._ears_of(head, centres_m, axes, among_m), self.head_key(head), *places)

    def _ears_of(self, head: Head, centres_m: Real, axes: Real, among_m: Real | None = None) -> Complex:
        pressure = ears_in_field(head, self.device, self.k, centres_m, axes, among_m=among_m)
        ears_m = centres_m[:, None] + head.radius_m * np.stack([axes[1], -axes[1]])
        return self._through_air(pressure, ears_m.reshape(-1, 3))

    def head_key(self, head: Head) -> Hashable:
        """Content of a head, for `tensor`."""
        return self.cache.content(head) if isinstance(head, MeasuredHead) else (type(head), head.radius_m)

    @_rows_of_whole
    def circle(self) -> Complex:
        """H on the circle of masks and maps (F, A, L), without the head."""
        return self.on_circle(self.azimuth_deg)

    def look(self, azimuth_deg: float) -> Complex:
        """H at one azimuth of the circle (F, L)."""
        on_grid = np.flatnonzero(np.abs((self.azimuth_deg - azimuth_deg + 180) % 360 - 180) < 1e-9)
        if on_grid.size:
            return np.asarray(self.circle()[:, on_grid[0]])
        return np.asarray(self.on_circle(np.array([azimuth_deg]))[:, 0])

    @property
    def _circle_is_measured(self) -> bool:
        """Whether the circle is to be taken from the measured device: a beam needs it, an ear channel only draws it."""
        if any(table.is_beam for table in self.problem.designs):
            return True
        device, distance_m = self.measured_device, self.problem.azimuth_distance_m
        places_m = geometry.direction(self.azimuth_deg) * distance_m
        return device is not None and not np.isinf(distance_m) and device.knows(places_m)

    def on_circle(self, azimuth_deg: Real) -> Complex:
        """H at azimuths of the circle alone (F, azimuths, L), without the head."""
        distance_m = self.problem.azimuth_distance_m
        directions = geometry.direction(azimuth_deg)
        if self.measured_device is not None and self._circle_is_measured:
            return self.at_receivers(self.measured_device, directions * distance_m, "a point of the circle")
        if np.isinf(distance_m):
            return self.tensor("far", lambda: self.device.far_field(self.k, directions), directions.tobytes())
        return self.field(directions * distance_m)

    @_rows_of_whole
    def head_centre(self) -> Complex:
        """H at the centre of the undisplaced head, without the head (F, L)."""
        return self.field(np.array([self.problem.listener.position_m], dtype=float))[:, 0]

    @_rows_of_whole
    def _device_power(self) -> Complex:
        return self.tensor("power", lambda: self.device.radiated_power(self.k))

    @property
    def radiated_power(self) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude, for a look point on the circle."""
        return self.radiated_power_to(self.problem.azimuth_distance_m)

    def radiated_power_to(self, distance_m: float) -> Complex:
        """Q (F, L, L), less what the air absorbs as far as a look point (inf: nothing), so that an index compares like with like."""
        air = air_of(self.problem)
        if air is None or np.isinf(distance_m):
            return self._device_power()
        factor = air.amplitude_factor(self.frequency_hz, np.array(distance_m))
        return np.asarray(self._device_power() * factor[:, None, None] ** 2)
