"""Angles as files name them, and the directions that they mean.

A set over angle names each file after its plane and angle, as VituixCAD and Room EQ Wizard do: "woofer hor 22.5.frd",
"woofer_ver-10.txt", "woofer 30 deg.txt". Without a plane the horizontal one is meant. Angles are degrees. A horizontal
angle counts counter-clockwise seen from above, so that positive is the driver's left; a vertical one upwards. Whether a
file counts the other way it does not say: `clockwise` turns the horizontal angles round, and a set that differs
between left and right carries a note of which was taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.acoustics.readers.raw_set import refusal
from designer.arrays import Real

_ANGLE = r"(?P<angle>[+\-−]?\d+(?:[.,]\d+)?)\s*(?:°|deg(?:rees)?)?"
_WITH_PLANE = re.compile(
    r"(?:^|[\s_.\-])(?P<plane>horizontal|hor|h|vertical|ver|vert|v)[\s_]*" + _ANGLE + r"(?=$|[\s_])", re.IGNORECASE
)
_LAST_NUMBER = re.compile(r"(?:^|[\s_]|(?<=[^\W\d]))" + _ANGLE + r"$", re.IGNORECASE)


@dataclass(frozen=True)
class PlaneAngle:
    """An angle in the horizontal plane, or in the vertical one."""

    angle_deg: float
    vertical: bool

    def __str__(self) -> str:
        return f"{'ver' if self.vertical else 'hor'} {self.angle_deg:g} deg"

    def direction(self, *, clockwise: bool = False) -> Real:
        """Unit vector (3,) in the driver's frame."""
        # Exact at the ends, so that 0 and 360, and 180 and -180, are one direction.
        a = np.radians((self.angle_deg + 180) % 360 - 180)
        cos, sin = (float(np.round(v, 15)) for v in (np.cos(a), np.sin(a)))
        if self.vertical:
            return np.array([cos, 0.0, sin])
        return np.array([cos, -sin if clockwise else sin, 0.0])


def number(text: str) -> float:
    """A number with a decimal point, a decimal comma, or a minus sign as printed."""
    return float(text.replace("−", "-").replace(",", "."))


def angle_of_name(path: Path) -> PlaneAngle | None:
    """Plane and angle that a file's name ends with, or None where it has none."""
    found = list(_WITH_PLANE.finditer(path.stem))
    if found:
        return PlaneAngle(number(found[-1]["angle"]), found[-1]["plane"].lower().startswith("v"))
    last = _LAST_NUMBER.search(path.stem)
    return PlaneAngle(number(last["angle"]), False) if last else None


def driver_of_name(path: Path) -> str:
    """What a file's name says before plane and angle: the driver; empty where nothing stands there."""
    found = list(_WITH_PLANE.finditer(path.stem))
    match = found[-1] if found else _LAST_NUMBER.search(path.stem)
    return (path.stem if match is None else path.stem[: match.start()]).strip(" _-.")


def angles_of_names(files: tuple[Path, ...]) -> tuple[PlaneAngle, ...]:
    """Plane and angle of each file of a set; a file alone whose name says none is on axis.

    Raises
    ------
    DataError : a name has no angle, two names mean the same, or the angles are radians

    """
    angles: list[PlaneAngle] = []
    for path in files:
        angle = angle_of_name(path)
        if angle is None:
            if len(files) > 1:
                raise refusal(
                    path,
                    "a name without an angle",
                    'names that end with plane and angle, as "woofer hor 22.5.frd" or "woofer ver -10.frd"',
                    "rename the file, or leave it out of the pattern",
                )
            angle = PlaneAngle(0.0, False)
        angles.append(angle)
    for i, angle in enumerate(angles):
        if angle in angles[:i]:
            first = files[angles.index(angle)]
            raise refusal(files[i], f"{angle} a second time, after {first.name}", "one file an angle", "leave one out")
    check_degrees(files[0], np.array([angle.angle_deg for angle in angles]))
    return tuple(angles)


def check_degrees(file: Path | str, angle_deg: Real, what: str = "angles") -> None:
    """Refuse angles that are named degrees and are plainly radians: none above 2π, and whole degrees if read so.

    Raises
    ------
    DataError : they are

    """
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
