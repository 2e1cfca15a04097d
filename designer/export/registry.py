"""The targets, by the names that `--target` and `[export] targets` take."""

from __future__ import annotations

import difflib

from designer.errors import UsageError
from designer.export.cmsis import TARGETS as CMSIS
from designer.export.cmsis_proof import CMSIS_TEST
from designer.export.tables import CSV
from designer.export.target import Target

TARGETS: dict[str, Target] = {target.name: target for target in (CSV, *CMSIS, CMSIS_TEST)}


def target_named(name: str) -> Target:
    """The target of a name.

    Raises
    ------
    UsageError : there is none; names the nearest

    """
    if name not in TARGETS:
        near = difflib.get_close_matches(name, TARGETS, n=1, cutoff=0.4)
        remedy = f"; nearest: {near[0]}" if near else ""
        raise UsageError(f"--target: found {name!r}; allowed: {', '.join(TARGETS)}{remedy}")
    return TARGETS[name]
