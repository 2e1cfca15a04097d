"""Requests that take their time: sounds of the document's states, and what is handed over.

They are done in a process of their own, so that neither pages nor live curves wait for them. It is started with the first work and stays,
warm, for the next. Work that is cancelled ends with its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from designer.errors import DesignerError, UsageError
from designer.problem.schema import Problem
from designer.studio.allowed_paths import OUT, for_pages, plain_name
from designer.studio.document import Document
from designer.studio.shelf import EXCERPT, Shelf
from designer.workers import DeafSpawned, begin
from designer.writing import sweep_stale

ENDING_S = 0.1
"""How long a killed process may take to be gone."""
_P = ParamSpec("_P")
_R = TypeVar("_R")
CURRENT = "current"
Message = dict[str, Any]


class Errands:
    """Long work of a session for its tabs.

    Parameters
    ----------
    document : Document
    shelf : Shelf, that keeps the sounds
    address : callable, the address of a path in the studio

    """

    def __init__(self, document: Document, shelf: Shelf, address: Callable[[str], str]) -> None:
        self._document = document
        self._shelf = shelf
        self._address = address
        self._background = Background()

    def close(self) -> None:
        """End the process at once, and remove what it was about to write."""
        self._background.close()
        for place in (self._document.folder, self._document.folder / OUT):
            sweep_stale(place)

    async def listen(self, request: Mapping[str, Any]) -> Message:
        """Sounds of the current state and of every snapshot, of plain playback and of the input: a `sound`.

        Raises
        ------
        DesignerError : as `write_sounds`; no such recording; a text with faults

        """
        from designer.studio.sounds import write_sounds

        source, place = request.get("source", EXCERPT), request.get("place", "ears")
        recording = None if source == EXCERPT else self._shelf.recording(source)
        states = self._states([CURRENT, *self._document.snapshots])
        try:
            sounds = await self._background.run(write_sounds, states, recording, place, self._shelf.new_place())
        except DesignerError as error:
            raise DesignerError(for_pages(str(error).replace(str(recording), source))) from None
        number = self._shelf.add_set(sounds.files)
        items = [
            {"name": name, "url": self._address(f"sounds/{number}/{name}.wav"), "gain_db": 0.0} for name in sounds.files
        ]
        return {
            "is": "sound",
            "items": items,
            "seconds": sounds.seconds,
            "notes": [for_pages(note) for note in sounds.notes],
        }

    async def hand(self, request: Mapping[str, Any]) -> Message:
        """Write for others: `done`, or the `question` whether to replace what was edited.

        Raises
        ------
        DesignerError : as `hand_over`; a text with faults; a folder of a state that no command makes from the file on disk

        """
        from designer.studio.hand_over import Order, hand_over

        document, over, options = self._document, request["over"], dict(request.get("options", {}))
        names = options.pop("snapshots", [CURRENT, *document.snapshots])
        if over == "folder" and (reason := document.repeatable):
            raise UsageError(
                f"a folder states the command that designs it from the file on disk, and {reason}; save first"
            )
        order = Order(
            over=over,
            states=self._states(names if over == "comparison" else [CURRENT]),
            commands={
                CURRENT: document.command,
                **{words["name"]: words["command"] for words in document.state()["snapshots"]},
            },
            folder=document.folder,
            stem=plain_name(Path(document.source).stem),
            target=request.get("target", ""),
            options=options,
            force=request.get("force", False),
        )
        handed = await self._background.run(hand_over, order)
        if not handed.path:
            remedy = "keep a copy and replace it, or choose another place"
            return {"is": "question", "about": "exists", "message": handed.message, "remedy": remedy}
        return {"is": "done", "message": handed.message, "path": handed.path}

    def _states(self, names: Any) -> dict[str, Problem]:
        """States by their names; the current one as its command makes it.

        Raises
        ------
        UsageError : there is no such state, or the current text has faults

        """
        document = self._document
        current = document.problem if document.repeatable else document.as_commanded()
        states: dict[str, Problem | None] = {CURRENT: current}
        states.update({name: reading.problem for name, reading in document.snapshots.items()})
        if not isinstance(names, list) or not all(isinstance(name, str) and name in states for name in names):
            raise UsageError(f"snapshots: got {names!r}; expected some of {', '.join(states)}")
        if CURRENT in names and current is None:
            raise UsageError(f"{document.source}: got a text with faults; expected one without; mend it first")
        return {name: problem for name in names if (problem := states[name]) is not None}


class Background:
    """One process, one work at a time; the others wait for their turn."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._process: DeafSpawned | None = None
        self._connection: Connection | None = None

    async def run(self, function: Callable[_P, _R], *arguments: _P.args, **options: _P.kwargs) -> _R:
        """Result of a function that can be imported by its name; where this is cancelled, its process is killed.

        Raises
        ------
        DesignerError : with the message of any error there, or because its process was ended from outside

        """
        async with self._turn:
            connection = self._started()
            try:
                connection.send((function, arguments, options))
                done, result = await asyncio.to_thread(connection.recv)
            except (EOFError, OSError):
                self.close()
                raise DesignerError("the process that worked on it was ended; try again") from None
            except asyncio.CancelledError:
                self.close()
                raise
        if not done:
            raise DesignerError(result)
        answer: _R = result
        return answer

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.join(ENDING_S)
            self._process = None
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

    def _started(self) -> Connection:
        if self._process is None or not self._process.is_alive() or self._connection is None:
            self.close()
            self._connection, theirs = multiprocessing.get_context("spawn").Pipe()
            self._process = DeafSpawned(target=_work, args=(theirs, os.getpid()), daemon=True)
            self._process.start()
            theirs.close()
        return self._connection


def _work(connection: Connection, parent_id: int) -> None:
    """Do what comes, until nothing comes any more."""
    begin(parent_id)
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, arguments, options = connection.recv()
            connection.send(_done(function, arguments, options))


def _done(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[bool, Any]:
    """Whether it succeeded, and the result or the message."""
    try:
        return True, function(*arguments, **options)
    except DesignerError as error:
        return False, str(error)
    except Exception as error:  # the studio goes on, whatever happens to one work
        traceback.print_exc()
        return False, f"an error of this tool: {type(error).__name__}: {error}"
