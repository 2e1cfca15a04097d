"""A Dask cluster: a scheduler that does not answer, one without workers, and the same points as anywhere else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from programs import need_module

from designer.errors import UsageError
from designer.search.sweep_cluster import connected, on_cluster
from search.stub import square, task

distributed = need_module("distributed", "distributed")


def test_a_scheduler_that_does_not_answer(tmp_path: Path) -> None:
    """A port where nobody listens, one that never answers, and no address at all: an error after the stated wait, with what to start."""
    remedy = r"start `dask scheduler`, and `dask worker ADDRESS --nthreads 1 --nworkers auto` on each machine$"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        for listening in (False, True):
            if listening:
                silent.listen()
            with (
                pytest.raises(
                    UsageError,
                    match=rf"^--scheduler {nobody}: nobody answered within 0.1 s; expected a running scheduler; {remedy}",
                ),
                connected(nobody, 0.1),
            ):
                pass
    with (
        pytest.raises(
            UsageError, match=r"^--scheduler nonsense://x: got no address: .*; expected one, as tcp://HOST:8786$"
        ),
        connected("nonsense://x", 0.1),
    ):
        pass


def test_points_on_a_cluster() -> None:
    """Two workers in this process: 20 points come back with their own numbers. Before there is a worker the message says so."""
    with distributed.LocalCluster(
        n_workers=0, processes=False, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        with (
            pytest.raises(UsageError, match=r": got no worker within 0.1 s; start `dask scheduler`, and `dask worker"),
            connected(cluster.scheduler_address, 0.1),
        ):
            pass
        cluster.scale(2)
        with connected(cluster.scheduler_address) as client:
            actual = {value.number: outcome for value, outcome in on_cluster(map(task, range(20)), client, square)}
    assert {n: outcome.numbers["left.mean_cancellation_gain_db"] for n, outcome in actual.items()} == {
        n: n**2 for n in range(20)
    }
