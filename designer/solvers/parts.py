"""A target's frequencies in parts, a part on each thread, with every answer's certificate looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.errors import SolverError
from designer.requirements.target import ChannelTarget
from designer.solvers import cones
from designer.solvers.constrained_data import ConstrainedData
from designer.solvers.solution import Solution
from designer.workers import cores, threads

Answer = TypeVar("Answer")
MAX_VIOLATION, MAX_GAP = 1e-6, 1e-5
CHUNK_BYTES, LARGEST_CHUNK = 16e6, 64
"""Largest size of the conic data of frequencies that are solved together, and the most frequencies."""


def solve_in_parts(target: ChannelTarget, solve_part: Callable[[ChannelTarget, slice], Solution]) -> Solution:
    """Solve consecutive frequencies together, a part on each thread; every certificate is looked at.

    Parameters
    ----------
    solve_part : callable, of the target's part, and of where in the target it is

    Raises
    ------
    SolverError : where a certificate confirms no answer

    """
    solution = Solution.joined(in_parts(target, solve_part))
    bad = _uncertified(solution.violation, solution.gap)
    if bad.any():
        at = ", ".join(f"{f:.0f}" for f in target.frequency_hz[bad][:5])
        raise SolverError(
            f'design "{target.name}": the cone solver stopped without a certified answer at {bad.sum()} of {bad.size}'
            f" frequencies (first at {at} Hz); loosen the requirement that binds there, or use another method"
        )
    return solution


def in_parts(target: ChannelTarget, answer: Callable[[ChannelTarget, slice], Answer]) -> list[Answer]:
    """Values of each part of consecutive frequencies, a part on each thread."""
    parts = list(_chunks(target))
    if len(parts) == 1:
        return [answer(target.at(parts[0]), parts[0])]
    with threads(max(1, min(cores(), len(parts)))) as pool:
        return list(pool.map(lambda at: answer(target.at(at), at), parts))


def _chunks(target: ChannelTarget) -> Iterator[slice]:
    """Parts of consecutive frequencies, whose number depends on sizes alone."""
    size = target.cost.shape[1]
    required = sum(mask.points.shape[1] for mask in target.masks) or target.dark.shape[1]
    required += 0 if target.window is None else target.window.points.shape[1]
    rows = 3 * required + 8 * size
    columns = 2 * size + 4
    if target.spread:
        rows, columns = rows + 2 * size * required, columns + required
    step = int(np.clip(CHUNK_BYTES / (8 * rows * columns), 1, LARGEST_CHUNK))
    for start in range(0, target.frequency_hz.size, step):
        yield np.s_[start : start + step]


def _uncertified(violation: Real, gap: Real) -> Bool:
    return np.asarray(~((violation <= MAX_VIOLATION) & (gap <= MAX_GAP)))


def with_reference(
    data: ConstrainedData,
    w: Complex,
    answer: cones.ConeSolution,
    by_statement: Callable[[ConstrainedData, int], tuple[Complex, cones.ConeSolution] | None],
) -> tuple[Complex, cones.ConeSolution, Bool]:
    """The fast path's answer; where its certificate is not good enough, the reference's, and which these are (F,)."""
    bad = _uncertified(answer.violation, answer.gap)
    if not bad.any():
        return w, answer, bad
    w = w.copy()
    arrays = [values.copy() for values in (answer.x, answer.violation, answer.primal, answer.dual, answer.gap)]
    for f in np.flatnonzero(bad):
        reference = by_statement(data, int(f))
        if reference is None:
            continue
        w[f], alone = reference
        for values, replacement in zip(
            arrays, (alone.x, alone.violation, alone.primal, alone.dual, alone.gap), strict=True
        ):
            values[f] = replacement[0]
    return w, cones.ConeSolution(*arrays), bad
