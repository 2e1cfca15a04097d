"""Options that change the problem, and the exit codes, in the words that a user meets."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from book.commands import commands
from command import Command
from toml_text import pair, toml

from designer import errors
from designer.cli.application import with_set
from designer.errors import ProblemError
from designer.problem import load, loads

ROOT = Path(__file__).parents[2]


def words_of(text: str) -> str:
    """A text on one line, single spaces between its words."""
    return re.sub(r"\s+", " ", text)


def test_the_version_is_the_packages(designer_command: Command) -> None:
    """`designer --version` prints the version that the package is installed as, and no more."""
    assert designer_command("--version") == (0, f"designer {version('loudspeaker-filter-designer')}\n", "")


def test_the_exit_codes_have_one_wording(designer_command: Command) -> None:
    """Help and README name every code in the words of `EXIT_CODES`; the conventions explain code 7 in the same."""
    readme, conventions = (
        words_of((ROOT / name).read_text(encoding="utf-8")) for name in ("README.md", "docs/conventions.md")
    )
    shown = words_of(designer_command("--help").out)
    for code, words in errors.EXIT_CODES.items():
        assert f"{code} {words}" in readme and f"{code} {words}" in shown
    assert f"Exit code 7: {errors.EXIT_CODES[7]}." in conventions


def test_the_first_sentence_of_each_command_is_whole_in_80_columns(
    designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`designer --help` lists every command with its first sentence, none of them cut."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = designer_command("--help").out.partition("Commands:\n")[2].splitlines()
    sentences = {name: inspect.getdoc(function) or "" for name, function in commands().items()}
    assert [line.split() for line in lines] == [
        [name, *text.partition("\n\n")[0].split()] for name, text in sentences.items()
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["designs.left.max_effort_db=loud"], 'designs[0].max_effort_db: got "loud"; expected a number from -200 to 200'),
        (["designs.left.ear="], 'designs[0].ear: required key is missing; expected "left" or "right"; add ear'),
    ],
)  # fmt: skip
def test_a_fault_of_an_option_names_it(options: list[str], fault: str) -> None:
    """The file was read without a fault, so the message names the option beside it."""
    with pytest.raises(ProblemError) as refused:
        with_set(loads(toml(pair())), options)
    assert str(refused.value) == f"problem with --set {options[0]}: 1 fault\n  {fault}"


def test_a_fault_of_refine_names_the_flag(tmp_path: Path) -> None:
    """`--refine` of sections is refused in its own name."""
    path = tmp_path / "p.toml"
    path.write_text(toml(pair() | {"realization": {"form": "biquad", "sections": 4}}), encoding="utf-8")
    with pytest.raises(
        ProblemError, match=r"p\.toml with --refine: 1 fault\n  realization\.refine: got true with form"
    ):
        with_set(load(path), None, refine=True)


def test_an_empty_value_takes_a_table_out_of_its_list() -> None:
    """`--set designs.left=` leaves the other channel, and its text reads as TOML."""
    problem = with_set(load(ROOT / "problems" / "laptop-pair.toml"), ["designs.left="])
    assert [design.name for design in problem.designs] == ["right"]
    assert loads(problem.text).designs == problem.designs


def test_a_file_of_the_library_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, designer_command: Command
) -> None:
    """The name of a library file that is not here is answered by its path, which the command then takes."""
    monkeypatch.chdir(tmp_path)
    ended = designer_command("check", "laptop-pair.toml")
    assert ended.code == errors.EXIT_BAD_INPUT
    match = re.search(r"no such file; expected a file in TOML; the library has (.*)$", ended.err, re.MULTILINE)
    assert match is not None and designer_command("check", match[1]).code == errors.EXIT_DONE
    assert "the library has" not in designer_command("check", "my-speaker.toml").err
