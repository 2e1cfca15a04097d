"""The engine as a session uses it: newest first, no crash, processes that come back and go with their parent."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import designer
from designer.studio.document import Document
from designer.studio.engine import Engine, Lane
from designer.studio.worker import INTERRUPT, Interruption, JudgeRequest, Source, SupersededError
from designer.workers import DEAF
from studio.polls import comes

FILE = Path("problems/smart-speaker.toml")
LONGEST_S = 60.0
"""How long a message may take on a machine that is busy: no test of the gate is about time."""


class Heard:
    """The messages of an engine, in order."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._arrived = threading.Condition()

    def __call__(self, message: dict[str, Any]) -> None:
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def first(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message for which something holds, waited for; what came before it is forgotten, and it too."""

        def place() -> int | None:
            return next((n for n, message in enumerate(self.messages) if holds(message)), None)

        with self._arrived:
            assert self._arrived.wait_for(lambda: place() is not None, LONGEST_S), [m["is"] for m in self.messages]
            at = place()
            assert at is not None
            message = self.messages[at]
            del self.messages[: at + 1]
            return message


@pytest.fixture(scope="module")
def heard() -> Heard:
    return Heard()


@pytest.fixture(scope="module")
def engine(heard: Heard) -> Iterator[Engine]:
    """One engine for all tests: two processes take a second to begin."""
    engine = Engine(heard)
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def document() -> Document:
    return Document(FILE.read_text(), FILE.parent, str(FILE))


def is_(kind: str, **values: Any) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message["is"] == kind and all(message.get(key) == value for key, value in values.items())


def test_a_drag_and_a_drop(engine: Engine, heard: Heard, document: Document) -> None:
    """Live curves come for the drag with its id, for another tab's channel without; then stages, each channel judged, and idle."""
    engine.live(document, ["left", "centre"], move=("curve:0:2", 1500.0, 13.0), id=5)
    assert heard.first(is_("live", channel="left"))["id"] == 5
    assert "id" not in heard.first(is_("live", channel="centre"))
    document.move("curve:0:2", 1500.0, 13.0)
    engine.judge(document, ["left", "right"])
    assert heard.first(is_("working", version=2))["stage"] == "scene"
    left = heard.first(is_("judged", channel="left", version=2))
    assert document.problem is not None
    values = designer.design(document.problem).scalars["left"].values
    for number in left["numbers"]:
        assert number["value"] == pytest.approx(values[number["name"]], abs=1e-9, rel=1e-9)
    heard.first(is_("judged", channel="right", version=2))
    heard.first(is_("idle"))


def test_of_many_drags_the_newest_counts(engine: Engine, heard: Heard, document: Document) -> None:
    """A hundred requests at once are answered by a few, the last of them the newest."""
    engine.live(document, ["left"], id=1000)
    heard.first(is_("live", id=1000))
    for n in range(100):
        engine.live(document, ["left"], move=("curve:0:2", 1500.0 + n, 13.0), id=n)
    message = heard.first(is_("live", id=99))
    assert message["values"]["designs[0].cancellation_gain_db"][2][0] == 1600.0
    assert not heard.messages


def test_a_channel_that_others_look_at_is_not_forgotten(engine: Engine, heard: Heard, document: Document) -> None:
    """While one tab drags without a pause, what another looks at follows too."""
    seen: set[str] = set()
    for n in range(1, 10_000):
        engine.live(document, ["left", "centre"], move=("curve:0:2", 1500.0 + n % 50, 13.0), id=n)
        threading.Event().wait(0.005)  # a hand that is faster than any answer
        seen |= {message["channel"] for message in list(heard.messages) if message["is"] == "live"}
        if "centre" in seen:
            break
    assert "centre" in seen
    engine.cancel_live()
    engine.live(document, ["left"], id=-1)
    heard.first(is_("live", id=-1))


@pytest.mark.skipif(INTERRUPT is None, reason="a system without signals between processes")
def test_a_newer_state_interrupts_an_older_one(engine: Engine, heard: Heard, document: Document) -> None:
    """Two states, the second asked for once the first has begun: only the second is judged."""
    document.move("driver:1:layout-side", 0.08, 0.01)
    engine.judge(document, ["left"])
    heard.first(is_("working", version=2))
    document.move("driver:1:layout-side", 0.08, 0.02)
    engine.judge(document, ["left"])
    judged = heard.first(lambda message: message["is"] == "judged")
    assert judged["version"] == 3
    heard.first(is_("idle"))


def test_another_channel_of_the_same_state_interrupts_nothing(engine: Engine, heard: Heard, document: Document) -> None:
    """What a second tab looks at follows what the first one waits for."""
    document.set({"designs.left.max_effort_db": 11.0})
    engine.judge(document, ["left"])
    heard.first(is_("working", version=2))
    engine.judge(document, ["centre"])
    engine.judge(document, ["right", "left"])
    heard.first(is_("judged", channel="left", version=2))
    heard.first(is_("judged", channel="centre", version=2))
    heard.first(is_("judged", channel="right", version=2))
    heard.first(is_("idle"))


def test_a_faulty_state_leaves_the_last_good_one_judged(engine: Engine, heard: Heard, document: Document) -> None:
    """Its faults are the document's; the engine judges what was good, under the version of now."""
    document.edit(document.text.replace("taps = 512", "taps = 1"))
    engine.judge(document, ["left"])
    assert heard.first(is_("judged", version=2))["verdict"]["outcome"] == "met"
    heard.first(is_("idle"))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without that signal")
def test_a_killed_process_is_replaced_and_asked_again(engine: Engine, heard: Heard, document: Document) -> None:
    """Whether it works or waits: the request that it had is answered by the next one."""
    before = engine.processes
    document.set({"designs.left.max_effort_db": 12.0})
    engine.judge(document, ["left"])
    heard.first(is_("working", version=2))
    for pid in before.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    heard.first(is_("judged", version=2))
    engine.live(document, ["left"], id=77)
    heard.first(is_("live", id=77))
    after = engine.processes
    assert not set(before.values()) & set(after.values())


def test_a_process_that_ends_over_a_state_twice_is_given_up(engine: Engine, heard: Heard, document: Document) -> None:
    """The session hears so, and the next request is answered as ever."""
    document.set({"designs.left.max_effort_db": 12.5})
    engine.judge(document, ["left"], id=4)
    for _ in range(2):
        heard.first(is_("working", stage="scene", version=2))
        pid = engine.processes["judge"]
        assert pid is not None
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    assert "ended 2 times over this state" in heard.first(is_("error", id=4))["message"]
    engine.live(document, ["left"], id=6)
    heard.first(is_("live", id=6))


class Stillborn:
    """A process that ends at its start, as one does without memory."""

    pid = None
    begun = 0

    def __init__(self, **_: object) -> None:
        type(self).begun += 1

    def start(self) -> None: ...

    def join(self) -> None: ...

    def kill(self) -> None: ...


def test_a_process_that_cannot_begin_is_not_begun_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once at the start; once and twice again for a request, which is then given up, and once more to be ready for the next."""
    told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    monkeypatch.setitem(DEAF, "spawn", Stillborn)
    lane = Lane("judge", told.put)
    lane.start()
    ended(lane)
    assert Stillborn.begun == 1
    lane.ask([JudgeRequest(base=Source("", Path(), ""), version=1, channels=("left",), id=3)])
    message = told.get(timeout=LONGEST_S)
    assert message["id"] == 3 and "ended 2 times" in message["message"]
    ended(lane)
    assert Stillborn.begun == 4


def ended(lane: Lane) -> None:
    """Wait until the lane has given up its process."""
    assert comes(lambda: lane.process is None)


CHILD = """
import sys, time
from pathlib import Path
from designer.studio.engine import Engine
if __name__ == "__main__":
    engine = Engine(lambda message: None)
    engine.start()
    print(*engine.processes.values(), flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_processes_end_with_their_parent(tmp_path: Path) -> None:
    """The parent killed, so that it can say nothing: both are gone."""
    script = tmp_path / "parent.py"
    script.write_text(CHILD)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    assert comes(lambda: not any(runs(pid) for pid in pids))


def runs(pid: int) -> bool:
    """Whether a process is there and not only waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Pipe:
    """A pipe that is interrupted while it sends."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.during: Callable[[], None] = lambda: None

    def send(self, message: Any) -> None:
        self.during()
        self.sent.append(message)

    def poll(self) -> bool:
        return False


@pytest.mark.skipif(INTERRUPT is None, reason="a system without signals between processes")
def test_an_interruption_breaks_no_message_and_nothing_between_requests() -> None:
    """A message under way is sent whole and the request then ends; a signal that comes late finds nothing to interrupt."""
    assert INTERRUPT is not None
    before = signal.getsignal(INTERRUPT)
    pipe = Pipe()
    try:
        interruption = Interruption(pipe)  # type: ignore[arg-type] # all of a connection that it uses
        pipe.during = lambda: interruption._interrupt()
        reached = []
        with interruption.of_request():
            interruption.send({"is": "working"})
            reached.append("after")
        assert (pipe.sent, reached) == ([{"is": "working"}], [])
        interruption._interrupt()  # between two requests
        with interruption.of_request():
            pipe.during = lambda: None
            interruption.send({"is": "idle"})
            reached.append("second")
        assert reached == ["second"]
        with interruption.of_request(), pytest.raises(SupersededError):
            interruption._interrupt()
    finally:
        signal.signal(INTERRUPT, before)


@pytest.mark.skipif(INTERRUPT is None, reason="a system without signals between processes")
def test_an_answer_that_nobody_reads_ends_its_process_without_a_word() -> None:
    """The studio has ended while its judge was at work: no traceback, the process is over."""
    assert INTERRUPT is not None
    before = signal.getsignal(INTERRUPT)
    ours, theirs = multiprocessing.Pipe()
    ours.close()
    try:
        with pytest.raises(SystemExit) as ended:
            Interruption(theirs).send({"is": "judged"})
        assert ended.value.code is None
    finally:
        signal.signal(INTERRUPT, before)
        theirs.close()
