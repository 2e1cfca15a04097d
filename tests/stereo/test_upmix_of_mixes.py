"""What the upmix does with music-like mixes: separation, level over panning, ambience, and the unrest of its gains."""

from __future__ import annotations

import numpy as np
import pytest

from designer.arrays import Real
from stereo.parts_of_a_mix import db, power, separately
from stereo.signals import RATE_HZ, chord, panned, pink, voice

SECONDS = 5.0
LEFT_CHORD_HZ, RIGHT_CHORD_HZ = (220.0, 277.2, 329.6), (246.9, 311.1, 370.0)
NOTHING = np.zeros(round(SECONDS * RATE_HZ))


@pytest.fixture(scope="module")
def voice_and_sides() -> tuple[Real, Real, Real]:
    """A voice in the middle, and on each side a chord of the voice's own energy a channel."""
    left = np.column_stack([chord(SECONDS, LEFT_CHORD_HZ), NOTHING])
    right = np.column_stack([NOTHING, chord(SECONDS, RIGHT_CHORD_HZ)])
    return panned(voice(SECONDS), 0.0), left, right


def test_a_centred_voice_and_equal_sides(voice_and_sides: tuple[Real, Real, Real]) -> None:
    """The voice goes into C at no less than -2 dB, each hard-panned side at no more than -12 dB of its mean channel energy."""
    sung, *sides = separately(*voice_and_sides).parts
    assert db(power(sung[:, 2]) / power(voice_and_sides[0])) > -2.0
    for side, out in zip(voice_and_sides[1:], sides, strict=True):
        assert db(power(out[:, 2]) / power(side)) < -12.0


def test_gains_are_calm(voice_and_sides: tuple[Real, Real, Real]) -> None:
    """α changes by less than 0.04 a frame of 512 samples, weighed by the middle's energy, in all the mixes of this file."""
    noises = [np.column_stack([pink(SECONDS, 1), NOTHING]), np.column_stack([NOTHING, pink(SECONDS, 2)])]
    for mix in (voice_and_sides, voice_and_sides[1:], noises, [voice_and_sides[0], *noises]):
        _, alpha, weight = separately(*mix)
        settled = slice(50, None)
        change = np.abs(np.diff(alpha, axis=0))[settled]
        assert 0 < np.average(change, weights=weight[1:][settled]) < 0.04


@pytest.mark.parametrize("kind", ["pink", "chords"])
def test_decorrelated_stereo_stays_at_the_sides(kind: str) -> None:
    """Of decorrelated stereo, C gets no more than -18 dB of a channel's mean energy."""
    if kind == "pink":
        stereo = np.column_stack([pink(SECONDS, 1), pink(SECONDS, 2)])
    else:
        stereo = np.column_stack([chord(SECONDS, LEFT_CHORD_HZ), chord(SECONDS, RIGHT_CHORD_HZ)])
    (out,) = separately(stereo).parts
    assert db(power(out[:, 2]) / power(stereo)) < -18.0


@pytest.mark.parametrize("ambience", [0.0, 0.1])
def test_a_moving_source_changes_the_level_continuously(ambience: float) -> None:
    """A source that moves from 0 over 2% to 20% off centre has the level 1 - |β| in C within 0.5 dB all the way.

    With ambience 20 dB below it too. Levels are those of stretches of 2048 samples.
    """
    source = pink(SECONDS, 3)
    beta = np.interp(np.arange(source.size) / RATE_HZ, [0.0, 1.0, 2.0, 5.0], [0.0, 0.02, 0.02, 0.2])
    around = ambience * np.column_stack([pink(SECONDS, 5), pink(SECONDS, 6)])
    out, _ = separately(panned(source, beta), around).parts
    length = 2048

    def stretches(x: Real) -> Real:
        return np.asarray(x[: x.size // length * length].reshape(-1, length))

    level = (stretches(out[:, 2]) ** 2).sum(axis=1) / (stretches(source) ** 2).sum(axis=1)
    expected = (1 - stretches(beta).mean(axis=1)) ** 2
    assert np.abs(10 * np.log10(level / expected))[5:].max() < 0.5


@pytest.mark.parametrize(
    "beta", [0.0, 0.02, *(pytest.param(beta, marks=pytest.mark.long) for beta in (0.005, 0.05)), 0.2]
)
def test_ambience_under_a_voice_is_never_raised(beta: float) -> None:
    """Ambience 20 dB under a voice near the centre is in C, L' and R' no louder than in L and R together.

    In C it is no louder than in M and S together, too.
    """
    for source in (voice(SECONDS), pink(SECONDS, 3)):
        around = 0.1 * np.column_stack([pink(SECONDS, 5), pink(SECONDS, 6)])
        _, out = separately(panned(source, beta), around).parts
        together = 2 * power(around)  # of the two channels
        for channel in out.T:
            assert power(channel) < together
        assert power(out[:, 2]) < together / 2  # |M|² + |S|² = (|L|² + |R|²)/2
