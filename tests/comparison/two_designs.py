"""Small designs to compare, made in a moment."""

from __future__ import annotations

from typing import Any

from toml_text import pair, toml

import designer
from designer.comparison.entry import Entry


def made(label: str, **of_design: Any) -> Entry:
    """The small pair with other keys of its design; the label names it."""
    tables = pair()
    tables["designs"][0] |= of_design
    return Entry(label, designer.design(designer.loads(toml(tables), source=f"{label}.toml")), f"{label}.toml")
