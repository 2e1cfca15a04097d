"""A sound file of two channels: impulse responses at a listener's left and right ear, as a dummy head or two microphones give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.acoustics.readers.file_checks import check_bytes
from designer.acoustics.readers.raw_set import refusal
from designer.arrays import Real

MOST_SAMPLES = 16_384
"""A third of a second at 48 kHz: more is the room's, which no prediction holds."""


def read_two_ears(path: Path) -> tuple[Real, float]:
    """Samples (T, 2), left and right ear, and their rate.

    Raises
    ------
    DataError : no sound file, not of two channels, too long, silent at an ear, or NaN

    """
    import soundfile  # needed only here

    try:
        info = soundfile.info(str(path))
        check_bytes(path, 8 * info.frames * info.channels, "samples")
        samples, rate = soundfile.read(str(path), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise refusal(path, f"no sound file ({error})", "WAV, FLAC or AIFF", "export it again") from error
    if samples.shape[1] != 2:
        raise refusal(
            path, f"{samples.shape[1]} channels", "two, the left and the right ear", "export both into one file"
        )
    if len(samples) > MOST_SAMPLES:
        raise refusal(path, f"{len(samples):,} samples", f"at most {MOST_SAMPLES:,}", "cut it to the direct sound")
    if not np.isfinite(samples).all():
        raise refusal(path, "NaN or infinity", "finite samples", "export it again")
    if not np.abs(samples).any(axis=0).all():
        raise refusal(path, "an ear without sound", "an impulse response at each ear", "measure it again")
    return samples, float(rate)
