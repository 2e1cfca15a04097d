"""Scaled sections: the same filter, and no input within full scale passes full scale between its sections."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.realization.cascade import Cascade
from designer.realization.section_scaling import cleared, node_bounds, scaled, with_gains
from realization.section_cases import difference_equation, equaliser, random_cascade, turn_of

seeds = st.integers(0, 2**32 - 1)
TURN = turn_of(np.array([20.0, 300.0, 4000.0, 20_000.0]))


def nodes(f: Cascade, x: list[float]) -> list[list[float]]:
    """The signal behind each section."""
    return [difference_equation(Cascade(f.b[: s + 1], f.a[: s + 1]), x) for s in range(len(f.b))]


@settings(max_examples=15, deadline=None)
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


@settings(max_examples=20, deadline=None)
@given(seed=seeds, sections=st.integers(1, 6), greatest=st.sampled_from([1.0, 2.0, 16.0]))
def test_scaling_changes_no_response(seed: int, sections: int, greatest: float) -> None:
    """Order, scale and gains leave the filter as it is; every stored numerator fits, and uses at least half of its share."""
    f = equaliser(seed, sections)
    made = with_gains(scaled(f), greatest)
    expected = f.response(TURN)
    np.testing.assert_allclose(made.response(TURN), expected, rtol=1e-9)
    most = np.abs(made.b / made.gain[:, None]).max(axis=1)
    assert (most <= 0.95 * greatest * (1 + 1e-12)).all()
    assert (most > 0.47 * greatest).all()
    assert (np.log2(made.gain) == np.rint(np.log2(made.gain))).all()


def test_a_node_that_was_pushed_up_is_brought_down() -> None:
    """By powers of two that leave stored coefficients as they are, and the response too."""
    f = with_gains(scaled(equaliser(5, 3)), 2.0)
    loud = replace(f, b=f.b * np.array([[3.0], [1.0], [1 / 3]]))
    made = cleared(loud)
    assert node_bounds(loud)[:-1].max() > 1.0
    assert node_bounds(made)[:-1].max() <= 1.0
    np.testing.assert_array_equal(made.b / made.gain[:, None], loud.b / loud.gain[:, None])
    np.testing.assert_allclose(made.response(TURN), loud.response(TURN), rtol=1e-12)
    assert node_bounds(made)[-1] == pytest.approx(node_bounds(loud)[-1])
