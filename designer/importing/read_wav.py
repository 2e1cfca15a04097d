"""WAV files of impulse responses: a track a channel and driver, or of a problem with one channel a track a driver."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np

from designer.importing.coefficients import (
    Coefficients,
    channel_names,
    check_rate,
    check_values,
    read_bytes,
    refusal,
    stated_bulk_delay,
    stated_order,
)
from designer.problem.schema import Problem


def read_wav(path: Path, problem: Problem) -> Coefficients:
    """Tracks in the order of channels, then drivers; the file's comment, where an export wrote one, states both and the scale.

    Raises
    ------
    DataError : it is no sound file, its rate is another, or it has another number of tracks

    """
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(read_bytes(path))) as file:
            comment, kind, rate = file.comment, file.subtype, file.samplerate
            samples = file.read(dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise refusal(path, f"no sound file ({error})", "WAV", "export it again") from None
    check_rate(path, rate, problem)
    channels = stated_order(path, comment, "channels", channel_names(problem))
    drivers = stated_order(path, comment, "drivers", problem.driver_names)
    tracks = len(channels) * len(drivers)
    if samples.shape[1] != tracks:
        raise refusal(
            path,
            f"{samples.shape[1]} tracks",
            f"{tracks}, one for each of {len(channels)} channels and {len(drivers)} drivers",
            "name filters.wav, which holds all channels",
        )
    check_values(path, samples, "the tracks")
    scale = _scale(comment) if kind == "PCM_24" else 1.0
    notes = () if scale is not None else ("the file does not state its scale: full scale is taken for 1",)
    used = samples * (scale or 1.0)
    taps: dict[str, dict[str, np.ndarray]] = {}
    for track in range(tracks):
        if used[:, track].any():
            taps.setdefault(channels[track // len(drivers)], {})[drivers[track % len(drivers)]] = used[:, track]
    return Coefficients(taps, bulk_delay_samples=stated_bulk_delay(comment), notes=notes)


def _scale(comment: str) -> float | None:
    """What 1 stands for in an exported 24-bit file."""
    found = re.search(r"24-bit: a tap is the sample times (\d+)", comment)
    return float(found[1]) if found else None
