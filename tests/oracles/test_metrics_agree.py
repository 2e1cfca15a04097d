"""The far ear, computed from `coefficients.csv` alone by a naive loop that shares no code with `designer`, agrees with `metrics.csv`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import designer
from designer.folders.tables import coefficients
from designer.writing.csv_text import csv_text
from oracles.far_ear import cancellation_gain_db

PROBLEMS = Path(__file__).parents[2] / "problems"
CASES = [
    ("smart-speaker", 5),
    ("laptop-pair", 8),
    ("pair-kemar", 5),
    pytest.param("too-much-asked", 5, marks=pytest.mark.long),
    ("couch", 4),
]


@pytest.mark.parametrize(("name", "count"), CASES)
def test_metrics_agree_with_a_naive_loop(name: str, count: int, tmp_path: Path) -> None:
    """Cancellation gain, mean and worst, of every ear channel agrees within 0.05 dB, in the band and outside it."""
    problem_path = PROBLEMS / f"{name}.toml"
    problem = designer.load(problem_path)
    design = designer.design(problem.model_copy(update={"grid": problem.grid.model_copy(update={"frequencies": 65})}))
    (tmp_path / "coefficients.csv").write_text(
        csv_text(coefficients(design)), encoding="utf-8"
    )  # as a saved folder has it
    metrics = design.metrics
    checked = 0
    for channel in problem.designs:
        if channel.is_beam:
            continue
        rows = metrics[(metrics.channel == channel.name) & metrics.frequency_hz.between(60.0, 12_000.0)]
        # On the design's grid and half way between, spread over the logarithmic axis.
        at = np.unique(np.geomspace(1, len(rows) - 1, count).astype(int))
        rows = rows.iloc[at]
        mean, worst = cancellation_gain_db(
            problem_path, tmp_path / "coefficients.csv", channel.name, rows.frequency_hz.to_numpy()
        )
        np.testing.assert_allclose(rows.cancellation_gain_db, mean, rtol=0, atol=0.05)
        np.testing.assert_allclose(rows.worst_cancellation_gain_db, worst, rtol=0, atol=0.05)
        assert np.max(np.abs(rows.cancellation_gain_db - mean)) < 0.05 < np.ptp(mean)
        checked += len(rows)
    assert checked >= count - 4
