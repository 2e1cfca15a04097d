"""What a file of coefficients holds, on a problem's channels and drivers; and the words of a file that holds something else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.export.provenance import one_line
from designer.problem.schema import MAX_TAPS, Problem
from designer.realization.cascade import Cascade
from designer.virtualizer.virtualisation import VIRTUAL

MAX_BYTES = 500_000_000


@dataclass(frozen=True)
class Coefficients:
    """Filters from a file.

    Attributes
    ----------
    taps : channel -> driver -> (T,), of any lengths; a driver that is not there is silent
    sections : channel -> driver -> its cascade, of which the taps are the response
    delays : channel -> samples ahead of all its filters
    bulk_delay_samples : as the file says; None where it does not
    notes : what was guessed on the way

    """

    taps: dict[str, dict[str, Real]]
    sections: dict[str, dict[str, Cascade]] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)
    bulk_delay_samples: int | None = None
    notes: tuple[str, ...] = ()


def refusal(path: Path, found: str, allowed: str, remedy: str) -> DataError:
    """The error of a file that cannot be used."""
    return DataError(f"{path}: found {found}; allowed: {allowed}; {remedy}")


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises
    ------
    DataError : it is missing, no file, empty or too large

    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise refusal(
                path, f"{path.stat().st_size / 1e6:,.0f} MB", f"up to {MAX_BYTES / 1e6:,.0f} MB", "name a smaller file"
            )
        content = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {(error.strerror or str(error)).lower()}; name a file that is there"
        ) from None
    if not content:
        raise refusal(path, "an empty file", "coefficients", "export it again")
    return content


def read_text(path: Path) -> str:
    """A text file's content; a byte-order mark is taken off.

    Raises
    ------
    DataError : as above, or it is no UTF-8

    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusal(path, "a file that is no text in UTF-8", "a text file", "export it again") from None


def check_rate(path: Path, rate: float, problem: Problem) -> None:
    """Refuse filters of another rate.

    Raises
    ------
    DataError : the rates differ

    """
    if rate != problem.sample_rate_hz:
        raise refusal(
            path,
            f"a sample rate of {rate:g} Hz",
            f"the problem's {problem.sample_rate_hz:g} Hz",
            "set the problem's sample_rate_hz to what the device runs at",
        )


def check_values(path: Path, values: Real, where: str) -> Real:
    """Refuse what is no finite number, or more taps than a problem has.

    Raises
    ------
    DataError : naming the place

    """
    if not np.isfinite(values).all():
        raise refusal(path, f"NaN or infinity in {where}", "finite numbers", "export it again")
    if not 1 <= values.shape[0] <= MAX_TAPS:
        raise refusal(path, f"{values.shape[0]:,} taps in {where}", f"1 to {MAX_TAPS:,}", "name a file of coefficients")
    return values


def known(path: Path, name: str, names: Sequence[str], what: str) -> str:
    """The problem's name for a name in a file, where comments may have changed signs of it.

    Raises
    ------
    DataError : there is none; names the nearest

    """
    for candidate in names:
        if name in (candidate, one_line(candidate)):
            return candidate
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    remedy = f"nearest: {near[0]!r}" if near else "name the problem that the file was made for"
    raise refusal(path, f"{what} {name!r}", f"the problem's: {', '.join(map(repr, names))}", remedy)


def channel_names(problem: Problem) -> list[str]:
    """Channels that a file may hold, in a design folder's order: the designs', then the stereo chain's own."""
    own = [] if problem.virtualizer is None else list(VIRTUAL.values())
    return [*(table.name for table in problem.designs), *own]


def check_complete(path: Path, coefficients: Coefficients, problem: Problem) -> None:
    """Refuse a file without a channel of the problem.

    Raises
    ------
    DataError : naming what is missing

    """
    missing = [table.name for table in problem.designs if not coefficients.taps.get(table.name)]
    if missing:
        raise refusal(
            path,
            f"no filters of {', '.join(map(repr, missing))}",
            "all channels of the problem",
            "leave the other [[designs]] out of the problem",
        )


def stated(comments: str, what: str) -> str | None:
    """What the provenance of an exported file says: "sample rate", "channels", "drivers"."""
    found = re.search(rf"^[#/*;\s]*{what}: (.*?)\s*$", comments, re.MULTILINE)
    return found[1] if found else None


def stated_bulk_delay(comments: str) -> int | None:
    """The bulk delay in the provenance of an exported file."""
    found = re.search(r"bulk delay: (\d+) samples", comments)
    return int(found[1]) if found else None


def stated_order(path: Path, comments: str, what: str, names: Sequence[str]) -> list[str]:
    """The order of channels or drivers: as the provenance states it, else the problem's.

    Raises
    ------
    DataError : the provenance states other names

    """
    line = stated(comments, what)
    if line is None or line == ", ".join(map(one_line, names)):
        return list(names)
    return [known(path, name, names, what.removesuffix("s")) for name in line.split(", ")]
