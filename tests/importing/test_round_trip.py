"""Export, import: the same response within the format's step, over random filters; and a design folder of it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from command import run
from export import filter_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from toml_text import pair, toml

import designer
from designer.arrays import Real
from designer.commands.import_coefficients import import_coefficients, read_coefficients
from designer.comparison.entry import Entry
from designer.errors import DataError
from designer.export import FilterSet, target_named
from designer.problem import Problem
from designer.report.comparison_page import outcome_words

STEP = {"csv": 0.0, "wav": 2.0**-24, "camilladsp": 2.0**-24}
"""Of the largest tap: exact, single precision."""


@cache
def problem(channels: tuple[str, ...], drivers: tuple[str, ...], form: str = "fir", rate: float = 48000.0) -> Problem:
    """A problem with these names and nothing else of interest."""
    table = pair()
    table["sample_rate_hz"] = rate
    table["drivers"] = [{"name": name, "position_m": [0.0, 0.1 * l - 0.1, 0.0]} for l, name in enumerate(drivers)]
    table["designs"] = [
        {
            "name": name,
            "kind": "null-steering" if len(drivers) > 2 else "ctc",
            "ear": "left",
            "band_hz": [1500.0, 4500.0],
            "cancellation_gain_db": [[1500, 6], [4500, 6]],
        }
        for name in channels
    ]
    table["realization"] = {"form": "biquad", "sections": 4} if form == "biquad" else {"taps": 40}
    return designer.loads(toml(table))


def exported(target: str, filters: FilterSet, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in target_named(target).write(filters).files.items():
        (folder / name).write_bytes(content)
    return folder


def responses(filters: FilterSet, length: int) -> dict[tuple[str, str], Real]:
    """(channel, driver) -> the response, by each tap's own loop."""
    found: dict[tuple[str, str], Real] = {}
    for c, channel in enumerate(filters.channels):
        x = np.zeros((length, len(filters.channels)))
        x[0, c] = 1.0
        y = filter_cases.feeds(filters, x)
        found |= {(channel, driver): y[:, d] for d, driver in enumerate(filters.drivers)}
    return found


def largest_difference(filters: FilterSet, made: designer.Design) -> float:
    """Of the imported taps from the exported filters', over the largest tap."""
    length = max(next(iter(made.taps.values())).shape[1], filters.taps + 20)
    apart, largest = 0.0, 0.0
    for (channel, driver), expected in responses(filters, length).items():
        got = np.zeros(length)
        taps = made.taps[channel][made.drivers.index(driver)]
        got[: taps.size] = taps
        apart, largest = max(apart, np.abs(got - expected).max()), max(largest, np.abs(expected).max())
    return float(apart / largest)


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), taps=st.integers(8, 60))
@pytest.mark.parametrize("target", list(STEP))
def test_taps_return(target: str, seed: int, taps: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Random taps, with a pure delay, a silent driver and a channel that waits: the same response."""
    filters = filter_cases.fir(taps=taps, seed=seed)
    folder = exported(target, filters, tmp_path_factory.mktemp("export"))
    found = read_coefficients(folder, problem(filters.channels, filters.drivers))
    assert found.bulk_delay_samples == filters.bulk_delay_samples
    length = taps + 20
    for (channel, driver), expected in responses(filters, length).items():
        got = np.zeros(length)
        part = found.taps[channel].get(driver, np.zeros(0))
        wait = found.delays.get(channel, 0)
        got[wait : wait + part.size] = part[: length - wait]
        assert np.abs(got - expected).max() <= STEP[target] * np.abs(expected).max()


@pytest.mark.parametrize("name", ["filters-24bit.wav", "filters.wav"])
def test_24_bits_return_at_their_scale(name: str, tmp_path: Path) -> None:
    """The comment states the scale, and the taps come back to half a step of it."""
    filters = filter_cases.words(largest=1.7)
    folder = exported("wav", filters, tmp_path)
    made = import_coefficients(folder / name, problem(filters.channels, filters.drivers))
    assert largest_difference(filters, made) <= 2.0**-23


@pytest.mark.parametrize("target", list(STEP))
def test_sections_return(target: str, tmp_path: Path) -> None:
    """Cascades come back as cascades from csv, and as their responses from the others."""
    filters = filter_cases.biquads()
    made = import_coefficients(
        exported(target, filters, tmp_path), problem(filters.channels, filters.drivers, "biquad")
    )
    assert largest_difference(filters, made) <= max(STEP[target], 1e-14)
    if target == "csv":
        for one in filters.filters:
            read = made.sections[one.channel][one.driver]
            assert one.cascade is not None
            assert np.array_equal(read.b, one.cascade.b) and np.array_equal(read.a, one.cascade.a)
            assert read.delay_samples == one.cascade.delay_samples + filters.delays.get(one.channel, 0)


def test_a_table_of_sections_alone_is_enough(tmp_path: Path) -> None:
    """`sections.csv` of an export, without the taps beside it."""
    filters = filter_cases.biquads()
    folder = exported("csv", filters, tmp_path)
    (folder / "coefficients.csv").unlink()
    made = import_coefficients(folder / "sections.csv", problem(filters.channels, filters.drivers, "biquad"))
    assert largest_difference(filters, made) <= 1e-14


def test_a_users_camilladsp_folder(tmp_path: Path) -> None:
    """Steps in another order, values in the file, gains, milliseconds and an inverted source: what the pipeline does."""
    (tmp_path / "mine.yml").write_text(
        """
devices: {samplerate: 48000, chunksize: 64, capture: {type: Stdin, channels: 2, format: S16LE},
          playback: {type: Stdout, channels: 3, format: S16LE}}
mixers:
  m:
    channels: {in: 2, out: 3}
    mapping:
      - {dest: 0, sources: [{channel: 0, gain: -6.020599913279624, inverted: true}, {channel: 1, gain: 2, scale: linear}]}
      - {dest: 1, sources: [{channel: 1}]}
      - {dest: 2, mute: true, sources: [{channel: 0}]}
filters:
  f: {type: Conv, parameters: {type: Values, values: [1.0, 0.5]}}
  g: {type: Gain, parameters: {gain: 20}}
  h: {type: Biquad, parameters: {type: Free, b0: 1, b1: 0, b2: 0, a1: -0.5, a2: 0}}
  d: {type: Delay, parameters: {delay: 0.0625, unit: ms}}
pipeline:
  - {type: Filter, channels: [1], names: [d, f]}
  - {type: Mixer, name: m}
  - {type: Filter, channels: [1], names: [g, h]}
""",
        encoding="utf-8",
    )
    found = read_coefficients(tmp_path, problem(("a", "b"), filter_cases.DRIVERS))
    assert found.taps["a"]["woofer"].tolist() == pytest.approx([-0.5])
    assert found.taps["b"]["woofer"].tolist() == pytest.approx([0, 0, 0, 2.0, 1.0])
    front = found.taps["b"]["front"]
    assert front[:7].tolist() == pytest.approx([0, 0, 0, 10.0, 10.0, 5.0, 2.5])
    assert set(found.taps["a"]) == {"woofer"} and set(found.taps["b"]) == {"woofer", "front"}


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> tuple[designer.Design, Path]:
    design = designer.design(designer.loads(toml(pair()), source="pair.toml"))
    return design, design.save(tmp_path_factory.mktemp("design") / "pair")


def test_an_imported_design_is_judged_as_the_design_was(laptop: tuple[designer.Design, Path], tmp_path: Path) -> None:
    """The design's own coefficients on its own problem: the same metrics, and the folder opens again."""
    design, folder = laptop
    made = import_coefficients(folder, design.problem)
    columns = ["frequency_hz", "cancellation_gain_db", "effort_db", "white_noise_gain_db", "directivity_index_db"]
    assert made.metrics[columns].equals(design.metrics[columns])
    assert made.response.equals(design.response)
    again = designer.open(made.save(tmp_path / "again"))
    assert np.array_equal(again.taps["left"], design.taps["left"])
    assert again.imported_from == str(folder)
    page = (tmp_path / "again" / "report.html").read_text(encoding="utf-8")
    assert "not designed" in page and ">nan" not in page
    assert "NaN" not in (tmp_path / "again" / "summary.json").read_text(encoding="utf-8")
    assert again.status == 0 and outcome_words(Entry("again", again, "")) == "met by these filters"


def test_the_command(
    laptop: tuple[designer.Design, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`import-coefficients` writes a folder, says what the filters reach, and needs no --force because it replaces nothing.

    Filters that miss the curve end it with 7, as `design` ends on filters that miss what its weights meet; the folder's page marks them,
    and a comparison does not call them met.
    """
    design, _ = laptop
    monkeypatch.chdir(tmp_path)
    Path("pair.toml").write_text(design.problem.text, encoding="utf-8")
    quiet = filter_cases.made({"left": 0.5 * np.eye(2, 8)}, ("left", "right"), {}, "fir", 16000.0)
    exported("csv", quiet, tmp_path / "device")
    ended = run(capsys, monkeypatch, "import-coefficients", "device", "--problem", "pair.toml", "-o", "there")
    assert ended.code == 7 and "these filters miss the curve by" in ended.out
    assert ended.err.endswith('designs[0] "left" is missed by these filters\n')
    summary = json.loads(Path("there/summary.json").read_text(encoding="utf-8"))
    assert summary["exit_code"] == 7 and designer.open("there").status == 7
    assert '<div class="verdict lossy"><strong>left</strong>' in Path("there/report.html").read_text(encoding="utf-8")
    assert repr(designer.open("there")).splitlines()[1] == "imported filters: a requirement missed by more than 0.5 dB"
    sides = {
        label: Entry(label, designed, "") for label, designed in (("asked", design), ("device", designer.open("there")))
    }
    assert outcome_words(sides["asked"]) == "met"
    assert outcome_words(sides["device"]) == "missed by these filters: left"
    assert summary["command"] == "designer import-coefficients device --problem pair.toml -o there"
    ended = run(capsys, monkeypatch, "export", "there", "--target", "csv")
    text = Path("there/export/csv/coefficients.csv").read_text(encoding="utf-8")
    assert (
        ended.code == 0
        and "# regenerate: designer import-coefficients device --problem pair.toml -o out/pair &&" in text
    )
    ended = run(capsys, monkeypatch, "import-coefficients", "pair.toml", "--problem", "pair.toml", "-o", "new")
    assert ended.code == 3 and "got a file that ends with '.toml'; expected a csv, json, npz, wav, C" in ended.err
    ended = run(capsys, monkeypatch, "import-coefficients", "nowhere/device", "--problem", "pair.toml", "-o", "new")
    assert ended.code == 3 and "nowhere/device: cannot be read: no such file" in ended.err
    assert not Path("new").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "got an empty file"),
        ("a.csv", "x,y\n1,2\n", "got columns 'x,y'; expected channel,driver,tap,value or channel,driver,section"),
        ("a.csv", "channel,driver,tap,value\nlift,left,0,1\n", "got channel 'lift'; .* nearest known: \"left\""),
        ("a.csv", "channel,driver,tap,value\nleft,left,0,x\n", "got 'x' for a coefficient; expected a finite number"),
        (
            "a.csv",
            "channel,driver,tap,value\nleft,left,0,nan\n",
            "got 'nan' for a coefficient; expected a finite number",
        ),
        ("a.csv", "channel,driver,tap,value\nleft,left,1,1\n", "out of order"),
        ("a.csv", "channel,driver,tap,value\nleft,left,0\n", "got 3 cells in row 1"),
        (
            "a.csv",
            "# sample rate: 44100 Hz\nchannel,driver,tap,value\nleft,left,0,1\n",
            "got a sample rate of 44100 Hz",
        ),
        (
            "a.csv",
            "channel,driver,section,b0,b1,b2,a1,a2,gain,delay_samples\nleft,left,0,1,0,0,-2,1,1,0\n",
            "a pole of radius 1",
        ),
        ("a.csv", "channel,driver,tap,value\n", "got no filters of 'left'"),
        ("a.wav", "RIFF", "got no sound file"),
        ("a.yml", "a: [", "got no YAML"),
        ("a.yml", "a: 1", "got no devices and pipeline"),
        ("a.yml", "devices: 3\npipeline: []", "got 3 for devices; expected a table"),
        ("a.c", "int x;", "got 0 sums, 0 of them in a channel's lines"),
        ("a.mp3", "x", "got a file that ends with '.mp3'"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, content: str, message: str, tmp_path: Path) -> None:
    """Each with what was found and what is allowed."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message) as refused:
        read_coefficients(tmp_path / name, designer.loads(toml(pair())))
    assert str(refused.value).startswith(str(tmp_path / name))


def test_what_is_no_filter_is_refused_by_name(tmp_path: Path) -> None:
    """A limiter is not linear, and is not left out silently."""
    folder = exported("camilladsp", filter_cases.fir(), tmp_path)
    text = (folder / "camilladsp.yml").read_text(encoding="utf-8")
    (folder / "camilladsp.yml").write_text(text.replace("type: Delay", "type: Limiter"), encoding="utf-8")
    with pytest.raises(
        DataError, match="got filter 'b channel delay' of type 'Limiter'; expected mixers, and filters Conv"
    ):
        read_coefficients(folder, problem(("a", "b"), filter_cases.DRIVERS))


def test_other_tracks_are_refused(tmp_path: Path) -> None:
    """One channel's file is not the problem's two."""
    folder = exported("wav", filter_cases.fir(), tmp_path)
    with pytest.raises(DataError, match=r"a\.wav: got 3 tracks; expected 6, one for each of 2 channels and 3 drivers"):
        read_coefficients(folder / "a.wav", problem(("a", "b"), filter_cases.DRIVERS))


def test_a_stereo_chain_comes_back_with_its_channels(tmp_path: Path) -> None:
    """The channels of the virtualiser are read beside those of the designs, and the folder opens again with them."""
    table = pair()
    table["designs"].append({**table["designs"][0], "name": "right", "ear": "right"})
    table["virtualizer"] = {"upmix": False}
    design = designer.design(designer.loads(toml(table), source="pair.toml"))
    folder = design.save(tmp_path / "pair", report=False)
    made = import_coefficients(folder, design.problem)
    assert list(made.taps) == ["left", "right", "virtual-left", "virtual-right"]
    for name, taps in design.taps.items():
        assert (
            np.array_equal(made.taps[name][:, : taps.shape[1]], taps) and not made.taps[name][:, taps.shape[1] :].any()
        )
    again = designer.open(made.save(tmp_path / "again", report=False))
    assert np.array_equal(again.taps["virtual-left"], made.taps["virtual-left"])
