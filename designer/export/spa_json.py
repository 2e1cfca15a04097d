"""SPA-JSON, the notation of PipeWire's configurations: JSON in which `=`, `:` and `,` are blanks, and names need no quotes.

After spa/utils/json.h of PipeWire: `#` starts a comment wherever a word could; a word ends at a blank, a bracket or `#`; a
configuration's outermost braces may be left out. A bare word is kept as its text, also where it is a number.
"""

from __future__ import annotations

import json
import re
from typing import Any

TOKEN = re.compile(r'[\s,:=]+|\#[^\n]*|("(?:[^"\\]|\\.)*")|([][{}])|([^\s,:=#"{}\[\]]+)')
MAX_DEPTH = 50


def parsed_spa_json(text: str) -> dict[str, Any]:
    """A configuration: tables, lists and texts.

    Raises ValueError: with the fault and its line.
    """
    tokens, position = list[str](), 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"line {text.count(chr(10), 0, position) + 1}: {text[position : position + 20]!r}")
        tokens += [part for part in match.groups() if part]
        position = match.end()
    tokens.append("}")
    table, after = _table(tokens, 0, 0)
    if after != len(tokens):
        raise ValueError("one closing brace too many")
    return table


def spa_text(text: str) -> str:
    """A text in quotes; JSON's escapes are SPA-JSON's."""
    return json.dumps(text, ensure_ascii=False)


def _table(tokens: list[str], at: int, depth: int) -> tuple[dict[str, Any], int]:
    table: dict[str, Any] = {}
    while at < len(tokens) and tokens[at] != "}":
        key, at = _value(tokens, at, depth)
        if not isinstance(key, str):
            raise ValueError("a bracket where a name stands")
        if at >= len(tokens) or tokens[at] in "]}":
            raise ValueError(f"no value of {key[:40]!r}")
        table[key], at = _value(tokens, at, depth)
    if at >= len(tokens):
        raise ValueError("a bracket that is never closed")
    return table, at + 1


def _value(tokens: list[str], at: int, depth: int) -> tuple[Any, int]:
    token = tokens[at]
    if depth > MAX_DEPTH:
        raise ValueError(f"brackets deeper than {MAX_DEPTH}")
    if token == "{":
        return _table(tokens, at + 1, depth + 1)
    if token == "[":
        values, at = [], at + 1
        while at < len(tokens) and tokens[at] != "]":
            value, at = _value(tokens, at, depth + 1)
            values.append(value)
        if at >= len(tokens):
            raise ValueError("a bracket that is never closed")
        return values, at + 1
    if token in "]}":
        raise ValueError(f"a {token} that closes nothing")
    return (json.loads(token, strict=False) if token.startswith('"') else token), at + 1
