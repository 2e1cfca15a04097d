"""Hook of the build: a wheel holds the book, for `designer docs`, where `docs/_build/html` was built from the same code and pages."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BookHook(BuildHookInterface):  # type: ignore[misc]
    """Adds the book's pages."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files; an editable wheel has its checkout's book."""
        root = Path(self.root)
        html = root / "docs" / "_build" / "html"
        stamp = runpy.run_path(str(root / "docs" / "book" / "stamp.py"))
        file = html / stamp["STAMP"]
        if version == "editable" or not file.is_file() or file.read_text(encoding="utf-8") != stamp["digest"](root):
            return
        for path in html.rglob("*"):
            if path.is_file() and path.suffix != ".map" and path.name != ".buildinfo":
                build_data["force_include"][str(path)] = f"designer/book/{path.relative_to(html).as_posix()}"
