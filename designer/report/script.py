"""The scripts of a page: Plotly.js out of the installed `plotly` package, and this package's own.

Nothing of the library is imported from Python or copied into this package: its text goes into a page when the page is written. Two
changes keep a browser answering while it evaluates these five megabytes, which take a second in one piece. The function around the library
stands in parentheses, so that a browser compiles it in its first pass, which runs beside the page; and its kinds of traces, which it would
put in place one and all, stand in a list `Plotly.later` for the page to take from. A version that has no such places is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from designer.errors import DataError

RENDERER = ("look", "spec", "curves", "map", "polar", "drawing", "data", "library", "view", "cursor")
"""Names of the scripts that draw a figure and follow its cursor, in their order."""
PARTS = (*RENDERER, "overlay", "page", "body")
"""Names of a written page's scripts, in their order."""
LIBRARY = Path("package_data", "plotly.min.js")
REGISTERED = re.compile(r"([\w$]+)\.register\(\[((?:[\w$]+\(\),)*[\w$]+\(\))\]\)")
END = 20_000
"""Characters at the library's end that hold this call."""
FACTORY = ('typeof self !== "undefined" ? self : this, ', "() => {"), ("}", "));")
"""The function around the library: what stands before it and how it begins, how it ends and what stands behind it."""


def parts(package: str, files: Iterable[str]) -> str:
    """The text of some of a package's templates, one after the other."""
    folder = resources.files(package) / "templates"
    return "\n".join((folder / file).read_text(encoding="utf-8") for file in files)


def own_script() -> str:
    """The text of a written page's scripts, as one function's body."""
    return parts("designer.report", (f"{part}.js" for part in PARTS))


def style() -> str:
    """A written page's style sheet."""
    return parts("designer.report", ("figure.css", "page.css"))


@cache
def library() -> str:
    """Plotly.js as a page holds it, inside of a script element.

    Raises
    ------
    DataError : the package `plotly` is not installed, or has no such file

    """
    spec = find_spec("plotly")  # finds it without importing it
    path = Path(spec.origin).parent / LIBRARY if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        raise DataError(
            f"plotly: got no {LIBRARY.as_posix()}, which draws the page's figures; expected the package plotly, 6 or later;"
            " pip install plotly"
        )
    return in_tasks(path.read_text(encoding="utf-8")).replace("</script", "<\\/script").replace("<!--", "<\\!--")


def in_tasks(text: str) -> str:
    """The library so that it is evaluated in short tasks: the same text where it is not of that shape."""
    (before, begin), (end, behind) = FACTORY
    start, stop = text.find(before + begin, 0, END), text.rfind(end + behind)
    if min(start, stop) < 0:
        return text
    start, stop = start + len(before), stop + len(end)
    calls = list(REGISTERED.finditer(text, max(start, stop - END), stop))
    if not calls:
        return text
    call = calls[-1]
    later = f"{call[1]}.later=[{call[2].replace('()', '')}]"
    return "".join((text[:start], "(", text[start : call.start()], later, text[call.end() : stop], ")", text[stop:]))
