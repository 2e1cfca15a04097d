"""The folder of a bank, written whole or not at all, and read back.

| file | what |
|---|---|
| `bank.json` | problem, keys, limit on the loss, what was proven, uniform spacing, the walk, versions, the command |
| `bank.npz` | the sets (`designer.bank.bank_file`), which the bank is opened from |
| `bank.sofa` | each set's filters, a measurement a set (`designer.bank.bank_sofa`) |
| `gain.csv` | keys, channel, designed_db, bank_db, nearest_db, fixed_db, loss_db at each place of the proof |
| `report.html` | the page |
| `data/` | copies of the data that the problem names |
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.bank.bank_file import BANK as BANK_FILE
from designer.bank.bank_file import bank_bytes, read_bank
from designer.bank.bank_sofa import BANK_SOFA, bank_sofa
from designer.bank.filter_bank import FilterBank
from designer.errors import DataError, OutputError, ProblemError
from designer.evaluation.programmes import bright_names
from designer.folders.write import copy_data, data_files
from designer.problem import loads
from designer.problem.schema import Problem
from designer.report import bank_page
from designer.report.bank_figures import DESIGNED, FIXED, INTERPOLATED, NEAREST, TRACKED, BankView, WalkView
from designer.search import bank_walk
from designer.search.bank import BankDesign
from designer.search.bank_costs import firmware_costs, firmware_set
from designer.search.bank_keys import Followed, followed_keys, problem_at
from designer.search.bank_walk import Walked
from designer.versions import WRITER, versions
from designer.writing import BANK, check_folder, is_as_written, lack, read_manifest, reserve, write_folder
from designer.writing.csv_text import csv_text

FACTS, PAGE, TABLE = "bank.json", "report.html", "gain.csv"
LOSS = (
    "Loss: cancellation gain of the filters designed, realised and rounded for the place, less that of the filters that play there, each"
    " the mean in dB over the grid's frequencies in the band, of the worst channel."
)
WAYS = {
    bank_walk.EXACT: INTERPOLATED,
    bank_walk.TRACKED: TRACKED,
    bank_walk.NEAREST: NEAREST,
    bank_walk.FIXED: FIXED,
}


@dataclass(frozen=True)
class OpenedBank:
    """A bank read from its folder.

    Attributes
    ----------
    bank : FilterBank
    problem : Problem, that all sets share
    keys : tuple of Followed
    facts : mapping of str to object, the content of `bank.json`

    """

    bank: FilterBank
    problem: Problem
    keys: tuple[Followed, ...]
    facts: Mapping[str, Any]


def check_free(folder: Path, problem: Problem, *, force: bool = False) -> None:
    """Find out before anything is designed whether the folder could be written.

    Raises
    ------
    UsageError : naming the folder, what stands in the way, and the remedy
    OutputError : no room there, or a folder that is read-only

    """
    check_folder(folder, BANK, force=force, inputs=data_files(problem))
    reserve(folder)


def save(design: BankDesign, folder: Path, walk: Walked | None, *, command: str, force: bool = False) -> Path:
    """Write the folder; errors as `check_free`."""

    def fill(new: Path) -> None:
        copies = copy_data(design.problem, new)
        facts = _facts(design, walk, copies, command, folder)
        (new / FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        (new / BANK_FILE).write_bytes(bank_bytes(design.bank))
        _write_sofa(design, new / BANK_SOFA)
        (new / TABLE).write_text(csv_text(_table(design), "%.6g"), encoding="utf-8")
        page = bank_page.render(view(design, walk), facts, design.sentences(), design.shortfalls())
        (new / PAGE).write_text(page, encoding="utf-8")

    write_folder(folder, BANK, fill, force=force, inputs=data_files(design.problem))
    return folder


def _write_sofa(design: BankDesign, path: Path) -> None:
    import sofar  # slow to import

    places = itertools.product(*(axis.values.tolist() for axis in design.bank.axes))
    problems = [problem_at(design.problem, design.keys, values) for values in places]
    sofa = bank_sofa(design.bank, problems, versions()["designer"], _listener(design))
    try:
        sofar.write_sofa(str(path), sofa)
    except RuntimeError as error:  # what the HDF5 library says where the system lets it write no more
        raise OutputError(f"{path.name}: cannot be written: {error}; make room, or choose another place") from None


def _listener(design: BankDesign) -> str | None:
    """Name of the listener who moves, else of the one whom the first channel is for; None of one listener."""
    listeners = design.problem.listeners
    if not listeners:
        return None
    moved = [place[1] for key in design.keys for place in key.variation.places if place[0] == "listeners"]
    if moved:
        return listeners[int(moved[0])].name
    names = {listener.name for listener in listeners}
    first = next((name for name in bright_names(design.problem.designs[0], design.problem) if name in names), None)
    return first or listeners[0].name


def _facts(
    design: BankDesign, walk: Walked | None, copies: Mapping[str, str], command: str, folder: Path
) -> dict[str, Any]:
    problem, bank, proof = design.problem, design.bank, design.proof
    return {
        "writer": WRITER,
        "title": problem.title,
        "folder": folder.name if folder.is_absolute() else folder.as_posix(),
        "source": problem.source,
        "changes": problem.changes,
        "exit_code": design.status,
        "over": [
            {"key": key.key, "low": key.low, "high": key.high, "sets": axis.values.tolist()}
            for key, axis in zip(design.keys, bank.axes, strict=True)
        ],
        "loss_db": design.loss_db,
        "loss": LOSS,
        "interpolation": design.interpolation,
        "section_fit": None if design.section_fit is None else asdict(design.section_fit),
        "sets": bank.sets,
        "bytes": {BANK_FILE: len(bank_bytes(bank)), "as_32_bit_floats": 4 * bank.numbers},
        "uniform_sets": design.uniform_sets,
        "uniform": list(design.uniform),
        "largest_loss_db": proof.largest_db,
        "worst_place": list(proof.worst_place),
        "fixed_at": list(proof.fixed_at),
        "proof_places": len(proof.places),
        "designs": design.designs,
        "infeasible": [{"values": list(values), "slack_db": slack} for values, slack in design.infeasible],
        "sentences": [*design.sentences(), *design.shortfalls()],
        "channels": list(bank.channels),
        "drivers": list(bank.drivers),
        "sample_rate_hz": bank.sample_rate_hz,
        "taps": bank.length,
        "bulk_delay_samples": bank.bulk_delay_samples,
        "waiting_samples": dict(bank.waiting_samples),
        "upmix": bank.upmix,
        "word": problem.realization.word,
        "firmware": firmware_costs(
            firmware_set(bank, problem, design.keys, tuple(map(float, proof.fixed_at)), design.loss_db, folder.name)
        ),
        "walk": walk and _walk_facts(walk),
        "versions": versions(),
        "command": command,
        "data": dict(copies),
        "problem": problem.text,
    }


def _walk_facts(walk: Walked) -> dict[str, Any]:
    tracker = walk.tracker
    return {
        "channel": walk.channel,
        "seconds": bank_walk.WALK_S,
        "largest_speed_per_s": list(walk.speed),
        "jitter": list(tracker.jitter),
        "rate_hz": tracker.rate_hz,
        "delay_s": tracker.delay_s,
        "mean_gain_db": {way: walk.mean_db(way) for way in walk.gain_db},
        "gain_5th_percentile_db": {way: walk.low_db(way) for way in walk.gain_db},
        "sine_hz": walk.sine_hz,
        "clicks_db": walk.clicks_db,
    }


def _table(design: BankDesign) -> dict[str, Any]:
    proof = design.proof
    names, count = list(proof.designed_db), len(proof.places)
    columns: dict[str, Any] = {key.key: np.tile(proof.places[:, n], len(names)) for n, key in enumerate(design.keys)}
    columns["channel"] = np.repeat(np.array(names), count)
    curves = {
        "designed_db": proof.designed_db,
        "bank_db": proof.interpolated_db,
        "nearest_db": proof.nearest_db,
        "fixed_db": proof.fixed_db,
    }
    columns |= {column: np.concatenate([gains[name] for name in names]) for column, gains in curves.items()}
    columns["loss_db"] = columns["designed_db"] - columns["bank_db"]
    return columns


def view(design: BankDesign, walk: Walked | None) -> BankView:
    """Numbers that the figures show."""
    proof = design.proof
    curves = {
        DESIGNED: proof.designed_db,
        INTERPOLATED: proof.interpolated_db,
        NEAREST: proof.nearest_db,
        FIXED: proof.fixed_db,
    }
    if design.bank.sets == 1:
        del curves[NEAREST]
    gains = {
        name: {way: gains[name].reshape(proof.shape) for way, gains in curves.items()} for name in proof.designed_db
    }
    losses = {way: proof.loss_db(gains).reshape(proof.shape) for way, gains in curves.items() if way != DESIGNED}
    return BankView(
        tuple(key.key for key in design.keys),
        tuple(key.label for key in design.keys),
        tuple(key.unit for key in design.keys),
        tuple(np.unique(proof.places[:, n]) for n in range(len(design.keys))),
        tuple(axis.values for axis in design.bank.axes),
        gains,
        losses,
        design.loss_db,
        None if walk is None else _walk_view(design, walk),
    )


def _walk_view(design: BankDesign, walk: Walked) -> WalkView:
    tracker, units = walk.tracker, [key.unit for key in design.keys]

    def quantity(value: float, unit: str) -> str:
        return f"{100 * value:.3g} cm" if unit == "m" and abs(value) < 1 else f"{value:.3g} {unit}".rstrip()

    speeds = ", ".join(f"{quantity(value, unit)}/s" for value, unit in zip(walk.speed, units, strict=True))
    jitter = ", ".join(quantity(value, unit) for value, unit in zip(tracker.jitter, units, strict=True))
    words = (
        f"from one end of the range to the other in {bank_walk.WALK_S:g} s, at up to {speeds}; tracked"
        f" {tracker.rate_hz:g} times a second, {1e3 * tracker.delay_s:.3g} ms late, with an error of {jitter}"
    )
    gains: dict[str, Real] = {WAYS[way]: values for way, values in walk.gain_db.items()}
    clicks = {WAYS[way]: value for way, value in walk.clicks_db.items()}
    return WalkView(walk.channel, words, _heard(design, walk.channel), walk.time_s, gains, clicks, walk.sine_hz)


def _heard(design: BankDesign, channel: str) -> str:
    """Where the gain of a walk is taken, in words."""
    (table,) = (table for table in design.problem.designs if table.name == channel)
    if table.is_ear:
        return (
            ", through the responses at the ears of the places that the head passes; this is the gain at the ears, and the gain over place"
            " is the mean over the ear cloud"
        )
    if table.is_beam:
        return "; this is the gain of the look direction at each time over the channel's dark directions"
    return "; this is the gain of the points that are bright at each time over those that are dark"


def is_bank(folder: Path) -> bool:
    """Whether a folder is a bank's: by its files, or by its manifest where one of them is lost."""
    manifest = read_manifest(folder)
    return not _missing(folder) or (manifest is not None and manifest.kind == BANK)


def _missing(folder: Path) -> list[str]:
    return [name for name in (FACTS, BANK_FILE) if not (folder / name).is_file()]


def open_bank(folder: Path) -> OpenedBank:
    """Read a bank's folder.

    Raises
    ------
    DataError : it is none, or a file of it is broken or was changed since it was written

    """
    if missing := _missing(folder):
        raise DataError(lack(folder, " and ".join(missing), "designer bank"))
    manifest = read_manifest(folder)
    for name in (FACTS, BANK_FILE):
        hashes = manifest and manifest.files.get(name)
        if hashes and not is_as_written(folder / name, hashes):
            raise DataError(
                f"{folder / name}: got another content than was written; expected it unchanged; make the bank again"
            )
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        over = [f"{key['key']}={key['low']!r}:{key['high']!r}" for key in facts["over"]]
        source, changes = facts["source"], facts["changes"]
        problem = loads(facts["problem"], folder=folder, files=facts["data"], source=source, changes=changes)
        return OpenedBank(read_bank(folder / BANK_FILE), problem, followed_keys(problem, over), facts)
    except (OSError, ValueError, KeyError, TypeError, ProblemError) as error:
        raise DataError(f"{folder / FACTS}: cannot be read: {error}; make the bank again") from None
