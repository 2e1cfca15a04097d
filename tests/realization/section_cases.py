"""Cascades and section problems that tests share: equaliser-like cascades, and a pair of drivers with a null at one point."""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.realization.cascade import Cascade
from designer.realization.section_fit import SectionProblem

RATE = 48_000.0


def turn_of(frequency_hz: Real) -> Complex:
    """z^-1."""
    return np.asarray(np.exp(-2j * np.pi * frequency_hz / RATE))


LOGARITHMIC = np.geomspace(15.0, 24_000.0, 300)


def equaliser(seed: int, sections: int, lowest_hz: float = 40.0) -> Cascade:
    """Peaks and dips of up to 12 dB, a third of an octave to an octave and a quarter wide, an octave or more apart.

    R. Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients: the peaking filter.
    """
    rng = np.random.default_rng(seed)
    b, a = [], []
    octaves = np.log2(16_000.0 / lowest_hz)
    for s in range(sections):
        w = 2 * np.pi * lowest_hz * 2.0 ** (octaves * (s + rng.uniform(0, 0.4)) / sections) / RATE
        A, alpha = 10 ** (rng.choice([-1, 1]) * rng.uniform(3, 12) / 40), np.sin(w) / (2 * rng.uniform(1.1, 4.0))
        b.append(np.array([1 + alpha * A, -2 * np.cos(w), 1 - alpha * A]) / (1 + alpha / A))
        a.append(np.array([-2 * np.cos(w), 1 - alpha / A]) / (1 + alpha / A))
    return Cascade(np.array(b) * 1.0, np.array(a))


def random_cascade(seed: int, sections: int, radius: float = 0.98) -> Cascade:
    """Numerators of any kind, poles anywhere within the radius."""
    rng = np.random.default_rng(seed)
    poles = radius * np.sqrt(rng.uniform(0, 1, sections)) * np.exp(1j * rng.uniform(0, np.pi, sections))
    a = np.stack([-2 * poles.real, np.abs(poles) ** 2], axis=1)
    return Cascade(rng.normal(size=(sections, 3)), a, int(rng.integers(0, 5)))


def coupled(
    filters: list[Cascade], seed: int, frequency_hz: Real = LOGARITHMIC, radius: float = 0.999
) -> SectionProblem:
    """To be followed with their delays, where two points hear the sum of all drivers and one of them a thousandfold."""
    rng = np.random.default_rng(seed)
    turn, drivers = turn_of(frequency_hz), len(filters)
    expected = np.stack([f.response(turn) for f in filters], axis=1)
    h = np.exp(2j * np.pi * rng.uniform(0, 1, (2, drivers)))[None] * turn[:, None, None] ** rng.integers(
        0, 4, (2, drivers)
    )
    symbol = np.einsum("kml,m,kmn->kln", h.conj(), [1.0, 1000.0], h) + 0.01 * np.eye(drivers)
    return SectionProblem(expected, symbol, turn, radius)


def difference_equation(f: Cascade, x: list[float]) -> list[float]:
    """The cascade run section by section: y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]."""
    signal = [0.0] * f.delay_samples + list(x)[: max(len(x) - f.delay_samples, 0)]
    signal = signal[: len(x)]
    for (b0, b1, b2), (a1, a2) in zip(f.b.tolist(), f.a.tolist(), strict=True):
        out: list[float] = []
        for n, now in enumerate(signal):
            x1, x2 = (signal[n - 1] if n > 0 else 0.0), (signal[n - 2] if n > 1 else 0.0)
            y1, y2 = (out[n - 1] if n > 0 else 0.0), (out[n - 2] if n > 1 else 0.0)
            out.append(b0 * now + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2)
        signal = out
    return signal
