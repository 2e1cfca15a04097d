"""A driver's band binds at all frequencies, from 0 Hz to Nyquist, in the filters that ship."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import Tables, design, limited, pair, speaker

from designer.arrays import Real
from designer.errors import EXIT_MISSED
from designer.evaluation.outcomes import Outcome
from designer.realization.equaliser import equaliser
from designer.requirements.slacks import BANDS
from designer.result import Result

BAND_HZ = [150.0, 16_000.0]


def banded(problem: Tables, **realization: object) -> Tables:
    """All drivers with a band."""
    problem = limited(problem, band_hz=BAND_HZ)
    problem["grid"] = {"frequencies": 257}
    problem["realization"] = realization
    return problem


def outcome(result: Result) -> Outcome:
    (bands,) = (o for o in result.scalars["left"].outcomes if o.requirement == BANDS)
    return bands


def test_a_reference_without_an_equaliser_misses_its_band_by_what_a_delay_feeds_it() -> None:
    """At 0 Hz a pure delay is 0 dB, and 40 dB below 0 dB is nothing: missed by 40 dB there, exit code 7, and the remedy keeps it."""
    delay = design(banded(pair(), form="rtf", taps=512))
    missed = outcome(delay)
    assert missed.missed_db == pytest.approx(40.0, abs=0.01)
    assert missed.at_hz == 0.0
    assert delay.status == EXIT_MISSED
    sentence = delay.sentence("left")
    assert 'the drivers\' bands by up to 40.0 dB (at 0 Hz, "left") from 0 Hz to' in sentence
    assert "% of the band" not in sentence.partition("the drivers' bands")[2].partition(";")[0]
    assert delay.remedies["left"] == 'remedy: [realization] form = "fir"'
    assert outcome(design(banded(pair(), taps=512))).is_met
    equalised = design(banded(pair(), form="rtf", taps=767, equaliser_taps=256))
    assert outcome(equalised).missed_db < 1.0


def test_taps_keep_the_bands_from_0_hz_to_nyquist() -> None:
    """Each driver below 6 dB an octave and order from 0 dB, or 40 dB down, by a plain sum over the taps on frequencies of no grid."""
    result = design(banded(speaker(), taps=512))
    assert outcome(result).is_met
    rate = result.problem.sample_rate_hz
    for f in [*np.linspace(0.0, BAND_HZ[0], 41), *np.linspace(BAND_HZ[1], rate / 2, 41)]:
        w = np.abs(result.taps["left"] @ np.exp(-2j * np.pi * f / rate * np.arange(512)))
        octaves = max(np.log2(BAND_HZ[0] / max(f, 1e-3)), np.log2(max(f, 1e-3) / BAND_HZ[1]), 0.0)
        if octaves > 0:
            assert 20 * np.log10(w.max()) < max(-12.04 * octaves, -40.0) + 0.5


@pytest.mark.parametrize("gain_db", [None, 6.0])
def test_a_slope_begins_at_the_drivers_own_limit_whatever_the_effort(gain_db: float | None) -> None:
    """30 dB of effort feed a driver from 2 kHz on no more below than its slope of 12 dB an octave from max_gain_db, or from 0 dB."""
    keys = {"band_hz": [2000.0, 20_000.0]} | ({} if gain_db is None else {"max_gain_db": gain_db})
    problem = limited(speaker(max_effort_db=30.0, plain=["left"]), 1, **keys)
    result = design(problem)
    f, feed = result.frequency_hz, np.abs(result.weights["left"][:, 1])
    below = (f > 0) & (f < 2000)
    slope_db = (gain_db or 0.0) - 12.04 * np.log2(2000 / f[below])
    assert (20 * np.log10(feed[below] + 1e-9) <= np.maximum(slope_db, -60) + 0.01).all()


@pytest.mark.parametrize("taps", [128, 256])
def test_an_equaliser_ends_where_plain_playback_does(taps: int) -> None:
    """Nothing at 0 Hz where the level is to end there; the level of a filter of Butterworth's from 150 Hz within 1 dB from 200 Hz on."""
    f = np.linspace(0.0, 24_000.0, 2049)
    target = np.maximum(1 / np.sqrt(1 + (150 / np.maximum(f, 1e-6)) ** 4), 1e-4)
    common = equaliser(np.ones(f.size), target, taps, (f > 100) & (f < 16_000))
    level_db: Real = 20 * np.log10(np.abs(np.fft.rfft(common, 4096)) + 1e-9)
    assert level_db[0] < -100
    assert np.abs(level_db - 20 * np.log10(target))[f > 300].max() < 1.0
