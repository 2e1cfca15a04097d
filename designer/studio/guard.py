"""Who may talk to the studio: pages of its own address alone, with the token that the command printed.

Any page of the web may send requests to 127.0.0.1, and a name that was rebound (DNS rebinding) makes them look like its own. So each
request and each socket is held against three things: its Host is this address, not a name that leads here; its Origin, which browsers
add to whatever a page sends, is this address too; and it has the token, compared in constant time. A policy tells the browser
in turn to load, run and send nothing but what comes from here.
"""

from __future__ import annotations

import errno
import hmac
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from designer.errors import UsageError

LOOPBACK = "127.0.0.1"
NAMES = (LOOPBACK, "localhost")
HTTP = 80
"""Port that browsers leave out of Host and Origin."""
SAFE = ("GET", "HEAD")
METHODS = (*SAFE, "POST")
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the renderer sets styles of elements
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
"""Headers of every answer; an answer may say of its own how long it is kept."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def new_token() -> str:
    """256 random bits for an address."""
    return secrets.token_urlsafe(32)


def listening(port: int) -> socket.socket:
    """A socket on the loopback, at a port or, where it is 0, at a free one.

    Raises
    ------
    UsageError : the port is taken, or not ours to take

    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows, where another program could listen at the same port
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # after a studio that has just ended
    try:
        taken.bind((LOOPBACK, port))
        taken.listen()
    except OSError as error:
        taken.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {(error.strerror or '').lower()}"
        raise UsageError(
            f"--port {port}: {reason}; expected a free port; choose another, or leave --port out"
        ) from None
    return taken


class Guard:
    """An application behind these checks.

    Parameters
    ----------
    application : callable, of the ASGI protocol
    port : int, where it is served on the loopback
    token : str

    """

    def __init__(self, application: Application, port: int, token: str) -> None:
        self._application = application
        self._token = token.encode()
        self._hosts = {f"{name}:{port}".encode() for name in NAMES} | {n.encode() for n in NAMES if port == HTTP}
        self._origins = {b"http://" + host for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse without a word on what is here."""
        if not self._is_allowed(scope):
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
            await _headed(send)(
                {"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]}
            )
            await send({"type": "http.response.body", "body": b"Use the address that `designer studio` printed.\n"})
            return
        await self._application(scope, receive, send if scope["type"] == "websocket" else _headed(send))

    def _is_allowed(self, scope: Scope) -> bool:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts, origins = ([value for name, value in headers if name == header] for header in (b"host", b"origin"))
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return False
        method = scope.get("method", "socket")
        if any(origin not in self._origins for origin in origins) or len(origins) > 1:
            return False
        if not origins and method not in SAFE:
            return False
        if method not in (*METHODS, "socket"):
            return False
        return self._has_token(scope["query_string"])

    def _has_token(self, query: bytes) -> bool:
        try:
            tokens = parse_qs(query.decode("latin-1"), max_num_fields=8, encoding="latin-1").get("token", [])
        except ValueError:  # more fields
            return False
        return len(tokens) == 1 and hmac.compare_digest(tokens[0].encode("latin-1", "replace"), self._token)


def _headed(send: Send) -> Send:
    """Send every answer with HEADERS."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            added = [(n.encode(), v.encode()) for n, v in HEADERS.items() if n.encode() not in present]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sent
