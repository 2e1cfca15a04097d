"""The command `designer`: a thin shell over `designer.load`, `designer.design` and `Design.save`; one command a file."""

from designer.stopping import end_at_once


def main() -> None:
    """Run the command; what it needs is imported where a signal already ends it cleanly."""
    put_back = end_at_once()
    try:
        from designer.cli.commands import run

        run()
    finally:
        put_back()
