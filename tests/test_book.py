"""The book: every cell of its pages runs. Pages that say `long: true` take more than two CPU seconds and run with `pytest --long`."""

from __future__ import annotations

import ast
import functools
import os
import re
import runpy
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from book import keys, results
from matplotlib.figure import Figure

import designer
from designer.problem.library import library
from designer.problem.toml_text import toml_text

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if not {"_build", "made"} & set(path.parts))
EXECUTED = [page for page in PAGES if page.read_text(encoding="utf-8").startswith("---\nfile_format: mystnb\n")]
CELL = re.compile(r"^```\{code-cell\}.*\n((?::.*\n|---\n(?:.*\n)*?---\n)?)((?:.*\n)*?)```$", re.MULTILINE)


def name_of(page: Path) -> str:
    """Path of a page in the book, without its ending."""
    return page.relative_to(DOCS).with_suffix("").as_posix()


def of_pages() -> list[Any]:
    """The executed pages as parameters, the long ones marked."""
    parameters = []
    for page in EXECUTED:
        is_long = "\nlong: true\n" in page.read_text(encoding="utf-8").split("\n---\n")[0] + "\n"
        parameters.append(pytest.param(page.read_text, id=name_of(page), marks=[pytest.mark.long] if is_long else []))
    parameters.append(pytest.param(results.gallery, id="gallery", marks=[pytest.mark.long]))
    for of_keys in keys.PAGES:
        if keys.page_text(of_keys).startswith(keys.EXECUTED):
            made = functools.partial(keys.page_text, of_keys)
            parameters.append(pytest.param(made, id=f"keys of {of_keys.name}", marks=[pytest.mark.long]))
    return parameters


def run_cell(code: str, names: dict[str, Any], at: str, *, laid_out: bool) -> None:
    """Run a cell as a kernel does: lines of a shell, or Python whose last expression is shown.

    A page's own figure (pyplot's) is drawn without its layout, which takes two thirds of the time, but for `laid_out`.
    """
    if code.startswith("%%sh\n"):
        names["sh"]("", code.removeprefix("%%sh\n"))
        return
    tree = ast.parse(code, at)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        tree.body.pop()
    exec(compile(tree, at, "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), at, "eval"), names)
        if isinstance(value, Figure) and hasattr(value, "number") and not laid_out:
            value.draw_without_rendering()
        elif isinstance(value, Figure):
            names["shown"](value)
        else:
            repr(value)


@pytest.mark.parametrize("text", of_pages())
def test_every_cell_runs(
    text: Callable[[], str], request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cells of a page run from the first to the last in an empty folder, no warning among them, and its checks hold."""
    monkeypatch.chdir(tmp_path)
    if "keys of" in request.node.name:  # the last pages: one has a figure over a product line
        request.getfixturevalue("judged")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "110")
    cells = CELL.findall(text())
    assert cells
    with mpl.rc_context(), warnings.catch_warnings():
        names = runpy.run_path(str(DOCS / "cell_startup.py"))
        for number, (_, code) in enumerate(cells):
            at = f"{request.node.name}, cell {number + 1}"
            run_cell(code, names, at, laid_out=request.config.getoption("--long"))
    plt.close("all")


def test_pages_have_code_in_cells_alone() -> None:
    """No page has a block of Python or of a shell that nothing runs; blocks within a block of Markdown are its example."""
    loose = []
    for page in PAGES:
        text = re.sub(r"^````.*?^````$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        loose += [name_of(page) for _ in re.findall(r"^```(?:python|py|sh|bash|console)\b", text, re.MULTILINE)]
        assert (page in EXECUTED) == bool(CELL.search(text)), page
    assert loose == []


TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BASES = {
    "how-to/choose-filters": "laptop-pair",
    "how-to/bank-to-firmware": "desk-mover",
    "how-to/several-listeners": "two-listeners",
}
"""Page -> the library's problem that its fragments of TOML are parts of; without one, each is a whole file."""


def merged(problem: dict[str, Any], fragment: dict[str, Any]) -> dict[str, Any]:
    """A problem with a fragment's keys: in tables of one name they stand beside the others, a list of whole tables is replaced."""
    result = dict(problem)
    for key, value in fragment.items():
        known = result.get(key)
        if isinstance(value, dict) and isinstance(known, dict):
            result[key] = {**known, **value}
        elif isinstance(value, list) and isinstance(known, list) and value and isinstance(value[0], dict):
            by_name = {table["name"]: table for table in known}
            names = {table["name"] for table in value}
            parts = [{**by_name.get(table["name"], {}), **table} for table in value]
            result[key] = [table for table in known if table["name"] not in names] + parts
            if not names & set(by_name):
                result[key] = parts
        else:
            result[key] = value
    return result


def test_every_block_of_toml_is_a_valid_problem_or_a_valid_part_of_one() -> None:
    """Pages, README and CONTRIBUTING: whole files are read without a fault, and fragments within the library's problem of their page."""
    texts = {name_of(page): page.read_text(encoding="utf-8") for page in PAGES}
    texts |= {name: (DOCS.parent / name).read_text(encoding="utf-8") for name in ("README.md", "CONTRIBUTING.md")}
    blocks = [(name, block) for name, text in texts.items() for block in TOML.findall(text)]
    assert {name for name, _ in blocks} == set(BASES)
    for name, block in blocks:
        base, folder = {}, Path()
        if name in BASES:
            file, _ = library()[BASES[name]]
            base, folder = tomllib.loads(file.read_text(encoding="utf-8")), file.parent
        designer.loads(toml_text(merged(base, tomllib.loads(block))), folder=folder, source=name)


def test_the_studio_s_pictures_are_those_of_its_lesson() -> None:
    """Each picture that `docs/studio_pictures.py` takes is shown once by the lesson, and no other lies beside them."""
    shown = re.findall(
        r"\]\(studio/([\w-]+)\.png\)", (DOCS / "tutorials" / "studio-in-pictures.md").read_text(encoding="utf-8")
    )
    taken = re.findall(r'files\["([\w-]+)"\]', (DOCS / "studio_pictures.py").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(taken) == sorted(path.stem for path in (DOCS / "tutorials" / "studio").iterdir())


def test_every_page_is_named_by_a_table_of_contents() -> None:
    """No page of `docs/` is outside the book."""
    listed = {"index"}
    for page in PAGES:
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            for line in block.splitlines():
                entry = re.sub(r"^.*<(.*)>$", r"\1", line.strip())
                if entry and not entry.startswith(":"):
                    listed.add(os.path.relpath((page.parent / entry).resolve(), DOCS))
    assert {name_of(page) for page in PAGES} <= listed
