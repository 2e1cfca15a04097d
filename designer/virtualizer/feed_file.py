"""Sound on its way to a WAV file: kept raw until its gain is known, then written beside its place and moved there.

24 bit, because every player takes it, it holds no more than full scale, and its header says no time of day.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from designer.acoustics.writers.sofa_text import WRITER
from designer.arrays import Real
from designer.errors import UsageError

BLOCK_FRAMES = 32_768
LARGEST_RIFF_BYTES = 2**32 - 2**16
BYTES = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}


def check_writable(out: Path, source: Path) -> None:
    """Refuse an output that is no .wav file, that is the input, or that another program wrote.

    Raises
    ------
    UsageError : naming the file and the remedy

    """
    if out.suffix.lower() != ".wav":
        raise UsageError(f"{out}: found the suffix {out.suffix or 'none'}; allowed: .wav; name it with -o out.wav")
    if out.is_dir():
        raise UsageError(f"{out}: found a folder; allowed: a file that is new, or that `designer render` wrote")
    if out.exists() and source.exists() and out.samefile(source):
        raise UsageError(f"{out}: found the input itself; allowed: another file; choose another with -o")
    if out.exists() and not _is_ours(out):
        raise UsageError(
            f"{out}: found a file that `designer render` did not write; allowed: a file that is new, or that it wrote;"
            " choose another with -o"
        )


def _is_ours(path: Path) -> bool:
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            return str(file.software).startswith(WRITER)
    except (soundfile.LibsndfileError, RuntimeError, OSError):
        return False


class Unfinished:
    """Two hidden files beside the output's place, which are gone in any case when it is done.

    Used with `with`: `keep` takes blocks, `finish` writes them with their gain and moves the file to its place.
    """

    def __init__(self, out: Path, channels: int) -> None:
        self.out = out
        self.channels = channels
        self.frames = 0
        self.peak = 0.0
        place = out.resolve()  # a link's own place
        self._place = place
        self._raw = place.parent / f".{place.stem}.{os.getpid()}.partial.raw"
        self._wav = place.parent / f".{place.stem}.{os.getpid()}.partial.wav"

    def __enter__(self) -> Unfinished:
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._raw.open("wb")
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._raw.unlink(missing_ok=True)
        self._wav.unlink(missing_ok=True)

    def keep(self, block: Real) -> None:
        """Take (n, channels) more samples."""
        self.frames += len(block)
        if block.size:
            self.peak = max(self.peak, float(np.abs(block).max()))
        try:
            self._file.write(np.ascontiguousarray(block, dtype=np.float32).data)
        except OSError as error:
            raise self._unwritable(error) from None

    def finish(self, gain: float, sample_rate_hz: float) -> None:
        """Write what was kept with a gain, and move it to its place."""
        self._file.close()
        self._write((gain * block for block in self._kept()), self.frames, round(sample_rate_hz), "PCM_24")

    def copy(self, blocks: Iterator[Any], frames: int, sample_rate_hz: int, subtype: str) -> None:
        """Write samples bit for bit as they are stored, in their own subtype, and move them to their place."""
        self._write(blocks, frames, sample_rate_hz, subtype)

    def _write(self, blocks: Iterator[Any], frames: int, sample_rate_hz: int, subtype: str) -> None:
        import soundfile

        container = "RF64" if BYTES[subtype] * self.channels * frames > LARGEST_RIFF_BYTES else "WAV"
        form = {"samplerate": sample_rate_hz, "channels": self.channels, "format": container, "subtype": subtype}
        try:
            with soundfile.SoundFile(self._wav, "w", **form) as file:
                file.software = WRITER
                for block in blocks:
                    file.write(block)
            self._wav.replace(self._place)
        except OSError as error:
            raise self._unwritable(error) from None
        except soundfile.LibsndfileError as error:
            raise UsageError(f"{self.out}: cannot be written there: {error}; choose another with -o") from None

    def _kept(self) -> Iterator[Real]:
        with self._raw.open("rb") as file:
            while (block := np.fromfile(file, np.float32, BLOCK_FRAMES * self.channels)).size:
                yield block.astype(float).reshape(-1, self.channels)

    def _unwritable(self, error: OSError) -> UsageError:
        reason = (error.strerror or "it cannot be made").lower()
        return UsageError(f"{self.out}: cannot be written there: {reason}; choose another with -o")
