"""Long work in a process of its own, so that neither pages nor live curves wait for it: sounds, and what is handed over.

The process is started with the first work and stays, warm, for the next. Work that is cancelled ends with its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from designer.errors import DesignerError
from designer.workers import DeafSpawned, begin

ENDING_S = 0.1
"""How long a killed process may take to be gone."""
_P = ParamSpec("_P")
_R = TypeVar("_R")


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
