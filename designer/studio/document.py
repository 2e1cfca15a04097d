"""The problem file as the studio edits it: its text is the only state, with undo, redo, snapshots, faults and the command that makes it.

Nothing here reads or writes a file, waits or computes: a session does. A text with faults is a state as any other; the last good problem
beside it is what stays judged.
"""

from __future__ import annotations

import copy
import math
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from designer.comparison.key_differences import key_differences
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, ProblemError, UsageError
from designer.errors import Fault as FileFault
from designer.problem import loads
from designer.problem.key_faults import known_keys
from designer.problem.key_places import STEP, changed_data, fitted, locations
from designer.problem.messages import Location
from designer.problem.read import changed
from designer.problem.replacing import edited, plain, replaced, without_absent
from designer.problem.schema import Problem
from designer.problem.toml_text import set_options
from designer.studio import handles
from designer.studio.lines import line_of
from designer.studio.messages import ChannelWords, Difference, DocumentState, Fault, SnapshotName, SnapshotWords
from designer.studio.sliders import sliders

MOST_STEPS = 500
"""Steps of the history that are kept."""
SNAPSHOTS: tuple[SnapshotName, ...] = ("A", "B", "C", "D")
PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")
"""A table's name that can stand in a key."""


@dataclass(frozen=True)
class Reading:
    """A text as it was read: its problem, or its faults."""

    text: str
    problem: Problem | None
    faults: tuple[FileFault, ...] = ()

    @property
    def fault_messages(self) -> list[Fault]:
        """Every fault with its key, and the line where the text is no TOML."""
        messages: list[Fault] = []
        for fault in self.faults:
            message: Fault = {"key": fault.path, "message": str(fault)}
            at = re.search(r"line (\d+)", fault.actual)
            line = line_of(self.text, fault.path) if fault.path else int(at[1]) if at else None
            if line is not None:
                message["line"] = line
            messages.append(message)
        return messages


def drafted(problem: Problem, values: Mapping[str, Any]) -> Reading:
    """The problem with other values, as a drag has it: checked as a file is, its text left as it was.

    Raises
    ------
    UsageError : a key that names nothing

    """
    try:
        return Reading(problem.text, changed(problem, _tables_with(problem, problem.text, values)))
    except ProblemError as error:
        return Reading(problem.text, None, error.faults)


def _tables_with(problem: Problem, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a text with other values, each by its key in a problem that is, or was, like it."""
    tables = tomllib.loads(text)
    try:
        changes = []
        for key, value in values.items():
            place = _place_in(tables, key)
            for reached in locations(problem, key, "set") if place is None else (place,):
                changes.append((reached, fitted(reached, _number(reached, plain(value)))))
        data: dict[str, Any] = without_absent(changed_data(problem, changes, tables))
    except (IndexError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{', '.join(values)}: the text has no such place now; mend its faults first") from None
    return data


def _place_in(tables: Mapping[str, Any], key: str) -> Location | None:
    """Where a key leads in a text's own tables, which may hold more than the problem before them; None where it leads elsewhere."""
    steps = tuple(
        int(count) if count.isdecimal() else quoted or name or count for quoted, name, count in STEP.findall(key)
    )
    holder: Any = tables
    for step in steps[:-1]:
        if not (
            step in holder if isinstance(holder, dict) else isinstance(holder, list) and step in range(len(holder))
        ):
            return None
        holder = holder[step]
    is_known = isinstance(holder, dict) and (steps[-1] in holder or steps[-1] in known_keys(steps[:-1]))
    return steps if is_known or (isinstance(holder, list) and steps[-1] in range(len(holder))) else None


def _number(place: Sequence[int | str], value: Any) -> Any:
    """A number that JSON cannot hold, sent as a text."""
    is_text = place[-1] in ("name", "title") or not isinstance(value, str)
    return value if is_text or value not in ("inf", "-inf") else float(value)


@dataclass(frozen=True)
class _Step:
    """What was before a step, and what the step did."""

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
        """What was read or saved last; None of a file that is not on disk yet."""
        return None if self._on_disk is None else self._base.text

    @property
    def dirty(self) -> bool:
        """Whether the text differs from what was read or saved last."""
        return self.saved_text != self.text

    @property
    def on_disk(self) -> Literal["same", "changed", "new"]:
        """What lies on disk, against what was read or saved last."""
        if self._on_disk is None:
            return "new"
        return "same" if self._on_disk == self._base.text else "changed"

    def saw(self, text: str | None) -> None:
        """What lies on disk now, whoever wrote it; None where the file is gone."""
        self._on_disk = text

    def saved(self, text: str | None) -> None:
        """What lies on disk now is what was read or saved last."""
        self._on_disk = text
        if text is not None:
            self._base = self._reading if text == self.text else self._read(text)

    def edit(self, text: str, label: str = "edit the text") -> bool:
        """Another text, as one step; whether anything changed."""
        if text == self.text:
            return False
        self._past.append(_Step(label, self.text))
        del self._past[:-MOST_STEPS]
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
        return self.edit(edited(self.text, _tables_with(self._known(), self._toml(), values)), label)

    def move(self, handle: str, x: float, y: float) -> bool:
        """A handle put to a place, as one step; UsageError where there is no such handle."""
        known = self._known()
        values = handles.dragged(known, handle, x, y)
        return self.set(values, f"move {handles.label_of(known, handle)}")

    def add(self, addition: str, x: float, y: float) -> bool:
        """Something new at a place, as one step; UsageError where nothing of the kind can be added."""
        return self.set(handles.added(self._known(), addition, x, y), f"add a {addition.partition(':')[0]}")

    def remove(self, handle: str) -> bool:
        """What a handle belongs to taken out, as one step; UsageError where it cannot be."""
        known = self._known()
        return self.set(handles.removed(known, handle), f"remove {handles.label_of(known, handle)}")

    def _known(self) -> Problem:
        if self._good is None:
            raise UsageError(f"{self.source}: no state without faults yet; mend the text first")
        return self._good

    def _toml(self) -> str:
        try:
            tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{self.source}: not TOML: {error}; mend the text first") from None
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
        return self.edit(self._kept(name).text, f"recall snapshot {name}")

    def lay(self, names: Sequence[SnapshotName]) -> bool:
        """Lay snapshots over the panels; UsageError where there is none of a name."""
        self.laid = [name for name in SNAPSHOTS if name in names and self._kept(name)]
        return True

    def _kept(self, name: SnapshotName) -> Reading:
        if name not in self._snapshots:
            raise UsageError(f"snapshot {name}: none; expected one of {', '.join(self._snapshots) or 'none so far'}")
        return self._snapshots[name]

    def differences(self, name: SnapshotName) -> list[Difference]:
        """Keys whose values in a snapshot are not those of the last good state."""
        there = self._kept(name).problem
        if self._good is None or there is None:
            return []
        return [
            {"key": key, "here": cells[0], "there": cells[1]} for key, cells in key_differences([self._good, there])
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
        """What speaks against saving: what it is about, in words, and the remedy; None where nothing does.

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
        known = self._good
        grips = handles.grips(known) if known else {}
        return {
            "version": self.version,
            "file": self.source,
            "title": known.title if known else Path(self.source).name,
            "text": self.text,
            "data": jsonable(self._tables(known)),
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

    def _tables(self, known: Problem | None) -> dict[str, Any]:
        """Tables of the text, or where it is no TOML of the last good one."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError:
            return tomllib.loads(known.text) if known else {}

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


def jsonable(value: Any) -> Any:
    """Tables as JSON may hold them: numbers without end as texts, and what it does not know too."""
    if isinstance(value, Mapping):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


def changes_between(before: Problem, after: Problem) -> dict[str, Any]:
    """Keys of the first problem that make the second of it, as `--set` takes them: key -> value, None where it is left out."""
    changes: dict[str, Any] = {}
    _compare(tomllib.loads(before.text), tomllib.loads(after.text), "", lambda key, value: changes.update({key: value}))
    return changes


def _compare(before: dict[str, Any], after: dict[str, Any], at: str, differs: Callable[[str, Any], None]) -> None:
    for key in [*after, *(key for key in before if key not in after)]:
        old, new, place = before.get(key), after.get(key), f"{at}{key}"
        if old == new and isinstance(old, bool) == isinstance(new, bool):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            _compare(old, new, f"{place}.", differs)
        elif _tables(old) and _tables(new) and len(old) == len(new):  # type: ignore[arg-type] # both are lists
            for n, (one, other) in enumerate(zip(old, new, strict=True)):  # type: ignore[arg-type] # as above
                _compare(one, other, f"{place}{_step_to(old, n)}.", differs)  # type: ignore[arg-type] # as above
        else:
            differs(place, copy.deepcopy(new))


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _step_to(tables: list[dict[str, Any]], n: int) -> str:
    """A table of a list by its name, where this is its alone; else by its place."""
    names = [table.get("name") for table in tables]
    name = names[n]
    return f".{name}" if isinstance(name, str) and PLAIN_NAME.fullmatch(name) and names.count(name) == 1 else f"[{n}]"
