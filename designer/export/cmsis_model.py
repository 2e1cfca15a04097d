"""What the exported C computes, in numpy: CMSIS-DSP's own arithmetic, bit for bit in q31 and q15, as it is judged and tested.

Blocks do not show: a filter's output is the same in blocks of any size. Error feedback is none of the library's: it is run to tell
whether a loop of one's own would do.

In f32 the feeds are the exact sums of the float32 coefficients, and a bound says how far a float32 computation may be from
them, in any order of its additions and with or without fused products. With u = 2^-24 a sum of n products has a
relative error below γ_n = n u / (1 - n u) of the sum of magnitudes (Higham, Accuracy and Stability, 2nd ed., eq. 3.5).
Section s of a cascade adds such an error of n = 6 to each of its outputs,

    |δ_s[n]| <= γ_6 (Σ|b| |x_{s-1}| + Σ|a| |y_s|)[n],

which reaches the feed through g_s, the impulse response of 1/A_s and the sections behind it: at most (|g_s| * |δ_s|)[n].
Errors of errors are of the order of u² and are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter, sosfilt

from designer.arrays import Real
from designer.export.arithmetic import (
    ERROR_FEEDBACK,
    ArithmeticModel,
    ModelRoute,
    Whole,
    cascades,
    convolved,
    saturated,
    wrapped,
)
from designer.export.cmsis_plan import Q15, Q31, CmsisWord, Path, Plan, Route, StoredSections, StoredTaps, plan_of
from designer.export.filter_set import FilterSet

FIR_WORDS = {
    "q31": "arm_fir_q31, sums of 64 bits cut to 32",
    "q15": "arm_fir_q15, sums of 64 bits cut to 16 and saturated",
}
SECTION_WORDS = {
    "q31": "arm_biquad_cascade_df1_q31, sums of 64 bits cut to 32 after each section",
    "q15": "arm_biquad_cascade_df1_q15, sums of 64 bits cut to 16 and saturated after each section",
}
ROUNDOFF = 2.0**-24


def fir_q31(taps: Whole, x: Whole) -> Whole:
    """Y (N,) of taps (T,) in time order and x (N,): sums of 64 bits that wrap, bits 31 to 62 of them."""
    return np.asarray(wrapped(convolved(taps, x, wrap=True) >> 31))


def fir_q15(taps: Whole, x: Whole) -> Whole:
    """Y (N,) of taps (T,) in time order and x (N,): exact sums, lowered by 15 bits and saturated."""
    return np.asarray(saturated(convolved(taps, x, wrap=True) >> 15, 16))


def biquads_q31(sections: Whole, post_shift: Whole, x: Whole) -> Whole:
    """Y (R, N) of R cascades (R, S, 5), their shifts (R,) and x (R, N).

    Five products of 2^62 pass 64 bits, and the library's sum wraps; the 32 bits that it keeps end below bit 63, and wrap to the
    other sign where they do not suffice.
    """
    return cascades(sections, 31 - post_shift, x, wrapped)


def biquads_q15(sections: Whole, post_shift: Whole, x: Whole) -> Whole:
    """Y (R, N) of R cascades (R, S, 5), their shifts (R,) and x (R, N): each sum lowered and saturated."""
    return cascades(sections, 15 - post_shift, x, partial(saturated, bits=16))


def cmsis_model(filters: FilterSet, word: CmsisWord) -> ArithmeticModel:
    """What CMSIS-DSP computes in a fixed-point word.

    Raises UsageError: the word or the library cannot hold the filters.
    """
    plan = plan_of(filters, word)
    kinds = {type(route.stored) for _, route in plan.routes}
    said = [FIR_WORDS[word.suffix]] if StoredTaps in kinds else []
    said += [SECTION_WORDS[word.suffix]] if StoredSections in kinds else []
    routes = tuple(_model_route(plan, path, route) for path, route in plan.routes)

    def model(*, feedback: bool) -> ArithmeticModel:
        def play(chosen: Sequence[int], x: Whole) -> Whole:
            return saturated(_raised(plan, chosen, x, feedback=feedback), word.fixed.bits)

        return ArithmeticModel("; ".join(said) or "delays alone", 2.0**word.fixed.fraction_bits, routes, play, others)

    others: dict[str, Callable[[], ArithmeticModel]] = {}
    if word is Q15:
        others["cmsis-q31"] = partial(cmsis_model, filters, Q31)
    if StoredSections in kinds:
        others[f"a loop of your own with {ERROR_FEEDBACK}"] = partial(model, feedback=True)
    return model(feedback=False)


def _model_route(plan: Plan, path: Path, route: Route) -> ModelRoute:
    bits, ends, delay = plan.word.fixed.fraction_bits, (path.channel, route.source.driver), route.delay - path.delay
    if isinstance(route.stored, StoredTaps):
        return ModelRoute(*ends, delay, route.stored.values.astype(float) * 2.0 ** (route.stored.shift - bits))
    if isinstance(route.stored, StoredSections):
        values = route.stored.values.astype(float) * 2.0 ** (route.stored.post_shift - bits)
        return ModelRoute(*ends, delay, None, values, 2.0**route.stored.shift)
    return ModelRoute(*ends, delay, np.ones(1))


def _raised(plan: Plan, chosen: Sequence[int], x: Whole, *, feedback: bool = False) -> Whole:
    """Outputs (R, K, N) of R routes, raised as the driver's sum wants them, of their inputs (R, K, N), from rest."""
    out = np.empty_like(x)
    by_length: dict[int, list[int]] = {}
    for n, index in enumerate(chosen):
        path, route = plan.routes[index]
        if isinstance(route.stored, StoredSections):
            by_length.setdefault(len(route.stored.values), []).append(n)
        elif route.stored is None:
            out[n] = x[n] << route.restore
        else:
            taps = route.stored.values.astype(np.int64)
            for k, signal in enumerate(x[n]):
                y = fir_q31(taps, signal >> path.guard) if plan.word is Q31 else fir_q15(taps, signal)
                out[n, k] = y << route.restore
    for rows in by_length.values():
        stored = [s for n in rows if isinstance(s := plan.routes[chosen[n]][1].stored, StoredSections)]
        ways, word = x.shape[1], plan.word.fixed
        tables = np.repeat(np.stack([s.values.astype(np.int64) for s in stored]), ways, axis=0)
        shifts = np.repeat(np.array([s.post_shift for s in stored]), ways)
        signals = x[rows].reshape(len(rows) * ways, -1)
        if feedback:
            fit = partial(saturated, bits=word.bits)
            y = cascades(tables, word.fraction_bits - shifts, signals, fit, feedback=True)
        else:
            y = (biquads_q31 if plan.word is Q31 else biquads_q15)(tables, shifts, signals)
        out[rows] = y.reshape(len(rows), ways, -1) << np.array([s.shift for s in stored])[:, None, None]
    return out


def feeds(plan: Plan, inputs: Whole) -> Whole:
    """Driver feeds (L, N) as integers, for inputs (channels, N) as integers, from rest, of a plan in q31 or q15."""
    late = np.stack([_late(inputs[path.index], route.delay) for path, route in plan.routes])
    sums = np.zeros((len(plan.drivers), inputs.shape[1]), dtype=np.int64)
    raised = _raised(plan, range(len(late)), late[:, None])[:, 0]
    np.add.at(sums, [route.driver for _, route in plan.routes], raised)
    return np.asarray(saturated(sums, plan.word.fixed.bits))


def feeds_f32(plan: Plan, inputs: NDArray[np.float32]) -> tuple[Real, float]:
    """Driver feeds (L, N) of inputs (channels, N), and the bound on the error of a float32 computation."""
    sums, bounds = np.zeros((len(plan.drivers), inputs.shape[1])), np.zeros(len(plan.drivers))
    for path, route in plan.routes:
        y, bound = _late(inputs[path.index].astype(np.float64), route.delay), 0.0
        if isinstance(route.stored, StoredTaps):
            taps = route.stored.values.astype(float)
            bound = _gamma(taps.size) * float(lfilter(np.abs(taps), [1.0], np.abs(y)).max(initial=0.0))
            y = lfilter(taps, [1.0], y)
        elif isinstance(route.stored, StoredSections):
            y, bound = _sections(route.stored, y)
        sums[route.driver] += y
        bounds[route.driver] += bound + _gamma(len(plan.paths) + 1) * float(np.abs(y).max(initial=0.0))
    return sums, float(bounds.max())


def _sections(stored: StoredSections, x: Real) -> tuple[Real, float]:
    values = stored.values.astype(float)
    sos = np.ascontiguousarray(np.concatenate([values[:, :3], np.ones((len(values), 1)), -values[:, 3:]], axis=1))
    impulse = np.eye(1, x.size)[0]
    signal, error = x, np.zeros(x.size)
    for s, row in enumerate(sos):
        b, a = row[:3], row[3:]
        after = lfilter(b, a, signal)
        late_a = np.concatenate([[0.0], np.abs(a[1:])])
        local = _gamma(6) * (lfilter(np.abs(b), [1.0], np.abs(signal)) + lfilter(late_a, [1.0], np.abs(after)))
        onward = lfilter([1.0], a, impulse)
        reach = sosfilt(sos[s + 1 :], onward) if s + 1 < len(sos) else onward
        error += fftconvolve(np.abs(reach), local)[: x.size]
        signal = after
    return np.asarray(signal), float(error.max(initial=0.0))


def _gamma(count: int) -> float:
    return count * ROUNDOFF / (1 - count * ROUNDOFF)


def _late(x: NDArray[np.generic], samples: int) -> NDArray[np.generic]:
    """A signal (N,) that waits."""
    return np.concatenate([np.zeros(samples, dtype=x.dtype), x])[: x.size]
