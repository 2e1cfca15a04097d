"""The time between the ears: by geometry on a sphere, and as heard, from the low-passed cross-correlation; and its sign.

Below 1.5 kHz the contralateral ear's responses are smooth in frequency. Above, two paths around the head interfere there, and a
threshold or a full-band correlation jumps by a tenth of a millisecond between neighbouring directions of a KEMAR.

A head's spectra may be conjugated, as boundary-element programs that count e^{-jωt} leave them. Conjugation reverses time, and with it
both what comes first and which ear hears first. Two facts tell it, neither of which needs the directions or which channel is which ear:

**Level.** The ear that hears first is the nearer one, and above 1.5 kHz the head shades the other: interaural time and level have the
same sign. Their correlation over the measurements is near +1 as it should be, and near -1 conjugated. **Causality.** What an ear sends
on (the pinna, the torso, the way around the head) comes after the first sound, not before it.

The level decides where there is an interaural time at all and causality does not contradict; else causality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real

HEAD_RADIUS_M = 0.0875
SPEED_OF_SOUND_M_S = 343.0
FREQUENCY_HZ = np.arange(100.0, 1501.0, 25.0)
MAX_TIME_S = 1.6e-3
STEP_S = 2e-5


def geometric_time_s(lateral: Real) -> Real:
    """Woodworth's (a/c)(θ + sin θ) of directions whose component to the left is sin θ (N,), positive where the left hears first."""
    lateral = np.clip(lateral, -1.0, 1.0)
    return np.asarray(HEAD_RADIUS_M / SPEED_OF_SOUND_M_S * (np.arcsin(lateral) + lateral))


def interaural_time_s(ears: Complex) -> Real:
    """How much later the second ear hears (N,): where the cross-correlation below 1.5 kHz is largest.

    Parameters
    ----------
    ears : (N, 2, F) complex array, spectra at FREQUENCY_HZ
    """
    cross = ears[:, 0] * ears[:, 1].conj()  # a delay τ of the second turns this by +ωτ
    lag_s = np.arange(-MAX_TIME_S, MAX_TIME_S + STEP_S / 2, STEP_S)
    turn = delays(FREQUENCY_HZ, lag_s).T
    correlation = (cross @ turn).real  # (N, lags)
    top = np.clip(correlation.argmax(axis=1), 1, lag_s.size - 2)
    below, peak, above = (correlation[np.arange(top.size), top + step] for step in (-1, 0, 1))
    curve = below - 2 * peak + above
    vertex = 0.5 * (below - above) / np.where(curve < 0, curve, -np.inf)
    return np.asarray(lag_s[top] + np.clip(vertex, -1.0, 1.0) * STEP_S)


def middle_s(taps: int, sample_rate_hz: float) -> float:
    """The middle of a response of so many taps: what `centred_spectra` calls time 0."""
    return (taps - 1) / 2 / sample_rate_hz


def kernel(frequency_hz: Real, taps: int, sample_rate_hz: float) -> tuple[Real, Real]:
    """Cosine and minus sine of ωm/fs (⌈T/2⌉, F), m from the middle of T taps outwards, in single precision, as responses are."""
    turn = delays(frequency_hz, (np.arange((taps + 1) // 2) + (taps + 1) % 2 / 2) / sample_rate_hz)
    return np.ascontiguousarray(turn.real), np.ascontiguousarray(turn.imag)


def centred_spectra(responses: Real, sums: tuple[Real, Real]) -> Complex:
    """Σ h[n] e^{-jω(n - (T-1)/2)/fs}: (..., F) from responses (..., T) and their kernel, a sum at any frequency.

    What a finite response says between the bins of its own grid needs no resampling. About its middle the cosine is even
    and the sine odd, so that h[n] and its mirror are added, or subtracted, first: half of the work.
    """
    flat = responses.reshape(-1, responses.shape[-1])
    half = sums[0].shape[0]
    after, before = flat[:, -half:], np.ascontiguousarray(flat[:, half - 1 :: -1])
    even = after + before
    odd = after - before
    if flat.shape[1] % 2:
        even[:, 0] /= 2  # the middle itself is its own mirror
    spectrum = np.empty((flat.shape[0], sums[0].shape[1]), dtype=np.complex64)
    spectrum.real = even @ sums[0]
    spectrum.imag = odd @ sums[1]
    return spectrum.reshape(*responses.shape[:-1], -1)


def spectra(responses: Real, frequency_hz: Real, sample_rate_hz: float) -> Complex:
    """Σ h[n] e^{-jωn/fs}: (..., F) from responses (..., T), at any frequencies (F,)."""
    taps = responses.shape[-1]
    centred = centred_spectra(responses, kernel(frequency_hz, taps, sample_rate_hz))
    return np.asarray(centred * delays(frequency_hz, np.array([middle_s(taps, sample_rate_hz)]))[0])


def delays(frequency_hz: Real, delay_s: Real) -> Complex:
    """e^{-jωτ} (N, F) of delays (N,), in single precision.

    On equal steps of frequency by doubling: a tenth of the time. The error is below 1e-6.
    """
    count = frequency_hz.size
    phasors = np.empty((delay_s.size, count), dtype=np.complex64)
    step_hz = (frequency_hz[-2] - frequency_hz[0]) / max(count - 2, 1) if count > 1 else 0.0
    uneven_hz = frequency_hz[:-1] - (frequency_hz[0] + step_hz * np.arange(count - 1)) if count > 1 else np.ones(1)
    if count < 8 or np.abs(uneven_hz).max() > 1e-9:
        turns = np.multiply.outer(delay_s, frequency_hz)
        turns -= np.rint(turns)  # within half a turn single precision is as good as the result's
        angle = (-2 * np.pi * turns).astype(np.float32)
        np.cos(angle, out=phasors.real)
        np.sin(angle, out=phasors.imag)
        return phasors
    phasors[:, -1] = np.exp(-2j * np.pi * frequency_hz[-1] * delay_s)  # the last may stand apart: the end of a band
    count -= 1
    phasors[:, 0] = np.exp(-2j * np.pi * frequency_hz[0] * delay_s)
    filled = 1
    turn = np.exp(-2j * np.pi * step_hz * delay_s)
    while filled < count:
        step = min(filled, count - filled)
        np.multiply(phasors[:, :step], turn.astype(np.complex64)[:, None], out=phasors[:, filled : filled + step])
        turn *= turn  # twice the steps
        filled += step
    return phasors


SHADED_HZ = (1500.0, 8000.0)
PEAK_SPAN_S = 1.5e-3
MIN_LIKENESS = 0.5  # correlation of time and level that decides
MIN_TIME_S = 5e-5
MIN_UNEVENNESS = 0.1  # share of energy beyond a half on one side of the peak that decides
MAX_MEASUREMENTS = 400  # measurements that are looked at


@dataclass(frozen=True)
class TimeSign:
    """Evidence of the sign: correlation of time and level (NaN where there is no interaural time), and energy's share before the peak."""

    likeness: float
    before: float

    @property
    def is_reversed(self) -> bool:
        """Whether the responses run backwards."""
        if abs(self.likeness) >= MIN_LIKENESS:  # a NaN is not
            return self.likeness < 0 and self.before > 0.5 - MIN_UNEVENNESS
        return self.before > 0.5 + MIN_UNEVENNESS

    @property
    def is_doubtful(self) -> bool:
        """Whether level says that the responses run backwards, and causality that they do not."""
        return self.likeness <= -MIN_LIKENESS and not self.is_reversed

    def __str__(self) -> str:
        level = (
            ""
            if np.isnan(self.likeness)
            else f"the ear that hears first is the quieter one (likeness {self.likeness:+.2f}), and "
        )
        return f"{level}{100 * self.before:.0f} % of the energy beside the peak comes before it"


def time_sign(responses: Real, sample_rate_hz: float) -> TimeSign:
    """Measures of impulse responses (N, 2, T) at two ears."""
    sample = responses[np.unique(np.linspace(0, len(responses) - 1, MAX_MEASUREMENTS).astype(int))]
    taps = sample.shape[2]
    time_s = interaural_time_s(spectra(np.asarray(sample, dtype=np.float32), FREQUENCY_HZ, sample_rate_hz))
    f = np.fft.rfftfreq(taps, 1 / sample_rate_hz)
    shaded = (f >= SHADED_HZ[0]) & (f <= SHADED_HZ[1])
    power = np.sum(np.abs(np.fft.rfft(sample, axis=2)[..., shaded]) ** 2, axis=2) + 1e-300
    level = np.log(power[:, 0] / power[:, 1])
    spread = float(np.sqrt(np.sum(time_s**2) * np.sum(level**2)))
    timed = np.sqrt(np.mean(time_s**2)) > MIN_TIME_S and spread > 0
    likeness = float(time_s @ level) / spread if timed else float("nan")
    span = min(max(2, round(PEAK_SPAN_S * sample_rate_hz)), taps // 2 - 1)
    flat = sample.reshape(-1, taps)
    peaks = np.abs(flat).argmax(axis=1)
    offsets = np.arange(1, span + 1)
    rows = np.arange(len(flat))[:, None]
    before, after = (np.sum(flat[rows, (peaks[:, None] + side * offsets) % taps] ** 2) for side in (-1, 1))
    return TimeSign(likeness, float(before / max(before + after, 1e-300)))
