"""Points on a Dask cluster: dask.distributed hands them out, and computes again what a lost worker had.

Each worker needs this package in the same version, and sees the problem's data files at the same paths. Dask gives each worker's linear
algebra one thread (its nanny sets OMP_NUM_THREADS and its like), as processes of one machine have here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from designer.errors import UsageError
from designer.search.sweep_point import AHEAD, FAILED, Outcome, Task, Work, measure

if TYPE_CHECKING:
    from distributed import Client

ANSWER_S = 10.0
"""How long a scheduler may take to answer, and then to have a worker."""
REMEDY = "start `dask scheduler`, and `dask worker ADDRESS --nthreads 1 --nworkers auto` on each machine"


@contextlib.contextmanager
def connected(address: str, answer_s: float = ANSWER_S) -> Iterator[Client]:
    """A client of the scheduler at an address, which has workers that know this package.

    Raises
    ------
    UsageError : dask.distributed is not installed, nobody answers, or the workers cannot work

    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "--scheduler: got no dask.distributed; it comes with the extra: pip install 'loudspeaker-filter-designer[cluster]'"
        ) from None
    option = f"--scheduler {address}"
    with _quiet(), contextlib.ExitStack() as ending:
        try:
            asyncio.run(_greeted(address, answer_s))
            client = Client(address, timeout=answer_s, set_as_default=False)
        except ValueError as error:
            raise UsageError(f"{option}: got no address: {error}; expected one, as tcp://HOST:8786") from None
        except (OSError, EOFError, TimeoutError):
            raise UsageError(
                f"{option}: nobody answered within {answer_s:g} s; expected a running scheduler; {REMEDY}"
            ) from None
        ending.callback(_close, client)
        try:
            client.wait_for_workers(1, timeout=answer_s)
        except TimeoutError:
            raise UsageError(f"{option}: got no worker within {answer_s:g} s; {REMEDY}") from None
        try:
            client.run(import_module, "designer.job")
        except Exception as error:
            raise UsageError(
                f"{option}: a worker cannot design: {type(error).__name__}: {error}; install the same version of this package"
                " for each worker"
            ) from None
        yield client


def _close(client: Client) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=1)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log stays silent: what a user has to know of it is said here."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


async def _greeted(address: str, answer_s: float) -> None:
    """Shake hands once: a client alone waits for ever on a port that takes the call and says nothing."""
    from distributed import Security
    from distributed.comm import connect

    keys = Security().get_connection_args("client")
    comm = await asyncio.wait_for(connect(address, timeout=answer_s, **keys), answer_s)
    await comm.close()


def on_cluster(tasks: Iterable[Task], client: Client, work: Work = measure) -> Iterator[tuple[Task, Outcome]]:
    """Each point with its outcome, as it comes.

    A point whose worker dies goes to another; after as many deaths as Dask allows (3) the point has failed.

    Raises
    ------
    UsageError : the scheduler went away

    """
    from distributed import CancelledError, KilledWorker, as_completed

    waiting, mark = iter(tasks), uuid.uuid4().hex
    under_way: dict[str, Task] = {}

    def handed_out() -> list[Any]:
        """Enough for all workers, those that joined by now too."""
        futures = []
        room = AHEAD * max(sum(client.nthreads().values()), 1)
        while len(under_way) < room and (task := next(waiting, None)):
            key = f"{task.point}-{mark}"  # not the point's name alone: what another run left in the cluster is not this one's
            under_way[key] = task
            futures.append(client.submit(work, task, key=key, pure=False))
        return futures

    coming = as_completed(handed_out(), loop=client.loop)
    for future in coming:
        task = under_way.pop(future.key)
        try:
            try:
                outcome = future.result()
            except KilledWorker:
                outcome = Outcome(FAILED, error="its workers died (out of memory, or killed)")
            coming.update(handed_out())
        except (CancelledError, OSError, TimeoutError):
            raise UsageError(
                "--scheduler: the scheduler went away; the points before are kept; start it again, and the same command goes on from there"
            ) from None
        yield task, outcome
