"""What a file of coefficients holds, on a problem's channels and drivers; and the words of a file that holds something else."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.provenance import one_line
from designer.importing.files import refusal, shown
from designer.problem.schema import MAX_TAPS, Problem
from designer.realization.cascade import Cascade
from designer.realization.section_scaling import settled_length
from designer.stereo.virtualisation import VIRTUAL

MAX_VALUE = 1e6
"""Largest magnitude of a coefficient, 120 dB: beyond it a file is misread, and squares of responses leave the numbers."""
MAX_SAMPLES = 50_000_000
"""Samples of all responses together."""
MAX_SECTIONS = 1024
"""Sections of a filter."""


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


class Collected:
    """Filters as a reader comes upon them, each named once."""

    def __init__(self, path: Path, problem: Problem) -> None:
        self.path, self.problem = path, problem
        self.channels = channel_names(problem)
        self.taps: dict[str, dict[str, Real]] = {}
        self.sections: dict[str, dict[str, Cascade]] = {}
        self.samples = 0

    def place(self, channel: object, driver: object) -> tuple[str, str]:
        """The problem's names of a filter's.

        Raises
        ------
        DataError : the problem has none such, or the filter came before

        """
        place = (
            known(self.path, channel, self.channels, "channel"),
            known(self.path, driver, self.problem.driver_names, "driver"),
        )
        if place[1] in self.taps.get(place[0], {}):
            raise refusal(
                self.path,
                f"two filters of {place[0]!r}, {place[1]!r}",
                "one each",
                "leave out the one that is not meant",
            )
        return place

    def add_taps(self, place: tuple[str, str], taps: Real, delay_samples: int = 0) -> None:
        """Put a filter in taps behind a delay."""
        where = f"{place[0]!r}, {place[1]!r}"
        check_length(self.path, taps.size + delay_samples, where)
        values = check_values(self.path, taps, where)
        self.taps.setdefault(place[0], {})[place[1]] = np.concatenate([np.zeros(delay_samples), values])

    def add_sections(
        self, place: tuple[str, str], b: Real, a: Real, delay_samples: int = 0, gain: Real | None = None
    ) -> None:
        """Put a filter in sections behind a delay.

        Parameters
        ----------
        b, a : numerators (S, 3), of which the gains (S,) are part, and a1, a2 (S, 2)

        Raises
        ------
        DataError : a coefficient is out of bounds, a pole is not within the unit circle, or the responses of all filters are longer
            than those of a design

        """
        where = f"{place[0]!r}, {place[1]!r}"
        cascade = checked_cascade(self.path, where, b, a, delay_samples, gain)
        length = max(self.problem.realization.taps, rung_out(cascade))
        self.samples += length
        if self.samples > MAX_SAMPLES:
            raise refusal(
                self.path, "responses of more samples than a design has", f"up to {MAX_SAMPLES:,}", "export it again"
            )
        taps = check_values(self.path, cascade.impulse_response(length), f"the response of {where}")
        self.taps.setdefault(place[0], {})[place[1]] = taps
        self.sections.setdefault(place[0], {})[place[1]] = cascade

    def add_delay(self, place: tuple[str, str], delay_samples: int) -> None:
        """Put a filter that is a pure delay."""
        self.add_taps(place, np.ones(1), delay_samples)

    def coefficients(self, bulk_delay_samples: int | None, **keys: object) -> Coefficients:
        """All of them."""
        return Coefficients(self.taps, self.sections, bulk_delay_samples=bulk_delay_samples, **keys)  # type: ignore[arg-type]  # the caller's keys are the fields


def rung_out(cascade: Cascade) -> int:
    """Samples until a cascade is silent, as a design's own are judged, at most as many as a design may have."""
    return min(cascade.delay_samples + settled_length(cascade.pole_radius), MAX_TAPS)


def checked_cascade(
    path: Path, where: str, b: Real, a: Real, delay_samples: int = 0, gain: Real | None = None
) -> Cascade:
    """The cascade of numerators (S, 3) and feedback coefficients (S, 2).

    Raises
    ------
    DataError : there are none or too many, a coefficient is out of bounds, or a pole is not within the unit circle

    """
    if not 1 <= len(b) <= MAX_SECTIONS:
        raise refusal(path, f"{len(b):,} sections in {where}", f"1 to {MAX_SECTIONS:,}", "export it again")
    check_length(path, 1 + delay_samples, where)
    check_values(path, np.concatenate([b, a], axis=1), where)
    cascade = Cascade(b, a, delay_samples) if gain is None else Cascade(b, a, delay_samples, gain)
    if cascade.pole_radius >= 1.0:
        raise refusal(
            path, f"a pole of radius {cascade.pole_radius:.6f} in {where}", "below 1", "check the signs of a1 and a2"
        )
    return cascade


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


def check_length(path: Path, count: int, where: str) -> None:
    """Refuse a delay or a response that no problem has room for.

    Raises
    ------
    DataError : naming the place

    """
    if not 1 <= count <= MAX_TAPS:
        raise refusal(
            path, f"{count:,} taps in {where}", f"1 to {MAX_TAPS:,}, delays included", "name a file of coefficients"
        )


def check_values(path: Path, values: Real, where: str) -> Real:
    """Refuse what is no finite number or none of a filter, and more taps than a problem has.

    Raises
    ------
    DataError : naming the place

    """
    check_length(path, values.shape[0], where)
    if not np.isfinite(values).all():
        raise refusal(path, f"NaN or infinity in {where}", "finite numbers", "export it again")
    largest = float(np.abs(values).max(initial=0.0))
    if largest > MAX_VALUE:
        raise refusal(path, f"a coefficient of {largest:.3g} in {where}", f"at most {MAX_VALUE:g}", "export it again")
    return values


def number(path: Path, text: object, where: str) -> float:
    """A finite number that a file states.

    Raises
    ------
    DataError : it is none

    """
    try:
        value = float(text) if isinstance(text, (str, int, float)) and not isinstance(text, bool) else float("nan")
    except (ValueError, OverflowError):
        value = float("nan")
    if not np.isfinite(value):
        raise refusal(path, f"{shown(text)} for {where}", "a finite number", "export it again")
    return value


def whole(path: Path, text: object, where: str, most: int = MAX_TAPS, least: int = 0) -> int:
    """A whole number between bounds that a file states.

    Raises
    ------
    DataError : it is none

    """
    value = number(path, text, where)
    if value != int(value) or not least <= value <= most:
        raise refusal(path, f"{shown(text)} for {where}", f"a whole number from {least} to {most:,}", "export it again")
    return int(value)


def known(path: Path, name: object, names: Sequence[str], what: str) -> str:
    """The problem's name for a name in a file, where comments may have changed signs of it.

    Raises
    ------
    DataError : there is none, or there are several; names the nearest

    """
    if name in names:
        return str(name)
    alike = [candidate for candidate in names if one_line(candidate) == name]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise refusal(
            path,
            f"{what} {shown(name)}",
            "names that differ in a comment",
            f"rename one of {', '.join(map(repr, alike))}, or read a csv, json or npz, which hold names as they are",
        )
    near = difflib.get_close_matches(str(name)[:200], names, n=1, cutoff=0.5)
    remedy = f"nearest: {near[0]!r}" if near else "name the problem that the file was made for"
    raise refusal(path, f"{what} {shown(name)}", f"the problem's: {', '.join(map(repr, names))}", remedy)


def channel_names(problem: Problem) -> list[str]:
    """Channels that a file may hold, in a design folder's order: the designs', then the stereo chain's own."""
    own = [] if problem.virtualizer is None else list(VIRTUAL.values())
    return [*(table.name for table in problem.designs), *own]


def check_complete(path: Path, coefficients: Coefficients, problem: Problem) -> None:
    """Refuse a file without a channel of the problem; the stereo chain's sides stand for the designs that they are made of.

    Raises
    ------
    DataError : naming what is missing

    """
    has_sides = problem.virtualizer is not None and all(coefficients.taps.get(name) for name in VIRTUAL.values())
    missing = [
        table.name
        for table in problem.designs
        if not coefficients.taps.get(table.name) and not (has_sides and table.name in VIRTUAL)
    ]
    if missing:
        raise refusal(
            path,
            f"no filters of {', '.join(map(repr, missing))}",
            "all channels of the problem",
            "leave the other [[designs]] out of the problem",
        )


def stated(comments: str, what: str) -> str | None:
    """What the provenance of an exported file says: "sample rate", "channels", "drivers"."""
    for line in comments.splitlines():
        text = line.strip().lstrip("#/*; \t")
        if text.startswith(f"{what}: "):
            return text.removeprefix(f"{what}: ").strip()
    return None


def check_stated_rate(path: Path, comments: str, problem: Problem) -> None:
    """Refuse an exported file whose provenance states another rate, or one that is no number.

    Raises
    ------
    DataError : as said

    """
    rate = stated(comments, "sample rate")
    if rate is not None:
        check_rate(path, number(path, rate.removesuffix(" Hz"), "the sample rate"), problem)


def stated_bulk_delay(comments: str) -> int | None:
    """The bulk delay in the provenance of an exported file."""
    form = stated(comments, "form")
    found = re.search(r"bulk delay: (\d{1,9}) samples", form or "")
    return int(found[1]) if found and int(found[1]) < MAX_TAPS else None


def stated_order(path: Path, comments: str, what: str, names: Sequence[str]) -> list[str]:
    """The order of channels or drivers: as the provenance states it, else the problem's.

    Raises
    ------
    DataError : the provenance states other names

    """
    line = stated(comments, what)
    if line is None or line == ", ".join(map(one_line, names)):
        return list(names)
    order = _parted(line, list(names))
    if order is not None:
        return order
    return [known(path, name, names, what.removesuffix("s")) for name in line.split(", ")]


def _parted(line: str, names: list[str]) -> list[str] | None:
    """The names, each at most once, that joined by commas make a line; a name may hold a comma itself."""
    for name in sorted(names, key=len, reverse=True):
        text = one_line(name)
        if line == text:
            return [name]
        if line.startswith(f"{text}, "):
            rest = _parted(line[len(text) + 2 :], [other for other in names if other != name])
            if rest is not None:
                return [name, *rest]
    return None
