"""The harmonics and their products against the addition theorem, Racah's closed form, and quadrature written apart."""

from __future__ import annotations

from math import factorial, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import eval_legendre

from designer.acoustics import spherical_harmonics as sh
from designer.arrays import Real
from designer.problem.geometry import direction

angles = st.floats(-180.0, 180.0)
elevations = st.floats(-90.0, 90.0)


def midpoints(rings: int) -> tuple[Real, Real]:
    """A plain grid over the sphere, weights of sum 4π: Clenshaw-Curtis in cos θ, written apart."""
    j = np.arange(rings + 1)
    theta = pi * j / rings
    weight = np.array([1.0 - sum(2 * np.cos(2 * i * t) / (4 * i * i - 1) for i in range(1, rings // 2)) for t in theta])
    weight -= np.cos(rings * theta) / (rings * rings - 1)
    weight *= 2 / rings
    weight[[0, -1]] /= 2
    turn = 2 * pi * np.arange(2 * rings) / (2 * rings)
    n = [
        [np.sin(t) * np.cos(a), np.sin(t) * np.sin(a), np.cos(t)] for t in theta for a in turn
    ]  # fmt: skip
    return np.array(n), np.repeat(weight * 2 * pi / turn.size, turn.size)


def test_the_first_harmonics_are_the_textbook_s() -> None:
    """1/√4π, √(3/4π) (y, z, x), √(15/4π) (xy, yz, ., xz, .), √(5/16π)(3z² - 1), √(15/16π)(x² - y²): no sign of Condon and Shortley."""
    rng = np.random.default_rng(0)
    n = rng.normal(size=(20, 3))
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    x, y, z = n.T
    first = sqrt(3 / (4 * pi)) * np.stack([y, z, x])
    second = sqrt(15 / (4 * pi)) * np.stack([x * y, y * z, (3 * z**2 - 1) / sqrt(12), x * z, (x**2 - y**2) / 2])
    expected = np.concatenate([np.full((1, 20), 1 / sqrt(4 * pi)), first, second])
    np.testing.assert_allclose(sh.harmonics(2, n), expected, atol=1e-14)


def test_orthonormal_under_a_quadrature_written_apart() -> None:
    """∫ Y_a Y_b dΩ = δ_ab up to order 8, by Clenshaw-Curtis on 17 rings."""
    nodes, weights = midpoints(18)
    Y = sh.harmonics(8, nodes)
    np.testing.assert_allclose((Y * weights) @ Y.T, np.eye(81), atol=1e-12)


def test_the_own_quadrature_is_exact_to_twice_its_order() -> None:
    """At order 30: orthonormal to 1e-12."""
    nodes, weights = sh.sphere_quadrature(30)
    Y = sh.harmonics(30, nodes)
    assert weights.sum() == pytest.approx(4 * pi, rel=1e-13)
    np.testing.assert_allclose((Y * weights) @ Y.T, np.eye(31**2), atol=1e-12)


@settings(max_examples=30)
@given(a=angles, b=angles, c=elevations, d=elevations)
def test_addition_theorem(a: float, b: float, c: float, d: float) -> None:
    """Σ_m Y_nm(n) Y_nm(n') = (2n+1)/4π P_n(n·n') at every order up to 30, anywhere."""
    n, other = direction(np.array([a]), np.array([c])), direction(np.array([b]), np.array([d]))
    product = sh.harmonics(30, n)[:, 0] * sh.harmonics(30, other)[:, 0]
    summed = np.add.reduceat(product, np.arange(31) ** 2)
    degree = np.arange(31)
    cosine = float(np.clip(n[0] @ other[0], -1, 1))
    np.testing.assert_allclose(summed, (2 * degree + 1) / (4 * pi) * eval_legendre(degree, cosine), atol=2e-12)


def three_j_zero(a: int, b: int, c: int) -> float:
    """Wigner's (a b c; 0 0 0), Racah's closed form."""
    s = a + b + c
    if s % 2 or c > a + b or c < abs(a - b):
        return 0.0
    g = s // 2
    root = sqrt(factorial(s - 2 * a) * factorial(s - 2 * b) * factorial(s - 2 * c) / factorial(s + 1))
    return float((-1) ** g * root * factorial(g) / (factorial(g - a) * factorial(g - b) * factorial(g - c)))


def test_an_analysis_is_the_projection() -> None:
    """∫ Y_a f over the sphere, summed place by place, of a function whose degrees go beyond the order."""
    directions, weights = sh.sphere_quadrature(9)
    rng = np.random.default_rng(5)
    values = np.stack([c @ sh.harmonics(8, directions) for c in rng.standard_normal((3, 2, sh.count(8)))])  # (F, L, M)
    values = (values * np.array([1.0, 1j, 1 - 2j])[:, None, None]).transpose(0, 2, 1)
    expected = np.zeros((3, sh.count(6), 2), dtype=complex)
    for weight, place, value in zip(weights, directions, values.transpose(1, 0, 2), strict=True):
        expected += weight * sh.harmonics(6, place[None])[:, 0, None] * value[:, None, :]
    np.testing.assert_allclose(sh.analysed(values, 6, 9), expected, atol=1e-12)


def test_products_of_zonal_harmonics_are_racah_s() -> None:
    """∫ Y_n0 Y_n'0 Y_n''0 = √((2n+1)(2n'+1)(2n''+1)/4π) (n n' n''; 000)²; of 1, 1, 2 it is 1/√5π."""
    order = 6
    zonal = np.arange(order + 1) * (np.arange(order + 1) + 1)
    for third in range(2 * order + 1):
        density = np.zeros((2 * order + 1) ** 2)
        density[third * (third + 1)] = 1.0
        G = sh.product_matrix(density, order)
        for a in range(order + 1):
            for b in range(order + 1):
                norm = sqrt((2 * a + 1) * (2 * b + 1) * (2 * third + 1) / (4 * pi))
                expected = norm * three_j_zero(a, b, third) ** 2
                assert G[zonal[a], zonal[b]] == pytest.approx(expected, abs=1e-13)
        if third == 2:
            assert G[2, 2] == pytest.approx(1 / sqrt(5 * pi), rel=1e-13)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), order=st.integers(0, 5))
def test_products_are_the_integral(seed: int, order: int) -> None:
    """G_ab = ∫ σ Y_a Y_b dΩ for random densities of order 2N, by Clenshaw-Curtis; symmetric."""
    density = np.random.default_rng(seed).normal(size=(2 * order + 1) ** 2)
    nodes, weights = midpoints(4 * order + 2)
    Y = sh.harmonics(order, nodes)
    expected = (Y * (weights * (density @ sh.harmonics(2 * order, nodes)))) @ Y.T
    G = sh.product_matrix(density, order)
    np.testing.assert_allclose(G, expected, atol=1e-11)
    np.testing.assert_allclose(G, G.T, atol=1e-13)


def test_coefficients_above_twice_the_order_do_not_matter() -> None:
    """Gaunt's integrals vanish there, so that a sharp density needs no more; too few coefficients count as zeros."""
    density = np.random.default_rng(1).normal(size=15**2)
    np.testing.assert_array_equal(sh.product_matrix(density, 3), sh.product_matrix(density[:49], 3))
    padded = np.concatenate([density[:9], np.zeros(40)])
    np.testing.assert_array_equal(sh.product_matrix(density[:9], 3), sh.product_matrix(padded, 3))


def test_the_constant_density_gives_the_identity() -> None:
    """Σ = 1 is √4π Y_00, and G is orthonormality itself."""
    np.testing.assert_allclose(sh.product_matrix(np.array([sqrt(4 * pi)]), 7), np.eye(64), atol=1e-13)
