"""Model of the exported C in numpy: CMSIS-DSP's own arithmetic, bit for bit in q31 and q15, as it is judged and tested.

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

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.export.arithmetic import ERROR_FEEDBACK, ArithmeticModel, Fit, ModelRoute, Whole, saturated, wrapped
from designer.export.c_plan import CWord
from designer.export.cmsis_plan import Q15, Q31, Path, Plan, Route, StoredSections, StoredTaps, plan_of
from designer.export.filter_set import FilterSet
from designer.realization.response import fft_convolved

Sample = TypeVar("Sample", np.int64, np.float64)
FIR_WORDS = {
    "q31": "arm_fir_q31, sums of 64 bits cut to 32",
    "q15": "arm_fir_q15, sums of 64 bits cut to 16 and saturated",
}
SECTION_WORDS = {
    "q31": "arm_biquad_cascade_df1_q31, sums of 64 bits cut to 32 after each section",
    "q15": "arm_biquad_cascade_df1_q15, sums of 64 bits cut to 16 and saturated after each section",
}
ROUNDOFF = 2.0**-24


def cmsis_model(filters: FilterSet, word: CWord) -> ArithmeticModel:
    """Model of CMSIS-DSP in a fixed-point word. Raises UsageError: the word or the library cannot hold the filters."""
    plan = plan_of(filters, word)
    model = model_of(plan)
    others: dict[str, Callable[[], ArithmeticModel]] = {}
    if word is Q15:
        others["cmsis-q31"] = partial(cmsis_model, filters, Q31)
    if any(route.sections is not None for route in model.routes):
        saturate = partial(saturated, bits=word.fixed.bits)
        others[f"a loop of your own with {ERROR_FEEDBACK}"] = partial(replace, model, fit=saturate, feedback=True)
    return replace(model, alternatives=others)


def model_of(plan: Plan) -> ArithmeticModel:
    """Model of CMSIS-DSP for a plan in q31 or q15.

    FIR filters sum in 64 bits that wrap, and keep 32 bits that wrap or 16 that saturate. Of sections five products of 2^62 pass 64
    bits in q31, and the library's sum wraps; the 32 bits that it keeps end below bit 63.
    """
    word, kinds = plan.word, {type(route.stored) for _, route in plan.routes}
    names = [FIR_WORDS[word.name]] if StoredTaps in kinds else []
    names += [SECTION_WORDS[word.name]] if StoredSections in kinds else []
    routes = tuple(_route(path, route, word.fixed.fraction_bits) for path, route in plan.routes)
    return ArithmeticModel("; ".join(names) or "delays alone", word.fixed, routes, fit_of(word), wrap=True)


def fit_of(word: CWord) -> Fit:
    """How the library brings a lowered sum into q31 or q15."""
    return wrapped if word is Q31 else partial(saturated, bits=16)


def _route(path: Path, route: Route, bits: int) -> ModelRoute:
    plain = ModelRoute(path.channel, route.source.driver, route.delay - path.delay, lower=bits, raised=route.restore)
    if isinstance(route.stored, StoredTaps):
        return replace(plain, taps=route.stored.values.astype(np.int64), guard=path.guard)
    if isinstance(route.stored, StoredSections):
        return replace(plain, sections=route.stored.values.astype(np.int64), lower=bits - route.stored.post_shift)
    return plain


def feeds(plan: Plan, inputs: Whole) -> Whole:
    """Driver feeds (L, N) as integers, for inputs (channels, N) as integers, from rest, of a plan in q31 or q15."""
    late = np.stack([_late(inputs[path.index], route.delay) for path, route in plan.routes])
    sums = np.zeros((len(plan.drivers), inputs.shape[1]), dtype=np.int64)
    raised = model_of(plan).raised(range(len(late)), late[:, None])[:, 0]
    np.add.at(sums, [route.driver for _, route in plan.routes], raised)
    return np.asarray(saturated(sums, plan.word.fixed.bits))


def feeds_f32(plan: Plan, inputs: NDArray[np.float32]) -> tuple[Real, float]:
    """Driver feeds (L, N) of inputs (channels, N), and the bound on the error of a float32 computation."""
    from scipy.signal import lfilter  # slow to import

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
    from scipy.signal import lfilter, sosfilt  # slow to import

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
        error += fft_convolved(np.abs(reach), local)[: x.size]
        signal = after
    return np.asarray(signal), float(error.max(initial=0.0))


def _gamma(count: int) -> float:
    return count * ROUNDOFF / (1 - count * ROUNDOFF)


def _late(x: NDArray[Sample], samples: int) -> NDArray[Sample]:
    """A signal (N,) that waits."""
    return np.concatenate([np.zeros(samples, dtype=x.dtype), x])[: x.size]
