"""Texts of the user on figures: kept short, and without what the figures' typeface cannot draw."""

from __future__ import annotations

from functools import cache

LONGEST = 40
MISSING = "\N{WHITE SQUARE}"


@cache
def _drawable() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def drawable(text: str) -> str:
    """A text with a square for each character that the typeface lacks (emoji, most of Chinese), and with dollar signs as they are."""
    known = _drawable()
    return "".join(c if ord(c) in known else MISSING for c in text).replace("$", r"\$")


def shortened(text: str, longest: int = LONGEST) -> str:
    """A drawable text of at most so many characters; an underscore at its front would keep it out of a legend."""
    front = " " if text.startswith("_") else ""
    return front + drawable(text if len(text) <= longest else f"{text[: longest - 1]}…")
