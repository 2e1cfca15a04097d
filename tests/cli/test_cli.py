"""The command: what it prints and writes, its exit codes, and that nothing half-written is ever left behind."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.io.wavfile
from command import Command
from toml_text import pair, toml

from designer import errors, job
from designer.export import Export, FilterSet, write
from designer.folders import write as design_folder
from designer.problem import schema
from designer.report import figures, page
from designer.report.figures import Picture
from designer.report.page_data import BLOCK
from designer.report.script import with_minus
from designer.result import Result
from designer.writing import folders

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with `tiny.toml`, a problem that is designed in a moment."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.toml").write_text(toml(pair()), encoding="utf-8")
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, and every folder, with what it holds."""
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else b"" for p in sorted(root.rglob("*"))}


def asked_too_much() -> dict[str, Any]:
    problem = pair()
    problem["designs"][0] |= {"cancellation_gain_db": [[500, 60]], "max_effort_db": 3.0}
    return problem


def test_check_explains(here: Path, designer_command: Command) -> None:
    """`check` says who sits on which side of the listener, what is asked for, and writes nothing."""
    before = contents(here)
    ended = designer_command("check", "tiny.toml")
    assert ended.code == errors.EXIT_DONE
    assert ended.err == ""
    assert re.search(r"^  left +8\.0 cm to the left +\[0, -0\.08, 0\]", ended.out, re.MULTILINE)
    assert re.search(r"^  right +8\.0 cm to the right +\[0, 0\.08, 0\]", ended.out, re.MULTILINE)
    assert 'design "left": ctc, bright at the left ear, 500 to 4000 Hz' in ended.out
    assert contents(here) == before


def test_check_draws_only_when_asked(here: Path, designer_command: Command) -> None:
    """With -o `check` writes its figure into that folder, and says so."""
    ended = designer_command("check", "tiny.toml", "-o", "drawn")
    assert ended.code == errors.EXIT_DONE
    assert set(contents(here)) == {"tiny.toml", "drawn", "drawn/layout.svg", "drawn/designer-manifest.json"}
    assert ended.out.endswith("wrote drawn/layout.svg\n")


def test_check_warns_of_slips(here: Path, designer_command: Command) -> None:
    """A driver whose name says the other side is warned of on the error stream, and is no error."""
    problem = pair()
    problem["drivers"][0]["name"], problem["drivers"][1]["name"] = "right", "left"
    (here / "swapped.toml").write_text(toml(problem), encoding="utf-8")
    ended = designer_command("check", "swapped.toml")
    assert ended.code == errors.EXIT_DONE
    assert ended.err.count("warning: drivers[") == 2


def test_design_writes_a_folder(here: Path, designer_command: Command) -> None:
    """`design` ends with 0, says what was reached and where it is, and writes out/<problem's file name> and nothing else."""
    ended = designer_command("design", "tiny.toml")
    assert ended.code == errors.EXIT_DONE
    assert "left: 6 dB asked from 500 Hz to 4 kHz, at the listener's one place; met at every frequency" in ended.out
    assert "wrote out/tiny (open out/tiny/report.html)\n" in ended.out
    assert {path.name for path in here.iterdir()} == {"tiny.toml", "out"}
    assert {path.name for path in (here / "out").iterdir()} == {"tiny"}
    assert json.loads((here / "out/tiny/summary.json").read_text(encoding="utf-8"))["exit_code"] == 0


def test_taps_beyond_full_scale_are_said(here: Path, designer_command: Command) -> None:
    """Where `filters.wav` itself holds more than full scale, the command, the summary and the page say so, and nowhere else."""
    loud = pair()
    for driver, y_m in zip(loud["drivers"], (-0.01, 0.01), strict=True):
        driver["position_m"] = [0.0, y_m, 0.0]
    loud["designs"][0] |= {"band_hz": [1000.0, 8000.0], "cancellation_gain_db": [[1000, 20]]}
    (here / "loud.toml").write_text(toml(loud), encoding="utf-8")
    for name in ("loud", "tiny"):
        ended = designer_command("design", f"{name}.toml")
        assert ended.code == (errors.EXIT_MISSED if name == "loud" else errors.EXIT_DONE)
        _, samples = scipy.io.wavfile.read(here / f"out/{name}/filters.wav")
        largest = float(np.abs(samples).max())
        message = f"filters.wav: taps up to {largest:.3g}, beyond the full scale of 1"
        summary = json.loads((here / f"out/{name}/summary.json").read_text(encoding="utf-8"))
        page = (here / f"out/{name}/report.html").read_text(encoding="utf-8")
        notes = [line for line in ended.err.splitlines() if line.startswith("note: ")]
        assert [text for text in summary["notes"] if text.startswith(message)] == summary["notes"][-1:] * (
            name == "loud"
        )
        assert notes == [f"note: {text}" for text in summary["notes"]]
        assert (message in page) == (largest > 1.0) == (name == "loud")


def test_an_export_that_is_refused_is_said(
    here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that does not hold the filters once they are known is left out with its reason: here, on the page and in `export.json`."""
    problem = pair() | {"export": {"targets": ["cmsis-q15", "csv"]}}
    (here / "asked.toml").write_text(toml(problem), encoding="utf-8")
    result = write.export_of
    why = "target cmsis-q15: got a coefficient of 200; expected -128 to 128"

    def made_or_refused(filters: FilterSet, name: str) -> Export:
        if name == "cmsis-q15":
            raise errors.UsageError(why)
        return result(filters, name)

    monkeypatch.setattr(write, "export_of", made_or_refused)
    ended = designer_command("design", "asked.toml", "-o", "out")
    assert (ended.code, ended.err.splitlines()[-1]) == (errors.EXIT_DONE, f"warning: export left out: {why}")
    assert {path.name for path in (here / "out/export").iterdir()} == {"csv"}
    entries = json.loads((here / "out/export.json").read_text(encoding="utf-8"))
    assert (entries["cmsis-q15"], "files" in entries["csv"]) == ({"refused": why}, True)
    assert f"not written: {with_minus(why)}" in (here / "out/report.html").read_text(encoding="utf-8")


def test_infeasible(here: Path, designer_command: Command) -> None:
    """What is infeasible as asked ends with 4: the best compromise is written, and named as such."""
    (here / "greedy.toml").write_text(toml(asked_too_much()), encoding="utf-8")
    ended = designer_command("design", "greedy.toml", "-o", "best")
    assert ended.code == errors.EXIT_INFEASIBLE
    assert ended.err.count('designs[0] "left" is infeasible as asked; the best compromise is written\n') == 1
    assert re.search(
        r"^left: .*; the curve infeasible by up to \d+\.\d dB \(at .* Hz, where no weights reach more than \d+\.\d dB within the"
        r" effort limit\) from 500 Hz to [\d.]+ kHz, \d+ % of the band; the effort limit of 3 dB binds",
        ended.out,
        re.MULTILINE,
    )
    assert (here / "best/coefficients.csv").is_file()
    assert json.loads((here / "best/summary.json").read_text(encoding="utf-8"))["exit_code"] == 4


def test_too_much_asked(here: Path, designer_command: Command) -> None:
    """The library's infeasible problem ends with 4; its message names the constraint, and its band and dB are those of the table."""
    ended = designer_command("design", str(PROBLEMS / "too-much-asked.toml"), "-o", "out")
    assert ended.code == errors.EXIT_INFEASIBLE
    message = re.search(
        r"^left: .*; the curve infeasible by up to (?P<db>\d+\.\d) dB \(at (?P<worst>\d+) Hz, .*\)"
        r" from (?P<low>\d+) Hz to (?P<high>[\d.]+) kHz",
        ended.out,
        re.MULTILINE,
    )
    assert message is not None, ended.out
    report = json.loads(Path("out/summary.json").read_text(encoding="utf-8"))["channels"]["left"]
    solved_hz = np.array(report["certificate"]["frequency_hz"])
    own_hz = pd.read_csv(
        "out/weights.csv"
    ).frequency_hz.unique()  # the design's own frequencies, without those half way between
    own = pd.DataFrame({"frequency_hz": solved_hz, "slack_db": report["slacks_db"]["cancellation_gain_db"]})
    own = own[own.frequency_hz.isin(own_hz)]
    short = own[own.slack_db > 0.1]
    worst = int(own.slack_db.to_numpy().argmax())
    assert float(message["db"]) == pytest.approx(own.slack_db.iloc[worst], abs=0.05)
    assert float(message["worst"]) == pytest.approx(own.frequency_hz.iloc[worst], abs=0.5)
    assert float(message["low"]) == pytest.approx(short.frequency_hz.iloc[0], abs=0.5)
    run_ends = short.frequency_hz.diff().gt(100).to_numpy().nonzero()[0]
    end_hz = short.frequency_hz.iloc[run_ends[0] - 1 if run_ends.size else -1]
    assert 1000 * float(message["high"]) == pytest.approx(end_hz, abs=50)
    metrics = pd.read_csv("out/metrics.csv").dropna(subset="slack_db")
    assert (metrics.status == np.where(metrics.slack_db > 0.1, "short", "met")).all()


def test_data_that_cannot_be_used(here: Path, designer_command: Command) -> None:
    """A head's file that is not SOFA ends with 3 and a message that names it; no folder is written."""
    problem = pair()
    problem["listener"]["head"] = "noise.sofa"
    (here / "tiny.toml").write_text(toml(problem), encoding="utf-8")
    (here / "noise.sofa").write_bytes(b"noise")
    before = contents(here)
    ended = designer_command("design", "tiny.toml")
    assert ended.code == errors.EXIT_BAD_INPUT
    assert re.match(r"error: noise\.sofa: .*; expected a SOFA file of the convention SimpleFreeFieldHRIR", ended.err)
    assert contents(here) == before


def test_an_overlay_is_read_before_anything_is_designed(here: Path, designer_command: Command) -> None:
    """A folder without a page ends with 3 and is named; one of this tool, and a measurement, stand in the page's data with their names."""
    (here / "empty").mkdir()
    before = contents(here)
    ended = designer_command("design", "tiny.toml", "--overlay", "empty")
    assert ended.code == errors.EXIT_BAD_INPUT
    assert "empty/report.html: No such file or directory; expected a design folder" in ended.err
    assert contents(here) == before
    (here / "measured.frd").write_text("100 1\n200 2\n", encoding="utf-8")
    assert designer_command("design", "tiny.toml", "-o", "first").code == errors.EXIT_DONE
    ended = designer_command("design", "tiny.toml", "-o", "out", "--overlay", "first", "--overlay", "measured.frd")
    assert ended.code == errors.EXIT_DONE
    block = BLOCK.search((here / "out/report.html").read_text(encoding="utf-8"))
    assert block is not None
    assert [overlay["name"] for overlay in json.loads(block[1])["overlays"]] == ["first", "measured.frd"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SolverError("stopped"), 5),
        (errors.DataError("unreadable"), 3),
        (errors.UsageError("wrong"), 2),
        (errors.OutputError("full"), 6),
    ],
)
def test_known_errors_end_with_their_code(
    error: errors.DesignerError, code: int, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stage it comes from, an error of the tree ends with its message, its exit code, and nothing written."""

    def stop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(job, "design", stop)
    before = contents(here)
    assert designer_command("design", "tiny.toml") == (code, "", f"error: {error}\n")
    assert contents(here) == before


def test_problems_lists_the_library(designer_command: Command) -> None:
    """`problems` names every file of the library with its title, and the folder that they are in."""
    ended = designer_command("problems")
    assert ended.code == errors.EXIT_DONE
    *lines, _, last = ended.out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(file.stem for file in PROBLEMS.glob("*.toml"))
    assert all(len(line.split(maxsplit=1)[1]) > 10 for line in lines)
    assert Path(last.removeprefix("The files are in ")).is_dir()


def test_schema(designer_command: Command) -> None:
    """`schema` prints a JSON schema: it knows every table and key, refuses others, and each reference of it leads somewhere."""
    ended = designer_command("schema")
    assert ended.code == errors.EXIT_DONE
    actual = json.loads(ended.out)
    assert actual["type"] == "object"
    assert set(actual["properties"]) == set(schema.Problem.model_fields)
    assert set(actual["required"]) == {"title", "sample_rate_hz", "drivers", "designs"}
    assert actual["anyOf"] == [{"required": ["listener"]}, {"required": ["listeners"]}]
    tables = [actual, *actual["$defs"].values()]
    assert all(table["additionalProperties"] is False for table in tables)
    references = set(re.findall(r'"#/\$defs/(\w+)"', ended.out))
    assert references == set(actual["$defs"])
    ear, beam = (actual["$defs"][kind] for kind in ("EarDesign", "BeamDesign"))
    assert (ear["properties"]["kind"]["enum"], beam["properties"]["kind"]["const"]) == (
        ["ctc", "null-steering"],
        "beamformer",
    )
    assert set(ear["required"]) == {"name", "kind", "band_hz", "ear"}
    assert set(beam["required"]) == {"name", "kind", "band_hz", "look_deg"}


@pytest.mark.parametrize("command", ["", "check", "convert", "design", "problems", "schema"])
def test_help(command: str, designer_command: Command) -> None:
    """--help ends with 0 and says what the command does and takes."""
    ended = designer_command(*command.split(), "--help")
    assert ended.code == errors.EXIT_DONE
    assert ended.out.startswith(f"Usage: designer {command}".rstrip())
    assert "--help" in ended.out
    if command in ("check", "design"):
        assert "PROBLEM.toml" in ended.out
        assert "-o" in ended.out
    if not command:
        assert all(word in ended.out for word in ("check", "convert", "design", "problems", "schema"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["desing", "tiny.toml"], "No such command 'desing'"),
        (["design"], "Missing argument 'PROBLEM.toml'"),
        (["design", "tiny.toml", "--output", "x"], "No such option: --output"),
        (["design", "tiny.toml", "-o"], "Option '-o' requires an argument"),
        (["check", "tiny.toml", "other.toml"], "unexpected extra argument"),
    ],
)
def test_wrong_usage(arguments: list[str], says: str, here: Path, designer_command: Command) -> None:
    """A command that is called wrongly ends with 2, says what is wrong, and writes nothing."""
    before = contents(here)
    ended = designer_command(*arguments)
    assert ended.code == errors.EXIT_USAGE
    assert says in ended.err
    assert contents(here) == before


def test_a_folder_of_others_is_refused(here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with other files in it ends with 2 before anything is designed, and is not touched."""
    monkeypatch.setattr(job, "design", lambda *_, **__: pytest.fail("was designed"))
    (here / "mine").mkdir()
    (here / "mine/thesis.txt").write_text("years of work", encoding="utf-8")
    (here / "theirs").mkdir()
    (here / "theirs/summary.json").write_text('{"writer": "another program"}', encoding="utf-8")
    (here / "odd").mkdir()
    (here / "odd/summary.json").write_bytes(b"[1, 2, \xff")
    (here / "file").write_text("a file", encoding="utf-8")
    before = contents(here)
    for name in ("mine", "theirs", "odd"):
        (held,) = (here / name).iterdir()
        message = (
            f"error: {name}: a folder with other files in it ({held.name}), and no designer-manifest.json of this tool;"
            " expected a new or empty folder, or a design folder of this version; move them, or "
        )
        ended = designer_command("design", "tiny.toml", "-o", name)
        assert (ended.code, ended.out) == (errors.EXIT_USAGE, "")
        assert ended.err.startswith(message)
        assert ended.err.endswith("choose another with -o\n")
    ended = designer_command("design", "tiny.toml", "-o", "file")
    assert ended.code == errors.EXIT_USAGE
    assert ended.err.startswith("error: file: file exists; expected a new or empty folder, or a design folder; choose")
    assert contents(here) == before


def test_its_own_folder_is_replaced(here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that this tool wrote is replaced whole: a figure that the new design has not is gone; an empty one is filled."""
    (here / "again").mkdir()
    drawn = figures.pictures

    def one_more(result: Result, kinds: Collection[str] | None = None) -> Mapping[str, Picture]:
        shown = drawn(result, kinds)
        return {**shown, "layout-2": shown["layout"]}

    monkeypatch.setattr(figures, "pictures", one_more)
    assert designer_command("design", "tiny.toml", "-o", "again").code == errors.EXIT_DONE
    first = contents(here / "again")
    monkeypatch.setattr(figures, "pictures", drawn)
    (here / "greedy.toml").write_text(toml(asked_too_much()), encoding="utf-8")
    assert designer_command("design", "greedy.toml", "-o", "again").code == errors.EXIT_INFEASIBLE
    second = contents(here / "again")
    assert set(second) == set(first) - {"figures/layout-2.svg"}
    assert second["metrics.csv"] != first["metrics.csv"]
    assert {path.name for path in here.iterdir()} == {"tiny.toml", "greedy.toml", "again"}


STOPS: list[BaseException] = [
    RuntimeError("stopped"),
    KeyboardInterrupt("stopped"),
    OSError(28, "No space left on device"),
]


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("stop", STOPS, ids=[type(stop).__name__ for stop in STOPS])
def test_nothing_half_written(stop: BaseException, older: bool, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stops the writing, no part of the new folder remains, and an older design is there as it was."""
    result = job.design(job_problem())
    if older:
        result.save(here / "out/tiny")
    before = contents(here)

    def render(*_: object, **__: object) -> str:
        raise stop

    monkeypatch.setattr(page, "render", render)  # the last file of all
    is_system = isinstance(stop, OSError)
    kind, says = (errors.OutputError, "no space left on device") if is_system else (type(stop), re.escape(str(stop)))
    with pytest.raises(kind, match=says):
        result.save(here / "out/tiny")
    after = contents(here)
    after.pop("out", None)
    before.pop("out", None)
    assert after == before


def test_an_older_design_survives_the_last_step(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The older folder comes back where the new one cannot be moved into its place, and the two cannot be exchanged."""
    result = job.design(job_problem())
    result.save(here / "out")
    before = contents(here)
    rename = Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(folders, "exchanged", lambda *_: False)
    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(
        errors.OutputError, match="out: cannot be written: input/output error; what was there before is kept"
    ):
        design_folder.write(result, here / "out")
    assert contents(here) == before


@functools.cache
def job_problem() -> schema.Problem:
    from designer.problem import loads

    return loads(toml(pair()))


def test_folders_of_all_kinds(here: Path, designer_command: Command) -> None:
    """A folder that lies deep, below a link, or has a space in its name is filled like any other; a link itself is refused."""
    (here / "real").mkdir()
    (here / "link").symlink_to("real")
    for name in ("deep/er/out", "link/out", "with space"):
        assert designer_command("design", "tiny.toml", "-o", name).code == errors.EXIT_DONE
        assert (here / name / "summary.json").is_file()
    ended = designer_command("design", "tiny.toml", "-o", "link")
    assert ended.code == errors.EXIT_USAGE
    assert ended.err == "error: link: a link to real; links are not followed; name the folder itself with -o\n"
    assert (here / "link").is_symlink()
    command = json.loads((here / "with space/summary.json").read_text(encoding="utf-8"))["command"]
    assert shlex.split(command) == ["designer", "design", "tiny.toml", "-o", "with space"]
    assert not [name for name in contents(here) if Path(name).name.startswith(".")]


def test_the_working_folder(here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the command runs in and those above it are never replaced, even where they are empty."""
    (here / "work").mkdir()
    monkeypatch.chdir(here / "work")
    for name in (".", "..", "../work", "../../" + here.name):
        ended = designer_command("design", "../tiny.toml", "-o", name)
        assert ended.code == errors.EXIT_USAGE
        assert ended.err == f"error: {name}: the command runs in this folder or below it; choose another with -o\n"
    assert set(contents(here)) == {"tiny.toml", "work"}


def test_a_place_that_cannot_be(here: Path, designer_command: Command) -> None:
    """A folder below a file cannot be made: exit code 2 with a message, not a traceback."""
    for command in ("check", "design"):
        ended = designer_command(command, "tiny.toml", "-o", "tiny.toml/out")
        assert ended.code == errors.EXIT_USAGE
        assert ended.err.startswith(
            "error: tiny.toml/out: tiny.toml is a file; expected a folder below folders; choose"
        )


def test_check_refuses_a_folder_of_others(here: Path, designer_command: Command) -> None:
    """`check -o` too leaves a folder with other files in it alone; where it drew before it draws again."""
    for _ in range(2):
        assert designer_command("check", "tiny.toml", "-o", "drawn").code == errors.EXIT_DONE
    (here / "theirs").mkdir()
    (here / "theirs/layout.svg").write_text("a city's", encoding="utf-8")
    before = contents(here)
    ended = designer_command("check", "tiny.toml", "-o", "theirs")
    assert ended.code == errors.EXIT_USAGE
    assert "theirs: a folder with other files in it (layout.svg)" in ended.err
    assert contents(here) == before


def test_one_target_a_command(here: Path, designer_command: Command) -> None:
    """A second --target is refused, instead of the first being left out without a word."""
    ended = designer_command("export", "out", "--target", "c", "--target", "csv")
    assert ended.code == 2
    assert "--target: got c, csv; expected one; run the command once a target" in ended.err
