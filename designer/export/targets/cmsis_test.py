"""`cmsis-test`: for each word the exported C with an input, the feeds that it must give, and a `main` that compares them.

A firmware engineer builds the three files of a folder with CMSIS-DSP for the device and runs them: exit code 0, or the first
sample that differs. In q31 and q15 every bit must agree; in f32 the bound of `cmsis_model.py` is allowed. All three words are
written, each in a folder of its name, whatever the design's own word is; one that cannot hold the filters is left out, with a note.

The input is noise of full scale for one block, where feeds may saturate, and of an eighth of it for as long as the filters last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from designer.errors import UsageError
from designer.export.arithmetic import ArithmeticModel
from designer.export.c_engine import named, piece
from designer.export.c_plan import BLOCK, Numbers
from designer.export.c_text import array, comment, literals
from designer.export.cmsis_model import cmsis_model, feeds, feeds_f32
from designer.export.cmsis_plan import Q15, Q31, WORDS, Plan, plan_of
from designer.export.cmsis_source import coefficient_bytes, files, scaling, state_bytes
from designer.export.filter_set import FilterSet
from designer.export.provenance import provenance, text_file
from designer.export.target import Export, Target
from designer.export.targets.cmsis import PREFIX, facts, notes

MAX_TEST_SAMPLES = 4096
"""Samples of the test at most: taps beyond it are not reached."""
QUIET_BITS = 3


def write_proof(filters: FilterSet) -> Export:
    """`WORD/PREFIX.h`, `.c` and `_test.c` for each word that can hold the filters. Raises UsageError: none can."""
    plans, refusals = [], []
    for word in WORDS:
        try:
            plans.append(plan_of(filters, word))
        except UsageError as error:
            refusals.append(error)
    if not plans:
        raise refusals[0]
    written = {}
    for plan in plans:
        for path, content in {**files(plan, "cmsis-test"), f"{plan.names.prefix}_test.c": test_source(plan)}.items():
            written[f"{plan.word.name}/{path}"] = content
    words = {
        plan.word.name: {
            "coefficient_bytes": coefficient_bytes(plan),
            "state_bytes": state_bytes(plan),
            "test_samples": test_length(plan),
            **facts(plan),
        }
        for plan in plans
    }
    return Export(
        files=written,
        coefficient_bytes=max(coefficient_bytes(plan) for plan in plans),
        state_bytes=max(state_bytes(plan) for plan in plans),
        multiply_adds=max(plan.multiply_adds for plan in plans),
        scaling="; ".join(f"{plan.word.name}: {scaling(plan)}" for plan in plans),
        notes=(
            *(f"{p.word.name}: {note}" for p in plans for note in notes(p)),
            *(f"left out: {refusal}" for refusal in refusals),
        ),
        names=plans[0].names.changed,
        facts={"words": words},
    )


def arithmetics(filters: FilterSet) -> dict[str, ArithmeticModel]:
    """Model of CMSIS-DSP in each fixed-point word that can hold the filters."""
    models: dict[str, ArithmeticModel] = {}
    for word in (Q31, Q15):
        try:
            models[word.name] = cmsis_model(filters, word)
        except UsageError:
            continue
    return models


def test_length(plan: Plan) -> int:
    """Whole blocks that outlast every filter and delay, at most MAX_TEST_SAMPLES samples."""
    longest = max(route.delay + route.source.taps.size for _, route in plan.routes)
    return min(MAX_TEST_SAMPLES, BLOCK * (2 + -(-longest // BLOCK)))


def noise(channels: int, samples: int, bits: int) -> NDArray[np.int64]:
    """Integers (channels, samples) of a word: x ← 1664525 x + 1013904223 mod 2^32 (Numerical Recipes, ch. 7.1), its upper bits."""
    state, values = 1, np.empty(channels * samples, dtype=np.int64)
    for n in range(values.size):
        state = (1664525 * state + 1013904223) % 2**32
        values[n] = (state >> (32 - bits)) - 2 ** (bits - 1)
    signals = values.reshape(samples, channels).T.copy()
    signals[:, BLOCK:] >>= QUIET_BITS
    return signals


def test_source(plan: Plan) -> bytes:
    """The file with `main`."""
    length, kind, prefix = test_length(plan), plan.word.c_type, plan.names.prefix
    x: Numbers
    y: Numbers
    if plan.word.word is None:
        x = (noise(len(plan.paths), length, 24) / 2.0**23).astype(np.float32)
        exact, bound = feeds_f32(plan, x)
        y = exact.astype(np.float32)
    else:
        x, bound = noise(len(plan.paths), length, plan.word.bytes * 8), 0.0
        y = feeds(plan, x)
    criterion = "equal every bit" if plan.word.word else f"be within {bound:.3g}, the bound of float32's rounding,"
    signals = {f"input_{path.name}": x[path.index] for path in plan.paths}
    signals |= {f"expected_{name}": y[l] for l, name in enumerate(plan.drivers)}
    head = [
        *provenance(plan.filters, "cmsis-test", scaling(plan)),
        f"Build with {prefix}.c and CMSIS-DSP, and run: the feeds must {criterion} of what is here. Exit code 0, or 1.",
    ]
    lines = [*comment(head), f'#include "{prefix}.h"', "#include <stdio.h>", ""]
    for name, values in signals.items():
        lines += [*array(f"static const {kind} {name}", values), ""]
    return text_file([*lines, *_main(plan, length, bound)])


def _main(plan: Plan, length: int, bound: float) -> list[str]:
    """The program behind its signals."""
    words = {"DIFFERS": "feeds[l][n] != expected[l][start + n]", "VALUE": "ld", "PRINTED": "long"}
    if plan.word.word is None:
        limit = literals(np.array([bound], np.float32))[0]
        differs = f"fabsf(feeds[l][n] - expected[l][start + n]) > {limit}"
        words = {"DIFFERS": differs, "VALUE": ".9g", "PRINTED": "double"}
    words |= {
        "INPUTS": ", ".join(f"input_{path.name}" for path in plan.paths),
        "EXPECTED": ", ".join(f"expected_{name}" for name in plan.drivers),
        "TITLE": f"{plan.names.prefix} {plan.word.name}",
        "LENGTH": f"{length}",
        "SAMPLE": plan.word.c_type,
    }
    return named(piece("compare"), plan.names.prefix, words)


CMSIS_TEST = Target(
    place=80,
    name="cmsis-test",
    summary="C99 for CMSIS-DSP with input, expected feeds and a main that compares, in f32, q31, q15",
    write=write_proof,
    channel_scale=(Q31.fixed, Q15.fixed),
    options=(PREFIX,),
    arithmetics=arithmetics,
    for_tests=True,
)
