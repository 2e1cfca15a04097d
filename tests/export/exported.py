"""The exports of the cases, each made once: a target that runs its own arithmetic takes a tenth of a second for one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from designer.export import Export, FilterSet
from designer.export.write import export_of

Case = Callable[[], FilterSet]


@cache
def filters_of(case: Case) -> FilterSet:
    """A case of `filter_cases`, which is only read."""
    return case()


@cache
def exported(case: Case, target: str) -> Export:
    """Its export, which is only read."""
    return export_of(filters_of(case), target)
