"""Sound on its way to a WAV file: kept raw until its gain is known, then written beside its place and moved there.

24 bit, because every player takes it, it holds no more than full scale, and its header says no time of day.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import OutputError, UsageError
from designer.versions import WRITER
from designer.writing import Staging, check_file, output_errors, parents_made, reserve

BLOCK_FRAMES = 32_768
LARGEST_RIFF_BYTES = 2**32 - 2**16
HEAD_BYTES = 4096
"""The chunks before the samples fit into this."""
SEAL = b"content SHA-256 "
BYTES = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}


def check_writable(out: Path, inputs: Sequence[Path], *, force: bool = False) -> None:
    """Find out before anything is played whether the output could be written.

    Parameters
    ----------
    inputs : files that are to be read; not even `force` replaces them
    force : replace a file that this tool did not write, or that was edited since

    Raises
    ------
    UsageError : the output is no .wav file, an input, or a file that is not to be replaced
    OutputError : no room there, or a folder that is read-only

    """
    if out.suffix.lower() != ".wav":
        raise UsageError(f"{out}: found the suffix {out.suffix or 'none'}; allowed: .wav; name it with -o out.wav")
    expected = "a new file, or one as `designer render` wrote it"
    check_file(out, inputs=tuple(inputs), is_own=is_sealed, expected=expected, force=force)
    reserve(out)


def seal(path: Path) -> None:
    """Put the hash of everything else in a file into its comment, by which `is_sealed` knows that nobody edited it."""
    at, digest = _content_sha256(path)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(digest.encode())


def is_sealed(path: Path) -> bool:
    """Whether a file is as this tool wrote it."""
    try:
        at, digest = _content_sha256(path)
        with path.open("rb") as file:
            file.seek(at)
            return file.read(len(digest)) == digest.encode()
    except (OSError, ValueError):
        return False


def _content_sha256(path: Path) -> tuple[int, str]:
    """Where in a file its seal lies, and the hash of the file with nulls there."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        at = head.index(SEAL) + len(SEAL)
        digest.update(head[:at] + bytes(64) + head[at + 64 :])
        while block := file.read(1 << 20):
            digest.update(block)
    return at, digest.hexdigest()


class Unfinished:
    """A hidden folder beside the output's place, which is gone in any case when it is done.

    Used with `with`: `keep` takes blocks, `finish` writes them with their gain and moves the file to its place.

    Raises
    ------
    OutputError : from each step, where it cannot be written; what was there is as it was

    """

    def __init__(self, out: Path, channels: int) -> None:
        self.out = out
        self.channels = channels
        self.frames = 0
        self.peak = 0.0
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> Unfinished:
        with output_errors(self.out), contextlib.ExitStack() as ending:
            self._place = ending.enter_context(parents_made(self.out))
            staging = ending.enter_context(Staging(self._place.parent, self._place.name))
            self._raw, self._wav = staging.new / "kept.raw", staging.new / "finished.wav"
            self._file = self._raw.open("wb")
            ending.callback(self._close)
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.__exit__(kind, error, trace)

    def _close(self) -> None:
        with contextlib.suppress(OSError):  # what it still holds has nowhere to go
            self._file.close()

    def keep(self, block: Real) -> None:
        """Take (n, channels) more samples."""
        self.frames += len(block)
        if block.size:
            self.peak = max(self.peak, float(np.abs(block).max()))
        with output_errors(self.out):
            self._file.write(np.ascontiguousarray(block, dtype=np.float32).data)

    def finish(self, gain: float, sample_rate_hz: float) -> None:
        """Write what was kept with a gain, and move it to its place."""
        with output_errors(self.out):
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
            with output_errors(self.out):
                with soundfile.SoundFile(self._wav, "w", **form) as file:
                    file.software, file.comment = WRITER, SEAL.decode() + "0" * 64
                    for block in blocks:
                        file.write(block)
                if (
                    soundfile.info(self._wav).frames != frames
                ):  # the library does not say that its last block found no room
                    raise OSError(errno.ENOSPC, "no room for all of it")
                seal(self._wav)
                self._wav.replace(self._place)
        except (soundfile.LibsndfileError, AssertionError) as error:  # it asserts that all samples were written
            raise OutputError(
                f"{self.out}: cannot be written: {error or 'no room for all of it'}; make room, or choose another place"
            ) from None

    def _kept(self) -> Iterator[Real]:
        with self._raw.open("rb") as file:
            while (block := np.fromfile(file, np.float32, BLOCK_FRAMES * self.channels)).size:
                yield block.astype(float).reshape(-1, self.channels)
