"""The dependency-free C at several sample rates: a pair of files a rate, and a pair that plays through that of the rate in use.

A firmware that follows its source's rate links all pairs: their names end with the rate, and each has its own header with its own macros.
`PREFIX.h` holds a table by rate and one state, a union that is as large as the largest of all; `PREFIX_init` chooses. A firmware of
one rate takes that rate's pair and leaves the others out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from designer.export import c_text
from designer.export.c_cost import cost_of, stereo_of
from designer.export.c_plan import CWord, Plan, plan_of, rounding_notes
from designer.export.c_readme import usage
from designer.export.c_source import files, scaling
from designer.export.c_text import Member, comment
from designer.export.filter_set import FilterSet
from designer.export.provenance import README, provenance, readme, text_file
from designer.export.rates import check_same
from designer.export.target import Export, whole_rate

USAGE = """    static {prefix}_state state;
    if ({prefix}_init(&state, sample_rate_hz) != 0) {{ ... }}  /* none of the rates: silence */
    {prefix}_process(&state, in, out, frames);

{prefix}.c plays through the filters of the rate that {prefix}_init was given. Compile it with the pair of every rate: {pairs}. Call
{prefix}_init again where the rate changes: histories begin in silence. {prefix}_rates[] in the header has the costs of each rate. A
firmware of one rate compiles that pair alone, and calls its functions. What follows is of {lowest} Hz; the others have the same calls.
"""
COUNTS = (
    *("sample_rate_hz", "latency_samples", "multiply_adds_per_s", "stereo_multiply_adds_per_s"),
    *("flash_bytes", "ram_bytes"),
)
REALS = ("latency_ms", "stereo_latency_ms", "headroom_db", "worst_output")
"""Numbers of a rate in the table."""


def write_c_rates(filters: FilterSet, word: CWord) -> Export:
    """A pair of files for each rate, the pair over them, and README.txt.

    Raises UsageError: the word cannot hold the filters, a rate is no whole number, or the channels differ between rates.
    """
    check_same(word.target, filters)
    sets = filters.at_rates
    rates = [whole_rate(member, word.target) for member in sets]
    plans = [plan_of(member, word) for member in sets]
    prefix = plans[0].names.prefix.removesuffix(sets[0].suffix)
    pairs = dict[str, bytes]()
    for plan in plans:
        pairs |= files(plan)
    head = comment(provenance(filters, word.target, scaling(plans[0])))
    text, rows = usage(plans[0])
    names = ", ".join(plan.names.prefix for plan in plans)
    how = USAGE.format(prefix=prefix, pairs=names, lowest=rates[0])
    both = {
        f"{prefix}.h": text_file([*head, *_header(prefix, plans, rates)]),
        f"{prefix}.c": text_file([*head, *_source(prefix, plans, rates)]),
        README: readme(filters, word.target, scaling(plans[0]), f"{how}\n\n{text}", rows),
    }
    notes = tuple(dict.fromkeys(note for plan in plans for note in rounding_notes(plan)))
    first = plans[0]
    return Export({**both, **pairs}, 0, 0, 0, scaling(first), notes=notes, names=first.names.changed)


def _kinds(plans: Sequence[Plan]) -> list[tuple[str, str]]:
    """Part of the names of each way in, and its inputs."""
    return [("", "CHANNELS"), *([("stereo_", "2")] if plans[0].filters.upmix else [])]


def _calls(prefix: str, kind: str, way: str) -> list[tuple[str, str]]:
    """Each function that processes, with its arguments; of stereo the planar one has no word of its own."""
    planar, inputs = f"{way}process" if not way else "stereo", "in"
    return [
        (planar, f"const {kind} *const *{inputs}, {kind} *const *out"),
        (f"{planar}_interleaved", f"const {kind} *{inputs}, {kind} *out"),
    ]


def _header(prefix: str, plans: Sequence[Plan], rates: Sequence[int]) -> list[str]:
    includes = ["#include <stdint.h>", "", *(f'#include "{plan.names.prefix}.h"' for plan in plans)]
    return c_text.header(prefix, includes, [*_declared(prefix, plans, rates), ""])


def _declared(prefix: str, plans: Sequence[Plan], rates: Sequence[int]) -> Iterator[str]:
    big, kind, first = prefix.upper(), plans[0].word.c_type, plans[0]
    flash = sum(cost_of(plan).flash for plan in plans)
    values = [
        ("RATES", f"{len(rates)}U", ""),
        ("CHANNELS", f"{first.channels}U", "inputs; their order is that of the enums of each rate"),
        ("DRIVERS", f"{len(first.filters.drivers)}U", "outputs"),
        ("FLASH_BYTES", f"{flash}U", "constants of all rates, without the code"),
    ]
    yield from (*c_text.macros(prefix, values), "")
    yield "/* Costs of a rate; those of stereo include the upmix, and are those of the filters where there is none. */"
    members = [*(f"uint32_t {name}" for name in COUNTS), *(f"float {name}" for name in REALS)]
    yield from c_text.struct(f"{prefix}_rate", [Member(text, 4) for text in members])
    yield from ("", f"extern const {prefix}_rate {prefix}_rates[{big}_RATES];")
    for way, inputs in _kinds(plans):
        note = f"/* All that changes while the {way.replace('_', ' ')}filters of one rate run. */"
        yield from ("", note, "typedef struct {", "    uint32_t sample_rate_hz; /* 0: silence */", "    union {")
        yield from (
            f"        {plan.names.prefix}_{way}state at_{rate};" for plan, rate in zip(plans, rates, strict=True)
        )
        yield from ("    } filters;", f"}} {prefix}_{way}state;", "")
        yield "/* Chooses the filters of a rate, and sets all histories to silence: 0, or -1 for a rate that there is not. */"
        yield f"int32_t {prefix}_{way}init({prefix}_{way}state *state, uint32_t sample_rate_hz);"
        for name, arguments in _calls(prefix, kind, way):
            yield f"void {prefix}_{name}({prefix}_{way}state *state, {arguments}, uint32_t frames); /* {inputs} in */"


def _source(prefix: str, plans: Sequence[Plan], rates: Sequence[int]) -> Iterator[str]:
    big, kind, pairs = prefix.upper(), plans[0].word.c_type, list(zip(plans, rates, strict=True))
    yield from (f'#include "{prefix}.h"', "", f"const {prefix}_rate {prefix}_rates[{big}_RATES] = {{")
    for plan in plans:
        cost, stereo = cost_of(plan), stereo_of(plan)
        products, ram, late = cost.multiply_adds_per_s, cost.ram, cost.latency_ms
        if stereo:
            products, ram, late = stereo.multiply_adds_per_s(plan.multiply_adds), stereo.ram_bytes, stereo.latency_ms
        counts = (cost.latency_samples, cost.multiply_adds_per_s, products, cost.flash, ram)
        reals = (cost.latency_ms, late, cost.headroom_db, cost.worst_output)
        numbers = [f"{plan.filters.sample_rate_hz:.0f}U", *(f"{count}U" for count in counts)]
        yield f"    {{{', '.join([*numbers, *(f'{real:.6f}F' for real in reals)])}}},"
    yield "};"
    for way, _ in _kinds(plans):
        yield from ("", f"int32_t {prefix}_{way}init({prefix}_{way}state *state, uint32_t sample_rate_hz)", "{")
        yield from ("    int32_t result = 0;", "    state->sample_rate_hz = sample_rate_hz;")
        calls = [f"{plan.names.prefix}_{way}init(&state->filters.at_{rate});" for plan, rate in pairs]
        yield from _switch("sample_rate_hz", rates, calls, ["state->sample_rate_hz = 0U;", "result = -1;"])
        yield from ("    return result;", "}")
        for name, arguments in _calls(prefix, kind, way):
            yield from ("", f"void {prefix}_{name}({prefix}_{way}state *state, {arguments}, uint32_t frames)", "{")
            calls = [f"{plan.names.prefix}_{name}(&state->filters.at_{rate}, in, out, frames);" for plan, rate in pairs]
            yield from _switch("state->sample_rate_hz", rates, calls, _silence(big, kind, "interleaved" in name))
            yield "}"


def _switch(value: str, rates: Sequence[int], calls: Sequence[str], otherwise: Sequence[str]) -> Iterator[str]:
    """A call for each rate, and what is done at any other."""
    yield f"    switch ({value}) {{"
    for rate, call in zip(rates, calls, strict=True):
        yield from (f"    case {rate}U:", f"        {call}", "        break;")
    yield from ("    default:", *(f"        {line}" for line in otherwise), "        break;", "    }")


def _silence(big: str, kind: str, interleaved: bool) -> list[str]:
    zero = "0.0F" if kind == "float" else "0"
    if interleaved:
        return [f"for (uint32_t n = 0U; n < frames * {big}_DRIVERS; n++) {{", f"    out[n] = {zero};", "}"]
    samples = ["    for (uint32_t n = 0U; n < frames; n++) {", f"        out[l][n] = {zero};", "    }"]
    return [f"for (uint32_t l = 0U; l < {big}_DRIVERS; l++) {{", *samples, "}"]
