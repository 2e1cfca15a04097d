"""A design folder whose files were edited, sorted, cut or mixed is opened as what it holds, or refused: never silently otherwise."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import designer
from designer.errors import DataError
from designer.folders.summary import seal
from designer.search.bank_folder import open_bank
from designer.search.sweep_store import opened as open_store
from designer.writing import MANIFEST
from folders.spoilt import ABSENT, ODD, edited, leaves, problem_of

FORMS = ("fir", "biquad")
TABLES = {"fir": ("coefficients.csv", "weights.csv"), "biquad": ("coefficients.csv", "weights.csv", "sections.csv")}
REFUSED = r"(got no summary\.json of this tool|a file of the design folder is missing or broken: .+; expected .+; .+$)"
CELLS = ("", "nan", "inf", "-inf", "x", "1e400", "-1", "1.5", "0", "99999999999999999999", "=A1", '"')


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of each form, without the manifest: what the content alone tells."""
    parent = tmp_path_factory.mktemp("saved")
    found = {form: designer.design(designer.loads(problem_of(form))).save(parent / form) for form in FORMS}
    for folder in found.values():
        (folder / MANIFEST).rename(folder.with_suffix(".json"))
    return found


def filters(design: designer.Design) -> str:
    """All that goes into a device, and what it is judged by, to the last bit."""
    sections = {
        (channel, driver): (one.b.tobytes(), one.a.tobytes(), one.delay_samples, one.gain.tobytes())
        for channel, each in design.sections.items()
        for driver, one in each.items()
    }
    arrays = [{name: values.tobytes() for name, values in each.items()} for each in (design.taps, design.weights)]
    tables = {name: (one.table, one.plain_names, one.frequency_hz.tobytes()) for name, one in design.channels.items()}
    scales = (design.shifts, design.finer_bits, design.references)
    return repr((design.drivers, arrays, sections, tables, scales, design.problem.model_dump()))


def opened_or_refused(folder: Path, whole: str, where: object) -> bool:
    """Whether it was opened, and then as it was saved; a refusal is one sentence with a remedy."""
    try:
        design = designer.open(folder)
    except DataError as error:
        assert re.search(REFUSED, str(error)), where
        assert "\n" not in str(error), where
        assert len(str(error)) < 900, where
        return False
    assert filters(design) == whole, where
    return True


@pytest.mark.parametrize("name", ["summary.json", "coefficients.csv", "weights.csv", "sections.csv"])
def test_a_hash_tells_what_the_content_cannot(name: str, folders: dict[str, Path], tmp_path: Path) -> None:
    """A digit changed in any file that a design is made of is refused by name where the folder has its manifest."""
    folder = shutil.copytree(folders["biquad"], tmp_path / "edited")
    shutil.copy(folders["biquad"].with_suffix(".json"), folder / MANIFEST)
    designer.open(folder)
    text = (folder / name).read_text(encoding="utf-8")
    at = max(n for n, letter in enumerate(text) if letter in "12345678")
    (folder / name).write_text(text[:at] + str(int(text[at]) + 1) + text[at + 1 :], encoding="utf-8")
    with pytest.raises(
        DataError, match=rf"{re.escape(name)}: .*another SHA-256 than when it was written|problem with the SHA"
    ):
        designer.open(folder)


@pytest.mark.parametrize("form", FORMS)
def test_edits_of_the_summary(
    form: str, folders: dict[str, Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Any key of `summary.json` set to null, to another type, to a huge, negative, infinite or empty value, or missing."""
    folder = shutil.copytree(folders[form], tmp_path / form)
    whole = filters(designer.open(folder))
    document = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    edits = [(path, value) for path in leaves(document) for value in ODD]
    assert len(edits) > 3000
    if not request.config.getoption("--long"):
        edits = random.Random(1).sample(edits, 35)
    outcomes = []
    for path, value in edits:
        (folder / "summary.json").write_text(edited(document, path, value), encoding="utf-8")
        outcomes.append(opened_or_refused(folder, whole, (path, "absent" if value is ABSENT else str(value)[:30])))
    assert 0 < sum(outcomes) < len(outcomes)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("realization", "taps"), "x", 'realization.taps: got "x"; expected a whole number;'),
        (("realization", "taps"), 10**9, "realization.taps: got 1000000000; expected at most 4,194,304;"),
        (("realization", "shifts", "left"), None, "realization.shifts.left: got null; expected a whole number;"),
        (("realization", "finer_bits"), {"left": [0]}, "realization.finer_bits.left: got 1 values; expected 2, one a"),
        (
            ("realization", "references"),
            {"x": "left"},
            'realization.references: got "x"; expected one of "left" or "beam"',
        ),
        (("realization", "study", "left", "stages", "ideal"), ABSENT, "realization.study.left.stages: got the keys"),
        (("realization", "promises_db"), {"left": "x"}, 'realization.promises_db.left: got "x"; expected a number;'),
        (("channels", "left", "slacks_db"), float("nan"), "channels.left.slacks_db: got nan; expected a table;"),
        (("channels", "left", "slacks_db", "max_effort_db", 0), float("nan"), "max_effort_db[0]: got nan; expected a"),
        (("channels", "left", "slacks_db", "max_effort_db"), [], "max_effort_db: got 0 values; expected"),
        (
            ("channels", "left", "plain", "drivers", 0),
            99,
            "channels.left.plain.drivers: got [99]; expected numbers from 0",
        ),
        (
            ("channels", "left", "plain", "gain", 0),
            -1e308,
            "channels.left.plain.gain[0]: got -1e+308; expected at least",
        ),
        (("channels", "left", "certificate", "gap"), [0.0], "channels.left.certificate.gap: got 1 values; expected"),
        (("channels", "left", "weights_costs_db", "effort_db"), ABSENT, "weights_costs_db: got the keys"),
        (("channels", "beam"), ABSENT, "channels.beam: no such key; expected each of the problem's designs;"),
        (("virtualizer",), {"taps": {"left": 3}}, "virtualizer: got a table; expected a table with a [virtualizer]"),
        (("imported_from",), 17, "imported_from: got 17; expected a text;"),
        (("bulk_delay_samples",), -1, "bulk_delay_samples: got -1; expected at least 0;"),
    ],
)
def test_edits_that_are_sealed_again(
    path: tuple[str | int, ...], value: object, words: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    """A key that a script edits and seals again is refused by its name, with what was got, what was expected, and the remedy."""
    folder = shutil.copytree(folders["fir"], tmp_path / "sealed")
    summary = folder / "summary.json"
    document = json.loads(edited(json.loads(summary.read_text(encoding="utf-8")), path, value))
    summary.write_text(json.dumps({**document, "seal": seal(document)}), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        designer.open(folder)
    assert str(refused.value).startswith(f"{summary}: a file of the design folder is missing or broken: ")
    assert words in str(refused.value)
    assert str(refused.value).endswith("; design it again, with this version")


def test_keys_that_are_not_known(folders: dict[str, Path], tmp_path: Path) -> None:
    """A key more, as a later version may write it, changes nothing."""
    folder = shutil.copytree(folders["fir"], tmp_path / "more")
    document = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    document["later"] = {"x": [1]}
    document["realization"]["later"] = None
    document["channels"]["left"]["later"] = 1
    (folder / "summary.json").write_text(json.dumps(document), encoding="utf-8")
    assert opened_or_refused(folder, filters(designer.open(folders["fir"])), "more keys")


def spoilt(text: str, draw: random.Random) -> tuple[str, str]:
    """A table's text after one accident, and what it was."""
    lines = text.splitlines(keepends=True)
    kind = draw.choice(["cell", "header", "less", "twice", "moved", "cut", "column", "name", "empty"])
    row = draw.randrange(1, len(lines))
    cells = lines[row].rstrip("\n").split(",")
    if kind == "cell":
        cells[draw.randrange(len(cells))] = draw.choice(CELLS)
        lines[row] = ",".join(cells) + "\n"
    elif kind == "header":
        lines[0] = draw.choice([lines[0][draw.randrange(1, 9) :], "", lines[0].upper(), lines[0].replace(",", ";")])
    elif kind == "less":
        del lines[row]
    elif kind == "twice":
        lines.insert(draw.randrange(1, len(lines)), lines[row])
    elif kind == "moved":
        other = draw.randrange(1, len(lines))
        lines[row], lines[other] = lines[other], lines[row]
    elif kind == "cut":
        return text[: draw.randrange(len(text) - 1)], kind
    elif kind == "column":
        lines[row] = lines[row].rstrip("\n") + ",1\n"
    elif kind == "name":
        cells[draw.randrange(2)] = "nobody"
        lines[row] = ",".join(cells) + "\n"
    else:
        lines = lines[: draw.randrange(2)]
    return "".join(lines), kind


@pytest.mark.parametrize("form", FORMS)
def test_accidents_of_the_tables(
    form: str, folders: dict[str, Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Tables with one cell, row, column or name changed, or cut anywhere; a cell that became another finite number is taken for an edit."""
    folder = shutil.copytree(folders[form], tmp_path / form)
    whole = filters(designer.open(folder))
    draw, count = random.Random(2), 40 if request.config.getoption("--long") else 15
    for name in TABLES[form]:
        text = (folder / name).read_text(encoding="utf-8")
        moved = 0
        for n in range(count):
            made, kind = spoilt(text, draw)
            (folder / name).write_text(made, encoding="utf-8")
            if kind == "cell" and _is_edit(text, made):
                continue
            moved += opened_or_refused(folder, whole, (name, n, kind)) and kind == "moved"
        (folder / name).write_text(text, encoding="utf-8")
        assert moved, name


def _is_edit(before: str, after: str) -> bool:
    """Whether the cell that differs holds a finite number still."""
    for first, second in zip(before.splitlines(), after.splitlines(), strict=False):
        for old, new in zip(first.split(","), second.split(","), strict=False):
            if old != new:
                return new in ("-1", "1.5", "0", "99999999999999999999")
    return False


@pytest.mark.parametrize("form", FORMS)
def test_rows_sorted_by_another_column(form: str, folders: dict[str, Path], tmp_path: Path) -> None:
    """Rows in any order, and columns in any order, are the same design: a spreadsheet sorts by tap."""
    folder = shutil.copytree(folders[form], tmp_path / form)
    whole = filters(designer.open(folder))
    for name in TABLES[form]:
        header, *rows = [line.split(",") for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        rows.sort(key=lambda cells: (float(cells[2]) if cells[2][0].isdigit() else 0.0, cells[::-1]))
        table = [[*cells[1:], cells[0]] for cells in [header, *rows]]
        (folder / name).write_text("\ufeff" + "".join(",".join(cells) + "\r\n" for cells in table), encoding="utf-8")
    assert opened_or_refused(folder, whole, "sorted")


def test_an_edited_tap_is_read(folders: dict[str, Path], tmp_path: Path) -> None:
    """A tap that the user moved by steps of the word is read as it stands; between two steps it is refused."""
    folder = shutil.copytree(folders["fir"], tmp_path / "edited")
    path = folder / "coefficients.csv"
    text = path.read_text(encoding="utf-8")
    line = text.splitlines()[1]
    design = designer.open(folder)
    step = 2.0 ** (design.shifts["left"] - 15)
    value = float(design.taps["left"][0, 0]) + 3 * step
    path.write_text(text.replace(line, f"left,left,0,{value!r}"), encoding="utf-8")
    again = designer.open(folder).taps["left"]
    assert again[0, 0] == value
    assert np.array_equal(again.ravel()[1:], design.taps["left"].ravel()[1:])
    path.write_text(text.replace(line, f"left,left,0,{value + step / 2!r}"), encoding="utf-8")
    with pytest.raises(DataError, match=r'taps of "left" that are no integers of the word "q15"; expected q 2\^'):
        designer.open(folder)


def test_a_missing_table_of_sections(folders: dict[str, Path], tmp_path: Path) -> None:
    """Without `sections.csv`, or with one of other filters, nothing is exported: the folder is refused."""
    folder = shutil.copytree(folders["biquad"], tmp_path / "sections")
    path = folder / "sections.csv"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    with pytest.raises(DataError, match=r"sections\.csv: .*there is no such file; expected a table with the columns"):
        designer.open(folder)
    rows = text.splitlines()
    cells = rows[1].split(",")
    cells[3] = repr(float(cells[3]) * 1.001)
    path.write_text("\n".join([rows[0], ",".join(cells), *rows[2:]]) + "\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"sections of \"left\", \"left\" whose response is up to .* off; expected the taps"
    ):
        designer.open(folder)


def test_data_of_other_folders(folders: dict[str, Path], tmp_path: Path) -> None:
    """A summary that points outside of its folder is refused: what is opened lies in it."""
    folder = shutil.copytree(folders["fir"], tmp_path / "outside")
    document = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    for place in ("/etc/hostname", "data/../../x", "../x"):
        document["data"] = {"left.sofa": place}
        (folder / "summary.json").write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(DataError, match=r'expected a path below "data/"'):
            designer.open(folder)


def test_another_problem(folders: dict[str, Path], tmp_path: Path) -> None:
    """A problem text that was edited in the summary is not what the filters were designed for."""
    folder = shutil.copytree(folders["fir"], tmp_path / "other")
    path = folder / "summary.json"
    path.write_text(path.read_text(encoding="utf-8").replace("16000", "48000"), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"problem with the SHA-256 [0-9a-f]{12}\.\.\.; expected .*, as problem_sha256 has it"
    ):
        designer.open(folder)


def test_what_is_no_folder_is_named_as_that(tmp_path: Path) -> None:
    """A path where nothing is, or a file, whatever folder of this tool it should be: nothing is said of files in it."""
    file = tmp_path / "file"
    file.touch()
    for path, words, remedy in (
        (tmp_path / "none", "no such folder", "mend the path, or run `designer "),
        (file, "got a file", "name the folder that it lies in"),
        (tmp_path, "got no ", "choose another folder, or run `designer "),
    ):
        for refused in (designer.open, open_store, open_bank):
            with pytest.raises(
                DataError,
                match=f"^{re.escape(str(path))}: {words}.*; expected a folder that `designer \\w+` wrote; {remedy}",
            ):
                refused(path)
        with pytest.raises(DataError, match=f": {words}.*; expected a folder that `designer design` wrote"):
            designer.proof(path, "c")
