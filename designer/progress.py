"""Sentences on how far a long computation is, for whoever listens: a body is solved where its field is first asked for, deep inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str], None]
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


class Announcement(str):
    """Sentence at the beginning of a computation: what it is, its size, and how long it takes.

    Attributes
    ----------
    seconds : float, of CPU

    """

    seconds: float

    def __new__(cls, sentence: str, seconds: float) -> Announcement:
        """A sentence that knows its seconds."""
        announcement = super().__new__(cls, sentence)
        announcement.seconds = seconds
        return announcement


def report(sentence: str) -> None:
    """Tell the listener, where there is one."""
    if (listener := _LISTENER.get()) is not None:
        listener(sentence)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Hand the sentences that are reported in this block to a listener; None leaves them to the one outside."""
    token = _LISTENER.set(listener or _LISTENER.get())
    try:
        yield
    finally:
        _LISTENER.reset(token)
