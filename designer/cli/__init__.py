"""The command `designer`: a thin shell over `designer.load`, `designer.design` and `Design.save`; one command a file."""

from __future__ import annotations

from designer.stopping import end_at_once

TYPE_CHECKING = False  # what `typing` has, which is imported where a signal already ends the command cleanly
if TYPE_CHECKING:
    import typer

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
"""Files of this folder that register a command with `application.app`, in the order of `--help`.

What a command computes with it imports when it runs, so that `--help` and `check` start at once.
"""


def registered() -> typer.Typer:
    """The application with every command."""
    from importlib import import_module

    from designer.cli.application import app

    for command in COMMANDS:
        import_module(f"designer.cli.{command}")
    return app


def main() -> None:
    """Run the command; what it needs is imported where a signal already ends it cleanly."""
    put_back = end_at_once()
    try:
        registered()
        from designer.cli.application import run

        run()
    finally:
        put_back()
