"""`export.json`: of each target the files with their sizes and SHA-256, the memory and the work that the filters take."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from designer.export.filter_set import FilterSet
from designer.export.provenance import command
from designer.export.registry import target_named
from designer.export.target import Export


def entry(filters: FilterSet, target: str, export: Export) -> dict[str, Any]:
    """What the manifest says of one target."""
    return {
        "command": command(target_named(target).heeded(filters), target),
        "problem_sha256": filters.problem_sha256,
        "coefficient_bytes": export.coefficient_bytes,
        "state_bytes": export.state_bytes,
        "multiply_adds_per_sample": export.multiply_adds,
        "scaling": export.scaling,
        "preamp": export.preamp,
        "bulk_delay_samples": filters.bulk_delay_samples,
        "notes": list(export.notes),
        "names": export.names,
        **export.facts,
        "files": {
            path: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in export.files.items()
        },
    }


def text(entries: dict[str, Any]) -> str:
    """The file, from target -> entry, in the order of the names."""
    return json.dumps({name: entries[name] for name in sorted(entries)}, indent=2) + "\n"
