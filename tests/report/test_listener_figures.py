"""The captions of what the listener gets: each says its message with numbers, and these are the figure's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import designer
from designer.report.figures import Picture, listener_pictures
from designer.report.listener import furthest, say_separation
from designer.stereo.listening import listening
from designer.stereo.upmix import Separation

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture(scope="module")
def made() -> designer.Design:
    return designer.design(designer.load(PROBLEMS / "stereo-speaker.toml"))


@pytest.fixture(scope="module")
def figures(made: designer.Design) -> dict[str, Picture]:
    return listener_pictures(made)


def test_each_states_its_message_with_a_number(figures: dict[str, Picture]) -> None:
    """Two of the head and one of the upmix; a caption ends with one stop."""
    assert list(figures) == ["listener-differences", "listener-coherence", "listener-separation"]
    for one in figures.values():
        assert any(sign.isdigit() for sign in one.says()) and one.says().endswith(".") and ".." not in one.says()


def test_the_numbers_are_those_of_the_curves(made: designer.Design, figures: dict[str, Picture]) -> None:
    """By a plain loop over the third octaves in both sides' bands."""
    actual = listening(made)
    assert actual is not None
    at = actual.heads[0]
    low, high = made.channels["left"].table.band_hz
    apart, own, count = 0.0, 0.0, 0
    for b, middle in enumerate(actual.middle_hz):
        if low <= middle <= high:
            apart = max(apart, abs(at.chain["left"].level_db[b] - at.loudspeakers["left"].level_db[b]))
            own, count = own + at.coherence[b], count + 1
    message = figures["listener-differences"].says()
    assert f"points to {at.pointed_deg['left']:.0f} degrees, where 30 are wanted" in message
    assert f"by {apart:.1f} dB at most" in message.split(";")[0]
    assert f"in the band it is {own / count:.2f} in the mean" in figures["listener-coherence"].says()


def test_no_third_octave_in_the_band() -> None:
    """A band between two middles has no difference."""
    assert furthest(np.ones(2), np.zeros(2), np.array([100.0, 125.0]), [105.0, 120.0])[0] == 0.0


def test_the_upmix_in_words() -> None:
    """A middle that leaves nothing at the sides is said to be below the figure's floor, and no level is minus nothing."""
    levels = np.array([[-90.0, -90.0, -0.001], [6.02, -90.0, -31.25]])
    panned = Separation(np.array([0.0, 1.0]), levels, np.zeros(1), np.zeros(1), np.zeros(1))
    assert say_separation(panned) == (
        "a source in the middle comes from the centre at 0.0 dB and from the sides at less than -40 dB; one on the left alone"
        " from the left at 6.0 dB and from the centre at -31.2 dB"
    )
