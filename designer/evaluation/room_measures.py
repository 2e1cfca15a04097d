"""Effect of a room on a source, from its impulse responses: measures by octave.

With d and h the direct sound and the reflections, known apart since they are computed apart, and E_b an energy in the octave b:

- **Direct-to-reverberant ratio** E_b(d)/E_b(h), at the two ears together.
- **Critical distance** r √(E_b(d)/E_b(h)) at the head's centre without the head: where the direct sound, which
  falls by 1/r, would equal reflections that are the same everywhere. A source that radiates alike to all sides has 0.057 √(V/T) in a
  diffuse field, one of directivity factor Q √Q times as much (Kuttruff, section 5.5).
- **Clarity** C50, energy up to 50 ms after the first sound over what follows, at the centre.
- **Interaural coherence**: the largest magnitude of the normalised cross-correlation of the ears within ±1 ms, over the whole response.
- **Early lateral energy** J_LF: of a figure of eight across the line to the device from 5 to 80 ms, over all energy at the centre
  up to 80 ms.
- **Reverberation time**: T20, from the backward integral's fall from -5 to -25 dB, at the centre.

The octave filters are even in time, so that nothing is delayed; neighbours add to 1 in power. What they let through holds in fewer
samples than those of a high sample rate: above 96 kHz the spectra are cut, which leaves every second or fourth sample as it was.

Source: ISO 3382-1:2009, annexes A and B.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from designer.arrays import Complex, Real
from designer.evaluation.image_sources import CENTRE, LATERAL, LEFT_EAR, RIGHT_EAR
from designer.measures import FLOOR, db

LOWEST_HZ, HIGHEST_HZ = 125.0, 8000.0
MAX_SAMPLE_RATE_HZ = 96_000.0
EDGE_OCTAVES = 0.1
CLEAR_S, DIRECT_S, EARLY_S = 0.05, 0.005, 0.08
INTERAURAL_S = 1e-3


@dataclass(frozen=True)
class RoomMeasures:
    """Measures of one source, by octave (B,)."""

    middle_hz: Real
    direct_to_reverberant_db: Real
    critical_distance_m: Real
    clarity_db: Real
    interaural_coherence: Real
    early_lateral_fraction: Real
    reverberation_time_s: Real

    def mean(self, band_hz: list[float]) -> dict[str, float]:
        """Each over the octaves whose middle lies in a band, or the one nearest to it; distances as geometric means."""
        inside = (self.middle_hz >= band_hz[0]) & (self.middle_hz <= band_hz[1])
        if not inside.any():
            inside[np.argmin(np.abs(np.log(self.middle_hz / np.sqrt(max(band_hz[0], 1.0) * band_hz[1]))))] = True
        means = {}
        for measure in fields(self)[1:]:
            values = getattr(self, measure.name)[inside]
            means[measure.name] = float(
                np.exp(np.mean(np.log(np.maximum(values, FLOOR))))
                if measure.name == "critical_distance_m"
                else values.mean()
            )
        return means


def octaves_hz(sample_rate_hz: float) -> Real:
    """Middles of the octaves from 125 Hz to 8 kHz whose upper edge a sample rate holds (B,); 125 Hz at least."""
    count = int(np.log2(HIGHEST_HZ / LOWEST_HZ)) + 1
    middle_hz = LOWEST_HZ * 2.0 ** np.arange(count)
    return np.asarray(middle_hz[: max(1, int((middle_hz * 2 ** (0.5 + EDGE_OCTAVES) <= sample_rate_hz / 2).sum()))])


def octave_gains(frequency_hz: Real, middle_hz: Real) -> Real:
    """Amplitudes of the octave filters (B, F): 1 inside, 0 outside, and in between a quarter of a cosine, even in power."""
    away = np.abs(np.log2(np.maximum(frequency_hz, 1e-3) / middle_hz[:, None])) - 0.5
    return np.asarray(np.cos(np.pi / 4 * (1 + np.clip(away / EDGE_OCTAVES, -1.0, 1.0))))


def room_measures(
    direct: Real, reflected: Real, sample_rate_hz: float, *, distance_m: float, first_s: float
) -> RoomMeasures:
    """Judge a source.

    Parameters
    ----------
    direct, reflected : (4, T) float array, responses at the receivers of `image_sources`
    distance_m : float, to the listener
    first_s : float, when the first sound arrives

    """
    size = 1 << int(np.ceil(np.log2(2 * direct.shape[1])))
    middle_hz = octaves_hz(sample_rate_hz)
    decimation = 1 << max(0, math.floor(math.log2(sample_rate_hz / MAX_SAMPLE_RATE_HZ)))
    d, h = (np.fft.rfft(pressure, size)[:, : size // decimation // 2 + 1] for pressure in (direct, reflected))
    size, sample_rate_hz = size // decimation, sample_rate_hz / decimation
    gains = octave_gains(np.fft.rfftfreq(size, 1 / sample_rate_hz), middle_hz)
    rows = []
    for gain in gains:
        from_source, from_walls = ((np.abs(X * gain) ** 2).sum(axis=1) for X in (d, h))
        ears = [LEFT_EAR, RIGHT_EAR]
        drr = from_source[ears].sum() / max(from_walls[ears].sum(), FLOOR)
        at_centre = from_source[CENTRE] / max(from_walls[CENTRE], FLOOR)
        response = np.fft.irfft((d + h) * gain, size)
        rows.append(
            (
                float(db(np.array(max(drr, FLOOR)))),
                distance_m * float(np.sqrt(at_centre)),
                _clarity_db(response[CENTRE], sample_rate_hz, first_s),
                _coherence((d + h) * gain, size, sample_rate_hz),
                _lateral(response, sample_rate_hz, first_s),
                _t20_s(response[CENTRE, : direct.shape[1] // decimation], sample_rate_hz, first_s),
            )
        )
    return RoomMeasures(middle_hz, *np.array(rows).T)


def _before(response: Real, sample: int) -> Real:
    """Up to a sample, with what an even filter puts before 0, at the end of its circle."""
    half = response.shape[-1] // 2
    return np.concatenate([response[..., half:], response[..., :sample]], axis=-1)


def _clarity_db(response: Real, rate: float, first_s: float) -> float:
    split = round((first_s + CLEAR_S) * rate)
    early = float(np.sum(_before(response, split) ** 2))
    late = float(np.sum(response[split : response.size // 2] ** 2))
    return float(db(np.array(max(early, FLOOR) / max(late, FLOOR))))


def _coherence(spectra: Complex, size: int, rate: float) -> float:
    lag = max(1, round(INTERAURAL_S * rate))
    left, right = spectra[LEFT_EAR], spectra[RIGHT_EAR]
    cross = np.fft.irfft(left * right.conj(), size)
    power = np.fft.irfft(np.stack([np.abs(left) ** 2, np.abs(right) ** 2]), size)[:, 0]
    near = np.abs(np.concatenate([cross[: lag + 1], cross[-lag:]])).max()
    return float(near / max(np.sqrt(power[0] * power[1]), FLOOR))


def _lateral(response: Real, rate: float, first_s: float) -> float:
    begin, end = round((first_s + DIRECT_S) * rate), round((first_s + EARLY_S) * rate)
    aside = float(np.sum(response[LATERAL, begin:end] ** 2))
    return aside / max(float(np.sum(_before(response[CENTRE], end) ** 2)), FLOOR)


def _t20_s(response: Real, rate: float, first_s: float) -> float:
    energy = np.cumsum(response[round(first_s * rate) :][::-1] ** 2)[::-1]
    level = db(np.maximum(energy / max(energy[0], FLOOR), FLOOR))
    fall = (level <= -5) & (level >= -25)
    if fall.sum() < 2:
        return 0.0
    slope = np.polynomial.polynomial.polyfit(np.flatnonzero(fall) / rate, level[fall], 1)[1]
    return float(-60.0 / slope) if slope < 0 else 0.0
