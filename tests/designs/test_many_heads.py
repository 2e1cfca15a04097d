"""Every method over a list of heads: what it gains over the list is no less than what a design for one of them gains there."""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.acoustics.scene import Scene
from designer.arrays import Complex
from designer.designs.channel import design_channel
from designer.formulations import FORMULATIONS
from designs.small_problems import Tables, line, load, pair

SMALL, LARGE = "sphere:0.065", "sphere:0.11"
BEAMS_ONLY: dict[str, Tables] = {
    "superdirective": {"min_white_noise_gain_db": 0.0},
    "spherical-harmonic": {
        "dark_regions": [{"around_deg": [90.0, 0.0], "radius_deg": 20.0}],
        "cancellation_gain_db": [[800, 9]],
    },
}
METHODS = [method for method in FORMULATIONS if method not in (*BEAMS_ONLY, "delay-and-sum")]


def over(head: str | list[str], method: str) -> tuple[Complex, Scene]:
    """Weights in the band (F, 2) and their scene. More is asked than there is, so that each method gives its most within the effort."""
    tables = pair(method=method, band_hz=[800.0, 3000.0], cancellation_gain_db=[[800, 40]], max_effort_db=6.0)
    tables["listener"]["head"] = head
    problem = load(tables)
    scene = designer.scene(problem)
    channel = design_channel(problem.designs[0], scene)
    return channel.weights[channel.in_band], scene.at(channel.frequency_hz[channel.in_band])


def gain_db(scene: Scene, w: Complex) -> float:
    """Mean power at the left ears over that at the right ones, of every head and displacement, in the mean of the band."""
    gains = []
    for ears, at in zip(scene.ears(), w, strict=True):  # left and right take turns
        power = [abs(sum(h * x for h, x in zip(ear, at, strict=True))) ** 2 for ear in ears]
        gains.append(10 * np.log10(sum(power[::2]) / sum(power[1::2])))
    return float(np.mean(gains))


@pytest.mark.parametrize("method", METHODS)
def test_a_list_is_served_better_by_the_design_over_it(method: str) -> None:
    """Over the points of both heads the design over both gains no less than one over either, to 0.1 dB (matrix mixing, whose
    gain is one ratio for the whole band, to 0.2 dB of the mean over frequency).
    """
    w, scene = over([SMALL, LARGE], method)
    assert scene.ears().shape[1] == 2 * 2 * 5  # two heads, two ears, five places
    own = gain_db(scene, w)
    for head in (SMALL, LARGE):
        assert own > gain_db(scene, over(head, method)[0]) - (0.2 if method == "matrix" else 0.1)


def test_delay_and_sum_aims_at_the_list_s_first_head() -> None:
    """It knows no gain: over a list its drivers' phases are those for the first head alone."""
    (both, scene), (first, _) = (over(head, "delay-and-sum") for head in ([SMALL, LARGE], SMALL))
    assert gain_db(scene, both) == pytest.approx(gain_db(scene, first), abs=1e-9)


@pytest.mark.parametrize("method", BEAMS_ONLY)
def test_a_beam_does_not_know_who_listens(method: str) -> None:
    """The weights of a method for beams are the same, bit for bit, for one head and for two."""
    weights = []
    for head in ("sphere", [SMALL, LARGE]):
        tables = line(method=method, max_effort_db=6.0, **BEAMS_ONLY[method])
        tables["listener"]["head"] = head
        problem = load(tables)
        weights.append(design_channel(problem.designs[0], designer.scene(problem)).weights)
    np.testing.assert_array_equal(weights[0], weights[1])
