"""Order and scale of sections, so that no node between them passes full scale for any input within it.

A node's largest value for inputs |x| <= 1 is the l1 norm of the impulse response from the input to it. The sections
are ordered from the least to the most resonant, and each numerator but the last is scaled so that the l1 norm at its
section's output is FULL; the last one carries the filter's own gain. Hence only the output itself can pass full
scale, where the filter asks for more than that. The state of a section is its own past inputs and outputs (direct
form I), so that these are all the nodes there are.

A numerator is stored as b / gain, with the power of two that lets its largest coefficient fill the word: the
firmware shifts the sum of its three products.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.signal import sosfilt

from designer.arrays import Real
from designer.realization.cascade import Cascade, pole_radii

FULL = 0.97
"""The l1 norm that a node is scaled to: the rest is for the rounding of the coefficients."""
ROOM = 0.95
"""The share of a word's range that numerators fill at first: the rest is for their rounding."""
TAIL = 1e-7
LONGEST = 65_536


def settled_length(pole_radius: float) -> int:
    """Samples after which r^n is below TAIL, at most LONGEST."""
    return int(min(LONGEST, 64 + np.ceil(np.log(TAIL) / np.log(max(min(pole_radius, 1 - 1e-9), 0.5)))))


def node_bounds(cascade: Cascade) -> Real:
    """The largest value of each section's output (S,) for inputs of at most 1."""
    count = settled_length(cascade.pole_radius)
    signal = np.zeros(count)
    signal[0] = 1.0
    bounds = []
    for b, a in zip(cascade.b, cascade.a, strict=True):
        signal = sosfilt(np.concatenate([b, [1.0], a])[None], signal)
        bounds.append(float(np.abs(signal).sum()))
    return np.array(bounds)


def scaled(cascade: Cascade) -> Cascade:
    """The same filter, ordered and scaled."""
    order = np.argsort(pole_radii(cascade.a), kind="stable")
    return level(replace(cascade, b=cascade.b[order], a=cascade.a[order]))


def level(cascade: Cascade) -> Cascade:
    """The same filter, scaled in the order that its sections have."""
    b = cascade.b.copy()
    for s in range(len(b) - 1):
        bound = node_bounds(Cascade(b[: s + 1], cascade.a[: s + 1]))[-1]
        factor = FULL / bound if bound > 0 else 1.0
        b[s] *= factor
        b[s + 1] /= factor
    return replace(cascade, b=b)


def with_gains(cascade: Cascade, greatest: float) -> Cascade:
    """The same filter, its gains chosen so that no stored coefficient is beyond ROOM of the greatest that a word holds."""
    most = np.maximum(np.abs(cascade.b).max(axis=1), 1e-300)
    return replace(cascade, gain=2.0 ** np.ceil(np.log2(most / (ROOM * greatest))))


def cleared(cascade: Cascade) -> Cascade:
    """The same filter, with powers of two moved from each gain to the next until no inner node passes full scale.

    Stored coefficients stay as they are.
    """
    b = cascade.b.copy()
    gain = np.broadcast_to(cascade.gain, len(b)).copy()
    for s in range(len(b) - 1):
        bound = node_bounds(Cascade(b[: s + 1], cascade.a[: s + 1]))[-1]
        shift = 2.0 ** max(0.0, np.ceil(np.log2(max(bound, 1e-300))))
        for values in (b, gain):
            values[s] /= shift
            values[s + 1] *= shift
    return replace(cascade, b=b, gain=gain)
