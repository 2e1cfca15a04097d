"""The suite says the same of the same code: random problems are drawn alike each time. `--hypothesis-profile=explore` draws anew.

What takes a minute together, and four fifths of the random problems, wait for `--long`. What looks at a clock lies in `bench/` and waits
for `pytest -m bench`: how busy a machine is says nothing of the code. Drawing, listening zones and tolerances take most of the time of a
saved design, so its figures are empty and it has none of the others, except in `report/` and where a test asks for `drawn`.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import shutil
import signal
from asyncio.events import _set_running_loop
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

if TYPE_CHECKING:
    from command import Command
    from playwright.sync_api import Browser

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]

# Neither a deadline nor the check for slow input: how busy a machine is says nothing of the code.
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", derandomize=False, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

SHARE_OF_EXAMPLES = 5
"""Without `--long` random problems are tried on one in so many of the examples that a test names, the first of the same seed."""
FEWEST_EXAMPLES = 5


for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    # A suite in the background (`nohup`, `&`) inherits that they are ignored, and so would every program that a test ends by one.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs the comparisons that take long as well."""
    parser.addoption("--long", action="store_true", help="run the comparisons that take long")


def pytest_configure(config: pytest.Config) -> None:
    """No test reads what another run has stored, nor do the programs that it starts; a test of the cache names a folder of its own.

    Where several processes share the cores each has one thread of linear algebra: more wait for each other, and burn time in it.
    Workers and programs compile the package once, and not each for itself.
    """
    os.environ["DESIGNER_CACHE"] = "off"
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if getattr(config.option, "numprocesses", None):  # workers inherit it, before numpy is imported
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
    worker = getattr(config, "workerinput", {"workerid": "gw0"})["workerid"]
    if int(worker.removeprefix("gw")) % 2 and len(config.args) == 1:
        config.pluginmanager.register(Backwards())


class Backwards:
    """Every second worker reads the files of tests from the last to the first, and puts them in order again, as all must have one order.

    On a fresh tree pytest compiles each file: workers that meet in the middle do half of it each, and read what the other has kept.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Turn the order within each folder."""
        report = yield
        if isinstance(collector, pytest.Directory):
            report.result = report.result[::-1]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Turn the order of the files back; within a file it never was another."""
        files: dict[Path, list[pytest.Item]] = {}
        for item in items:
            files.setdefault(item.path, []).append(item)
        items[:] = [item for file in reversed(files.values()) for item in file]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """While files are read there is no garbage to collect: the collector took a third of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the benchmarks, leave out what takes long, and keep the examples of random problems to their budget."""
    bench = Path(__file__).parent / "bench"
    for item in items:
        if bench in item.path.parents:
            item.add_marker(pytest.mark.bench)
            if isinstance(item, pytest.Function):
                item.fixturenames.insert(0, "drawn")  # what is timed is drawn
    if not config.getoption("--long"):
        config.hook.pytest_deselected(items=[item for item in items if "long" in item.keywords])
        items[:] = [item for item in items if "long" not in item.keywords]
        for test in {item.obj for item in items if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)}:
            keep_to_budget(test)


def pytest_collection_finish() -> None:
    """Objects of the collected tests are many, and live to the end: the garbage collector leaves them out from here on."""
    gc.collect()
    gc.freeze()


def keep_to_budget(test: Any) -> None:
    """Lower the number of a random test's examples; where hypothesis keeps it has no public name."""
    asked = test._hypothesis_internal_use_settings
    examples = max(FEWEST_EXAMPLES, asked.max_examples // SHARE_OF_EXAMPLES)
    if examples < asked.max_examples:
        test._hypothesis_internal_use_settings = settings(asked, max_examples=examples)


@pytest.fixture(scope="session", autouse=True)
def not_drawn() -> Iterator[None]:
    """Designs that a test saves have empty figures, no zones, no tolerances and no short look at refined taps."""
    from empty_figures import put_empty  # brings matplotlib, which collecting alone needs not

    with pytest.MonkeyPatch.context() as patch:
        put_empty(patch)
        yield


@pytest.fixture
def designer_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command with its arguments, run in this process."""
    from command import run  # brings the command, which collecting alone needs not

    return functools.partial(run, capsys, monkeypatch)


@pytest.fixture(scope="module")
def judged(not_drawn: None) -> Iterator[None]:
    """Until the last test of this module has run, designs have their zones, tolerances and the short look at refined taps."""
    from empty_figures import ANALYSES, put

    with pytest.MonkeyPatch.context() as patch:
        put(patch, ANALYSES)
        yield


@pytest.fixture(scope="module")
def drawn(judged: None) -> Iterator[None]:
    """Until the last test of this module has run, what is saved has its figures, zones and tolerances."""
    from empty_figures import FIGURES, put

    with pytest.MonkeyPatch.context() as patch:
        put(patch, FIGURES)
        yield


@pytest.fixture(scope="session")
def driven() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """The system's Chromium, which takes a second to begin, and the event loop of what drives it."""
    import programs

    api = programs.need_module("playwright.sync_api", "playwright")
    path = next(filter(None, map(shutil.which, CHROMIUM)), None) or programs.need("chromium", "chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        loop = asyncio.get_running_loop()
        _set_running_loop(None)
        yield browser, loop
        _set_running_loop(loop)
        browser.close()


@pytest.fixture(scope="module")
def chromium(driven: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """Chromium for the tests of a file: while it is driven this thread runs an event loop, and tests of other files begin their own."""
    browser, loop = driven
    _set_running_loop(loop)
    yield browser
    _set_running_loop(None)
