"""Exports on disk: files that this tool wrote are replaced, each in one step, and files of others beside them stay.

`export.json` says what each target holds: its files with their sizes and SHA-256, the memory and the work that the filters take.
Which files are this tool's stands in the folder's own manifest (`designer.writing`). `upmix.json` is beside filters of a stereo chain
with an upmix: the channels of such a chain are no inputs of a device, but made from stereo, frame by frame, with gains that follow
the signal. A firmware that plays the filters needs that stage ahead of them; the file holds all that it takes to build it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from designer.bank.section_bank import SectionBank
from designer.errors import DataError, UsageError
from designer.export.bank_export import write_bank
from designer.export.bank_set import BankSet
from designer.export.coefficients import MAX_VALUE
from designer.export.cost import with_cost
from designer.export.filter_set import FilterSet
from designer.export.judged import with_judgement
from designer.export.provenance import command
from designer.export.rates import joined_export, suffix
from designer.export.target import Export, refuse
from designer.export.targets import TARGETS, target_named
from designer.problem.messages import shown
from designer.stereo.upmix import AVERAGE_S, OVERLAP, SILENCE, Upmix
from designer.writing import (
    BANK,
    DESIGN,
    EXPORT,
    check_ground,
    check_update,
    lay,
    listing,
    read_manifest,
    reserve,
    update_folder,
)

MANIFEST, UPMIX = "export.json", "upmix.json"
MIN_LOSS_DB = 0.005
"""A loss below is nothing, at two decimals."""
EQUATIONS = (
    "w[n] = sin(pi (n + 1/2) / frame), for analysis and, times 1/2, for synthesis; a frame starts every hop samples",
    "M = (L + R) / 2 and S = (L - R) / 2, transformed in frames",
    "E[.]: sums over the bins of each band, then y[k] = (1 - p)^2 x[k] + 2 p y[k-1] - p^2 y[k-2] over the frames, p = pole",
    "rho = Re E[M S*] / E|S|^2, limited to [-1, 1]; 0 where E|S|^2 is at most silence",
    "E|M'|^2 = E|M|^2 - 2 rho Re E[M S*] + rho^2 E|S|^2, at least 0",
    "alpha = 1 - sqrt((1 - rho^2) E|S|^2 / E|M'|^2), limited to [0, 1]; 0 where E|M'|^2 is at most silence",
    "C = alpha (M - rho S), transformed back; L' = L - C and R' = R - C in time, L and R late by the latency",
)


def export_of(filters: FilterSet, name: str) -> Export:
    """The export of one target, in memory.

    Raises UsageError: no such target, the target cannot hold these filters, or its arithmetic does not hold the stated floors.
    """
    if isinstance(filters, BankSet):
        return _bank_export(filters, name)
    if filters.at_rates:
        target, sets = target_named(name), [replace(member, suffix=suffix(member)) for member in filters.at_rates]
        joined = replace(target.heeded(filters), at_rates=tuple(target.heeded(member) for member in sets))
        return joined_export(target, joined, [export_of(member, name) for member in sets])
    export = write_target(filters, name)
    assert export.files and all(export.files.values()), f"{name}: an export without content"
    target = target_named(name)
    return with_cost(filters, target, with_judgement(filters, target, export))


def check_bank_target(name: str, options: Mapping[str, str], *, of_sections: bool) -> None:
    """Refuse a target that does not interpolate between the sets of a bank, and arrays that are of one design.

    Raises UsageError: naming the targets that do.
    """
    if target_named(name).bank_word is None:
        words = {target.name: target.bank_word for target in TARGETS.values() if target.bank_word is not None}
        able = ", ".join(target for target, word in words.items() if word.word is None or not of_sections)
        raise refuse(
            name,
            "a filter bank, between whose sets it does not interpolate",
            able,
            "take one of these; bank.npz and bank.sofa hold the sets for other programs",
        )
    if options.get("library"):
        raise UsageError(
            "--library: got it for a filter bank; expected one design, whose arrays it writes; leave --library out"
        )


def _bank_export(filters: BankSet, name: str) -> Export:
    check_bank_target(name, filters.options, of_sections=isinstance(filters.bank, SectionBank))
    target = target_named(name)
    assert target.bank_word is not None
    export = write_bank(target.heeded(filters), target.bank_word)
    return _fed_by_upmix(filters, export) if filters.fed_by_upmix else export


def write_target(filters: FilterSet, name: str) -> Export:
    """Files of a target, with the upmix's parameters where one feeds them; raises as `export_of` does."""
    target = target_named(name)
    _check_numbers(filters, name)
    target.check_scales(filters)
    export = target.write(target.heeded(filters))
    return _fed_by_upmix(filters, export) if filters.fed_by_upmix else export


def _check_numbers(filters: FilterSet, name: str) -> None:
    """Refuse coefficients that are none, or so large that no target's file could be read back."""
    for filter_ in filters.filters:
        tables = [filter_.taps] if filter_.cascade is None else [filter_.cascade.b, filter_.cascade.a]
        largest = float(np.max([np.abs(table).max(initial=0.0) for table in tables]))
        if not largest <= MAX_VALUE:  # NaN is not
            actual = f"a coefficient of magnitude {largest:.3g} in {filter_.path}"
            expected = f"finite numbers up to {MAX_VALUE:g}"
            raise refuse(name, actual, expected, "lower the filters (max_gain_db, max_effort_db), and design it again")


def exports_of(filters: FilterSet, names: Sequence[str], refusals: dict[str, str]) -> dict[str, Export]:
    """The exports of targets, in memory; `refusals` takes the message of each that cannot be written."""
    exports: dict[str, Export] = {}
    for name in names:
        try:
            exports[name] = export_of(filters, name)
        except UsageError as error:
            refusals[name] = str(error)
    return exports


def fill_exports(filters: FilterSet, folder: Path, names: Sequence[str], refusals: dict[str, str]) -> dict[str, Export]:
    """Write `export/NAME` of each target, and their entries in `export.json`, into a design folder that is being made.

    `refusals` takes the message of each target that cannot be written, so that a design is not lost with it; its entry in the
    manifest is that message, under `refused`. The others are returned.
    """
    exports = exports_of(filters, names, refusals)
    if names:
        lay(_in_design(filters, exports, {name: {"refused": text} for name, text in refusals.items()}))(folder)
    return exports


def write_in_design(
    filters: FilterSet, folder: Path, names: Sequence[str], *, force: bool = False
) -> dict[str, Export]:
    """Write `export/NAME` of each target into the folder of a design or a bank, and their entries into its `export.json`; return them.

    Parameters
    ----------
    force : bool, replace files of an export that were edited since, and leave files of others beside them

    Raises
    ------
    UsageError : no such target, a target cannot hold these filters, or files that are none of its own stand in the way
    OutputError : the folder cannot be written
    DataError : the manifest that is there cannot be read

    """
    kind = BANK if isinstance(filters, BankSet) else DESIGN
    for name in names:
        check_update(folder, kind, [MANIFEST], within=f"export/{name}", force=force)
    reserve(folder / "export")
    exports = {name: export_of(filters, name) for name in names}
    entries = _entries(folder / MANIFEST)
    for name, export in exports.items():
        files = _in_design(filters, {name: export}, entries)
        update_folder(folder, kind, lay(files), within=f"export/{name}", force=force)
        entries = json.loads(files[MANIFEST])
    return exports


def write_elsewhere(filters: FilterSet, place: Path, name: str, *, force: bool = False) -> Export:
    """Write one target's files and their `export.json` into a folder of the user's choice.

    Parameters
    ----------
    force : bool, replace files of an export that were edited since, and leave files of others beside them

    Raises
    ------
    UsageError : as above, or another export lies there
    OutputError : the folder cannot be written
    DataError : `export.json` that is there cannot be read

    """
    check_elsewhere(place, force=force)
    export = export_of(filters, name)
    facts = entry(filters, name, export)
    files = {**export.files, MANIFEST: _text({name: facts})}
    if not force:
        _check_other_export(place, files, facts["command"])
    update_folder(place, EXPORT, lay(files), within=".", force=force)
    return export


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


def _check_other_export(place: Path, files: Mapping[str, bytes], command: str) -> None:
    """Refuse to remove what another export wrote: of another target, problem or prefix."""
    manifest = read_manifest(place)
    removed = (
        ()
        if manifest is None
        else tuple(name for name in manifest.files if name not in files and (place / name).exists())
    )
    others = {str(facts.get("command")) for facts in _entries(place / MANIFEST).values()} - {command}
    if removed and others:
        raise UsageError(
            f"{place}: holds another export ({listing(removed)}; {', '.join(sorted(others))}), whose files would go; choose another"
            " with -o; --force replaces it"
        )


def refused(folder: Path) -> dict[str, str]:
    """Target -> why it was left out of a design folder."""
    return {name: facts["refused"] for name, facts in _entries(folder / MANIFEST).items() if "refused" in facts}


def export_notes(folder: Path) -> list[str]:
    """Notes on the exports in a design folder, each after its target's name, as `designer export` gives them."""
    return [f"{name}: {note}" for name, facts in _entries(folder / MANIFEST).items() for note in facts.get("notes", [])]


def export_verdicts(folder: Path) -> list[str]:
    """Cost of each export in a design folder at the points, as its own arithmetic runs it."""
    verdicts = []
    for name, facts in _entries(folder / MANIFEST).items():
        lost_db = {
            channel: numbers["largest_loss_db"]
            for arithmetic in facts.get("arithmetic", {}).values()
            for channel, numbers in arithmetic["channels"].items()
            if "largest_loss_db" in numbers
        }
        if lost_db:
            worst = max(lost_db, key=lambda channel: lost_db[channel])
            cost = f"at most {lost_db[worst]:z.2f} dB" if lost_db[worst] >= MIN_LOSS_DB else "nothing"
            verdicts.append(
                f"export {name}: in its arithmetic the filters lose {cost} of the cancellation gain at any frequency ({worst})"
            )
    return verdicts


def entry(filters: FilterSet, target: str, export: Export) -> dict[str, Any]:
    """Manifest's entry of one target."""
    return {
        "command": command(target_named(target).heeded(filters), target),
        "problem_sha256": filters.problem_sha256,
        "coefficient_bytes": export.coefficient_bytes,
        "state_bytes": export.state_bytes,
        "multiply_adds_per_sample": export.multiply_adds,
        "scaling": export.scaling,
        "preamp": export.preamp,
        "bulk_delay_samples": filters.bulk_delay_samples,
        "notes": list(export.notes),
        "names": export.names,
        **export.facts,
        "files": {
            path: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in export.files.items()
        },
    }


def _in_design(filters: FilterSet, exports: dict[str, Export], entries: dict[str, Any]) -> dict[str, bytes]:
    """Files of a design folder, by their paths in it: those of some targets, and `export.json` with their entries added."""
    files = {
        f"export/{name}/{path}": content for name, export in exports.items() for path, content in export.files.items()
    }
    added = {name: entry(filters, name, export) for name, export in exports.items()}
    return {**files, MANIFEST: _text({**entries, **added})}


def _text(entries: dict[str, Any]) -> bytes:
    """The manifest, from target -> entry, in the order of the names."""
    return (json.dumps({name: entries[name] for name in sorted(entries)}, indent=2) + "\n").encode()


def _entries(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: cannot be read: {error}; delete it and export again") from None
    if not isinstance(entries, dict):
        raise DataError(f"{path}: got {shown(entries)}; expected a table of targets; delete it and export again")
    return entries


def _fed_by_upmix(filters: FilterSet, export: Export) -> Export:
    """An export with the upmix's parameters, at the filters' rate, in a file, in the manifest, and in a note."""
    stage = Upmix(filters.sample_rate_hz)
    left, right = (name for name in filters.channels if name != "centre")
    sizes = {"frame": stage.frame, "hop": stage.hop}
    late, pole, outputs = stage.latency_samples, stage.pole, {"L'": left, "R'": right, "C": "centre"}
    content = {
        "problem": filters.problem_file,
        "problem_sha256": filters.problem_sha256,
        "sample_rate_hz": filters.sample_rate_hz,
        **sizes,
        "overlap": OVERLAP,
        "latency_samples": late,
        "average_s": AVERAGE_S,
        "pole": pole,
        "silence": SILENCE,
        "band_first_bins": stage.bands.first.tolist(),
        "outputs": outputs,
        "channel_delay_samples": {name: filters.delays.get(name, 0) for name in filters.channels},
        "equations": list(EQUATIONS),
    }
    note = (
        f"left and right must not feed these filters directly: an upmix makes {', '.join(filters.channels)} from them, with a"
        f" latency of {late} samples; {UPMIX} holds its parameters"
    )
    facts = {**sizes, "latency_samples": late, "pole": pole, "outputs": outputs}
    return replace(
        export,
        files={**export.files, UPMIX: (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()},
        notes=(*export.notes, note),
        facts={**export.facts, "upmix": facts},
    )
