"""The examples in the docstrings of what `import designer` offers run, and say what they print."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import designer

ROOT = Path(__file__).parents[1]
OFFERED = {
    "load": designer.load,
    "loads": designer.loads,
    "scene": designer.scene,
    "design": designer.design,
    "Design.save": designer.Design.save,
    "open": designer.open,
    "evaluate": designer.evaluate,
}


def test_the_examples_in_the_docstrings_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each public function has an example, and it does what it says."""
    monkeypatch.chdir(ROOT)
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    report: list[str] = []
    for name, function in OFFERED.items():
        (example,) = finder.find(function, name)
        assert example.examples, name
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_everything_offered_has_an_example() -> None:
    """A new public function needs one too."""
    functions = {name for name in designer.__all__ if not isinstance(getattr(designer, name), type)}
    assert functions | {"Design.save"} == set(OFFERED)
