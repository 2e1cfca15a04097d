"""A test of an export whose program is not installed is skipped, and names the package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from programs import installed


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    with installed():
        yield
