"""Every form that looks for a curve keeps it in the mean over the drivers' spread: drawn, not computed from matrices."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import design, pair

from designer.formulations import FORMULATIONS
from formulations.random_targets import Wanted, gaussian, random_target

SPREAD = 1e-3
CURVE_KEEPERS = [
    method
    for method, formulation in FORMULATIONS.items()
    if "cancellation_gain_db" in formulation.looks_at and method not in ("acoustic-contrast", "spherical-harmonic")
]


@pytest.mark.parametrize("method", CURVE_KEEPERS)
@pytest.mark.parametrize("seed", range(4))
def test_the_curve_holds_in_the_mean_over_drawn_drivers(method: str, seed: int) -> None:
    """Over 20,000 draws of four drivers' errors the ratio of mean powers is the 12 dB asked for, to the 0.15 dB of the sample."""
    target = random_target(seed, Wanted(frequencies=1, drivers=4, bright=2, dark=2, gain_db=12.0, spread=SPREAD))
    w = FORMULATIONS[method](target).weights[0]
    errors = np.sqrt(SPREAD) * gaussian(np.random.default_rng(seed), 20_000, 4)
    reached, left = (
        np.mean([np.mean(np.abs((h * (1 + errors)) @ w) ** 2) for h in points[0]])
        for points in (target.bright, target.dark)
    )
    gain_db = 10 * np.log10(reached / left)
    # The cones hold a cloud's mean by one pass of rescaling: a little less than asked.
    assert gain_db > 12.0 - (0.5 if method in ("constrained", "minimax") else 0.15)


def test_a_spread_in_the_file_costs_gain_where_effort_is_high() -> None:
    """A pair at 500 Hz needs much effort for its curve: with 1 dB and 5 degrees of spread less of it is reached."""
    without = design(pair(max_effort_db=15.0))
    spread = design(pair(max_effort_db=15.0, driver_spread={"gain_db": 1.0, "phase_deg": 5.0}))
    slack = [result.channels["left"].slack_db.max() for result in (without, spread)]
    assert slack[0] < 0.1 < slack[1]
    assert spread.status == 4
