"""Nothing of the user's is deleted or replaced: only files that a manifest names, as this tool wrote them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import Command, Ended
from toml_text import pair, toml

from designer import errors, job
from designer.problem import load
from designer.search.new_geometry import Geometry
from designer.search.sweep_point import Outcome, Task, measure
from writing.killed import contents


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a problem file and its design with one export, made once."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("made")
        (place / "p.toml").write_text(toml(pair()), encoding="utf-8")
        patch.chdir(place)
        from designer.export.of_design import filter_set
        from designer.export.write import write_in_design

        design = job.design(load("p.toml"))
        design.save("out")
        write_in_design(filter_set(design), Path("out"), ["cmsis-f32"])
    return place


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a copy of it, a problem and a design."""
    place = tmp_path / "here"
    shutil.copytree(made, place)
    monkeypatch.chdir(place)
    return place


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def refused(ended: Ended, says: str, code: int = errors.EXIT_USAGE) -> None:
    assert ended.code == code, ended.err
    assert says in ended.err
    assert "Traceback" not in ended.err


def test_a_copied_summary_makes_no_folder_this_tools(here: Path, designer_command: Command) -> None:
    """Beside a summary, and beside a whole manifest too, a thesis, sources and the problem itself stay; each is named."""
    work = here / "work"
    (work / "src").mkdir(parents=True)
    (work / "src/main.c").write_text("int main;", encoding="utf-8")
    (work / "thesis.tex").write_text("years", encoding="utf-8")
    shutil.copy(here / "p.toml", work / "p.toml")
    shutil.copy(here / "out/summary.json", work / "summary.json")
    before = contents(work)
    refused(
        designer_command("design", "p.toml", "-o", "work"),
        "work: a folder with other files in it (p.toml, src/, summary",
    )
    refused(
        designer_command("design", "work/p.toml", "-o", "work"),
        "work: work/p.toml, which the command reads, lies there",
    )
    assert contents(work) == before
    shutil.copy(here / "out/designer-manifest.json", work)
    refused(
        designer_command("design", "p.toml", "-o", "work"),
        "(p.toml, src/, thesis.tex), that designer-manifest.json does not",
    )
    (work / "designer-manifest.json").unlink()
    assert contents(work) == before


def test_what_a_user_puts_into_a_design_folder_stays(here: Path, designer_command: Command) -> None:
    """Measurements, a note, an empty folder and a link in a design folder are named, and --force does not take them either."""
    for name in ("my-measurements/", "empty/", "note.txt", "figures/mine.svg", "link"):
        path = here / "out" / name.rstrip("/")
        if name == "link":
            path.symlink_to(here / "p.toml")
        elif name.endswith("/"):
            path.mkdir()
        else:
            path.write_text("mine", encoding="utf-8")
        if name == "my-measurements/":
            (path / "on-axis.frd").write_text("20 80 0", encoding="utf-8")
        before = contents(here)
        for flags in ((), ("--force",)):
            ended = designer_command("design", "p.toml", "-o", "out", *flags)
            refused(ended, f"out: a folder with other files in it ({name}), that designer-manifest.json does not name")
        assert contents(here) == before
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert designer_command("design", "p.toml", "-o", "out").code == errors.EXIT_DONE


def test_an_edited_file_is_replaced_only_by_force(here: Path, designer_command: Command) -> None:
    """A file of a design that the user edited is named; --force replaces it, and a file that is gone is no matter."""
    (here / "out/weights.csv").unlink()
    (here / "out/metrics.csv").write_text("my own", encoding="utf-8")
    before = contents(here)
    refused(
        designer_command("design", "p.toml", "-o", "out"), "out: edited since it was written: metrics.csv; keep a copy"
    )
    assert contents(here) == before
    assert designer_command("design", "p.toml", "-o", "out", "--force").code == errors.EXIT_DONE
    assert (here / "out/metrics.csv").read_text(encoding="utf-8").startswith("channel,")
    assert not [name for name in names_in(here) if name.startswith(".")]


def test_a_folder_of_another_kind_is_not_replaced(here: Path, designer_command: Command) -> None:
    """No command replaces what another wrote."""
    assert designer_command("check", "p.toml", "-o", "drawn").code == errors.EXIT_DONE
    assert designer_command("compare", "p.toml", "p.toml", "-o", "side").code == errors.EXIT_DONE
    before = contents(here)
    refused(
        designer_command("design", "p.toml", "-o", "side"),
        "side: holds a comparison; expected a new or empty folder, or",
    )
    refused(designer_command("check", "p.toml", "-o", "out"), "out: holds a design folder; expected")
    refused(designer_command("compare", "p.toml", "p.toml", "-o", "out"), "out: holds a design folder; expected")
    refused(
        designer_command("export", "out", "--target", "wav", "-o", "out", "--force"), "out: holds a design folder; exp"
    )
    refused(
        designer_command("sweep", "p.toml", "--vary", "drivers.left.position_m[1]=0.1", "-o", "out"),
        "out: holds a design",
    )
    assert contents(here) == before


def test_what_is_read_is_not_what_is_written(here: Path, designer_command: Command) -> None:
    """An import's file may not lie in the folder that the import replaces."""
    before = contents(here)
    ended = designer_command("import-coefficients", "out/coefficients.csv", "--problem", "p.toml", "-o", "out")
    refused(ended, "out: out/coefficients.csv, which the command reads, lies there; choose another with -o")
    assert contents(here) == before


def test_data_that_a_problem_reads_is_not_replaced(here: Path, designer_command: Command) -> None:
    """A problem whose driver's file lies in a design folder, as its copy there, may not replace that folder; elsewhere it may."""
    (here / "flat.frd").write_text("".join(f"{f} 90.0 0.0\n" for f in range(20, 8001, 60)), encoding="utf-8")
    tables = pair()
    shutil.copy(here / "flat.frd", here / "also.frd")
    for name, second in (("q", "also.frd"), ("other", "out/data/1/*.frd")):
        for driver, file in zip(tables["drivers"], ("flat.frd", second), strict=True):
            driver["response"] = file
        (here / f"{name}.toml").write_text(toml(tables), encoding="utf-8")
    assert designer_command("design", "q.toml", "-o", "out").code == errors.EXIT_DONE
    before = contents(here)
    says = "out: out/data/1/also.frd, which the command reads, lies there; choose another with -o"
    refused(designer_command("design", "other.toml", "-o", "out", "--force"), says)
    refused(designer_command("import-coefficients", "p.toml", "--problem", "other.toml", "-o", "out", "--force"), says)
    with pytest.raises(errors.UsageError, match="which the command reads, lies there"):
        job.design(load("other.toml")).save("out", force=True)
    assert contents(here) == before
    assert designer_command("design", "other.toml", "-o", "elsewhere").code == errors.EXIT_DONE
    job.open_folder("out").save("out")  # its copies are its own
    assert job.open_folder("out").problem.data_files == ("flat.frd", "also.frd")


def test_export_replaces_its_own_files_only(here: Path, designer_command: Command) -> None:
    """A main.c beside an export stops it, and stays with --force; an edited header is replaced with --force alone; a link never."""
    export = here / "out/export/cmsis-f32"
    (export / "main.c").write_text("int main;", encoding="utf-8")
    refused(designer_command("export", "out", "--target", "cmsis-f32"), "other files in it (export/cmsis-f32/main.c)")
    assert designer_command("export", "out", "--target", "cmsis-f32", "--force").code == errors.EXIT_DONE
    assert (export / "main.c").read_text(encoding="utf-8") == "int main;"
    (export / "main.c").unlink()
    (header,) = export.glob("*.h")
    ours = header.read_bytes()
    header.write_text("my own", encoding="utf-8")
    refused(
        designer_command("export", "out", "--target", "cmsis-f32"),
        f"edited since it was written: export/cmsis-f32/{header.name}",
    )
    assert header.read_text(encoding="utf-8") == "my own"
    assert designer_command("export", "out", "--target", "cmsis-f32", "--force").code == errors.EXIT_DONE
    assert header.read_bytes() == ours
    entry = json.loads((here / "out/export.json").read_text(encoding="utf-8"))["cmsis-f32"]
    assert set(entry["files"]) == {path.name for path in export.iterdir()}
    (here / "elsewhere").mkdir()
    (here / "elsewhere/letter.txt").write_text("dear", encoding="utf-8")
    shutil.rmtree(here / "out/export")
    (here / "out/export").symlink_to(here / "elsewhere")
    for flags in ((), ("--force",)):
        ended = designer_command("export", "out", "--target", "cmsis-f32", *flags)
        refused(ended, f"out/export: a link to {here}/elsewhere; links are not followed; remove it first")
    assert names_in(here / "elsewhere") == {"letter.txt"}


def test_an_export_does_not_take_the_place_of_another(here: Path, designer_command: Command) -> None:
    """Of another target, prefix or problem: its files stay; the same export again replaces them, and --force any."""
    command = ("export", "out", "--target", "cmsis-f32", "-o", "firmware", "--prefix")
    assert designer_command(*command, "one").code == errors.EXIT_DONE
    before = contents(here / "firmware")
    shutil.copy(here / "p.toml", here / "q.toml")
    assert designer_command("design", "q.toml", "-o", "other").code == errors.EXIT_DONE
    for ended in (
        designer_command(*command, "two"),
        designer_command("export", "out", "--target", "hex", "-o", "firmware"),
        designer_command("export", "other", "--target", "cmsis-f32", "-o", "firmware"),
    ):
        refused(
            ended, "firmware: holds another export (one.c, one.h; designer design p.toml -o out/p && designer export"
        )
    assert contents(here / "firmware") == before
    assert designer_command(*command, "one").code == errors.EXIT_DONE
    assert contents(here / "firmware") == before
    assert designer_command(*command, "two", "--force").code == errors.EXIT_DONE
    assert names_in(here / "firmware") == {"two.c", "two.h", "export.json", "designer-manifest.json"}


def test_nothing_is_put_where_it_would_hold_up_a_design(here: Path, designer_command: Command) -> None:
    """A design folder takes its own exports; what would make a second folder of this tool in it is refused, in `export` too."""
    before = contents(here)
    says = "lies in out, a design folder, which could not be replaced any more; choose another place"
    for ended in (
        designer_command("export", "out", "--target", "wav", "-o", "out/export/wav"),
        designer_command("export", "out", "--target", "wav", "-o", "out/export/cmsis-f32", "--force"),
        designer_command("design", "p.toml", "-o", "out/again"),
        designer_command("check", "p.toml", "-o", "out/figures"),
        designer_command("compare", "out", "p.toml", "-o", "out/side"),
    ):
        refused(ended, says)
    assert contents(here) == before


def test_export_into_a_folder_of_documents(here: Path, designer_command: Command) -> None:
    """Documents stop it; --force writes beside them, also above the design; a foreign file of the same name stays in any case."""
    documents = here / "documents"
    documents.mkdir()
    (documents / "letter.txt").write_text("dear", encoding="utf-8")
    refused(
        designer_command("export", "out", "--target", "wav", "-o", "documents"),
        "documents: a folder with other files in it",
    )
    before = contents(here / "out")
    for _ in range(2):
        assert (
            designer_command("export", "out", "--target", "wav", "-o", "documents", "--force").code == errors.EXIT_DONE
        )
    assert (documents / "letter.txt").read_text(encoding="utf-8") == "dear"
    assert designer_command("export", "out", "--target", "csv", "-o", "documents", "--force").code == errors.EXIT_DONE
    entry = json.loads((documents / "export.json").read_text(encoding="utf-8"))["csv"]
    assert names_in(documents) == {"letter.txt", "export.json", "designer-manifest.json", *entry["files"]}
    other = here / "other"
    other.mkdir()
    (other / "export.json").write_text("{}", encoding="utf-8")
    for flags in ((), ("--force",)):
        ended = designer_command("export", "out", "--target", "wav", "-o", "other", *flags)
        refused(ended, "other: export.json is in the way, and no file of this tool; move it")
    assert (other / "export.json").read_text(encoding="utf-8") == "{}"
    refused(
        designer_command("export", "out", "--target", "wav", "-o", "..", "--force"), "the command runs in this folder"
    )
    assert contents(here / "out") == before


def test_a_sweep_takes_no_folder_of_others(
    here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty sweep.sqlite makes no folder a sweep; a best.toml that was edited is replaced by --force alone."""
    monkeypatch.setattr("designer.search.sweep_point.in_processes", one_after_the_other)
    vary = ("--vary", "designs.left.max_effort_db=6,9")
    (here / "mine").mkdir()
    (here / "mine/sweep.sqlite").touch()
    (here / "mine/letter.txt").write_text("dear", encoding="utf-8")
    before = contents(here)
    refused(designer_command("sweep", "p.toml", *vary, "-o", "mine"), "sweep.sqlite: got no sweep of this tool", 3)
    (here / "mine/sweep.sqlite").unlink()
    refused(
        designer_command("sweep", "p.toml", *vary, "-o", "mine"), "mine: a folder with other files in it (letter.txt)"
    )
    (here / "mine/sweep.sqlite").touch()
    assert contents(here) == before
    best = ("--best", "cancellation_gain_db")
    assert designer_command("sweep", "p.toml", *vary, "-o", "swept", *best).code == errors.EXIT_DONE
    (here / "swept/note.txt").write_text("mine", encoding="utf-8")
    assert designer_command("sweep", "-o", "swept", *best).code == errors.EXIT_DONE
    (here / "swept/best.toml").write_text("my own", encoding="utf-8")
    refused(designer_command("sweep", "-o", "swept", *best), "swept: edited since it was written: best.toml")
    refused(
        designer_command("sweep", "p.toml", *vary, "-o", "swept", *best),
        "swept: edited since it was written: best.toml",
    )
    assert (here / "swept/best.toml").read_text(encoding="utf-8") == "my own"
    assert designer_command("sweep", "-o", "swept", *best, "--force").code == errors.EXIT_DONE
    assert (here / "swept/best.toml").read_text(encoding="utf-8").startswith("# Written by")
    assert (here / "swept/note.txt").read_text(encoding="utf-8") == "mine"


def one_after_the_other(tasks: Iterable[Task], _: int) -> Iterator[tuple[Task, Outcome]]:
    return ((task, measure(task)) for task in tasks)


def test_files_alone(here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` and `render` replace neither a folder, a link, a device nor the input; an edited recording by --force alone."""
    monkeypatch.setattr("designer.search.starter.new_problem", lambda *_: ("text", []))
    (here / "real.toml").write_text("mine", encoding="utf-8")
    (here / "link.toml").symlink_to("real.toml")
    (here / "folder.toml").mkdir()
    for name, says in {
        "link.toml": "a link to real.toml; links are not followed",
        "folder.toml": "folder or device exists; expected a new file",
        "none/new.toml": "got no folder none",
        "real.toml/new.toml": "real.toml is a file; expected a folder",
    }.items():
        refused(designer_command("new", name, "--force"), f"{name}: {says}")
    refused(designer_command("new", "real.toml"), "real.toml: file exists; expected a new file")
    assert (here / "real.toml").read_text(encoding="utf-8") == "mine"
    assert designer_command("new", "real.toml", "--force").code == errors.EXIT_DONE
    assert (here / "real.toml").read_text(encoding="utf-8") == "text"
    (here / "p2.toml").write_text(toml(stereo()), encoding="utf-8")
    assert designer_command("design", "p2.toml", "-o", "two").code in (errors.EXIT_DONE, errors.EXIT_INFEASIBLE)
    soundfile.write(here / "in.wav", 0.1 * np.random.default_rng(1).standard_normal((2000, 2)), 16000, subtype="PCM_16")
    given = ("render", "two", "in.wav", "-o")
    refused(designer_command(*given, "in.wav", "--force"), "in.wav: is what the command reads")
    for _ in range(2):
        assert designer_command(*given, "feeds.wav").code == errors.EXIT_DONE
    ours = (here / "feeds.wav").read_bytes()
    samples, rate = soundfile.read(here / "feeds.wav")
    edited = bytearray(ours)
    edited[-1] ^= 1
    (here / "feeds.wav").write_bytes(edited)
    refused(
        designer_command(*given, "feeds.wav"),
        "feeds.wav: file exists; expected a new file, or one as `designer render` wrote",
    )
    assert (here / "feeds.wav").read_bytes() == edited
    assert designer_command(*given, "feeds.wav", "--force").code == errors.EXIT_DONE
    assert (here / "feeds.wav").read_bytes() == ours
    assert (len(samples), rate) == (2000 + 63, 16000)


def stereo() -> dict[str, object]:
    tables = pair()
    other = {**tables["designs"][0], "name": "right", "ear": "right"}
    return {**tables, "designs": [tables["designs"][0], other]}


def test_geometry_is_not_asked_before_the_place(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` looks at its place before it computes."""
    from designer.search.starter import write_new

    monkeypatch.setattr("designer.search.starter.new_problem", lambda *_: pytest.fail("was computed"))
    with pytest.raises(errors.UsageError, match=r"p\.toml: file exists; expected a new file"):
        write_new(Path("p.toml"), Geometry("pair", 2, 0.2, 0.6))
