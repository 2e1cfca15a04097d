"""One channel of a designed problem: how it came about, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.formulations import Certificate
from designer.problem.schema import DesignTable
from designer.requirements.plain import Plain


@dataclass(frozen=True)
class Verdict:
    """The formulation's outcome of one channel: the sentence, and its clauses on the requirements that are infeasible as asked."""

    sentence: str
    shortfalls: tuple[str, ...]

    @property
    def requirements(self) -> str:
        """The sentence's first clause: the requirements as a noun phrase."""
        return self.sentence.partition("; ")[0]


@dataclass(frozen=True)
class Channel:
    """How one channel came about, and how it stands: what `summary.json` says of it."""

    table: DesignTable
    method: str
    plain: Plain
    plain_names: tuple[str, ...]
    frequency_hz: Real  # (N,) in the band, half steps included
    slacks_db: dict[str, Real]  # requirement or limit -> (N,)
    certificate: Certificate  # (N,)
    feasible: bool
    verdict: Verdict
    weights_costs_db: dict[str, float]
    """`costs_db` of the weights, half steps included; empty where the filters were not designed."""

    @property
    def slack_db(self) -> Real:
        """The largest slack of any requirement (N,)."""
        return np.asarray(np.max([*self.slacks_db.values(), np.zeros(self.frequency_hz.size)], axis=0))
