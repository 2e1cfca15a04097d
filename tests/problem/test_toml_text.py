"""Problem files that are written from data: Python's own TOML reader reads the same data back."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import designer
from designer.problem.library import library
from designer.problem.toml_text import toml_text

SCALARS = (
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
INLINE = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
TABLES = st.dictionaries(KEYS, INLINE, max_size=4)


@given(st.dictionaries(KEYS, INLINE | TABLES | st.lists(TABLES, min_size=1, max_size=3), max_size=5))
def test_anything_comes_back(data: dict[str, Any]) -> None:
    """Any text, number, list and table, at any depth that a problem file has."""
    assert tomllib.loads(toml_text(data)) == data


def test_what_is_absent_is_left_out() -> None:
    """None has no place in TOML; NaN has."""
    text = toml_text({"a": None, "b": {"c": None, "d": [{"e": None, "f": math.nan}]}})
    read = tomllib.loads(text)
    assert list(read) == ["b"] and list(read["b"]) == ["d"] and math.isnan(read["b"]["d"][0]["f"])


@pytest.mark.parametrize("name", library())
def test_the_library_comes_back(name: str) -> None:
    """Each problem of the library, written from its data, is the same problem."""
    problem = designer.load(library()[name][0])
    text = toml_text(problem.model_dump(exclude_unset=True))
    assert designer.loads(text, folder=Path(problem.folder)).model_dump() == problem.model_dump()
