"""Requests that take their time, done in a process of their own: sounds of the document's states, and what is handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from designer.errors import DesignerError, UsageError
from designer.problem.schema import Problem
from designer.studio.background import Background
from designer.studio.document import Document
from designer.studio.places import OUT, for_pages, plain_name
from designer.studio.shelf import EXCERPT, Shelf
from designer.writing import sweep_stale

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
            raise UsageError(f"the folder's command starts from the file on disk, and {reason}; save first")
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
