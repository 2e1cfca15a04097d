"""Waiting for another process by a number of polls: no test reads a clock."""

from __future__ import annotations

import threading
from collections.abc import Callable

LOOKS, PAUSE_S = 6000, 0.01


def comes(condition: Callable[[], bool]) -> bool:
    """Whether a condition holds at one of the polls."""
    pause = threading.Event()
    return any(condition() or pause.wait(PAUSE_S) for _ in range(LOOKS))
