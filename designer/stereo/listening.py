"""Listener's view of the stereo chain: the interaural differences that the chain makes at each head, beside those of real loudspeakers.

Left-only and right-only input run through the realised filters and the scene to the head at the centre of the ear cloud.
The reference is what the same head hears of a loudspeaker far away at the virtual angle, on that side. The angle that the
low-frequency time points to is where the reference's own mean phase delay, over the part of the CTC band below 1.5 kHz,
equals the chain's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.acoustics.head_models import Head
from designer.arrays import Bool, Complex, Real
from designer.problem.schema import Problem
from designer.realization import response as filter_response
from designer.result import Result, analysis
from designer.stereo.chain import StereoChain, arrival_samples, chain_of, has_chain
from designer.stereo.crosstalk import (
    TIMES_HZ,
    USED_NYQUIST,
    CrosstalkModel,
    crosstalk_of,
    far_ears,
    listened_bands_hz,
    measured_crosstalk,
)
from designer.stereo.interaural import band_means, coherence, level_difference_db, phase_delay_s
from designer.stereo.matched import VIRTUAL
from designer.stereo.virtualisation import centre_of_cloud

LOWEST_HZ, HIGHEST_HZ = 100.0, 10_000.0
AN_OCTAVE = 48
TRIAL_DEG = np.arange(0.0, 91.0, 5.0)
FITTED_DEG = (10.0, 20.0, 30.0, 45.0, 60.0, 90.0)


@dataclass(frozen=True)
class Differences:
    """Differences between the ipsilateral and the contralateral ear of one source."""

    level_db: Real  # (B,) by third octave
    time_s: Real  # (F,) phase delay
    band_time_s: Real  # (B,) its mean over each third octave


@dataclass(frozen=True)
class AtHead:
    """One head: what it gets of left-only and of right-only input, and what real loudspeakers would give it."""

    head: str
    chain: dict[str, Differences]  # by side
    loudspeakers: dict[str, Differences]
    pointed_deg: dict[str, float]  # side -> where the low-frequency time points to
    coherence: Real  # (B,) between the ears, for independent noises at left and right
    loudspeaker_coherence: Real


@dataclass(frozen=True)
class Listening:
    """All heads, on the same frequencies."""

    frequency_hz: Real  # (F,) of the times
    middle_hz: Real  # (B,) of the third octaves
    pointed_band_hz: tuple[float, float]  # over which the low-frequency time is taken
    crosstalk: CrosstalkModel
    model: Differences  # the crosstalk model's own
    heads: tuple[AtHead, ...]
    chain: StereoChain
    latency_samples: dict[str, int]  # channel -> mean time from the chain's input to the drivers' feeds, in its band


def listening_frequencies_hz(problem: Problem) -> Real:
    """Even ratios (F,), from below the first third octave to above the last."""
    top = min(HIGHEST_HZ, USED_NYQUIST * problem.sample_rate_hz / 2)
    return np.geomspace(LOWEST_HZ, top, int(AN_OCTAVE * np.log2(top / LOWEST_HZ)) + 1)


def differences(near: Complex, far: Complex, frequency_hz: Real, middle_hz: Real) -> Differences:
    """From two ears' spectra (F,)."""
    level_db = level_difference_db(near, far, frequency_hz, middle_hz)
    time_s = phase_delay_s(near, far, frequency_hz)
    return Differences(level_db, time_s, band_means(time_s.astype(complex), frequency_hz, middle_hz).real)


@analysis
def listening(design: Result) -> Listening | None:
    """Interaural differences for the listener; None without [virtualizer] or its channels, a DataError as `chain_of`."""
    problem = design.problem
    model = crosstalk_of(problem)
    if model is None or not has_chain(design):
        return None
    f, rate = listening_frequencies_hz(problem), problem.sample_rate_hz
    middle_hz = listened_bands_hz(f[-1])
    tables = {table.name: table for table in problem.designs}  # also of sides that imported filters do not hold
    low_hz = min(max(TIMES_HZ[0], *(tables[side].band_hz[0] for side in VIRTUAL)), TIMES_HZ[1] / 1.5)
    pointed = (float(low_hz), min(TIMES_HZ[1], float(f[-1])))
    inside = (f >= pointed[0]) & (f <= pointed[1])
    chain = chain_of(design)
    w = np.stack([filter_response(chain.taps[name], f, rate) for name in VIRTUAL.values()], axis=2)  # (F, L, 2)
    scene = centre_of_cloud(design.fine_scene).at(f)
    ears = (scene.ears() @ w).reshape(f.size, -1, 2, 2)  # (F, H, ear, input)
    heads = tuple(
        _at_head(head, ears[:, h], f, middle_hz, inside, model.angle_deg, problem.speed_of_sound_m_s)
        for h, head in enumerate(scene.heads)
    )
    tables |= {name: tables[side] for side, name in VIRTUAL.items()}
    latency = {}
    for name, taps in chain.taps.items():
        low_hz, high_hz = tables[name].band_hz
        latency[name] = round(arrival_samples(taps, (low_hz, high_hz), rate)) + chain.delay_samples[name]
    model_differences = differences(model.near(f), model.far(f), f, middle_hz)
    return Listening(f, middle_hz, pointed, model, model_differences, heads, chain, latency)


def _at_head(
    head: Head, ears: Complex, f: Real, middle_hz: Real, inside: Bool, angle_deg: float, speed: float
) -> AtHead:
    """One head from its ears (F, ear, input)."""
    real = np.stack([far_ears(head, f, side * angle_deg, speed) for side in (1, -1)], axis=2)
    chain, loudspeakers = {}, {}
    for near, side in enumerate(VIRTUAL):
        far = 1 - near
        chain[side] = differences(ears[:, near, near], ears[:, far, near], f, middle_hz)
        loudspeakers[side] = differences(real[:, near, near], real[:, far, near], f, middle_hz)
    pointed = pointed_deg(head, {side: chain[side].time_s[inside] for side in VIRTUAL}, f[inside], speed)
    return AtHead(head.name, chain, loudspeakers, pointed, coherence(ears, f, middle_hz), coherence(real, f, middle_hz))


def pointed_deg(head: Head, time_s: Mapping[str, Real], frequency_hz: Real, speed: float) -> dict[str, float]:
    """Side -> the angle of a loudspeaker far away that gives a head the mean of interaural times (F,)."""
    pointed = {}
    for near, side in enumerate(VIRTUAL):
        times = []
        for trial_deg in TRIAL_DEG:
            pair = far_ears(head, frequency_hz, (1 - 2 * near) * trial_deg, speed)
            times.append(float(np.mean(phase_delay_s(pair[:, near], pair[:, 1 - near], frequency_hz))))
        rising = np.maximum.accumulate(np.array(times))
        pointed[side] = float(np.interp(float(np.mean(time_s[side])), rising, TRIAL_DEG))
    return pointed


@dataclass(frozen=True)
class FitError:
    """How far the crosstalk model is from the head that it is fitted to, at one angle."""

    angle_deg: float
    level_db: float  # largest by third octave, 200 Hz to 8 kHz
    time_s: float  # largest of the phase delay, 200 Hz to 1.5 kHz


def fit_errors(head: Head, problem: Problem) -> tuple[FitError, ...]:
    """The model's errors at FITTED_DEG and at the problem's own angle, against a head."""
    problem_deg = [] if problem.virtualizer is None else [problem.virtualizer.angle_deg]
    rate, speed = problem.sample_rate_hz, problem.speed_of_sound_m_s
    f = listening_frequencies_hz(problem)
    middle_hz = listened_bands_hz(f[-1])
    timed = (f >= TIMES_HZ[0]) & (f <= TIMES_HZ[1])
    errors = []
    for angle_deg in sorted({*FITTED_DEG, *problem_deg}):
        model = measured_crosstalk(head, angle_deg, sample_rate_hz=rate, speed_of_sound_m_s=speed)
        fitted = differences(model.near(f), model.far(f), f, middle_hz)
        ears = [far_ears(head, f, side * angle_deg, speed)[:, ::side] for side in (1, -1)]
        references = [differences(pair[:, 0], pair[:, 1], f, middle_hz) for pair in ears]
        level = max(float(np.abs(fitted.level_db - reference.level_db).max()) for reference in references)
        time = max(float(np.abs(fitted.time_s - reference.time_s)[timed].max()) for reference in references)
        errors.append(FitError(angle_deg, level, time))
    return tuple(errors)


def chain_summary(design: Result) -> dict[str, Any] | None:
    """The stereo chain in `summary.json`; None without [virtualizer]."""
    table, view = design.problem.virtualizer, listening(design)
    if table is None or view is None:
        return None
    model = view.crosstalk
    return {
        "channels": list(view.chain.taps),
        "taps": {name: design.taps[name].shape[1] for name in VIRTUAL.values()},
        "angle_deg": table.angle_deg,
        "upmix": view.chain.upmix,
        "crosstalk_model": {
            "fitted_to": table.crosstalk_model,
            "all_pass": model.all_pass,
            "delay_samples": model.delay_samples,
            "numerator": list(model.numerator),
            "denominator": list(model.denominator),
        },
        "delay_samples": view.chain.delay_samples,
        "latency_samples": view.latency_samples,
        "pointed_band_hz": list(view.pointed_band_hz),
        "third_octaves_hz": _rounded(view.middle_hz, 1),
        "model_level_difference_db": _rounded(view.model.level_db, 3),
        "heads": {head.head: _head_summary(head) for head in view.heads},
    }


def _head_summary(head: AtHead) -> dict[str, Any]:
    sources = {"": head.chain, "loudspeaker_": head.loudspeakers}
    summary: dict[str, Any] = {"pointed_deg": {side: round(angle, 2) for side, angle in head.pointed_deg.items()}}
    for name, by_side in sources.items():
        summary[f"{name}level_difference_db"] = {
            side: _rounded(difference.level_db, 3) for side, difference in by_side.items()
        }
    for name, by_side in sources.items():
        summary[f"{name}time_difference_us"] = {
            side: _rounded(1e6 * difference.band_time_s, 2) for side, difference in by_side.items()
        }
    coherences = {"coherence": head.coherence, "loudspeaker_coherence": head.loudspeaker_coherence}
    return summary | {name: _rounded(values, 4) for name, values in coherences.items()}


def _rounded(values: Real, digits: int) -> list[float]:
    return [round(value, digits) for value in values.tolist()]
