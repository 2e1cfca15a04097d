"""`designer docs`: where the book is, and the page of a key, a command, a message's code, or any other name of the reference."""

from __future__ import annotations

import webbrowser
import zlib
from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import app
from designer.cli.terminal import say
from designer.errors import UsageError
from designer.problem.message_codes import CODES
from designer.problem.messages import nearest

PACKAGED = Path(__file__).parents[1] / "book"
BUILT = Path(__file__).parents[2] / "docs" / "_build" / "html"
"""The book within a release's wheel, and that of a checkout."""
LABELS = ("command", "table", "key", "method", "target", "metric", "exit-code", "code", "api", "api-class")
"""Kinds of names of the reference, in the order in which a name is looked for."""


def book() -> Path:
    """The folder of the book's pages.

    Raises
    ------
    UsageError : neither the installation nor the checkout has them

    """
    for folder in (PACKAGED, BUILT):
        if (folder / "index.html").is_file():
            return folder
    raise UsageError(
        f"docs: got no book in {PACKAGED}; expected the wheel of a release, or a checkout in which the book is built;"
        " pip install '.[docs]' and python docs/build.py there"
    )


def labels(folder: Path) -> dict[str, str]:
    """Label -> address within the book, from the inventory that Sphinx writes beside the pages."""
    lines = zlib.decompress((folder / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode().splitlines()
    addresses = {}
    for line in lines:
        name, role, _, address, *_ = line.split(" ")
        if role in ("std:label", "std:doc"):
            addresses[name] = address.removesuffix("$") + (name if address.endswith("$") else "")
    return addresses


def address_of(topic: str, addresses: dict[str, str]) -> str:
    """Address of a topic: a page, or a name of the reference.

    Raises
    ------
    UsageError : there is none of this name; naming the nearest

    """
    if topic in addresses:
        return addresses[topic]
    names: dict[str, str] = {}
    for kind in LABELS:
        for label, address in addresses.items():
            if label.startswith(f"{kind}-"):
                name = label.removeprefix(f"{kind}-")
                names.setdefault(name.partition("-")[2] if kind == "key" else name, address)
    if topic.lower() in names:
        return names[topic.lower()]
    close = nearest(topic, list(names))
    raise UsageError(
        f"docs: got {topic!r}; expected a key, command, code, method, target, column or page of the book{close and f'; {close}'}"
    )


@app.command()
def docs(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="A key, command, code of a message, method, target, column or page; by default the first page.",
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")] = False,
) -> None:
    """Open the book in the browser, at a name's entry.

    The meaning of a message's code is printed, even where no book is installed.
    """
    code = CODES.get((topic or "").lower())
    if code is not None:
        say(str(code))
    try:
        folder = book()
    except UsageError as error:
        if code is not None:
            return
        close = nearest(topic or "", list(CODES))
        raise UsageError(
            f"{error}; {topic!r} is no message's code{close and f'; {close}'}" if topic else str(error)
        ) from None
    page, _, part = (address_of(topic, labels(folder)) if topic else "index.html").partition("#")
    address = (folder / page).as_uri() + (f"#{part}" if part else "")
    say(address)
    if not no_browser:
        webbrowser.open(address)
