"""Vector fitting: known cascades come back, fits are stable whatever is asked, and fractions of a sample are met."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.realization.vector_fitting import MAX_ROWS, _scaled_lstsq, vector_fit
from realization.section_cases import LOGARITHMIC, RATE, equaliser, turn_of

seeds = st.integers(0, 2**32 - 1)
TURN = turn_of(LOGARITHMIC)


@settings(max_examples=25)
@given(seed=seeds, sections=st.integers(1, 8))
def test_a_known_cascade_is_recovered(seed: int, sections: int) -> None:
    """Magnitude and phase to 1e-8 of the peak, from 15 Hz, also between the frequencies that were fitted."""
    known = equaliser(seed, sections)
    actual = vector_fit(known.response(TURN), np.ones(TURN.size), TURN, sections, 0.9999)
    between = turn_of(np.geomspace(10.0, 23_000.0, 777))
    expected = known.response(between)
    assert np.abs(actual.response(between) - expected).max() < 1e-8 * np.abs(expected).max()


@settings(max_examples=25)
@given(seed=seeds, sections=st.integers(1, 6), radius=st.floats(0.5, 0.9999))
def test_any_fit_is_stable(seed: int, sections: int, radius: float) -> None:
    """Of noise, of an advance, of an unstable filter: no root of a denominator is beyond the radius."""
    rng = np.random.default_rng(seed)
    targets = (
        rng.normal(size=TURN.size) + 1j * rng.normal(size=TURN.size),
        TURN**-3,
        1 / (1 - 1.5 * TURN),
    )
    for expected in targets:
        actual = vector_fit(expected, np.ones(TURN.size), TURN, sections, radius)
        assert np.isfinite(actual.b).all()
        for a1, a2 in actual.a:
            assert np.abs(np.roots([1.0, a1, a2])).max() <= radius * (1 + 1e-6)


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
def test_a_fractional_delay_is_nearer_than_thirans(fraction: float) -> None:
    """Two sections on e^{-jω(4 + x)} to 12 kHz: a smaller largest error than Thiran's all-pass of order 4.

    J.-P. Thiran, Recursive digital filters with maximally flat group delay, IEEE Trans. Circuit Theory 18, 1971:
    a_k = (-1)^k C(N, k) Π_n (D - N + n) / (D - N + k + n), which is exact at 0 Hz and worst at the band's end.
    """
    order, delay = 4, 4 + fraction
    a = [
        (-1) ** k
        * math.comb(order, k)
        * math.prod((delay - order + n) / (delay - order + k + n) for n in range(order + 1))
        for k in range(order + 1)
    ]
    frequency_hz = np.linspace(20.0, 12_000.0, 300)
    turn = turn_of(frequency_hz)
    ideal = np.exp(-2j * np.pi * frequency_hz / RATE * delay)
    upper = sum(a[order - k] * turn**k for k in range(order + 1))
    thiran = upper / sum(a[k] * turn**k for k in range(order + 1))
    assert np.abs(np.abs(thiran) - 1).max() < 1e-9
    actual = vector_fit(ideal, np.ones(turn.size), turn, 2, 0.99).response(turn)
    assert np.abs(actual - ideal).max() < np.abs(thiran - ideal).max() / 2


@pytest.mark.parametrize(("rows", "unknowns"), [(9, 9), (40, 7), (5 * MAX_ROWS + 3, 34), (900, 100)])
def test_least_squares_by_parts(rows: int, unknowns: int) -> None:
    """As numpy's solution of all rows at once, columns of any size and one that is zero included."""
    rng = np.random.default_rng(rows)
    matrix = rng.normal(size=(rows, unknowns)) * 10.0 ** rng.integers(-6, 6, unknowns)
    target = rng.normal(size=rows)
    scale = np.linalg.norm(matrix, axis=0)
    expected = np.linalg.lstsq(matrix / scale, target, rcond=1e-14)[0] / scale
    np.testing.assert_allclose(_scaled_lstsq(matrix, target) * scale, expected * scale, rtol=1e-7, atol=1e-9)
    matrix[:, 2] = 0.0
    assert abs(_scaled_lstsq(matrix, target)[2]) < 1e-9
