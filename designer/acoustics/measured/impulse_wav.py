"""Impulse responses as sound files: one WAV (or FLAC, AIFF) file an angle, a channel a driver; or one file of a listener's two ears.

Time is that of the files: it is assumed that all were recorded with one start, so that the differences of arrival between
angles are real; the onset on axis is taken off all of them alike. The gate, if any, is set at each file's own onset, because
that is where its direct sound is. Without a gate the whole file counts. The band is from 1/(gate or length) to 95 % of the lowest
Nyquist frequency.

The onset is the first sample above a tenth of the peak. Level is full scale, so it is relative.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.acoustics.measured.angle_names import angles_of, driver_of_name
from designer.acoustics.measured.export_losses import check_backwards, check_impulses
from designer.acoustics.measured.grids import gate_window
from designer.acoustics.measured.raw_set import Format, RawSet, Request, check_bytes
from designer.arrays import Real
from designer.errors import DataError

ONSET_SHARE = 0.1
MAX_SILENT = 1e-6  # -120 dB of full scale
CLIPPED_RUN = 3
MIN_CREST = 2.0  # 6 dB: a sweep has 3
MAX_FREQUENCIES = 8192
USABLE_SHARE = 0.95  # of the Nyquist frequency: above it the recording's own filter shows
MAX_SAMPLES = 16_384  # of two ears: a third of a second at 48 kHz; more is the room's, which no prediction holds


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


def _samples(path: Path) -> tuple[Real, float]:
    """Samples (T, channels) of a whole file, and their rate."""
    import soundfile  # needed only here

    try:
        info = soundfile.info(str(path))
        check_bytes(path, 8 * info.frames * info.channels, "samples")
        missing = _data_bytes_missing(path)
        if missing:
            actual = f"{missing} bytes fewer than its header says"
            raise DataError(f"{path}: got {actual}; expected a whole file; copy or export it again")
        samples, rate = soundfile.read(str(path), dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path}: got no sound file ({error}); expected WAV, FLAC or AIFF; export it again") from error
    return samples, float(rate)


def read_two_ears(path: Path) -> tuple[Real, float]:
    """Samples (T, 2) of impulse responses at the left and the right ear, as a dummy head or two microphones give them, and their rate.

    Raises
    ------
    DataError : no sound file, not of two channels, too long, silent at an ear, or NaN
    """
    samples, rate = _samples(path)
    length, channels = samples.shape
    for is_so, fault in (
        (
            channels != 2,
            f"{channels} channels; expected two, the left and the right ear; export both into one file",
        ),
        (
            length > MAX_SAMPLES,
            f"{length:,} samples; expected at most {MAX_SAMPLES:,}; cut it to the direct sound",
        ),
        (not np.isfinite(samples).all(), "NaN or infinity; expected finite samples; export it again"),
        (
            not np.abs(samples).any(axis=0).all(),
            "an ear without sound; expected an impulse response at each ear; measure it again",
        ),
    ):
        if is_so:
            raise DataError(f"{path}: got {fault}")
    return samples, rate


def _read_impulse(path: Path, channel: int | None) -> tuple[Real, float, int, list[str]]:
    """Samples (T,) of one file, their rate, the index of the onset, and what is suspicious."""
    samples, rate = _samples(path)
    count = samples.shape[1]
    if channel is None and count != 1:
        remedy = f"name this driver's: response_channel = 1 to {count}"
        raise DataError(f"{path}: got {count} channels; expected one, or a channel for each driver; {remedy}")
    if channel is not None and channel > count:
        actual = f"{count} channel{'s' * (count > 1)}, and response_channel = {channel}"
        remedy = "correct the key, or record all drivers' channels"
        raise DataError(f"{path}: got {actual}; expected a channel from 1 to {count}; {remedy}")
    x = samples[:, 0 if channel is None else channel - 1]
    if not np.isfinite(x).all():
        actual = f"NaN or infinity at sample {int(np.argmin(np.isfinite(x)))}"
        raise DataError(f"{path}: got {actual}; expected finite samples; export it again")
    peak = float(np.abs(x).max(initial=0.0))
    if peak < MAX_SILENT:
        actual = f"silence: no sample above {20 * np.log10(MAX_SILENT):z.0f} dB of full scale"
        raise DataError(f"{path}: got {actual}; expected an impulse response; measure it again")
    crest = peak / float(np.sqrt(np.mean(x**2)))
    if crest < MIN_CREST:
        raise DataError(
            f"{path}: got a signal whose peak is {20 * np.log10(crest):z.1f} dB above its root mean square, as a "
            "sweep's or a tone's; expected an impulse response; export the impulse response that the measuring program "
            "computes from it"
        )
    at_peak = np.abs(x) >= peak * (1 - 1e-4)
    run = max(len(part) for part in "".join("x" if v else " " for v in at_peak).split())
    if run >= CLIPPED_RUN:
        actual = f"{run} samples in a row at the peak of {peak:.4g}: it is clipped"
        raise DataError(f"{path}: got {actual}; expected an impulse response; record it at a lower level")
    onset = int(np.argmax(np.abs(x) > ONSET_SHARE * peak))
    cut = f"{path.name}: onset is cut: its first sample is at {20 * np.log10(max(abs(x[0]) / peak, 1e-15)):z.0f} dB of the peak, and"
    cut += " a rise before it is expected; export it with a few milliseconds before the peak"
    return x, rate, onset, [cut] * (onset == 0)


def _read(files: tuple[Path, ...], request: Request) -> RawSet:
    """A set of impulse responses over angle; a gate too short to leave a band is refused."""
    angles, notes = angles_of(files, request.angles)
    samples, rates, onsets, cut = zip(*(_read_impulse(path, request.channel) for path in files), strict=True)
    warnings = [warning for cuts in cut for warning in cuts]
    if len(warnings) > 1:
        warnings = [f"{warnings[0]} ({len(warnings) - 1} more files of the set are cut so)"]
    warnings += check_impulses(files, list(samples)) + check_backwards(list(samples), rates[0])
    if len(set(rates)) > 1:
        other = next(i for i, rate in enumerate(rates) if rate != rates[0])
        warnings.append(
            f"sample rates differ: {files[0].name} has {rates[0]:g} Hz, {files[other].name} has {rates[other]:g} Hz; "
            f"the band of all ends at {USABLE_SHARE * min(rates) / 2:g} Hz"
        )
    window_s = min((x.size - onset) / rate for x, rate, onset in zip(samples, rates, onsets, strict=True))
    gate_s = None if request.gate_ms is None else request.gate_ms / 1000
    if gate_s is not None and gate_s > window_s:
        warnings.append(
            f"gate of {request.gate_ms:g} ms is longer than the {1000 * window_s:.3g} ms after the onset that the files hold"
        )
        gate_s = None
    window_s = window_s if gate_s is None else gate_s
    lowest_hz, highest_hz = 1 / window_s, USABLE_SHARE * min(rates) / 2
    if lowest_hz >= highest_hz / 2:
        raise DataError(
            f"{files[0]}: got a window of {1000 * window_s:.3g} ms, which resolves nothing below {lowest_hz:.0f} Hz; "
            f"expected one that leaves a band below {highest_hz:.0f} Hz; lengthen gate_ms or the files"
        )
    count = int(np.clip(2 * np.ceil((highest_hz - lowest_hz) * window_s), 64, MAX_FREQUENCIES))
    frequency_hz = np.linspace(lowest_hz, highest_hz, count)
    axis = int(np.argmax([angle.direction()[0] for angle in angles]))
    zero_s = onsets[axis] / rates[axis]
    columns = []
    for x, rate, onset in zip(samples, rates, onsets, strict=True):
        time_s = np.arange(x.size) / rate
        gated = x if gate_s is None else x * gate_window(time_s - onset / rate, gate_s)
        columns.append(_spectrum(gated, rate, frequency_hz) * np.exp(2j * np.pi * frequency_hz * zero_s))
    if gate_s is not None:
        notes += (f"reflections gated {1000 * gate_s:g} ms after each onset; the band starts at {lowest_hz:.4g} Hz",)
    return RawSet(
        kind=FORMAT.kind,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=request.clockwise) for angle in angles]),
        labels=tuple(str(angle) for angle in angles),
        pressure=np.stack(columns, axis=1),
        gated=True,
        removed_s=zero_s,
        notes=notes,
        warnings=tuple(warnings),
    )


def _spectrum(x: Real, rate_hz: float, frequency_hz: Real) -> Real:
    """Fourier sum at any evenly spaced frequencies: the chirp z-transform."""
    from scipy.signal import zoom_fft  # slow to import

    span = [float(frequency_hz[0]), float(frequency_hz[-1])]
    return np.asarray(zoom_fft(x, span, m=frequency_hz.size, fs=rate_hz, endpoint=True))


FORMAT = Format(
    kind="impulse responses over angle",
    described=".wav files over angle",
    suffixes=(".wav", ".flac", ".aif", ".aiff", ".w64"),
    read=_read,
    drivers=lambda path, emitter: [(driver_of_name(path) or "driver", None)],
    over_angle=True,
    channels=True,
)
