"""Leaving out the norms that do not bind changes no answer: against each frequency solved by itself, with all of them."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from formulations.random_targets import Wanted, gaussian, random_target
from formulations.test_constrained import naive_violations
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Index, Real
from designer.formulations import constrained, minimax
from designer.requirements.target import ChannelTarget, Mask
from designer.solvers import cones, constrained_cones, constrained_data
from designer.solvers.cone_program import (
    PROBE_STEP,
    ConeProgram,
    ConeRows,
    assemble,
    probed,
    rows_that_may_bind,
    with_rows,
)

seeds = st.integers(0, 2**32 - 1)
FREQUENCIES = PROBE_STEP + 6


def smooth_beam(seed: int, *, frequencies: int = FREQUENCIES, spread: float = 0.0) -> ChannelTarget:
    """Twelve points of a mask, most of them far from any limit, that change little from frequency to frequency."""
    rng = np.random.default_rng(seed)
    expected = Wanted(frequencies=1, drivers=4, gain_db=6.0, ripple_db=3.0, max_effort_db=6.0, spread=spread)
    one = random_target(seed, expected)
    target = one.at(np.zeros(frequencies, dtype=int))
    scale = np.append(np.full(4, 1.0), np.full(8, 0.02))
    points = (scale[:, None] * gaussian(rng, 12, 4))[None] * np.exp(1j * np.linspace(0, 0.3, frequencies))[
        :, None, None
    ]
    mask = Mask("mask[0]", points, np.full(frequencies, 0.5), np.linspace(90, 120, 12))
    return replace(target, masks=(mask,))


@settings(max_examples=15)
@given(seed=seeds, spread=st.sampled_from([0.0, 0.01]), form=st.sampled_from([constrained, minimax]))
def test_values_are_those_of_all_the_norms(seed: int, spread: float, form: ModuleType) -> None:
    """Points in plenty and few that bind: every value is that of its frequency alone, within 1e-6, and no line is broken."""
    target = smooth_beam(seed, spread=spread)
    data = form.data_of(target, np.ones(FREQUENCIES))
    _, answer = form.solve_data(data)
    for f in (1, PROBE_STEP - 1, PROBE_STEP + 3):
        _, alone = form.solve_data(data.at(np.array([f])))
        assert answer.primal[f] == pytest.approx(alone.primal[0], rel=1e-6)
        if form is constrained:
            assert max(naive_violations(data, f, answer.x[f])) < 1e-6
    assert (answer.violation < 1e-6).all()
    assert (answer.gap < 1e-6).all()


@settings(max_examples=10)
@given(seed=seeds, form=st.sampled_from([constrained, minimax]))
def test_frequencies_that_have_nothing_in_common_are_answered_alike(seed: int, form: ModuleType) -> None:
    """Gaussian responses, so that other points bind at each frequency: violation and gap are as small as ever."""
    expected = Wanted(frequencies=FREQUENCIES, drivers=4, masks_db=(-6.0, -3.0, 3.0, 6.0, 9.0), ripple_db=3.0)
    solution = form.solve(random_target(seed, expected))
    assert (solution.violation < 1e-7).all()
    assert (solution.gap < 1e-6).all()
    assert not solution.by_reference.any()


def test_a_point_that_binds_between_the_probes_alone_is_not_missed() -> None:
    """One point is 100 times louder at one frequency that is not probed: its mask holds there, at a price."""
    target = smooth_beam(3)
    points = target.masks[0].points.copy()
    points[5, 8] *= 100.0
    loud = replace(target, masks=(replace(target.masks[0], points=points),))
    data, plain = (constrained_data.data_of(each, np.ones(FREQUENCIES)) for each in (loud, target))
    _, answer = constrained_cones.solve_data(data)
    _, before = constrained_cones.solve_data(plain)
    assert max(naive_violations(data, 5, answer.x[5])) < 1e-6
    assert answer.primal[5] > before.primal[5] * (1 + 1e-4)
    others = np.delete(np.arange(FREQUENCIES), 5)
    np.testing.assert_allclose(answer.primal[others], before.primal[others], rtol=1e-6)


def test_most_points_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 points 14 are 34 dB down: what is solved between the probes has a third of the rows."""
    sizes: list[tuple[int, int]] = []
    whole = cones._clarabel

    def counted(program: ConeProgram, *attempt: object) -> tuple[Real, Real]:
        sizes.append(program.b.shape)
        return whole(program, *attempt)  # type: ignore[arg-type]

    monkeypatch.setattr(cones, "_clarabel", counted)
    constrained_cones.solve_data(constrained_data.data_of(smooth_beam(3), np.ones(FREQUENCIES)))
    (probes, rows), (remainder, fewer) = sizes[:2]
    assert (probes, remainder) == (3, FREQUENCIES - 3)
    assert fewer < 0.6 * rows
    assert len(sizes) == 2


def test_few_frequencies_are_solved_as_they_are() -> None:
    """Below the number that one probe is for there is none; above, both ends are among the probes."""
    assert probed(PROBE_STEP - 1).size == 0
    assert probed(2 * PROBE_STEP + 3).tolist() == [0, PROBE_STEP, 2 * PROBE_STEP, 2 * PROBE_STEP + 2]


def test_rows_go_by_whole_norms_and_only_where_it_pays() -> None:
    """Balls of radius 1 and 10 around 0: at |x| = 1 the large one goes, unless it is the smaller part of the rows."""

    def balls(*radii: float) -> ConeProgram:
        rows = ConeRows(2, 2)
        for radius in radii:
            rows.add("second-order", np.tile(np.eye(3, 2, -1), (2, 1, 1)), np.array([radius, 0.0, 0.0]))
        return assemble(np.tile(np.eye(2), (2, 1, 1)), np.ones((2, 2)), rows)

    at: Index = np.array([0, 1])
    x = np.tile([1.0, 0.0], (2, 1))
    program = balls(10.0, 1.0, 10.0)
    rows = rows_that_may_bind(program, at, x)
    assert rows is not None
    assert rows.tolist() == [3, 4, 5]
    small = with_rows(program, at[:1], rows)
    assert small.cones == (("second-order", 3),)
    np.testing.assert_array_equal(small.b, program.b[:1, 3:6])
    assert rows_that_may_bind(balls(1.0, 1.0, 1.0, 10.0), at, x) is None
