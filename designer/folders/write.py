"""The design folder, written whole or not at all; `read` reads it back.

A folder is replaced as a whole: the page, figures, exports, proofs and study of the design before belong to its filters. What the
design that follows does not write again is named to the user, with the command that makes it again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from designer.acoustics.measured.raw_set import named_emitter
from designer.errors import DataError
from designer.export.of_design import filter_set
from designer.export.target import Export
from designer.export.write import exports_of, fill_exports
from designer.folders import room
from designer.folders.summary import PAGE, SUMMARY, WAVE, read_summary, summary, with_study
from designer.folders.tables import coefficients, sections, weights
from designer.problem.schema import Problem
from designer.result import Result
from designer.writing import DESIGN, check_folder, reserve, update_folder, write_folder
from designer.writing.csv_text import csv_text
from designer.writing.manifest import files_below, read_manifest

Drawn = Literal["all", "core", "none"]
REMEDIES = {
    PAGE: "designer design PROBLEM.toml -o {folder}",
    "figures": "designer figures {folder}",
    "proof": "designer proof {folder} --target NAME",
    "study": "designer study {folder}",
}
"""Part -> the command that makes it again; exports have the problem file's key, too."""


def check_free(folder: Path, *, force: bool = False, inputs: Sequence[Path] = ()) -> None:
    """Find out before a problem is designed whether its folder could be written.

    Parameters
    ----------
    force : bool, files of the folder that were edited since may be replaced
    inputs : sequence of Path, files that the command reads, which may not lie in the folder

    Raises
    ------
    UsageError : naming the folder, what stands in the way, and the remedy
    OutputError : no room there, or a folder that is read-only

    """
    check_folder(folder, DESIGN, force=force, inputs=inputs)
    reserve(folder)


def write(result: Result, folder: Path, *, report: bool = True, force: bool = False, overlay: Sequence[str | Path] = (),
          drawn: Drawn = "core") -> Path:  # fmt: skip
    """Write a design folder, with its page and figures or the tables alone: it appears whole or not at all.

    Parameters
    ----------
    report : bool, write the page and the figures too
    overlay : sequence of str or Path, other designs or measurements that the page lays over its figures
    drawn : str, which figures it has as files: "all", "core" (the layout, and each channel's gain, response and polar plots) or "none"

    Raises
    ------
    UsageError : what is there may not be replaced
    OutputError : it cannot be written; what was there is as it was

    """
    problem = result.problem
    inputs = () if problem.files else data_files(problem)  # of an opened design its own copies, which are copied again

    def fill(new: Path) -> None:
        facts, exports, refusals = _fill(result, new, folder, report=report)
        if report:
            if drawn != "none":
                _write_figures(result, new, drawn)
            from designer.report import page_data

            overlays = [page_data.overlay(path) for path in overlay]
            _write_page(result, new, folder, facts, exports, refusals, overlays)

    write_folder(folder, DESIGN, fill, force=force, inputs=inputs)
    return folder


def page_of(result: Result, folder: Path) -> str:
    """The page that `write` puts into a design folder, without overlays."""
    from designer.report import page

    refusals: dict[str, str] = {}
    exports = exports_of(filter_set(result), result.problem.export.targets, refusals)
    return page.render(result, summary(result, folder, {}), exports, refusals, folder=str(folder))


def add_study(result: Result, folder: Path, *, force: bool = False) -> list[str]:
    """Put the study of a design into its folder, and make its page again where it has one; the files' paths.

    Parameters
    ----------
    result : Result, opened from the folder, with its study
    force : bool, replace these files even where they were edited

    Raises
    ------
    UsageError : files that are to be replaced were edited, or are none of this tool
    OutputError : they cannot be written; what was there is as it was

    """
    with_page = (folder / PAGE).exists()
    facts = with_study(read_summary(folder), result.study, folder)
    names: list[str] = []

    def fill(new: Path) -> None:
        _write_json(new, facts)
        if with_page:
            from designer.report import page_data

            refusals: dict[str, str] = {}
            exports = exports_of(filter_set(result), result.problem.export.targets, refusals)
            _write_page(result, new, folder, facts, exports, refusals, page_data.overlays_of(folder / PAGE))
        names.extend(sorted(files_below(new)))

    update_folder(folder, DESIGN, fill, force=force)
    return names


def _fill(
    result: Result, folder: Path, final: Path, *, report: bool
) -> tuple[dict[str, Any], dict[str, Export], dict[str, str]]:
    """Write the tables and the exports: what `summary.json` holds, the exports, and targets that were refused."""
    # soundfile would put the time of day into the header of a float WAV (its PEAK chunk).
    from scipy.io import wavfile

    tables = {"coefficients": coefficients(result), "weights": weights(result)}
    if result.sections:
        tables["sections"] = sections(result)
    tables |= {"metrics": result.evaluation.metrics_columns, "response": result.evaluation.response_columns}
    for name, columns in tables.items():
        text = csv_text(columns, "%.7g" if name == "response" else "%r")
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    longest = max(taps.shape[1] for taps in result.taps.values())
    stacked = np.concatenate([np.pad(taps, ((0, 0), (0, longest - taps.shape[1]))) for taps in result.taps.values()])
    wavfile.write(folder / WAVE, round(result.problem.sample_rate_hz), stacked.T.astype(np.float32))
    if result.room is not None:
        room.write(result.room, folder / "room", list(result.channels))
    copies = copy_data(result.problem, folder)
    facts = summary(result, final, copies, report=report)
    _write_json(folder, facts)
    refusals: dict[str, str] = {}
    exports = fill_exports(filter_set(result), folder, result.problem.export.targets, refusals)
    return facts, exports, refusals


def _write_json(folder: Path, facts: Mapping[str, Any]) -> None:
    (folder / SUMMARY).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _write_figures(result: Result, folder: Path, drawn: Drawn) -> None:
    from designer.report import figures

    (folder / "figures").mkdir()
    for name, picture in figures.pictures(result, None if drawn == "all" else figures.CORE).items():
        (folder / "figures" / f"{name}.svg").write_bytes(picture.file())


def _write_page(
    result: Result,
    folder: Path,
    final: Path,
    facts: dict[str, Any],
    exports: Mapping[str, Export],
    refusals: Mapping[str, str],
    overlays: Sequence[dict[str, Any]],
) -> None:
    """Write the page: what `summary.json` holds, and what was exported, stands on it."""
    from designer.report import page

    rendered = page.render(result, facts, exports, refusals, overlays=overlays, folder=str(final))
    (folder / PAGE).write_text(rendered, encoding="utf-8")


def data_files(problem: Problem) -> list[Path]:
    """The files that a problem's data is read from, patterns expanded."""
    return [file for name in problem.data_files for file in _matching(_data_path(problem, name)[0])]


def _data_path(problem: Problem, name: str) -> tuple[Path, str | None]:
    pattern, emitter = named_emitter(str(problem.data_path(name)), Path())
    return Path(pattern), emitter


def _matching(path: Path) -> list[Path]:
    return [path] if path.exists() else sorted(path.parent.glob(path.name))


def copy_data(problem: Problem, folder: Path) -> dict[str, str]:
    """Copy the data that the problem names, and say where each now lies."""
    copies: dict[str, str] = {}
    for number, name in enumerate(dict.fromkeys(problem.data_files)):
        path, emitter = _data_path(problem, name)
        place = folder / "data" / str(number)
        place.mkdir(parents=True)
        for file in _matching(path):
            shutil.copyfile(file, place / file.name)
        copies[name] = f"data/{number}/{path.name}" + ("" if emitter is None else f"#{emitter}")
    return copies


@dataclass(frozen=True)
class Parts:
    """Content of a design folder at one moment.

    Attributes
    ----------
    files : set of str, as its manifest names them
    has_study : bool, whether its summary holds a study

    """

    files: frozenset[str]
    has_study: bool

    def exports(self) -> set[str]:
        """Names of the targets."""
        return {name.split("/")[1] for name in self.files if name.startswith("export/")}


def parts(folder: Path) -> Parts:
    """Content of a folder; nothing where it is no design folder, or none that this version reads."""
    manifest = read_manifest(folder)
    try:
        facts: Mapping[str, Any] = {} if manifest is None else read_summary(folder)
    except DataError:
        facts = {}
    studies = facts.get("realization", {}).get("study", {})
    return Parts(
        frozenset(() if manifest is None else manifest.files), any(saved["curves"] for saved in studies.values())
    )


def superseded(folder: Path, before: Parts) -> list[str]:
    """Sentences on what was there `before`, and is not there any more."""
    after = parts(folder)
    notes = []
    stale = sorted(before.exports() - after.exports())
    if stale:
        targets = json.dumps([*sorted(after.exports()), *stale])
        notes.append(
            f"{folder / 'export'}: the exports {', '.join(stale)} of the earlier design are removed; make them again with designer"
            f" export {folder} --target NAME, or name them in the problem: [export] targets = {targets}"
        )
    missing = before.files - after.files
    removed = [part for part in REMEDIES if any(name == part or name.startswith(f"{part}/") for name in missing)]
    if before.has_study and not after.has_study:
        removed.append("study")
    if removed:
        names = [f"{part}/" if part in ("figures", "proof") else part for part in removed]
        commands = "; ".join(REMEDIES[part].format(folder=folder) for part in removed)
        notes.append(
            f"{folder}: {', '.join(names)} of the earlier design {'is' if len(names) == 1 else 'are'} removed; make again with {commands}"
        )
    return notes
