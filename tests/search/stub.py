"""Points without a design: what other processes import by name."""

from __future__ import annotations

import os
import time

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
