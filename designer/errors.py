"""The errors that a user can meet, as one tree.

    DesignerError                exit code
    ├── UsageError               2    the command was called wrongly: an output folder that is not ours, a bad option
    ├── ProblemError             3    a problem file with one or more faults, all listed
    ├── DataError                3    a data file (SOFA, WAV, a design folder) that cannot be used
    ├── SolverError              5    a solver stopped without an answer
    ├── OutputError              6    the output could not be written: a full disk, a folder that is read-only; what was there is kept
    └── ProgramError             8    a program of others that runs an export (a compiler, an emulator, a convolver) did not end well
        └── MissingProgramError  8    it is not installed; the message says what to install

"Infeasible as asked" (exit code 4), "missed by these filters" and "what came out of a target is not the design" (exit code 7) are
results, not errors: what came of them is written, and named as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_USAGE = 2
EXIT_BAD_INPUT = 3
EXIT_INFEASIBLE = 4
EXIT_SOLVER = 5
EXIT_OUTPUT = 6
EXIT_MISSED = 7
EXIT_PROGRAM = 8


class DesignerError(Exception):
    """Root of the tree; `exit_code` is what the command returns."""

    exit_code: int = 1


class UsageError(DesignerError):
    """The command was called wrongly."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True)
class Fault:
    """One fault of a problem file: where it is, what was found, what is allowed, and the remedy."""

    path: str
    """Dotted path of the key, as `designs[0].band_hz`; empty for the file as a whole."""
    actual: str
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [self.actual, self.expected and f"expected {self.expected}", self.remedy]
        text = "; ".join(part for part in parts if part)
        return f"{self.path}: {text}" if self.path else text


class ProblemError(DesignerError):
    """A problem file that cannot be used: every fault that could be found at once."""

    exit_code = EXIT_BAD_INPUT

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{file}: {count}", *(f"  {fault}" for fault in self.faults)]))


class DataError(DesignerError):
    """A data file that cannot be used: the message names the file, what was found, and the remedy."""

    exit_code = EXIT_BAD_INPUT


class SolverError(DesignerError):
    """A solver stopped without an answer that its certificate confirms."""

    exit_code = EXIT_SOLVER


class OutputError(DesignerError):
    """The output could not be written; what was there before is as it was."""

    exit_code = EXIT_OUTPUT


class ProgramError(DesignerError):
    """A program of others did not end well; the message has its last lines."""

    exit_code = EXIT_PROGRAM


class MissingProgramError(ProgramError):
    """A program of others is not installed; the message says what to install."""
