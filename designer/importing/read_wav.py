"""WAV files of impulse responses: a track a channel and driver, or of a problem with one channel a track a driver."""

from __future__ import annotations

import re
from pathlib import Path

from designer.importing.coefficients import (
    Coefficients,
    Collected,
    channel_names,
    stated_bulk_delay,
    stated_order,
)
from designer.importing.files import refusal
from designer.importing.responses import read_sound
from designer.problem.schema import Problem


def read_wav(path: Path, problem: Problem) -> Coefficients:
    """Tracks in the order of channels, then drivers; the file's comment, where an export wrote one, states both and the scale.

    Raises
    ------
    DataError : it is no sound file, its rate is another, or it has another number of tracks

    """
    sound = read_sound(path, problem)
    channels = stated_order(path, sound.comment, "channels", channel_names(problem))
    drivers = stated_order(path, sound.comment, "drivers", problem.driver_names)
    tracks = len(channels) * len(drivers)
    if sound.samples.shape[1] != tracks:
        raise refusal(
            path,
            f"{sound.samples.shape[1]} tracks",
            f"{tracks}, one for each of {len(channels)} channels and {len(drivers)} drivers",
            "name filters.wav, which holds all channels",
        )
    scale = _scale(sound.comment) if sound.subtype == "PCM_24" else 1.0
    notes = () if scale is not None else ("the file does not state its scale: full scale is taken for 1",)
    used = sound.samples * (scale or 1.0)
    found = Collected(path, problem)
    for track in range(tracks):
        if used[:, track].any():
            place = found.place(channels[track // len(drivers)], drivers[track % len(drivers)])
            found.add_taps(place, used[:, track])
    return found.coefficients(stated_bulk_delay(sound.comment), notes=notes)


def _scale(comment: str) -> float | None:
    """What 1 stands for in an exported 24-bit file."""
    found = re.search(r"24-bit: a tap is the sample times (\d{1,9})", comment)
    return float(found[1]) if found else None
