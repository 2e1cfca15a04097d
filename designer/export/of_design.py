"""From a design to the filters that a firmware runs."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import PurePath

from designer.export.filter_set import FilterSet, filters_of
from designer.export.judged import at_the_points
from designer.result import Result
from designer.stereo.chain import chain_of, has_chain
from designer.versions import versions


def filter_set(result: Result) -> FilterSet:
    """The realised filters of a design, in the order of its channels and drivers; with [virtualizer] those of the stereo chain.

    A channel's taps are handed on as the word's integers, with the shift that its drivers share or each driver's own
    (word_scale = "driver").
    """
    problem = result.problem
    # The problem's form and word are of filters that it designs.
    designed, one_scale = not result.imported_from, not any(map(any, result.finer_bits.values()))
    chain = chain_of(result) if problem.virtualizer is not None and has_chain(result) else None
    taps = result.taps if chain is None else chain.taps
    return FilterSet(
        title=problem.title,
        sample_rate_hz=problem.sample_rate_hz,
        channels=tuple(taps),
        drivers=result.drivers,
        filters=filters_of(taps, result.drivers, result.sections),
        form=problem.realization.form if designed else "biquad" if result.sections else "fir",
        bulk_delay_samples=result.bulk_delay_samples,
        word=problem.realization.fixed_point if designed else None,
        shifts={name: shift for name, shift in result.shifts.items() if name in taps} if one_scale else {},
        own_shifts={}
        if one_scale
        else {
            (name, driver): result.shifts[name] - bits
            for name in taps
            if name in result.shifts
            for driver, bits in zip(result.drivers, result.finer_bits.get(name, [0] * len(result.drivers)), strict=True)
        },
        delays={} if chain is None else chain.delay_samples,
        problem_file=PurePath(problem.source).name,
        problem_sha256=hashlib.sha256(problem.text.encode()).hexdigest(),
        versions=versions(),
        judge=partial(at_the_points, result),
        imported_from=result.imported_from,
        fed_by_upmix=chain is not None and chain.upmix,
        part=problem.export.sigmadsp_part or "",
        model=problem.export.minidsp_model or "",
        prefix=problem.export.prefix or "",
    )
