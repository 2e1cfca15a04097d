"""The theory of the book: a page for every method and every enclosure of the registries, all of one shape."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from designer.problem.enclosures import ENCLOSURES
from designer.problem.methods import Formulation, formulations

THEORY = Path(__file__).parents[1] / "docs" / "theory"
PARTS = ["Problem", "Derivation", "Picture", "Limits", "Published value", "References"]
PAGES = sorted(path for path in THEORY.glob("*.md") if path.stem != "index")


def page_of(method: Formulation) -> str:
    """Name of a method's page: its module's, unless the method is another one's with something added."""
    by_name = method.name.replace("-", "_")
    module = inspect.getmodule(method.solve)
    assert module is not None
    has_module = (Path(module.__file__ or "").parent / f"{by_name}.py").exists()
    stem = by_name if has_module else module.__name__.rpartition(".")[2]
    return stem.replace("_", "-")


@pytest.mark.parametrize(
    "owed",
    [
        {f'`method = "{name}"`': page_of(method) for name, method in formulations().items()},
        {f'`model = "{name}"`': name for name in ENCLOSURES},
    ],
    ids=["methods", "enclosures"],
)
def test_every_entry_of_a_registry_has_a_page(owed: dict[str, str]) -> None:
    """The page exists and names the value of the problem file that it derives; the assertion says which has none."""
    texts = {path.stem: " ".join(path.read_text(encoding="utf-8").split()) for path in PAGES}
    assert [value for value, page in owed.items() if value not in texts.get(page, "")] == []


@pytest.mark.parametrize("page", PAGES, ids=[path.stem for path in PAGES])
def test_a_page_has_its_parts(page: Path) -> None:
    """Problem, derivation, picture, limits, published value and references in this order, numbered equations, and checked values."""
    text = page.read_text(encoding="utf-8")
    headings = [heading for heading in re.findall(r"^## (.+)$", text, re.MULTILINE) if heading != "Sizes"]
    assert headings == (PARTS if page.stem != "left-out" else [part for part in PARTS if part != "Derivation"])
    assert page.stem == "left-out" or re.search(r"^\$\$ \([a-z-]+\)$", text, re.MULTILINE)
    assert not re.search(r"\\t?frac[0-9]", text)  # the reader of formulas takes the digits of \frac12 for one number
    checked = text.split("## Published value")[1]
    assert ":tags: [remove-cell]" in checked
    assert re.search(r"^assert ", checked, re.MULTILINE)
    assert re.search(r"^- .*\d{4}", checked.split("## References")[1], re.MULTILINE)
