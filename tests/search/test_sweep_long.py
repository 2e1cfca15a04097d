"""The same numbers wherever they are computed: one core, two, and a cluster of which a worker is killed on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import need_module
from toml_text import pair, toml

import designer
from designer.errors import UsageError
from designer.problem.library import library
from designer.search import sweep_store
from designer.search.sweep_cluster import connected, on_cluster
from designer.search.sweep_plan import Plan, variations
from designer.search.sweep_point import DONE, INFEASIBLE, Outcome, Task, in_processes, measure
from designer.search.sweep_store import opened
from search.stub import square_of_value

distributed = need_module("distributed", "distributed")
COUNT = 10_000


@pytest.mark.long
def test_one_core_two_cores_and_a_cluster(tmp_path: Path) -> None:
    """24 drawn laptop pairs: each number is the same to 1e-9 on one process, on two, and on three Dask workers of which one is killed
    with SIGKILL while points are under way; and the draws of the same seed are the same points.
    """
    problem = designer.load(library()["laptop-pair"][0])
    varied = variations(problem, ["drivers.right.position_m[1]=0.05:0.12", "designs.*.max_effort_db=6,9"], mirror=True)
    plans = [Plan(problem, varied, draws=24, seed=5) for _ in range(2)]
    assert [task.point for task in plans[0].tasks()] == [task.point for task in plans[1].tasks()]
    one, two = (collected(in_processes(plans[0].tasks(), count)) for count in (1, 2))
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=":0", local_directory=str(tmp_path)
    ) as cluster:
        victim = next(iter(cluster.workers.values())).pid
        with connected(cluster.scheduler_address) as client:
            three: dict[str, Outcome] = {}
            for task, outcome in on_cluster(plans[1].tasks(), client, measure):
                three[task.point] = outcome
                if len(three) == 3:
                    os.kill(victim, signal.SIGKILL)
    for other in (two, three):
        assert set(other) == set(one)
        for point, outcome in one.items():
            assert outcome.status in (DONE, INFEASIBLE)
            assert other[point].numbers == pytest.approx(outcome.numbers, rel=1e-9, abs=0)


@pytest.mark.long
def test_ten_thousand_points_on_a_cluster_that_fails(tmp_path: Path) -> None:
    """Four worker processes, one of them 0.2 s slow a point: one is killed with SIGKILL at 2,000 points, the scheduler at 5,000. The sweep
    ends with the remedy, and the same call on the scheduler that follows computes the others: 10,000 rows, each of its number, none
    written twice, and no point that was stored is handed out again.
    """
    folder = tmp_path / "sweep"
    base = designer.loads(toml(pair()))
    plan = Plan(base, variations(base, ["designs.left.max_effort_db=0.001:10:0.001"]))
    assert len(plan) == COUNT
    written: list[int] = []
    with cluster(tmp_path, port := free_port()) as processes:
        with pytest.raises(
            UsageError,
            match=r"^--scheduler: the scheduler went away; the points before are kept; start it again, and",
        ):
            swept(plan, folder, port, written, {2000: processes["fast-0"], 5000: processes["scheduler"]})
        assert processes["fast-0"].poll() is not None
    with opened(folder) as store:
        before = {row.number for row in store.rows()}
    assert before == set(written) and 5000 <= len(before) < COUNT
    handed_out = numbers_of(tmp_path)
    (tmp_path / "again").mkdir()
    with cluster(tmp_path / "again", port):
        swept(plan, folder, port, written, {})
    assert len(written) == len(set(written)) == COUNT
    with opened(folder) as store:
        values = {row.number: row.outcome.numbers["left.mean_cancellation_gain_db"] for row in store.rows()}
    assert values == {n: pytest.approx(((n + 1) / 1000) ** 2, rel=1e-12) for n in range(COUNT)}
    assert not before & set(numbers_of(tmp_path / "again"))
    assert set(handed_out) | set(numbers_of(tmp_path / "again")) == set(range(COUNT))
    rows = (folder / "sweep.csv").read_text().splitlines()
    assert len(rows) == COUNT + 1


def swept(plan: Plan, folder: Path, port: int, written: list[int], ends: dict[int, subprocess.Popen[bytes]]) -> None:
    """Compute a plan on the cluster into a folder; at so many points a process of it is killed."""
    with connected(f"tcp://127.0.0.1:{port}", 60.0) as client:

        def engine(tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
            for task, outcome in on_cluster(tasks, client, square_of_value):
                written.append(task.number)
                yield task, outcome
                if len(written) in ends:
                    ends[len(written)].kill()

        sweep_store.sweep(plan, folder, engine)


@contextmanager
def cluster(folder: Path, port: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """A scheduler and four workers of one process each, as a user starts them, of which one is slow."""
    environment = os.environ | {"SWEEP_TEST_FOLDER": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    commands = {"scheduler": ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]}
    for name in ("fast-0", "fast-1", "fast-2", "slow"):
        commands[name] = ["worker", f"tcp://127.0.0.1:{port}", "--no-nanny", "--nthreads", "1", "--name", name, "--no-dashboard",
                          "--death-timeout", "60", "--local-directory", str(folder)]  # fmt: skip
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            more = {"SWEEP_TEST_SLOW": "1"} if name == "slow" else {}
            processes[name] = subprocess.Popen([sys.executable, "-m", "dask", *command], env=environment | more,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        yield processes
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def numbers_of(folder: Path) -> list[int]:
    """Numbers of the points that workers computed, in their logs."""
    return [int(line) for log in folder.glob("*.log") for line in log.read_text().split()]


def collected(outcomes: Iterator[tuple[Task, Outcome]]) -> dict[str, Outcome]:
    return {task.point: outcome for task, outcome in outcomes}
