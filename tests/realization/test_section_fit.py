"""Sections refined together: slopes, descent, and errors that undo each other at the points."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.realization.biquad import fit_sections
from designer.realization.cascade import section_responses
from designer.realization.section_fit import BLOCK, SectionProblem, coefficient_slopes, normal_equations, refine, solved
from designer.realization.vector_fitting import vector_fit
from realization.section_cases import LOGARITHMIC, coupled, equaliser, random_cascade, turn_of

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=15)
@given(seed=seeds, sections=st.integers(1, 4))
def test_slopes_are_finite_differences(seed: int, sections: int) -> None:
    """∂H over every coefficient, to 1e-5 of the largest."""
    f, turn = random_cascade(seed, sections, radius=0.9), turn_of(np.array([50.0, 700.0, 9000.0]))
    responses, late = section_responses(f.b, f.a, turn), turn**f.delay_samples
    upper, lower = (part[0] for part in coefficient_slopes(f.a[None], responses[None], late[None], turn))
    for values, slopes in ((f.b, upper), (f.a, lower)):
        for place in np.ndindex(values.shape):
            step = np.zeros(values.shape)
            step[place] = 1e-6
            if values is f.b:
                ahead, behind = (replace(f, b=f.b + sign * step).response(turn) for sign in (1, -1))
            else:
                ahead, behind = (replace(f, a=f.a + sign * step).response(turn) for sign in (1, -1))
            actual = slopes[(slice(None), *place)]
            np.testing.assert_allclose(actual, (ahead - behind) / 2e-6, atol=1e-5 * (1 + np.abs(slopes).max()))


@settings(max_examples=10)
@given(seed=seeds, drivers=st.integers(1, 3), sections=st.integers(1, 4))
def test_a_disturbed_cascade_finds_back(seed: int, drivers: int, sections: int) -> None:
    """From poles 2 % off in angle and numerators 0.1 % off to the known responses, 1e-8 of their peak."""
    rng = np.random.default_rng(seed)
    known = [equaliser(seed % 1000 + l, sections, 300.0) for l in range(drivers)]
    problem = coupled(known, seed)
    begun = []
    for f in known:
        radius, angle = np.sqrt(f.a[:, 1]), np.arccos(-f.a[:, 0] / 2 / np.sqrt(f.a[:, 1]))
        off = np.stack([-2 * radius * np.cos(1.02 * angle), radius**2], axis=1)
        begun.append(replace(f, b=f.b * (1 + 0.001 * rng.normal(size=f.b.shape)), a=off))
    actual = refine(begun, problem, steps=300, min_fall=0.0)
    assert np.abs(problem.errors(actual)).max() < 1e-8 * np.abs(problem.weights).max()


@settings(max_examples=10)
@given(seed=seeds, radius=st.floats(0.7, 0.99))
def test_refining_only_helps_and_stays_stable(seed: int, radius: float) -> None:
    """Any start, any target: the sum does not rise, and no root is beyond the radius."""
    start = [random_cascade(seed + l, 3, radius=0.6) for l in range(2)]
    problem = replace(coupled([random_cascade(seed + 9 + l, 4) for l in range(2)], seed), radius=radius)
    actual = refine(start, problem, steps=15)
    assert problem.cost(actual) <= problem.cost(start)
    assert max(np.abs(np.roots([1.0, *a])).max() for f in actual for a in f.a) <= radius * (1 + 1e-6)


def test_errors_undo_each_other_at_the_point() -> None:
    """Two drivers, filters of four sections followed with two: the joint sum is 6 dB below that of the best separate fits."""
    known = [equaliser(3, 4, 300.0), equaliser(4, 4, 300.0)]
    problem = coupled(known, 0)
    alone = []
    for l in range(2):
        own = SectionProblem(problem.weights[:, l : l + 1], np.ones((300, 1, 1), complex), problem.turn, 0.999)
        start = vector_fit(problem.weights[:, l], np.ones(300), problem.turn, 2, 0.999)
        alone += refine([start], own)
    joint = refine(alone, problem)
    assert 10 * np.log10(problem.cost(alone) / problem.cost(joint)) > 6.0


def test_delays_are_taken_out_first() -> None:
    """Filters that arrive 40 samples apart, one of them before time 0: recovered, their delays by whole samples."""
    known = [replace(equaliser(1, 2, 300.0), delay_samples=-10), replace(equaliser(2, 2, 300.0), delay_samples=30)]
    problem = coupled(known, 1, LOGARITHMIC)
    actual = fit_sections(problem, np.array([-10, 30]), 4)
    assert problem.cost(actual) < 1e-6 * problem.sum(problem.weights)
    assert [f.delay_samples for f in actual] == pytest.approx([-10, 30], abs=8)


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_equations_are_solved_in_blocks(count: int) -> None:
    """As numpy solves them whole; a matrix that is not positive definite is refused."""
    rng = np.random.default_rng(count)
    rows, right = rng.normal(size=(count + 20, count)), rng.normal(size=count)
    matrix = rows.T @ rows + 0.01 * np.eye(count)
    before = matrix.copy(), right.copy()
    np.testing.assert_allclose(solved(matrix, right), np.linalg.solve(matrix, right), rtol=1e-9)
    np.testing.assert_array_equal(matrix, before[0])
    np.testing.assert_array_equal(right, before[1])
    with pytest.raises(np.linalg.LinAlgError):
        solved(-matrix, right)


@pytest.mark.parametrize("frequencies", [5, 64, 150])
def test_the_normal_matrix_is_that_of_all_rows(frequencies: int) -> None:
    """Of rows F J with F^H F = C, stacked over frequencies with real and imaginary parts apart: one product."""
    rng = np.random.default_rng(frequencies)
    slopes = [rng.normal(size=(frequencies, n, 2)) @ np.array([1, 1j]) for n in (3, 5)]
    F = rng.normal(size=(frequencies, 4, 2, 2)) @ np.array([1, 1j])
    errors = rng.normal(size=(frequencies, 2, 2)) @ np.array([1, 1j])
    symbol = F.conj().swapaxes(1, 2) @ F
    whole = np.concatenate([F[:, :, l, None] * J[:, None, :] for l, J in enumerate(slopes)], axis=2).reshape(-1, 8)
    stacked, heard = np.concatenate([whole.real, whole.imag]), np.einsum("kml,kl->km", F, errors).ravel()
    matrix, gradient = normal_equations(slopes, symbol, np.einsum("klm,km->kl", symbol, errors))
    np.testing.assert_allclose(matrix, stacked.T @ stacked, atol=1e-10 * np.abs(matrix).max())
    np.testing.assert_allclose(
        gradient, stacked.T @ np.concatenate([heard.real, heard.imag]), atol=1e-10 * np.abs(gradient).max()
    )
