"""Problem files that are written into another folder: the data that they name is found from there, and they say where they come from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from designer.problem.schema import Problem
from designer.problem.toml_text import toml_text


def relocate(problem: Problem, data: Mapping[str, Any], folder: Path) -> None:
    """Rewrite the names of data files in a problem's tables so that they are found from a folder; nothing else names files."""
    paths = {name: _from(folder, problem.data_path(name)) for name in problem.data_files}
    listeners = [*([data["listener"]] if data.get("listener") else []), *(data.get("listeners") or [])]
    tables = [*((table, "head") for table in listeners), (data.get("scene") or {}, "transfer")]
    tables += [((data.get("enclosure") or {}), "file"), *((driver, "response") for driver in data["drivers"])]
    for table, key in tables:
        if isinstance(table.get(key), list):
            table[key] = [paths.get(name, name) for name in table[key]]
        elif table.get(key) in paths:
            table[key] = paths[table[key]]


def remarked(remarks: Sequence[str], data: Mapping[str, Any]) -> str:
    """Text of a problem file below lines of remarks."""
    return "\n".join([*("# " + line.replace("\n", " ") for line in remarks), toml_text(data)])


def _from(folder: Path, file: Path) -> str:
    """A file's path from a folder; whole where the two are on different drives."""
    try:
        return Path(os.path.relpath(file.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return file.absolute().as_posix()
