"""Alignment: how many samples the faster path of sides and centre waits, from the filters' own group delay.

The group delay of a response P, weighted by its power over a band, is the time at which the energy of a pulse in that band
arrives. With p[n] ↔ P and n p[n] ↔ j dP/dΩ, Ω in radians a sample,

    τ = Σ |P|² τ_g / Σ |P|²,     |P|² τ_g = Re(conj(P) · DFT(n p)),

no unwrapping, and no division where P vanishes. P is what the two ears get: the sides' mean over both inputs and both ears,
the centre's over both ears. The mean of the near and the far ear stands for the head's centre, so that the three channels
arrive together as from three loudspeakers at equal distances.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.measures import FLOOR

DENSITY = 4
"""Length of the Fourier grid over that of the signals."""


def arrival_samples(signals: Real, band_hz: tuple[float, float], sample_rate_hz: float) -> float:
    """τ in samples of signals (S, T) together, in a band.

    Returns
    -------
    0 where the band holds no energy

    """
    size = 1 << int(np.ceil(np.log2(DENSITY * signals.shape[1])))
    f = np.fft.rfftfreq(size, 1 / sample_rate_hz)
    inside = (f >= band_hz[0]) & (f <= band_hz[1])
    P = np.fft.rfft(signals, size, axis=1)[:, inside]
    slope = np.fft.rfft(signals * np.arange(signals.shape[1]), size, axis=1)[:, inside]
    energy = float(np.sum(np.abs(P) ** 2))
    return float(np.sum((P.conj() * slope).real)) / energy if energy > FLOOR else 0.0


def at_the_ears(ears: Real, taps: Real) -> Real:
    """Signals at the ears (2, N + T - 1) of an impulse at a channel's input.

    Parameters
    ----------
    ears : (2, L, N) impulse responses from the drivers
    taps : (L, T) of the channel

    """
    length = ears.shape[2] + taps.shape[1] - 1
    size = 1 << int(np.ceil(np.log2(length)))
    spectra = np.fft.rfft(ears, size, axis=2) * np.fft.rfft(taps, size, axis=1)
    return np.asarray(np.fft.irfft(spectra.sum(axis=1), size, axis=1)[:, :length])


def waiting_samples(
    ears: Real, sides: tuple[Real, Real], centre: Real, band_hz: tuple[float, float], sample_rate_hz: float
) -> tuple[int, int]:
    """Samples that the sides and the centre wait, one of them 0.

    Parameters
    ----------
    ears : (2, L, N) impulse responses from the drivers to the ears
    sides, centre : taps (L, T); lengths may differ
    band_hz : the centre beam's

    """
    heard = [at_the_ears(ears, taps) for taps in sides]
    of_sides = arrival_samples(np.concatenate(heard), band_hz, sample_rate_hz)
    of_centre = arrival_samples(at_the_ears(ears, centre), band_hz, sample_rate_hz)
    later = round(of_sides - of_centre)
    return max(-later, 0), max(later, 0)
