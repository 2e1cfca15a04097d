"""The problem file as the studio edits it: its text is the only state, with undo, redo, snapshots, faults and the command that makes it.

Nothing here reads or writes a file, waits or computes: a session does. A text with faults is a state as any other; the last good problem
beside it is what stays judged.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from designer.comparison.key_differences import changes_between, key_differences
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, ProblemError, UsageError
from designer.problem import loads
from designer.problem.replacing import edited, replaced
from designer.problem.schema import Problem
from designer.problem.toml_text import set_options
from designer.studio import handles
from designer.studio.messages import ChannelWords, Difference, DocumentState, Fault, SnapshotName, SnapshotWords
from designer.studio.readings import Reading, tables_of, tables_with
from designer.studio.sliders import sliders

MOST_STEPS = 500
"""Steps of the history that are kept."""
MOST_LETTERS = 20_000_000
"""Largest number of letters of all their texts together: of a large file fewer steps are kept."""
SNAPSHOTS: tuple[SnapshotName, ...] = ("A", "B", "C", "D")


@dataclass(frozen=True)
class _Step:
    """A step: its words, and the text before it."""

    label: str
    text: str


class Document:
    """A problem file under edit.

    Parameters
    ----------
    text : str, as it is on disk, or of a new file
    folder : Path, where its relative paths start
    source : str, the file's path as messages and commands have it
    origin : str, the command that makes a new file; empty of one that is on disk

    """

    def __init__(self, text: str, folder: Path, source: str, *, origin: str = "") -> None:
        self.folder, self.source, self.origin = folder, source, origin
        self._past: list[_Step] = []
        self._future: list[_Step] = []
        self._snapshots: dict[SnapshotName, Reading] = {}
        self.laid: list[SnapshotName] = []
        self.version = 1
        self._reading = self._read(text)
        self._good = self._reading.problem
        self._base = self._reading  # as it was read or saved last
        self._on_disk: str | None = None if origin else text

    def _read(self, text: str) -> Reading:
        try:
            return Reading(text, loads(text, folder=self.folder, source=self.source))
        except ProblemError as error:
            return Reading(text, None, error.faults)

    @property
    def text(self) -> str:
        """The whole file's text."""
        return self._reading.text

    @property
    def problem(self) -> Problem | None:
        """The problem of the text; None of one with faults."""
        return self._reading.problem

    @property
    def good(self) -> Problem | None:
        """The problem of the text, or of the last one before it that had no faults."""
        return self._good

    @property
    def faults(self) -> list[Fault]:
        """Every fault of the text."""
        return self._reading.fault_messages

    @property
    def snapshots(self) -> Mapping[SnapshotName, Reading]:
        """The kept states, all without faults, by their names."""
        return dict(self._snapshots)

    @property
    def saved_text(self) -> str | None:
        """The text that was read or saved last; None of a file that is not on disk yet."""
        return None if self._on_disk is None else self._base.text

    @property
    def dirty(self) -> bool:
        """Whether the text differs from what was read or saved last."""
        return self.saved_text != self.text

    @property
    def on_disk(self) -> Literal["same", "changed", "new"]:
        """The file on disk, against what was read or saved last."""
        if self._on_disk is None:
            return "new"
        return "same" if self._on_disk == self._base.text else "changed"

    def saw(self, text: str | None) -> None:
        """Take note of what lies on disk now, whoever wrote it; None where the file is gone."""
        self._on_disk = text

    def saved(self, text: str | None) -> None:
        """Take note that what lies on disk now is the state that was read or saved last."""
        self._on_disk = text
        if text is not None:
            self._base = self._reading if text == self.text else self._read(text)

    def edit(self, text: str, label: str = "edit the text") -> bool:
        """Another text, as one step; whether anything changed."""
        if text == self.text:
            return False
        self._past.append(_Step(label, self.text))
        del self._past[:-MOST_STEPS]
        while len(self._past) > 1 and sum(len(step.text) for step in self._past) > MOST_LETTERS:
            del self._past[0]
        self._future.clear()
        self._become(text)
        return True

    def _become(self, text: str) -> None:
        self.version += 1
        self._reading = self._read(text)
        self._good = self._reading.problem or self._good

    def set(self, values: Mapping[str, Any], label: str = "") -> bool:
        """Other values of keys, null for a key to be left out, as one step; comments and order stay.

        Raises
        ------
        UsageError : a key that names nothing, or a text that is no TOML, where no key can be found

        """
        label = label or f"set {', '.join(values)}"
        return self.edit(edited(self.text, tables_with(self._known(), self._toml(), values)), label)

    def move(self, handle: str, x: float, y: float) -> bool:
        """A handle put to a place, as one step; UsageError where there is no such handle."""
        known = self._known()
        values = handles.dragged(known, handle, x, y)
        return self.set(values, f"move {handles.label_of(known, handle)}")

    def add(self, addition: str, x: float, y: float) -> bool:
        """Something new at a place, as one step; UsageError where nothing of the kind can be added."""
        return self.set(handles.added(self._known(), addition, x, y), f"add a {addition.partition(':')[0]}")

    def remove(self, handle: str) -> bool:
        """Take out what a handle belongs to, as one step; UsageError where it cannot be."""
        known = self._known()
        return self.set(handles.removed(known, handle), f"remove {handles.label_of(known, handle)}")

    def _known(self) -> Problem:
        if self._good is None:
            raise UsageError(f"{self.source}: no state without faults yet; mend the text first")
        return self._good

    def _toml(self) -> str:
        if tables_of(self.text) is None:
            raise UsageError(f"{self.source}: {self._reading.faults[0].actual}; mend the text first")
        return self.text

    def undo(self) -> bool:
        """One step back; whether there was one."""
        return self._step(self._past, self._future)

    def redo(self) -> bool:
        """One step forth; whether there was one."""
        return self._step(self._future, self._past)

    def _step(self, from_: list[_Step], to: list[_Step]) -> bool:
        if not from_:
            return False
        step = from_.pop()
        to.append(_Step(step.label, self.text))
        self._become(step.text)
        return True

    def reload(self, text: str) -> bool:
        """The file as it is on disk, as one step."""
        recorded = self.edit(text, "take the file on disk")
        self.saved(text)
        return recorded

    def snapshot(self, name: SnapshotName) -> bool:
        """Keep the current state under a name.

        Raises
        ------
        UsageError : it has faults, or the name is none

        """
        if self.problem is None or name not in SNAPSHOTS:
            raise UsageError(
                f"snapshot {name}: got a state with faults; expected one without, and a name of {', '.join(SNAPSHOTS)}"
            )
        self._snapshots[name] = self._reading
        return True

    def forget(self, name: SnapshotName) -> bool:
        """No longer keep a snapshot; whether there was one."""
        self.laid = [other for other in self.laid if other != name]
        return self._snapshots.pop(name, None) is not None

    def recall(self, name: SnapshotName) -> bool:
        """Make a snapshot the current state, as one step; UsageError where there is none."""
        return self.edit(self._snapshot(name).text, f"recall snapshot {name}")

    def lay(self, names: Sequence[SnapshotName]) -> bool:
        """Lay snapshots over the panels; UsageError where there is none of a name."""
        self.laid = [name for name in SNAPSHOTS if name in names and self._snapshot(name)]
        return True

    def _snapshot(self, name: SnapshotName) -> Reading:
        if name not in self._snapshots:
            raise UsageError(
                f"snapshot {name}: it was not taken; expected {', '.join(self._snapshots) or 'one that was taken'}; take it first"
            )
        return self._snapshots[name]

    def differences(self, name: SnapshotName) -> list[Difference]:
        """Keys whose values in a snapshot are not those of the last good state."""
        other = self._snapshot(name).problem
        if self._good is None or other is None:
            return []
        return [
            {"key": key, "here": cells[0], "there": cells[1]} for key, cells in key_differences([self._good, other])
        ]

    @property
    def changes(self) -> dict[str, Any]:
        """Keys that differ from the file as it was read or saved last, as `Problem.replace` takes them."""
        return self._changes_to(self._good)

    def _changes_to(self, problem: Problem | None) -> dict[str, Any]:
        before = self._base.problem
        return {} if before is None or problem is None else changes_between(before, problem)

    @property
    def command(self) -> str:
        """The command that makes the last good state's design; empty where the file on disk cannot be read."""
        return self._command_of(self._good)

    def _command_of(self, problem: Problem | None) -> str:
        if self._base.problem is None or problem is None:
            return ""
        design = ["designer", "design", self.source, *set_options(self._changes_to(problem))]
        return f"{self.origin} && {shlex.join(design)}" if self.origin else shlex.join(design)

    def as_commanded(self) -> Problem | None:
        """The problem as that command has it, its text and its changes included."""
        base, changes = self._base.problem, self.changes
        return None if base is None or self._good is None else replaced(base, changes) if changes else base

    @property
    def repeatable(self) -> str | None:
        """Why the command does not make this state from the file that is on disk; None where it does."""
        if self.problem is None:
            return "the text has faults"
        if self._base.problem is None:
            return "the file on disk has faults"
        return {"new": "the file is not on disk", "changed": "the file on disk was changed since"}.get(self.on_disk)

    def hinders(
        self, status: int | None
    ) -> tuple[Literal["faulty", "infeasible", "unjudged", "disk", "gone"], str, str] | None:
        """An obstacle to saving: what it is about, in words, and the remedy; None where nothing does.

        Parameters
        ----------
        status : int or None, the exit code of the state's design; None where it is not judged yet

        """
        first, more = (self.faults[0]["message"], len(self.faults) - 1) if self.faults else ("", 0)
        others = f" and {more} more" if more else ""
        besides = f"; the text here has a fault: {first}{others}" if first else ""
        if self._on_disk is None and not self.origin:
            return "gone", f"{self.source} is no longer on disk{besides}", "save it all the same, and it is there again"
        if self.on_disk == "changed":
            return "disk", f"{self.source} was changed on disk since it was read{besides}", "reload it, or save over it"
        if first:
            return "faulty", besides.removeprefix("; "), "mend it, or save it all the same"
        if status is None:
            return "unjudged", "this state is not judged yet", "wait for its verdict, or save it all the same"
        if status == EXIT_DONE:
            return None
        words = {EXIT_INFEASIBLE: "is infeasible as asked", EXIT_MISSED: "is met on paper and missed by these filters"}
        outcome = words.get(status, "has a channel at which the solver stopped")
        return "infeasible", f"this state {outcome}", "loosen what the verdict names, or save it all the same"

    def state(self) -> DocumentState:
        """The document as a page sees it."""
        known, tables = self._good, tables_of(self.text)
        if tables is None and known is not None:
            tables = tables_of(known.text)
        grips = handles.grips(known) if known else {}
        return {
            "version": self.version,
            "file": self.source,
            "title": known.title if known else Path(self.source).name,
            "text": self.text,
            "data": tables or {},
            "channels": channels(known) if known else [],
            "handles": [grip.handle for grip in grips.values()],
            "additions": [room.addition for room in handles.rooms(known).values()] if known else [],
            "sliders": sliders(known) if known else [],
            "faults": self.faults,
            "dirty": self.dirty,
            "on_disk": self.on_disk,
            "undo": self._past[-1].label if self._past else None,
            "redo": self._future[-1].label if self._future else None,
            "command": self.command,
            "snapshots": [self._words(name) for name in SNAPSHOTS if name in self._snapshots],
            "laid": list(self.laid),
        }

    def _words(self, name: SnapshotName) -> SnapshotWords:
        command = self._command_of(self._snapshots[name].problem)
        return {"name": name, "command": command, "differences": self.differences(name)}


def channels(problem: Problem) -> list[ChannelWords]:
    """The channels of a problem's designs."""
    words: list[ChannelWords] = []
    for table in problem.designs:
        words.append({"name": table.name, "kind": table.kind, "band_hz": list(table.band_hz)})
        if table.ear is not None:
            words[-1]["ear"] = table.ear
    return words
