"""The versions of this tool and of what it computes with: what a summary and an export carry as their provenance."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, distribution

import designer

WRITER = "loudspeaker-filter-designer"
"""The name by which every file that this tool writes says whose it is."""
LIBRARIES = ("numpy", "scipy", "clarabel", "pandas", "matplotlib")


def versions() -> dict[str, str]:
    """Name -> version; "unknown" where a library does not say."""
    releases = {"designer": designer.__version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            metadata = distribution(library).read_text("METADATA") or ""
            releases[library] = (
                metadata.split("\nVersion: ", 1)[1].split("\n", 1)[0].strip()
            )  # parsing all of it takes long
        except (PackageNotFoundError, IndexError):
            releases[library] = "unknown"
    return releases
