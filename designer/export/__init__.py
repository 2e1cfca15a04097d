"""Filters to firmware and back: one target a file, in `targets/`."""

from designer.export.filter_set import Filter, FilterSet
from designer.export.target import Export, Target
from designer.export.targets import TARGETS, target_named

__all__ = ["TARGETS", "Export", "Filter", "FilterSet", "Target", "target_named"]
