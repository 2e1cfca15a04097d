"""What every reader hands on: responses over directions as the files hold them, before level, time and checks of the set.

`refusal` words every failure alike: the file, what was found, what is allowed, the remedy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from designer.arrays import Complex, Real
from designer.errors import DataError


def refusal(file: Path | str, found: str, allowed: str, remedy: str = "") -> DataError:
    """The error that a data file cannot be used."""
    return DataError(f"{file}: found {found}; allowed: {allowed}" + (f"; {remedy}" if remedy else ""))


@dataclass(frozen=True)
class RawSet:
    """One driver's responses, as read.

    frequency_hz : (K,) rising
    directions : unit vectors (N, 3) in the driver's frame; a direction may come twice
    labels : what the file calls each direction (N,), for messages
    pressure : (K, N) complex; for `magnitude_only` real and without phase
    distance_m : where it was measured; None where the file does not say, 0 if `pressure` is r e^{jkr} p already
    level, time : whether the file's own are absolute
    """

    kind: str
    files: tuple[Path, ...]
    frequency_hz: Real
    directions: Real
    labels: tuple[str, ...]
    pressure: Complex
    magnitude_only: bool = False
    distance_m: float | None = None
    level: Literal["absolute", "relative"] = "relative"
    time: Literal["absolute", "relative"] = "relative"
    gated: bool = False
    """The reader has applied the gate itself."""
    removed_s: float = 0.0
    """Delay that the reader took off all directions."""
    time_reference: str = ""
    """What the files say of when their time starts: "loopback", "acoustic", "none", or "" where they say nothing."""
    places_driver: bool = False
    """The file states where its driver is, and its pressure is about that place."""
    faces_driver: bool = False
    """Directions of a whole device's file were turned to where the driver faces."""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
