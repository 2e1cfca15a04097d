"""`filters.npz` of an export: numpy arrays in a zip file, each looked at before memory is taken for it.

A header of an array states a shape; what follows must be just as long, so that nothing is taken on its word.
"""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from designer.importing.coefficients import Coefficients, Collected, check_rate, number, whole
from designer.importing.files import read_bytes, refusal, shown
from designer.problem.schema import Problem

MAX_MEMBER_BYTES = 200_000_000
MAX_DIRECTORY_BYTES = 100_000
"""Of the list of members: a zip file of more of them is none of ours, and the list is read at once."""
EXPECTED = "filters.npz of an export"
BROKEN = (
    ValueError,
    KeyError,
    OSError,
    EOFError,
    RuntimeError,
    TypeError,
    SyntaxError,
    tokenize.TokenError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RecursionError,
)
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npz(path: Path, problem: Problem) -> Coefficients:
    """The filters of the file.

    Raises
    ------
    DataError : it is no such file, or its names, numbers or rate do not fit

    """
    arrays = _Arrays(path)
    check_rate(path, number(path, arrays.one("sample_rate_hz"), "sample_rate_hz"), problem)
    found = Collected(path, problem)
    names, drivers = arrays.row("channel", "U"), arrays.row("driver", "U")
    taps, lengths = arrays.get("taps", "f", 2), arrays.row("taps_length", "i")
    if not len(names) == len(drivers) == len(taps) == len(lengths):
        raise refusal(
            path, "arrays of different lengths", "channel, driver, taps and taps_length alike", "export it again"
        )
    sections = arrays.sections(len(names)) if arrays.has("section_filter") else {}
    for n, (channel, driver) in enumerate(zip(names.tolist(), drivers.tolist(), strict=True)):
        place = found.place(channel, driver)
        length = whole(path, int(lengths[n]), f"taps_length of {channel!r}, {driver!r}", most=taps.shape[1])
        if n in sections:
            b, a, gain, delay = sections[n]
            found.add_sections(place, b, a, delay, gain)
            found.taps[place[0]].pop(place[1])
        found.add_taps(place, taps[n, :length].astype(float))
    waits = dict(
        zip(arrays.row("channels", "U").tolist(), arrays.row("channel_delay_samples", "i").tolist(), strict=False)
    )
    delays = {name: whole(path, wait, "channel_delay_samples") for name, wait in waits.items() if name in found.taps}
    bulk = whole(path, int(arrays.one("bulk_delay_samples")), "bulk_delay_samples")
    return found.coefficients(bulk, delays=delays)


class _Arrays:
    """The arrays of a zip file, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = read_bytes(path)
            end = content.rfind(b"PK\5\6", -(2**16) - 22)
            if end < 0 or b"PK\6\7" in content[end - 20 : end]:
                raise ValueError("its list of members is missing, or that of a larger kind")
            if struct.unpack_from("<I", content, end + 12)[0] > MAX_DIRECTORY_BYTES:
                raise ValueError("too long a list of members")
            self.zip = zipfile.ZipFile(io.BytesIO(content))
            self.names = set(self.zip.namelist())
        except BROKEN as error:
            raise self.broken(f"no zip file ({str(error)[:100]})") from None

    def broken(self, found: str) -> Exception:
        """The error of a file that is no such thing."""
        return refusal(self.path, found, EXPECTED, "export it again")

    def has(self, name: str) -> bool:
        """Whether there is such an array."""
        return f"{name}.npy" in self.names

    def get(self, name: str, kind: str, dimensions: int) -> Any:
        """An array of text ("U"), whole numbers ("i") or floats ("f"), of so many dimensions."""
        if not self.has(name):
            raise self.broken(f"no array {name}")
        try:
            info = self.zip.getinfo(f"{name}.npy")
            with self.zip.open(info) as member:
                content = member.read(min(info.file_size, MAX_MEMBER_BYTES) + 1)
            stream = io.BytesIO(content)
            read_header = HEADERS[npy.read_magic(stream)]
            shape, by_columns, dtype = read_header(stream)
            held = len(content) - stream.tell()
            if dtype.hasobject or dtype.kind != kind or len(shape) != dimensions:
                raise ValueError(f"{dtype} of shape {shape}")
            if math.prod(shape) * dtype.itemsize != held or not dtype.itemsize:
                raise ValueError(f"a header of shape {shape} ahead of {held} bytes")
            values = np.frombuffer(content, dtype, offset=stream.tell())
            return values.reshape(shape, order="F" if by_columns else "C")
        except BROKEN as error:
            raise self.broken(f"a broken array {name} ({shown(str(error))})") from None

    def row(self, name: str, kind: str) -> Any:
        """An array of one dimension."""
        return self.get(name, kind, 1)

    def one(self, name: str) -> float:
        """A single number."""
        return float(self.get(name, "i" if name == "bulk_delay_samples" else "f", 0))

    def sections(self, filters: int) -> dict[int, tuple[Any, Any, Any, int]]:
        """Filter -> numerators, denominators, gains and delay of its cascade."""
        owner, b, a = self.row("section_filter", "i"), self.get("b", "f", 2), self.get("a", "f", 2)
        gain, delays = self.row("gain", "f"), self.row("section_delay_samples", "i")
        if not (len(owner) == len(b) == len(a) == len(gain) and len(delays) == filters):
            raise self.broken("arrays of sections of different lengths")
        if b.shape[1:] != (3,) or a.shape[1:] != (2,) or not (gain > 0).all():
            raise self.broken("sections that are not b (S, 3), a (S, 2) and gains above 0")
        found = {}
        for n in range(filters):
            mine = owner == n
            if mine.any():
                delay = whole(self.path, int(delays[n]), "section_delay_samples")
                found[n] = (b[mine].astype(float), a[mine].astype(float), gain[mine].astype(float), delay)
        return found
