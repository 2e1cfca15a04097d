"""`designer studio`: its options, where it is, and how it ends."""

from __future__ import annotations

import gc
import os
import shlex
import socket
import threading
import time
import webbrowser
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designer.cli.application import Distance, Drivers, NoCache, Set, Shape, Width, app, set_values
from designer.cli.terminal import Stages, Stopped, say, say_all
from designer.errors import UsageError

if TYPE_CHECKING:
    from designer.search.new_geometry import Geometry
    from designer.studio.document import Document
    from designer.studio.engine import Engine
    from designer.studio.session import Session

Options = tuple[str | None, int | None, float | None, float | None]
"""Shape, number of drivers, width and distance, as far as they are given."""
STARTER: Options = ("sphere", 3, 0.175, 2.0)
"""Geometry of a studio that is given nothing: a smart speaker."""
ENTERED_WITHIN_S = 120.0
"""Time after which the file that leads a browser to the studio is removed, if no page has come before."""
FINDING = "finding what the layout can reach"
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
    """Edit a problem file in the browser, its graphs live.

    Without a file it begins with a new geometry, as `designer new` makes it. The page is served to this machine alone, and Ctrl-C ends it.
    """
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"designer studio: got no {', '.join(missing)}; it comes with the extra: pip install 'loudspeaker-filter-designer[studio]'"
        )
    from designer.studio.guard import listening

    begin, values = _beginning(problem_file, (shape, drivers, width, distance)), set_values(changes)
    with listening(port) as taken:
        from designer.studio.engine import Engine

        sessions: list[Session] = []
        engine = Engine(lambda message: sessions[0].from_engine(message))
        engine.start()  # its processes import what they compute with, while this one serves the page
        try:
            _serve(begin, values, engine, sessions, taken, autosave=autosave, browser=not no_browser)
        except Stopped as stop:
            say("; ".join(["stopped", *(session.unsaved for session in sessions if session.unsaved)]), error=True)
            raise typer.Exit(stop.exit_code) from None
        finally:
            engine.close()


@dataclass(frozen=True)
class Beginning:
    """A problem file that a studio begins with.

    Attributes
    ----------
    path : Path
    text : str or None, of a file that is there
    geometry : Geometry or None, of a new one

    """

    path: Path
    text: str | None = None
    geometry: Geometry | None = None

    def document(self, changes: dict[str, Any]) -> Document:
        """The document, with changes as a step; for a new geometry its requirements are found first, which takes seconds where there
        are many drivers.

        Raises
        ------
        UsageError : a key that names nothing; nothing that is worth asking for is within the geometry's reach

        """
        from designer.studio.document import Document

        text, origin = self.text, ""
        if text is None:
            text, origin = self._new()
        document = Document(text, self.path.parent, str(self.path), origin=origin)
        if changes:
            document.set(changes)
        return document

    def _new(self) -> tuple[str, str]:
        """The text for a new geometry, and the command that writes it."""
        from designer.search.starter import new_problem

        assert self.geometry is not None
        with Stages(FINDING):
            text, remarks = new_problem(self.geometry)
        say_all(remarks, "note")
        options = [
            *("--shape", self.geometry.shape, "--drivers", str(self.geometry.drivers)),
            *("--width", str(self.geometry.width_m), "--distance", str(self.geometry.distance_m)),
        ]
        return text, shlex.join(["designer", "new", str(self.path), *options])


def _beginning(path: Path | None, options: Options) -> Beginning:
    """A file that is there, or a new geometry.

    Raises
    ------
    UsageError : a geometry for a file that is there, or one that no file can be written for
    DataError : the file cannot be read

    """
    is_given = any(value is not None for value in options)
    if path is not None and (os.path.lexists(path) or not is_given):
        from designer.studio.on_disk import text_of
        from designer.writing import check_file

        if is_given:
            raise UsageError(
                f"{path}: file exists; expected no --shape, --drivers, --width or --distance beside it; leave them out"
            )
        text = text_of(path)
        check_file(path, force=True)  # as it will be saved
        return Beginning(path, text)
    from designer.search.new_geometry import geometry_of

    geometry = geometry_of(*(options if is_given else STARTER))
    geometry.check()
    path = _free(Path(f"{geometry.shape}.toml")) if path is None else path
    if path.suffix != ".toml" or not path.parent.is_dir():
        raise UsageError(
            f"{path}: got no name of a problem file; expected one that ends in .toml, in a folder that exists"
        )
    return Beginning(path, geometry=geometry)


def _free(path: Path) -> Path:
    """A name that no file has: itself, or the first with a number."""
    n = 1
    while os.path.lexists(candidate := path if n == 1 else path.with_stem(f"{path.stem}-{n}")):
        n += 1
    return candidate


def _serve(
    begin: Beginning,
    changes: dict[str, Any],
    engine: Engine,
    sessions: list[Session],
    taken: socket.socket,
    *,
    autosave: bool,
    browser: bool,
) -> None:
    """Serve until a signal ends it; the page first, then its document."""
    from designer.studio.guard import LOOPBACK, new_token
    from designer.studio.on_disk import OnDisk
    from designer.studio.server import Serving
    from designer.studio.session import Session

    token = new_token()
    document = None if begin.text is None else begin.document(changes)  # its errors come before an address
    with Serving(taken, token, FINDING if document is None else "reading") as serving:
        address = f"http://{LOOPBACK}:{serving.port}/?token={token}"
        say(f"{begin.path}: {address}")
        say("Ctrl-C ends it")
        if browser:
            _open(address, serving.entered)
        document = document or begin.document(changes)
        disk = OnDisk(begin.path, time.monotonic)
        session = Session(document, disk, engine, lambda path: f"/{path}?token={token}", autosave=autosave)
        sessions.append(session)
        serving.begin(session)
        gc.freeze()  # loaded modules are no garbage: a full collection would delay a drag
        serving.wait()


def _open(address: str, entered: threading.Event) -> None:
    """Open a browser, if there is one that needs no terminal; it may take its time, or never return."""
    from designer.studio.private_folder import WayIn

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        browser = None
    if browser is None or (type(browser) is webbrowser.GenericBrowser and "BROWSER" not in os.environ):
        say("note: there is no browser here; open the address in one", error=True)
        return
    way = WayIn(address)

    def remove() -> None:
        entered.wait(ENTERED_WITHIN_S)
        way.close()

    threading.Thread(target=remove, daemon=True).start()
    threading.Thread(target=browser.open, args=(way.path.as_uri(),), daemon=True).start()
