"""Who is let in: attacks on the address, the socket, the paths and the sizes, each as it would come over the wire."""

from __future__ import annotations

import json
import socket
import stat
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from designer.errors import UsageError
from designer.studio import server
from designer.studio.guard import listening, new_token
from studio.serving import Studio, served

TEXT = Path(__file__).parents[2].joinpath("problems", "laptop-pair.toml").read_text(encoding="utf-8")
PATHS = ("/", "/studio.js", "/studio.css", "/plotly.js", "/sounds/1/A.wav", "/upload?name=a.wav", "/anything")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    file = tmp_path_factory.mktemp("guarded") / "pair.toml"
    file.write_text(TEXT)
    with served(file) as studio:
        yield studio


def with_token(path: str, token: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}token={token}"


def handshake(studio: Studio, **headers: str | None) -> dict[str, str]:
    """Headers by which a browser opens a socket; None leaves one out."""
    usual = {
        "Host": studio.host,
        "Origin": studio.origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        **headers,
    }
    return {name: value for name, value in usual.items() if value is not None}


def refuses_socket(studio: Studio, path: str | None = None, **headers: str | None) -> bool:
    status = studio.request("GET", path or f"/socket?token={studio.token}", handshake(studio, **headers))[0]
    assert status in (101, 403)
    return status == 403


def test_the_page_is_served_to_its_own_address(studio: Studio) -> None:
    """With Host and token as a browser sends them; by either name of the loopback."""
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        status, headers, body = studio.request("GET", f"/?token={studio.token}", {"Host": f"{name}:{studio.port}"})
        assert status == 200
        assert headers["content-type"].startswith("text/html")
        assert b"<html" in body


@pytest.mark.parametrize("path", PATHS)
def test_no_path_answers_without_the_token(studio: Studio, path: str) -> None:
    """Without one, with another, with part of it, with one in front of it or twice: 403, whether there is such a path or not."""
    token = studio.token
    wrong = [
        path,
        *(with_token(path, text) for text in ("", new_token(), token[:-1], token + "a", token.swapcase(), "%ff%00")),
    ]
    wrong += [with_token(with_token(path, token), token), with_token(with_token(path, "a"), token)]
    for method in ("GET", "POST"):
        for attempt in wrong:
            headers = {"Host": studio.host, "Origin": studio.origin}
            assert studio.request(method, attempt, headers, b"" if method == "POST" else None)[0] == 403, attempt


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "rebound.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "0.0.0.0:{port}",
        "[::1]:{port}",
        "127.0.0.1:{port}.example",
        "",
    ],
)
def test_a_name_that_leads_here_is_not_this_address(studio: Studio, host: str) -> None:
    """DNS rebinding: whatever name a browser believes to talk to stands in Host."""
    host = host.format(port=studio.port)
    assert studio.request("GET", f"/?token={studio.token}", {"Host": host})[0] == 403
    assert studio.request("GET", f"/?token={studio.token}", {"Host": host, "X-Forwarded-Host": studio.host})[0] == 403


def test_two_hosts_are_none(studio: Studio) -> None:
    """A request with two Host headers is refused, and so is one without any."""
    for hosts in (f"Host: {studio.host}\r\nHost: rebound.example\r\n", ""):
        with socket.create_connection(("127.0.0.1", studio.port), timeout=10) as raw:
            raw.sendall(f"GET /?token={studio.token} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n".encode())
            assert raw.makefile("rb").readline().split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "https://{host}",
        "http://{host}.evil.example",
        "file://",
        "",
    ],
)
def test_another_page_s_requests_are_refused(studio: Studio, origin: str) -> None:
    """An Origin that is not this address, on every method; and a POST without one, though the token is right."""
    origin = origin.format(host=studio.host)
    for method, path in (("GET", "/"), ("POST", "/upload?name=a.wav"), ("GET", "/studio.js")):
        headers = {"Host": studio.host, "Origin": origin}
        body = b"x" if method == "POST" else None
        assert studio.request(method, with_token(path, studio.token), headers, body)[0] == 403
    assert studio.request("POST", with_token("/upload?name=a.wav", studio.token), None, b"x")[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_no_other_method_is_taken(studio: Studio, method: str) -> None:
    """Not even the question whether it would be (a preflight)."""
    headers = {"Host": studio.host, "Origin": studio.origin}
    assert studio.request(method, f"/?token={studio.token}", headers)[0] == 403


def test_the_socket_is_guarded_alike(studio: Studio) -> None:
    """Token, Host and Origin; a socket without an Origin comes from no page."""
    assert not refuses_socket(studio)
    assert refuses_socket(studio, "/socket")
    assert refuses_socket(studio, f"/socket?token={new_token()}")
    assert refuses_socket(studio, Origin="http://evil.example")
    assert refuses_socket(studio, Origin="null")
    assert refuses_socket(studio, Origin=None)
    assert refuses_socket(studio, Host=f"rebound.example:{studio.port}")


def test_only_the_loopback_listens() -> None:
    """The address is 127.0.0.1 and no other of this machine."""
    with listening(0) as taken:
        assert taken.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_named() -> None:
    """With its remedy, and not taken together with who has it."""
    with listening(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=rf"--port {port}: is in use; expected a free port; choose another"):
            listening(port)


def test_every_answer_tells_the_browser_what_it_may_do(studio: Studio) -> None:
    """The policy allows no script but the studio's own files, nothing inline, no frame around it; also where the answer is no."""
    for path in ("/", "/studio.js", "/nothing"):
        for token in (studio.token, "no"):
            headers = studio.request("GET", with_token(path, token))[1]
            policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
            assert policy["default-src"] == "'none'"
            assert policy["script-src"] == "'self'"
            assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../pair.toml", "/..%2fpair.toml", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/pair.toml", "/sounds/../../pair.toml",
        "/sounds/1/..%2f..%2fpair.wav", "/sounds/1/%2fetc%2fpasswd.wav", "/sounds/-1/A.wav", "/sounds/99999999999999999999/A.wav",
        "/templates/studio.html", "/studio.js/../../messages.py", "/sounds/1/A.wav/..",
    ],
)  # fmt: skip
def test_no_path_leads_to_a_file(studio: Studio, path: str) -> None:
    """A sound is found by its number and its name in a list, and by no path."""
    assert studio.request("GET", with_token(path, studio.token))[0] == 404


def sound(seconds: float = 0.1, channels: int = 2, form: str = "WAV") -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, np.zeros((round(8000 * seconds), channels)), 8000, format=form, subtype="PCM_16")
    return buffer.getvalue()


def upload(studio: Studio, name: str, body: bytes, **headers: str) -> tuple[int, dict[str, object]]:
    path = f"/upload?token={studio.token}&name={name}"
    status, _, answer = studio.request("POST", path, {"Host": studio.host, "Origin": studio.origin, **headers}, body)
    return status, json.loads(answer)


def test_a_recording_is_taken(studio: Studio) -> None:
    """A WAV and a FLAC file, by their names; nobody else on this machine may read them."""
    assert upload(studio, "a%20b.wav", sound(0.5)) == (200, {"name": "a b.wav", "seconds": 0.5})
    assert upload(studio, "%C3%A9.FLAC", sound(0.25, form="FLAC")) == (200, {"name": "é.FLAC", "seconds": 0.25})
    folder = studio.session.shelf.recording("a b.wav").parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fpair.toml",
        "%2fetc%2fpasswd",
        "..",
        ".",
        "",
        "a%00b.wav",
        "C:a.wav",
        "a%5cb.wav",
        "a%0ab.wav",
        "a" * 121,
        "a%e2%80%aeb.wav",
    ],
)
def test_a_name_that_is_more_than_a_name_is_refused(studio: Studio, name: str) -> None:
    """Separators, drives, steps, controls and what turns text around."""
    status, answer = upload(studio, name, sound())
    assert status == 400
    assert "expected a file's name" in str(answer["message"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "x.wav: got a truncated or corrupt file"),
        (b"<script>alert(1)</script>", "x.wav: got a truncated or corrupt file"),
        (sound()[:-20], "the last 20 bytes that its header announces are missing"),
        (sound(channels=1), "x.wav: got 1 channel (mono)"),
    ],
)
def test_what_is_no_recording_is_refused_and_gone(studio: Studio, body: bytes, message: str) -> None:
    """By the messages of `designer render`, which name the file as its owner does; nothing of it is kept."""
    folder = studio.session.shelf.new_place().parent
    before = sorted(folder.iterdir())
    status, answer = upload(studio, "x.wav", body)
    assert status == 400
    assert message in str(answer["message"])
    assert str(folder) not in str(answer["message"])
    assert sorted(folder.iterdir()) == before


def test_an_upload_that_cannot_be_kept_is_told(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that is full, or where the folder for temporary files was swept."""
    monkeypatch.setattr(studio.session.shelf, "new_place", lambda: tmp_path / "swept" / "1")
    status, answer = upload(studio, "x.wav", sound())
    assert status == 400
    assert (
        str(answer["message"]) == f"x.wav: cannot be stored: no such file or directory; make room for it in {tmp_path}"
    )


def test_an_upload_ends_at_the_limit(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its length is announced, announced wrongly, or comes in chunks; nothing of it is kept."""
    monkeypatch.setattr(server, "LARGEST_BYTES", 1000)
    folder = studio.session.shelf.new_place().parent
    before = sorted(folder.iterdir())
    assert upload(studio, "big.wav", b"x" * 1001)[0] == 400
    status, answer = upload(studio, "big.wav", b"x", **{"Content-Length": "999999999999"})
    assert (status, "got more than" in str(answer["message"])) == (400, True)
    with socket.create_connection(("127.0.0.1", studio.port), timeout=10) as raw:
        head = f"POST /upload?name=a.wav&token={studio.token} HTTP/1.1\r\nHost: {studio.host}\r\nOrigin: {studio.origin}\r\n"
        raw.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + 2 * (b"400\r\n" + b"x" * 0x400 + b"\r\n"))
        assert raw.makefile("rb").readline().split()[1] == b"400"  # before the last chunk has come
    assert sorted(folder.iterdir()) == before


def test_a_message_has_a_largest_size(studio: Studio) -> None:
    """One that announces more than a problem file can be closes the socket (1009) before it has come; the studio goes on."""
    head = "".join(f"{name}: {value}\r\n" for name, value in handshake(studio).items())
    with socket.create_connection(("127.0.0.1", studio.port), timeout=10) as raw:
        raw.sendall(f"GET /socket?token={studio.token} HTTP/1.1\r\n{head}\r\n".encode())
        answer = raw.makefile("rb")
        assert answer.readline().split()[1] == b"101"
        while answer.readline() != b"\r\n":
            pass
        raw.sendall(
            struct.pack(">BBQ4x", 0x81, 0xFF, server.LARGEST_REQUEST_BYTES + 1)
        )  # text, masked, its length in 8 bytes
        kind, length = answer.read(2)
        while kind != 0x88:  # text that was on its way
            size = int.from_bytes(answer.read({126: 2, 127: 8}.get(length, 0))) if length > 125 else length
            answer.read(size)
            kind, length = answer.read(2)
        assert int.from_bytes(answer.read(2)) == 1009
    assert not refuses_socket(studio)
