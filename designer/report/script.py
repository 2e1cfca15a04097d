"""Written pages: their templates, and their scripts, which are Plotly.js out of the installed `plotly` package and this package's own.

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
from typing import TYPE_CHECKING, Any

from designer.errors import DataError
from designer.report.schemes import css

if TYPE_CHECKING:
    from jinja2 import Template

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


MINUS = re.compile(r"(?:^|(?<=\()|(?<=[^,]\s)|(?<=\de))-(?=\d)|(?<=,\s)-(?=[\d.]+ ?(?:dB|deg|°))")
"""A hyphen that stands for a minus sign in a sentence; those in the lists of a problem file are to be copied."""


def page(name: str, title: str, data: str = "", **content: Any) -> str:
    """A written page of a template.

    Parameters
    ----------
    name : str, of the template, which fills the blocks of `base.html`
    title : str
    data : str, JSON that the page's scripts draw its figures from; empty on a page without scripts
    content : object, by the names that the template reads

    Raises
    ------
    DataError : the package `plotly` is not installed

    """
    from markupsafe import Markup

    scripts = (
        {"data": Markup(data), "own": Markup(own_script()), "library": Markup(library())} if data else {"data": ""}
    )
    return template(name).render(title=title, schemes=Markup(css()), style=Markup(style()), **scripts, **content)


def template(name: str) -> Template:
    """A page's template; `decibels` is a filter of it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("designer.report"), autoescape=True, undefined=StrictUndefined, finalize=with_minus
    )
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters["decibels"] = decibels
    return environment.get_template(name)


def decibels(value: float, form: str = "z.1f") -> str:
    """One decimal, and no minus before a zero."""
    return format(value, form)


def with_minus(value: Any) -> Any:
    """A value of a template with the minus sign of the axes; markup, as of a command to be copied, stays as it is."""
    return value if hasattr(value, "__html__") or not isinstance(value, str) else MINUS.sub("\u2212", value)


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
