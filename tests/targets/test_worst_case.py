"""The spread's worst case: a bound that no drawn drivers pass and one attains, and passes that end where a cone program does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from formulations.random_targets import Wanted, gaussian, random_target

import designer
from designer.designs import methods
from designer.measures import db
from designer.problem.schema import DesignTable
from designer.targets.channel_target import ChannelTarget
from designer.targets.wishes import expected_gain
from designer.targets.worst_case import PASSES, hardened, norms, worst_gain

DEVIATION = 0.06
DESIGN = DesignTable.model_validate({"name": "a", "kind": "ctc", "ear": "left", "band_hz": [500.0, 4000.0]})


def target_of(seed: int, **wanted: Any) -> ChannelTarget:
    target = random_target(seed, replace(Wanted(drivers=4, cancel=3, frequencies=3), **wanted))
    return replace(target, spread=DEVIATION**2, worst_case=True)


@pytest.mark.parametrize("seed", range(5))
def test_no_drawn_drivers_are_worse_and_one_set_is_as_bad(seed: int) -> None:
    """3,000 errors of the whole size: what is left to cancel stays below the bound; at one point the aligned errors attain it."""
    target = target_of(seed)
    rng = np.random.default_rng(seed)
    w = gaussian(rng, 3, 4)
    a, b = norms(target.cancel, DEVIATION, w)
    drawn = gaussian(rng, 3000, 4)
    drawn *= DEVIATION / np.linalg.norm(drawn, axis=1, keepdims=True)
    left = np.sqrt(np.mean(np.abs(np.einsum("fcl,nl,fl->nfc", target.cancel, 1 + drawn, w)) ** 2, axis=2))
    assert (left <= (a + b) * (1 + 1e-12)).all()
    assert (left.max(axis=0) > a).all()
    h = target.cancel[0, 0]
    response = h @ w[0]
    aligned = (h * w[0]).conj() * response / np.abs(response)
    aligned *= DEVIATION / np.linalg.norm(aligned)
    a, b = norms(target.cancel[:1, :1], DEVIATION, w[:1])
    assert np.abs(h @ ((1 + aligned) * w[0])) == pytest.approx(float(a[0] + b[0]), rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_power_ratio_ends_where_the_cone_program_does(seed: int) -> None:
    """Least effort at a wished ratio in the worst case, one point to reach: cvxpy's second-order cones, within 1e-4."""
    target = target_of(seed, gain_db=9.0)
    assert target.gamma is not None
    w = methods.solve("power-ratio", DESIGN.model_copy(update={"method": "power-ratio"}), target).weights
    met = 0
    for f in range(3):
        x = cp.Variable(4, complex=True)
        rows = target.cancel[f] / np.sqrt(target.cancel.shape[1])
        alone = DEVIATION * np.linalg.norm(rows, axis=0)
        left = cp.norm(rows @ x) + cp.norm(cp.multiply(alone, x))
        h = target.reach[f, 0]
        problem = cp.Problem(cp.Minimize(cp.norm(x)), [h @ x == 1, left <= target.gamma[f] ** -0.5])
        value = problem.solve(solver=cp.CLARABEL)
        if problem.status == "optimal":
            met += 1
            spent = np.linalg.norm(w[f]) / np.abs(h @ w[f])
            assert worst_gain(target, w)[f] >= target.gamma[f] * (1 - 1e-6)
            assert spent == pytest.approx(value, rel=1e-4)
    assert met or seed


METHODS = ("power-ratio", "least-squares", "constrained", "acoustic-contrast")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_every_method_gains_in_the_worst_case_and_no_pass_loses(method: str, seed: int) -> None:
    """Asked for more than there is, within an effort: the worst gain after each pass is no less than before, and no less
    than that of the design that does not know of the spread.
    """
    target = target_of(seed, gain_db=60.0, max_effort_db=9.0)
    design = DESIGN.model_copy(update={"method": method})
    plain = replace(target, worst_case=False, spread_in_powers=False)
    w = methods.solve(method, design, plain).weights
    before = first = worst_gain(target, w)
    for _ in range(PASSES):
        w = methods.solve(method, design, hardened(target, w)).weights
        after = worst_gain(target, w)
        assert (db(after) > db(before) - 1e-3).all()
        before = after
    whole = methods.solve(method, design, target).weights
    np.testing.assert_allclose(db(worst_gain(target, whole)), db(before), atol=1e-6)
    assert (db(before) > db(first) - 1e-4).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_most_sensitive_weights_meet_the_ratio_in_the_worst_case(seed: int) -> None:
    """From the first pass on the curve holds in the worst case, and no pass is less sensitive than the one before."""
    target = target_of(seed, gain_db=9.0)
    assert target.gamma is not None
    design = DESIGN.model_copy(update={"method": "max-sensitivity"})
    w = methods.solve("max-sensitivity", design, replace(target, worst_case=False, spread_in_powers=False)).weights
    before = np.zeros(3)
    for n in range(PASSES):
        w = methods.solve("max-sensitivity", design, hardened(target, w)).weights
        sensitivity = np.abs(np.einsum("fl,fl->f", target.centre, w)) / np.linalg.norm(w, axis=1)
        held = worst_gain(target, w) >= target.gamma * (1 - 1e-6)
        assert (sensitivity[held] >= before[held] * (1 - 1e-6)).all()
        before = np.where(held, sensitivity, 0.0)
        assert held.any() or n == 0


@pytest.mark.parametrize("method", ["superdirective", "choueiri", "matrix", "minimax"])
def test_a_method_without_passes_designs_for_the_mean_of_the_spread(method: str) -> None:
    """Asked for the worst case it gives the weights of the mean, which are not those of no spread at all."""
    target = target_of(1, gain_db=6.0)
    design = DESIGN.model_copy(update={"method": method})
    mean, none = replace(target, worst_case=False), replace(target, worst_case=False, spread=0.0)
    worst, mean_w, none_w = (methods.solve(method, design, each).weights for each in (target, mean, none))
    np.testing.assert_array_equal(worst, mean_w)
    assert np.abs(mean_w - none_w).max() > 1e-4 * np.abs(none_w).max()


def test_without_a_spread_the_worst_case_is_the_case() -> None:
    """A deviation of 1e-9 changes nothing, and the curve is then held against the plain ratio."""
    target = replace(target_of(1, gain_db=6.0), spread=1e-18)
    w = methods.solve("power-ratio", DESIGN.model_copy(update={"method": "power-ratio"}), target).weights
    plain = replace(target, spread=0.0, worst_case=False)
    v = methods.solve("power-ratio", DESIGN.model_copy(update={"method": "power-ratio"}), plain).weights
    np.testing.assert_allclose(db(expected_gain(target, w)), db(expected_gain(plain, v)), atol=1e-4)


def test_a_design_holds_its_curve_in_the_worst_case() -> None:
    """The problem file's key: the nominal gain exceeds the curve by what the worst case takes, and the verdict is of the worst."""
    with open("problems/laptop-pair.toml", encoding="utf-8") as file:  # noqa: PTH123
        text = file.read()
    text = text.replace(
        "max_effort_db = 9.0",
        'max_effort_db = 14.0\ndriver_spread = { gain_db = 0.1, phase_deg = 0.5, case = "worst" }',
    )
    made = designer.design(designer.loads(text))
    assert made.status == 0
    band = made.metrics[(made.metrics.channel == "left") & made.metrics.frequency_hz.between(600, 2000)]
    assert (band.cancellation_gain_db - band.target_db > 0.3).all()
