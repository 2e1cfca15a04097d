"""Exports on disk: files that this tool wrote are replaced, each in one step, and files of others beside them stay.

`export.json` says what each target holds; which files are this tool's stands in the folder's own manifest (`designer.writing`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from designer.errors import DataError, UsageError
from designer.export import manifest
from designer.export.arithmetic_judged import with_judgement
from designer.export.filter_set import FilterSet
from designer.export.refusals import channel_scales_only
from designer.export.registry import target_named
from designer.export.target import Export
from designer.export.upmix_parameters import fed_by_upmix
from designer.writing import (
    DESIGN,
    EXPORT,
    check_ground,
    check_update,
    lay,
    named,
    read_manifest,
    reserve,
    update_folder,
)

MANIFEST = "export.json"


def made(filters: FilterSet, name: str) -> Export:
    """The export of one target, in memory.

    Raises
    ------
    UsageError : no such target, the target cannot hold these filters, or its arithmetic does not hold the stated floors

    """
    export = write_target(filters, name)
    assert export.files and all(export.files.values()), f"{name}: an export without content"
    export = with_judgement(filters, name, export)
    return replace(export, facts={**export.facts, **filters.headroom.facts})


def write_target(filters: FilterSet, name: str) -> Export:
    """What a target makes of filters, with the upmix's parameters where one feeds them.

    Raises
    ------
    UsageError : as above

    """
    target = target_named(name)
    channel_scales_only(target, filters)
    export = target.write(target.heeded(filters))
    return fed_by_upmix(filters, export) if filters.fed_by_upmix else export


def fill_exports(filters: FilterSet, folder: Path, names: Sequence[str], refusals: dict[str, str]) -> dict[str, Export]:
    """Write `export/NAME` of each target, and their entries in `export.json`, into a design folder that is being made.

    Parameters
    ----------
    refusals : takes the message of each target that cannot be written, so that a design is not lost with it; its entry in the
        manifest is that message, under `refused`

    Returns
    -------
    Target -> what was written

    """
    exports: dict[str, Export] = {}
    for name in names:
        try:
            exports[name] = made(filters, name)
        except UsageError as error:
            refusals[name] = str(error)
    if names:
        lay(_in_design(filters, exports, {name: {"refused": text} for name, text in refusals.items()}))(folder)
    return exports


def write_in_design(
    filters: FilterSet, folder: Path, names: Sequence[str], *, force: bool = False
) -> dict[str, Export]:
    """Write `export/NAME` of each target into a design folder that is there, and their entries into its `export.json`.

    Parameters
    ----------
    force : replace files of an export that were edited since, and leave files of others beside them

    Returns
    -------
    Target -> what was written

    Raises
    ------
    UsageError : no such target, a target cannot hold these filters, or files that are none of its own stand in the way
    OutputError : the folder cannot be written
    DataError : the manifest that is there cannot be read

    """
    for name in names:
        check_update(folder, DESIGN, [MANIFEST], within=f"export/{name}", force=force)
    reserve(folder / "export")
    exports = {name: made(filters, name) for name in names}
    entries = _entries(folder / MANIFEST)
    for name, export in exports.items():
        files = _in_design(filters, {name: export}, entries)
        update_folder(folder, DESIGN, lay(files), within=f"export/{name}", force=force)
        entries = json.loads(files[MANIFEST])
    return exports


def _in_design(filters: FilterSet, exports: dict[str, Export], entries: dict[str, Any]) -> dict[str, bytes]:
    """Files of a design folder, by their paths in it: those of some targets, and `export.json` with their entries added."""
    files = {f"export/{name}/{path}": content for name, one in exports.items() for path, content in one.files.items()}
    added = {name: manifest.entry(filters, name, one) for name, one in exports.items()}
    return {**files, MANIFEST: manifest.text({**entries, **added}).encode()}


def write_elsewhere(filters: FilterSet, place: Path, name: str, *, force: bool = False) -> Export:
    """Write one target's files and their `export.json` into a folder of the user's choice.

    Parameters
    ----------
    force : replace files of an export that were edited since, and leave files of others beside them

    Raises
    ------
    UsageError : as above, or another export lies there
    OutputError : the folder cannot be written
    DataError : `export.json` that is there cannot be read

    """
    check_elsewhere(place, force=force)
    export = made(filters, name)
    entry = manifest.entry(filters, name, export)
    files = {**export.files, MANIFEST: manifest.text({name: entry}).encode()}
    if not force:
        _check_other_export(place, files, entry["command"])
    update_folder(place, EXPORT, lay(files), within=".", force=force)
    return export


def _check_other_export(place: Path, files: Mapping[str, bytes], command: str) -> None:
    """Refuse to remove what another export wrote: of another target, problem or prefix."""
    there = read_manifest(place)
    gone = () if there is None else tuple(name for name in there.files if name not in files and (place / name).exists())
    others = {str(entry.get("command")) for entry in _entries(place / MANIFEST).values()} - {command}
    if gone and others:
        raise UsageError(
            f"{place}: holds another export ({named(gone)}; {', '.join(sorted(others))}), whose files would go; choose another"
            " with -o; --force replaces it"
        )


def check_elsewhere(place: Path, *, force: bool = False) -> None:
    """Refuse a folder of the user's choice that an export may not be written into.

    Raises
    ------
    UsageError : naming the folder, what stands in the way, and the remedy
    OutputError : no room there, or a folder that is read-only

    """
    check_ground(place)
    check_update(place, EXPORT, [MANIFEST], within=".", force=force)
    reserve(place / MANIFEST)


def refused(folder: Path) -> dict[str, str]:
    """Target -> why it was left out of a design folder."""
    return {name: entry["refused"] for name, entry in _entries(folder / MANIFEST).items() if "refused" in entry}


def export_notes(folder: Path) -> list[str]:
    """Notes on the exports in a design folder, each after its target's name, as `designer export` gives them."""
    return [f"{name}: {note}" for name, entry in _entries(folder / MANIFEST).items() for note in entry.get("notes", [])]


def superseded(folder: Path, kept: Collection[str]) -> list[str]:
    """What a new design does to the exports that lie in the folder of the design before.

    Parameters
    ----------
    kept : targets that are written again with the design

    Returns
    -------
    Lines for the user: which exports go, and what makes them again

    """
    there = read_manifest(folder)
    found = set() if there is None else {name.split("/")[1] for name in there.files if name.startswith("export/")}
    gone = sorted(found.difference(kept))
    if not gone:
        return []
    keys = json.dumps([*kept, *gone])
    return [
        f"{folder / 'export'}: the exports {', '.join(gone)} of the design before are removed; make them again with designer"
        f" export {folder} --target NAME, or name them in the problem: [export] targets = {keys}"
    ]


def _entries(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        entries: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}; delete it and export again") from None
    return entries
