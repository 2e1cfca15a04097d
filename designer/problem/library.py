"""The library of problem files that comes with the project: in the wheel, or in the checkout's `problems/`."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

from designer.problem.schema import Problem
from designer.writing import write_file

PACKAGED = Path(__file__).parents[1] / "library"
SCHEMA_FILE = "problem.schema.json"
"""The JSON schema that the first line of each problem file names, for editors."""
CHECKOUT = Path(__file__).parents[2] / "problems"


def library_folder() -> Path:
    """The folder that holds the problem files."""
    return PACKAGED if PACKAGED.is_dir() else CHECKOUT


def library() -> dict[str, tuple[Path, str]]:
    """Each problem of the library: its name, with its file and title."""
    files = sorted(library_folder().glob("*.toml"), key=lambda file: file.stem)
    return {file.stem: (file, tomllib.loads(file.read_text(encoding="utf-8"))["title"]) for file in files}


def schema_text() -> str:
    """The JSON schema of the problem file."""
    return json.dumps(Problem.model_json_schema(), indent=2) + "\n"


def write_schema(folder: Path) -> Path | None:
    """Write the JSON schema into a folder of problem files, if it is not there; its path, or None where it was.

    Raises
    ------
    OutputError : it cannot be written

    """
    path = folder / SCHEMA_FILE
    if os.path.lexists(path):
        return None
    content = schema_text().encode()

    def fill(place: Path) -> None:
        place.write_bytes(content)

    write_file(path, fill)
    return path
