"""Saving a document: never over a good file without asking, and never over what another program put there meanwhile.

A save waits for the verdict on what it saves. What is faulty, infeasible or not judged, and what would replace a change by another
program, is a question; asked again, it is done despite it. Autosave does the same after every verdict, and asks once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from designer.errors import EXIT_DONE, DesignerError
from designer.problem.library import SCHEMA_FILE, write_schema
from designer.studio.document import Document
from designer.studio.on_disk import Change, OnDisk

JUDGED_WITHIN_S = 20.0
"""How long a save waits for the verdict."""
UNREADABLE = "\0"
"""Stands for what lies on disk and cannot be read."""
Message = dict[str, Any]


class Saving:
    """A document and its file.

    Parameters
    ----------
    document : Document
    disk : OnDisk, its file
    tell : callable, sends a message to every tab
    show : callable, shows the document's state to every tab

    """

    def __init__(
        self, document: Document, disk: OnDisk, tell: Callable[[Message], None], show: Callable[[], None]
    ) -> None:
        self.document = document
        self.disk = disk
        self.autosave = False
        self._tell = tell
        self._show = show
        self._status: int | None = None  # of the current version
        self._saved_status: int | None = None  # of what was read or saved last
        self._settled = asyncio.Event()  # whether the status will change no more
        self._warned = False
        self._unreadable = ""  # reason why the file on disk cannot be read

    def begin(self) -> None:
        """A new version of the document is to be judged; a faulty one will not be."""
        self._status = None
        if self.document.faults:
            self.settle(None)
        else:
            self._settled.clear()

    def settle(self, status: int | None) -> None:
        """The version is judged, with an exit code, or None where that failed."""
        self._status = status
        self._settled.set()
        if not self.document.dirty:
            self._saved_status = status
        self.save_by_itself()

    def save_by_itself(self) -> None:
        """Save where autosave is on and nothing speaks against it; what does is told once."""
        if not (self.autosave and self.document.dirty and self._settled.is_set()):
            return
        question = self._hindrance()
        if question is None:
            try:
                self._write()
            except DesignerError as error:
                self._tell({"is": "error", "message": f"autosave: {error}"})
            self._show()
        elif not self._warned:
            self._warned = True
            self._tell(question)

    async def save(self, *, despite: bool) -> Message:
        """Save: `done`, or the `question` that is to be answered first.

        Raises
        ------
        UsageError : a link or a folder is in the file's place
        OutputError : it cannot be written; what was there is as it was

        """
        if not despite:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), JUDGED_WITHIN_S)
        change = self.disk.changed()  # of which nobody has been asked yet
        if change:
            self._take(change)
        if (change or not despite) and (question := self._hindrance()):
            return question
        self._write()
        return {"is": "done", "message": f"saved {self.disk.path.name}", "path": str(self.disk.path)}

    def look(self) -> None:
        """Look at the file, and take what another program put there."""
        if change := self.disk.look():
            self._take(change)

    def reload(self) -> bool:
        """Take the file as it is on disk, as one step; whether there was anything to take.

        Raises
        ------
        DesignerError : the file is not there, or cannot be read

        """
        if change := self.disk.changed():
            self._take(change)
        if self.disk.text is None:
            raise DesignerError(f"{self.disk.path.name}: is not on disk, or cannot be read; save writes it")
        return self.document.reload(self.disk.text)

    def _take(self, change: Change) -> None:
        """Another program changed the file: an unchanged document follows it, a changed one asks."""
        follows = change.text is not None and not self.document.dirty
        if change.text == self.document.text:
            self.document.saved(change.text)
        elif follows and change.text is not None:
            self.document.reload(change.text)
        else:
            self.document.saw(UNREADABLE if change.fault else change.text)
            self._unreadable = change.fault
            if question := self.of_disk():
                self._tell(question)
        self._show()

    def of_disk(self) -> Message | None:
        """Question to the user about a change that another program made to the file; None without such a change."""
        question = self._hindrance()
        if question is None or question["about"] not in ("disk", "gone"):
            return None
        return {**question, "message": self._unreadable or question["message"]}

    def _hindrance(self) -> Message | None:
        hindrance = self.document.hinders(self._status)
        if hindrance is None:
            return None
        about, message, remedy = hindrance
        if about == "infeasible" and self._saved_status not in (None, EXIT_DONE):
            return None  # no good file is lost
        return {"is": "question", "about": about, "message": message, "remedy": remedy}

    def _write(self) -> None:
        text = self.document.text
        is_new = self.disk.text is None
        self.disk.write(text)
        self.document.saved(text)
        self._saved_status, self._warned = self._status, False
        if is_new and SCHEMA_FILE in text.partition("\n")[0]:
            write_schema(self.disk.path.parent)
