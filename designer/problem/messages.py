"""Values, keys and paths as messages write them: as they stand in the file, cut where they are long."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

Location = tuple[int | str, ...]
"""A place in a TOML document: keys, and indices of lists."""

MAX_LENGTH = 60
"""Characters of a value that a message shows."""
BREAKS = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories of characters that a line of text cannot hold: controls (C0, C1), halves of pairs, separators of lines."""
TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Bidirectional classes of characters that turn the direction of the text around them, as U+202E does."""
MAX_KILOHERTZ = 24.0
"""A band that ends below is below what is heard, and was written in kilohertz."""


def dotted(location: Iterable[int | str]) -> str:
    """`("designs", 0, "band_hz")` as `designs[0].band_hz`; a key that TOML would quote is quoted."""
    path = ""
    for step in location:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            key = step if re.fullmatch(r"[\w-]+", step, re.ASCII) else _quoted(step)
            path += f"{'.' if path else ''}{_cut(key)}"
    return path


def number(value: float) -> str:
    """A number that was computed, as a person writes it: at most six digits, no needless zeros."""
    return f"{value:g}"


def enumeration(parts: Sequence[str], last: str = "and") -> str:
    """Parts of a sentence in a row: "a", "a and b", "a, b and c"; `last` stands before the last."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def listed(names: Iterable[str]) -> str:
    """Names in a row with commas between, in quotes where a name has a comma itself."""
    all_names = list(names)
    has_comma = any("," in name for name in all_names)
    return ", ".join(shown(name) if has_comma else name for name in all_names)


def in_hertz(band_khz: Sequence[float]) -> str:
    """A remedy for a band that was written in kilohertz."""
    return f"kilohertz? Write [{', '.join(number(1000 * f) for f in band_khz)}]"


def shown(value: object) -> str:
    """A value as it stands in the file, on one line, cut where it is long."""
    return _cut(_written(value, 4))


def _written(value: object, depth: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value[: 2 * MAX_LENGTH])
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, Sequence):
        if value and all(isinstance(item, Mapping) for item in value):
            return "a list of 1 table" if len(value) == 1 else f"a list of {len(value)} tables"
        return f"[{', '.join(_written(item, depth - 1) for item in value[:MAX_LENGTH])}]" if depth else "[...]"
    if isinstance(value, int) and abs(value) >= 2**63:
        return "a whole number of more than 64 bits"
    return str(value)


def is_plain_text(text: str) -> bool:
    """Whether a text can be shown as it is: on one line, without control characters, and written in the direction of its letters."""
    return not any(unicodedata.category(c) in BREAKS or unicodedata.bidirectional(c) in TURNS for c in text)


def _quoted(text: str) -> str:
    """A text in quotes, what would break the line or does not show escaped, as TOML does."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(
        c if c.isprintable() else f"\\U{ord(c):08x}" if ord(c) > 0xFFFF else f"\\u{ord(c):04x}" for c in escaped
    )


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 3] + "..."


def nearest(word: str, candidates: Sequence[str]) -> str:
    """The known word nearest to `word`, as a remedy; empty where none is near."""
    match = difflib.get_close_matches(word, candidates, n=1, cutoff=0.5)
    return f'nearest known: "{match[0]}"' if match else ""
