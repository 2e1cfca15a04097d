"""What an exporter takes out of a set without a word: phase, levels between angles, times between angles.

Each is told by what a driver cannot do: a phase of 0 at every frequency; angles that are alike at one frequency, or in their
peaks, and differ at the lowest ones, where every small driver radiates alike; impulse responses of different shape whose peaks
all stand on one sample. What is lost wholly is refused; what may be so by nature (a point, a flat disc turned about its
middle) is said, with what it costs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.arrays import Real

SAME_DB = 0.02
FLAT_OCTAVES = 3.0
MIN_SPREAD_DB = 1.0
SAME_PEAK = 2e-4
OTHER_SHAPE = 0.05
"""Of the peak: responses that differ by more are of different shape."""
BESIDE_PEAK_S = 5e-3
BACKWARDS = 0.58
"""Share of energy before the peaks: a linear-phase filter leaves a half, and a woofer's slow rise less."""
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
    beside = raw.pressure * raw.pressure[:1].conj()  # a sign or a turn at every frequency alike is no phase either
    zero = (np.abs(beside.imag) <= 1e-9 * np.abs(beside.real)).all(axis=0) & (beside.real > 0).all(axis=0)
    if not zero.any():
        return raw
    level_db = 20 * np.log10(np.abs(raw.pressure) + 1e-300)
    if zero.all():
        if np.ptp(level_db, axis=0).max() < SAME_DB:  # a point source in its own time has neither phase nor colour
            return raw
        value = float(np.degrees(np.angle(raw.pressure[0, 0])))
        said = f"phase is {value:.4g} at every frequency of every angle, so it was not exported"
        return replace(raw, magnitude_only=True, warnings=(*raw.warnings, said))
    uneven = np.flatnonzero(zero & (np.ptp(level_db, axis=0) > SAME_DB))
    if uneven.size:
        n = int(uneven[0])
        other = raw.labels[int(np.argmin(zero))]
        raise refusal(
            raw.files[n] if len(raw.files) == len(raw.labels) else raw.files[0],
            f"a phase of {np.degrees(np.angle(raw.pressure[0, n])):.4g} at every frequency of {raw.labels[n]}, while {other} has one",
            "a phase for all angles of a set, or for none",
            "export all angles with their phase",
        )
    return raw


def check_levels(raw: RawSet) -> list[str]:
    """Refuse a set whose angles were normalised one by one; warn of one that was normalised to its axis.

    Raises
    ------
    DataError : all angles have one level at one frequency, or one maximum, and other levels at the lowest frequencies

    """
    f, axis = raw.frequency_hz, int(np.argmax(raw.directions[:, 0]))
    if raw.level == "absolute" or raw.pressure.shape[1] < 3 or f.size < 8:
        return []
    level_db = 20 * np.log10(np.abs(raw.pressure) + 1e-300)
    lowest_db = level_db[f <= 1.5 * max(f[0], f[1])].mean(axis=0)
    spread_db = float(np.ptp(lowest_db))
    same_at = np.flatnonzero(np.ptp(level_db, axis=1) < SAME_DB)
    same_maximum = np.ptp(level_db.max(axis=0)) < SAME_DB
    if spread_db > MIN_SPREAD_DB and (same_at.size or same_maximum):
        where = f"at {f[same_at[0]]:.4g} Hz" if same_at.size else "at its maximum"
        raise refusal(
            raw.files[0],
            f"the same level {where} in all {len(lowest_db)} directions, which differ by {spread_db:.1f} dB at {f[0]:.4g} Hz, where a "
            "driver radiates alike: each was normalised by itself, and the levels between them are lost",
            "levels as they were measured",
            "export without normalising",
        )
    flat = np.ptp(level_db[:, axis]) < SAME_DB and np.log2(f[-1] / max(f[0], f[1])) > FLAT_OCTAVES
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
    """Refuse a text file that ends within a line where most files of its set end with one: its last number may be cut.

    Raises
    ------
    DataError : it does

    """
    open_ended = [path for path in files if not path.read_bytes().rstrip(b" \t").endswith((b"\n", b"\r", b"\n\x00"))]
    if open_ended and 2 * len(open_ended) < len(files):
        raise refusal(
            open_ended[0],
            f"an end within its last line, where {len(files) - len(open_ended)} files of the set end with a line",
            "whole lines",
            "the file was cut off: copy or export it again",
        )


def check_backwards(samples: list[Real], sample_rate_hz: float) -> list[str]:
    """Warn of impulse responses that run backwards: a driver rings after its peak, and cannot before."""
    reach = round(BESIDE_PEAK_S * sample_rate_hz)
    before = after = 0.0
    for x in samples:
        at = int(np.argmax(np.abs(x)))
        before += float(np.sum(x[max(at - reach, 0) : at] ** 2) / x[at] ** 2)
        after += float(np.sum(x[at + 1 : at + 1 + reach] ** 2) / x[at] ** 2)
    share = before / max(before + after, 1e-300)
    if share < BACKWARDS:
        return []
    return [
        f"impulse responses run backwards in time: {100 * share:.0f} % of the energy beside their peaks comes before them, where a"
        " driver is silent; their phase has the wrong sign, so that sums with other drivers are wrong by up to 180 degrees; reverse the"
        " samples, or export the response as the measuring program shows it"
    ]


def check_impulses(files: tuple[Path, ...], samples: list[Real]) -> list[str]:
    """Refuse impulse responses that were normalised one by one; warn where all peaks, or all onsets, stand on one sample.

    Raises
    ------
    DataError : responses of different shape have the same peak

    """
    if len(samples) < 3:
        return []
    peak = np.array([np.abs(x).max() for x in samples])
    at = np.array([int(np.argmax(np.abs(x))) for x in samples])
    before, after = int(at.min()), min(x.size - n for x, n in zip(samples, at, strict=True))
    shape = np.stack([x[n - before : n + after] / x[n] for x, n in zip(samples, at, strict=True)])
    loudest = np.flatnonzero(peak > (1 - SAME_PEAK) * peak.max())
    if loudest.size > 2 and np.abs(shape[loudest] - shape[loudest[0]]).max() > OTHER_SHAPE:
        every = loudest.size == len(samples)
        raise refusal(
            files[int(loudest[0])],
            f"the same peak of {peak[loudest[0]]:.4g} in {'all ' if every else ''}{loudest.size} files, whose responses differ in shape: "
            + (
                "each was normalised by itself, and the levels between angles are lost"
                if every
                else "they are clipped there"
            ),
            "levels as they were recorded",
            "export without normalising" if every else "record at a lower level",
        )
    if np.abs(shape - shape[0]).max() < OTHER_SHAPE:
        return []
    onsets = np.array([int(np.argmax(np.abs(x) > 0.1 * np.abs(x).max())) for x in samples])
    for what, places in (("peaks", at), ("onsets", onsets)):
        if np.ptp(places):
            continue
        return [
            f"{what} of all {len(samples)} files stand on sample {places[0]}, though the responses differ in shape: if the exporter"
            f" aligned them, what one angle arrives later than another is lost; {TIME_COST}"
        ]
    return []
