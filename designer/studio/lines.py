"""Lines of a problem file at which its keys stand, so that a fault is found in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
ASSIGNED = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
NAME = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
PLACE = re.compile(r"""[\w-]+|"[^"]*"|\[\d+\]""")


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
