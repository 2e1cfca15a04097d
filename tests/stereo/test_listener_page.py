"""What the page says and plays: the upmix over panning, and excerpts that compare fairly."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from designs.small_problems import load, pair

import designer
from designer.report.listener import players
from designer.stereo.chain import CENTRE, chain_of
from designer.stereo.excerpts import programme
from designer.stereo.loudness import integrated_lufs
from designer.stereo.signal_path import Running, feeds_path
from designer.stereo.upmix import separation

PROBLEMS = Path(__file__).parents[2] / "problems"


def test_a_panned_source_goes_where_the_pairwise_pan_puts_it() -> None:
    """Centre 1 - |β|, nearer side 2 |β|, the other side nothing: within 0.1 dB and 60 dB down, at nine positions."""
    actual = separation(48_000.0)
    for beta, (left, right, centre) in zip(actual.position, actual.level_db, strict=True):
        nearer, other = (left, right) if beta >= 0 else (right, left)
        assert other < -60.0
        for level, expected in ((centre, 1 - abs(beta)), (nearer, 2 * abs(beta))):
            if expected > 0:
                assert level == pytest.approx(20 * np.log10(expected), abs=0.1)
            else:
                assert level < -60.0


def test_mono_through_upmix_and_filters_is_the_centre_beam_alone() -> None:
    """Noise alike on both sides, through the whole signal path: every feed is the centre's filter and delay, within 0.01 dB."""
    chain = chain_of(designer.design(designer.load(PROBLEMS / "stereo-speaker.toml")))
    mono = np.random.default_rng(4).standard_normal(24_000)
    running = Running(feeds_path(chain), chain.sample_rate_hz)
    feeds = running.run(np.column_stack([mono, mono]))
    for feed, taps in zip(feeds.T, chain.taps[CENTRE], strict=True):
        alone = np.convolve(mono, np.concatenate([np.zeros(chain.delay_samples[CENTRE]), taps]))[: feed.size]
        same = feed[: alone.size]
        assert abs(10 * np.log10(np.sum(same**2) / np.sum(alone**2))) < 0.01
        np.testing.assert_allclose(same, alone, rtol=0, atol=1e-3 * np.abs(alone).max())


def test_excerpts_are_equally_loud_and_not_clipped() -> None:
    """Each player's sound, decoded by libsndfile, is stereo below full scale and within 0.3 LU of the others, by BS.1770."""
    result = designer.design(load(pair(both=True) | {"virtualizer": {"upmix": False}}))
    loudness = []
    actual = players(result)
    assert [words.split(",")[0] for words, _ in actual] == [
        "stereo as it comes",
        "plain stereo on the outermost drivers",
        "the stereo chain",
    ]
    for _, address in actual:
        data = re.fullmatch(r"data:audio/flac;base64,(.*)", address)
        assert data is not None
        samples, rate = soundfile.read(io.BytesIO(base64.b64decode(data[1])), always_2d=True)
        assert (rate, samples.shape[1]) == (16_000, 2)
        assert 0.05 < np.abs(samples).max() < 1.0
        loudness.append(integrated_lufs(samples, rate))
    assert np.ptp(loudness) < 0.3


def test_the_programme_has_a_middle_and_two_sides() -> None:
    """Both channels share the voice, and neither side is the other: correlated in part, as loud as each other within 3 dB."""
    left, right = programme(48_000.0).T
    alike = float(np.corrcoef(left, right)[0, 1])
    assert 0.1 < alike < 0.9
    assert abs(10 * np.log10(np.mean(left**2) / np.mean(right**2))) < 3.0
