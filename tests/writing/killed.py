"""Kills a writer at the n-th thing that it does to the disk, for every n, and prints as JSON what each kill left.

Run as a program: `killed.py HOW FOLDER`. Each writer is a copy of this process that ends itself with SIGKILL. What only reads is not
counted: killed there it leaves what it leaves at the next change.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from designer.writing import folders, lay, staging, update_folder, write_file, write_folder

OLD = {"a.txt": b"old a" * 3000, "figures/b.svg": b"old b"}
NEW = {"a.txt": b"new a" * 3000, "figures/c.svg": b"new c"}
OPERATIONS = (
    "open",
    "mkdir",
    "rename",
    "replace",
    "unlink",
    "rmdir",
    "link",
    "write",
    "remove",
)


def no_exchange(_one: Path, _other: Path) -> bool:
    return False


def writer(how: str, place: Path) -> Callable[[dict[str, bytes]], None]:
    if how == "file":
        return lambda files: write_file(
            place / "out.bin", lambda path: lay({path.name: files["a.txt"]})(path.parent) and None
        )
    if how == "inside":
        return lambda files: update_folder(place / "x", "export", lay(files), within=".", force=True)
    if how == "in two moves":
        vars(folders)["exchanged"] = no_exchange
    return lambda files: write_folder(place / "x", "design", lay(files))


def is_reading(function: Callable[..., Any], *arguments: Any, **options: Any) -> bool:
    """Whether it opens a file to read it."""
    mode = [*arguments[1:2], options.get("mode", "r")][0]
    return function.__name__ == "open" and isinstance(mode, str) and mode.startswith("r") and "+" not in mode


def kill_at(count: int) -> None:
    """End this process where it next does something for the count-th time."""
    left = [count]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            left[0] -= not is_reading(function, *arguments, **options)
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return call

    import io

    for name in OPERATIONS:
        setattr(os, name, counted(getattr(os, name)))
    io.open = counted(io.open)
    vars(folders)["exchanged"] = counted(vars(folders)["exchanged"])


def contents(place: Path) -> dict[str, str]:
    return {
        str(one.relative_to(place)): one.read_bytes().decode("latin-1")
        for one in sorted(place.rglob("*"))
        if one.is_file()
    }


def main(how: str, root: Path) -> None:
    left = []
    write = writer(how, root)
    if how == "inside":
        (root / "x").mkdir()
        (root / "x/main.c").write_text("theirs")
    write(OLD)
    count = 0
    while True:
        child = os.fork()
        if child == 0:
            kill_at(count)
            write(NEW)
            os._exit(0)
        killed = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        at_once = contents(root)
        if how == "in two moves":
            staging.sweep_stale(root)
        swept = contents(root)
        write(OLD)
        left.append({"killed": killed, "at_once": at_once, "swept": swept, "again": contents(root)})
        if not killed:
            break
        count += 1
    print(json.dumps(left))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
