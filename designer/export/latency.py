"""Latency of the whole path as it runs, and the limit `max_latency_ms` on it: before the design as far as the problem tells, and after it.

Bulk delay, longest wait of a channel of the stereo chain, upmix, and the largest block that a target of [export] gathers: the same
number as `latency_ms` of the manifest. All but the wait is known before the design.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from designer.errors import Fault, ProblemError
from designer.export.of_design import filter_set, will_upmix
from designer.export.targets import target_named
from designer.problem.messages import enumeration, number
from designer.problem.schema import Problem
from designer.result import Result
from designer.stereo.upmix import Upmix

PATH = "realization.max_latency_ms"


def added_parts(problem: Problem, targets: Iterable[str]) -> dict[str, int]:
    """Latency in samples beside the filters' own, by what adds it: the upmix, and the target with the largest block."""
    upmix = Upmix(problem.sample_rate_hz).latency_samples if will_upmix(problem) else 0
    blocks = {f"the block of {name}": target_named(name).block_samples for name in targets}
    largest = max(blocks, key=lambda name: blocks[name], default="")
    parts = {"the upmix": upmix, largest: blocks.get(largest, 0)}
    return {name: samples for name, samples in parts.items() if samples}


def most_delay(problem: Problem, added_samples: int) -> int | None:
    """Samples of bulk delay and wait that the latency leaves, negative where it leaves none; None without a limit."""
    limit_ms = problem.realization.max_latency_ms
    return None if limit_ms is None else math.floor(limit_ms * problem.sample_rate_hz / 1e3 + 1e-9) - added_samples


def latency_fault(problem: Problem, parts: dict[str, int]) -> Fault | None:
    """The fault of a limit that the parts of the path beside the filters break, or with a bulk delay that the file states."""
    stated = problem.realization.bulk_delay_samples
    whole = {**parts, "the bulk delay": stated} if isinstance(stated, int) and parts else parts
    most = most_delay(problem, sum(whole.values()))
    return None if most is None or most >= 0 else _fault(problem, whole, "")


def path_samples(result: Result) -> int:
    """Latency of a design's path without a target's block: bulk delay, longest wait of a channel of the stereo chain, upmix."""
    if result.problem.virtualizer is None:
        return result.bulk_delay_samples
    filters = filter_set(result)
    return filters.latency_samples + filters.upmix_samples


def excess_samples(result: Result, targets: Iterable[str]) -> int:
    """Samples by which a design's path is later than its limit; at most 0 where it keeps it, or has none."""
    most = most_delay(result.problem, sum(added_parts(result.problem, targets).values()))
    return 0 if most is None else filter_set(result).latency_samples - most


def check_latency(result: Result, targets: Iterable[str]) -> None:
    """Refuse a latency that came out longer than the limit: of sections, of a chain's wait, or the least that keeps the result.

    Raises ProblemError: with the latency that would hold.
    """
    problem, form = result.problem, result.problem.realization.form
    if form == "auto" or result.choice is not None or excess_samples(result, targets) <= 0:
        return
    filters = filter_set(result)
    wait = max(filters.delays.values(), default=0)
    parts = {
        f"these {form} filters": filters.bulk_delay_samples,
        "the chain's wait": wait,
        **added_parts(problem, targets),
    }
    remedies = {"biquad": 'name fewer sections, or set form = "fir", whose delay is shortened to keep it'}
    remedies["rtf"] = 'set form = "fir", whose delay is shortened to keep it'
    raise ProblemError(problem.source, [_fault(problem, {k: n for k, n in parts.items() if n}, remedies.get(form, ""))])


def _fault(problem: Problem, parts: dict[str, int], remedy: str) -> Fault:
    total, where = sum(parts.values()), enumeration([f"{samples:,} in {name}" for name, samples in parts.items()])
    passing = f"{total:,} samples pass: {where}" if len(parts) > 1 else f"{total:,} samples pass in {next(iter(parts))}"
    actual = f"got {number(problem.realization.max_latency_ms or 0.0)}, and {passing}"
    least_ms = -(-1e5 * sum(parts.values()) / problem.sample_rate_hz // 1) / 100
    ways = ["raise it", *([remedy] if remedy else [])]
    ways += ["set [virtualizer] upmix = false"] if "the upmix" in parts else []
    ways += ["leave that target out"] if any(name.startswith("the block of") for name in parts) else []
    return Fault(PATH, actual, f"at least {number(least_ms)}", enumeration(ways, "or"), "beyond-limits")
