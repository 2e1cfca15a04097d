"""Cells that begin with `%%sh` are shown as the shell's lines that they are."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

MAGIC = "%%sh\n"


def show_shell(_app: Sphinx, tree: nodes.document) -> None:
    """Take the magic's line out of what is shown, and colour the others as a shell's."""
    for block in tree.findall(nodes.literal_block):
        text = block.astext()
        if text.startswith(MAGIC):
            text = text.removeprefix(MAGIC)
            block.rawsource, block["language"] = text, "sh"
            block.children = [nodes.Text(text)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to pages that were read."""
    app.connect("doctree-read", show_shell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
