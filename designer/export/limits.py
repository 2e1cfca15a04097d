"""Limits of the filters' cost in the problem file, kept before the design as far as the problem tells.

The cost of a form is that of its stand-in (`of_design.py`), written for each target of [export], the largest of all: products as the
target runs them, and bytes of flash and RAM. Without a target it is that of the direct form, in the word's bytes or in floats of 4.
What the file leaves open is chosen: taps or sections no longer than the limits hold, and a bulk delay no longer than the latency. What
the file states and its limits do not hold is refused, with the number that would fit.
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
from designer.export.of_design import MAX_VALUES, stand_in
from designer.export.write import write_target
from designer.problem.messages import number
from designer.problem.schema import Problem, Realization
from designer.realization.cheapest import LEAST_TAPS, LENGTH, Choice, FormCost, cheapest, lengths
from designer.realization.cost import word_bytes

COSTS = {"max_mac_per_s": "multiply_adds_per_s", "max_bytes": "bytes"}
UNITS = {"max_mac_per_s": "multiply-adds a second", "max_bytes": "bytes"}


def form_cost(problem: Problem) -> Callable[[Realization], FormCost]:
    """Cost of a problem's filters in any form.

    Raises UsageError: a target cannot hold them, when it is called.
    """

    @cache
    def cost(form: str, length: int, word: str | None, scale: str, equaliser: int) -> FormCost:
        update = {"form": form, LENGTH[form]: length, "word": word, "word_scale": scale, "equaliser_taps": equaliser}
        filters = stand_in(problem, problem.realization.model_copy(update=update))
        memory, width = filters.memory(), word_bytes(problem.realization.model_copy(update=update))
        direct = FormCost(memory.multiply_adds * filters.sample_rate_hz, width * (memory.coefficients + memory.state))
        if not problem.export.targets or sum(filter_.taps.size for filter_ in filters.filters) > MAX_VALUES:
            return direct
        exports = [write_target(filters, name) for name in problem.export.targets]
        flash = [e.coefficient_bytes if e.flash_bytes is None else e.flash_bytes for e in exports]
        ram = [e.state_bytes if e.ram_bytes is None else e.ram_bytes for e in exports]
        products = max(export.multiply_adds for export in exports)
        return FormCost(products * filters.sample_rate_hz, max(map(sum, zip(flash, ram, strict=True))))

    return lambda table: cost(
        table.form, getattr(table, LENGTH[table.form]), table.word, table.word_scale, table.equaliser_taps
    )


def most_delay(problem: Problem) -> int | None:
    """Samples of bulk delay that the latency allows; None without a limit."""
    limit_ms = problem.realization.max_latency_ms
    return None if limit_ms is None else int(limit_ms * problem.sample_rate_hz / 1e3 + 1e-9)


def within_limits(problem: Problem) -> Problem:
    """The problem with what its file leaves open chosen within its limits.

    Raises
    ------
    ProblemError : what the file states is beyond a limit, or nothing is within it; with the number that would fit
    UsageError : a target cannot hold the filters

    """
    table, cost = problem.realization, form_cost(problem)
    bounds = {key: getattr(table, key) for key in COSTS if getattr(table, key) is not None}
    changes: dict[str, Any] = {}

    def beyond(changed: Realization) -> dict[str, float]:
        """Limit that is broken -> the number that would hold."""
        try:
            numbers = cost(changed)
        except UsageError:
            return {}  # which the target says itself
        return {key: value for key, bound in bounds.items() if (value := getattr(numbers, COSTS[key])) > bound}

    if table.form == "auto":
        for form in LENGTH if bounds else ():
            least = table.model_copy(update={"form": form, LENGTH[form]: lengths(form, LEAST_TAPS)[0]})
            if not (broken := beyond(least)):
                return problem
        if bounds:
            _refuse(problem, "realization.form", f"the least {LENGTH[form]} of any form", broken, 0)
        return problem
    key = LENGTH[table.form]
    length = getattr(table, key)
    if broken := beyond(table):
        sizes = range(1 if key == "sections" else max(8, table.equaliser_taps + 7), length + 1)
        most = bisect_left(sizes, True, key=lambda size: bool(beyond(table.model_copy(update={key: size})))) - 1
        if most < 0 or key in table.model_fields_set:
            _refuse(problem, f"realization.{key}", f"{length}", broken, sizes[most] if most >= 0 else 0)
        changes[key] = length = sizes[most]
    delay = most_delay(problem)
    if delay is not None and table.form == "fir" and table.bulk_delay_samples is None and length // 2 > delay:
        changes["bulk_delay_samples"] = delay
    return problem.replace({f"realization.{key}": value for key, value in changes.items()}) if changes else problem


def chosen_form(channels: Sequence[ChannelDesign], scene: Scene) -> tuple[Choice | None, Scene]:
    """The forms that were judged for form = "auto", and the scene of the problem that names the winner; else the scene as it is."""
    problem = scene.problem
    if problem.realization.form != "auto":
        return None, scene
    choice = cheapest(channels, scene, problem.realization, form_cost(problem))
    changes = choice.winner.changes(problem.realization)
    named = problem.replace({f"realization.{key}": value for key, value in changes.items()})
    return choice, replace(scene, problem=named)


def check_latency(problem: Problem, bulk_delay_samples: int) -> None:
    """Refuse a delay that came out longer than the latency allows: of sections, or the least that keeps the result.

    Raises ProblemError: with the latency that would hold.
    """
    most, rate = most_delay(problem), problem.sample_rate_hz
    if most is None or bulk_delay_samples <= most or problem.realization.form == "auto":
        return
    form = problem.realization.form
    actual = f"got {number(problem.realization.max_latency_ms or 0.0)}, and these {form} filters take {bulk_delay_samples} samples"
    least_ms = -(-1e5 * bulk_delay_samples / rate // 1) / 100
    remedy = 'raise it, name fewer sections, or set form = "fir", whose delay is shortened to keep it'
    fault = Fault("realization.max_latency_ms", actual, f"at least {number(least_ms)}", remedy)
    raise ProblemError(problem.source, [fault])


def _refuse(problem: Problem, path: str, actual: str, broken: dict[str, float], most: int) -> None:
    key, needed = max(broken.items())
    bound, least = f"{getattr(problem.realization, key):.12g}", math.ceil(needed)
    takes = f"got {actual}, which take {needed:,.0f} {UNITS[key]}"
    expected = f"at most {most}, for {key} = {bound}" if most else f"filters that {key} = {bound} holds"
    remedy = f"lower it, or set {key} = {least}" if most else f"set {key} = {least} or more, or use fewer drivers"
    raise ProblemError(problem.source, [Fault(path, takes, expected, remedy)])
