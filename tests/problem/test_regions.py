"""Regions in the problem file: what goes with them, what a region may be, and what `check` says of them."""

from __future__ import annotations

from typing import Any

import pytest
from designs.small_problems import line, load, pair

import designer
from designer.errors import ProblemError
from designer.problem.explain import explain

AROUND = {"around_deg": [180.0, 0.0], "radius_deg": 40.0}
BAND = {"azimuth_deg": [60.0, 300.0], "elevation_deg": [-30.0, 30.0]}
CURVE: dict[str, Any] = {"cancellation_gain_db": [[800, 3]]}
BAFFLE = {"model": "baffle"}


def message(problem: dict[str, Any]) -> str:
    with pytest.raises(ProblemError) as caught:
        load(problem)
    return str(caught.value)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {**CURVE, "bright_regions": [AROUND], "region_order": 5},
            "designs[0].bright_regions: got without dark_regions; expected only with them; add dark_regions",
        ),
        (
            {**CURVE, "method": "spherical-harmonic"},
            'designs[0].method: got "spherical-harmonic"; expected only with dark_regions; add dark_regions, or use the'
            " method power-ratio for the points of the circle",
        ),
        (
            {**CURVE, "dark_regions": [BAND], "method": "constrained"},
            'designs[0].dark_regions: got with method = "constrained"; expected only with method "auto" or'
            ' "spherical-harmonic"; the other methods know points alone',
        ),
        (
            {"mask": [{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}], "dark_regions": [BAND]},
            "designs[0].dark_regions: got with mask; expected without a mask and a window, which are of points",
        ),
        (
            {**CURVE, "dark_regions": [{**AROUND, **BAND}]},
            "designs[0].dark_regions[0]: got a cap (around_deg) and a band (azimuth_deg, elevation_deg) in one; expected one"
            " of them; leave one of the two out",
        ),
        (
            {**CURVE, "dark_regions": [BAND, {"radius_deg": 10.0}]},
            "designs[0].dark_regions[1].radius_deg: got without around_deg",
        ),
        (
            {**CURVE, "dark_regions": [{"elevation_deg": [30.0, -30.0]}]},
            "designs[0].dark_regions[0].elevation_deg: got [30.0, -30.0]; expected [lowest, highest]; swap the two",
        ),
        (
            {**CURVE, "dark_regions": [{"elevation_deg": [30.0, 95.0]}]},
            "designs[0].dark_regions[0].elevation_deg[1]: got 95.0; expected a number from -90 to 90",
        ),
        (
            {**CURVE, "dark_regions": [BAND], "region_order": 61},
            "designs[0].region_order: got 61; expected a whole number from 0 to 60",
        ),
        (
            {**CURVE, "dark_regions": [{"azimut_deg": [60.0, 300.0]}]},
            "designs[0].dark_regions[0].azimut_deg: unknown key; nearest known key: azimuth_deg",
        ),
    ],
)  # fmt: skip
def test_faults(keys: dict[str, Any], said: str) -> None:
    """Each message says where, what was found, what is allowed, and the remedy."""
    assert said in message(line(**keys))


@pytest.mark.parametrize(
    ("key", "region", "said"),
    [
        ("dark_regions", {"around_deg": [80.0, 0.0], "radius_deg": 20.0}, "got a cap from 60 to 100 degrees off the front"),
        ("bright_regions", {"azimuth_deg": [100.0, 200.0]}, "got [100.0, 200.0]; expected azimuths from -90 to 90"),
    ],
)  # fmt: skip
def test_what_a_baffle_cuts_or_silences(key: str, region: dict[str, Any], said: str) -> None:
    """A cap across the edge, and a region to reach that is silent, are refused on a baffle and nowhere else."""
    keys: dict[str, Any] = {**CURVE, "dark_regions": [BAND], key: [region]}
    assert f"designs[0].{key}[0]" in message({**line(**keys), "enclosure": BAFFLE})
    assert said in message({**line(**keys), "enclosure": BAFFLE})
    load(line(**keys))


@pytest.mark.parametrize("azimuth_deg", [[60.0, 300.0], [170.0, 280.0], [-180.0, 180.0], [80.0, 100.0]])
def test_a_band_that_sounds_in_part_is_reached(azimuth_deg: list[float]) -> None:
    """A band of azimuth that a baffle's front holds some of may be reached."""
    keys: dict[str, Any] = {**CURVE, "dark_regions": [BAND], "bright_regions": [{"azimuth_deg": azimuth_deg}]}
    assert load({**line(**keys), "enclosure": BAFFLE}).designs[0].bright_regions is not None


def test_an_ear_has_no_regions() -> None:
    """Regions belong to beams."""
    said = message(pair(dark_regions=[BAND]))
    assert "designs[0].dark_regions: unknown key" in said
    assert 'dark_regions is a key of [[designs]] with kind = "beamformer"' in said


def test_check_says_the_regions() -> None:
    """In words: what is reached and what is cancelled."""
    problem = load(
        line(**CURVE, dark_regions=[BAND, AROUND], bright_regions=[{"around_deg": [0, 10], "radius_deg": 15}])
    )
    (words,) = [words for words in explain(problem) if words.startswith("design ")]
    assert "reached over the sphere: 15 degrees around azimuth 0, elevation 10" in words
    assert (
        "cancelled over the sphere: azimuth 60 to 300, elevation -30 to 30; 40 degrees around azimuth 180, elevation 0"
        in words
    )
    assert isinstance(problem, designer.Problem)


def test_regions_to_cancel_are_a_requirement_by_themselves() -> None:
    """Without a curve the ratio is the largest up to 40 dB: more than 10 dB over what one driver of the line has."""
    made = designer.design(load(line(mask=None, dark_regions=[BAND], region_order=6)))
    channel = made.channels["centre"]
    assert channel.verdict.sentence.startswith(
        "the largest ratio between regions of the sphere, up to 40 dB, asked from 800 Hz"
    )
    assert made.status == 0
    one = designer.design(load(line(1, mask=None, dark_regions=[BAND], region_order=6)))
    ratios = [design.scalars["centre"].values["least_region_power_ratio_db"] for design in (made, one)]
    assert ratios[0] > ratios[1] + 3.0
