"""Headroom: the loudest feeds that inputs can make, by naive sums and by the programs that have a place for a preamp."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from programs import need

from designer.export import FilterSet, target_named
from export import camilladsp_model, filter_cases
from export.test_equalizer_apo import play

CASES = {"taps": filter_cases.fir(), "sections": filter_cases.biquads(), "two lengths": filter_cases.two_lengths()}


def written(target: str, filters: FilterSet, folder: Path) -> Path:
    for path, content in target_named(target).write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_the_worst_input_reaches_full_scale_and_no_more(case: str) -> None:
    """All channels play the signs of a driver's taps, the last first, lowered by the headroom: its feed ends at 1."""
    filters = CASES[case]
    length = max(one.whole_response.size + filters.delays.get(one.channel, 0) for one in filters.filters)
    largest = 0.0
    for driver in filters.drivers:
        x = np.zeros((length, len(filters.channels)))
        for one in filters.filters:
            if one.driver == driver:
                wait = filters.delays.get(one.channel, 0)
                signs = np.sign(one.whole_response[::-1])
                x[length - wait - signs.size : length - wait, filters.channels.index(one.channel)] = signs
        feed = filter_cases.feeds(filters, x * 10 ** (-filters.headroom.any_input_db / 20))
        largest = max(largest, float(np.abs(feed[:, filters.drivers.index(driver)]).max()))
    assert largest == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("case", CASES)
def test_tones_reach_full_scale_at_their_own_headroom(case: str) -> None:
    """The sum of |H| over the channels, by its definition on a fine grid of frequencies, is never above and comes within 0.2 dB."""
    filters = CASES[case]
    omega = np.linspace(0, np.pi, 4001)
    sums = {name: np.zeros(omega.size) for name in filters.drivers}
    for one in filters.filters:
        h = one.whole_response
        sums[one.driver] += np.abs(np.exp(-1j * np.outer(omega, np.arange(h.size))) @ h)
    peak = max(float(each.max()) for each in sums.values())
    assert 20 * np.log10(peak) == pytest.approx(filters.headroom.tones_db, abs=0.2)
    assert filters.headroom.tones_db <= filters.headroom.any_input_db


def test_quiet_filters_need_none() -> None:
    """A single tap of a half passes nothing beyond full scale, and has no preamp of minus zero."""
    filters = filter_cases.made({"a": np.eye(1, 8) / 2}, ("d",), {}, "fir")
    assert filters.headroom.facts == {
        "headroom_db": 0.0, "tones_headroom_db": 0.0, "preamp_db": 0.0, "preamp_applied": False, "worst_output": 0.5,
    }  # fmt: skip
    assert str(filters.headroom.facts["preamp_db"]) == "0.0"


def test_camilladsp_applies_its_preamp_once_it_is_no_longer_bypassed(tmp_path: Path) -> None:
    """As written the pipeline keeps the design's level; with `bypassed: false` it is lower by the tones' headroom."""
    filters = CASES["taps"]
    path = written("camilladsp", filters, tmp_path) / "camilladsp.yml"
    x = np.random.default_rng(1).uniform(-1, 1, (300, 2))
    plain = camilladsp_model.play(path, x.copy())
    text = path.read_text(encoding="utf-8")
    assert text.count("bypassed: true") == 1
    path.write_text(text.replace("bypassed: true", "bypassed: false"), encoding="utf-8")
    lowered = camilladsp_model.play(path, x.copy())
    assert np.allclose(lowered, plain * 10 ** (-filters.headroom.tones_db / 20), rtol=2e-3, atol=0)  # 0.01 dB


def test_equalizer_apo_holds_the_preamp_as_a_comment(tmp_path: Path) -> None:
    """Without its # the line is `Preamp: -x dB`, of the tones' headroom; with it the player does not see it."""
    filters = CASES["taps"]
    path = written("equalizerapo", filters, tmp_path) / "equalizerapo.txt"
    assert f"\n# Preamp: {-filters.headroom.tones_db:.2f} dB\nIf: " in path.read_text(encoding="utf-8")
    x = np.zeros((100, 3))
    x[0, 0] = 1.0
    assert np.abs(play(path, x, 48000)[:, :3] - filter_cases.feeds(filters, x)).max() < 1e-6


def test_brutefir_takes_the_attenuation_that_its_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program itself, with the comment's setting behind each input: all feeds lower by the tones' headroom."""
    program = need("brutefir", "brutefir")
    monkeypatch.setenv("HOME", str(tmp_path))
    filters = filter_cases.fir(taps=100)
    written("brutefir", filters, tmp_path)
    text = (tmp_path / "brutefir.conf").read_text(encoding="utf-8")
    said = re.search(r'^# from_inputs: "input 1"/(\d+\.\d\d);$', text, re.MULTILINE)
    assert said and float(said[1]) == round(filters.headroom.tones_db, 2)
    changed = re.sub(r'^(filter .* from_inputs: "input \d+");', rf"\1/{said[1]};", text, flags=re.MULTILINE)
    assert changed.count(f"/{said[1]};") == len(filters.filters) + 1
    (tmp_path / "brutefir.conf").write_text(changed, encoding="utf-8")
    x = np.random.default_rng(2).uniform(-0.5, 0.5, (2000, 2))
    (tmp_path / "input.raw").write_bytes(np.concatenate([x, np.zeros((4096, 2))]).astype("<f8").tobytes())
    done = subprocess.run(
        [program, "-nodefault", "brutefir.conf"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (tmp_path / "output.raw").exists(), done.stdout + done.stderr
    y = np.frombuffer((tmp_path / "output.raw").read_bytes(), "<f8").reshape(-1, 3)[:2000]
    expected = filter_cases.feeds(filters, x) * 10 ** (-float(said[1]) / 20)
    assert np.abs(y - expected).max() < 1e-5 * np.abs(expected).max()


def test_jconvolver_names_the_gain_of_its_preamp(tmp_path: Path) -> None:
    """The comment's factor is the tones' headroom, and 1.0 stands in each line as long as it is not applied."""
    filters = CASES["taps"]
    text = (written("jconvolver", filters, tmp_path) / "jconvolver.conf").read_text(encoding="utf-8")
    said = re.search(r"# A preamp of (-\d+\.\d\d) dB, .* a gain of (\d\.\d{4}) for 1\.0 in each line below\.", text)
    assert said and 20 * np.log10(float(said[2])) == pytest.approx(float(said[1]), abs=0.01)
    lines = [line.split() for line in text.splitlines() if line.startswith("/impulse/")]
    assert len(lines) == len(filters.filters) and all(line[3] == "1.0" for line in lines)


@pytest.mark.parametrize("target", ["wav", "camilladsp", "equalizerapo", "jconvolver", "pipewire", "convolver-cfg"])
@pytest.mark.parametrize("loud", [True, False])
def test_float_files_beyond_full_scale_say_so(target: str, loud: bool, tmp_path: Path) -> None:
    """A tap of 1.5 in a float WAV is kept by libsndfile's float reader, and noted; taps of 0.75 need no word."""
    taps = np.array([[0.1, 1.5, -0.2, 0.0]]) * (1.0 if loud else 0.5)
    filters = filter_cases.made({"a": taps}, ("d",), {}, "fir")
    notes = target_named(target).write(filters).notes
    assert any("taps up to 1.5, beyond the full scale of 1" in note for note in notes) == loud
    folder = written(target, filters, tmp_path)
    file = next(path for path in sorted(folder.glob("*.wav")) if "24bit" not in path.name)
    read, _ = soundfile.read(file, always_2d=True)
    assert np.abs(read).max() == pytest.approx(np.abs(taps).max(), rel=1e-6)
