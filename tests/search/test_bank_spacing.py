"""Sets stand as far apart as the loss allows: as few as a density of them asks for, which is known here."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from designer.search.bank_spacing import (
    CLOSEST,
    LEAST_PLACES,
    JumpError,
    Values,
    evened,
    lone_place,
    proof_values,
    spaced,
)

LIMIT_DB = 1.0


def loss_of(integral: Callable[[float], float]) -> Callable[[float, float], float]:
    """The square of the integral of a density between two values: 1 dB where one set more is due."""
    return lambda start, stop: (integral(stop) - integral(start)) ** 2


@pytest.mark.parametrize(
    ("integral", "low", "high"),
    [
        (lambda x: 4.3 * x, 0.0, 2.0),
        (lambda x: 6 * np.log(x), 0.25, 4.0),  # dense near 0, as of a listener who comes near
        (lambda x: 3 * x + 2 * np.tanh(8 * (x - 1)), 0.0, 2.0),
    ],
)
def test_as_few_sets_as_the_density_asks_for(integral: Callable[[float], float], low: float, high: float) -> None:
    """The next whole number above the integral of the density, and one; steps are searched to 3%, which costs at most one more."""
    values = spaced(low, high, loss_of(integral), LIMIT_DB)
    due = integral(high) - integral(low)
    fewest = int(np.ceil(due)) + 1
    assert fewest <= values.size <= int(np.ceil(due * 1.04)) + 1
    assert (values[0], values[-1]) == (low, high)
    losses = [loss_of(integral)(*pair) for pair in itertools.pairwise(values)]
    assert max(losses) <= LIMIT_DB
    uniform = np.linspace(low, high, values.size - 1)
    assert max(loss_of(integral)(*pair) for pair in itertools.pairwise(uniform)) > LIMIT_DB


def test_sets_that_are_evened_lose_less() -> None:
    """As many sets, and where the last interval was short the largest loss is smaller."""
    loss = loss_of(lambda x: 6 * np.log(x))
    values = spaced(0.25, 4.0, loss, LIMIT_DB)
    even = evened(values)
    assert even.size == values.size
    before, after = (max(loss(a, b) for a, b in itertools.pairwise(v)) for v in (values, even))
    assert after <= before
    assert (even[0], even[-1]) == (values[0], values[-1])


def of_ratio(place: Values, at: Values) -> float:
    """Loss in dB as of a listener who comes near: with the logarithm of the distance, largest over the keys."""
    return max(abs(float(np.log(b / a))) for a, b in zip(place, at, strict=True))


def test_one_set_stands_where_both_ends_lose_as_much() -> None:
    """Between 1 and 4 that is 2, from which each end is a factor of 2 away; where not even 2 holds, no place does."""
    (place,) = lone_place([1.0], [4.0], of_ratio, 0.8) or ()
    assert 4 / np.exp(0.8) <= place <= np.exp(0.8)
    assert place != 2.5  # the middle, from which the low end is too far
    assert lone_place([1.0], [1.5], of_ratio, 0.8) == (1.25,)
    assert lone_place([1.0], [4.0], of_ratio, 0.99 * np.log(2)) is None
    assert lone_place([1.0], [99.0], of_ratio, 0.1) is None


def test_one_set_of_two_keys_serves_all_four_corners() -> None:
    """Each key goes to its own end."""
    place = lone_place([1.0, 2.0], [4.0, 2.5], of_ratio, 0.8)
    assert place is not None
    assert max(of_ratio(place, (a, b)) for a in (1.0, 4.0) for b in (2.0, 2.5)) <= 0.8
    assert lone_place([1.0, 1.0], [4.0, 9.0], of_ratio, 0.8) is None


def test_a_jump_is_told_with_its_place() -> None:
    """No interval over it holds: the error has the value before it."""
    with pytest.raises(JumpError, match=r"^4\.00$") as told:
        spaced(0.0, 1.0, lambda start, stop: 4.0 if start <= 0.62 < stop else 0.1, LIMIT_DB)
    assert float(told.value.place) == pytest.approx(0.62, abs=2 * CLOSEST)


def test_a_proof_is_ten_times_as_fine() -> None:
    """Nine values between each two sets; between few sets more, so that LEAST_PLACES are looked at."""
    fine = proof_values(np.array([0.0, 1.0, 1.5, 2.0, 4.0]))
    assert fine.size == LEAST_PLACES[1]
    np.testing.assert_allclose(fine[10:21], np.linspace(1.0, 1.5, 11))
    assert proof_values(np.array([0.0, 1.0])).size == LEAST_PLACES[1]
    assert proof_values(np.array([0.0, 1.0]), keys=2).size == LEAST_PLACES[2]
    assert proof_values(np.arange(8.0)).size == 71
