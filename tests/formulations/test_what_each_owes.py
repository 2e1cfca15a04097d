"""The registry is walked: what a formulation owes, each of them has, found in its file and in the tests."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from designer.formulations import FORMULATIONS
from designer.problem.methods import CURVE, DARK_CURVE, DRIVER_GAIN, EFFORT, MASK, WHITE_NOISE_GAIN, WINDOW

TESTS = Path(__file__).parents[1]
WORDS = {  # what a docstring must say -> any of these says it
    "the problem": ("    minimise ", "    maximise "),
    "its constraints": ("    subject to ",),
    "why it is convex": ("onvex",),
    "where it comes from": ("Source: ",),
    "an independent truth": ("Truth: ", "Truths: "),
    "what happens where it is infeasible": ("nfeasible", "there is always an answer"),
}


def file_of(method: str) -> str:
    """The name of the module that holds the formulation: `power_ratio`."""
    return FORMULATIONS[method].solve.__module__.rpartition(".")[2]


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def nodes_of(path: Path) -> list[ast.Attribute | ast.ImportFrom]:
    """What a file imports from modules, and the attributes that it names."""
    return [node for node in ast.walk(ast.parse(text_of(path))) if isinstance(node, ast.Attribute | ast.ImportFrom)]


def files_about(room: str, module: str, method: str = "") -> list[Path]:
    """The test files of a room that import the formulation, or take it from the registry."""

    def imported(path: Path) -> Iterator[str]:
        for node in nodes_of(path):
            if isinstance(node, ast.ImportFrom) and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    expected = f"designer.formulations.{module}"
    return [
        path
        for path in sorted((TESTS / room).glob("test_*.py"))
        if any(name == expected or name.startswith(f"{expected}.") for name in imported(path))
        or (method and f'FORMULATIONS["{method}"]' in text_of(path))
    ]


def calls(module: str, function: str, path: Path) -> bool:
    """Whether a test file calls `module.function(...)`, or imports the function from the module."""
    for node in nodes_of(path):
        if isinstance(node, ast.Attribute) and node.attr == function and getattr(node.value, "id", "") == module:
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(f".{module}"):
            return any(alias.name == function for alias in node.names)
    return False


@pytest.mark.parametrize("method", FORMULATIONS)
def test_its_docstring_is_the_mathematics(method: str) -> None:
    """The problem, its constraints, why it is convex, a source, a truth, and what happens where it is infeasible."""
    document = sys.modules[FORMULATIONS[method].solve.__module__].__doc__ or ""
    assert {part for part, words in WORDS.items() if not any(word in document for word in words)} == set()


@pytest.mark.parametrize("method", FORMULATIONS)
def test_it_has_a_readable_statement_that_is_compared(method: str) -> None:
    """`statement` makes a cvxpy problem, and a test of the formulation solves it beside the fast path."""
    assert "cvxpy" in inspect.getsource(FORMULATIONS[method].statement)
    module = file_of(method)
    assert any(
        calls(module, "statement", path) or f"{module}.METHOD.statement(" in text_of(path)
        for path in files_about("formulations", module)
    )


@pytest.mark.parametrize("method", FORMULATIONS)
def test_it_has_a_closed_form_or_cones(method: str) -> None:
    """The fast path never goes through cvxpy: no function but the statement names it."""
    module = sys.modules[FORMULATIONS[method].solve.__module__]
    functions = [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]
    named = {f.name for f in functions if "cvxpy" in ast.unparse(ast.Module(f.body[1:], []))}
    assert named <= {
        "statement",
        "relaxed",
        "constraints",
        "dual_statement",
        "_solved",
    }  # of a frequency that the fast path leaves


@pytest.mark.parametrize("method", FORMULATIONS)
def test_its_certificate_is_worked_out(method: str) -> None:
    """Every solution of its file is given a violation and a gap; none is left to a default."""
    module = sys.modules[FORMULATIONS[method].solve.__module__]
    result = 0
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Solution", "Solution.of"):
            assert len(node.args) + len(node.keywords) >= 3
            result += 1
    assert result or method in ("choueiri", "spherical-harmonic", "minimax")  # by pressure matching, power ratio, cones


@pytest.mark.parametrize("method", FORMULATIONS)
def test_it_has_a_published_truth(method: str) -> None:
    """A file of tests/published is about it."""
    assert files_about("published", file_of(method), method)


@pytest.mark.parametrize("method", FORMULATIONS)
def test_it_has_a_property_test(method: str) -> None:
    """A file of tests/formulations tries it on random problems with hypothesis."""
    files = files_about("formulations", file_of(method))
    assert any("@given(" in text_of(path) for path in files)


def test_what_a_method_may_look_at() -> None:
    """Only keys of the problem file."""
    known = {CURVE, DARK_CURVE, MASK, WINDOW, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN}
    assert all(formulation.looks_at <= known for formulation in FORMULATIONS.values())
