"""Layout of Sound Open Firmware's blobs: a filter bank (TDFB), FIR and IIR equalisers, and the header ahead of each.

After `src/include/user/tdfb.h`, `fir.h` and `eq.h`, `src/include/kernel/header.h`, `tools/ctl/ctl.c` and `tools/tune/common` of the
firmware's repository; everything is little-endian:

========  ==================================================================================================================
control   u32 tag 3, u32 size of what follows, then the header: what `sof-ctl` and UCM take; a topology's .conf leaves these two out
header    "SOF4", u32 parameter 0, u32 size of the content, u32 ABI version, four u32 0
tdfb      u32 size of all, u16 filters, outputs, streams, microphones, angles, beam off, tracking, i16 angle's factor, offset, u16 0, u32 0;
          filters; i16 input of each; i16 outputs of each as bits; i16 0 of each; an angle: i16 azimuth, elevation, first filter, 0
filter    i16 taps, a multiple of 4, i16 bits that the sum is shifted right by, four u32 0, i16 taps of 1.15
eq_fir    u32 size of all, u16 channels, an even number, u16 responses, four u32 0; i16 response of each channel; filters
eq_iir    u32 size of all, u32 channels, u32 responses, four u32 0; i32 response of each channel; of each response u32 sections,
          u32 sections in series, four u32 0, and seven i32 a section: a2, a1, b2, b1, b0 of 2.30, the feedback added, the bits that the
          output is shifted right by, and its gain of 2.14
========  ==================================================================================================================
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from designer.arrays import Real

TAG, MAGICS = 3, (b"SOF4", b"SOF\0")
ABI = 3 << 24 | 26 << 12
"""Version 3.26.0, of the published blobs that the layout was compared with."""
HEADER_BYTES = 32
FILTER_BYTES = 20
ANGLE_FACTOR = 30
GAIN_ONE = 1 << 14
FLAT = -1
"""Response of a channel that is passed through."""


class Fir(NamedTuple):
    """Integers of 1.15 whose sum is shifted right by so many bits; no taps pass the input through."""

    taps: tuple[int, ...]
    shift: int

    @property
    def values(self) -> Real:
        """Impulse response."""
        return np.array(self.taps) * 2.0 ** (-15 - self.shift) if self.taps else np.ones(1)


class Section(NamedTuple):
    """Integers of 2.30 with the feedback added, bits that the output is shifted right by, and its gain of 2.14."""

    a2: int
    a1: int
    b2: int
    b1: int
    b0: int
    shift: int = 0
    gain: int = GAIN_ONE


FLAT_SECTION, LATE_BY_ONE, LATE_BY_TWO = (
    Section(0, 0, 0, 0, 1 << 30),
    Section(0, 0, 0, 1 << 30, 0),
    Section(0, 0, 1 << 30, 0, 0),
)
"""Sections of 1, z^-1 and z^-2."""


@dataclass(frozen=True)
class Blob:
    """Filters of a blob: `paths` are source, output and the filter's number; of an equaliser source and output are one channel."""

    kind: str
    filters: tuple[Fir | tuple[Section, ...], ...]
    paths: tuple[tuple[int, int, int], ...]


def tdfb(filters: Sequence[Fir], paths: Sequence[tuple[int, int]], outputs: int) -> bytes:
    """Content of a filter bank; `paths` are source and output of each filter."""
    count = len(filters)
    body = b"".join(map(_fir, filters))
    body += struct.pack(f"<{3 * count}h", *(s for s, _ in paths), *(1 << o for _, o in paths), *[0] * count)
    body += struct.pack("<4h", 0, 0, 0, 0)
    body += b"\0" * (-len(body) % 4)
    head = struct.pack("<7H2hHI", count, outputs, 1, 0, 1, 0, 0, ANGLE_FACTOR, 0, 0, 0)
    return struct.pack("<I", 4 + len(head) + len(body)) + head + body


def eq_fir(responses: Sequence[Fir], assigned: Sequence[int]) -> bytes:
    """Content of a FIR equaliser; `assigned` are the responses of an even number of channels."""
    body = struct.pack(f"<{len(assigned)}h", *assigned) + b"".join(map(_fir, responses))
    return struct.pack("<I2H4I", 24 + len(body), len(assigned), len(responses), 0, 0, 0, 0) + body


def eq_iir(responses: Sequence[tuple[Section, ...]], assigned: Sequence[int]) -> bytes:
    """Content of an IIR equaliser; `assigned` are the responses of the channels."""
    body = struct.pack(f"<{len(assigned)}i", *assigned)
    for sections in responses:
        body += struct.pack("<6I", len(sections), len(sections), 0, 0, 0, 0)
        body += b"".join(struct.pack("<7i", *section) for section in sections)
    return struct.pack("<7I", 28 + len(body), len(assigned), len(responses), 0, 0, 0, 0) + body


def _fir(fir: Fir) -> bytes:
    return struct.pack(f"<2h4I{len(fir.taps)}h", len(fir.taps), fir.shift, 0, 0, 0, 0, *fir.taps)


def with_header(content: bytes) -> bytes:
    """Control's tag and size, the header, and the content."""
    header = struct.pack("<4s7I", MAGICS[0], 0, len(content), ABI, 0, 0, 0, 0)
    return struct.pack("<2I", TAG, HEADER_BYTES + len(content)) + header + content


def parsed(content: bytes) -> Blob | None:
    """Filters of a blob, with or without the control's tag and size; None where it is none of the three."""
    for start in (0, 8):
        if content[start : start + 4] in MAGICS and len(content) >= start + HEADER_BYTES:
            inside = content[start + HEADER_BYTES :]
            for read in (_read_iir, _read_tdfb, _read_fir):
                try:
                    if struct.unpack_from("<I", inside)[0] == len(inside) and (blob := read(inside)):
                        return blob
                except struct.error:
                    continue
    return None


def _read_tdfb(content: bytes) -> Blob | None:
    count, outputs, _, microphones, angles, beam_off = struct.unpack_from("<6H", content, 4)
    if angles != 1 or beam_off > 1:
        return None
    filters, place = _firs(content, 28, count * (1 + beam_off))
    channels = struct.unpack_from(f"<{2 * count}h", content, place)
    end = place + 2 * (3 + beam_off) * count + 8 * (angles + microphones)
    if not 0 <= len(content) - end <= 2:
        return None
    sources, masks = channels[:count], channels[count:]
    paths = [
        (s, o, n)
        for n, (s, mask) in enumerate(zip(sources, masks, strict=True))
        for o in range(outputs)
        if mask >> o & 1
    ]
    return Blob("tdfb", filters[:count], tuple(paths))


def _read_fir(content: bytes) -> Blob | None:
    channels, count = struct.unpack_from("<2H", content, 4)
    assigned = struct.unpack_from(f"<{channels}h", content, 24)
    filters, place = _firs(content, 24 + 2 * channels, count)
    return _equaliser("eq_fir", assigned, filters, len(content) - place)


def _read_iir(content: bytes) -> Blob | None:
    channels, count = struct.unpack_from("<2I", content, 4)
    if channels * 4 > len(content) or count > len(content):
        return None
    assigned = struct.unpack_from(f"<{channels}i", content, 28)
    responses, place = list[tuple[Section, ...]](), 28 + 4 * channels
    for _ in range(count):
        sections, in_series = struct.unpack_from("<2I", content, place)
        if sections != in_series or sections * 28 > len(content):
            return None
        words = struct.unpack_from(f"<{7 * sections}i", content, place + 24)
        responses.append(tuple(Section(*words[at : at + 7]) for at in range(0, len(words), 7)))
        place += 24 + 28 * sections
    return _equaliser("eq_iir", assigned, tuple(responses), len(content) - place)


def _equaliser(
    kind: str, assigned: Sequence[int], filters: tuple[Fir | tuple[Section, ...], ...], excess: int
) -> Blob | None:
    if not 0 <= excess <= 2 or not filters or any(not FLAT <= number < len(filters) for number in assigned):
        return None
    return Blob(kind, filters, tuple((c, c, number) for c, number in enumerate(assigned)))


def _firs(content: bytes, place: int, count: int) -> tuple[tuple[Fir, ...], int]:
    """Filters from a place on, and where they end."""

    def read() -> Iterator[Fir]:
        nonlocal place
        for _ in range(count):
            length, shift = struct.unpack_from("<2h", content, place)
            yield Fir(struct.unpack_from(f"<{length}h", content, place + FILTER_BYTES), shift)
            place += FILTER_BYTES + 2 * length

    filters = tuple(read())
    return filters, place
