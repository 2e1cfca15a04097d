"""Where the upmix puts a lone source over panning: levels of left, right and centre, beside the pairwise pan's closed form.

A source with the gains 1 + β and 1 - β on the left and the right has M = s. In the limit C = (1 - |β|) M, the nearer side gets
2 |β| M and the other nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.measures import amplitude_db, db
from designer.virtualizer.upmix import upmix

POSITIONS = np.linspace(-1.0, 1.0, 9)
SECONDS, SETTLED_S = 1.5, 0.6
LOWEST_HZ = 50.0
SEED = 1


@dataclass(frozen=True)
class Separation:
    """Levels over panning, relative to the source.

    Attributes
    ----------
    position : β (P,), 1 on the left alone
    level_db : (P, 3) of left, right and centre, as the upmix gives them
    fine_position, centre_db, side_db : the closed form (Q,) each: the centre's, and the nearer side's

    """

    position: Real
    level_db: Real
    fine_position: Real
    centre_db: Real
    side_db: Real


def separation(sample_rate_hz: float) -> Separation:
    """Of pink noise at POSITIONS, once the averages have settled."""
    count = int(SECONDS * sample_rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(SEED).standard_normal(count))
    frequency_hz = np.fft.rfftfreq(count, 1 / sample_rate_hz)
    spectrum *= np.where(frequency_hz >= LOWEST_HZ, 1 / np.sqrt(np.maximum(frequency_hz, LOWEST_HZ)), 0.0)
    source = np.fft.irfft(spectrum, count)
    settled = slice(int(SETTLED_S * sample_rate_hz), None)
    levels = []
    for beta in POSITIONS:
        made = upmix(np.column_stack([source * (1 + beta), source * (1 - beta)]), sample_rate_hz)
        levels.append(db(np.mean(made[settled] ** 2, axis=0) / np.mean(source[settled] ** 2)))
    fine = np.linspace(-1.0, 1.0, 401)
    return Separation(POSITIONS, np.array(levels), fine, amplitude_db(1 - np.abs(fine)), amplitude_db(2 * np.abs(fine)))
