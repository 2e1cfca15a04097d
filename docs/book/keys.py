"""Reference of the problem file: a page for each table, made from the form that the studio shows, which is made from the schema."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from matplotlib.figure import Figure

from book import notes
from book.key_figures import FIGURES
from designer.problem.library import library
from designer.problem.methods import formulations
from designer.problem.schema import targets_of_options
from designer.problem.toml_text import toml_value
from designer.studio.form import Key, Shape, form

NEEDS_NOUN = re.compile(r"(of|at which|in which|that|to|between|from|by|on|for)\b")
"""Beginnings of a title that continue the key's name."""
SHORT = 96
"""Characters of an example that stand in one line."""


@dataclass(frozen=True)
class Page:
    """Page of one table of the file: its file's name, header, and the tables of the schema that it holds."""

    name: str
    header: str
    tables: tuple[str, ...]
    kinds: int = 0
    """Number of the first tables that share keys."""


LISTED = (
    Page("problem", "The top of the file", ("Problem",)),
    Page("enclosure", "[enclosure]", ("FreeField", "Baffle", "Sphere", "Cylinder", "Box", "Mesh")),
    Page("drivers", "[[drivers]]", ("Driver",)),
    Page("listener", "[listener] and [[listeners]]", ("Listener", "NamedListener"), kinds=2),
    Page("places", "[[places]]", ("Place",)),
    Page("scene", "[scene]", ("SceneTable",)),
    Page("grid", "[grid]", ("Grid",)),
    Page("designs", "[[designs]]", ("EarDesign", "BeamDesign", "ZoneDesign", "MaskLine", "Region", "Spread"), kinds=3),
    Page("placement", "[placement]", ("Placement", "KeepOut")),
    Page("realization", "[realization]", ("Realization",)),
    Page("virtualizer", "[virtualizer]", ("Virtualizer",)),
    Page("room", "[room]", ("Room",)),
    Page("tolerance", "[tolerance]", ("Tolerance",)),
    Page("export", "[export]", ("Export",)),
)
OF_METHODS = "Keys of one method"
EXECUTED = "---\nfile_format: mystnb\nkernelspec: {name: python3}\n---\n\n"
"""First lines of a page whose cells run."""
EVERY = {"designs": "Every channel", "listener": "Every listener"}
NAMES = {
    "EarDesign": 'channels for an ear (`kind = "ctc"`, `"null-steering"`)',
    "BeamDesign": 'beams (`kind = "beamformer"`)',
    "ZoneDesign": 'zones (`kind = "zone"`)',
    "MaskLine": "a line of `mask`",
    "Region": "an entry of `bright_regions` and `dark_regions`",
    "KeepOut": "an entry of `keep_outs`",
    "Spread": "`driver_spread` as a table",
    "NamedListener": "one of several listeners, `[[listeners]]`",
}


def _others() -> Iterator[Page]:
    """A page for each table at the top of the schema that no page above holds."""
    known = {table for page in LISTED for table in page.tables}
    for key in form()["tables"]["Problem"]["keys"]:
        for shape in key["shapes"]:
            is_list = shape["form"] == "list"
            shapes = shape["items"] if is_list else [shape]
            tables = tuple(name for part in shapes for name in part.get("tables", {}).values() if name not in known)
            if tables:
                yield Page(
                    key["key"], f"[[{key['key']}]]" if is_list else f"[{key['key']}]", tuple(dict.fromkeys(tables))
                )


PAGES = (*LISTED, *_others())


def anchor(table: str, key: str) -> str:
    """Label of a key, for links."""
    return f"key-{table.lower()}-{key}"


@cache
def examples() -> dict[tuple[str, str], tuple[str, str]]:
    """(table of the schema, key) -> its shortest value in the library, as TOML, and the problem's name; those of the notes besides."""
    values: dict[tuple[str, str], tuple[str, str]] = {}
    for name, (file, _) in library().items():
        for place, value in _walk("Problem", tomllib.loads(file.read_text(encoding="utf-8"))):
            text = toml_value(value)
            if place not in values or len(text) < len(values[place][0]):
                values[place] = (text, name)
    for table, keys in notes.EXAMPLES.items():
        for key, value in keys.items():
            values.setdefault((table, key), (toml_value(value), ""))
    return values


def _walk(table: str, data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    shapes = {key["key"]: key["shapes"] for key in form()["tables"][table]["keys"]}
    for key, value in data.items():
        yield (table, key), value
        for name, part in _parts(shapes[key], value):
            yield from _walk(name, part)


def _parts(shapes: Iterable[Shape], value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Tables within a value, each with its name in the schema."""
    for shape in shapes:
        if shape["form"] == "list" and isinstance(value, list):
            for item in value:
                yield from _parts(shape["items"], item)
        elif shape["form"] == "table" and isinstance(value, dict):
            tag = shape.get("tag", "")
            name = shape["tables"].get(value.get(tag, "") if tag else "")
            if name:
                yield name, value


def _of_table(key: Key) -> str:
    """First sentence of the table that a key holds."""
    name = next(name for shape in key["shapes"] for name in shape["tables"].values())
    return form()["tables"][name]["about"].splitlines()[0].rstrip(".")


def _sentence(table: str, key: Key) -> str:
    """A key's meaning as a sentence: its title continues the key's name, or stands alone."""
    about = key["about"] or notes.TABLES.get(key["key"]) or _of_table(key)
    if NEEDS_NOUN.match(about):
        noun = re.sub(r"_(m_s|m|hz|s|ms|deg|db|c|percent)$", "", key["key"]).replace("_", " ")
        about = f"{'Standard deviation' if table == 'Tolerance' and key['unit'] else noun} {about}"
    return f"{about[0].upper()}{about[1:]}."


def _facts(key: Key, words: str) -> str:
    """Unit, default, and what it may hold, in a line."""
    if key["required"]:
        default = "required"
    elif "default: " in key["about"]:
        default = ""
    elif key["default"] is None:
        default = "default: none"
    elif isinstance(key["default"], dict | list) and not key["default"]:
        default = "default: empty"
    else:
        text = toml_value(key["default"])
        default = f"default: `{text}`" if len(text) < SHORT else "default: those of its keys"
    expected = f"expected: {words}" if words else ""
    facts = "; ".join(part for part in (key["unit"], default, expected) if part)
    return (
        facts
        and f"{facts[0].upper() if facts.startswith(('default', 'required', 'expected')) else facts[0]}{facts[1:]}."
    )


def _expected(tables: Iterable[str], key: Key) -> str:
    """The loader's words on what a key may hold; of a key that tells the kinds of a table, the words of all."""
    if not {"kind", "model"} & {key["key"]}:
        return key["expected"]
    members = [member for table in tables for member in form()["tables"][table]["keys"] if member["key"] == key["key"]]
    words = [word for member in members for shape in member["shapes"] for word in shape.get("words", [])]
    return " or ".join(toml_value(word) for word in dict.fromkeys(words))


def entry(tables: Iterable[str], key: Key) -> str:
    """A key's part of the page: what it is, its facts, formula and example."""
    table, *others = tables
    lines = [f"({anchor(table, key['key'])})="]
    lines += [f"({anchor(other, key['key'])})=" for other in others]
    lines += [f"### `{key['key']}`", "", _sentence(table, key), "", _facts(key, _expected(tables, key)), ""]
    if key["key"] in notes.FORMULAS:
        lines += [f"Formula: {notes.FORMULAS[key['key']]}.", ""]
    text, source = next(
        (examples()[name, key["key"]] for name in (table, *others) if (name, key["key"]) in examples()), ("", "")
    )
    if draw := next((FIGURES[name, key["key"]] for name in (table, *others) if (name, key["key"]) in FIGURES), None):
        lines += [_figure(draw)]
    if text:
        origin = f"# {source}.toml\n" if source else ""
        lines += [f"```toml\n{origin}{key['key']} = {_shortened(text)}\n```", ""]
    return "\n".join(lines)


def _figure(draw: Callable[[], Figure]) -> str:
    """A figure's cell and caption."""
    module = draw.__module__.rpartition(".")[2]
    return f"""```{{code-cell}}
:tags: [remove-input]

from book import {module}

{module}.{draw.__name__}()
```

*Figure.* {" ".join((inspect.getdoc(draw) or "").split())}
"""


def _shortened(text: str) -> str:
    """A long list in lines."""
    if len(text) < SHORT or not text.startswith("[["):
        return text
    return text.replace("[[", "[\n  [", 1).replace("], [", "],\n  [").replace("]]", "],\n]")


def _groups(page: Page) -> Iterator[tuple[str, tuple[str, ...], list[Key]]]:
    """Heading, tables and keys of each part of a page: keys that the same tables share stand together."""
    own = {key for method in formulations().values() for key in method.keys}
    keys: dict[str, Key] = {}
    holders: dict[str, list[str]] = {}
    kinds, nested = page.tables[: page.kinds], page.tables[page.kinds :]
    for table in kinds:
        for key in form()["tables"][table]["keys"]:
            holders.setdefault(key["key"], []).append(table)
            keys.setdefault(key["key"], key)
    shared = dict.fromkeys(tuple(tables) for tables in holders.values())
    for tables in sorted(shared, key=len, reverse=True):
        members = [key for name, key in keys.items() if tuple(holders[name]) == tables and name not in own]
        if members:
            yield _heading(page, tables), tables, members
    if of_methods := [keys[name] for name in keys if name in own]:
        yield OF_METHODS, kinds, of_methods
    for table in nested:
        yield _heading(page, (table,)), (table,), form()["tables"][table]["keys"]


def _heading(page: Page, tables: tuple[str, ...]) -> str:
    if tables == page.tables[: page.kinds]:
        return EVERY[page.name]
    if page.name == "enclosure":
        tag = next(key for key in form()["tables"][tables[0]]["keys"] if key["key"] == "model")
        return f"`model = {toml_value(tag['shapes'][0]['words'][0])}`"
    words = " and ".join(
        NAMES.get(table, f"`{page.header}`" if page.header.startswith("[") else page.header) for table in tables
    )
    return f"{words[0].upper()}{words[1:]}"


def _titled(page: Page) -> str:
    """Headers of tables as code."""
    return re.sub(r"(\[.*?\]+)", r"`\1`", page.header)


def page_text(page: Page) -> str:
    """The Markdown of a page."""
    parts = [f"(table-{page.name})=\n# {_titled(page)}\n"]
    groups = list(_groups(page))
    for heading, tables, keys in groups:
        about = {form()["tables"][table]["about"] for table in tables} if len(tables) == 1 else set()
        if len(groups) > 1:
            parts.append(f"## {heading}\n")
        parts += [f"{text.splitlines()[0]}\n" for text in about if text]
        if heading == OF_METHODS:
            parts.append(_of_methods())
        parts += [entry(tables, key) for key in keys]
    if page.name == "export":
        parts.append(_of_targets())
    text = "\n".join(parts)
    text = text if len(groups) > 1 else text.replace("\n### ", "\n## ")
    return f"{EXECUTED}{text}" if "```{code-cell}" in text else text


def _of_methods() -> str:
    rows = [
        f'- `{key}`: with `method = "{name}"` alone.' for name, method in formulations().items() for key in method.keys
    ]
    return "\n".join(rows) + "\n"


def _of_targets() -> str:
    rows = [f"| `{key}` | {', '.join(f'`{name}`' for name in names)} |" for key, names in targets_of_options().items()]
    return (
        "\n".join(["(options-of-targets)=\n## Which targets heed an option\n", "| key | targets |", "|---|---|", *rows])
        + "\n"
    )


def overview() -> str:
    """The index of the pages: every key in one table."""
    entries = "\n".join(page.name for page in PAGES)
    links = "\n".join(f"- [{_titled(page)}]({page.name}.md): {', '.join(_links(page))}" for page in PAGES)
    return f"""# The problem file

TOML, one file a problem. An unknown key, a wrong type and a value out of range are refused with the key's dotted path, and all faults of a
file at once. Units stand in the names. Required are `title`, `sample_rate_hz`, a driver, a listener and a design; everything else has the
default that stands here.

{links}

```{{toctree}}
:hidden:

{entries}
```
"""


def _links(page: Page) -> list[str]:
    seen: dict[str, str] = {}
    for table in page.tables:
        for key in form()["tables"][table]["keys"]:
            seen.setdefault(key["key"], f"[`{key['key']}`](#{anchor(table, key['key'])})")
    return list(seen.values())


def pages() -> dict[str, str]:
    """Path below `reference/made` -> Markdown."""
    return {"problem-file/index.md": overview()} | {f"problem-file/{page.name}.md": page_text(page) for page in PAGES}
