"""Declarations of the modules of a folder, read without importing them: the schema and `--help` have no need of what they run.

A declaration is a statement `NAME = Kind(...)` with keywords that are literals, or names of tables, `TABLE = {...}`, in the same file.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

TARGETS = "export/targets"
"""Where each `Target` of `designer export` is, and each `Option`."""
FIGURES = "report"
"""Where each figure is `Declared`."""
STATEMENT = re.compile(r"^(\w+) = ((?:[A-Z]\w*\(|\{).*(?:\n[ )}].*)*)", re.MULTILINE)


@cache
def declared(folder: str, kind: str) -> tuple[dict[str, Any], ...]:
    """Literal keywords of each declaration of a kind, names for tuples of names, and `declared_as`, by their `place`, or as in the file."""
    values = []
    for path in (Path(__file__).parent / folder).glob("*.py"):
        statements = dict(STATEMENT.findall(path.read_text(encoding="utf-8")))
        for name, text in statements.items():
            if text.startswith(f"{kind}("):
                values.append({"declared_as": name, **_literals(text, statements)})
    return tuple(sorted(values, key=lambda keywords: keywords.get("place", 0)))


def _literals(text: str, statements: dict[str, str]) -> dict[str, Any]:
    call, values = ast.parse(text, mode="eval").body, {}
    for keyword in call.keywords if isinstance(call, ast.Call) else ():
        node = keyword.value
        table = statements.get(node.id) if isinstance(node, ast.Name) else None
        try:
            values[str(keyword.arg)] = ast.literal_eval(table or node)
        except ValueError:  # what runs, and no literal
            if isinstance(node, ast.Tuple):
                values[str(keyword.arg)] = tuple(item.id for item in node.elts if isinstance(item, ast.Name))
    return values
