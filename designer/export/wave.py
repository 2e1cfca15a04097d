"""WAV files of responses: written so that every byte is of the data, and read after their size and rate have been looked at.

Microsoft's RIFF specification, WAVE_FORMAT_IEEE_FLOAT (3) and WAVE_FORMAT_PCM (1): `fmt `, `fact` for floats, `data`, and a
comment at the end, which is `ICMT` in a `LIST` of type `INFO`. libsndfile would add a `PEAK` chunk with the time of day. A chunk
of odd length is padded to an even one.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients, read_bytes, shown
from designer.export.filter_set import FilterSet
from designer.problem.schema import MAX_TAPS

MAX_TRACKS = 1024
"""Most tracks that libsndfile reads; the format itself would hold 65,535."""
FULL_24 = 1 << 23


def wave_float(samples: Real, sample_rate_hz: int, comment: str = "") -> bytes:
    """32-bit float WAV of samples (N, tracks)."""
    return _wave(samples.astype("<f4").tobytes(), samples.shape, sample_rate_hz, 3, 32, comment)


def wave_24(samples: Real, sample_rate_hz: int, comment: str = "") -> bytes:
    """24-bit WAV of samples (N, tracks) within ±1: each to the nearest of 2^23 steps; 1 itself is one step too far."""
    steps = np.clip(np.rint(samples * FULL_24), -FULL_24, FULL_24 - 1).astype("<i4")
    packed = steps.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    return _wave(packed, samples.shape, sample_rate_hz, 1, 24, comment)


def shift_24(samples: Real) -> int:
    """The smallest s >= 0 with which samples 2^-s (N, tracks) are within the 24 bits."""
    shift = 0
    while not (-(2.0**shift) <= samples.min() and np.rint(samples.max() / 2.0**shift * FULL_24) < FULL_24):
        shift += 1
    return shift


def channel_responses(filters: FilterSet, channel: str) -> Real:
    """The responses of one channel (N, drivers), as long as the longest of all, silent drivers and the channel's delay included."""
    samples = np.zeros((max(filters.delayed_taps(filter_).size for filter_ in filters.filters), len(filters.drivers)))
    for filter_ in filters.filters:
        if filter_.channel == channel:
            taps = filters.delayed_taps(filter_)
            samples[: taps.size, filters.drivers.index(filter_.driver)] = taps
    return samples


def channel_waves(
    filters: FilterSet, stems: Mapping[str, str], channels: Iterable[str], comment: str, end: str = ".wav"
) -> dict[str, bytes]:
    """32-bit float WAV of the responses of each of some channels, a track a driver, by the file's name."""
    rate = round(filters.sample_rate_hz)
    return {f"{stems[name]}{end}": wave_float(channel_responses(filters, name), rate, comment) for name in channels}


def filter_notes(filters: FilterSet, names: Iterable[str]) -> tuple[str, ...]:
    """Notes on sections that become taps, and on float files of taps above full scale."""
    return (*filters.cut_note(), *loud_note(names, (filter_.taps for filter_ in filters.filters)))


def loud_note(names: Iterable[str], taps: Iterable[Real]) -> tuple[str, ...]:
    """Note where float files hold taps above full scale; nothing where they do not, or there are none."""
    files = ", ".join(name for name in names if name.endswith((".wav", ".irs")) and "-24bit" not in name)
    largest = max((float(np.abs(signal).max(initial=0.0)) for signal in taps), default=0.0)
    if largest <= 1.0 or not files:
        return ()
    return (
        f"{files}: taps up to {largest:.3g}, beyond the full scale of 1; a convolver in floating point plays them as"
        " they are, players and editors that work in integers clip them",
    )


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


class Sound(NamedTuple):
    """A sound file: samples (N, tracks), its comment, and how its samples are stored."""

    samples: Real
    comment: str
    subtype: str


def read_sound(coefficients: Coefficients, path: Path) -> Sound:
    """A sound file at the problem's rate.

    Raises DataError: it is no sound file, its rate is another, or it is longer than a filter.
    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(read_bytes(path))) as file:
            coefficients.check_rate(file.samplerate, path)
            if not 1 <= file.frames <= MAX_TAPS:
                taps, remedy = f"1 to {MAX_TAPS:,} taps", "name a file of impulse responses"
                raise coefficients.refusal(f"{file.frames:,} samples", taps, remedy, path)
            sound = Sound(file.read(dtype="float64", always_2d=True), file.comment, file.subtype)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise coefficients.refusal(f"no sound file ({str(error)[:100]})", "WAV", path=path) from None
    coefficients.checked(sound.samples, "the tracks", path)
    return sound


class Responses:
    """Sound files that a configuration names, each read once."""

    def __init__(self, coefficients: Coefficients) -> None:
        self.coefficients, self.sounds = coefficients, dict[str, Sound]()

    def at_rate(self, names: list[object]) -> object:
        """Name of the file at the problem's rate among those that are listed for several; the first where there is none."""
        import soundfile

        rate_hz = self.coefficients.problem.sample_rate_hz
        for name in names:
            try:
                if isinstance(name, str) and soundfile.info(self.coefficients.path.parent / name).samplerate == rate_hz:
                    return name
            except (soundfile.SoundFileError, ValueError, TypeError):  # which reading it tells
                continue
        return names[0] if names else ""

    def track(self, name: object, track: int) -> Real:
        """One track (N,) of a file whose name is relative to the configuration; `DataError` where there is none such."""
        if not isinstance(name, str) or not name:
            raise self.coefficients.refusal(f"the file name {shown(name)}", "the name of a WAV")
        if name not in self.sounds:
            if len(self.sounds) >= MAX_TRACKS:
                raise self.coefficients.refusal(f"more than {MAX_TRACKS:,} files", "fewer", "name its configuration")
            self.sounds[name] = read_sound(self.coefficients, self.coefficients.path.parent / name)
        samples = self.sounds[name].samples
        if track >= samples.shape[1]:
            raise self.coefficients.refusal(
                f"track {track} of {shown(name)}", f"0 to {samples.shape[1] - 1}, its tracks"
            )
        return samples[:, track]
