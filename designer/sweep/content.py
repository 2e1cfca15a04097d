"""What a problem and a point are named by: hashes of what they hold, and not of how it is written or where it lies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from designer.acoustics.readers.file_checks import named_emitter
from designer.problem.schema import Problem
from designer.sweep.variation import Change


def content(problem: Problem) -> str:
    """Of the tables with their defaults filled in, and of the data files that they name."""
    digest = hashlib.sha256(_canonical(problem.model_dump()))
    for name in problem.data_files:
        for file in _files(problem, name):
            digest.update(_of_file(file))
    return digest.hexdigest()


def point_name(problem: Problem, of_problem: str, changes: Sequence[Change], robust: bool) -> str:
    """Of a problem's content, what is changed in it, and what is judged; a data file that a value names counts too."""
    digest = hashlib.sha256(_canonical([of_problem, robust, changes]))
    for _, value in changes:
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str):
                for file in _files(problem, name):
                    digest.update(_of_file(file))
    return digest.hexdigest()[:32]


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _files(problem: Problem, name: str) -> Iterator[Path]:
    """The files that a name stands for: one, those of a pattern, or one whose emitter stands behind a hash sign."""
    path = Path(named_emitter(str(problem.data_path(name)), Path())[0])
    named = path.parent.glob(path.name) if path.name else ()
    yield from [path] if path.is_file() else sorted(one for one in named if one.is_file())


def _of_file(file: Path) -> bytes:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()
