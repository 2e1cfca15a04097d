"""The design folder: written whole or not at all, and read back."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designer import room_files
from designer.acoustics.readers.file_checks import named_emitter
from designer.acoustics.writers.sofa_text import WRITER
from designer.arrays import Real
from designer.errors import DataError, DesignerError, UsageError
from designer.evaluation.realisation_study import ChannelStudy
from designer.evaluation.words import Verdict
from designer.export.of_design import filter_set
from designer.export.write import write_in_design
from designer.formulations import Certificate
from designer.problem import loads
from designer.realization.cascade import Cascade
from designer.report import figures, page
from designer.report.canvas import as_file
from designer.result import Channel, Result, fine_frequencies_hz
from designer.targets.plain import Plain
from designer.versions import versions
from designer.virtualizer.summary import chain_summary

if TYPE_CHECKING:
    import pandas as pd

SECTIONS = ("channel", "driver", "section", "b0", "b1", "b2", "a1", "a2", "gain", "delay_samples")


def check_free(folder: Path) -> None:
    """Refuse an output folder that is not empty and that this tool did not write.

    Raises
    ------
    UsageError : naming the folder and the remedy

    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder}: found a file; allowed: a folder that is new, empty, or a design folder; choose another with -o"
        )
    above = next(place for place in folder.absolute().parents if place.exists())
    if not above.is_dir():
        raise UsageError(
            f"{folder}: found a file at {above.name}; allowed: a folder below folders; choose another with -o"
        )
    if folder.is_dir() and any(folder.iterdir()) and not _is_ours(folder):
        raise UsageError(
            f"{folder}: found a folder with other files in it; allowed: a folder that is new, empty, or a design folder;"
            " choose another with -o"
        )


def _is_ours(folder: Path) -> bool:
    try:
        return bool(json.loads((folder / "summary.json").read_text(encoding="utf-8")).get("writer") == WRITER)
    except (OSError, ValueError, AttributeError):
        return False


def write(result: Result, folder: Path) -> Path:
    """Write a design folder beside its place, then move it there."""
    check_free(folder)
    asked, folder = folder, folder.resolve()  # a link's own place, and a name for "."
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or "it cannot be made").lower()
        raise UsageError(f"{asked}: cannot be written there: {reason}; choose another with -o") from None
    partial = folder.parent / f".{folder.name}.{os.getpid()}.partial"
    old = folder.parent / f".{folder.name}.{os.getpid()}.old"
    try:
        partial.mkdir()
        _fill(result, partial, asked)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if old.exists() and not folder.exists():  # the last step failed: what was there stays
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    return asked


def _fill(result: Result, folder: Path, final: Path) -> None:
    # soundfile would put the time of day into the header of a float WAV (its PEAK chunk).
    from scipy.io import wavfile

    coefficients(result).to_csv(folder / "coefficients.csv", index=False)
    _weights(result).to_csv(folder / "weights.csv", index=False)
    if result.sections:
        sections(result).to_csv(folder / "sections.csv", index=False)
    longest = max(taps.shape[1] for taps in result.taps.values())
    stacked = np.concatenate([np.pad(taps, ((0, 0), (0, longest - taps.shape[1]))) for taps in result.taps.values()])
    wavfile.write(folder / "filters.wav", round(result.problem.sample_rate_hz), stacked.T.astype(np.float32))
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
    exports = write_in_design(filter_set(result), folder, result.problem.export.targets)
    (folder / "report.html").write_text(page.render(result, report, (drawn, captions), exports), encoding="utf-8")


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


def _read_sections(folder: Path) -> dict[str, dict[str, Cascade]]:
    """The cascades of `sections.csv`, where there is one."""
    import pandas as pd

    if not (folder / "sections.csv").exists():
        return {}
    table = pd.read_csv(folder / "sections.csv", dtype=str, keep_default_na=False)
    read: dict[str, dict[str, Cascade]] = {}
    for (name, driver), rows in table.groupby(["channel", "driver"], sort=False):
        b, a = (rows[columns].to_numpy(dtype=float) for columns in (["b0", "b1", "b2"], ["a1", "a2"]))
        gain = rows["gain"].to_numpy(dtype=float)
        delay = int(rows["delay_samples"].astype(int).sum())
        read.setdefault(str(name), {})[str(driver)] = Cascade(b * gain[:, None], a, delay, gain)
    return read


def _weights(result: Result) -> pd.DataFrame:
    import pandas as pd

    tables = []
    for name, weights in result.weights.items():
        table = {"channel": name, "frequency_hz": np.repeat(result.frequency_hz, len(result.drivers))}
        table["driver"] = np.tile(np.array(result.drivers, dtype=object), result.frequency_hz.size)
        tables.append(pd.DataFrame({**table, "real": weights.real.ravel(), "imag": weights.imag.ravel()}))
    return pd.concat(tables, ignore_index=True)


def _copy_data(result: Result, folder: Path) -> dict[str, str]:
    """Copy the data that the problem names, and say where each now lies."""
    copies: dict[str, str] = {}
    for number, name in enumerate(dict.fromkeys(result.problem.data_files)):
        pattern, emitter = named_emitter(str(result.problem.data_path(name)), Path())
        path = Path(pattern)
        files = [path] if path.exists() else sorted(path.parent.glob(path.name))
        place = folder / "data" / str(number)
        place.mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, place / file.name)
        copies[name] = f"data/{number}/{path.name}" + ("" if emitter is None else f"#{emitter}")
    return copies


def summary(result: Result, folder: Path, copies: dict[str, str]) -> dict[str, Any]:
    """The content of `summary.json`: outcome, numbers, certificate, versions, and what regenerates the folder."""
    problem = result.problem
    return {
        "writer": WRITER,
        "source": problem.source,
        "title": problem.title,
        "imported_from": result.imported_from,
        "exit_code": result.status,
        "sentence": sentence(result),
        "warnings": result.warnings,
        "bulk_delay_samples": result.bulk_delay_samples,
        "realization": {
            "form": problem.realization.form,
            "references": result.references,
            "warnings": list(result.realisation_warnings),
            "word": problem.realization.word,
            "taps": next(iter(result.taps.values())).shape[1],
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


def read(folder: Path) -> dict[str, Any]:
    """What a `Design` is made of, from its folder.

    Raises
    ------
    DataError : the folder is not a design folder, or a file of it is missing or broken

    """
    import pandas as pd

    if not _is_ours(folder):
        raise DataError(f"{folder}: found no summary.json of this tool; allowed: a folder that `designer design` wrote")
    try:
        report = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        taps_table, weights_table = (
            # As text first: Python's own conversion is exact to the last bit.
            pd.read_csv(folder / name, dtype=str, keep_default_na=False)
            for name in ("coefficients.csv", "weights.csv")
        )
        problem = loads(report["problem"], folder=folder, source=report["source"], files=report["data"])
        drivers = tuple(report["drivers"])
        taps, weights = {}, {}
        for name in report["channels"]:
            values = taps_table.loc[taps_table.channel == name, "value"].to_numpy(dtype=float)
            taps[name] = values.reshape(len(drivers), report["realization"]["taps"])
            rows = weights_table[weights_table.channel == name]
            weights[name] = (rows["real"].to_numpy(dtype=float) + 1j * rows["imag"].to_numpy(dtype=float)).reshape(
                problem.grid.frequencies, len(drivers)
            )
        chain = report.get("virtualizer") or {"taps": {}}
        for name, count in chain["taps"].items():
            values = taps_table.loc[taps_table.channel == name, "value"].to_numpy(dtype=float)
            taps[name] = values.reshape(len(drivers), count)
        cascades = _read_sections(folder)
        studies = {name: ChannelStudy.of_json(saved) for name, saved in report["realization"]["study"].items()}
        tables = {table.name: table for table in problem.designs}
        channels = {name: _read_channel(tables[name], saved) for name, saved in report["channels"].items()}
    except DesignerError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{folder}: a file of the design folder is missing or broken: {error}; design it again"
        ) from error
    return {
        "problem": problem,
        "frequency_hz": fine_frequencies_hz(problem)[::2],
        "drivers": drivers,
        "weights": weights,
        "taps": taps,
        "bulk_delay_samples": report["bulk_delay_samples"],
        "references": report["realization"]["references"],
        "realisation_warnings": tuple(report["realization"]["warnings"]),
        "sections": cascades,
        "shifts": report["realization"]["shifts"],
        "finer_bits": report["realization"]["finer_bits"],
        "study_source": lambda: studies,
        "channels": channels,
        "imported_from": report["imported_from"],
        "room_ears_source": None
        if report.get("room") is None
        else lambda: room_files.read_ears(folder / "room", drivers),
    }


def _read_channel(table: Any, saved: dict[str, Any]) -> Channel:
    certificate = saved["certificate"]
    frequency_hz = np.array(certificate["frequency_hz"])
    return Channel(
        table=table,
        method=saved["method"],
        plain=Plain(tuple(saved["plain"]["drivers"]), tuple(saved["plain"]["delay_s"])),
        plain_names=tuple(saved["plain"]["names"]),
        frequency_hz=frequency_hz,
        slacks_db={wish: np.array(slack) for wish, slack in saved["slacks_db"].items()},
        certificate=Certificate(
            **{key: np.array(certificate[key], dtype=float) for key in ("violation", "value", "bound", "gap")},
            by_reference=np.array(certificate["by_reference"], dtype=bool),
        ),
        feasible=saved["feasible"],
        verdict=Verdict(saved["sentence"], tuple(saved["shortfalls"])),
    )
