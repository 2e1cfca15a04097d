"""What an export target is, and what it returns: files in memory, so that nothing half-written can be left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from designer.export.filter_set import FilterSet
from designer.problem.word_format import Word

OPTIONS = ("prefix", "part", "model")
"""Attributes of a `FilterSet` that `designer export` takes as flags, and that only some targets heed."""


@dataclass(frozen=True)
class Export:
    """The files of one target, and what its manifest says of them.

    Attributes
    ----------
    files : path inside the target's folder -> content; the order is that of the manifest
    coefficient_bytes : memory that the coefficients take in the firmware
    state_bytes : memory that the filters' state takes in the firmware
    multiply_adds : products a sample
    scaling : in words: full scale, shifts, and the headroom that the input needs
    notes : what was changed on the way (a tap added, a name mangled), for the user
    names : name in the problem -> name in the files, where they differ
    facts : anything else that the manifest should hold
    preamp : where the user sets the preamp of -`tones_db` (see `headroom.py`); no target applies it by itself

    """

    files: dict[str, bytes]
    coefficient_bytes: int
    state_bytes: int
    multiply_adds: int
    scaling: str
    notes: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    preamp: str = "a volume ahead of the filters"


@dataclass(frozen=True)
class Target:
    """One firmware, host program or file format that filters are written for.

    Attributes
    ----------
    name : as `--target` and `[export] targets` take it
    summary : one line: what it is for
    write : the files of a set of filters; raises `UsageError` where the target cannot hold them
    channel_scale : fixed-point words in which the drivers of a channel share one scale
    options : those of `OPTIONS` that it heeds

    """

    name: str
    summary: str
    write: Callable[[FilterSet], Export]
    channel_scale: tuple[Word, ...] = ()
    options: tuple[str, ...] = ()

    def heeded(self, filters: FilterSet) -> FilterSet:
        """The filters without the options that this target does not heed, so that no command names them."""
        unheeded: dict[str, Any] = dict.fromkeys((option for option in OPTIONS if option not in self.options), "")
        return replace(filters, **unheeded)
