"""Shared parts of the formats of measured drivers: files and their sizes, what a problem asks of them, and the set of each reader.

A format is one module: it declares a `Format`, and `formats` lists them. Sizes are asked of the file system before a byte is read.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from designer.arrays import Complex, Real
from designer.errors import DataError

MAX_BYTES = 500_000_000  # of one file, of all the files of a set, and of what a compressed file unpacks to
Stated = str | Sequence[Sequence[float]]  # where angles stand in files' names, or azimuth and elevation of each file


@dataclass(frozen=True)
class TurnedAbout:
    """Where a driver is, seen from the point that its set was turned about, in the device's axes, and where it faces."""

    place_m: tuple[float, float, float]
    facing_deg: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Request:
    """How a driver's files are to be read: the problem's keys of its response.

    facing_deg : where the driver faces in the device's axes; only for a file that holds the whole device
    turned_about : where the driver is from the point that its set was turned about; by default that is its own place
    angles : where the angles stand in the files' names, or one of each file; only for a set over angle
    """

    driver: str  # the driver's name, for messages and for choosing among a file's emitters
    speed_of_sound_m_s: float
    emitter: str | None = None  # name or index of one of a SOFA file's emitters
    gate_ms: float | None = None  # window for reflections, from the direct sound
    distance_m: float | None = None  # where it was measured, if the file does not say or says it wrongly
    facing_deg: tuple[float, float] = (0.0, 0.0)
    clockwise: bool = False  # the files count horizontal angles clockwise seen from above
    turned_about: TurnedAbout | None = None
    angles: Stated | None = None
    channel: int | None = None  # which channel of a sound file, from 1


@dataclass(frozen=True)
class RawSet:
    """One driver's responses as read, before level, time and checks of the set.

    distance_m : where it was measured; None where the file does not say, 0 if `pressure` is r e^{jkr} p already
    level, time : whether the file's own are absolute
    time_reference : what the files say of when their time starts: "loopback", "acoustic", "none", or "" for nothing
    """

    kind: str
    files: tuple[Path, ...]
    frequency_hz: Real  # (K,) rising
    directions: Real  # unit vectors (N, 3) in the driver's frame; a direction may come twice
    labels: tuple[str, ...]  # what the file calls each direction (N,), for messages
    pressure: Complex  # (K, N) complex; for `magnitude_only` real and without phase
    magnitude_only: bool = False
    distance_m: float | None = None
    level: Literal["absolute", "relative"] = "relative"
    time: Literal["absolute", "relative"] = "relative"
    gated: bool = False  # the reader has applied the gate itself
    removed_s: float = 0.0  # delay that the reader took off all directions
    time_reference: str = ""
    places_driver: bool = False  # the file states where its driver is, and its pressure is about that place
    modelled: bool = False  # the file says that it holds a model's responses
    faces_driver: bool = False  # directions of a whole device's file were turned to where the driver faces
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def axis(self) -> int:
        """Index of the direction nearest to the axis."""
        return int(np.argmax(self.directions[:, 0]))


@dataclass(frozen=True)
class Format:
    """One format of measured drivers.

    drivers : the names of the drivers in a file, and the emitter that each is (None where a file holds no several)
    recognises : whether a text begins as this format does; for formats that share the suffixes of text files
    """

    kind: str  # its name
    described: str  # its files, as messages list them
    suffixes: tuple[str, ...]  # of its files, in small letters
    read: Callable[[tuple[Path, ...], Request], RawSet]  # one driver's files to its set
    drivers: Callable[[Path, str | None], list[tuple[str, str | None]]]
    recognises: Callable[[str], bool] = lambda text: True
    over_angle: bool = False  # a file an angle, whose name says it, or `response_angles`
    channels: bool = False  # a file may hold several drivers, of which `response_channel` picks one


def check_bytes(file: Path | str, size: int, subject: str = "bytes") -> None:
    """Refuse what is larger than `MAX_BYTES`."""
    if size > MAX_BYTES:
        raise DataError(
            f"{file}: got {size / 1e6:,.0f} MB of {subject}; expected up to {MAX_BYTES / 1e6:,.0f} MB; keep only this "
            "driver's directions and band, or thin out the frequencies"
        )


def one_file(files: tuple[Path, ...], subject: str) -> Path:
    """The only file of a set; more are refused."""
    if len(files) > 1:
        kind = subject.removesuffix("s")
        raise DataError(
            f"{files[1]}: got {len(files)} {subject}; expected one {kind.replace('SOFA ', '')} a driver; name one file"
        )
    return files[0]


def matching_files(pattern: str, folder: Path) -> tuple[Path, ...]:
    """Files that a path or pattern means, relative to a folder, sorted by name; their sizes are checked.

    Raises
    ------
    DataError : there is none, it is a folder, or they are too large
    """
    whole = folder / pattern
    parent = whole.parent
    if whole.is_dir():
        raise DataError(
            f'{whole}: got a folder; expected a file, or a pattern of files; name its files: "{pattern}/*.frd"'
        )
    files = [whole] if whole.exists() else []
    if not files and parent.is_dir():
        files = sorted(path for path in parent.glob(whole.name) if path.is_file())
    if not files:
        names = sorted(path.name for path in parent.iterdir()) if parent.is_dir() else []
        near = ", ".join(difflib.get_close_matches(whole.name, names, n=3, cutoff=0.4))
        remedy = f"nearest there: {near}" if near else f"the folder {parent} has no such name"
        raise DataError(f"{whole}: got no file; expected a file or a pattern that matches files; {remedy}")
    sizes = [path.stat().st_size for path in files]
    for path, size in [*zip(files, sizes, strict=True), (whole, sum(sizes))]:
        check_bytes(path, size)
    if 0 in sizes:
        raise DataError(f"{files[sizes.index(0)]}: got an empty file; expected measured data; export it again")
    return tuple(files)


def states_of(files: tuple[Path, ...]) -> tuple[tuple[int, ...], ...]:
    """State of a file that changes when it is written again: size, and times of change; empty of none."""
    states = [path.stat() if path.exists() else None for path in files]
    return tuple(() if s is None else (s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in states)


def named_emitter(pattern: str, folder: Path) -> tuple[str, str | None]:
    """A pattern without the "#emitter" that it may end with, and that emitter's name or index."""
    name, hash_sign, emitter = pattern.rpartition("#")
    in_the_name = hash_sign and not {"/", "\\"} & set(emitter)  # a folder may have the sign in its own name
    return (name, emitter) if in_the_name and not (folder / pattern).exists() else (pattern, None)
