"""The stereo chain in `summary.json`: the model's numbers, delays and latency, and what the listener gets by third octave."""

from __future__ import annotations

from typing import Any

from designer.arrays import Real
from designer.result import Result
from designer.virtualizer.listening import AtHead, listening
from designer.virtualizer.loudspeaker_pair import crosstalk_of
from designer.virtualizer.virtualisation import VIRTUAL


def chain_summary(design: Result) -> dict[str, Any] | None:
    """None without [virtualizer].

    Raises
    ------
    DataError : a head's file cannot be used

    """
    table, model, found = design.problem.virtualizer, crosstalk_of(design.problem), listening(design)
    if table is None or model is None or found is None:
        return None
    return {
        "channels": list(found.chain.taps),
        "taps": {name: design.taps[name].shape[1] for name in VIRTUAL.values()},
        "angle_deg": table.angle_deg,
        "upmix": found.chain.upmix,
        "crosstalk_model": {
            "fitted_to": table.crosstalk_model,
            "all_pass": model.all_pass,
            "delay_samples": model.delay_samples,
            "numerator": list(model.numerator),
            "denominator": list(model.denominator),
        },
        "delay_samples": found.chain.delay_samples,
        "latency_samples": found.latency_samples,
        "pointed_band_hz": list(found.pointed_band_hz),
        "third_octaves_hz": _rounded(found.middle_hz, 1),
        "model_level_difference_db": _rounded(found.model.level_db, 3),
        "heads": {head.head: _at_head(head) for head in found.heads},
    }


def _at_head(head: AtHead) -> dict[str, Any]:
    return {
        "pointed_deg": {side: round(angle, 2) for side, angle in head.pointed_deg.items()},
        "level_difference_db": {side: _rounded(own.level_db, 3) for side, own in head.chain.items()},
        "loudspeaker_level_difference_db": {side: _rounded(own.level_db, 3) for side, own in head.loudspeakers.items()},
        "time_difference_us": {side: _rounded(1e6 * own.band_time_s, 2) for side, own in head.chain.items()},
        "loudspeaker_time_difference_us": {
            side: _rounded(1e6 * own.band_time_s, 2) for side, own in head.loudspeakers.items()
        },
        "coherence": _rounded(head.coherence, 4),
        "loudspeaker_coherence": _rounded(head.loudspeaker_coherence, 4),
    }


def _rounded(values: Real, digits: int) -> list[float]:
    return [round(value, digits) for value in values.tolist()]
