"""A few seconds to listen to on headphones: stereo as it is, plain at the ears, and through the chain at the ears, equally loud.

The programme is made here: a voice-like buzz in the middle, and on each side plucked notes that the other side does not have.
"""

from __future__ import annotations

import contextlib

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.result import Result
from designer.stereo.chain import EAR_TAPS, chain_of, ear_responses
from designer.stereo.loudness import integrated_lufs
from designer.stereo.signal_path import Running, SignalPath, feeds_path, plain_path

SECONDS = 4.0
HIGHEST_PEAK = 0.9
NOTES_HZ = {"left": (220.0, 329.6, 277.2, 440.0), "right": (261.6, 392.0, 349.2, 523.3)}
NOTE_S = 0.5
VOICE_HZ, SYLLABLES_HZ, HARMONICS = 118.0, 2.0, 30
FORMANTS_HZ = ((600.0, 150.0, 1.0), (1250.0, 200.0, 0.5), (2600.0, 300.0, 0.3))


def programme(sample_rate_hz: float) -> Real:
    """Stereo (n, 2)."""
    time_s = np.arange(int(SECONDS * sample_rate_hz)) / sample_rate_hz
    voice = np.zeros_like(time_s)
    for n in range(1, HARMONICS + 1):
        f = n * VOICE_HZ
        level = sum(gain / (1 + ((f - at_hz) / width_hz) ** 2) for at_hz, width_hz, gain in FORMANTS_HZ)
        sway = 0.6 * n * np.sin(2 * np.pi * 5.0 * time_s) / 5.0
        voice += level * np.cos(2 * np.pi * f * time_s + sway) if f < sample_rate_hz / 2 else 0.0
    voice *= np.clip(1.3 * np.sin(np.pi * SYLLABLES_HZ * time_s) ** 2 - 0.15, 0.0, 1.0)
    sides = []
    for number, notes in enumerate(NOTES_HZ.values()):
        late_s = np.maximum(time_s - number * NOTE_S / 2, 0.0)
        pitch_hz = np.array(notes)[(late_s / NOTE_S).astype(int) % len(notes)]
        plucked = np.exp(-5.0 * (late_s % NOTE_S)) * np.minimum((late_s % NOTE_S) / 0.004, 1.0)
        sides.append(plucked * sum(np.sin(2 * np.pi * n * pitch_hz * (late_s % NOTE_S)) / n for n in range(1, 9)))
    return 0.1 * np.stack([voice + 2 * side for side in sides], axis=1)


def excerpts(design: Result) -> dict[str, Real]:
    """Words for each -> (n, 2), from -1 to 1, at the design's rate; `plain` is left out where no two drivers stand side by side.

    A UsageError where the design has no channels left and right, a DataError where a head's or a driver's file cannot be used.
    """
    rate = design.problem.sample_rate_hz
    stereo = programme(rate)
    paths: dict[str, SignalPath] = {}
    with contextlib.suppress(DataError):
        paths["plain stereo on the outermost drivers, at the ears"] = plain_path(
            design.problem, design.bulk_delay_samples
        )
    paths["the stereo chain, at the ears"] = feeds_path(chain_of(design))
    ears = ear_responses(design, EAR_TAPS)
    played = {"stereo as it comes, on headphones": stereo}
    for words, path in paths.items():
        played[words] = Running(path.heard(ears), rate).run(stereo)[: len(stereo)]
    target_lufs = integrated_lufs(stereo, rate)
    equal = {
        words: samples * 10 ** ((target_lufs - integrated_lufs(samples, rate)) / 20)
        for words, samples in played.items()
    }
    gain = HIGHEST_PEAK / max(float(np.abs(samples).max()) for samples in equal.values())
    return {words: gain * samples for words, samples in equal.items()}
