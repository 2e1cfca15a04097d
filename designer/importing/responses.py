"""Impulse responses in sound files: read whole, after their size and rate have been looked at."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from designer.arrays import Real
from designer.importing.coefficients import check_rate, check_values
from designer.importing.files import read_bytes, refusal, shown
from designer.problem.schema import MAX_TAPS, Problem

MAX_TRACKS = 1024


@dataclass(frozen=True)
class Sound:
    """A sound file: samples (N, tracks), its comment, and how its samples are stored."""

    samples: Real
    comment: str
    subtype: str


def read_sound(path: Path, problem: Problem, tracks: int | None = None) -> Sound:
    """Samples of a sound file at the problem's rate.

    Parameters
    ----------
    tracks : that it must have; None for any number

    Raises
    ------
    DataError : it is no sound file, its rate is another, or it is longer or wider than a set of filters

    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(read_bytes(path))) as file:
            check_rate(path, file.samplerate, problem)
            if not 1 <= file.frames <= MAX_TAPS:
                raise refusal(
                    path, f"{file.frames:,} samples", f"1 to {MAX_TAPS:,} taps", "name a file of impulse responses"
                )
            if tracks is not None and file.channels != tracks:
                raise refusal(path, f"{file.channels} tracks", f"{tracks}", "name the file that an export wrote")
            samples = file.read(dtype="float64", always_2d=True)
            sound = Sound(samples, file.comment, file.subtype)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise refusal(path, f"no sound file ({str(error)[:100]})", "WAV", "export it again") from None
    check_values(path, sound.samples, "the tracks")
    return sound


class Responses:
    """Sound files that a configuration names, each read once."""

    def __init__(self, path: Path, problem: Problem) -> None:
        self.path, self.problem = path, problem
        self.sounds: dict[str, Sound] = {}

    def track(self, name: object, track: int) -> Real:
        """One track (N,) of a file whose name is relative to the configuration.

        Raises
        ------
        DataError : there is no such file or track

        """
        if not isinstance(name, str) or not name:
            raise refusal(self.path, f"the file name {shown(name)}", "the name of a WAV", "export it again")
        if name not in self.sounds:
            if len(self.sounds) >= MAX_TRACKS:
                raise refusal(self.path, f"more than {MAX_TRACKS:,} files", "fewer", "name its configuration")
            self.sounds[name] = read_sound(self.path.parent / name, self.problem)
        samples = self.sounds[name].samples
        if track >= samples.shape[1]:
            raise refusal(
                self.path,
                f"track {track} of {shown(name)}",
                f"0 to {samples.shape[1] - 1}, its tracks",
                "export it again",
            )
        return samples[:, track]
