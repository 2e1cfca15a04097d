"""A measured head: impulse responses from a SOFA file, at the nearest measured direction.

The far-field head is moved to a source's distance by level and delay: the response is stored relative to the
free-field pressure at the head's centre, and multiplied by the free field there. A file's own level and delay are
arbitrary, so both are set once for the whole set, where every head is nearly a sphere: 200 Hz to 1 kHz, all
directions, both ears.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.free_field import direction
from designer.acoustics.rigid_sphere import sphere_pressure
from designer.arrays import Complex, Real
from designer.errors import DataError


@dataclass(frozen=True)
class MeasuredHead:
    """Head-related impulse responses on one reference: free-field pressure at the head's centre, at time 0.

    directions : unit vectors (N, 3) in the head's axes (forward, the listener's left, up)
    impulse_responses : (N, 2, T), the left ear first
    delay_s : (N, 2), what the file keeps apart from the responses
    advance_s, gain : what brings the file's time and level to the reference
    """

    directions: Real
    impulse_responses: Real
    sample_rate_hz: float
    advance_s: float = 0.0
    gain: float = 1.0
    delay_s: Real | None = None

    def transfer(self, frequency_hz: Real, towards: Real) -> Complex:
        """Ear pressures (F, N, 2) over the free-field pressure at the head's centre.

        Parameters
        ----------
        frequency_hz : (F,); above 95 % of the file's Nyquist frequency the value there is held
        towards : (N, 3) unit vectors from the head to the sources, in the head's axes

        """
        nearest = np.argmax(towards @ self.directions.T, axis=1)
        unique, inverse = np.unique(nearest, return_inverse=True)
        held_hz = np.minimum(frequency_hz, 0.475 * self.sample_rate_hz)
        n = np.arange(self.impulse_responses.shape[-1])
        # Time before the Fourier sum, so that what is held above the band carries no delay of the file.
        kernel = np.exp(-2j * np.pi * np.outer(held_hz, n / self.sample_rate_hz - self.advance_s))
        spectra = np.einsum("ft,net->fne", kernel, self.impulse_responses[unique], optimize=True)
        if self.delay_s is not None:
            spectra = spectra * np.exp(-2j * np.pi * held_hz[:, None, None] * self.delay_s[unique])
        return np.asarray(self.gain * spectra[:, inverse])


def read_head(path: Path, head_radius_m: float, speed_of_sound_m_s: float) -> MeasuredHead:
    """Read a SimpleFreeFieldHRIR and set its level and time against a rigid sphere of the given radius.

    Raises
    ------
    DataError : the file is not SOFA, not this convention, or has no two ears

    """
    import sofar  # slow to import, and needed only for measured heads

    try:
        sofa = sofar.read_sofa(str(path), verbose=False)
    except Exception as error:  # sofar and netCDF4 raise many kinds; each means that the file cannot be used
        raise DataError(f"{path}: cannot be read as SOFA: {error}; allowed: a SimpleFreeFieldHRIR file") from error
    if sofa.GLOBAL_SOFAConventions != "SimpleFreeFieldHRIR":
        found = sofa.GLOBAL_SOFAConventions
        raise DataError(f"{path}: found the SOFA convention {found}; allowed: SimpleFreeFieldHRIR")
    responses = np.asarray(sofa.Data_IR, dtype=float)
    if responses.ndim != 3 or responses.shape[1] != 2 or not np.isfinite(responses).all():
        raise DataError(f"{path}: found impulse responses of shape {responses.shape}; allowed: finite, two receivers")
    receivers = _cartesian(sofa.ReceiverPosition, str(sofa.ReceiverPosition_Type))
    left_last = bool(receivers[0, 1] < receivers[1, 1])  # the left ear is at +y of the head
    source = _cartesian(sofa.SourcePosition, str(sofa.SourcePosition_Type))
    directions = source / np.linalg.norm(source, axis=1, keepdims=True)
    rate = float(np.asarray(sofa.Data_SamplingRate).ravel()[0])
    delay_s = np.broadcast_to(np.asarray(sofa.Data_Delay, dtype=float).reshape(-1, 2), (len(responses), 2)) / rate
    if left_last:
        responses, delay_s = responses[:, ::-1], delay_s[:, ::-1]
    raw = MeasuredHead(directions, responses, rate, delay_s=delay_s)
    return _referenced(raw, head_radius_m, speed_of_sound_m_s)


def _cartesian(position: Any, kind: str) -> Real:
    """Places (N, 3) in metres from SOFA's (N, 3), or (N, 3, M) where they are listed for every measurement."""
    places = np.asarray(position, dtype=float)
    places = places[:, :, 0] if places.ndim == 3 else places
    if "spherical" in kind.lower():
        return np.asarray(direction(places[:, 0], places[:, 1]) * places[:, 2:3])
    return places


def _referenced(raw: MeasuredHead, head_radius_m: float, speed_of_sound_m_s: float) -> MeasuredHead:
    """Level and time such that the set agrees with a rigid sphere from 200 Hz to 1 kHz, on average over all directions."""
    frequency_hz = np.arange(200.0, 1001.0, 25.0)
    measured = raw.transfer(frequency_hz, raw.directions)
    lateral = raw.directions[:, 1]
    cos_angle = np.stack([lateral, -lateral], axis=-1)
    ka = 2 * np.pi * frequency_hz / speed_of_sound_m_s * head_radius_m
    sphere = sphere_pressure(ka, np.array([np.inf]), cos_angle.reshape(1, -1)).reshape(measured.shape)
    gain = np.exp(np.mean(np.log(np.abs(sphere) / np.maximum(np.abs(measured), 1e-12))))
    phase = np.unwrap(np.angle(np.einsum("fne,fne->f", measured, sphere.conj())))
    slope = np.polynomial.polynomial.polyfit(frequency_hz, phase, 1)[1]
    return replace(raw, advance_s=float(-slope / (2 * np.pi)), gain=float(gain))
