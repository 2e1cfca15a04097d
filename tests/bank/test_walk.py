"""Filters that change while they play: the formula, and no step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Real
from designer.bank.walk import walked

BLOCK = 16


def filters_at(values: Sequence[float]) -> Real:
    """Filters (2, 1, 5) that grow with the value."""
    value = values[0]
    return np.array([[[1.0, value, 0.5, 0.0, -value]], [[0.2, 0.0, value**2, 0.1, 1.0]]])


def test_a_value_that_stays_plays_one_filter() -> None:
    """The convolution of the whole."""
    inputs = np.random.default_rng(1).normal(size=(8 * BLOCK, 1))
    out = walked(filters_at, inputs, np.full((8, 1), 0.7), BLOCK)
    for o in range(2):
        expected = np.convolve(inputs[:, 0], filters_at([0.7])[o, 0])[: len(inputs)]
        np.testing.assert_allclose(out[:, o], expected, atol=1e-12)


def test_over_a_block_the_output_goes_over_on_a_straight_line() -> None:
    """(1 - n/B) y_before + (n/B) y_now, each the whole convolution, by a naive loop over samples."""
    inputs = np.random.default_rng(2).normal(size=(4 * BLOCK, 1))
    values = np.array([[0.0], [1.0], [1.0], [-0.5]])
    out = walked(filters_at, inputs, values, BLOCK)
    before = values[0]
    for block in range(4):
        for n in range(BLOCK):
            at = block * BLOCK + n
            for o in range(2):
                sums = [
                    sum(h[o, 0, m] * inputs[at - m, 0] for m in range(5) if at >= m)
                    for h in (filters_at(before), filters_at(values[block]))
                ]
                share = n / BLOCK
                assert abs(out[at, o] - ((1 - share) * sums[0] + share * sums[1])) < 1e-12
        before = values[block]
