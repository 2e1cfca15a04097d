"""Pages that are made of the registries before Sphinx reads any: the reference."""

from __future__ import annotations

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages at the start of a build."""
    return {"parallel_read_safe": True, "parallel_write_safe": True}
