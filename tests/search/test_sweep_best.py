"""The best point, its conditions and the Pareto front, against plain loops over all pairs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.errors import DataError, UsageError
from designer.search.sweep_best import choose
from designer.search.sweep_point import DONE, FAILED, Outcome
from designer.search.sweep_store import Row
from search.stub import task


def row(number: int, **numbers: float) -> Row:
    given = task(number)
    names = {key.replace("__", "."): value for key, value in numbers.items()}
    return Row(given.point, number, given.varied, given.changes, Outcome(DONE, names))


def ear(number: int, gain: float, effort: float) -> Row:
    return row(number, left__mean_cancellation_gain_db=gain, left__largest_effort_db=effort)


NO_COMPARISON = "got no comparison; expected a number's name, < <= > or >=, and a limit, as effort_db<12"
SOME = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25)


@given(SOME, st.integers(1, 6))
def test_best_and_front(pairs: list[tuple[int, int]], limit: int) -> None:
    """No point that meets the condition has more gain; Pareto-optimal is each point of which no other is as good in both and better
    in one.
    """
    rows = [ear(n, gain, effort) for n, (gain, effort) in enumerate(pairs)]
    able = [gain for gain, effort in pairs if effort < limit]
    if not able:
        with pytest.raises(
            UsageError,
            match=r"^--subject-to: no point of \d+ meets largest_effort_db<\d; the least largest_effort_db is \d$",
        ):
            choose(rows, "cancellation_gain_db", [f"effort_db<{limit}"])
        return
    chosen = choose(rows, "cancellation_gain_db", [f"effort_db < {limit}"])
    assert pairs[chosen.best][0] == max(able)
    assert pairs[chosen.best][1] < limit
    assert chosen.meets.tolist() == [effort < limit for _, effort in pairs]
    front = {
        n
        for n, (gain, effort) in enumerate(pairs)
        if not any(g >= gain and e <= effort and (g, e) != (gain, effort) for g, e in pairs)
    }
    assert set(chosen.front) == front


def test_a_channel_or_the_worst_of_all() -> None:
    """Without a channel a number is the least gain and the largest effort of any; a beam without it does not count."""
    rows = [
        row(0, left__mean_cancellation_gain_db=20, right__mean_cancellation_gain_db=5,
            left__largest_effort_db=1, right__largest_effort_db=9, centre__largest_effort_db=-3),
        row(1, left__mean_cancellation_gain_db=10, right__mean_cancellation_gain_db=8,
            left__largest_effort_db=4, right__largest_effort_db=4),
    ]  # fmt: skip
    assert choose(rows, "cancellation_gain_db").best == 1
    assert choose(rows, "left.cancellation_gain_db").best == 0
    assert choose(rows, "mean_cancellation_gain_db", ["left.effort_db<=1"]).best == 0
    assert choose(rows, "effort_db").best == 1
    assert str(choose(rows, "effort_db").against) == "mean_cancellation_gain_db"
    assert choose(rows, "left.effort_db", ["right.effort_db>4"]).best == 0


@pytest.mark.parametrize(
    ("best", "subject_to", "message"),
    [
        ("cancelation_gain_db", [], '--best cancelation_gain_db: got "cancelation_gain_db"; expected mean_cancellation_gain_db,'
         ' largest_effort_db; nearest known: "cancellation_gain_db"'),
        ("centre.effort_db", [], '--best centre.effort_db: got the channel "centre"; expected left'),
        ("effort_db", ["gain"], f"--subject-to gain: {NO_COMPARISON}"),
        ("effort_db", ["effort_db<much"], f"--subject-to effort_db<much: {NO_COMPARISON}"),
        ("effort_db", ["effort_db<nan"], f"--subject-to effort_db<nan: {NO_COMPARISON}"),
        ("cancellation_gain_db", ["effort_db<3"],
         "--subject-to: no point of 2 meets largest_effort_db<3; the least largest_effort_db is 5"),
        ("cancellation_gain_db", ["cancellation_gain_db>=30", "effort_db<9"],
         "--subject-to: no point of 2 meets mean_cancellation_gain_db>=30, largest_effort_db<9; the largest"
         " mean_cancellation_gain_db is 12, the least largest_effort_db is 5"),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen_by(best: str, subject_to: list[str], message: str) -> None:
    """Each message says what there is, or how near the points come."""
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        choose([ear(0, 10, 5), ear(1, 12, 7)], best, subject_to)


def test_failed_points_are_not_chosen() -> None:
    """They take no part, and where nothing else is there is nothing to choose."""
    failed = Row("x", 5, {}, (), Outcome(FAILED, error="it failed"))
    assert choose([failed, ear(0, 10, 5)], "cancellation_gain_db").row.number == 0
    with pytest.raises(
        DataError, match=r"^got 1 points, and none that was designed; expected one or more; see their errors in"
    ):
        choose([failed], "cancellation_gain_db")
