"""The number that decides between layouts: any of `designer.metrics` that has a better side.

**Searched.** A curve that is a ratio of powers (`Metric.powers`) is known of any weights, so that the search itself goes by it: its
percentile over drawn devices, heads, environments and frequencies; a number that sums such a curve up over the band (`Metric.over`) at the
percentile over devices and heads. The percentile is counted from the worse side: of an effort the 5th is that which 5 % exceed.

**Of filters.** Any other number of a channel is known of its filters alone. The search then goes by the cancellation gain; the layouts that
it values most, even steps and group lasso are designed, and exchanges go on from the best of these by the number itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.errors import Fault, ProblemError
from designer.measures import octave_shares
from designer.metrics import BY_NAME, CURVES, NUMBERS, Metric
from designer.problem.messages import nearest, shown
from designer.problem.schema import DesignTable, Problem

DEFAULT = "cancellation_gain_db"
WITHOUT_LAYOUTS = frozenset({"cost"})
"""Needs of numbers that layouts of as many drivers have in common."""


@dataclass(frozen=True)
class Objective:
    """A number that decides.

    Attributes
    ----------
    metric : Metric
    curve : Metric, the ratio of powers that the search goes by
    percentile : float, from the worse side

    """

    metric: Metric
    curve: Metric
    percentile: float

    @property
    def is_of_filters(self) -> bool:
        """Whether filters alone tell it."""
        return self.metric.powers is None and not self.metric.over[0]

    @property
    def band(self) -> str:
        """How a sample sums up the band: "", "mean", "log mean" or "worst"."""
        return self.metric.over[1]

    @property
    def sign(self) -> int:
        """Sign of a search's value, which is better the larger it is, in the number."""
        return 1 if self.is_of_filters else self.metric.better

    @property
    def label(self) -> str:
        """Words for it, as in a sentence."""
        label = self.metric.label[0].lower() + self.metric.label[1:]
        if self.is_of_filters:
            return f"{label}, of the filters"
        share = self.percentile if self.metric.better > 0 else 100 - self.percentile
        draws = "devices and heads" if self.band else "devices, heads and frequencies"
        return f"{_ordinal(share)} percentile of {label} over {draws}"

    def band_shares(self, frequency_hz: Real, design: DesignTable) -> Real:
        """Shares of frequencies in a mean over the band (F,)."""
        if self.band == "log mean":
            return octave_shares(frequency_hz, design.band_hz)
        return np.full(frequency_hz.size, 1 / frequency_hz.size)


def _ordinal(share: float) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    teen = share % 100 in (11, 12, 13)
    return f"{share:g}{'th' if teen else ends.get(share % 10, 'th')}"  # type: ignore[call-overload] # 2.0 is a key as 2 is


def names() -> tuple[str, ...]:
    """Names of all that may decide."""
    searched = [metric.name for metric in CURVES if metric.powers is not None]
    numbers = [metric.name for metric in NUMBERS if metric.better and not metric.needs & WITHOUT_LAYOUTS]
    return tuple(searched + numbers)


def objective_of(problem: Problem) -> Objective:
    """The objective of a problem's [placement].

    Raises
    ------
    ProblemError : there is no such number, or a design lacks what it is of

    """
    table = problem.placement
    assert table is not None
    name = table.objective
    if name not in names():
        remedy = (
            nearest(name, names()) or "effort and cost are no objectives: limit them, or add them to placement.front"
        )
        raise _fault(problem, shown(name), f"one of {', '.join(names())}", remedy)
    metric = BY_NAME[name]
    for need, has, key in _NEEDS:
        if need in metric.needs and not all(has(design, problem) for design in problem.designs):
            raise _fault(problem, f"{shown(name)}, which needs {key}", f"{key} in all designs" if "." not in key else key,
                         f'write "{DEFAULT}", or add it')  # fmt: skip
    curve = BY_NAME[metric.over[0]] if metric.over[0] else metric if metric.powers else BY_NAME[DEFAULT]
    return Objective(metric, curve, table.percentile)


_NEEDS = (
    ("dark", lambda design, _: bool(design.dark), "a dark listener or place"),
    ("target", lambda design, _: design.cancellation_gain_db is not None, "a curve (cancellation_gain_db)"),
    ("regions", lambda design, _: design.dark_regions is not None, "dark regions (dark_regions)"),
    ("moved", lambda design, _: not design.is_beam, "a listener's ears"),
    ("room", lambda _, problem: problem.room is not None, "[room]"),
    ("population", lambda _, problem: problem.population is not None, "[population]"),
)


def _fault(problem: Problem, actual: str, expected: str, remedy: str) -> ProblemError:
    return ProblemError(
        problem.source, [Fault("placement.objective", f"got {actual}", expected, remedy, "placement-search")]
    )
