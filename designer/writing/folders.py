"""Folders: one that is replaced as a whole, and files that are replaced inside one.

Whole (a design, a comparison, layouts, what `check` draws): made beside its place, then exchanged with what was there. Only a folder in
which its manifest names every file is replaced.

Inside (an export in a design, or in a folder with files of the user's; a sweep's tables): made in a hidden folder inside, then
moved file by file, each in one step. The manifest names both states meanwhile, so that the same command goes on after a kill;
after an error what was moved is moved back. Files of others stay.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from designer.errors import UsageError
from designer.writing.manifest import (
    MANIFEST,
    Manifest,
    Survey,
    file_sha256,
    files_below,
    listing,
    manifest_of,
    read_manifest,
    survey,
)
from designer.writing.staging import (
    SUFFIX,
    Staging,
    exchanged,
    output_errors,
    parents_made,
    remove_empty,
    remove_own,
    sweep_stale,
    turn,
)

Fill = Callable[[Path], None]
DESIGN, COMPARISON, CHECK, EXPORT, SWEEP, FIGURES = "design", "comparison", "check", "export", "sweep", "figures"
BANK, PLACEMENT = "bank", "placement"
WORDS = {
    DESIGN: "a design folder",
    COMPARISON: "a comparison",
    CHECK: "figures of `designer check`",
    EXPORT: "an export",
    SWEEP: "a sweep",
    FIGURES: "figures of `designer figures`",
    BANK: "a bank of `designer bank`",
    PLACEMENT: "layouts of `designer place`",
}
"""Kinds of folders that a manifest names."""
WHOLE = (DESIGN, COMPARISON, CHECK, BANK, PLACEMENT)
"""Kinds that are replaced as a whole, and not while other files lie in them."""


def lay(files: Mapping[str, bytes]) -> Fill:
    """Fill that writes files of known content into a folder."""

    def fill(folder: Path) -> None:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return fill


def check_folder(place: Path, kind: str, *, force: bool = False, inputs: Sequence[Path] = ()) -> None:
    """Refuse to replace anything but an empty folder, or one in which a manifest names every file as this tool's.

    Parameters
    ----------
    kind : str, what is to be written; a folder of another kind is not replaced
    force : bool, replace files that were edited since, too
    inputs : sequence of Path, files that the command reads, which may not lie there

    Raises
    ------
    UsageError : naming the folder, the files that stand in the way, and the remedy
    OutputError : the folder cannot be looked at

    """
    with output_errors(place):
        _check_place(place, kind)
        for path in inputs:
            if path.exists() and path.resolve().is_relative_to(place.resolve()):
                raise UsageError(f"{place}: {path}, which the command reads, lies there; choose another with -o")
        if place.is_dir():
            with turn(place.resolve().parent):
                _check_content(place, kind, force=force)


def _check_content(place: Path, kind: str, *, force: bool) -> None:
    if not any(place.iterdir()):
        return
    content = survey(place, _of_kind(place, kind))
    if content.foreign:
        raise UsageError(_foreign(place, kind, content))
    if content.edited and not force:
        raise UsageError(_edited(place, content.edited))


def _check_place(place: Path, kind: str) -> None:
    expected = f"expected a new or empty folder, or {WORDS[kind]}"
    if place.is_symlink():
        raise UsageError(
            f"{place}: a link to {place.readlink()}; links are not followed; name the folder itself with -o"
        )
    if place.exists() and not place.is_dir():
        raise UsageError(f"{place}: file exists; {expected}; choose another with -o")
    above = next(parent for parent in place.absolute().parents if parent.exists())
    if not above.is_dir():
        raise UsageError(f"{place}: {above.name} is a file; expected a folder below folders; choose another with -o")
    check_ground(place)
    check_above(place)


def check_above(place: Path) -> None:
    """Refuse a place inside a folder that is replaced as a whole, and could not be with other files in it.

    Raises
    ------
    UsageError : naming the place and that folder

    """
    above = place.absolute().parent.resolve()  # "new/../out/x" lies in out, though new is not there yet
    for folder in (above, *above.parents):
        manifest = read_manifest(folder)
        if manifest is not None and manifest.kind in WHOLE:
            raise UsageError(
                f"{place}: lies in {folder.name}, {WORDS[manifest.kind]}, which could not be replaced any more; choose another place"
            )


def check_ground(place: Path) -> None:
    """Refuse the working folder and those above it.

    Raises
    ------
    UsageError : naming the folder

    """
    if Path.cwd().is_relative_to(place.resolve()):
        raise UsageError(f"{place}: the command runs in this folder or below it; choose another with -o")


def _of_kind(place: Path, kind: str) -> Manifest | None:
    manifest = read_manifest(place)
    if manifest is not None and manifest.kind != kind:
        description = WORDS.get(manifest.kind, "something else")
        raise UsageError(
            f"{place}: holds {description}; expected a new or empty folder, or {WORDS[kind]}; choose another with -o"
        )
    return manifest


def _foreign(place: Path, kind: str, content: Survey, *, remedy: str = "") -> str:
    clause = f"that {MANIFEST} does not name" if (place / MANIFEST).exists() else f"and no {MANIFEST} of this tool"
    remedy = remedy or "move them, or choose another with -o"
    return (
        f"{place}: a folder with other files in it ({listing(content.foreign)}), {clause}; expected a new or empty folder, or"
        f" {WORDS[kind]} of this version; {remedy}"
    )


def _edited(place: Path, paths: tuple[str, ...]) -> str:
    return f"{place}: edited since it was written: {listing(paths)}; keep a copy, or choose another with -o; --force replaces it"


def write_folder(place: Path, kind: str, fill: Fill, *, force: bool = False, inputs: Sequence[Path] = ()) -> None:
    """Write a folder as a whole.

    Parameters
    ----------
    fill : Fill, writes the files into the folder that it gets

    Raises
    ------
    UsageError : what is there may not be replaced
    OutputError : it cannot be written; what was there is as it was

    """
    check_folder(place, kind, force=force, inputs=inputs)
    with output_errors(place), parents_made(place) as target, Staging(target.parent, target.name) as staging:
        fill(staging.new)
        manifest_of(staging.new, kind).write(staging.new, staging.path)
        if target.is_dir():
            staging.new.chmod(stat.S_IMODE(target.stat().st_mode))
        with turn(target.parent):
            _put(staging, place, target, kind, force=force)


def _put(staging: Staging, place: Path, folder: Path, kind: str, *, force: bool) -> None:
    """Move the new folder to its place; what is there by now is looked at once it is out of the way."""
    if not os.path.lexists(folder) or (folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())):
        if os.name == "nt" and folder.exists():
            folder.rmdir()
        staging.new.rename(folder)  # an empty folder is replaced in one step
        return
    _check_place(place, kind)
    _check_content(place, kind, force=force)
    if exchanged(staging.new, folder):
        old, is_exchanged = staging.new, True
    else:
        folder.rename(staging.old)
        try:
            staging.new.rename(folder)
        except BaseException:
            staging.old.rename(folder)
            raise
        old, is_exchanged = staging.old, False
    content = survey(old, read_manifest(old))
    if content.foreign or (content.edited and not force):  # they came while the work was done
        if is_exchanged:
            exchanged(old, folder)
        else:
            folder.rename(staging.new)
            old.rename(folder)
        raise UsageError(_foreign(place, kind, content) if content.foreign else _edited(place, content.edited))
    remove_own(old, edited=force)


def check_update(place: Path, kind: str, names: Sequence[str], *, within: str = "", force: bool = False) -> None:
    """Refuse to replace files inside a folder that this tool did not write, or that were edited.

    Parameters
    ----------
    names : sequence of str, paths of the files to be written
    within : str, the part of the folder that belongs to them; without `force` nothing of others may lie there. "." is
        the whole folder, and with "" only the files themselves are looked at
    force : bool, replace edited files too, and leave files of others where they are

    Raises
    ------
    UsageError : naming the folder, the files that stand in the way, and the remedy

    """
    with output_errors(place):
        if place.is_symlink() or not place.is_dir():
            _check_place(place, kind)
            return
        check_above(place)
        with turn(place.resolve().parent):
            sweep_stale(place)
            _check_files(place, kind, names, within, force=force)


def _check_files(place: Path, kind: str, names: Sequence[str], within: str, *, force: bool) -> None:
    _check_inside(place, names, within)
    content = survey(place, _of_kind(place, kind))
    occupied = tuple(path for path in content.foreign if path.rstrip("/") in names)
    if occupied:
        raise UsageError(
            f"{place}: {listing(occupied)} is in the way, and no file of this tool; move it, or choose another with -o"
        )
    below = tuple(path for path in content.foreign if _is_within(path, within) and not path.endswith(f"{SUFFIX}/"))
    if below and not force:
        remedy = "move them, choose another with -o, or keep them beside the export with --force"
        raise UsageError(_foreign(place, kind, Survey((), (), below), remedy=remedy))
    edited = tuple(path for path in content.edited if path in names or _is_within(path, within))
    if edited and not force:
        raise UsageError(_edited(place, edited))


def _is_within(path: str, part: str) -> bool:
    return bool(part) and (part == "." or f"{path.rstrip('/')}/".startswith(f"{part}/"))


def _check_inside(place: Path, names: Sequence[str], within: str) -> None:
    """No folder on the way to a file may be a link, or a file."""
    parents = {parent for name in names for parent in Path(name).parents} | {Path(within), *Path(within).parents}
    for parent in sorted(parents):
        path = place / parent
        if parent != Path() and path.is_symlink():
            raise UsageError(f"{path}: a link to {path.readlink()}; links are not followed; remove it first")
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: file exists; expected a folder; move it first")


def update_folder(place: Path, kind: str, fill: Fill, *, within: str = "", force: bool = False) -> None:
    """Write files into a folder that may hold others; it is made if it is not there.

    Parameters
    ----------
    fill : Fill, writes the files into the folder that it gets, at their paths
    within : str, the part of the folder that belongs to them: what this tool wrote there before, and does not now, is
        removed

    Raises
    ------
    UsageError : what is there may not be replaced
    OutputError : it cannot be written; what was there is as it was

    """
    with output_errors(place), parents_made(place) as folder, contextlib.ExitStack() as ending:
        if not folder.exists():
            folder.mkdir(exist_ok=True)  # another process may have made it by now
            ending.callback(_remove_empty, folder)
        with turn(folder.parent), Staging(folder, "designer") as staging:
            fill(staging.new)
            names = sorted(files_below(staging.new))
            _check_files(place, kind, names, within, force=force)
            before = read_manifest(folder) or Manifest(kind, {})
            content = survey(folder, before)
            stale = [
                path for path in (*content.unchanged, *content.edited) if _is_within(path, within) and path not in names
            ]
            _exchange_files(staging, folder, before, names, stale)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):  # it stays where it holds something
        folder.rmdir()


def _exchange_files(staging: Staging, folder: Path, before: Manifest, names: list[str], stale: list[str]) -> None:
    new = {name: (file_sha256(staging.new / name),) for name in names}
    old_hashes = {name: (file_sha256(folder / name),) for name in (*names, *stale) if (folder / name).exists()}
    both = {name: tuple(dict.fromkeys((*old_hashes.get(name, ()), *new.get(name, ())))) for name in (*names, *stale)}
    after = {name: hashes for name, hashes in {**before.files, **new}.items() if name not in stale}
    undo = contextlib.ExitStack()
    try:
        if (folder / MANIFEST).exists():
            undo.callback(before.write, folder, staging.path)
        else:
            undo.callback((folder / MANIFEST).unlink, missing_ok=True)
        Manifest(before.kind, {**before.files, **both}).write(folder, staging.path)
        for name in (*names, *stale):
            _made_for(folder, name, undo)
            _restore_on_error(staging.old / name, folder / name, undo)
            if name in new:
                (staging.new / name).replace(folder / name)
            else:
                (folder / name).unlink()
        Manifest(before.kind, after).write(folder, staging.path)
    except BaseException:
        undo.close()
        raise
    remove_empty(folder, tuple(stale))


def _restore_on_error(copy: Path, path: Path, undo: contextlib.ExitStack) -> None:
    """Keep what is there for as long as an error may call it back."""
    if not path.exists():
        undo.callback(path.unlink, missing_ok=True)
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, copy)
    except OSError:  # a file system without links
        shutil.copy2(path, copy)
    undo.callback(copy.replace, path)


def _made_for(folder: Path, name: str, undo: contextlib.ExitStack) -> None:
    for parent in reversed([folder / ancestor for ancestor in Path(name).parents]):
        if not parent.exists():
            parent.mkdir()
            undo.callback(parent.rmdir)
