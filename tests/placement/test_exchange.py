"""Searches against all layouts, and block updates against solutions anew."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from designer.placement import system
from designer.placement.block_updates import exchange_scores, inverse_of, with_units, without
from designer.placement.exchange import Space, even, exhaustive, greedy, relaxed, search
from designer.placement.layouts import Judge, weights_of

from .conftest import HEADS
from .problems import BAR, BESIDE, candidates, judge, of_text, space

LAYOUTS = {"bar": (0, 7, 20), "sphere": (11, 15)}
LAYOUT = LAYOUTS["bar"]
LONG = [pytest.param(name, marks=pytest.mark.long) for name in ("beside", "plane", "box")]


@pytest.mark.parametrize("name", ["bar", "sphere", "cylinder", *LONG])
def test_a_search_is_near_the_best_of_all_layouts(name: str) -> None:
    """Within 0.5 dB of all layouts with at most 5 % of their evaluations, and not below group lasso.

    Seconds: all layouts of the problems are valued, 190 to 455; with `--long` a box is solved at its candidates.
    """
    choices, layouts = candidates(name), space(candidates(name))
    all_of_them, few, convex = (Judge(judge(name).system, choices.units) for _ in range(3))
    best = exhaustive(all_of_them, layouts)
    begin = greedy(convex, layouts, layouts.compositions[0])
    assert best is not None and begin is not None
    by_lasso = relaxed(convex, layouts, begin)
    chosen = search(few, layouts)
    assert chosen is not None and by_lasso is not None
    assert few(chosen) > all_of_them(best) - 0.5
    assert few.evaluations <= 0.05 * all_of_them.evaluations
    assert few(chosen) >= convex(by_lasso)


NEAR = """head = "points"
ear_cloud_m = [[0, 0, 0], [0, 0.02, 0], [0, -0.02, 0], [0.02, 0, 0], [-0.02, 0, 0]]
"""


def test_numbers_of_an_earlier_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five drivers in 0.8 m, 190 layouts: even steps 10.6 dB, the best 17.2, with 60 mm between centres 15.4, another program said.

    Its band, distance, effort and product line are not known: those here were sought until all three numbers were within 0.5 dB, so that
    what is held is that such numbers are this search's too.
    """
    monkeypatch.setattr(system, "HEADS", HEADS)
    text = BAR.replace("[300.0, 8000.0]", "[160.0, 3100.0]").replace("max_effort_db = 6.0", "max_effort_db = 3.5")
    text = (
        text.replace("[1.6, 0.0, 0.0]\n", f"[1.0, 0.0, 0.0]\n{NEAR}") + "[tolerance]\ngain_db = 0.12\nphase_deg = 0.5\n"
    )
    choices, the_judge = of_text(text)
    best = exhaustive(the_judge, space(choices))
    steps = even(space(choices))
    assert best is not None and steps is not None
    assert the_judge.evaluations == 190

    def spacing_m(layout: tuple[int, ...]) -> float:
        return float(np.diff(np.sort(choices.places_m[[n for unit in layout for n in choices.units[unit]], 1])).min())

    spaced = max(value for layout, value in the_judge.values.items() if spacing_m(layout) > 0.06 - 1e-9)
    assert (the_judge(steps), the_judge(best), spaced) == pytest.approx((10.6, 17.2, 15.4), abs=0.5)


def test_every_layout_is_counted_once() -> None:
    """With a middle unit and two of twenty pairs there are 190 layouts; with spacing those of an independent count."""
    layouts = list(space(candidates("bar")).layouts())
    assert len(layouts) == len(set(layouts)) == 190
    beside = candidates("beside")
    places = beside.places_m[:, 1]
    apart = [
        trio
        for trio in itertools.combinations(range(len(places)), 3)
        if all(abs(places[a] - places[b]) > 0.06 - 1e-9 for a, b in itertools.combinations(trio, 2))
    ]
    assert sorted(space(beside).layouts()) == apart


def test_even_steps_are_even() -> None:
    """Five drivers over 0.8 m are 0.2 m apart."""
    choices = candidates("bar")
    layout = even(space(choices))
    assert layout is not None
    places = sorted(choices.places_m[place, 1] for unit in layout for place in choices.units[unit])
    np.testing.assert_allclose(places, [-0.4, -0.2, 0.0, 0.2, 0.4], atol=1e-9)


def test_no_layout_breaks_the_spacing() -> None:
    """Centres of what a search valued are at least 60 mm apart."""
    choices, the_judge = of_text(BESIDE)
    search(the_judge, space(choices))
    for layout in the_judge.values:
        places = np.sort([choices.places_m[choices.units[unit][0], 1] for unit in layout])
        assert np.diff(places).min() >= 0.06 - 1e-9


def test_a_search_without_any_layout_says_so() -> None:
    """None where not one unit is usable."""
    choices = candidates("bar")
    assert search(judge("bar"), Space(choices, 5, np.zeros(len(choices.units), dtype=bool))) is None


@pytest.mark.parametrize("name", ["bar", "sphere"])
def test_leaving_out_a_unit_is_a_block_update(name: str) -> None:
    """Inverse and weights without some columns are those of the smaller system, solved anew."""
    the_judge = judge(name)
    channel = the_judge.system.channels[0]
    weights = weights_of(channel, the_judge.columns(LAYOUTS[name]))
    K, w = without(inverse_of(channel, weights), weights.w, np.array([1, 3]))
    stay = np.delete(weights.columns, [1, 3])
    anew = np.linalg.inv(channel.gram[:, stay[:, None], stay] + weights.beta[:, None, None] * np.eye(len(stay)))
    np.testing.assert_allclose(K, anew, rtol=1e-7, atol=1e-9 * np.abs(anew).max())
    expected = (anew @ channel.projected[:, stay, None])[:, :, 0]
    np.testing.assert_allclose(w, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())


def test_taking_in_a_pair_is_a_block_update() -> None:
    """Weights with two columns more are those of the larger system, solved anew."""
    the_judge = judge("bar")
    channel, columns = the_judge.system.channels[0], the_judge.columns((0, 7))
    weights = weights_of(channel, columns)
    pair = np.array([[3, 37]])
    shares, Kg = with_units(channel, inverse_of(channel, weights), weights.w, columns, weights.beta, pair)
    others = weights.w - np.einsum("fnvc,fvc->fn", Kg, shares)
    both = np.concatenate([columns, pair[0]])
    regularised = channel.gram[:, both[:, None], both] + weights.beta[:, None, None] * np.eye(len(both))
    expected = np.linalg.solve(regularised, channel.projected[:, both, None])[:, :, 0]
    np.testing.assert_allclose(np.concatenate([others, shares[:, 0]], axis=1), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("limit", [1.0, 0.5])
def test_a_rank_is_what_its_docstring_says(limit: float) -> None:
    """Gain at the judged places with ε² of each driver's power added, in loops; here a unit replaces itself.

    Under a limit 3 dB lower it is on the straight line to the gain of w ∝ b, which least squares at an endless β has, at that limit.
    """
    the_judge = judge("bar")
    channel, columns = the_judge.system.channels[0], the_judge.columns(LAYOUT)
    weights = weights_of(channel, columns)
    lower = replace(channel, max_effort=limit * channel.max_effort)
    unit = np.array([the_judge.units[7]])
    (score,) = exchange_scores(lower, weights, inverse_of(channel, weights), list(unit[0]), unit, 5.0)
    gains = []
    for f in range(len(weights.w)):
        ends = []
        for w in (weights.w[f], channel.projected[f, columns]):
            rows = [J[f, :, 0][:, columns] for J in (channel.judged_bright, channel.judged_dark)]
            more = [channel.spread[f] * np.sum(np.mean(np.abs(J) ** 2, axis=0) * np.abs(w) ** 2) for J in rows]
            power = [np.abs(J @ w) ** 2 + added for J, added in zip(rows, more, strict=True)]
            loud = np.sum(np.abs(channel.H[f, : channel.bright_points, columns].T @ w) ** 2)
            spent = np.sum(np.abs(w) ** 2 / channel.cost[f, columns]) * channel.level[f, columns].max()
            ends.append((10 * np.log10(spent / loud), 10 * np.log10(power[0] / power[1])))
        (effort, gain), (end_effort, end) = ends
        at = np.clip((effort - 10 * np.log10(lower.max_effort)) / (effort - end_effort), 0, 1)
        gains.append(gain + at * (end - gain))
    assert score == pytest.approx(np.percentile(gains, 5), abs=1e-6)
