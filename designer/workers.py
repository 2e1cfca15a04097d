"""Processes that compute for this one: they end with it, whatever ends it, and leave interruptions to it.

A killed parent says nothing to its children. On Linux the kernel is asked to kill them (PR_SET_PDEATHSIG); everywhere a thread waits
for the end of the parent's pipe.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.context import BaseContext

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
"""Signals that ask a program to end."""


@contextlib.contextmanager
def pool(processes: int, context: BaseContext) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are killed, not waited for, where what it is used for ends with an error."""
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(processes, context, initializer=begin, initargs=(os.getpid(),))
    try:
        yield executor
    except BaseException:
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads that nobody waits for where what it is used for ends with an error: compiled code does not hear of it."""
    executor = ThreadPoolExecutor(count)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()


def begin(parent_id: int) -> None:
    """Tie this process to its parent; the first thing that it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in STOPPING[1:]:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_id:  # it ended before it could be tied
            os._exit(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
