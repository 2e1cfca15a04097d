"""A layout's weights and value against loops, and its best spacing against acoustics."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from designer.measures import effort
from designer.placement.layouts import samples_db, value_of, weights_of

from .problems import BAR, judge, of_text

LAYOUTS = {"bar": (0, 7, 20), "sphere": (11, 15)}
LAYOUT = LAYOUTS["bar"]
EXACT = """
[tolerance]
gain_db = 0.0
phase_deg = 0.0
position_m = 0.0
"""


def naive_weights(H: np.ndarray, d: np.ndarray, spread: float, beta: float) -> np.ndarray:
    """The minimiser of ||H w - d||² + ε² Σ ||h_l||² |w_l|² + β ||w||², as least squares of a taller system."""
    lines = [np.diag(np.sqrt(spread) * np.linalg.norm(H, axis=0)), np.sqrt(beta) * np.eye(H.shape[1])]
    tall = np.vstack([H, *lines])
    return np.asarray(np.linalg.lstsq(tall, np.concatenate([d, np.zeros(2 * H.shape[1])]), rcond=None)[0])


@pytest.mark.parametrize("name", ["bar", "sphere"])
def test_weights_are_the_least_squares_ones(name: str) -> None:
    """At its β a layout's weights solve the regularised problem, as numpy's least squares has them."""
    the_judge = judge(name)
    for channel in the_judge.system.channels:
        weights = weights_of(channel, the_judge.columns(LAYOUTS[name]))
        for f in (0, 7, 15):
            expected = naive_weights(channel.H[f][:, weights.columns], channel.d[f], channel.spread[f], weights.beta[f])
            np.testing.assert_allclose(weights.w[f], expected, rtol=1e-6, atol=1e-9 * np.abs(expected).max())


def test_the_least_regularisation_within_the_effort_is_taken() -> None:
    """Where effort binds it is the limit's, to 0.0001 dB; elsewhere below. Effort is that of `designer.measures`."""
    channel, columns = judge("bar").system.channels[0], judge("bar").columns((0, 1, 2))
    weights = weights_of(channel, columns)
    expected = effort(channel.H[:, : channel.bright_points, columns], weights.w)
    np.testing.assert_allclose(weights.effort, expected, rtol=1e-9)
    assert (weights.effort <= channel.max_effort * (1 + 2e-5)).all()
    binding = weights.beta > 1e-6 * np.trace(channel.gram[:, columns[:, None], columns], axis1=1, axis2=2).real
    assert binding.any()
    assert (10 * np.log10(channel.max_effort / weights.effort[binding]) < 1e-4).all()


def test_a_value_is_the_percentile_over_all_samples() -> None:
    """Over loops of frequencies, places and devices."""
    the_judge = judge("bar")
    channel, columns = the_judge.system.channels[0], the_judge.columns(LAYOUT)
    w = weights_of(channel, columns).w
    gains = []
    for f in range(w.shape[0]):
        for place in range(channel.judged_bright.shape[1]):
            for device in channel.devices[f]:
                fed = w[f] * device[: len(columns)]
                bright, dark = (
                    abs(rows[f, place, 0, columns] @ fed) ** 2 for rows in (channel.judged_bright, channel.judged_dark)
                )
                gains.append(10 * np.log10(bright / dark))
    assert the_judge(LAYOUT) == pytest.approx(np.percentile(gains, 5), abs=1e-9)
    assert samples_db(channel, weights_of(channel, columns)).size == len(gains)


def test_the_channel_that_is_worst_off_decides() -> None:
    """The value over two channels is the smaller of theirs."""
    the_judge = judge("sphere")
    columns = the_judge.columns(LAYOUTS["sphere"])
    alone = [value_of(replace(the_judge.system, channels=(channel,)), columns) for channel in the_judge.system.channels]
    assert alone[0] != alone[1]
    assert the_judge(LAYOUTS["sphere"]) == min(alone)


def test_two_drivers_need_least_effort_a_quarter_wave_apart() -> None:
    """Optimal source distribution (Takeuchi and Nelson, JASA 112, 2002): one ear of two is silenced with the least power where the paths to
    the ears differ by a quarter of the wavelength. At 3 kHz, ears 175 mm apart 2 m away, each driver is then 0.33 m from the middle.
    """
    text = BAR.replace("[1.6, 0.0, 0.0]", '[2.0, 0.0, 0.0]\nhead = "points"\near_cloud_m = [[0, 0, 0]]').replace(
        "drivers = 5", "drivers = 2"
    )
    text = (
        text.replace("[300.0, 8000.0]", "[2990.0, 3010.0]")
        .replace("width_m = 0.8", "width_m = 1.2")
        .replace("max_effort_db = 6.0", "")
    )
    choices, the_judge = of_text(text + EXACT)
    pairs = [unit for unit in range(len(choices.units)) if len(choices.units[unit]) == 2]
    y = np.array([choices.places_m[choices.units[unit][1], 1] for unit in pairs])
    efforts = [weights_of(the_judge.system.channels[0], the_judge.columns([unit])).effort.mean() for unit in pairs]
    fine = np.arange(0.01, 0.6, 0.001)
    differences_m = np.hypot(2.0, fine + 0.0875) - np.hypot(2.0, fine - 0.0875)
    expected = fine[np.argmin(np.abs(differences_m - 343 / 3000 / 4))]
    assert expected == pytest.approx(0.33, abs=0.01)
    assert y[np.argmin(efforts)] == pytest.approx(expected, abs=0.02)
