"""Common checks of a problem: a value that is not as expected, a key only with another, names among names, a curve over frequency.

A check yields faults as far as the keys that it reads are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from designer.errors import Fault
from designer.problem.message_codes import coded
from designer.problem.messages import enumeration, nearest, number, shown
from designer.problem.table import Table

MAX_CURVE_DB = 200.0


def missing(path: str, expected: str, remedy: str) -> Fault:
    """The fault of a required key that is not there."""
    return Fault(path, "required key is missing", expected, remedy, "missing-key")


def unless(
    holds: bool, path: str, value: object, expected: str, remedy: str = "", *, suffix: str = "", code: str = ""
) -> Iterator[Fault]:
    """A fault of a value that is not as expected; `suffix` follows the value in the message. Without a code it has its check's."""
    if not holds:
        yield Fault(path, f"got {shown(value)}{suffix}", expected, remedy, code)


@coded("key-out-of-place")
def only_with(table: Table, path: str, homes: Mapping[str, Sequence[str]], key: str) -> Iterator[Fault]:
    """A fault for each key whose table sets `key` to another word than those that it goes with."""
    word = getattr(table, key)
    for home, words in homes.items():
        if home in table.model_fields_set and word not in words:
            expected = f"only with {key} = {' or '.join(shown(value) for value in words)}"
            actual = f"got {shown(getattr(table, home))} with {key} = {shown(word)}"
            yield Fault(f"{path}.{home}", actual, expected, "leave it out")


@coded("band-reversed")
def ordered(path: str, pair: Sequence[float] | None) -> Iterator[Fault]:
    """A fault of a band whose lowest frequency is not below its highest."""
    if pair is not None:
        remedy = "swap the two" if pair[0] > pair[1] else "widen the band"
        yield from unless(pair[0] < pair[1], path, pair, "[lowest, highest] with lowest below highest", remedy)


@coded("above-nyquist")
def below_nyquist(
    path: str, value: float | Sequence[float] | None, sample_rate_hz: float, remedy: str
) -> Iterator[Fault]:
    """A fault of a frequency, or of a band, that reaches beyond half of the sample rate."""
    if value is not None:
        highest_hz = max(value) if isinstance(value, Sequence) else value
        expected = f"at most {number(sample_rate_hz / 2)}, half of sample_rate_hz"
        yield from unless(highest_hz <= sample_rate_hz / 2, path, value, expected, remedy)


@coded("unknown-name")
def among(path: str, name: str, candidates: Sequence[str], subject: str = "") -> Iterator[Fault]:
    """A fault of a name that is not among those that are known."""
    expected = subject + enumeration([shown(candidate) for candidate in candidates], "or")
    yield from unless(name in candidates, path, name, expected, nearest(name, candidates))


@coded("curve-points")
def curve_faults(path: str, curve: Sequence[Sequence[float]] | None) -> Iterator[Fault]:
    """Faults of a curve over frequency: frequencies above 0 that rise, and gains that are no typing error."""
    if curve is None:
        return
    frequencies, gains = ([point[n] for point in curve] for n in (0, 1))
    rising, limit = all(b > a for a, b in pairwise(frequencies)), number(MAX_CURVE_DB)
    rising_curve = "[[frequency_hz, gain_db], ...] with frequencies that rise"
    gain_range = f"gains from -{limit} to {limit}"
    for holds, quantity, values, expected, remedy in (
        (min(frequencies) > 0, "frequencies", frequencies, "frequencies above 0", "leave such points out"),
        (rising, "frequencies", frequencies, rising_curve, "sort the curve"),
        (max(map(abs, gains)) <= MAX_CURVE_DB, "gains", gains, gain_range, "each point is [frequency_hz, gain_db]"),
    ):
        if not holds:
            yield Fault(path, f"got the {quantity} {shown(values)}", expected, remedy)
