"""The one way to the disk: outputs appear whole or not at all, and only what a manifest names as this tool's is ever replaced.

| file | what |
|---|---|
| manifest | what this tool wrote into a folder, by SHA-256, and what else lies there |
| staging | a hidden folder beside an output, which goes with its process, and its exchange with what was there in one step |
| folders | a folder as a whole, and files inside a folder |
| files | a file alone |
"""

from designer.writing.files import check_file, write_file
from designer.writing.folders import (
    BANK,
    CHECK,
    COMPARISON,
    DESIGN,
    EXPORT,
    FIGURES,
    PLACEMENT,
    SWEEP,
    check_folder,
    check_ground,
    check_update,
    lay,
    update_folder,
    write_folder,
)
from designer.writing.manifest import MANIFEST, Manifest, is_as_written, lack, listing, read_manifest, survey
from designer.writing.staging import Staging, output_errors, parents_made, reserve, sweep_stale, turn

__all__ = [
    "BANK",
    "CHECK",
    "COMPARISON",
    "DESIGN",
    "EXPORT",
    "FIGURES",
    "MANIFEST",
    "PLACEMENT",
    "SWEEP",
    "Manifest",
    "Staging",
    "check_file",
    "check_folder",
    "check_ground",
    "check_update",
    "is_as_written",
    "lack",
    "lay",
    "listing",
    "output_errors",
    "parents_made",
    "read_manifest",
    "reserve",
    "survey",
    "sweep_stale",
    "turn",
    "update_folder",
    "write_file",
    "write_folder",
]
