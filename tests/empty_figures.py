"""Figures of nothing, for tests of folders: drawing the real ones takes most of the time."""

from __future__ import annotations

from designer.report.figures import file_stems
from designer.result import Result

ALWAYS = ("cancellation", "filters")


def empty_figures(result: Result) -> dict[str, str]:
    stems = file_stems(list(result.channels)).values()
    names = ["layout", *(f"{stem}-{kind}" for stem in stems for kind in ALWAYS)]
    return dict.fromkeys(names, '<svg xmlns="http://www.w3.org/2000/svg"></svg>')
