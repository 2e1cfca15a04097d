"""Result against taps: two ways to make filters that are long enough keep the same."""

from __future__ import annotations

import pytest
from designs.small_problems import load, pair

import designer
from designer.designs import design_channel
from designer.evaluation.taps_curve import taps_curve


def test_long_filters_of_both_ways_keep_the_same() -> None:
    """With the ends of the band between the grid's steps too: 512 taps cut from an inverse transform are the weights', as fitted ones are.

    The median and the 5th percentile agree to 0.1 dB, and the level at the reached ear is the plain driver's to 0.05 dB.
    """
    scene = designer.scene(load(pair(band_hz=[550.0, 3950.0])))
    assert {550.0, 3950.0} <= set(scene.frequency_hz.tolist())
    fitted, cut = taps_curve(design_channel(scene.problem.designs[0], scene), scene, [512])
    assert (fitted.way, cut.way) == ("joint fit", "cut inverse transform")
    assert cut.median_db == pytest.approx(fitted.median_db, abs=0.1)
    assert cut.fifth_percentile_db == pytest.approx(fitted.fifth_percentile_db, abs=0.1)
    assert cut.tone_in_band_db < 0.05
