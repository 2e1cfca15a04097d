"""Values of several keys at once: named variants of a problem, and the mirror image of a driver's key.

A variant of `--vary NAME=@close.toml,@wide.toml`: each a file with keys of the problem file, set together.

    "drivers.*.radius_m" = 0.02            a key as `--vary` has it, in quotes
    designs.left.max_effort_db = 6         a table of a list by its name, and what stands in the table beside this key stays
    [enclosure]                            a table with a `model` of its own replaces the table
    model = "sphere"
    radius_m = 0.05
    [[drivers]]                            a list replaces the list
    name = "left"
    position_m = [0, -0.05, 0]

The name of a variant in tables is the file's, without the folder and the suffix. Data files are looked for from the problem's folder.

The image of a driver at [x, y, z] in the plane y = 0 is the one at [x, -y, z], within TOLERANCE_M. Its y and its azimuth are negated,
anything else is the same.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from designer.errors import DataError, UsageError
from designer.problem.key_places import Change, fitted, locations
from designer.problem.messages import Location, shown
from designer.problem.replacing import plain
from designer.problem.schema import Problem
from designer.search.sweep_surface import is_on_surface, surface_locations

TOLERANCE_M = 1e-3
NEGATED = {"position_m": 1, "facing_deg": 0, "azimuth_deg": 0}
"""Entry of which the image has the negative."""
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


def image_location(problem: Problem, place: Location) -> Location | None:
    """Key of the driver's image; None for what belongs to no driver, and for a driver that is its own image.

    Raises
    ------
    UsageError : there is no image, or a driver in the middle is to leave it

    """
    if len(place) < 3 or place[0] != "drivers" or not isinstance(place[1], int):
        return None
    driver = problem.drivers[place[1]]
    x, y, z = driver.position_m
    if abs(y) <= TOLERANCE_M / 2:
        if negates(place):
            raise UsageError(
                f'--mirror: the driver "{driver.name}" is in the middle and its own image; expected keys that leave it in the middle;'
                " vary it in a sweep without --mirror"
            )
        return None
    for j, candidate in enumerate(problem.drivers):
        if j != place[1] and math.dist(candidate.position_m, (x, -y, z)) <= TOLERANCE_M:
            return (place[0], j, *place[2:])
    raise UsageError(
        f'--mirror: the driver "{driver.name}" at {shown([x, y, z])} has no image; expected a driver at'
        f" {shown([x, 0.0 - y, z])}, within {TOLERANCE_M * 1000:g} mm; add it, or leave out --mirror"
    )


def negates(place: Location) -> bool:
    """Whether a key of a driver is the image's with another sign, or holds an entry that is."""
    key, *entry = place[2:]
    return key in NEGATED and (not entry or entry[0] == NEGATED[str(key)])


def mirrored(place: Location, value: Any) -> Any:
    """The image's value; what is no number or no list of them is left as it is, and the schema refuses it."""
    if not negates(place):
        return value
    if isinstance(value, list):
        return [_negative(entry) if n == NEGATED[str(place[2])] else entry for n, entry in enumerate(value)]
    return _negative(value)


def _negative(value: Any) -> Any:
    return 0 - value if isinstance(value, int | float) and not isinstance(value, bool) else value
