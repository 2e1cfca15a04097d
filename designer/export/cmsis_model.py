"""The arithmetic of the exported C, as it is judged: CMSIS-DSP's own, bit for bit (see `cmsis_arithmetic.py`).

Error feedback is none of the library's: it is run to tell whether a loop of one's own would do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from designer.export.arithmetic_model import ArithmeticModel, ModelRoute
from designer.export.cmsis_arithmetic import biquads_q15, biquads_q31, fir_q15, fir_q31
from designer.export.cmsis_plan import Path, Plan, Route, plan_of
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_taps import StoredTaps
from designer.export.cmsis_word import Q15, Q31, CmsisWord
from designer.export.filter_set import FilterSet
from designer.export.integer_arithmetic import Whole, cascades, saturated
from designer.export.word_model import ERROR_FEEDBACK

FIR_WORDS = {
    "q31": "arm_fir_q31, sums of 64 bits cut to 32",
    "q15": "arm_fir_q15, sums of 64 bits cut to 16 and saturated",
}
SECTION_WORDS = {
    "q31": "arm_biquad_cascade_df1_q31, sums of 64 bits cut to 32 after each section",
    "q15": "arm_biquad_cascade_df1_q15, sums of 64 bits cut to 16 and saturated after each section",
}


def cmsis_model(filters: FilterSet, word: CmsisWord) -> ArithmeticModel:
    """What CMSIS-DSP computes in a fixed-point word.

    Raises
    ------
    UsageError : the word or the library cannot hold the filters

    """
    plan = plan_of(filters, word)
    return ArithmeticModel(*_parts(plan), _play(plan, feedback=False), _alternatives(filters, plan))


def _parts(plan: Plan) -> tuple[str, float, tuple[ModelRoute, ...]]:
    assert plan.word.word is not None
    kinds = {type(route.stored) for _, route in plan.routes}
    said = [FIR_WORDS[plan.word.suffix]] if StoredTaps in kinds else []
    said += [SECTION_WORDS[plan.word.suffix]] if StoredSections in kinds else []
    routes = tuple(_route(plan, path, route) for path, route in plan.routes)
    return "; ".join(said) or "delays alone", 2.0**plan.word.word.fraction_bits, routes


def _route(plan: Plan, path: Path, route: Route) -> ModelRoute:
    assert plan.word.word is not None
    bits, name, delay = plan.word.word.fraction_bits, path.channel, route.delay - path.delay
    if isinstance(route.stored, StoredTaps):
        taps = route.stored.values.astype(float) * 2.0 ** (route.stored.shift - bits)
        return ModelRoute(name, route.source.driver, delay, taps)
    if isinstance(route.stored, StoredSections):
        values = route.stored.values.astype(float) * 2.0 ** (route.stored.post_shift - bits)
        return ModelRoute(name, route.source.driver, delay, None, values, 2.0**route.stored.shift)
    return ModelRoute(name, route.source.driver, delay, np.ones(1))


def _play(plan: Plan, *, feedback: bool) -> Callable[[Sequence[int], Whole], Whole]:
    def play(chosen: Sequence[int], x: Whole) -> Whole:
        assert plan.word.word is not None
        out = np.empty_like(x)
        by_length: dict[int, list[int]] = {}
        for n, index in enumerate(chosen):
            path, route = plan.routes[index]
            if isinstance(route.stored, StoredSections):
                by_length.setdefault(len(route.stored.values), []).append(n)
            else:
                for k, signal in enumerate(x[n]):
                    out[n, k] = _fir(plan, path, route, signal) << route.restore
        for members in by_length.values():
            stored = [s for n in members if isinstance(s := plan.routes[chosen[n]][1].stored, StoredSections)]
            ways = x.shape[1]
            tables = np.repeat(np.stack([s.values.astype(np.int64) for s in stored]), ways, axis=0)
            shifts = np.repeat(np.array([s.post_shift for s in stored]), ways)
            y = _cascades(plan, tables, shifts, x[members].reshape(len(members) * ways, -1), feedback=feedback)
            restore = np.array([s.shift for s in stored])[:, None, None]
            out[members] = y.reshape(len(members), ways, -1) << restore
        return saturated(out, plan.word.word.bits)

    return play


def _fir(plan: Plan, path: Path, route: Route, x: Whole) -> Whole:
    if not isinstance(route.stored, StoredTaps):
        return x
    taps = route.stored.values.astype(np.int64)
    return fir_q31(taps, x >> path.guard) if plan.word is Q31 else fir_q15(taps, x)


def _cascades(plan: Plan, tables: Whole, shifts: Whole, x: Whole, *, feedback: bool) -> Whole:
    if not feedback:
        return (biquads_q31 if plan.word is Q31 else biquads_q15)(tables, shifts, x)
    assert plan.word.word is not None
    bits = plan.word.word.bits
    return cascades(tables, plan.word.word.fraction_bits - shifts, x, lambda y: saturated(y, bits), feedback=True)


def _alternatives(filters: FilterSet, plan: Plan) -> dict[str, Callable[[], ArithmeticModel]]:
    found: dict[str, Callable[[], ArithmeticModel]] = {}
    if plan.word is Q15:
        found["cmsis-q31"] = lambda: cmsis_model(filters, Q31)
    if any(isinstance(route.stored, StoredSections) for _, route in plan.routes):
        found[f"a loop of your own with {ERROR_FEEDBACK}"] = lambda: ArithmeticModel(
            *_parts(plan), _play(plan, feedback=True)
        )
    return found
