"""What is handed over: the bytes that the commands write, below the problem's folder and nowhere else."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from command import Command
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.errors import UsageError
from designer.problem.schema import Problem
from designer.studio.allowed_paths import inside, plain_name
from designer.studio.document import Document
from designer.studio.hand_over import Handed, Order, hand_over

TAPS = "realization.taps"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a folder of problems."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "problems").mkdir()
    (tmp_path / "problems" / "trio.toml").write_text("# three drivers\n" + toml(trio("left", "right")))
    return tmp_path


def document() -> Document:
    file = Path("problems") / "trio.toml"
    return Document(file.read_text(), file.parent, str(file))


def problem_of(document: Document) -> Problem:
    problem = document.as_commanded()
    assert problem is not None
    return problem


def handed(over: Any, *, force: bool = False, target: str = "", states: Any = None, **options: Any) -> Handed:
    states = states or {"current": problem_of(document())}
    commands = {name: f"designer design {name}.toml" for name in states}
    return hand_over(Order(over, states, commands, Path("problems"), "trio", target, options, force))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def repeated(state: Document, designer_command: Command) -> tuple[dict[str, bytes], str]:
    """The files of a folder that was handed over and then written by its own command, and that command."""
    place = Path("problems") / "out" / "trio"
    outcome = handed("folder", states={"current": problem_of(state)})
    first = files(place)
    command = json.loads(first["summary.json"])["command"]
    assert outcome == Handed(f"wrote {place}; to write it again: {command}", str(place))
    assert shlex.split(command)[:3] == ["designer", "design", "problems/trio.toml"]
    assert designer_command(*shlex.split(command)[1:]).code == designer.open(place).status
    assert files(place) == first
    return first, command


def test_the_folder_is_what_its_command_writes(here: Path, designer_command: Command) -> None:
    """Byte for byte: the command that is recorded, run in the same place, writes every file as it was."""
    first, command = repeated(document(), designer_command)
    assert "--set" not in command
    assert {"report.html", "coefficients.csv", "figures/layout.svg", "designer-manifest.json"} <= set(first)


def test_an_export_is_what_the_command_writes(here: Path, designer_command: Command) -> None:
    """Of the design folder into another folder; a target's option by its key in [export]."""
    handed("folder")
    state = handed("export", target="cmsis-q31", prefix="mine")
    assert state.path == "problems/out/trio-cmsis-q31"
    assert "wrote problems/out/trio-cmsis-q31: " in state.message
    options = ["--target", "cmsis-q31", "--prefix", "mine", "-o", "elsewhere"]
    assert designer_command("export", "problems/out/trio", *options).code == 0
    assert files(Path(state.path)) == files(here / "elsewhere")


def test_a_comparison_is_what_its_commands_write(here: Path, designer_command: Command) -> None:
    """Byte for byte, but for where it says that the designs come from: a state and its command here, a folder there.

    Snapshots have their names.
    """
    other = document()
    other.set({TAPS: 48})
    states = {"current": problem_of(document()), "A": problem_of(other)}
    commands = {"current": document().command, "A": other.command}
    place = Path(hand_over(Order("comparison", states, commands, Path("problems"), "trio")).path)
    first = files(place)
    recorded = json.loads(first["comparison.json"])["command"]
    assert recorded.splitlines() == [
        *(f"{command} -o out/{name}" for name, command in commands.items()),
        "designer compare out/current out/A -o problems/out/trio-comparison",
    ]
    rows = first["comparison.csv"].decode().splitlines()[1:]
    assert {row.partition(",")[0] for row in rows} == {"current", "A"}
    for line in recorded.splitlines():
        assert designer_command(*shlex.split(line)[1:]).code in (0, 3, 4)
    again = files(place)
    written = first["comparison.html"].decode()
    for shown, there in (
        (recorded, recorded.splitlines()[-1]),
        ("problems/trio.toml</span>", "out/current</span>"),
        ("problems/trio.toml realization.taps=48</span>", "out/A</span>"),
    ):
        assert written.count(shown) == 1
        written = written.replace(shown, there)
    assert written.encode() == again["comparison.html"]
    differ = {"comparison.html", "comparison.json", "designer-manifest.json"}  # the last has hashes of the others
    assert {name: text for name, text in first.items() if name not in differ} == {
        name: text for name, text in again.items() if name not in differ
    }
    assert "comparison.csv" in first.keys() & again.keys() - differ


def test_what_is_ours_is_replaced_and_what_was_edited_is_a_question(here: Path) -> None:
    """Written again without a word; edited, it takes force; with files of others in it, nothing helps."""
    place = Path(handed("export", target="wav").path)
    assert handed("export", target="wav").path
    edited = place / "filters.json" if (place / "filters.json").exists() else next(iter(place.glob("*.wav")))
    edited.write_bytes(b"mine")
    question = handed("export", target="wav")
    assert question.path == ""
    assert "edited since it was written" in question.message
    assert "--" not in question.message
    assert edited.read_bytes() == b"mine"
    assert handed("export", target="wav", force=True).path
    assert edited.read_bytes() != b"mine"
    folder = here / "problems" / "out" / "trio"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("years of work")
    for force in (False, True):
        with pytest.raises(UsageError, match=r"thesis\.txt"):
            handed("folder", force=force)
    assert (folder / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("over", "options", "message"),
    [
        ("export", {"target": "nonsense"}, "got 'nonsense'; expected "),
        ("export", {"target": "wav", "prefix": "x"}, "which has none"),
        ("figures", {"format": "gif"}, "format: got 'gif'"),
        ("figures", {"only": ["nonsense"]}, "nonsense"),
        ("figures", {"only": 7}, "only: got 7; expected a list"),
        ("figures", {"dpi": 1e9}, "dpi: got"),
        ("everything", {}, "hand over: got 'everything'"),
        ("folder", {"place": "trio.toml"}, "file exists"),
    ],
)
def test_what_is_not_known_is_refused(here: Path, over: str, options: dict[str, Any], message: str) -> None:
    """With what is; nothing is written."""
    with pytest.raises(UsageError, match=message):
        handed(over, **options)
    assert [path.name for path in (here / "problems").iterdir()] == ["trio.toml"]


@pytest.mark.parametrize(
    "name",
    [
        "..", "../x", "out/../../x", "/etc/x", "//host/x", "\\\\host\\x", "C:\\x",
        "C:x", "out\\..\\..\\x", "~/x", ".", "./x", "out/.hidden",
        "out//x", "out/", "/",
        "out/x\0", "out/x\n", "out/x.", "out/ x", "out/" + "x" * 201, 'a"b', "a<b", "out/\u202ex", "", None, 3, ["x"],
    ],
)  # fmt: skip
def test_a_place_that_leads_out_is_refused(tmp_path: Path, name: Any) -> None:
    """By steps back, by a root, a drive, a home, a hidden name, or by what is no name of a file."""
    with pytest.raises(UsageError, match="place: got"):
        inside(tmp_path, name)


def test_a_link_on_the_way_is_refused(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whether it is the folder, one above it, or one to a place that is not there; nothing is written behind it."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (here / "problems" / "linked").symlink_to(elsewhere)
    (here / "problems" / "dangling").symlink_to(elsewhere / "none")
    for place in ("linked", "linked/x", "linked/x/y", "dangling"):
        for over in ("folder", "page", "figures", "comparison"):
            with pytest.raises(UsageError, match="is a link; links are not followed"):
                handed(over, place=place)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("smart-speaker 2", "smart-speaker 2"),
        ('the "big" one?', "the -big- one-"),
        ("a\nb\u202ec\\d", "a-b-c-d"),
        (" .hidden. ", "hidden"),
        ("...", "design"),
        ("ü" * 120, "ü" * 75),
        ("x.v2", "x.v2"),
    ],
)
def test_a_place_after_the_file_is_taken_whatever_its_name_is(tmp_path: Path, stem: str, name: str) -> None:
    """A file may have a name that a page may not give to a place."""
    assert plain_name(stem) == name
    assert inside(tmp_path, f"out/{name}-csv") == tmp_path / "out" / f"{name}-csv"


def test_a_place_below_the_folder_is_taken(tmp_path: Path) -> None:
    """Also in folders that are not there yet, with names of any language."""
    assert inside(tmp_path, "out/Büro 2/v1.0") == tmp_path / "out" / "Büro 2" / "v1.0"


def test_the_drawn_folder_of_a_changed_state_is_what_its_command_writes(
    here: Path, drawn: None, designer_command: Command
) -> None:
    """Its figures and its page too (which take the seconds), of a state of one channel that differs from the file in keys."""
    (here / "problems" / "trio.toml").write_text(toml(trio("left")))
    state = document()
    state.set({TAPS: 48, "designs.left.max_effort_db": None, "listener.position_m[0]": 0.65})
    _, command = repeated(state, designer_command)
    assert shlex.split(command)[3:9:2] == ["--set"] * 3


def test_figures_are_what_the_command_writes(here: Path, drawn: None, designer_command: Command) -> None:
    """Of one kind, as PNG."""
    handed("folder")
    state = handed("figures", only=["layout"], format="png", dpi=40)
    options = ["--only", "layout", "--format", "png", "--dpi", "40", "-o", "elsewhere"]
    assert designer_command("figures", "problems/out/trio", *options).code == 0
    assert files(Path(state.path)) == files(here / "elsewhere")


def test_the_page_is_that_of_the_folder(here: Path, drawn: None) -> None:
    """`report.html` as the folder beside it would have it, alone in a file."""
    handed("folder")
    state = handed("page")
    assert state.path == "problems/out/trio.html"
    assert Path(state.path).read_bytes() == Path("problems/out/trio/report.html").read_bytes()
    assert handed("page", place="for you").path == "problems/for you/trio.html"
