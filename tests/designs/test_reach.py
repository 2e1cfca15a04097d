"""What a layout could reach: against designs that try, and against what is known of two points."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import designer
from designer.designs.reach import reach
from designer.evaluation.reach_words import explain_reach, spread_out

TEXT = """
title = "two"
sample_rate_hz = 48000
[[drivers]]
name = "left"
position_m = [0.0, -0.1, 0.0]
[[drivers]]
name = "right"
position_m = [0.0, 0.1, 0.0]
[listener]
position_m = [1.0, 0.0, 0.0]
head = "points"
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [200.0, 4000.0]
cancellation_gain_db = [[200, {asked}]]
max_effort_db = {effort}
"""


@pytest.mark.parametrize("effort", [3.0, 9.0])
def test_a_design_reaches_the_bound_and_no_more(effort: float) -> None:
    """Asked for far too much at one ear place, the design's compromise ends on the bound, within 0.01 dB."""
    problem = designer.loads(TEXT.format(asked=120, effort=effort))
    design = designer.design(problem)
    f = design.frequency_hz[(design.frequency_hz >= 200) & (design.frequency_hz <= 2500)]
    actual = reach(problem.designs[0], designer.scene(problem).at(f))
    ears = designer.scene(problem).at(f).ears()
    w = design.weights["left"][np.isin(design.frequency_hz, f)]
    got = 20 * np.log10(np.abs(np.einsum("fml,fl->fm", ears, w)))
    limited = actual.bound_db < 90
    assert limited.sum() > 3
    np.testing.assert_allclose((got[:, 0] - got[:, 1])[limited], actual.bound_db[limited], atol=0.01)


def test_the_bound_rises_with_effort() -> None:
    """More effort never reaches less."""
    problem = designer.load("problems/smart-speaker.toml")
    at = designer.scene(problem).at(np.array([600.0, 1200.0, 3000.0]))
    for table in problem.designs:
        assert (np.diff(reach(table, at).gain_db, axis=0) > -1e-6).all()


def test_words_say_how_much_too_much_is_asked() -> None:
    """The library's infeasible problem: 14.5 dB too much at 200 Hz, the band's start, by the dual over scipy's eigenvalues.

    The largest w^H A w / w^H B w with w^H A w >= e w^H w is the least over μ >= 0 of the largest eigenvalue of (A + μ (A - e), B).
    """
    problem = designer.load("problems/too-much-asked.toml")
    lines = list(explain_reach(problem, designer.scene(problem)))
    ears, required = designer.scene(problem).at(np.array([200.0])).ears()[0], problem.designs[0]
    assert required.ear == "left" and required.max_effort_db is not None and required.cancellation_gain_db is not None
    A, B = (h.conj().T @ h / len(h) for h in (ears[0::2], ears[1::2]))
    least = np.diagonal(A).real.max() / 10 ** (required.max_effort_db / 10)
    largest = [
        scipy.linalg.eigh(A + mu * (A - least * np.eye(len(A))), B, eigvals_only=True)[-1]
        for mu in np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 4001)])
    ]
    missing_db = required.cancellation_gain_db[0][1] - 10 * np.log10(min(largest))
    assert missing_db == pytest.approx(14.5, abs=0.05)
    assert f"{missing_db:.1f} dB too much at 200 Hz" in lines[-1]
    assert "200 Hz" in lines[1]
    problem = designer.load("problems/smart-speaker.toml")
    assert sum("within reach" in line for line in explain_reach(problem, designer.scene(problem))) == 3


def test_a_table_keeps_the_first_and_the_last_frequency() -> None:
    """About eight columns whatever the band holds."""
    f = np.arange(1, 200) * 100.0
    some = spread_out(f)
    assert some[0] == f[0] and some[-1] == f[-1] and 6 <= some.size <= 8
    assert spread_out(f[:1]).tolist() == [100.0]
