"""Every target's files of every form in a folder, for two processes that must write the same; nothing is imported that they do not need."""

from __future__ import annotations

from pathlib import Path

from designer.export import TARGETS
from designer.export.write import write_in_design
from export import filter_cases
from export.exported import exported, filters_of

CASES = (filter_cases.fir, filter_cases.biquads, filter_cases.words, filter_cases.odd_names)
IN_A_DESIGN = ("json", "npz", "wav")


def write_cases(folder: Path) -> None:
    """Each export's files in a folder of its own, and a few in a design's, with their manifest."""
    for number, case in enumerate(CASES):
        for target in TARGETS:
            if filter_cases.is_held(target, filters_of(case)):
                for name, content in exported(case, target).files.items():
                    path = folder / f"{number}" / target / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
    design = folder / "design"
    design.mkdir()
    write_in_design(filters_of(filter_cases.fir), design, IN_A_DESIGN)
