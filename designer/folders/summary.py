"""`summary.json`: what is written, and what is read back.

The part that a design is opened from carries a seal, which is its SHA-256: it is read as it was written, or refused. What nothing is
opened from (the numbers, which are judged again) is left alone.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.evaluation.realisation_study import ChannelStudy
from designer.evaluation.short_look import MIN_PROMISE_DB, promise_sentence
from designer.export.wave import loud_note
from designer.folders.stored import Misfit, StoredSummary, stored
from designer.problem.checks import warnings
from designer.problem.messages import shown
from designer.problem.sourced import OF_TEXT
from designer.problem.toml_text import set_options
from designer.result import Channel, Result
from designer.stereo.listening import chain_summary
from designer.stereo.placed_source import chain_sentence, sources_summary
from designer.versions import WRITER, versions
from designer.writing import BANK, lack, read_manifest

SUMMARY = "summary.json"
PAGE = "report.html"
WAVE = "filters.wav"
MAX_SUMMARY_BYTES = 500_000_000
REMEDY = "design it again"
READ = ("source", "changes", "imported_from", "bulk_delay_samples", "failures", "remedies")
READ_OF_FORM = (
    "references",
    "warnings",
    "taps",
    "sections",
    "shifts",
    "finer_bits",
    "refinements",
    "choice",
    "promises_db",
    "study",
)
READ_OF_CHANNEL = (
    "kind",
    "method",
    "plain",
    "feasible",
    "sentence",
    "shortfalls",
    "certificate",
    "weights_costs_db",
    "slacks_db",
)
"""Keys that a design is opened from."""


def refusal(path: Path, actual: str, expected: str, remedy: str = REMEDY) -> DataError:
    """The error of a file of a design folder that cannot be used."""
    return DataError(
        f"{path}: a file of the design folder is missing or broken: {actual}; expected {expected}; {remedy}"
    )


def misfitting(path: Path, misfit: Misfit) -> DataError:
    """The error of a key of a summary that cannot be used."""
    return refusal(path, f"{misfit.key}: {misfit.actual}", misfit.expected, f"{REMEDY}, with this version")


def no_design(folder: Path, expected: str) -> DataError:
    """The error of a folder that is none of a design; of a bank's folder with the commands that take it."""
    manifest = read_manifest(folder)
    if manifest is not None and manifest.kind == BANK:
        return DataError(
            f"{folder}: got the folder of a filter bank; expected {expected}; a bank is taken by `designer export`, `designer proof` and"
            " `designer render --path`"
        )
    return DataError(lack(folder, f"{SUMMARY} of this tool", "designer design", expected))


def read_summary(folder: Path) -> dict[str, Any]:
    """The summary of a design folder, as it was written; errors as `read_stored`."""
    return _read(folder)[0]


def read_stored(folder: Path) -> StoredSummary:
    """Part of a folder's summary that a design is opened from.

    Raises
    ------
    DataError : the folder has none of this tool, what a design is opened from was changed, or a key of it cannot be used

    """
    return _read(folder)[1]


def _read(folder: Path) -> tuple[dict[str, Any], StoredSummary]:
    """A summary as it was written, and what a design is opened from."""
    path = folder / SUMMARY
    no_summary = no_design(folder, "a folder that `designer design` wrote")
    try:
        if not path.is_file():
            raise no_summary
        if path.stat().st_size > MAX_SUMMARY_BYTES:
            raise refusal(path, f"{path.stat().st_size / 1e6:,.0f} MB", f"at most {MAX_SUMMARY_BYTES / 1e6:,.0f} MB")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise refusal(path, f"it cannot be read: {getattr(error, 'strerror', None) or error}", "a text file") from None
    try:
        summary: dict[str, Any] = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise refusal(path, f"no JSON: {error}", "the JSON that was written") from None
    if not isinstance(summary, dict) or summary.get("writer") != WRITER:
        raise no_summary
    opened = stored(content)
    if isinstance(opened, Misfit):
        raise misfitting(path, opened)
    digest = hashlib.sha256(opened.problem.encode("utf-8", "surrogatepass")).hexdigest()
    if digest != opened.problem_sha256:
        expected = f"{shown(opened.problem_sha256)}, as problem_sha256 has it"
        raise refusal(path, f"problem with the SHA-256 {digest[:12]}...", expected)
    for name, place in opened.data.items():
        location = PurePosixPath(place)
        if location.is_absolute() or ".." in location.parts or location.parts[:1] != ("data",):
            raise refusal(path, f"data.{name} = {shown(place)}", 'a path below "data/"')
    if summary.get("seal") != seal(summary):
        expected = f"{shown(summary.get('seal'))}, as its seal has it"
        raise refusal(path, "another SHA-256 than when it was written", expected)
    return summary, opened


def seal(summary: dict[str, Any]) -> str:
    """SHA-256 of what a design is opened from, whatever else the summary holds and however it is laid out."""
    chain = summary["virtualizer"]
    read = {
        **{key: summary[key] for key in (*READ, "data", "problem_sha256")},
        "realization": {key: summary["realization"][key] for key in READ_OF_FORM},
        "virtualizer": None if chain is None else chain["taps"],
        "channels": {
            name: {key: channel[key] for key in READ_OF_CHANNEL} for name, channel in summary["channels"].items()
        },
    }
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def notes(result: Result) -> list[str]:
    """Notes for the user of the folder's files."""
    refined = (f"{name}: {refinement.sentence()}" for name, refinement in result.refinements.items())
    promised = (promise_sentence(*item) for item in result.promises_source().items() if item[1] >= MIN_PROMISE_DB)
    chosen = [result.choice.reason] if result.choice and not result.choice.is_short else []
    return [*chosen, *refined, *promised, *loud_note([WAVE], result.taps.values())]


def summary(result: Result, folder: Path, copies: dict[str, str], *, report: bool = True) -> dict[str, Any]:
    """The content of `summary.json`: outcome, numbers, certificate, versions, and what regenerates the folder.

    Parameters
    ----------
    folder : Path, where it will lie
    copies : dict of str to str, data file as the problem names it -> its copy's path in the folder
    report : bool, with what only a page shows: the cost of the form, and the listening zone

    """
    problem = result.problem
    facts = {
        "writer": WRITER,
        "source": problem.source,
        "changes": problem.changes,
        "title": problem.title,
        "imported_from": result.imported_from,
        "exit_code": result.status,
        "failures": result.failures,
        "remedies": result.remedies,
        "sentence": sentence(result),
        "warnings": [*warnings(problem), *result.warnings],
        "notes": notes(result),
        "bulk_delay_samples": result.bulk_delay_samples,
        "realization": {
            "form": problem.realization.form,
            "references": result.references,
            "warnings": list(result.realisation_warnings),
            "word": problem.realization.word,
            "taps": next(iter(result.taps.values())).shape[1],
            "sections": {
                name: {driver: len(cascade.b) for driver, cascade in cascades.items()}
                for name, cascades in result.sections.items()
            },
            "shifts": result.shifts,
            "finer_bits": result.finer_bits,
            "refinements": {name: refinement.as_json() for name, refinement in result.refinements.items()},
            "choice": result.choice and result.choice.as_json(),
            "promises_db": result.promises_source(),
            "study": {name: study.as_json() for name, study in result.study.items()} if report else {},
        },
        "drivers": list(result.drivers),
        "virtualizer": chain_summary(result),
        "placed_sources": sources_summary(result),
        "chain_verdict": chain_sentence(result),
        "room": None if result.room is None else result.room.as_json(_bands_hz(result)),
        "channels": {
            name: _channel_summary(result, name, channel, report=report) for name, channel in result.channels.items()
        },
        "versions": versions(),
        "command": _command(result, folder, report=report),
        "python": continuation(folder),
        "problem_sha256": hashlib.sha256(problem.text.encode()).hexdigest(),
        "data": copies,
        "problem": problem.text,
    }
    return {**facts, "seal": seal(facts)}


def _bands_hz(result: Result) -> dict[str, list[float]]:
    return {name: channel.table.band_hz for name, channel in result.channels.items()}


def with_study(facts: dict[str, Any], study: Mapping[str, ChannelStudy], folder: Path) -> dict[str, Any]:
    """The content of `summary.json` with a study in it, and what makes it."""
    command, again = facts["command"], shlex.join(["designer", "study", str(folder)])
    form = {**facts["realization"], "study": {name: channel.as_json() for name, channel in study.items()}}
    changed = {
        **facts,
        "realization": form,
        "command": command if command.endswith(f" && {again}") else f"{command} && {again}",
    }
    return {**changed, "seal": seal(changed)}


def _command(result: Result, folder: Path, *, report: bool) -> str:
    if result.problem.source == OF_TEXT and not Path(OF_TEXT).is_file():  # the folder alone holds the problem
        place = json.dumps(str(folder), ensure_ascii=False)
        save = f"save({place}{'' if report else ', report=False'})"
        return shlex.join(["python", "-c", f"import designer; designer.design({continuation(folder)}.problem).{save}"])
    made_by = ["design", *([] if report else ["--quick"]), result.problem.source]
    if result.imported_from:
        made_by = ["import-coefficients", result.imported_from, "--problem", result.problem.source]
    return shlex.join(["designer", *made_by, *set_options(result.problem.changes), "-o", str(folder)])


def continuation(folder: Path) -> str:
    """Call that opens a design folder in Python."""
    return f"designer.open({json.dumps(str(folder), ensure_ascii=False)})"


def sentence(result: Result) -> str:
    """The verdict, channel by channel."""
    verdicts = [*(f"{name}: {result.sentence(name)}" for name in result.channels), chain_sentence(result)]
    return " ".join(f"{verdict}." for verdict in verdicts if verdict)


def _channel_summary(result: Result, name: str, channel: Channel, *, report: bool) -> dict[str, Any]:
    return {
        "kind": channel.table.kind,
        "method": channel.method,
        "plain": {
            "names": list(channel.plain_names),
            "drivers": list(channel.plain.drivers),
            "delay_s": list(channel.plain.delay_s),
            "gain": list(channel.plain.gain),
            "way": list(channel.plain.way),
        },
        "feasible": channel.feasible,
        "sentence": channel.verdict.sentence,
        "shortfalls": list(channel.verdict.shortfalls),
        "verdict": result.sentence(name),
        "outcomes": [outcome.as_json() for outcome in result.outcomes[name]],
        "numbers": {**result.scalars[name].values, **(result.robustness if report else result.over_tolerances)(name)},
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
        "weights_costs_db": channel.weights_costs_db,
        "slacks_db": {requirement: slack.tolist() for requirement, slack in channel.slacks_db.items()},
    }


def _numbers(values: Real) -> list[float | None]:
    """As JSON holds them: null where nothing is optimised and there is no value."""
    return [None if np.isnan(value) else value for value in values.tolist()]
