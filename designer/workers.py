"""Processes that compute for this one: they end with it, whatever ends it, and leave interruptions to it.

A killed parent says nothing to its children. On Linux the kernel is asked to kill them (PR_SET_PDEATHSIG); everywhere a thread waits
for the end of the parent's pipe.
"""

from __future__ import annotations

import contextlib
import copy
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

from designer.stopping import STOPPING

PR_SET_PDEATHSIG = 1  # linux/prctl.h
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Environment of a process that shares the cores with others: with one thread of linear algebra, because waiting threads take time."""


class _Deaf(BaseProcess):
    """A process that an interruption does not reach, not even while it imports what it will compute with."""

    def start(self) -> None:
        """Begin with the signal blocked, which a new process inherits."""
        if not hasattr(signal, "pthread_sigmask"):  # Windows
            super().start()
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class DeafSpawned(_Deaf, multiprocessing.get_context("spawn").Process):  # type: ignore[misc]  # a class, as any other
    """One of a new interpreter."""


DEAF: dict[str, type[BaseProcess]] = {"spawn": DeafSpawned}
if "fork" in multiprocessing.get_all_start_methods():

    class DeafForked(_Deaf, multiprocessing.get_context("fork").Process):  # type: ignore[misc]
        """One of a copy of this interpreter."""

    DEAF["fork"] = DeafForked


@contextlib.contextmanager
def pool(processes: int, context: BaseContext) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes are killed, not waited for, where what it is used for ends with an error."""
    before = set(multiprocessing.active_children())
    context = copy.copy(context)
    context.Process = DEAF[context.get_start_method()]  # type: ignore[attr-defined]  # what a context makes its processes of
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


def cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
