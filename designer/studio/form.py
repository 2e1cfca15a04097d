"""Every key of the problem file as a page's form shows it: made from the JSON schema, and in the loader's own words.

A shape is what an editor is drawn for: a number, a flag, a choice of words, a text, a list of shapes, a table, or a table of several
kinds. A key that takes several has several.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, NotRequired, TypedDict

from designer.declared import TARGETS, declared
from designer.problem.key_faults import UNITS, Node, node_kinds, node_types, node_words
from designer.problem.schema import Problem

SYMBOLS = {
    "metres a second": "m/s",
    "metres": "m",
    "hertz": "Hz",
    "seconds": "s",
    "milliseconds": "ms",
    "degrees": "°",
    "decibels": "dB",
    "degrees Celsius": "°C",
    "percent": "%",
}


class Shape(TypedDict):
    """Kind of value that a key may hold."""

    form: Literal["number", "flag", "choice", "text", "list", "table"]
    words: NotRequired[list[Any]]  # of a choice
    items: NotRequired[list[Shape]]  # of a list: shapes of its entries
    least: NotRequired[int]  # entries of a list, 0
    most: NotRequired[int | None]  # None: any number
    columns: NotRequired[list[str]]  # names of the entries of a list of fixed length
    tag: NotRequired[str]  # key that tells the kinds of a table
    tables: NotRequired[dict[str, str]]  # kind, or "" of a single one -> name in `Form.tables`


class Key(TypedDict):
    """A key of a table."""

    key: str
    shapes: list[Shape]
    unit: str
    about: str  # what it is
    expected: str  # the loader's words on what it may hold
    required: bool
    default: Any  # None: absent


class TableForm(TypedDict):
    """A table."""

    about: str
    keys: list[Key]


class Form(TypedDict):
    """The whole file."""

    top: str  # name of the file's own table
    tables: dict[str, TableForm]


@cache
def form() -> Form:
    """The problem file's form, as JSON may hold it."""
    schema = Problem.model_json_schema()
    tables = {name: _table(node) for name, node in schema["$defs"].items()}
    return {"top": "Problem", "tables": {"Problem": _table(schema), **tables}}


def _table(node: Node) -> TableForm:
    required = node.get("required", [])
    keys = [_key(key, value, key in required) for key, value in node["properties"].items()]
    keys.sort(key=lambda key: key["key"] != "name")  # what the rows of a list are told apart by
    return {"about": node.get("description", ""), "keys": keys}


def _key(key: str, node: Node, required: bool) -> Key:
    unit = next((unit for ending, unit in UNITS.items() if key.endswith(ending)), "")
    return {
        "key": key,
        "shapes": [_shape(choice) for choice in node_types(node)],
        "unit": SYMBOLS.get(unit, ""),
        "about": _about(key, node),
        "expected": node_words({name: value for name, value in node.items() if name != "description"}),
        "required": required,
        "default": _written(node.get("default")),
    }


def _about(key: str, node: Node) -> str:
    """Title and description, where they say more than the key and the names of a list's entries."""
    title = node.get("title", "")
    of_entries = node.get("minItems") is not None and node.get("minItems") == node.get("maxItems")
    parts = [title if title.lower().replace(" ", "_") != key else "", "" if of_entries else node.get("description", "")]
    return "; ".join(part for part in parts if part)


def _written(value: Any) -> Any:
    """A default as TOML has it: without what is absent."""
    return {key: part for key, part in value.items() if part is not None} if isinstance(value, dict) else value


def _shape(node: Node) -> Shape:
    if tables := node_kinds(node):
        tag = node["discriminator"]["propertyName"]
        return {"form": "table", "tag": tag, "tables": {word: _name(table) for word, table in tables.items()}}
    if "$ref" in node:
        return {"form": "table", "tables": {"": _name(node["$ref"])}}
    if "enum" in node or "const" in node:
        return {"form": "choice", "words": node.get("enum", [node.get("const")])}
    if node["type"] == "array":
        least, most = node.get("minItems", 0), node.get("maxItems")
        items = [_shape(choice) for choice in node_types(node["items"])]
        columns = _columns(node) if least == most else []
        return {"form": "list", "items": items, "least": least, "most": most, "columns": columns}
    forms: dict[str, Literal["flag", "text", "number"]] = {"boolean": "flag", "string": "text"}
    return {"form": forms.get(node["type"], "number")}


def _columns(node: Node) -> list[str]:
    """Names of a fixed list's entries, which its description begins with: `x, y, z in the room`."""
    return [name.split(" ")[0] for name in node.get("description", "").split(", ")[: node.get("maxItems")]]


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


class TargetOption(TypedDict):
    """An option of some targets."""

    key: str
    about: str
    choices: list[str]  # empty: any text


class TargetForm(TypedDict):
    """A target of an export."""

    name: str
    summary: str
    options: list[TargetOption]


@cache
def targets() -> list[TargetForm]:
    """Targets of an export with their options, in the order of every list."""
    options = {
        option["declared_as"]: TargetOption(
            key=option["key"], about=option["about"], choices=list(option.get("names", ()))
        )
        for option in declared(TARGETS, "Option")
    }
    return [
        TargetForm(
            name=target["name"],
            summary=target["summary"],
            options=[options[name] for name in target.get("options", ())],
        )
        for target in declared(TARGETS, "Target")
    ]
