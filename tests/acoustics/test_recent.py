"""Last results of functions: kept by content and up to a number of bytes, in processes that opt in."""

from __future__ import annotations

import numpy as np
import pytest

from designer.acoustics import recent
from designer.acoustics.enclosures.discs import Disc, disc_field
from designer.acoustics.recent import Recent, remembered_values
from designer.arrays import Real

CALLS: list[float] = []


@remembered_values
def doubled(x: Real, *, factor: float = 2.0) -> Real:
    """A function whose calls are counted."""
    CALLS.append(float(x[0]))
    return x * factor


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Recent:
    """Room for two arrays of ten numbers."""
    keeper = Recent()
    keeper.most_bytes = 160
    monkeypatch.setattr(recent, "RECENT", keeper)
    CALLS.clear()
    return keeper


@pytest.mark.usefixtures("room")
def test_the_last_are_kept_by_content() -> None:
    """A copy of the same numbers needs no call, other numbers and keywords need one; of three results the oldest is removed."""
    a, b, c = (np.full(10, value) for value in (1.0, 2.0, 3.0))
    first = doubled(a)
    assert doubled(a.copy()) is first and CALLS == [1.0]
    assert not first.flags.writeable
    np.testing.assert_array_equal(doubled(b), 4.0)
    np.testing.assert_array_equal(doubled(a, factor=3.0), 3.0)  # the third: a's double has gone
    assert CALLS == [1.0, 2.0, 1.0]
    doubled(b)
    assert CALLS == [1.0, 2.0, 1.0]
    np.testing.assert_array_equal(doubled(a), 2.0)
    np.testing.assert_array_equal(doubled(c), 6.0)
    assert CALLS == [1.0, 2.0, 1.0, 1.0, 3.0]


def test_nothing_is_kept_where_nobody_asks(room: Recent) -> None:
    """A process that computes each result once pays neither for keys nor for memory; an array above the limit is not kept."""
    room.most_bytes = 0
    assert doubled(np.ones(10)) is not doubled(np.ones(10))
    room.most_bytes = 79
    assert doubled(np.ones(10)) is not doubled(np.ones(10))


def test_a_disc_that_stays_keeps_its_field(room: Recent) -> None:
    """The field is the same bit for bit; a disc that has moved, or is heard elsewhere, has another."""
    room.most_bytes = 1e6
    k, points_m = np.array([10.0, 30.0]), np.array([[1.0, 0.2, 0.1], [0.7, -0.3, 0.0]])
    disc = Disc(np.array([0.0, 0.1, 0.0]), (0.0, 0.0), 0.02)
    field = disc_field(disc, k, points_m)
    assert disc_field(Disc(disc.position_m.copy(), (0.0, 0.0), 0.02), k.copy(), points_m) is field
    room.most_bytes = 0
    np.testing.assert_array_equal(disc_field(disc, k, points_m), field)
    room.most_bytes = 1e6
    assert not np.array_equal(disc_field(Disc(disc.position_m + 0.001, (0.0, 0.0), 0.02), k, points_m), field)
    assert not np.array_equal(disc_field(disc, k, points_m + 0.001), field)
