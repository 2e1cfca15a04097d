"""`designer studio`: its options, where it is, and how it ends."""

from __future__ import annotations

import os
import shlex
import threading
import time
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.application import Distance, Drivers, NoCache, Set, Shape, Width, app, set_values
from designer.cli.terminal import Stages, Stopped, say, say_all
from designer.errors import UsageError

if TYPE_CHECKING:
    from designer.studio.document import Document
    from designer.studio.engine import Engine
    from designer.studio.session import Session

Geometry = tuple[str | None, int | None, float | None, float | None]
"""Shape, number of drivers, width and distance, as far as they are given."""
STARTER: Geometry = ("sphere", 3, 0.175, 2.0)
"""Of a studio that is given nothing: a smart speaker."""
EXTRA = ("starlette", "uvicorn", "websockets")


@app.command()
def studio(
    problem_file: Annotated[
        Path | None,
        typer.Argument(
            metavar="PROBLEM.toml", help="The problem file; with a shape a new one, which is written when you save."
        ),
    ] = None,
    shape: Shape = None,
    drivers: Drivers = None,
    width: Width = None,
    distance: Distance = None,
    changes: Set = None,
    autosave: Annotated[
        bool, typer.Option("--autosave", help="Save after each change whose requirements are met.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Port on 127.0.0.1; 0 for a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address, and open no browser.")] = False,
    no_cache: NoCache = False,
) -> None:
    """Open a problem file in the browser with its graphs live.

    Without a file it begins with a new geometry, as `designer new` makes it. The page is served to this machine alone, and Ctrl-C ends it.
    """
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"designer studio: got no {', '.join(missing)}; it comes with the extra: pip install 'loudspeaker-filter-designer[studio]'"
        )
    from designer.studio.engine import Engine

    sessions: list[Session] = []
    engine = Engine(lambda message: sessions[0].from_engine(message))
    engine.start()  # its processes import what they compute with, while this one reads the file
    try:
        document = _document(problem_file, (shape, drivers, width, distance))
        if changes:
            document.set(set_values(changes))
        _serve(document, engine, sessions, port, autosave=autosave, browser=not no_browser)
    except Stopped as stop:
        say("; ".join(["stopped", *(session.unsaved for session in sessions if session.unsaved)]), error=True)
        raise typer.Exit(stop.exit_code) from None
    finally:
        engine.close()


def _document(path: Path | None, geometry: Geometry) -> Document:
    """The document of a file that is there, or of a new geometry.

    Raises
    ------
    UsageError : a geometry for a file that is there, or one that no file can be written for
    DataError : the file cannot be read

    """
    from designer.studio.document import Document
    from designer.studio.on_disk import text_of
    from designer.writing import check_file

    is_given = any(value is not None for value in geometry)
    if path is not None and (os.path.lexists(path) or not is_given):
        if is_given:
            raise UsageError(
                f"{path}: file exists; expected no --shape, --drivers, --width or --distance beside it; leave them out"
            )
        text = text_of(path)
        check_file(path, force=True)  # as it is saved
        return Document(text, path.parent, str(path))
    from designer.search.starter import geometry_of, new_problem

    chosen = geometry_of(*(geometry if is_given else STARTER))
    chosen.check()
    path = _free(Path(f"{chosen.shape}.toml")) if path is None else path
    if path.suffix != ".toml" or not path.parent.is_dir():
        raise UsageError(
            f"{path}: got no name for a problem file; expected one that ends in .toml, in a folder that is there"
        )
    with Stages("finding what the layout can reach"):
        text, remarks = new_problem(chosen)
    say_all(remarks)
    facts = {"shape": chosen.shape, "drivers": chosen.drivers, "width": chosen.width_m, "distance": chosen.distance_m}
    options = [word for name, value in facts.items() for word in (f"--{name}", str(value))]
    return Document(text, path.parent, str(path), origin=shlex.join(["designer", "new", str(path), *options]))


def _free(path: Path) -> Path:
    """A name that no file has: itself, or the first with a number."""
    n = 1
    while os.path.lexists(candidate := path if n == 1 else path.with_stem(f"{path.stem}-{n}")):
        n += 1
    return candidate


def _serve(
    document: Document, engine: Engine, sessions: list[Session], port: int, *, autosave: bool, browser: bool
) -> None:
    """Serve a document until a signal ends it."""
    from designer.studio.guard import LOOPBACK, new_token
    from designer.studio.on_disk import OnDisk
    from designer.studio.server import Serving, application, listening
    from designer.studio.session import Session

    taken, token = listening(port), new_token()
    port = taken.getsockname()[1]
    disk = OnDisk(Path(document.source), time.monotonic)
    session = Session(document, disk, engine, lambda path: f"/{path}?token={token}", autosave=autosave)
    sessions.append(session)
    with Serving(session, taken, application(session, port, token)) as serving:
        address = f"http://{LOOPBACK}:{port}/?token={token}"
        say(f"{document.source}: {address}")
        say("Ctrl-C ends it")
        if browser:
            _open(address)
        serving.wait()


def _open(address: str) -> None:
    """Open a browser, if there is one that needs no terminal; it may take its time, or never return."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        found = None
    if found is None or (type(found) is webbrowser.GenericBrowser and "BROWSER" not in os.environ):
        say("note: there is no browser here; open the address in one", error=True)
        return
    threading.Thread(target=found.open, args=(address,), daemon=True).start()
