"""A file alone: made in a hidden folder beside its place, then moved there in one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from designer.errors import UsageError
from designer.writing.folders import check_above
from designer.writing.staging import Staging, output_errors, parents_made


def check_file(
    path: Path,
    *,
    inputs: tuple[Path, ...] = (),
    is_own: Callable[[Path], bool] = lambda _: False,
    expected: str = "a new file",
    force: bool = False,
) -> None:
    """Refuse to replace a file that this tool did not write as it is, to write over what is read, and into a design folder.

    Parameters
    ----------
    inputs : tuple of Path, files that the command reads; not even `force` replaces them
    is_own : callable, whether a file is as this tool wrote it
    expected : str, what may be there, in words

    Raises
    ------
    UsageError : naming the file and the remedy
    OutputError : its place cannot be looked at

    """
    with output_errors(path):
        if path.is_symlink():
            raise UsageError(f"{path}: a link to {path.readlink()}; links are not followed; name the file itself")
        above = next(parent for parent in path.absolute().parents if parent.exists())
        if not above.is_dir():
            raise UsageError(f"{path}: {above.name} is a file; expected a folder; choose another name")
        check_above(path)
        if not path.exists():
            return
        if any(parent.exists() and path.samefile(parent) for parent in inputs):
            raise UsageError(f"{path}: is what the command reads; expected another file; choose another name")
        if not path.is_file():
            raise UsageError(f"{path}: folder or device exists; expected {expected}; choose another name")
        if not force and not is_own(path):
            raise UsageError(
                f"{path}: file exists; expected {expected}; choose another name, or replace it with --force"
            )


def write_file(path: Path, fill: Callable[[Path], None]) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    fill : callable, writes the file at the path that it gets, which has the same name

    Raises
    ------
    OutputError : it cannot be written; what was there is as it was

    """
    with output_errors(path), parents_made(path) as target, Staging(target.parent, target.name) as staging:
        fill(staging.new / target.name)
        (staging.new / target.name).replace(target)
