"""The same numbers wherever they are computed: one core, two, and a cluster of which a worker is killed on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import need_module

import designer
from designer.problem.library import library
from designer.search.sweep_cluster import connected, on_cluster
from designer.search.sweep_plan import Plan, variations
from designer.search.sweep_point import DONE, INFEASIBLE, Outcome, Task, in_processes, measure

distributed = need_module("distributed", "distributed")


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


def collected(outcomes: Iterator[tuple[Task, Outcome]]) -> dict[str, Outcome]:
    return {task.point: outcome for task, outcome in outcomes}
