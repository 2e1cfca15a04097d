"""The verdict on the stereo chain: the sentence, and exit code 7 beyond 5 degrees, or 4 where the limits cause it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs.small_problems import design, pair

from designer import errors
from designer.stereo.placed_source import PlacedSource, PlacedSources, chain_sentence, placed_sources


@pytest.mark.parametrize(("angle_deg", "code"), [(29.0, errors.EXIT_DONE), (19.6, errors.EXIT_MISSED)])
def test_a_source_off_its_angle_is_missed(angle_deg: float, code: int) -> None:
    """From given angles: 1 degree off is met; 10.4 are missed by filters alone, as the weights of a pair without limits are not."""
    result = replace(design({**pair(both=True), "virtualizer": {"upmix": False}, "realization": {"taps": 256}}))
    side = PlacedSource(angle_deg, angle_deg - 30.0, 0.9, -0.04, -0.3, 1000.0)
    result.analyses[(placed_sources.__wrapped__,)] = PlacedSources({"left": side, "right": side}, -0.01)  # type: ignore[attr-defined] # functools.wraps
    assert result.status == code
    sentence = chain_sentence(result)
    assert "level 0.0 and 0.0 dB re plain playback, balance 0.0 dB" in sentence
    if code:
        assert "30 degrees asked; met on paper, and these filters miss it by 10.4 degrees, the sources at" in sentence
        assert sentence.endswith("; remedy: more [realization] taps")
    else:
        assert "met within 1.0 degrees" in sentence
