"""What the listener gets: the interaural differences that the chain makes at each head, beside those of real loudspeakers.

Left-only and right-only input run through the realised filters and the scene to the head at the centre of the ear cloud.
The reference is what the same head hears of a loudspeaker far away at the virtual angle, on that side. The angle that the
low-frequency time points to is where the reference's own mean phase delay, over the part of the CTC band below 1.5 kHz,
equals the chain's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.heads import Head
from designer.arrays import Bool, Complex, Real
from designer.problem.schema import Problem
from designer.realization import response as filter_response
from designer.result import Result
from designer.virtualizer.alignment import arrival_samples
from designer.virtualizer.chain import StereoChain, chain_of, has_chain
from designer.virtualizer.crosstalk_fit import LEVELS_HZ, TIMES_HZ
from designer.virtualizer.interaural import band_means, coherence, level_difference_db, phase_delay_s, third_octaves_hz
from designer.virtualizer.loudspeaker_pair import crosstalk_of, far_ears, measured_crosstalk
from designer.virtualizer.virtualisation import VIRTUAL, centre_of_cloud

LOWEST_HZ, HIGHEST_HZ = 100.0, 10_000.0
AN_OCTAVE = 48
USED_NYQUIST = 0.9
KEPT = "_listening"
TRIED_DEG = np.arange(0.0, 91.0, 5.0)
FITTED_DEG = (10.0, 20.0, 30.0, 45.0, 60.0, 90.0)


@dataclass(frozen=True)
class Differences:
    """Between the near and the far ear of one source.

    Attributes
    ----------
    level_db : (B,) by third octave
    time_s : (F,) phase delay
    band_time_s : (B,) its mean over each third octave

    """

    level_db: Real
    time_s: Real
    band_time_s: Real


@dataclass(frozen=True)
class AtHead:
    """One head: what it gets of left-only and of right-only input, and what real loudspeakers would give it."""

    head: str
    chain: dict[str, Differences]
    loudspeakers: dict[str, Differences]
    pointed_deg: dict[str, float]
    """Where the low-frequency time points to, on each side."""
    coherence: Real
    """(B,) between the ears, for independent noises at left and right."""
    loudspeaker_coherence: Real
    """(B,) the same from the real pair."""


@dataclass(frozen=True)
class Listening:
    """All heads, on the same frequencies.

    Attributes
    ----------
    frequency_hz : (F,) of the times
    middle_hz : (B,) of the third octaves
    pointed_band_hz : over which the low-frequency time is taken
    model : the crosstalk model's own differences
    latency_samples : channel -> mean time from the chain's input to the drivers' feeds, in its design's band

    """

    frequency_hz: Real
    middle_hz: Real
    pointed_band_hz: tuple[float, float]
    model: Differences
    heads: tuple[AtHead, ...]
    chain: StereoChain
    latency_samples: dict[str, int]


def listening_frequencies_hz(problem: Problem) -> Real:
    """Even ratios (F,), from below the first third octave to above the last."""
    top = min(HIGHEST_HZ, USED_NYQUIST * problem.sample_rate_hz / 2)
    return np.geomspace(LOWEST_HZ, top, int(AN_OCTAVE * np.log2(top / LOWEST_HZ)) + 1)


def differences(near: Complex, far: Complex, frequency_hz: Real, middle_hz: Real) -> Differences:
    """From two ears' spectra (F,)."""
    level_db = level_difference_db(near, far, frequency_hz, middle_hz)
    time_s = phase_delay_s(near, far, frequency_hz)
    return Differences(level_db, time_s, band_means(time_s.astype(complex), frequency_hz, middle_hz).real)


def listening(design: Result) -> Listening | None:
    """What the listener gets; None without [virtualizer] or its channels. Computed once for a design, and kept with it.

    Raises
    ------
    DataError : a head's file cannot be used

    """
    if KEPT not in design.__dict__:
        design.__dict__[KEPT] = _listening(design)
    found: Listening | None = design.__dict__[KEPT]
    return found


def _listening(design: Result) -> Listening | None:
    problem = design.problem
    model = crosstalk_of(problem)
    if model is None or problem.virtualizer is None or not has_chain(design):
        return None
    f, rate = listening_frequencies_hz(problem), problem.sample_rate_hz
    middle_hz = third_octaves_hz(LEVELS_HZ[0], min(LEVELS_HZ[1], f[-1] / 1.2))
    tables = {table.name: table for table in problem.designs}  # also of sides that imported filters do not hold
    low_hz = min(max(TIMES_HZ[0], *(tables[side].band_hz[0] for side in VIRTUAL)), TIMES_HZ[1] / 1.5)
    pointed = (float(low_hz), min(TIMES_HZ[1], float(f[-1])))
    chain = chain_of(design)
    w = np.stack([filter_response(chain.taps[name], f, rate) for name in VIRTUAL.values()], axis=2)  # (F, L, 2)
    scene = centre_of_cloud(design.fine_scene).at(f)
    every = (scene.ears() @ w).reshape(f.size, -1, 2, 2)  # (F, H, ear, input)
    angle_deg = problem.virtualizer.angle_deg
    inside = (f >= pointed[0]) & (f <= pointed[1])
    heads = tuple(
        _at_head(head, every[:, h], f, middle_hz, inside, angle_deg, problem.speed_of_sound_m_s)
        for h, head in enumerate(scene.heads)
    )
    latency = {}
    for name, taps in chain.taps.items():
        table = tables[{v: k for k, v in VIRTUAL.items()}.get(name, name)]
        own = arrival_samples(taps, (table.band_hz[0], table.band_hz[1]), rate)
        latency[name] = round(own) + chain.delay_samples[name]
    return Listening(
        f, middle_hz, pointed, differences(model.near(f), model.far(f), f, middle_hz), heads, chain, latency
    )


def _at_head(
    head: Head, ears: Complex, f: Real, middle_hz: Real, inside: Bool, angle_deg: float, speed: float
) -> AtHead:
    """One head from its ears (F, ear, input)."""
    real = np.stack([far_ears(head, f, side * angle_deg, speed) for side in (1, -1)], axis=2)
    chain, loudspeakers, pointed = {}, {}, {}
    for number, side in enumerate(VIRTUAL):
        near, far = number, 1 - number
        chain[side] = differences(ears[:, near, number], ears[:, far, number], f, middle_hz)
        loudspeakers[side] = differences(real[:, near, number], real[:, far, number], f, middle_hz)
        times = []
        for tried in TRIED_DEG:
            one = far_ears(head, f[inside], (1 - 2 * number) * tried, speed)
            times.append(float(np.mean(phase_delay_s(one[:, near], one[:, far], f[inside]))))
        rising = np.maximum.accumulate(np.array(times))
        reached = float(np.mean(chain[side].time_s[inside]))
        pointed[side] = float(np.interp(reached, rising, TRIED_DEG))
    return AtHead(head.name, chain, loudspeakers, pointed, coherence(ears, f, middle_hz), coherence(real, f, middle_hz))


@dataclass(frozen=True)
class FitError:
    """How far the crosstalk model is from the head that it is fitted to, at one angle."""

    angle_deg: float
    level_db: float
    """Largest by third octave, 200 Hz to 8 kHz."""
    time_s: float
    """Largest of the phase delay, 200 Hz to 1.5 kHz."""


def fit_errors(head: Head, problem: Problem) -> tuple[FitError, ...]:
    """The model's errors at FITTED_DEG and at the problem's own angle, against a head."""
    own = [] if problem.virtualizer is None else [problem.virtualizer.angle_deg]
    f = listening_frequencies_hz(problem)
    middle_hz = third_octaves_hz(LEVELS_HZ[0], min(LEVELS_HZ[1], f[-1] / 1.2))
    timed = (f >= TIMES_HZ[0]) & (f <= TIMES_HZ[1])
    found = []
    for angle_deg in sorted({*FITTED_DEG, *own}):
        rate, speed = problem.sample_rate_hz, problem.speed_of_sound_m_s
        model = measured_crosstalk(head, angle_deg, sample_rate_hz=rate, speed_of_sound_m_s=speed)
        made = differences(model.near(f), model.far(f), f, middle_hz)
        level, time = 0.0, 0.0
        for side in (1, -1):
            ears = far_ears(head, f, side * angle_deg, speed)[:, ::side]
            wanted = differences(ears[:, 0], ears[:, 1], f, middle_hz)
            level = max(level, float(np.abs(made.level_db - wanted.level_db).max()))
            time = max(time, float(np.abs(made.time_s - wanted.time_s)[timed].max()))
        found.append(FitError(angle_deg, level, time))
    return tuple(found)
