"""The form knows every key of the file, what it is, and what it may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import designer
from designer.problem.library import library
from designer.studio.form import Shape, form, targets

FORMS: dict[str, Any] = {
    "number": (int, float),
    "text": str,
    "flag": bool,
    "choice": (str, int),
    "list": list,
    "table": dict,
}


def tables_of(shape: Shape) -> list[str]:
    return list(shape.get("tables", {}).values()) + [
        name for item in shape.get("items", []) for name in tables_of(item)
    ]


def places(value: Any, shapes: list[Shape], at: str) -> Iterator[tuple[str, Any, list[Shape]]]:
    """Every key of a problem's tables with its value and the shapes that the form gives it."""
    for shape in shapes:
        if shape["form"] == "list" and isinstance(value, list):
            for entry in value:
                yield from places(entry, shape["items"], at)
        elif shape["form"] == "table" and isinstance(value, dict):
            names = shape["tables"]
            keys = {key["key"]: key for key in form()["tables"][names[value.get(shape.get("tag", ""), "")]]["keys"]}
            for key, inner in value.items():
                yield f"{at}.{key}", inner, keys[key]["shapes"]
                yield from places(inner, keys[key]["shapes"], f"{at}.{key}")


def test_every_key_is_said_what_it_is() -> None:
    """A key that no reader can tell from its name and its columns has words; tables have theirs."""
    for name, table in form()["tables"].items():
        assert table["about"], name
        for key in table["keys"]:
            of_table = any(tables_of(shape) for shape in key["shapes"]) or key["key"] == "model"
            assert key["about"] or of_table, (name, key["key"])
            assert key["expected"] or key["about"], (name, key["key"])


def test_every_value_of_the_library_fits_its_shapes() -> None:
    """What the problems that come with the project hold is of one of the forms that the form offers for its key."""
    count = 0
    for file, _ in library().values():
        data = designer.load(file).model_dump(exclude_unset=True)
        for place, value, shapes in places(data, [{"form": "table", "tables": {"": "Problem"}}], ""):
            assert any(isinstance(value, FORMS[shape["form"]]) for shape in shapes), (file.name, place, value)
            for shape in shapes:
                if shape.get("columns") and isinstance(value, list):
                    assert len(shape["columns"]) == len(value), place
            count += 1
    assert count > 500


def test_units_are_symbols() -> None:
    """The unit at the end of a key's name, as SI writes it."""
    units = {key["key"]: key["unit"] for table in form()["tables"].values() for key in table["keys"]}
    assert units["speed_of_sound_m_s"] == "m/s"
    assert units["position_m"] == "m"
    assert units["gate_ms"] == "ms"
    assert units["max_gain_db"] == "dB"
    assert units["look_deg"] == "°"
    assert units["taps"] == ""


def test_targets_have_their_options() -> None:
    """Each target of `[export] targets`, and the keys of that table that it heeds."""
    known = {key["key"]: key for key in form()["tables"]["Export"]["keys"]}
    assert [target["name"] for target in targets()] == known["targets"]["shapes"][0]["items"][0]["words"]
    options = {target["name"]: [option["key"] for option in target["options"]] for target in targets()}
    assert options["sigmadsp"] == ["sigmadsp_part"]
    assert options["wav"] == []
    assert {key for keys in options.values() for key in keys} == known.keys() - {"targets"}


def test_a_name_comes_first() -> None:
    """Of every table that has one: by it the rows of a list are told apart."""
    named = [[key["key"] for key in table["keys"]] for table in form()["tables"].values()]
    assert len([keys for keys in named if "name" in keys]) > 5
    assert all(keys[0] == "name" for keys in named if "name" in keys)
