"""Losses by an exporter, and additions by a room, that a set does not state.

**Losses** (phase, levels between angles, times between angles) are told by what a driver cannot do: a phase of 0 at every frequency;
angles that are alike at one frequency, or in their peaks, and differ at the lowest ones, where every small driver radiates alike;
impulse responses of different shape whose peaks all stand on one sample. What is lost wholly is refused; what may be so by nature (a
point, a flat disc turned about its middle) is said, with what it costs.

**Reflections** in a set that was not gated are a comb over frequency, alike in all directions. One that comes τ later, g times as loud,
ripples the log level as g cos 2πfτ: one line in the cepstrum. Where only the device turns, τ is the same at every angle; what the
device itself does (edges, horns, crossovers) comes within `EARLIEST_S` or moves with the angle. So the lines of all directions are
added, without their signs, and one that stands far above those around it is a reflection.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.acoustics.measured.raw_set import RawSet
from designer.arrays import Real
from designer.errors import DataError

MAX_SAME_DB = 0.02
FLAT_OCTAVES = 3.0
MIN_SPREAD_DB = 1.0
MAX_SAME_PEAK = 2e-4
MIN_SHAPE_DIFFERENCE = 0.05  # of the peak: responses that differ by more are of different shape
PEAK_SPAN_S = 5e-3
MIN_REVERSED_SHARE = (
    0.58  # share of energy before the peaks: a linear-phase filter leaves a half, and a woofer's slow rise less
)
MIN_LIKENESS, MIN_UNLIKENESS_RATIO = 0.95, 2.5
"""How like its minimum phase a reversed response is, and how much less like it is as it stands: one cut within its pulse is 2.1."""
MIN_LEVEL = 1e-5  # of the largest level: what lies below is the word's
TIME_COST = (
    "each centimetre by which the turning point and the driver's acoustic centre differ is 10 degrees of phase at 1 kHz that is not in"
    " the files"
)


def without_phase(raw: RawSet) -> RawSet:
    """A set whose phase is 0 throughout as one of levels alone, with a warning.

    Raises
    ------
    DataError : some angles have a phase, and others one of 0 at every frequency
    """
    if raw.magnitude_only or raw.time == "absolute" or raw.frequency_hz.size < 4:
        return raw
    relative = raw.pressure * raw.pressure[:1].conj()  # a sign or a turn at every frequency alike is no phase either
    zero = (np.abs(relative.imag) <= 1e-9 * np.abs(relative.real)).all(axis=0) & (relative.real > 0).all(axis=0)
    if not zero.any():
        return raw
    level_db = 20 * np.log10(np.abs(raw.pressure) + 1e-300)
    if zero.all():
        if np.ptp(level_db, axis=0).max() < MAX_SAME_DB:  # a point source in its own time has neither phase nor colour
            return raw
        value = float(np.degrees(np.angle(raw.pressure[0, 0])))
        warning = f"phase is {value:.4g} at every frequency of every angle, so it was not exported"
        return replace(raw, magnitude_only=True, warnings=(*raw.warnings, warning))
    uneven = np.flatnonzero(zero & (np.ptp(level_db, axis=0) > MAX_SAME_DB))
    if uneven.size:
        n = int(uneven[0])
        other = raw.labels[int(np.argmin(zero))]
        raise DataError(
            f"{raw.files[n] if len(raw.files) == len(raw.labels) else raw.files[0]}: got a phase of "
            f"{np.degrees(np.angle(raw.pressure[0, n])):.4g} at every frequency of {raw.labels[n]}, while {other} has "
            "one; expected a phase for all angles of a set, or for none; export all angles with their phase"
        )
    return raw


def check_levels(raw: RawSet) -> list[str]:
    """Refuse a set whose angles were normalised one by one; warn of one that was normalised to its axis."""
    f, axis = raw.frequency_hz, raw.axis
    if raw.level == "absolute" or raw.pressure.shape[1] < 3 or f.size < 8:
        return []
    level_db = 20 * np.log10(np.abs(raw.pressure) + 1e-300)
    lowest_db = level_db[f <= 1.5 * max(f[0], f[1])].mean(axis=0)
    spread_db = float(np.ptp(lowest_db))
    same_at = np.flatnonzero(np.ptp(level_db, axis=1) < MAX_SAME_DB)
    same_maximum = np.ptp(level_db.max(axis=0)) < MAX_SAME_DB
    if spread_db > MIN_SPREAD_DB and (same_at.size or same_maximum):
        location = f"at {f[same_at[0]]:.4g} Hz" if same_at.size else "at its maximum"
        raise DataError(
            f"{raw.files[0]}: got the same level {location} in all {len(lowest_db)} directions, which differ by "
            f"{spread_db:z.1f} dB at {f[0]:.4g} Hz, where a driver radiates alike: each was normalised by itself, and "
            "the levels between them are lost; expected levels as they were measured; export without normalising"
        )
    flat = np.ptp(level_db[:, axis]) < MAX_SAME_DB and np.log2(f[-1] / max(f[0], f[1])) > FLAT_OCTAVES
    if flat and np.ptp(level_db, axis=0).max() > MIN_SPREAD_DB:
        return [
            f"level on axis is {level_db[0, axis]:.4g} dB at every frequency: the set was normalised to its axis, so that the driver's own "
            "response is not in it, and its level beside other drivers' means nothing; export without normalising"
        ]
    return []


def check_time(raw: RawSet) -> list[str]:
    """Warn of a set whose files say that they had no timing reference."""
    if raw.time_reference != "none" or len(raw.labels) < 2 or raw.magnitude_only:
        return []
    return [
        "files say that they were measured with no timing reference: time 0 is each angle's own peak, so what one angle arrives later than "
        f"another is lost; {TIME_COST}; measure with a loopback or an acoustic timing reference"
    ]


def check_ends(files: tuple[Path, ...]) -> None:
    """Refuse a text file that ends within a line where most files of its set end with one: its last number may be cut."""
    open_ended = [path for path in files if not path.read_bytes().rstrip(b" \t").endswith((b"\n", b"\r", b"\n\x00"))]
    if open_ended and 2 * len(open_ended) < len(files):
        raise DataError(
            f"{open_ended[0]}: got an end within its last line, where {len(files) - len(open_ended)} files of the "
            "set end with a line; expected whole lines; the file was cut off: copy or export it again"
        )


def check_backwards(samples: list[Real], sample_rate_hz: float) -> list[str]:
    """Warn of impulse responses that run backwards: a driver rings after its peak, and cannot before.

    A subwoofer's few cycles are as long before their peak as after it. But what has the minimum phase of its level is, reversed, unlike
    it, and the other way round.
    """
    reach = round(PEAK_SPAN_S * sample_rate_hz)
    before = after = 0.0
    for x in samples:
        peak = int(np.argmax(np.abs(x)))
        before += float(np.sum(x[max(peak - reach, 0) : peak] ** 2) / x[peak] ** 2)
        after += float(np.sum(x[peak + 1 : peak + 1 + reach] ** 2) / x[peak] ** 2)
    share = before / max(before + after, 1e-300)
    forwards, backwards = np.mean([_likeness(x) for x in samples], axis=0)
    if share >= MIN_REVERSED_SHARE and backwards > forwards:
        seen = f"{100 * share:.0f} % of the energy beside their peaks comes before them, where a driver is silent"
    elif backwards > MIN_LIKENESS and 1 - forwards > MIN_UNLIKENESS_RATIO * (1 - backwards):
        seen = f"reversed they are {100 * backwards:.1f} % like the minimum phase of their level, as they are {100 * forwards:.1f} %"
    else:
        return []
    return [
        f"impulse responses run backwards in time: {seen}; their phase has the wrong sign, so that sums with"
        " other drivers are wrong by up to 180 degrees; reverse the samples, or export the response as the measuring program shows it"
    ]


def _likeness(x: Real) -> Real:
    """The largest correlation of a response (T,) with that of the minimum phase of its level: as it is, and reversed (2,)."""
    n = 1 << math.ceil(math.log2(2 * x.size))
    X = np.fft.rfft(x, n)
    level = np.abs(X)
    cepstrum = np.fft.irfft(np.log(np.maximum(level, MIN_LEVEL * level.max())), n)
    cepstrum[1 : n // 2] *= 2
    cepstrum[n // 2 + 1 :] = 0
    minimum = level * np.exp(1j * np.fft.rfft(cepstrum).imag)
    alike = np.fft.irfft(np.stack([X, X.conj()]) * minimum.conj(), n)
    return np.asarray(np.abs(alike).max(axis=1) / np.sum(x**2))


def check_impulses(files: tuple[Path, ...], samples: list[Real]) -> list[str]:
    """Refuse impulse responses that were normalised one by one; warn where all peaks, or all onsets, stand on one sample."""
    if len(samples) < 3:
        return []
    peak = np.array([np.abs(x).max() for x in samples])
    peaks = np.array([int(np.argmax(np.abs(x))) for x in samples])
    before, after = int(peaks.min()), min(x.size - n for x, n in zip(samples, peaks, strict=True))
    shape = np.stack([x[n - before : n + after] / x[n] for x, n in zip(samples, peaks, strict=True)])
    loudest = np.flatnonzero(peak > (1 - MAX_SAME_PEAK) * peak.max())
    if loudest.size > 2 and np.abs(shape[loudest] - shape[loudest[0]]).max() > MIN_SHAPE_DIFFERENCE:
        all_of, reason, remedy = (
            (
                "all ",
                "each was normalised by itself, and the levels between angles are lost",
                "export without normalising",
            )
            if loudest.size == len(samples)
            else ("", "they are clipped there", "record at a lower level")
        )
        raise DataError(
            f"{files[int(loudest[0])]}: got the same peak of {peak[loudest[0]]:.4g} in {all_of}{loudest.size} files, whose "
            f"responses differ in shape: {reason}; expected levels as they were recorded; {remedy}"
        )
    if np.abs(shape - shape[0]).max() < MIN_SHAPE_DIFFERENCE:
        return []
    onsets = np.array([int(np.argmax(np.abs(x) > 0.1 * np.abs(x).max())) for x in samples])
    for feature, places in (("peaks", peaks), ("onsets", onsets)):
        if np.ptp(places):
            continue
        return [
            f"{feature} of all {len(samples)} files stand on sample {places[0]}, though the responses differ in shape: if the exporter"
            f" aligned them, what one angle arrives later than another is lost; {TIME_COST}"
        ]
    return []


EARLIEST_S, LATEST_S = 1.5e-3, 30e-3  # half a metre of detour, the edges of a large cabinet; and 10 m
MIN_REFLECTION = 0.06  # amplitude beside the direct sound: ripple of ±0.5 dB
MIN_RATIO_TO_MEDIAN = 6.0  # times the median of the lines around it
MIN_RIPPLES = 12  # ripples within the band that is looked at
POINTS = 2048
MAX_DIRECTIONS = 12  # that are looked at


def check_reflections(raw: RawSet) -> list[str]:
    """Warn of the strongest reflection, with its delay and the ripple that it leaves."""
    f = raw.frequency_hz
    indices = np.unique(np.linspace(0, len(raw.labels) - 1, MAX_DIRECTIONS).astype(int))
    level = np.log(np.abs(raw.pressure[:, indices]) + 1e-300)
    lines: list[tuple[float, float]] = []
    tau_s = EARLIEST_S
    while tau_s < LATEST_S:  # a band for each octave of delays: between the file's points a ripple must be resolved
        coarse = np.flatnonzero(np.diff(f) > 1 / (3 * 2 * tau_s))
        loud = level.mean(axis=1) > level.mean(axis=1).max() - np.log(10.0)
        top_hz = float(f[coarse[0]] if coarse.size else f[-1])
        band = np.flatnonzero(loud & (f <= top_hz))
        if band.size > 16 and (f[band[-1]] - f[band[0]]) * tau_s > MIN_RIPPLES:
            lines += _lines(f, level, (float(f[band[0]]), float(f[band[-1]])), tau_s)
        tau_s *= 2
    if not lines:
        return []
    size, late_s = max(lines)
    ripple_db, gate_ms = -20 * np.log10(1 - min(size, 0.9)), 900 * late_s
    return [
        f"a reflection {1000 * late_s:.3g} ms after the direct sound, {20 * np.log10(size):z.0f} dB beside it, ripples the level of all"
        f" directions by up to {ripple_db:z.1f} dB: filters would undo it where the microphone stood, and nowhere else; write gate_ms ="
        f" {gate_ms:.2g}, which leaves the band above {1000 / gate_ms:.0f} Hz, or measure farther from walls"
    ]


def _lines(f: Real, level: Real, band_hz: tuple[float, float], first_s: float) -> list[tuple[float, float]]:
    """Size and delay of the line that stands out between `first_s` and twice that, if one does."""
    even_hz = np.linspace(*band_hz, POINTS)
    on = np.stack([np.interp(even_hz, f, column) for column in level.T])  # (N, POINTS)
    width = max(3, int(POINTS / ((band_hz[1] - band_hz[0]) * first_s) * 1.5) | 1)
    window = np.hanning(width + 2)[1:-1]
    smooth = np.stack([np.convolve(np.pad(row, width // 2, "edge"), window / window.sum(), "valid") for row in on])
    taper = np.hanning(POINTS)
    delays_s = np.fft.rfftfreq(8 * POINTS, even_hz[1] - even_hz[0])
    lines = np.abs(np.fft.rfft((on - smooth) * taper, 8 * POINTS, axis=1)) * 2 / taper.sum()
    in_window = (delays_s >= first_s) & (delays_s < 2 * first_s)
    mean = np.median(lines[:, in_window], axis=0)
    best = int(np.argmax(mean))
    if mean[best] < MIN_REFLECTION or mean[best] < MIN_RATIO_TO_MEDIAN * np.median(mean):
        return []
    return [(float(mean[best]), float(delays_s[in_window][best]))]
