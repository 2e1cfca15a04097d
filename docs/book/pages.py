"""The pages that are made of registries and reports, written below the folders `made` before Sphinx reads any."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from book import codes, commands, formats, keys, python_api, registries, results

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parents[1]
MADE = ("reference/made", "results/made")


def made() -> dict[str, str]:
    """Path below `docs` -> Markdown."""
    reference = (
        keys.pages() | commands.pages() | registries.pages() | codes.pages() | python_api.pages() | formats.pages()
    )
    return {f"reference/made/{name}": text for name, text in reference.items()} | results.pages()


def write(_app: Sphinx) -> None:
    """Write what changed, so that the next build reads that alone, and take away what is no page any more."""
    texts = made()
    for path in (path for folder in MADE for path in (DOCS / folder).rglob("*.md")):
        if path.relative_to(DOCS).as_posix() not in texts:
            path.unlink()
    for name, text in texts.items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages at the start of a build."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
