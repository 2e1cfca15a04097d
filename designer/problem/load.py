"""Reading a problem file: TOML to a checked `Problem`, or every fault at once."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from designer.errors import Fault, ProblemError
from designer.problem.checks import Parts, check, not_built
from designer.problem.messages import Location, faults_of
from designer.problem.schema import DesignTable, Driver, Enclosure, Grid, Listener, Problem, Table


def load(path: str | Path) -> Problem:
    """Read and check a problem file.

    Parameters
    ----------
    path : path of a TOML file (DESIGN section 3 is the contract; `designer schema` prints it)

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
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        raise ProblemError(str(path), [Fault("", "no such file", "", "give the path of a problem file")]) from None
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise ProblemError(str(path), [Fault("", reason, "", "give the path of a problem file")]) from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        fault = Fault("", f"byte {error.start} is not UTF-8", "a text file in TOML, in UTF-8")
        raise ProblemError(str(path), [fault]) from None
    return loads(text, folder=file.parent, source=str(path))


def loads(
    text: str, *, folder: str | Path = ".", source: str = "problem", files: dict[str, str] | None = None
) -> Problem:
    """Read and check a problem from its text.

    Parameters
    ----------
    text : the TOML
    folder : where relative paths in it start
    source : what messages call it
    files : where data files lie that have moved: the name in the text -> a path from `folder`

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
      title: found 3; allowed: text
      sample_rate_hz: required key is missing; add sample_rate_hz
      drivers: required key is missing; add drivers
      listener: required key is missing; add listener
      designs: required key is missing; add designs

    """
    if not text.strip():
        raise ProblemError(
            source, [Fault("", "the file is empty", "", "`designer problems` lists files to begin from")]
        )
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProblemError(source, [Fault("", f"not TOML: {error}", "", "mend the line that is named")]) from None

    faults: list[Fault] = []
    problem: Problem | None = None
    context = {"text": text, "folder": Path(folder), "source": source, "files": files or {}}
    try:
        problem = Problem.model_validate(data, context=context)
        parts = Parts.of(problem)
    except ValidationError as error:
        located = faults_of(error, data)
        faults += [fault for _, fault in located]
        parts = _sound_parts(data, [location for location, _ in located])
    faults += check(parts, Path(folder), files or {})
    if problem is None or faults:
        raise ProblemError(source, faults)
    unbuilt = not_built(problem)
    if unbuilt:
        raise ProblemError(source, unbuilt)
    return problem


def _sound_parts(data: dict[str, Any], locations: list[Location]) -> Parts:
    """What is left of a faulty file once the faulty keys are taken out, so that the rest can still be checked."""
    rest = copy.deepcopy(data)
    for location in locations:
        _remove(rest, location)

    def table(kind: type[Table], value: object) -> Any:
        try:
            return kind.model_validate(value)
        except ValidationError:
            return None

    def tables(kind: type[Table], key: str) -> list[Any]:
        value = rest.get(key)
        return [table(kind, item) for item in value] if isinstance(value, list) else []

    rate, speed = rest.get("sample_rate_hz"), rest.get("speed_of_sound_m_s", 343.0)
    return Parts(
        sample_rate_hz=rate if isinstance(rate, int | float) else None,
        speed_of_sound_m_s=speed if isinstance(speed, int | float) else None,
        enclosure=table(Enclosure, rest["enclosure"]) if "enclosure" in rest else None,
        drivers=tables(Driver, "drivers"),
        listener=table(Listener, rest.get("listener")),
        grid=table(Grid, rest.get("grid", {})),
        designs=tables(DesignTable, "designs"),
    )


def _remove(data: object, location: Location) -> None:
    """Take out the innermost key of a table that a location passes through."""
    holder: dict[str, Any] | None = None
    key = ""
    for step in location:
        if isinstance(data, dict) and isinstance(step, str):
            holder, key = data, step
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            break
    if holder is not None:
        holder.pop(key, None)
