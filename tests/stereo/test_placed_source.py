"""The verdict on the stereo chain, from given angles: the sentence, and exit code 7 beyond 5 degrees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from designs.small_problems import design, pair

from designer import errors
from designer.stereo.placed_source import PlacedSource, PlacedSources, chain_sentence, placed_sources


@pytest.mark.parametrize(("angle_deg", "code"), [(29.0, errors.EXIT_DONE), (19.6, errors.EXIT_MISSED)])
def test_a_source_off_its_angle_is_missed(angle_deg: float, code: int) -> None:
    """1 degree off is met; 10.4 are missed, with the angle that is within reach."""
    result = replace(design({**pair(), "realization": {"taps": 256}}))
    side = PlacedSource(angle_deg, angle_deg - 30.0, 0.9, -0.04, -0.3, 1000.0)
    result.analyses[(placed_sources.__wrapped__,)] = PlacedSources({"left": side, "right": side}, -0.01)  # type: ignore[attr-defined] # functools.wraps
    assert result.status == code
    sentence = chain_sentence(result)
    assert "level 0.0 and 0.0 dB re plain playback, balance 0.0 dB" in sentence
    if code:
        assert "missed by 10.4 degrees" in sentence
        assert sentence.endswith("reach [virtualizer] angle_deg = 19")
    else:
        assert "met within 1.0 degrees" in sentence
