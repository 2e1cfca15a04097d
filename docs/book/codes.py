"""Reference of the codes of messages, from their registry, each with a message that the package gave as the book was built."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path

import numpy as np

import designer
from designer.cli.application import set_values
from designer.errors import DesignerError, Fault, ProblemError
from designer.export.limits import within_limits
from designer.export.runners.bench import called, program
from designer.placement.candidates import candidates_of
from designer.problem.library import library
from designer.problem.message_codes import CODES, Code
from designer.requirements.channel_target import channel_target
from designer.requirements.target import ChannelTarget
from designer.search.sweep_surface import varied_data
from designer.solvers.parts import solve_in_parts
from designer.solvers.solution import Solution
from designer.writing.staging import output_errors

BROKEN = Path(__file__).parents[2] / "problems" / "broken"


def _of_library(name: str, **changes: object) -> designer.Problem:
    coarse = {"grid.frequencies": 33, "realization.taps": 64}
    return designer.load(library()[name][0]).replace(
        {**coarse, **{key.replace("__", "."): value for key, value in changes.items()}}
    )


def _stopped_solver() -> None:
    scene = designer.scene(_of_library("laptop-pair"))
    target = channel_target(scene.problem.designs[0], scene)

    def uncertified(part: ChannelTarget, _: slice) -> Solution:
        count = len(part.frequency_hz)
        unknown, zeros = np.full(count, np.nan), np.zeros((count, 2), complex)
        return Solution(zeros, unknown, unknown, unknown, unknown, unknown, np.zeros(count, bool))

    solve_in_parts(target, uncertified)


def _unwritable_output() -> None:
    with output_errors(Path("out/laptop-pair")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _silent_reference() -> None:
    changes = {"drivers.front.band_hz": [6000.0, 8000.0], "designs.left.reference": "front", "realization.form": "rtf"}
    designer.design(_of_library("smart-speaker").replace(changes))


RAISED: dict[str, Callable[[], object]] = {
    "wrong-usage": lambda: set_values(["realization.taps"]),
    "bad-data": lambda: designer.open("no-such-folder"),
    "solver-stopped": _stopped_solver,
    "output-not-written": _unwritable_output,
    "program-failed": lambda: called([Path(sys.executable).name, "-c", "raise SystemExit('no such board')"], Path()),
    "missing-program": lambda: program("a-convolver", "its-package"),
    "silent-reference": _silent_reference,
    "beyond-limits": lambda: within_limits(_of_library("laptop-pair", realization__max_bytes=100)),
    "placement-search": lambda: candidates_of(_of_library("laptop-pair")),
    "surface-coordinate": lambda: varied_data(_of_library("smart-speaker"), [(("drivers", 0, "height_m"), 1.0)]),
}
"""Codes of errors, and of faults that a problem file alone does not show -> what raises them, in an empty folder."""


def error_of(attempt: Callable[[], object]) -> DesignerError:
    """The error that an attempt in an empty folder ends with."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        try:
            attempt()
        except DesignerError as error:
            return error
    raise AssertionError("no error")


@cache
def faults_of(file: Path) -> tuple[str, tuple[Fault, ...]]:
    """The message of a broken problem file, and its faults."""
    with chdir(file.parent):
        try:
            designer.load(file.name)
        except ProblemError as error:
            return str(error), error.faults
    raise AssertionError(f"{file.name} is not refused")


@cache
def examples() -> dict[str, str]:
    """Code -> a message: of the broken file with the fewest faults that shows it, or of what else raises it."""
    messages: dict[str, str] = {}
    refused = sorted(map(faults_of, sorted(BROKEN.iterdir())), key=lambda refusal: len(refusal[1]))
    for message, faults in refused:
        messages.setdefault("faulty-problem", message)
        for fault in faults:
            messages.setdefault(fault.code, f"{message.partition(':')[0]}: {fault}")
    return messages | {code: _message(error_of(attempt)) for code, attempt in RAISED.items()}


def _message(error: DesignerError) -> str:
    """An error's message, without the folder that the library lies in."""
    if isinstance(error, ProblemError):
        return f"{Path(error.file).name}: {error.faults[0]}"
    return str(error)


def _exit_codes() -> dict[str, int]:
    return {kind.code: kind.exit_code for kind in _below(DesignerError)}


def _below(kind: type[DesignerError]) -> Iterator[type[DesignerError]]:
    for other in kind.__subclasses__():
        yield other
        yield from _below(other)


def _entry(code: Code) -> str:
    ends = _exit_codes().get(code.code)
    exit_code = f" Ends the command with [exit code {ends}](exit-codes.md)." if ends else ""
    return f"""(code-{code.code})=
### `{code.code}`

{code.meaning}{exit_code}

- Cause: {code.cause}
- Remedy: {code.remedy}

```text
{examples()[code.code]}
```
"""


def pages() -> dict[str, str]:
    """Path below `reference/made` -> Markdown."""
    groups = dict.fromkeys(code.group for code in CODES.values())
    parts = [
        f"## {group}\n\n" + "\n".join(_entry(code) for code in CODES.values() if code.group == group)
        for group in groups
    ]
    head = """# Codes of messages

Messages may change their words; their codes stay. The command names the codes of a problem file's faults below its message, and
`designer docs CODE` tells what stands here. In Python a fault has its `code` (`ProblemError.faults`), and an error that of its class. The
package gave each message below as the book was built; most are of files of `problems/broken/`.
"""
    return {"codes.md": "\n".join([head, *parts])}
