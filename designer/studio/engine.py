"""The engine: two processes that compute for a session, which never waits for either.

One process draws during a drag, the other judges after it, so that a drag waits for no design. While a process works, the newest request
counts: a request that it replaces is not answered, and a running verdict is interrupted. A process that ends is replaced, and its request
is repeated; a process that ends without a request, soon after its start, is replaced at the next request. Both processes end with
their parent, whatever ends it. They are started as new interpreters, because a fork of a process with threads is not reliable.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from designer.studio.worker import END, INTERRUPT, JudgeRequest, Kind, LiveRequest, Source, run
from designer.workers import DEAF

if TYPE_CHECKING:  # the processes are begun before their parent reads a file
    from designer.problem.schema import Problem
    from designer.studio.document import Document

MOST_TRIES = 2
"""How often a request is asked of a process that ends over it."""
SOON_S = 10.0
"""Age from which on a process that ends without a request is replaced at once: a system without memory would end a new one, too."""
WAIT_S = 0.25
"""How long a channel that others look at waits at most for one that moves."""
Answer = Callable[[dict[str, Any]], None]


class Lane:
    """One process, the request that it works on, and those that wait."""

    def __init__(self, kind: Kind, answer: Answer) -> None:
        self.kind, self._answer = kind, answer
        self._lock = threading.RLock()
        self._serial = self._tries = 0
        self._running: Any = None
        self._waiting: list[Any] = []
        self._served: dict[str, float] = {}
        self._closed = False
        self.process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def start(self) -> None:
        """Begin the process, if there is none, and listen to it."""
        with self._lock:
            if self.process is None and not self._closed:
                self._begin()

    def _begin(self) -> None:
        near_end, far_end = Pipe()
        process = DEAF["spawn"](
            target=run, args=(far_end, os.getpid(), self.kind), daemon=True, name=f"studio-{self.kind}"
        )
        process.start()
        far_end.close()
        self.process, self._pipe = process, near_end
        threading.Thread(target=self._listen, args=(near_end, process), daemon=True, name=f"studio-{self.kind}").start()

    def ask(self, requests: Sequence[Any], *, interrupt: bool = False) -> None:
        """Requests in place of those that wait; with `interrupt` in place of the one that runs, too."""
        with self._lock:
            self._waiting = list(requests)
            self.start()
            if self._running is None:
                self._next()
            elif interrupt:
                self._interrupt()

    def drop(self) -> None:
        """No request waits any more."""
        with self._lock:
            self._waiting = []

    @property
    def running(self) -> Any:
        """The request that the process works on."""
        return self._running

    @property
    def waiting(self) -> list[Any]:
        """The requests that wait."""
        return list(self._waiting)

    def _interrupt(self) -> None:
        process = self.process
        if INTERRUPT is not None and process is not None and process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, INTERRUPT)

    def _next(self) -> None:
        """Give the process what waits: first a channel that has waited too long, then the first."""
        if not self._waiting or self._closed:
            return
        now, late = time.monotonic(), []
        if self.kind == "live":  # each is of one channel
            waited = {request.channel: now - self._served.setdefault(request.channel, now) for request in self._waiting}
            late = [request for request in self._waiting[1:] if waited[request.channel] > WAIT_S]
        request = (late or self._waiting)[0]
        self._waiting.remove(request)
        if self.kind == "live":
            self._served[request.channel] = now
        self._tries = 1
        self._give(request)

    def _give(self, request: Any) -> None:
        self._serial += 1
        self._running = request
        assert self._pipe is not None
        with contextlib.suppress(OSError):  # it has just ended: `_listen` sees that, and asks again
            self._pipe.send((self._serial, request))

    def _listen(self, pipe: Connection, process: BaseProcess) -> None:
        """Pass on what the process answers, until it ends; then replace it."""
        begun_s = time.monotonic()
        while True:
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                break
            if END in message:
                self._ended(message[END])
            else:
                self._answer(message)
        pipe.close()
        process.join()
        with self._lock:
            if self._closed or process is not self.process:
                return
            request, self._running = self._running, None
            if request is None and time.monotonic() - begun_s < SOON_S:
                self.process = None
                return
            self._begin()
            if request is None:
                self._next()
            elif self._tries < MOST_TRIES:
                self._tries += 1
                self._give(request)
            else:
                self._answer(_given_up(request))
                self._after()

    def _ended(self, serial: int) -> None:
        with self._lock:
            if serial == self._serial:
                self._running = None
                self._after()

    def _after(self) -> None:
        self._next()
        if self._running is None and self.kind == "judge":
            self._answer({"is": "idle"})

    def close(self) -> None:
        """End the process at once."""
        with self._lock:
            self._closed = True
            if self.process is not None:
                self.process.kill()


def _given_up(request: Any) -> dict[str, Any]:
    words = f"the process that computes ended {MOST_TRIES} times over this state; undo the last step, or ask for less (drivers, taps)"
    message: dict[str, Any] = {"is": "error", "message": words}
    return message if request.id is None else message | {"id": request.id}


class Engine:
    """The computing that a session asks for.

    Parameters
    ----------
    answer : callable, called with each message ("live", "judged", "working", "idle", "error") from a thread of the engine's

    """

    def __init__(self, answer: Answer) -> None:
        self._lanes = {"live": Lane("live", answer), "judge": Lane("judge", answer)}

    def start(self) -> None:
        """Begin both processes, so that the first request finds them ready."""
        for lane in self._lanes.values():
            lane.start()

    def live(
        self, document: Document, channels: Sequence[str], *, move: tuple[str, float, float] | None = None,
        values: Mapping[str, Any] | None = None,
        id: int | None = None,  # noqa: A002 # as the messages have it
    ) -> None:  # fmt: skip
        """Live curves of channels while a handle is at a place, or keys have values, or of the state as it is.

        Parameters
        ----------
        channels : sequence of str, the first is that of the one who drags, whose answer alone has the id

        """
        good = document.good
        if good is None:
            return
        base = source_of(good)
        self._lanes["live"].ask(
            [
                LiveRequest(
                    base=base,
                    version=document.version,
                    channel=channel,
                    move=move,
                    values=values or {},
                    id=None if n else id,
                )
                for n, channel in enumerate(dict.fromkeys(channels))
            ]
        )

    def cancel_live(self) -> None:
        """Forget what a drag still waits for."""
        self._lanes["live"].drop()

    def judge(  # as above
        self, document: Document, channels: Sequence[str], *, id: int | None = None,  # noqa: A002
    ) -> None:  # fmt: skip
        """Judge the last good state, for channels; asked again for the same state, with other channels, nothing is interrupted."""
        good = document.good
        if good is None:
            return
        base, lane = source_of(good), self._lanes["judge"]
        laid = {
            name: source_of(document.snapshots[name].problem)
            for name in document.laid
            if document.snapshots[name].problem is not None
        }
        request = JudgeRequest(
            base=base, version=document.version, channels=tuple(dict.fromkeys(channels)), laid=laid, id=id
        )
        same = [
            other
            for other in [lane.running, *lane.waiting]
            if other is not None and other.base == base and other.laid == laid
        ]
        if same:
            done_soon = {channel for other in same if other.version == request.version for channel in other.channels}
            if done_soon >= set(request.channels):
                return
            lane.ask([*lane.waiting, request])
        else:
            lane.ask([request], interrupt=True)

    @property
    def processes(self) -> dict[str, int | None]:
        """The processes' ids, by what they do."""
        return {kind: lane.process.pid if lane.process else None for kind, lane in self._lanes.items()}

    def close(self) -> None:
        """End both processes at once."""
        for lane in self._lanes.values():
            lane.close()


def source_of(problem: Problem | None) -> Source:
    """A problem as a process reads it."""
    assert problem is not None
    return Source(problem.text, problem.folder.absolute(), problem.source)
