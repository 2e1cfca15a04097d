"""Timing on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Callable


def best_of(count: int, run: Callable[[], object]) -> float:
    """The shortest of a few runs, in seconds."""
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)
