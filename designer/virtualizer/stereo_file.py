"""A stereo recording, read block by block: WAV of 16, 24 and 32 bit or float, and FLAC, at any sample rate.

Every fault is an error that names the file: what is no such file, what was cut short, what does not decode or does not
match its checksum, what has one channel or more than two, and samples that are no numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.virtualizer.wav_container import flac_checksum, missing_bytes

BLOCK_FRAMES = 32_768
FORMATS = ("WAV", "WAVEX", "RF64", "FLAC")
BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
SUBTYPES = (*BITS, "FLOAT", "DOUBLE")
ALLOWED = "allowed: a stereo WAV file (16, 24 or 32 bit, or float) or FLAC file"


class StereoFile:
    """A file that was looked at and can be read.

    Attributes
    ----------
    sample_rate_hz : of the file
    frames : samples a channel
    subtype : as libsndfile names it, "PCM_16" for example

    Raises
    ------
    DataError : the file cannot be used; the message says why, and the remedy

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise DataError(f"{path}: found {'a folder' if path.is_dir() else 'no such file'}; {ALLOWED}")
        with self._open() as file:
            self.sample_rate_hz, self.frames, self.subtype = int(file.samplerate), int(file.frames), str(file.subtype)
            self.format, channels = str(file.format), int(file.channels)
        if self.format not in FORMATS or self.subtype not in SUBTYPES:
            raise DataError(f"{path}: found {self.format} with {self.subtype} samples; {ALLOWED}; convert it")
        if channels == 1:
            raise DataError(
                f"{path}: found 1 channel (mono); allowed: 2 (left, right);"
                " write it into both channels of a stereo file, which places it in the middle"
            )
        if channels > 2:
            raise DataError(
                f"{path}: found {channels} channels; allowed: 2 (left, right); mix it down to stereo, or cut out its"
                " first two"
            )
        if missing := missing_bytes(path):
            raise self._broken(f"the last {missing} bytes that its header announces are missing")
        if not self.frames:
            raise DataError(f"{path}: found no samples; {ALLOWED}")

    def stored(self) -> Iterator[Any]:
        """Blocks (n, 2) of the samples as they are stored: int32 with the first bit at the top, or float.

        Raises
        ------
        DataError : the file ends early, does not decode, or does not match its checksum

        """
        import soundfile

        kind = {"FLOAT": "float32", "DOUBLE": "float64"}.get(self.subtype, "int32")
        stated = flac_checksum(self.path) if self.format == "FLAC" else None
        checksum = hashlib.md5(usedforsecurity=False)
        count = 0
        with self._open() as file:
            while count < self.frames:
                try:
                    block = file.read(BLOCK_FRAMES, dtype=kind, always_2d=True)
                except (soundfile.LibsndfileError, RuntimeError) as error:
                    raise self._broken(f"it does not decode after {count} of {self.frames} samples: {error}") from None
                if not len(block):
                    raise self._broken(f"it ends after {count} of {self.frames} samples")
                if stated is not None:
                    checksum.update(_little_endian(block, BITS[self.subtype]))
                count += len(block)
                yield block
        if stated is not None and checksum.digest() != stated:
            raise self._broken("its samples do not match its checksum")

    def samples(self) -> Iterator[Real]:
        """Blocks (n, 2) of samples, full scale 1, at the file's own rate.

        Raises
        ------
        DataError : as `stored`, or a sample is no number

        """
        count = 0
        for block in self.stored():
            whole = block / 2.0**31 if block.dtype == np.int32 else block.astype(float)
            if not np.isfinite(whole).all():
                at = count + int(np.flatnonzero(~np.isfinite(whole).all(axis=1))[0])
                raise DataError(
                    f"{self.path}: found a sample that is no finite number (number {at} of {self.frames});"
                    " allowed: finite numbers; write the file again"
                )
            count += len(block)
            yield whole

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

    def _broken(self, what: str) -> DataError:
        return DataError(f"{self.path}: found a truncated or corrupt file: {what}; {ALLOWED}; make or fetch it again")


def _little_endian(block: Any, bits: int) -> bytes:
    """Samples as a FLAC checksum counts them: the fewest whole bytes, lowest first."""
    size = bits // 8
    raw = np.ascontiguousarray(block, dtype="<i4").view(np.uint8).reshape(-1, 4)
    return raw[:, 4 - size :].tobytes()
