"""What the exported C computes, in numpy: driver feeds of a plan for any input, bit for bit in q31 and q15.

In f32 the feeds are the exact sums of the float32 coefficients, and a bound says how far a float32 computation may be from
them, in any order of its additions and with or without fused products. With u = 2^-24 a sum of n products has a
relative error below γ_n = n u / (1 - n u) of the sum of magnitudes (Higham, Accuracy and Stability, 2nd ed., eq. 3.5).
Section s of a cascade adds such an error of n = 6 to each of its outputs,

    |δ_s[n]| <= γ_6 (Σ|b| |x_{s-1}| + Σ|a| |y_s|)[n],

which reaches the feed through g_s, the impulse response of 1/A_s and the sections behind it: at most (|g_s| * |δ_s|)[n].
Errors of errors are of the order of u² and are not looked at.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter, sosfilt

from designer.arrays import Real
from designer.export.cmsis_arithmetic import biquad_q15, biquad_q31, fir_q15, fir_q31
from designer.export.cmsis_plan import Path, Plan, Route
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_taps import StoredTaps
from designer.export.integer_arithmetic import saturated

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
        if isinstance(route.stored, StoredTaps):
            taps = route.stored.values.astype(float)
            y, bound = lfilter(taps, [1.0], x), gamma(taps.size) * _magnitudes(taps, x)
        elif isinstance(route.stored, StoredSections):
            y, bound = _sections(route.stored, x)
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


def _magnitudes(taps: Real, x: Real) -> float:
    """The largest Σ|h[k]| |x[n - k]|."""
    return float(lfilter(np.abs(taps), [1.0], np.abs(x)).max(initial=0.0))


def _sections(stored: StoredSections, x: Real) -> tuple[Real, float]:
    values = stored.values.astype(float)
    sos = np.ascontiguousarray(np.concatenate([values[:, :3], np.ones((len(values), 1)), -values[:, 3:]], axis=1))
    impulse = np.eye(1, x.size)[0]
    signal, error = x, np.zeros(x.size)
    for s, row in enumerate(sos):
        b, a = row[:3], row[3:]
        after = lfilter(b, a, signal)
        late_a = np.concatenate([[0.0], np.abs(a[1:])])
        local = gamma(6) * (lfilter(np.abs(b), [1.0], np.abs(signal)) + lfilter(late_a, [1.0], np.abs(after)))
        onward = lfilter([1.0], a, impulse)
        reach = sosfilt(sos[s + 1 :], onward) if s + 1 < len(sos) else onward
        error += fftconvolve(np.abs(reach), local)[: x.size]
        signal = after
    return np.asarray(signal), float(error.max(initial=0.0))
