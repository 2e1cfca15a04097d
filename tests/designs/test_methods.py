"""Which method a design gets, and every method from the file's text to realised filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import designer
from designer.designs import design_channel
from designer.errors import ProblemError
from designer.formulations import FORMULATIONS
from designer.problem.methods import method_names
from designs.small_problems import Tables, design, limited, line, load, pair, speaker

MASK: Tables = {"mask": [{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}]}
CURVE: Tables = {"cancellation_gain_db": [[800, 9]]}
REGIONS = [{"azimuth_deg": [side - 10, side + 10], "elevation_deg": [-20, 20]} for side in (-90, 90)]
CHOICES: dict[str, tuple[Callable[[], Tables], str]] = {
    "a curve for an ear": (pair, "power-ratio"),
    "a curve for an ear, more than the effort allows": (lambda: pair(max_effort_db=1.0), "power-ratio"),
    "driver gains that the power ratio keeps": (lambda: limited(pair(), max_gain_db=12.0), "power-ratio"),
    "a gain of one driver that cuts into the power ratio": (
        lambda: limited(speaker(), 2, max_gain_db=0.0),
        "power-ratio",
    ),
    "driver gains that cuts into the power ratio": (lambda: limited(pair(), max_gain_db=1.0), "power-ratio"),
    "a white-noise gain that the power ratio keeps": (lambda: pair(min_white_noise_gain_db=-30.0), "power-ratio"),
    "a white-noise gain that cuts into the power ratio": (lambda: pair(min_white_noise_gain_db=-3.0), "power-ratio"),
    "a beam's curve": (lambda: line(**CURVE), "power-ratio"),
    "a beam's curve with nulls": (lambda: line(**CURVE, nulls_deg=[90.0]), "power-ratio"),
    "a beam's curve with a white-noise gain": (lambda: line(**CURVE, min_white_noise_gain_db=3.0), "power-ratio"),
    "regions of the sphere": (lambda: line(**CURVE, dark_regions=REGIONS), "spherical-harmonic"),
    "regions of the sphere with nulls": (lambda: line(nulls_deg=[90.0], dark_regions=REGIONS), "spherical-harmonic"),
    "a mask": (lambda: line(**MASK), "constrained"),
    "a mask and a curve": (lambda: line(**MASK, **CURVE), "constrained"),
    "a window": (lambda: line(window_deg=[-30.0, 30.0]), "constrained"),
    "nulls as deep as the rest allows": (lambda: line(nulls_deg=[90.0]), "constrained"),
}


def beam(**keys: Any) -> Tables:
    return line(**CURVE, nulls_deg=[90.0], **keys)


@pytest.mark.parametrize("case", CHOICES)
def test_auto_picks_the_form_that_the_requirements_need(case: str) -> None:
    """Spherical-harmonic over regions; constrained for mask, window, nulls without depth, a limit that power ratio breaks; else that."""
    problem, expected = CHOICES[case]
    checked = load(problem())
    assert design_channel(checked.designs[0], designer.scene(checked)).method == expected


def test_the_file_knows_every_formulation() -> None:
    """The schema's methods are "auto" and those of the registry."""
    assert sorted(method_names()) == sorted(["auto", *FORMULATIONS])


ON_A_SPHERE = ("auto", "choueiri")
"""Methods that have a case of their own on it: the one that is picked, and the one that is lucky elsewhere."""


@pytest.mark.parametrize(
    ("device", "method"),
    [
        pytest.param(device, method, marks=pytest.mark.long if device == "sphere" and method not in ON_A_SPHERE else ())
        for device in ("pair", "beam", "sphere")
        for method in method_names()
    ],
)
def test_every_method_from_text_to_taps(device: str, method: str) -> None:
    """The curve is met by every method that looks for it, and the realised filters are judged; baselines say what they miss."""
    tables = {"pair": pair, "beam": beam, "sphere": speaker}[device](method=method)
    if method == "superdirective" and device != "beam":
        with pytest.raises(
            ProblemError, match=r'"superdirective" in a design of kind .*; for the quietest .* use "acoustic'
        ):
            load(tables)
        return
    if method == "robust-taps" and device == "beam":
        with pytest.raises(
            ProblemError, match=r'"robust-taps" in a design of kind .*; expected only for an ear channel; use "auto"'
        ):
            load(tables)
        return
    if method == "spherical-harmonic":
        with pytest.raises(ProblemError, match="only with dark_regions"):
            load(tables)
        if device != "beam":
            return
        tables = beam(method=method, dark_regions=REGIONS)
    taps = 128 if method == "robust-taps" else 256  # whose cost grows with their square
    result = design({**tables, "realization": {"taps": taps}})
    ((name, channel),) = result.channels.items()
    assert channel.method == ("power-ratio" if method == "auto" else method)
    assert result.taps[name].shape == (len(tables["drivers"]), taps)
    assert np.isfinite(result.taps[name]).all()
    blind = method != "auto" and "cancellation_gain_db" not in FORMULATIONS[method].looks_at
    luck = method == "choueiri" and device != "sphere"  # 7 dB of spectrum happen to be enough
    short = blind and not luck
    assert result.status == (4 if short else 0)
    assert channel.feasible == (not short)
    inside = result.metrics[result.metrics.status.isin(["met", "short"])]
    # 256 taps lose little of what the weights meet (64 lose up to 2.5 dB at a band's end); what these miss, no taps bring back.
    assert inside.slack_db.max() > 0.1 if short else inside.slack_db.max() < 0.5
    assert (channel.certificate.violation < 1e-6).all()
    assert (channel.certificate.gap < 1e-5).all()
    if short:
        baseline = method in ("delay-and-sum", "matrix")
        why = "does not reach it" if baseline else "does not look at the curve"
        assert f'the method "{method}" {why}' in channel.verdict.sentence
        assert channel.verdict.shortfalls
    else:
        assert channel.verdict.sentence.endswith("met at every frequency")
        assert (inside.cancellation_gain_db > inside.target_db - 0.5).all()


def test_matrix_gains_from_the_file_are_the_weights_and_the_taps() -> None:
    """Gains 1 and -0.5: the drivers' ratio is -0.5 at every frequency of the band, whatever level and phase they are set to."""
    result = design(pair(method="matrix", matrix_gains=[1.0, -0.5]))
    inside = (result.frequency_hz >= 500) & (result.frequency_hz <= 4000)
    w = result.weights["left"][inside]
    np.testing.assert_allclose(w[:, 1] / w[:, 0], -0.5, atol=1e-12)
    spectrum = np.fft.rfft(result.taps["left"], 2048, axis=1)
    f = np.fft.rfftfreq(2048, 1 / 16000)
    middle = (f > 600) & (f < 3500)
    np.testing.assert_allclose(spectrum[1, middle] / spectrum[0, middle], -0.5, atol=0.05)


def test_a_method_that_is_named_is_kept_though_it_breaks_a_limit() -> None:
    """Largest contrast, which looks at no driver's limit, stays so if it is asked for; what it breaks is an excess, and the status is 4.

    The power ratio, named or not, keeps within the limit.
    """
    result = design(limited(pair(method="acoustic-contrast"), max_gain_db=0.0))
    channel = result.channels["left"]
    assert channel.method == "acoustic-contrast"
    ratio = design(limited(pair(method="power-ratio"), max_gain_db=0.0)).channels["left"]
    assert ratio.slacks_db['max_gain_db of "left"'].max() == 0.0
    assert result.status == 4
    assert channel.slacks_db['max_gain_db of "left"'].max() > 0.5
    assert any('the gain limit of "left" infeasible by' in line for line in channel.verdict.shortfalls)
