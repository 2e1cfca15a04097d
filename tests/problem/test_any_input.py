"""Whatever is in a problem file, loading it gives a problem or a list of faults: no other exception, no warning."""

from __future__ import annotations

import copy
import datetime
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from toml_text import Raw, pair, toml, trio

import designer
from designer.errors import ProblemError
from designer.problem.explain import explain
from designer.problem.library import schema_text
from designer.problem.plausibility import warnings

SOUND = {"pair": pair(), "trio": trio()}
ODD: list[Any] = [
    "",
    "x",
    "left",
    "sphere",
    "points",
    "sphere:0.1",
    "sphere:",
    "sphere:nan",
    "sphere:-1",
    "a.sofa",
    "x" * 5000 + ".sofa",
    "null\0.sofa",
    "line\nbreak \x1b[31m \U0001f600",
    float("nan"),
    float("inf"),
    float("-inf"),
    Raw("1e400"),
    Raw("-0.0"),
    -1,
    0,
    1,
    2,
    0.5,
    1e-308,
    1e308,
    -1e308,
    10**20,
    10**400,
    Raw("0x" + "f" * 5000),
    Raw("9" * 5000),
    True,
    False,
    datetime.date(2024, 5, 1),
    datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.UTC),
    [],
    {},
    [[]],
    [{}],
    [[[0.0]]],
    [0, 0],
    [0, 0, 0],
    [-1, -2],
    [1e4, 1e4, 1e4],
    [0.0] * 2000,
    ["a", 1, {}, [True]],
    [[0, 0, 0]] * 1100,
    [[1000, 0], [1, 1]],
    {"a": 1, "b": {"c": [1]}},
    {"name": "x"},
    Raw("[" * 80 + "]" * 80),
]
TABLES = {
    "designs": "EarDesign BeamDesign ZoneDesign",
    "drivers": "Driver",
    "listener": "Listener",
    "population": "Population",
    "realization": "Realization",
    "virtualizer": "Virtualizer",
    "room": "Room",
    "grid": "Grid",
    "tolerance": "Tolerance",
}
"""Tables of a file -> their classes in the schema."""
NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.floats(), st.floats(-10, 10), st.floats(0, 25000))
VALUES = st.one_of(
    st.sampled_from(ODD),
    NUMBERS,
    st.lists(NUMBERS, max_size=4),
    st.lists(st.lists(NUMBERS, min_size=2, max_size=3), max_size=3),
    st.text(max_size=20),
    st.booleans(),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document where a value stands, tables and lists included."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in [(*path, key), *places(item, (*path, key))]]


PLACES = [(name, place) for name, problem in SOUND.items() for place in places(problem)]
CHANGES = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["set", "delete", "add", "twice"]), VALUES), min_size=1, max_size=3
)


def mutated(sound: dict[str, Any], changes: list[tuple[int, str, Any]]) -> dict[str, Any]:
    """The document with a few of its values set to others, deleted, doubled, or with an unknown key beside them."""
    problem = copy.deepcopy(sound)
    for pick, action, value in changes:
        all_places = places(problem)
        if not all_places:
            break
        *path, last = all_places[pick % len(all_places)]
        holder: Any = problem
        for step in path:
            holder = holder[step]
        if action == "delete":
            del holder[last]
        elif action == "add" and isinstance(holder, dict):
            holder[f"{last}x"] = copy.deepcopy(value)
        elif action == "twice" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        else:
            holder[last] = copy.deepcopy(value)
    return problem


def loads_or_faults(text: str) -> None:
    """Load; where it is refused, its faults are lines of printable text; where not, it can be explained."""
    try:
        problem = designer.loads(text)
    except ProblemError as error:
        assert error.faults
        lines = str(error).split("\n")
        assert len(lines) == 1 + len(error.faults)
        assert all(len(line) < 1500 for line in lines)
    else:
        assert list(explain(problem))
        warnings(problem)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SOUND)), changes=CHANGES)
def test_mutated_problems(name: str, changes: list[tuple[int, str, Any]]) -> None:
    """A sound problem with a few of its values replaced by anything that TOML can say is loaded or refused."""
    loads_or_faults(toml(mutated(SOUND[name], changes)))


@pytest.mark.parametrize("name", SOUND)
def test_odd_value_everywhere(name: str, request: pytest.FixtureRequest) -> None:
    """Each of the oddest values at each place of a sound problem, one at a time (a fixed sample of all pairs)."""
    count, step = 0, 7 if request.config.getoption("--long") else 61
    for p, place in enumerate(places(SOUND[name])):
        for v in range(p % step, len(ODD), step):
            problem: Any = copy.deepcopy(SOUND[name])
            holder = problem
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = ODD[v]
            loads_or_faults(toml(problem))
            count += 1
    assert count > 30


@pytest.mark.parametrize("table", TABLES)
def test_every_key_at_fault_is_named(table: str) -> None:
    """Checks between keys go on without a key that is at fault by itself: its own fault is listed, whichever it is."""
    schema = json.loads(schema_text())["$defs"]
    for key in sorted({key for name in TABLES[table].split() for key in schema[name]["properties"]}):
        problem: Any = copy.deepcopy(SOUND["pair"])
        holder = problem.setdefault(table, {})
        (holder[0] if isinstance(holder, list) else holder)[key] = {"none such": float("nan")}
        with pytest.raises(ProblemError, match=rf"{table}.*{key}"):
            designer.loads(toml(problem))


@settings(max_examples=200)
@given(text=st.text(max_size=200))
@example(text="[" * 5000)
@example(text="a = " + "[" * 2000 + "]" * 2000)
@example(text="a" + ".a" * 3000 + " = 1")
@example(text="grid" + ".a" * 3000 + " = 1")
@example(text='"\\u0000 \\n" = 1')
@example(text="title = 1\r\n")
@example(text="title = 1\rsample_rate_hz = 2")
@example(text="\ufefftitle = 1")
@example(text="x = " + "9" * 5000)
def test_any_text(text: str) -> None:
    """Any text at all is refused with faults."""
    with pytest.raises(ProblemError, match=r"^problem: \d+ fault"):
        designer.loads(text)


@settings(max_examples=150)
@given(start=st.integers(0, 2500), length=st.integers(0, 40), put=st.text("[]{}=\"'#.,\n 0a", max_size=4))
def test_damaged_text(start: int, length: int, put: str) -> None:
    """The text of a sound problem with a piece cut out and a few of TOML's own characters put in is loaded or refused."""
    text = toml(trio())
    loads_or_faults(text[:start] + put + text[start + length :])


@settings(max_examples=100)
@given(data=st.binary(max_size=100))
@example(data=b"\xff\xfet\x00")
@example(data=b"\xef\xbb\xbftitle = 1")
@example(data=b"title = 'caf\xe9'")
def test_any_bytes(data: bytes) -> None:
    """Any bytes at all in a file are refused with faults that name it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "any.toml"
        file.write_bytes(data)
        with pytest.raises(ProblemError, match=r"any\.toml: \d+ fault"):
            designer.load(file)
