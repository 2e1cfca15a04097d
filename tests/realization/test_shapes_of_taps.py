"""Options of [realization] for taps: prices in time, exact responses, the least delay, held requirements."""

from __future__ import annotations

import re

import cvxpy as cp
import numpy as np
import pytest
from designs.small_problems import limited, line, pair, speaker
from formulations.random_targets import gaussian
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.arrays import Complex, Real
from designer.measures import db
from designer.problem.schema import Realization
from designer.realization import mended_fit, realize_form
from designer.realization.fir import MAX_EXTRA_ERROR, least_delay, time_penalty
from designer.realization.held_requirements import Held, Rows, hold
from designer.realization.toeplitz_fit import NormalEquations, delayed, exact_rows, fit, solve_exactly
from realization.test_fir_fit import dense, weighting
from realization.test_realized_channels import designed, spectra

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture
def plain_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least sum of squares as it is, without the rounds that mend it."""
    monkeypatch.setattr(mended_fit, "ROUNDS", 0)


@settings(max_examples=15)
@given(seed=seeds, drivers=st.integers(1, 3), taps=st.integers(4, 12))
def test_priced_taps_are_the_dense_solution(seed: int, drivers: int, taps: int) -> None:
    """A price on each tap's square is a diagonal more in the normal equations written out (of the mean over N frequencies)."""
    rng = np.random.default_rng(seed)
    half = 24
    target, symbol = gaussian(rng, half + 1, drivers), weighting(rng, half + 1, drivers)
    free, matrix = dense(target, symbol, taps, 2.0)
    price = rng.uniform(0.0, 3.0, taps)
    diagonal = 2 * half * np.tile(price, drivers)
    expected = np.linalg.solve(matrix + np.diag(diagonal), matrix @ free.ravel()).reshape(drivers, taps)
    actual = fit(target, symbol, taps, 2.0, price, tolerance=1e-10)
    np.testing.assert_allclose(actual, expected, atol=1e-6 * np.abs(expected).max())


def test_prices_rise_away_from_the_main_arrival() -> None:
    """Nothing at the bulk delay, the whole price at the ends, a quarter of it half way; no price without a weight."""
    price = time_penalty(41, 20, pre_ringing=2.0, tail=4.0)
    assert price is not None
    np.testing.assert_allclose(price[[0, 10, 20, 30, 40]], [2.0, 0.5, 0.0, 1.0, 4.0])
    assert time_penalty(41, 20, pre_ringing=0.0, tail=0.0) is None


@pytest.mark.parametrize(("key", "side"), [("pre_ringing_weight", 0), ("tail_weight", 1)])
def test_a_weight_lowers_the_energy_that_it_prices(key: str, side: int) -> None:
    """In the pair's filters the energy more than 16 samples before, or after, the main arrival falls by half and more."""
    actual, scene = designed(pair(), 129)
    energy = []
    for weight in (0.0, 1.0):
        result = realize_form([actual], scene, Realization.model_validate({"taps": 96, key: weight}))
        parts = np.split(
            np.sum(result.taps[0] ** 2, axis=0), [result.bulk_delay_samples - 16, result.bulk_delay_samples + 17]
        )
        energy.append(float(parts[2 * side].sum()))
    assert 0 < energy[1] < energy[0] / 2


@settings(max_examples=10)
@given(seed=seeds, drivers=st.integers(1, 3), at_dc=st.booleans())
def test_exact_responses_are_the_dense_constrained_solution(seed: int, drivers: int, at_dc: bool) -> None:
    """Against the saddle-point system written out; the responses asked for are exact to 1e-9."""
    rng = np.random.default_rng(seed)
    taps, half, rate = 12, 24, 48_000.0
    target, symbol = gaussian(rng, half + 1, drivers), weighting(rng, half + 1, drivers)
    free, matrix = dense(target, symbol, taps, 3.0)
    f = [0.0, 7000.0] if at_dc else [7000.0, rate / 2]
    goal = gaussian(rng, 2, drivers)
    goal[0 if at_dc else 1] = goal[0 if at_dc else 1].real
    rows, values = exact_rows(taps, f, rate, goal)
    assert len(rows) == 3  # a real response at an end, a complex one between
    equations = NormalEquations(symbol, taps)
    rhs = equations.right_side(delayed(target, 3.0))
    actual = solve_exactly(equations, rhs, rows, values)
    at = np.exp(-2j * np.pi / rate * np.outer(f, np.arange(taps))) @ actual.T
    np.testing.assert_allclose(at, goal, atol=1e-9 * np.abs(goal).max())
    G = np.kron(np.eye(drivers), rows)
    g = values.T.ravel()
    saddle = np.block([[matrix, G.T], [G, np.zeros((len(G), len(G)))]])
    expected = np.linalg.solve(saddle, np.concatenate([matrix @ free.ravel(), g]))[: drivers * taps]
    np.testing.assert_allclose(actual.ravel(), expected, atol=1e-5 * np.abs(expected).max())


def test_zero_at_dc_and_equal_delay_outside_the_band() -> None:
    """The pair's taps sum to 0, and at 6.5 and 7.5 kHz, outside the band, play the plain driver with the bulk delay and nothing else."""
    actual, scene = designed(pair(), 129)
    table = Realization(taps=64, zero_at_dc=True, exact_at_hz=[6500.0, 7500.0])
    result = realize_form([actual], scene, table)
    np.testing.assert_allclose(result.taps[0].sum(axis=1), 0.0, atol=1e-9)
    f = np.array([6500.0, 7500.0])
    w = spectra(result.taps[0], f, 16_000.0) * np.exp(2j * np.pi * f / 16_000.0 * result.bulk_delay_samples)[:, None]
    np.testing.assert_allclose(w, [[1.0, 0.0], [1.0, 0.0]], atol=1e-6)


@given(needed=st.integers(0, 256), taps=st.sampled_from([8, 9, 64, 511, 512]))
def test_the_least_delay_is_the_first_that_does(needed: int, taps: int) -> None:
    """A step in the error is found wherever it is; where only half the taps do, half the taps it is."""
    step = min(needed, taps // 2)
    assert least_delay(lambda delay: 1.0 if delay >= step else 1.0 + 2 * MAX_EXTRA_ERROR, taps) == step


@pytest.mark.usefixtures("plain_fit")
def test_the_least_delay_keeps_the_result() -> None:
    """The pair with 128 taps: less than half of them before the main arrival, and the gain in the band lower by at most 0.1 dB on
    average, and nowhere by more than the 1.5 dB that an error 16 dB below what is left adds.
    """
    actual, scene = designed(pair(), 257)
    gains = []
    for delay in (None, "least"):
        result = realize_form([actual], scene, Realization(taps=128, bulk_delay_samples=delay))
        p = np.abs(np.einsum("fml,fl->fm", scene.ears(), spectra(result.taps[0], scene.frequency_hz, 16_000.0))) ** 2
        gains.append(db(p[:, 0::2].mean(axis=1) / p[:, 1::2].mean(axis=1))[actual.in_band])
    assert result.bulk_delay_samples < 64
    assert np.mean(gains[1]) > np.mean(gains[0]) - 0.1
    assert (gains[1] > gains[0] - 1.5).all()


def mask_excess_db(taps: Real, problem: designer.Scene, f: Real) -> float:
    """The largest excess over the mask of -20 dB from 60 to 120 degrees, relative to on-axis, by the sum over point sources."""
    rate, c = problem.problem.sample_rate_hz, problem.problem.speed_of_sound_m_s
    w = spectra(taps, f, rate)
    places = np.array([driver.position_m for driver in problem.problem.drivers])

    def level(azimuth_deg: float) -> Real:
        at = 2.0 * np.array([np.cos(np.radians(azimuth_deg)), np.sin(np.radians(azimuth_deg)), 0.0])
        r = np.linalg.norm(at - places, axis=1)
        return np.asarray(np.abs(np.sum(w * np.exp(-2j * np.pi / c * np.outer(f, r)) / r, axis=1)))

    on_axis = level(0.0)
    return max(float((20 * np.log10(level(a) / on_axis)).max()) for a in (60.0, 75.0, 90.0, 105.0, 120.0)) + 20.0


@pytest.mark.usefixtures("plain_fit")
def test_held_taps_keep_a_mask_that_fitted_taps_break() -> None:
    """A line of four, -20 dB over 60 degrees, 32 taps: the fit breaks it by more than 1 dB, held taps by less than 0.1 dB off the grid."""
    tables = line(mask=[{"azimuth_deg": [60.0, 120.0], "max_db": -20.0}])
    actual, scene = designed(tables, 129)
    assert actual.feasible
    off_grid = np.linspace(812.5, 3000.0, 501)  # the grid's first and last frequencies in the band
    fitted, held = (
        realize_form([actual], scene, Realization(taps=32, hold_requirements=hold_requirements))
        for hold_requirements in (False, True)
    )
    assert mask_excess_db(fitted.taps[0], scene, off_grid) > 1.0
    assert mask_excess_db(held.taps[0], scene, off_grid) < 0.1
    assert held.warnings == ()


@pytest.mark.parametrize("taps", [8, 32])
def test_what_is_not_held_is_said(taps: int) -> None:
    """Six drivers, a window of +/-15 degrees and -25 dB from 45: a warning says in dB what 8 taps leave of each, and 32 hold both.

    The dB are those of levels, by the sum over point sources: over the mask, and beyond the window's ripple, 3 dB to either side in
    pressure, in dB of that ripple.
    """
    tables = line(6, mask=[{"azimuth_deg": [45.0, 120.0], "max_db": -25.0}], window_deg=[-15.0, 15.0])
    actual, scene = designed(tables, 129)
    result = realize_form([actual], scene, Realization(taps=taps, hold_requirements=True))
    f = np.linspace(812.5, 3000.0, 1001)
    w = spectra(result.taps[0], f, 16_000.0)
    places = np.array([driver.position_m for driver in scene.problem.drivers])

    def level(azimuth_deg: float) -> Real:
        at = 2.0 * np.array([np.cos(np.radians(azimuth_deg)), np.sin(np.radians(azimuth_deg)), 0.0])
        r = np.linalg.norm(at - places, axis=1)
        return np.asarray(np.abs(np.sum(w * np.exp(-2j * np.pi / 343.0 * np.outer(f, r)) / r, axis=1)))

    on_axis = level(0.0)
    over_db = max(20 * np.log10(level(a) / on_axis).max() for a in (45.0, 60.0, 75.0, 90.0, 105.0, 120.0)) + 25.0
    off = max(np.abs(level(a) / on_axis - 1).max() for a in (-15.0, 15.0))
    beyond_db = 20 * np.log10(off / (1 - 10 ** (-3.0 / 20)))
    left = [(name, db_) for name, db_ in (("mask[0]", over_db), ("window", beyond_db)) if db_ > 0.05]
    assert [name for name, _ in left] == (["mask[0]", "window"] if taps == 8 else [])
    assert len(result.warnings) == len(left)
    for warning, (name, missing_db) in zip(result.warnings, left, strict=True):
        message = re.fullmatch(
            rf"centre: hold_requirements leaves {re.escape(name)} short by (\d\.\d\d) dB; remedy: more \[realization\] taps",
            warning,
        )
        assert message is not None
        assert float(message[1]) == pytest.approx(missing_db, abs=0.02)


@pytest.mark.parametrize("problem", [pair, speaker], ids=["pair", "speaker"])
@pytest.mark.usefixtures("plain_fit")
def test_held_taps_keep_the_curve(problem: object) -> None:
    """With 48 taps the held curve is missed by less than 0.05 dB between the solved frequencies, the fitted one by more than 0.2 dB."""
    actual, scene = designed(problem(), 129)  # type: ignore[operator] # a function from the list above
    low_hz, high_hz = actual.design.band_hz
    f = np.linspace(low_hz, high_hz, 301)
    at = scene.at(f)
    curve = np.array(actual.design.cancellation_gain_db)
    target_db = np.interp(np.log(f), np.log(curve[:, 0]), curve[:, 1])
    short = []
    for hold_requirements in (False, True):
        result = realize_form([actual], scene, Realization(taps=48, hold_requirements=hold_requirements))
        p = np.abs(np.einsum("fml,fl->fm", at.ears(), spectra(result.taps[0], f, 16_000.0))) ** 2
        short.append(float((target_db - db(p[:, 0::2].mean(axis=1) / p[:, 1::2].mean(axis=1))).max()))
    assert short[0] > 0.2
    assert short[1] < 0.05


@pytest.mark.usefixtures("plain_fit")
def test_held_taps_keep_a_floor_of_white_noise_gain() -> None:
    """1 dB in a line of four: 48 taps fitted fall 0.1 dB below it, held ones less than 0.05 dB, off the grid, by the sum over sources."""
    tables = line(spacing_m=0.03, nulls_deg=[50.0], cancellation_gain_db=[[800, 14]], min_white_noise_gain_db=1.0)
    actual, scene = designed(tables, 129)
    f = np.linspace(812.5, 3000.0, 501)
    r = np.array([np.linalg.norm(np.array([2.0, 0.0, 0.0]) - driver.position_m) for driver in scene.problem.drivers])
    h = np.exp(-2j * np.pi * np.outer(f, r) / scene.problem.speed_of_sound_m_s) / r
    short = []
    for hold_requirements in (False, True):
        result = realize_form([actual], scene, Realization(taps=48, hold_requirements=hold_requirements))
        w = spectra(result.taps[0], f, 16_000.0)
        gain = 2.0**2 * np.abs(np.sum(h * w, axis=1)) ** 2 / np.sum(np.abs(w) ** 2, axis=1)
        short.append(1.0 - db(gain).min())
    assert short[0] > 0.1
    assert short[1] < 0.05


@pytest.mark.parametrize("limit", ["max_effort_db", "max_gain_db"])
@pytest.mark.usefixtures("plain_fit")
def test_held_taps_keep_a_limit_that_fitted_taps_break(limit: str) -> None:
    """In a pair with 96 taps the limit binds: taps fitted break it by 0.2 dB, held ones by less than 0.05 dB, off the grid."""
    tables = (
        pair(max_effort_db=4.0) if limit == "max_effort_db" else limited(pair(max_effort_db=None), 1, max_gain_db=0.0)
    )
    actual, scene = designed(tables, 129)
    f = np.linspace(500.0, 4000.0, 501)
    heard = scene.at(f).ears()[:, 0::2]
    excess = []
    for hold_requirements in (False, True):
        result = realize_form([actual], scene, Realization(taps=96, hold_requirements=hold_requirements))
        power = np.abs(w := spectra(result.taps[0], f, 16_000.0)) ** 2
        reached = np.mean(np.abs(np.einsum("fml,fl->fm", heard, w)) ** 2, axis=1)
        single = np.mean(np.abs(heard) ** 2, axis=1).max(axis=1)
        found_db = db(power.sum(axis=1) * single / reached) - 4.0 if limit == "max_effort_db" else db(power[:, 1])
        excess.append(found_db.max())
    assert excess[0] > 0.2
    assert excess[1] < 0.05


def disc(points: Complex, index: np.ndarray, limit: Real, *, together: bool) -> Held:
    """A limit on pressures against a level of 1."""
    return Held(
        label="limit",
        index=index,
        rows=Rows(points, np.zeros(points.shape[:2], dtype=complex)),
        level_rows=Rows(0 * points[:, :1], np.ones((index.size, 1), dtype=complex)),
        level=np.ones(index.size),
        limit=limit,
        together=together,
    )


@pytest.mark.parametrize("together", [False, True], ids=["each", "mean"])
def test_held_taps_are_nearly_the_best_of_those_that_hold(together: bool) -> None:
    """Random pressures limited to 80 % of what the fit leaves: as cvxpy finds them, at an error at most 5 % above its least."""
    rng = np.random.default_rng(3)
    taps, half, drivers, delay = 10, 16, 2, 4
    expected, symbol = gaussian(rng, half + 1, drivers), weighting(rng, half + 1, drivers)
    index = np.array([3, 4, 5, 9])
    points = gaussian(rng, index.size, 3, drivers)
    phase = np.exp(-2j * np.pi / (2 * half) * np.outer(np.arange(half + 1), np.arange(taps) - delay))
    fitted = fit(expected, symbol, taps, delay)
    limited = disc(points, index, np.ones(index.size), together=together)
    limit = 0.8 * limited.size(limited.rows.pressure((phase @ fitted.T)[index]))
    x = hold([disc(points, index, limit, together=together)], expected, symbol, taps, delay, None)

    variable = cp.Variable((drivers, taps))
    twice = np.where(np.isin(np.arange(half + 1), (0, half)), 1.0, 2.0)
    terms = [
        twice[k] * cp.sum_squares(np.linalg.cholesky(symbol[k]).conj().T @ (variable @ phase[k] - expected[k]))
        for k in range(half + 1)
    ]
    limits = []
    for j, k in enumerate(index):
        p = points[j] @ (variable @ phase[k])
        limits += [cp.norm(p) <= np.sqrt(3) * limit[j]] if together else [cp.abs(p) <= limit[j]]
    best = cp.Problem(cp.Minimize(cp.sum(terms)), limits).solve(solver=cp.CLARABEL)
    e = phase @ x.T - expected
    error = float(np.sum(twice * np.einsum("ki,kij,kj->k", e.conj(), symbol, e).real))
    reached = limited.size(limited.rows.pressure((phase @ x.T)[index]))
    assert (20 * np.log10(reached / limit) < 0.011).all()
    assert best * 0.999 < error < best * 1.05


def test_more_taps_hold_what_fewer_hold() -> None:
    """12 taps, 6 of them before the bulk delay, are 20 with zeros around them and 10 before it: what they hold, 20 can hold."""
    tables = line(6, mask=[{"azimuth_deg": [45.0, 120.0], "max_db": -25.0}], window_deg=[-15.0, 15.0])
    actual, scene = designed(tables, 129)
    for taps in (12, 20):
        assert realize_form([actual], scene, Realization(taps=taps, hold_requirements=True)).warnings == ()
