"""Reading a problem file: TOML to a checked `Problem`, or every fault at once."""

from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from designer.arguments import checked_arguments
from designer.errors import Fault, ProblemError
from designer.problem.checks import check
from designer.problem.key_faults import guessed_kinds, key_faults, misspelt
from designer.problem.library import library_folder
from designer.problem.listener_checks import with_possible_cloud
from designer.problem.messages import Location, enumeration, shown
from designer.problem.rules import missing
from designer.problem.schema import Problem
from designer.problem.sourced import OF_TEXT
from designer.problem.table import half_known
from designer.problem.toml_text import MOST_NESTED, too_deep_line

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "UTF-8",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
TABLES = list(Problem.model_fields)
QUOTES = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
"""Quotes of typesetting, in place of those that a keyboard has."""


@checked_arguments()
def load(path: str | Path) -> Problem:
    """Read and check a problem file.

    Parameters
    ----------
    path : str or Path, path of a TOML file (`designer schema` prints what it may hold)

    Raises
    ------
    ProblemError : with every fault of the file, each with its dotted path

    Examples
    --------
    >>> import designer
    >>> problem = designer.load("problems/laptop-pair.toml")
    >>> problem.driver_names
    ('left', 'right')

    """
    file = Path(path)
    expected, remedy = "a file in TOML", "give the path of a problem file"
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        actual = "no such file"
        if (known := library_folder() / file.name).is_file():
            remedy = f"the library has {known}"
    except IsADirectoryError:
        actual = "got a folder"
    except (OSError, ValueError) as error:  # a ValueError is a path with a null character
        actual = f"cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
    else:
        return loads(_decoded(raw, str(path)), folder=file.parent, source=str(path))
    raise ProblemError(str(path), [Fault("", actual, expected, remedy, "unreadable-file")])


def _decoded(raw: bytes, source: str) -> str:
    expected, remedy = "a text file in TOML, in UTF-8 without a byte order mark", "save it as UTF-8"
    for mark, name in BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            actual = f"begins with a byte order mark of {name}"
            raise ProblemError(source, [Fault("", actual, expected, remedy, "not-utf-8")])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        actual = f"byte {error.start} (0x{raw[error.start]:02x}, in line {line}) is not UTF-8"
        raise ProblemError(source, [Fault("", actual, expected, remedy, "not-utf-8")]) from None


@checked_arguments()
def loads(
    text: str,
    *,
    folder: str | Path = ".",
    source: str = OF_TEXT,
    files: dict[str, str] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Problem:
    """Read and check a problem from its text.

    Parameters
    ----------
    text : str, the TOML
    folder : str or Path, where relative paths in it start
    source : str, what messages call it
    files : dict or None, where data files lie that have moved: the name in the text -> a path from `folder`
    changes : mapping of str to object, or None, by what the text differs from `source`: key -> value, as `Problem.replace` remembers it

    Raises
    ------
    ProblemError : with every fault of the text

    Examples
    --------
    >>> import designer
    >>> designer.loads("title = 3")
    Traceback (most recent call last):
    ...
    designer.errors.ProblemError: problem: 5 faults
      title: got 3; expected text that is not empty; write it in quotes
      sample_rate_hz: required key is missing; expected a number from 1000 to 1000000; add sample_rate_hz
      drivers: required key is missing; expected a list of 1 to 256 tables; add [[drivers]]
      listener: required key is missing; expected a table; add [listener], or [[listeners]] for several
      designs: required key is missing; expected a list of 1 to 64 tables; add [[designs]]

    """
    context = {
        "text": text,
        "folder": Path(folder),
        "source": source,
        "files": files or {},
        "changes": dict(changes or {}),
    }
    return _checked(_parsed(text, source), context)


def changed(problem: Problem, data: dict[str, Any]) -> Problem:
    """A problem of other data, checked as if a file held them, with the text, the place and the data files of another.

    Parameters
    ----------
    data : dict, the tables, as `problem.model_dump(exclude_unset=True)` gives them, with what is to change

    Raises
    ------
    ProblemError : with every fault of the data

    """
    return _checked(data, problem.context)


def _checked(data: dict[str, Any], context: dict[str, Any]) -> Problem:
    faulty: dict[Location, Fault] = {}
    meant: set[Location] = set()
    problem: Problem | None = None
    try:
        problem = Problem.model_validate(data, context=context)
    except ValidationError as error:
        faulty = key_faults(error, data)
        guessed, unsure = guessed_kinds(error, data)
        if guessed:
            try:
                Problem.model_validate({**data, **guessed}, context=context)
            except ValidationError as second_error:
                others = key_faults(second_error, {**data, **guessed})
                faulty = {**{place: fault for place, fault in others.items() if place not in unsure}, **faulty}
        meant = set(misspelt(faulty, data))
    faults = [fault for location, fault in faulty.items() if location not in meant]
    if not {"listener", "listeners"} & data.keys() and not {("listener",), ("listeners",)} & meant:
        remedy = "add [listener], or [[listeners]] for several"
        faults.append(missing("listener", "a table", remedy))
    faults += check(half_known(Problem, data, {*faulty, *meant}), context["folder"], context["files"])
    if problem is None or faults:
        raise ProblemError(context["source"], sorted(faults, key=_place))
    return with_possible_cloud(problem)


def _place(fault: Fault) -> tuple[int, int]:
    """Where a fault belongs: the schema's order of tables, then the order of a list; keys that nobody knows come first."""
    table, *steps = re.split(r"[.\[\]]", fault.path)
    index = int(steps[0]) if steps and steps[0].isdecimal() else -1
    return TABLES.index(table) if table in TABLES else -1, index


def _parsed(text: str, source: str) -> dict[str, Any]:
    if not text.strip():
        remedy = "`designer problems` lists files to begin from"
        raise ProblemError(source, [Fault("", "the file is empty", "a problem in TOML", remedy, "empty-file")])
    if line := too_deep_line(text):
        actual = f"lists or tables nested more than {MOST_NESTED} deep, at line {line}"
        raise ProblemError(source, [Fault("", actual, "", "close the brackets", "not-toml")])
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        broken = _line(text, error)
        actual = f"not TOML: {error}{broken and f': {shown(broken.strip())}'}"
        fault = Fault("", actual, "", _to_mend(broken), "not-toml")
    except ValueError:  # Python's own limit on the digits of a whole number
        actual = "not TOML: a whole number of thousands of digits"
        fault = Fault("", actual, "whole numbers of 64 bits", "write it shorter", "not-toml")
    raise ProblemError(source, [fault])


def _line(text: str, error: tomllib.TOMLDecodeError) -> str:
    """The line that the parser names, as it stands in the file, or the last that is not empty where the file ends too early."""
    match = re.search(r"at line (\d+)", str(error))
    lines = text.rstrip().split("\n") if match is None else text.split("\n")
    number = len(lines) if match is None else int(match[1])
    return lines[number - 1] if number <= len(lines) else ""


def _to_mend(line: str) -> str:
    """Remedy for a line that is no TOML: of characters that do not show, or look like others, their names."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)  # within a string such quotes are letters
    odd = [
        char
        for char in dict.fromkeys(line)
        if (char in QUOTES and char in bare) or not (char.isprintable() or char in "\t\r")
    ]
    if not odd:
        return "mend the line that is named, or one above it"
    names = enumeration(
        [f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character').lower()})" for char in odd]
    )
    typed = 'straight quotes (")' if set(odd) <= set(QUOTES) else "spaces and letters of a keyboard"
    return f"the line has {names}; type it anew, with {typed}"
