"""Delays by parts of a sample: short filters whose numbers lie on straight lines between the rows of one table.

Row p is the sinc of a delay by p / PHASES of a sample, in Kaiser's window around that delay, scaled to a sum of 1:

    h_p[m] = sinc(x) I_0(β √(1 - (x / R)²)) / Σ,     x = m - (R - 1) - p / PHASES,   R = DELAY_TAPS / 2

The window ends where the sinc's support does, so that a fraction of 1 is a fraction of 0 one sample later: a delay that
changes passes whole samples without a step. With β = 7 the error is below -60 dB up to 0.7 of Nyquist; the straight lines between rows
stay below -90 dB.

Source: Laakso, Välimäki, Karjalainen and Laine, Splitting the unit delay (IEEE Signal Processing Magazine 13, 1996).
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real

DELAY_TAPS = 16
DELAY_LATENCY = DELAY_TAPS // 2 - 1
"""Whole samples that the filter of a delay of 0 takes."""
PHASES = 128
BETA = 7.0


def windowed_sinc(fraction: Real, half: int, beta: float) -> Real:
    """Filters (N, 2 half) that delay by half - 1 samples and fractions (N,), each with a sum of 1."""
    x = np.arange(2 * half) - (half - 1) - fraction[:, None]
    rows = np.sinc(x) * np.i0(beta * np.sqrt(np.clip(1 - (x / half) ** 2, 0, None))) * (np.abs(x) < half)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


TABLE = windowed_sinc(np.arange(PHASES + 1) / PHASES, DELAY_TAPS // 2, BETA)
"""Numbers (PHASES + 1, DELAY_TAPS) of the fractions 0, 1 / PHASES, ..., 1."""


def fraction_taps(fraction: Real) -> Real:
    """Numbers (N, DELAY_TAPS) of fractions of a sample (N,), 0 to 1."""
    place = fraction * PHASES
    row = np.minimum(place.astype(int), PHASES - 1)
    share = (place - row)[:, None]
    return np.asarray((1 - share) * TABLE[row] + share * TABLE[row + 1])


def delayed_taps(taps: Real, delay_samples: Real, length: int) -> Real:
    """Taps (L, T) behind delays (L,) >= 0 and DELAY_LATENCY, as filters (L, length).

    Raises
    ------
    ValueError : a filter is longer than that

    """
    whole = np.floor(delay_samples).astype(int)
    if taps.shape[1] + int(whole.max(initial=0)) + DELAY_TAPS - 1 > length:
        raise ValueError(f"a delay of {delay_samples.max():g} samples; expected filters of at most {length} taps")
    parts, count = fraction_taps(delay_samples - whole), taps.shape[1]
    through = np.zeros((len(taps), count + DELAY_TAPS - 1))
    for m in range(DELAY_TAPS):
        through[:, m : m + count] += parts[:, m : m + 1] * taps
    out = np.zeros((len(taps), length))
    for l, start in enumerate(whole):
        out[l, start : start + through.shape[1]] = through[l]
    return out
