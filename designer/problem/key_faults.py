"""Faults that one key shows alone: from pydantic's errors to what an engineer can mend.

What a key may hold, and which keys a table knows, is read from the JSON schema that `designer schema` prints.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import Any

from pydantic import ValidationError

from designer.errors import Fault
from designer.problem.messages import Location, dotted, enumeration, nearest, shown
from designer.problem.rules import missing
from designer.problem.schema import Problem

Node = dict[str, Any]
"""A node of the JSON schema."""

UNITS = {
    "_m_s": "metres a second",
    "_m": "metres",
    "_hz": "hertz",
    "_s": "seconds",
    "_ms": "milliseconds",
    "_deg": "degrees",
    "_db": "decibels",
    "_c": "degrees Celsius",
    "_percent": "percent",
}

REPLACED = {
    "cancel_regions": "dark_regions",
    "case": "hold",
    "hold_wishes": "hold_requirements",
    "percentile": "hold",
    "reach_regions": "bright_regions",
}
"""Key of an older version -> the key that replaced it."""
GONE = {
    "box_front_m": 'set model = "box" and size_m = [depth, width, height] instead, and put the drivers on its faces'
}
"""Key of an older version that no single key replaced -> its remedy."""

_TAGS = ("union_tag_invalid", "union_tag_not_found")
_LENGTHS = ("too_short", "too_long")
_RANGES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


def key_faults(error: ValidationError, data: Mapping[str, Any]) -> dict[Location, Fault]:
    """Every fault of a validation by its place in the file; the branches of a union count once, as the one that reads furthest."""
    faults: dict[Location, Fault] = {}
    for item in error.errors(include_url=False, include_input=False):
        kind = item["type"]
        location: Location = item["loc"]
        place = without_tags(location)
        if kind == "missing":
            fault = missing(dotted(place), expectation(location), _to_add(location))
        elif kind == "extra_forbidden":
            remedy = key_remedy(location)
            known = "" if remedy else ", ".join(known_keys(location[:-1]))
            fault = Fault(dotted(place), "unknown key", known, remedy, "unknown-key")
        elif kind in _TAGS:
            place = (*place, item["ctx"]["discriminator"].strip("'"))
            is_absent = kind == "union_tag_not_found"
            fault_ = missing(dotted(place), expectation(place), _to_add(place))
            fault = fault_ if is_absent else _value_fault(kind, place, _within(place, data)[1])
        else:
            place, value = _within(place, data)
            fault = _value_fault(kind, place, value)
        faults.setdefault(place, fault)
    read_further = {place[:length] for place in faults for length in range(len(place))}
    return {place: fault for place, fault in faults.items() if place not in read_further}


def guessed_kinds(error: ValidationError, data: Mapping[str, Any]) -> tuple[dict[str, Any], set[Location]]:
    """Changes of the data that give a kind to each table without one: that which knows most of its keys, so that these are tried too.

    The places are those of keys that another kind may have: what a guess says of them is not to be believed.
    """
    guessed, unsure = dict[str, Any](), set[Location]()
    for item in error.errors(include_url=False, include_input=False):
        table = _within(item["loc"], data)[1]
        if item["type"] in _TAGS and isinstance(table, Mapping):
            first, *steps = item["loc"]
            kinds = keys_by_tag(item["loc"])
            tag = max(kinds, key=lambda tag: len({*kinds[tag]} & {*table}))
            whole = guessed.setdefault(str(first), copy.copy(data[str(first)]))
            changed = {**table, item["ctx"]["discriminator"].strip("'"): tag}
            if steps:
                whole[steps[0]] = changed  # a table of a list
            else:
                guessed[str(first)] = changed
            shared = set.intersection(*({*keys} for keys in kinds.values()))
            unsure |= {(*item["loc"], key) for keys in kinds.values() for key in keys if key not in shared}
    return guessed, unsure


def misspelt(faulty: Iterable[Location], data: Mapping[str, Any]) -> Iterator[Location]:
    """The keys that a file lacks because it misspells them: nothing is to be said of those beyond the misspelling."""
    for *table, key in faulty:
        holder = _within(tuple(table), data)[1]
        if isinstance(holder, Mapping) and key in holder:
            close = difflib.get_close_matches(str(key), known_keys(tuple(table)), n=1, cutoff=0.8)
            if close and close[0] not in holder:
                yield (*table, close[0])


def _to_add(location: Location) -> str:
    return f"add {header(location) or location[-1]}"


def _value_fault(kind: str, location: Location, value: object) -> Fault:
    actual, expected = f"got {shown(value)}", expectation(location)
    if kind in _LENGTHS and isinstance(value, list):
        entries = "1 entry" if len(value) == 1 else f"{len(value)} entries"
        actual = f"got {entries}, {shown(value)}"
    if kind == "finite_number":
        expected = expected.replace("number", "finite number", 1)
    return Fault(dotted(location), actual, expected, _remedy(kind, location, value), _code_of(kind))


def _code_of(kind: str) -> str:
    """The code of a fault of a single value, from the kind of pydantic's error."""
    codes = {
        "wrong-count": _LENGTHS,
        "out-of-range": (*_RANGES, "finite_number"),
        "unknown-word": ("literal_error", *_TAGS),
        "empty-text": ("string_too_short",),
    }
    return next((code for code, kinds in codes.items() if kind in kinds), "wrong-type")


def _remedy(kind: str, location: Location, value: object) -> str:
    written = header(location)
    if kind not in _LENGTHS and written:
        return f"write it as {written}"
    if kind in ("literal_error", "union_tag_invalid") and isinstance(value, str):
        node = node_at(location)
        return nearest(value, [word for choice in node.get("anyOf", [node]) for word in choice.get("enum", [])])
    if kind in ("float_type", "int_type") and isinstance(value, str) and _is_number(value):
        return "write it without quotes"
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return "write it in quotes"
    if kind == "int_type" and isinstance(value, float) and value == value // 1:
        return "write it without a decimal point"
    if kind in _RANGES and isinstance(value, int | float) and value > 0 and unit(location):
        return f"the unit is {unit(location)}"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _within(location: Location, data: object) -> tuple[Location, object]:
    """The part of a location that exists in the file, and its value, without steps that name a branch of a union."""
    steps: list[int | str] = []
    value: Any = data
    for step, after in zip_longest(location, location[1:]):
        if _has(value, step):
            value = value[step]
            steps.append(step)
        elif not _has(value, after):
            break
    return tuple(steps), value


def _has(value: object, step: int | str | None) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, Mapping) and step in value


@cache
def _schema() -> Node:
    return Problem.model_json_schema()


def _resolved(node: Node) -> Node:
    """The table that a reference points to; where a key is a table or absent, the table."""
    for choice in node_types(node):
        if "$ref" in choice:
            table: Node = _schema()["$defs"][choice["$ref"].rpartition("/")[2]]
            return table
    tags = node_kinds(node)
    if not tags:
        return node
    merged = {k: node_ for table in tags.values() for k, node_ in _resolved({"$ref": table})["properties"].items()}
    tag_key = next(choice["discriminator"]["propertyName"] for choice in node_types(node) if "discriminator" in choice)
    return {"properties": {**merged, tag_key: {"enum": list(tags)}}}


def node_types(node: Node) -> list[Node]:
    """Types that a node may have, without "absent"."""
    return [choice for choice in node.get("anyOf", [node]) if choice.get("type") != "null"]


def node_kinds(node: Node) -> dict[str, str]:
    """Value of the tag -> reference of its table, where a node is one of several kinds of table."""
    return {
        tag: table
        for choice in node_types(node)
        for tag, table in choice.get("discriminator", {}).get("mapping", {}).items()
    }


def without_tags(location: Location) -> Location:
    """A place in the file, from a place in the schema: without the steps that name one of several kinds of table."""
    node, place = _schema(), list[int | str]()
    for step in location:
        tags = node_kinds(node)
        if step in tags:
            node = {"$ref": tags[str(step)]}
            continue
        place.append(step)
        try:
            node = _below(node, step)
        except KeyError:  # an unknown key
            node = {}
    return tuple(place)


def node_at(location: Location) -> Node:
    """The schema's node for a place in a problem file.

    Raises
    ------
    KeyError : where the schema knows no such place

    """
    node = _schema()
    for step in location:
        node = {"$ref": tags[str(step)]} if step in (tags := node_kinds(node)) else _below(node, step)
    return node


def keys_by_tag(location: Location) -> dict[str, list[str]]:
    """The keys of each kind of table at a location; empty where there is one kind."""
    return {tag: list(_resolved({"$ref": table})["properties"]) for tag, table in node_kinds(node_at(location)).items()}


def _below(node: Node, step: int | str) -> Node:
    if isinstance(step, int):
        return next(iter(choice["items"] for choice in node_types(_resolved(node)) if "items" in choice), {})
    table = _resolved(node)
    by_name = [choice["additionalProperties"] for choice in node_types(node) if choice.get("additionalProperties")]
    below: Node = by_name[0] if by_name and "properties" not in table else table["properties"][step]
    return below


def known_keys(location: Location) -> list[str]:
    """The keys of the table at a location; none of a table of names, as `dark_weight`."""
    return list(_resolved(node_at(location)).get("properties", {}))


def header(location: Location) -> str:
    """How TOML writes the table, or the list of tables, at a location: `[grid]`, `[[designs]]`; empty for anything else."""
    node = node_at(location)
    if "properties" in _resolved(node):
        return f"[{dotted(location)}]"
    if any("properties" in _resolved(choice.get("items", {})) for choice in node_types(node)):
        return f"[[{dotted(location)}]]"
    return ""


def key_remedy(location: Location) -> str:
    """Remedy for an unknown key: the key that replaced it, the nearest key of its table, or the tables that know it."""
    table, key = location[:-1], str(location[-1])
    if key in GONE:
        return GONE[key]
    if new := REPLACED.get(key):
        homes = [home for home, keys in _tables() if new in keys]
        home = homes[0] if len(homes) == 1 else homes[0].partition(" with ")[0]  # a key of all kinds
        return f"{new} replaced it" if new in known_keys(table) else f"replaced by {new}, a key of {home}"
    near = difflib.get_close_matches(key, known_keys(table), n=1, cutoff=0.5)
    homes = [home for home, keys in _tables() if key in keys]
    is_of_kinds = any(" with " in home for home in homes)
    parts = [
        f"nearest known key: {near[0]}" if near else "",
        f"{key} is a key of {enumeration(homes)}" if homes else "",
        # A key near by is the likelier one than that of another table, and no key is moved that means something else there.
        "leave it out here" if is_of_kinds else "move it there, or leave it out" if homes and not near else "",
    ]
    return "; ".join(part for part in parts if part)


def _tables() -> Iterator[tuple[str, list[str]]]:
    """Every table, as TOML writes it, with its keys."""

    def below(name: str, node: Node) -> Iterator[tuple[str, list[str]]]:
        yield name or "the top of the file", list(node["properties"])
        for key, child in node["properties"].items():
            dot = "." if name else ""
            stem = name.strip("[]")
            for choice in node_types(child):
                inner, form = choice, "[{}]"
                if "items" in choice:
                    inner, form = choice["items"], "[[{}]]"
                if tags := node_kinds(inner):
                    text = form.format(f"{stem}{dot}{key}")
                    tag_key = inner["discriminator"]["propertyName"]
                    for table in dict.fromkeys(tags.values()):
                        words = " or ".join(shown(tag) for tag, at in tags.items() if at == table)
                        yield f"{text} with {tag_key} = {words}", list(_resolved({"$ref": table})["properties"])
                elif "properties" in _resolved(inner):
                    yield from below(form.format(f"{stem}{dot}{key}"), _resolved(inner))

    yield from below("", _schema())


def unit(location: Location) -> str:
    """The unit in the name of the last key of a location; empty where it has none."""
    key = next((step for step in reversed(location) if isinstance(step, str)), "")
    return next((words for ending, words in UNITS.items() if key.endswith(ending)), "")


def expectation(location: Location) -> str:
    """Sentence on what may stand at a location."""
    return node_words(node_at(location))


def node_words(node: Node, *, plural: bool = False) -> str:
    """Sentence on what a node may hold; of several types its description."""
    choices = node_types(node)
    note = node.get("description", "")
    if len(choices) > 1:
        return str(note)
    (choice,) = choices
    note = note or choice.get("description", "")
    if "$ref" in choice or "oneOf" in choice:
        return "tables" if plural else "a table"
    if "enum" in choice:
        text = enumeration([shown(word) for word in choice["enum"]], "or")
    elif choice["type"] == "array":
        text = f"{'lists' if plural else 'a list'} of {_count(choice)}{node_words(choice['items'], plural=True)}"
    elif choice["type"] == "string":
        text = ("names" if plural else "text") + (" that are not empty" if plural else " that is not empty")
    elif choice["type"] == "boolean":
        text = "true or false"
    else:
        whole = "whole " if choice["type"] == "integer" else ""
        text = f"{whole}numbers" if plural else f"a {whole}number"
        text += _range(choice)
    return f"{text} ({note})" if note else text


def _count(node: Node) -> str:
    least, most = node.get("minItems", 0), node.get("maxItems")
    if least == most:
        return f"{least} "
    if most is not None:
        return f"{least} to {most} "
    return "one or more " if least else ""


def _range(node: Node) -> str:
    least, above, most = node.get("minimum"), node.get("exclusiveMinimum"), node.get("maximum")
    if least is not None and most is not None:
        return f" from {_limit(least)} to {_limit(most)}"
    parts = [
        f"above {_limit(above)}" if above is not None else "",
        f"of at least {_limit(least)}" if least is not None else "",
        f"of at most {_limit(most)}" if most is not None else "",
    ]
    text = " and ".join(part for part in parts if part)
    return f" {text}" if text else ""


def _limit(value: float) -> str:
    return shown(int(value) if value == int(value) else value)
