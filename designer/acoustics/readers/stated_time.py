"""What a text export says of when its time starts.

Room EQ Wizard writes it into the comment line of the sweep: "with no timing reference", "using a loopback as timing reference", "using an
acoustic timing reference". Without one, time 0 is each measurement's own peak: what one angle, or one driver, arrives later than
another is not in the files.
"""

from __future__ import annotations

import re
from pathlib import Path

from designer.acoustics.readers.raw_set import refusal
from designer.acoustics.readers.text_table import is_numbers, read_text

_STATED = re.compile(
    r"(?P<none>no)\s+timing\s+reference|(?P<of>loopback|acoustic)\b.{0,20}\btiming\s+reference", re.IGNORECASE
)


def stated_time(text: str) -> str:
    """Time reference that the lines before a text's numbers name: "loopback", "acoustic", "none", or "" for nothing."""
    for line in text.splitlines():
        if is_numbers(line):
            return ""
        match = _STATED.search(line)
        if match:
            return "none" if match["none"] else match["of"].lower()
    return ""


def stated_time_of(files: tuple[Path, ...]) -> str:
    """What all the files of a set say.

    Raises
    ------
    DataError : some were measured with a reference and others without

    """
    said = [stated_time(read_text(path)) for path in files]
    if len(set(said)) < 2:
        return said[0]
    words = {
        "": "none named",
        "none": "no timing reference",
        "loopback": "a loopback",
        "acoustic": "an acoustic timing reference",
    }
    other = next(i for i, reference in enumerate(said) if reference != said[0])
    raise refusal(
        files[other],
        f"{words[said[other]]}, where {files[0].name} has {words[said[0]]}",
        "one timing reference for all angles of a set",
        "measure all angles alike",
    )
