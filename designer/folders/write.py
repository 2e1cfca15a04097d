"""The design folder, written whole or not at all; `read` reads it back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from designer.acoustics.measured.raw_set import named_emitter
from designer.export.of_design import filter_set
from designer.export.target import Export
from designer.export.write import fill_exports
from designer.folders import room
from designer.folders.summary import WAVE, summary
from designer.folders.tables import coefficients, sections, weights
from designer.problem.schema import Problem
from designer.report import figures, page, page_data
from designer.result import Result
from designer.writing import DESIGN, check_folder, reserve, write_folder

Drawn = Literal["all", "core", "none"]


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
    """Write a design folder: it appears whole or not at all.

    Parameters
    ----------
    report : bool, write the page and the figures too
    overlay : sequence of str or Path, other designs or measurements that the page lays over its figures
    drawn : str, which figures it has as files: "all", "core" (the layout, and each channel's gain, response and polar plots) or "none"

    """
    problem = result.problem
    inputs = () if problem.files else data_files(problem)  # of an opened design its own copies, which are copied again

    def fill(new: Path) -> None:
        facts, exports, refusals = _fill(result, new, folder)
        if report:
            _report(result, new, folder, facts, exports, refusals, overlay, drawn)

    write_folder(folder, DESIGN, fill, force=force, inputs=inputs)
    return folder


def _fill(result: Result, folder: Path, final: Path) -> tuple[dict[str, Any], dict[str, Export], dict[str, str]]:
    """Write the tables and the exports: what `summary.json` holds, the exports, and targets that were refused."""
    # soundfile would put the time of day into the header of a float WAV (its PEAK chunk).
    from scipy.io import wavfile

    coefficients(result).to_csv(folder / "coefficients.csv", index=False)
    weights(result).to_csv(folder / "weights.csv", index=False)
    if result.sections:
        sections(result).to_csv(folder / "sections.csv", index=False)
    longest = max(taps.shape[1] for taps in result.taps.values())
    stacked = np.concatenate([np.pad(taps, ((0, 0), (0, longest - taps.shape[1]))) for taps in result.taps.values()])
    wavfile.write(folder / WAVE, round(result.problem.sample_rate_hz), stacked.T.astype(np.float32))
    result.metrics.to_csv(folder / "metrics.csv", index=False)
    result.response.to_csv(folder / "response.csv", index=False, float_format="%.7g")
    if result.room is not None:
        room.write(result.room, folder / "room", list(result.channels))
    copies = _copy_data(result, folder)
    facts = summary(result, final, copies)
    (folder / "summary.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    refusals: dict[str, str] = {}
    exports = fill_exports(filter_set(result), folder, result.problem.export.targets, refusals)
    return facts, exports, refusals


def _report(
    result: Result,
    folder: Path,
    final: Path,
    facts: dict[str, Any],
    exports: Mapping[str, Export],
    refusals: Mapping[str, str],
    overlay: Sequence[str | Path],
    drawn: Drawn,
) -> None:
    """Draw the figures' files and write the page."""
    if drawn != "none":
        (folder / "figures").mkdir()
        for name, picture in figures.pictures(result, None if drawn == "all" else figures.CORE).items():
            (folder / "figures" / f"{name}.svg").write_bytes(picture.file())
    overlays = [page_data.overlay(path) for path in overlay]
    rendered = page.render(result, facts, exports, refusals, overlays=overlays, folder=str(final))
    (folder / "report.html").write_text(rendered, encoding="utf-8")


def data_files(problem: Problem) -> list[Path]:
    """The files that a problem's data is read from, patterns expanded."""
    return [file for name in problem.data_files for file in _matching(_data_path(problem, name)[0])]


def _data_path(problem: Problem, name: str) -> tuple[Path, str | None]:
    pattern, emitter = named_emitter(str(problem.data_path(name)), Path())
    return Path(pattern), emitter


def _matching(path: Path) -> list[Path]:
    return [path] if path.exists() else sorted(path.parent.glob(path.name))


def _copy_data(result: Result, folder: Path) -> dict[str, str]:
    """Copy the data that the problem names, and say where each now lies."""
    copies: dict[str, str] = {}
    for number, name in enumerate(dict.fromkeys(result.problem.data_files)):
        path, emitter = _data_path(result.problem, name)
        place = folder / "data" / str(number)
        place.mkdir(parents=True)
        for file in _matching(path):
            shutil.copyfile(file, place / file.name)
        copies[name] = f"data/{number}/{path.name}" + ("" if emitter is None else f"#{emitter}")
    return copies
