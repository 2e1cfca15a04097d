"""Phases of many delays on frequencies in equal steps, as products of few exponentials.

With f_{Ja+b} = (Ja + b) Δ and J ≈ √F, e^{-jωτ} = e^{-jJaΔ'τ} e^{-jbΔ'τ}, Δ' = 2πΔ: 2√F exponentials a delay instead of F. The
exponentials are of double precision, so that τ may be many periods; their product is of single precision, to 1e-7.
"""

from __future__ import annotations

import math

import numpy as np

from designer.arrays import Complex, Real


def wave_phases(frequency_hz: Real, delay_s: Real, amplitude: Real | float = 1.0) -> Complex:
    """Amplitude times e^{-jωτ}, (F, I) in single precision.

    Parameters
    ----------
    frequency_hz : (F,) in equal steps from 0
    delay_s, amplitude : (I,)

    """
    count = frequency_hz.size
    step = 2 * math.pi * float(frequency_hz[1] - frequency_hz[0]) if count > 1 else 0.0
    fine = math.ceil(math.sqrt(count))
    coarse = math.ceil(count / fine)
    outer = np.exp(-1j * step * fine * np.outer(np.arange(coarse), delay_s)).astype(np.complex64)
    inner = (amplitude * np.exp(-1j * step * np.outer(np.arange(fine), delay_s))).astype(np.complex64)
    return np.asarray((outer[:, None] * inner[None]).reshape(coarse * fine, delay_s.size)[:count])
