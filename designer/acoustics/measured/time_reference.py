"""When a measured set's time starts, where its sound comes from, and the minimum phase that tells both.

**Common delay.** The on-axis response is minimum phase, a pure delay τ and a sign: φ = φ_min - 2πfτ (+ π). What is left
of the phase over the minimum phase is a straight line over frequency; its slope is τ, its value at 0 Hz tells the sign.
The line is fitted where the response is within 20 dB of its maximum. One delay belongs to the whole set: taking one off
each angle would throw away where the sound comes from.

**Acoustic centre.** Turned around a point that is not the acoustic centre x, every direction n sees the delay -x·n/c.
Least squares over all directions gives x: interpolation takes it off first and puts it back, so that neighbouring
directions differ little in phase; and it can be held against the place that a file states.

**Minimum phase.** ln H = ln|H| + jφ of a minimum-phase response is the transform of a causal sequence, the complex cepstrum. So the real
cepstrum of ln|H| is folded onto positive times, and its transform's imaginary part is φ.

The magnitude is known over a band only. Outside it the slope of the last octave, in dB per octave, is continued for
`CONTINUED_OCTAVES`, up to `TIMES` the highest frequency, and then held: a roll-off that goes on beyond the band turns the
phase within it.

Source: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., section 13.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics import turning
from designer.arrays import Bool, Complex, Real

POLARITY_OCTAVES_RATIO = 4.0  # the sign is told from the lowest two octaves

BLOCK = 128  # candidate delays that are tried together
MAX_DELAY_S = 0.06  # 20 m of air
MAX_PATH_S = 4e-3
"""1.4 m of air: how much farther one direction's path is than the axis's, about another point than the acoustic centre."""


@dataclass(frozen=True)
class DelayFit:
    """Delay of one response beyond its minimum phase."""

    delay_s: float
    polarity: int  # +1 or -1; 0 where the phase is closer to neither
    residual_rad: float  # root mean square of what a delay and a sign leave unexplained


def fit_delay(frequency_hz: Real, response: Complex) -> DelayFit:
    """Delay and polarity of a response (K,) over its minimum phase."""
    magnitude = np.abs(response)
    strong = magnitude > 0.1 * magnitude.max()
    if frequency_hz.size < 4 or strong.sum() < 4:
        return DelayFit(0.0, 0, 0.0)
    beyond = np.angle(response) - minimum_phase(frequency_hz, magnitude[:, None])[:, 0]
    # Each octave weighs the same: a linear grid has most of its points in the top octave.
    weight = np.sqrt(np.gradient(np.log(np.maximum(frequency_hz, 1e-3)))) * strong
    # On evenly spaced frequencies a delay cannot be told from one a turn further: recordings begin before the sound, hardly after.
    turn_s = longest_delay_s(frequency_hz)
    earliest_s, latest_s = -min(MAX_DELAY_S, 0.1 * turn_s), min(MAX_DELAY_S, 0.9 * turn_s)
    coarse_s = float(_coarse_delays(frequency_hz, beyond[None], weight[None], earliest_s, latest_s)[0])
    excess = np.unwrap(beyond + 2 * np.pi * frequency_hz * coarse_s)
    slope, constant = np.polynomial.polynomial.polyfit(frequency_hz, excess, 1, w=weight)[::-1]
    left = excess - slope * frequency_hz - constant
    # The sign is told at the low end, where neither a crossover's all-pass nor an error of the delay turns the phase.
    low = strong & (frequency_hz <= POLARITY_OCTAVES_RATIO * frequency_hz[strong][0])
    low = low if low.sum() >= 4 else strong
    sign_cosine = np.cos(np.polynomial.polynomial.polyfit(frequency_hz[low], excess[low], 1)[0])
    return DelayFit(
        delay_s=coarse_s + float(-slope / (2 * np.pi)),
        polarity=0 if abs(sign_cosine) < 0.5 else int(np.sign(sign_cosine)),
        residual_rad=float(np.sqrt(np.sum((weight * left) ** 2) / np.sum(weight**2))),
    )


def longest_delay_s(frequency_hz: Real) -> float:
    """The delay that turns the phase once between the closest two frequencies (K,): one more than it cannot be told from none."""
    return float(1 / np.diff(frequency_hz).min())


def _coarse_delays(frequency_hz: Real, phase: Real, weight: Real, earliest_s: float, latest_s: float) -> Real:
    """Delays (N,) that bring each response's phases (N, K) closest together, searched: between the points of a coarse grid they may
    turn more than once.
    """
    spread = np.unique(np.searchsorted(frequency_hz, np.geomspace(max(frequency_hz[0], 1e-3), frequency_hz[-1], 400)))
    f, phasors = frequency_hz[spread], weight[:, spread] ** 2 * np.exp(1j * phase[:, spread])
    step_s = 1 / (6 * float(frequency_hz[-1]))
    first, last = int(np.ceil(earliest_s / step_s)), int(np.floor(latest_s / step_s))
    # Evenly spaced candidates are a block's start s and steps t within it: e^{jω(s + t)} = e^{jωs} e^{jωt}.
    start = turning.phase(2 * np.pi * np.outer(np.arange(first, last + 1, BLOCK) * step_s, f))
    within = turning.phase(2 * np.pi * step_s * np.outer(f, np.arange(BLOCK)))
    best = [np.argmax(np.abs((start * phasor) @ within).ravel()[: last - first + 1]) for phasor in phasors]
    return (np.array(best) + first) * step_s


def fit_acoustic_centre_s(frequency_hz: Real, directions: Real, pressure: Complex, axis: int) -> Real:
    """x/c (3,) in seconds: where the sound comes from, relative to where the directions (N, 3) are counted from.

    Directions in a plane tell nothing of what is across it; that part is 0.
    """
    if len(directions) < 2 or frequency_hz.size < 4:
        return np.zeros(3)
    late_s, audible = arrivals_s(frequency_hz, pressure, axis)
    centre, *_ = np.linalg.lstsq((directions - directions[axis])[audible], -late_s[audible], rcond=1e-3)
    return np.asarray(centre)


def arrivals_s(frequency_hz: Real, pressure: Complex, axis: int) -> tuple[Real, Bool]:
    """How much later than the axis each direction hears the sound (N,), and where it is loud enough to tell (N,)."""
    strongest = np.abs(pressure).max(axis=1)
    is_used = (frequency_hz > 0) & (strongest > 0.1 * strongest.max())
    relative = pressure[is_used] * pressure[is_used, axis, None].conj()
    weight = np.abs(relative).T + 1e-300
    f = frequency_hz[is_used]
    early_s: Real = np.zeros(pressure.shape[1])
    if (
        2 * MAX_PATH_S * max(float(np.diff(f).max()), float(f[0])) > 1
    ):  # a turn from point to point, or before the first, is not counted
        phase_rad = np.angle(relative).T
        longest_s = min(MAX_PATH_S, 0.5 * longest_delay_s(f))
        early_s = _coarse_delays(f, phase_rad, np.sqrt(weight), -longest_s, longest_s)
    phase = np.unwrap(np.angle(relative * np.exp(2j * np.pi * np.outer(f, early_s))), axis=0).T  # (N, K)
    phase -= 2 * np.pi * np.round(phase[:, :1] / (2 * np.pi))
    delay_s = early_s - (weight * phase * f).sum(axis=1) / (weight * f**2).sum(axis=1) / (2 * np.pi)
    level = weight.mean(axis=1)
    return delay_s, level > 0.03 * level.max()  # the phase of a null is noise


POINTS = 2**15  # of the linear frequency grid from 0 to `TIMES` the highest frequency
TIMES = 4
CONTINUED_OCTAVES = 4.0
MAX_SLOPE = 4.0  # 24 dB an octave: what a band's end may be steeper is noise or a null


def _beyond(log_f: Real, level: Real, end: int) -> float:
    """Slope of log magnitude over log frequency in the octave at one end of the band."""
    near = np.abs(log_f - log_f[end]) <= np.log(2.0)
    if near.sum() < 3:
        return 0.0
    slope = np.polynomial.polynomial.polyfit(log_f[near], level[near], 1)[1]
    return float(np.clip(slope, -MAX_SLOPE, MAX_SLOPE))


def minimum_phase(frequency_hz: Real, magnitude: Real) -> Real:
    """Phase in radians (K, N) of responses with this magnitude (K, N) at the frequencies (K,)."""
    grid_hz = np.linspace(0.0, TIMES * frequency_hz[-1], POINTS + 1)
    log_f = np.log(np.maximum(frequency_hz, 1e-9))
    log_grid = np.log(np.maximum(grid_hz, grid_hz[1] / 2))
    reach = CONTINUED_OCTAVES * np.log(2.0)
    phase = np.empty(magnitude.shape)
    for n, column in enumerate(magnitude.T):
        floor = max(float(column.max()) * 1e-6, 1e-300)
        level = np.log(np.maximum(column, floor))
        log_magnitude = np.interp(grid_hz, frequency_hz, level)
        log_magnitude += _beyond(log_f, level, 0) * np.clip(log_grid - log_f[0], -reach, 0.0)
        log_magnitude += _beyond(log_f, level, -1) * np.clip(log_grid - log_f[-1], 0.0, reach)
        cepstrum = np.fft.irfft(log_magnitude)
        cepstrum[1:POINTS] *= 2
        cepstrum[POINTS + 1 :] = 0
        phase[:, n] = np.interp(frequency_hz, grid_hz, np.fft.rfft(cepstrum).imag)
    return phase
