"""One problem file, one engine, and every tab that looks on: requests in, answers out, and what concerns all to all.

Whatever changes the document is answered to who asked by `state` with the request's `id`, and to the others without it; the engine then
judges it. A request that comes again, because a tab lost its connection before the answer, is not done again: its answer is given again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import traceback
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from designer.errors import DesignerError, UsageError
from designer.studio.document import Document
from designer.studio.engine import Engine
from designer.studio.files import Files
from designer.studio.messages import AnyRequest
from designer.studio.on_disk import LOOK_S, Change, OnDisk
from designer.studio.tab import Tab

REMEMBERED = 256
"""How many requests a tab may have sent and not heard of when it comes back."""
JUDGED_WITHIN_S = 20.0
"""How long a save waits for the verdict on what it saves."""
Message = dict[str, Any]


@dataclass
class Asked:
    """A request that was done, who hears of it, and what was answered."""

    tab: Tab
    answer: Message | None = None


class Session:
    """A document being worked on.

    Parameters
    ----------
    document : Document
    disk : OnDisk, its file
    engine : callable, makes the engine from what takes its messages
    files : Files, uploads and sounds

    """

    def __init__(
        self, document: Document, disk: OnDisk, engine: Callable[[Callable[[Message], None]], Engine], files: Files
    ) -> None:
        self.document = document
        self.disk = disk
        self.files = files
        self.autosave = False
        self.engine = engine(self._heard)
        self._tabs: list[Tab] = []
        self._judged: dict[str, Message] = {}
        self._status: int | None = None  # of the current version
        self._settled = asyncio.Event()  # whether that will not change any more
        self._conflict = False  # what lies on disk was put there by another, over changes that are not saved
        self._asked: OrderedDict[int, Asked] = OrderedDict()
        self._warned = False  # that autosave waits
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None

    # what happens by itself

    async def run(self) -> None:
        """Start the engine, and watch the file for as long as the studio runs."""
        self._loop = asyncio.get_running_loop()
        self.engine.start()
        self._judge()
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                if change := self.disk.look():
                    self._put_there(change)
            except Exception:
                traceback.print_exc()

    def close(self) -> None:
        """End the processes, at once; from any thread."""
        self.engine.close()
        self.files.close()
