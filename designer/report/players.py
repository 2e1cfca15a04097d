"""Short sounds inside the page: FLAC of 16 bits as data, so that the page stays one file."""

from __future__ import annotations

import base64
import io

from designer.result import Result
from designer.stereo.chain import has_chain
from designer.stereo.excerpts import excerpts

LEAST_RATE_HZ, MOST_RATE_HZ = 8_000.0, 96_000.0
"""What browsers play, and what a few seconds may weigh."""


def players(result: Result) -> list[tuple[str, str]]:
    """Words and a data address for each; none without [virtualizer], or at rates that browsers do not play."""
    import soundfile

    rate = result.problem.sample_rate_hz
    if result.problem.virtualizer is None or not has_chain(result) or not LEAST_RATE_HZ <= rate <= MOST_RATE_HZ:
        return []
    found = []
    for words, samples in excerpts(result).items():
        file = io.BytesIO()
        soundfile.write(file, samples, round(rate), format="FLAC", subtype="PCM_16")
        found.append((words, "data:audio/flac;base64," + base64.b64encode(file.getvalue()).decode()))
    return found
