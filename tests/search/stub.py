"""Points without a design: what other processes import by name."""

from __future__ import annotations

import os
import time
from pathlib import Path

from toml_text import pair, toml

import designer
from designer.search.sweep_point import DONE, Outcome, Task

BASE = designer.loads(toml(pair()))


def task(number: int, **varied: object) -> Task:
    return Task(f"{number:032d}", number, varied or {"n": number}, ((("n",), number),), BASE)


def square(given: Task) -> Outcome:
    """The number's square."""
    return Outcome(DONE, {"left.mean_cancellation_gain_db": float(given.number**2)}, seconds=1e-6)


def square_or_die(given: Task) -> Outcome:
    """The square, and the end of the process at 7."""
    if given.number == 7:
        os._exit(1)
    return square(given)


def slow_square(given: Task) -> Outcome:
    """The square, after a while."""
    time.sleep(0.05)
    return square(given)


def threads(given: Task) -> Outcome:
    """How many threads this process's linear algebra may have."""
    return Outcome(DONE, {"left.threads": float(os.environ["OPENBLAS_NUM_THREADS"])})


def square_of_value(given: Task) -> Outcome:
    """The square of what is varied, an entry in the log of whoever computed it, and a pause in the worker that is slow."""
    folder = os.environ["SWEEP_TEST_FOLDER"]
    value = next(iter(given.varied.values()))
    with (Path(folder) / f"{os.getpid()}.log").open("a", encoding="utf-8") as log:
        log.write(f"{given.number}\n")
    if os.environ.get("SWEEP_TEST_SLOW"):
        time.sleep(0.2)
    return Outcome(DONE, {"left.mean_cancellation_gain_db": float(value**2)}, seconds=1e-6)
