"""The points of a sweep, one after the other: the product of all values, one by one with --zip, or drawn with --random.

A point is named by its content, which is a hash of the problem with its changes and defaults filled in, and of the data files that
it names. So an interrupted sweep knows what is done, and a problem file that changed in between is not mixed with what it was.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from designer.errors import UsageError
from designer.problem.schema import Problem
from designer.sweep.content import content, point_name
from designer.sweep.point import Base, Task
from designer.sweep.values import Between
from designer.sweep.variation import Variation

MOST = 1_000_000
"""Points: what keeps a typing error from filling the machine."""


@dataclass(frozen=True)
class Plan:
    """Which points are to be computed.

    Attributes
    ----------
    one_by_one : the first values of all keys, then the second, ...; otherwise every value with every other
    draws : how many points are drawn, each on its own from the seed and its number; 0 for none
    robust : whether the draws over tolerances and the listening zone are wanted too

    """

    problem: Problem
    varied: tuple[Variation, ...]
    one_by_one: bool = False
    draws: int = 0
    seed: int = 0
    robust: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no points.

        Raises
        ------
        UsageError : lists of unequal length, intervals without a draw, or too many points

        """
        for one in self.varied:
            if isinstance(one.values, Between) and not self.draws:
                raise UsageError(
                    f"--vary {one.key}: found a range without a step; allowed: FROM:TO:STEP, or --random N to draw from it"
                )
        if self.one_by_one and self.draws:
            raise UsageError("found --zip and --random; allowed: one of them")
        if self.one_by_one and len(set(self._lengths())) > 1:
            said = ", ".join(f"{count} of {one.key}" for count, one in zip(self._lengths(), self.varied, strict=True))
            raise UsageError(f"--zip: found {said}; allowed: as many values of each key")
        if len(self) > MOST:
            raise UsageError(f"found {len(self)} points; allowed: at most {MOST}; take larger steps, or --random N")

    def _lengths(self) -> list[int]:
        return [0 if isinstance(one.values, Between) else len(one.values) for one in self.varied]

    def __len__(self) -> int:
        """How many points; with draws, some of them may be alike."""
        if self.draws:
            return self.draws
        return self._lengths()[0] if self.one_by_one else math.prod(self._lengths())

    @cached_property
    def base(self) -> Base:
        """What the points start from."""
        return Base(self.problem.text, str(self.problem.folder.absolute()), self.problem.source)

    @cached_property
    def content(self) -> str:
        """What the problem is named by."""
        return content(self.problem)

    def tasks(self) -> Iterator[Task]:
        """Every point, in order; of draws that are alike the first."""
        seen: set[str] = set()
        for number, values in enumerate(self._values()):
            changes = [change for one, value in zip(self.varied, values, strict=True) for change in one.changes(value)]
            point = point_name(self.problem, self.content, changes, self.robust)
            if point not in seen:
                if self.draws:  # values of lists are told apart already, and memory stays flat
                    seen.add(point)
                varied = {one.key: value for one, value in zip(self.varied, values, strict=True)}
                yield Task(point, number, varied, tuple(changes), self.base, self.robust)

    def _values(self) -> Iterator[Sequence[Any]]:
        if self.draws:
            # Each point has a generator of its own, so that more points of the same seed begin with the same ones.
            generators = (random.Random(f"{self.seed} {number}") for number in range(self.draws))
            return ([_drawn(one, generator) for one in self.varied] for generator in generators)
        lists = [() if isinstance(one.values, Between) else one.values for one in self.varied]
        return zip(*lists, strict=True) if self.one_by_one else itertools.product(*lists)


def _drawn(one: Variation, generator: random.Random) -> Any:
    values = one.values
    if not isinstance(values, Between):
        return generator.choice(values)
    if values.whole:
        return generator.randint(int(values.low), int(values.high))
    return generator.uniform(values.low, values.high)
