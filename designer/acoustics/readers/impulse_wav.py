"""Impulse responses over angle: one WAV (or FLAC, AIFF) file an angle, a channel a driver, named as text files are.

Time is that of the files: it is assumed that all were recorded with one start, so that the differences of arrival between
angles are real; the onset on axis is taken off all of them alike. The gate, if any, is set at each file's own onset, because
that is where its direct sound is. Without a gate the whole file counts. The band is from 1/(gate or length) to 95 % of the lowest
Nyquist frequency.

The onset is the first sample above a tenth of the peak. Level is full scale, so it is relative.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.acoustics.readers.angle_names import angles_of_names
from designer.acoustics.readers.export_losses import check_backwards, check_impulses
from designer.acoustics.readers.file_checks import check_bytes
from designer.acoustics.readers.gating import gate_window
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.stated_angles import Stated, stated_angles
from designer.arrays import Real

KIND = "impulse responses over angle"
ONSET = 0.1
SILENT = 1e-6
"""-120 dB of full scale."""
CLIPPED_RUN = 3
MIN_CREST = 2.0
"""6 dB: a sweep has 3."""
MAX_FREQUENCIES = 8192
USABLE = 0.95
"""Of the Nyquist frequency: above it the recording's own filter shows."""


@dataclass(frozen=True)
class Impulse:
    """One file: samples (T,), its rate, and the index of its onset."""

    samples: Real
    sample_rate_hz: float
    onset: int


def _data_bytes_missing(path: Path) -> int:
    """How many bytes a RIFF file's data chunk announces beyond the file's end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64"):
            return 0
        file.seek(12)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return 0 if length == 0xFFFFFFFF else max(0, file.tell() + length - size)
            file.seek(length + length % 2, 1)
    return 0


def read_impulse(path: Path, channel: int | None = None) -> tuple[Impulse, list[str]]:
    """One file, and what is suspicious about it.

    Parameters
    ----------
    channel : which of its channels, from 1; by default it has one

    Raises
    ------
    DataError : it is no sound file, cut off, silent, clipped, or NaN, has several channels or not the one that is asked for

    """
    import soundfile  # needed only here

    try:
        info = soundfile.info(str(path))
        check_bytes(path, 8 * info.frames * info.channels, "samples")
        missing = _data_bytes_missing(path)
        if missing:
            raise refusal(
                path, f"{missing} bytes fewer than its header says", "a whole file", "copy or export it again"
            )
        samples, rate = soundfile.read(str(path), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise refusal(path, f"no sound file ({error})", "WAV, FLAC or AIFF", "export it again") from error
    count = samples.shape[1]
    if channel is None and count != 1:
        remedy = f"name this driver's: response_channel = 1 to {count}"
        raise refusal(path, f"{count} channels", "one, or a channel for each driver", remedy)
    if channel is not None and channel > count:
        found = f"{count} channel{'s' * (count > 1)}, and response_channel = {channel}"
        raise refusal(path, found, f"a channel from 1 to {count}", "correct the key, or record all drivers' channels")
    x = samples[:, 0 if channel is None else channel - 1]
    if not np.isfinite(x).all():
        raise refusal(
            path, f"NaN or infinity at sample {int(np.argmin(np.isfinite(x)))}", "finite samples", "export it again"
        )
    peak = float(np.abs(x).max(initial=0.0))
    if peak < SILENT:
        raise refusal(
            path,
            f"silence: no sample above {20 * np.log10(SILENT):.0f} dB of full scale",
            "an impulse response",
            "measure it again",
        )
    crest = peak / float(np.sqrt(np.mean(x**2)))
    if crest < MIN_CREST:
        raise refusal(
            path,
            f"a signal whose peak is {20 * np.log10(crest):.1f} dB above its root mean square, as a sweep's or a tone's",
            "an impulse response",
            "export the impulse response that the measuring program computes from it",
        )
    at_peak = np.abs(x) >= peak * (1 - 1e-4)
    run = max(len(part) for part in "".join("x" if v else " " for v in at_peak).split())
    if run >= CLIPPED_RUN:
        raise refusal(
            path,
            f"{run} samples in a row at the peak of {peak:.4g}: it is clipped",
            "an impulse response",
            "record it at a lower level",
        )
    onset = int(np.argmax(np.abs(x) > ONSET * peak))
    warnings: list[str] = []
    if onset == 0:
        warnings.append(
            f"{path.name}: onset is cut: its first sample is at {20 * np.log10(abs(x[0]) / peak):.0f} dB of the peak "
            "already, and a rise before it is expected; export it with a few milliseconds before the peak"
        )
    return Impulse(x, float(rate), onset), warnings


def read_impulse_set(
    files: tuple[Path, ...],
    *,
    gate_ms: float | None,
    clockwise: bool = False,
    angles: Stated | None = None,
    channel: int | None = None,
) -> RawSet:
    """A set of impulse responses over angle.

    Raises
    ------
    DataError : a file or a name cannot be used, or the gate is too short to leave a band

    """
    named, said = angles_of_names(files) if angles is None else stated_angles(files, angles)
    impulses: list[Impulse] = []
    warnings: list[str] = []
    for path in files:
        impulse, found = read_impulse(path, channel)
        impulses.append(impulse)
        warnings += found
    if len(warnings) > 1:
        warnings = [f"{warnings[0]} ({len(warnings) - 1} more files of the set are cut so)"]
    warnings += check_impulses(files, [impulse.samples for impulse in impulses])
    rates = [impulse.sample_rate_hz for impulse in impulses]
    warnings += check_backwards([impulse.samples for impulse in impulses], rates[0])
    if len(set(rates)) > 1:
        other = next(i for i, rate in enumerate(rates) if rate != rates[0])
        warnings.append(
            f"sample rates differ: {files[0].name} has {rates[0]:g} Hz, {files[other].name} has {rates[other]:g} Hz; "
            f"the band of all ends at {USABLE * min(rates) / 2:g} Hz"
        )
    length_s = min((impulse.samples.size - impulse.onset) / impulse.sample_rate_hz for impulse in impulses)
    gate_s = None if gate_ms is None else gate_ms / 1000
    if gate_s is not None and gate_s > length_s:
        warnings.append(
            f"gate of {gate_ms:g} ms is longer than the {1000 * length_s:.3g} ms after the onset that the files hold"
        )
        gate_s = None
    window_s = length_s if gate_s is None else gate_s
    lowest_hz, highest_hz = 1 / window_s, USABLE * min(rates) / 2
    if lowest_hz >= highest_hz / 2:
        raise refusal(
            files[0],
            f"a window of {1000 * window_s:.3g} ms, which resolves nothing below {lowest_hz:.0f} Hz",
            f"one that leaves a band below {highest_hz:.0f} Hz",
            "lengthen gate_ms or the files",
        )
    count = int(np.clip(2 * np.ceil((highest_hz - lowest_hz) * window_s), 64, MAX_FREQUENCIES))
    frequency_hz = np.linspace(lowest_hz, highest_hz, count)
    axis = int(np.argmax([angle.direction()[0] for angle in named]))
    zero_s = impulses[axis].onset / impulses[axis].sample_rate_hz
    columns = []
    for impulse in impulses:
        time_s = np.arange(impulse.samples.size) / impulse.sample_rate_hz
        x = impulse.samples
        if gate_s is not None:
            x = x * gate_window(time_s - impulse.onset / impulse.sample_rate_hz, gate_s)
        columns.append(_spectrum(x, impulse.sample_rate_hz, frequency_hz) * np.exp(2j * np.pi * frequency_hz * zero_s))
    notes = (
        ()
        if gate_s is None
        else (f"reflections gated {1000 * gate_s:g} ms after each onset; the band starts at {lowest_hz:.4g} Hz",)
    )
    return RawSet(
        kind=KIND,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=clockwise) for angle in named]),
        labels=tuple(str(angle) for angle in named),
        pressure=np.stack(columns, axis=1),
        gated=True,
        removed_s=zero_s,
        notes=(*said, *notes),
        warnings=tuple(warnings),
    )


def _spectrum(x: Real, rate_hz: float, frequency_hz: Real) -> Real:
    """Fourier sum at any evenly spaced frequencies: the chirp z-transform."""
    from scipy.signal import zoom_fft  # slow to import

    span = [float(frequency_hz[0]), float(frequency_hz[-1])]
    return np.asarray(zoom_fft(x, span, m=frequency_hz.size, fs=rate_hz, endpoint=True))
