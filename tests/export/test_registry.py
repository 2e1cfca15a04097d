"""What holds of every target: known to the problem file, the same bytes on any day and anywhere, refusals with limits."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command import run
from toml_text import pair, toml

import designer
from designer.arrays import Real
from designer.declared import TARGETS as DECLARED
from designer.declared import declared
from designer.errors import UsageError
from designer.export import TARGETS, Export, FilterSet, target_named, write
from designer.export.targets import OPTIONS
from designer.export.write import MANIFEST, export_of, fill_exports, write_elsewhere, write_in_design
from designer.problem import schema
from designer.realization.cascade import Cascade
from export import filter_cases
from export.exported import exported, filters_of
from export.written_cases import write_cases

CASES: dict[str, Callable[[], FilterSet]] = {
    "two lengths": filter_cases.two_lengths,
    "taps": filter_cases.fir,
    "words": filter_cases.words,
    "sections": filter_cases.biquads,
    "odd names": filter_cases.odd_names,
}


def exports() -> list[tuple[str, str]]:
    return [(t, case) for case, make in CASES.items() for t in TARGETS if filter_cases.is_held(t, make())]


def test_the_problem_file_knows_the_registry() -> None:
    """`[export] targets` takes the names that `--target` takes, in the same order."""
    assert schema.target_names() == tuple(TARGETS)
    for said, option in zip(declared(DECLARED, "Option"), OPTIONS, strict=True):
        assert [said[key] for key in ("place", "flag", "key", "about")] == [
            option.place,
            option.flag,
            option.key,
            option.about,
        ]
        assert (list(said.get("names", ())), said.get("pattern", "")) == (list(option.names), option.pattern)
    assert len({target.place for target in TARGETS.values()}) == len(TARGETS)


def test_readme_names_every_target() -> None:
    """The list of README is the registry's, in its order."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    listed, _, _ = text.partition("\nTargets: ")[2].partition(". ")
    assert re.findall("`([^`]+)`", listed) == list(TARGETS)


def test_help_lists_what_the_registry_has(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`designer export --help`: a row a target, in the registry's order, and a flag an option."""
    text = run(capsys, monkeypatch, "export", "--help").out
    rows = [line.split(maxsplit=1) for line in text.partition("Targets:\n")[2].splitlines() if line]
    assert rows == [[name, target.summary] for name, target in TARGETS.items()]
    assert all(f"--{option.flag} NAME" in text for option in OPTIONS)


def test_what_the_problem_tells_is_refused_before_the_design() -> None:
    """A rate, a length or a number of drivers that a target cannot hold: no progress is made before it is said."""
    table = pair()
    table["export"] = {"targets": ["csv", "minidsp"]}
    stages: list[str] = []
    with pytest.raises(UsageError, match="target minidsp: got a sample rate of 16000 Hz"):
        designer.design(designer.loads(toml(table)), progress=stages.append)
    assert stages == []


@pytest.mark.parametrize("form", ["fir", pytest.param("biquad", marks=pytest.mark.long), "rtf"])
def test_the_report_shows_what_the_manifest_says(form: str, tmp_path: Path) -> None:
    """A row a target: products, bytes of flash, RAM and state, or that it is refused; the files are those of the manifest."""
    table = pair()
    table["realization"] = {"form": form, **({"sections": 6} if form == "biquad" else {"taps": 64})}
    table["export"] = {"targets": [name for name in TARGETS if name not in ("minidsp", "tas58xx")]}
    folder = designer.design(designer.loads(toml(table), source="pair.toml")).save(tmp_path / "pair")
    page = (folder / "report.html").read_text(encoding="utf-8")
    entries = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    assert list(entries) == sorted(table["export"]["targets"])
    for name, entry in entries.items():
        if "refused" in entry:  # sections that a word of 16 bits or a table of taps does not hold
            assert form == "biquad" and name in ("cmsis-q15", "xilinx-coe") and name in page
            continue
        sizes = (entry["multiply_adds_per_s"], entry["flash_bytes"], entry["ram_bytes"], entry["state_bytes"])
        cells = "".join(f"<td>{size:,}</td>" for size in sizes)
        assert f"<td><code>export/{name}</code></td>{cells}" in page
        for path, file in entry["files"].items():
            content = (folder / "export" / name / path).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])


@pytest.mark.parametrize(("target", "case"), exports())
def test_every_export_says_where_it_comes_from(target: str, case: str) -> None:
    """No file is empty; the problem's hash, the command and the scaling stand in comments, sizes and SHA-256 in the manifest."""
    filters, export = filters_of(CASES[case]), exported(CASES[case], target)
    assert export.coefficient_bytes > 0 and export.state_bytes > 0 and export.multiply_adds > 0 and export.scaling
    everything = b"".join(export.files.values())
    if target == "npz":
        everything = everything.replace(b"\0", b"")  # numpy's characters take four bytes
    if target == "matlab":
        everything = export.files["README.txt"]
    room = f"headroom: no driver's feed exceeds full scale where inputs peak {filters.headroom.any_input_db:.2f} dB below it"
    for said in (filters.problem_sha256, f"export out/case --target {target}", "sample rate: 48000 Hz", room):
        assert said.encode() in everything
    entry = json.loads(json.dumps(write.entry(filters, target, export)))
    assert list(entry["files"]) == list(export.files)
    assert entry["headroom_db"] == pytest.approx(filters.headroom.any_input_db, abs=0.01)  # but for the word
    assert entry["headroom_db"] >= entry["tones_headroom_db"]
    assert entry["preamp_db"] == -entry["tones_headroom_db"] and entry["preamp_applied"] is False and entry["preamp"]
    fixed = TARGETS[target].arithmetics is not None
    assert ("arithmetic" in entry) == fixed and (not fixed or b"signal to noise" in export.files["README.txt"])
    assert all(file["bytes"] > 0 and len(file["sha256"]) == 64 for file in entry["files"].values())
    assert all(path.isascii() and not {"", ".", ".."} & set(path.split("/")) for path in export.files)


CODE = """
import sys, time
from pathlib import Path
day, folder = sys.argv[1:]
time.time = lambda: float(day)
time.localtime = time.gmtime = lambda *a: time.struct_time((int(day) % 50 + 1990, 1, 2, 3, 4, 5, 6, 7, 0))
time.asctime = time.ctime = lambda *a: f"the day {day}"
sys.path.insert(0, "tests")
from export.written_cases import write_cases
write_cases(Path(folder))
"""


def test_the_same_bytes_on_any_day_and_in_any_folder(tmp_path: Path) -> None:
    """Two processes, two folders, two days by every clock that Python asks, two hash seeds: the same files of all targets and forms.

    A second process takes seconds.
    """
    folders = tmp_path / "here", tmp_path / "there, elsewhere"
    write_cases(folders[0])
    seed = "7" if os.environ.get("PYTHONHASHSEED") != "7" else "0"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", CODE, "1000000000", str(folders[1])]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in folders
    ]
    assert len(found[0]) > 4 * len(TARGETS)
    assert found[0] == found[1]


def refused(target: str, filters: FilterSet) -> str:
    with pytest.raises(UsageError) as error:  # the whole message is compared by the caller
        export_of(filters, target)
    return str(error.value)


def long(taps: int, rate: float = 48000.0) -> FilterSet:
    return filter_cases.made({"a": np.ones((1, taps))}, ("d",), {}, "fir", rate)


def many(channels: int, drivers: int) -> FilterSet:
    taps: dict[str, Real] = {f"c{c}": np.ones((drivers, 8)) for c in range(channels)}
    return filter_cases.made(taps, tuple(f"d{d}" for d in range(drivers)), {}, "fir")


def ringing(length: int) -> FilterSet:
    """One section, whose response is so long."""
    one = Cascade(np.array([[1.0, 0.0, 0.0]]), np.array([[-1.9, 0.95]]))
    return filter_cases.made({"a": one.impulse_response(length)[None]}, ("d",), {"a": {"d": one}}, "biquad")


@pytest.mark.parametrize(
    ("target", "filters", "message"),
    [
        (
            "minidsp",
            long(64, 44100.0),
            "target minidsp: got a sample rate of 44100 Hz; expected 48000 or 96000, which its plug-ins run at;"
            " design at one of these",
        ),
        (
            "minidsp",
            long(6145),
            "target minidsp: got 6,145 taps with their delays; expected at most 6,144;"
            " design with fewer ([realization] taps)",
        ),
        (
            "minidsp",
            filter_cases.biquads(sections=11),
            "target minidsp: got 11 sections; expected at most 10; design with fewer ([realization] sections)",
        ),
        (
            "xilinx-coe",
            long(2049),
            "target xilinx-coe: got 2,049 taps; expected at most 2,048; design with fewer ([realization] taps)",
        ),
        (
            "xilinx-coe",
            ringing(2049),
            "target xilinx-coe: got 2,049 taps; expected at most 2,048; its sections ring for so long;"
            " lower [realization] max_pole_radius, or export hex, which holds sections",
        ),
        (
            "xilinx-coe",
            filter_cases.words("20.40"),
            "target xilinx-coe: got words of 60 bits; expected 2 to 49 bits; another [realization] word",
        ),
        (
            "sigmadsp",
            many(8, 641),
            "target sigmadsp: got 41,024 words of coefficients; expected at most 40,960; design with fewer taps",
        ),
        (
            "sigmadsp",
            filter_cases.made({"a": np.full((1, 8), 128.0)}, ("d",), {}, "fir"),
            "target sigmadsp: got a coefficient of 128; expected -128 to 128 (8.24), with no scaling left in the cell;"
            " limit the drivers' gains ([[drivers]] max_gain_db)",
        ),
        (
            "hex",
            filter_cases.made({"a": np.full((1, 8), 300.0)}, ("d",), {}, "fir"),
            "target hex: got a tap of 300 in channel 'a', which words of 24 bits hold shifted by 9; expected a shift of"
            " at most 8 bits; limit the drivers' gains ([[drivers]] max_gain_db), or take a word with more bits before"
            " its point",
        ),
        (
            "wav",
            many(33, 32),
            "target wav: got 1,056 tracks, one a channel and driver; expected at most 1,024;"
            " export npz, or fewer channels a problem",
        ),
        (
            "jconvolver",
            many(2, 65),
            "target jconvolver: got 65 drivers; expected at most 64; export brutefir or camilladsp",
        ),
        (
            "faust",
            long(1025),
            "target faust: got 1,025 taps; expected at most 1,024; design with fewer ([realization] taps), or export c",
        ),
        (
            "pipewire",
            many(3, 60),
            "target pipewire: got 504 controls of mixers and delays; expected at most 500; design with fewer drivers or"
            " channels (8 controls a mixer), or export jconvolver",
        ),
        (
            "c-q15",
            filter_cases.made({"a": np.full((1, 8), 5000.0)}, ("d",), {}, "fir"),
            "target c-q15: got a feed of up to 4e+04 of full scale (d); expected at most 32768, which sums of 64 bits hold;"
            " lower the filters (max_gain_db, max_effort_db), or export c",
        ),
        (
            "c-q15",
            replace(long(202), options={"library": "teensy"}),
            "target c-q15: got 202 taps of --library teensy; expected at most 200; design with fewer ([realization] taps),"
            " or compile the C itself",
        ),
        (
            "c-q31",
            replace(long(64), options={"library": "esp-dsp"}),
            "target c-q31: got --library esp-dsp; expected it with c, c-q15, whose samples that library takes; export one of these",
        ),
        (
            "c",
            replace(long(64), options={"library": "cmsis"}),
            "--library: got 'cmsis'; expected esp-dsp, teensy, hifi, juce, sharc",
        ),
        (
            "equalizerapo",
            many(10, 10),
            "target equalizerapo: got 100 filters; expected at most 99; export camilladsp or brutefir",
        ),
    ],
)
def test_what_a_target_cannot_hold_is_refused(target: str, filters: FilterSet, message: str) -> None:
    """The message names what was found, the limit, and the remedy."""
    assert refused(target, filters) == message


def test_a_feedback_coefficient_outside_the_word_is_refused() -> None:
    """q31 ends at 1 and a1 does not; no gain of a section helps that."""
    filters = replace(filter_cases.biquads(), word=filter_cases.words("q31").word)
    assert "target hex: got a feedback coefficient of 1." in refused("hex", filters)
    assert refused("hex", filters).endswith('two or more bits before its point ([realization] word = "2.30")')


@pytest.mark.parametrize(
    "target", ["wav", "camilladsp", "brutefir", "jconvolver", "pipewire", "convolver-cfg", "equalizerapo"]
)
def test_a_broken_rate_is_refused(target: str) -> None:
    """A file that holds whole hertz holds no 44100.5."""
    assert refused(target, long(16, 44100.5)).startswith(
        f"target {target}: got a sample rate of 44100.5 Hz; expected a whole number of hertz"
    )


def low_resonance() -> FilterSet:
    """A pole pair at 60 Hz, which raises half a step of Q15 to a sixth of full scale."""
    a = np.array([[-2 * 0.99 * np.cos(2 * np.pi * 60 / 48000), 0.99**2]])
    cascade = Cascade(np.array([[0.2, -0.4, 0.2]]), a)
    taps = cascade.impulse_response(2048)[None]
    return filter_cases.made({"a": taps}, ("d",), {"a": {"d": cascade}}, "biquad")


def test_sections_that_16_bits_spoil_are_refused_with_what_holds() -> None:
    """The floors that fail with their values, and what was run instead: the longer word."""
    text = refused("cmsis-q15", low_resonance())
    assert text.startswith("target cmsis-q15: run in its own arithmetic (arm_biquad_cascade_df1_q15, ")
    assert "got a: a signal-to-noise ratio of" in text and "dB of full scale (at most -60)" in text
    assert "; cmsis-q31 holds (" in text


def test_a_refused_export_does_not_take_the_others_along(tmp_path: Path) -> None:
    """A design's folder gets the exports that hold; the manifest says why one is missing, until it is there."""
    refusals: dict[str, str] = {}
    written = fill_exports(low_resonance(), tmp_path, ["cmsis-q31", "cmsis-q15"], refusals)
    assert list(written) == ["cmsis-q31"] and "run in its own arithmetic" in refusals["cmsis-q15"]
    assert write.refused(tmp_path) == refusals
    assert [path.name for path in (tmp_path / "export").iterdir()] == ["cmsis-q31"]


def test_an_unknown_target_names_the_nearest() -> None:
    """All that are known, and the one that was meant."""
    with pytest.raises(UsageError, match=r"--target: got 'camila'; expected csv, .*; nearest known: \"camilladsp\"$"):
        target_named("camila")


def test_a_proof_names_the_targets_that_run() -> None:
    """Those with a program here, and none of files of numbers; by a recording every target is judged."""
    with pytest.raises(UsageError, match=r"^--target: got 'zz'; expected ") as refused:
        target_named("zz", runs=True)
    assert set(str(refused.value).partition("expected ")[2].partition(";")[0].split(", ")) == {
        name for name, target in TARGETS.items() if target.run
    }


def test_a_place_of_others_is_written_into_only_by_force(tmp_path: Path) -> None:
    """A folder of someone's is refused and untouched; --force writes beside their files; a refused target leaves it as it is."""
    filters = filter_cases.fir()
    place = tmp_path / "mine"
    place.mkdir()
    (place / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"mine: a folder with other files in it \(letter.txt\), .* beside the export with --force$"
    ):
        write_elsewhere(filters, place, "wav")
    with pytest.raises(UsageError, match="sample rate of 8000 Hz"):
        write_elsewhere(replace(filters, sample_rate_hz=8000.0), place, "minidsp", force=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "letter.txt"]
    export = write_elsewhere(filters, place, "wav", force=True)
    assert {path.name for path in place.iterdir()} == {*export.files, MANIFEST, "designer-manifest.json", "letter.txt"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_folder_that_one_stands_in_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-o . --force` would take away the ground."""
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    for place in (Path(), Path("..")):
        with pytest.raises(UsageError, match="the command runs in this folder or below it"):
            write_elsewhere(filter_cases.fir(), place, "csv", force=True)


def test_one_refusal_writes_nothing(tmp_path: Path) -> None:
    """Of several targets none is written where one cannot be."""
    with pytest.raises(UsageError, match="sample rate of 44100 Hz"):
        write_in_design(long(16, 44100.0), tmp_path, ["csv", "minidsp"])
    assert list(tmp_path.iterdir()) == []


def test_memory_is_counted_by_hand() -> None:
    """Five filters of 40 taps, one a delay of 7: 4 x 40 words, 4 x 39 + 7 + 11 of state; four cascades of 4 sections."""
    taps: Export = export_of(filter_cases.fir(), "csv")
    assert (taps.coefficient_bytes, taps.state_bytes, taps.multiply_adds) == (8 * 160, 8 * (156 + 7 + 11), 160)
    sections = export_of(filter_cases.biquads(), "csv")
    assert sections.coefficient_bytes == 8 * 4 * 4 * 5 and sections.multiply_adds == 80
    assert sections.state_bytes == 8 * (4 * 4 * 2 + 2 * 9 + 3)
