"""The plain driver: what a channel plays outside its band, and the reference of level and phase inside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.measures import db, mean_power
from designer.problem.schema import DesignTable

STRONG_ENOUGH_DB = 1.0
EQUALLY_STRONG_DB = 0.1


@dataclass(frozen=True)
class Plain:
    """The plain drivers of a channel (indices among its own) and the delays that let them arrive together."""

    drivers: tuple[int, ...]
    delay_s: tuple[float, ...]

    def weights(self, frequency_hz: Real, size: int) -> Complex:
        """Weights (F, size): an equal share a driver, e^{-jωτ} for its delay."""
        w = np.zeros((frequency_hz.size, size), dtype=complex)
        for driver, delay in zip(self.drivers, self.delay_s, strict=True):
            w[:, driver] = np.exp(-2j * np.pi * frequency_hz * delay) / len(self.drivers)
        return w


def choose_plain(
    design: DesignTable,
    names: Sequence[str],
    frequency_hz: Real,
    in_band: Bool,
    reach: Complex,
    cancel: Complex,
    centre: Complex,
) -> Plain:
    """The plain drivers: as named, or by default.

    For a beam, the driver strongest on axis in the band; those within 0.1 dB share. For an ear, of the drivers within
    1 dB of the strongest at that ear, the one that favours that ear most. Strengths are means over the band of levels
    in dB.
    """
    size = reach.shape[2]
    if design.plain is not None:
        chosen = [names.index(name) for name in design.plain]
    else:
        strength = np.array([_level_db(reach[in_band], l) for l in range(size)])
        strong = strength >= strength.max() - (EQUALLY_STRONG_DB if design.kind == "beamformer" else STRONG_ENOUGH_DB)
        chosen = np.flatnonzero(strong).tolist()
        if design.kind != "beamformer":
            favour = [strength[l] - _level_db(cancel[in_band], l) for l in chosen]
            chosen = [chosen[int(np.argmax(favour))]]
    arrival = [_arrival_s(frequency_hz, in_band, centre[:, l] / centre[:, chosen[0]]) for l in chosen]
    return Plain(tuple(chosen), tuple(max(arrival) - at for at in arrival))


def _level_db(H: Complex, driver: int) -> float:
    alone = np.zeros((len(H), H.shape[2]), dtype=complex)
    alone[:, driver] = 1.0
    return float(np.mean(db(mean_power(H, alone))))


def _arrival_s(frequency_hz: Real, in_band: Bool, ratio: Complex) -> float:
    """How much later a driver arrives than another, from the phase of their ratio: -phase = ωτ, unwrapped from 0 Hz, fitted in band."""
    phase = np.unwrap(np.angle(ratio))[in_band]
    omega = 2 * np.pi * frequency_hz[in_band]
    energy = float(omega @ omega)
    return float(-(phase @ omega) / energy) if energy > 0 else 0.0
