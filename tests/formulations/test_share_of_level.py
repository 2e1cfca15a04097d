"""The reachable share of the level against cvxpy, and in cases worked by hand."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.solvers.constrained_data import share_of_level
from formulations.random_targets import gaussian
from formulations.reference import solved

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(1, 5), slack=st.floats(1.0001, 3.0), bounded=st.booleans())
def test_the_share_is_that_of_cvxpy(seed: int, drivers: int, slack: float, bounded: bool) -> None:
    """The least u >= 1 with h w = 1, |w_l| <= g_l u and ||w|| <= e, convex in u and w, is 1 over the share, to 1e-5."""
    rng = np.random.default_rng(seed)
    h = gaussian(rng, 1, drivers)
    max_gain = rng.uniform(0.02, 1.0, (1, drivers))
    max_gain[0, rng.random(drivers) < 0.2] = np.inf
    max_norm = np.array([slack / np.linalg.norm(h) if bounded else np.inf])
    share = share_of_level(np.abs(h), max_gain, max_norm)[0]
    w, u = cp.Variable(drivers, complex=True), cp.Variable()
    lines = [h[0] @ w == 1, u >= 1]
    lines += [cp.abs(w[l]) <= limit * u for l, limit in enumerate(max_gain[0]) if np.isfinite(limit)]
    if bounded:
        lines.append(cp.norm(w) <= max_norm[0])
    assert share == pytest.approx(1 / solved(cp.Problem(cp.Minimize(u), lines)), rel=1e-5)


def test_shares_by_hand() -> None:
    """Two drivers of response 1: gains 0.1 each allow 0.2; with ||w|| = √(5/8) the weights are 3/4 and 1/4 of the level.

    3/4 and 1/4 have the norm √10/4 = √(5/8); the weaker driver's gain is 0.1, so t = 0.1 / (1/4) = 0.4.
    """
    h = np.ones((1, 2))
    assert share_of_level(h, np.array([[0.1, 0.1]]), np.array([np.inf]))[0] == pytest.approx(0.2, rel=1e-12)
    assert share_of_level(h, np.array([[np.inf, 0.1]]), np.array([np.sqrt(5 / 8)]))[0] == pytest.approx(0.4, rel=1e-12)
    assert share_of_level(h, np.array([[np.inf, 0.1]]), np.array([np.inf]))[0] == 1.0
    assert share_of_level(h, np.array([[0.0, 0.0]]), np.array([1.0]))[0] == 0.0


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(1, 8), scale=st.sampled_from([1e-6, 1.0, 1e6]))
def test_a_share_scales_with_the_pressure_and_grows_with_the_limits(seed: int, drivers: int, scale: float) -> None:
    """A share depends on |h| g and e |h| alone, and a wider limit does not lower it.

    Silent drivers and gains of 0 among them, at pressures of 1e-6 to 1e6: nothing that is not a number.
    """
    rng = np.random.default_rng(seed)
    h = np.abs(gaussian(rng, 4, drivers)) * (rng.random((4, drivers)) > 0.2)
    g = rng.uniform(0.0, 0.5, (4, drivers)) * (rng.random((4, drivers)) > 0.2)
    g[rng.random((4, drivers)) < 0.2] = np.inf
    e = rng.uniform(0.1, 2.0, 4)
    share = share_of_level(h, g, e)
    np.testing.assert_allclose(share_of_level(h * scale, g / scale, e / scale), share, rtol=1e-9)
    assert (share_of_level(h, 1.5 * g, e) >= share * (1 - 1e-12)).all()
    assert ((share >= 0) & (share <= 1)).all()
