"""What VALUES of --vary stand for: lists, and ranges with both their ends, in the floats that a person would write."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import UsageError
from designer.search.sweep_values import Between, parsed_values


def test_a_range_has_both_ends_and_no_dust() -> None:
    """Thirteen places from 4 to 16 cm, each the float of its two decimals, which adding 0.01 thirteen times is not."""
    values = parsed_values("0.04:0.16:0.01", "")
    assert values == (0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16)


@given(st.integers(-500, 500), st.integers(1, 60), st.integers(1, 40), st.integers(0, 4), st.booleans())
def test_any_range(start: int, step: int, count: int, digits: int, down: bool) -> None:
    """FROM:TO:STEP in decimals is FROM + n STEP in fractions, rounded once, upwards or downwards; whole texts are whole numbers."""
    sign = -1 if down else 1
    scale = 10**digits

    def written(number: int) -> str:
        text = f"{abs(number) // scale}.{abs(number) % scale:0{digits}d}" if digits else str(abs(number))
        return f"{'-' if number < 0 else ''}{text}"

    end = start + sign * step * count
    values = parsed_values(f"{written(start)}:{written(end)}:{written(sign * step)}", "")
    assert isinstance(values, tuple)
    assert list(values) == [float(Fraction(start + sign * step * n, scale)) for n in range(count + 1)]
    assert {type(value) for value in values} == {float if digits else int}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("6,12,18", (6, 12, 18)),
        ("fir, rtf", ("fir", "rtf")),
        ('"5.23","q15"', ("5.23", "q15")),
        ("true,false", (True, False)),
        ("sphere:0.08,points", ("sphere:0.08", "points")),
        ("[250, 4000], [500, 4000]", ([250, 4000], [500, 4000])),
        ("'a,b',c", ("a,b", "c")),
        ("1:3:1,10", (1, 2, 3, 10)),
        ("0:1:0.3333", (0.0, float(Fraction(1, 3)), float(Fraction(2, 3)), 1.0)),
        ("0.04:0.16", Between(0.04, 0.16, is_whole=False)),
        ("64:512", Between(64.0, 512.0, is_whole=True)),
        ("3\nb = 4", ("3\nb = 4",)),
    ],
)
def test_values(text: str, values: object) -> None:
    """Numbers, words, quoted text, lists, ranges beside values, and an interval."""
    assert parsed_values(text, "") == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty value; expected values with a comma between, or FROM:TO:STEP"),
        ("6,,12", "got an empty value; expected values with a comma between, or FROM:TO:STEP"),
        ("0:1:0.3", "got steps of 0.3, which miss the end at 1; expected steps that end there; take 0.333333 or 0.25"),
        ("0:1:3", "got steps of 3, which miss the end at 1; expected steps that end there; take 1"),
        ("0:1:-0.1", "got steps of -0.1 from 0 to 1; expected a step that leads to the end; change it"),
        ("0:1:0", "got steps of 0 from 0 to 1; expected a step that leads to the end; change it"),
        ("0:1:1e-9", "got 1000000001 values; expected at most 100000; take a larger step"),
        ("2:1", "got a range from 2 to 1; expected from the smaller to the larger"),
        ("1:2,5", "got a range without a step beside other values; expected FROM:TO:STEP, or the range alone"),
    ],
)
def test_what_is_no_value(text: str, message: str) -> None:
    """Each message says what was found and what is allowed."""
    with pytest.raises(UsageError, match=f"^--vary k={re.escape(text)}: {re.escape(message)}$"):
        parsed_values(text, f"--vary k={text}")
