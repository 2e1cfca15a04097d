"""`designer export` of a bank: its files, what they lose between the sets, and the targets that are refused."""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import Command
from export import cmsis_library
from export.bank_cases import chain_set

import designer
from designer.errors import DataError, UsageError
from designer.export.bank_export import write_bank
from designer.export.c_plan import FLOAT
from designer.export.targets import read_coefficients
from designer.search import bank_firmware, bank_spacing, bank_walk
from designer.search.bank_costs import firmware_set
from designer.search.bank_firmware import Filters
from designer.search.bank_keys import followed_keys
from search.test_bank import PAIR, SIDE, mean_gain_db

SIDES = ("virtual-left", "virtual-right")
ABLE = "cmsis-f32, cmsis-q31, cmsis-q15, c, c-q31, c-q15"


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bank over 10 cm of the laptop's pair, with filters of 64 taps and a short walk.

    It takes designs of some ten places, made once.
    """
    folder = tmp_path_factory.mktemp("bank") / "pair"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank_walk, "WALK_S", 0.3)
        patch.setattr(bank_spacing, "LEAST_PLACES", {1: 11, 2: 11})
        problem = designer.load("problems/laptop-pair.toml").replace(PAIR | {"export.targets": ["c-q31", "wav"]})
        found = designer.bank(problem, [f"{SIDE}=-0.05:0.05"], folder)
    assert list(found.refusals) == ["wav"]
    assert found.refusals["wav"].startswith("target wav: got a filter bank, between whose sets it does not interpolate")
    return folder


@pytest.fixture
def folder(bank: Path, tmp_path: Path) -> Path:
    """A copy that a test may write into."""
    return Path(shutil.copytree(bank, tmp_path / "bank"))


def test_the_export_states_cost_and_loss(folder: Path, designer_command: Command) -> None:
    """Into the bank's folder, again over itself, and into the manifest; the header's macros are the manifest's numbers.

    The loss is the sum over ears, grid and band of filters of q15 that the stored numbers make at a set, against the table of the proof.
    """
    for _ in range(2):
        done = designer_command("export", str(folder), "--target", "c-q15")
        assert done.code == 0, done.err
    entry = json.loads((folder / "export.json").read_text())["c-q15"]
    header = (folder / "export" / "c-q15" / "laptop_pair.h").read_text()
    for macro, key in (
        ("MULTIPLY_ADDS_PER_S", "multiply_adds_per_s"),
        ("MOVING_MULTIPLY_ADDS_PER_S", "moving_multiply_adds_per_s"),
        ("FILL_MULTIPLY_ADDS", "fill_multiply_adds"),
        ("FLASH_BYTES", "flash_bytes"),
        ("RAM_BYTES", "ram_bytes"),
        ("STATE_BYTES", "state_bytes"),
        ("LATENCY_SAMPLES", "latency_samples"),
    ):
        stated = re.search(rf"^#define LAPTOP_PAIR_{macro} (\d+)", header, re.M)
        assert stated is not None
        assert int(stated[1]) == entry[key], macro
    assert entry["keys"] == [{"key": SIDE, "low": -0.05, "high": 0.05, "start": 0.0}]
    with (folder / "gain.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert entry["loss_places"] == len({row[SIDE] for row in rows})
    assert entry["bank_loss_db"] == pytest.approx(max(float(row["loss_db"]) for row in rows), abs=1e-4)
    assert f"at most {entry['loss_db']:.3f} dB" in done.out
    assert "regenerate: designer bank laptop-pair.toml" in header
    assert f"--over '{SIDE}=-0.05:0.05' --loss 1 -o pair && designer export pair --target c-q15" in header


def test_the_loss_is_that_of_the_numbers_in_the_file(folder: Path) -> None:
    """A set's filters read out of the source, and judged by the sums themselves at its place: what the export states for the place."""
    problem = designer.load("problems/laptop-pair.toml").replace(PAIR)
    files = designer.export(folder, "c")
    text = files["laptop_pair.c"].decode()
    taps = np.array([float(t) for t in re.findall(r"-?\d+\.\d+(?:e-?\d+)?(?=F)", _array(text, "taps"))])
    sinc = np.array([float(t) for t in re.findall(r"-?\d+\.\d+(?:e-?\d+)?(?=F)", _array(text, "sinc"))]).reshape(-1, 16)
    bits = int(re.findall(r"DELAY_BITS (\d+)U", text)[0])
    delays = np.array([int(d) for d in re.findall(r"\d+(?=U)", _array(text, "delays"))]) / 2.0**bits
    routes = [
        [int(n) for n in re.findall(r"(\d+)U", line)] for line in _array(text, "routes").splitlines() if "{" in line
    ]
    filters = np.zeros((2, 2, 400))
    for number, (channel, driver, wait, first, count, _) in enumerate(routes):
        whole, phase = int(delays[number]), (delays[number] % 1) * 128
        part = sinc[int(phase)] + (phase % 1) * (sinc[int(phase) + 1] - sinc[int(phase)])
        values = np.convolve(taps[first : first + count][::-1], part)
        filters[channel, driver, wait + whole : wait + whole + values.size] = values
    with (folder / "gain.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row[SIDE]) == -0.05]
    place = problem.replace({SIDE: -0.05})
    for index, row in enumerate(rows):
        assert mean_gain_db(place, row["channel"], filters[index]) == pytest.approx(float(row["bank_db"]), abs=2e-3)


def _array(text: str, name: str) -> str:
    """Body of an array of the source, without its comments."""
    match = re.search(rf" laptop_pair_{name}\[\d+\] = \{{\n(.*?)\n\}};", text, re.S)
    assert match is not None
    return re.sub(r"/\*.*?\*/", "", match[1])


def test_targets_of_the_problem_are_written(folder: Path) -> None:
    """As `designer export` writes them, with the loss between the sets."""
    entries = json.loads((folder / "export.json").read_text())
    assert list(entries) == ["c-q31"]
    assert entries["c-q31"]["loss_places"] > 3
    written = (folder / "export" / "c-q31" / "laptop_pair.c").read_bytes()
    assert written == designer.export(folder, "c-q31")["laptop_pair.c"]


@pytest.mark.parametrize(("target", "least_db"), [("c", 110.0), ("c-q31", 110.0), ("c-q15", 50.0)])
def test_its_c_is_proven_along_a_path(target: str, least_db: float, folder: Path, designer_command: Command) -> None:
    """Built and run here: the desktop's feeds, to the rounding of floats (24 bits), of q31 or of q15; a file that lies there is run."""
    done = designer_command("proof", str(folder), "--target", target)
    assert done.code == 0, done.err
    proof = json.loads((folder / "proof" / target / "proof.json").read_text())
    assert proof["passed"]
    assert min(row["signal_to_noise_db"] for row in proof["drivers"]) > least_db
    values = np.array(proof["path"]["values"])
    assert values.min() < -0.05 < 0.05 < values.max()
    feeds, _ = soundfile.read(folder / "proof" / target / "feeds.wav", always_2d=True)
    assert feeds.shape == (256 * len(values), 2)
    assert 0.5 < np.abs(feeds).max() < 1


@pytest.mark.long  # CMSIS-DSP's own sources are compiled
def test_its_cmsis_is_proven_on_an_emulated_core(folder: Path, designer_command: Command) -> None:
    """Q15 on a Cortex-M4 in qemu, along the same positions."""
    done = designer_command("proof", str(folder), "--target", "cmsis-q15", "--cmsis", str(cmsis_library.archive()))
    assert done.code == 0, done.err
    assert json.loads((folder / "proof" / "cmsis-q15" / "proof.json").read_text())["passed"]


def test_a_changed_export_of_a_bank_fails(folder: Path, designer_command: Command) -> None:
    """Its sets moved by 2 cm in the file, so that it plays the filters of other places: exit code 7, the driver named."""
    source = folder / "export" / "c-q31" / "laptop_pair.c"
    text = source.read_text()
    assert "    -0.05, " in text
    source.write_text(text.replace("    -0.05, ", "    -0.03, ", 1))
    done = designer_command("proof", str(folder), "--target", "c-q31")
    assert done.code == 7
    assert re.search(
        r"failed: \w+ has a signal-to-noise ratio of -?\d+\.\d dB \(at least 40\) along the path", done.err
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "c", "--recorded", "feeds.wav"), "--recorded: got it for the bank"),
        (("--target", "c", "--stimulus", "stimulus.wav"), "--stimulus: got it for the bank"),
        (("--target", "wav"), "target wav: got a filter bank, between whose sets it does not interpolate"),
        (("--target", "c", "--machine", "abacus"), "--machine: got 'abacus'; expected host"),
    ],
)
def test_what_no_bank_is_proven_by(
    arguments: tuple[str, ...], message: str, folder: Path, designer_command: Command
) -> None:
    """Sound files hold no position; a target has to interpolate."""
    done = designer_command("proof", str(folder), *arguments)
    assert (done.code, message in done.err) == (2, True), done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("study", "BANK"),
        ("figures", "BANK"),
        ("compare", "BANK", "BANK", "-o", "out"),
        ("render", "BANK", "a.wav", "-o", "b.wav"),
    ],
)
def test_other_commands_say_that_it_is_a_bank(
    arguments: tuple[str, ...], folder: Path, designer_command: Command
) -> None:
    """And which take it."""
    done = designer_command(*(str(folder) if word == "BANK" else word for word in arguments))
    assert done.code in (2, 3)
    expected = "--path: got none for the bank" if arguments[0] == "render" else (
        "got the folder of a filter bank; expected a"
    )  # fmt: skip
    assert expected in done.err, done.err
    assert (
        arguments[0] == "render"
        or "a bank is taken by `designer export`, `designer proof` and `designer render --path`" in done.err
    )


def test_a_bank_that_lost_a_file_is_told_what_it_lacks(folder: Path, tmp_path: Path) -> None:
    """And not that it is a bank, which the command takes."""
    for name in ("designer-manifest.json", "bank.npz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(
        DataError, match=r"got no bank\.json; expected a folder that `designer bank` wrote; choose another folder"
    ):
        designer.export(tmp_path, "c")


@pytest.mark.parametrize("target", ["camilladsp", "wav", "faust", "sigmadsp"])
def test_a_target_that_cannot_interpolate_is_refused(target: str, folder: Path, designer_command: Command) -> None:
    """Before anything is written, with the targets that can."""
    before = sorted(folder.rglob("*"))
    done = designer_command("export", str(folder), "--target", target)
    assert done.code == 2
    assert (
        f"target {target}: got a filter bank, between whose sets it does not interpolate; expected {ABLE}" in done.err
    )
    assert sorted(folder.rglob("*")) == before


def test_options_of_one_design_are_refused(folder: Path, tmp_path: Path) -> None:
    """Arrays of a library, and rates that a bank is not designed at."""
    with pytest.raises(UsageError, match=r"library: got it for a filter bank; expected one design"):
        designer.export(folder, "c", tmp_path / "out", library="juce")
    with pytest.raises(UsageError, match=r"rates: got it for the bank .*; expected a design; make a bank at each rate"):
        designer.export(folder, "c", rates=[44100])
    assert not (tmp_path / "out").exists()


def test_files_of_others_stay(folder: Path, designer_command: Command, tmp_path: Path) -> None:
    """An edited export is refused without --force; elsewhere it is written with its manifest; a broken proof is told."""
    designer_command("export", str(folder), "--target", "c")
    source = folder / "export" / "c" / "laptop_pair.c"
    source.write_text(source.read_text() + "/* mine */\n")
    refused = designer_command("export", str(folder), "--target", "c")
    assert refused.code == 2
    assert "laptop_pair.c" in refused.err
    assert designer_command("export", str(folder), "--target", "c", "--force").code == 0
    designer.export(folder, "cmsis-f32", tmp_path / "elsewhere", prefix="pair")
    assert sorted(path.name for path in (tmp_path / "elsewhere").glob("pair.*")) == ["pair.c", "pair.h"]
    header = (folder / "gain.csv").read_text().splitlines()[0]
    for broken in ("channel\nleft\n", f"{header}\n", f"{header}\n0.05,left\n"):
        (folder / "gain.csv").write_text(broken)
        with pytest.raises(DataError, match=r"gain\.csv: cannot be read: .*; make the bank again"):
            designer.export(folder, "c")


@pytest.mark.parametrize("target", ["c", "cmsis-q31"])
def test_a_bank_is_no_design_to_import(target: str, folder: Path, tmp_path: Path) -> None:
    """Its source read back as coefficients is refused by what it is."""
    designer.export(folder, target, tmp_path / "out")
    problem = designer.load("problems/laptop-pair.toml")
    with pytest.raises(DataError, match=r"laptop_pair\.c: got a filter bank; expected the filters of one design"):
        read_coefficients(tmp_path / "out" / "laptop_pair.c", problem)


@pytest.mark.parametrize(
    ("upmix", "channels"),
    [(True, [*SIDES, "centre"]), (False, [*SIDES])],
)
def test_of_a_stereo_chain_its_own_channels_are_played(upmix: bool, channels: list[str]) -> None:
    """With what they wait; the ear channels that the chain follows are no inputs, but are judged."""
    bank = chain_set().bank
    followed = {"left": bank.taps["virtual-left"], "right": bank.taps["virtual-right"]}
    delays = {"left": bank.delay_samples["virtual-left"], "right": bank.delay_samples["virtual-right"]}
    whole = replace(bank, taps={**followed, **bank.taps}, delay_samples={**delays, **bank.delay_samples}, upmix=upmix)
    problem = designer.load("problems/laptop-pair.toml")
    filters = firmware_set(whole, problem, followed_keys(problem, [f"{SIDE}=-0.3:0.4"]), (0.0,), 1.0, "bank")
    assert list(filters.channels) == channels
    assert filters.delays == {name: bank.waiting_samples[name] for name in channels}
    judged = []

    def judge(played: Filters) -> dict[str, object]:
        judged.append(played)
        return {}

    facts = write_bank(replace(filters, judge_between=judge), FLOAT).facts
    (played,) = judged
    for name in ("left", "virtual-right"):
        expected = whole.at(name, [0.21])
        assert np.abs(played(name, [0.21])[:, : expected.shape[1]] - expected).max() < 1e-6
    assert ("stereo" in facts) == upmix


def test_of_many_places_those_are_judged_where_the_bank_loses_most(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three places of the proof: the largest loss is still the bank's."""
    monkeypatch.setattr(bank_firmware, "MOST_PLACES", 3)
    designer.export(folder, "c", folder.parent / "out")
    entry = json.loads((folder.parent / "out" / "export.json").read_text())["c"]
    assert entry["loss_places"] == 3
    assert entry["loss_db"] == pytest.approx(entry["bank_loss_db"], abs=1e-3)
