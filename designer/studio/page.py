"""The studio's page: its text, its one script and its one style sheet, which the server hands out beside Plotly.js.

The script is the renderer of written pages (`report/templates`) and the studio's own parts, one after the other in one function, so that
each part sees the names of those before it; names of the controls are theirs alone. No script stands inline: a policy of
`script-src 'self'` holds. Plotly.js sets styles of elements, for which `style-src` needs 'unsafe-inline'.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from designer.report.schemes import colours, variables
from designer.report.script import RENDERER, parts

PARTS = (
    "hub", "scheme", "live", "handles", "panel", "polar_panel", "layout_panel", "panels", "verdict", "additions", "drawer",
)  # fmt: skip
"""Names of the scripts of the frame and its panels, in their order; they read only names of those before them while they load."""
CONTROLS = (
    "elements", "connection", "keyboard", "bar", "notices", "sliders", "fields", "form", "form_page", "source", "snapshots", "player",
    "listen", "handover", "tour",
)  # fmt: skip
"""Names of the scripts of what stands around the panels."""
STYLES = ("studio.css", "controls.css")
"""The style sheets, in their order."""


def html(token: str, **data: Any) -> str:
    """The page, which asks for `studio.css`, `studio.js` and `plotly.js` beside it.

    Parameters
    ----------
    token : str, what every address of the studio wants, of letters and digits
    data : dict of str to object, what the page's scripts read from the first, by its key

    """
    block = json.dumps({"token": token, **data}, allow_nan=False).replace("<", "\\u003c")
    return (
        parts("designer.studio", ("studio.html",))
        .replace("{{token}}", quote(token, safe=""))
        .replace("{{data}}", block)
    )


def script() -> str:
    """All scripts as one function."""
    renderer = parts("designer.report", (f"{part}.js" for part in RENDERER))
    panels, controls, start = (
        parts("designer.studio", (f"{part}.js" for part in names)) for names in (PARTS, CONTROLS, ("start",))
    )
    shared = f"const SCHEMES = {json.dumps(colours())};\n{renderer}\n{panels}"
    return f'(() => {{\n"use strict";\n{shared}\n{{\n{controls}\n}}\n{start}\n}})();\n'


def style() -> str:
    """All style sheets; the colours of the system's scheme, or of the one that the root's `data-scheme` names."""
    light, dark = variables()
    schemes = (
        f":root {{ color-scheme: light; {light} }}\n"
        f":root[data-scheme=dark] {{ color-scheme: dark; {dark} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-scheme=light]) {{ color-scheme: dark; {dark} }} }}\n"
    )
    return schemes + parts("designer.report", ("figure.css",)) + parts("designer.studio", STYLES)
