"""Heads of a list: weighted, held at a percentile, and left out in turn."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from toml_text import toml

import designer
from designer.acoustics.scene_of_problem import scene
from designer.errors import ProblemError
from designer.evaluation import refinement
from designer.realization.robust_taps import robust_taps
from designer.result import Result

HEADS = ["sphere:0.07", "sphere:0.08", "sphere:0.09", "sphere:0.1"]
PERCENTILE = 10.0


def read(heads: list[str], **tables: Any) -> Any:
    """Four point sources in free field, one ear channel, 9 frequencies."""
    drivers = [{"name": f"d{n}", "position_m": [0.0, y, 0.0]} for n, y in enumerate((-0.3, -0.1, 0.1, 0.3))]
    listener = {"position_m": [1.5, 0.0, 0.0], "head": heads, **tables.pop("listener", {})}
    ear = {"name": "left", "kind": "null-steering", "ear": "left", "band_hz": [800, 2400], "max_effort_db": 12.0}
    ear |= {"cancellation_gain_db": [[1000, 10]], **tables.pop("design", {})}
    data = {"title": "heads", "sample_rate_hz": 16000, "drivers": drivers, "listener": listener, "designs": [ear],
            "grid": {"frequencies": 9}, "realization": {"taps": 64}, **tables}  # fmt: skip
    return designer.loads(toml(data))


@cache
def population() -> Result:
    """Designed for the 10th percentile over four heads."""
    return designer.design(read(HEADS, population={"percentile": PERCENTILE}))


def gains_db(weights: np.ndarray, frequency_hz: np.ndarray, head: str) -> np.ndarray:
    """Mean power at the left ear over that at the right one, over the cloud of one head alone (F,)."""
    ears = scene(read([head])).at(frequency_hz).ears()
    p = np.abs(np.einsum("fml,fl->fm", ears, weights)) ** 2
    return np.asarray(10 * np.log10(p[:, 0::2].mean(axis=1) / p[:, 1::2].mean(axis=1)))


def test_the_curve_holds_at_the_percentile_over_heads() -> None:
    """At each frequency the percentile of four ratios of powers, each over one head's cloud, is the curve or more."""
    result = population()
    assert result.channels["left"].feasible
    inside = (result.frequency_hz >= 800) & (result.frequency_hz <= 2400)
    f, w = result.frequency_hz[inside], result.weights["left"][inside]
    ratios = 10 ** (np.array([gains_db(w, f, head) for head in HEADS]) / 10)
    assert (np.percentile(ratios, PERCENTILE, axis=0) > 10**0.99).all()
    assert "at the 10th percentile over heads" in result.sentence("left")


def test_each_head_is_judged_by_filters_for_the_others() -> None:
    """A file without the head, designed by itself, has at that head the mean gain that is told of it; and the numbers follow."""
    told = population().population["left"]
    for head in HEADS[1:2]:
        others = designer.design(read([h for h in HEADS if h != head], population={"percentile": PERCENTILE}))
        fine_hz = np.unique(others.metrics.frequency_hz)
        f = fine_hz[(fine_hz >= 800) & (fine_hz <= 2400)]
        turn = np.exp(-2j * np.pi * np.outer(f, np.arange(64)) / 16000)
        assert told.without_it_db[head] == pytest.approx(
            gains_db(turn @ others.taps["left"].T, f, head).mean(), abs=1e-6
        )
    numbers = population().robustness("left")
    expected = np.percentile(list(told.without_it_db.values()), PERCENTILE)
    assert numbers["left_out_heads_percentile_db"] == pytest.approx(expected)
    lost = [told.with_it_db[head] - told.without_it_db[head] for head in HEADS]
    assert numbers["left_out_heads_largest_loss_db"] == pytest.approx(max(lost))


COUCH = {"a": [1.5, -0.4, 0.0], "b": [1.5, 0.5, 0.0]}
OTHERS = ["sphere:0.075", "sphere:0.085", "sphere:0.095"]
SIX = [{"name": f"d{n}", "position_m": [0.0, float(y), 0.0]} for n, y in enumerate(np.linspace(-0.4, 0.4, 6))]


def couch(**design: Any) -> Any:
    """Two listeners, of four heads and of three; the left ear of the first is bright, and both of the second are dark."""
    lists = {"a": HEADS, "b": OTHERS}
    listeners = [{"name": name, "position_m": at, "head": lists[name]} for name, at in COUCH.items()]
    table = {"name": "left", "kind": "null-steering", "ear": "left", "band_hz": [800, 2400], "dark": ["b"],
             "cancellation_gain_db": [[1000, 5]], "dark_gain_db": [[1000, 14]]} | design  # fmt: skip
    return designer.loads(
        toml({"title": "couch", "sample_rate_hz": 16000, "drivers": SIX, "listeners": listeners, "designs": [table],
              "population": {"percentile": PERCENTILE}, "grid": {"frequencies": 9}, "realization": {"taps": 64}})
    )  # fmt: skip


@cache
def couch_result() -> Result:
    """Designed with no more asked than both curves."""
    return designer.design(couch())


def powers(weights: np.ndarray, frequency_hz: np.ndarray, place: str, head: str) -> np.ndarray:
    """|p|² at left and right ear over the cloud of one head alone at a place of the couch (F, D, 2)."""
    alone = read([head], drivers=SIX, listener={"position_m": COUCH[place]})
    p = np.abs(np.einsum("fml,fl->fm", scene(alone).at(frequency_hz).ears(), weights)) ** 2
    return np.asarray(p.reshape(len(frequency_hz), -1, 2))


@pytest.mark.parametrize(
    "more",
    [{}, {"diffuse_gain_db": [[1000, 2]]}, {"driver_spread": {"gain_db": 0.2, "phase_deg": 1.0}}],
    ids=["dark", "diffuse", "spread"],
)
def test_with_dark_listeners_each_curve_holds_at_its_percentile(more: dict[str, Any]) -> None:
    """Over the first's heads its own curve, over the second's that of what they hear less than the first, in mean over its heads."""
    result = designer.design(couch(**more)) if more else couch_result()
    assert result.channels["left"].feasible
    inside = (result.frequency_hz >= 800) & (result.frequency_hz <= 2400)
    f, w = result.frequency_hz[inside], result.weights["left"][inside]
    here = [powers(w, f, "a", head) for head in HEADS]
    there = [powers(w, f, "b", head) for head in OTHERS]
    own = [power[..., 0].mean(axis=1) / power[..., 1].mean(axis=1) for power in here]
    bright = np.mean([power[..., 0].mean(axis=1) for power in here], axis=0)
    over = [bright / power.mean(axis=(1, 2)) for power in there]
    assert (np.percentile(own, PERCENTILE, axis=0) > 10**0.49).all()
    assert (np.percentile(over, PERCENTILE, axis=0) > 10**1.39).all()
    if "diffuse_gain_db" in more:
        assert result.scene is not None
        power = np.einsum("fi,fij,fj->f", w.conj(), result.scene.at(f).radiated_power, w).real / (1.5**2 + 0.4**2)
        assert (bright / power > 10**0.19).all()


def test_a_head_is_left_out_beside_dark_listeners() -> None:
    """A file without the head, the second listener as before, has at that head the mean gain that is told of it."""
    told = couch_result().population["left"]
    head = HEADS[2]
    data = couch().model_dump(exclude_unset=True)
    data["listeners"][0]["head"] = [h for h in HEADS if h != head]
    others = designer.design(designer.loads(toml(data)))
    fine_hz = np.unique(others.metrics.frequency_hz)
    f = fine_hz[(fine_hz >= 800) & (fine_hz <= 2400)]
    w = np.exp(-2j * np.pi * np.outer(f, np.arange(64)) / 16000) @ others.taps["left"].T
    power = powers(w, f, "a", head)
    gain_db = 10 * np.log10(power[..., 0].mean(axis=1) / power[..., 1].mean(axis=1)).mean()
    assert told.without_it_db[head] == pytest.approx(gain_db, abs=1e-6)


def test_refined_taps_are_left_out_as_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `refine` those without a head are refined too, here by ten iterations: their mean gain at it is that of the file without it."""
    monkeypatch.setattr(refinement, "JUDGED_DEVICES", 1)
    monkeypatch.setattr(
        refinement, "robust_taps", lambda problem: replace(robust_taps(problem, rounds=1, iterations=10), holds=True)
    )
    refined = {
        "realization": {"taps": 32, "refine": True, "floor_weight": 0.6},
        "population": {"percentile": PERCENTILE},
    }
    told = designer.design(read(HEADS, **refined)).population["left"]
    others = designer.design(read(HEADS[1:], **refined))
    assert others.refinements["left"].is_kept
    fine_hz = np.unique(others.metrics.frequency_hz)
    f = fine_hz[(fine_hz >= 800) & (fine_hz <= 2400)]
    w = np.exp(-2j * np.pi * np.outer(f, np.arange(32)) / 16000) @ others.taps["left"].T
    assert told.without_it_db[HEADS[0]] == pytest.approx(gains_db(w, f, HEADS[0]).mean(), abs=1e-6)


def test_a_head_of_all_the_weight_is_the_only_head() -> None:
    """Weights 1e6 to 1 between two heads give the filters of the first alone; equal weights those without any."""
    heads = HEADS[::3]
    alone, both = designer.design(read(heads[:1])), designer.design(read(heads))
    first = designer.design(read(heads, listener={"head_weights": [1e6, 1.0]}))
    equal = designer.design(read(heads, listener={"head_weights": [2.0, 2.0]}))
    np.testing.assert_allclose(first.weights["left"], alone.weights["left"], atol=2e-4)
    np.testing.assert_allclose(equal.weights["left"], both.weights["left"], atol=1e-6)
    assert np.abs(both.weights["left"] - alone.weights["left"]).max() > 1e-2


@pytest.mark.parametrize(
    ("heads", "tables", "message"),
    [
        (HEADS[:2], {"population": {}}, r"listener\.head: got 2 heads for designs\[0\] with \[population\]; expected at least 3"),
        (HEADS, {"population": {}, "design": {"hold": "every"}}, r"designs\[0\]\.hold: got \"every\" with \[population\]"),
        (HEADS, {"listener": {"head_weights": [1, 2]}}, r"listener\.head_weights: got 2 weights; expected 4"),
        (HEADS, {"population": {}, "listener": {"head_weights": [1, 1, 1, 2]}}, r"head_weights: got it with \[population\]"),
        (HEADS, {"population": {}, "places": [{"name": "desk", "shape": "disc", "centre_m": [1, 1, 0], "radius_m": 0.1}],
                 "design": {"dark": ["desk"], "dark_weight": 2.0}}, r"dark_weight: got it with \[population\], which holds each curve"),
    ],
)  # fmt: skip
def test_faults(heads: list[str], tables: dict[str, Any], message: str) -> None:
    """Too few heads, and what a percentile over heads does not go with."""
    with pytest.raises(ProblemError, match=message):
        read(heads, **tables)
