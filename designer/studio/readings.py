"""A text of a problem file as it was read, with its faults; and what edits of keys make of it."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designer.errors import Fault as FileFault
from designer.errors import ProblemError, UsageError
from designer.problem.key_faults import known_keys
from designer.problem.key_places import STEP, changed_data, fitted, locations
from designer.problem.messages import Location
from designer.problem.read import changed
from designer.problem.replacing import plain, without_absent
from designer.problem.schema import Problem
from designer.problem.toml_text import too_deep_line
from designer.studio.messages import Fault

HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
ASSIGNED = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
NAME = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
PLACE = re.compile(r"""[\w-]+|"[^"]*"|\[\d+\]""")


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
        return Reading(problem.text, changed(problem, tables_with(problem, problem.text, values)))
    except ProblemError as error:
        return Reading(problem.text, None, error.faults)


def tables_with(problem: Problem, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
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


def tables_of(text: str) -> dict[str, Any] | None:
    """Tables of a text, as JSON can hold them; None if it is not TOML, nests too deep, or has numbers too long to be read."""
    if too_deep_line(text):
        return None
    try:
        tables: dict[str, Any] = jsonable(tomllib.loads(text))
    except (ValueError, RecursionError):
        return None
    return tables


def jsonable(value: Any) -> Any:
    """Tables as JSON may hold them: numbers without end as texts, and what it does not know too."""
    if isinstance(value, Mapping):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str) else str(value)


def line_of(text: str, key: str) -> int | None:
    """Line, from 1, of a key of a fault, as `designs[0].band_hz`; of the table around it where the key is not there.

    Parameters
    ----------
    text : str, a problem file's, as far as it is TOML
    key : str, empty for the file as a whole

    """
    steps = _steps(key)
    best: tuple[int, int] | None = None
    for line, place in _places(text):
        length = next(
            (n for n, (a, b) in enumerate(zip(place, steps, strict=False)) if a != b), min(len(place), len(steps))
        )
        if length == len(place) and length and (best is None or length > best[0]):
            best = length, line
    return best[1] if best else None


def _steps(key: str) -> tuple[str, ...]:
    return tuple(step.strip("\"'") for step in PLACE.findall(key))


def _places(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every header and every key with its line, and its place: a table of a list is counted, as `[0]`."""
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    depth = 0
    for line, words in enumerate(text.splitlines(), 1):
        if depth <= 0 and (header := HEADER.match(words)):
            table = _counted(
                tuple(name.strip("\"'") for name in NAME.findall(header[2])), counts, is_new=header[1] == "[["
            )
            yield line, table
            continue
        if depth <= 0 and (assigned := ASSIGNED.match(words)):
            yield line, (*table, *(name.strip("\"'") for name in NAME.findall(assigned[1])))
        bare = re.sub(r""""[^"]*"|'[^']*'|#.*""", "", words)
        depth += len(re.findall(r"[\[{]", bare)) - len(re.findall(r"[\]}]", bare))


def _counted(names: tuple[str, ...], counts: dict[tuple[str, ...], int], *, is_new: bool) -> tuple[str, ...]:
    """A header's names with the number of each table of a list that they lead through; a new one counts."""
    place: tuple[str, ...] = ()
    for n, name in enumerate(names):
        place = (*place, name)
        if is_new and n == len(names) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, f"[{counts[place]}]")
    return place
