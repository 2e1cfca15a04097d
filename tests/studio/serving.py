"""A studio that is served in this process, its engine stood in for, and tabs that talk to it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from designer.studio import session as studio_session
from designer.studio.document import Document
from designer.studio.guard import listening, new_token
from designer.studio.on_disk import OnDisk
from designer.studio.server import Serving
from designer.studio.session import Session

MOST_MESSAGES = 10_000
WAIT_S = 20.0
"""How long a message may take on a machine that is busy."""
LOOK_S = 0.03
"""From one look at the file to the next: a third of the product's; by the clock of `OnDisk` a second is between two, whatever passes."""
Message = dict[str, Any]


class StandInEngine:
    """Answers as an engine does, from another thread: a verdict with the status that `status` says."""

    def __init__(self) -> None:
        self.answer: Callable[[Message], None] = lambda _: None
        self.status: Callable[[Document], int | None] = lambda _: 0
        self.asked: list[tuple[Any, ...]] = []
        self.judges = True
        self.closed = False

    def start(self) -> None: ...

    def live(self, document: Document, channels: list[str], **how: Any) -> None:
        number = how.pop("id", None)
        self.asked.append(("live", number, document.version, tuple(channels), how))
        for n, channel in enumerate(channels):
            message = {"is": "live", "version": document.version, "channel": channel, "values": {}, **how}
            self._say(message if n or number is None else {**message, "id": number})

    def cancel_live(self) -> None:
        self.asked.append(("cancel",))

    def judge(self, document: Document, channels: list[str]) -> None:
        self.asked.append(("judge", document.version, tuple(channels)))
        if not self.judges:
            return
        status = self.status(document)
        self._say({"is": "working", "stage": "designs", "version": document.version})
        for channel in channels:
            self._verdict(document, channel, status)
        self._say({"is": "idle"})

    def _verdict(self, document: Document, channel: str, status: int | None) -> None:
        if status is None:
            self._say({"is": "error", "message": "the solver stopped"})
        else:
            verdict = {"status": status}
            self._say({"is": "judged", "version": document.version, "channel": channel, "verdict": verdict})

    def _say(self, message: Message) -> None:
        threading.Thread(target=self.answer, args=(message,)).start()

    def close(self) -> None:
        self.closed = True


class Page:
    """A tab: what it sends, and what it has heard."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []

    def send(self, do: str, **content: Any) -> None:
        self.socket.send(json.dumps({"do": do, **content}))

    def next(self, kind: str = "", **having: Any) -> Message:
        """The next message of a kind that has these values; what comes before it is kept in `heard`."""
        for _ in range(MOST_MESSAGES):
            message: Message = json.loads(self.socket.recv(timeout=WAIT_S))
            self.heard.append(message)
            if kind in ("", message["is"]) and all(message.get(key) == value for key, value in having.items()):
                return message
        raise TimeoutError(kind)

    def ask(self, do: str, number: int, **content: Any) -> Message:
        """Send a request with an id, and wait for its answer."""
        self.send(do, id=number, **content)
        return self.next(id=number)

    def silent_for(self, seconds: float) -> bool:
        """Whether nothing comes."""
        try:
            self.heard.append(json.loads(self.socket.recv(timeout=seconds)))
        except TimeoutError:
            return True
        return False


class Studio:
    """A served session."""

    def __init__(self, session: Session, engine: StandInEngine, port: int, token: str, file: Path) -> None:
        self.session, self.engine, self.port, self.token, self.file = session, engine, port, token, file
        self.host = f"127.0.0.1:{port}"
        self.origin = f"http://{self.host}"

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer; without headers the Host is right, and there is no Origin."""
        headers = {"Host": self.host} if headers is None else headers
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None and "Content-Length" not in headers:
                headers = {**headers, "Content-Length": str(len(body))}
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def socket(self) -> ClientConnection:
        """A socket, as a browser opens it."""
        address = f"ws://{self.host}/socket?token={self.token}"
        opened: ClientConnection = connect(
            address,
            open_timeout=WAIT_S,
            origin=Origin(self.origin),
            proxy=None,
            max_size=None,
        )
        return opened

    @contextmanager
    def page(self, channel: str = "") -> Iterator[Page]:
        """A tab that has said hello."""
        with self.socket() as socket:
            page = Page(socket)
            page.send("hello", **({"channel": channel} if channel else {}))
            page.next("state")
            yield page


@contextmanager
def served(
    file: Path, text: str | None = None, *, origin: str = "", judges: bool = True, is_awaited: bool = False
) -> Iterator[Studio]:
    """A studio of a file that is on disk, or of a text that is not yet."""
    taken = listening(0)
    token, engine = new_token(), StandInEngine()
    engine.judges = judges
    disk = OnDisk(file, count().__next__)
    document = Document(
        text if disk.text is None and text is not None else disk.text or "", file.parent, str(file), origin=origin
    )
    session = Session(document, disk, engine, lambda path: f"/{path}?token={token}")  # type: ignore[arg-type]  # it stands in
    engine.answer = session.from_engine
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio_session, "LOOK_S", LOOK_S)
        serving = Serving(taken, token).__enter__()
        try:
            serving.begin(session)
            yield Studio(session, engine, serving.port, token, file)
        finally:
            # Its thread ends a fifth of a second later, for which most tests need not wait.
            serving.__exit__(None if is_awaited else GeneratorExit, None)
    assert engine.closed
