"""`designer bank`: few sets that lose little, proven against designs for each place; its folder, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
from command import run

import designer
from designer.commands.bank import walk_of
from designer.errors import DataError, UsageError
from designer.problem import Problem
from designer.report.bank_figures import FIXED as FIXED_DESIGN
from designer.report.bank_figures import INTERPOLATED
from designer.search import bank_listening, bank_spacing, bank_walk
from designer.search.bank import BankDesign
from designer.search.bank_folder import open_bank, save, view
from designer.search.bank_walk import EXACT, FIXED, NEAREST, TRACKED, Tracker, Walked

SIDE = "listener.position_m[1]"
PAIR = {
    "realization.taps": 64,
    "grid.frequencies": 33,
    "listener.head": "points",
    "designs.*.cancellation_gain_db": [[250, 4], [1000, 10], [5000, 6]],
}


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """A walk of half a second, and no more places than ten times as fine asks for: each is a design."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank_walk, "WALK_S", 0.5)
        patch.setattr(bank_spacing, "LEAST_PLACES", {1: 11, 2: 11})
        yield


@pytest.fixture(scope="module")
def problem() -> Problem:
    """The laptop's pair with short filters, two points for ears, and a curve that is feasible to both sides."""
    return designer.load("problems/laptop-pair.toml").replace(PAIR)


@pytest.fixture(scope="module")
def found(problem: Problem) -> BankDesign:
    """A bank over 30 cm."""
    return designer.bank(problem, [f"{SIDE}=-0.1:0.2"])


@pytest.fixture(scope="module")
def walk(found: BankDesign) -> Walked:
    """A head that walks over its range, and a tracker."""
    return walk_of(found, Tracker((0.01,), 30.0, 0.05))


@pytest.fixture(scope="module")
def folder(found: BankDesign, walk: Walked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder."""
    return save(found, tmp_path_factory.mktemp("bank") / "bank", walk, command="designer bank")


def mean_gain_db(problem: Problem, channel: str, taps: Any) -> float:
    """Cancellation gain by the sums themselves: ears of the scene, taps turned at each frequency, mean over the cloud and the band."""
    table = next(table for table in problem.designs if table.name == channel)
    scene = designer.scene(problem)
    coarse = scene.frequency_hz
    f = np.unique(np.concatenate([coarse, (coarse[:-1] + coarse[1:]) / 2]))
    f = f[(f >= table.band_hz[0] * (1 - 1e-9)) & (f <= table.band_hz[1] * (1 + 1e-9))]
    ears = scene.at(f).ears()
    gains = []
    for n, hertz in enumerate(f):
        w = taps @ np.exp(-2j * np.pi * hertz / problem.sample_rate_hz * np.arange(taps.shape[1]))
        power = np.abs(ears[n] @ w) ** 2
        left, right = power[0::2].mean(), power[1::2].mean()
        gains.append(10 * np.log10(left / right if table.ear == "left" else right / left))
    return float(np.mean(gains))


def test_few_sets_lose_less_than_the_limit(found: BankDesign) -> None:
    """Two sets over 30 cm; a design for the middle and the nearest set lose many dB."""
    largest = found.proof.largest_db
    assert found.bank.sets <= 3
    assert largest["interpolated"] <= 1.0
    assert min(largest["nearest"], largest["fixed"]) > 5.0
    assert found.bank.sets <= found.uniform_sets
    assert len(found.proof.places) >= 10 * (found.bank.sets - 1) + 1
    assert found.status == 0


def test_one_set_where_it_serves_the_range(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over 2 cm the design for the middle loses less than the limit at both ends, by a naive sum; the page has no nearest set."""
    monkeypatch.setattr(bank_spacing, "LEAST_PLACES", {1: 3})
    alone = designer.bank(problem, [f"{SIDE}=0:0.02"])
    (axis,) = alone.bank.axes
    assert (axis.values.tolist(), alone.uniform_sets) == ([0.01], 1)
    assert "one set, for listener.position_m[1] = 0.01" in alone.sentences()[0]
    middle = designer.design(problem.replace(SIDE, 0.01)).taps["left"]
    for end in (0.0, 0.02):
        there_problem = problem.replace(SIDE, end)
        played_db = mean_gain_db(there_problem, "left", alone.bank.at("left", [end]))
        assert played_db == pytest.approx(mean_gain_db(there_problem, "left", middle), abs=0.01)
        designed_db = mean_gain_db(there_problem, "left", designer.design(there_problem).taps["left"])
        assert designed_db - played_db <= 1.0
    assert set(view(alone, None).loss_db) == {INTERPOLATED, FIXED_DESIGN}


@pytest.mark.parametrize("place", [-0.1, 0.037, 0.2])
def test_the_loss_is_that_of_a_design_for_the_place(found: BankDesign, problem: Problem, place: float) -> None:
    """Also between the places of the proof: both gains by a naive sum, of `designer.design` there and of the bank's taps."""
    there_problem = problem.replace(SIDE, place)
    design = designer.design(there_problem)
    for channel in ("left", "right"):
        designed_db = mean_gain_db(there_problem, channel, design.taps[channel])
        played_db = mean_gain_db(there_problem, channel, found.bank.at(channel, [place]))
        assert designed_db - played_db <= 1.0
        at = np.flatnonzero(np.isclose(found.proof.places[:, 0], place))
        if at.size:
            assert found.proof.designed_db[channel][at[0]] == pytest.approx(designed_db, abs=1e-6)
            assert found.proof.interpolated_db[channel][at[0]] == pytest.approx(played_db, abs=1e-6)


def test_a_head_that_walks_hears_the_bank(found: BankDesign, walk: Walked) -> None:
    """Gain in time: with the exact place that of the proof's filters, a tracker costs some of it, a fixed design most; nothing clicks."""
    assert walk.mean_db(EXACT) > walk.mean_db(NEAREST) + 2 > walk.mean_db(FIXED)
    assert walk.mean_db(TRACKED) > walk.mean_db(NEAREST)
    assert max(walk.clicks_db.values()) < -70.0
    assert walk.clicks_db[FIXED] < -140.0
    single = found.problem.replace({"listener.ear_cloud_m": [[0, 0, 0]]})
    for place, gain_db in list(zip(walk.values[:, 0], walk.gain_db[EXACT], strict=True))[::20]:
        taps = found.bank.at(walk.channel, [float(place)])
        expected_db = mean_gain_db(single.replace(SIDE, float(place)), walk.channel, taps)
        assert gain_db == pytest.approx(expected_db, abs=1.0)  # the walk's frequencies are closer than the grid's


BEAM = """
title = "A beam that turns"
sample_rate_hz = 48000
drivers = [
  { name = "a", position_m = [0.0, -0.15, 0.0] }, { name = "b", position_m = [0.0, -0.05, 0.0] },
  { name = "c", position_m = [0.0, 0.05, 0.0] }, { name = "d", position_m = [0.0, 0.15, 0.0] },
]
listener = { position_m = [2.0, 0.0, 0.0], head = "points" }
grid = { frequencies = 33 }
realization = { taps = 64 }

[[designs]]
name = "beam"
kind = "beamformer"
plain = ["b"]
look_deg = 0.0
nulls_deg = [-60.0, 60.0]
null_width_deg = 10.0
band_hz = [500.0, 2500.0]
cancellation_gain_db = [[500, 10], [2500, 10]]
min_white_noise_gain_db = -10.0
"""


def test_a_beam_that_turns_is_judged_towards_where_it_ought_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time: the gain of four points that radiate, by the sum itself, of the filters of the windows' middles."""
    monkeypatch.setattr(bank_walk, "WALK_S", 1.0)
    turning = designer.bank(designer.loads(BEAM), ["designs.beam.look_deg=-10:20"], loss_db=0.5)
    along = walk_of(turning, Tracker((1.0,), 30.0, 0.05))
    scene = designer.scene(turning.problem)
    f = scene.frequency_hz[(scene.frequency_hz >= 500) & (scene.frequency_hz <= 2500)]
    f = np.sort(np.concatenate([f, (f[:-1] + f[1:]) / 2]))
    azimuths = scene.azimuth_deg[np.abs(np.abs(scene.azimuth_deg) - 60) <= 5 + 1e-9]
    for look, gain_db in list(zip(along.values[:, 0], along.gain_db[EXACT], strict=True))[::8]:
        taps = turning.bank.at("beam", [float(look)])
        angles = np.radians([look, *azimuths])
        ranges_m = np.hypot(2 * np.cos(angles)[:, None], 2 * np.sin(angles)[:, None] - [-0.15, -0.05, 0.05, 0.15])
        ratios = []
        for hertz in f:
            w = taps @ np.exp(-2j * np.pi * hertz / 48_000 * np.arange(taps.shape[1]))
            waves = [np.exp(-2j * np.pi * hertz / 343.0 * r) / r @ w for r in ranges_m]
            ratios.append(10 * np.log10(abs(waves[0]) ** 2 / np.mean(np.abs(waves[1:]) ** 2)))
        assert gain_db == pytest.approx(np.mean(ratios), abs=0.4)  # 85 ms at up to 47 degrees a second
    assert along.mean_db(EXACT) > along.mean_db(FIXED) + 0.5
    page = (save(turning, tmp_path / "bank", along, command="designer bank") / "report.html").read_text(
        encoding="utf-8"
    )
    assert "; this is the gain of the look direction at each time" in page


def test_two_keys_make_a_grid(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    """A product of values, proven on the product of values FINER times as fine, here few, as each place is a design."""
    single = designer.loads(problem.replace("designs", problem.model_dump(exclude_unset=True)["designs"][:1]).text)
    monkeypatch.setattr(bank_spacing, "FINER", 2)
    monkeypatch.setattr(bank_spacing, "LEAST_PLACES", {2: 3})
    monkeypatch.setattr("designer.search.bank.LINES", 2)
    pair = designer.bank(single, [f"{SIDE}=0:0.1", "listener.position_m[0]=0.6:0.64"], loss_db=1.0)
    shape = tuple(axis.values.size for axis in pair.bank.axes)
    assert pair.bank.taps["left"].shape[:2] == shape
    assert pair.proof.largest_db["interpolated"] <= 1.0
    assert pair.bank.sets > 1
    assert pair.proof.shape == tuple(2 * count - 1 for count in shape)
    assert pair.designs < 40
    assert pair.bank.sets <= pair.uniform_sets


def test_a_folder_is_what_was_designed(found: BankDesign, folder: Path, problem: Problem) -> None:
    """The bank again, the tables of the proof, and each set's filters in the SOFA file."""
    opened = open_bank(folder)
    assert opened.problem.text == problem.text
    np.testing.assert_array_equal(opened.bank.at("left", [0.03]), found.bank.at("left", [0.03]))
    with (folder / "gain.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * len(found.proof.places)
    worst = max(float(row["loss_db"]) for row in rows)
    assert worst == pytest.approx(found.proof.largest_db["interpolated"], abs=1e-4)
    with netCDF4.Dataset(str(folder / "bank.sofa")) as sofa:
        assert sofa.getncattr("SOFAConventions") == "GeneralFIR-E"
        for n, place in enumerate(found.bank.axes[0].values):
            np.testing.assert_allclose(sofa["Data.IR"][n, 0].T, found.bank.at("left", [place]), atol=1e-12)
            np.testing.assert_allclose(sofa["ListenerPosition"][n], [0.6, place, 0.0])
            np.testing.assert_allclose(sofa["Key1Values"][n], place)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert found.sentences()[0][2:] in page
    assert json.loads((folder / "bank.json").read_text(encoding="utf-8"))["sets"] == found.bank.sets


def test_a_file_that_was_changed_is_refused(folder: Path, tmp_path: Path) -> None:
    """Filters are those that were proven, or none."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    content = bytearray((copy / "bank.npz").read_bytes())
    content[-1] ^= 1
    (copy / "bank.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"bank\.npz: got another content than was written"):
        open_bank(copy)
    with pytest.raises(
        DataError, match=r"got no bank\.json and bank\.npz; expected a folder that `designer bank` wrote"
    ):
        open_bank(tmp_path)


@pytest.mark.parametrize(
    ("over", "loss_db", "message"),
    [
        ([f"{SIDE}=-0.1:0.2"], 0.0, r"loss_db: got 0; expected 0\.01 dB or more"),
        ([f"{SIDE}=-0.1:0.2"], np.inf, r"loss_db: got inf; expected 0\.01 dB or more, a finite number"),
        (["listener.positon_m[1]=0:1"], 1.0, r"nearest known: listener\.position_m\[1\]"),
        ([f"{SIDE}=0,1"], 1.0, "got single values; expected a range without a step"),
        (["realization.taps=64:128"], 1.0, "got a key that all filters of a bank share"),
        (["tolerance.gain_db=1:2"], 1.0, "got a key that all filters of a bank share"),
        (["population.percentile=5:10"], 1.0, "got a key that all filters of a bank share"),
        (["designs.left.crossover_order=2:4"], 1.0, "got a key of whole numbers"),
        (
            [f"{SIDE}=0:1", "listener.turn_deg=0:1", "listener.position_m[0]=1:2"],
            1.0,
            "got 3 keys; expected one or two",
        ),
        ([], 1.0, "over: got no keys; expected one or more; give a key and its values, as 'listener"),
    ],
)
def test_what_cannot_be_followed_is_refused(over: list[str], loss_db: float, message: str, problem: Problem) -> None:
    """Before anything is designed, with the remedy."""
    with pytest.raises(UsageError, match=message):
        designer.bank(problem, over, loss_db=loss_db)


@pytest.mark.parametrize(
    ("tracker", "message"),
    [
        ({"jitter": [0.01, 0.02]}, "jitter: got 2 values; expected one, or one for each of 1 keys"),
        ({"jitter": [-0.01]}, "jitter: got -0.01; expected a standard deviation of 0 or more"),
        ({"jitter": [float("inf")]}, "jitter: got inf; expected a standard deviation of 0 or more"),
        ({"rate_hz": 1e12}, r"rate_hz: got 1e\+12; expected above 0 and up to 10000 Hz"),
        ({"delay_s": -0.1}, r"delay_s: got -0\.1 s; expected a time from 0 to 1 s"),
        ({"delay_s": 5.0}, r"delay_s: got 5 s; expected a time from 0 to 1 s; write 50 milliseconds as 50ms or 0\.05s"),
        ({"processes": 0}, "processes: got 0; expected 1 or more"),
    ],
)
def test_a_tracker_is_checked_before_the_work(
    tracker: dict[str, Any], message: str, problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred designs are not made for a walk that cannot be."""
    monkeypatch.setattr(designer.job, "design", lambda *_: pytest.fail("designed"))
    with pytest.raises(UsageError, match=message):
        designer.bank(problem, [f"{SIDE}=-0.1:0.2"], **tracker)


@pytest.mark.parametrize(
    ("over", "jitter", "message"),
    [
        ([f"{SIDE}=0:0.1"], ["2deg"], f"got 2deg for {SIDE}; expected a number with mm, cm or m, as 1mm"),
        (["listener.turn_deg=0:9"], ["1cm"], "got 1cm for listener.turn_deg; expected a number with deg, as 1deg"),
        (["speed_of_sound_m_s=340:346"], ["1cm"], "got 1cm for speed_of_sound_m_s; expected a number with no unit"),
        ([f"{SIDE}=0:1", "listener.turn_deg=0:9"], ["1cm", "1e-2 m"], "got 1e-2 m for listener.turn_deg"),
        ([f"{SIDE}=0:0.1"], ["3"], f"--jitter: got 3 for {SIDE}; expected a number with mm, cm or m"),
        (
            [f"{SIDE}=0:0.1"],
            ["3m"],
            f"got 3 m for {SIDE}; expected at most its range, 0.1 m; take a smaller error, or a longer range",
        ),
    ],
)
def test_an_error_has_the_unit_of_its_key(
    over: list[str], jitter: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Centimetres are no error of an angle."""
    options = [*(part for key in over for part in ("--over", key)), *(part for e in jitter for part in ("--jitter", e))]
    ended = run(capsys, monkeypatch, "bank", "problems/laptop-pair.toml", *options, "-o", "unused")
    assert (ended.code, message in ended.err) == (2, True), ended.err


def test_a_delay_has_a_unit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare 5 may be seconds or milliseconds: it is refused with both units."""
    options = ["--over", f"{SIDE}=0:0.1", "--delay", "5"]
    ended = run(capsys, monkeypatch, "bank", "problems/laptop-pair.toml", *options, "-o", "unused")
    assert (ended.code, ended.err) == (2, "error: --delay: got 5; expected a number with ms or s, as 1ms\n")


def test_places_that_are_infeasible_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 4, the place, and the best compromise written."""
    file = tmp_path / "pair.toml"
    curve = {"designs.*.cancellation_gain_db": [[250, 20], [5000, 20]]}
    file.write_text(designer.load("problems/laptop-pair.toml").replace(PAIR | curve).text, encoding="utf-8")
    monkeypatch.setattr(bank_listening, "EAR_PLACES", {1: 3})
    over = ["--over", f"{SIDE}=0.1:0.12", "--processes", "1", "--jitter", "5mm"]
    ended = run(capsys, monkeypatch, "bank", str(file), *over, "-o", str(tmp_path / "out"))
    assert ended.code == 4
    assert "infeasible as asked at 11 of 11 places" in ended.err
    assert open_bank(tmp_path / "out").facts["walk"]["jitter"] == [0.005]
    again = run(capsys, monkeypatch, "bank", str(file), *over, "--jitter", "1in", "-o", str(tmp_path / "out"))
    assert (again.code, again.err) == (
        2,
        "error: --jitter: got 1in; expected a number with mm, cm, m, deg or no unit, as 1mm\n",
    )
