"""The command in a copy of the test's process: a process of its own to kill and to stop, without the second that imports take."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkProcess
from typing import TextIO

from designer import cli

IGNORED = "ignore:This process .* is multi-threaded:DeprecationWarning"
"""What Python 3.12 says of a copy; threads of a test that is copied hold no lock that the command takes."""


def nothing() -> None:
    pass


@contextmanager
def copy(*arguments: str, first: Callable[[], None] = nothing) -> Iterator[tuple[ForkProcess, TextIO]]:
    """The running command and what it says on both of its streams, once `first` has changed its process; it has ended afterwards."""
    read, write = os.pipe()
    process = multiprocessing.get_context("fork").Process(target=command, args=(write, first, arguments))
    process.start()
    os.close(write)
    with open(read, encoding="utf-8") as told:  # noqa: PTH123  # no path, a pipe
        try:
            yield process, told
            process.join()
        finally:
            process.kill()
            process.join()


def command(write: int, first: Callable[[], None], arguments: tuple[str, ...]) -> None:
    os.dup2(write, 1)
    os.dup2(write, 2)
    os.close(write)
    sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
    sys.argv = ["designer", *arguments]
    first()
    cli.main()
