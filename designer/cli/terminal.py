"""Output of every command to its user."""

from __future__ import annotations

import contextlib
import errno
import io
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from designer.errors import OutputError
from designer.progress import Announcement, listening
from designer.stopping import STOPPED, STOPPING
from designer.writing import Staging

if TYPE_CHECKING:
    from rich.status import Status

    from designer.problem import Problem
    from designer.result import Result


SHOWN_AFTER_S = 1.0
"""How long a command may last before it says what it does."""
ANNOUNCED_FROM_S = 10.0
"""How long a computation lasts, in seconds of CPU, that is told where no line can show how far it is."""
GRACE_S = 0.3
"""How long compiled code may go on after a signal."""
CLEANING_S = 10.0
"""How long a program that has heard of the signal may take to remove what is half-written."""


class Stopped(BaseException):
    """A signal asked this program to end: what is open is closed, and what is half-written goes."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.exit_code = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn the signals that ask for an end into `Stopped`; a second one does not disturb the cleaning up.

    Compiled code does not hear of it before it returns: where that takes longer than GRACE_S, a thread removes what is half-written
    and ends the program.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in STOPPING}

    heard = threading.Event()

    def stop(number: int, _: FrameType | None) -> None:
        heard.set()
        for other_signal in STOPPING:
            signal.signal(other_signal, signal.SIG_IGN)
        raise Stopped(number)

    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as nohup leaves it
            signal.signal(number, stop)
    awake, woken = os.pipe()
    os.set_blocking(woken, False)
    wakeup = signal.set_wakeup_fd(woken)
    ended = threading.Event()
    aside = sys.unraisablehook
    # A finaliser or an import's callback may swallow it, and would say so: the thread ends the program.
    sys.unraisablehook = lambda failure: None if failure.exc_type is Stopped else aside(failure)
    threading.Thread(target=_end_soon, args=(awake, heard, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        sys.unraisablehook = aside
        signal.set_wakeup_fd(wakeup)
        os.close(woken)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_soon(awake: int, heard: threading.Event, ended: threading.Event) -> None:
    """End the program a moment after a signal, whose number the system writes into a pipe, if it has not ended by itself."""
    while number := os.read(awake, 1):
        if number[0] not in STOPPING or ended.wait(GRACE_S):
            continue
        if heard.is_set() and Staging.open_ones and ended.wait(CLEANING_S):
            continue
        Staging.take_away()
        for child in multiprocessing.active_children():
            child.kill()
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar hides it
        os.write(2, f"{show_cursor}{STOPPED}\n".encode())
        os._exit(128 + number[0])
    os.close(awake)


def buffer_output() -> None:
    """Give a standard output without a buffer (PYTHONUNBUFFERED) one by lines.

    Without one Python drops what the system takes only in part, as the last that fits on a disk, and reports no error.
    """
    raw = getattr(sys.stdout, "buffer", None)
    if isinstance(raw, io.RawIOBase):
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=sys.stdout.encoding, errors=sys.stdout.errors, line_buffering=True
        )


def flush() -> None:
    """Bring what was said to where it goes.

    Raises
    ------
    OutputError : it does not get there, as on a full disk

    """
    with _reaching():
        sys.stdout.flush()


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    """Take a standard output that takes nothing for what it is: an error, unless nobody reads on, as with `| head`."""
    try:
        yield
    except OSError as error:
        with contextlib.suppress(OSError, ValueError):  # what is still held would be tried again at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:
            raise OutputError(f"standard output: cannot be written: {(error.strerror or str(error)).lower()}") from None


def say(text: str = "", *, error: bool = False, line: bool = True) -> None:
    """Say something to the user, as a line; messages of trouble go to the error stream.

    Raises
    ------
    OutputError : the standard output cannot be written

    """
    if error:
        with contextlib.suppress(OSError):  # nobody else could be told
            typer.echo(text, err=True)
        return
    with _reaching():
        typer.echo(text, nl=line)


def say_all(lines: Iterable[str], kind: str = "") -> None:
    """Say lines; messages of a kind (warning, note, error) go to the error stream."""
    for line in lines:
        say(f"{kind}: {line}" if kind else line, error=bool(kind))


def warn_missing(design: Result) -> None:
    """Say which channels of its problem a design has no filters for."""
    say_all((f'the channel "{name}" is missing: {why}' for name, why in design.failures.items()), "warning")


def warn(problem: Problem) -> None:
    """Say what is odd in a problem that is valid."""
    from designer.problem.checks import warnings

    say_all(warnings(problem), "warning")


class Stages:
    """A line that names the stage that a command is in, from SHOWN_AFTER_S on.

    Where the error stream is no terminal, a line for each computation that lasts ANNOUNCED_FROM_S or more, at its beginning.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._hearing = contextlib.ExitStack()
        self._lock = threading.Lock()
        self._line: Status | None = None
        self._timer = threading.Timer(SHOWN_AFTER_S, self._show)
        self._timer.daemon = True

    def __enter__(self) -> Stages:
        if sys.stderr.isatty():
            self._timer.start()
        self._hearing.enter_context(listening(self.update))
        return self

    def __exit__(self, *_: object) -> None:
        self._hearing.close()
        self._timer.cancel()
        with self._lock:
            self.name = ""
            if self._line is not None:
                self._line.stop()

    def update(self, name: str) -> None:
        """Begin a stage."""
        if isinstance(name, Announcement) and name.seconds >= ANNOUNCED_FROM_S and not sys.stderr.isatty():
            say(name, error=True)
        with self._lock:
            self.name = name
            if self._line is not None:
                self._line.update(name)

    def _show(self) -> None:
        from rich.console import Console  # slow to import, and most commands have ended by now

        with self._lock:
            if self.name:
                self._line = Console(stderr=True).status(self.name)
                self._line.start()
