"""Signals that ask a program to end, answered from its first line on: nothing heavy is imported here."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False  # what `typing` has: until the handlers stand, a signal prints a traceback
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
"""Signals that ask a program to end."""
STOPPED = "stopped; nothing half-written is left"


def end_at_once() -> Callable[[], None]:
    """End the program where a signal asks for it, while nothing is begun: during imports, which an exception would leave half done.

    Returns
    -------
    callable : puts the handlers back that were there before

    """
    before = {number: signal.getsignal(number) for number in STOPPING}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # as nohup leaves it
                signal.signal(number, _end)
    except ValueError:  # not the main thread, which alone hears of signals
        before = {}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    return put_back


def _end(number: int, _: FrameType | None) -> None:
    os.write(2, f"{STOPPED}\n".encode())
    os._exit(128 + number)
