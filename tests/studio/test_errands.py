"""What takes its time: rendered and written in a process of its own, which can be ended; the session goes on meanwhile."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from stereo.small_designs import RATE_HZ, trio
from toml_text import toml

from studio.serving import Page, Studio, served


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One for all: its process takes a second to start."""
    file = tmp_path_factory.mktemp("errands") / "trio.toml"
    file.write_text(toml(trio("left", "right")))
    with served(file) as studio:
        yield studio


@pytest.fixture
def page(studio: Studio) -> Iterator[Page]:
    with studio.page() as page:
        page.next("judged")
        yield page


def process_id(studio: Studio) -> int:
    process = studio.session._errands._background._process
    assert process is not None
    assert process.pid is not None
    return process.pid


def test_a_listener_gets_sounds_to_fetch(studio: Studio, page: Page) -> None:
    """Of the excerpt, of every state: at addresses that hold WAV files of one length; asked again, the same."""
    page.ask("snapshot", 1, name="A")
    sound = page.ask("listen", 2, source="excerpt", place="ears")
    assert (sound["is"], sound["seconds"], sound["notes"]) == ("sound", 4.0, [])
    assert {item["name"] for item in sound["items"]} == {"current", "A", "plain", "bypass"}
    for item in sound["items"]:
        status, headers, body = studio.request("GET", item["url"])
        assert (status, headers["content-type"]) == (200, "audio/wav")
        assert soundfile.info(BytesIO(body)).frames == 4 * RATE_HZ
        assert studio.request("GET", item["url"].partition("?")[0])[0] == 403
    assert page.ask("listen", 2, source="excerpt", place="ears") == sound
    page.ask("forget", 3, name="A")


def test_a_listener_s_own_recording(studio: Studio, page: Page) -> None:
    """Uploaded, then played by its name; a name that was not uploaded is an error with those that were."""
    buffer = BytesIO()
    soundfile.write(buffer, 0.1 * np.random.default_rng(1).standard_normal((RATE_HZ // 2, 2)), RATE_HZ, format="FLAC")
    headers = {"Host": studio.host, "Origin": studio.origin}
    assert studio.request("POST", f"/upload?name=own.flac&token={studio.token}", headers, buffer.getvalue())[0] == 200
    assert page.ask("listen", 11, source="own.flac")["seconds"] == 0.5
    error = page.ask("listen", 12, source="../trio.toml")
    assert (error["is"], error["message"][:47]) == ("error", "source: got '../trio.toml'; expected excerpt, o")
    samples = np.full((RATE_HZ, 2), 0.1)
    samples[100] = np.nan
    soundfile.write(buffer := BytesIO(), samples, RATE_HZ, format="WAV", subtype="FLOAT")
    studio.request("POST", f"/upload?name=bad.wav&token={studio.token}", headers, buffer.getvalue())
    assert page.ask("listen", 14, source="bad.wav")["message"].startswith(
        "bad.wav: got a sample that is no finite number"
    )
    assert "got no [room]" in page.ask("listen", 13, place="room")["message"]


def test_the_session_goes_on_while_it_renders(studio: Studio, page: Page) -> None:
    """A step and its verdict come before the sound does."""
    page.ask("listen", 30)
    os.kill(process_id(studio), signal.SIGSTOP)
    page.send("listen", id=31)
    assert page.ask("set", 32, values={"realization.taps": 48}, phase="drop")["is"] == "state"
    page.next("judged")
    page.ask("undo", 33)
    os.kill(process_id(studio), signal.SIGCONT)
    assert page.next(id=31)["is"] == "sound"


def test_rendering_can_be_stopped(studio: Studio, page: Page) -> None:
    """By whoever ends its process, which is told as an error, by the listener, or by listening to something else; the next works in a new
    process.
    """
    page.ask("listen", 20)
    before = process_id(studio)
    os.kill(before, signal.SIGSTOP)
    page.send("listen", id=21)
    page.ask("hello", 22)
    os.kill(before, signal.SIGKILL)
    assert page.next(id=21)["message"] == "the process that worked on it was ended; try again"
    page.send("listen", id=23)
    page.send("listen", id=24, cancel=True)
    heard = [page.next(), page.next()]
    answers = {message["id"]: (message["is"], message["message"]) for message in heard}
    assert answers == {23: ("done", "stopped"), 24: ("done", "stopped")}
    page.send("listen", id=25)
    page.send("listen", id=26)
    assert page.next(id=25)["message"] == "stopped"
    assert page.next(id=26)["is"] == "sound"
    assert process_id(studio) != before


def test_a_folder_is_handed_over(studio: Studio, page: Page) -> None:
    """By the command of the state, into out/ beside the file; edited since, it is a question that force answers."""
    page.ask("set", 51, values={"realization.taps": 48}, phase="drop")
    done = page.ask("hand", 52, over="folder")
    assert (done["is"], done["path"]) == ("done", str(studio.file.parent / "out" / "trio"))
    summary = json.loads((Path(done["path"]) / "summary.json").read_text())
    assert summary["command"].startswith(f"designer design {studio.file} --set realization.taps=48 -o ")
    (Path(done["path"]) / "metrics.csv").write_text("mine")
    question = page.ask("hand", 53, over="folder")
    assert (question["is"], question["about"]) == ("question", "exists")
    assert page.ask("hand", 54, over="folder", force=True)["is"] == "done"
    page.ask("undo", 55)


def test_a_folder_that_no_command_makes_is_refused(studio: Studio, page: Page) -> None:
    """Where the file is not what the command would start from; a text with faults is nothing to hand over."""
    page.ask("text", 61, text="title = 3")
    assert "the text has faults" in page.ask("hand", 62, over="folder")["message"]
    assert "got a text with faults" in page.ask("listen", 63)["message"]
    page.ask("undo", 64)
    assert (
        "expected some of current" in page.ask("hand", 65, over="comparison", options={"snapshots": ["B"]})["message"]
    )
    assert "place: got '../x'" in page.ask("hand", 66, over="page", options={"place": "../x"})["message"]
