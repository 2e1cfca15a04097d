"""The design folder: its files and columns, numbers that come back bit for bit, and everything that is needed to open it again."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.io.wavfile
from toml_text import pair, toml

import designer
from designer.errors import DataError, UsageError

PROBLEMS = Path(__file__).parents[2] / "problems"
CHANNELS = ("NA", "beam, wide")
DRIVERS = ("l", 'm"', "1", "unused")
C_M_S = 343.0


def problem() -> dict[str, Any]:
    """A channel with a curve and one without, names that a careless reader of tables would spoil, and a driver that no channel uses."""
    tables = pair()
    tables["drivers"] = [
        {"name": name, "position_m": [0.0, y_m, 0.0]}
        for name, y_m in zip(DRIVERS, (-0.08, 0.0, 0.08, 0.3), strict=True)
    ]
    used = list(DRIVERS[:3])
    tables["designs"] = [
        tables["designs"][0]
        | {"name": "NA", "kind": "null-steering", "drivers": used, "cancellation_gain_db": [[500, 6], [2000, 12], [4000, 6]]},
        {
            "name": "beam, wide",
            "kind": "beamformer",
            "drivers": [DRIVERS[0], DRIVERS[2]],
            "look_deg": 0.0,
            "window_deg": [-30, 30],
            "window_ripple_db": 6.0,
            "band_hz": [500.0, 1500.0],
            "max_effort_db": 20.0,
        },
    ]  # fmt: skip
    return tables


@pytest.fixture(scope="module")
def design() -> designer.Design:
    return designer.design(designer.loads(toml(problem()), source="two.toml"))


@pytest.fixture(scope="module")
def folder(design: designer.Design, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return design.save(tmp_path_factory.mktemp("saved") / "two")


def rows(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    """A table as text, read by a reader that guesses nothing: its columns and its rows."""
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        found = list(reader)
        return list(reader.fieldnames or []), found


def test_files(folder: Path, design: designer.Design) -> None:
    """The folder holds the files of the contract, the formulation's weights, the layout, and three figures a channel."""
    assert {path.name for path in folder.iterdir()} == {
        "coefficients.csv",
        "filters.wav",
        "response.csv",
        "metrics.csv",
        "summary.json",
        "report.html",
        "figures",
        "weights.csv",
        "designer-manifest.json",
    }
    kinds = ("gain", "response", "polar")
    names = {f"{stem}-{kind}.svg" for stem in ("na", "beam-wide") for kind in kinds} | {"layout.svg"}
    assert {path.name for path in (folder / "figures").iterdir()} == names
    for figure in (folder / "figures").iterdir():
        assert ET.parse(figure).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_coefficients(folder: Path, design: designer.Design) -> None:
    """`coefficients.csv` has every tap of every channel and driver, in order, and each reads back as the same number."""
    columns, table = rows(folder / "coefficients.csv")
    assert columns == ["channel", "driver", "tap", "value"]
    order = [(channel, driver, tap) for channel in CHANNELS for driver in DRIVERS for tap in range(64)]
    assert [(row["channel"], row["driver"], int(row["tap"])) for row in table] == order
    values = np.array([float(row["value"]) for row in table]).reshape(len(CHANNELS), len(DRIVERS), 64)
    for channel, taps in zip(CHANNELS, values, strict=True):
        assert np.array_equal(taps, design.taps[channel])
        assert np.ptp(taps[0]) > 0.1
        assert not taps[DRIVERS.index("unused")].any()


def test_wav(folder: Path, design: designer.Design) -> None:
    """`filters.wav` has the same taps as 32-bit floats, one channel per (channel, driver) in the table's order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.io.wavfile.WavFileWarning)  # chunks beside the samples
        rate, samples = scipy.io.wavfile.read(folder / "filters.wav")
    assert rate == 16000
    assert samples.dtype == np.float32
    wanted = np.concatenate([design.taps[channel] for channel in CHANNELS]).T
    assert np.array_equal(samples, wanted.astype(np.float32))


def test_metrics_columns_and_frequencies(folder: Path) -> None:
    """`metrics.csv` has a row for each channel at each design frequency and half way between two: 65 from 0 to 8 kHz."""
    columns, table = rows(folder / "metrics.csv")
    assert columns == [
        "channel",
        "frequency_hz",
        "cancellation_gain_db",
        "target_db",
        "worst_cancellation_gain_db",
        "effort_db",
        "white_noise_gain_db",
        "directivity_index_db",
        "slack_db",
        "status",
    ]
    wanted = [(channel, 125.0 * n) for channel in CHANNELS for n in range(65)]
    assert [(row["channel"], float(row["frequency_hz"])) for row in table] == wanted


def test_metrics_are_empty_only_where_they_may_be(folder: Path) -> None:
    """Target and slack are empty outside the band, the target also where no curve is asked for; nothing else is."""
    columns, table = rows(folder / "metrics.csv")
    bands = {design["name"]: design["band_hz"] for design in problem()["designs"]}
    for row in table:
        low, high = bands[row["channel"]]
        inside = low <= float(row["frequency_hz"]) <= high
        empty = {column for column in columns if row[column] == ""}
        if not inside:
            assert empty == {"target_db", "slack_db"}
        else:
            assert empty == ({"target_db"} if row["channel"] == "beam, wide" else set())
            assert float(row["slack_db"]) >= 0
        numbers = [float(row[column]) for column in columns[1:-1] if row[column]]
        assert np.isfinite(numbers).all()


def test_target_is_straight_over_log_frequency(folder: Path) -> None:
    """The target between two points of the curve is straight in dB over log f: 9 dB half way, in octaves, from 6 to 12 dB."""
    table = pd.read_csv(folder / "metrics.csv", keep_default_na=False, na_values=[""]).query("channel == 'NA'")
    target_db = table.set_index("frequency_hz").target_db
    for frequency_hz, wanted_db in ((500, 6.0), (1000, 9.0), (2000, 12.0), (4000, 6.0)):
        assert target_db[frequency_hz] == pytest.approx(wanted_db, abs=1e-9)


def test_response(folder: Path, design: designer.Design) -> None:
    """`response.csv` is Σ_l e^{-jkr}/r Σ_n h_l[n] e^{-jωn} on the circle, at every metrics frequency and grid azimuth."""
    columns, table = rows(folder / "response.csv")
    assert columns == ["channel", "frequency_hz", "azimuth_deg", "magnitude_db", "phase_rad"]
    azimuths = [-180.0 + 30 * n for n in range(12)]
    places = [(channel, 125.0 * n, azimuth) for channel in CHANNELS for n in range(65) for azimuth in azimuths]
    assert [(row["channel"], float(row["frequency_hz"]), float(row["azimuth_deg"])) for row in table] == places
    y_m = (-0.08, 0.0, 0.08, 0.3)
    for row in table[5::139]:
        f, azimuth = float(row["frequency_hz"]), np.radians(float(row["azimuth_deg"]))
        pressure = 0j
        for place_m, taps in zip(y_m, design.taps[row["channel"]], strict=True):
            r = np.hypot(0.6 * np.cos(azimuth), 0.6 * np.sin(azimuth) - place_m)
            filtered = sum(h * np.exp(-2j * np.pi * f * n / 16000) for n, h in enumerate(taps))
            pressure += filtered * np.exp(-2j * np.pi * f / C_M_S * r) / r
        written = 10 ** (float(row["magnitude_db"]) / 20) * np.exp(1j * float(row["phase_rad"]))
        assert written == pytest.approx(pressure, rel=3e-6, abs=1e-6)


def test_summary(folder: Path, design: designer.Design) -> None:
    """`summary.json` says the outcome, the versions, and the problem that it came from, with its hash and the command."""
    found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert found["exit_code"] == design.status
    assert found["title"] == "Pair"
    assert found["drivers"] == list(DRIVERS)
    assert list(found["channels"]) == list(CHANNELS)
    for channel in found["channels"].values():
        assert {"sentence", "feasible", "shortfalls", "numbers", "certificate", "slacks_db", "method", "kind"} <= set(
            channel
        )
    assert found["problem"] == toml(problem())
    assert found["problem_sha256"] == hashlib.sha256(toml(problem()).encode()).hexdigest()
    assert found["command"] == f"designer design two.toml -o {folder}"
    assert found["versions"]["designer"] == designer.__version__
    assert all(re.match(r"\d+\.\d+", version) for version in found["versions"].values())


def test_open(folder: Path, design: designer.Design) -> None:
    """A folder that is read back is the design that was saved: arrays bit for bit, tables, outcome, words."""
    again = designer.open(folder)
    assert again.status == design.status
    assert again.drivers == design.drivers == DRIVERS
    assert np.array_equal(again.frequency_hz, design.frequency_hz)
    assert list(again.taps) == list(again.weights) == list(again.channels) == list(CHANNELS)
    for channel in CHANNELS:
        assert np.array_equal(again.taps[channel], design.taps[channel])
        assert np.array_equal(again.weights[channel], design.weights[channel])
        assert again.weights[channel].shape == (33, len(DRIVERS))
        assert again.channels[channel].verdict == design.channels[channel].verdict
        assert again.channels[channel].table == design.channels[channel].table
        assert np.array_equal(again.channels[channel].slack_db, design.channels[channel].slack_db)
    pd.testing.assert_frame_equal(again.metrics, design.metrics, check_exact=True)
    pd.testing.assert_frame_equal(again.response, design.response, check_exact=True)
    assert again.warnings == design.warnings


def test_saved_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was opened and is saved again gives the same numbers, byte for byte."""
    again = designer.open(folder).save(tmp_path / "again")
    for name in ("coefficients.csv", "weights.csv", "metrics.csv", "response.csv", "filters.wav"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_the_same_every_time(folder: Path, tmp_path: Path) -> None:
    """The same problem gives the same bytes in another folder, apart from that folder's name in the recorded command."""
    other = designer.design(designer.loads(toml(problem()), source="two.toml")).save(tmp_path / "elsewhere")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    for file in files:
        first, second = (folder / file).read_bytes(), (other / file).read_bytes()
        if file.name in ("summary.json", "report.html"):
            assert first != second
            first = first.replace(str(folder).encode(), b"FOLDER")
            second = second.replace(str(other).encode(), b"FOLDER")
        elif file.name == "designer-manifest.json":
            first, second = (re.sub(rb'"(summary.json|report.html)": .*', b"", one) for one in (first, second))
        assert first == second, file


def test_measured_head_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A design against a measured head can be opened and judged after the head's own file and the problem are gone."""
    source = tmp_path / "source"
    (source / "data").mkdir(parents=True)
    text = (PROBLEMS / "pair-kemar.toml").read_text(encoding="utf-8")
    text = text.replace("[realization]\ntaps = 1024", "[grid]\nfrequencies = 65\n\n[realization]\ntaps = 128")
    (source / "pair.toml").write_text(text, encoding="utf-8")
    shutil.copyfile(PROBLEMS / "data/mit_kemar_normal.sofa", source / "data/mit_kemar_normal.sofa")
    made = designer.design(designer.load(source / "pair.toml"))
    folder = made.save(tmp_path / "kept", report=False)
    kept = (folder / "data/0/mit_kemar_normal.sofa").read_bytes()
    assert kept == (source / "data/mit_kemar_normal.sofa").read_bytes()
    shutil.rmtree(source)
    again = designer.open(folder)
    pd.testing.assert_frame_equal(again.metrics, made.metrics, check_exact=True)
    moved = designer.scene(again.problem).moved(np.array([[0.01, 0.0, 0.0]]))
    judged = designer.evaluate(again, moved).metrics
    band = judged[judged.frequency_hz.between(700, 3000)]
    assert (band.cancellation_gain_db > 6).all()
    twice = again.save(tmp_path / "twice", report=False)
    shutil.rmtree(folder)
    assert designer.open(twice).status == made.status


def gone(file: Path) -> None:
    file.unlink()


def half(file: Path) -> None:
    """Cut in the middle of a line."""
    text = file.read_text(encoding="utf-8")
    place = text.index("\n", len(text) // 2)
    file.write_text(text[: place + 3], encoding="utf-8")


def four_rows_less(file: Path) -> None:
    """As many rows less as there are drivers, so that what is left still makes a table."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-4]), encoding="utf-8")


@pytest.mark.parametrize("spoil", [gone, half, four_rows_less])
@pytest.mark.parametrize("name", ["coefficients.csv", "weights.csv", "summary.json"])
def test_a_broken_folder(name: str, spoil: Callable[[Path], None], folder: Path, tmp_path: Path) -> None:
    """A folder with a file missing or cut short is refused with its name and the remedy."""
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    spoil(broken / name)
    says = r"(got no summary\.json of this tool|a file of the design folder is missing or broken: .+; expected .+; .+$)"
    with pytest.raises(DataError, match=rf"^{re.escape(str(broken))}(/{name})?: {says}"):
        designer.open(broken)


def test_not_a_design_folder(tmp_path: Path) -> None:
    """A folder that this tool did not write, and one that is not there, are refused."""
    for place, words in ((tmp_path, r"got no summary\.json of this tool"), (tmp_path / "nowhere", "no such folder")):
        with pytest.raises(DataError, match=f"{words}; expected a folder that `designer design` wrote"):
            designer.open(place)


def test_save_refuses_what_is_not_ours(design: designer.Design, tmp_path: Path) -> None:
    """From Python too, a folder with other files in it is refused and stays as it is."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a folder with other files in it \(notes\.txt\)"):
        design.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
