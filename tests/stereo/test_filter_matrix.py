"""The filters: any matrix of them is the sum of plain convolutions, however the input is cut."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.stereo.signal_path import Running, SignalPath

RATE_HZ = 48_000


def running(filters: Real) -> Running:
    return Running(SignalPath(filters, False, ()), RATE_HZ)


def by_definition(stereo: Real, filters: Real) -> Real:
    """Σ_i f_oi * x_i, one pair at a time."""
    return np.column_stack([sum(np.convolve(x, f) for x, f in zip(stereo.T, row, strict=True)) for row in filters])


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 700),
    st.lists(st.integers(0, 4000), max_size=6),
    st.integers(0),
)
@settings(max_examples=25)
def test_a_matrix_of_filters_in_blocks(outputs: int, inputs: int, taps: int, sizes: list[int], seed: int) -> None:
    """Outputs are the sums of np.convolve over the inputs; T - 1 samples longer; the same to the last bit in any blocks."""
    rng = np.random.default_rng(seed)
    filters, sound = rng.standard_normal((outputs, inputs, taps)), rng.standard_normal((5000, inputs))
    stage = running(filters)
    cuts = np.minimum(np.cumsum([0, *sizes, 5000]), 5000)
    out = [stage.push(sound[a:b]) for a, b in itertools.pairwise(cuts)]
    streamed = np.concatenate([*out, stage.finish()])
    np.testing.assert_allclose(streamed, by_definition(sound, filters), rtol=0, atol=1e-11 * np.sqrt(taps))
    np.testing.assert_array_equal(streamed, running(filters).run(sound))


def test_no_sample_is_later_than_the_hop() -> None:
    """After n samples at least n - hop outputs are known, as stated."""
    stage = running(np.ones((1, 1, 300)))
    known = 0
    for n in range(1, 200):
        known += len(stage.push(np.ones((37, 1))))
        assert known > 37 * n - stage.hop
