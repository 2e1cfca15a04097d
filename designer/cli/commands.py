"""Every command, registered: a file registers its command with `app`, and COMMANDS names it in the order of `--help`.

What a command computes with it imports when it runs, so that `--help` and `check` start at once.
"""

from importlib import import_module

from designer.cli.application import app, run

__all__ = ["app", "run"]

COMMANDS = (
    "check",
    "design",
    "studio",
    "figures",
    "convert",
    "compare",
    "export",
    "proof",
    "import_coefficients",
    "render",
    "study",
    "sweep",
    "place",
    "bank",
    "benchmark",
    "problem_files",
    "docs",
)
for _command in COMMANDS:
    import_module(f"designer.cli.{_command}")
