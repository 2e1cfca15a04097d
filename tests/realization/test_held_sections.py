"""Sections held to requirements: slopes, limits as the file means them, and a curve that few sections keep where a plain fit loses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from designs.small_problems import Tables, limited, load, pair, speaker
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.acoustics.scene_of_problem import fine_frequencies_hz
from designer.arrays import Complex, Real
from designer.designs import design_channel
from designer.evaluation.scalars import scalars
from designer.problem.schema import Realization
from designer.realization import biquad, realize_form
from designer.realization.cascade import Cascade
from designer.realization.held_requirements import MARGIN_DB, Held, Rows, requirements_of
from designer.realization.held_sections import HeldLevel, HeldSections, Pull, tone_of
from designer.realization.realized import SectionsFit
from designer.requirements.channel_target import channel_target
from realization.section_cases import coupled, equaliser

seeds = st.integers(0, 2**32 - 1)


def any_requirement(rng: np.random.Generator, count: int, drivers: int, *, together: bool) -> Held:
    """Three points at every second frequency, limited to about half of what is heard."""
    at = np.arange(0, count, 2)
    points = rng.normal(size=(at.size, 3, drivers, 2)) @ np.array([1, 1j])
    rows = Rows(points, np.zeros((at.size, 3), complex))
    return Held("any", at, rows, rows, np.ones(at.size), rng.uniform(0.2, 1.0, at.size), together)


@settings(max_examples=20)
@given(seed=seeds, together=st.booleans())
def test_slopes_are_finite_differences(seed: int, together: bool) -> None:
    """Half the slope of the whole sum over real and imaginary part of each error, to 1e-4 of the largest."""
    rng = np.random.default_rng(seed)
    plain = coupled([equaliser(seed % 1000, 2, 300.0)] * 2, seed, np.geomspace(100.0, 10_000.0, 6))
    requirement = any_requirement(rng, 6, 2, together=together)
    pull = Pull(requirement, requirement.limit, rng.uniform(1, 100, 3))
    problem = HeldSections(plain.weights, plain.symbol, plain.turn, plain.radius, (pull,))
    errors = rng.normal(size=(6, 2, 2)) @ np.array([1, 1j])
    _, slope = problem.quadratic(errors)
    for place in np.ndindex(errors.shape):
        for unit, part in ((1.0, slope[place].real), (1j, slope[place].imag)):
            step = np.zeros(errors.shape, complex)
            step[place] = 1e-6 * unit
            difference = (problem.sum(errors + step) - problem.sum(errors - step)) / 4e-6
            assert difference == pytest.approx(part, abs=1e-4 * (1 + np.abs(slope).max()))


@pytest.mark.parametrize("together", [True, False])
def test_the_pull_is_the_distance_to_what_is_allowed(together: bool) -> None:
    """Mean square over the points of what is beyond, by the points themselves, with rows that begin away from 0 too."""
    rng = np.random.default_rng(7)
    plain = coupled([equaliser(1, 2, 300.0)] * 2, 1, np.geomspace(100.0, 10_000.0, 6))
    held = any_requirement(rng, 6, 2, together=together)
    held = replace(held, rows=Rows(held.rows.points, rng.normal(size=(3, 3, 2)) @ np.array([1, 1j])))
    pull = Pull(held, held.limit, rng.uniform(1, 100, 3))
    errors = rng.normal(size=(6, 2, 2)) @ np.array([1, 1j])
    p = held.rows.pressure((errors + plain.weights)[held.index])
    size = np.sqrt(np.mean(np.abs(p) ** 2, axis=1))[:, None] if together else np.abs(p)
    beyond = np.maximum(size - held.limit[:, None], 0.0)
    expected = np.sum(pull.weight * np.mean(beyond**2, axis=1))
    whole = HeldSections(plain.weights, plain.symbol, plain.turn, plain.radius, (pull,)).sum(errors)
    assert expected > 0
    assert whole - plain.sum(errors) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("share", [0.0, 1e-17])
def test_what_no_filter_moves_has_no_weight(share: float) -> None:
    """At 0 Hz a level against itself leaves rows of rounding: their weight is 0, not 1e300, and the others' stay what they are."""
    requirement = any_requirement(np.random.default_rng(5), 6, 2, together=False)
    symbol = np.tile(np.eye(2, dtype=complex), (6, 1, 1))
    expected = requirement.symbol_weight(symbol)
    requirement.rows.points[0] *= share
    np.testing.assert_array_equal(requirement.symbol_weight(symbol), [0.0, *expected[1:]])


@settings(max_examples=20)
@given(seed=seeds)
def test_within_every_requirement_nothing_is_added(seed: int) -> None:
    """With limits that nothing reaches, the sum and its slopes are the plain ones."""
    rng = np.random.default_rng(seed)
    plain = coupled([equaliser(1, 2, 300.0)] * 2, seed, np.geomspace(100.0, 10_000.0, 6))
    requirement = any_requirement(rng, 6, 2, together=bool(seed % 2))
    pull = Pull(requirement, np.full(3, 1e6), np.full(3, 1e6))
    problem = HeldSections(plain.weights, plain.symbol, plain.turn, plain.radius, (pull,))
    errors = rng.normal(size=(6, 2, 2)) @ np.array([1, 1j])
    assert problem.sum(errors) == plain.sum(errors)
    for own, other in zip(problem.quadratic(errors), plain.quadratic(errors), strict=True):
        np.testing.assert_array_equal(own, other)


def plain_effort_db(bright: Complex, w: Complex) -> Real:
    """10 log10 of Σ|w|² over 1 / max_l mean|h_l|² of the power reached, in loops."""
    actual = []
    for points, weights in zip(bright.tolist(), w.tolist(), strict=True):
        heard = sum(abs(sum(h * v for h, v in zip(point, weights, strict=True))) ** 2 for point in points) / len(points)
        single = max(sum(abs(point[l]) ** 2 for point in points) / len(points) for l in range(len(weights)))
        actual.append(10 * np.log10(sum(abs(v) ** 2 for v in weights) * single / heard))
    return np.array(actual)


@settings(max_examples=10)
@given(seed=seeds)
def test_the_limit_of_effort_is_the_files(seed: int) -> None:
    """Any weights exceed the held limit by as much as loops say that their effort exceeds the file's."""
    scene = designer.scene(load(pair()))
    problem = scene.problem.designs[0].model_copy(update={"max_effort_db": 3.0})
    channel = design_channel(problem, scene)
    target = channel_target(problem, scene, channel.plain)
    w = np.random.default_rng(seed).normal(size=(*channel.weights.shape, 2)) @ np.array([1, 1j])
    (effort,) = [
        requirement
        for requirement in requirements_of(target, channel.weights, {})
        if requirement.label == "max_effort_db"
    ]
    inside = np.flatnonzero(target.in_band)
    expected = max(float((plain_effort_db(target.bright[inside], w[inside]) - 3.0).max()), 0.0)
    assert effort.excess_db(w) == pytest.approx(expected, abs=1e-9)


def test_the_tone_is_a_decibel() -> None:
    """The weights a decibel louder or quieter are at both limits; two decibels exceed the level's by one, in any phase up to the band's
    end, and above it the ball's by its own ratio, where a turn alone leaves it.
    """
    scene = designer.scene(load(pair()))
    channel = design_channel(scene.problem.designs[0], scene)
    tone, above = tone_of(channel_target(channel.design, scene, channel.plain), channel.weights)
    louder, loudest = 10 ** (1 / 20), 10 ** (2 / 20)
    for held in (tone, above):
        assert held.excess_db(channel.weights * louder) == pytest.approx(0.0, abs=1e-9)
    assert tone.excess_db(channel.weights * 1j / louder) == pytest.approx(0.0, abs=1e-9)
    assert tone.excess_db(channel.weights * 1j * loudest) == pytest.approx(1.0, abs=1e-9)
    assert tone.excess_db(channel.weights * 1j / loudest) == pytest.approx(1.0, abs=1e-9)
    expected = 20 * np.log10((loudest - 1) / (louder - 1))
    assert above.excess_db(channel.weights * loudest) == pytest.approx(expected, abs=1e-9)
    assert above.excess_db(channel.weights * 1j) == pytest.approx(20 * np.log10(np.sqrt(2) / (louder - 1)), abs=1e-9)


def test_the_nearest_level_is_on_its_border() -> None:
    """Of pressures too quiet, allowed and too loud, each goes along its own phase to the nearest level, less the aim's margin."""
    points = np.ones((3, 1, 1), complex)
    level = Rows(np.zeros_like(points), np.ones((3, 1), complex))
    held = HeldLevel(
        "level", np.arange(3), Rows(points, np.zeros((3, 1), complex)), level, np.ones(3), np.full(3, 1.25), True
    )
    margin = 10 ** (-MARGIN_DB / 20)
    nearest = held.projected(np.array([[0.2j], [-1.1], [3.0]]), margin * held.limit)
    np.testing.assert_allclose(nearest[:, 0], [0.8j / margin, -1.1, 1.25 * margin], rtol=1e-12)


@pytest.fixture(scope="module", autouse=True)
def few_frequencies() -> Iterator[None]:
    """Sections are fitted at 100 frequencies; what they keep is judged at others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(biquad, "FREQUENCIES", 100)
        yield


@pytest.fixture(scope="module")
def mirrored(few_frequencies: None) -> designer.Design:
    """Both channels of a pair in two sections a driver."""
    return designer.design(load({**pair(both=True), "realization": {"form": "biquad", "sections": 2}}))


@pytest.mark.parametrize("name", ["pair", pytest.param("laptop-biquads", marks=pytest.mark.long)])
def test_sections_keep_the_headroom_of_their_weights(name: str, mirrored: designer.Design) -> None:
    """A pair, or the library's codec, is fed at any of 4,000 frequencies at most half a decibel more than its weights; no warning."""
    result = mirrored if name == "pair" else designer.design(designer.load(f"problems/{name}.toml"))
    feeds = np.abs(np.fft.rfft(result.taps["left"], 8000, axis=1))
    allowed = max(float(np.abs(result.weights["left"]).max()), 1.0)
    assert 20 * np.log10(feeds.max() / allowed) < 0.5
    assert [result.scalars[name].costs for name in ("left", "right")] == [(), ()]
    assert result.realisation_warnings == ()
    assert result.status == 0


@pytest.mark.parametrize(
    ("excesses_db", "low_ends_db", "taken"),
    [
        ([0.0, 0.0, 0.0], [7.0, 9.0, 12.0], 1),  # two hold, and the third is not looked at
        ([0.0, 0.5, 0.0], [9.0, 12.0, 8.0], 0),  # what does not hold is no candidate
        ([0.5, 0.3, 0.4, 0.9, 0.9, 0.9], [9.0, 5.0, 12.0, 12.0, 12.0, 12.0], 1),  # none holds: the least excess
    ],
)
def test_of_two_that_hold_the_better_low_end_is_taken(
    monkeypatch: pytest.MonkeyPatch, excesses_db: list[float], low_ends_db: list[float], taken: int
) -> None:
    """Leads in turn, until two hold: of these the one with the higher 5th percentile, whatever later ones would give."""
    problem = coupled([equaliser(1, 4, 300.0)] * 2, 1, np.geomspace(100.0, 10_000.0, 40))
    tried: list[list[Cascade]] = []

    def held(filters: list[Cascade], *_: object) -> list[Cascade]:
        tried.append(filters)
        return filters

    monkeypatch.setattr(biquad, "refine", lambda filters, *_, **__: filters)
    monkeypatch.setattr(biquad, "hold_sections", held)
    monkeypatch.setattr(biquad, "largest_excess_db", lambda *_: excesses_db[len(tried) - 1])
    requirement = any_requirement(np.random.default_rng(1), 40, 2, together=True)
    found = biquad.fit_sections(problem, np.array([5, 5]), 4, [requirement], lambda _: low_ends_db[len(tried) - 1])
    assert found is tried[taken]
    assert len(tried) == len(excesses_db) - (excesses_db[:2] == [0.0, 0.0])


def lost_db(name: str, sections: int) -> tuple[list[float], list[float], float]:
    """Losses of the left channel's sections in its requirements and limits, plainly fitted and held, and the held one's tone."""
    scene = designer.scene(load(pair() if name == "pair" else speaker()))
    scene = scene.at(fine_frequencies_hz(scene.problem))
    channel = design_channel(scene.problem.designs[0], scene)
    result = realize_form([channel], scene, Realization(form="biquad", sections=sections))
    (fit,) = result.fits
    assert isinstance(fit, SectionsFit)
    plain = biquad.fit_sections(fit.problem, fit.arrival, sections)
    late = biquad.delayed_sections(plain, max(0, *(-f.delay_samples for f in plain)))
    actual, tone = [], 0.0
    for taps in (biquad.impulse_responses([late], [fit], len(scene.drivers))[0], result.taps[0]):
        given_db = {**channel.slacks_db, **channel.excesses_db}
        judged = scalars(channel.design, taps, channel.plain, given_db, scene, None)
        actual.append([o.beyond_db for o in judged.outcomes if o.beyond_db > 0.1])
        tone = judged.values["largest_magnitude_deviation_db"]
    return actual[0], actual[1], tone


@pytest.mark.parametrize(("name", "lost"), [pytest.param("pair", 3.0, marks=pytest.mark.long), ("speaker", 1.5)])
def test_held_sections_keep_the_curve_that_a_plain_fit_loses(name: str, lost: float) -> None:
    """Three sections a driver: the plain fit loses decibels of the curve, the held one no tenth, with the tone within 1.3 dB."""
    plain, held, tone_db = lost_db(name, 3)
    assert max(plain) > lost
    assert held == []
    assert tone_db < 1.3


def one_section(tables: Tables, **realization: Any) -> list[Real]:
    """Taps of all channels, of one section a driver."""
    scene = designer.scene(load(tables))
    scene = scene.at(fine_frequencies_hz(scene.problem))
    channels = [design_channel(table, scene) for table in scene.problem.designs]
    return list(realize_form(channels, scene, Realization(form="biquad", sections=1, **realization)).taps)


def test_mirrored_channels_have_mirrored_sections(mirrored: designer.Design, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair's right channel has the left one's sections with the drivers exchanged, bit for bit, rounded or not; with a limit on
    one driver alone the channels differ.
    """
    monkeypatch.setattr(biquad, "LEADS", (1.25,))  # whichever is found
    left, right = one_section(pair(both=True), word="q15")
    for own, other in ((mirrored.taps["left"], mirrored.taps["right"]), (left, right)):
        np.testing.assert_array_equal(other, own[::-1])
    left, right = one_section(limited(pair(both=True), 1, max_gain_db=2.0))
    assert np.abs(right - left[::-1]).max() > 1e-3
