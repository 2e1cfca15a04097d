"""The suite says the same of the same code: random problems are drawn alike each time. `--hypothesis-profile=explore` draws anew.

Comparisons that take a minute together wait for `--long`: the suite stays under ten minutes on two cores.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("suite", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs the comparisons that take long as well."""
    parser.addoption("--long", action="store_true", help="run the comparisons that take long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes long, with its reason."""
    if not config.getoption("--long"):
        for item in items:
            if "long" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes long: pytest --long runs it"))
