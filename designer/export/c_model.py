"""Model of the dependency-free C in numpy: its integers bit for bit.

A driver's sum is exact above SUM_BITS, and is rounded once. The cut below SUM_BITS does not change a single route, because two cuts
towards minus infinity equal one. The verdict judges each route alone; the tests run all routes of a driver together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from designer.export.arithmetic import ArithmeticModel, ModelRoute, Whole, cascades, convolved, saturated
from designer.export.c_plan import NODE, Q15, Q31, CWord, Plan, Route, Sections, Taps, plan_of
from designer.export.filter_set import FilterSet

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
                nodes = self.nodes(route, x[n])
                out[n] = _nearest(nodes, self.raise_bits - route.raised)
            elif route.taps is None:
                out[n] = x[n]
            else:
                for k, signal in enumerate(x[n]):
                    out[n, k] = _nearest(convolved(route.taps, signal, wrap=True), route.lower)
        return out

    def nodes(self, route: ModelRoute, x: Whole) -> Whole:
        """Outputs (K, N) of the last section of a route, in 32 bits."""
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
