"""What the rounding of an export costs at the far ear (of a beam: off its axis): the cancellation gain as designed and as stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Real
from designer.result import Result, evaluate


def cancellation(result: Result, taps: dict[str, Real]) -> dict[str, dict[str, float]]:
    """For each channel the mean gain in its band, in dB, and the most that is lost at any frequency there.

    Parameters
    ----------
    result : the design, with the filters as realised
    taps : channel -> (L, T) what is stored; of the stereo chain's own channels nothing is said, they cancel no ear

    """
    before = result.metrics
    after = evaluate(replace(result, taps={**result.taps, **taps}), result.fine_scene).metrics
    found = {}
    for channel in taps:
        rows = ((before.channel == channel) & ~before.status.isin(("fade", "plain"))).to_numpy()
        if rows.any():
            designed, exported = (table.cancellation_gain_db.to_numpy(dtype=float)[rows] for table in (before, after))
            found[channel] = {
                "designed_mean_db": round(float(np.mean(designed)), 3),
                "exported_mean_db": round(float(np.mean(exported)), 3),
                "largest_loss_db": round(max(0.0, float(np.max(designed - exported))), 4),
            }
    return found
