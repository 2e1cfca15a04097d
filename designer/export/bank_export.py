"""Exports of a bank: a header and a source that interpolate between the sets, their cost, and what is lost as their words run."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.export.bank_cost import coefficient_bytes, cost_of, stereo_of
from designer.export.bank_model import BankModel
from designer.export.bank_plan import FADE, BankPlan, bank_plan
from designer.export.bank_set import BankSet
from designer.export.bank_source import bank_files, bank_scaling
from designer.export.c_plan import BLOCK, CWord
from designer.export.c_text import quiet_note, rounding_note
from designer.export.cost import Cost
from designer.export.names import joined
from designer.export.provenance import README, readme
from designer.export.target import Export


def write_bank(filters: BankSet, word: CWord) -> Export:
    """Header, source and README.txt, and what its words lose between the sets. Raises UsageError: the word cannot hold the bank."""
    plan = bank_plan(filters, word)
    cost, facts = cost_of(plan), bank_facts(plan)
    moving = facts["moving_multiply_adds_per_s"]
    text = (
        f"{_stated(plan).text}; while the position changes {moving:,} multiply-adds a second, {cost.fill:,} of them at once every"
        f" {FADE} samples"
    )
    judge, all_channels = filters.judge_between, set(filters.channels) == set(filters.bank.channels)
    judged = plan if judge is None or all_channels else bank_plan(filters.of_all_channels, word)
    return Export(
        files={**bank_files(plan), README: _readme(plan, text)},
        coefficient_bytes=coefficient_bytes(plan),
        state_bytes=cost.state,
        multiply_adds=cost.still,
        scaling=bank_scaling(plan),
        notes=tuple(_notes(plan)),
        names=plan.names.changed,
        facts={
            "word": word.name if word.word else "float",
            "largest_coefficient_error": plan.largest_error,
            "block_samples": BLOCK,
            "fade_samples": FADE,
            "sets": plan.sets,
            "keys": [
                {"key": axis.key, "low": float(axis.values[0]), "high": float(axis.values[-1]), "start": start}
                for axis, start in zip(filters.bank.axes, filters.start, strict=True)
            ],
            **facts,
            **filters.headroom.facts,
            **(judge(BankModel(judged).at) if judge else {}),
        },
        flash_bytes=cost.flash,
        ram_bytes=cost.ram,
        cost=text,
    )


def bank_facts(plan: BankPlan) -> dict[str, Any]:
    """Cost of a plan as a manifest holds it, with the parts of its latency."""
    filters, cost = plan.filters, cost_of(plan)
    stereo: dict[str, Any] = {}
    if chain := stereo_of(plan):
        still, moving = (chain.multiply_adds_per_s(count) for count in (cost.still, cost.moving))
        stereo["stereo"] = {
            "multiply_adds_per_s": still,
            "moving_multiply_adds_per_s": moving,
            "flash_bytes": cost.flash + chain.flash_bytes,
            "ram_bytes": chain.ram_bytes,
            "latency_ms": round(chain.latency_ms, 6),
        }
    return {
        **_stated(plan).facts,
        "moving_multiply_adds_per_s": cost.per_s(filters.sample_rate_hz)[1],
        "fill_multiply_adds": cost.fill,
        "latency_parts_samples": {
            "bulk_delay": filters.bulk_delay_samples,
            "wait": max(filters.delays.values(), default=0),
            **_added(plan),
        },
        **stereo,
    }


def _stated(plan: BankPlan) -> Cost:
    cost = cost_of(plan)
    return Cost.of(plan.filters, cost.still, cost.flash, cost.ram, cost.state, added_samples=sum(_added(plan).values()))


def _added(plan: BankPlan) -> dict[str, int]:
    """Latency in samples beside the filters', by what adds it."""
    return {"upmix": plan.filters.upmix_samples, "block": BLOCK if plan.library else 0}


def _notes(plan: BankPlan) -> list[str]:
    silent = set(map(joined, plan.filters.filters)) - {
        f"{plan.filters.channels[route.channel]}\n{plan.filters.drivers[route.driver]}" for route in plan.routes
    }
    notes = plan.names.notes(plan.filters)
    if plan.word.bytes == 2 and plan.largest_error > 0:
        notes.append(rounding_note(plan.largest_error))
    notes += plan.names.stereo_notes(plan.filters)
    if silent:
        notes.append(quiet_note(plan.word.target, sorted(name.replace("\n", " to ") for name in silent)))
    return notes


def _readme(plan: BankPlan, cost: str) -> bytes:
    prefix, filters = plan.names.prefix, plan.filters
    values = ", ".join(("value", "value2")[: len(filters.bank.axes)])
    end = "" if plan.library else ", frames"
    keys = "; ".join(
        f"{name} is {axis.key}, from {axis.values[0]:g} to {axis.values[-1]:g}{f' {unit}' if unit else ''}, {start:g} at the start"
        if axis.values.size > 1
        else f"{name} is {axis.key}, which is ignored: all filters are those for {axis.values[0]:g}{f' {unit}' if unit else ''}"
        for name, axis, unit, start in zip(
            ("value", "value2"), filters.bank.axes, filters.units, filters.start, strict=False
        )
    )
    sections = plan.is_of_sections
    between = "numerators of sections" if sections else "taps"
    library = f"arm_fir_{plan.word.name}{' and arm_biquad_cascade_df1_f32' if sections else ''}"
    calls = f"It calls {library} of CMSIS-DSP, a block of samples a call."
    calls = calls if plan.library else "A call takes any number of frames."
    moves = f"""Values outside the range are limited to it.

The source holds {plan.sets} sets of filters. Between them {between} and delays are interpolated when the position has changed, at the start
of the next block of {BLOCK} samples; the output then goes over to the new filters on a straight line in {FADE} samples, so that
nothing clicks. A position that comes during a fade waits until its end: call set_position as often as the tracker tells, from where
process is called.
Before the first frame the position is taken at once."""
    text = f"""    static {prefix}_state state;
    {prefix}_init(&state);
    {prefix}_set_position(&state, {values});
    {prefix}_process(&state, in, out{end});

{keys}.{f" {moves}" if plan.sets > 1 else " The source holds one set of filters."}

{cost}. The header has these numbers as macros, and the source does not compile where the state has another size.
{calls}
The source allocates nothing, has no globals but constants, and does not recurse. set_position computes in double precision, a few
operations a call."""
    if stereo := stereo_of(plan):
        still, moving = (stereo.multiply_adds_per_s(count) for count in (cost_of(plan).still, cost_of(plan).moving))
        text += f"""

    static {prefix}_stereo_state speaker;
    {prefix}_stereo_init(&speaker);
    {prefix}_set_position(&speaker.filters, {values});
    {prefix}_stereo(&speaker, in, out{end}); /* left and right in, feeds out */

The upmix makes the channels of {prefix}_process from left and right: {prefix}_stereo is the whole chain, as designer render
plays it. It has a latency of {stereo.latency_ms:.2f} ms, and takes {stereo.ram_bytes:,} bytes of RAM and {still:,}
multiply-adds a second, {moving:,} while the position changes. It calls sqrt, floorf, frexpf and ldexpf of the C library (-lm);
the upmix computes in single precision in every word."""
    rows: list[tuple[str, ...]] = [
        (
            "channel",
            "driver",
            "numerators" if sections else "taps",
            "largest difference of delays between sets in samples",
        )
    ]
    rows += [
        (
            filters.channels[route.channel],
            filters.drivers[route.driver],
            str(route.taps),
            f"{float(np.ptp(route.delays)) / 2.0**plan.delay_bits:.2f}",
        )
        for route in plan.routes
    ]
    return readme(filters, plan.word.target, bank_scaling(plan), text, rows)


def loss_between_text(facts: dict[str, Any]) -> str:
    """Loss between the sets, in words; empty where it is not known."""
    if "loss_places" not in facts:
        return ""
    where = ", ".join(f"{key} = {value:g}" for key, value in facts["loss_at"].items())
    between = " between the sets" if facts["sets"] > 1 else ""
    return (
        f"at most {facts['loss_db']:z.3f} dB of cancellation gain at {facts['loss_places']} places{between}"
        f" ({facts['loss_channel']}, at {where}); the bank before its words: {facts['bank_loss_db']:z.3f} dB"
    )
