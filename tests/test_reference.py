"""The reference of the book holds everything that the schema, the commands and the registries have; each test names what is missing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from book import key_figures, keys, notes, pages
from pydantic import TypeAdapter
from typer.testing import CliRunner

import designer
from designer.cli import registered
from designer.errors import EXIT_CODES
from designer.export.targets import TARGETS
from designer.metrics import BY_NAME
from designer.problem.methods import method_names
from designer.problem.schema import Problem
from designer.report import figures


@cache
def made() -> dict[str, str]:
    """Path of each made page -> its text."""
    prefix = "reference/made/"
    return {name.removeprefix(prefix): text for name, text in pages.made().items() if name.startswith(prefix)}


@cache
def tables() -> dict[str, Any]:
    """Table of the JSON schema -> its keys."""
    schema = Problem.model_json_schema()
    return {"Problem": schema["properties"]} | {name: node["properties"] for name, node in schema["$defs"].items()}


def test_every_key_of_the_schema_is_in_the_reference() -> None:
    """Each key of each table of the JSON schema has an entry, with its default where it has one."""
    text = "\n".join(text for name, text in made().items() if name.startswith("problem-file/"))
    labels = set(re.findall(r"^\((key-[\w-]+)\)=$", text, re.MULTILINE))
    wanted = {keys.anchor(table, key): (table, key) for table, properties in tables().items() for key in properties}
    assert [place for label, place in wanted.items() if label not in labels] == []
    assert labels == set(wanted)


def entries() -> Iterator[tuple[str, str]]:
    """Label and text of every key's entry."""
    for name, text in made().items():
        if name.startswith("problem-file/"):
            for part in re.split(r"\n(?=\(key-)", text):
                if label := re.match(r"\((key-[\w-]+)\)=\n#", part):
                    yield label[1], part


def test_every_key_has_its_meaning_and_an_example() -> None:
    """Each entry says in a sentence what the key is, and shows it in TOML."""
    assert [
        label for label, text in entries() if not re.search(r"^#+ `\w+`\n\n[^a-z\s].*\.$", text, re.MULTILINE)
    ] == []
    shown = [label for label, text in entries() if "```toml" in text]
    missing = [label for label, _ in entries() if label not in shown]
    kinds = {keys.anchor(table, "model") for table in tables()}
    assert [label for label in missing if label not in kinds] == []


def test_notes_are_of_keys_and_their_examples_are_accepted() -> None:
    """Each formula's name is a key's, and each example is a value of its key by the schema."""
    properties = tables()
    names = {key for table in properties.values() for key in table}
    assert set(notes.FORMULAS) | set(notes.TABLES) <= names
    models = {"Problem": Problem} | {kind.__name__: kind for kind in _models(Problem)}
    for table, examples in notes.EXAMPLES.items():
        assert set(examples) <= set(properties[table]), table
        for key, value in examples.items():
            field = models[table].model_fields[key]
            annotation: Any = field.rebuild_annotation()
            TypeAdapter(annotation).validate_python(value, strict=True)


def test_figures_are_of_keys_and_stand_on_their_pages_with_a_caption() -> None:
    """Each figure's place is a key of the schema; its entry has the cell that draws it, and a sentence below."""
    properties = tables()
    assert len(key_figures.FIGURES) >= 15
    for (table, key), draw in key_figures.FIGURES.items():
        assert key in properties[table]
        label = f"({keys.anchor(table, key)})=\n"
        entry = next(text for name, text in made().items() if label in text and name.startswith("problem-file/"))
        entry = re.split(r"\n#+ ", f"\n{entry.partition(label)[2]}")[1]
        assert re.search(rf"\.{draw.__name__}\(\)\n```\n\n\*Figure\.\* [A-Z].*\.$", entry, re.MULTILINE), key


def test_the_toml_of_the_reference_is_toml() -> None:
    """Each key's example parses, and has that key; that its value is valid is held by the tests of the notes and the library."""
    for name, text in made().items():
        for block in re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            assert len(tomllib.loads(block)) == 1, name


def _models(model: Any) -> Iterator[Any]:
    from designer.problem.table import Table

    yield from (kind for kind in _below(Table) if kind.__name__ in tables())


def _below(kind: Any) -> Iterator[Any]:
    for other in kind.__subclasses__():
        yield other
        yield from _below(other)


def test_every_option_of_every_command_is_in_the_reference() -> None:
    """Each command that `designer --help` lists, and each flag that its own `--help` prints, has a line."""
    text = made()["commands.md"]
    runner = CliRunner()
    listed = re.findall(
        r"^ {2}([a-z][\w-]*)", runner.invoke(registered(), ["--help"]).stdout.partition("Commands:")[2], re.MULTILINE
    )
    assert len(listed) > 10
    for name in listed:
        part = text.partition(f"(command-{name})=")[2].partition("\n(command-")[0]
        assert part, f"designer {name}"
        options = runner.invoke(registered(), [name, "--help"]).stdout.partition("Options:")[2]
        flags = set(re.findall(r"^ {2,}(--?[a-z][\w-]*)", options, re.MULTILINE)) - {"--help"}
        assert [flag for flag in flags if not re.search(rf"`{re.escape(flag)}[ `]", part)] == [], f"designer {name}"


@pytest.mark.parametrize(
    ("page", "label", "names"),
    [
        ("targets.md", "target-", list(TARGETS)),
        ("methods.md", "method-", list(method_names())),
    ],
)
def test_every_name_of_a_registry_has_an_entry(page: str, label: str, names: list[str]) -> None:
    """Each target and each method has a heading of its own, and no other has."""
    assert re.findall(rf"^\({label}([\w-]+)\)=$", made()[page], re.MULTILINE) == names


def test_every_number_figure_and_exit_code_has_a_row() -> None:
    """Each number of `designer.metrics`, each kind of figure and each exit code of the commands' help stands in a table."""
    assert [name for name in BY_NAME if f"| `{name}`{{#metric-{name}}} |" not in made()["numbers.md"]] == []
    kinds = {kind.kind for kind in vars(figures).values() if isinstance(kind, figures.Declared)}
    assert [kind for kind in kinds if f"| `{kind}` |" not in made()["figures.md"]] == []
    promised = set(re.findall(r"\b(\d) ", str(registered().info.help).partition("Exit codes:")[2]))
    assert promised == set(re.findall(r"^\| `(\d)`", made()["exit-codes.md"], re.MULTILINE))


def test_the_exit_codes_are_those_of_the_help_in_the_same_words() -> None:
    """Each row begins with what `designer --help` says of the code, so that the chain's 5 degrees and failed proofs stand there too."""
    rows = dict(re.findall(r"^\| `(\d)`\{.*?\} \| (.*) \|$", made()["exit-codes.md"], re.MULTILINE))
    assert list(rows) == [str(code) for code in EXIT_CODES]
    for code, words in EXIT_CODES.items():
        assert rows[str(code)].startswith(f"{words[0].upper()}{words[1:]}."), code


def test_each_method_is_derived_on_the_page_of_its_own_formulation() -> None:
    """A method that another solves (robust-taps begins as power-ratio) links to its own theory."""
    text = made()["methods.md"]
    entries = re.split(r"^\(method-([\w-]+)\)=$", text, flags=re.MULTILINE)[1:]
    pages = dict(zip(entries[::2], entries[1::2], strict=True))
    renamed = {"least-squares": "pressure-matching", "matrix": "matrix-mixing"}
    for name in method_names()[1:]:
        assert f"(../../theory/{renamed.get(name, name)}.md)" in pages[name], name


def test_everything_that_python_is_offered_has_an_entry() -> None:
    """Each name of `designer.__all__` is documented once."""
    assert sorted(re.findall(r"^\.\. auto\w+:: designer\.(\w+)$", made()["python.md"], re.MULTILINE)) == sorted(
        designer.__all__
    )
