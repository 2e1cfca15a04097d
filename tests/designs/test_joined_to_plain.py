"""A design is joined to its plain driver: at its level and phase everywhere, equal to it outside the fades, without a jump."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

import designer
from designer.arrays import Complex
from designer.designs import ChannelDesign, design_channel
from designs.small_problems import Tables, limited, line, load, pair, speaker

TWO_MASKS = [{"azimuth_deg": [60.0, 120.0], "max_db": -9.0}, {"azimuth_deg": [-120.0, -60.0], "max_db": -9.0}]
NULLS: Tables = {"nulls_deg": [90.0, -90.0], "cancellation_gain_db": [[800, 10]]}
CASES: dict[str, Callable[[], Tables]] = {
    "ear, power ratio": pair,
    "ear, least squares": lambda: pair(method="least-squares"),
    "ear, constrained": lambda: pair(method="constrained"),
    "ear, delay and sum": lambda: pair(method="delay-and-sum"),
    "ear, matrix": lambda: pair(method="matrix"),
    "ear, more than the effort allows": lambda: pair(max_effort_db=4.0),
    "ear, more than can be": lambda: pair(max_effort_db=None, cancellation_gain_db=[[500, 50]]),
    "ear, driver limits": lambda: limited(pair(), max_gain_db=0.0),
    "ear, a floor of white-noise gain": lambda: pair(min_white_noise_gain_db=-3.0),
    "ear, a driver out of its band": lambda: limited(pair(), 1, band_hz=[1000.0, 8000.0]),
    "ear, other plain driver": lambda: pair(plain=["right"]),
    "ear, both plain": lambda: pair(plain=["left", "right"]),
    "ear, narrow fade": lambda: pair(fade_octaves=0.15),
    "ear, on a sphere": speaker,
    "ear, on a sphere, more than can be": lambda: speaker(cancellation_gain_db=[[500, 20]], max_effort_db=6.0),
    "beam, mask": line,
    "beam, mask on both sides": lambda: line(mask=TWO_MASKS),
    "beam, power ratio": lambda: line(**NULLS),
    "beam, least squares": lambda: line(**NULLS, method="least-squares"),
    "beam, delay and sum": lambda: line(**NULLS, method="delay-and-sum"),
    "beam, matrix": lambda: line(**NULLS, method="matrix"),
    "ear, acoustic contrast": lambda: pair(method="acoustic-contrast"),
    "ear, acoustic contrast without a limit": lambda: speaker(method="acoustic-contrast", max_effort_db=None),
    "ear, maximum sensitivity": lambda: pair(method="max-sensitivity"),
    "ear, maximum sensitivity, more than the effort allows": lambda: pair(method="max-sensitivity", max_effort_db=4.0),
    "ear, minimax": lambda: pair(method="minimax"),
    "ear, Choueiri": lambda: pair(method="choueiri", max_spectrum_db=3.0),
    "ear, one regularisation": lambda: pair(method="least-squares", regularization_db=-20.0),
    "beam, acoustic contrast": lambda: line(**NULLS, method="acoustic-contrast"),
    "beam, maximum sensitivity": lambda: line(**NULLS, method="max-sensitivity"),
    "beam, minimax": lambda: line(mask=TWO_MASKS, method="minimax"),
    "beam, superdirective": lambda: line(**NULLS, method="superdirective", min_white_noise_gain_db=0.0),
    "beam, Choueiri": lambda: line(**NULLS, method="choueiri"),
    "beam, deepest nulls": lambda: line(nulls_deg=[90.0, -90.0], min_white_noise_gain_db=0.0),
}
NARROW = ("ear, narrow fade", "ear, a driver out of its band")
"""Cases whose weights turn within few frequencies."""


@cache
def of_case(case: str) -> tuple[ChannelDesign, designer.Scene]:
    """A case's design, which tests only read."""
    return designed(CASES[case]())


def designed(problem: Tables, frequency_hz: np.ndarray | None = None) -> tuple[ChannelDesign, designer.Scene]:
    checked = load(problem)
    scene = designer.scene(checked)
    if frequency_hz is not None:
        scene = scene.at(frequency_hz)
    return design_channel(checked.designs[0], scene), scene


def points_to_reach(problem: Tables, scene: designer.Scene) -> tuple[Complex, Complex]:
    """The points (F, M, L), and the one whose phase is kept (F, L), from the scene alone."""
    table = problem["designs"][0]
    if table["kind"] == "beamformer":
        at = scene.azimuth_deg.tolist().index(table["look_deg"])
        return scene.circle()[:, [at]], scene.circle()[:, at]
    side = 0 if table["ear"] == "left" else 1
    return scene.ears()[:, side::2], scene.ears()[:, side]


def plain_weights(found: ChannelDesign, scene: designer.Scene) -> Complex:
    """Each plain driver at an equal share, e^{-jωτ} for its delay."""
    w = np.zeros(found.weights.shape, dtype=complex)
    for name, delay in zip(found.plain_names, found.plain.delay_s, strict=True):
        w[:, scene.drivers.index(name)] = np.exp(-2j * np.pi * scene.frequency_hz * delay) / len(found.plain_names)
    return w


@pytest.mark.parametrize("case", CASES)
def test_level_and_phase_are_the_plain_drivers(case: str) -> None:
    """Mean power at the bright points, and phase at their centre, equal the plain driver's at every frequency."""
    problem = CASES[case]()
    actual, scene = of_case(case)
    points, centre = points_to_reach(problem, scene)
    plain = plain_weights(actual, scene)
    power, expected = (
        np.mean(np.abs(np.einsum("fml,fl->fm", points, w)) ** 2, axis=1) for w in (actual.weights, plain)
    )
    np.testing.assert_allclose(power, expected, rtol=1e-9)
    at_centre, at_plain = (np.einsum("fl,fl->f", centre, w) for w in (actual.weights, plain))
    np.testing.assert_allclose(np.angle(at_centre / at_plain), 0.0, atol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_outside_the_fades_it_is_the_plain_driver(case: str) -> None:
    """Below and above the fades the weights are the plain driver's, exactly; inside the band they are not."""
    problem = CASES[case]()
    actual, scene = of_case(case)
    low, high = problem["designs"][0]["band_hz"]
    octaves = problem["designs"][0].get("fade_octaves", 0.5)
    f = scene.frequency_hz
    beyond = (f < low * 2**-octaves * (1 - 1e-9)) | (f > high * 2**octaves * (1 + 1e-9))
    plain = plain_weights(actual, scene)
    assert beyond.sum() > 5
    np.testing.assert_allclose(actual.weights[beyond], plain[beyond], rtol=1e-12, atol=1e-15)
    if "delay and sum" not in case:  # in free field that is the plain drivers of a beam
        assert np.abs(actual.weights - plain)[actual.in_band].max() > 0.01


@pytest.mark.parametrize("case", CASES)
def test_nothing_jumps(case: str) -> None:
    """On a grid four times as fine the largest step of any weight is a quarter: the weights are continuous, across the fades too."""
    problem = CASES[case]()
    low, high = problem["designs"][0]["band_hz"]
    steps = []
    for count in (301, 1201) if case in NARROW else (151, 601):
        actual, _ = designed(problem, np.linspace(0.65 * low, min(1.55 * high, 8000.0), count))
        steps.append(np.abs(np.diff(actual.weights, axis=0)).max())
    # Where a slope frees a driver until the curve comes within reach, weights turn as a square root of the frequency: by half and more.
    assert steps[1] < (0.75 if case == "ear, a driver out of its band" else 0.35) * steps[0]


def test_a_lowered_level_is_the_slack_called_level() -> None:
    """Both drivers at most at -6 dB reach the plain driver's level only where they add up; what is missing is the slack, in dB."""
    actual, scene = designed(limited(pair(), max_gain_db=-6.0))
    points, _ = points_to_reach(pair(), scene)
    plain = plain_weights(actual, scene)
    level = np.sqrt(np.mean(np.abs(np.einsum("fml,fl->fm", points, actual.weights)) ** 2, axis=1))
    level /= np.sqrt(np.mean(np.abs(np.einsum("fml,fl->fm", points, plain)) ** 2, axis=1))
    inside = actual.in_band
    np.testing.assert_allclose(-20 * np.log10(level[inside]), actual.slacks_db["level"], atol=1e-9)
    assert actual.slacks_db["level"].max() > 0.5


def test_a_whole_design_has_the_weights_of_its_channels() -> None:
    """`designer.design` solves on the half steps too, and keeps every second of the weights."""
    problem = load(pair(both=True))
    result = designer.design(problem)
    fine = designer.scene(problem).at(np.linspace(0.0, 8000.0, 129))
    for table in problem.designs:
        actual = design_channel(table, fine)
        np.testing.assert_array_equal(result.weights[table.name], actual.weights[::2])
        assert actual.feasible
        assert np.isnan(actual.slack_db[~actual.in_band]).all()
        assert (actual.slack_db[actual.in_band] <= 0.1).all()
    np.testing.assert_array_equal(result.frequency_hz, np.linspace(0.0, 8000.0, 65))


def test_a_driver_that_a_channel_does_not_use_is_silent() -> None:
    """`drivers` leaves the others at exactly 0, in weights and in taps."""
    problem = speaker(drivers=["left", "right"], kind="ctc")
    result = designer.design(load(problem))
    np.testing.assert_array_equal(result.weights["left"][:, 1], 0.0)
    np.testing.assert_array_equal(result.taps["left"][1], 0.0)
    assert (np.abs(result.taps["left"]).max(axis=1)[[0, 2]] > 0.1).all()
