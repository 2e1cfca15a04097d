"""The studio's processes that compute: one for what moves under a hand, one for what is judged.

A process takes one request at a time from its pipe and answers with any number of messages and an end. Nothing that a request meets ends
it: what the tool knows as an error is an answer, and so is what it does not know. A request that a newer one has replaced is interrupted
by a signal, where there are such signals, and between two stages everywhere.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from designer import workers
from designer.errors import DesignerError

if TYPE_CHECKING:
    from designer.studio.messages import SnapshotName

INTERRUPT = getattr(signal, "SIGUSR1", None)
"""The signal that interrupts a request."""
NICER = 5
"""How much the process that judges gives way to the one that draws what moves."""
END = "end"
"""The key of what a worker sends behind the last message of a request."""
SPARE_DESIGNS, MOST_DESIGNS = 1, 6
"""Designs that are kept beside the current one and those laid over it, and the most in all."""
MOST_CHANNELS = 16
MOST_FIELD_BYTES = 128e6
"""Fields of drivers that stay where others move."""
MOST_SLOPES_BYTES = 32e6
"""Drivers' slopes on a body that is solved, in the process that draws what moves."""
GEOMETRY = ("drivers", "listener", "enclosure")
"""Tables whose change shows in the layout."""

NEEDS = {
    "live": (
        "designer.studio.readings",
        "designer.studio.handles",
        "designer.studio.live_figures",
        "designer.report.layout",
        "clarabel",
        "scipy.sparse",
    ),
    "judge": ("designer.job", "designer.studio.panels", "clarabel", "scipy.sparse"),
}
"""Modules that a process loads before its first request comes."""

Kind = Literal["live", "judge"]
Send = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Source:
    """A problem file's text, and where it lies."""

    text: str
    folder: Path
    source: str


@dataclass(frozen=True, kw_only=True)
class LiveRequest:
    """A channel under the hand: a handle at a place, or keys with values, from a state without faults."""

    base: Source
    version: int
    channel: str
    move: tuple[str, float, float] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class JudgeRequest:
    """Channels of a state to be judged, with the snapshots that lie over them."""

    base: Source
    version: int
    channels: tuple[str, ...]
    laid: Mapping[SnapshotName, Source] = field(default_factory=dict)
    id: int | None = None


class SupersededError(BaseException):
    """A newer request has replaced the one that runs; not an Exception, so that nothing takes it for one of its own."""


class Interruption:
    """The signal that interrupts the request that runs: nothing between two requests, and no message half sent."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._in_request = self._breakable = self._is_superseded = False
        if INTERRUPT is not None:
            signal.signal(INTERRUPT, self._interrupt)

    def _interrupt(self, *_: object) -> None:
        self._is_superseded = self._in_request
        if self._breakable:
            self._breakable = False
            raise SupersededError

    @contextlib.contextmanager
    def of_request(self) -> Iterator[None]:
        """While a request runs; it ends silently where it is interrupted."""
        try:
            self._is_superseded = False
            self._in_request = self._breakable = True
            yield
            self._in_request = self._breakable = False
        except SupersededError:
            pass
        finally:
            self._in_request = self._breakable = False

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message of the request, whole; the process ends where nobody is there to read it."""
        self._breakable = False
        try:
            self._pipe.send(message)
        except OSError:
            sys.exit()
        if self._is_superseded:
            raise SupersededError
        self._breakable = True

    def between_stages(self) -> None:
        """Where there are no signals: a request that is waiting interrupts."""
        if INTERRUPT is None and self._pipe.poll():
            raise SupersededError


def run(pipe: Connection, parent_id: int, kind: Kind) -> None:
    """The process: answers requests until its pipe or its parent ends."""
    workers.begin(parent_id)
    os.environ.update(workers.ONE_THREAD)  # before numpy is imported
    for module in NEEDS[kind]:
        importlib.import_module(module)
    gc.freeze()  # modules are no garbage: to collect them takes longer than an answer
    keep_what_stays(kind)
    interruption = Interruption(pipe)
    answers: Any = Lively() if kind == "live" else Judge(interruption.between_stages)
    if kind == "judge" and hasattr(os, "nice"):
        os.nice(NICER)
    while True:
        try:
            serial, request = pipe.recv()
        except (EOFError, OSError):
            return
        with interruption.of_request():
            answers.answer(request, interruption.send)
        with contextlib.suppress(OSError):
            pipe.send({END: serial})


def keep_what_stays(kind: Kind) -> None:
    """Let this process keep what drivers that stay, and bodies that are solved, need again."""
    from designer.acoustics.enclosures.factored import FACTORIZATIONS, JUDGED_BYTES
    from designer.acoustics.recent import RECENT
    from designer.studio.live import MOST_COARSE_BYTES

    if kind == "live":
        FACTORIZATIONS.most_bytes, FACTORIZATIONS.as_solved = MOST_COARSE_BYTES, True
        RECENT.most_bytes = MOST_SLOPES_BYTES
    else:
        FACTORIZATIONS.most_bytes, RECENT.most_bytes = JUDGED_BYTES, MOST_FIELD_BYTES


def _message_of(error: Exception) -> str:
    """An error's message; of one that is not the tool's own, what it is, and on the terminal where."""
    if isinstance(error, DesignerError):
        return str(error)
    traceback.print_exc(file=sys.stderr)
    return f"{type(error).__name__}: {error}; undo the last step, and report this with the file"


class Lively:
    """Answers of the process that draws what moves."""

    def __init__(self) -> None:
        from designer.studio.live import Live

        self.live = Live()
        self._base: tuple[Source, Any] | None = None
        self._files: tuple[Hashable, ...] = ()

    def problem(self, base: Source) -> Any:
        """The problem of a text, read once; where its data files are other ones than before, nothing is kept."""
        from designer.problem import loads
        from designer.studio.live import Live

        if self._base is None or self._base[0] != base:
            problem = loads(base.text, folder=base.folder, source=base.source)
            files = read_files(problem)
            if files != self._files:
                self.live, self._files = Live(), files
            self._base = base, problem
        return self._base[1]

    def answer(self, request: LiveRequest, send: Send) -> None:
        """One `live` message: the drag's values, its faults or its panels, and where all handles are."""
        from designer.studio import handles
        from designer.studio.readings import drafted

        begin = time.perf_counter()
        message: dict[str, Any] = {
            "is": "live", "version": request.version, "channel": request.channel, "panels": {}, "arrays": "", "tables": "",
            "numbers": [], "handles": [], "values": {}, "faults": [], "coarse": "",
        }  # fmt: skip
        if request.id is not None:
            message["id"] = request.id
        try:
            problem = self.problem(request.base)
            moved = request.move is not None
            values = handles.dragged(problem, *request.move) if request.move is not None else dict(request.values)
            draft = drafted(problem, values) if values else None
            message |= {"values": values, "faults": draft.fault_messages if draft else []}
            shown = problem if draft is None else draft.problem
            if shown is not None:
                message["handles"] = [grip.handle for grip in handles.grips(shown).values()]
                geometry = not moved or any(key.startswith(GEOMETRY) for key in values)
                message |= self._panels(shown, request.channel, layout=geometry)
        except Exception as error:  # an answer, never the end of the process
            message["faults"] = [{"key": "", "message": _message_of(error)}]
        send(message | {"seconds": time.perf_counter() - begin})

    def _panels(self, problem: Any, name: str, *, layout: bool) -> dict[str, Any]:
        from designer.report.layout import layout_figure
        from designer.studio.live_figures import layout_of, live_figures, words_of

        if not self.live.follows(problem):
            return {"coarse": problem.body.model_name}
        channel = self.live.channel(problem, name)
        shown = live_figures(channel)
        if layout:
            shown["layout"] = layout_of(layout_figure(problem))
        return {**packed(shown), "numbers": words_of(channel.numbers()), "coarse": channel.coarse_body}


class Judge:
    """Answers of the process that judges."""

    def __init__(self, between_stages: Callable[[], None] = lambda: None) -> None:
        self._between_stages = between_stages
        self._designs: dict[tuple[Source, Hashable], Any] = {}
        self._channels: dict[Hashable, Any] = {}

    def answer(self, request: JudgeRequest, send: Send) -> None:
        """A `judged` message of each channel, and `working` at each stage before them."""
        begin = time.perf_counter()
        laid: dict[Any, Any] = {}
        try:
            design = self._design(
                request.base, lambda stage: send({"is": "working", "stage": stage, "version": request.version})
            )
            for name, base in request.laid.items():
                with contextlib.suppress(DesignerError):  # a snapshot that has no design has nothing to lay over
                    laid[name] = self._design(base, lambda stage: None)
            self._forget(request)
        except Exception as error:  # an answer, never the end of the process
            status = error.exit_code if isinstance(error, DesignerError) else 1
            for channel in request.channels:
                send(self._judged(request, channel, begin, failure=(_message_of(error), status)))
            return
        for channel in request.channels:
            self._between_stages()
            try:
                send(self._judged(request, channel, begin, design, laid))
            except Exception as error:  # as above
                send(self._judged(request, channel, begin, failure=(_message_of(error), 1)))

    def _design(self, base: Source, progress: Callable[[str], None]) -> Any:
        from designer import job
        from designer.problem import loads
        from designer.studio.live import remembered

        problem = loads(base.text, folder=base.folder, source=base.source)
        files = read_files(problem)

        def stage(name: str) -> None:
            self._between_stages()
            progress(name)

        def design() -> Any:
            return job.design(
                problem, progress=stage, keep_going=True, by=lambda table, scene: self._channel(table, scene, files)
            )

        return remembered(self._designs, (base, files), MOST_DESIGNS, design)

    def _channel(self, table: Any, scene: Any, files: tuple[Hashable, ...]) -> Any:
        """A channel's design, kept while nothing changes that it depends on."""
        from designer.designs import design_channel
        from designer.studio.live import key_around, remembered

        key = (table.model_dump_json(), files, *key_around(scene.problem, scene))
        return remembered(self._channels, key, MOST_CHANNELS, lambda: design_channel(table, scene))

    def _forget(self, request: JudgeRequest) -> None:
        """Let go of designs that nobody looks at: a spare one is what one step back shows."""
        seen = {request.base, *request.laid.values()}
        spare = [key for key in self._designs if key[0] not in seen]
        for key in spare[: max(len(spare) - SPARE_DESIGNS, 0)]:
            del self._designs[key]

    @staticmethod
    def _judged(
        request: JudgeRequest, channel: str, begin: float, design: Any = None, laid: Any = None,
        failure: tuple[str, int] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        from designer.studio import panels

        if failure is None:
            verdict = panels.verdict(design, channel)
            has_panels = channel in design.channels
            shown = packed(panels.judged_panels(design, channel, laid)) if has_panels else packed({})
            numbers = panels.numbers(design, channel) if has_panels else []
            warnings = list(design.warnings)
        else:
            shown, numbers, warnings, verdict = packed({}), [], [], panels.failed(*failure)
        message = {
            "is": "judged", "version": request.version, "channel": channel, **shown, "numbers": numbers, "verdict": verdict,
            "warnings": warnings, "seconds": time.perf_counter() - begin,
        }  # fmt: skip
        return message if request.id is None else message | {"id": request.id}


def packed(figures: Mapping[Any, Any]) -> dict[str, Any]:
    """Figures as a page's data block has them."""
    from designer.report.page_data import Packer

    packer = Packer()
    return {"panels": packer.packed(figures), **packer.texts}


def read_files(problem: Any) -> tuple[Hashable, ...]:
    """The data files of a problem, as they are now: path, time of the last change, and size."""
    from designer.folders.write import data_files

    states = ((path, path.stat()) for path in data_files(problem) if path.exists())
    return tuple((str(path), state.st_mtime_ns, state.st_size) for path, state in states)
