"""`designer studio` as a person starts and ends it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from command import Command
from stereo.small_designs import trio
from toml_text import toml
from websockets.sync.client import connect
from websockets.typing import Origin

from designer import errors
from designer.cli import studio
from designer.studio.guard import listening
from studio.polls import comes

WAIT_S = 60.0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a problem."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trio.toml").write_text(toml(trio("left", "right")))
    return tmp_path


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the address that it prints."""
    command = [sys.executable, "-m", "designer.cli", "studio", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{40,}$", line.strip())
        assert match, line + (process.communicate(timeout=WAIT_S)[1] if not line else "")
        yield process, match[0]
    finally:
        process.kill()
        process.communicate()


def family(process_id: int) -> list[int]:
    """A process and all that descend from it."""
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [process_id, *(one for child in children for one in family(int(child)))]


def is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def tab(address: str) -> Iterator[Any]:
    """A socket of the studio at an address."""
    origin, _, token = address.partition("/?token=")
    with connect(
        f"ws{origin[4:]}/socket?token={token}",
        origin=Origin(origin),
        proxy=None,
        max_size=None,
        open_timeout=WAIT_S,
    ) as socket:
        yield socket


def heard(socket: Any, kind: str) -> dict[str, Any]:
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=WAIT_S))
        if message["is"] == kind:
            return message


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc, to find the processes of a process")
def test_it_begins_with_a_page_judges_and_ends_by_a_signal(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page at the address, and the verdict of `designer.design`, whatever ends its processes.

    A signal ends it with its page open and its engine at work: with one line, the command that makes again what is not saved; no process
    and no file is left.
    """
    (here / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(here / "temporary"))
    with started("trio.toml", "--no-browser", "--set", "realization.taps=56") as (process, address):
        with urllib.request.urlopen(address, timeout=WAIT_S) as page:
            assert b"studio.js" in page.read()
        with tab(address) as socket:
            socket.send(json.dumps({"do": "hello", "channel": "right"}))
            state = heard(socket, "state")
            assert (state["file"], state["dirty"], state["on_disk"]) == ("trio.toml", True, "same")
            judged = heard(socket, "judged")
            assert (judged["channel"], judged["verdict"]["status"]) == ("right", 0)
            assert judged["version"] == state["version"]
            for process_id in family(process.pid)[1:]:  # what computes is ended from outside
                if b"spawn_main" in Path(f"/proc/{process_id}/cmdline").read_bytes():
                    os.kill(process_id, signal.SIGKILL)
            socket.send(json.dumps({"do": "set", "values": {"realization.taps": 48}, "phase": "drop"}))
            assert heard(socket, "judged")["version"] == state["version"] + 1
            socket.send(json.dumps({"do": "set", "values": {"listener.turn_deg": 1.0}, "phase": "drag"}))
            processes = family(process.pid)
            assert len(processes) >= 3
            process.send_signal(signal.SIGTERM)
            _, text = process.communicate(timeout=WAIT_S)
        assert process.returncode == 128 + signal.SIGTERM
        assert text == "stopped; not saved: designer design trio.toml --set realization.taps=48\n"
        assert comes(lambda: not any(map(is_alive, processes)))
    assert sorted(path.name for path in here.iterdir()) == ["temporary", "trio.toml"]
    assert list((here / "temporary").iterdir()) == []


def test_a_new_geometry_is_written_when_it_is_saved(here: Path) -> None:
    """A name that is free, the command that makes the file, the options of `designer new`."""
    (here / "pair.toml").write_text("taken")
    with started("--shape", "pair", "--width", "0.2", "--distance", "0.6", "--no-browser") as (process, address):
        with tab(address) as socket:
            socket.send(json.dumps({"do": "hello"}))
            state = heard(socket, "state")
            new = "designer new pair-2.toml --shape pair --drivers 2 --width 0.2 --distance 0.6"
            assert (state["on_disk"], state["command"]) == ("new", f"{new} && designer design pair-2.toml")
            assert not (here / "pair-2.toml").exists()
            socket.send(json.dumps({"do": "save"}))
            assert heard(socket, "done")["path"] == "pair-2.toml"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=WAIT_S)[1] == "stopped\n"
        assert process.returncode == 128 + signal.SIGINT
    assert (here / "pair-2.toml").read_text() == state["text"]
    assert (here / "pair.toml").read_text() == "taken"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.toml"], errors.EXIT_BAD_INPUT, "none.toml: cannot be read: no such file"),
        (["."], errors.EXIT_BAD_INPUT, "got no file; expected a problem file"),
        (["trio.toml", "--shape", "bar"], errors.EXIT_USAGE, "trio.toml: file exists; expected no --shape"),
        (["--shape", "cube"], errors.EXIT_USAGE, "--shape: got 'cube'; expected bar, sphere, box, laptop, pair"),
        (["--drivers", "1"], errors.EXIT_USAGE, "--drivers: got 1; expected 2 to 64 for --shape bar"),
        (["new.txt", "--shape", "bar"], errors.EXIT_USAGE, "new.txt: got no name of a problem file"),
        (["no/new.toml", "--shape", "bar"], errors.EXIT_USAGE, "no/new.toml: got no name of a problem file"),
        (["link.toml"], errors.EXIT_BAD_INPUT, "link.toml: got a link"),
        (["trio.toml", "--set", "taps"], errors.EXIT_USAGE, "--set taps: got no value"),
        (["trio.toml", "--set", "nonsense=1"], errors.EXIT_USAGE, 'got "nonsense", which is no key'),
        (["trio.toml", "--port", "70000"], errors.EXIT_USAGE, "less than or equal to 65535"),
        (["latin.toml"], errors.EXIT_BAD_INPUT, "latin.toml: byte 9 is not UTF-8"),
    ],
)
def test_a_wrong_start_is_an_error_before_anything_is_served(
    here: Path, designer_command: Command, arguments: list[str], code: int, message: str
) -> None:
    """With what was expected; nothing was written."""
    (here / "link.toml").symlink_to("trio.toml")
    (here / "latin.toml").write_bytes(b"title = '\xe9'")
    before = sorted(here.iterdir())
    ended = designer_command("studio", *arguments)
    assert ended.code == code
    assert message in ended.err
    assert ended.out == ""
    assert sorted(here.iterdir()) == before


def test_a_port_in_use_is_an_error(here: Path, designer_command: Command) -> None:
    """Exit code 2, with the remedy."""
    with listening(0) as taken:
        port = taken.getsockname()[1]
        ended = designer_command("studio", "trio.toml", "--port", str(port), "--no-browser")
    assert (ended.code, ended.out) == (errors.EXIT_USAGE, "")
    assert ended.err == f"error: --port {port}: is in use; expected a free port; choose another, or leave --port out\n"


def test_without_the_extra_it_says_how_to_install_it(
    here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a UsageError; a base installation has none of these."""
    monkeypatch.setattr(studio, "find_spec", lambda name: None if name == "uvicorn" else object())
    ended = designer_command("studio", "trio.toml")
    assert ended.code == errors.EXIT_USAGE
    assert ended.err == (
        "error: designer studio: got no uvicorn; it comes with the extra: pip install 'loudspeaker-filter-designer[studio]'\n"
    )


class Browser:
    """Stands in for the one that the machine may have."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def open(self, address: str) -> bool:
        self.opened.append(address)
        return True


def test_a_browser_is_led_to_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser opens a file that this user alone can read, so that no list of processes shows the token; then the file is removed."""
    browser, entered = Browser(), threading.Event()
    monkeypatch.setattr(webbrowser, "get", lambda: browser)
    studio._open("http://127.0.0.1:1/?token=x", entered)
    assert comes(lambda: bool(browser.opened))
    (address,) = browser.opened
    path = Path(url2pathname(urlsplit(address).path))
    assert address.startswith("file://") and "token" not in address
    assert "url=http://127.0.0.1:1/?token=x" in path.read_text(encoding="utf-8")
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)] == [0o600, 0o700]
    entered.set()
    assert comes(lambda: not path.parent.exists())


@pytest.mark.parametrize("found", [None, webbrowser.GenericBrowser("w3m")])
def test_without_a_browser_it_says_so(
    found: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where there is but one that would take the terminal."""

    def get() -> object:
        if found is None:
            raise webbrowser.Error
        return found

    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setattr(webbrowser, "get", get)
    studio._open("http://127.0.0.1:1/", threading.Event())
    assert capsys.readouterr().err == "note: there is no browser here; open the address in one\n"


def test_help_has_the_options_of_new(designer_command: Command) -> None:
    """The same words for the same options."""
    texts = [re.sub(r"\s+", " ", designer_command(command, "--help").out) for command in ("new", "studio")]
    for option in ("--shape", "--drivers", "--width", "--distance"):
        words = [text[text.index(f" {option} ") :].split(" --")[1] for text in texts]
        assert words[0] == words[1]
    assert "--no-browser" in texts[1]
    assert "Ctrl-C ends it" in texts[1]
