"""The integer arithmetic behind the exported filters, against CMSIS-DSP itself: the `cmsisdsp` wheel, block by block.

1.10.1 is the last version that has wheels; the same holds of 1.10.3, whose own C sources `test_cmsis_c.py` compiles.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from programs import need_module

from designer.export.arithmetic import ArithmeticModel, ModelRoute
from designer.export.c_plan import CWord
from designer.export.cmsis_model import cmsis_model, feeds_f32, fit_of
from designer.export.cmsis_plan import F32, Q15, Q31, StoredSections, plan_of, stored_sections, stored_taps
from designer.export.cmsis_source import stored_array
from designer.export.filter_set import Filter, FilterSet
from designer.export.judged import judge
from designer.realization.cascade import Cascade, node_bounds
from export.cmsis_cases import awkward, random_cascade, sectioned

dsp = need_module("cmsisdsp", "cmsisdsp 1.10.1")
KIND = {"f32": np.float32, "q31": np.int32, "q15": np.int16}
Signal = NDArray[np.generic]


def blocks(process: object, instance: object, x: Signal, block: int) -> Signal:
    assert callable(process)
    return np.concatenate([process(instance, x[start : start + block]) for start in range(0, x.size, block)])


def wheel_fir(word: CWord, stored: Signal, x: Signal, block: int) -> Signal:
    """Through the wheel, with a state of exactly numTaps + blockSize - 1 words."""
    kind = KIND[word.name]
    instance = getattr(dsp, f"arm_fir_instance_{word.name}")()
    state = np.zeros(stored.size + block - 1, kind)
    getattr(dsp, f"arm_fir_init_{word.name}")(instance, stored.size, stored.astype(kind), state)
    return blocks(getattr(dsp, f"arm_fir_{word.name}"), instance, x.astype(kind), block)


def wheel_biquad(word: CWord, stored: Signal, post_shift: int, x: Signal, block: int) -> Signal:
    """Through the wheel, with a state of 4 words a section."""
    kind = KIND[word.name]
    short = {"f32": "casd_df1_inst_f32", "q31": "casd_df1_inst_q31", "q15": "casd_df1_inst_q15"}[word.name]
    instance = getattr(dsp, f"arm_biquad_{short}")()
    count = stored.size // (6 if word is Q15 else 5)
    more = () if word is F32 else (post_shift,)
    getattr(dsp, f"arm_biquad_cascade_df1_init_{word.name}")(
        instance, count, stored.astype(kind), np.zeros(4 * count, kind), *more
    )
    return blocks(getattr(dsp, f"arm_biquad_cascade_df1_{word.name}"), instance, x.astype(kind), block)


def played(word: CWord, x: Signal, **route: object) -> Signal:
    """One route of the model (N,)."""
    routes = (ModelRoute("a", "d", 0, **route),)  # type: ignore[arg-type]  # taps or sections, and their shift
    model = ArithmeticModel("", word.fixed, routes, fit_of(word), wrap=True)
    return np.asarray(model.raised([0], x[None, None].astype(np.int64))[0, 0])


@pytest.mark.parametrize("word", [Q31, Q15], ids=lambda word: word.name)
@given(seed=st.integers(0, 10**6), half=st.integers(2, 20), block=st.sampled_from([4, 7, 16, 48]), loud=st.booleans())
@settings(max_examples=25)
def test_fir_in_integers_equals_the_library(word: CWord, seed: int, half: int, block: int, loud: bool) -> None:
    """Every bit, in blocks of any size, also where Q31 wraps and Q15 saturates; coefficients stored time-reversed."""
    rng, span = np.random.default_rng(seed), 2 ** (word.fixed.bits - 1)
    scale = span if loud else span // (2 * half)
    taps = rng.integers(-scale, scale, 2 * half)
    x = rng.integers(-span, span, 4 * block)
    assert np.array_equal(
        played(word, x, taps=taps, lower=word.fixed.fraction_bits), wheel_fir(word, taps[::-1], x, block)
    )


@pytest.mark.parametrize("word", [Q31, Q15], ids=lambda word: word.name)
@given(
    seed=st.integers(0, 10**6), sections=st.integers(1, 4), block=st.sampled_from([3, 16]), gain=st.floats(0.01, 30.0)
)
@settings(max_examples=25)
def test_sections_in_integers_equal_the_library(word: CWord, seed: int, sections: int, block: int, gain: float) -> None:
    """Every bit for full-scale noise: {b0, b1, b2, a1, a2}, six numbers in Q15, feedback negated, one postShift."""
    rng, span = np.random.default_rng(seed), 2 ** (word.fixed.bits - 1)
    stored = stored_sections(random_cascade(rng, sections, 0.97, level=gain), word, "here")
    x = rng.integers(-span, span, 6 * block)
    array = stored_array(stored, word)
    assert array.size == (6 if word is Q15 else 5) * sections
    assert np.array_equal(
        played(word, x, sections=stored.values, lower=word.fixed.fraction_bits - stored.post_shift),
        wheel_biquad(word, array, stored.post_shift, x, block),
    )


@pytest.mark.parametrize("word", [Q31, Q15], ids=lambda word: word.name)
@pytest.mark.parametrize("filters", [awkward(), sectioned()], ids=["taps", "sections"])
def test_what_an_export_is_judged_by_is_the_library(word: CWord, filters: FilterSet) -> None:
    """All routes of a set at once, two inputs each: every bit of the library's outputs, raised and saturated as the C does it."""
    assert word.word is not None
    plan, model = plan_of(filters, word), cmsis_model(filters, word)
    span = 2 ** (word.word.bits - 1)
    x = np.random.default_rng(2).integers(-span // 4, span // 4, (len(plan.routes), 2, 128))
    played = model.play(range(len(plan.routes)), x)
    for r, (path, route) in enumerate(plan.routes):
        for k in range(2):
            if isinstance(route.stored, StoredSections):
                array = stored_array(route.stored, word)
                y = wheel_biquad(word, array, route.stored.post_shift, x[r, k], 16)
            elif route.stored is not None:
                y = wheel_fir(word, route.stored.values[::-1], x[r, k] >> (path.guard if word is Q31 else 0), 16)
            else:
                y = x[r, k]
            raised = y.astype(np.int64) << route.restore
            assert np.array_equal(played[r, k], np.clip(raised, -span, span - 1))


def test_the_library_rests_where_the_judgement_says() -> None:
    """A resonance at 60 Hz in Q15: after noise the library's own output stays at a sixth of full scale for ever, and is judged so."""
    a = [[-2 * 0.99 * np.cos(2 * np.pi * 60 / 48000), 0.99**2]]
    cascade = Cascade(np.array([[0.2, -0.4, 0.2]]), np.array(a))
    one = Filter("in", "out", cascade.impulse_response(2048), cascade)
    filters = FilterSet("One", 48000.0, ("in",), ("out",), (one,), "biquad", 0)
    stored = stored_sections(cascade, Q15, "here", 10 ** (-filters.headroom.any_input_db / 20))
    x = np.zeros(16_000, dtype=np.int64)
    x[:4000] = np.random.default_rng(1).integers(-8000, 8000, 4000)
    rest = wheel_biquad(Q15, stored_array(stored, Q15), stored.post_shift, x, 64)[-2000:].astype(float) / 2**15
    (judged,) = judge(filters, cmsis_model(filters, Q15)).values()
    assert np.ptp(rest) == 0 and abs(rest[0]) > 0.15
    assert judged.dc_db == pytest.approx(20 * np.log10(abs(rest[0])), abs=0.1)


@given(seed=st.integers(0, 10**6), sections=st.integers(1, 5), gain=st.floats(0.01, 30.0))
@settings(max_examples=25)
def test_scaled_sections_are_the_designed_filter_and_no_node_passes_full_scale(
    seed: int, sections: int, gain: float
) -> None:
    """The library's Q31 output, raised by the stated shift, is scipy's; the l1 norm bounds every node by 1, so nothing wraps."""
    cascade = random_cascade(np.random.default_rng(seed), sections, 0.95, level=gain)
    stored = stored_sections(cascade, Q31, "here")
    values = stored.values * 2.0 ** (stored.post_shift - 31)
    assert node_bounds(Cascade(values[:, :3], -values[:, 3:])).max() <= 1
    impulse = np.zeros(400, dtype=np.int64)
    impulse[0] = 2**30
    y = wheel_biquad(Q31, stored_array(stored, Q31), stored.post_shift, impulse, 16).astype(float) * 2.0 ** (
        stored.shift - 30
    )
    wanted = cascade.impulse_response(400)
    assert np.abs(y - wanted).max() <= 1e-6 * np.abs(wanted).sum()


@given(seed=st.integers(0, 10**6), count=st.integers(1, 60))
@settings(max_examples=25)
def test_the_guard_keeps_the_loudest_input_from_wrapping_and_one_bit_less_does_not(seed: int, count: int) -> None:
    """The worst input of a filter is full scale with the signs of its taps: the l1 norm. The library's own output says so."""
    taps = np.random.default_rng(seed).standard_normal(count) * 0.4
    stored = stored_taps(taps, Q31, 2, "here")
    worst = np.where(stored.values[::-1] >= 0, -(2**31), 2**31 - 1)
    exact = int(np.abs(stored.values).sum())
    safe = wheel_fir(Q31, stored.values[::-1], worst >> stored.guard, count)[-1]
    assert abs(int(safe) + (exact >> stored.guard)) <= count  # the sum, of the other sign, less what is cut off
    if stored.guard:
        assert (
            wheel_fir(Q31, stored.values[::-1], worst >> (stored.guard - 1), count)[-1] > 0
        )  # wrapped to the wrong sign


@pytest.mark.parametrize("form", ["fir", "biquad"])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15)
def test_float32_stays_within_its_bound(form: str, seed: int) -> None:
    """The library's float32 output is as near to the exact sums as the bound says."""
    rng = np.random.default_rng(seed)
    cascade = random_cascade(rng, 4, 0.95) if form == "biquad" else None
    taps = rng.standard_normal(64) if cascade is None else cascade.impulse_response(64)
    filters = FilterSet("t", 48000.0, ("a",), ("b",), (Filter("a", "b", taps, cascade),), form, 0)
    x = rng.uniform(-1, 1, (1, 192)).astype(np.float32)
    stored = plan_of(filters, F32).paths[0].routes[0].stored
    assert stored is not None
    exact, bound = feeds_f32(plan_of(filters, F32), x)
    got = (
        wheel_fir(F32, stored.values[::-1], x[0], 32)
        if cascade is None
        else wheel_biquad(F32, stored.values.ravel(), 0, x[0], 32)
    )
    assert 0 < np.abs(got - exact[0]).max() <= bound < 1e-3 * np.abs(exact).max()
