"""`summary.json`: what is written, and what is read back of it: its keys, their types and ranges, and what of them must agree.

In reading, keys that nothing is opened from (the numbers, which are judged again) are left alone; a key that is used and is missing,
of another type, out of its range or at odds with the problem's text is refused with its dotted path.
"""

from __future__ import annotations

import hashlib
import math
import shlex
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from designer.arrays import Real
from designer.errors import DataError
from designer.evaluation.realisation_study import ChannelStudy
from designer.export.wave import loud_words
from designer.problem.messages import dotted, shown
from designer.problem.schema import MAX_SECTIONS, MAX_TAPS
from designer.result import Channel, Result
from designer.versions import WRITER, versions
from designer.virtualizer.summary import chain_summary

WAVE = "filters.wav"
MAX_SUMMARY_BYTES = 500_000_000
REMEDY = "design it again"


def _a_number(value: float) -> float:
    if math.isnan(value):
        raise ValueError("a number, and not NaN")
    return value


def _studied(study: ChannelStudy) -> ChannelStudy:
    values = [study.output_bound_db]
    values += [
        value
        for each in (*study.stages.values(), *(point.gains for point in study.curves), *study.moved.values())
        for value in (each.median_db, each.fifth_percentile_db, each.worst_db)
    ]
    if any(map(math.isnan, values)):
        raise ValueError("a number, and not NaN")
    return study


Missing = Annotated[float, Field(ge=0, allow_inf_nan=True), AfterValidator(_a_number)]
"""What is missing in dB, which may be infinite."""
Taps = Annotated[int, Field(ge=1, le=2 * MAX_TAPS)]
"""A cascade's response is at most as long as taps may be, behind a delay that may be as long."""
Delay = Annotated[int, Field(ge=0, le=2 * MAX_TAPS)]


class Part(BaseModel):
    """A part of the summary; what it does not name is not read."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class SavedPlain(Part):
    """The drivers of plain playback: names, places among the channel's own, and delays."""

    names: list[str]
    drivers: list[Annotated[int, Field(ge=0)]]
    delay_s: list[Annotated[float, Field(ge=0, le=10.0)]]


class SavedCertificate(Part):
    """What stands for the answer without its solver, at each frequency in the band; null where there is no value."""

    frequency_hz: list[Annotated[float, Field(ge=0)]]
    violation: list[Annotated[float, Field(ge=0)] | None]
    value: list[float | None]
    bound: list[float | None]
    gap: list[float | None]
    by_reference: list[bool]


class SavedChannel(Part):
    """How a channel came about, and its outcome."""

    kind: str
    method: str
    plain: SavedPlain
    feasible: bool
    sentence: str
    shortfalls: list[str]
    certificate: SavedCertificate
    slacks_db: dict[str, list[Missing]]


class SavedRealization(Part):
    """The filters' form and word."""

    form: str
    references: dict[str, str]
    warnings: list[str]
    word: str | None
    taps: Taps
    sections: dict[str, dict[str, Annotated[int, Field(ge=1, le=MAX_SECTIONS)]]]
    shifts: dict[str, Annotated[int, Field(ge=-200, le=200)]]
    finer_bits: dict[str, list[Annotated[int, Field(ge=0, le=200)]]]
    study: dict[str, Annotated[ChannelStudy, AfterValidator(_studied)]]


class SavedChain(Part):
    """The stereo chain's own channels."""

    taps: dict[str, Taps]


class Summary(Part):
    """`summary.json`."""

    writer: str
    source: str
    title: str
    imported_from: str
    bulk_delay_samples: Delay
    realization: SavedRealization
    drivers: list[str]
    virtualizer: SavedChain | None
    room: dict[str, object] | None
    channels: dict[str, SavedChannel]
    problem_sha256: str
    data: dict[str, str]
    failures: dict[str, str]
    problem: str


def refusal(path: Path, found: str, expected: str, remedy: str = REMEDY) -> DataError:
    """The error of a file of a design folder that cannot be used."""
    return DataError(
        f"{path}: a file of the design folder is missing or broken: {found}; expected {expected}; {remedy}"
    )


def read_summary(folder: Path) -> Summary:
    """The summary of a design folder, checked.

    Raises
    ------
    DataError : the folder has none of this tool, or a key of it cannot be used

    """
    path = folder / "summary.json"
    no_summary = DataError(
        f"{folder}: found no summary.json of this tool; allowed: a folder that `designer design` wrote"
    )
    try:
        if not path.is_file():
            raise no_summary
        if path.stat().st_size > MAX_SUMMARY_BYTES:
            raise refusal(path, f"{path.stat().st_size / 1e6:,.0f} MB", f"at most {MAX_SUMMARY_BYTES / 1e6:,.0f} MB")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise refusal(path, f"it cannot be read: {getattr(error, 'strerror', None) or error}", "a text file") from None
    try:
        summary = Summary.model_validate_json(content)
    except ValidationError as error:
        raise _fault(path, error) from None
    if summary.writer != WRITER:
        raise no_summary
    found = hashlib.sha256(summary.problem.encode("utf-8", "surrogatepass")).hexdigest()
    if found != summary.problem_sha256:
        raise refusal(
            path,
            f"problem with the SHA-256 {found[:12]}...",
            f"{shown(summary.problem_sha256)}, as problem_sha256 has it",
        )
    for name, place in summary.data.items():
        where = PurePosixPath(place)
        if where.is_absolute() or ".." in where.parts or where.parts[:1] != ("data",):
            raise refusal(path, f"data.{name} = {shown(place)}", 'a path below "data/"')
    return summary


def _fault(path: Path, error: ValidationError) -> DataError:
    first = error.errors(include_url=False)[0]
    where = dotted(tuple(step for step in first["loc"] if isinstance(step, int | str)))
    if first["type"] == "json_invalid":
        return refusal(path, f"no JSON: {first['msg'].removeprefix('Invalid JSON: ')}", "the JSON that was written")
    if first["type"] == "missing":
        return refusal(
            path, f"{where} is missing", "every key that this version writes", f"{REMEDY}, with this version"
        )
    return refusal(path, f"{where} = {shown(first['input'])}", first["msg"].removeprefix("Input should be "))


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
