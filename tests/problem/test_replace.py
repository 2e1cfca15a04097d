"""Problems with other values: their text is what a person would have written, and what is saved of them regenerates them."""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import run
from hypothesis import given
from hypothesis import strategies as st

import designer
from designer.errors import ProblemError, UsageError
from designer.problem.replacing import edited

ROOT = Path(__file__).parents[2]
TEXT = """# A pair in a lid.
title = "Pair"  # as on the box
sample_rate_hz = 16000

[[drivers]]  # the listener's left
name = "left"
position_m = [0.0, -0.08, 0.0]  # metres

[[drivers]]
name = "right"
position_m = [0.0, 0.08, 0.0]

[listener]
position_m = [1.0, 0.0, 0.0]
head = "points"

# What the left ear gets.
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [500, 4000]  # voices
cancellation_gain_db = [
    [500, 6],  # low
    [4000, 6],
]

[grid]
frequencies = 33
azimuth_step_deg = 10.0
"""


def lines_changed(problem: designer.Problem) -> dict[str, str]:
    """Line of TEXT -> what stands there; of added lines the line before has a break in it."""
    before, after = TEXT.splitlines(), problem.text.splitlines()
    assert len(before) == len(after)
    return {a: b for a, b in zip(before, after, strict=True) if a != b}


def test_one_value_changes_one_line() -> None:
    """Comments, blanks and order stay; the other problem is as it was."""
    problem = designer.loads(TEXT)
    other = problem.replace({"designs.left.band_hz[1]": 3000, "drivers[1].position_m": (0.0, 0.09, 0.0)})
    assert lines_changed(other) == {
        "band_hz = [500, 4000]  # voices": "band_hz = [500, 3000.0]  # voices",
        "position_m = [0.0, 0.08, 0.0]": "position_m = [0.0, 0.09, 0.0]",
    }
    assert other.designs[0].band_hz == [500.0, 3000.0]
    assert other.drivers[1].position_m == [0.0, 0.09, 0.0]
    assert problem.text == TEXT
    assert problem.changes == {}
    assert other.changes == {"designs.left.band_hz[1]": 3000, "drivers[1].position_m": [0.0, 0.09, 0.0]}


def test_keys_and_tables_come_and_go() -> None:
    """A key of no table yet, one of a default, and one left out; each text is read back to the same problem."""
    problem = designer.loads(TEXT)
    longer = problem.replace("realization.taps", 64)
    assert longer.text == TEXT + "\n[realization]\ntaps = 64\n"
    cloud = problem.replace("listener.ear_cloud_m", np.zeros((1, 3)))
    assert 'head = "points"\near_cloud_m = [[0.0, 0.0, 0.0]]\n' in cloud.text
    without = longer.replace("realization", None)
    assert tomllib.loads(without.text) == tomllib.loads(TEXT)
    assert without.changes == {"realization.taps": 64, "realization": None}
    for changed in (longer, cloud, without):
        assert designer.loads(changed.text).model_dump() == changed.model_dump()


@pytest.mark.parametrize("header", ["[grid]", "[realization]", "[tolerance]"])
def test_a_table_that_goes_leaves_what_is_behind_it(header: str) -> None:
    """Its header and its lines go; comments and blanks between them and the next table stay, as those before it do."""
    tables = {
        "[grid]": ["frequencies = 33  # coarse", "# of the circle", "azimuth_step_deg = 10.0"],
        "[realization]": ["taps = 64"],
        "[tolerance]": ["gain_db = 1.0", "phase_deg = 2.0  # measured"],
    }
    head = TEXT.partition("[grid]")[0]
    parts = {name: "\n".join([name, *lines, ""]) for name, lines in tables.items()}
    text = head + "".join(f"# Before {name}\n{part}\n# Behind {name}\n# Two lines.\n\n" for name, part in parts.items())
    changed = designer.loads(text).replace(header.strip("[]"), None)
    assert changed.text == text.replace(parts[header], "")


def test_a_longer_or_shorter_list_keeps_the_comments_of_what_stays() -> None:
    """A driver or a curve's point more or less adds or takes its own lines alone; a comment ahead of a header stays ahead of it."""
    text = TEXT.replace("[listener]", "# The head.\n[listener]")
    data = tomllib.loads(text)
    third = {"name": "middle", "position_m": [0.0, 0.0, 0.0]}
    written = '[[drivers]]\nname = "middle"\nposition_m = [0.0, 0.0, 0.0]\n\n'
    left, right = data["drivers"]
    longer = edited(text, {**data, "drivers": [left, right, third]})
    assert longer == text.replace("# The head.", f"{written}# The head.")
    between = edited(text, {**data, "drivers": [left, third, right]})
    assert between == text.replace('[[drivers]]\nname = "right"', f'{written}[[drivers]]\nname = "right"')
    assert edited(longer, data) == edited(between, data) == text
    problem = designer.loads(text)
    curve = "designs.left.cancellation_gain_db"
    point = problem.replace(curve, [[500, 6], [1000, 9], [4000, 6]])
    assert point.text == text.replace("# low\n", "# low\n    [1000, 9],\n")
    assert problem.replace(curve, [[4000, 6]]).text == text.replace("    [500, 6],  # low\n", "")


def test_tables_of_a_problem_are_values() -> None:
    """A driver, or all of them, of one problem put into another: the keys that its file sets."""
    problem = designer.loads(TEXT)
    louder = problem.replace("drivers.left.max_gain_db", 3)
    for key, value in {"drivers": louder.drivers, "drivers[0]": louder.drivers[0]}.items():
        other = problem.replace(key, value)
        assert other.drivers == louder.drivers
        assert tomllib.loads(other.text) == tomllib.loads(louder.text)
    assert problem.replace({"grid": problem.grid, "listener": problem.listener}).text == TEXT


def test_copies_of_pydantic_have_their_own_text() -> None:
    """What `model_copy` changed stands in the text; a copy that changes nothing has the text as it was."""
    problem = designer.loads(TEXT)
    assert problem.model_copy().text == TEXT
    copy = problem.model_copy(update={"grid": problem.grid.model_copy(update={"frequencies": 65})})
    assert lines_changed(copy) == {"frequencies = 33": "frequencies = 65"}
    assert copy.changes == {"grid": {"frequencies": 65, "azimuth_step_deg": 10.0}}
    assert copy.replace("sample_rate_hz", 8000).changes == {**copy.changes, "sample_rate_hz": 8000}
    with pytest.raises(ProblemError, match=r"grid.frequencies: got 1; expected a whole number from 3"):
        _ = problem.model_copy(update={"grid": problem.grid.model_copy(update={"frequencies": 1})}).text


def test_the_default_cloud_that_gives_way_is_no_change() -> None:
    """A listener too near for the default cloud is a change of the loader's, not of the user's."""
    near = (
        TEXT.replace("[1.0, 0.0, 0.0]", "[0.06, 0.0, 0.0]").replace('"points"', '"sphere"')
        + "azimuth_distance_m = 1.0\n"
    )
    problem = designer.loads(near)
    assert problem.listener.one_place_because
    assert problem.text == near
    assert problem.changes == {}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "realization.taps",
            3,
            r"problem: 1 fault\n  realization.taps: got 3; expected a whole number from 8 to 65536",
        ),
        ("designs.left.band_hz", [9000, 1], r"designs\[0\].band_hz: got \[9000.*swap the two"),
        ("drivers.left.name", "right", r"drivers\[1\].name: got \"right\", the name of drivers\[0\] already"),
        ("listener", None, r"listener: required key is missing"),
    ],
)
def test_faults_are_the_loaders(key: str, value: Any, message: str) -> None:
    """A value is refused in the words that the file would be refused in."""
    with pytest.raises(ProblemError, match=message):
        designer.loads(TEXT).replace(key, value)


def test_a_key_that_names_nothing() -> None:
    """The message is that of `designer sweep --vary`."""
    with pytest.raises(UsageError, match=r'^replace: designs: got "lef", which is no name in it; .*designs.left.ear$'):
        designer.loads(TEXT).replace("designs.lef.ear", "left")
    with pytest.raises(UsageError, match=r"^key: got {1: 2} \(dict\); expected str or Mapping\[str, Any\]$"):
        designer.loads(TEXT).replace({1: 2})  # type: ignore[dict-item] # what is refused


@pytest.mark.parametrize("value", [object(), {1, 2}, 1 + 2j, b"64", [None]])
def test_a_value_that_toml_has_not(value: object) -> None:
    """It is refused as an argument, not by the reader of the text that it would give."""
    if value == [None]:  # None alone leaves a key out
        with pytest.raises(ProblemError, match="band_hz"):
            designer.loads(TEXT).replace("designs.left.band_hz", value)
        return
    with pytest.raises(UsageError, match=r"^value: got .*; expected a value that TOML has, or None$"):
        designer.loads(TEXT).replace("realization.taps", value)


DATA = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.text(max_size=3) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)
TABLES = st.dictionaries(st.text(min_size=1, max_size=3), DATA, max_size=4)


@given(TABLES, TABLES)
def test_an_edited_text_holds_the_data(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Whatever tables are turned into whatever others, the text is read as the others by the language's own reader."""
    assert tomllib.loads(edited(edited("", before), after)) == after


def regenerated(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The command that a folder records, run into another folder: that folder's coefficients."""
    *command, out = shlex.split(json.loads((folder / "summary.json").read_text("utf-8"))["command"])
    assert Path(out) == folder
    again = folder.with_name("again")
    run(capsys, monkeypatch, *command[1:], str(again))
    return (again / "coefficients.csv").read_text("utf-8")


@pytest.mark.parametrize(
    "values",
    [
        {"realization.taps": 64, "designs.left.max_effort_db": 3},
        {"title": 'it\'s a "pair"', "designs.*.band_hz": [600.0, 3000.0], "grid.azimuth_step_deg": None},
        {"designs[0].cancellation_gain_db[1][1]": 9, "drivers.right": {"name": "right", "position_m": [0, 0.1, 0]}},
    ],
)
def test_the_recorded_command_regenerates_the_filters(
    values: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of the folder, run as a shell would, gives the same filters and problem, also from the folder opened again."""
    (tmp_path / "pair.toml").write_text(TEXT, encoding="utf-8")
    problem = designer.load(tmp_path / "pair.toml").replace(values)
    saved = designer.design(problem).save(tmp_path / "saved", report=False)
    coefficients = (saved / "coefficients.csv").read_text("utf-8")
    assert regenerated(saved, capsys, monkeypatch) == coefficients
    assert designer.open(tmp_path / "again").problem.text == problem.text
    opened = designer.open(saved)
    assert opened.problem.changes == problem.changes
    assert regenerated(opened.save(tmp_path / "once more", report=False), capsys, monkeypatch) == coefficients


def test_a_problem_without_a_file_is_made_again_from_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recorded command, parted as a shell would and run as Python would, reads the problem where it is: in the folder itself."""
    problem = designer.loads(TEXT).replace("realization.taps", 64)
    saved = designer.design(problem).save(tmp_path / 'it\'s "saved"', report=False)
    before = {path.name: path.read_bytes() for path in saved.glob("*.csv")}
    facts = json.loads((saved / "summary.json").read_text("utf-8"))
    name, option, code = shlex.split(facts["command"])
    assert (name, option) == ("python", "-c")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "the recorded command", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().err == ""
    assert {path.name: path.read_bytes() for path in saved.glob("*.csv")} == before
    again = json.loads((saved / "summary.json").read_text("utf-8"))
    assert {key: again[key] for key in ("problem", "command", "changes")} == {
        key: facts[key] for key in ("problem", "command", "changes")
    }
