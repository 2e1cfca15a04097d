"""Signals that ask a program to end, answered from its first line on: nothing heavy is imported here."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
"""Signals that ask a program to end."""
STOPPED = "stopped; nothing half-written is left"


@contextmanager
def ending_at_once() -> Iterator[None]:
    """End the program where a signal asks for it, while nothing is begun: during imports, which an exception would leave half done."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # as nohup leaves it
                signal.signal(number, _end)
    except ValueError:  # not the main thread, which alone hears of signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(128 + number)
