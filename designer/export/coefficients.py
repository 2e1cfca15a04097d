"""Filters as a reader finds them in a file, on a problem's channels and drivers, within bounds of memory and of numbers.

A file is a regular one, of at most so many bytes; a message repeats at most so many signs of its path and content.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.export.provenance import one_line
from designer.problem.messages import nearest
from designer.problem.schema import MAX_TAPS, Problem
from designer.realization.cascade import Cascade, settled_length
from designer.stereo.matched import VIRTUAL

EXPORT_AGAIN = "export it again"
MAX_VALUE = 1e6
"""Largest magnitude of a coefficient, 120 dB: beyond it a file is misread, and squares of responses leave the numbers."""
MAX_SAMPLES = 50_000_000
"""Samples of all responses together."""
MAX_SECTIONS = 1024
"""Sections of a filter."""
MAX_BYTES, MAX_TEXT_BYTES = 500_000_000, 200_000_000
MAX_SHOWN, MAX_SHOWN_PATH = 60, 300

Place = tuple[str, str]


class Coefficients:
    """Filters from a file, each named once.

    Attributes
    ----------
    path : Path, the file that is read
    problem : Problem, whose channels and drivers the filters are for
    channels, drivers : list of str, that a file may hold, in a design folder's order: the designs', then the stereo chain's own
    taps : dict, channel -> driver -> (T,), of any lengths; a driver that is not there is silent
    sections : dict, channel -> driver -> its cascade, of which the taps are the response
    delays : dict, channel -> samples ahead of all its filters
    bulk_delay_samples : int or None, as the file says; None where it does not
    notes : list of str, guesses made on the way

    """

    def __init__(self, path: Path, problem: Problem) -> None:
        self.path, self.problem = path, problem
        chain = [] if problem.virtualizer is None else list(VIRTUAL.values())
        self.channels = [*(table.name for table in problem.designs), *chain]
        self.drivers = list(problem.driver_names)
        self.taps: dict[str, dict[str, Real]] = {}
        self.sections: dict[str, dict[str, Cascade]] = {}
        self.delays: dict[str, int] = {}
        self.bulk_delay_samples: int | None = None
        self.notes: tuple[str, ...] = ()
        self.samples = 0

    # What a reader adds

    def place(self, channel: object, driver: object) -> Place:
        """The problem's names of a filter's. Raises DataError: the problem has none such, or the filter came before."""
        place = (self.known(channel, self.channels, "channel"), self.known(driver, self.drivers, "driver"))
        if place[1] in self.taps.get(place[0], {}):
            raise self.refusal(f"two filters of {_named(place)}", "one each", "leave out the one that is not meant")
        return place

    def place_of(self, names: str) -> Place:
        """The place that a comment states as `["channel", "driver"]`; errors as `place`, and of another comment."""
        try:
            channel, driver = json.loads(names)
        except (ValueError, TypeError):
            raise self.refusal(f"the comment {shown(names)}", '["channel", "driver"]') from None
        return self.place(channel, driver)

    def add_taps(self, place: Place, taps: Real, delay_samples: int = 0) -> None:
        """Put a filter in taps behind a delay."""
        self.check_length(taps.size + delay_samples, _named(place))
        values = self.checked(taps, _named(place))
        self.taps.setdefault(place[0], {})[place[1]] = np.concatenate([np.zeros(delay_samples), values])

    def add_sections(
        self, place: Place, b: Real, a: Real, delay_samples: int = 0, gain: Real | None = None, taps: Real | None = None
    ) -> None:
        """Put a filter in sections behind a delay: numerators (S, 3), of which the gains (S,) are part, and a1, a2 (S, 2).

        Raises DataError: a coefficient or a pole is out of bounds, or all responses are longer than those of a design.
        """
        cascade = self.cascade(_named(place), b, a, delay_samples, gain)
        if taps is None:
            length = max(self.problem.realization.taps, rung_out(cascade))
            self.count(length)
            taps = self.checked(cascade.impulse_response(length), f"the response of {_named(place)}")
        self.add_taps(place, taps)
        self.sections.setdefault(place[0], {})[place[1]] = cascade

    def add_delay(self, place: Place, delay_samples: int) -> None:
        """Put a filter that is a pure delay."""
        self.add_taps(place, np.ones(1), delay_samples)

    # What a file states in its comments

    def comments(self, text: str, mark: str = "#") -> str:
        """The lines of a text that are comments, of which the bulk delay is taken."""
        lines = "\n".join(line for line in text.splitlines() if line.startswith(mark))
        self.heed(lines)
        return lines

    def heed(self, comments: str) -> None:
        """Take the bulk delay that the provenance of an exported file states."""
        form = re.search(r"bulk delay: (\d{1,9}) samples", stated(comments, "form") or "")
        self.bulk_delay_samples = int(form[1]) if form and int(form[1]) < MAX_TAPS else None

    def check_stated_rate(self, comments: str) -> None:
        """Refuse an exported file whose provenance states another rate, or one that is no number."""
        rate = stated(comments, "sample rate")
        if rate is not None:
            self.check_rate(self.number(rate.removesuffix(" Hz"), "the sample rate"))

    def order(self, comments: str) -> tuple[list[str], list[str]]:
        """Channels and drivers in the order that the provenance states, else in the problem's.

        Raises DataError: the provenance states other names.
        """
        return self._order(comments, "channels", self.channels), self._order(comments, "drivers", self.drivers)

    def _order(self, comments: str, subject: str, names: list[str]) -> list[str]:
        line = stated(comments, subject)
        if line is None or line == ", ".join(map(one_line, names)):
            return list(names)
        return _parted(line, names) or [self.known(name, names, subject.removesuffix("s")) for name in line.split(", ")]

    # What is checked

    def check_rate(self, rate: float, path: Path | None = None) -> None:
        """Refuse filters of another rate."""
        expected = self.problem.sample_rate_hz
        if rate != expected:
            remedy = "set the problem's sample_rate_hz to what the device runs at"
            raise self.refusal(f"a sample rate of {rate:g} Hz", f"the problem's {expected:g} Hz", remedy, path)

    def check_ports(self, kind: str, count: int, expected: list[str], subject: str = "") -> None:
        """Refuse another number of inputs or outputs than the problem has."""
        if count != len(expected):
            raise self.refusal(f"{count} {kind}", f"the problem's {len(expected)}{subject}", "name its problem")

    def check_length(self, count: int, location: str, path: Path | None = None) -> None:
        """Refuse a delay or a response that no problem has room for."""
        if not 1 <= count <= MAX_TAPS:
            limits = f"1 to {MAX_TAPS:,}, delays included"
            raise self.refusal(f"{count:,} taps in {location}", limits, "name a file of coefficients", path)

    def checked(self, values: Real, location: str, path: Path | None = None) -> Real:
        """Values (T, ...), as far as each is a finite number of a filter, and they are no more than a problem has."""
        self.check_length(values.shape[0], location, path)
        if not np.isfinite(values).all():
            raise self.refusal(f"NaN or infinity in {location}", "finite numbers", path=path)
        largest = float(np.abs(values).max(initial=0.0))
        if largest > MAX_VALUE:
            raise self.refusal(f"a coefficient of {largest:.3g} in {location}", f"at most {MAX_VALUE:g}", path=path)
        return values

    def cascade(self, location: str, b: Real, a: Real, delay_samples: int = 0, gain: Real | None = None) -> Cascade:
        """The cascade of numerators (S, 3) and feedback coefficients (S, 2).

        Raises DataError: there are none or too many, a coefficient is out of bounds, or a pole is not within the unit circle.
        """
        if not 1 <= len(b) <= MAX_SECTIONS:
            raise self.refusal(f"{len(b):,} sections in {location}", f"1 to {MAX_SECTIONS:,}")
        self.check_length(1 + delay_samples, location)
        self.checked(np.concatenate([b, a], axis=1), location)
        cascade = Cascade(b, a, delay_samples) if gain is None else Cascade(b, a, delay_samples, gain)
        if cascade.pole_radius >= 1.0:
            pole = f"a pole of radius {cascade.pole_radius:.6f} in {location}"
            raise self.refusal(pole, "below 1", "check the signs of a1 and a2")
        return cascade

    def count(self, samples: int) -> None:
        """Count samples that are computed; refuse more than a design has."""
        self.samples += samples
        if self.samples > MAX_SAMPLES:
            raise self.refusal("responses of more samples than a design has", f"up to {MAX_SAMPLES:,}")

    def number(self, text: object, location: str, path: Path | None = None) -> float:
        """A finite number that a file states."""
        try:
            value = float(text) if isinstance(text, (str, int, float)) and not isinstance(text, bool) else float("nan")
        except (ValueError, OverflowError):
            value = float("nan")
        if not np.isfinite(value):
            raise self.refusal(f"{shown(text)} for {location}", "a finite number", path=path)
        return value

    def whole(self, text: object, location: str, most: int = MAX_TAPS, least: int = 0) -> int:
        """A whole number between bounds that a file states."""
        value = self.number(text, location)
        if value != int(value) or not least <= value <= most:
            raise self.refusal(f"{shown(text)} for {location}", f"a whole number from {least} to {most:,}")
        return int(value)

    def known(self, name: object, names: Sequence[str], subject: str) -> str:
        """The problem's name for a name in a file, where comments may have changed signs of it.

        Raises DataError: there is none, or there are several; names the nearest.
        """
        if name in names:
            return str(name)
        matches = [candidate for candidate in names if one_line(candidate) == name]
        if len(matches) == 1:
            return matches[0]
        if matches:
            remedy = f"rename one of {', '.join(map(repr, matches))}, or read a csv, json or npz, which hold names as they are"
            raise self.refusal(f"{subject} {shown(name)}", "names that differ in a comment", remedy)
        remedy = nearest(str(name)[:200], names) or "name the problem that the file was made for"
        raise self.refusal(f"{subject} {shown(name)}", f"the problem's: {', '.join(map(repr, names))}", remedy)

    def check_complete(self) -> None:
        """Refuse a file without a channel of the problem; the stereo chain's sides stand for the designs that they are made of."""
        has_sides = self.problem.virtualizer is not None and all(self.taps.get(name) for name in VIRTUAL.values())
        names = [table.name for table in self.problem.designs]
        missing = [name for name in names if not self.taps.get(name) and not (has_sides and name in VIRTUAL)]
        if missing:
            actual, remedy = (
                f"no filters of {', '.join(map(repr, missing))}",
                "leave the other [[designs]] out of the problem",
            )
            raise self.refusal(actual, "all channels of the problem", remedy)

    # The file

    def text(self, most: int = MAX_TEXT_BYTES, path: Path | None = None) -> str:
        """Content of a text file, without a byte-order mark, and with LF where git and editors left CRLF."""
        try:
            return read_bytes(path or self.path, most).decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise self.refusal("a file that is no text in UTF-8", "a text file", path=path) from None

    def beside(self, name: object) -> Path:
        """Path of a file that lies in the same folder as another."""
        if not isinstance(name, str) or not name or "\0" in name or name in (".", "..") or set(name) & set("/\\"):
            raise self.refusal(f"the file name {shown(name)}", "the name of a file in the same folder")
        return self.path.with_name(name)

    def refusal(self, actual: str, expected: str, remedy: str = EXPORT_AGAIN, path: Path | None = None) -> DataError:
        """The error of a file that cannot be used."""
        return refusal(path or self.path, actual, expected, remedy)


def rung_out(cascade: Cascade) -> int:
    """Samples until a cascade is silent, as a design's own are judged, at most as many as a design may have."""
    return min(cascade.delay_samples + settled_length(cascade.pole_radius), MAX_TAPS)


def stated(comments: str, subject: str) -> str | None:
    """Provenance of an exported file: "sample rate", "channels", "drivers"."""
    for line in comments.splitlines():
        text = line.strip().lstrip("#/*; \t")
        if text.startswith(f"{subject}: "):
            return text.removeprefix(f"{subject}: ").strip()
    return None


def refusal(path: Path, actual: str, expected: str, remedy: str = EXPORT_AGAIN) -> DataError:
    """The error of a file that cannot be used: what was found, what is allowed, what to do."""
    return DataError(f"{_shown_path(path)}: got {actual}; expected {expected}; {remedy}")


def shown(text: object) -> str:
    """A piece of a file's content, as a message repeats it."""
    whole = text if isinstance(text, str) else repr(text)
    cut = whole if len(whole) <= MAX_SHOWN else f"{whole[:MAX_SHOWN]}..."
    return repr(cut) if isinstance(text, str) else cut


def is_folder(path: Path) -> bool:
    """Whether a path is a folder; `DataError` where it is no path."""
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Content of a regular file. Raises DataError: it is missing, a folder, a device or a pipe, empty or too large."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refusal(path, "a folder", "a file", "name the file in it")
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe need not end
            raise refusal(path, "a device, a pipe or a socket", "a regular file", "copy its content into a file")
        with path.open("rb") as file:
            content = file.read(min(status.st_size, most) + 1)  # as much memory is taken as is asked for
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if len(content) > most:
        size = max(status.st_size, len(content))
        raise refusal(path, f"{size / 1e6:,.1f} MB", f"up to {most / 1e6:,.0f} MB", "name a smaller file")
    if not content:
        raise refusal(path, "an empty file", "coefficients")
    return content


def _unreadable(path: Path, error: OSError | ValueError) -> DataError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return DataError(f"{_shown_path(path)}: cannot be read: {reason}; name a file that is there")


def _shown_path(path: Path) -> str:
    text = str(path)
    return text if len(text) <= MAX_SHOWN_PATH else f"{text[:MAX_SHOWN_PATH]}..."


def _named(place: Place) -> str:
    return f"{place[0]!r}, {place[1]!r}"


def _parted(line: str, names: list[str]) -> list[str] | None:
    """The names, each at most once, that joined by commas make a line; a name may hold a comma itself."""
    for name in sorted(names, key=len, reverse=True):
        text = one_line(name)
        if line == text:
            return [name]
        if line.startswith(f"{text}, "):
            following = _parted(line[len(text) + 2 :], [other for other in names if other != name])
            if following is not None:
                return [name, *following]
    return None
