"""The false position against scipy's root finder, and on functions that jump."""

from __future__ import annotations

import numpy as np
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Index, Real
from designer.formulations.power_ratio import last_that_fits


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), turned=st.booleans())
def test_roots_are_those_of_brent(seed: int, turned: bool) -> None:
    """For sinh(c(x - r)), c from 0.1 to 30, the answer fits and lies at Brent's root, from either side.

    Within 1e-8 of it or of an excess of 0, so 1e-7 of it; in at most the steps of halving 28 times in every second one.
    """
    rng = np.random.default_rng(seed)
    root, steep = rng.uniform(0.01, 0.99, 20), 10 ** rng.uniform(-1, 1.5, 20)
    sign = -1.0 if turned else 1.0
    calls = []

    def excess(x: Real, at: Index) -> Real:
        calls.append(at.size)
        return np.asarray(sign * np.sinh(steep[at] * (x - root[at])))

    everywhere = np.arange(20)
    ends = [(np.full(20, x), excess(np.full(20, x), everywhere)) for x in (0.0, 1.0)]
    inside, outside = ends[::-1] if turned else ends
    x = last_that_fits(excess, inside, outside, 1e-8)
    brent = [scipy.optimize.brentq(lambda x, i=i: np.sinh(steep[i] * (x - root[i])), 0, 1) for i in range(20)]
    assert (excess(x, everywhere) <= 0).all()
    np.testing.assert_allclose(x, brent, atol=1.1e-7)
    assert len(calls) < 2 + 8 + 2 * 28


def test_a_jump_is_found_from_the_side_that_fits() -> None:
    """An excess that jumps from -3 to 5 at 1/3 has no root; the answer is just below 1/3."""
    x = last_that_fits(
        lambda x, at: np.where(x < 1 / 3, -3.0, 5.0),
        (np.zeros(1), np.full(1, -3.0)),
        (np.ones(1), np.full(1, 5.0)),
        1e-9,
    )
    assert 1 / 3 - 1.1e-9 <= x[0] < 1 / 3
