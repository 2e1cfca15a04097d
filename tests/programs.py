"""Programs and modules that some tests need and that not every machine has.

Where one is missing its test skips and names the package. With DESIGNER_NEEDS_PROGRAMS=1 it fails: a machine that
installed them all skips nothing unseen.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import NoReturn

import pytest

from designer.errors import MissingProgramError

STRICT = "DESIGNER_NEEDS_PROGRAMS"


@contextmanager
def installed() -> Iterator[None]:
    """The end of this test where what runs an export is not installed."""
    try:
        yield
    except MissingProgramError as error:
        missing(str(error))


def need(program: str, package: str) -> str:
    """The path of a program, or the end of this test."""
    found = shutil.which(program)
    if found is None:
        missing(f"needs {package} (Debian)")
    return found


def need_module(name: str, package: str) -> ModuleType:
    """A module that its package has no build of for every machine, or the end of this file of tests."""
    try:
        return importlib.import_module(name)
    except ImportError:
        missing(f"needs {package} (PyPI)")


def missing(reason: str) -> NoReturn:
    """Skip with the reason, or fail with it where nothing may be skipped."""
    if os.environ.get(STRICT, "") not in ("", "0"):
        pytest.fail(f"{reason}; {STRICT} is set", pytrace=False)
    pytest.skip(reason, allow_module_level=True)
