"""Keys of `--over KEY=FROM:TO`: one or two numbers of the problem that a bank follows while it plays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from designer.errors import UsageError
from designer.problem.key_places import Change, changed_data, takes_any_number
from designer.problem.read import changed
from designer.problem.schema import Problem
from designer.search.sweep_plan import OVER, Variation, variations
from designer.search.sweep_values import Between

MOST_KEYS = 2
SHARED = ("sample_rate_hz", "grid", "realization", "export", "population", "tolerance")
"""Tables and keys that all sets of a bank share: of filters, and of what judges them."""


@dataclass(frozen=True)
class Followed:
    """A key and its range.

    Attributes
    ----------
    variation : Variation, places of the problem file that its values go to
    low, high : float, ends of its range

    """

    variation: Variation
    low: float
    high: float

    @property
    def key(self) -> str:
        """The key as the user wrote it."""
        return self.variation.key

    @property
    def unit(self) -> str:
        """The unit that its name ends in; empty where it has none."""
        name = self.key.rpartition(".")[2].partition("[")[0].rpartition("_")[2]
        return {"m": "m", "deg": "°", "db": "dB", "hz": "Hz", "s": "s"}.get(name, "")

    @property
    def label(self) -> str:
        """The key as an axis names it."""
        return f"{self.key} in {'degrees' if self.unit == '°' else self.unit}" if self.unit else self.key


def followed_keys(problem: Problem, options: Sequence[str]) -> tuple[Followed, ...]:
    """The keys of options KEY=FROM:TO, checked; the grammar is that of `--vary`.

    Raises
    ------
    UsageError : a key that names nothing, takes no numbers between whole ones or is shared by all sets; no range; more than two
    ProblemError : an end of a range that the key cannot hold

    """
    if len(options) > MOST_KEYS:
        raise UsageError(f"{OVER}: got {len(options)} keys; expected one or two; sweep the others")
    keys = []
    for variation in variations(problem, options, option=OVER):
        option, between = f"{OVER} {variation.key}", variation.values
        if not isinstance(between, Between):
            raise UsageError(
                f"{option}: got single values; expected a range without a step, as {variation.key}=-0.4:0.4; the bank"
                " finds the steps"
            )
        if variation.places[0][0] in SHARED:
            raise UsageError(
                f"{option}: got a key that all filters of a bank share; expected a place, a turn, a direction or another number that"
                " changes while filters play"
            )
        if not all(takes_any_number(place) for place in variation.places):
            raise UsageError(f"{option}: got a key of whole numbers; expected one that takes any number between two")
        keys.append(Followed(variation, between.low, between.high))
    return tuple(keys)


def changes_at(keys: Iterable[Followed], values: Iterable[float]) -> tuple[Change, ...]:
    """Changes of the problem file that put values into the keys."""
    return tuple(
        change for key, value in zip(keys, values, strict=True) for change in key.variation.changes(float(value))
    )


def problem_at(problem: Problem, keys: Sequence[Followed], values: Sequence[float]) -> Problem:
    """The problem with values in its keys."""
    return changed(problem, changed_data(problem, changes_at(keys, values)))


def place_words(keys: Sequence[Followed], values: Sequence[float]) -> str:
    """Values of the keys in words: listener.position_m[1] = 0.12."""
    return ", ".join(f"{key.key} = {value:.6g}" for key, value in zip(keys, values, strict=True))
