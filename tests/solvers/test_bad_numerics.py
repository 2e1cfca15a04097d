"""The searches where numbers are bad: singular, double, dead, dear, free, out of reach, and twelve decades of pressure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg
from formulations.random_targets import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Complex, Real
from designer.solvers import one_point_search, ratio_search
from solvers.dual_oracle import left_at_efficiency, most_efficient_value, pair_value_in_high_precision

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 6)


def power(H: Complex) -> Complex:
    """Mean of h^H h over the points (F, M, L)."""
    return np.asarray(np.einsum("fml,fmk->flk", H.conj(), H) / H.shape[1])


def form(A: Complex, v: Complex) -> float:
    return float((v.conj() @ A @ v).real)


def responses(seed: int, count: int, size: int, bright: int, dark: int) -> tuple[Complex, Complex]:
    rng = np.random.default_rng(seed)
    return gaussian(rng, count, bright, size), gaussian(rng, count, dark, size)


@settings(max_examples=25)
@given(seed=seeds, size=sizes, bright=st.integers(1, 4), dark=st.integers(1, 8), share=st.floats(0.02, 0.98))
def test_the_value_is_the_duals(seed: int, size: int, bright: int, dark: int, share: float) -> None:
    """Scipy's minimum of the dual is the value to 1e-7; the gap says so to 1e-10; the ratio is met to 1e-9."""
    H, G = responses(seed, 3, size, bright, dark)
    A, B = power(H), power(G)
    best = np.minimum(ratio_search.best_ratio(A, B), 1e4)
    actual = ratio_search.most_efficient(A, B, share * best)
    for f in range(3):
        value = form(A[f], actual.v[f])
        assert actual.feasible[f]
        assert value == pytest.approx(most_efficient_value(A[f], B[f], share * best[f]), rel=1e-7)
        assert value >= share * best[f] * form(B[f], actual.v[f]) * (1 - 1e-9)
    assert (np.abs(actual.gap) <= 1e-10).all()


@settings(max_examples=25)
@given(seed=seeds, size=sizes, dark=st.integers(1, 8), share=st.floats(0.02, 0.98))
def test_one_point_is_solved_as_its_matrix_is(seed: int, size: int, dark: int, share: float) -> None:
    """A point and its matrix h^H h have one value, scipy's; the certificate's multiplier bounds it; the ratio is met to 1e-9."""
    H, G = responses(seed, 3, size, 1, dark)
    A, B, h = power(H), power(G), H[:, 0]
    best = np.minimum(one_point_search.best_ratio(h, B), 1e4)
    np.testing.assert_allclose(best, np.minimum(ratio_search.best_ratio(A, B), 1e4), rtol=1e-9)
    gamma = share * best
    actual = one_point_search.most_efficient(h, B, gamma)
    assert actual.feasible.all()
    assert (np.abs(actual.gap) <= 1e-9).all()
    for f in range(3):
        value = abs(h[f] @ actual.v[f]) ** 2
        assert np.linalg.norm(actual.v[f]) == pytest.approx(1.0, rel=1e-12)
        assert value == pytest.approx(most_efficient_value(A[f], B[f], gamma[f]), rel=1e-7)
        assert value >= gamma[f] * form(B[f], actual.v[f]) * (1 - 1e-9)
        bound = np.linalg.eigvalsh(A[f] + actual.multiplier[f] * (A[f] - gamma[f] * B[f]))[-1]
        assert value == pytest.approx(bound, rel=1e-7)


@settings(max_examples=25)
@given(seed=seeds, size=sizes, bright=st.integers(1, 3), dark=st.integers(1, 8), share=st.floats(0.1, 0.95))
def test_the_best_ratio_at_an_efficiency_is_the_duals(
    seed: int, size: int, bright: int, dark: int, share: float
) -> None:
    """Scipy's maximum of the dual is what is left over what is reached, to 1e-6 or 1e-9 of the reached; both searches agree."""
    H, G = responses(seed, 3, size, bright, dark)
    A, B = power(H), power(G)
    eta = share * np.linalg.eigvalsh(A)[:, -1]
    P = np.ones((3, size))
    actual = [ratio_search.at_efficiency(A, B, P, eta)]
    if bright == 1:
        actual.append(one_point_search.at_efficiency(H[:, 0], B, P, eta))
    for one in actual:
        assert one.feasible.all()
        left = np.array([form(B[f], one.v[f]) / form(A[f], one.v[f]) for f in range(3)])
        # The gap is relative to what is left: where that is nearly nothing, by the rounding of what is reached.
        assert (np.abs(one.gap) <= np.maximum(1e-8, 1e-15 / np.maximum(np.abs(left), 1e-300))).all()
        for f in range(3):
            reached = form(A[f], one.v[f])
            assert reached >= eta[f] * (1 - 1e-9)
            assert form(B[f], one.v[f]) / reached == pytest.approx(
                left_at_efficiency(A[f], B[f], eta[f]), rel=1e-6, abs=1e-9
            )


@settings(max_examples=20)
@given(seed=seeds, share=st.floats(0.05, 0.95), angle=st.floats(0.0, 1.5))
def test_a_double_largest_eigenvalue(seed: int, share: float, angle: float) -> None:
    """A mirror splits the drivers in two families that no derivative joins: the answer combines both, with scipy's value.

    The even family reaches more, the odd one has the better ratio, and the required ratio lies between, so neither
    family's top eigenvector is the answer alone.
    """
    rng = np.random.default_rng(seed)
    even, odd = rng.uniform(0.2, 1.0, 2), rng.uniform(0.2, 1.0, 2)
    A = np.diag([*(2 + even), *odd]).astype(complex)[None]
    B = np.diag([1.0, 1.2, 0.01, 0.012]).astype(complex)[None]
    # Drivers are sums and differences of the families, turned by any phase.
    mix = np.kron([[1, 1], [1, -1]], np.eye(2)) / np.sqrt(2) * np.exp(1j * angle)
    A, B = mix @ A @ mix.conj().T, mix @ B @ mix.conj().T
    gamma = np.array([3.5 + share * 10])
    actual = ratio_search.most_efficient(A, B, gamma)
    v = actual.v[0]
    assert form(A[0], v) == pytest.approx(most_efficient_value(A[0], B[0], gamma[0]), rel=1e-7)
    assert form(A[0], v) == pytest.approx(gamma[0] * form(B[0], v), rel=1e-9)
    assert abs(actual.gap[0]) < 1e-10
    families = np.abs(mix.conj().T @ v) ** 2
    assert min(families[:2].sum(), families[2:].sum()) > 1e-3


def test_an_eigenvalue_that_is_double_without_any_multiplier() -> None:
    """A = 1: every vector is as efficient, and one that meets the ratio is found at no cost; by hand the value is 1."""
    A, B = np.eye(3, dtype=complex)[None], np.diag([1.0, 0.5, 0.1]).astype(complex)[None]
    actual = ratio_search.most_efficient(A, B, np.array([4.0]))
    assert actual.feasible[0]
    assert form(A[0], actual.v[0]) == pytest.approx(1.0, rel=1e-9)
    assert form(B[0], actual.v[0]) <= 0.25 * (1 + 1e-9)


@pytest.mark.parametrize("cloud", [True, False])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_an_ill_conditioned_pair_at_20_hz(cloud: bool, share: float) -> None:
    """Two drivers 30 mm apart, ears at 2 m, 20 Hz: condition number over 1e6; within 1e-6 of a dual in 60 digits."""
    x, y = np.array([0.0, 0.0]), np.array([-0.015, 0.015])
    moves = np.array([[0, 0], [0.03, 0], [-0.03, 0], [0, 0.03], [0, -0.03]]) if cloud else np.zeros((1, 2))
    k = 2 * np.pi * 20 / 343

    def ear(side: float) -> Complex:
        at = np.array([2.0, side * 0.0875]) + moves
        r = np.hypot(at[:, :1] - x, at[:, 1:] - y)
        return np.asarray(np.exp(-1j * k * r) / r)

    H, G = ear(-1.0), ear(1.0)
    A, B = power(H[None]), power(G[None])
    assert np.linalg.cond(A[0]) > 1e6
    best = min(float(ratio_search.best_ratio(A, B)[0]), 1e3)
    gamma = np.array([share * best])
    value = pair_value_in_high_precision(H, G, float(gamma[0]))
    actual = [ratio_search.most_efficient(A, B, gamma)]
    if not cloud:
        actual.append(one_point_search.most_efficient(H[None, 0], B, gamma))
    for one in actual:
        assert one.feasible[0]
        assert form(A[0], one.v[0]) == pytest.approx(value, rel=1e-6)
        assert abs(one.gap[0]) < 1e-6


def identical(H: Complex) -> Complex:
    H = H.copy()
    H[:, :, 1] = H[:, :, 0]
    return H


def dead(H: Complex) -> Complex:
    H = H.copy()
    H[:, :, 1] = 0
    return H


@settings(max_examples=15)
@given(
    seed=seeds,
    bright=st.integers(1, 3),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
    spoil=st.sampled_from([identical, dead]),
)
def test_a_driver_twice_or_silent(seed: int, bright: int, scale: float, spoil: Callable[[Complex], Complex]) -> None:
    """An identical pair is one driver of twice the efficiency, a silent one is no driver: the value is that of the others.

    At pressures of 1e-6, 1 and 1e6.
    """
    H, G = (spoil(X) * scale for X in responses(seed, 2, 4, bright, 5))
    gain = np.array([1.0, np.sqrt(2) if spoil is identical else 0.0, 1.0, 1.0])
    keep = [1, 2, 3] if spoil is identical else [0, 2, 3]
    few, few_cancel = (H * gain)[:, :, keep], (G * gain)[:, :, keep]
    A, B, a, b = power(H), power(G), power(few), power(few_cancel)
    gamma = 0.7 * np.array([scipy.linalg.eigh(a[f], b[f], eigvals_only=True)[-1] for f in range(2)])
    np.testing.assert_allclose(ratio_search.best_ratio(A, B), gamma / 0.7, rtol=1e-6)
    searches = [ratio_search.most_efficient(A, B, gamma)]
    if bright == 1:
        searches.append(one_point_search.most_efficient(H[:, 0], B, gamma))
    for actual in searches:
        for f in range(2):
            value = most_efficient_value(a[f] / scale**2, b[f] / scale**2, gamma[f])
            assert form(A[f], actual.v[f]) / scale**2 == pytest.approx(value, rel=1e-6)
            assert abs(actual.v[f, 1]) < 1e-6 if spoil is dead else abs(actual.v[f, 1] - actual.v[f, 0]) < 1e-6


@settings(max_examples=15)
@given(seed=seeds, size=sizes, bright=st.integers(1, 3))
def test_a_target_that_is_met_and_one_out_of_reach(seed: int, size: int, bright: int) -> None:
    """A ratio that the top eigenvector of A has costs nothing, and beyond the largest generalised eigenvalue is none."""
    H, G = responses(seed, 2, size, bright, 2 * size)
    A, B = power(H), power(G)
    for f in range(2):
        one = slice(f, f + 1)
        value, vectors = scipy.linalg.eigh(A[f])
        own = value[-1] / form(B[f], vectors[:, -1])
        best = scipy.linalg.eigh(A[f], B[f], eigvals_only=True)[-1]
        for expected, feasible in (
            (0.0, True),
            (0.999 * own, True),
            (0.999 * best, True),
            (1.001 * best, False),
        ):
            searches = [ratio_search.most_efficient(A[one], B[one], np.array([expected]))]
            if bright == 1:
                searches.append(one_point_search.most_efficient(H[one, 0], B[one], np.array([expected])))
            for actual in searches:
                assert actual.feasible[0] == feasible
                assert np.isinf(actual.multiplier[0]) != feasible
                assert np.linalg.norm(actual.v[0]) == pytest.approx(1.0, rel=1e-12)
                if expected < own:
                    assert actual.multiplier[0] == 0
                    assert form(A[f], actual.v[0]) == pytest.approx(value[-1], rel=1e-12)


@pytest.mark.parametrize("zero", ["reach", "cancel", "both"])
@pytest.mark.parametrize("one_point", [True, False])
def test_nothing_reached_or_nothing_left(zero: str, one_point: bool) -> None:
    """Responses of 0 end in finite unit vectors: free where nothing is left over, out of reach where nothing is reached."""
    H, G = responses(1, 2, 3, 1, 4)
    H, G = H * (zero == "cancel"), G * (zero == "reach")
    A: Complex | Real = H[:, 0] if one_point else power(H)
    search = one_point_search if one_point else ratio_search
    ten, ones = np.full(2, 10.0), np.ones((2, 3))
    actual = search.most_efficient(A, power(G), ten)
    if zero != "both":  # 0 >= 10 · 0 may be called either
        assert (actual.feasible == (zero == "cancel")).all()
    best = search.best_ratio(A, power(G))
    assert (best == (np.inf if zero == "cancel" else 0)).all()
    limited = search.at_efficiency(A, power(G), ones, np.full(2, 0.1))
    assert limited.feasible.all() == (zero == "cancel")
    for one in (actual, limited):
        np.testing.assert_allclose(np.linalg.norm(one.v, axis=1), 1.0, rtol=1e-12)
        assert np.isfinite(one.gap).all()
        assert not np.isnan(one.multiplier).any()
