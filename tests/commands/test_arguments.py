"""Arguments of another type: refused by their name, what was got and what was expected, ahead of any work."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toml_text import pair, toml

import designer
from designer.errors import DesignerError, UsageError
from designer.problem.schema import Problem
from designer.search.compare import Comparison

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(designer, name) for name in designer.__all__ if not isinstance(getattr(designer, name), type)
} | {
    "Problem.replace": Problem.replace,
    "Design.save": designer.Design.save,
    "Design.figure": designer.Design.figure,
    "Comparison.save": Comparison.save,
    "Scene.moved": designer.Scene.moved,
}
TAKE_ANYTHING = {("Problem.replace", "value")}
KINDS = inspect.Parameter


class Nothing:
    """A type that no argument has."""

    def __repr__(self) -> str:
        return "nothing"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_strange_argument_is_named(name: str) -> None:
    """Whatever argument of whatever public function it stands for, by position or by name."""
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    first = [Nothing()] if next(iter(parameters)) == "self" else []
    required = [p for p in parameters.values() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    for parameter in parameters.values():
        if parameter.name == "self" or (name, parameter.name) in TAKE_ANYTHING:
            continue
        others = {p.name: Nothing() for p in required if p.name not in ("self", parameter.name)}
        arguments = first + [Nothing()] * (parameter.kind is KINDS.VAR_POSITIONAL)
        named = {} if parameter.kind is KINDS.VAR_POSITIONAL else {parameter.name: Nothing()}
        # The first in order is told: what comes before is strange too.
        order = [p for p in parameters if p in others or p == parameter.name]
        with pytest.raises(UsageError, match=rf"^{order[0]}: got nothing \(Nothing\); expected [\w']"):
            FUNCTIONS[name](*arguments, **others, **named)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_unknown_argument_is_named(name: str) -> None:
    """As an unknown key of a problem file is, whatever the public function, ahead of all that it misses."""
    with pytest.raises(UsageError, match=r"^qqq: unknown argument; \w+ takes \w+"):
        FUNCTIONS[name](qqq=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: package.design(p, keepgoing=True), 'keepgoing: unknown argument; nearest known: "keep_going"'),
        (lambda p: package.sweep(p, {}, random=3), 'random: unknown argument; nearest known: "draws"'),
        (lambda p: package.bank(p), "over: required argument is missing; bank takes problem, over, folder, "),
        (
            lambda p: package.design(p, 1),
            "design: got 2 arguments by place; expected at most 1 (problem); name the others",
        ),
        (
            lambda p: p.replace("title", "x", 3),
            "replace: got 3 arguments by place; expected at most 2 (key, value); name the others",
        ),
        (lambda p: p.replace("title", key="title"), "key: got it twice, by place and by name; expected it once"),
    ],
)
def test_a_call_that_does_not_fit_is_no_bare_type_error(
    call: Callable[[Problem], object], message: str, problem: Problem
) -> None:
    """The name of an option on the command line is known too."""
    with pytest.raises(UsageError) as refused:
        call(problem)
    assert str(refused.value).startswith(message)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return designer.loads(toml(pair()))


package: Any = designer
"""The package to call with what a type checker refuses."""
SWEEP = r"vary: got .*; expected Mapping\[str, str or Sequence\[Any\] or Mapping\[str, Mapping\[str, Any\]\] or array\] or Sequence\[str\]$"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: package.sweep(p, {"realization.taps": 64}), SWEEP),
        (lambda p: package.sweep(p, "realization.taps=64"), SWEEP),
        (lambda p: package.sweep(p, {"realization.taps": [64]}, processes=True), r"processes: got True \(bool\); expected int or None$"),
        (lambda p: package.reach(p, [None]), r"frequency_hz: got \[None\] \(list\); expected ArrayLike or None$"),
        (lambda p: package.reach(p, [1e3, [2e3]]), "frequency_hz: got "),
        (lambda p: package.reach(p, efforts_db=[3, "6"]), r"efforts_db: got \[3, '6'\] \(list\); expected Sequence\[float\]$"),
        (lambda p: package.reach(p, efforts_db=np.array(3.0)), r"efforts_db: got array\(3\.\) \(ndarray\); expected Sequence\[float\]$"),
        (lambda p: package.compare([p, p], methods="auto"), r"methods: got 'auto' \(str\); expected Sequence\[str\]$"),
        (lambda p: package.compare([p, 1]), r"items: got \[<Problem .*\(list\); expected str or Path or Problem or Design or "),
        (lambda p: package.figures(p), "design: got <Problem .*; expected Design or str or Path$"),
        (lambda p: package.figures("out", form="bmp"), r"form: got 'bmp' \(str\); expected 'svg', 'pdf', 'png'$"),
        (lambda p: package.export("out", "hex", word=16), r"word: got 16 \(int\); expected str or None$"),
        (lambda p: package.convert("x.frd", "x.sofa", facing_deg=(0.0,)), r"facing_deg: got \(0.0,\) .*; expected tuple\[float, float\]$"),
        (lambda p: p.replace([1]), r"key: got \[1\] \(list\); expected str or Mapping\[str, Any\]$"),
        (lambda p: package.loads(p.text, files=[]), r"files: got \[\] \(list\); expected dict\[str, str\] or None$"),
    ],
)  # fmt: skip
def test_parts_are_looked_at(call: Callable[[Problem], object], message: str, problem: Problem) -> None:
    """The keys, values and entries of an argument too; a text is no sequence of letters, and true no number."""
    with pytest.raises(UsageError, match=f"^{message}"):
        call(problem)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, _: package.bank(p, ["listener.position_m[1]=0:0.1"], loss_db=0.0), "loss_db: got 0; expected"),
        (lambda p, _: package.bank(p, []), "over: got no keys; expected one or more"),
        (lambda p, _: package.sweep(p, {}), "vary: got no keys; expected one or more"),
        (lambda p, _: package.sweep(p, ["realization.taps=8:9"]),
         "vary realization.taps: got a range without a step; expected FROM:TO:STEP, or draws=N to draw from it"),
        (lambda p, _: package.sweep(p, {"realization.taps": [1]}), "problem with vary=realization.taps: 1 fault"),
        (lambda p, folder: package.compare([p, p], folder), "choose another with folder="),
        (lambda p, folder: package.sweep(p, {"realization.taps": [8]}, folder), "choose another with folder="),
        (lambda p, _: package.proof("out", "zz"), "target: got 'zz'; expected wav, "),
        (lambda p, _: package.evaluate(p, p), "expected Design"),
    ],
)  # fmt: skip
def test_messages_name_arguments(
    call: Callable[[Problem, Path], object], message: str, problem: Problem, tmp_path: Path
) -> None:
    """Messages name arguments in place of the command's options: `folder=` for -o, and an argument's name where it differs."""
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DesignerError) as refused:
        call(problem, tmp_path)
    assert message in str(refused.value)
    assert not re.search(r"(?<![\w-])-(o|-vary|-over|-loss|-target)\b", str(refused.value))


def test_numbers_of_numpy_are_numbers(problem: Problem) -> None:
    """As arrays, and as the scalars that come out of them."""
    table = package.reach(problem, np.array([1000, 2000]), efforts_db=np.array([3.0, np.int64(6)]))
    assert list(table.columns[-2:]) == ["effort_3_db", "effort_6_db"]
    assert problem.replace("realization.taps", np.int64(32)).realization.taps == 32
    swept = package.sweep(problem, {"realization.taps": range(32, 33)}, draws=np.int64(0))
    assert swept["realization.taps"].tolist() == [32]


def test_filters_are_judged_in_scenes_of_their_own_drivers_and_sample_rate() -> None:
    """Of another device's scene the drivers are named, of another rate the rate: neither can tell what the filters do."""
    table = pair() | {"sample_rate_hz": 16000}
    design = package.design(package.loads(toml(table)))
    three = table | {"drivers": [*table["drivers"], {"name": "third", "position_m": [0.0, 0.0, 0.1]}]}
    three["designs"] = [{**table["designs"][0], "drivers": ["left", "right"]}]
    with pytest.raises(
        UsageError, match=r"^scene: got the drivers left, right, third; expected the drivers left, right, "
    ):
        package.evaluate(design, package.scene(package.loads(toml(three))))
    with pytest.raises(
        UsageError, match=r"^scene: got a sample rate of 32000 Hz; expected a sample rate of 16000 Hz, "
    ):
        package.evaluate(design, package.scene(package.loads(toml(table | {"sample_rate_hz": 32000}))))
