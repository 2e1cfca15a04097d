"""One problem at several sample rates in one export: the cancellation at the ears, the files of each target, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from designs.small_problems import pair
from designs.small_problems import text as toml
from programs import need
from stereo.small_designs import trio
from toml_text import toml as trio_toml

import designer
from designer.arrays import Real
from designer.commands.export import filters_for
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError, ProblemError, UsageError
from designer.export.rates import at_rate, checked_rates
from designer.export.runners.bench import Bench
from designer.export.runners.pipewire import QUANTUM, run_pipewire
from designer.export.write import entry, export_of
from export.c_cases import STRICT

PROBLEMS = Path(__file__).parents[2] / "problems"
RATES = (16000, 22050)


@pytest.fixture(scope="module")
def small() -> designer.Design:
    """Two drivers at 16 kHz."""
    return designer.design(designer.loads(toml(pair() | {"realization": {"taps": 64}}), source="pair.toml"))


def stored(files: dict[str, bytes], rate: int, channels: int) -> Real:
    """Taps (channels, L, T) of filters.wav at a rate, as libsndfile reads them."""
    samples, actual = soundfile.read(io.BytesIO(files[f"{rate}/filters.wav"]), always_2d=True)
    assert actual == rate
    return np.asarray(samples.T.reshape(channels, -1, len(samples)))


@pytest.mark.parametrize("name", ["smart-speaker", pytest.param("soundbar-kemar", marks=pytest.mark.long)])
def test_the_gain_is_the_same_at_every_rate(name: str) -> None:
    """At the ears, within 0.3 dB anywhere in the common band, by a sum over the taps of each file: three designs take their seconds.

    Of a problem that is its own mirror image one ear is as good as both.
    """
    problem = designer.load(PROBLEMS / f"{name}.toml")
    ears = [design.name for design in problem.designs if not design.is_beam][: 1 if name == "smart-speaker" else None]
    problem = problem.replace(
        {"designs": [d for d in problem.model_dump(exclude_unset=True)["designs"] if d["name"] in ears]}
    )
    design = designer.design(problem.replace({"virtualizer": None, "export.targets": []}))
    rates = (44100, 48000, 96000)
    files = designer.export(design, "wav", rates=rates)
    for n, (channel, made) in enumerate(design.channels.items()):
        low_hz, high_hz = made.table.band_hz
        f = np.geomspace(low_hz, min(high_hz, 20_000.0), 20)
        heard = design.fine_scene.at(f).ears()
        side = ("left", "right").index(made.table.ear or "left")
        gains_db = []
        for rate in rates:
            taps = stored(files, rate, len(design.channels))[n]
            w = np.exp(-2j * np.pi * np.outer(f / rate, np.arange(taps.shape[1]))) @ taps.T
            power = np.abs(np.einsum("fml,fl->fm", heard, w)) ** 2
            gains_db.append(10 * np.log10(power[:, side::2].sum(axis=1) / power[:, 1 - side :: 2].sum(axis=1)))
        assert np.ptp(gains_db, axis=0).max() < 0.3, channel
        assert np.mean(gains_db) > 5, channel


def test_filters_last_as_long_at_every_rate() -> None:
    """Taps in multiples of 4 within 2 of the length in ms, delays in proportion, a grid of the same step, poles that ring as long."""
    problem = designer.loads(toml(pair() | {"realization": {"taps": 64, "bulk_delay_samples": 20}}))
    higher = at_rate(problem, 44100)
    assert higher.realization.taps % 4 == 0 and abs(higher.realization.taps - 64 * 44100 / 16000) <= 2
    assert higher.realization.bulk_delay_samples == round(20 * 44100 / 16000)
    step_hz = 44100 / 2 / (higher.grid.frequencies - 1)
    assert step_hz == pytest.approx(8000 / (problem.grid.frequencies - 1), rel=0.01)
    sections = at_rate(
        designer.loads(toml(pair() | {"realization": {"form": "biquad", "max_pole_radius": 0.99}})), 32000
    )
    assert sections.realization.max_pole_radius**2 == pytest.approx(0.99) and sections.realization.sections == 8


def test_each_rate_has_a_folder_and_a_manifest(small: designer.Design) -> None:
    """Folders named for the rates, the command that makes all, the costs of each, and the largest of them on top."""
    filters = filters_for(small, "camilladsp", {}, RATES)
    export = export_of(filters, "camilladsp")
    assert {path.split("/")[0] for path in export.files} == {"16000", "22050"}
    assert b"samplerate: 22050" in export.files["22050/camilladsp.yml"]
    manifest = json.loads(json.dumps(entry(filters, "camilladsp", export)))
    assert manifest["command"].endswith("--target camilladsp --rates 16000,22050")
    assert list(manifest["rates"]) == ["16000", "22050"]
    products = [each["multiply_adds_per_s"] for each in manifest["rates"].values()]
    assert manifest["multiply_adds_per_s"] == max(products) == 22050 * 2 * 88
    assert manifest["flash_bytes"] == 4 * 2 * (64 + 88) and manifest["ram_bytes"] == 8 * 2 * 87
    for rate, each in manifest["rates"].items():  # half of the taps behind a chunk
        assert each["latency_ms"] == pytest.approx(1e3 * (each["taps"] / 2 + 1024) / int(rate))


@pytest.mark.parametrize(
    ("compiler", "target"),
    [
        ("gcc -std=c99", "c"),
        ("gcc -std=c99", "c-q15"),
        ("clang -std=c99", "c-q15"),
        ("g++ -x c++", "c"),
        pytest.param("clang -std=c99", "c", marks=pytest.mark.long),
        pytest.param("g++ -x c++", "c-q15", marks=pytest.mark.long),
    ],
)
def test_a_firmware_switches_between_the_rates(
    compiler: str, target: str, small: designer.Design, tmp_path: Path
) -> None:
    """All pairs in one program without a warning: at each rate an impulse gives that rate's taps, at another silence and -1."""
    program, *options = compiler.split()
    if shutil.which(program) is None:
        need(program, program)
    filters = filters_for(small, target, {"prefix": "pair"}, RATES)
    for path, content in export_of(filters, target).files.items():
        (tmp_path / path).write_bytes(content)
    (tmp_path / "main.c").write_text(MAIN.replace("SAMPLE", "float" if target == "c" else "int16_t"))
    sources = ["pair.c", *(f"pair_{rate}.c" for rate in RATES)]
    command = [program, *options, *STRICT, "-O0", "main.c", *sources, "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    text = subprocess.run(["./main"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    *lines, last, table = text.splitlines()
    assert last == "-1 0"
    for line, one in zip(lines, filters.at_rates, strict=True):
        out = np.array([float(number) for number in line.split()]).reshape(-1, len(small.drivers)).T
        expected = np.zeros((len(small.drivers), out.shape[1]))
        for each in one.filters:
            if each.channel == one.channels[0]:
                expected[one.drivers.index(each.driver), : each.taps.size] = each.taps
        assert np.abs(out - expected / 2).max() < (1e-7 if target == "c" else 2.0**-14)
    rates = [cell.split(":") for cell in table.split()]
    assert [int(rate) for rate, _ in rates] == list(RATES)
    assert [float(late) for _, late in rates] == pytest.approx([1e3 * 32 / 16000, 1e3 * 44 / 22050], abs=1e-4)


MAIN = """#include <stdio.h>
#include "pair.h"
static SAMPLE in[200 * PAIR_CHANNELS], out[200 * PAIR_DRIVERS];
int main(void)
{
    static pair_state state;
    const double full = sizeof(SAMPLE) == 2U ? 32768.0 : 1.0;
    in[0] = (SAMPLE)(full / 2);
    for (uint32_t r = 0U; r < PAIR_RATES; r++) {
        if (pair_init(&state, pair_rates[r].sample_rate_hz) != 0) return 1;
        pair_process_interleaved(&state, in, out, 200U);
        for (uint32_t n = 0U; n < 200U * PAIR_DRIVERS; n++) printf("%.9g ", (double)out[n] / full);
        printf("\\n");
    }
    int result = pair_init(&state, 12345U), sum = 0;
    pair_process_interleaved(&state, in, out, 200U);
    for (uint32_t n = 0U; n < 200U * PAIR_DRIVERS; n++) sum += out[n] != 0;
    printf("%d %d\\n", result, sum);
    for (uint32_t r = 0U; r < PAIR_RATES; r++) printf("%u:%f ", (unsigned)pair_rates[r].sample_rate_hz, (double)pair_rates[r].latency_ms);
    return 0;
}
"""


def test_the_chain_of_every_rate_is_under_one_name(tmp_path: Path) -> None:
    """With an upmix the union has the whole chain, too; it compiles without a warning, and its table has the upmix's latency."""
    if shutil.which("gcc") is None:
        need("gcc", "gcc")
    design = designer.design(
        designer.loads(trio_toml(trio("left", "right", "centre") | {"virtualizer": {}}), source="trio.toml")
    )
    rate = round(design.problem.sample_rate_hz)
    files = designer.export(design, "c", rates=(rate, 2 * rate))
    for path, content in files.items():
        (tmp_path / path).write_bytes(content)
    for source in ("trio.c", f"trio_{2 * rate}.c"):
        subprocess.run(
            ["gcc", "-std=c99", *STRICT, "-fsyntax-only", source], cwd=tmp_path, check=True, capture_output=True
        )
    header = files["trio.h"].decode()
    assert f"trio_{rate}_stereo_state at_{rate};" in header and "trio_stereo_interleaved(" in header


@pytest.mark.parametrize("rate", [pytest.param(16000, marks=pytest.mark.long), 48000])
def test_pipewire_plays_the_filters_of_its_rate(rate: int, small: designer.Design, tmp_path: Path) -> None:
    """One folder, a graph at either rate: impulses are that rate's taps within 1e-6. A daemon and a client start, which takes seconds."""
    need("pipewire", "pipewire-bin")
    rates = (16000, 48000)
    filters = filters_for(small, "pipewire", {}, rates)
    for path, content in export_of(filters, "pipewire").files.items():
        (tmp_path / path).write_bytes(content)
    one = filters.at_rates[rates.index(rate)]
    channels = len(one.channels)
    x = np.zeros((channels, QUANTUM, channels))
    x[np.arange(channels), 0, np.arange(channels)] = 1.0
    y = run_pipewire(tmp_path, x.reshape(-1, channels), one, Bench())[: channels * QUANTUM].reshape(
        channels, QUANTUM, -1
    )
    for each in one.filters:
        heard = y[one.channels.index(each.channel), : each.taps.size, one.drivers.index(each.driver)]
        assert np.abs(heard - each.taps).max() < 1e-6


@pytest.mark.long
def test_pipewire_plays_one_file_set_at_the_four_usual_rates(tmp_path: Path) -> None:
    """An impulse and a second of noise at 44.1, 48, 96 and 192 kHz, from one folder: within 1e-6 of a plain convolution with that
    rate's taps. Four daemons run, each for seconds.
    """
    need("pipewire", "pipewire-bin")
    rates = (44100, 48000, 96000, 192000)
    problem = designer.loads(toml(pair() | {"realization": {"taps": 128}}), source="pair.toml")
    filters = filters_for(designer.design(problem.replace({"sample_rate_hz": 48000})), "pipewire", {}, rates)
    for path, content in export_of(filters, "pipewire").files.items():
        (tmp_path / path).write_bytes(content)
    rng = np.random.default_rng(0)
    for one in filters.at_rates:
        channels = len(one.channels)
        x = 0.1 * rng.standard_normal((round(one.sample_rate_hz), channels))
        x[0] = 1.0
        y = run_pipewire(tmp_path, x, one, Bench())
        expected = np.zeros((len(x), len(one.drivers)))
        for each in one.filters:
            expected[:, one.drivers.index(each.driver)] += np.convolve(
                x[:, one.channels.index(each.channel)], each.taps
            )[: len(x)]
        assert np.abs(y[: len(x)] - expected).max() < 1e-6, one.sample_rate_hz


def test_pipewires_configuration_of_all_rates_is_read_back(small: designer.Design, tmp_path: Path) -> None:
    """A problem at either rate gets that rate's taps."""
    filters = filters_for(small, "pipewire", {}, RATES)
    for path, content in export_of(filters, "pipewire").files.items():
        (tmp_path / path).write_bytes(content)
    for one in filters.at_rates:
        problem = at_rate(small.problem, round(one.sample_rate_hz))
        read = read_coefficients(tmp_path / "filter-chain.conf", problem)
        for each in one.filters:
            assert np.abs(read.taps[each.channel][each.driver][: each.taps.size] - each.taps).max() < 1e-6


@pytest.mark.parametrize("target", ["c", "wav"])
def test_a_folder_of_several_rates_is_read_at_the_problems(target: str, small: designer.Design, tmp_path: Path) -> None:
    """Either problem gets its own filters, and a note says so; a third rate is refused with those that there are."""
    filters = filters_for(small, target, {}, RATES)
    for path, content in export_of(filters, target).files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    for one in filters.at_rates:
        read = read_coefficients(tmp_path, at_rate(small.problem, round(one.sample_rate_hz)))
        for each in one.filters:
            assert np.abs(read.taps[each.channel][each.driver][: each.taps.size] - each.taps).max() < 1e-3
        assert f"16000 and 22050 Hz: those at {one.sample_rate_hz:g} Hz, the problem's rate, are read" in read.notes[0]
    with pytest.raises(
        DataError, match=r"got filters at 16000 and 22050 Hz; expected 24000 Hz.*--set sample_rate_hz=16000"
    ):
        read_coefficients(tmp_path, at_rate(small.problem, 24000))


def test_limits_are_those_of_the_target_that_is_exported(
    small: designer.Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 taps of two drivers in floats take 1,016 bytes, in BruteFIR's doubles twice as many; a length at another rate has the file's."""
    monkeypatch.setattr("designer.job.design", lambda problem: pytest.fail("designed"))
    limited = replace(
        small, problem=small.problem.replace({"realization.max_bytes": 1100, "export.targets": ["brutefir"]})
    )
    assert filters_for(limited, "wav", {}, (16000,)).at_rates
    with pytest.raises(
        ProblemError, match=r"realization\.taps: got 64, which take \d,\d{3} bytes.*for max_bytes = 1100"
    ):
        filters_for(limited, "brutefir", {}, (16000,))
    with pytest.raises(
        ProblemError,
        match=r"realization\.taps: got 88, for the 64 at 16000 Hz, which take 1,400 bytes; expected at most 69, for max_bytes = 1100;"
        r" write taps = 48 or less for 16000 Hz, or set max_bytes = 1400",
    ):
        filters_for(limited, "wav", {}, RATES)


def test_rates_are_refused_before_anything_is_designed(small: designer.Design, monkeypatch: pytest.MonkeyPatch) -> None:
    """A band beyond half of a rate, a length that a library does not take at it, a list that is none."""
    monkeypatch.setattr("designer.job.design", lambda problem: pytest.fail("designed"))
    with pytest.raises(ProblemError, match=r"designs\[0\]\.band_hz.*at most 2000, half of sample_rate_hz"):
        filters_for(small, "wav", {}, (4000, 16000))
    with pytest.raises(UsageError, match=r"target c-q15: got 768 taps of (--)?library teensy; expected at most 200"):
        filters_for(small, "c-q15", {"library": "teensy"}, (16000, 192000))
    for text in ("48000,48000", "44.1k", "", "500"):
        with pytest.raises(UsageError, match="expected up to 16 different rates in whole hertz"):
            checked_rates(text)
    assert checked_rates("96000,44100") == (44100, 96000)
