"""The broken problem files with their faults: each one's kind and place in `broken_faults.txt`, the text in `broken_messages.txt`.

After a change of words, `python tests/problem/broken_cases.py` writes the messages again; the faults are kept by hand.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import designer
from designer.errors import Fault, ProblemError

BROKEN = Path(__file__).parents[2] / "problems" / "broken"
FAULTS = Path(__file__).with_name("broken_faults.txt")
MESSAGES = Path(__file__).with_name("broken_messages.txt")
WITHOUT_FILE = {"no-such-file"}
KINDS = {"unknown key": "unknown", "required key is missing": "missing"}


def kind_and_path(fault: Fault) -> str:
    """As a line of `broken_faults.txt` has it: an unknown key, a missing one, a value, or the file as a whole."""
    return f"{KINDS.get(fault.actual, 'value')} {fault.path}" if fault.path else "file"


def faults() -> dict[str, list[str]]:
    """The kinds and paths that each case is to have."""
    table: dict[str, list[str]] = {}
    for line in FAULTS.read_text(encoding="utf-8").splitlines():
        case, fault = line.split(maxsplit=1)
        table.setdefault(case, []).append(fault)
    return table


def messages() -> dict[str, str]:
    """The whole message of each case."""
    blocks = re.split(r"^(?=\S+\.toml: \d+ faults?$)", MESSAGES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {block.partition(".toml: ")[0]: block.removesuffix("\n") for block in blocks if block}


def copied(case: str, folder: Path) -> str:
    """The case's file in an empty folder; its name."""
    source = BROKEN / f"{case}.toml"
    if source.is_dir():
        shutil.copytree(source, folder / source.name)
    elif case not in WITHOUT_FILE:
        shutil.copyfile(source, folder / source.name)
    return source.name


def refusal(case: str) -> ProblemError:
    """How the case's file is refused, in the current folder."""
    try:
        designer.load(f"{case}.toml")
    except ProblemError as error:
        return error
    raise AssertionError(f"{case}.toml is not refused")


def write_messages() -> None:
    """Put today's messages into `broken_messages.txt`."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in faults():
            copied(case, Path(folder))
        MESSAGES.write_text("".join(f"{refusal(case)}\n" for case in sorted(faults())), encoding="utf-8")
        os.chdir("/")


if __name__ == "__main__":
    write_messages()
