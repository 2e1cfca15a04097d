"""Angles as files state them, and the directions that they mean.

Angles are degrees. A horizontal angle counts counter-clockwise seen from above, so that positive is the driver's left; a
vertical one upwards. Whether a file counts the other way it does not say: `clockwise` turns the horizontal angles round,
and a set that differs between left and right carries a note of which was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np

from designer.acoustics.readers.raw_set import refusal
from designer.arrays import Real

MAX_DEG = 360.0


class Direction(Protocol):
    """A direction as a file names it: its angles, what they are called, and where it points in the driver's frame."""

    @property
    def kind(self) -> str:
        """What the angles are."""

    @property
    def values_deg(self) -> tuple[float, ...]:
        """One angle, or two."""

    def direction(self, *, clockwise: bool = False) -> Real:
        """Unit vector (3,) in the driver's frame."""


@dataclass(frozen=True)
class PlaneAngle:
    """An angle in the horizontal plane, or in the vertical one."""

    angle_deg: float
    vertical: bool

    def __str__(self) -> str:
        return f"{'ver' if self.vertical else 'hor'} {self.angle_deg:g} deg"

    @property
    def kind(self) -> str:
        """The plane."""
        return "vertical" if self.vertical else "horizontal"

    @property
    def values_deg(self) -> tuple[float, ...]:
        """The angle."""
        return (self.angle_deg,)

    def direction(self, *, clockwise: bool = False) -> Real:
        """Unit vector (3,) in the driver's frame."""
        # Exact at the ends, so that 0 and 360, and 180 and -180, are one direction.
        a = np.radians((self.angle_deg + 180) % 360 - 180)
        cos, sin = (float(np.round(v, 15)) for v in (np.cos(a), np.sin(a)))
        if self.vertical:
            return np.array([cos, 0.0, sin])
        return np.array([cos, -sin if clockwise else sin, 0.0])


@dataclass(frozen=True)
class SphereAngle:
    """Azimuth and elevation."""

    azimuth_deg: float
    elevation_deg: float
    kind: ClassVar[str] = "azimuth and elevation"

    def __str__(self) -> str:
        return f"azimuth {self.azimuth_deg:g}, elevation {self.elevation_deg:g} deg"

    @property
    def values_deg(self) -> tuple[float, ...]:
        """Azimuth, elevation."""
        return (self.azimuth_deg, self.elevation_deg)

    def direction(self, *, clockwise: bool = False) -> Real:
        """Unit vector (3,) in the driver's frame."""
        flat = PlaneAngle(self.azimuth_deg, False).direction(clockwise=clockwise)
        up = PlaneAngle(self.elevation_deg, True).direction()
        return np.array([flat[0] * up[0], flat[1] * up[0], up[2]])


@dataclass(frozen=True)
class PolarAngle:
    """Angle to the axis, in the half plane that a turn about the axis gives: 0 is the driver's left, 90 up, 180 its right."""

    polar_deg: float
    turn_deg: float
    kind: ClassVar[str] = "angle to the axis and turn about it"

    def __str__(self) -> str:
        return f"{self.polar_deg:g} deg from the axis, turned by {self.turn_deg:g} deg"

    @property
    def values_deg(self) -> tuple[float, ...]:
        """Angle to the axis, turn about it."""
        return (self.polar_deg, self.turn_deg)

    def direction(self, *, clockwise: bool = False) -> Real:
        """Unit vector (3,) in the driver's frame."""
        away = PlaneAngle(self.polar_deg, False).direction()
        side, up, _ = PlaneAngle(self.turn_deg, False).direction()
        return np.array([away[0], away[1] * (-side if clockwise else side), away[1] * up])


def of_both(planes: Mapping[str, float]) -> Direction:
    """The direction of a horizontal and a vertical angle, of which one may be absent or 0."""
    azimuth_deg, elevation_deg = planes.get("horizontal", 0.0), planes.get("vertical", 0.0)
    if azimuth_deg and elevation_deg:
        return SphereAngle(azimuth_deg, elevation_deg)
    is_vertical = elevation_deg != 0 or set(planes) == {"vertical"}
    return PlaneAngle(elevation_deg if is_vertical else azimuth_deg, is_vertical)


def number(text: str) -> float:
    """A number with a decimal point, a decimal comma, or a minus sign as printed."""
    return float(text.replace("−", "-").replace(",", "."))


def check_degrees(file: Path | str, angle_deg: Real, what: str = "angles") -> None:
    """Refuse angles beyond a turn, and those that are named degrees and are plainly radians: none above 2π, and whole degrees if read so.

    Raises
    ------
    DataError : they are

    """
    if np.abs(angle_deg).max(initial=0.0) > MAX_DEG:
        worst = angle_deg[np.argmax(np.abs(angle_deg))]
        raise refusal(file, f"{what} up to {worst:g}", f"-{MAX_DEG:g} to {MAX_DEG:g} degrees", "correct the angles")
    distinct = np.unique(np.round(angle_deg, 9))
    if distinct.size < 3 or np.abs(distinct).max() > 2 * np.pi + 0.01:
        return
    converted = np.degrees(distinct)
    whole_as_radians = np.abs(converted - np.round(converted * 2) / 2).max() < 0.3 * np.ptp(converted) / 360 + 0.06
    # A fine grid within a few degrees of the axis is whole tenths of a degree as it stands.
    whole_as_degrees = np.abs(distinct * 10 - np.round(distinct * 10)).max() < 1e-6
    if whole_as_radians and not whole_as_degrees:
        raise refusal(
            file,
            f"{what} from {distinct[0]:.4g} to {distinct[-1]:.4g}, which are whole degrees if read as radians "
            f"({converted[0]:.0f} to {converted[-1]:.0f})",
            "degrees",
            "multiply the angles by 180/π",
        )
