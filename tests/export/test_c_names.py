"""Names of a problem as identifiers of C."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from designer.export.names import c_name, c_names, unique


@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_names_become_identifiers_that_no_case_confuses(names: list[str]) -> None:
    """C99 6.4.2.1: letters, digits, underscores, no digit first; as macros they are in capitals, and still all different."""
    found = c_names(names)
    assert set(found) == set(names)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in found.values())
    assert len({name.upper() for name in found.values()}) == len(set(names))


def test_plain_names_stay_and_others_give_way() -> None:
    """What a user has in his firmware already keeps its name, whoever comes first in the file."""
    assert c_names(["left ", "left", "für", "2nd", "float", "日本"]) == {
        "left ": "left_2", "left": "left", "für": "fur", "2nd": "x2nd", "float": "xfloat", "日本": "x",
    }  # fmt: skip


def test_pairs_that_read_alike_are_told_apart() -> None:
    """Channel a_b to driver c, and channel a to driver b_c."""
    assert unique({("a_b", "c"): "a_b_c", ("a", "b_c"): "a_b_c"}) == {("a_b", "c"): "a_b_c", ("a", "b_c"): "a_b_c_2"}


def test_no_file_is_named_like_a_header_that_it_includes() -> None:
    """`string.toml` must not become a string.h."""
    assert [c_name(name) for name in ("string", "arm_math", "Stdio", "strings")] == [
        "xstring",
        "xarm_math",
        "xStdio",
        "strings",
    ]
