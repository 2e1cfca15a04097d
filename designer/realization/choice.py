"""The forms that were judged for `form = "auto"`, each with its cost and its losses, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from designer.problem.realization_checks import HOMES
from designer.problem.schema import Realization
from designer.realization.realized import Realized

LENGTH = {"fir": "taps", "rtf": "taps", "biquad": "sections"}
NAMES = {"fir": "FIR", "rtf": "RTF", "biquad": "biquads"}
LIMITS = {"max_latency_ms": "latency_ms", "max_mac_per_s": "multiply_adds_per_s", "max_bytes": "bytes"}
"""Limit of the file -> the number of a candidate that it bounds."""


class FormCost(NamedTuple):
    """Cost of all filters of a form, as the targets run it."""

    multiply_adds_per_s: float
    bytes: int


class ChainLoss(NamedTuple):
    """The stereo chain of a form: error of its angle, level missed, balance gained or lost against its weights, and the longest wait."""

    angle_error_deg: float
    level_db: float
    balance_db: float
    wait_samples: int
    is_met: bool


ChainJudge = Callable[[Realized, Realization], ChainLoss]


@dataclass(frozen=True)
class Candidate:
    """A form that was realised and judged; `beyond` names the limits that it breaks.

    The latency is that of the whole path. Error and level of the stereo chain are None without one, and where the channels lose too much.
    """

    form: str
    length: int
    word: str | None
    bulk_delay_samples: int
    latency_ms: float
    multiply_adds_per_s: float
    bytes: int
    loss_db: float
    level_change_db: float
    keeps: bool
    beyond: tuple[str, ...] = ()
    chain_angle_error_deg: float | None = None
    chain_level_db: float | None = None

    @property
    def order(self) -> tuple[float, ...]:
        """By which the cheaper of two comes first."""
        return (self.multiply_adds_per_s, self.bytes, self.latency_ms)

    @property
    def text(self) -> str:
        """Form and length in words."""
        word = f", {self.word}" if self.word else ""
        unit = LENGTH[self.form] if self.length != 1 else LENGTH[self.form].removesuffix("s")
        return f"{NAMES[self.form]} of {self.length} {unit}{word}"

    def changes(self, table: Realization) -> dict[str, Any]:
        """Keys that make it of a [realization] with form = "auto"; None for those of the file that the form has no use for."""
        changes = named(table, self.form, self.length)
        if self.form != "biquad":
            changes["bulk_delay_samples"] = self.bulk_delay_samples
        return changes if self.word == table.word else {**changes, "word": self.word}


def named(table: Realization, form: str, length: int) -> dict[str, Any]:
    """Keys that name a form and its length in a [realization] with form = "auto"; None for those that the form has no use for."""
    foreign = {key: None for key, forms in HOMES.items() if key in table.model_fields_set and form not in forms}
    return {**foreign, "form": form, LENGTH[form]: length}


@dataclass(frozen=True)
class Choice:
    """The candidates in the order in which they were judged, and the one that was chosen, with the reason and what would mend it."""

    candidates: tuple[Candidate, ...]
    chosen: int
    reason: str
    binding: str = ""
    remedy: str = ""

    @property
    def winner(self) -> Candidate:
        """The candidate that was chosen."""
        return self.candidates[self.chosen]

    @property
    def is_short(self) -> bool:
        """Whether the winner loses more than the file allows."""
        return not self.winner.keeps or bool(self.winner.beyond)

    def as_json(self) -> dict[str, Any]:
        """For `summary.json`."""
        return asdict(self)
