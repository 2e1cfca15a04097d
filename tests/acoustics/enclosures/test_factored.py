"""Equations that are kept: a driver that moves costs no factorization, its answer is the same, and memory is bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.linalg import lu_factor

from designer.acoustics.enclosures.box_equations import answers
from designer.acoustics.enclosures.box_grid import BoxGrid
from designer.acoustics.enclosures.factored import FACTORIZATIONS, Factored
from designer.arrays import Complex

GRID, K = BoxGrid((0.1, 0.18, 0.14), (8, 8, 8)), 12.0
RNG = np.random.default_rng(6)


def slopes() -> Complex:
    """Normal derivatives (8, E, L) of two drivers."""
    return (RNG.standard_normal((8, GRID.octant_size, 2)) + 1j).astype(np.complex64)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each factorization."""
    calls: list[int] = []

    def counting(matrix: Any, **how: Any) -> Any:
        calls.append(len(matrix))
        return lu_factor(matrix, **how)

    monkeypatch.setattr("designer.acoustics.enclosures.factored.lu_factor", counting)
    return calls


def test_a_driver_that_moves_costs_no_factorization(counted: list[int]) -> None:
    """Bit for bit the answer of a process that keeps nothing, which factorizes each of the eight parities."""
    first, second = slopes(), slopes()
    expected = [answers(GRID, K, q) for q in (first, second)]
    assert len(counted) == 16
    counted.clear()
    with FACTORIZATIONS.keeping(1e8):
        for q, p in zip((first, second), expected, strict=True):
            np.testing.assert_array_equal(answers(GRID, K, q), p)
        assert len(counted) == 8
        answers(GRID, K + 1, first)
        assert len(counted) == 16
    answers(GRID, K, first)
    assert len(counted) == 24


def test_what_takes_slopes_to_pressures_is_the_inverse(counted: list[int]) -> None:
    """To single precision, and applied without any factorization."""
    with FACTORIZATIONS.keeping(1e8, as_solved=True):
        answers(GRID, K, slopes())
        counted.clear()
        q = slopes()
        actual = answers(GRID, K, q)
        assert not counted
    expected = answers(GRID, K, q)
    assert np.abs(actual - expected).max() < 1e-5 * np.abs(expected).max()


def test_the_first_that_fit_are_kept_and_those_of_one_body(counted: list[int]) -> None:
    """Room for three parities of eight keeps three, time after time; another body takes their place."""
    q = slopes()
    one = Factored.of(np.eye(GRID.octant_size, dtype=np.complex64), np.eye(GRID.octant_size, dtype=np.complex64))
    assert one.nbytes == GRID.octant_size * (16 * GRID.octant_size + 4)
    other = BoxGrid((0.1, 0.18, 0.15), GRID.counts)
    with FACTORIZATIONS.keeping(3.5 * one.nbytes):
        for _ in range(2):
            answers(GRID, K, q)
        for _ in range(2):
            answers(other, K, q)
        assert len(counted) == 1 + 8 + 5 + 8 + 5
