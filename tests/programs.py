"""Programs that some tests run and that pip does not install.

Where one is missing its test skips and names the Debian package. With DESIGNER_NEEDS_PROGRAMS=1 it fails: a machine that
installed them all skips nothing unseen.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

STRICT = "DESIGNER_NEEDS_PROGRAMS"


def need(program: str, package: str) -> str:
    """The path of a program, or the end of this test."""
    found = shutil.which(program)
    if found is None:
        missing(f"needs {package} (Debian)")
    return found


def missing(reason: str) -> NoReturn:
    """Skip with the reason, or fail with it where nothing may be skipped."""
    if os.environ.get(STRICT, "") not in ("", "0"):
        pytest.fail(f"{reason}; {STRICT} is set", pytrace=False)
    pytest.skip(reason)
