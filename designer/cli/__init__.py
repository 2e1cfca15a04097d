"""The command `designer`: a thin shell over `designer.load`, `designer.design` and `Design.save`; one command a file.

A file registers its command with `app`, and is named in COMMANDS, which is the order of `--help`. What a command computes with it
imports when it runs, so that `--help` and `check` start at once.
"""

from importlib import import_module

from designer.cli.application import app, main

__all__ = ["app", "main"]

COMMANDS = (
    "check",
    "design",
    "convert",
    "compare",
    "export",
    "import_coefficients",
    "render",
    "sweep",
    "problem_files",
)
for _command in COMMANDS:
    import_module(f"designer.cli.{_command}")
