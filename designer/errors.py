"""The errors that a user can meet, as one tree.

    DesignerError                exit code
    ├── UsageError               2    the command was called wrongly: an output folder that is not ours, a bad option
    ├── ProblemError             3    a problem file with one or more faults, all listed
    ├── DataError                3    a data file (SOFA, WAV, a design folder) that cannot be used
    ├── SolverError              5    a solver stopped without an answer
    ├── OutputError              6    the output could not be written: a full disk, a folder that is read-only; what was there is kept
    └── ProgramError             8    a program of others that runs an export (a compiler, an emulator, a convolver) did not end well
        └── MissingProgramError  8    it is not installed; the message says what to install

Infeasible requirements (exit code 4), requirements that the filters miss and failed proofs (exit code 7) are results, not errors: the
output is written, and its verdict says so.
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
EXIT_CODES = {
    EXIT_DONE: "done",
    EXIT_USAGE: "wrong usage of the command",
    EXIT_BAD_INPUT: "a bad problem file or data",
    EXIT_INFEASIBLE: "infeasible as asked (the best compromise is written)",
    EXIT_SOLVER: "a solver stopped",
    EXIT_OUTPUT: "the output could not be written",
    EXIT_MISSED: "the filters miss by more than 0.5 dB a requirement that the weights meet (imported filters: any requirement), the stereo"
    " chain is more than 5 degrees off its angle, or a proof failed",
    EXIT_PROGRAM: "a program that runs an export is missing or failed",
}
"""Exit codes in words, for the help, the README and the conventions."""


class DesignerError(Exception):
    """Root of the tree; `exit_code` is what the command returns, `code` the entry of the reference."""

    exit_code: int = 1
    code: str = ""


class UsageError(DesignerError):
    """The command was called wrongly."""

    exit_code = EXIT_USAGE
    code = "wrong-usage"


@dataclass(frozen=True)
class Fault:
    """One fault of a problem file: where it is, what was found, what is allowed, and the remedy."""

    path: str
    """Dotted path of the key, as `designs[0].band_hz`; empty for the file as a whole."""
    actual: str
    expected: str = ""
    remedy: str = ""
    code: str = ""
    """Entry of `designer.problem.message_codes`, whatever the words are."""

    def __str__(self) -> str:
        parts = [self.actual, self.expected and f"expected {self.expected}", self.remedy]
        text = "; ".join(part for part in parts if part)
        return f"{self.path}: {text}" if self.path else text


class ProblemError(DesignerError):
    """A problem file that cannot be used: every fault that could be found at once."""

    exit_code = EXIT_BAD_INPUT
    code = "faulty-problem"

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = tuple(faults)
        self.codes = tuple(dict.fromkeys(fault.code for fault in self.faults if fault.code))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{file}: {count}", *(f"  {fault}" for fault in self.faults)]))


class DataError(DesignerError):
    """A data file that cannot be used: the message names the file, what was found, and the remedy."""

    exit_code = EXIT_BAD_INPUT
    code = "bad-data"


class SolverError(DesignerError):
    """A solver stopped without an answer that its certificate confirms."""

    exit_code = EXIT_SOLVER
    code = "solver-stopped"


class OutputError(DesignerError):
    """The output could not be written; what was there before is as it was."""

    exit_code = EXIT_OUTPUT
    code = "output-not-written"


class ProgramError(DesignerError):
    """A program of others did not end well; the message has its last lines."""

    exit_code = EXIT_PROGRAM
    code = "program-failed"


class MissingProgramError(ProgramError):
    """A program of others is not installed; the message says what to install."""

    code = "missing-program"
