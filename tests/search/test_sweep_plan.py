"""The points of a sweep: which there are, in which order, and what they are named by."""

from __future__ import annotations

import re

import pytest
from toml_text import pair, toml

import designer
from designer.errors import UsageError
from designer.problem import Problem
from designer.search.sweep_plan import Plan, content, variations

PAIR = designer.loads(toml(pair()))
TWO = ["drivers.right.position_m[1]=0.04:0.16:0.01", "designs.left.max_effort_db=6,12,18"]


def plan(given: list[str], problem: Problem = PAIR, *, zipped: bool = False, draws: int = 0, seed: int = 0) -> Plan:
    return Plan(problem, variations(problem, given), zipped, draws, seed)


def test_every_value_with_every_other() -> None:
    """13 places by 3 efforts are 39 points, each once, the last key fastest."""
    tasks = list(plan(TWO).tasks())
    assert len(tasks) == len(plan(TWO)) == len({task.point for task in tasks}) == 39
    expected = [(place, effort) for place in (n / 100 for n in range(4, 17)) for effort in (6.0, 12.0, 18.0)]
    assert [tuple(task.varied.values()) for task in tasks] == expected
    assert [task.number for task in tasks] == list(range(39))


def test_one_by_one() -> None:
    """--zip pairs the first with the first; lists of unequal length are refused with their lengths."""
    value = ["drivers.right.position_m[1]=0.04,0.05", "designs.left.max_effort_db=6,12"]
    assert [tuple(task.varied.values()) for task in plan(value, zipped=True).tasks()] == [(0.04, 6.0), (0.05, 12.0)]
    message = "--zip: got 13 of drivers.right.position_m[1], 3 of designs.left.max_effort_db; expected as many values of each key"
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        plan(TWO, zipped=True)


def test_repeated_values_beside_others() -> None:
    """With --zip a value may stand again beside another of another key; a pair that stands twice is one point."""
    values = ["realization.taps=64,64,128,64", "designs.left.max_effort_db=6,12,6,6"]
    tasks = list(plan(values, zipped=True).tasks())
    assert [tuple(task.varied.values()) for task in tasks] == [(64, 6.0), (64, 12.0), (128, 6.0)]


def test_draws() -> None:
    """They stay in their interval or list, whole where the key wants it; the same seed draws the same, and more begin with the same."""
    value = ["drivers.right.position_m[1]=0.04:0.16", "realization.taps=64:67", "designs.left.max_effort_db=6,12,18"]
    few, many, other = (list(plan(value, draws=n, seed=seed).tasks()) for n, seed in ((40, 3), (200, 3), (40, 4)))
    assert [task.point for task in few] == [task.point for task in many][:40]
    assert not {task.point for task in few} & {task.point for task in other}
    places, taps, efforts = zip(*(task.varied.values() for task in many), strict=True)
    assert 0.04 <= min(places) < 0.05 and 0.15 < max(places) <= 0.16
    assert set(taps) == {64, 65, 66, 67}
    assert set(efforts) == {6.0, 12.0, 18.0}


def test_draws_that_are_alike_are_one_point() -> None:
    """100 draws from three values are three points."""
    assert len(list(plan(["designs.left.max_effort_db=6,12,18"], draws=100).tasks())) == 3


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (["realization.taps=64:128"], {},
         "--vary realization.taps: got a range without a step; expected FROM:TO:STEP, or --random N to draw from it"),
        (["realization.taps=64:128"], {"draws": 2, "zipped": True}, "got --zip and --random; expected one of them; leave one out"),
        (["realization.taps=64,128,64"], {},
         "--vary realization.taps: got the value 64 twice; expected each value once, or --zip, with which it stands beside another of the"
         " other keys"),
        (["realization.taps=8:10007:1", "grid.frequencies=3:10002:1"], {},
         "got 100000000 points; expected at most 1000000; take larger steps, or --random N"),
    ],
)  # fmt: skip
def test_what_makes_no_plan(given: list[str], options: dict[str, int], message: str) -> None:
    """Each message has its remedy."""
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        plan(given, **options)  # type: ignore[arg-type]


def test_a_name_is_of_the_content() -> None:
    """Comments, and defaults that are written out, change no name; a key that changes changes every name."""
    tables = pair()
    same = designer.loads("# a remark\n" + toml(tables | {"speed_of_sound_m_s": 343.0}), source="elsewhere.toml")
    assert [task.point for task in plan(TWO, same).tasks()] == [task.point for task in plan(TWO).tasks()]
    other = designer.loads(toml(tables | {"speed_of_sound_m_s": 340.0}))
    assert not {task.point for task in plan(TWO, other).tasks()} & {task.point for task in plan(TWO).tasks()}
    assert content(other) != content(PAIR)
