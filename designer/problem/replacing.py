"""A problem with other values of its keys: checked as a file is, its text edited in place, and the changes remembered."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from designer.arguments import shown_object
from designer.errors import ProblemError, UsageError
from designer.problem.key_places import Change, changed_data, fitted, locations
from designer.problem.methods import formulations
from designer.problem.read import changed, loads
from designer.problem.schema import Problem
from designer.problem.table import Table
from designer.problem.toml_text import toml_text


def replaced(problem: Problem, values: Mapping[str, Any], option: str = "replace") -> Problem:
    """The problem with other values, each by its key, in order; see `Problem.replace`."""
    remembered = {**problem.changes, **{key: plain(value) for key, value in values.items()}}
    return _read(problem, _with_values(problem, values, option), remembered)


def may_hold(problem: Problem, values: Mapping[str, Any]) -> bool:
    """Whether `replaced` would raise no ProblemError: the values are checked, and no text is edited."""
    try:
        changed(problem, _with_values(problem, values, "replace"))
    except ProblemError:
        return False
    return True


def _with_values(problem: Problem, values: Mapping[str, Any], option: str) -> dict[str, Any]:
    """The problem's tables with other values, each by its key, in order."""
    changes: list[Change] = []
    for key, value in values.items():
        changes += [(place, fitted(place, plain(value))) for place in locations(problem, key, option)]
    tables: dict[str, Any] = without_absent(changed_data(problem, changes))
    return tables


def settled(problem: Problem) -> Problem:
    """The problem, read from the text of the values that it has, whoever put them there.

    Raises
    ------
    ProblemError : they are none that a file may hold

    """
    base, data = tomllib.loads(problem._text), without_absent(problem.model_dump(exclude_unset=True))
    differing = {key: data.get(key) for key in {**data, **base} if data.get(key) != base.get(key)}
    return _read(problem, data, {**problem._changes, **differing})


def _read(problem: Problem, data: dict[str, Any], changes: Mapping[str, Any]) -> Problem:
    text = edited(problem._text, data)
    return loads(text, folder=problem.folder, source=problem.source, files=problem.files, changes=changes)


def plain(value: Any) -> Any:
    """A value as TOML has it: arrays and tuples are lists, tables and those of a problem dicts.

    Raises
    ------
    UsageError : TOML has no such value

    """
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Table):
        return without_absent(value.model_dump(exclude_unset=True))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    if isinstance(value, str | int | float | datetime.date | datetime.time | None):
        return value
    raise UsageError(f"value: got {shown_object(value)}; expected a value that TOML has, or None")


def without_absent(value: Any) -> Any:
    """Tables and lists without what holds None: TOML has no such value."""
    if isinstance(value, dict):
        return {key: without_absent(item) for key, item in value.items() if item is not None}
    return [without_absent(item) for item in value if item is not None] if isinstance(value, list) else value


def edited(text: str, data: dict[str, Any]) -> str:
    """The TOML of tables: a text that differs in some values with these put in, its comments and order kept."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        _assign(document, tomllib.loads(text), data)
        result = tomlkit.dumps(document)
        if tomllib.loads(result) == data:
            return result
    except (TOMLKitError, tomllib.TOMLDecodeError, AttributeError, KeyError, IndexError, TypeError, ValueError):
        pass  # an edit that the library cannot make
    return toml_text(data)


def _assign(holder: Any, before: Any, after: Any) -> None:
    """Put into a table or a list of the document what differs."""
    keys = range(len(after)) if isinstance(after, list) else after
    for key in keys:
        old, new = before[key] if isinstance(after, list) else before.get(key), after[key]
        if old == new and isinstance(old, bool) == isinstance(new, bool):
            continue
        tables = isinstance(old, dict) and isinstance(new, dict)
        if tables or (isinstance(old, list) and isinstance(new, list) and len(old) == len(new)):
            _assign(holder[key], old, new)
        elif isinstance(old, list) and isinstance(new, list) and _is_alike(old) and _is_alike(new):
            _splice(holder[key], old, new)
        else:
            _put(holder, key, new)
    for key in [] if isinstance(after, list) else before.keys() - after.keys():
        _remove(holder, key)


def _is_alike(entries: list[Any]) -> bool:
    """Whether the entries of a list that is not empty are all tables, or all lists."""
    return any(entries and all(isinstance(entry, kind) for entry in entries) for kind in (dict, list))


def _splice(holder: Any, before: list[Any], after: list[Any]) -> None:
    """Take out of a list what has gone and put in what is new, between the entries that are alike at both ends."""
    least = min(len(before), len(after))
    head = _alike(before, after, least)
    tail = _alike(before[::-1], after[::-1], least - head)
    for place in reversed(range(head, len(before) - tail)):
        _take_out(holder, place)
    for place in range(head, len(after) - tail):
        _insert(holder, place, after[place])
    left = before[:head] + after[head : len(after) - tail] + before[len(before) - tail :]
    _assign(holder, left, after)


def _alike(before: list[Any], after: list[Any], most: int) -> int:
    """How many entries from the first on are the same: tables of a name by their names, and others by their content."""

    def same(old: Any, new: Any) -> bool:
        name = old.get("name") if isinstance(old, dict) else None
        return bool(old == new if name is None else name == new.get("name"))

    return next((n for n in range(most) if not same(before[n], after[n])), most)


def _insert(holder: Any, place: int, value: Any) -> None:
    """Put an entry into a list; a table with a header stands apart from what comes next, whose comments stay there."""
    from tomlkit import inline_table, nl
    from tomlkit.items import AoT

    if not isinstance(holder, AoT):
        holder.insert(place, inline_table() if isinstance(value, dict) else value)
        if isinstance(value, dict):
            holder[place].update(value)
        return
    holder.insert(place, value)
    is_last = place == len(holder) - 1
    holder[place].value.body.extend(_taken_behind(holder[place - 1].value.body) if is_last else [])
    holder[place - 1 if is_last else place].add(nl())


def _take_out(holder: Any, place: int) -> None:
    """Take an entry out of a list; comments behind a table with a header belong to what comes next."""
    from tomlkit.items import AoT

    behind = _taken_behind(holder[place].value.body) if isinstance(holder, AoT) else []
    del holder[place]
    if behind and place:
        body = holder[place - 1].value.body
        _taken_behind(body)
        body.extend(behind)


def _taken_behind(body: list[Any]) -> list[Any]:
    """Blank lines and comments at the end of a table's body, which are taken from it."""
    end = next((n for n in range(len(body), 0, -1) if body[n - 1][0] is not None), 0)
    behind = body[end:]
    del body[end:]
    return behind


def _put(holder: Any, key: Any, value: Any) -> None:
    """Set a value; a new key follows the last of its table, ahead of comments that belong to what comes next."""
    from tomlkit.items import Table

    body = holder.value.body if isinstance(holder, Table) and key not in holder else []
    behind = _taken_behind(body)
    holder[key] = value
    body.extend(behind)


def _remove(holder: Any, key: str) -> None:
    """Leave a key out; comments behind a table, which belong to what comes next, stay in its place."""
    from tomlkit.items import AoT, Table, Whitespace

    last = holder[key].body[-1] if isinstance(holder[key], AoT) else holder[key]
    behind = _taken_behind(last.value.body) if isinstance(last, Table) else []
    body = holder.value.body if isinstance(holder, Table) else getattr(holder, "body", [])
    place = next((n for n, (other, _) in enumerate(body) if other is not None and other.key == key), None)
    del holder[key]
    if behind and place is not None:
        body[place] = (None, Whitespace("".join(item.as_string() for _, item in behind)))


def with_method(problem: Problem, method: str) -> tuple[Problem, list[str]]:
    """The problem with every channel designed by one method, and a note for each channel that cannot be.

    What is not compared (the stereo chain, exports) is left out, because it may want a channel that is left out.

    Raises
    ------
    UsageError : no channel's kind can take the method

    """
    data = problem.model_dump(exclude_unset=True, exclude={"virtualizer", "export"})
    others = {key for name, owner in formulations().items() if name != method for key in owner.keys}
    tables, notes = [], []
    for entry in data["designs"]:
        table = {**{key: value for key, value in entry.items() if key not in others}, "method": method}
        try:
            changed(problem, {**data, "designs": [table]})
        except ProblemError as error:
            faults = "; ".join(str(fault).removeprefix("designs[0].") for fault in error.faults)
            notes.append(f'{method}: the channel "{table["name"]}" cannot take it ({faults}), so it is left out')
        else:
            tables.append(table)
    if not tables:
        raise UsageError(f'--methods: no channel of {problem.source} can be designed by "{method}": {" ".join(notes)}')
    return changed(problem, {**data, "designs": tables}), notes
