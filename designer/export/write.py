"""Exports on disk: a target's folder appears whole or not at all, and the manifest is replaced in one step."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
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
    export = target.write(filters)
    return fed_by_upmix(filters, export) if filters.fed_by_upmix else export


def write_in_design(
    filters: FilterSet, folder: Path, names: Sequence[str], refusals: dict[str, str] | None = None
) -> dict[str, Export]:
    """Write `export/NAME` of each target into a design folder, and their entries into its `export.json`.

    Parameters
    ----------
    refusals : takes the message of each target that cannot be written, so that a design is not lost with it; its entry in the
        manifest is that message, under `refused`

    Returns
    -------
    Target -> what was written

    Raises
    ------
    UsageError : no such target, a target cannot hold these filters and no `refusals` are taken, or the folder cannot be written
    DataError : the manifest that is there cannot be read

    """
    exports: dict[str, Export] = {}
    for name in names:  # all of them, before the first is written
        try:
            exports[name] = made(filters, name)
        except UsageError as error:
            if refusals is None:
                raise
            refusals[name] = str(error)
    entries = _entries(folder / MANIFEST)
    entries |= {name: {"refused": text} for name, text in (refusals or {}).items()}
    for name, export in exports.items():
        replace_folder(folder / "export" / name, export.files)
        entries[name] = manifest.entry(filters, name, export)
    if names:
        _replace_file(folder / MANIFEST, manifest.text(entries))
    return exports


def write_elsewhere(filters: FilterSet, place: Path, name: str, *, force: bool = False) -> Export:
    """Write one target's files and their own manifest into a folder of the user's choice.

    Raises
    ------
    UsageError : as above, or the place exists and `force` is not given

    """
    place = place.resolve()  # a link's own place, and a name for "."
    if Path.cwd().is_relative_to(place):
        raise UsageError(f"{place}: found the folder that the command runs in; allowed: another, with -o")
    if not force and (place.is_file() or (place.is_dir() and any(place.iterdir()))):
        raise UsageError(f"{place}: found it there already; allowed: a new or empty folder, or --force to replace it")
    export = made(filters, name)
    text = manifest.text({name: manifest.entry(filters, name, export)})
    replace_folder(place, {**export.files, MANIFEST: text.encode()})
    return export


def refused(folder: Path) -> dict[str, str]:
    """Target -> why it was left out of a design folder."""
    return {name: entry["refused"] for name, entry in _entries(folder / MANIFEST).items() if "refused" in entry}


def _entries(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        entries: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read: {error}; delete it and export again") from None
    return entries


def replace_folder(place: Path, files: dict[str, bytes]) -> None:
    """Put a folder with these files at a place, whole or not at all.

    Raises
    ------
    UsageError : it cannot be written there

    """
    partial = place.parent / f".{place.name}.{os.getpid()}.partial"
    old = place.parent / f".{place.name}.{os.getpid()}.old"
    try:
        for path, content in files.items():
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            (partial / path).write_bytes(content)
        if place.exists():
            place.rename(old)
        partial.rename(place)
    except OSError as error:
        reason = (error.strerror or "it cannot be made").lower()
        raise UsageError(f"{place}: cannot be written there: {reason}; choose another with -o") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if old.exists() and not place.exists():  # the last step failed: what was there stays
            old.rename(place)
        if old.is_dir():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


def _replace_file(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
