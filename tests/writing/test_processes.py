"""Processes that are killed or asked to end: their workers go with them, and what they left is swept by the next command."""

from __future__ import annotations

import ctypes
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from command import Command
from toml_text import pair, toml

import designer
from designer import errors, job
from designer.designs import ChannelDesign, all_channels, channel
from designer.report import figures
from designer.workers import pool
from designer.writing import MANIFEST, Staging, lay, write_folder
from designer.writing.staging import sweep_stale
from writing import forked
from writing.holding import hold
from writing.killed import contents

TESTS = Path(__file__).parents[1]
PATH = {**os.environ, "PYTHONPATH": str(TESTS)}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.toml").write_text(toml(pair()), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_end_with_their_parent(method: str, number: signal.Signals) -> None:
    """Standard output is open for as long as one of them lives: once the parent is killed it ends, though no worker ever would."""
    program = [sys.executable, str(TESTS / "writing/holding.py"), method]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=PATH) as parent:
        assert parent.stdout is not None
        assert parent.stdout.read(2) == b".."
        parent.send_signal(number)
        assert parent.stdout.read() == b""
    assert parent.returncode == -number


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), RuntimeError("stopped")], ids=["Ctrl-C", "error"])
def test_a_pool_does_not_wait_for_its_workers_when_it_is_stopped(stop: BaseException) -> None:
    """Its processes never end, and yet the error comes through, with none of them left."""
    before = set(multiprocessing.active_children())
    with pytest.raises(type(stop)), pool(2, multiprocessing.get_context("spawn")) as workers:
        workers.submit(os.getpid).result()
        workers.submit(hold)
        raise stop
    assert set(multiprocessing.active_children()) <= before


EARLY = """
import multiprocessing, os, signal
if __name__ == "__mp_main__":  # a worker, before it knows what it is for
    os.kill(os.getpid(), signal.SIGINT)
if __name__ == "__main__":
    from designer.workers import pool
    with pool(1, multiprocessing.get_context("spawn")) as workers:
        assert workers.submit(os.getpid).result() != os.getpid()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
"""


def test_an_interruption_leaves_a_worker_that_begins_alone(tmp_path: Path) -> None:
    """Ctrl-C reaches all of a terminal's processes: one that is still importing says nothing, and the parent decides."""
    (tmp_path / "program.py").write_text(EARLY, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=PATH, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["designs", "report"])
def test_a_signal_ends_a_command_cleanly(
    moment: str, number: signal.Signals, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line and 128 plus its number, as shells say it; the older design as it was, and nothing beside it."""
    assert designer_command("design", "p.toml", "-o", "out").code == errors.EXIT_DONE
    before = contents(here)
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]

    def stop(*_: object, **__: object) -> None:
        os.kill(os.getpid(), number)

    monkeypatch.setattr(
        *((figures, "pictures", stop) if moment == "report" else (all_channels, "design_channel", stop))
    )
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # the test's own threads are not to end with the command
    ended = designer_command("design", "p.toml", "-o", "out")
    assert ended == (128 + number, "", "stopped; nothing half-written is left\n")
    assert contents(here) == before
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == handlers


@pytest.mark.filterwarnings(forked.IGNORED)
@pytest.mark.parametrize(
    ("place", "number"), [((all_channels, "design_channel"), signal.SIGINT), ((figures, "pictures"), signal.SIGTERM)]
)
def test_compiled_code_that_does_not_return_does_not_hold_a_command(
    place: tuple[ModuleType, str], number: signal.Signals, here: Path
) -> None:
    """Stuck in a call that no signal interrupts, while it writes too, the command ends as it does elsewhere, and leaves nothing."""
    before = contents(here)
    library, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(128)

    def stuck(*_: object) -> None:
        library.pthread_mutex_lock(mutex)
        os.write(1, b"stuck\n")
        library.pthread_mutex_lock(mutex)  # for ever, and no signal ends it

    def get_stuck() -> None:
        setattr(*place, stuck)

    with forked.copy("design", "p.toml", "-o", "new/folders/out", first=get_stuck) as (command, told):
        assert told.readline() == "stuck\n"
        assert command.pid is not None
        os.kill(command.pid, number)
        assert told.read() == "stopped; nothing half-written is left\n"
    assert command.exitcode == 128 + number
    assert contents(here) == before
    assert [path.name for path in here.iterdir()] == ["p.toml"]


INTERRUPTED = """
import os, signal, sys
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "{library}":
            sys.meta_path.remove(self)
            if "{kind}" == "finaliser":
                class Dying:
                    def __del__(self):
                        os.kill(os.getpid(), signal.{number})
                Dying()
                while True: pass
            try:
                os.kill(os.getpid(), signal.{number})
            except BaseException:
                if "{kind}" == "heard": raise
            while True: pass
sys.meta_path.insert(0, Slow())
sys.argv = ["designer", "design", "p.toml", "-o", "new/out"]
from designer.cli import main
main()
"""


@pytest.mark.parametrize(
    ("library", "number", "kind"),
    [
        ("designer.cli.application", "SIGINT", "heard"),
        ("typer", "SIGTERM", "heard"),
        ("numpy", "SIGINT", "swallowed"),
        ("pydantic", "SIGINT", "finaliser"),
        pytest.param("matplotlib", "SIGINT", "heard", marks=pytest.mark.long),
    ],
)
def test_a_signal_during_an_import(library: str, number: str, kind: str, here: Path) -> None:
    """Before the command runs and while it does, though the library catches everything: one line, 128 plus its number, nothing left."""
    program = [sys.executable, "-c", INTERRUPTED.format(library=library, number=number, kind=kind)]
    done = subprocess.run(program, capture_output=True, text=True, env=PATH, check=False, timeout=120)
    code = 128 + getattr(signal, number)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "stopped; nothing half-written is left\n")
    assert [path.name for path in here.iterdir()] == ["p.toml"]


def be_killed() -> None:
    vars(figures)["pictures"] = lambda *_: os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.filterwarnings(forked.IGNORED)
def test_what_a_killed_command_left_is_swept_by_the_next(here: Path, designer_command: Command) -> None:
    """Killed while it draws: the older design is whole, and the next command, even one that is refused, removes the rest."""
    assert designer_command("design", "p.toml", "-o", "out").code == errors.EXIT_DONE
    before = contents(here)
    with forked.copy("design", "p.toml", "-o", "out", first=be_killed) as (command, told):
        said = told.read()
    assert command.exitcode == -signal.SIGKILL, said
    left = {name for name in contents(here) if ".partial/" in name}
    assert any(name.endswith("coefficients.csv") for name in left)
    assert {name: text for name, text in contents(here).items() if name not in left} == before
    assert designer.open("out").status == 0
    assert designer_command("design", "p.toml", "-o", "out").code == errors.EXIT_DONE
    assert contents(here) == before


def test_only_what_is_this_tools_and_dead_is_swept(tmp_path: Path) -> None:
    """A living process's folder, one without its owner, and one of another program stay; a dead one's goes, but no file of a user's."""
    for name, files in {
        ".mine.12345678.partial": {"letter.txt": b"dear"},
        ".theirs.12345678.partial": {"owner": b'{"writer": "another"}', "new/a.txt": b"a"},
        ".odd.12345678.partial": {"owner": b"{", "new/a.txt": b"a"},
        ".dead.12345678.partial": {
            "owner": b'{"writer": "loudspeaker-filter-designer", "place": "x"}',
            "new/a.txt": b"a",
        },
    }.items():
        lay(files)(tmp_path / name)
    (tmp_path / ".empty.12345678.partial").mkdir()
    write_folder(tmp_path / "x", "design", lay({"a.txt": b"a"}))
    lay({".kept.12345678.partial/owner": b'{"writer": "loudspeaker-filter-designer", "place": "x"}'})(tmp_path)
    (tmp_path / "x").rename(tmp_path / ".kept.12345678.partial/new")
    (tmp_path / ".kept.12345678.partial/new/note.txt").write_text("mine", encoding="utf-8")
    with Staging(tmp_path, "alive") as alive:
        sweep_stale(tmp_path)
        assert alive.new.is_dir()
    names = {".mine.12345678.partial", ".theirs.12345678.partial", ".odd.12345678.partial", ".kept.12345678.partial"}
    assert {path.name for path in tmp_path.iterdir()} == names
    kept = tmp_path / ".kept.12345678.partial/new"
    assert {path.name for path in kept.iterdir()} == {"note.txt", MANIFEST}
    assert (tmp_path / ".mine.12345678.partial/letter.txt").read_bytes() == b"dear"


def test_a_design_between_two_moves_is_found(here: Path, designer_command: Command) -> None:
    """Killed where the older design stands beside its place, which is empty: opening it puts it back under its name."""
    assert designer_command("design", "p.toml", "-o", "out").code == errors.EXIT_DONE
    before = contents(here)
    beside = here / ".out.12345678.partial"
    lay({"owner": b'{"writer": "loudspeaker-filter-designer", "place": "out"}', "new/a.txt": b"a"})(beside)
    (here / "out").rename(beside / "old")
    assert designer.open("out").status == 0
    assert contents(here) == before


def two_channels() -> dict[str, Any]:
    tables = pair()
    other = {**tables["designs"][0], "name": "right", "ear": "right"}
    return {**tables, "designs": [tables["designs"][0], other]}


def test_a_solver_that_stops_at_one_channel_does_not_drop_the_others(
    here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 5, with the channel and the reason; the other channel's filters are those that it has alone, and the folder opens."""
    tables = two_channels()
    (here / "two.toml").write_text(toml(tables), encoding="utf-8")
    (here / "one.toml").write_text(toml({**tables, "designs": tables["designs"][1:]}), encoding="utf-8")

    def stops(table: Any, scene: Any) -> ChannelDesign:
        if table.name == "left":
            raise errors.SolverError('design "left": the cone solver stopped')
        return channel.design_channel(table, scene)

    monkeypatch.setattr(all_channels, "design_channel", stops)
    ended = designer_command("design", "two.toml", "-o", "out")
    assert ended.code == errors.EXIT_SOLVER
    assert ended.err.splitlines()[-1] == 'error: design "left": the cone solver stopped; the other channels are written'
    assert "wrote out" in ended.out
    assert designer_command("design", "one.toml", "-o", "alone").code == errors.EXIT_DONE
    assert (here / "out/coefficients.csv").read_bytes() == (here / "alone/coefficients.csv").read_bytes()
    again = designer.open(here / "out")
    assert (again.status, list(again.channels)) == (errors.EXIT_SOLVER, ["right"])
    assert again.failures == {"left": 'design "left": the cone solver stopped'}
    assert json.loads((here / "out/summary.json").read_text(encoding="utf-8"))["exit_code"] == errors.EXIT_SOLVER
    assert "design &#34;left&#34;: the cone solver stopped" in (here / "out/report.html").read_text(encoding="utf-8")
    with pytest.raises(errors.SolverError, match="the cone solver stopped"):
        job.design(designer.load("two.toml"))
    monkeypatch.setattr(
        all_channels, "design_channel", lambda table, _: stops(table.model_copy(update={"name": "left"}), None)
    )
    before = contents(here)
    ended = designer_command("design", "two.toml", "-o", "out")
    assert (ended.code, ended.out) == (errors.EXIT_SOLVER, "")
    assert contents(here) == before
