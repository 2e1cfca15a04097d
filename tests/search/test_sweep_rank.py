"""Which point a sweep takes: what it meets counts first, then the number to its resolution, then what it costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designer.search.sweep_best import choose
from designer.search.sweep_point import DONE, INFEASIBLE, MISSED, Outcome
from designer.search.sweep_store import Row
from search.stub import task

GAIN = "cancellation_gain_db"


def point(number: int, status: str, gain: float, effort: float, margin: float = 0.0) -> Row:
    names = {"mean_cancellation_gain_db": gain, "largest_effort_db": effort, "least_margin_to_target_db": margin}
    outcome = Outcome(status, {f"left.{name}": value for name, value in names.items()})
    return Row(task(number).point, number, {"n": number}, (), outcome)


def test_an_infeasible_ring_does_not_win_by_rounding() -> None:
    """0.04 dB more of a gain that the target pins, on a layout that is infeasible: the feasible one of least effort wins."""
    rows = [point(0, DONE, 12.01, 5.0), point(1, DONE, 12.03, 3.0), point(2, INFEASIBLE, 12.05, 1.0, -2.0)]
    chosen = choose(rows, GAIN)
    assert chosen.best == 1
    assert chosen.reasons == [
        "1 points are infeasible, and rank below the others",
        "2 points are equal by mean_cancellation_gain_db within 0.5 dB",
        "largest_effort_db decides between 2 equal points",
    ]
    assert choose(rows, "effort_db").best == 1


def test_the_resolution_is_the_users() -> None:
    """At 0.01 dB the gain decides, at 0.5 dB the effort; equal to half a dB in all, it is told that any of them would do."""
    rows = [point(0, DONE, 12.0, 3.0), point(1, DONE, 12.3, 5.0), point(2, DONE, 12.1, 3.2)]
    assert [choose(rows, GAIN, (), resolution).best for resolution in (0.01, 0.5, None)] == [1, 2, 2]
    assert choose(rows, GAIN).reasons[-1] == "2 points are equal in all of these numbers; this is one of them"


def test_margin_decides_at_equal_effort() -> None:
    """Equal gain, equal effort: the larger margin to the target."""
    assert choose([point(0, DONE, 9.0, 3.0, 0.1), point(1, DONE, 9.2, 3.1, 1.4)], GAIN).best == 1


@pytest.mark.parametrize("status", [MISSED, INFEASIBLE])
def test_where_no_point_meets_all(status: str) -> None:
    """Infeasible points, and those whose filters miss, are compared among themselves."""
    assert choose([point(0, status, 9.0, 3.0), point(1, status, 12.0, 3.0)], GAIN).best == 1


STATUS = st.sampled_from([DONE, MISSED, INFEASIBLE])


@given(st.lists(st.tuples(STATUS, st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=20))
def test_the_rule_against_a_loop(drawn: list[tuple[str, int, int]]) -> None:
    """No point of a better status is left, none of that status has over 0.5 dB more gain, and of those within 0.5 dB none has over 0.5 dB
    less effort.
    """
    rows = [point(n, status, gain / 10, effort / 10) for n, (status, gain, effort) in enumerate(drawn)]
    status, gain, effort = drawn[choose(rows, GAIN).best]
    order = [DONE, MISSED, INFEASIBLE]
    assert min(order.index(other) for other, _, _ in drawn) == order.index(status)
    alike = [(g, e) for other, g, e in drawn if other == status]
    most = max(g for g, _ in alike)
    assert gain >= most - 5
    assert effort <= min(e for g, e in alike if g >= most - 5) + 5
