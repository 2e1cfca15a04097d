"""SigmaDSP parts by a model of their memories, miniDSP processors by their blocks, and the options that name them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command import run
from toml_text import pair, toml

import designer
from designer.declared import TARGETS as DECLARED
from designer.declared import declared
from designer.errors import ProblemError, UsageError
from designer.export import FilterSet, target_named
from designer.export.of_design import filter_set
from designer.export.targets.c import LIBRARIES
from designer.export.targets.minidsp import MODELS
from designer.export.targets.sigmadsp import FAMILIES, PARTS
from designer.export.write import write_elsewhere
from designer.writing import MANIFEST
from export import filter_cases, sigma_memory


@pytest.mark.parametrize("part", ["adau1701", "adau1761", "adau1452", "adau1466"])
@pytest.mark.parametrize("filters", [filter_cases.fir(taps=12), filter_cases.biquads()], ids=["taps", "sections"])
def test_a_part_plays_the_filter(part: str, filters: FilterSet) -> None:
    """An impulse through the part's own memory gives the filter, to what its word holds; in the other order it does not."""
    form = PARTS[part][0]
    export = target_named("sigmadsp").write(replace(filters, options={"part": part}))
    assert {name.removesuffix(".txt").rpartition("-")[2] for name in export.files if name.endswith(".txt")} == {form}
    impulse = np.zeros(120)
    impulse[0] = 1.0
    for one in filters.filters:
        if one.delay_samples is not None:
            continue
        words = sigma_memory.memory(export.files[f"{one.channel}-{one.driver}-{form}.txt"].decode(), form)
        played = sigma_memory.play(words, form, impulse, sections=one.cascade is not None)
        delay = 0 if one.cascade is None else one.cascade.delay_samples
        expected = np.zeros(120)
        part_of = one.taps[delay : delay + 120]
        expected[: part_of.size] = part_of
        largest = np.abs(one.taps).max()
        assert np.abs(played - expected).max() <= (2.0**-23 if one.cascade is None else 1e-4 * largest)
        other = sigma_memory.play(words[::-1], form, impulse[:20], sections=False)
        assert np.abs(other - sigma_memory.play(words, form, impulse[:20], sections=False)).max() > 0.01 * largest


KILOWORDS = {
    **dict.fromkeys(("adau1401", "adau1701", "adau1702", "adau1461", "adau1761"), 1),
    **dict.fromkeys(("adau1442", "adau1445", "adau1446"), 4),
    **{"adau1450": 8, "adau1451": 40, "adau1452": 40, "adau1462": 48, "adau1463": 48, "adau1466": 80, "adau1467": 80},
}
"""Sizes in the data sheets: parameter RAM of the 28-bit cores, data RAM of the 32-bit ones, which is two memories of the same size."""


def test_the_parts_have_the_memory_of_their_data_sheets() -> None:
    """The ADAU1702 has half the ADAU1701's program and all of its parameters; a filter lies in one of two data memories."""
    sizes = {part: 1024 * KILOWORDS[part] // (1 if family == "5.23" else 2) for part, (family, _) in PARTS.items()}
    assert {part: words for part, (_, words) in PARTS.items()} == sizes


def test_a_part_holds_so_many_words() -> None:
    """Its size stands in the message, with the parts that are larger; without a part those that fit are named."""
    filters = filter_cases.made({"a": np.ones((1, 1025))}, ("d",), {}, "fir")
    with pytest.raises(
        UsageError, match=r"got 1,025 words of coefficients for the adau1701; expected at most 1,024; .*adau1442"
    ):
        target_named("sigmadsp").write(replace(filters, options={"part": "adau1701"}))
    (note,) = target_named("sigmadsp").write(filters).notes
    assert "1,025 words of coefficients fit adau1442, adau1445, adau1446, adau1450" in note


def test_a_coefficient_outside_a_parts_word_is_refused() -> None:
    """5.23 ends at 16."""
    filters = filter_cases.made({"a": np.full((1, 8), 17.0)}, ("d",), {}, "fir")
    with pytest.raises(UsageError, match=r"a coefficient of 17; expected -16 to 16 \(5\.23\)"):
        target_named("sigmadsp").write(replace(filters, options={"part": "adau1761"}))


def test_the_problem_file_knows_parts_and_models() -> None:
    """`[export]` takes the names that the flags take."""
    names = {option["key"]: option.get("names") for option in declared(DECLARED, "Option")}
    assert names == {"prefix": None, "sigmadsp_part": PARTS, "minidsp_model": MODELS, "c_library": LIBRARIES}
    assert {family for family, _ in PARTS.values()} == set(FAMILIES)


@pytest.mark.parametrize(
    ("model", "filters", "message"),
    [
        (
            "2x4-hd",
            filter_cases.fir(),
            "target minidsp: got a sample rate of 48000 Hz; expected 96000, which the 2x4-hd runs at; design at that rate",
        ),
        (
            "nanosharc",
            filter_cases.made({"a": np.ones((2, 1800))}, ("d", "e"), {}, "fir", 96000.0),
            "target minidsp: got 3,600 taps with their delays, in all FIR blocks of the nanosharc; expected at most 3,400;"
            " design with fewer ([realization] taps)",
        ),
        (
            "opendrc",
            filter_cases.fir(),
            "target minidsp: got 5 filters for the outputs of the opendrc; expected at most 2; export camilladsp or brutefir",
        ),
        (
            "ddrc-88bm",
            filter_cases.made({"a": np.ones((2, 64))}, ("d", "e"), {}, "fir"),
            "target minidsp: got 64 taps with their delays, in one FIR block of the ddrc-88bm; expected at most 0;"
            " design with fewer ([realization] taps)",
        ),
        (
            "flex",
            filter_cases.made({c: np.ones((1, 8)) for c in "abc"}, ("d",), {}, "fir", 96000.0),
            "target minidsp: got 3 channels for the inputs of the flex; expected at most 2; export camilladsp or brutefir",
        ),
    ],
)
def test_what_a_model_does_not_hold_is_refused(model: str, filters: FilterSet, message: str) -> None:
    """Its rate, blocks, inputs and outputs, by name."""
    with pytest.raises(UsageError) as error:  # the whole message is compared
        target_named("minidsp").write(replace(filters, options={"model": model}))
    assert str(error.value) == message


def test_what_nothing_sums_is_said() -> None:
    """Two channels at one driver take two outputs, whose sum is made outside; one channel needs no word."""
    two = filter_cases.made({c: np.eye(2, 8) + 0.1 for c in "ab"}, ("d", "e"), {}, "fir", 96000.0)
    notes = target_named("minidsp").write(replace(two, options={"model": "2x4-hd"})).notes
    assert notes == ("a miniDSP sums nothing behind its filters: sum the outputs of d, e outside the device",)
    one = filter_cases.made({"a": np.eye(2, 8) + 0.1}, ("d", "e"), {}, "fir", 96000.0)
    (note,) = target_named("minidsp").write(one).notes
    assert note.endswith("2x4-hd, flex, nanosharc, minisharc-4x8 can hold these filters")


def test_filters_of_several_processors_are_counted() -> None:
    """16 filters, which no one processor of that rate holds: eight with two outputs each do."""
    many = filter_cases.made({c: np.eye(8, 64) + 0.1 for c in "ab"}, tuple("12345678"), {}, "fir", 48000.0)
    note, _ = target_named("minidsp").write(many).notes
    assert (
        "none of opendrc, ddrc-88bm holds all of these filters alone; 8 of the opendrc do, each file in the block of one"
        in note
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = pair()
    table["export"] = {"sigmadsp_part": "adau1452"}
    problem = designer.loads(toml(table), source="pair.toml")
    return designer.design(problem).save(tmp_path_factory.mktemp("parts") / "pair")


def test_flags_name_the_part(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file's part, another by its flag, and a slip with the nearest; each stands in the command that regenerates it."""
    monkeypatch.chdir(tmp_path)
    for flags, form, said in (((), "8.24", "adau1452"), (("--part", "adau1442"), "5.23", "adau1442")):
        place = tmp_path / form
        ended = run(capsys, monkeypatch, "export", str(folder), "--target", "sigmadsp", *flags, "-o", str(place))
        assert ended.code == 0
        assert f"--target sigmadsp --part {said}" in (place / f"left-left-{form}.txt").read_text(encoding="utf-8")
    ended = run(capsys, monkeypatch, "export", str(folder), "--target", "sigmadsp", "--part", "ADAU1451x")
    assert (
        ended.code == 2
        and "--part: got 'ADAU1451x'; expected adau1401, " in ended.err
        and 'nearest known: "adau1451"' in ended.err
    )
    ended = run(capsys, monkeypatch, "export", str(folder), "--target", "minidsp", "--model", "2x4")
    assert ended.code == 2 and "--model: got '2x4'; expected 2x4-hd, " in ended.err


@pytest.mark.parametrize(
    ("target", "flags", "heeding"),
    [
        ("wav", ("--part", "adau1452"), "sigmadsp"),
        ("sigmadsp", ("--model", "2x4-hd"), "minidsp"),
        ("camilladsp", ("--prefix", "bar"), "cmsis-f32, cmsis-q31, cmsis-q15, cmsis-test, c, c-q31, c-q15"),
        ("cmsis-f32", ("--library", "juce"), "c, c-q31, c-q15"),
    ],
)
def test_a_flag_that_a_target_does_not_heed_is_refused(
    target: str,
    flags: tuple[str, str],
    heeding: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The message names the flag, the target and those that heed it; nothing is written."""
    ended = run(capsys, monkeypatch, "export", str(folder), "--target", target, *flags)
    expected = f"{flags[0]}: got it for the target {target}, which has none; expected a target of {heeding}; leave"
    assert ended.code == 2 and expected in ended.err
    assert not (folder / "export").exists()


def test_the_files_keys_stand_in_the_commands_of_their_targets_alone(folder: Path, tmp_path: Path) -> None:
    """A design with a SigmaDSP's part: the command of its CSV export names no part, which that would not take."""
    design = designer.open(folder)
    for target, named in (("csv", False), ("sigmadsp", True)):
        write_elsewhere(filter_set(design), tmp_path / target, target)
        files = [path for path in (tmp_path / target).iterdir() if path.name != MANIFEST]
        said = ["--part" in path.read_text(encoding="utf-8") for path in files]
        assert all(said) if named else not any(said)


def test_the_prefix_is_the_users(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Files and names in C; what is no identifier is refused with one that is."""
    ended = run(
        capsys,
        monkeypatch,
        "export",
        str(folder),
        "--target",
        "cmsis-f32",
        "--prefix",
        "bar",
        "-o",
        str(tmp_path / "x"),
    )
    assert ended.code == 0 and {path.name for path in (tmp_path / "x").iterdir()} == {
        "bar.h",
        "bar.c",
        "export.json",
        MANIFEST,
    }
    assert "void bar_init(bar_state *state);" in (tmp_path / "x" / "bar.h").read_text(encoding="utf-8")
    ended = run(capsys, monkeypatch, "export", str(folder), "--target", "cmsis-f32", "--prefix", "a bar")
    assert ended.code == 2 and "--prefix: got 'a bar'; expected a letter" in ended.err and "try a_bar" in ended.err
    ended = run(capsys, monkeypatch, "export", str(folder), "--target", "cmsis-f32", "--prefix", "")
    assert ended.code == 2 and "--prefix: got an empty text; expected a name; leave --prefix out" in ended.err


def test_an_unknown_part_in_the_file_is_refused() -> None:
    """With those that are known."""
    table = pair()
    table["export"] = {"sigmadsp_part": "adau1787"}
    with pytest.raises(ProblemError, match=r'export\.sigmadsp_part: got "adau1787"; expected "adau1401"'):
        designer.loads(toml(table))
