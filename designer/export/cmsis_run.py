"""What the exported C computes, in numpy: driver feeds of a plan for any input, bit for bit in q31 and q15.

In f32 the feeds are the exact sums of the float32 coefficients, and a bound says how far a float32 computation may be from
them, in any order of its additions and with or without fused products. With u = 2^-24 a sum of n products has a
relative error below γ_n = n u / (1 - n u) of the sum of magnitudes (Higham, Accuracy and Stability, 2nd ed., eq. 3.5).
A section with coefficients b, a adds such an error of n = 6 at its output, and feedback repeats it:

    E_s <= ‖1/A_s‖₁ γ_6 (Σ|b| X_{s-1} + Σ|a| X_s) + ‖H_s‖₁ E_{s-1},

X_s the largest magnitude that node s can have.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, sosfilt

from designer.arrays import Real
from designer.export.cmsis_arithmetic import biquad_q15, biquad_q31, fir_q15, fir_q31, saturated
from designer.export.cmsis_plan import Path, Plan, Route
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_taps import StoredTaps
from designer.realization.cascade import Cascade
from designer.realization.section_scaling import node_bounds, settled_length

Sample = TypeVar("Sample", np.int64, np.float64)
ROUNDOFF = 2.0**-24


def feeds(plan: Plan, inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Driver feeds (L, N) as integers, for inputs (channels, N) as integers, from rest.

    The plan's word is q31 or q15.
    """
    assert plan.word.word is not None
    sums = np.zeros((len(plan.drivers), inputs.shape[1]), dtype=np.int64)
    for path, route in plan.routes:
        x = late(inputs[path.index], route.delay)
        sums[route.driver] += _whole(plan.word.suffix, path, route, x) << route.restore
    return saturated(sums, plan.word.word.bits)


def feeds_f32(plan: Plan, inputs: NDArray[np.float32]) -> tuple[Real, float]:
    """Driver feeds (L, N) of inputs (channels, N), and the bound on the error of a float32 computation."""
    sums = np.zeros((len(plan.drivers), inputs.shape[1]))
    bounds = np.zeros(len(plan.drivers))
    for path, route in plan.routes:
        x = late(inputs[path.index].astype(np.float64), route.delay)
        y: Real
        most = float(np.abs(x).max(initial=0.0))
        if isinstance(route.stored, StoredTaps):
            taps = route.stored.values.astype(float)
            y, bound = lfilter(taps, [1.0], x), gamma(taps.size) * np.abs(taps).sum() * most
        elif isinstance(route.stored, StoredSections):
            y, bound = _sections(route.stored, x, most)
        else:
            y, bound = x, 0.0
        level = float(np.abs(y).max(initial=0.0))
        sums[route.driver] += y
        bounds[route.driver] += bound + gamma(len(plan.paths) + 1) * level
    return sums, float(bounds.max())


def gamma(count: int) -> float:
    """γ_n of the derivation above."""
    return count * ROUNDOFF / (1 - count * ROUNDOFF)


def late(x: NDArray[Sample], samples: int) -> NDArray[Sample]:
    """A signal (N,) that waits."""
    return np.concatenate([np.zeros(samples, dtype=x.dtype), x])[: x.size]


def _whole(suffix: str, path: Path, route: Route, x: NDArray[np.int64]) -> NDArray[np.int64]:
    if isinstance(route.stored, StoredTaps):
        taps = route.stored.values.astype(np.int64)
        return fir_q31(taps, x >> path.guard) if suffix == "q31" else fir_q15(taps, x)
    if isinstance(route.stored, StoredSections):
        sections = route.stored.values.astype(np.int64)
        return (biquad_q31 if suffix == "q31" else biquad_q15)(sections, route.stored.post_shift, x)
    return x


def _sections(stored: StoredSections, x: Real, most: float) -> tuple[Real, float]:
    values = stored.values.astype(float)
    error, before = 0.0, most
    for s, row in enumerate(values):
        b, a = row[:3], -row[3:]
        node = float(node_bounds(Cascade(values[: s + 1, :3], -values[: s + 1, 3:]))[-1]) * most
        impulse = np.zeros(settled_length(Cascade(b[None], a[None]).pole_radius))
        impulse[0] = 1.0
        through = np.abs(lfilter(b, [1.0, *a], impulse)).sum()
        back = np.abs(lfilter([1.0], [1.0, *a], impulse)).sum()
        error = back * gamma(6) * (np.abs(b).sum() * before + np.abs(a).sum() * node) + through * error
        before = node
    sos = np.concatenate([values[:, :3], np.ones((len(values), 1)), -values[:, 3:]], axis=1)
    return np.asarray(sosfilt(sos, x)), float(error)
