"""The folder `room/` of a design: impulse responses as WAV files, and the measures as a table.

| file | what |
|---|---|
| `drivers.wav` | from each driver's feed to the left and the right ear: driver 1 left, driver 1 right, driver 2 left, ... |
| `<channel>-at-ears.wav` | what the left and the right ear get of an impulse in a channel, through its realised filters |
| `measures.csv` | the measures by octave, of each channel, its plain driver, and the middle of plain stereo |

32-bit float; sample 0 is the feed's (of a channel: its input's), so that the way through the air is in them.
`designer render --at-ears --room` plays through `drivers.wav`.
"""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.evaluation.room import EARS, InRoom

DRIVERS = "drivers"


def write(room: InRoom, folder: Path, channels: list[str]) -> None:
    """Write the folder."""
    # soundfile would put the time of day into the header of a float WAV (its PEAK chunk).
    from scipy.io import wavfile

    from designer.report.figures import file_stems

    folder.mkdir()
    rate = round(room.responses.sample_rate_hz)
    ears = room.responses.both[EARS].transpose(2, 1, 0)  # (T, L, 2)
    wavfile.write(folder / f"{DRIVERS}.wav", rate, ears.reshape(len(ears), -1).astype(np.float32))
    played = {tone.name: tone for tone in room.played}
    for name, stem in file_stems(channels).items():
        wavfile.write(folder / f"{stem}-at-ears.wav", rate, played[name].response[EARS].T.astype(np.float32))
    room.table().to_csv(folder / "measures.csv", index=False, float_format="%.7g")


def read_ears(folder: Path, drivers: tuple[str, ...], sample_rate_hz: float) -> Real:
    """Responses (2, L, T) of `drivers.wav`.

    Raises
    ------
    DataError : it is missing or broken, or not of these drivers or this rate

    """
    from scipy.io import wavfile

    path = folder / f"{DRIVERS}.wav"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)  # a file that was cut
            rate, samples = wavfile.read(path)
    except (OSError, ValueError, TypeError, ArithmeticError, struct.error, wavfile.WavFileWarning) as error:
        raise DataError(f"{path}: cannot be read: {error}; design the problem again") from None
    if samples.ndim != 2 or samples.shape[1] != 2 * len(drivers):
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        raise DataError(
            f"{path}: got {channels} channels; expected {2 * len(drivers)}, two a driver; design the problem again"
        )
    if rate != round(sample_rate_hz):
        raise DataError(
            f"{path}: got a rate of {rate} Hz; expected {round(sample_rate_hz)} Hz; design the problem again"
        )
    if not samples.size or not np.isfinite(samples).all():
        raise DataError(f"{path}: got NaN, infinity or no sample; expected finite samples; design the problem again")
    return np.ascontiguousarray(samples.reshape(len(samples), len(drivers), 2).transpose(2, 1, 0).astype(float))
