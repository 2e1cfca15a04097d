"""What is timed is drawn as well."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def with_figures(drawn: None) -> None:
    """What is saved has its figures."""
