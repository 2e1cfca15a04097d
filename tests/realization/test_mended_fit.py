"""Taps mended where they fall short: the curve between the frequencies judged, by plain sums; what it costs, and where it stops."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import pair, speaker

from designer.measures import db
from designer.problem.schema import Realization
from designer.realization import mended_fit, realize_form
from designer.realization.mended_fit import Judge
from realization.test_realized_channels import designed, spectra


@pytest.mark.parametrize("problem", [pair, speaker], ids=["pair", "speaker"])
def test_mended_taps_keep_the_curve_that_the_plain_fit_misses(problem: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """48 taps: the plain fit misses the curve by more than 0.2 dB, the mended one by less than 0.1 dB, at 301 frequencies in the band."""
    channel, scene = designed(problem(), 129)  # type: ignore[operator] # a function from the list above
    low_hz, high_hz = channel.design.band_hz
    f = np.linspace(low_hz, high_hz, 301)
    ears = scene.at(f).ears()
    curve = np.array(channel.design.cancellation_gain_db)
    target_db = np.interp(np.log(f), np.log(curve[:, 0]), curve[:, 1])
    missed_db = []
    for rounds in (0, mended_fit.ROUNDS):
        monkeypatch.setattr(mended_fit, "ROUNDS", rounds)
        taps = realize_form([channel], scene, Realization(taps=48)).taps[0]
        p = np.abs(np.einsum("fml,fl->fm", ears, spectra(taps, f, 16_000.0))) ** 2
        missed_db.append(float((target_db - db(p[:, 0::2].mean(axis=1) / p[:, 1::2].mean(axis=1))).max()))
    assert missed_db[0] > 0.2
    assert missed_db[1] < 0.1


def test_what_need_not_be_mended_is_left() -> None:
    """Of 512 taps, which miss nothing, the first fit is the result, and it is fitted once."""
    channel, scene = designed(speaker(), 129)
    judge = Judge.of(channel, scene, np.arange(3))
    calls = []
    exact = np.fft.irfft(channel.weights * np.exp(-2j * np.pi * np.arange(129) * 64 / 256)[:, None], axis=0).T

    def solve(weights: object, symbol: object) -> object:
        calls.append((weights, symbol))
        return exact

    symbol = np.broadcast_to(np.eye(3, dtype=complex), (129, 3, 3))
    f = scene.frequency_hz
    taps = mended_fit.mended(judge, solve, channel.weights, symbol, 64, f)  # type: ignore[arg-type] # of these arrays alone
    assert judge.worst_db(exact, 64) < 0.05
    np.testing.assert_array_equal(taps, exact)
    assert len(calls) == 1


def test_values_between_the_frequencies_judged() -> None:
    """Straight between neighbours, kept for less than one step of the fit beyond the ends, and 0 further out: by a naive loop."""
    channel, scene = designed(pair(), 129)
    judge = Judge.of(channel, scene, np.arange(2))
    f, fit_hz = judge.target.frequency_hz, np.linspace(0.0, 8000.0, 513)
    values = np.exp(1j * f / 300)
    step_hz = fit_hz[1]
    expected = []
    for x in fit_hz:
        if x <= f[0] - step_hz or x >= f[-1] + step_hz:
            expected.append(0j)
        elif x <= f[0]:
            expected.append(values[0])
        elif x >= f[-1]:
            expected.append(values[-1])
        else:
            n = max(i for i in range(f.size) if f[i] <= x)
            n = min(n, f.size - 2)
            share = (x - f[n]) / (f[n + 1] - f[n])
            expected.append((1 - share) * values[n] + share * values[n + 1])
    np.testing.assert_allclose(judge.between(values, fit_hz), expected, atol=1e-12)
