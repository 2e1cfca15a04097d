"""A head's measurement from a SOFA file (AES69), read so that what is wrong with real files does not pass silently.

Impulse responses are kept as they are; spectra become impulse responses. A measurement that cannot be right (silent,
clipped, its onset cut) is left out with a warning, and a file with many of them is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.content import digest
from designer.acoustics.measured.head_directions import heard, placed
from designer.acoustics.measured.interaural_time import (
    FREQUENCY_HZ,
    centred_spectra,
    delays,
    interaural_time_s,
    kernel,
    spectra,
    time_sign,
)
from designer.acoustics.measured.sofa import HEAD_CONVENTIONS, SofaHead, head_of, refuse_no_phase
from designer.acoustics.measured.sphere import SphereInterpolation, spherical_deg
from designer.acoustics.measured.time_reference import fit_delay
from designer.arrays import Bool, Complex, Index, Real
from designer.errors import DataError

MAX_NUMBERS = 16_000_000  # largest set of responses, in numbers (128 MB): 7,800 directions of 1,024 taps, 31,000 of 256
LEAD_S = 6e-3
"""Spectra begin at most so long before their sound: a delay of 10 ms turns more than once between the frequencies that tell the time."""
MAX_FILE_BYTES = 1_000_000_000
EXPECTED_FILE = f"a SOFA file of the convention {', '.join(HEAD_CONVENTIONS[:-1])} or {HEAD_CONVENTIONS[-1]}"
SIZES = {"M": "measurements", "R": "receivers", "N": "samples", "E": "emitters"}
EQUAL_HZ = np.geomspace(50.0, 20_000.0, 105)  # twelve an octave, in even ratios
EQUAL_DIRECTIONS = 400
BAND_FLOOR_DB = -40.0  # where a file's mean level falls below this against its own middle, its band ends
SILENT_DB = -60.0  # below the median energy of the file
MIN_CUT_SHARE = 0.25  # a response whose first sample is this much of its peak begins before the file does
CLIPPED_SAMPLES = 3  # as many neighbours at one extreme value are a ceiling
MAX_FAULTY_SHARE = 0.1  # share of a file's measurements that may be left out


@dataclass(frozen=True)
class HeadRecording:
    """Impulse responses of a head, the left ear first, in the head's axes: forward, the listener's left, up."""

    directions: Real  # unit vectors (N, 3), all different
    responses: Real  # (N, 2, T), single precision, scaled to a largest sample of 1
    delay_s: Real  # (N, 2) to be added to each response
    low_spectra: Complex  # (N, 2, F) at `interaural_time.FREQUENCY_HZ`
    full_scale: float  # the file's own largest sample
    sample_rate_hz: float
    distance_m: float  # of the measuring loudspeaker; inf where the file does not say
    warnings: tuple[str, ...] = ()  # what the user should know of the file, each with its name
    convention: str = ""  # the file's

    @cached_property
    def band_hz(self) -> tuple[float, float]:
        """Where the file holds sound: its mean level within 40 dB of its own between 500 Hz and 4 kHz."""
        responses = self.responses[:: max(1, len(self.responses) // 64)]
        taps = responses.shape[2]
        level = 10 * np.log10(np.maximum(np.mean(np.abs(np.fft.rfft(responses, 2 * taps)) ** 2, axis=(0, 1)), 1e-300))
        f = np.arange(taps + 1) * self.sample_rate_hz / (2 * taps)
        middle = (f >= 500) & (f <= min(4000.0, f[-1] / 2))
        sounds = level > np.median(level[middle]) + BAND_FLOOR_DB
        centre = int(np.flatnonzero(middle)[0])
        below, above = np.flatnonzero(~sounds[:centre]), np.flatnonzero(~sounds[centre:])
        low = f[below[-1] + 1] if below.size else 0.0
        high = f[centre + above[0] - 1] if above.size else f[-1]
        return float(low), float(min(high, 0.475 * self.sample_rate_hz))

    @cached_property
    def interpolation(self) -> SphereInterpolation:
        """The measured directions' neighbours on the sphere."""
        return SphereInterpolation(self.directions)

    @cached_property
    def sample(self) -> Index:
        """At most EQUAL_DIRECTIONS of the measurements, evenly spread over the file."""
        count = len(self.directions)
        return np.unique(np.linspace(0, count - 1, EQUAL_DIRECTIONS).astype(int))

    @cached_property
    def mean_power(self) -> Real:
        """Mean power of these at both ears, at those of EQUAL_HZ that the file reaches."""
        sums = kernel(EQUAL_HZ[self.band_hz[1] >= EQUAL_HZ], self.responses.shape[2], self.sample_rate_hz)
        return np.asarray(np.mean(np.abs(centred_spectra(self.responses[self.sample], sums)) ** 2, axis=(0, 1)))

    @cached_property
    def content_digest(self) -> str:
        """Digest of the measurements: heads of several sizes, and at several speeds of sound, share them."""
        return digest(*(getattr(self, field.name) for field in fields(self)))

    def of(self, keep: Index) -> HeadRecording:
        """Recording of some of the measurements."""
        if keep.size == len(self.directions) and (np.diff(keep) == 1).all():
            return self
        return replace(
            self,
            directions=self.directions[keep],
            responses=self.responses[keep],
            delay_s=self.delay_s[keep],
            low_spectra=self.low_spectra[keep],
        )


def read_recording(path: Path, name: str, *, precise: bool = False) -> HeadRecording:
    """Read a head from a SOFA file.

    Parameters
    ----------
    name : str, how messages call the file
    precise : bool, responses in double precision, as they are stored

    Raises
    ------
    DataError : what was found, what is allowed, and the remedy
    """
    head = _metadata(path, name)
    sofa = head.read()
    with head.fits_convention():
        responses, rate_hz, delay = _responses(sofa, head)
        placement = placed(sofa, len(responses), head.shape("E")[0], name)
    sign_warnings = []
    if hasattr(sofa, "Data_Real"):
        sign = time_sign(responses, rate_hz)
        if sign.is_reversed:  # conjugation reverses time
            responses = _from_the_quiet(np.roll(responses[..., ::-1], 1, axis=2), rate_hz)
            sign_warnings.append(f"got spectra of e^(-jwt), because {sign}; expected e^(+jwt); they are conjugated")
        elif sign.is_doubtful:
            sign_warnings.append(f"got that {sign}; doubtful: the levels or the delays of the two channels")
    full_scale = max(float(responses.max()), -float(responses.min()), 1e-30)
    dtype = np.float64 if precise else np.float32  # as exact as any measurement
    responses = np.divide(responses, full_scale, dtype=dtype, casting="same_kind")
    delay_s = np.broadcast_to(delay / rate_hz, responses.shape[:2])
    keep, faults = left_out(responses, delay_s, placement.readings[0][1], name)
    if not keep.all():
        responses, delay_s, placement = responses[keep], delay_s[keep], placement.of(keep)
    low = spectra(responses, FREQUENCY_HZ, rate_hz)
    if delay_s.any():
        low = low * delays(FREQUENCY_HZ, delay_s.ravel()).reshape(low.shape)
    directions, first_is_left, ear_warnings = heard(placement, interaural_time_s(low), name)
    if not first_is_left:
        responses, delay_s, low = responses[:, ::-1], delay_s[:, ::-1], low[:, ::-1]
    shell, distance_m, shell_warnings = _one_shell(placement.distance_m)
    recording = HeadRecording(directions, responses, delay_s, low, full_scale, rate_hz, distance_m).of(shell)
    single, pair_warnings = _each_once(recording)
    messages = (*sign_warnings, *placement.warnings, *faults, *ear_warnings, *shell_warnings, *pair_warnings)
    warnings = tuple(f"{name}: {words}" for words in messages)
    return replace(recording.of(single), warnings=warnings, convention=head.convention)


def _one_shell(distance_m: Real) -> tuple[Index, float, list[str]]:
    """Measurements at the farthest of the distances: a near-field set's far head is the sphere model's business."""
    finite = distance_m[np.isfinite(distance_m)]
    if finite.size < distance_m.size:
        return np.arange(distance_m.size), np.inf, []
    far = distance_m > 0.9 * finite.max()
    warnings = []
    if not far.all():
        warnings.append(
            f"got measurements from {finite.min():g} to {finite.max():g} m; the {int(far.sum())} at"
            f" {np.median(finite[far]):g} m are used"
        )
    return np.flatnonzero(far), float(np.median(finite[far])), warnings


def _each_once(recording: HeadRecording) -> tuple[Index, list[str]]:
    """The first measurement of each direction; others within 0.01 degrees are said, with how far they differ."""
    from scipy.spatial import KDTree

    tree = KDTree(recording.directions)
    pairs = tree.query_pairs(2e-4, output_type="ndarray")
    if not len(pairs):
        return np.arange(len(recording.directions)), []
    later = np.unique(pairs.max(axis=1))
    reference, second = (np.abs(recording.low_spectra[pairs[:, side]]) for side in (0, 1))
    apart_db = float(np.abs(20 * np.log10(np.maximum(reference, 1e-12) / np.maximum(second, 1e-12))).max())
    first = recording.directions[later[0]]
    azimuth, elevation = spherical_deg(first)
    warning = (
        f"got {later.size} directions measured more than once, first azimuth {azimuth:.1f}, elevation {elevation:.1f};"
        f" they differ by up to {apart_db:z.1f} dB below 1.5 kHz, and the first of each is used"
    )
    return np.setdiff1d(np.arange(len(recording.directions)), later), [warning]


def _metadata(path: Path, name: str) -> SofaHead:
    """Description of a file, after its size, its kind and its convention were found to be sound."""
    head = head_of(path, EXPECTED_FILE, name=name)
    sizes = dict(zip(SIZES, head.shape("MRNE"), strict=True))
    numbers, size = float(np.prod([float(n) for n in sizes.values()])), path.stat().st_size
    shape = " x ".join(f"{n} {SIZES[key]}" for key, n in sizes.items() if n != 1)
    faults = (
        (
            head.convention not in HEAD_CONVENTIONS,
            f"the SOFA convention {head.convention}",
            ", ".join(HEAD_CONVENTIONS),
        ),
        (head.sizes.get("R", 0) != 2, f"{head.sizes.get('R', 0)} receivers", "two, the ears"),
        (
            numbers > MAX_NUMBERS,
            f"{shape}, {numbers / 1e6:.0f} million numbers",
            f"at most {MAX_NUMBERS / 1e6:.0f} million; leave directions out, or shorten the responses",
        ),
        (size > MAX_FILE_BYTES, f"{size / 1e6:.0f} MB", f"at most {MAX_FILE_BYTES / 1e6:.0f} MB"),
        (numbers == 0 or head.sizes.get("N", 0) < 8, shape or "no data", "responses of 8 samples or more"),
    )
    for is_so, actual, expected in faults:
        if is_so:
            raise DataError(f"{name}: got {actual}; expected {expected}")
    return head


def _responses(sofa: Any, head: SofaHead) -> tuple[Real, float, Real]:
    """Responses (M E, 2, T), the sample rate, and what is to be added to each, in samples, (1 or M E, 2)."""
    name, (m, n, e) = head.name, head.shape("MNE")
    if hasattr(sofa, "Data_Real"):
        spectra = _by_direction((sofa.Data_Real + 1j * sofa.Data_Imag).reshape(m, 2, n, -1), m, e)
        _refuse_nan(spectra, name)
        lost = ", so the phase was not exported, and with it the time between the ears"
        refuse_no_phase(name, spectra, lost, "complex spectra; export them with their phase")
        return (*_from_spectra(spectra, sofa.N.ravel(), name), np.zeros((1, 2)))
    data = _by_direction(sofa.Data_IR.reshape(m, 2, n, -1), m, e)
    _refuse_nan(data, name)
    rates = np.unique(sofa.Data_SamplingRate)
    if rates.size != 1 or not 4000 <= rates[0] <= 1_000_000:
        actual = ", ".join(f"{rate:g}" for rate in rates[:3])
        raise DataError(f"{name}: got a sampling rate of {actual} Hz; expected one, from 4000 to 1000000 Hz")
    delay = getattr(sofa, "Data_Delay", np.zeros((1, 2)))
    delay = delay.reshape(-1, 2, e) if e > 1 and delay.size % (2 * e) == 0 else delay.reshape(-1, 2, 1)
    delay = _by_direction(np.broadcast_to(delay[:, :, None, :], (len(delay), 2, 1, data.shape[0] // m)), len(delay), e)
    if not np.isfinite(delay).all():
        raise DataError(f"{name}: got Data.Delay that is not finite; expected samples")
    return data, float(rates[0]), delay[:, :, 0]


def _by_direction(values: Any, m: int, e: int) -> Any:
    """(M, 2, N, E) as (M E, 2, N): each emitter is a direction of its own."""
    if values.shape[3] == 1:
        return values[..., 0]
    return np.moveaxis(values, 3, 1).reshape(m * e, 2, -1)


def _refuse_nan(data: Real | Complex, name: str) -> None:
    bad: Bool = np.asarray(~np.isfinite(data).all(axis=2))
    if bad.any():
        row, ear = np.argwhere(bad)[0]
        raise DataError(
            f"{name}: got NaN or infinity in {int(bad.any(axis=1).sum())} of {len(bad)} measurements, first in"
            f" measurement {row}, receiver {ear}; expected finite numbers; leave these measurements out"
        )


def _common_delay_s(spectra: Complex, frequency_hz: Real) -> float:
    """Delay that the set's spectra share, in the median of some of them, so that their phase can be unwrapped."""
    positive = frequency_hz > 0
    sample = spectra[np.unique(np.linspace(0, len(spectra) - 1, 8).astype(int))].reshape(-1, frequency_hz.size)
    return float(np.median([fit_delay(frequency_hz[positive], spectrum[positive]).delay_s for spectrum in sample]))


def _from_spectra(spectra: Complex, frequency_hz: Real, name: str) -> tuple[Real, float]:
    """Impulse responses (M, 2, T) and their sample rate from spectra (M, 2, N) at any rising frequencies.

    Between the frequencies the logarithm of the magnitude and the unwrapped phase are straight; below the first one
    both are carried on to 0 Hz, the phase to a multiple of pi. What precedes the sound is put at the beginning.
    """
    if frequency_hz.size != spectra.shape[2] or frequency_hz.size < 8 or (np.diff(frequency_hz) <= 0).any():
        raise DataError(f"{name}: got frequencies N that do not rise, or are too few; expected 8 or more, in hertz")
    step_hz = float(np.min(np.diff(frequency_hz)))
    if frequency_hz[0] < 0 or frequency_hz[-1] < 2000:
        raise DataError(f"{name}: got frequencies up to {frequency_hz[-1]:g}; expected hertz, to 2000 or more")
    bins = round(float(frequency_hz[-1]) / step_hz) + 1
    if bins * spectra.shape[0] * 4 > MAX_NUMBERS:
        raise DataError(f"{name}: got frequencies {step_hz:g} Hz apart at the closest; expected fewer or wider apart")
    grid_hz = np.arange(bins) * step_hz
    if bins == frequency_hz.size and np.allclose(grid_hz, frequency_hz, rtol=0, atol=1e-3 * step_hz):
        even = spectra
    else:
        level = np.log(np.maximum(np.abs(spectra), 1e-12))
        late_s = _common_delay_s(spectra, frequency_hz)
        phase = np.unwrap(np.angle(spectra * np.exp(2j * np.pi * frequency_hz * late_s)), axis=2)
        slope = (phase[..., 1] - phase[..., 0]) / (frequency_hz[1] - frequency_hz[0])
        at_zero = np.round((phase[..., 0] - slope * frequency_hz[0]) / np.pi) * np.pi
        if frequency_hz[0] > 0:
            level = np.concatenate([level[..., :1], level], axis=2)
            phase = np.concatenate([at_zero[..., None], phase], axis=2)
            frequency_hz = np.concatenate([[0.0], frequency_hz])
        even = np.empty((*spectra.shape[:2], bins), dtype=complex)
        for index in np.ndindex(*spectra.shape[:2]):
            even[index] = np.exp(
                np.interp(grid_hz, frequency_hz, level[index]) + 1j * np.interp(grid_hz, frequency_hz, phase[index])
            )
        even *= np.exp(-2j * np.pi * grid_hz * late_s)
    responses = np.fft.irfft(even, axis=2)
    rate_hz = float(2 * grid_hz[-1])
    return _from_the_quiet(responses, rate_hz), rate_hz


def _from_the_quiet(responses: Real, rate_hz: float) -> Real:
    """Periodic responses (M, 2, T) that begin where the whole set is quietest, for a sixteenth of the period, not long before its peak."""
    length = responses.shape[2]
    window = max(1, length // 16)
    power = np.sum(responses**2, axis=(0, 1))
    running = np.convolve(np.concatenate([power, power[:window]]), np.ones(window), "valid")[:length]
    lead = np.arange(1, min(length, max(window, round(LEAD_S * rate_hz))) + 1)
    starts = (int(power.argmax()) - lead) % length
    return np.roll(responses, -int(starts[np.argmin(running[starts])]), axis=2)


def left_out(responses: Real, delay: Real, directions: Real, name: str) -> tuple[Bool, list[str]]:
    """Which measurements to keep (N,), and what is said of the others.

    Parameters
    ----------
    responses : (N, 2, T) float array
    delay : (N, 2) float array, that the file adds; where it differs between responses they may begin at their peak
    directions : (N, 3) float array, to name them

    Raises
    ------
    DataError : more than a tenth of the measurements cannot be right
    """
    size = np.abs(responses)
    peak = size.max(axis=2)
    energy = np.einsum("net,net->ne", responses, responses)
    # A ceiling: neighbouring samples that share the response's own extreme value to the last bit.
    at_top = np.lib.stride_tricks.sliding_window_view(size == peak[..., None], CLIPPED_SAMPLES, axis=2)
    faults = {
        "silent": np.asarray(energy <= 10 ** (SILENT_DB / 10) * np.median(energy)),
        "clipped": np.any(np.all(at_top, axis=3), axis=2) & (peak > 0),
    }
    if np.ptp(delay) == 0:
        faults["cut at their onset"] = np.asarray(size[..., 0] > MIN_CUT_SHARE * peak)
    keep = np.ones(len(responses), dtype=bool)
    warnings = []
    for description, indices in faults.items():
        if not indices.any():
            continue
        first, ear = np.argwhere(indices)[0]
        azimuth, elevation = spherical_deg(directions[first])
        count = int(indices.any(axis=1).sum())
        words = (
            f"got {count} of {len(responses)} measurements {description}, first measurement {first} (azimuth {azimuth:.0f},"
            f" elevation {elevation:.0f}), receiver {ear}"
        )
        if count > MAX_FAULTY_SHARE * len(responses):
            raise DataError(f"{name}: {words}; expected at most a tenth; use another file")
        warnings.append(f"{words}; they are left out")
        keep &= ~indices.any(axis=1)
    return keep, warnings
