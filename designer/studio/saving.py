"""Saving a document: never over a good file without asking, and never over what another program put there meanwhile.

A save waits for the verdict on what it saves. What is faulty, infeasible or not judged, and what would replace a change by another
program, is a question; asked again, it is done despite it. Autosave does the same after every verdict, and asks once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from designer.errors import DesignerError
from designer.problem.library import SCHEMA_FILE, schema_text
from designer.studio.document import Document
from designer.studio.on_disk import Change, OnDisk

JUDGED_WITHIN_S = 20.0
"""How long a save waits for the verdict."""
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
        self._conflict = False  # what lies on disk came there over changes that are not saved
        self._status: int | None = None
        self._settled = asyncio.Event()  # whether the status will change no more
        self._warned = False

    @property
    def on_disk(self) -> str:
        """The file against what was read or saved last, as `DocumentState` has it."""
        return "changed" if self._conflict else "new" if self.disk.text is None else "same"

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
            if change := self.disk.changed():
                self._take(change)
            if question := self._hindrance():
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
        self._conflict = False
        self.document.saved(self.disk.text)
        return self.document.reload(self.disk.text)

    def _take(self, change: Change) -> None:
        """Another program changed the file: an unchanged document follows it, a changed one asks."""
        name, was_dirty = self.disk.path.name, self.document.dirty
        self.document.saved(change.text)
        if change.text is None:
            self._conflict = bool(change.fault)
            remedy = "save despite it to replace it" if change.fault else "save writes it again, as it is here"
            gone = change.fault or f"{name} was deleted or moved; everything is still here"
            self._tell({"is": "question", "about": "gone", "message": gone, "remedy": remedy})
        elif change.text == self.document.text:
            self._conflict = False
        elif was_dirty:
            self._conflict = True
            self._tell(self._question())
        else:
            self.document.reload(change.text)
        self._show()

    def _hindrance(self) -> Message | None:
        if self._conflict:
            return self._question()
        hindrance = self.document.hinders(self._status)
        return None if hindrance is None else {"is": "question", **hindrance}

    def _question(self) -> Message:
        return {
            "is": "question",
            "about": "changed",
            "message": f"{self.disk.path.name} was changed by another program, and has changes here that are not saved",
            "remedy": "take the file as it is on disk (undo brings these changes back), or save over it",
        }

    def _write(self) -> None:
        text = self.document.text
        is_new = self.disk.text is None
        self.disk.write(text)
        self.document.saved(text)
        self._conflict = self._warned = False
        if is_new and SCHEMA_FILE in text.partition("\n")[0]:
            self._write_schema()

    def _write_schema(self) -> None:
        """Beside a new file, the JSON schema that its first line names, as `designer new` does."""
        from designer.writing import write_file

        path = self.disk.path.parent / SCHEMA_FILE
        if not path.exists() and not path.is_symlink():
            write_file(path, lambda place: place.write_bytes(schema_text().encode()) and None)
