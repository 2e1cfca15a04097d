"""Which method a design gets, and every method from the file's text to realised filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from designer.problem.schema import METHODS_BUILT
from designs.small_problems import Tables, design, limited, line, pair, speaker

MASK: Tables = {"mask": [{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}]}
CURVE: Tables = {"cancellation_gain_db": [[800, 9]]}
CHOICES: dict[str, tuple[Callable[[], Tables], str]] = {
    "a curve for an ear": (pair, "power-ratio"),
    "a curve for an ear, more than the effort allows": (lambda: pair(max_effort_db=1.0), "power-ratio"),
    "driver gains that the power ratio keeps": (lambda: limited(pair(), max_gain_db=12.0), "power-ratio"),
    "a gain of one driver that the power ratio breaks": (lambda: limited(speaker(), 2, max_gain_db=0.0), "constrained"),
    "driver gains that the power ratio breaks": (lambda: limited(pair(), max_gain_db=1.0), "constrained"),
    "a white-noise gain that the power ratio keeps": (lambda: pair(min_white_noise_gain_db=-30.0), "power-ratio"),
    "a white-noise gain that the power ratio breaks": (lambda: pair(min_white_noise_gain_db=-3.0), "constrained"),
    "a beam's curve": (lambda: line(**CURVE), "power-ratio"),
    "a beam's curve with nulls": (lambda: line(**CURVE, nulls_deg=[90.0]), "power-ratio"),
    "a beam's curve with a white-noise gain": (lambda: line(**CURVE, min_white_noise_gain_db=3.0), "power-ratio"),
    "a mask": (lambda: line(**MASK), "constrained"),
    "a mask and a curve": (lambda: line(**MASK, **CURVE), "constrained"),
    "a window": (lambda: line(window_deg=[-30.0, 30.0]), "constrained"),
    "nulls as deep as the rest allows": (lambda: line(nulls_deg=[90.0]), "constrained"),
}


def beam(**keys: Any) -> Tables:
    return line(**CURVE, nulls_deg=[90.0], **keys)


@pytest.mark.parametrize("case", CHOICES)
def test_auto_picks_the_form_that_the_wishes_need(case: str) -> None:
    """Constrained for a mask, a window, nulls without a depth, or a limit that the power ratio breaks; else power ratio."""
    problem, expected = CHOICES[case]
    assert design(problem()).channels[problem()["designs"][0]["name"]].method == expected


@pytest.mark.parametrize("method", METHODS_BUILT)
@pytest.mark.parametrize("device", ["pair", "beam", "sphere"])
def test_every_method_from_text_to_taps(device: str, method: str) -> None:
    """The curve is met by every method that looks for it, and the realised filters are judged; baselines say what they miss."""
    tables = {"pair": pair, "beam": beam, "sphere": speaker}[device](method=method)
    made = design(tables)
    ((name, channel),) = made.channels.items()
    assert channel.method == ("power-ratio" if method == "auto" else method)
    assert made.taps[name].shape == (len(tables["drivers"]), 64)
    assert np.isfinite(made.taps[name]).all()
    blind = method in ("delay-and-sum", "matrix")
    assert made.status == (4 if blind else 0)
    assert channel.feasible == (not blind)
    inside = made.metrics[made.metrics.status.isin(["met", "short"])]
    assert (inside.status == "met").all() != blind
    if blind:
        assert f'the method "{method}" does not reach it' in channel.verdict.sentence
        assert channel.verdict.shortfalls
    else:
        assert channel.verdict.sentence.endswith("reached at every frequency")
        assert (inside.cancellation_gain_db > inside.target_db - 3).all()
        assert (channel.certificate.violation < 1e-6).all()
        assert (channel.certificate.gap < 1e-5).all()


def test_matrix_gains_from_the_file_are_the_weights_and_the_taps() -> None:
    """Gains 1 and -0.5: the drivers' ratio is -0.5 at every frequency of the band, whatever level and phase they are set to."""
    made = design(pair(method="matrix", matrix_gains=[1.0, -0.5]))
    inside = (made.frequency_hz >= 500) & (made.frequency_hz <= 4000)
    w = made.weights["left"][inside]
    np.testing.assert_allclose(w[:, 1] / w[:, 0], -0.5, atol=1e-12)
    spectrum = np.fft.rfft(made.taps["left"], 2048, axis=1)
    f = np.fft.rfftfreq(2048, 1 / 16000)
    middle = (f > 600) & (f < 3500)
    np.testing.assert_allclose(spectrum[1, middle] / spectrum[0, middle], -0.5, atol=0.05)


def test_a_method_that_is_named_is_kept_though_it_breaks_a_limit() -> None:
    """A power ratio that is asked for by name stays one; what it breaks is an excess, and the status is 4."""
    made = design(limited(pair(method="power-ratio"), max_gain_db=0.0))
    channel = made.channels["left"]
    assert channel.method == "power-ratio"
    assert made.status == 4
    assert channel.slacks_db['max_gain_db of "left"'].max() > 0.5
    assert any('max_gain_db of "left" must give' in line for line in channel.verdict.shortfalls)
