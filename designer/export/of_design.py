"""From a design to the filters that a firmware runs."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import PurePath

from designer.export.filter_set import FilterSet, filters_of
from designer.export.judged import cancellation
from designer.result import Result
from designer.versions import versions


def filter_set(result: Result) -> FilterSet:
    """The realised filters of a design, in the order of its channels and drivers."""
    problem = result.problem
    return FilterSet(
        title=problem.title,
        sample_rate_hz=problem.sample_rate_hz,
        channels=tuple(result.taps),
        drivers=result.drivers,
        filters=filters_of(result.taps, result.drivers, result.sections),
        form=problem.realization.form,
        bulk_delay_samples=result.bulk_delay_samples,
        word=problem.realization.fixed_point,
        shifts=result.shifts,
        problem_file=PurePath(problem.source).name,
        problem_sha256=hashlib.sha256(problem.text.encode()).hexdigest(),
        versions=versions(),
        judge=partial(cancellation, result),
    )
