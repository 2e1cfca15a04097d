"""The methods of a design: what a formulation declares beside its mathematics, and the registry that discovers them.

A module of `designer.formulations` holds one `METHOD`. The schema's literal and keys, the checks, the messages, `designer compare
--methods` and the choice of solver read what it declares. The modules are found by name: no room above them imports one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from designer.errors import Fault, UsageError
from designer.problem.messages import nearest, shown

CURVE, DARK_CURVE, DIFFUSE_CURVE, MASK, WINDOW = (
    "cancellation_gain_db",
    "dark_gain_db",
    "diffuse_gain_db",
    "mask",
    "window",
)
EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN = "max_effort_db", "max_gain_db", "min_white_noise_gain_db"
ALL_REQUIREMENTS = frozenset({CURVE, DARK_CURVE, MASK, WINDOW, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN})
AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key that goes with one method alone.

    annotation, field : its type, and its `pydantic.Field`
    words : how `designer check` writes its value; empty where it does not
    faults : of the value (found, allowed, remedy), given the number of drivers

    """

    annotation: Any
    field: Any
    words: str = ""
    faults: Callable[[Any, int], list[tuple[str, str, str]]] = lambda _value, _drivers: []


@dataclass(frozen=True, kw_only=True)
class Formulation:
    """One method. Its mathematics is the docstring of the module that `solve` is of.

    name : in the problem file
    solve : weights and their certificate at every frequency of a target; the method's own keys by keyword
    statement : one frequency as a cvxpy problem
    looks_at : requirements and limits by their keys; the others are judged, but not designed for
    keys : keys of a design's table that go with this method alone
    blind_with : a key of its own with which it looks at nothing
    beams_only, instead : whether it needs a look direction, and what an ear channel may use in its place
    refined : whether its taps are the unknowns, begun at the fit of its weights: for ear channels alone
    regions : whether it is held over regions of the sphere, and needs them
    sphere : whether it needs the power radiated over the sphere
    mean_powers : whether it looks at mean powers alone, so that passes hold the worst case and a percentile over drawn devices
    for_passes : the target (or another) that these passes begin from
    in_fades : its own keys that carry the weights (L,) at the band's first frequency into the fades; with it the band is solved as one
    baseline : whether it only stands for comparison: what it misses is no fault of the layout

    """

    name: str
    solve: Callable[..., Any]
    statement: Callable[..., Any]
    looks_at: frozenset[str] = frozenset()
    keys: Mapping[str, Key] = field(default_factory=dict)
    blind_with: str = ""
    beams_only: bool = False
    instead: str = ""
    refined: bool = False
    regions: bool = False
    sphere: bool = False
    mean_powers: bool = True
    for_passes: Callable[[Any], Any] | None = None
    in_fades: Callable[[Any], dict[str, Any]] | None = None
    baseline: bool = False

    def __call__(self, target: Any) -> Any:
        """Call `solve` without keys of its own."""
        return self.solve(target)

    def own_values(self, design: Any) -> dict[str, Any]:
        """The values that a design's table gives to the method's own keys."""
        return {key: getattr(design, key) for key in self.keys}

    def ignores(self, design: Any, requirement: str) -> bool:
        """Whether it leaves a requirement or a limit, as tables call it, aside, or only happens to meet it.

        A beam's floor of white-noise gain is its effort limit in another scale.
        """
        if self.blind_with and getattr(design, self.blind_with) is not None:
            return True
        key = requirement.split("[")[0].split(" ")[0]
        key = DARK_CURVE if key == DIFFUSE_CURVE else key
        same_as_effort = key == WHITE_NOISE_GAIN and design.is_beam and EFFORT in self.looks_at
        return key not in self.looks_at and not same_as_effort


@cache
def formulations() -> dict[str, Formulation]:
    """Every method by its name, "auto" aside."""
    registry: dict[str, Formulation] = import_module("designer.formulations").FORMULATIONS
    return registry


def method_names() -> tuple[str, ...]:
    """Values of `method`."""
    return (AUTO, *formulations())


def method_of(design: Any) -> Formulation | None:
    """The method that a design names; None for "auto"."""
    return formulations().get(design.method)


def ignores(design: Any, requirement: str) -> bool:
    """Whether the method that a design names leaves a requirement or a limit aside; the level is nobody's own."""
    method = method_of(design)
    return method is not None and requirement != "level" and method.ignores(design, requirement)


def method_faults(path: str, design: Any, drivers: int) -> list[Fault]:
    """Faults of a design's method: of its kind, of a percentile that it does not hold, and of keys that go with another."""
    suffix = f'with method = "{design.method}"'
    method = method_of(design)
    faults = []
    if method is not None and method.beams_only and not design.is_beam:
        kind = f"got {shown(method.name)} in a design of kind {shown(design.kind)}"
        faults.append(Fault(f"{path}.method", kind, 'only with kind = "beamformer"', method.instead, "method-misfit"))
    if method is not None and method.refined and design.is_beam:
        kind = f"got {shown(method.name)} in a design of kind {shown(design.kind)}"
        faults.append(Fault(f"{path}.method", kind, "only for an ear channel", f'use "{AUTO}"', "method-misfit"))
    if method is not None and not method.mean_powers and not isinstance(design.hold, str):
        names = [name for name, formulation in formulations().items() if not formulation.mean_powers]
        expected = f"with no method of {', '.join(names)}"
        faults.append(
            Fault(
                f"{path}.hold",
                f"got {shown(design.hold)}, a percentile, {suffix}",
                expected,
                f'use "every", or method = "{AUTO}"',
                "method-misfit",
            )
        )
    for owner in formulations().values():
        for key, declared in owner.keys.items():
            if key not in design.model_fields_set or getattr(design, key) is None:
                continue
            if owner is not method:
                expected, remedy = f'only with method = "{owner.name}"', f'set method = "{owner.name}", or leave it out'
                actual = f"got {shown(getattr(design, key))} {suffix}"
                faults.append(Fault(f"{path}.{key}", actual, expected, remedy, "key-out-of-place"))
            faults += [
                Fault(f"{path}.{key}", *parts, code="method-key")
                for parts in declared.faults(getattr(design, key), drivers)
            ]
    return faults


def check_methods(methods: list[str], option: str = "--methods") -> None:
    """Refuse what is no method, and a method that is named twice.

    Raises
    ------
    UsageError : naming it, and the nearest that there is

    """
    names = method_names()
    for number, method in enumerate(methods):
        if method not in names:
            close = nearest(method, names)
            raise UsageError(f'{option}: got "{method}"; expected {", ".join(names)}{close and f"; {close}"}')
        if method in methods[:number]:
            raise UsageError(f'{option}: got "{method}" twice; expected each method once')
