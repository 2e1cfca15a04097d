"""Cascades of sections: against the difference equation, stable whatever their parameters are, and scaled below full scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.realization.cascade import (
    Cascade,
    cleared,
    denominator_slopes,
    denominators,
    free_parameters,
    node_bounds,
    pole_radii,
    scaled,
    with_gains,
)
from realization.section_cases import difference_equation, equaliser, random_cascade, turn_of

seeds = st.integers(0, 2**32 - 1)
TURN = turn_of(np.array([20.0, 300.0, 4000.0, 20_000.0]))


@settings(max_examples=20)
@given(seed=seeds, sections=st.integers(1, 4))
def test_the_impulse_response_is_the_difference_equations(seed: int, sections: int) -> None:
    """Sample by sample; and its sum Σ y[n] z^-n is the response, once it has died away."""
    f = random_cascade(seed, sections, radius=0.9)
    expected = np.array(difference_equation(f, [1.0] + [0.0] * 599))
    np.testing.assert_allclose(f.impulse_response(600), expected, atol=1e-9 * np.abs(expected).max())
    frequency_hz = np.array([0.0, 1000.0, 13_000.0, 24_000.0])
    naive = np.array([sum(y * turn**n for n, y in enumerate(expected)) for turn in turn_of(frequency_hz)])
    np.testing.assert_allclose(f.response(turn_of(frequency_hz)), naive, atol=1e-8 * np.abs(expected).sum())


@settings(max_examples=100)
@given(u=st.floats(-30, 30), v=st.floats(-30, 30), radius=st.floats(0.1, 0.9999))
def test_no_parameters_are_unstable(u: float, v: float, radius: float) -> None:
    """The roots of z² + a1 z + a2 lie within the radius for any u, v."""
    a = denominators(np.array([[u, v]]), radius)
    roots = np.roots([1.0, *a[0]])
    assert np.abs(roots).max() <= radius * (1 + 1e-7)  # a double root is good to the square root of the precision
    assert pole_radii(a)[0] == pytest.approx(np.abs(roots).max(), rel=1e-6, abs=1e-9)


@settings(max_examples=50)
@given(seed=seeds)
def test_every_stable_denominator_has_its_parameters(seed: int) -> None:
    """Back and forth: a pair of poles within the radius, conjugate or real, returns to 1e-9."""
    rng = np.random.default_rng(seed)
    p = 0.95 * np.sqrt(rng.uniform()) * np.exp(1j * rng.uniform(0, np.pi))
    q = p.conjugate() if rng.uniform() < 0.5 else complex(rng.uniform(-0.95, 0.95))
    p = p if q.imag else complex(p.real)
    a = np.array([[-(p + q).real, (p * q).real]])
    np.testing.assert_allclose(denominators(free_parameters(a, 0.98), 0.98), a, atol=1e-9)


@settings(max_examples=30)
@given(u=st.floats(-2, 2), v=st.floats(-2, 2))
def test_the_slopes_are_finite_differences(u: float, v: float) -> None:
    """∂(a1, a2)/∂(u, v) to 1e-6."""
    free, small = np.array([[u, v]]), 1e-6
    for i in range(2):
        step = small * np.eye(2)[i]
        numeric = (denominators(free + step, 0.99) - denominators(free - step, 0.99))[0] / (2 * small)
        np.testing.assert_allclose(denominator_slopes(free, 0.99)[0, :, i], numeric, atol=1e-6)


def nodes(f: Cascade, x: list[float]) -> list[list[float]]:
    """The signal behind each section."""
    return [difference_equation(Cascade(f.b[: s + 1], f.a[: s + 1]), x) for s in range(len(f.b))]


@settings(max_examples=15)
@given(seed=seeds, sections=st.integers(2, 5))
def test_no_inner_node_passes_full_scale(seed: int, sections: int) -> None:
    """Random inputs, and for each node the one that drives it farthest: below 1 everywhere but at the output."""
    f = scaled(random_cascade(seed, sections, radius=0.9))
    rng = np.random.default_rng(seed)
    worst = [np.sign(difference_equation(Cascade(f.b[: s + 1], f.a[: s + 1]), [1.0] + [0.0] * 149)[::-1]) for s in
             range(sections)]  # fmt: skip
    reached = np.zeros(sections)
    for x in (rng.uniform(-1, 1, 150), rng.choice([-1.0, 1.0], 150), *worst):
        reached = np.maximum(reached, [np.abs(signal).max() for signal in nodes(f, list(x))])
    bounds = node_bounds(f)
    assert (reached <= bounds * (1 + 1e-6)).all()
    np.testing.assert_allclose(reached, bounds, rtol=1e-2)  # each bound is reached, but for 150 samples' end
    assert (reached[:-1] < 1.0).all()


@settings(max_examples=20)
@given(seed=seeds, sections=st.integers(1, 6), greatest=st.sampled_from([1.0, 2.0, 16.0]))
def test_scaling_changes_no_response(seed: int, sections: int, greatest: float) -> None:
    """Order, scale and gains leave the filter as it is; every stored numerator fits, and uses at least half of its share."""
    f = equaliser(seed, sections)
    result = with_gains(scaled(f), greatest)
    expected = f.response(TURN)
    np.testing.assert_allclose(result.response(TURN), expected, rtol=1e-9)
    most = np.abs(result.b / result.gain[:, None]).max(axis=1)
    assert (most <= 0.95 * greatest * (1 + 1e-12)).all()
    assert (most > 0.47 * greatest).all()
    assert (np.log2(result.gain) == np.rint(np.log2(result.gain))).all()


def test_a_node_that_was_pushed_up_is_brought_down() -> None:
    """By powers of two that leave stored coefficients as they are, and the response too."""
    f = with_gains(scaled(equaliser(5, 3)), 2.0)
    loud = replace(f, b=f.b * np.array([[3.0], [1.0], [1 / 3]]))
    result = cleared(loud)
    assert node_bounds(loud)[:-1].max() > 1.0
    assert node_bounds(result)[:-1].max() <= 1.0
    np.testing.assert_array_equal(result.b / result.gain[:, None], loud.b / loud.gain[:, None])
    np.testing.assert_allclose(result.response(TURN), loud.response(TURN), rtol=1e-12)
    assert node_bounds(result)[-1] == pytest.approx(node_bounds(loud)[-1])
