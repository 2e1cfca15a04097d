"""Sweeps are an eighth as long here: the loops that play them are plain Python, and the filters are short."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from programs import installed

from designer.proof import stimulus


@pytest.fixture(scope="session", autouse=True)
def short_sweeps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stimulus, "SHORTEST", 1 << 12)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with installed():
        yield
