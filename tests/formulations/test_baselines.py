"""The baselines: matrix mixing has the best real gains there are, delay-and-sum is in phase."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Real
from designer.formulations import delay_and_sum, matrix_mixing
from designer.requirements.target import ChannelTarget
from formulations.random_targets import Wanted, gaussian, random_target
from formulations.reference import solved

seeds = st.integers(0, 2**32 - 1)


def band_powers(target: ChannelTarget, gains: Real) -> tuple[Real, Real, Real]:
    """Powers of gains (N, L): the band's mean power at the bright points, γ times that at the dark points, and Σ g².

    Each frequency relative to its strongest driver; looped over frequencies and points.
    """
    bright, dark = np.zeros(len(gains)), np.zeros(len(gains))
    assert target.gamma is not None
    for f in np.flatnonzero(target.in_band):
        strongest = max(np.mean(np.abs(target.bright[f, :, l]) ** 2) for l in range(gains.shape[1]))
        for h in target.bright[f]:
            bright += np.abs(gains @ h) ** 2 / len(target.bright[f]) / strongest
        for h in target.dark[f]:
            dark += target.gamma[f] * np.abs(gains @ h) ** 2 / len(target.dark[f]) / strongest
    count = int(target.in_band.sum())
    return bright / count, dark / count, np.sum(gains**2, axis=1)


@settings(max_examples=20)
@given(seed=seeds, drivers=st.integers(2, 5), gain_db=st.floats(-6.0, 12.0), limit=st.sampled_from([None, 0.0, 6.0]))
def test_no_real_gains_do_better(seed: int, drivers: int, gain_db: float, limit: float | None) -> None:
    """4,000 random gains, half of them near the answer: none is more efficient at the ratio, or has a larger one within the effort.

    A compromise may stop 0.1 dB below the best ratio.
    """
    target = random_target(
        seed, Wanted(frequencies=4, drivers=drivers, bright=2, dark=3, gain_db=gain_db, max_effort_db=limit)
    )
    target = replace(target, in_band=np.array([False, True, True, True]))
    w = matrix_mixing.solve(target).weights
    g = w[0].real
    rng = np.random.default_rng(seed)
    near = g / np.linalg.norm(g) + 10 ** rng.uniform(-4, 0, (2000, 1)) * rng.normal(size=(2000, drivers))
    tried = np.concatenate([rng.normal(size=(2000, drivers)), near])
    bright, dark, cost = band_powers(target, tried)
    (own_reach,), (own_cancel,), (own_cost,) = band_powers(target, g[None])
    # The strongest single driver of the band's mean is the reference of effort.
    single = max(band_powers(target, np.eye(drivers))[0])
    most = np.inf if limit is None else 10 ** (limit / 10)
    fits = cost * single / bright <= most
    met = own_reach >= own_cancel * (1 - 1e-6)
    if met and own_cost * single / own_reach <= most * (1 + 1e-6):
        others = fits & (bright >= dark)
        assert (bright / cost)[others].max(initial=0.0) <= own_reach / own_cost * (1 + 1e-6)
    else:
        assert (bright / dark)[fits].max(initial=0.0) <= own_reach / own_cancel * 10**0.01001


@pytest.mark.parametrize(
    ("seed", "drivers", "gain_db"), [(0, 2, -3.0), (1, 3, 0.0), (2, 4, 3.0), (3, 3, 20.0), (4, 4, 9.0)]
)
def test_matrix_gains_have_the_value_of_the_relaxation(seed: int, drivers: int, gain_db: float) -> None:
    """Cvxpy's largest efficiency at the band's mean ratio is that of the real gains, within 1e-6; else it calls it infeasible."""
    target = random_target(seed, Wanted(frequencies=4, drivers=drivers, bright=2, dark=1, gain_db=gain_db))
    solution = matrix_mixing.solve(target)
    g = solution.weights[0].real
    assert target.gamma is not None
    strongest = [np.mean(np.abs(H) ** 2, axis=0).max() for H in target.bright]
    A, B = np.zeros((drivers, drivers)), np.zeros((drivers, drivers))
    for f in range(4):
        for h in target.bright[f]:
            A += np.outer(h.conj(), h).real / len(target.bright[f]) / strongest[f] / 4
        for h in target.dark[f]:
            B += target.gamma[f] * np.outer(h.conj(), h).real / len(target.dark[f]) / strongest[f] / 4
    problem = matrix_mixing.METHOD.statement(A.astype(complex), B.astype(complex), np.ones(drivers), 1.0)
    problem.solve(solver="CLARABEL")
    if g @ A @ g >= g @ B @ g * (1 - 1e-6):
        assert problem.status == "optimal"
        assert g @ A @ g / (g @ g) == pytest.approx(problem.value, rel=1e-6)
    else:
        assert problem.status == "infeasible"
    assert (np.abs(solution.gap) < 1e-6).all()
    assert (solution.violation < 1e-6).all()


def test_matrix_gains_that_cost_too_much_keep_to_the_effort_with_a_certificate() -> None:
    """Allowed less than the best ratio costs, the gains spend just that over the band, and touch their bound."""
    target = random_target(2, Wanted(frequencies=1, drivers=3, dark=1, gain_db=40.0))
    single = max(band_powers(target, np.eye(3))[0])

    def spent(target: ChannelTarget) -> float:
        (bright,), _, (cost,) = band_powers(target, matrix_mixing.solve(target).weights[:1].real)
        return float(cost * single / bright)

    dearest, cheapest = spent(target), spent(replace(target, gamma=np.full(1, 1e-9)))
    assert dearest > 1.3 * cheapest
    limited = replace(target, max_effort=np.full(1, np.sqrt(dearest * cheapest)))
    assert spent(limited) == pytest.approx(np.sqrt(dearest * cheapest), rel=1e-6)
    assert (np.abs(matrix_mixing.solve(limited).gap) < 1e-6).all()


def test_matrix_gains_leave_a_dear_driver_to_the_others() -> None:
    """A driver at a cost of 1e8 plays 30 dB below the loudest."""
    target = random_target(3, Wanted(frequencies=4, drivers=4, bright=1, dark=1, gain_db=0.0))
    cost = np.ones((4, 4))
    cost[:, 2] = 1e8
    g = np.abs(matrix_mixing.solve(replace(target, cost=cost)).weights[0])
    assert 20 * np.log10(g[2] / g.max()) < -30


@settings(max_examples=20)
@given(seed=seeds, drivers=st.integers(1, 6))
def test_delay_and_sum_has_the_value_of_the_cvxpy_statement(seed: int, drivers: int) -> None:
    """No weights of at most 1/L are louder, by cvxpy's word within 1e-6; the certificate says so too."""
    target = random_target(seed, Wanted(frequencies=1, drivers=drivers))
    solution = delay_and_sum.solve(target)
    loudest = abs(target.centre[0] @ solution.weights[0])
    assert loudest == pytest.approx(solved(delay_and_sum.statement(target.centre[0])), rel=1e-6)
    assert abs(solution.gap[0]) < 1e-12
    assert solution.violation[0] < 1e-12


def test_matrix_gains_are_real_and_the_same_at_all_frequencies() -> None:
    """The best gains, and those that are given, are real numbers, one a driver."""
    target = random_target(1, Wanted(frequencies=5, drivers=3, gain_db=3.0))
    for given_gains in (None, [0.5, -1.0, 0.25]):
        w = matrix_mixing.solve(target, given_gains).weights
        assert w.shape == (5, 3)
        np.testing.assert_array_equal(w.imag, 0.0)
        np.testing.assert_array_equal(w, np.tile(w[0], (5, 1)))
        if given_gains is not None:
            np.testing.assert_array_equal(w[0], given_gains)


def test_matrix_gains_look_only_at_the_band() -> None:
    """What the responses are outside the band changes nothing."""
    target = random_target(2, Wanted(frequencies=6, drivers=3, gain_db=3.0))
    target = replace(target, in_band=np.arange(6) < 4)
    noise = gaussian(np.random.default_rng(0), *target.dark[4:].shape)
    other = replace(target, dark=np.concatenate([target.dark[:4], noise]))
    w, v = matrix_mixing.solve(target).weights, matrix_mixing.solve(other).weights
    np.testing.assert_array_equal(w, v)


@settings(max_examples=20)
@given(seed=seeds, drivers=st.integers(1, 6))
def test_delay_and_sum_is_in_phase(seed: int, drivers: int) -> None:
    """Every driver plays at 1/L and arrives in phase: |h w| is the mean of the |h_l|, the most that such weights can reach."""
    target = random_target(seed, Wanted(drivers=drivers, bright=3))
    w = delay_and_sum.solve(target).weights
    np.testing.assert_allclose(np.abs(w), 1 / drivers, rtol=1e-12)
    for f in range(len(w)):
        arriving = target.centre[f] * w[f]
        np.testing.assert_allclose(np.angle(arriving / arriving[0]), 0.0, atol=1e-12)
        assert abs(arriving.sum()) == pytest.approx(np.abs(target.centre[f]).mean(), rel=1e-12)


@pytest.mark.parametrize("drivers", [2, 3, 8])
def test_delay_and_sum_has_the_largest_white_noise_gain_in_the_far_field(drivers: int) -> None:
    """Where all |h_l| = 1 the white-noise gain is N, 10 log10 N dB, and Cauchy-Schwarz allows no more."""
    rng = np.random.default_rng(drivers)
    target = random_target(1, Wanted(drivers=drivers))
    far = np.exp(2j * np.pi * rng.random(target.centre.shape))
    w = delay_and_sum.solve(replace(target, centre=far)).weights
    np.testing.assert_allclose(measures.white_noise_gain(far, w, np.inf), drivers, rtol=1e-12)
