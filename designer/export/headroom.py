"""How far inputs must stay below full scale for no driver feed to pass it: for any programme, and for steady tones.

A feed is Σ_c Σ_n h_cl[n] x_c[-n]. For inputs of at most 1 it is at most the sum over channels of the l1 norms, and reaches it
for x_c[-n] = sign h_cl[n]: no programme needs more room. A programme hardly ever is that signal. For tones of full scale
in all channels, whatever their phases, the feed is at most max_f Σ_c |H_cl(f)|: what a preamp is usually set by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from designer.arrays import Real

POINTS_A_TAP = 8
"""Frequencies up to the sample rate for each tap: between two of them |H| rises by less than 0.2 dB."""


@dataclass(frozen=True)
class Headroom:
    """Room in dB, at least 0: `any_input_db` for whatever is played, `tones_db` for steady tones in all channels at once."""

    any_input_db: float
    tones_db: float

    @property
    def text(self) -> str:
        """In words."""
        return (
            f"no driver's feed exceeds full scale where inputs peak {self.any_input_db:.2f} dB below it, or where they are steady"
            f" tones {self.tones_db:.2f} dB below it"
        )

    @property
    def facts(self) -> dict[str, object]:
        """As a manifest holds it: no target applies a preamp by itself, because that would be another filter to whom reads it back."""
        return {
            "headroom_db": round(self.any_input_db, 3),
            "tones_headroom_db": round(self.tones_db, 3),
            "preamp_db": round(-self.tones_db, 3) + 0.0,  # no negative zero
            "preamp_applied": False,
        }


def headroom_of(responses: Iterable[tuple[str, Real]]) -> Headroom:
    """Room for impulse responses (T,), each with the driver that it feeds."""
    norms: dict[str, float] = {}
    spectra: dict[str, Real] = {}
    found = list(responses)
    longest = max((taps.size for _, taps in found), default=1)
    count = 1 << (POINTS_A_TAP * longest - 1).bit_length()
    for driver, taps in found:
        norms[driver] = norms.get(driver, 0.0) + float(np.abs(taps).sum())
        spectra[driver] = spectra.get(driver, np.zeros(count // 2 + 1)) + np.abs(np.fft.rfft(taps, count))
    peaks = [float(spectrum.max()) for spectrum in spectra.values()]
    return Headroom(_room_db(norms.values()), _room_db(peaks))


def _room_db(gains: Iterable[float]) -> float:
    return max(0.0, 20 * float(np.log10(max(max(gains, default=0.0), 1e-300))))
