"""Parts of a design folder that its next design removes, and the command that makes each again.

A folder is replaced as a whole: the page, figures, exports, proofs and study of the design before belong to its filters. What the
design that follows does not write again is named to the user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designer.errors import DataError
from designer.folders.summary import PAGE, read_summary
from designer.writing.manifest import read_manifest

REMEDIES = {
    PAGE: "designer design PROBLEM.toml -o {folder}",
    "figures": "designer figures {folder}",
    "proof": "designer proof {folder} --target NAME",
    "study": "designer study {folder}",
}
"""Part -> the command that makes it again; exports have the problem file's key, too."""


@dataclass(frozen=True)
class Parts:
    """Content of a design folder at one moment.

    Attributes
    ----------
    files : set of str, as its manifest names them
    has_study : bool, whether its summary holds a study

    """

    files: frozenset[str]
    has_study: bool

    def exports(self) -> set[str]:
        """Names of the targets."""
        return {name.split("/")[1] for name in self.files if name.startswith("export/")}


def parts(folder: Path) -> Parts:
    """Content of a folder; nothing where it is no design folder, or none that this version reads."""
    manifest = read_manifest(folder)
    try:
        facts: Mapping[str, Any] = {} if manifest is None else read_summary(folder)
    except DataError:
        facts = {}
    studies = facts.get("realization", {}).get("study", {})
    return Parts(
        frozenset(() if manifest is None else manifest.files), any(saved["curves"] for saved in studies.values())
    )


def superseded(folder: Path, before: Parts) -> list[str]:
    """Sentences on what was there `before`, and is not there any more."""
    after = parts(folder)
    notes = []
    stale = sorted(before.exports() - after.exports())
    if stale:
        targets = json.dumps([*sorted(after.exports()), *stale])
        notes.append(
            f"{folder / 'export'}: the exports {', '.join(stale)} of the earlier design are removed; make them again with designer"
            f" export {folder} --target NAME, or name them in the problem: [export] targets = {targets}"
        )
    missing = before.files - after.files
    removed = [part for part in REMEDIES if any(name == part or name.startswith(f"{part}/") for name in missing)]
    if before.has_study and not after.has_study:
        removed.append("study")
    if removed:
        names = [f"{part}/" if part in ("figures", "proof") else part for part in removed]
        commands = "; ".join(REMEDIES[part].format(folder=folder) for part in removed)
        notes.append(
            f"{folder}: {', '.join(names)} of the earlier design {'is' if len(names) == 1 else 'are'} removed; make again with {commands}"
        )
    return notes
