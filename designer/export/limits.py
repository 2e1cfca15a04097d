"""Limits of the filters' cost in the problem file, kept before the design as far as the problem tells.

The cost of a form is that of its stand-in (`of_design.py`), written for each target of [export], the largest of all: products as the
target runs them, and bytes of flash and RAM. Without a target it is that of the direct form, in the word's bytes or in floats of 4.
What the file leaves open is chosen: taps or sections no longer than the limits hold, and a bulk delay no longer than the latency
(`latency.py`). What the file states and its limits do not hold is refused, with every limit that breaks and the numbers that would fit.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.errors import Fault, ProblemError, UsageError
from designer.export.latency import added_parts, latency_fault, most_delay
from designer.export.of_design import MAX_VALUES, stand_in
from designer.export.write import write_target
from designer.problem.messages import enumeration, number
from designer.problem.schema import Problem, Realization
from designer.realization.cheapest import LEAST_TAPS, cheapest, lengths
from designer.realization.choice import LENGTH, ChainJudge, Choice, FormCost
from designer.realization.cost import word_bytes

COSTS = {"max_mac_per_s": "multiply_adds_per_s", "max_bytes": "bytes"}
UNITS = {"max_mac_per_s": "multiply-adds a second", "max_bytes": "bytes"}


def form_cost(problem: Problem, targets: Sequence[str]) -> Callable[[Realization], FormCost]:
    """Cost of a problem's filters in any form, as these targets run them.

    Raises UsageError: a target cannot hold them, when it is called.
    """

    @cache
    def cost(form: str, length: int, word: str | None, scale: str, equaliser: int) -> FormCost:
        update = {"form": form, LENGTH[form]: length, "word": word, "word_scale": scale, "equaliser_taps": equaliser}
        filters = stand_in(problem, problem.realization.model_copy(update=update))
        memory, width = filters.memory(), word_bytes(problem.realization.model_copy(update=update))
        direct = FormCost(memory.multiply_adds * filters.sample_rate_hz, width * (memory.coefficients + memory.state))
        if not targets or sum(filter_.taps.size for filter_ in filters.filters) > MAX_VALUES:
            return direct
        exports = [write_target(filters, name) for name in targets]
        products = max(export.multiply_adds for export in exports)
        return FormCost(products * filters.sample_rate_hz, max(export.flash + export.ram for export in exports))

    return lambda table: cost(
        table.form, getattr(table, LENGTH[table.form]), table.word, table.word_scale, table.equaliser_taps
    )


def within_limits(problem: Problem, targets: Sequence[str] | None = None, *, of_file: Problem | None = None) -> Problem:
    """The problem with what its file leaves open chosen within its limits.

    Parameters
    ----------
    targets : sequence of str or None, whose costs count; None for those of its [export]
    of_file : Problem or None, at the file's own rate, where `problem` is at another

    Raises
    ------
    ProblemError : what the file states is beyond a limit, or nothing is within it; with the number that would fit
    UsageError : a target cannot hold the filters

    """
    targets = problem.export.targets if targets is None else targets
    table, cost = problem.realization, form_cost(problem, targets)
    bounds = {key: getattr(table, key) for key in COSTS if getattr(table, key) is not None}
    changes: dict[str, Any] = {}

    def beyond(changed: Realization) -> dict[str, float]:
        """Limit that is broken -> the number that would hold."""
        try:
            numbers = cost(changed)
        except UsageError:
            return {}  # which the target says itself
        return {key: value for key, bound in bounds.items() if (value := getattr(numbers, COSTS[key])) > bound}

    parts = added_parts(problem, targets)
    faults = [fault for fault in (latency_fault(problem, parts),) if fault is not None]
    if table.form == "auto":
        least = {
            form: table.model_copy(update={"form": form, LENGTH[form]: lengths(form, LEAST_TAPS)[0]}) for form in LENGTH
        }
        broken_by = {form: beyond(changed) for form, changed in least.items()}
        if all(broken_by.values()):
            form = min(broken_by, key=lambda form: max(n / bounds[key] for key, n in broken_by[form].items()))
            faults.append(
                _fault(problem, "realization.form", f"the least {LENGTH[form]} of any form", broken_by[form], 0)
            )
        _raise(problem, faults)
        return problem
    key = LENGTH[table.form]
    length = getattr(table, key)
    if broken := beyond(table):
        sizes = range(1 if key == "sections" else max(8, table.equaliser_taps + 7), length + 1)
        most = bisect_left(sizes, True, key=lambda size: bool(beyond(table.model_copy(update={key: size})))) - 1
        if most < 0 or key in table.model_fields_set:
            fits = sizes[most] if most >= 0 else 0
            faults.append(_fault(problem, f"realization.{key}", f"{length}", broken, fits, of_file))
        else:
            changes[key] = length = sizes[most]
    _raise(problem, faults)
    delay = most_delay(problem, sum(parts.values()))
    if delay is not None and table.form == "fir" and table.bulk_delay_samples is None and length // 2 > delay:
        changes["bulk_delay_samples"] = delay
    return problem.replace({f"realization.{key}": value for key, value in changes.items()}) if changes else problem


def chosen_form(
    channels: Sequence[ChannelDesign], scene: Scene, chain: ChainJudge | None
) -> tuple[Choice | None, Scene]:
    """The forms that were judged for form = "auto", and the scene of the problem that names the winner; else the scene as it is.

    `chain` judges the stereo chain of a form, where the problem has one.
    """
    problem, targets = scene.problem, scene.problem.export.targets
    if problem.realization.form != "auto":
        return None, scene
    added, cost = sum(added_parts(problem, targets).values()), form_cost(problem, targets)
    choice = cheapest(channels, scene, problem.realization, cost, chain=chain, added_samples=added)
    changes = choice.winner.changes(problem.realization)
    named = problem.replace({f"realization.{key}": value for key, value in changes.items()})
    return choice, replace(scene, problem=named)


def _fault(
    problem: Problem, path: str, actual: str, broken: dict[str, float], most: int, of_file: Problem | None = None
) -> Fault:
    """The fault of a length, with every limit that it breaks; beside a length at another rate that of the file, which it is made of."""
    takes = enumeration([f"{needed:,.0f} {UNITS[key]}" for key, needed in broken.items()])
    bounds = enumeration([f"{key} = {getattr(problem.realization, key):.12g}" for key in broken])
    raised = f"set {enumeration([f'{key} = {math.ceil(needed)}' for key, needed in broken.items()])}"
    remedy = f"lower it, or {raised}" if most else f"{raised} or more, or use fewer drivers"
    if of_file is not None and of_file.sample_rate_hz != problem.sample_rate_hz and path == "realization.taps":
        at_own, rate = of_file.realization.taps, number(of_file.sample_rate_hz)
        actual += f", for the {at_own} at {rate} Hz"
        fits = max(int(most * of_file.sample_rate_hz / problem.sample_rate_hz) // 4 * 4, 8)
        remedy = f"write taps = {fits} or less for {rate} Hz, or {raised}" if most else remedy
    expected = (
        f"at most {most}, for {bounds}" if most else f"filters that {bounds} hold{'s' if len(broken) == 1 else ''}"
    )
    return Fault(path, f"got {actual}, which take {takes}", expected, remedy, "beyond-limits")


def _raise(problem: Problem, faults: list[Fault]) -> None:
    if faults:
        raise ProblemError(problem.source, faults)
