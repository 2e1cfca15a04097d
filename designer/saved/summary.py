"""What is read back of `summary.json`: its keys, their types and ranges, and what of them must agree.

Keys that nothing is opened from (the numbers, which are judged again) are left alone; a key that is used and is missing,
of another type, out of its range or at odds with the problem's text is refused with its dotted path.
"""

from __future__ import annotations

import hashlib
import math
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from designer.errors import DataError
from designer.evaluation.realisation_study import ChannelStudy
from designer.problem.messages import dotted, shown
from designer.problem.schema import MAX_SECTIONS, MAX_TAPS
from designer.versions import WRITER

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
