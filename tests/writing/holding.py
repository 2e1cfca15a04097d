"""A program whose workers never end by themselves: `holding.py fork` or `holding.py spawn`; each worker says so with a dot."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys

from designer.workers import pool


def hold() -> None:
    os.write(1, b".")
    while True:
        signal.pause()


if __name__ == "__main__":
    from writing.holding import hold as of_module

    with pool(2, multiprocessing.get_context(sys.argv[1])) as workers:
        for future in [workers.submit(of_module) for _ in range(2)]:
            future.result()
