"""Stereo to left, right and centre: the centre takes what is alike on both sides and is uncorrelated with left minus right.

M = (L+R)/2 and S = (L-R)/2 are transformed in frames of N samples. With E[.] an average over half-ERB bands and the recent past:

    ρ = Re E[M S*] / E|S|², held to [-1, 1]
    M' = M - ρ S                                  Re E[M' S*] = 0 where |ρ| < 1
    C = α M',  L' = L - C,  R' = R - C

With M = M' + ρS, L' = (1-α)M' + (1+ρ)S and R' = (1-α)M' - (1-ρ)S, so that where |ρ| < 1

    Re E[L' R'*] = (1-α)² E|M'|² - (1-ρ²) E|S|²

which is 0 for α = 1 - sqrt((1-ρ²) E|S|² / E|M'|²); α is held to [0, 1]. E|M'|² is E|M|² - 2ρ Re E[M S*] + ρ² E|S|².
C alone is transformed back: the sides are what is left in time, so that L' + C = L whatever the transform did.

Limits, exact because 0/0 is decided and nothing is added to a denominator:

    silence       E|M|² = E|S|² = 0    ρ = 0, α = 0; C = 0
    mono          E|S|² = 0            ρ = 0, α = 1; C = M
    hard-panned   M = ±S               ρ = ±1, M' = 0; C = 0
    out of phase  M = 0                ρ = 0, M' = 0; C = 0

**Past.** Two equal one-pole low-passes, h[n] = (1-a)² (n+1) aⁿ. Mean age and length 1/Σh² are those of one pole of twice the
time constant, but a new frame enters by (1-a)² in place of 1-a: α changes half as much from frame to frame.

**Frames** start every N/4. Analysis and synthesis take w[n] = sin(π(n + ½)/N), and Σ_k w²[n - kN/4] / 2 = 1. A sample is known
once the last frame that holds it is complete: the latency is N - 1 samples.

**Bands** are half an equivalent rectangular bandwidth wide: bin f belongs to band floor(2 E(f)), E(f) = 21.4 log10(1 + 4.37 f/1000)
(Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data", Hearing Research 47, 1990, eq. 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.measures import amplitude_db, db

AVERAGE_S = 0.15
"""Mean age of what is averaged: a shorter one makes α jitter, a longer one lets a voice's beginnings out at the sides."""
SILENCE = 1e-40
"""An average below it (an amplitude of 1e-20 of full scale) counts as 0, so that nothing decays into denormal numbers."""
FRAMES_AT_ONCE = 64
OVERLAP = 4
HOP_S = 512 / 48_000
POSITIONS = np.linspace(-1.0, 1.0, 9)
PANNED_S, SETTLED_S, PANNED_FROM_HZ = 1.5, 0.6, 50.0


def upmix_gains(middle: Real, side: Real, cross: Real) -> tuple[Real, Real]:
    """ρ and α from E|M|², E|S|² and Re E[M S*], all of one shape."""
    heard = side > SILENCE
    rho = np.clip(np.divide(cross, side, out=np.zeros(np.shape(side)), where=heard), -1.0, 1.0)
    residual = np.maximum(middle - 2 * rho * cross + rho**2 * side, 0.0)
    side_residual = (1 - rho**2) * np.where(heard, side, 0.0)
    audible = residual > SILENCE
    ratio = np.divide(side_residual, residual, out=np.ones(np.shape(side)), where=audible)
    return rho, np.clip(1 - np.sqrt(ratio), 0.0, 1.0)


@dataclass(frozen=True)
class Bands:
    """Bands of neighbouring bins: the first bin of each (B,), and how many it has (B,)."""

    first: Index
    count: Index

    def sums(self, values: Real) -> Real:
        """Sum over the bins (..., K) of each band: (..., B)."""
        return np.asarray(np.add.reduceat(values, self.first, axis=-1))

    def spread(self, values: Real) -> Real:
        """Each band's value (..., B) at each of its bins: (..., K)."""
        return np.repeat(values, self.count, axis=-1)


def half_erb_bands(frame: int, sample_rate_hz: float) -> Bands:
    """Bands of the frame // 2 + 1 bins of a real transform; where they are narrower than a bin, each bin is a band."""
    frequency_hz = np.fft.rfftfreq(frame, 1 / sample_rate_hz)
    number = np.floor(2 * (21.4 * np.log10(1 + 4.37e-3 * frequency_hz)))
    first = np.flatnonzero(np.diff(number, prepend=-1.0))
    return Bands(first, np.diff(first, append=frequency_hz.size))


def window(frame: int) -> Real:
    """Sine window (N,)."""
    return np.sin(np.pi * (np.arange(frame) + 0.5) / frame)


class Analysis:
    """Samples in, spectra of the frames that they complete out. The first frame begins N - N/4 samples before time 0."""

    def __init__(self, hop: int, signals: int) -> None:
        self.hop = hop
        self.frame = OVERLAP * hop
        self.window = window(self.frame)
        self.waiting: Real = np.zeros((signals, self.frame - hop))

    def push(self, block: Real) -> Complex:
        """Spectra (P, frames, N//2 + 1) of the frames that end within this block (P, n)."""
        samples = np.concatenate([self.waiting, block], axis=1)
        count = max(0, (samples.shape[1] - self.frame) // self.hop + 1)
        self.waiting = samples[:, count * self.hop :]
        if not count:
            return np.zeros((len(samples), 0, self.frame // 2 + 1), dtype=complex)
        frames = np.lib.stride_tricks.sliding_window_view(samples, self.frame, axis=1)[:, :: self.hop][:, :count]
        return np.fft.rfft(frames * self.window, axis=-1)


class Synthesis:
    """Spectra of frames in, the samples that no later frame touches out."""

    def __init__(self, hop: int) -> None:
        self.hop = hop
        self.window = window(OVERLAP * hop) * (2 / OVERLAP)
        self.before: Real = np.zeros((OVERLAP - 1, OVERLAP, hop))

    def push(self, spectra: Complex) -> Real:
        """Samples (frames × hop,) from (frames, N//2 + 1), beginning where the oldest frame's first quarter does less 3N/4."""
        count = len(spectra)
        if not count:
            return np.zeros(0)
        new = (np.fft.irfft(spectra, self.window.size, axis=-1) * self.window).reshape(count, OVERLAP, self.hop)
        parts = np.concatenate([self.before, new])
        self.before = parts[count:]
        # Frame k's first quarter is the last of the four that fall on it: frame k-3's last quarter came first.
        out = parts[:count, 3]
        for quarter in (2, 1, 0):
            out = out + parts[3 - quarter : 3 - quarter + count, quarter]
        return np.asarray(out.reshape(-1))


class Upmix:
    """Block by block: as many samples out as in, `latency_samples` late; the first ones are 0.

    The samples are the same however the input is cut into blocks, to the last bit: every frame is transformed by itself.

    Attributes
    ----------
    frame, hop : int, N and N/4 samples; the hop is the power of two nearest to 10.7 ms, at least 16
    latency_samples : int, N - 1
    rho, alpha : (frames, bands) float array, of the frames of the last block

    """

    def __init__(self, sample_rate_hz: float) -> None:
        self.hop = int(max(16, 2 ** round(np.log2(HOP_S * sample_rate_hz))))
        self._analysis = Analysis(self.hop, 2)
        self._synthesis = Synthesis(self.hop)
        self.frame = self._analysis.frame
        self.latency_samples = self.frame - 1
        self.bands = half_erb_bands(self.frame, sample_rate_hz)
        self.pole = float(np.exp(-2 * self.hop / (AVERAGE_S * sample_rate_hz)))
        self._past: Real = np.zeros((3, 2, self.bands.count.size))
        self._stereo: Real = np.zeros((0, 2))  # input whose centre is not known yet
        self._ready: Real = np.zeros((self.latency_samples, 3))  # output that is due later; the latency to begin with
        self._early = self.frame - self.hop  # of the centre: samples before time 0
        self.rho: Real = np.zeros((0, self.bands.count.size))
        self.alpha: Real = self.rho

    def push(self, stereo: Real) -> Real:
        """(n, 3) left, right and centre from (n, 2) left and right."""
        step = FRAMES_AT_ONCE * self.hop
        parts = [self._push(stereo[start : start + step]) for start in range(0, len(stereo), step)]
        return np.concatenate([np.zeros((0, 3)), *parts])

    def finish(self) -> Real:
        """The last `latency_samples` samples (N - 1, 3): what came in is followed by silence."""
        return self.push(np.zeros((self.latency_samples, 2)))

    def averages(self, spectra: Complex) -> Real:
        """E|M|², E|S|² and Re E[M S*] (3, frames, bands), from spectra of M and S (2, frames, bins), continuing the past."""
        from scipy.signal import lfilter

        middle, side = spectra
        moments = np.empty((3, *middle.shape))
        for moment, (first, second) in zip(moments, ((middle, middle), (side, side), (middle, side)), strict=True):
            np.multiply(first.real, second.real, out=moment)
            moment += first.imag * second.imag
        sums = self.bands.sums(moments)  # in the place of means: ratios of averages alone matter
        averages, self._past = lfilter(
            [(1 - self.pole) ** 2], [1.0, -2 * self.pole, self.pole**2], sums, axis=1, zi=self._past
        )
        return np.asarray(averages)

    def _push(self, stereo: Real) -> Real:
        left, right = stereo.T
        spectra = self._analysis.push(np.stack([(left + right) / 2, (left - right) / 2]))
        if spectra.shape[1]:
            self.rho, self.alpha = upmix_gains(*self.averages(spectra))
        else:
            self.rho = self.alpha = np.zeros((0, self.bands.count.size))
        middle, side = spectra
        centre = self._synthesis.push(self.bands.spread(self.alpha) * (middle - self.bands.spread(self.rho) * side))
        dropped = min(self._early, centre.size)
        self._early -= dropped
        centre = centre[dropped:]
        waiting = np.concatenate([self._stereo, stereo])
        delayed, self._stereo = waiting[: centre.size], waiting[centre.size :]
        ready = np.concatenate([self._ready, np.column_stack([delayed - centre[:, None], centre])])
        self._ready = ready[len(stereo) :]
        return ready[: len(stereo)]


def upmix(stereo: Real, sample_rate_hz: float) -> Real:
    """A whole recording at once, without the latency: (n, 3) left, right, centre from (n, 2)."""
    stage = Upmix(sample_rate_hz)
    return np.concatenate([stage.push(stereo), stage.finish()])[stage.latency_samples :]


@dataclass(frozen=True)
class Separation:
    """Levels of a lone source over panning, relative to the source."""

    position: Real  # β (P,), gains 1 + β and 1 - β on the left and the right
    level_db: Real  # (P, 3) of left, right and centre, as the upmix gives them
    fine_position: Real  # (Q,) of the closed form: C = (1 - |β|) M, the nearer side 2 |β| M, the other nothing
    centre_db: Real
    side_db: Real


def separation(sample_rate_hz: float) -> Separation:
    """Where the upmix puts pink noise at POSITIONS, once the averages have settled."""
    count = int(PANNED_S * sample_rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(count))
    f = np.fft.rfftfreq(count, 1 / sample_rate_hz)
    spectrum *= np.where(f >= PANNED_FROM_HZ, 1 / np.sqrt(np.maximum(f, PANNED_FROM_HZ)), 0.0)
    source = np.fft.irfft(spectrum, count)
    settled = slice(int(SETTLED_S * sample_rate_hz), None)
    levels = []
    for beta in POSITIONS:
        parts = upmix(np.column_stack([source * (1 + beta), source * (1 - beta)]), sample_rate_hz)
        levels.append(db(np.mean(parts[settled] ** 2, axis=0) / np.mean(source[settled] ** 2)))
    fine = np.linspace(-1.0, 1.0, 401)
    return Separation(POSITIONS, np.array(levels), fine, amplitude_db(1 - np.abs(fine)), amplitude_db(2 * np.abs(fine)))
