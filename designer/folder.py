"""The design folder, written whole or not at all; `saved` reads it back."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designer import room_files
from designer.acoustics.readers.file_checks import named_emitter
from designer.arrays import Real
from designer.export.of_design import filter_set
from designer.export.wave import loud_words
from designer.export.write import fill_exports
from designer.problem.schema import Problem
from designer.report import figures, page
from designer.report.canvas import as_file
from designer.result import Channel, Result
from designer.saved.tables import SECTIONS
from designer.stereo.listening import chain_summary
from designer.versions import WRITER, versions
from designer.writing import DESIGN, check_folder, reserve, write_folder

if TYPE_CHECKING:
    import pandas as pd


WAVE = "filters.wav"


def check_free(folder: Path, *, force: bool = False, inputs: Sequence[Path] = ()) -> None:
    """Find out before a problem is designed whether its folder could be written.

    Parameters
    ----------
    force : files of the folder that were edited since may be replaced
    inputs : files that the command reads, which may not lie in the folder

    Raises
    ------
    UsageError : naming the folder, what stands in the way, and the remedy
    OutputError : no room there, or a folder that is read-only

    """
    check_folder(folder, DESIGN, force=force, inputs=inputs)
    reserve(folder)


def write(result: Result, folder: Path, *, force: bool = False) -> Path:
    """Write a design folder: it appears whole or not at all."""
    problem = result.problem
    inputs = () if problem.files else data_files(problem)  # of an opened design its own copies, which are copied again
    write_folder(folder, DESIGN, lambda new: _fill(result, new, folder), force=force, inputs=inputs)
    return folder


def _fill(result: Result, folder: Path, final: Path) -> None:
    # soundfile would put the time of day into the header of a float WAV (its PEAK chunk).
    from scipy.io import wavfile

    coefficients(result).to_csv(folder / "coefficients.csv", index=False)
    _weights(result).to_csv(folder / "weights.csv", index=False)
    if result.sections:
        sections(result).to_csv(folder / "sections.csv", index=False)
    longest = max(taps.shape[1] for taps in result.taps.values())
    stacked = np.concatenate([np.pad(taps, ((0, 0), (0, longest - taps.shape[1]))) for taps in result.taps.values()])
    wavfile.write(folder / WAVE, round(result.problem.sample_rate_hz), stacked.T.astype(np.float32))
    result.metrics.to_csv(folder / "metrics.csv", index=False)
    result.response.to_csv(folder / "response.csv", index=False, float_format="%.7g")
    if result.room is not None:
        room_files.write(result.room, folder / "room", list(result.channels))
    (folder / "figures").mkdir()
    drawn = figures.draw_all(result)
    captions = figures.captions(result)
    for name, svg in drawn.items():
        (folder / "figures" / f"{name}.svg").write_text(as_file(svg, captions[name]), encoding="utf-8")
    copies = _copy_data(result, folder)
    report = summary(result, final, copies)
    (folder / "summary.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    refusals: dict[str, str] = {}
    exports = fill_exports(filter_set(result), folder, result.problem.export.targets, refusals)
    rendered = page.render(result, report, (drawn, captions), exports, refusals)
    (folder / "report.html").write_text(rendered, encoding="utf-8")


def coefficients(result: Result) -> pd.DataFrame:
    """The table of `coefficients.csv`."""
    import pandas as pd

    tables = []
    for name, taps in result.taps.items():
        count, length = taps.shape
        tables.append(
            pd.DataFrame(
                {
                    "channel": name,
                    "driver": np.repeat(np.array(result.drivers, dtype=object), length),
                    "tap": np.tile(np.arange(length), count),
                    "value": taps.ravel(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def sections(result: Result) -> pd.DataFrame:
    """The table of `sections.csv`: a numerator is gain times b0, b1, b2; the delay stands at a filter's first section."""
    import pandas as pd

    rows = [
        (name, driver, s, *(b / gain), *a, gain, cascade.delay_samples if s == 0 else 0)
        for name, cascades in result.sections.items()
        for driver, cascade in cascades.items()
        for s, (b, a, gain) in enumerate(
            zip(cascade.b, cascade.a, np.broadcast_to(cascade.gain, len(cascade.b)), strict=True)
        )
    ]
    return pd.DataFrame(rows, columns=pd.Index(SECTIONS))


def _weights(result: Result) -> pd.DataFrame:
    import pandas as pd

    tables = []
    for name, weights in result.weights.items():
        table = {"channel": name, "frequency_hz": np.repeat(result.frequency_hz, len(result.drivers))}
        table["driver"] = np.tile(np.array(result.drivers, dtype=object), result.frequency_hz.size)
        tables.append(pd.DataFrame({**table, "real": weights.real.ravel(), "imag": weights.imag.ravel()}))
    return pd.concat(tables, ignore_index=True)


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


def notes(result: Result) -> list[str]:
    """What a user of the folder's files has to know, without anything being odd."""
    return list(loud_words(WAVE, result.taps.values()))


def summary(result: Result, folder: Path, copies: dict[str, str]) -> dict[str, Any]:
    """The content of `summary.json`: outcome, numbers, certificate, versions, and what regenerates the folder."""
    problem = result.problem
    return {
        "writer": WRITER,
        "source": problem.source,
        "title": problem.title,
        "imported_from": result.imported_from,
        "exit_code": result.status,
        "failures": result.failures,
        "sentence": sentence(result),
        "warnings": result.warnings,
        "notes": notes(result),
        "bulk_delay_samples": result.bulk_delay_samples,
        "realization": {
            "form": problem.realization.form,
            "references": result.references,
            "warnings": list(result.realisation_warnings),
            "word": problem.realization.word,
            "taps": next(iter(result.taps.values())).shape[1],
            "sections": {
                name: {driver: len(one.b) for driver, one in each.items()} for name, each in result.sections.items()
            },
            "shifts": result.shifts,
            "finer_bits": result.finer_bits,
            "study": {name: one.as_json() for name, one in result.study.items()},
        },
        "drivers": list(result.drivers),
        "virtualizer": chain_summary(result),
        "room": None if result.room is None else result.room.as_json(_bands_hz(result)),
        "channels": {name: _channel_summary(result, name, channel) for name, channel in result.channels.items()},
        "versions": versions(),
        "command": _command(result, folder),
        "problem_sha256": hashlib.sha256(problem.text.encode()).hexdigest(),
        "data": copies,
        "problem": problem.text,
    }


def _bands_hz(result: Result) -> dict[str, list[float]]:
    return {name: channel.table.band_hz for name, channel in result.channels.items()}


def _command(result: Result, folder: Path) -> str:
    made_by = ["design", result.problem.source]
    if result.imported_from:
        made_by = ["import-coefficients", result.imported_from, "--problem", result.problem.source]
    return shlex.join(["designer", *made_by, "-o", str(folder)])


def sentence(result: Result) -> str:
    """What was asked and what was reached, channel by channel."""
    return " ".join(f"{name}: {channel.verdict.sentence}." for name, channel in result.channels.items())


def _channel_summary(result: Result, name: str, channel: Channel) -> dict[str, Any]:
    return {
        "kind": channel.table.kind,
        "method": channel.method,
        "plain": {
            "names": list(channel.plain_names),
            "drivers": list(channel.plain.drivers),
            "delay_s": list(channel.plain.delay_s),
        },
        "feasible": channel.feasible,
        "sentence": channel.verdict.sentence,
        "shortfalls": list(channel.verdict.shortfalls),
        "numbers": {**result.scalars[name].values, **result.robustness(name)},
        "heads": result.heads.get(name, {}),
        "certificate": {
            "largest_violation": _numbers(channel.certificate.violation.max(keepdims=True))[0],
            "largest_gap": _numbers(channel.certificate.gap.max(keepdims=True))[0],
            "solved_by_reference": int(channel.certificate.by_reference.sum()),
            "frequency_hz": channel.frequency_hz.tolist(),
            "violation": _numbers(channel.certificate.violation),
            "value": _numbers(channel.certificate.value),
            "bound": _numbers(channel.certificate.bound),
            "gap": _numbers(channel.certificate.gap),
            "by_reference": channel.certificate.by_reference.tolist(),
        },
        "slacks_db": {wish: slack.tolist() for wish, slack in channel.slacks_db.items()},
    }


def _numbers(values: Real) -> list[float | None]:
    """As JSON holds them: null where nothing is optimised and there is no value."""
    return [None if np.isnan(value) else value for value in values.tolist()]
