"""Named variants of `--vary NAME=@close.toml,@wide.toml`: each a file with keys of the problem file, set together.

    "drivers.*.radius_m" = 0.02            a key as `--vary` has it, in quotes
    designs.left.max_effort_db = 6         a table of a list by its name, and what stands in the table beside this key stays
    [enclosure]                            a table with a `model` of its own replaces the table
    model = "sphere"
    radius_m = 0.05
    [[drivers]]                            a list replaces the list
    name = "left"
    position_m = [0, -0.05, 0]

Its name in tables is the file's, without the folder and the suffix. Data files are looked for from the problem's folder.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from designer.errors import DataError, UsageError
from designer.problem.key_places import Change, fitted, locations
from designer.problem.replacing import plain
from designer.problem.schema import Problem
from designer.search.sweep_surface import is_on_surface, surface_locations

MARK = "@"


def variant_tables(parts: Sequence[str], option: str) -> dict[str, Mapping[str, Any]]:
    """Name -> table of each file.

    Raises
    ------
    UsageError : values that are no files beside files, or two of one name
    DataError : a file that cannot be read, or is no TOML

    """
    tables: dict[str, Mapping[str, Any]] = {}
    for part in map(str.strip, parts):
        if not part.startswith(MARK):
            raise UsageError(
                f'{option}: got "{part}" beside files; expected files alone, as {MARK}close.toml,{MARK}wide.toml'
            )
        path = Path(part.removeprefix(MARK))
        if path.stem in tables:
            raise UsageError(f'{option}: got two variants "{path.stem}"; expected files of different names')
        try:
            tables[path.stem] = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(f"{option}: {path}: cannot be read: {error.strerror}; expected a file of keys") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{option}: {path}: is no TOML: {error}; expected keys of the problem file") from None
    return tables


def variant_changes(problem: Problem, table: Mapping[str, Any], option: str) -> tuple[Change, ...]:
    """Changes that a variant makes to the problem file.

    Raises
    ------
    UsageError : a key that names nothing, or no key at all

    """
    changes: list[Change] = []
    for key, value in _keys(table, problem.model_dump()):
        places = surface_locations(problem, key, option) or locations(problem, key, option)
        changes += [(place, value if is_on_surface(place) else fitted(place, plain(value))) for place in places]
    if not changes:
        raise UsageError(f"{option}: got a variant without keys; expected one or more keys of the problem file")
    return tuple(changes)


def _keys(table: Mapping[str, Any], known: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key and value of what a variant sets, tables that only add to those of the problem taken apart."""
    for key, value in table.items():
        names = (
            {entry.get("name"): entry for entry in known if isinstance(entry, dict)}
            if isinstance(known, list)
            else known
        )
        before = names.get(key) if isinstance(names, dict) else None
        # A key of several steps stands in quotes at the top; below it each key is a single step.
        path = f"{at}.{key if key.replace('_', '').isalnum() else chr(34) + key + chr(34)}" if at else key
        adds = isinstance(value, Mapping) and isinstance(before, dict | list) and "model" not in value
        if adds:
            yield from _keys(value, before, path)
        else:
            yield path, value
