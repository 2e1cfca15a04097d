"""Depth of the lists and tables of a text, which is limited because parsers recurse at each bracket."""

from __future__ import annotations

import re

MOST_NESTED = 32
"""Largest depth of nested brackets; a problem file has four."""
TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]', re.DOTALL
)


def too_deep_line(text: str) -> int | None:
    """The line, from 1 on, at which more than MOST_NESTED brackets are open; None where there is none."""
    depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MOST_NESTED:
            return text.count("\n", 0, token.start()) + 1
    return None
