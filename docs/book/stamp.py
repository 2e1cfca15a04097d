"""Digest of what the book is made from, by which a wheel takes in the book of its own code alone; imports nothing of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

STAMP = "made-from.txt"
"""File beside the book's first page, with the digest."""


def sources(root: Path) -> Iterator[Path]:
    """The package, the library's problem files and the pages, of a checkout or an unpacked sdist."""
    docs = root / "docs"
    yield from sorted((root / "designer").rglob("*.py"))
    yield from sorted((root / "problems").glob("*.toml"))
    made = (docs / "_build", docs / "reference" / "made", docs / "results" / "made")
    pages = (path for ending in ("md", "py", "css") for path in docs.rglob(f"*.{ending}"))
    yield from sorted(path for path in pages if not any(path.is_relative_to(folder) for folder in made))


def digest(root: Path) -> str:
    """Digest of the sources."""
    state = hashlib.sha256()
    for path in sources(root):
        state.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return state.hexdigest()
