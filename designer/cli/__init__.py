"""The command `designer`: a thin shell over `designer.load`, `designer.design` and `Design.save`; one command a file."""

from designer.stopping import ending_at_once


def main() -> None:
    """Run the command; what it needs is imported where a signal already ends it cleanly."""
    with ending_at_once():
        from designer.cli.commands import run

        run()
