"""Model of the dependency-free C in numpy: its integers bit for bit, and its floats without rounding.

A driver's sum is exact above SUM_BITS, and is rounded once. The cut below SUM_BITS does not change a single route, because two cuts
towards minus infinity equal one. The verdict judges each route alone; the tests run all routes of a driver together. The caller's
portions never change the output: in floats, too, each sample is computed by the same operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.export.arithmetic import ArithmeticModel, ModelRoute, Whole, cascades, convolved, saturated
from designer.export.c_partition import backward
from designer.export.c_plan import NODE, Q15, Q31, SUM_BITS, CWord, Plan, Route, Sections, Taps, plan_of
from designer.export.filter_set import FilterSet

Sample = TypeVar("Sample", np.int64, np.float64)
WORDS = {
    "c-q31": "samples and taps of 32 bits",
    "c-q15": "samples and taps of 16 bits, sections of 32",
}


@dataclass(frozen=True)
class CModel(ArithmeticModel):
    """Sums in 64 bits, rounded at the driver; sections with error feedback, whose input is raised by `raise_bits`."""

    raise_bits: int = 0

    def raised(self, indices: Sequence[int], x: Whole) -> Whole:
        """Feed (R, K, N) before its saturation."""
        out = np.empty_like(x)
        for n, route in enumerate(self.routes[index] for index in indices):
            if route.sections is not None:
                nodes = self._nodes(route, x[n])
                out[n] = _nearest(nodes, self.raise_bits - route.raised)
            elif route.taps is None:
                out[n] = x[n]
            else:
                for k, signal in enumerate(x[n]):
                    out[n, k] = _nearest(convolved(route.taps, signal, wrap=True), route.lower)
        return out

    def _nodes(self, route: ModelRoute, x: Whole) -> Whole:
        assert route.sections is not None
        table = np.repeat(route.sections[None].astype(np.int64), len(x), axis=0)
        lower = np.full(len(x), route.lower)
        return cascades(table, lower, x << self.raise_bits, self.fit, feedback=True)


def c_model(filters: FilterSet, word: CWord) -> CModel:
    """Model of the loops in a fixed-point word. Raises UsageError: the word cannot hold the filters."""
    model = model_of(plan_of(filters, word))
    others = {"c-q31": partial(c_model, filters, Q31)} if word is Q15 else {}
    return CModel(**{**vars(model), "alternatives": others})


def model_of(plan: Plan) -> CModel:
    """Model of a plan in q31 or q15."""
    word = plan.word.fixed
    sections = ", sections in direct form I with error feedback" if plan.sections else ""
    text = f"{WORDS[plan.word.target]}, sums of 64 bits rounded once and saturated at the driver{sections}"
    routes = tuple(_route(plan, route) for route in plan.routes)
    extra = NODE.fraction_bits - word.fraction_bits
    return CModel(text, word, routes, partial(saturated, bits=NODE.bits), feedback=True, raise_bits=extra)


def _route(plan: Plan, route: Route) -> ModelRoute:
    names = (route.source.channel, route.source.driver)
    wait = plan.filters.delays.get(names[0], 0)
    bits, delay = plan.word.fixed.fraction_bits, route.delay - wait
    if isinstance(route, Taps):
        return ModelRoute(*names, delay, taps=route.values.astype(np.int64), lower=bits - route.shift)
    if isinstance(route, Sections):
        lower = NODE.fraction_bits - route.post_shift
        return ModelRoute(*names, delay, sections=route.values.astype(np.int64), lower=lower, raised=route.raised)
    return ModelRoute(*names, delay, lower=bits)


def _nearest(values: Whole, lower: int) -> Whole:
    """Values lowered by bits and rounded, halves upwards; raised where there are fewer than none."""
    if lower <= 0:
        return np.asarray(values << -lower)
    return np.asarray((values + (1 << (lower - 1))) >> lower)


def feeds(plan: Plan, inputs: Whole) -> Whole:
    """Driver feeds (L, N) as integers, for inputs (channels, N) as integers, from rest, of a plan in q31 or q15."""
    model, bits = model_of(plan), plan.word.fixed.fraction_bits
    sums = np.zeros((len(plan.filters.drivers), inputs.shape[1]), dtype=np.int64)
    for index, route in enumerate(plan.routes):
        x = _late(inputs[route.channel], route.delay)
        if isinstance(route, Taps):
            sums[route.driver] += _shifted(
                convolved(route.values.astype(np.int64), x, wrap=True), SUM_BITS - 2 * bits + route.shift
            )
        elif isinstance(route, Sections):
            nodes = model._nodes(model.routes[index], x[None])[0]
            sums[route.driver] += _shifted(nodes, SUM_BITS - NODE.fraction_bits + route.raised)
        else:
            sums[route.driver] += x << (SUM_BITS - bits)
    return np.asarray(saturated(_nearest(sums, SUM_BITS - bits), plan.word.fixed.bits))


def feeds_float(plan: Plan, inputs: Real) -> Real:
    """Driver feeds (L, N) of inputs (channels, N), without rounding but that of the coefficients."""
    from scipy.signal import lfilter, sosfilt  # slow to import

    sums = np.zeros((len(plan.filters.drivers), inputs.shape[1]))
    for route in plan.routes:
        y = _late(inputs[route.channel].astype(float), route.delay)
        if isinstance(route, Taps):
            y = lfilter(route.values.astype(float), [1.0], y)
        elif isinstance(route, Sections):
            values = route.values.astype(float)
            sos = np.concatenate([values[:, :3], np.ones((len(values), 1)), -values[:, 3:]], axis=1)
            y = sosfilt(np.ascontiguousarray(sos), y)
        sums[route.driver] += y
    for tail in plan.tails:
        taps = backward(tail.spectra[:, 0] + 1j * tail.spectra[:, 1].astype(complex)).real.ravel()
        y = _late(inputs[tail.channel].astype(float), tail.first * plan.block)
        sums[tail.driver] += lfilter(taps, [1.0], y)
    return sums


def _shifted(values: Whole, shift: int) -> Whole:
    return np.asarray(values << shift if shift >= 0 else values >> -shift)


def _late(x: NDArray[Sample], samples: int) -> NDArray[Sample]:
    """A delayed signal (N,)."""
    return np.concatenate([np.zeros(samples, dtype=x.dtype), x])[: x.size]
