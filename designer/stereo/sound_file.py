"""Sound in and out: a stereo WAV or FLAC file read block by block, and a WAV file that appears whole or not at all.

Every fault of a recording is an error that names the file; libsndfile takes a WAV file that was cut short for a shorter one, so
its chunks are walked here. What is written has 24 bit: every player takes it, it holds no more than full scale, and its header
says no time of day. Its gain is known at the end alone: until then it lies raw on disk.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from designer.arrays import Real
from designer.errors import DataError, OutputError, UsageError
from designer.versions import WRITER
from designer.writing import Staging, check_file, output_errors, parents_made, reserve

BLOCK_FRAMES = 32_768
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")
BYTES = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Subtype as libsndfile names it -> size of a sample."""
EXPECTED = "expected a stereo WAV file (16, 24 or 32 bit, or float) or FLAC file"
LARGEST_RIFF_BYTES = 2**32 - 2**16
UNKNOWN = 0xFFFFFFFF  # size of a chunk that stands in RF64's ds64, or that was not known when a stream was written
HEAD_BYTES = 4096  # the chunks before the samples fit into this
SEAL = b"content SHA-256 "


class StereoFile:
    """A recording that can be read: its rate, its samples a channel, its subtype as libsndfile names it ("PCM_16").

    Raises
    ------
    DataError : the file cannot be used; so does every reading, where it ends early or does not decode

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise DataError(f"{path}: got {'a folder' if path.is_dir() else 'no such file'}; {EXPECTED}")
        with self._open() as file:
            self.sample_rate_hz, self.frames, self.subtype = int(file.samplerate), int(file.frames), str(file.subtype)
            container, channels = str(file.format), int(file.channels)
        if container not in FORMATS or self.subtype not in BYTES:
            raise DataError(f"{path}: got {container} with {self.subtype} samples; {EXPECTED}; convert it")
        if channels == 1:
            remedy = "write it into both channels of a stereo file, which places it in the middle"
            raise DataError(f"{path}: got 1 channel (mono); expected 2 (left, right); {remedy}")
        if channels > 2:
            remedy = "mix it down to stereo, or cut out its first two"
            raise DataError(f"{path}: got {channels} channels; expected 2 (left, right); {remedy}")
        if missing := _missing_bytes(path):
            raise self._broken(f"the last {missing} bytes that its header announces are missing")
        if not self.frames:
            raise DataError(f"{path}: got no samples; {EXPECTED}")

    def stored(self) -> Iterator[Any]:
        """Blocks (n, 2) of the samples as they are stored: int32 with the first bit at the top, or float."""
        import soundfile

        kind = {"FLOAT": "float32", "DOUBLE": "float64"}.get(self.subtype, "int32")
        count = 0
        with self._open() as file:
            while count < self.frames:
                try:
                    block = file.read(BLOCK_FRAMES, dtype=kind, always_2d=True)
                except (soundfile.LibsndfileError, RuntimeError) as error:
                    raise self._broken(f"it does not decode after {count} of {self.frames} samples: {error}") from None
                if not len(block):
                    raise self._broken(f"it ends after {count} of {self.frames} samples")
                count += len(block)
                yield block

    def samples(self) -> Iterator[Real]:
        """Blocks (n, 2) of samples, finite, full scale 1, at the file's own rate."""
        count = 0
        for block in self.stored():
            samples = full_scale(block)
            if not np.isfinite(samples).all():
                at = count + int(np.flatnonzero(~np.isfinite(samples).all(axis=1))[0])
                raise DataError(
                    f"{self.path}: got a sample that is no finite number (number {at} of {self.frames});"
                    " expected finite numbers; write the file again"
                )
            count += len(block)
            yield samples

    def resampled(self, sample_rate_hz: float) -> Iterator[Real]:
        """Blocks of samples at another rate, by the SoX resampler at its highest quality; the delay is taken out."""
        if sample_rate_hz == self.sample_rate_hz:
            yield from self.samples()
            return
        import soxr

        stream = soxr.ResampleStream(self.sample_rate_hz, sample_rate_hz, 2, dtype="float64", quality="VHQ")
        for block in self.samples():
            yield stream.resample_chunk(block)
        yield stream.resample_chunk(np.zeros((0, 2)), last=True)

    def _open(self) -> Any:
        import soundfile

        try:
            return soundfile.SoundFile(self.path)
        except (soundfile.LibsndfileError, RuntimeError) as error:
            reason = str(error).removeprefix(f"Error opening {str(self.path)!r}: ").rstrip(".")
            raise self._broken(f"it cannot be opened: {reason}") from None

    def _broken(self, fault: str) -> DataError:
        return DataError(f"{self.path}: got a truncated or corrupt file: {fault}; {EXPECTED}; make or fetch it again")


def _missing_bytes(path: Path) -> int:
    """How many bytes of samples a WAV file announces and does not hold; 0 of a whole file, and of another container."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            return 0
        announced = UNKNOWN
        while len(head := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", head)
            body = file.tell()
            if name == b"data":
                length = announced if length == UNKNOWN else length
                return 0 if length == UNKNOWN else int(max(0, body + length - size))
            if name == b"ds64" and len(sizes := file.read(16)) == 16:
                announced = struct.unpack("<QQ", sizes)[1]
            file.seek(body + length + length % 2)
    return 0


def check_writable(out: Path, source: Path, *, force: bool = False) -> None:
    """Find out before anything is played whether the output could be written; not even `force` replaces the source.

    Raises
    ------
    UsageError : the output is no .wav file, the source, or a file that is not to be replaced
    OutputError : no room there, or a folder that is read-only

    """
    if out.suffix.lower() != ".wav":
        raise UsageError(f"{out}: got the suffix {out.suffix or 'none'}; expected .wav; name it with -o out.wav")
    expected = "a new file, or one as `designer render` wrote it"
    check_file(out, inputs=(source,), is_own=_is_sealed, expected=expected, force=force)
    reserve(out)


def _is_sealed(path: Path) -> bool:
    """Whether a file is as this tool wrote it."""
    try:
        _, digest, seal = _seal(path)
    except (OSError, ValueError):
        return False
    return digest == seal


def _seal(path: Path) -> tuple[int, bytes, bytes]:
    """Where in a file its seal lies, what belongs there (the hash of the file with nulls in that place), and what is there."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        at = head.index(SEAL) + len(SEAL)
        digest.update(head[:at] + bytes(64) + head[at + 64 :])
        while block := file.read(1 << 20):
            digest.update(block)
    return at, digest.hexdigest().encode(), head[at : at + 64]


@contextlib.contextmanager
def wav_file(out: Path, channels: int) -> Iterator[WavFile]:
    """A WAV file in the making, in a hidden folder beside its place, which is gone in any case afterwards.

    Raises
    ------
    OutputError : from each step, where it cannot be written; what was there is as it was

    """
    with contextlib.ExitStack() as ending:
        with output_errors(out):
            place = ending.enter_context(parents_made(out))
            staging = ending.enter_context(Staging(place.parent, place.name))
            raw = (staging.new / "kept.raw").open("w+b")
        ending.callback(_close, raw)
        yield WavFile(out, place, staging.new / "finished.wav", channels, raw)


def _close(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # what it still holds has nowhere to go
        file.close()


@dataclass
class WavFile:
    """Keeps blocks until their gain is known, or takes them as they are stored."""

    _out: Path  # as it is called
    _place: Path  # where it goes
    _wav: Path  # where it is made
    _channels: int
    _raw: BinaryIO
    frames: int = 0

    def keep(self, block: Real) -> None:
        """Take (n, channels) more samples."""
        self.frames += len(block)
        with output_errors(self._out):
            self._raw.write(np.ascontiguousarray(block, dtype=np.float32).data)

    def finish(self, gain: float, sample_rate_hz: float) -> None:
        """Write what was kept with a gain, and move it to its place."""
        with output_errors(self._out):
            self._raw.seek(0)
        counts = (min(BLOCK_FRAMES, self.frames - start) for start in range(0, self.frames, BLOCK_FRAMES))
        blocks = (np.fromfile(self._raw, np.float32, count * self._channels) for count in counts)
        scaled = (gain * block.astype(float).reshape(-1, self._channels) for block in blocks)
        self.copy(scaled, self.frames, round(sample_rate_hz), "PCM_24")

    def copy(self, blocks: Iterable[Any], frames: int, sample_rate_hz: int, subtype: str) -> None:
        """Write samples as they are, in a subtype, and move them to their place."""
        import soundfile

        container = "RF64" if BYTES[subtype] * self._channels * frames > LARGEST_RIFF_BYTES else "WAV"
        form = {"samplerate": sample_rate_hz, "channels": self._channels, "format": container, "subtype": subtype}
        try:
            with output_errors(self._out):
                with soundfile.SoundFile(self._wav, "w", **form) as file:
                    file.software, file.comment = WRITER, SEAL.decode() + "0" * 64
                    for block in blocks:
                        file.write(block)
                if soundfile.info(self._wav).frames != frames:  # the library does not say that it found no room
                    raise OSError(errno.ENOSPC, "no room for all of it")
                _without_time(self._wav)
                at, digest, _ = _seal(self._wav)
                with self._wav.open("r+b") as sealed:
                    sealed.seek(at)
                    sealed.write(digest)
                self._wav.replace(self._place)
        except (soundfile.LibsndfileError, AssertionError) as error:  # it asserts that all samples were written
            raise OutputError(
                f"{self._out}: cannot be written: {error or 'no room for all of it'}; make room, or choose another place"
            ) from None


def _without_time(path: Path) -> None:
    """Set to 0 the time of day that the library puts into the PEAK chunk of float samples: one input, one file."""
    with path.open("r+b") as file:
        head, at = file.read(HEAD_BYTES), 12
        while at + 16 <= len(head) and head[at : at + 4] != b"data":
            if head[at : at + 4] == b"PEAK":
                file.seek(at + 12)  # behind the chunk's name, size and version
                file.write(bytes(4))
                return
            size = int.from_bytes(head[at + 4 : at + 8], "little")
            at += 8 + size + size % 2


class HeldSound:
    """Takes blocks as a `WavFile` does, and holds them in memory: `samples` (N, channels) at the end, full scale 1."""

    def __init__(self) -> None:
        self._blocks: list[Real] = []
        self.frames = 0
        self.samples: Real = np.zeros((0, 2))
        self.sample_rate_hz = 0.0

    def keep(self, block: Real) -> None:
        """Take (n, channels) more samples."""
        self.frames += len(block)
        self._blocks.append(np.array(block, dtype=float))

    def finish(self, gain: float, sample_rate_hz: float) -> None:
        """Apply a gain to what was kept."""
        self.samples, self.sample_rate_hz = gain * np.concatenate(self._blocks), sample_rate_hz

    def copy(self, blocks: Iterable[Any], frames: int, sample_rate_hz: int, subtype: str) -> None:
        """Take samples as they are stored."""
        self.samples = np.concatenate([full_scale(block) for block in blocks])
        self.frames, self.sample_rate_hz = frames, float(sample_rate_hz)


def full_scale(block: Any) -> Real:
    """Samples of full scale 1 (n, channels), of stored ones."""
    return np.asarray(block / 2.0**31 if block.dtype == np.int32 else block.astype(float))
