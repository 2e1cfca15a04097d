"""The suite says the same of the same code: random problems are drawn alike each time. `--hypothesis-profile=explore` draws anew.

Comparisons that take a minute together wait for `--long`: the suite stays under ten minutes on two cores. What looks at a clock
lies in `bench/` and waits for `pytest -m bench`: how busy a machine is says nothing of the code.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("suite")


for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    # A suite in the background (`nohup`, `&`) inherits that they are ignored, and so would every program that a test ends by one.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs the comparisons that take long as well."""
    parser.addoption("--long", action="store_true", help="run the comparisons that take long")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the benchmarks, and skip what takes long, with its reason."""
    bench = Path(__file__).parent / "bench"
    for item in items:
        if bench in item.path.parents:
            item.add_marker(pytest.mark.bench)
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes long: pytest --long runs it"))
