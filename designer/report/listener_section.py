"""The section "what the listener gets" of the design page: its sentences and tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.measured.head import MeasuredHead
from designer.report.listener_figures import furthest, shared_band_hz
from designer.report.players import players
from designer.result import Result
from designer.virtualizer.listening import FitError, Listening, fit_errors, listening
from designer.virtualizer.virtualisation import VIRTUAL

NOMINAL = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)


def listener_section(result: Result) -> dict[str, Any] | None:
    """What the page's template shows; None without [virtualizer]."""
    found, table = listening(result), result.problem.virtualizer
    if found is None or table is None:
        return None
    measured = table.crosstalk_model == "measured"
    head = next((head for head in result.fine_scene.heads if isinstance(head, MeasuredHead) or not measured), None)
    band_hz = shared_band_hz(result)
    errors = () if head is None or head.name == "points" else fit_errors(head, result.problem)
    return {
        "words": words(result, found),
        "pointed": [
            (
                Path(at.head).name,
                [f"{at.pointed_deg[side]:.1f}°" for side in VIRTUAL],
                [
                    f"{furthest(at.chain[side].level_db, at.loudspeakers[side].level_db, found.middle_hz, band_hz)[0]:.1f} dB"
                    for side in VIRTUAL
                ],
            )
            for at in found.heads
        ],
        "bands": _bands(found),
        "errors": [_error(error) for error in errors],
        "players": players(result),
        "fitted_to": "" if head is None else Path(head.name).name,
    }


def words(result: Result, found: Listening) -> str:
    """Delays and latency, in sentences."""
    rate = result.problem.sample_rate_hz
    waiting = [f"{name} waits {n} samples" for name, n in found.chain.delay_samples.items() if n]
    latency = max(found.latency_samples.values())
    upmix = "left, right and centre are made by the upmix" if found.chain.upmix else "no upmix"
    return (
        f"Stereo runs through {', '.join(found.chain.taps)} ({upmix})."
        f" {'; '.join(waiting) + ' so that all arrive together.' if waiting else 'No channel waits.'}"
        f" Mean latency of the filters: {latency} samples, {latency / rate * 1e3:.2f} ms."
    )


def _bands(found: Listening) -> list[tuple[str, list[str]]]:
    """A row for each third octave: of the first head, time, level and coherence, real pair against chain."""
    at = found.heads[0]
    rows = []
    for b, middle in enumerate(found.middle_hz):
        times = [1e6 * one.band_time_s[b] for one in (at.loudspeakers["left"], at.chain["left"], at.chain["right"])]
        levels = [one.level_db[b] for one in (at.loudspeakers["left"], at.chain["left"], at.chain["right"])]
        alike = [at.loudspeaker_coherence[b], at.coherence[b]]
        cells = [*(f"{t:.0f}" for t in times), *(f"{l:.1f}" for l in levels), *(f"{c:.2f}" for c in alike)]
        rows.append((third_octave_name(float(middle)), cells))
    return rows


def third_octave_name(middle_hz: float) -> str:
    """The nominal middle of a third octave, after IEC 61260-1: 198.4 Hz is 200 Hz."""
    tenth = round(10 * np.log10(middle_hz))
    nominal = NOMINAL[tenth % 10] * 10.0 ** (tenth // 10)
    return f"{nominal:g} Hz" if nominal < 1000 else f"{nominal / 1000:g} kHz"


def _error(error: FitError) -> tuple[str, str, str]:
    return f"{error.angle_deg:g}°", f"{error.level_db:.1f} dB", f"{1e6 * error.time_s:.0f} µs"
