"""Faults of [population]: too few heads, and what does not go with a percentile over them."""

from __future__ import annotations

from collections.abc import Iterator

from designer.errors import Fault
from designer.problem.message_codes import coded
from designer.problem.messages import shown
from designer.problem.methods import AUTO, method_of
from designer.problem.rules import missing
from designer.problem.schema import DesignTable, Problem
from designer.problem.table import entries, if_known

LEAST_HEADS = 3
MEAN = "mean"


def population_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of each ear design's heads and keys, where there is a population."""
    if if_known(problem, "population") is None:
        return
    designs = entries(problem, "designs")
    if not any(design.is_ear for design in designs):
        yield iter(
            [
                Fault(
                    "population",
                    "got it without an ear channel",
                    "designs for an ear",
                    "leave it out",
                    "population-misfit",
                )
            ]
        )
    for i, design in enumerate(designs):
        if design.is_ear:
            yield _heads(f"designs[{i}]", design, problem)
            yield _keys(f"designs[{i}]", design)


@coded("population-misfit")
def _heads(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    listeners = {listener.name: listener for listener in problem.listeners or ()}
    listener = problem.listener if design.listener is None else listeners.get(design.listener)
    if listener is None:
        return
    where = "listener.head" if not listeners else f"head of {shown(design.listener or problem.listeners[0].name)}"  # type: ignore[index]
    count = len(listener.heads)
    if count < LEAST_HEADS:
        actual = f"got {count} {'head' if count == 1 else 'heads'} for {path} with [population]"
        yield Fault(
            where,
            actual,
            f"at least {LEAST_HEADS}, to leave each out in turn",
            "list more heads, or leave [population] out",
        )
    named = {design.listener, *(design.dark or ())}
    for n, other in enumerate(problem.listeners or [listener]):
        if other.head_weights is not None and (other is listener or getattr(other, "name", None) in named):
            at = f"listeners[{n}].head_weights" if listeners else "listener.head_weights"
            yield Fault(at, "got it with [population], which counts heads alike", "one of the two", "leave it out")


@coded("population-misfit")
def _keys(path: str, design: DesignTable) -> Iterator[Fault]:
    method = method_of(design)
    if design.hold != MEAN:
        yield Fault(
            f"{path}.hold",
            f"got {shown(design.hold)} with [population], which holds a percentile",
            shown(MEAN),
            "leave it out",
        )
    if design.dark_weight is not None:
        actual = "got it with [population], which holds each curve by itself and weighs no points"
        yield Fault(f"{path}.dark_weight", actual, "curves of dark_gain_db", "leave it out")
    if method is not None and (method.refined or not method.mean_powers):
        expected = "a method that looks at mean powers"
        yield Fault(f"{path}.method", f"got {shown(design.method)} with [population]", expected, f"use {shown(AUTO)}")
    if design.cancellation_gain_db is None:
        yield missing(f"{path}.cancellation_gain_db", "with [population]", "add it")
