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


@pytest.mark.parametrize("name", OFFERED)
def test_the_example_in_the_docstring_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each public function has an example, and it does what it says."""
    monkeypatch.chdir(ROOT)
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    examples = finder.find(OFFERED[name], name)
    assert any(example.examples for example in examples)
    report: list[str] = []
    for example in examples:
        runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_everything_offered_has_an_example() -> None:
    """A new public function needs one too."""
    functions = {name for name in designer.__all__ if not isinstance(getattr(designer, name), type)}
    assert functions | {"Design.save"} == set(OFFERED)
