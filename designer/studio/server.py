"""The studio's server: one page, its socket, uploads and sounds, on the loopback alone.

| address | what |
|---|---|
| `/` | the page |
| `/studio.js`, `/studio.css`, `/plotly.js` | its scripts and its style |
| `/socket` | the protocol of `messages`, one WebSocket a tab |
| `/upload?name=NAME` | POST: a recording to listen to, its bytes as the body; answered by `{"name", "seconds"}` or `{"message"}` |
| `/sounds/NUMBER/NAME.wav` | a sound, as `sound` names it |

Each wants the token, as the page's own address has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from designer.errors import DesignerError
from designer.studio import form, page
from designer.studio.guard import Guard
from designer.studio.on_disk import MAX_BYTES
from designer.studio.session import Session
from designer.studio.shelf import EXCERPT, LARGEST_BYTES, checked_name
from designer.studio.tab import encoded

LARGEST_REQUEST_BYTES = 4 * MAX_BYTES
"""Largest message of the socket: the text of a problem file, escaped as JSON, is the longest."""
ENDING_S = 5.0
"""How long the server may take to say goodbye."""


def application(
    begun: Callable[[], Awaitable[Session]], port: int, token: str, stage: str, entered: threading.Event
) -> Guard:
    """The studio as an ASGI application, whose page comes before its session has begun, and shows the stage meanwhile."""

    def text(content: str, kind: str) -> Response:
        return Response(content, media_type=kind)

    async def root(_: Request) -> Response:
        first = {"form": form.form(), "targets": form.targets(), "excerpts": [EXCERPT]}
        return text(page.html(token, **first), "text/html")

    async def script(_: Request) -> Response:
        return text(page.script(), "text/javascript")

    async def style(_: Request) -> Response:
        return text(page.style(), "text/css")

    async def plotly(_: Request) -> Response:
        from designer.report.script import library

        cached = {"cache-control": "private, max-age=86400, immutable"}
        return Response(library(), media_type="text/javascript", headers=cached)

    async def sound(request: Request) -> Response:
        path = (await begun()).shelf.sound(request.path_params["number"], request.path_params["name"])
        return FileResponse(path, media_type="audio/wav") if path else Response(status_code=404)

    async def upload(request: Request) -> Response:
        try:
            name, seconds = await _uploaded(await begun(), request)
        except DesignerError as error:
            return JSONResponse({"message": str(error)}, status_code=400)
        except ClientDisconnect:
            return Response(status_code=400)
        return JSONResponse({"name": name, "seconds": seconds})

    async def tab(socket: WebSocket) -> None:
        await socket.accept()
        entered.set()
        await socket.send_text(encoded({"is": "working", "stage": stage, "version": 0}))
        session = await begun()
        async with session.tab() as tab:
            sending = asyncio.create_task(_sent(socket, tab.next))
            try:
                while True:
                    session.receive(tab, await socket.receive_text())
                    await asyncio.sleep(0)  # what it began has its turn before the next
            except (WebSocketDisconnect, KeyError):  # a KeyError is a message of bytes
                pass
            finally:
                sending.cancel()

    routes = [
        Route("/", root),
        Route("/studio.js", script),
        Route("/studio.css", style),
        Route("/plotly.js", plotly),
        Route("/upload", upload, methods=["POST"]),
        Route("/sounds/{number:int}/{name}.wav", sound),
        WebSocketRoute("/socket", tab),
    ]
    return Guard(Starlette(routes=routes), port, token)


async def _sent(socket: WebSocket, following: Any) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_text(await following())


async def _uploaded(session: Session, request: Request) -> tuple[str, float]:
    """Take a recording up to the largest size; return its name and its length in seconds.

    Raises
    ------
    DesignerError : its name, its size or its content is not fit, or there is no room for it

    """
    name = checked_name(request.query_params.get("name", ""))
    too_large = DesignerError(f"{name}: got more than {LARGEST_BYTES / 1e6:.0f} MB; expected less; cut out a passage")
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > LARGEST_BYTES:
        raise too_large
    path, count = session.shelf.new_place(), 0
    try:
        with path.open("wb") as file:
            async for block in request.stream():
                count += len(block)
                if count > LARGEST_BYTES:
                    raise too_large
                file.write(block)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = (error.strerror or str(error)).lower()
            raise DesignerError(
                f"{name}: cannot be stored: {reason}; make room for it in {path.parent.parent}"
            ) from None
        raise
    return name, await asyncio.to_thread(session.shelf.add_recording, name, path)


class Serving:
    """A server in a thread of its own, for as long as `with` lasts; the main thread is left to hear of signals.

    Parameters
    ----------
    taken : object, the socket that listens
    token : str, that its addresses want
    stage : str, what tabs wait for until the session begins

    """

    def __init__(self, taken: socket.socket, token: str, stage: str = "reading") -> None:
        self.port: int = taken.getsockname()[1]
        self._socket = taken
        self._session: Future[Session] = Future()
        self._ended = threading.Event()
        self.entered = threading.Event()  # a page has come
        self._failure: Exception | None = None
        config = uvicorn.Config(
            application(self._begun, self.port, token, stage, self.entered), loop="asyncio", http="h11", ws="websockets-sansio",
            lifespan="off", log_config=None, log_level="critical", access_log=False, proxy_headers=False, server_header=False,
            ws_per_message_deflate=False, ws_max_size=LARGEST_REQUEST_BYTES, timeout_graceful_shutdown=0,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self, session: Session) -> None:
        """Begin the session, which tabs wait for."""
        self._session.set_result(session)

    def __enter__(self) -> Serving:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._server.should_exit = True
        if self._session.done():
            self._session.result().close()
        if kind is None:  # else this process ends, at once
            self._thread.join(ENDING_S)

    def wait(self) -> None:
        """Wait until the server ends, which it does of itself only by an error.

        Raises
        ------
        Exception : that error

        """
        while not self._ended.wait(0.5):  # some systems tell of signals only between two of them
            pass
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self._failure = error
        finally:
            self._ended.set()

    async def _serve(self) -> None:
        running = asyncio.create_task(self._session_runs())
        await self._server.serve([self._socket])
        running.cancel()

    async def _session_runs(self) -> None:
        await (await self._begun()).run()

    async def _begun(self) -> Session:
        """The session, once it has begun; who no longer waits for it does not end it for the others."""
        return await asyncio.shield(asyncio.wrap_future(self._session))
