"""Mathematics as MathML, which browsers set by themselves: no script and no network, and a typeface of its own for those that have none."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

LETTERS = (
    (0x20, 0x17F),
    (0x370, 0x3FF),
    (0x1D00, 0x1DBF),
    (0x2000, 0x22FF),
    (0x2308, 0x232A),
    (0x27E6, 0x27EF),
    (0x2980, 0x2AFF),
    (0x1D400, 0x1D7FF),
)
"""First and last of the ranges of characters that formulas are written in."""
FONT = "stix-two-math.woff"
FUNCTION = r'<mi(?: mathvariant="normal")?>[A-Za-z]{2,}</mi>\s*<mo>&ApplyFunction;</mo>'
THIN = r'<mspace width="0.167em"/>'
SPACING = (
    (re.compile(r'<mo(?: stretchy="false")?>([|‖])</mo>'), r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>'),
    (re.compile(rf"(</mi>|</mn>|</msub>|</msup>|</msubsup>|>\)</mo>)(?=\s*{FUNCTION})"), rf"\1{THIN}"),
    (re.compile(r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>\()"), THIN),
)
"""Bars of magnitudes and norms as high as a letter and close to what they hold; thin spaces around the names of functions."""


def mathml(text: str, *, block: bool = False) -> str:
    """A formula of LaTeX as MathML; bars of norms are not stretched."""
    for command in (r"\lVert", r"\rVert"):
        text = text.replace(command, r"\|")
    written = str(tex2mathml(text, as_block=block))
    for pattern, by in SPACING:
        written = pattern.sub(by, written)
    return written


def visit_math(translator: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """Write a displayed formula, with its number where it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(mathml(node.astext(), block=True))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({node["number"]})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def write_font(app: Sphinx, error: Exception | None) -> None:
    """Put STIX Two Math, which the package ziamath brings, beside the pages, with the letters of formulas alone."""
    file = Path(app.outdir) / "_static" / FONT
    if error or file.exists() or app.builder.format != "html":
        return
    from fontTools.subset import Options, Subsetter, load_font, save_font

    package = find_spec("ziamath")
    assert package is not None and package.origin is not None
    options = Options(flavor="woff", layout_features=["*"], notdef_outline=True)
    font = load_font(str(Path(package.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"), options)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[letter for low, high in LETTERS for letter in range(low, high + 1)])
    subsetter.subset(font)
    save_font(font, str(file), options)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer `mathml`."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
