"""Layouts are valued at a quarter of the heads: what is held of them is of any number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from designer.placement import system

HEADS = system.HEADS
"""As many as a user's layouts are valued at."""


@pytest.fixture(autouse=True, scope="package")
def few_heads() -> Iterator[None]:
    """Eight heads in place of all, for all files, which share their judges."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "HEADS", 8)
        yield


@pytest.fixture
def few_frequencies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five frequencies, for systems that a test makes itself; searches of them are held against all layouts of the same system."""
    monkeypatch.setattr(system, "FREQUENCIES", 5)
