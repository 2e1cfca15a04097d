"""`designer compare`: what it writes, what it refuses and how it says so, and that the folder appears whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from command import run
from toml_text import pair, toml

import designer
from designer.commands.import_coefficients import import_coefficients
from designer.errors import UsageError
from designer.search import compare


def problem(folder: Path, stem: str, **of_design: object) -> str:
    tables = pair() | {"title": f"Pair <script>alert('{stem}')</script>"}
    tables["designs"][0] |= of_design
    path = folder / f"{stem}.toml"
    path.write_text(toml(tables), encoding="utf-8")
    return str(path)


def test_folders_and_problems_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Namesakes are told apart; a second run replaces the folder; the exit code is 0, though a requirement is missed."""
    one, other = problem(tmp_path, "a"), problem(tmp_path, "b", cancellation_gain_db=[[500, 60]], max_effort_db=3.0)
    folder = designer.design(designer.load(one)).save(tmp_path / "designs" / "a")
    out = tmp_path / "side"
    for _ in range(2):
        ended = run(capsys, monkeypatch, "compare", str(folder), one, other, "-o", str(out), "--points-per-octave", "1")
        assert (ended.code, ended.out) == (0, f"wrote {out} (open {out / 'comparison.html'})\n")
    assert {path.name for path in out.iterdir()} == {
        "comparison.html", "comparison.csv", "comparison.json", "designer-manifest.json"
    }  # fmt: skip
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    table = pd.read_csv(out / "comparison.csv")
    first, second, third = dict.fromkeys(table.design)
    assert first == "designs/a" and second.endswith("/a") and third == "b"
    same = table[table.design == first].value.to_numpy() - table[table.design == second].value.to_numpy()
    assert abs(same).max() < 1e-9
    page = (out / "comparison.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "Pair &lt;script&gt;alert" in page


def test_designs_of_two_scenes_are_told_apart() -> None:
    """Of two enclosures a sentence says that each is judged in its own, and its remedy does judge both in one; two curves need none."""
    free, lower = designer.loads(toml(pair())), pair()
    lower["designs"][0]["cancellation_gain_db"] = [[500, 6]]
    assert compare.compare({"free": free, "lower": designer.loads(toml(lower))}).notes == ()
    on_sphere = designer.loads(toml(pair() | {"enclosure": {"model": "sphere", "radius_m": 0.08}}))
    designs = {"free": designer.design(free), "sphere": designer.design(on_sphere)}
    (note,) = compare.compare(designs).notes
    assert note.startswith(
        "each design is judged in its own enclosure, as enclosure.radius_m and enclosure.model differ; to judge"
    )
    assert "designer import-coefficients OUT --problem OTHER.toml -o JUDGED" in note
    with tempfile.TemporaryDirectory() as folder:
        there = import_coefficients(designs["free"].save(Path(folder) / "free", report=False), on_sphere)
    assert compare.compare({"free": there, "sphere": designs["sphere"]}).notes == ()
    three = pair()
    three["drivers"].append({"name": "third", "position_m": [0.0, 0.0, 0.1]})
    three["designs"][0]["drivers"] = ["left", "right"]
    (note,) = compare.compare({"free": designs["free"], "three": designer.loads(toml(three))}).notes
    assert (
        note.startswith("each design is judged in its own scene, as drivers[third].")
        and "import-coefficients" not in note
    )


def test_numbers_over_several_bands_are_told_as_such(tmp_path: Path) -> None:
    """Means over two bands have a note with both, and the table's heading too; the bands are those of the designs."""
    table = pair()
    table["designs"][0]["band_hz"] = [300.0, 1500.0]
    made = compare.compare({"wide": designer.loads(toml(pair())), "low": designer.loads(toml(table))})
    (note,) = made.notes
    low, high = pair()["designs"][0]["band_hz"]
    bands = f"{low:g} to {high:g} Hz of wide and 300 to 1500 Hz of low"
    assert note.startswith(f"numbers of left are each over the design's own band, {bands}, ")
    page = (made.save(tmp_path / "page") / "comparison.html").read_text(encoding="utf-8")
    assert f"each over its own band: {bands}" in page


def test_one_problem_by_many_methods(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each method designs the channels that can take it; a key of another method goes; a channel that cannot is named."""
    tables = pair()
    tables["designs"][0] |= {"method": "matrix", "matrix_gains": [1.0, 0.0]}
    tables["designs"].append(
        {"name": "beam", "kind": "beamformer", "look_deg": 0.0, "nulls_deg": [90.0], "band_hz": [500.0, 2000.0]}
    )
    path = tmp_path / "two.toml"
    path.write_text(toml(tables), encoding="utf-8")
    out = tmp_path / "side"
    value = ["compare", str(path), "--methods", "matrix, power-ratio,superdirective", "-o", str(out)]
    ended = run(capsys, monkeypatch, *value)
    assert ended.code == 0
    assert ended.err.splitlines() == [
        'note: superdirective: the channel "left" cannot take it (method: got "superdirective" in a design of kind "ctc"; expected'
        ' only with kind = "beamformer"; for the quietest contralateral ear use "acoustic-contrast"), so it is left out'
    ]
    table = pd.read_csv(out / "comparison.csv")
    assert {tuple(key) for key in table[["design", "channel"]].drop_duplicates().to_numpy()} == {
        ("matrix", "left"), ("power-ratio", "left"), ("matrix", "beam"), ("power-ratio", "beam"), ("superdirective", "beam"),
    }  # fmt: skip


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message names the item, what was found and what is allowed; nothing is written."""
    one, other = problem(tmp_path, "a"), problem(tmp_path, "b", name="links")
    empty = tmp_path / "empty"
    empty.mkdir()
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "mine.txt").write_text("kept", encoding="utf-8")
    out = tmp_path / "out"

    def refused(*arguments: str, to: Path = out) -> tuple[int, str]:
        ended = run(capsys, monkeypatch, "compare", *arguments, "-o", str(to))
        assert not out.exists()
        return ended.code, ended.err.strip()

    code, message = refused(one, str(empty))
    assert (code, message) == (
        3,
        f"error: {empty}: got no summary.json of this tool; expected a design folder or a problem file; choose another folder, or run"
        " `designer design` first",
    )
    assert refused(one, str(tmp_path / "none.toml"))[0] == 3
    code, message = refused(one, other)
    assert code == 3 and "got no channel that two designs share: a has left; b has links" in message
    code, message = refused(one)
    assert code == 2 and "got one design to compare; expected two or more" in message
    code, message = refused(*[one] * 21)
    assert code == 2 and "got 21 designs to compare; expected at most 20" in message
    code, message = refused(one, "--methods", "matrix,least-square")
    assert (
        code == 2 and 'got "least-square"; expected auto, ' in message and 'nearest known: "least-squares"' in message
    )
    code, message = refused(one, "--methods", "matrix,matrix")
    assert code == 2 and 'got "matrix" twice' in message
    code, message = refused(one, other, "--methods", "matrix")
    assert code == 2 and "got 2 problems; expected one" in message
    code, message = refused(one, "--methods", "superdirective")
    assert code == 2 and f'no channel of {one} can be designed by "superdirective"' in message
    code, message = refused(one, one, "--show", "c")
    assert code == 2 and '--show: got "c"; expected ' in message
    code, message = refused(one, one, to=taken)
    assert code == 2 and f"{taken}: a folder with other files in it (mine.txt)" in message
    assert [path.name for path in taken.iterdir()] == ["mine.txt"]


def test_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that cannot be made leaves what was there, and nothing beside it."""
    result = compare.compare([problem(tmp_path, "a"), problem(tmp_path, "b")])
    out = result.save(tmp_path / "side")
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fails(*_: object) -> str:
        raise UsageError("no page today")

    monkeypatch.setattr("designer.report.comparison_page.render", fails)
    with pytest.raises(UsageError, match="no page today"):
        result.save(out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"a.toml", "b.toml", "side"}


def test_labels_are_never_alike(tmp_path: Path) -> None:
    """Files of one name are told by their folder, the same file given twice by a number."""
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        problem(tmp_path / name, "a")
    value = [str(tmp_path / "x" / "a.toml"), str(tmp_path / "y" / "a.toml"), str(tmp_path / "y" / "a.toml")]
    assert compare.labels(value) == ["x/a", "y/a (1)", "y/a (2)"]
