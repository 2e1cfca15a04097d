"""Sections side by side: the cascade's own filters, one minimum of numerators, and poles that serve several places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.realization.cascade import denominators, free_parameters, pole_radii, section_responses
from designer.realization.parallel_sections import (
    PlaceFit,
    fitted_poles,
    least_squares,
    least_sum,
    responses,
)
from designer.realization.section_fit import SectionProblem
from designer.realization.vector_fitting import common_poles

TURN = np.exp(-1j * np.pi * np.linspace(0.001, 0.99, 80))
RADIUS = 0.99
POLES = np.array([[-1.6, 0.75], [0.4, 0.5], [-1.1, 0.2]])
"""Three sections: two pairs of conjugates, and a pair of real poles at 0.87 and 0.23."""


def problem(weights: Complex, symbol: Complex | None = None) -> SectionProblem:
    """Drivers whose errors are heard alone, or as C says."""
    count = weights.shape[1]
    return SectionProblem(
        weights, np.broadcast_to(np.eye(count) if symbol is None else symbol, (80, count, count)) + 0j, TURN, RADIUS
    )


def place(seed: int, a: Real = POLES) -> PlaceFit:
    """Weights of one driver with these poles, numerators by chance and a delay of parts of a sample."""
    rng = np.random.default_rng(seed)
    delay, x = rng.uniform(0, 9, 1), rng.normal(size=(1, 1 + 2 * len(a)))
    return PlaceFit(problem(responses(x, a[None], delay, TURN)), delay)


def test_a_cascade_stands_side_by_side() -> None:
    """Partial fractions: numerators of the least sum are those of a cascade with the same poles, with nothing left."""
    b = np.array([[1.0, -0.3, 0.4], [0.7, 0.2, -1.1], [0.5, 0.1, 0.3]])
    cascade = np.prod(section_responses(b, POLES, TURN), axis=0)
    at = PlaceFit(problem(cascade[:, None]), np.zeros(1))
    assert least_sum(at, POLES[None]) <= 1e-12 * np.sum(np.abs(cascade) ** 2)


@given(st.permutations(range(3)))
def test_the_order_of_sections_does_not_matter(order: list[int]) -> None:
    """The filter of the least sum is one, however poles are ordered: there is nothing to pair with a neighbour's."""
    rng = np.random.default_rng(1)
    at = PlaceFit(problem(rng.normal(size=(80, 1)) + 1j * rng.normal(size=(80, 1))), np.array([2.5]))
    first, second = (
        responses(least_squares(at, a[None]), a[None], at.delay_samples, TURN) for a in (POLES, POLES[order])
    )
    np.testing.assert_allclose(second, first, atol=1e-5)


@given(st.integers(0, 100), st.floats(0, 1))
def test_a_mean_of_numerators_is_the_mean_of_the_filters(seed: int, share: float) -> None:
    """And where two weights' mean is asked for, its own fit is that mean: the fit is linear in the weights."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(2, 80, 1)) + 1j * rng.normal(size=(2, 80, 1))
    a, delay = POLES[None], np.array([1.3])
    one, other, mean = (
        least_squares(PlaceFit(problem(w), delay), a) for w in (*weights, share * weights[0] + (1 - share) * weights[1])
    )
    np.testing.assert_allclose(share * one + (1 - share) * other, mean, atol=1e-6 * np.abs(mean).max())


def test_drivers_are_fitted_together() -> None:
    """Where only the sum of two drivers is heard, what each of them does alone costs more than what both do together, by C's own sum."""
    rng = np.random.default_rng(2)
    a = np.stack([POLES[:1], POLES[1:2]])
    both = responses(rng.normal(size=(1, 5)), POLES[None, :2], np.zeros(1), TURN)  # the sum of two such sections
    weights = np.concatenate([both / 2, both / 2], axis=1)
    alone = [least_squares(PlaceFit(problem(weights[:, [l]]), np.zeros(1)), a[[l]]) for l in range(2)]
    together = PlaceFit(problem(weights, np.ones((2, 2)) + 1e-6 * np.eye(2) + 0j), np.zeros(2))
    apart = together.problem.sum(responses(np.concatenate(alone), a, np.zeros(2), TURN) - weights)
    assert least_sum(together, a) < 0.01 * apart


def test_poles_of_several_responses_come_back() -> None:
    """Three responses with the same poles, each with numerators of its own and without its delay."""
    wanted = np.array([at.problem.weights[:, 0] * TURN ** -at.delay_samples[0] for at in map(place, range(3))])
    poles = common_poles(wanted, np.ones((3, 80)), TURN, 3, RADIUS)
    found = np.sort_complex(poles.ravel())
    expected = np.sort_complex(np.concatenate([np.roots([1.0, *a]) for a in POLES]))
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_steps_over_poles_of_all_places_end_in_a_fit() -> None:
    """Begun beside the poles of three places, Gauss-Newton's steps come to them: the sum of what is left falls to nothing."""
    places = [place(seed) for seed in range(3)]
    begun = denominators(free_parameters(POLES, RADIUS) + np.array([[0.2, -0.1], [-0.3, 0.2], [0.1, 0.15]]), RADIUS)[
        None
    ]
    fitted = fitted_poles(begun, places)
    before, after = (sum(least_sum(at, a) for at in places) for a in (begun, fitted.denominators))
    assert after < 1e-8 * before
    assert fitted.excess_db == 0.0


@settings(max_examples=40)
@given(st.integers(0, 1000))
def test_poles_stay_within_their_radius(seed: int) -> None:
    """Whatever is asked for, here noise that no section follows."""
    rng = np.random.default_rng(seed)
    places = [
        PlaceFit(problem(rng.normal(size=(80, 1)) + 1j * rng.normal(size=(80, 1))), np.zeros(1)) for _ in range(2)
    ]
    a = fitted_poles(POLES[None, :2], places).denominators
    assert pole_radii(a[0]).max() <= RADIUS * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_least_sum_is_the_least(seed: int) -> None:
    """No numerators near those of the fit have a smaller sum."""
    rng = np.random.default_rng(seed)
    at = PlaceFit(problem(rng.normal(size=(80, 1)) + 1j * rng.normal(size=(80, 1))), np.array([0.7]))
    x, least = least_squares(at, POLES[None]), least_sum(at, POLES[None])
    for _ in range(20):
        near = x + 1e-3 * rng.normal(size=x.shape)
        w = responses(near, POLES[None], at.delay_samples, TURN)
        assert at.problem.sum(w - at.problem.weights) >= least
