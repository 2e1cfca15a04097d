"""Two colour schemes of pages, light and dark, which figures follow; and the colours of figures on paper.

A figure's file stands on white paper. Inside a page its text, axes, grid and curves take the page's colours, so that nothing glares at
night. Maps keep their colours in both schemes, as a colour there means a level; what is drawn on a map has a double line, one of the
paper's colour and one of the ink's, which shows on any colour either way round.

Contrast after WCAG 2.2, level AA: text 4.5 to 1 on every ground that it stands on (1.4.3), curves 3 to 1 on the paper (1.4.11).
"""

from __future__ import annotations

import re

# Okabe and Ito's palette, its orange and its sky blue darker so that a curve is at 3 to 1 on white; a line style goes with each.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B97F00", "#3796CF", "#000000", "#8C6D31")
INK, SOFT, FAINT, ALARM, SHADE, PAPER = "#1b1f24", "#57606a", "#d0d7de", "#b3261e", "#eef1f4", "#ffffff"
NAMED = {"ink": INK, "soft": SOFT, "faint": FAINT, "alarm": ALARM, "shade": SHADE, "paper": PAPER}


SCHEMES = {  # the page's name: light, dark
    "paper": ("#ffffff", "#14181d"),
    "panel": ("#f6f8fa", "#1c2229"),
    "shade": (SHADE, "#20262d"),
    "faint": (FAINT, "#3a424c"),
    "soft": (SOFT, "#a9b3bf"),
    "ink": (INK, "#e9edf2"),
    "good": ("#0f6b46", "#6fd6a6"),
    "bad": (ALARM, "#ff9b93"),
    "link": ("#0550ae", "#8bbcff"),
    "blue": (COLOURS[0], "#3a9bdc"),
    "orange": (COLOURS[1], "#e8752a"),
    "green": (COLOURS[2], "#12b886"),
    "pink": (COLOURS[3], "#d98fb8"),
    "amber": (COLOURS[4], "#e69f00"),
    "sky": (COLOURS[5], "#7cc7f2"),
    "brown": (COLOURS[7], "#b08d4c"),
}


def variables() -> tuple[str, str]:
    """The variables of the light scheme and of the dark one, as a style sheet has them."""
    light, dark = (" ".join(f"--{word}: {both[n].lower()};" for word, both in SCHEMES.items()) for n in (0, 1))
    return light, dark


def colours() -> dict[str, dict[str, str]]:
    """Colour of each name in the scheme "light" and in the scheme "dark", as scripts read them."""
    return {scheme: {word: both[n] for word, both in SCHEMES.items()} for n, scheme in enumerate(("light", "dark"))}


def css() -> str:
    """The page's variables, light on paper and by default, dark on a screen that asks for it."""
    light, dark = variables()
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def own_ids(text: str, name: str) -> str:
    """An SVG whose ids begin with a name, for a document that holds many."""
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
