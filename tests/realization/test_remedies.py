"""Remedies of filters that miss: the fewest taps that were tried and suffice, or the most that were tried and do not."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import pair

from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.realization import realize_form, remedies
from designer.realization.mended_fit import Judge
from realization.test_realized_channels import designed

DRIVERS = np.arange(2)


def _missed_db(channel: ChannelDesign, judge: Judge, scene: object, taps: int) -> float:
    realised = realize_form([channel], scene, Realization(taps=taps))  # type: ignore[arg-type] # the scene that judge has
    return judge.worst_db(realised.taps[0][DRIVERS], realised.bulk_delay_samples)


def test_eight_taps_are_told_how_many_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first doubling that meets the curve is named, and the fit that holds it; where nothing was tried that does, the last is."""
    channel, scene = designed(pair(), 129)
    judge = Judge.of(channel, scene, DRIVERS)
    words = remedies.remedy(channel, scene, Realization(taps=8))
    taps = next(taps for taps in 8 * 2 ** np.arange(1, 8) if _missed_db(channel, judge, scene, int(taps)) <= 0.1)
    held = realize_form([channel], scene, Realization(taps=8, hold_requirements=True))
    assert judge.worst_db(held.taps[0][DRIVERS], held.bulk_delay_samples) <= 0.1
    assert words == f"remedy: [realization] taps = {taps}, or hold_requirements = true"
    monkeypatch.setattr(remedies, "DOUBLINGS", 1)
    monkeypatch.setattr(remedies, "ENOUGH_TAPS", 16)
    assert remedies.remedy(channel, scene, Realization(taps=8)) == "remedy: [realization] hold_requirements = true"
    monkeypatch.setattr(remedies, "MAX_HELD_NUMBERS", 0)
    words = remedies.remedy(channel, scene, Realization(taps=8))
    lower_db = np.ceil(10 * _missed_db(channel, judge, scene, 8)) / 10
    assert (
        words
        == f"[realization] taps = 16 do not suffice; remedy: requirements lower by {lower_db:.1f} dB, which these filters meet"
    )


def test_few_long_filters_are_tried_with_requirements_held() -> None:
    """Each such fit is one of many rounds: no more are tried than MAX_HELD_NUMBERS taps of all drivers have."""
    channel, _ = designed(pair(), 129)
    for held, most in ((False, 16 * 512), (True, remedies.MAX_HELD_NUMBERS // 2)):
        table = Realization(taps=512, hold_requirements=held)
        tried = [change["taps"] for change, _ in remedies._changes(channel, 2, table, 48000.0, banded=False)]
        assert max(tried) == most
