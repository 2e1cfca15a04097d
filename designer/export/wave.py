"""WAV files of which every byte is of the data: RIFF with a `fmt ` chunk, `fact` for floats, `data`, and a comment at the end.

Microsoft's RIFF specification, WAVE_FORMAT_IEEE_FLOAT (3) and WAVE_FORMAT_PCM (1). libsndfile would add a `PEAK` chunk
with the time of day. A chunk of odd length is padded to an even one; the comment is `ICMT` in a `LIST` of type `INFO`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet

MAX_TRACKS = 1024
"""What libsndfile reads; the format itself would hold 65,535."""
FULL_24 = 1 << 23


def wave_float(samples: Real, sample_rate_hz: int, comment: str = "") -> bytes:
    """32-bit float WAV of samples (N, tracks)."""
    return _wave(samples.astype("<f4").tobytes(), samples.shape, sample_rate_hz, 3, 32, comment)


def wave_24(samples: Real, sample_rate_hz: int, comment: str = "") -> bytes:
    """24-bit WAV of samples (N, tracks) within ±1: each to the nearest of 2^23 steps; 1 itself is one step too far."""
    steps = np.clip(np.rint(samples * FULL_24), -FULL_24, FULL_24 - 1).astype("<i4")
    packed = steps.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    return _wave(packed, samples.shape, sample_rate_hz, 1, 24, comment)


def loud_note(files: Iterable[str], filters: FilterSet) -> tuple[str, ...]:
    """What is said where float files hold taps above full scale."""
    names = [name for name in files if name.endswith(".wav") and "-24bit" not in name]
    return loud_words(", ".join(names), (one.taps for one in filters.filters)) if names else ()


def loud_words(name: str, taps: Iterable[Real]) -> tuple[str, ...]:
    """A note where taps in a float file are above full scale; none where they are not."""
    largest = max((float(np.abs(one).max(initial=0.0)) for one in taps), default=0.0)
    if largest <= 1.0:
        return ()
    return (
        f"{name}: taps up to {largest:.3g}, beyond the full scale of 1; a convolver in floating point plays them as"
        " they are, players and editors that work in integers clip them",
    )


def shift_24(samples: Real) -> int:
    """The smallest s >= 0 with which samples 2^-s (N, tracks) are within the 24 bits."""
    shift = 0
    while not (-(2.0**shift) <= samples.min() and np.rint(samples.max() / 2.0**shift * FULL_24) < FULL_24):
        shift += 1
    return shift


def _wave(data: bytes, shape: tuple[int, ...], rate: int, tag: int, bits: int, comment: str) -> bytes:
    frames, tracks = shape
    frame = tracks * bits // 8
    form = struct.pack("<HHIIHH", tag, tracks, rate, rate * frame, frame, bits)
    chunks = _chunk(b"fmt ", form + (b"\0\0" if tag == 3 else b""))
    if tag == 3:
        chunks += _chunk(b"fact", struct.pack("<I", frames))
    chunks += _chunk(b"data", data)
    if comment:
        chunks += _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", comment.encode() + b"\0"))
    return _chunk(b"RIFF", b"WAVE" + chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
