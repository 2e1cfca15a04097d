"""The scene: device, head and air composed into transfer tensors H (F, M, L).

A head is met by each driver's own field as it arrives, whatever made it (`head_in_field`). Scattering back and forth between device
and head is left out. The air absorbs along the straight line from the driver to the point, where the problem asks for it; in the far
field, a limit that has no distance, it does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.air import Air
from designer.acoustics.enclosures import Device as Device
from designer.acoustics.enclosures import device_in
from designer.acoustics.free_field import direction
from designer.acoustics.head_in_field import ears_in_field
from designer.acoustics.heads import Head, heads_of
from designer.acoustics.measured_device import MeasuredDevice, read_device
from designer.acoustics.measured_drivers import MeasuredDrivers, measured_responses
from designer.acoustics.measured_head import MeasuredHead
from designer.acoustics.refined_grid import refined_frequencies_hz
from designer.arrays import Complex, Index, Real
from designer.errors import DataError
from designer.problem import geometry
from designer.problem.frequency_grid import joined_frequencies_hz
from designer.problem.schema import Problem

if TYPE_CHECKING:
    from designer.acoustics.directivity import MeasuredDirectivity


PART_BYTES = 32e6
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


def device_of(problem: Problem) -> Device:
    """The device model that the problem's enclosure and drivers ask for."""
    return device_in(problem.body, problem.drivers)


@dataclass(frozen=True)
class Scene:
    """Transfer tensors of a problem on a frequency grid; each is computed once, when it is first asked for."""

    problem: Problem
    frequency_hz: Real
    displacements_m: Real
    """(D, 3) of the head; the problem's ear cloud by default."""

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

    @cached_property
    def _responses(self) -> tuple[dict[int, MeasuredDirectivity], tuple[str, ...]]:
        return measured_responses(self.problem)

    @property
    def responses(self) -> dict[int, MeasuredDirectivity]:
        """The measured drivers by index."""
        return self._responses[0]

    @cached_property
    def _device(self) -> Device:
        model, measured = device_of(self.problem), self._responses[0]
        if not measured:
            return model
        facing = tuple((driver.facing_deg[0], driver.facing_deg[1]) for driver in self.problem.drivers)
        places_m = driver_places_m(self.problem)
        return MeasuredDrivers(model, places_m, facing, measured, self.problem.speed_of_sound_m_s)

    @property
    def device(self) -> Device:
        """The device's model, with the drivers that are measured."""
        return self._device

    @property
    def is_measured(self) -> bool:
        """Whether the scene is a measured device, which knows the places of its receivers and no other."""
        return self._measured is not None

    @cached_property
    def _measured(self) -> MeasuredDevice | None:
        """The whole device as it was measured, which replaces every model where it has receivers."""
        table = self.problem.scene
        if table is None or table.transfer is None:
            return None
        device = read_device(self.problem.data_path(table.transfer), len(self.problem.drivers))
        for i, design in enumerate(self.problem.designs):
            if design.band_hz[1] > device.highest_hz * (1 + 1e-9):
                raise DataError(
                    f"{device.path}: measured up to {device.highest_hz:.6g} Hz, and designs[{i}].band_hz asks for"
                    f" {design.band_hz[1]:.6g} Hz; allowed: up to {device.highest_hz:.6g} Hz; end the band there, or"
                    " measure higher"
                )
        return device

    def _at_receivers(self, device: MeasuredDevice, places_m: Real, what: str) -> Complex:
        """Measured H (F, M, L) at the receivers that are at these places."""
        at = device.receivers_at(places_m, what)
        return device.transfer(self.frequency_hz, self.problem.speed_of_sound_m_s)[:, at]

    def field(self, points_m: Real) -> Complex:
        """The device's field (F, M, L) at points (M, 3), less what the air absorbs on the way from each driver."""
        air = self._air_on_the_way(points_m)
        field = self._device.field(self.k, points_m)
        return field if air is None else np.asarray(field * air)

    def _air_on_the_way(self, points_m: Real) -> Real | None:
        """What the air leaves of each driver's amplitude at points (F, M, L); None where none absorbs."""
        air = air_of(self.problem)
        if air is None:
            return None
        distance_m = np.linalg.norm(points_m[:, None, :] - driver_places_m(self.problem), axis=-1)
        return air.amplitude_factor(self.frequency_hz, distance_m)

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """The heads designed over, outermost first.

        Raises
        ------
        DataError : a head's file cannot be used

        """
        return heads_of(self.problem)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of the data that the scene is made of."""
        ears = [table for table in self.problem.designs if not table.is_beam]
        said = list(self._responses[1])
        if self._measured is not None and not self._circle_is_measured:
            said.append(
                f"{self._measured.path}: holds no circle of receivers at {self.problem.azimuth_distance_m:g} m, so maps, polar"
                " plots, white-noise gain and directivity index are those of the model"
            )
        if not ears:
            return tuple(said)
        said += [warning for head in self.heads for warning in head.warnings]
        for head in self.heads:
            low_hz, high_hz = head.band_hz if isinstance(head, MeasuredHead) else (0.0, np.inf)
            for table in ears:
                if table.band_hz[0] < low_hz or table.band_hz[1] > high_hz:
                    said.append(
                        f'{head.name}: found sound from {low_hz:.0f} to {high_hz:.0f} Hz, and the design "{table.name}" goes'
                        f" from {table.band_hz[0]:g} to {table.band_hz[1]:g} Hz; outside, the head is not known"
                    )
        return tuple(dict.fromkeys(said))

    def at(self, frequency_hz: Real) -> Scene:
        """The same scene on other frequencies."""
        return self._like(np.asarray(frequency_hz, dtype=float), self.displacements_m)

    def part(self, index: Index | slice) -> Scene:
        """The same scene at some of its frequencies; tensors that are computed already are not computed again."""
        other = self.at(self.frequency_hz[index])
        for key in ("_circle", "_ears", "_head_centre", "_device_power"):
            if key in self.__dict__:
                other.__dict__[key] = self.__dict__[key][index]
        return other

    @property
    def bytes_a_frequency(self) -> int:
        """Size of the larger transfer tensor, at the ears or on the circle, at one frequency."""
        points = max(self.azimuth_deg.size, 2 * len(self.problem.heads) * len(self.displacements_m))
        return 16 * points * len(self.drivers)

    def parts(self, index: Index) -> Iterator[Index]:
        """Those frequencies in consecutive parts, each small enough for its tensors to fit into PART_BYTES."""
        step = max(1, int(PART_BYTES / self.bytes_a_frequency))
        for start in range(0, index.size, step):
            yield index[start : start + step]

    @property
    def is_small(self) -> bool:
        """Whether the tensors of all frequencies fit into PART_BYTES at once."""
        return next(self.parts(np.arange(self.frequency_hz.size)), self.frequency_hz).size == self.frequency_hz.size

    def moved(self, displacements_m: Real) -> Scene:
        """The same scene with the head displaced otherwise: (D, 3) along the device's axes."""
        return self._like(self.frequency_hz, np.asarray(displacements_m, dtype=float))

    def with_heads(self, heads: tuple[Head, ...]) -> Scene:
        """The same scene with other heads."""
        other = self._like(self.frequency_hz, self.displacements_m)
        other.__dict__["heads"] = heads
        return other

    def with_device(self, measured: MeasuredDevice) -> Scene:
        """The same scene with a whole device as it was measured in the place of its model."""
        other = self._like(self.frequency_hz, self.displacements_m)
        other.__dict__["_measured"] = measured
        return other

    def with_azimuths(self, step_deg: float) -> Scene:
        """The same scene with another step of the circle."""
        grid = self.problem.grid.model_copy(update={"azimuth_step_deg": step_deg})
        return self._like(self.frequency_hz, self.displacements_m, self.problem.model_copy(update={"grid": grid}))

    def with_problem(self, problem: Problem) -> Scene:
        """The scene of another air or listener: the drivers' measured responses stay as they were read, in the air of their day."""
        other = Scene(problem, self.frequency_hz, self.displacements_m)
        other.__dict__["_responses"] = self._responses
        return other

    def _like(self, frequency_hz: Real, displacements_m: Real, problem: Problem | None = None) -> Scene:
        other = Scene(problem or self.problem, frequency_hz, displacements_m)
        other.__dict__["_responses"] = self._responses  # read once, before the first of many asks for them
        for key in ("_measured", "_device", "heads"):  # they do not depend on what changed
            if key in self.__dict__:
                other.__dict__[key] = self.__dict__[key]
        return other

    def ears(self) -> Complex:
        """H at the ears (F, 2 H D, L): left, right of the first displacement, ...; heads outermost."""
        return self._ears

    @cached_property
    def _ears(self) -> Complex:
        listener = self.problem.listener
        axes = geometry.head_axes(listener)
        centres_m = geometry.head_centres_m(listener, self.displacements_m)
        if self._measured is not None:
            each = [geometry.ears_m(listener, head.radius_m, self.displacements_m) for head in self.heads]
            return self._at_receivers(self._measured, np.concatenate(each).reshape(-1, 3), "an ear")
        found = [self.ears_of(head, centres_m, axes).reshape(self.k.size, -1, len(self.drivers)) for head in self.heads]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)

    def ears_of(self, head: Head, centres_m: Real, axes: Real, *, among_m: Real | None = None) -> Complex:
        """H at the ears of a head at any places (F, D, 2, L), of the device's model.

        Parameters
        ----------
        centres_m : (D, 3)
        axes : (3, 3) the head's axes as rows: forward, left, up
        among_m : (N, 3) places of which these are some, where all are to be one smooth function

        """
        pressure = ears_in_field(head, self._device, self.k, centres_m, axes, among_m=among_m)
        ears_m = centres_m[:, None] + head.radius_m * np.stack([axes[1], -axes[1]])
        air = self._air_on_the_way(ears_m.reshape(-1, 3))
        return pressure if air is None else np.asarray(pressure * air.reshape(pressure.shape))

    def circle(self) -> Complex:
        """H on the circle of masks and maps (F, A, L), without the head."""
        return self._circle

    @cached_property
    def _circle(self) -> Complex:
        return self.on_circle(self.azimuth_deg)

    def look(self, azimuth_deg: float) -> Complex:
        """H at one azimuth of the circle (F, L)."""
        on_grid = np.flatnonzero(np.abs((self.azimuth_deg - azimuth_deg + 180) % 360 - 180) < 1e-9)
        if on_grid.size and "_circle" in self.__dict__:
            return np.asarray(self.circle()[:, on_grid[0]])
        return np.asarray(self.on_circle(np.array([azimuth_deg]))[:, 0])

    @cached_property
    def _circle_is_measured(self) -> bool:
        """Whether the circle is to be taken from the measured device: a beam needs it, an ear channel only draws it."""
        if any(table.is_beam for table in self.problem.designs):
            return True
        distance_m = self.problem.azimuth_distance_m
        if self._measured is None or np.isinf(distance_m):
            return False
        return self._measured.knows(direction(self.azimuth_deg) * distance_m)

    def on_circle(self, azimuth_deg: Real) -> Complex:
        """H at azimuths of the circle alone (F, azimuths, L), without the head."""
        distance_m = self.problem.azimuth_distance_m
        directions = direction(azimuth_deg)
        if self._measured is not None and self._circle_is_measured:
            return self._at_receivers(self._measured, directions * distance_m, "a point of the circle")
        if np.isinf(distance_m):
            return self._device.far_field(self.k, directions)
        return self.field(directions * distance_m)

    def head_centre(self) -> Complex:
        """H at the centre of the undisplaced head, without the head (F, L)."""
        return self._head_centre

    @cached_property
    def _head_centre(self) -> Complex:
        return self.field(np.array([self.problem.listener.position_m], dtype=float))[:, 0]

    @cached_property
    def _device_power(self) -> Complex:
        return self._device.radiated_power(self.k)

    @property
    def radiated_power(self) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude, for a look point on the circle."""
        return self.radiated_power_to(self.problem.azimuth_distance_m)

    def radiated_power_to(self, distance_m: float) -> Complex:
        """Q (F, L, L), less what the air absorbs as far as a look point (inf: nothing), so that an index compares like with like."""
        air = air_of(self.problem)
        if air is None or np.isinf(distance_m):
            return self._device_power
        factor = air.amplitude_factor(self.frequency_hz, np.array(distance_m))
        return np.asarray(self._device_power * factor[:, None, None] ** 2)


def scene(problem: Problem) -> Scene:
    """The scene of a problem on its design's frequencies.

    Examples
    --------
    >>> import designer
    >>> scene = designer.scene(designer.load("problems/laptop-pair.toml"))
    >>> scene.ears().shape  # 257 frequencies and both ends of the band, (left, right) of each displacement, drivers
    (259, 10, 2)

    """
    there = Scene(problem, joined_frequencies_hz(problem), np.asarray(problem.listener.ear_cloud_m, dtype=float))
    return there.at(refined_frequencies_hz(there)) if problem.grid.refine else there
