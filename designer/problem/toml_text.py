"""The text of problem files: a problem's tables as TOML, for files that the tool writes from data; and how deep a text's brackets go."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_NESTED = 32
"""Largest depth of nested brackets; a problem file has four."""
TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]', re.DOTALL
)


def toml_text(data: Mapping[str, Any]) -> str:
    """The TOML of tables as `problem.model_dump(exclude_unset=True)` gives them; absent values are left out.

    A table below the top is written with its header, one below that in one line.
    """
    plain = {key: value for key, value in data.items() if not _is_table(value) and not is_tables(value)}
    parts = ["\n".join(_lines(plain))]
    for key, value in data.items():
        if _is_table(value):
            parts.append("\n".join([f"[{_key(key)}]", *_lines(value)]))
        elif is_tables(value):
            parts += ["\n".join([f"[[{_key(key)}]]", *_lines(table)]) for table in value]
    return "\n\n".join(part for part in parts if part) + "\n"


def set_options(changes: Mapping[str, Any]) -> list[str]:
    """Options of a command that make these changes: `--set KEY=VALUE` each, no value where the key is left out."""
    texts = (f"{key}={'' if value is None else toml_value(value)}" for key, value in changes.items())
    return [option for text in texts for option in ("--set", text)]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def is_tables(value: Any) -> bool:
    """Whether a value is a list of tables that is not empty."""
    return isinstance(value, Sequence) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(key)} = {toml_value(value)}" for key, value in table.items() if value is not None)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else toml_value(key)


def toml_value(value: Any) -> str:
    """A value as it stands behind its key, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf") if math.isinf(value) else repr(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {toml_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return str(value)


def too_deep_line(text: str) -> int | None:
    """The line, from 1 on, at which more than MOST_NESTED brackets are open, at each of which parsers recurse; None where there is none."""
    depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MOST_NESTED:
            return text.count("\n", 0, token.start()) + 1
    return None
