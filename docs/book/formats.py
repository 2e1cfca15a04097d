"""Reference of the files that are read and written, from what their readers say of themselves."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

from designer.acoustics.measured import angle_names, convert, head_file, sofa, text_table, time_reference
from designer.acoustics.measured.formats import FORMATS
from designer.problem.meshes import reading

README = Path(__file__).parents[2] / "README.md"
BESIDES: tuple[tuple[str, ModuleType], ...] = (
    ("Angles in names", angle_names),
    ("Numbers in text files", text_table),
    ("Time and acoustic centre", time_reference),
    ("SOFA files", sofa),
    ("Measured heads", head_file),
    ("What `designer convert` writes", convert),
    ("Meshes", reading),
)
"""Heading -> the module whose docstring stands below it."""


def prose(text: str) -> str:
    """A module's docstring as Markdown, one line a paragraph's line; without the summary of a first line that its heading repeats."""
    return re.sub(r"^(\s*)\*(?=\s)", r"\1\\*", text, flags=re.MULTILINE)


def folder_table() -> str:
    """The files of a design folder, as README lists them."""
    match = re.search(r"^\| file \| what \|\n(?:\|.*\n)+", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert match is not None, "README has no table of a design folder's files"
    return match[0]


def page() -> str:
    """The page of file formats."""
    parts = [
        "# File formats\n",
        "The [problem file](problem-file/index.md) and the coefficients of each [target](targets.md) have pages of their own.\n",
        "## Design folder\n",
        folder_table(),
        "Columns of its tables stand among the [numbers](numbers.md).\n",
        "## Measured drivers\n",
        "What [`response`](#key-driver-response) names. A file's suffix and its first lines say which of these it is.\n",
    ]
    for kind in FORMATS:
        module = inspect.getmodule(kind.read)
        assert module is not None
        suffixes = ", ".join(f"`{suffix}`" for suffix in kind.suffixes)
        text = prose(inspect.getdoc(module) or "")
        if not any(text in part for part in parts):
            parts += [f"### {kind.kind[0].upper()}{kind.kind[1:]}\n", f"Suffixes: {suffixes}.\n", f"{text}\n"]
    for heading, module in BESIDES:
        parts += [f"## {heading}\n", f"{prose(inspect.getdoc(module) or '')}\n"]
    return "\n".join(parts)


def target_text(write: object) -> str:
    """Docstring of a target's module behind its first line."""
    module = import_module(str(getattr(write, "__module__", "")))
    return prose("\n".join((inspect.getdoc(module) or "").splitlines()[1:]).strip("\n"))


def pages() -> dict[str, str]:
    """Path below `reference/made` -> Markdown."""
    return {"file-formats.md": page()}
