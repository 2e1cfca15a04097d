"""`designer proof`: an export that is built and run, one that was changed by hand, a recording, and what is not installed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import Command
from export.cmsis_library import archive
from programs import installed, need
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.export.filter_set import FilterSet
from designer.export.of_design import filter_set
from designer.proof import stimulus as stimuli
from proof import plants
from proof.plants import Plant, played, recorded

FILES = ["feeds.wav", "proof.html", "proof.json"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drivers with two ears, at 16 kHz, and the C of their filters."""
    table = trio("left", "right")
    table["export"] = {"targets": ["c"]}
    place = tmp_path_factory.mktemp("proof") / "trio"
    return designer.design(designer.loads(toml(table), source="trio.toml")).save(place, report=False)


def filters_in(folder: Path) -> FilterSet:
    return filter_set(designer.open(folder))


def summary_of(folder: Path, target: str) -> dict[str, object]:
    text = (folder / "proof" / target / "proof.json").read_text(encoding="utf-8")
    summary = json.loads(text)
    assert isinstance(summary, dict)
    return summary


@pytest.mark.parametrize("target", ["c", "c-q15"])
def test_an_export_that_is_right_passes(target: str, folder: Path, designer_command: Command) -> None:
    """Exit code 0; page, numbers and feeds in the design's folder, and the feeds are those of naive convolution; it may be repeated."""
    need("gcc", "gcc")
    for _ in range(2 if target == "c" else 1):
        ended = designer_command("proof", str(folder), "--target", target)
        assert ended.code == 0 and "no fault: " in ended.out, ended.err
    assert sorted(path.name for path in (folder / "proof" / target).iterdir()) == FILES
    assert summary_of(folder, target)["passed"] is True
    filters = filters_in(folder)
    feeds, rate = soundfile.read(folder / "proof" / target / "feeds.wav", always_2d=True)
    expected = played(filters, stimuli.stimulus_of(filters).samples)
    assert rate == 16_000 and np.abs(feeds - expected).max() <= (2e-6 if target == "c" else 2e-3)
    channels = summary_of(folder, target)["channels"]
    assert isinstance(channels, dict) and set(channels) == {"left", "right"}
    assert all(numbers["largest_loss_db"] < 0.1 for numbers in channels.values())


@pytest.mark.long
def test_cmsis_runs_on_an_emulated_core(folder: Path, designer_command: Command) -> None:
    """The library's own sources on a Cortex-M4: exit code 0."""
    ended = designer_command("proof", str(folder), "--target", "cmsis-q15", "--cmsis", str(archive()))
    assert ended.code == 0 and "no fault: " in ended.out, ended.err


def test_paths_of_a_configuration_are_run(folder: Path, designer_command: Command) -> None:
    """`convolver.cfg`, by jconvolver's player of files."""
    need("fconvolver", "jconvolver")
    ended = designer_command("proof", str(folder), "--target", "convolver-cfg")
    assert ended.code == 0 and "no fault: " in ended.out, ended.err


@pytest.mark.parametrize(("target", "program"), [("c", "gcc"), ("wav", "fconvolver")])
def test_of_several_rates_the_designs_own_is_run(
    target: str, program: str, folder: Path, tmp_path: Path, designer_command: Command
) -> None:
    """An export with --rates, in one set of files and in a folder a rate."""
    need(program, "gcc" if target == "c" else "jconvolver")
    place = designer.open(folder).save(tmp_path / "trio", report=False)
    assert designer_command("export", str(place), "--target", target, "--rates", "16000,22050").code == 0
    ended = designer_command("proof", str(place), "--target", target)
    assert ended.code == 0 and "no fault: " in ended.out, ended.err


def test_an_export_that_was_changed_fails(folder: Path, designer_command: Command) -> None:
    """The taps of one filter negated in the C by hand: exit code 7, the driver and the channel are named, and the files are written."""
    need("gcc", "gcc")
    source = folder / "export" / "c" / "trio.c"
    text = source.read_text()
    count = filters_in(folder).taps
    head, numbers, tail = re.split(r"(?<=_taps\[)(?:\d+\] = \{\n)([^}]*)", text, maxsplit=1)
    values = [value.strip() for value in numbers.split(",") if value.strip()]
    changed = [value.removeprefix("-") if value.startswith("-") else f"-{value}" for value in values[:count]]
    source.write_text(f"{head}{len(values)}] = {{\n{', '.join([*changed, *values[count:]])}\n{tail}")
    try:
        ended = designer_command("proof", str(folder), "--target", "c")
    finally:
        source.write_text(text)
    assert ended.code == 7 and "failed: l, for left, is inverted" in ended.err, ended.err
    assert "l, for left, is inverted" in (folder / "proof" / "c" / "proof.html").read_text(encoding="utf-8").lower()


def test_a_recording_is_judged(folder: Path, tmp_path: Path, designer_command: Command) -> None:
    """The stimulus is written; a device that plays it, with one driver half as loud, is recorded; exit code 7, and the page says which."""
    wave = tmp_path / "stimulus.wav"
    ended = designer_command("proof", str(folder), "--target", "csv", "--stimulus", str(wave))
    assert ended.code == 0 and "2 columns (left, right)" in ended.out
    x, rate = soundfile.read(wave, always_2d=True)
    filters = filters_in(folder)
    feeds = recorded(played(filters, x, Plant(gain={"m": 0.5})))
    soundfile.write(tmp_path / "feeds.wav", feeds, rate, subtype="FLOAT")
    command = ["proof", str(folder), "--target", "csv", "--recorded", str(tmp_path / "feeds.wav")]
    ended = designer_command(*command)
    assert ended.code == 7 and "too quiet (a factor of 0.500)" in ended.err and ended.err.startswith("failed: m is 6.0")
    summary = summary_of(folder, "csv")
    recorder = summary["recorder"]
    assert isinstance(recorder, dict)
    assert recorder["gain_db"] == pytest.approx(20 * np.log10(plants.GAIN), abs=0.02)
    assert recorder["latency_samples"] == pytest.approx(plants.LATENCY, abs=0.01)


def test_what_cannot_run_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, designer_command: Command
) -> None:
    """A target without a program: 2, and the way by a recording; a program or a library that is not installed: 8, and what to install."""
    ended = designer_command("proof", str(folder), "--target", "csv")
    assert ended.code == 2 and "target csv: no program runs it here; expected wav, " in ended.err
    for target, needed in (
        ("camilladsp", "install the program of its releases"),
        ("sof", "testbench"),
        ("tas58xx", "amplifier"),
    ):
        ended_of = designer_command("proof", str(folder), "--target", target)
        assert ended_of.code == 8 and needed in ended_of.err and "give --recorded feeds.wav" in ended_of.err
    assert "--stimulus stimulus.wav`, record" in ended.err and "--recorded feeds.wav" in ended.err
    ended = designer_command("proof", str(folder), "--target", "cmsis-q31")
    assert ended.code == 8 and "name their folder with --cmsis" in ended.err
    ended = designer_command("proof", str(folder), "--target", "cmsis-q31", "--cmsis", str(tmp_path))
    assert ended.code == 3 and "got no Include/arm_math.h" in ended.err
    ended = designer_command("proof", str(folder), "--target", "c", "--machine", "pdp11")
    assert ended.code == 2 and "--machine: got 'pdp11'; expected host, cortex-m4" in ended.err
    ended = designer_command("proof", str(folder), "--target", "wav", "--machine", "host")
    assert ended.code == 2 and "--machine: got it for the target wav; expected a target of c or cmsis" in ended.err
    monkeypatch.setenv("PATH", str(tmp_path))
    for target, package in (
        ("c", "gcc"),
        ("wav", "jconvolver"),
        ("convolver-cfg", "jconvolver"),
        ("brutefir", "brutefir"),
        ("pipewire", "pipewire-bin"),
    ):
        ended = designer_command("proof", str(folder), "--target", target)
        assert ended.code == 8 and f"install it (Debian: apt install {package})" in ended.err


def test_a_source_that_does_not_compile_is_told(folder: Path, tmp_path: Path) -> None:
    """The compiler's own words, as an error of the tree."""
    need("gcc", "gcc")
    from designer.errors import ProgramError
    from designer.export.runners.bench import Bench
    from designer.export.targets import target_named

    for path in (folder / "export" / "c").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "trio.c").write_text("no C\n")
    run = target_named("c").run
    assert run is not None
    with installed(), pytest.raises(ProgramError, match=r"gcc: failed with exit code 1:\n.*error"):
        run(tmp_path, np.zeros((10, 2)), filters_in(folder), Bench())
