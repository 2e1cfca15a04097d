"""A new device in the words of a command line: a shape, how many drivers, how wide, how far away."""

from __future__ import annotations

from dataclasses import dataclass

from designer.errors import UsageError
from designer.problem.messages import number

DRIVERS = {"bar": (2, 64), "sphere": (2, 16), "box": (3, 64), "laptop": (2, 2), "pair": (2, 2)}
"""The fewest and the most of each shape."""
WIDTH_M, DISTANCE_M = {"laptop": 0.3}, {"laptop": 0.6}
"""Usual width and distance of a shape, where they are not USUAL_WIDTH_M and USUAL_DISTANCE_M."""
USUAL_WIDTH_M, USUAL_DISTANCE_M = 0.6, 2.5
MAX_WIDTH_M, MOST_WIDE_M = {"laptop": 0.7}, 5.0
"""The widest of a shape, and of the others: the box of a wider laptop is solved in minutes, or not at all."""
SHAPES = tuple(DRIVERS)


@dataclass(frozen=True)
class Geometry:
    """Geometry of a device, from the command line.

    Attributes
    ----------
    shape : str, one of SHAPES
    drivers : int, how many
    width_m : float, from side to side; of a sphere its diameter
    distance_m : float, to the listener's head

    """

    shape: str
    drivers: int
    width_m: float
    distance_m: float

    def check(self) -> None:
        """Refuse what no file can be written for.

        Raises
        ------
        UsageError : naming the option, what was found and what is allowed

        """
        if self.shape not in SHAPES:
            raise UsageError(f"--shape: got {self.shape!r}; expected {', '.join(SHAPES)}")
        least, most = DRIVERS[self.shape]
        if not least <= self.drivers <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            raise UsageError(f"--drivers: got {self.drivers}; expected {expected} for --shape {self.shape}")
        widest_m = MAX_WIDTH_M.get(self.shape, MOST_WIDE_M)
        if not 0.02 <= self.width_m <= widest_m:
            expected = (
                f"0.02 to {number(widest_m)} metres{f' for --shape {self.shape}' if self.shape in MAX_WIDTH_M else ''}"
            )
            raise UsageError(f"--width: got {number(self.width_m)}; expected {expected}")
        nearest = self.width_m / 2 + 0.2
        if not nearest <= self.distance_m <= 20.0:
            raise UsageError(
                f"--distance: got {number(self.distance_m)}; expected {number(nearest)} (half the width and 0.2 m for"
                " the head) to 20 metres"
            )

    @property
    def title(self) -> str:
        """A title for the file."""
        across = {
            "sphere": "on a sphere of",
            "bar": "on a bar of",
            "box": "on a box of",
            "laptop": "on a laptop of",
            "pair": "apart by",
        }[self.shape]
        width = f"{number(round(self.width_m * 100, 1))} cm"
        return f"{self.drivers} drivers {across} {width}, heard at {number(self.distance_m)} m"


def geometry_of(shape: str | None, drivers: int | None, width_m: float | None, distance_m: float | None) -> Geometry:
    """A geometry, with the usual in place of what is not given; `check` refuses a shape that is not known."""
    shape = "bar" if shape is None else shape
    least = DRIVERS.get(shape, (2, 2))[0]
    return Geometry(
        shape,
        least if drivers is None else drivers,
        WIDTH_M.get(shape, USUAL_WIDTH_M) if width_m is None else width_m,
        DISTANCE_M.get(shape, USUAL_DISTANCE_M) if distance_m is None else distance_m,
    )
