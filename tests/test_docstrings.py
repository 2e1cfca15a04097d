"""The examples in the docstrings of what `import designer` offers run, and say what they print."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from architecture import nodes
from empty_figures import figures_of, put

import designer
from designer.report import figures
from designer.search import bank_spacing

ROOT = Path(__file__).parents[1]
OFFERED = {
    "load": designer.load,
    "loads": designer.loads,
    "scene": designer.scene,
    "design": designer.design,
    "Design.save": designer.Design.save,
    "open": designer.open,
    "evaluate": designer.evaluate,
    "sweep": designer.sweep,
    "bank": designer.bank,
    "compare": designer.compare,
    "place": designer.place,
    "benchmark": designer.benchmark,
    "check": designer.check,
    "reach": designer.reach,
    "render": designer.render,
    "export": designer.export,
    "convert": designer.convert,
    "proof": designer.proof,
    "figures": designer.figures,
    "study": designer.study,
    "Design.figure": designer.Design.figure,
    "Problem.replace": designer.Problem.replace,
}
METHODS = {"Design.save", "Design.figure", "Problem.replace"}
DRAWN = {"Design.figure", "figures"}
"""Examples that show what is drawn."""


def test_the_examples_in_the_docstrings_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each public function has an example, and it does what it says; figures are those of gain, and a problem is designed once."""
    monkeypatch.chdir(ROOT)
    designs: dict[str, designer.Design] = {}
    design = designer.design
    monkeypatch.setattr(designer, "design", lambda p: designs.get(p.text) or designs.setdefault(p.text, design(p)))
    monkeypatch.setattr(bank_spacing, "LEAST_PLACES", {1: 11, 2: 11})  # each place of a bank's proof is a design
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    report: list[str] = []
    for name, function in OFFERED.items():
        put(monkeypatch, {(figures, "pictures"): figures_of(*["gain"] if name in DRAWN else [])})
        (example,) = finder.find(function, name)
        assert example.examples, name
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_everything_offered_has_an_example() -> None:
    """A new public function needs one too."""
    functions = {name for name in designer.__all__ if not isinstance(getattr(designer, name), type)}
    assert functions | METHODS == set(OFFERED)
    assert dir(designer) == sorted(designer.__all__)


BANNED = frozenset(
    [
        "allowed",
        "asked",
        "each",
        "every",
        "found",
        "given",
        "here",
        "kept",
        "made",
        "may_be",
        "one",
        "own",
        "rest",
        "said",
        "some",
        "there",
        "wanted",
        "what",
        "which",
    ]
)
"""Words that name nothing of the domain."""
TYPE = re.compile(
    r"[({]|(str|int|float|bool|bytes|complex|object|callable|sequence|iterable|iterator|collection|dict|mapping|tuple"
    r"|list|set|array)\b|[A-Z][a-z]\w*(,|;|\[| or |$)"
)
"""Start of a numpydoc type: a shape, choices, a word for a builtin, or the name of a class."""


FILES = sorted((ROOT / "designer").rglob("*.py"))


NAMED = {
    ast.FunctionDef: "name",
    ast.ClassDef: "name",
    ast.arg: "arg",
    ast.Name: "id",
    ast.Attribute: "attr",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.alias: "asname",
}
"""Kinds of nodes that give a name, and where they have it; a name or an attribute only where it is stored."""


def _bindings(file: Path) -> Iterator[tuple[str, int]]:
    """Names that a module gives to variables, parameters, fields and functions, with their lines."""
    for node in nodes(file):
        field = NAMED.get(type(node))
        name = getattr(node, field) if field else None
        if name and isinstance(getattr(node, "ctx", STORED), ast.Store):
            yield name, node.lineno  # type: ignore[attr-defined] # each of these kinds has one


STORED = ast.Store()


def _docstrings(file: Path) -> Iterator[tuple[int, str]]:
    """Docstrings of a module, its classes and functions, and the texts below its constants and fields."""
    for node in nodes(file):
        for statement in getattr(node, "body", []) if isinstance(getattr(node, "body", []), list) else []:
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, inspect.cleandoc(text)


def test_names_are_nouns_of_the_domain() -> None:
    """No variable, parameter, field or function is called by a word such as `found` or `one`."""
    names = [(path, line, name) for path in FILES for name, line in _bindings(path)]
    assert not [f"{path}:{line}: {name}" for path, line, name in names if name.strip("_").lower() in BANNED]


def test_docstrings_begin_with_a_noun_or_a_verb() -> None:
    """No docstring begins with "What", "Of" or "The same"."""
    texts = [(path, line, text) for path in FILES for line, text in _docstrings(path)]
    assert not [f"{path}:{line}" for path, line, text in texts if re.match(r"(What|Of|The same)\b", text)]


def test_parameters_have_types() -> None:
    """Each entry of a Parameters or Attributes section has a type behind its colon, as numpydoc writes it."""
    untyped = []
    for path in FILES:
        for line, text in _docstrings(path):
            for section in re.findall(r"^(?:Parameters|Attributes)\n-+\n(.*?)(?=\n\n|\Z)", text, re.M | re.S):
                entries = re.findall(r"^(\S.*?) : (.*)$", section, re.M)
                assert entries, f"{path}:{line}"
                untyped += [f"{path}:{line}: {name}" for name, description in entries if not TYPE.match(description)]
    assert not untyped
