"""Whether a WAV file holds all the samples that its header announces, and the checksum of a FLAC file.

The library that decodes them takes a WAV file that was cut short for a shorter one, so its chunks are walked here.
"""

from __future__ import annotations

import struct
from pathlib import Path

UNKNOWN = 0xFFFFFFFF
"""Size of a chunk that stands in RF64's ds64, or that was not known when a stream was written."""


def missing_bytes(path: Path) -> int:
    """How many bytes of samples a WAV file announces and does not hold; 0 of a whole file, and of another container."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            return 0
        announced = UNKNOWN
        while len(head := file.read(8)) == 8:
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"data":
                length = announced if length == UNKNOWN else length
                return 0 if length == UNKNOWN else int(max(0, file.tell() + length - size))
            body = file.tell()
            if name == b"ds64" and len(sizes := file.read(16)) == 16:
                announced = struct.unpack("<QQ", sizes)[1]
            file.seek(body + length + length % 2)
    return 0


def flac_checksum(path: Path) -> bytes | None:
    """MD5 of the samples as a FLAC file's header states it; None where it states none."""
    with path.open("rb") as file:
        head = file.read(42)
    if head[:4] != b"fLaC" or len(head) < 42 or head[4] & 0x7F != 0:
        return None
    return head[26:42] if any(head[26:42]) else None
