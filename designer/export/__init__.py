"""Filters to firmware: one target a file."""

from designer.export.filter_set import Filter, FilterSet
from designer.export.registry import TARGETS, target_named
from designer.export.target import Export, Target

__all__ = ["TARGETS", "Export", "Filter", "FilterSet", "Target", "target_named"]
